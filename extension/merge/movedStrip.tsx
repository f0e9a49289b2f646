import { CommandIds } from '../commands/ids';
import { count } from '../format/count';
import { ago } from '../format/time';
import { idText } from '../format/value';
import { warningIcon } from '../icons';
import { TextButton } from '../panel/parts';
import { useView } from '../view/viewContext';
import { touched, type IMoved } from './moved';
import type { PlanModel } from './planModel';

/** Documents that the strip names. */
const NAMED_MAX = 3;

/** Stands for the names in a sentence, until they take its place in their own font. */
const NAMES = '\0';

/** Says that a head has moved since the plan was made, by what, and what becomes of the answers. */
export function MovedStrip({ model }: { readonly model: PlanModel }): JSX.Element {
  const { commands, trans } = useView();
  const plan = model.plan!;
  const { movedTo, moved } = model;
  const given = plan.conflicts - plan.unanswered;
  return (
    <div className="jp-ArgonStrip jp-mod-warn" role="status">
      <warningIcon.react tag="span" className="jp-ArgonIcon" />
      <span>
        <b>
          {movedTo === undefined
            ? trans.__('A head has moved since the plan was made.')
            : trans.__('%1 moved from %2 to %3.', plan.into, String(plan.intoLsn), String(movedTo))}
        </b>{' '}
        {moved !== undefined && <ByWhat moved={moved} />} {whatBecomes()}
      </span>
      {movedTo !== undefined && (
        <TextButton
          onClick={() =>
            void commands.execute(CommandIds.diff, {
              from: `${plan.into}@${plan.intoLsn}`,
              to: `${plan.into}@${movedTo}`
            })
          }
        >
          {trans.__('Show the change')}
        </TextButton>
      )}
      <TextButton isPrimary disabled={model.isBusy} onClick={() => void model.update()}>
        {movedTo === undefined
          ? trans.__('Update plan')
          : trans.__('Update plan to %1', `${plan.into}@${movedTo}`)}
      </TextButton>
    </div>
  );

  function whatBecomes(): string {
    // A plan holds a part of its conflicts when there are very many: the others may be touched.
    const isWhole = model.conflicts.length === plan.conflicts;
    if (moved !== undefined && isWhole && plan.conflicts > 0 && touched(moved, model.documents) === 0) {
      return given === 0
        ? trans.__('No conflict is touched.')
        : trans._n(
            'No conflict is touched, and your %2 answer is kept.',
            'No conflict is touched, and your %2 answers are kept.',
            given,
            count(given)
          );
    }
    return given === 0
      ? trans.__('The plan must be made again.')
      : trans._n(
          'Your %2 answer is kept where the question stays the same.',
          'Your %2 answers are kept where the question stays the same.',
          given,
          count(given)
        );
  }
}

/** Who changed what since then. */
function ByWhat({ moved }: { readonly moved: IMoved }): JSX.Element {
  const { trans } = useView();
  const { documents, isMore, isOne, last } = moved;
  const names = documents
    .slice(0, NAMED_MAX)
    .map(({ collection, id }) => `${collection} / ${idText(id)}`)
    .join(', ');
  const left = documents.length - Math.min(NAMED_MAX, documents.length);
  const more = isMore ? `${count(left)}+` : count(left);
  const what = left === 0 && !isMore ? NAMES : trans.__('%1 and %2 more', NAMES, more);
  const sentence = isOne
    ? trans.__('%1 %2 changed %3.', ago(last.time, Date.now(), trans), last.origin.actor, what)
    : trans.__('Changed since then: %1.', what);
  const [before, after] = sentence.split(NAMES);
  return (
    <>
      {before}
      <code>{names}</code>
      {after}
    </>
  );
}
