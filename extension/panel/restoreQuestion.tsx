import { CommandIds } from '../commands/ids';
import { count, lsnRange } from '../format/count';
import { changes, note, title } from '../format/words';
import { usePanel } from './context';
import { Confirm } from './confirm';
import { TextButton } from './parts';
import type { Question } from './panelModel';

/** Entries of the discarded line that are named one by one. */
const ENTRIES_MAX = 6;

/** Shows what a reset would discard, and where it stays, before it is done. */
export function RestoreQuestion(props: {
  readonly question: Extract<Question, { kind: 'restore' }>;
}): JSX.Element {
  const { panel, actions, commands, trans } = usePanel();
  const { branch, to, preview } = props.question;
  const { discarded } = preview;
  if (preview.changes === 0) {
    return (
      <div className="jp-ArgonQuestion">
        <h3>{trans.__('%1 is at %2 already', branch, to)}</h3>
        <p>{trans.__('Nothing would be discarded.')}</p>
        <div className="jp-ArgonQuestion-actions">
          <TextButton onClick={() => panel.answered()}>{trans.__('Close')}</TextButton>
        </div>
      </div>
    );
  }
  return (
    <Confirm
      title={trans.__('Restore %1 to %2?', branch, to)}
      accept={trans.__('Restore')}
      onAccept={() => actions.restore(branch, to)}
      others={
        <TextButton
          onClick={() =>
            void commands.execute(CommandIds.diff, { from: `${branch}@${preview.from.lsn}`, to })
          }
        >
          {trans.__('Show the diff')}
        </TextButton>
      }
    >
      <p>
        {trans.__(
          '%1 after LSN %2 leave this branch. They stay as the branch %3.',
          changes(preview.changes, trans),
          count(preview.to.lsn),
          preview.backup
        )}
      </p>
      <ul className="jp-ArgonQuestion-entries">
        {discarded.slice(0, ENTRIES_MAX).map(entry => (
          <li key={`${entry.timeline}:${entry.firstLsn}`}>
            <span className="jp-ArgonQuestion-lsn">{lsnRange(entry.firstLsn, entry.lastLsn)}</span>
            {title(entry, trans)}
            <span className="jp-ArgonQuestion-note">{note(entry, undefined, trans)}</span>
          </li>
        ))}
        {discarded.length > ENTRIES_MAX && (
          <li className="jp-ArgonQuestion-note">
            {trans.__('and %1 more entries', count(discarded.length - ENTRIES_MAX))}
          </li>
        )}
      </ul>
    </Confirm>
  );
}
