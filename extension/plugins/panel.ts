import {
  ILabShell,
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { Clipboard, ICommandPalette, Notification } from '@jupyterlab/apputils';
import { INotebookTracker, type NotebookPanel } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
/* eslint-disable jupyter/prefer-lazy-imports -- the panel is restored with the page: all of this is needed at once */
import { ArgonClient } from '../client/client';
import { Actions } from '../commands/actions';
import { addCommands } from '../commands/commands';
import { addDataCommands } from '../commands/dataCommands';
import { CommandIds } from '../commands/ids';
import { addLineageCommands } from '../commands/lineage';
import { setLanguage } from '../format/locale';
import { Workspace } from '../model/workspace';
import { badgeActions } from '../notebook/badgeActions';
import { ArgonPanel } from '../panel/panel';
import { PanelModel, type INotice } from '../panel/panelModel';
import { DOMAIN, IArgon } from '../tokens';
import { VERSION } from '../version';
import { translateSettings } from '../translation/settings';
import { USUAL_VIEW_SETTINGS, type IViewSettings } from '../view/viewContext';
import { MainViews } from './mainViews';
/* eslint-enable jupyter/prefer-lazy-imports */

/** Among the side bars of third parties. */
const RANK = 600;

/** Commands of the palette; the others need an argument that only a place in the page can give. */
const PALETTE = [
  CommandIds.showPanel,
  CommandIds.pick,
  CommandIds.createProject,
  CommandIds.createBranch,
  CommandIds.renameBranch,
  CommandIds.deleteBranch,
  CommandIds.createPin,
  CommandIds.diff,
  CommandIds.merge,
  CommandIds.restore,
  CommandIds.copyRef,
  CommandIds.lineage,
  CommandIds.lineageExport,
  CommandIds.browseData,
  CommandIds.startBridge,
  CommandIds.restartBridge,
  CommandIds.showLog
];

/** The connection, the side panel and every command. */
export const panelPlugin: JupyterFrontEndPlugin<IArgon> = {
  id: 'jupyterlab-argon:plugin',
  description: 'Branches of MongoDB data: connection to the bridge, side panel and commands.',
  autoStart: true,
  provides: IArgon,
  optional: [ILabShell, ILayoutRestorer, ICommandPalette, INotebookTracker, ISettingRegistry, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    labShell: ILabShell | null,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null,
    tracker: INotebookTracker | null,
    settings: ISettingRegistry | null,
    translator: ITranslator | null
  ): IArgon => {
    const { languageCode } = translator ?? nullTranslator;
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    setLanguage(languageCode);
    const { commands, shell } = app;
    const client = new ArgonClient({ serverSettings: app.serviceManager.serverSettings, version: VERSION });
    const workspace = new Workspace(client);
    const model = new PanelModel(workspace);

    const say = (notice: INotice) => {
      model.say(notice);
      // The panel shows it; only while nobody can see the panel, a note that passes does.
      if (!model.isVisible) {
        const text = notice.code === undefined ? notice.text : trans.__('%1 (%2)', notice.text, notice.code);
        Notification.emit(text, notice.kind === 'error' ? 'error' : 'success', { autoClose: 4000 });
      }
    };
    const actions = new Actions({ workspace, panel: model, trans, say });
    const copy = (text: string) => Clipboard.copyToSystem(text);
    const openCell = (told: string, cell: string | undefined) => {
      // A notebook may have another name than when the cell ran: where it is open, it is known by its cell.
      const has = ({ content }: NotebookPanel) =>
        cell !== undefined && content.widgets.some(({ model }) => model.id === cell);
      const open = tracker?.find(panel => panel.context.path === told && has(panel)) ?? tracker?.find(has);
      const notebook = open?.context.path ?? told;
      void commands.execute('docmanager:open', { path: notebook, factory: 'Notebook' }).then(
        () => {
          const panel = tracker?.find(candidate => candidate.context.path === notebook);
          void panel?.revealed.then(() => {
            const index = panel.content.widgets.findIndex(widget => widget.model.id === cell);
            if (index >= 0) {
              panel.content.activeCellIndex = index;
              void panel.content.scrollToItem(index, 'smart');
            }
          });
        },
        () => say({ kind: 'error', text: trans.__('%1 cannot be opened.', notebook) })
      );
    };
    const panel = new ArgonPanel({ panel: model, actions, commands, trans, openCell, copy });
    const showPanel = () => shell.activateById(panel.id);
    model.shown.connect(showPanel);

    const pick = async (prompt: string, anchor: HTMLElement | undefined) => {
      const { Picker } = await import('../picker/picker');
      return Picker.pick({
        workspace,
        trans,
        prompt,
        anchor,
        onNewBranch: from => void commands.execute(CommandIds.createBranch, { from })
      });
    };
    const insertCell = async (source: string): Promise<string | undefined> => {
      const notebook = tracker?.currentWidget;
      const model = notebook?.content.model;
      if (notebook === null || notebook === undefined || model === null || model === undefined) {
        return undefined;
      }
      await notebook.revealed;
      const { content } = notebook;
      const index = Math.min(model.cells.length, content.activeCellIndex + 1);
      model.sharedModel.insertCell(index, { cell_type: 'code', source, metadata: {} });
      content.activeCellIndex = index;
      void content.scrollToItem(index, 'smart');
      return notebook.context.path;
    };
    let viewSettings: IViewSettings = USUAL_VIEW_SETTINGS;
    const views = new MainViews(shell, {
      client,
      workspace,
      commands,
      trans,
      openCell,
      copy,
      insertCell,
      settings: () => viewSettings
    });
    addDataCommands({
      commands,
      workspace,
      trans,
      targets: {
        openData: query => views.openData(query),
        openHistory: (place, view) => views.openHistory(place, view),
        openPlan: plan => views.openMerge({ plan }),
        copy,
        say
      }
    });
    if (restorer !== null) {
      views.restore(restorer);
    }
    addCommands({
      commands,
      workspace,
      panel: model,
      actions,
      trans,
      targets: {
        showPanel,
        pick: prompt => {
          const focused = document.activeElement;
          return pick(prompt, focused instanceof HTMLButtonElement ? focused : undefined);
        },
        openDiff: options => views.openDiff(options),
        openMerge: options => views.openMerge(options),
        copy
      }
    });
    addLineageCommands({
      commands,
      workspace,
      trans,
      open: options => views.openLineage(options),
      current: () => views.lineages.currentWidget?.content
    });
    void restorer?.restore(views.lineages, {
      command: CommandIds.lineage,
      args: ({ content }) => ({ ...content.query }),
      name: ({ content }) => `${content.model.project}:${content.id}`
    });
    for (const command of PALETTE) {
      palette?.addItem({ command, category: trans.__('Argon') });
    }

    const place = (side: 'left' | 'right') => {
      shell.add(panel, side, { rank: RANK, type: 'Argon' });
      restorer?.add(panel, panel.id);
    };
    place('left');
    if (settings !== null && languageCode !== nullTranslator.languageCode) {
      translateSettings(settings, panelPlugin.id, trans);
    }
    void settings
      ?.load(panelPlugin.id)
      .then(loaded => {
        const followSettings = () => {
          viewSettings = {
            documentsPerPage: Number(loaded.get('documentsPerPage').composite),
            foldedCharacters: Number(loaded.get('foldedCharacters').composite)
          };
        };
        followSettings();
        loaded.changed.connect(followSettings);
        if (loaded.get('side').composite === 'right' && labShell !== null && !model.isVisible) {
          shell.add(panel, 'right', { rank: RANK, type: 'Argon' });
        }
      })
      .catch(() => undefined); // Without settings the panel stays on the left.
    void app.restored.then(() => client.look());

    return {
      workspace,
      actions,
      pickAndSwitch: async anchor => {
        const ref = await pick(trans.__('Switch to'), anchor);
        if (ref !== undefined) {
          await actions.switchTo(ref);
        }
      },
      badgeActions: runAgain =>
        badgeActions({ workspace, panel: model, commands, showPanel, trans }, runAgain)
    };
  }
};
