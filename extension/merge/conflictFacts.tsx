import { ChangeOrigin } from '../view/originLine';
import { useRoving } from '../view/useRoving';
import { useHistory } from '../view/useHistory';
import { useView } from '../view/viewContext';
import type { IConflictDocument } from './conflicts';
import type { PlanModel } from './planModel';

/** Who changed a document last on either side of a merge. */
export function ConflictFacts(props: {
  readonly model: PlanModel;
  readonly group: IConflictDocument;
}): JSX.Element {
  const { trans } = useView();
  const { project } = props.model;
  const { into, intoLsn, source } = props.model.plan!;
  const { collection, document: id } = props.group;
  const place = { project, collection, id, limit: 1 };
  return (
    <p {...useRoving<HTMLParagraphElement>()} className="jp-ArgonDocument-facts">
      <Newest side={trans.__('Ours:')} query={{ ...place, ref: `${into}@${intoLsn}` }} />{' '}
      <Newest side={trans.__('Theirs:')} query={{ ...place, ref: source }} />
    </p>
  );
}

function Newest(props: {
  readonly side: string;
  readonly query: NonNullable<Parameters<typeof useHistory>[0]>;
}): JSX.Element | null {
  const change = useHistory(props.query)?.[0];
  return change === undefined ? null : (
    <span className="jp-ArgonDocument-fact">
      {props.side} <ChangeOrigin change={change} />
      {'.'}
    </span>
  );
}
