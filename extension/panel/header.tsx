import { ellipsesIcon } from '@jupyterlab/ui-components';
import { Menu } from '@lumino/widgets';
import type { MouseEvent } from 'react';
import { CommandIds } from '../commands/ids';
import { branchAddIcon, diffIcon, mergeIcon } from '../icons';
import { usePanel } from './context';
import { IconButton } from './parts';

/** The first bar: which project, and what can be done wherever the session is. */
export function Header(): JSX.Element {
  const { panel, commands, trans } = usePanel();
  const { workspace } = panel;
  const name = workspace.projectName;
  const session = workspace.sessionHere;
  const main = workspace.project?.defaultBranch ?? 'main';
  const isOnMain = session?.branch === undefined || session.branch === main;
  return (
    <div className="jp-ArgonHeader">
      <button
        type="button"
        className="jp-ArgonHeader-project"
        aria-haspopup="menu"
        title={trans.__('Project: look at another, or create one')}
        onClick={event => openBelow(event, projectMenu())}
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
          onClick={event => openBelow(event, moreMenu())}
        />
      </span>
    </div>
  );

  function projectMenu(): Menu {
    const menu = new Menu({ commands });
    menu.addClass('jp-ArgonMenu');
    for (const project of workspace.projects ?? []) {
      menu.addItem({ command: CommandIds.openProject, args: { name: project.name } });
    }
    menu.addItem({ type: 'separator' });
    menu.addItem({ command: CommandIds.createProject });
    return menu;
  }

  function moreMenu(): Menu {
    const menu = new Menu({ commands });
    menu.addClass('jp-ArgonMenu');
    menu.addItem({ command: CommandIds.createPin });
    menu.addItem({ command: CommandIds.copyRef });
    menu.addItem({ type: 'separator' });
    menu.addItem({ command: CommandIds.createProject });
    menu.addItem({ type: 'separator' });
    menu.addItem({ command: CommandIds.showLog });
    menu.addItem({ command: CommandIds.restartBridge });
    return menu;
  }
}

/** Opens a menu under the button that was pressed. */
export function openBelow(event: MouseEvent<HTMLElement>, menu: Menu): void {
  const box = event.currentTarget.getBoundingClientRect();
  menu.open(box.left, box.bottom);
}
