import type { CommandRegistry } from '@lumino/commands';
import { Menu } from '@lumino/widgets';
import type { Entry } from '../client/protocol';
import { CommandIds } from '../commands/ids';
import type { ProjectModel } from '../model/project';
import { refOfEntry } from '../model/refs';

/** Opens the menu of an entry: everything that its details offer, and what is rarer. */
export function openEntryMenu(
  entry: Entry,
  project: ProjectModel,
  commands: CommandRegistry,
  x: number,
  y: number
): void {
  const ref = refOfEntry(entry, project);
  const timeline = project.history.timelines.get(entry.timeline);
  const branch = timeline?.branch;
  const menu = new Menu({ commands });
  menu.addClass('jp-ArgonMenu');
  if (ref !== undefined && branch !== undefined) {
    menu.addItem({ command: CommandIds.switchTo, args: { ref } });
    menu.addItem({ command: CommandIds.createBranch, args: { from: ref } });
    menu.addItem({ command: CommandIds.createPin, args: { ref } });
    menu.addItem({ type: 'separator' });
    menu.addItem({ command: CommandIds.diff, args: { to: ref } });
    menu.addItem({ command: CommandIds.merge, args: { source: ref } });
    menu.addItem({ command: CommandIds.restore, args: { branch, to: `${branch}@${entry.lastLsn}` } });
    menu.addItem({
      command: CommandIds.undo,
      args: { branch, firstLsn: entry.firstLsn, lastLsn: entry.lastLsn }
    });
    menu.addItem({ type: 'separator' });
    addBranchItems(menu, branch, project);
    menu.addItem({ command: CommandIds.copyRef, args: { ref: `${branch}@${entry.lastLsn}` } });
  }
  for (const pin of project.pins.filter(pin => pin.timeline === entry.timeline && isWithin(pin.lsn, entry))) {
    menu.addItem({ command: CommandIds.deletePin, args: { name: pin.name } });
  }
  menu.open(x, y);
}

/** Opens the rarer actions of an entry, those that have no button. */
export function openMoreMenu(
  entry: Entry,
  project: ProjectModel,
  commands: CommandRegistry,
  box: DOMRect
): void {
  const branch = project.history.timelines.get(entry.timeline)?.branch;
  const menu = new Menu({ commands });
  menu.addClass('jp-ArgonMenu');
  if (branch !== undefined) {
    menu.addItem({
      command: CommandIds.diff,
      args: { from: `${branch}@${entry.firstLsn - 1}`, to: `${branch}@${entry.lastLsn}` }
    });
    addBranchItems(menu, branch, project);
    menu.addItem({ command: CommandIds.copyRef, args: { ref: `${branch}@${entry.lastLsn}` } });
  }
  for (const pin of project.pins.filter(pin => pin.timeline === entry.timeline && isWithin(pin.lsn, entry))) {
    menu.addItem({ command: CommandIds.deletePin, args: { name: pin.name } });
  }
  menu.open(box.left, box.bottom, { forceY: false });
}

function addBranchItems(menu: Menu, branch: string, project: ProjectModel): void {
  const isProtected = project.branches.get(branch)?.isProtected === true;
  menu.addItem({ command: CommandIds.renameBranch, args: { branch } });
  menu.addItem({ command: CommandIds.protectBranch, args: { branch, protect: !isProtected } });
  menu.addItem({ command: CommandIds.deleteBranch, args: { branch } });
}

function isWithin(lsn: number, entry: Entry): boolean {
  return entry.firstLsn <= lsn && lsn <= entry.lastLsn;
}
