import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { restoreBackup } from '../../engine';
import { SHOP, temporaryDirectory } from '../world';
import type { WriteCommand } from './commands';
import { discard } from './crash';
import { DEPOT, type Run } from './run';
import { forgetTimes } from './times';
import { acknowledged, send } from './writes';

/** Makes a backup beside writers, on top of the one before. */
export async function backUp(run: Run, writes: readonly WriteCommand[]): Promise<boolean> {
  const { world } = run;
  const folder = run.backup?.folder ?? temporaryDirectory();
  run.backup ??= { folder, book: run.book.copy() };
  const before = run.book.head;
  const sent = writes.map(command => send(run, { ...command, retry: undefined }));
  const report = await world.engine.backup(folder);
  for (const each of sent) {
    await acknowledged(run, each);
  }
  const { head } = report.projects.find(({ name }) => name === SHOP)!;
  const heads = sent.flatMap(({ lsns }) => (lsns === undefined ? [] : [lsns[1]]));
  expect([before, ...heads]).toContain(head);
  const book = run.book.copy();
  book.cut(head);
  expect(report.projects.find(({ name }) => name === DEPOT)!.head).toBe(book.depot.head);
  run.backup = { folder, book };
  return true;
}

/** Goes on with what the newest backup holds: everything since is forgotten. */
export async function restoreBackedUp(run: Run): Promise<boolean> {
  if (run.backup === undefined) {
    return false;
  }
  const directory = join(temporaryDirectory(), 'data');
  const { verified } = await restoreBackup(run.backup.folder, directory);
  expect(verified).toMatchObject({ problems: [], isComplete: true });
  // What was kept belongs to the other directory.
  discard(run);
  await run.world.moveTo(directory);
  run.book = run.backup.book.copy();
  forgetTimes(run, 0, 0);
  return true;
}

/** Removes the folder of a run's backup. */
export function discardBackup(run: Run): void {
  if (run.backup !== undefined) {
    rmSync(run.backup.folder, { recursive: true, force: true });
  }
}
