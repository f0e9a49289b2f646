import type { TranslationBundle } from '@jupyterlab/translation';
import type { Plan } from '../client/protocol';
import { CommandIds } from '../commands/ids';
import { count } from '../format/count';
import { changes } from '../format/words';
import { usePanel } from './context';
import { Confirm } from './confirm';
import { NameForm } from './nameForm';
import { TextButton } from './parts';
import type { Question } from './panelModel';
import { RestoreQuestion } from './restoreQuestion';
import { useFocusBack } from './useFocusBack';

/** The question that the panel asks now. */
export function QuestionView({ question }: { readonly question: Question }): JSX.Element {
  const { panel, actions, commands, trans } = usePanel();
  useFocusBack();
  switch (question.kind) {
    case 'project':
      return (
        <NameForm
          title={trans.__('Create a project')}
          note={trans.__('A project keeps every change to one MongoDB database.')}
          placeholder={trans.__('Name of the project')}
          accept={trans.__('Create')}
          onAccept={name => actions.createProject(name)}
        />
      );
    case 'branch':
      return (
        <NameForm
          key={question.from}
          title={trans.__('New branch from %1', question.from)}
          note={trans.__('One small commit, whatever the size of the data.')}
          placeholder={trans.__('Name of the branch')}
          accept={trans.__('Create')}
          {...(question.canSwitch
            ? { option: { label: trans.__('Switch the session to it'), initial: true } }
            : {})}
          onAccept={(name, isSwitch) => actions.createBranch(name, question.from, isSwitch)}
        />
      );
    case 'rename':
      return (
        <NameForm
          key={question.branch}
          title={trans.__('Rename %1', question.branch)}
          placeholder={trans.__('New name')}
          initial={question.branch}
          accept={trans.__('Rename')}
          onAccept={name => actions.renameBranch(question.branch, name)}
        />
      );
    case 'pin':
      return (
        <NameForm
          key={question.ref}
          title={trans.__('Pin %1', question.ref)}
          note={trans.__('A pin names this state and keeps it readable for ever.')}
          placeholder={trans.__('Name of the pin')}
          accept={trans.__('Pin')}
          onAccept={name => actions.createPin(name, question.ref)}
        />
      );
    case 'deleteBranch':
      return <DeleteBranch question={question} />;
    case 'deletePin':
      return (
        <Confirm
          title={trans.__('Delete the pin %1?', question.pin)}
          accept={trans.__('Delete pin')}
          isDanger
          onAccept={() => actions.deletePin(question.pin)}
        >
          <p>
            {trans.__(
              'The name goes; %1 itself stays. Garbage collection may take it later if nothing else holds it.',
              question.ref
            )}
          </p>
        </Confirm>
      );
    case 'undo':
      return (
        <Confirm
          title={trans.__('Undo %1 on %2?', question.what, question.branch)}
          accept={trans.__('Undo')}
          onAccept={() => actions.applyPlan(question.plan)}
          others={
            <TextButton
              onClick={() => {
                panel.answered();
                void commands.execute(CommandIds.openPlan, { plan: question.plan.id });
              }}
            >
              {trans.__('Show the plan')}
            </TextButton>
          }
        >
          <p>{planWords(question.plan, trans)}</p>
          <p>
            {trans.__(
              'It is written as one new group of changes; the history stays, and this undo can be undone.'
            )}
          </p>
        </Confirm>
      );
    case 'restore':
      return <RestoreQuestion question={question} />;
  }
}

function DeleteBranch(props: {
  readonly question: Extract<Question, { kind: 'deleteBranch' }>;
}): JSX.Element {
  const { actions, commands, trans } = usePanel();
  const { branch } = props.question;
  const lost =
    branch.ahead === 0
      ? trans.__('Nothing is lost: the default branch has all of its changes.')
      : trans.__(
          '%1 are on this branch alone. They stop being reachable by its name.',
          changes(branch.ahead, trans)
        );
  return (
    <Confirm
      title={trans.__('Delete %1?', branch.name)}
      accept={trans.__('Delete branch')}
      isDanger
      onAccept={() => actions.deleteBranch(branch.name)}
      others={
        branch.ahead > 0 ? (
          <TextButton
            onClick={() =>
              void commands.execute(CommandIds.createPin, { ref: `${branch.name}@${branch.head}` })
            }
          >
            {trans.__('Pin it first…')}
          </TextButton>
        ) : undefined
      }
    >
      <p>{lost}</p>
      <p>
        {trans.__(
          'States that a pin, a run or a fork holds stay readable. The others can be brought back until garbage collection takes them; a pin on %1 keeps them for ever.',
          `${branch.name}@${branch.head}`
        )}
      </p>
    </Confirm>
  );
}

/** What a plan would write, in words: `2 documents added, 7 changed on main.` */
export function planWords(plan: Plan, trans: TranslationBundle): string {
  const sum = (pick: (part: Plan['summary'][number]) => number) =>
    plan.summary.reduce((total, part) => total + pick(part), 0);
  const added = sum(part => part.added);
  const changed = sum(part => part.changed);
  const deleted = sum(part => part.deleted);
  const parts = [
    added > 0 ? trans._n('%2 document added', '%2 documents added', added, count(added)) : '',
    changed > 0 ? trans._n('%2 document changed', '%2 documents changed', changed, count(changed)) : '',
    deleted > 0 ? trans._n('%2 document deleted', '%2 documents deleted', deleted, count(deleted)) : ''
  ].filter(part => part !== '');
  return parts.length === 0
    ? trans.__('Collections and indexes change on %1, no document does.', plan.into)
    : trans.__('%1 on %2.', parts.join(', '), plan.into);
}
