import { crc32c } from '@node-rs/crc32';
import { copyFileSync, cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Lsn, Snapshot } from '../api';
import { openEngine } from '../engine';
import { isArgonError } from '../errors';
import type { GcOptions, GcReport } from '../keeping';
import { commitTimeAt, instantOf } from '../log/clock';
import { LmdbStore } from '../store/lmdb/store';
import type { TableName } from '../store/store';
import { allowSeconds, numbersFrom, random, runs } from './chance';
import { SMALL_IMAGES } from './imaged';
import { Story, tellAll, type Told } from './story';
import { ADA, copyLog, image, keyOf, lsn, scanAll, SHOP, temporaryDirectory, World } from './world';

allowSeconds(300);

const SWEPT: readonly TableName[] = ['ver', 'line', 'idx', 'idxh'];
const EVERYTHING = { from: Buffer.alloc(1), to: Buffer.alloc(1979, 0xff) };

/** A state that was read before a collection. */
interface Witness extends Told {
  readonly text: string;
}

function errorOf(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

describe('law 9: history has an honest end', () => {
  const worlds: World[] = [];

  async function open(held = 30_000): Promise<World> {
    const world = await World.open({
      parts: { held: { bytesMax: 1_000_000, recordsMax: held }, images: { ...SMALL_IMAGES, inline: true } }
    });
    worlds.push(world);
    return world;
  }

  afterEach(async () => {
    for (const world of worlds.splice(0)) {
      await world.close();
    }
    jest.restoreAllMocks();
  });

  /** The state of a timeline at an LSN; undefined when it is said to be gone. */
  function tryView(world: World, { timeline, lsn: at }: Told): Snapshot | undefined {
    try {
      return world.engine.snapshot(SHOP, timeline, at);
    } catch (error) {
      if (isArgonError(error, 'HISTORY_GONE')) {
        return undefined;
      }
      throw error;
    }
  }

  /** Every state of every timeline that can be read, by timeline and LSN. */
  async function witnesses(world: World): Promise<Map<string, Witness>> {
    const all = new Map<string, Witness>();
    const { head } = world.engine.project(SHOP);
    for (const { id } of world.engine.timelines(SHOP)) {
      for (let at = id % 2; at <= head; at += 2) {
        const view = tryView(world, { timeline: id, lsn: lsn(at) });
        if (view?.lsn === at) {
          all.set(`${id}@${at}`, { timeline: id, lsn: view.lsn, text: await tellAll(view) });
        }
      }
    }
    return all;
  }

  /** Compares what can be read with what could; answers what still can. */
  async function compare(world: World, before: ReadonlyMap<string, Witness>): Promise<Set<string>> {
    const readable = new Set<string>();
    for (const [name, witness] of before) {
      const view = tryView(world, witness);
      if (view === undefined) {
        continue;
      }
      readable.add(name);
      expect(view.lsn).toBe(witness.lsn);
      const text = await tellAll(view);
      if (text !== witness.text) {
        expect({ name, text }).toEqual({ name, text: witness.text });
      }
    }
    return readable;
  }

  /** What must be readable whatever a collection does. */
  function mustStay(world: World, story: Story, keepLsns: number): Told[] {
    const { engine } = world;
    const told: Told[] = [...story.pins.values(), ...story.runs.values()];
    const { head } = engine.project(SHOP);
    for (const branch of engine.branches(SHOP)) {
      for (let at = Math.max(0, branch.head - keepLsns); at <= head; at++) {
        told.push({ timeline: branch.timeline, lsn: lsn(at) });
      }
      if (branch.fork !== undefined) {
        told.push({ timeline: branch.fork.timeline, lsn: branch.fork.lsn });
      }
    }
    return told;
  }

  const reasons = ({ kept }: GcReport) =>
    kept.map(({ kind, name, lsn: at }) => `${kind} ${name} ${at}`).sort();
  const figures = ({ rows, stateBytes, timelines }: GcReport) => ({ rows, stateBytes, timelines });

  it(
    random(
      'keeps windows, pins, runs and fork points with the same bytes, and says of the rest that it is gone'
    ),
    async () => {
      let gone = 0;
      await fc.assert(
        fc.asyncProperty(fc.nat(), fc.nat(30), async (seed, keepLsns) => {
          const world = await open(seed % 2 === 0 ? 3 : 30_000);
          const story = new Story(world, seed);
          for (let round = 0; round < 3; round++) {
            await story.tell(20);
            const before = await witnesses(world);
            const options: GcOptions = { retention: { keepLsns } };
            const wouldGo = await world.engine.gc({ ...options, dryRun: true });
            expect(await compare(world, before)).toEqual(new Set(before.keys()));
            // A branch made from an old pin has a window that was gone before.
            const stay = mustStay(world, story, keepLsns).filter(told => tryView(world, told) !== undefined);
            const report = await world.engine.gc(options);
            expect(figures(report)).toEqual(figures(wouldGo));
            expect(reasons(report)).toEqual(reasons(wouldGo));
            const readable = await compare(world, before);
            for (const told of stay) {
              expect([told, tryView(world, told) !== undefined]).toEqual([told, true]);
            }
            gone += before.size - readable.size;
            expect((await world.engine.verify()).problems).toEqual([]);
            await world.reopen();
            expect(await compare(world, before)).toEqual(readable);
            // Nothing more goes when nothing was written.
            const again = await world.engine.gc(options);
            expect(again.rows).toEqual({ versions: 0, changes: 0, indexEntries: 0, commits: 0, other: 0 });
          }
        }),
        runs(3)
      );
      expect(gone).toBeGreaterThan(100);
    }
  );

  /** Rows of the tables that a sweep goes over. */
  async function rowsOf(directory: string): Promise<Map<TableName, string[]>> {
    const state = LmdbStore.open(join(directory, 'state'));
    const rows = new Map(
      SWEPT.map(table => [
        table,
        [...state.range(table, EVERYTHING)].map(
          ({ key, value }) => `${key.toString('hex')} ${value.toString('hex')}`
        )
      ])
    );
    await state.close();
    return rows;
  }

  it(random('goes on where it was cut short, and comes to the same end'), async () => {
    const world = await open();
    const story = new Story(world, 31);
    await story.tell(70);
    const before = await witnesses(world);
    await world.engine.close();
    const copy = temporaryDirectory();
    cpSync(world.directory, copy, { recursive: true });
    const other = await World.open({ directory: copy });
    worlds.push(other);
    await world.reopen();
    const options: GcOptions = { retention: { keepLsns: 5 } };
    const atOnce = await other.engine.gc(options);
    const counted = { versions: 0, changes: 0, indexEntries: 0 };
    let cuts = 0;
    for (let isCut = true; isCut && cuts < 200; cuts += isCut ? 1 : 0) {
      const stop = new AbortController();
      let steps = 0;
      const write = LmdbStore.prototype.write;
      const spy = jest.spyOn(LmdbStore.prototype, 'write').mockImplementation(async function (
        this: LmdbStore,
        puts
      ) {
        for (const { table, value } of puts) {
          counted.versions += table === 'ver' && value === undefined ? 1 : 0;
        }
        await write.call(this, puts);
        if (++steps >= 9) {
          stop.abort();
        }
      });
      isCut = await world.engine.gc({ ...options, signal: stop.signal }).then(
        () => false,
        error => isArgonError(error, 'CANCELLED')
      );
      spy.mockRestore();
      await world.reopen();
      expect((await world.engine.verify()).problems).toEqual([]);
      await compare(world, before);
    }
    expect(cuts).toBeGreaterThan(2);
    expect(counted.versions).toBe(atOnce.rows.versions);
    await Promise.all([world.engine.close(), other.engine.close()]);
    expect(await rowsOf(world.directory)).toEqual(await rowsOf(copy));
    await Promise.all([world.reopen(), other.reopen()]);
  });

  it('resolves times honestly: the same LSN inside the window, HISTORY_GONE before it', async () => {
    const world = await open();
    const { engine } = world;
    const began = world.clock.now;
    for (let i = 0; i < 40; i++) {
      world.clock.now += 60_000;
      await world.put(i % 3 === 0 ? 'main' : 'exp', [{ _id: i % 5, i }]).catch(async () => {
        await engine.createBranch(SHOP, 'exp', ADA);
      });
    }
    const times = Array.from({ length: 81 }, (_, i) => commitTimeAt(began + i * 30_000));
    const known = times.map(time => engine.lsnAt(SHOP, time));
    await engine.gc({ retention: { keepMs: 10 * 60_000 } });
    const found = times.map(time => {
      try {
        return engine.lsnAt(SHOP, time);
      } catch (error) {
        expect(error).toMatchObject({
          code: 'HISTORY_GONE',
          data: { horizon: expect.any(Number) as number }
        });
        return undefined;
      }
    });
    const first = found.findIndex(at => at !== undefined);
    // The state of ten minutes ago was written up to two minutes earlier.
    expect(first).toBeGreaterThan(54);
    expect(first).toBeLessThan(62);
    expect(found.slice(first)).toEqual(known.slice(first));
    expect(found.slice(0, first).every(at => at === undefined)).toBe(true);
    for (const [i, time] of times.entries()) {
      const at = instantOf(time).toISOString();
      const look = () => [world.view(`main@${at}`).lsn, world.view(`exp@${at}`).lsn];
      if (i >= 62) {
        expect(look()).toEqual([known[i], known[i]]);
      } else if (i < 54) {
        expect(look).toThrow(/history of project/i);
      }
    }
    expect(() => world.view('main@-30m')).toThrow(/begins at/);
    expect(world.view('main@-5m').lsn).toBe(engine.lsnAt(SHOP, commitTimeAt(world.clock.now - 5 * 60_000)));
  });

  it('answers what touches lost history with HISTORY_GONE, never with less than there was', async () => {
    const world = await open();
    const { engine } = world;
    for (let i = 0; i < 30; i++) {
      await world.put('main', [{ _id: i % 3, i }], { origin: { actor: 'ada', cell: `c-${i}` } });
    }
    await engine.createPin(SHOP, 'old', 'main@12', ADA);
    const earlier = world.view('main@15');
    await engine.gc({ retention: { keepLsns: 10 } });
    const { timeline, head } = engine.branch(SHOP, 'main');
    const info = world.view('main').collection('items')!;
    const horizon = head - 10;
    const gone = { code: 'HISTORY_GONE', data: { horizon } };
    await expect(engine.diff(SHOP, 'main@15', 'main')).rejects.toMatchObject(gone);
    await expect(engine.createBranch(SHOP, 'b', ADA, { from: 'main@15' })).rejects.toMatchObject(gone);
    await expect(engine.createPin(SHOP, 'p', 'main@15', ADA)).rejects.toMatchObject(gone);
    await expect(engine.registerRun(SHOP, 'r', 'main@15', {})).rejects.toMatchObject(gone);
    await expect(engine.resetBranch(SHOP, 'main', 'main@15', ADA)).rejects.toMatchObject(gone);
    const range = { first: lsn(14), last: lsn(25) };
    await expect(engine.planUndo(SHOP, 'main', { range }, ADA)).rejects.toMatchObject(gone);
    await expect(engine.changes(SHOP, timeline, range)).rejects.toMatchObject(gone);
    await expect(engine.log(SHOP, { ref: 'main', before: lsn(15) })).rejects.toMatchObject(gone);
    await expect(engine.log(SHOP, { before: lsn(15) })).rejects.toMatchObject({ code: 'HISTORY_GONE' });
    expect(errorOf(() => world.view('main@15'))).toMatchObject(gone);
    // A reader that was there before the collection learns it too.
    expect(errorOf(() => earlier.get(info, keyOf(1)))).toMatchObject(gone);
    await expect(earlier.count(info)).rejects.toMatchObject(gone);
    await expect(scanAll(earlier, info)).rejects.toMatchObject(gone);
    // The pin stays, and what differs from it is found though the changes in between are gone.
    expect(await world.all('pin:old')).toEqual([
      { _id: 0, i: 9 },
      { _id: 1, i: 10 },
      { _id: 2, i: 8 }
    ]);
    const diff = await engine.diff(SHOP, 'pin:old', 'main');
    expect(diff.summary).toEqual([{ collection: 'items', added: 0, changed: 3, deleted: 0 }]);
    // Lists end where history begins, and show nothing that is not whole.
    const { entries } = await engine.log(SHOP, { ref: 'main' });
    expect(entries.map(({ firstLsn }) => firstLsn)).toEqual(Array.from({ length: 10 }, (_, i) => head - i));
    const history = await engine.history(SHOP, 'main', 'items', keyOf(1));
    expect(history.map(({ before, after }) => [before?.length, after?.length]).at(-1)).toEqual([
      undefined,
      21
    ]);
    expect(history.slice(0, -1).every(({ before }) => before !== undefined)).toBe(true);
    // What a window keeps can be taken back.
    const { id } = await engine.planUndo(SHOP, 'main', { cell: 'c-29' }, ADA);
    await engine.applyPlan(SHOP, id, ADA);
    expect(world.get('main', 2)).toEqual({ _id: 2, i: 26 });
  });

  it('tells no history with a gap, though what is kept for a branch lies behind it', async () => {
    const world = await open();
    const { engine } = world;
    for (let i = 1; i <= 30; i++) {
      await world.put('main', [{ _id: i % 3, i }]);
      if (i === 10) {
        await engine.createBranch(SHOP, 'exp', ADA);
      }
    }
    await engine.gc({ retention: { keepLsns: 5 } });
    const { head } = engine.branch(SHOP, 'main');
    const { head: fork } = engine.branch(SHOP, 'exp');
    const newest = Array.from({ length: 5 }, (_, i) => head - i);
    const of = async (options: { before?: Lsn; after?: Lsn; limit?: number }, ref = 'main') =>
      (await engine.collectionHistory(SHOP, ref, 'items', options)).changes.map(change => change.lsn);
    expect(await of({})).toEqual(newest);
    expect(await of({ after: lsn(0) })).toEqual([...newest].reverse());
    expect(await of({ after: lsn(head - 2) })).toEqual([head - 1, head]);
    expect(await of({}, 'exp')).toEqual(Array.from({ length: 5 }, (_, i) => fork - i));
    // A page that would go on inside what is kept for the branch, and one that would leave something out.
    await expect(of({ before: lsn(fork + 5) })).rejects.toMatchObject({ code: 'HISTORY_GONE' });
    await expect(of({ after: lsn(fork) })).rejects.toMatchObject({ code: 'HISTORY_GONE' });
    await expect(of({ after: lsn(fork + 5) })).rejects.toMatchObject({ code: 'HISTORY_GONE' });
    const versions = async (options: { before?: Lsn; after?: Lsn; limit?: number }) =>
      (await engine.history(SHOP, 'main', 'items', keyOf(1), options)).map(change => change.lsn);
    const back = await versions({});
    expect(await versions({ after: lsn(0) })).toEqual([...back].reverse());
    expect(await versions({ after: lsn(0), limit: 1 })).toEqual(back.slice(-1));
    await expect(versions({ after: lsn(fork) })).rejects.toMatchObject({ code: 'HISTORY_GONE' });
    // What did not change since is whole however old it is.
    await world.put('exp', [{ _id: 'own' }]);
    expect((await engine.history(SHOP, 'exp', 'items', keyOf(1))).length).toBeGreaterThan(1);
  });

  it('keeps the state of a run until the run is released, and says of it then that it was deleted', async () => {
    const world = await open();
    const { engine } = world;
    await world.put('main', [{ _id: 1 }]);
    await engine.createBranch(SHOP, 'exp', ADA);
    await world.put('exp', [{ _id: 2 }]);
    const docs = await world.all('exp');
    for (const run of ['held', 'gone', 'again']) {
      await engine.registerRun(SHOP, run, 'exp', { name: run });
    }
    await engine.deleteBranch(SHOP, 'exp', ADA);
    const collect = () => engine.gc({ retention: { keepLsns: 0 } });
    const runsOf = ({ kept }: GcReport) => kept.filter(({ kind }) => kind === 'run').map(({ name }) => name);
    expect(runsOf(await collect()).sort()).toEqual(['again', 'gone', 'held']);
    const released = await engine.releaseRun(SHOP, 'gone');
    expect(released.releasedAt).toEqual(new Date(world.clock.now));
    await engine.releaseRun(SHOP, 'again');
    // While its state is there it can be read, and kept anew.
    expect(await world.all('run:gone')).toEqual(docs);
    expect(await engine.registerRun(SHOP, 'again', 'run:again', {})).not.toHaveProperty('releasedAt');
    await engine.releaseRun(SHOP, 'held');
    expect(runsOf(await collect())).toEqual(['again']);
    expect(await world.all('run:gone')).toEqual(docs);
    await engine.releaseRun(SHOP, 'again');
    await world.reopen();
    expect(runsOf(await world.engine.gc({ retention: { keepLsns: 0 } }))).toEqual([]);
    for (const run of ['held', 'gone', 'again']) {
      expect(errorOf(() => world.view(`run:${run}`))).toMatchObject({
        code: 'HISTORY_GONE',
        message: expect.stringContaining('the run was deleted') as string
      });
      // What is known of it stays.
      expect(world.engine.run(run)).toMatchObject({ id: run, digest: released.digest, facts: { name: run } });
      await expect(world.engine.registerRun(SHOP, run, 'main', {})).rejects.toMatchObject({
        code: 'HISTORY_GONE'
      });
    }
    expect((await world.engine.verify()).problems).toEqual([]);
    await expect(world.engine.releaseRun(SHOP, 'never')).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
  });

  it('gives back what deleted branches, projects and collections took', async () => {
    const world = await open();
    const { engine } = world;
    await engine.createIndex(SHOP, 'main', 'items', image({ key: { i: 1 }, name: 'i_1' }), ADA);
    await engine.createBranch(SHOP, 'side', ADA);
    await engine.createProject('other', ADA);
    const many = Array.from({ length: 50 }, (_, i) => ({ _id: i, i }));
    await world.put('main', many);
    await world.put('side', many);
    await world.put('main', many, { project: 'other' });
    await engine.createPin('other', 'p', 'main', ADA);
    await engine.dropCollection(SHOP, 'main', 'items', ADA);
    await engine.deleteBranch(SHOP, 'side', ADA);
    await engine.deleteProject('other', ADA);
    await world.put('main', [{ _id: 'last' }], { collection: 'left' });
    const { head } = engine.project(SHOP);
    const report = await engine.gc({ retention: { keepLsns: 0 } });
    expect(report.rows.versions).toBeGreaterThanOrEqual(50 * 4);
    expect(report.timelines).toBe(2);
    await world.reopen();
    expect(engine.projects().map(({ name }) => name)).toEqual([SHOP]);
    expect((await world.engine.verify()).problems).toEqual([]);
    await world.engine.close();
    const rows = await rowsOf(world.directory);
    // The last document and the catalog entry of its collection.
    expect(SWEPT.map(table => rows.get(table)!.length)).toEqual([2, 1, 0, 0]);
    await world.reopen();
    // LSNs are not given twice, though all that made them is gone.
    const { firstLsn } = await world.put('main', [{ _id: 1 }]);
    expect(firstLsn).toBe(head + 1);
  });

  it('works beside writers and readers', async () => {
    const world = await open();
    const { engine } = world;
    await engine.createIndex(SHOP, 'main', 'items', image({ key: { value: 1 }, name: 'value_1' }), ADA);
    await engine.createBranch(SHOP, 'side', ADA);
    const last = new Map<number, number>();
    let isDone = false;
    const write = async (branch: string, from: number) => {
      for (let i = 0; !isDone; i++) {
        const id = from + (i % 40);
        await world.put(branch, [{ _id: id, value: i }]);
        last.set(id, i);
      }
    };
    const read = async () => {
      while (!isDone) {
        const view = world.view('main');
        const [documents, count] = [
          await scanAll(view, view.collection('items')!),
          await view.count(view.collection('items')!)
        ].map(found => (Array.isArray(found) ? found.length : found));
        expect(documents).toBe(count);
      }
    };
    await world.put('main', [{ _id: 'first' }]);
    const others = [write('main', 0), write('main', 100), write('side', 0), write('side', 100), read()];
    let versions = 0;
    for (let i = 0; i < 12; i++) {
      const report = await engine.gc({ retention: { keepLsns: 300 } });
      versions += report.rows.versions;
      await new Promise(resolve => setTimeout(resolve, 60));
    }
    isDone = true;
    await Promise.all(others);
    expect(versions).toBeGreaterThan(100);
    expect((await engine.verify()).problems).toEqual([]);
    const view = world.view('main');
    expect(await view.count(view.collection('items')!)).toBe((await world.all('main')).length);
  });

  it('remembers what is to be kept, of a project and of a branch of its own', async () => {
    const world = await open();
    const { engine } = world;
    await engine.createBranch(SHOP, 'exp', ADA);
    await engine.setRetention(SHOP, { keepLsns: 3 }, ADA);
    await engine.setRetention(SHOP, { keepMs: 1000 * 60 * 60 }, ADA, 'exp');
    await expect(engine.setRetention(SHOP, { keepMs: -1 }, ADA)).rejects.toMatchObject({
      code: 'BAD_REQUEST'
    });
    await expect(engine.setRetention(SHOP, {}, ADA, 'nowhere')).rejects.toMatchObject({
      code: 'BRANCH_NOT_FOUND'
    });
    await engine.renameBranch(SHOP, 'exp', 'lab', ADA);
    for (let i = 0; i < 20; i++) {
      await world.put('main', [{ _id: i }]);
      await world.put('lab', [{ _id: i }]);
    }
    await world.reopen();
    expect(world.engine.retention(SHOP)).toEqual({ keepLsns: 3 });
    expect(world.engine.retention(SHOP, 'lab')).toEqual({ keepMs: 1000 * 60 * 60 });
    expect(world.engine.retention(SHOP, 'main')).toBeUndefined();
    const { horizons } = await world.engine.gc();
    expect(horizons).toEqual([{ project: SHOP, branch: 'main', lsn: world.view('main').lsn - 3 }]);
    await world.engine.setRetention(SHOP, undefined, ADA);
    await world.engine.setRetention(SHOP, undefined, ADA, 'lab');
    expect(world.engine.retention(SHOP)).toBeUndefined();
    expect(world.engine.retention(SHOP, 'lab')).toBeUndefined();
    // What is gone does not come back.
    expect((await world.engine.gc()).horizons).toEqual(horizons);
  });

  it(
    random('leaves a log that the same state can be made from again, compressed and read in place'),
    async () => {
      let smaller = 0;
      await fc.assert(
        fc.asyncProperty(fc.nat(), fc.nat(30), async (seed, keepLsns) => {
          const parts = {
            log: { segmentBytesMax: 8192 },
            held: { bytesMax: 1_000_000, recordsMax: seed % 2 === 0 ? 3 : 30_000 }
          };
          const world = await World.open({ parts });
          worlds.push(world);
          const story = new Story(world, seed);
          for (let round = 0; round < 3; round++) {
            await story.tell(25);
            const before = await witnesses(world);
            const options: GcOptions = { retention: { keepLsns } };
            const wouldGo = await world.engine.gc({ ...options, dryRun: true });
            const bytes = world.engine.status().logBytes;
            const report = await world.engine.gc(options);
            smaller += report.logBytes / bytes;
            // What the collection logs itself changes a row of a small table or two.
            expect(Math.abs(report.logBytes - wouldGo.logBytes)).toBeLessThan(500 + bytes * 0.02);
            expect(bytes - world.engine.status().logBytes).toBeGreaterThan(report.logBytes - 5000);
            const readable = await compare(world, before);
            expect((await world.engine.verify()).problems).toEqual([]);
            // All that is derived is lost: it comes again from what is left of the log.
            const directory = copyLog(world.directory);
            const again = await World.open({ directory, parts });
            worlds.push(again);
            expect(await compare(again, before)).toEqual(readable);
            expect(again.engine.project(SHOP).head).toBe(world.engine.project(SHOP).head);
            const figures = (other: World) =>
              other.engine
                .branches(SHOP)
                .map(({ name, head, ahead, behind }) => ({ name, head, ahead, behind }));
            expect(figures(again)).toEqual(figures(world));
            await again.engine.gc(options);
            expect((await again.engine.verify()).problems).toEqual([]);
            await world.reopen();
            expect(await compare(world, before)).toEqual(readable);
          }
        }),
        runs(3)
      );
      expect(smaller).toBeGreaterThan(3);
    }
  );

  /** A world whose log has cold segments, closed; and the states it shows. */
  async function coldWorld(): Promise<{
    world: World;
    states: Map<string, Witness>;
    folder: string;
    cold: string[];
  }> {
    const world = await World.open({ parts: { log: { segmentBytesMax: 8192 } } });
    worlds.push(world);
    await new Story(world, 77).tell(60);
    await world.engine.gc({ retention: { keepLsns: 12 } });
    const states = await witnesses(world);
    await world.engine.close();
    const folder = join(world.directory, 'log');
    const cold = readdirSync(folder).filter(name => name.endsWith('.cold'));
    expect(cold.length).toBeGreaterThan(3);
    return { world, states, folder, cold };
  }

  it('comes back from a kill at any step of putting a cold segment in its place', async () => {
    const { world, states, folder, cold } = await coldWorld();
    const [first, second] = cold as [string, string];
    // Killed while it wrote, and between the new name and the removal of the old file.
    copyFileSync(join(folder, first), join(folder, '2.unfinished'));
    writeFileSync(
      join(folder, second.replace('.cold', '.log')),
      'what is left of a segment that was replaced'
    );
    await world.reopen();
    expect(new Set(states.keys())).toEqual(await compare(world, states));
    expect(readdirSync(folder).filter(name => name.endsWith('.unfinished'))).toEqual([]);
    expect(readdirSync(folder)).not.toContain(second.replace('.cold', '.log'));
    expect((await world.engine.verify()).problems).toEqual([]);
  });

  it(random('notices any flipped bit of a cold segment'), async () => {
    const { world, states, folder, cold } = await coldWorld();
    const below = numbersFrom(3);
    for (let i = 0; i < 40; i++) {
      const name = cold[below(cold.length)]!;
      const bytes = readFileSync(join(folder, name));
      const bit = below(bytes.length * 8);
      const hurt = Buffer.from(bytes);
      hurt[bit >> 3]! ^= 1 << (bit & 7);
      writeFileSync(join(folder, name), hurt);
      await world.reopen();
      const { problems } = await world.engine.verify();
      expect(problems[0]).toMatchObject({ where: `log/${name}` });
      await world.engine.close();
      writeFileSync(join(folder, name), bytes);
    }
    await world.reopen();
    expect(new Set(states.keys())).toEqual(await compare(world, states));
  });

  it('refuses a cold segment of a newer format, and names it', async () => {
    const { world, folder, cold } = await coldWorld();
    const path = join(folder, cold[0]!);
    const bytes = readFileSync(path);
    const newer = Buffer.from(bytes);
    newer.writeUInt32LE(99, 8);
    newer.writeUInt32LE(crc32c(newer.subarray(0, 16)), 16);
    writeFileSync(path, newer);
    const directory = copyLog(world.directory);
    await expect(openEngine({ directory })).rejects.toMatchObject({
      code: 'FORMAT_TOO_NEW',
      data: { segment: Number(cold[0]!.slice(0, 8)) }
    });
    rmSync(directory, { recursive: true, force: true });
    writeFileSync(path, bytes);
    await world.reopen();
  });
});
