import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { Entry } from '../client/protocol';
import { CommandIds } from '../commands/ids';
import { plainRange } from '../format/count';
import { runName } from '../graph/rowName';
import { keyOf } from '../model/history';
import type { ProjectModel } from '../model/project';
import type { Workspace } from '../model/workspace';
import type { PanelModel } from '../panel/panelModel';
import type { IBadgeActions } from './badge';
import type { IBranchWritten } from './cellFacts';

/** Older pages of the history that are read to find what a cell wrote. */
const PAGES_MAX = 50;

/** What the actions of badges work on. */
export interface IBadgeTargets {
  readonly workspace: Workspace;
  readonly panel: PanelModel;
  readonly commands: CommandRegistry;
  readonly showPanel: () => void;
  readonly trans: TranslationBundle;
}

/** What the badges of a cell can be asked for; undo is asked about in the panel before anything is written. */
export function badgeActions(targets: IBadgeTargets, runAgain: () => void): IBadgeActions {
  const { workspace, panel, commands, showPanel, trans } = targets;
  const home = () => workspace.session?.project;
  /** The commands work on the project that is looked at, and a cell may have written to another. */
  const lookAt = (write: IBranchWritten) => {
    const project = write.project ?? home();
    if (project !== undefined && project !== workspace.projectName) {
      panel.select(undefined);
      workspace.pickProject(project);
    }
  };
  return {
    get home() {
      return home();
    },
    get isReadOnly() {
      return workspace.client.isReadOnly;
    },
    runAgain,
    runName: id => {
      const run = workspace.project?.runs.find(candidate => candidate.id === id);
      return run === undefined ? id.slice(0, 8) : runName(run);
    },
    openLineage: at => void commands.execute(CommandIds.lineage, { ...at, project: home() ?? null }),
    undo: (write, { cell, cellNumber }) => {
      if (write.standing !== undefined) {
        lookAt(write);
        showPanel();
        void commands.execute(CommandIds.undo, {
          branch: write.branch,
          ...write.standing,
          cell,
          cellNumber: cellNumber ?? null
        });
      }
    },
    diff: write => {
      const { branch, firstLsn, lastLsn } = write;
      const project = write.project ?? home() ?? null;
      const ends = { from: `${branch}@${firstLsn - 1}`, to: `${branch}@${lastLsn}` };
      void commands.execute(CommandIds.diff, { project, ...ends });
    },
    show: write => {
      lookAt(write);
      showPanel();
      void find(workspace, write).then(entry => {
        if (entry === undefined) {
          const place = `${write.branch}@${plainRange(write.firstLsn, write.lastLsn)}`;
          panel.say({ kind: 'error', text: trans.__('The history that is kept does not show %1.', place) });
          return;
        }
        panel.filter = '';
        panel.isNarrowed = panel.isNarrowed && entry.branch === workspace.session?.branch;
        panel.select(keyOf(entry));
      });
    },
    mark: write => {
      const isHere = (write.project ?? home()) === workspace.projectName;
      const entry = isHere && panel.isVisible ? entryOf(workspace.project, write) : undefined;
      if (entry !== undefined && panel.question === undefined) {
        panel.select(keyOf(entry));
      }
    }
  };
}

/** The newest entry of what a cell wrote; older pages are read until it is there. */
async function find(workspace: Workspace, write: IBranchWritten): Promise<Entry | undefined> {
  const { project } = workspace;
  if (project?.history.entries.length === 0) {
    await project.refresh();
  }
  for (let page = 0; page < PAGES_MAX; page++) {
    const found = entryOf(project, write);
    const oldest = project?.history.entries.at(-1);
    if (found !== undefined || oldest === undefined || oldest.lastLsn < write.firstLsn) {
      return found;
    }
    if (project?.history.next === undefined) {
      return undefined;
    }
    await project.loadOlder();
  }
  return undefined;
}

function entryOf(project: ProjectModel | undefined, write: IBranchWritten): Entry | undefined {
  return project?.history.entries.find(
    entry =>
      entry.branch === write.branch && entry.firstLsn <= write.lastLsn && entry.lastLsn >= write.firstLsn
  );
}
