import type { Lsn, Snapshot } from '../../api';
import { encodeKey, field, NULL_VALUE } from '../../bson';
import { keyOf, scanAll, SHOP } from '../world';
import { DEPOT, readable, type Run } from './run';
import { indexNames, type State } from './state';

const KEYS = Array.from({ length: 11 }, (_, id) => keyOf(id));
const WITNESSES_MAX = 40;
/** A history up to this long is read at every LSN when a run settles; of a longer one, so many of them. */
const EVERY_LSN_MAX = 150;

/** Compares two plain values. `expect` costs much, so it is called only for its message. */
function same(found: unknown, expected: unknown, where: unknown): void {
  if (found !== expected && JSON.stringify(found) !== JSON.stringify(expected)) {
    expect({ where, found }).toEqual({ where, found: expected });
  }
}

/** Compares point reads. */
export function checkGets(view: Snapshot, state: State): void {
  for (const collection of view.collections()) {
    for (const key of KEYS) {
      const expected = state.get(collection.name)?.documents.get(key.toString('hex'));
      same(view.get(collection, key)?.toString('hex'), expected, [view.ref, collection.name, key]);
    }
  }
}

/** Compares what scans show, in either direction and any batch size. */
async function checkScans(run: Run, view: Snapshot, state: State): Promise<void> {
  run.compared++;
  const names = view.collections().map(({ name }) => name);
  same(names, [...state.keys()].sort(), view.ref);
  for (const collection of view.collections()) {
    const reverse = run.below(2) === 0;
    const rows = await scanAll(view, collection, { batch: 1 + run.below(9), reverse });
    const found = rows.map(([key, bytes]): [string, string] => [key, bytes.toString('hex')]);
    same(reverse ? found.reverse() : found, rowsOf(state, collection.name), [view.ref, collection.name]);
  }
}

/** Compares a state in every way it can be read. */
export async function checkState(run: Run, view: Snapshot, state: State): Promise<void> {
  await checkScans(run, view, state);
  checkGets(view, state);
  for (const collection of view.collections()) {
    const { indexes, documents } = state.get(collection.name)!;
    const where = [view.ref, collection.name];
    same(indexNames(collection), indexes, where);
    same(await view.count(collection), documents.size, where);
    const rows = JSON.stringify(rowsOf(state, collection.name));
    checkDigest(run, await view.digest(collection), `documents ${rows}`);
    await checkIndexes(view, collection, documents);
  }
  const content = [...state.keys()].sort().map(name => [name, rowsOf(state, name)]);
  checkDigest(run, await view.stateDigest(), `state ${JSON.stringify(content)}`);
}

function rowsOf(state: State, name: string): [string, string][] {
  return [...state.get(name)!.documents].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Documents come in the order of an index, each once: no document of the model has an array. */
async function checkIndexes(
  view: Snapshot,
  collection: ReturnType<Snapshot['collections']>[number],
  documents: ReadonlyMap<string, string>
): Promise<void> {
  for (const index of collection.indexes) {
    const path = index.name.slice(0, index.name.indexOf('_'));
    const expected = [...documents]
      .map(([key, hex]) => ({
        key,
        value: encodeKey([field(Buffer.from(hex, 'hex'), path) ?? NULL_VALUE], [false])
      }))
      .sort((a, b) => Buffer.compare(a.value, b.value) || (a.key < b.key ? -1 : 1));
    const found: string[] = [];
    for await (const batch of view.scanIndex(collection, index, { batch: 4 })) {
      found.push(...batch.keys.map(key => key.toString('hex')));
    }
    same(
      found,
      expected.map(({ key }) => key),
      [view.ref, index.name]
    );
  }
}

/** The same content has the same digest, other content another. */
function checkDigest({ digests, contents }: Run, digest: string, content: string): void {
  same(/^[0-9a-f]{32}$/.test(digest), true, digest);
  same(digests.get(content) ?? digest, digest, content);
  same(contents.get(digest) ?? content, content, digest);
  digests.set(content, digest);
  contents.set(digest, content);
}

/** Compares what an LSN of a branch means, and remembers some of what was seen. */
async function checkPast(run: Run, name: string, lsn: number): Promise<void> {
  const { book } = run;
  const view = run.past(name, lsn);
  if (view === undefined) {
    return;
  }
  const expected = book.line(name).at(lsn);
  if (!book.line(name).isBeside(lsn)) {
    const snapped = expected.lsn === lsn ? undefined : lsn;
    same([view.ref, view.snappedFrom, view.writable], [`${name}@${expected.lsn}`, snapped, false], lsn);
  }
  await checkState(run, view, expected.state);
  const { timeline, lsn: at, time } = view;
  book.witnesses[run.below(WITNESSES_MAX)] = { timeline, lsn: at, time, state: expected.state };
}

async function checkHead(run: Run, name: string): Promise<void> {
  const { book, world } = run;
  const view = world.view(name);
  same([view.lsn, view.writable], [book.line(name).head, true], name);
  await checkState(run, view, book.line(name).newest);
}

/** A state that is compared with another. */
interface Compared {
  readonly name: string;
  readonly lsn: number;
  readonly state: State;
  readonly isGone: boolean;
}

/** Applying what differs between two states to one gives the other. */
async function checkDiff(run: Run): Promise<void> {
  const { book, world } = run;
  const [a, b] = [0, 1].map(() => {
    const name = run.pick([...book.lines.keys()]);
    const asked = run.below(book.head + 1);
    return { name, isGone: book.line(name).gone.has(asked), ...book.line(name).at(asked) };
  }) as [Compared, Compared];
  if (a.isGone || b.isGone) {
    return;
  }
  const ids = (ref: string) =>
    new Map(
      world
        .view(ref)
        .collections()
        .map(({ name, id }) => [name, id])
    );
  const [before, after] = [ids(`${a.name}@${a.lsn}`), ids(`${b.name}@${b.lsn}`)];
  const isSame = [...before].every(([name, id]) => (after.get(name) ?? id) === id);
  const byId = new Map([...before].map(([name, id]) => [id, name]));
  if (!isSame || [...after].some(([name, id]) => (byId.get(id) ?? name) !== name)) {
    // Renamed, or made anew under an old name: then names alone do not tell documents apart.
    return;
  }
  const { documents } = await world.engine.diff(SHOP, `${a.name}@${a.lsn}`, `${b.name}@${b.lsn}`, {
    limit: 10_000
  });
  const flat = (state: State) =>
    new Map(
      [...state].flatMap(([name, table]) => [...table.documents].map(([key, hex]) => [`${name} ${key}`, hex]))
    );
  const patched = flat(a.state);
  for (const { collection, key, before: old, after: fresh } of documents) {
    const place = `${collection} ${key.toString('hex')}`;
    same(old?.toString('hex'), patched.get(place), place);
    if (fresh === undefined) {
      patched.delete(place);
    } else {
      patched.set(place, fresh.toString('hex'));
    }
  }
  same([...patched].sort(), [...flat(b.state)].sort(), [a.name, a.lsn, b.name, b.lsn]);
}

/** Times grow with LSNs, and each leads back to its commit. */
function checkTimes(run: Run): void {
  const { book, world } = run;
  const commit = run.pick([...book.commits, undefined]);
  if (commit !== undefined) {
    const { first, last, time } = commit;
    for (const lsn of [first, last]) {
      same(String(world.engine.timeOf(SHOP, lsn as Lsn)), String(time), lsn);
    }
    const newest = book.commits.findLast(other => other.time <= time)!;
    same(world.engine.lsnAt(SHOP, time as never), newest.last, String(time));
  }
}

async function checkPins(run: Run): Promise<void> {
  const { book, world } = run;
  const names = world.engine.pins(SHOP).map(({ name }) => name);
  same(names.sort(), [...book.pins.keys()].sort(), 'pins');
  const [name, pin] = run.pick([...book.pins, [undefined, undefined]] as const);
  if (pin !== undefined) {
    const view = world.view(`pin:${name}`);
    same([view.lsn, String(view.time)], [pin.lsn, String(pin.time)], name);
    await checkState(run, view, pin.state);
  }
}

/** The second project: its head, and some LSN before it. */
async function checkDepot(run: Run): Promise<void> {
  const { depot } = run.book;
  const { engine } = run.world;
  same(engine.project(DEPOT).head, depot.head, DEPOT);
  await checkState(run, engine.resolve(DEPOT, 'main'), depot.newest);
  const lsn = run.below(depot.head + 1);
  const past = readable(() => engine.resolve(DEPOT, `main@${lsn}`));
  same(past === undefined, depot.gone.has(lsn), lsn);
  if (past !== undefined) {
    same(past.lsn, depot.at(lsn).lsn, lsn);
    await checkState(run, past, depot.at(lsn).state);
  }
}

/** After every command: all heads, some of the past, some of what was seen long ago. */
export async function checkSome(run: Run, isThorough: boolean): Promise<void> {
  const { book, world } = run;
  const names = [...book.lines.keys()];
  const known = world.engine.branches(SHOP).map(({ name }) => name);
  same(known.sort(), [...names].sort(), 'branches');
  same(world.engine.project(SHOP).head, book.head, 'head');
  for (const name of isThorough ? names : new Set(['main', run.pick(names), names.at(-1)!])) {
    await checkHead(run, name);
  }
  for (let i = 0; i < (isThorough ? 6 : 2); i++) {
    await checkPast(run, run.pick(names), run.below(book.head + 1));
  }
  const witness = run.pick([...book.witnesses.filter(each => each !== undefined), undefined]);
  if (witness !== undefined) {
    const view = world.engine.snapshot(SHOP, witness.timeline, witness.lsn);
    same(String(view.time), String(witness.time), view.ref);
    await checkScans(run, view, witness.state);
  }
  await checkDiff(run);
  checkTimes(run);
  await checkPins(run);
  await checkDepot(run);
}

/** Every LSN of every live branch, or an even share of them when the history is long. */
export async function checkEvery(run: Run): Promise<void> {
  const { book, world } = run;
  const step = Math.max(1, Math.ceil(book.head / EVERY_LSN_MAX));
  for (const [name, line] of book.lines) {
    for (let lsn = run.below(step); lsn <= book.head; lsn += step) {
      const view = run.past(name, lsn);
      if (view !== undefined) {
        await checkScans(run, view, line.at(lsn).state);
      }
    }
    await checkHead(run, name);
  }
  for (const witness of book.witnesses.filter(each => each !== undefined)) {
    await checkScans(run, world.engine.snapshot(SHOP, witness.timeline, witness.lsn), witness.state);
  }
}
