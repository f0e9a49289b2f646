import { isArgonError } from '../../errors';
import { ADA, SHOP } from '../world';
import type { Run } from './run';
import { Line } from './state';
import { refused } from './writes';

/** Operations that make a branch do nothing while there are so many. */
export const BRANCHES_MAX = 7;
const PINS_MAX = 5;
const CHECKS = [[], ['tests'], ['tests', 'schema']] as const;

/** The LSN of a project that a share of its history in percent means. */
function lsnAt(head: number, percent: number): number {
  return Math.floor((head * percent) / 99);
}

/** Runs an operation on a state of the past; undefined when that is gone, as the model knows. */
async function onPast<T>(run: Run, on: string, lsn: number, work: Promise<T>): Promise<T | undefined> {
  const isGone = run.past(on, lsn) === undefined;
  const done = await work.catch((error: unknown) => {
    if (!isArgonError(error, 'HISTORY_GONE')) {
      throw error;
    }
    return undefined;
  });
  expect({ on, lsn, isGone: done === undefined }).toEqual({ on, lsn, isGone });
  return done;
}

export async function fork(
  run: Run,
  on: string,
  percent: number,
  expiresIn: number | undefined
): Promise<boolean> {
  const { book, world } = run;
  if (book.lines.size >= BRANCHES_MAX) {
    return false;
  }
  const lsn = lsnAt(book.head, percent);
  const child = `b-${run.next()}`;
  const expiresAt = expiresIn === undefined ? undefined : world.clock.now + expiresIn;
  const options = {
    from: `${on}@${lsn}`,
    ...(expiresAt === undefined ? {} : { expiresAt: new Date(expiresAt) })
  };
  if ((await onPast(run, on, lsn, world.engine.createBranch(SHOP, child, ADA, options))) === undefined) {
    return false;
  }
  book.lines.set(child, new Line(book.line(on), book.line(on).at(lsn).lsn));
  if (expiresAt !== undefined) {
    book.expiries.set(child, expiresAt);
  }
  return true;
}

export async function reset(run: Run, on: string, percent: number): Promise<boolean> {
  const { book, world } = run;
  const line = book.line(on);
  const lsn = Math.floor((line.head * percent) / 100);
  if (lsn >= line.head || book.lines.size >= BRANCHES_MAX) {
    return false;
  }
  const asked = world.engine.resetBranch(SHOP, on, `${on}@${lsn}`, ADA);
  if (book.protections.has(on)) {
    await refused(asked);
    return false;
  }
  const done = await onPast(run, on, lsn, asked);
  if (done === undefined) {
    return false;
  }
  expect(done.branch.name).toBe(on);
  book.lines.set(done.backup, line);
  book.lines.set(on, new Line(line, line.at(lsn).lsn));
  book.lastCommit.delete(on);
  return true;
}

export async function remove({ book, world }: Run, on: string): Promise<boolean> {
  const asked = world.engine.deleteBranch(SHOP, on, ADA);
  if (on === 'main' || book.protections.has(on)) {
    await refused(asked);
    return false;
  }
  await asked;
  book.forget(on);
  return true;
}

export async function rename(run: Run, on: string): Promise<boolean> {
  const to = `r-${run.next()}`;
  const asked = run.world.engine.renameBranch(SHOP, on, to, ADA);
  if (on === 'main' || run.book.protections.has(on)) {
    await refused(asked);
    return false;
  }
  await asked;
  run.book.rename(on, to);
  return true;
}

/** Protects a branch, or takes the protection of the one that has it. */
export async function protect({ book, world }: Run, on: string, which: number): Promise<boolean> {
  const [known] = book.protections.keys();
  if (known !== undefined) {
    await world.engine.protectBranch(SHOP, known, false, ADA);
    book.protections.delete(known);
    return true;
  }
  const checks = CHECKS[which % CHECKS.length]!;
  const branch = await world.engine.protectBranch(SHOP, on, true, ADA, { checks });
  expect([branch.isProtected, branch.checks ?? []]).toEqual([true, checks]);
  book.protections.set(on, checks);
  return true;
}

export async function pin(run: Run, on: string, percent: number): Promise<boolean> {
  const { book, world } = run;
  if (book.pins.size >= PINS_MAX) {
    return false;
  }
  const name = `p-${run.next()}`;
  const asked = lsnAt(book.head, percent);
  const made = await onPast(run, on, asked, world.engine.createPin(SHOP, name, `${on}@${asked}`, ADA));
  if (made === undefined) {
    return false;
  }
  const { lsn, state } = book.line(on).at(asked);
  book.pins.set(name, { lsn, time: world.view(`pin:${name}`).time, state });
  return true;
}

export async function unpin({ book, world }: Run, number: number): Promise<boolean> {
  const names = [...book.pins.keys()];
  const name = names[number % names.length];
  if (name === undefined) {
    return false;
  }
  await world.engine.deletePin(SHOP, name, ADA);
  book.pins.delete(name);
  return true;
}

/** The clock goes on, or back; branches whose time has come go. */
export async function wait({ book, world }: Run, ms: number): Promise<boolean> {
  world.clock.now += ms;
  const due = [...book.expiries]
    .filter(([name, at]) => at <= world.clock.now && !book.protections.has(name))
    .map(([name]) => name);
  const gone = await world.engine.expireBranches(ADA);
  expect([...gone].sort()).toEqual(due.map(name => `${SHOP}/${name}`).sort());
  for (const name of due) {
    book.forget(name);
  }
  return true;
}
