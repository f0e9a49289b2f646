import { cpSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Lsn } from '../../api';
import { tear } from '../disk/tear';
import { holdState } from '../hold';
import { isArgonError } from '../../errors';
import { SHOP, temporaryDirectory } from '../world';
import type { Run } from './run';
import type { Command } from './commands';
import { forgetTimes } from './times';
import { acknowledged, send } from './writes';

type Crash = Extract<Command, { readonly do: 'crash' }>;

/** What a data directory holds beside the log is derived: any of it may be older after a power failure. */
const STATE = 'state';
const IMAGES = 'images';

/** Keeps a copy of the state as it is now, for a later crash to leave. */
export async function keep(run: Run): Promise<boolean> {
  await caughtUp(run);
  run.kept ??= temporaryDirectory();
  rmSync(join(run.kept, STATE), { recursive: true, force: true });
  cpSync(join(run.world.directory, STATE), join(run.kept, STATE), { recursive: true });
  return true;
}

/** Waits until everything durable is in the state. */
export async function caughtUp({ world }: Run): Promise<void> {
  await world.view('main').stateDigest();
}

/**
 * Cuts the power while writers are at work, and goes on with what a disk may be left with: every
 * write that was acknowledged, those in flight wholly or not at all and none without those before it.
 */
export async function crash(run: Run, { writes, calls, tear: kind, state }: Crash): Promise<boolean> {
  const { book, world, disk } = run;
  await caughtUp(run);
  const before = book.head;
  const hold = state === 'held' ? holdState() : undefined;
  const lost = disk.cutAfter(calls);
  const sent = writes.map(command => send(run, { ...command, retry: undefined }));
  const acks = sent.map(each => acknowledged(run, each));
  const sure = new Set<number>();
  for (const [i, ack] of acks.entries()) {
    void ack.then(
      () => sure.add(i),
      () => undefined
    );
  }
  await Promise.race([lost, Promise.allSettled(acks)]);
  const stopped = hold ?? (await quiet(run));
  // From here on nothing changes on the disk; what was acknowledged until now must be there.
  const acked = new Set(sure);
  const copy = temporaryDirectory();
  cpSync(join(world.directory, 'log'), join(copy, 'log'), { recursive: true });
  tear(join(copy, 'log'), disk.atRisk, kind, run.below);
  const left = state === 'older' ? (run.kept ?? world.directory) : world.directory;
  if (state !== 'none') {
    cpSync(join(left, STATE), join(copy, STATE), { recursive: true });
  }
  // Images are never changed, so those of now are those of any state. Without one, nobody knows them.
  if (existsSync(join(world.directory, IMAGES)) && (state !== 'none' || run.below(2) === 0)) {
    cpSync(join(world.directory, IMAGES), join(copy, IMAGES), { recursive: true });
  }
  disk.giveBack();
  stopped.release();
  for (const ack of acks) {
    await ack.catch((error: unknown) => {
      if (!isArgonError(error, 'LOG_FAILED')) {
        throw error;
      }
    });
  }
  if (state === 'none') {
    // The state is made anew, and names its images anew.
    discard(run);
  }
  await world.moveTo(copy);
  const { head } = world.engine.project(SHOP);
  const written = sent.flatMap(({ lsns }, i) => (lsns === undefined ? [] : [{ lsns, isSure: acked.has(i) }]));
  const surest = written.findLast(({ isSure }) => isSure)?.lsns[1] ?? before;
  expect([before, ...written.map(({ lsns }) => lsns[1])]).toContain(head);
  expect(head).toBeGreaterThanOrEqual(surest);
  book.cut(head);
  for (const { lsns } of written) {
    bookUntold(run, lsns);
  }
  forgetTimes(run, 0, 0);
  return true;
}

/** Waits until the state has what was acknowledged, then keeps it as it is. */
async function quiet(run: Run): Promise<{ release: () => void }> {
  await caughtUp(run);
  return holdState();
}

/** A commit that survived without an acknowledgement has a time that nobody was told: it is read. */
function bookUntold({ book, world }: Run, [first, last]: readonly [number, number]): void {
  if (last <= book.head && !book.commits.some(commit => commit.last === last)) {
    book.commits.push({ first, last, time: world.engine.timeOf(SHOP, last as Lsn) });
    book.commits.sort((a, b) => a.last - b.last);
  }
}

/** Removes what a run has kept. */
export function discard(run: Run): void {
  if (run.kept !== undefined) {
    rmSync(run.kept, { recursive: true, force: true });
    run.kept = undefined;
  }
}
