import { ellipsesIcon } from '@jupyterlab/ui-components';
import { CommandIds } from '../commands/ids';
import { branchAddIcon, diffIcon, mergeIcon } from '../icons';
import { below, openMenu, type MenuItem } from '../view/menu';
import { usePanel } from './context';
import { IconButton } from './parts';
import { useRoving } from '../view/useRoving';

/** The first bar: which project, and what can be done wherever the session is. */
export function Header(): JSX.Element {
  const { panel, commands, trans } = usePanel();
  const { workspace } = panel;
  const name = workspace.projectName;
  const session = workspace.sessionHere;
  const main = workspace.project?.defaultBranch ?? 'main';
  const isOnMain = session?.branch === undefined || session.branch === main;
  return (
    <div {...useRoving()} className="jp-ArgonHeader">
      <button
        type="button"
        className="jp-ArgonHeader-project"
        aria-haspopup="menu"
        title={trans.__('Project: look at another, or create one')}
        onClick={event => openMenu(commands, projectMenu(), below(event.currentTarget))}
      >
        <span className="jp-ArgonHeader-name">{name ?? trans.__('Argon')}</span>
        <span className="jp-ArgonCaret jp-mod-open" aria-hidden="true" />
      </button>
      <span className="jp-ArgonHeader-actions" role="toolbar" aria-label={trans.__('Project actions')}>
        <IconButton
          icon={branchAddIcon}
          label={trans.__('New branch…')}
          onClick={() => void commands.execute(CommandIds.createBranch)}
        />
        <IconButton
          icon={diffIcon}
          label={isOnMain ? trans.__('Diff…') : trans.__('Diff with %1', main)}
          onClick={() => void commands.execute(CommandIds.diff, isOnMain ? {} : { from: main })}
        />
        <IconButton
          icon={mergeIcon}
          label={isOnMain ? trans.__('Merge…') : trans.__('Merge %1 into %2', session?.branch ?? '', main)}
          onClick={() => void commands.execute(CommandIds.merge, isOnMain ? {} : { into: main })}
        />
        <IconButton
          icon={ellipsesIcon}
          label={trans.__('More')}
          aria-haspopup="menu"
          onClick={event => openMenu(commands, MORE, below(event.currentTarget))}
        />
      </span>
    </div>
  );

  function projectMenu(): MenuItem[] {
    const projects = (workspace.projects ?? []).map(project => ({
      command: CommandIds.openProject,
      args: { name: project.name }
    }));
    return [...projects, { type: 'separator' }, { command: CommandIds.createProject }];
  }
}

/** What concerns the session's state, the projects and the bridge. */
const MORE: readonly MenuItem[] = [
  { command: CommandIds.createPin },
  { command: CommandIds.copyRef },
  { type: 'separator' },
  { command: CommandIds.createProject },
  { type: 'separator' },
  { command: CommandIds.showLog },
  { command: CommandIds.restartBridge }
];
