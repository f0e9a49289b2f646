import { lockIcon } from '@jupyterlab/ui-components';
import { CommandIds } from '../commands/ids';
import { baseName } from '../format/shorten';
import { count } from '../format/count';
import { branchIcon } from '../icons';
import type { ProjectModel } from '../model/project';
import { usePanel } from './context';
import { MiddleCut, TextButton } from './parts';

/** Where I am: the session's branch and LSN, how far from the default branch, and whose kernel it is. */
export function SessionBlock({ project }: { readonly project: ProjectModel }): JSX.Element {
  const { panel, commands, trans } = usePanel();
  const { workspace } = panel;
  const session = workspace.sessionHere;
  const main = project.branches.get(project.defaultBranch);
  const branch = session?.branch ?? (session === undefined ? project.defaultBranch : undefined);
  const lsn = session?.lsn ?? main?.head;
  return (
    <div className="jp-ArgonSession" role="group" aria-label={trans.__('Session')}>
      <branchIcon.react
        tag="span"
        className={`jp-ArgonIcon jp-ArgonSession-icon${session === undefined ? '' : ' jp-mod-here'}`}
      />
      <div className="jp-ArgonSession-place" aria-live="polite">
        <MiddleCut text={branch ?? session?.ref ?? project.defaultBranch} />
        {branch !== undefined && lsn !== undefined && (
          <span className="jp-ArgonSession-lsn">{`@${lsn}`}</span>
        )}
        {(session !== undefined && !session.writable) || workspace.client.isReadOnly ? (
          <span className="jp-ArgonSession-lock">
            <lockIcon.react tag="span" className="jp-ArgonIcon jp-mod-small" />
            {trans.__('read-only')}
          </span>
        ) : null}
      </div>
      <TextButton
        className="jp-ArgonSession-switch"
        disabled={session === undefined}
        title={
          session === undefined
            ? trans.__('There is no session to switch: run %load_ext argon in a notebook')
            : trans.__('Switch to a branch, pin or LSN')
        }
        onClick={() => void commands.execute(CommandIds.pick)}
      >
        {trans.__('Switch…')}
      </TextButton>
      <div className={`jp-ArgonSession-note${session === undefined ? ' jp-mod-whole' : ''}`}>
        {noteText()}
      </div>
    </div>
  );

  function noteText(): string {
    if (session === undefined) {
      const other = workspace.session;
      return other?.project === undefined
        ? trans.__('No session: run %load_ext argon in a notebook')
        : trans.__('The session is in project %1', other.project);
    }
    const facts = branch === undefined ? undefined : project.branches.get(branch);
    const ahead = facts?.ahead ?? session.ahead;
    const behind = facts?.behind ?? session.behind;
    // The page knows the notebook's name of today; the kernel knows that of its start.
    const path = workspace.notebook?.kernel === session.kernel ? workspace.notebook?.path : session.notebook;
    const notebook = path === undefined ? session.actor : baseName(path);
    if (branch === project.defaultBranch) {
      return trans.__('default branch · %1', notebook);
    }
    return ahead === undefined || behind === undefined
      ? notebook
      : trans.__(
          '%1 ahead · %2 behind %3 · %4',
          count(ahead),
          count(behind),
          project.defaultBranch,
          notebook
        );
  }
}
