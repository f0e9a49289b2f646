import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, IToolbarWidgetRegistry } from '@jupyterlab/apputils';
import type { Cell } from '@jupyterlab/cells';
import { INotebookTracker, NotebookActions, type NotebookPanel } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
/* eslint-disable jupyter/prefer-lazy-imports -- a toolbar factory answers at once, and notebooks are restored with the page */
import { schemaOf, text } from '../commands/arguments';
import { CommandIds } from '../commands/ids';
import { readIcon } from '../icons';
import { BranchButton } from '../notebook/branchButton';
import { CellBadges } from '../notebook/cellBadges';
import { CellKeeper } from '../notebook/cellKeeper';
/* eslint-enable jupyter/prefer-lazy-imports */
import { DOMAIN, IArgon } from '../tokens';

/** Notebooks know the session of their kernel: branch picker in the toolbar, badges on cells. */
export const notebookPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyterlab-argon:notebook',
  description: 'Adds the branch picker to the notebook toolbar and badges to cells that read or wrote data.',
  autoStart: true,
  requires: [IArgon, INotebookTracker],
  optional: [IToolbarWidgetRegistry, ISettingRegistry, IStatusBar, ITranslator, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    argon: IArgon,
    tracker: INotebookTracker,
    toolbars: IToolbarWidgetRegistry | null,
    settings: ISettingRegistry | null,
    statusBar: IStatusBar | null,
    translator: ITranslator | null,
    palette: ICommandPalette | null
  ): void => {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const { workspace } = argon;
    follow(tracker, argon);
    toolbars?.addFactory<NotebookPanel>(
      'Notebook',
      'argonBranch',
      notebook =>
        new BranchButton({
          workspace,
          notebook,
          trans,
          isWordy: statusBar === null,
          onClick: anchor => {
            followPanel(notebook, argon);
            void argon.pickAndSwitch(anchor);
          }
        })
    );

    const badges = new Map<NotebookPanel, CellBadges>();
    let isShown = true;
    const show = (notebook: NotebookPanel) => {
      if (isShown && !badges.has(notebook) && !notebook.isDisposed) {
        const runAgain = (cell: Cell) => {
          notebook.content.activeCellIndex = notebook.content.widgets.indexOf(cell);
          void NotebookActions.run(notebook.content, notebook.sessionContext);
        };
        badges.set(
          notebook,
          new CellBadges({
            workspace,
            notebook,
            trans,
            actions: cell => argon.badgeActions(() => runAgain(cell))
          })
        );
        notebook.disposed.connect(() => badges.delete(notebook));
      }
    };
    const cellOf = (args: ReadonlyPartialJSONObject) => {
      const notebook = tracker.currentWidget;
      const line = notebook === null ? undefined : badges.get(notebook);
      const cell = text(args, 'cell') ?? notebook?.content.activeCell?.model.id;
      return line !== undefined && cell !== undefined && line.has(cell) ? { line, cell } : undefined;
    };
    app.commands.addCommand(CommandIds.cellFacts, {
      label: trans.__('Show What the Cell Did to Data'),
      caption: trans.__('Which states it read, what it wrote, and what became of that'),
      icon: readIcon,
      describedBy: schemaOf({
        cell: ['string', trans.__('Id of a cell of the current notebook; by default the active one.')]
      }),
      isEnabled: args => cellOf(args) !== undefined,
      execute: args => {
        const found = cellOf(args);
        found?.line.openFacts(found.cell);
      }
    });
    palette?.addItem({ command: CommandIds.cellFacts, category: trans.__('Argon') });
    const apply = (isOn: boolean) => {
      isShown = isOn;
      if (isOn) {
        tracker.forEach(show);
      } else {
        badges.forEach(line => line.dispose());
        badges.clear();
      }
    };
    const keepers = new Map<NotebookPanel, CellKeeper>();
    let isKept = false;
    const keep = (notebook: NotebookPanel) => {
      if (isKept && !keepers.has(notebook) && !notebook.isDisposed) {
        keepers.set(notebook, new CellKeeper(workspace, notebook));
        notebook.disposed.connect(() => keepers.delete(notebook));
      }
    };
    const applyKeeping = (isOn: boolean) => {
      isKept = isOn;
      if (isOn) {
        tracker.forEach(keep);
      } else {
        keepers.forEach(keeper => keeper.dispose());
        keepers.clear();
      }
    };
    tracker.widgetAdded.connect((_, notebook) => {
      show(notebook);
      keep(notebook);
    });
    tracker.forEach(show);
    settings?.load('jupyterlab-argon:plugin').then(
      loaded => {
        const read = () => {
          apply(loaded.get('badges').composite !== false);
          applyKeeping(loaded.get('keepInNotebook').composite === true);
        };
        loaded.changed.connect(read);
        read();
      },
      () => undefined // Without settings, badges are on, and nothing is written to a notebook.
    );
  }
};

/** The workspace follows the current notebook, its kernel and its path. */
function follow(tracker: INotebookTracker, argon: IArgon): void {
  const current = () => {
    if (tracker.currentWidget !== null) {
      followPanel(tracker.currentWidget, argon);
    } else {
      argon.workspace.notebook = undefined;
    }
  };
  tracker.currentChanged.connect(current);
  tracker.widgetAdded.connect((_, notebook) => {
    notebook.sessionContext.kernelChanged.connect(current);
    notebook.sessionContext.sessionChanged.connect(current);
    notebook.context.pathChanged.connect(current);
  });
  // A cell may have been the first to need the bridge: the page looks once, and starts nothing.
  NotebookActions.executed.connect(() => void argon.workspace.client.look());
  current();
}

function followPanel(notebook: NotebookPanel, argon: IArgon): void {
  const { sessionContext } = notebook;
  argon.workspace.notebook = { path: notebook.context.path, kernel: sessionContext.session?.kernel?.id };
}
