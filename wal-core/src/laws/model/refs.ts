import { ADA, SHOP } from '../world';
import type { Run } from './book';
import { Line } from './state';

const BRANCHES_MAX = 7;
const PINS_MAX = 5;

/** The LSN of a project that a share of its history in percent means. */
function lsnAt(head: number, percent: number): number {
  return Math.floor((head * percent) / 99);
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
  const child = `b-${book.next()}`;
  const expiresAt = expiresIn === undefined ? undefined : world.clock.now + expiresIn;
  await world.engine.createBranch(SHOP, child, ADA, {
    from: `${on}@${lsn}`,
    ...(expiresAt === undefined ? {} : { expiresAt: new Date(expiresAt) })
  });
  book.lines.set(child, new Line(book.line(on), book.line(on).at(lsn).lsn));
  if (expiresAt !== undefined) {
    book.expiries.set(child, expiresAt);
  }
  return true;
}

export async function reset({ book, world }: Run, on: string, percent: number): Promise<boolean> {
  const line = book.line(on);
  const lsn = Math.floor((line.head * percent) / 100);
  if (lsn >= line.head || book.lines.size >= BRANCHES_MAX) {
    return false;
  }
  const { backup, branch } = await world.engine.resetBranch(SHOP, on, `${on}@${lsn}`, ADA);
  expect(branch.name).toBe(on);
  book.lines.set(backup, line);
  book.lines.set(on, new Line(line, line.at(lsn).lsn));
  book.lastCommit.delete(on);
  return true;
}

function forget({ book }: Run, name: string): void {
  book.lines.delete(name);
  book.lastCommit.delete(name);
  book.expiries.delete(name);
}

export async function remove(run: Run, on: string): Promise<boolean> {
  if (on === 'main') {
    return false;
  }
  await run.world.engine.deleteBranch(SHOP, on, ADA);
  forget(run, on);
  return true;
}

export async function rename(run: Run, on: string): Promise<boolean> {
  const { book, world } = run;
  if (on === 'main') {
    return false;
  }
  const to = `r-${book.next()}`;
  await world.engine.renameBranch(SHOP, on, to, ADA);
  const expiry = book.expiries.get(on);
  book.lines.set(to, book.line(on));
  forget(run, on);
  if (expiry !== undefined) {
    book.expiries.set(to, expiry);
  }
  return true;
}

export async function pin({ book, world }: Run, on: string, percent: number): Promise<boolean> {
  if (book.pins.size >= PINS_MAX) {
    return false;
  }
  const name = `p-${book.next()}`;
  const { lsn, state } = book.line(on).at(lsnAt(book.head, percent));
  await world.engine.createPin(SHOP, name, `${on}@${lsn}`, ADA);
  book.pins.set(name, { branch: on, lsn, state });
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
export async function wait(run: Run, ms: number): Promise<boolean> {
  const { book, world } = run;
  world.clock.now += ms;
  const due = [...book.expiries].filter(([, at]) => at <= world.clock.now).map(([name]) => name);
  const gone = await world.engine.expireBranches(ADA);
  expect([...gone].sort()).toEqual(due.map(name => `${SHOP}/${name}`).sort());
  for (const name of due) {
    forget(run, name);
  }
  return true;
}
