import type { CommandRegistry } from '@lumino/commands';
import type { CellActivity } from '../client/protocol';
import { CommandIds } from '../commands/ids';
import { runName } from '../graph/rowName';
import { keyOf } from '../model/history';
import type { Workspace } from '../model/workspace';
import type { PanelModel } from '../panel/panelModel';
import { standing } from './activity';
import type { IBadgeActions } from './badge';

/** What the actions of badges work on. */
export interface IBadgeTargets {
  readonly workspace: Workspace;
  readonly panel: PanelModel;
  readonly commands: CommandRegistry;
  readonly showPanel: () => void;
}

/** What the badges of a cell can be asked for; undo is asked about in the panel before anything is written. */
export function badgeActions(targets: IBadgeTargets, runAgain: () => void): IBadgeActions {
  const { workspace, panel, commands, showPanel } = targets;
  return {
    runAgain,
    runName: id => {
      const run = workspace.project?.runs.find(candidate => candidate.id === id);
      return run === undefined ? id.slice(0, 8) : runName(run);
    },
    openLineage: run =>
      void commands.execute(CommandIds.lineage, { run, project: workspace.session?.project ?? null }),
    undo: activity => {
      const range = writtenRange(activity);
      if (range !== undefined) {
        showPanel();
        void commands.execute(CommandIds.undo, { ...range });
      }
    },
    show: activity => {
      const range = writtenRange(activity);
      const entry = workspace.project?.history.entries.find(
        candidate =>
          candidate.branch === range?.branch &&
          candidate.firstLsn <= (range?.lastLsn ?? 0) &&
          candidate.lastLsn >= (range?.firstLsn ?? 0)
      );
      if (entry !== undefined) {
        showPanel();
        panel.select(keyOf(entry));
      }
    }
  };
}

/** Where a cell wrote: the branch of its first write, and the LSNs there. */
function writtenRange(
  activity: CellActivity
): { readonly branch: string; readonly firstLsn: number; readonly lastLsn: number } | undefined {
  const [first] = standing(activity);
  if (first === undefined) {
    return undefined;
  }
  const own = activity.writes.filter(write => write.branch === first.branch);
  return {
    branch: first.branch,
    firstLsn: Math.min(...own.map(write => write.firstLsn)),
    lastLsn: Math.max(...own.map(write => write.lastLsn))
  };
}
