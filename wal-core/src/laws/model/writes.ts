import { deserialize } from 'bson';
import type { Commit, Origin, Writer } from '../../api';
import { holdState } from '../hold';
import { image, keyOf, type Plain, SHOP } from '../world';
import { checkGets } from './check';
import type { DocumentChange, WriteCommand } from './commands';
import type { Run } from './run';
import { EMPTY_TABLE, type State, withDocument, withTable } from './state';

/** When a document expires, from the moment of its write on: one of these, in milliseconds. */
const EXPIRES_IN_MS = [0, 40_000, 120_000, 600_000];

/** Who writes: some people, from some cells. */
export function originOf(number: number): Origin {
  return { actor: ['ada', 'bob', 'cleo'][number % 3]!, cell: `c-${number % 5}` };
}

/** What a write puts under an id; `stamp` is never given twice. */
function documentOf({ id, value }: DocumentChange, { stamp, nowMs }: Moment): Plain {
  const long = value! % 7 === 0 ? { long: 'x'.repeat(1200) } : {};
  const at = value! % 3 === 0 ? { at: new Date(nowMs + EXPIRES_IN_MS[id % 4]!) } : {};
  // Some are too long for the state and stay in the log.
  return { _id: id, value, g: value! % 5, stamp, ...at, ...long };
}

/** What makes the documents of a write unlike those of any other. */
export interface Moment {
  readonly stamp: number;
  readonly nowMs: number;
}

/** The moment of one change in a write. */
function nth({ stamp, nowMs }: Moment, i: number): Moment {
  return { stamp: stamp + i / 16, nowMs };
}

export function momentOf(run: Run): Moment {
  return { stamp: run.next(), nowMs: run.world.clock.now };
}

/** The states after each record of a write. */
export function statesOf(changes: readonly DocumentChange[], before: State, moment: Moment): State[] {
  const states: State[] = [];
  let state = before;
  for (const [i, change] of changes.entries()) {
    let table = state.get(change.collection);
    if (table === undefined) {
      table = EMPTY_TABLE;
      state = withTable(state, change.collection, table);
      states.push(state);
    }
    const key = keyOf(change.id).toString('hex');
    if (change.value !== undefined || table.documents.has(key)) {
      const hex =
        change.value === undefined ? undefined : image(documentOf(change, nth(moment, i))).toString('hex');
      state = withTable(state, change.collection, withDocument(table, key, hex));
      states.push(state);
    }
  }
  return states;
}

/** Does on the engine what `statesOf` does on the model. */
export function stage(writer: Writer, changes: readonly DocumentChange[], moment: Moment): void {
  for (const [i, change] of changes.entries()) {
    const target = writer.ensureCollection(change.collection);
    const key = keyOf(change.id);
    if (change.value === undefined) {
      writer.remove(target, key);
    } else if (writer.get(target, key) === undefined) {
      writer.insert(target, image(documentOf(change, nth(moment, i))));
    } else {
      writer.replace(target, key, image(documentOf(change, nth(moment, i))));
    }
  }
}

/** A write that is under way, taken into the model already. */
export interface Sent {
  readonly name: string;
  /** Undefined when nothing changes. */
  readonly lsns: readonly [number, number] | undefined;
  readonly retry: number | undefined;
  readonly key: string;
  /** Undefined when nothing changes, or when the branch takes no writes. */
  readonly commit: Promise<Commit | undefined>;
  readonly isRefused: boolean;
}

/** Sends a write and takes it into the model: LSNs go by the order in which writes come. */
export function send(run: Run, command: WriteCommand): Sent {
  const { book, world } = run;
  const name = book.name(command.on);
  const moment = momentOf(run);
  const key = `owner-${command.retry}/${moment.stamp}/0`;
  const line = book.line(name);
  const before = line.newest;
  const isRefused = book.protections.has(name);
  const states = isRefused ? [] : statesOf(command.changes, before, moment);
  const first = book.head + 1;
  for (const state of states) {
    line.add(++book.head, state);
  }
  const lsns: [number, number] | undefined = states.length === 0 ? undefined : [first, book.head];
  if (lsns !== undefined) {
    if (command.atomic) {
      line.group(...lsns);
    }
    book.lastCommit.set(name, { first, last: book.head, before });
  }
  const written = world.engine
    .write(SHOP, name, originOf(moment.stamp), writer => stage(writer, command.changes, moment), {
      atomic: command.atomic,
      ...(command.retry === undefined
        ? {}
        : { retry: { key, reply: made => image({ last: made?.lastLsn ?? 0 }) } })
    })
    .then(({ commit }) => commit);
  const commit = isRefused ? refused(written) : written;
  return { name, lsns, retry: isRefused ? undefined : command.retry, key, commit, isRefused };
}

/** That a branch which takes merges only refuses something else. */
export async function refused(work: Promise<unknown>): Promise<undefined> {
  await expect(work).rejects.toMatchObject({ code: 'BRANCH_PROTECTED' });
}

/** Checks the acknowledgement of a write, and notes its time and its remembered reply. */
export async function acknowledged(run: Run, { lsns, retry, key, commit }: Sent): Promise<void> {
  const made = await commit;
  expect(made === undefined ? undefined : [made.firstLsn, made.lastLsn]).toEqual(lsns);
  if (made !== undefined) {
    run.book.commits.push({ first: made.firstLsn, last: made.lastLsn, time: made.time });
  }
  if (retry !== undefined) {
    const known = run.book.retries.get(retry);
    expect(known === undefined ? undefined : run.world.engine.retried(known.key)).toBeUndefined();
    run.book.retries.set(retry, { key, lastLsn: made?.lastLsn ?? 0 });
  }
}

export async function write(run: Run, command: WriteCommand): Promise<boolean> {
  const hold = command.held ? holdState() : undefined;
  const sent = send(run, command);
  await acknowledged(run, sent);
  const { book } = run;
  for (let i = 0; hold !== undefined && i < 4; i++) {
    const lsn = Math.max(0, book.head - i);
    const view = run.past(sent.name, lsn);
    if (view !== undefined) {
      checkGets(view, book.line(sent.name).at(lsn).state);
    }
  }
  hold?.release();
  return sent.lsns !== undefined;
}

/** Writers that do not wait for each other. */
export async function crowd(run: Run, writes: readonly WriteCommand[]): Promise<boolean> {
  // One owner has one turn at a time.
  const sent = writes.map(command => send(run, { ...command, retry: undefined }));
  for (const each of sent) {
    await acknowledged(run, each);
  }
  return true;
}

/** Checks that every remembered reply is there, and says what it said. */
export function checkRetries({ book, world }: Run): void {
  for (const { key, lastLsn } of book.retries.values()) {
    const reply = world.engine.retried(key);
    expect([key, reply === undefined ? undefined : deserialize(reply)['last']]).toEqual([key, lastLsn]);
  }
}
