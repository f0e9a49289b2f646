import { deserialize } from 'bson';
import type { Commit, Writer } from '../../api';
import { holdState } from '../hold';
import { ADA, image, keyOf, type Plain, SHOP } from '../world';
import type { Run } from './book';
import { checkGets } from './check';
import type { DocumentChange, WriteCommand } from './commands';
import { EMPTY_TABLE, type State, withDocument, withTable } from './state';

/** What a write puts under an id; `stamp` is never given twice. */
function documentOf({ id, value }: DocumentChange, stamp: number): Plain {
  const long = value! % 7 === 0 ? { long: 'x'.repeat(1200) } : {};
  // Some are too long for the state and stay in the log.
  return { _id: id, value, g: value! % 5, stamp, ...long };
}

/** The states after each record of a write. */
export function statesOf(changes: readonly DocumentChange[], before: State, stamp: number): State[] {
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
        change.value === undefined ? undefined : image(documentOf(change, stamp + i / 16)).toString('hex');
      state = withTable(state, change.collection, withDocument(table, key, hex));
      states.push(state);
    }
  }
  return states;
}

/** Does on the engine what `statesOf` does on the model. */
export function stage(writer: Writer, changes: readonly DocumentChange[], stamp: number): void {
  for (const [i, change] of changes.entries()) {
    const target = writer.ensureCollection(change.collection);
    const key = keyOf(change.id);
    if (change.value === undefined) {
      writer.remove(target, key);
    } else if (writer.get(target, key) === undefined) {
      writer.insert(target, image(documentOf(change, stamp + i / 16)));
    } else {
      writer.replace(target, key, image(documentOf(change, stamp + i / 16)));
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
  readonly commit: Promise<Commit | undefined>;
}

/** Sends a write and takes it into the model: LSNs go by the order in which writes come. */
export function send({ book, world }: Run, command: WriteCommand): Sent {
  const name = book.name(command.on);
  const stamp = book.next();
  const key = `owner-${command.retry}/${stamp}/0`;
  const line = book.line(name);
  const before = line.newest;
  const states = statesOf(command.changes, before, stamp);
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
  const commit = world.engine
    .write(SHOP, name, ADA, writer => stage(writer, command.changes, stamp), {
      atomic: command.atomic,
      ...(command.retry === undefined
        ? {}
        : { retry: { key, reply: made => image({ last: made?.lastLsn ?? 0 }) } })
    })
    .then(({ commit: made }) => made);
  return { name, lsns, retry: command.retry, key, commit };
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
  const { book, world } = run;
  for (let i = 0; hold !== undefined && i < 4; i++) {
    const lsn = Math.max(0, book.head - i);
    checkGets(world.view(`${sent.name}@${lsn}`), book.line(sent.name).at(lsn).state);
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

interface Part {
  readonly on: number;
  readonly changes: readonly DocumentChange[];
}

/** A transaction over several branches; somebody else may change the same documents before its commit. */
export async function transaction(
  run: Run,
  parts: readonly Part[],
  meanwhile: WriteCommand | undefined,
  commits: boolean
): Promise<boolean> {
  const { book, world } = run;
  const opened = world.engine.transaction(ADA);
  const staged = new Map<string, { change: DocumentChange; stamp: number }[]>();
  const snapshots = new Map<string, State>();
  for (const { on, changes } of parts) {
    const name = book.name(on);
    const stamp = book.next();
    await opened.write(SHOP, name, writer => stage(writer, changes, stamp));
    const list = staged.get(name) ?? [];
    let state = snapshots.get(name) ?? book.line(name).newest;
    for (const [i, change] of changes.entries()) {
      const next = statesOf([change], state, stamp + i / 16).at(-1);
      if (next !== undefined) {
        // What it removes is there in its snapshot: another's change of it would be a conflict.
        list.push({ change, stamp: stamp + i / 16 });
        state = next;
      }
    }
    staged.set(name, list);
    snapshots.set(name, state);
  }
  const mine = new Set(
    [...staged].flatMap(([name, list]) =>
      touchedBy(
        name,
        list.map(({ change }) => change),
        book.line(name).newest
      )
    )
  );
  let theirs: string[] = [];
  if (meanwhile !== undefined) {
    const name = book.name(meanwhile.on);
    theirs = touchedBy(name, meanwhile.changes, book.line(name).newest);
    await write(run, { ...meanwhile, held: false });
  }
  if (!commits) {
    opened.abort();
    return true;
  }
  const meets = theirs.some(place => mine.has(place));
  const made = await opened.commit().catch((error: unknown) => {
    expect({ error, meets }).toMatchObject({ error: { code: 'WRITE_CONFLICT' }, meets: true });
    return undefined;
  });
  if (made !== undefined) {
    expect(meets).toBe(false);
    takeTransaction(run, staged, made);
  }
  return true;
}

/** Takes a committed transaction into the model. */
function takeTransaction(
  { book }: Run,
  staged: ReadonlyMap<string, readonly { readonly change: DocumentChange; readonly stamp: number }[]>,
  made: readonly Commit[]
): void {
  const after = new Map<string, { state: State; count: number }>();
  for (const [name, list] of staged) {
    let state = book.line(name).newest;
    let count = 0;
    for (const { change, stamp } of list) {
      const steps = statesOf([change], state, stamp);
      state = steps.at(-1) ?? state;
      count += steps.length;
    }
    if (count > 0) {
      after.set(name, { state, count });
    }
  }
  expect(made.map(({ branch }) => branch).sort()).toEqual([...after.keys()].sort());
  const first = book.head + 1;
  const last = book.head + made.reduce((sum, { branch }) => sum + after.get(branch)!.count, 0);
  for (const { branch: name, firstLsn, lastLsn, time } of made) {
    const { state, count } = after.get(name)!;
    expect([name, firstLsn, lastLsn]).toEqual([name, book.head + 1, book.head + count]);
    book.head += count;
    book.lastCommit.delete(name);
    // Until the last LSN of the transaction none of its branches has changed.
    book.line(name).add(last, state);
    book.line(name).group(first, last, firstLsn);
    book.commits.push({ first: firstLsn, last: lastLsn, time });
  }
}

/** What a list of changes really changes: documents, and collections that it makes. */
function touchedBy(name: string, changes: readonly DocumentChange[], before: State): string[] {
  const touched: string[] = [];
  let state = before;
  for (const change of changes) {
    const steps = statesOf([change], state, 0);
    if (!state.has(change.collection)) {
      touched.push(`${name} ${change.collection}`);
    }
    if (
      change.value !== undefined ||
      state.get(change.collection)?.documents.has(keyOf(change.id).toString('hex'))
    ) {
      touched.push(`${name} ${change.collection} ${change.id}`);
    }
    state = steps.at(-1) ?? state;
  }
  return touched;
}

/** Checks that every remembered reply is there, and says what it said. */
export function checkRetries({ book, world }: Run): void {
  for (const { key, lastLsn } of book.retries.values()) {
    const reply = world.engine.retried(key);
    expect([key, reply === undefined ? undefined : deserialize(reply)['last']]).toEqual([key, lastLsn]);
  }
}
