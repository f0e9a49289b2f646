import type { Change, DocumentDiff } from '../client/protocol';
import { count } from '../format/count';
import { ChangeOrigin } from '../view/originLine';
import { useRoving } from '../view/useRoving';
import { useHistory } from '../view/useHistory';
import { useView } from '../view/viewContext';
import type { DiffModel } from './diffModel';

/** Versions of a document that are looked at. */
export const HISTORY_MAX = 20;

/** Who changed a document on either side since the fork, and what a merge will do; nothing where there is no fork. */
export function DocumentFacts(props: {
  readonly model: DiffModel;
  readonly document: DocumentDiff;
  /** Its versions at the side that the diff goes to. */
  readonly changes: readonly Change[] | undefined;
}): JSX.Element | null {
  const { model, document, changes } = props;
  const { trans } = useView();
  const roving = useRoving<HTMLParagraphElement>();
  const { overlap } = model;
  const { collection, id } = document;
  const others = useHistory(
    overlap?.forkLsn === undefined
      ? undefined
      : { project: model.project, ref: overlap.into, collection, id, limit: HISTORY_MAX }
  );
  if (!model.hasOtherSide) {
    return null;
  }
  const forkLsn = overlap?.forkLsn;
  if (overlap === undefined || forkLsn === undefined || changes === undefined || others === undefined) {
    // Its place is kept until it is known.
    return <p className="jp-ArgonDocument-facts" />;
  }
  const since = (all: readonly Change[]) => all.filter(({ lsn }) => lsn > forkLsn);
  const [own, other] = [since(changes), since(others)];
  const branch = model.diff?.to.branch ?? model.to;
  const mark = model.markOf(document);
  return (
    <p {...roving} className="jp-ArgonDocument-facts">
      {own.length === 0
        ? trans.__('On %1 not changed since the fork.', branch)
        : trans._n(
            'On %3 changed once since the fork:',
            'On %3 changed %2 times since the fork, last:',
            own.length,
            times(own),
            branch
          )}
      <Newest change={own[0]} />{' '}
      {other.length === 0
        ? trans.__('On %1 not changed.', overlap.branch)
        : trans._n(
            'On %3 changed once:',
            'On %3 changed %2 times, last:',
            other.length,
            times(other),
            overlap.branch
          )}
      <Newest change={other[0]} />
      {mark === 'asked' && ` ${trans.__('A merge will ask about it.')}`}
      {mark === 'joined' && ` ${trans.__('A merge joins both by rule.')}`}
    </p>
  );
}

/** How often, as far as was looked. */
function times(changes: readonly Change[]): string {
  return changes.length < HISTORY_MAX ? count(changes.length) : `${count(HISTORY_MAX)}+`;
}

function Newest({ change }: { readonly change: Change | undefined }): JSX.Element | null {
  const { trans } = useView();
  if (change === undefined) {
    return null;
  }
  return (
    <>
      {' '}
      <b>{trans.__('LSN %1', count(change.lsn))}</b>
      {' · '}
      <ChangeOrigin change={change} />
      {'.'}
    </>
  );
}
