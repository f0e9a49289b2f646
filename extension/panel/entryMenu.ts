import type { CommandRegistry } from '@lumino/commands';
import type { Entry } from '../client/protocol';
import { CommandIds } from '../commands/ids';
import type { ProjectModel } from '../model/project';
import { refOfEntry } from '../model/refs';
import { openMenu, type MenuItem } from '../view/menu';

/** Opens the menu of an entry: everything that its details offer, and what is rarer. */
export function openEntryMenu(
  entry: Entry,
  project: ProjectModel,
  commands: CommandRegistry,
  at: { readonly x: number; readonly y: number }
): void {
  const ref = refOfEntry(entry, project);
  const branch = project.history.timelines.get(entry.timeline)?.branch;
  const { firstLsn, lastLsn } = entry;
  const items: MenuItem[] =
    ref === undefined || branch === undefined
      ? []
      : [
          { command: CommandIds.switchTo, args: { ref } },
          { command: CommandIds.createBranch, args: { from: ref } },
          { command: CommandIds.createPin, args: { ref: `${branch}@${lastLsn}` } },
          { type: 'separator' },
          { command: CommandIds.diff, args: { to: ref } },
          { command: CommandIds.merge, args: { source: ref } },
          { command: CommandIds.restore, args: { branch, to: `${branch}@${lastLsn}` } },
          { command: CommandIds.undo, args: { branch, firstLsn, lastLsn } },
          { type: 'separator' }
        ];
  openMenu(commands, [...items, ...rarer(entry, project, branch)], at);
}

/** Opens the rarer actions of an entry, those that have no button. */
export function openMoreMenu(
  entry: Entry,
  project: ProjectModel,
  commands: CommandRegistry,
  at: { readonly x: number; readonly y: number }
): void {
  openMenu(commands, rarer(entry, project, project.history.timelines.get(entry.timeline)?.branch), at);
}

function rarer(entry: Entry, project: ProjectModel, branch: string | undefined): MenuItem[] {
  const { firstLsn, lastLsn, timeline } = entry;
  const isProtected = project.branches.get(branch ?? '')?.isProtected === true;
  const items: MenuItem[] =
    branch === undefined
      ? []
      : [
          {
            command: CommandIds.diff,
            args: { from: `${branch}@${firstLsn - 1}`, to: `${branch}@${lastLsn}` }
          },
          { command: CommandIds.browseData, args: { ref: `${branch}@${lastLsn}` } },
          { command: CommandIds.renameBranch, args: { branch } },
          { command: CommandIds.protectBranch, args: { branch, protect: !isProtected } },
          { command: CommandIds.deleteBranch, args: { branch } },
          { command: CommandIds.copyRef, args: { ref: `${branch}@${lastLsn}` } }
        ];
  const pins = project.pins.filter(
    pin => pin.timeline === timeline && pin.lsn >= firstLsn && pin.lsn <= lastLsn
  );
  const runs = project.runs.filter(
    run => run.timeline === timeline && run.lsn >= firstLsn && run.lsn <= lastLsn
  );
  const [run] = runs;
  if (run !== undefined) {
    items.push({ command: CommandIds.lineage, args: { run: run.id } });
  }
  return [...items, ...pins.map(({ name }) => ({ command: CommandIds.deletePin, args: { name } }))];
}
