import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Engine } from '../api';
import { indexKeys } from '../bson';
import { openEngine } from '../engine';
import { IndexFill } from '../engine/indexfill';
import { INDEX_AT_ONCE_DOCUMENTS_MAX } from '../limits';
import { LmdbStore } from '../store/lmdb/store';
import { BroughtIndexes } from '../write/broughtindexes';
import { allowSeconds } from './chance';
import { ADA, image, type Plain, SHOP, temporaryDirectory, World } from './world';

allowSeconds(240);

const MANY = INDEX_AT_ONCE_DOCUMENTS_MAX + 200;
const SPEC = image({ v: 2, key: { a: 1 }, name: 'a_1' });
const UNIQUE = image({ v: 2, key: { a: 1 }, name: 'a_1', unique: true });

const documents = (count: number, a: (i: number) => unknown): Plain[] =>
  Array.from({ length: count }, (_, i) => ({ _id: i, a: a(i) }));

/** Every entry of the only index of a state, against what its documents say. */
async function check(engine: Engine, ref: string): Promise<void> {
  const view = engine.resolve(SHOP, ref);
  const collection = view.collection('items')!;
  const [index] = collection.indexes;
  const read: string[] = [];
  for await (const { keys } of view.scanIndex(collection, index!)) {
    read.push(...keys.map(key => key.toString('hex')));
  }
  const expected: [Buffer, string][] = [];
  for await (const { keys, images } of view.scan(collection)) {
    for (const [i, key] of keys.entries()) {
      for (const entry of indexKeys(images[i]!, index!.key, { sparse: index!.sparse }).keys) {
        expected.push([Buffer.concat([entry, key]), key.toString('hex')]);
      }
    }
  }
  expect(read).toEqual(expected.sort(([a], [b]) => Buffer.compare(a, b)).map(([, key]) => key));
}

async function apply(engine: Engine, into = 'main'): Promise<void> {
  const { id } = await engine.planMerge(SHOP, 'exp', into, ADA);
  await engine.applyPlan(SHOP, id, ADA);
}

describe('law 11: an index that a merge brings to a large collection', () => {
  let world: World;
  let engine: Engine;

  beforeEach(async () => {
    world = await World.open();
    ({ engine } = world);
    await world.put(
      'main',
      documents(MANY, i => i)
    );
    await engine.createBranch(SHOP, 'exp', ADA);
  });

  afterEach(() => world.close());

  it('is filled beside the writers, and is what the documents say from its first LSN on', async () => {
    await engine.createIndex(SHOP, 'exp', 'items', SPEC, ADA);
    await world.put('exp', [
      { _id: 1, a: 'moved' },
      { _id: 'new', a: [1, 2] }
    ]);
    const filled = jest.spyOn(IndexFill.prototype, 'put');
    const brought = jest.spyOn(BroughtIndexes.prototype as unknown as { clear(): Promise<void> }, 'clear');
    await apply(engine);
    expect(filled).toHaveBeenCalled();
    // The applier, behind which everybody's changes wait, has nothing to fill.
    expect(brought).not.toHaveBeenCalled();
    jest.restoreAllMocks();
    const { head } = engine.project(SHOP);
    await world.put('main', [{ _id: 2, a: 'later' }]);
    await check(engine, 'main');
    await check(engine, `main@${head}`);
    await engine.createBranch(SHOP, 'child', ADA, { from: 'main' });
    await world.remove('child', [3]);
    await check(engine, 'child');
    expect((await engine.verify()).problems).toEqual([]);
    await engine.gc();
    await world.reopen();
    await check(world.engine, 'main');
    await check(world.engine, 'child');
  });

  it('is kept for the next plan when a writer made this one stale', async () => {
    await engine.createIndex(SHOP, 'exp', 'items', SPEC, ADA);
    const filled = jest.spyOn(IndexFill.prototype, 'put');
    const { id } = await engine.planMerge(SHOP, 'exp', 'main', ADA);
    const applying = engine.applyPlan(SHOP, id, ADA);
    const stale = expect(applying).rejects.toMatchObject({ code: 'PLAN_STALE' });
    // Not held: the index is filled before anybody is made to wait.
    await world.put('main', [{ _id: 5, a: 'changed meanwhile' }]);
    await stale;
    expect(world.view('main').collection('items')!.indexes).toEqual([]);
    await world.remove('main', [6]);
    // What it goes on from is kept for it, however little else is.
    await engine.gc({ retention: { keepMs: 0 } });
    const fills = filled.mock.calls.length;
    await apply(engine);
    expect(filled.mock.calls.length).toBe(fills);
    jest.restoreAllMocks();
    await check(engine, 'main');
    expect((await engine.verify()).problems).toEqual([]);
  });

  it('that is unique is refused for what two documents have after the merge, not before it', async () => {
    await engine.createIndex(SHOP, 'exp', 'items', UNIQUE, ADA);
    await world.put('main', [{ _id: 'twin', a: 7 }]);
    const refused = engine.planMerge(SHOP, 'exp', 'main', ADA);
    await expect(engine.applyPlan(SHOP, (await refused).id, ADA)).rejects.toMatchObject({
      code: 'DUPLICATE_KEY',
      data: { index: 'a_1' }
    });
    // The merge moves the other one out of the way.
    await world.put('exp', [{ _id: 7, a: 'out of the way' }]);
    await apply(engine);
    await check(engine, 'main');
    await expect(world.put('main', [{ _id: 'late', a: 7 }])).rejects.toMatchObject({ code: 'DUPLICATE_KEY' });
    expect((await engine.verify()).problems).toEqual([]);
  });

  it('that is unique is refused when the merge itself brings the second document', async () => {
    await engine.createIndex(SHOP, 'exp', 'items', UNIQUE, ADA);
    await world.put('main', [{ _id: 'ours', a: 'same' }]);
    await world.put('exp', [{ _id: 'theirs', a: 'same' }]);
    await expect(apply(engine)).rejects.toMatchObject({ code: 'DUPLICATE_KEY' });
    expect(world.view('main').collection('items')!.indexes).toEqual([]);
    expect((await engine.verify()).problems).toEqual([]);
  });
});

it('law 11: a state that is older than the log has of an index only what its documents have', async () => {
  const world = await World.open();
  await world.put(
    'main',
    documents(MANY, i => i % 13)
  );
  await world.view('main').stateDigest();
  const home = temporaryDirectory();
  const write = LmdbStore.prototype.write;
  let isCopied = false;
  const spy = jest.spyOn(LmdbStore.prototype, 'write').mockImplementation(async function (
    this: LmdbStore,
    puts
  ) {
    await write.call(this, puts);
    if (!isCopied && puts.filter(({ table }) => table === 'idx').length > 100) {
      isCopied = true;
      // Half filled, or more: what the power leaves of it.
      cpSync(join(world.directory, 'state'), join(home, 'state'), { recursive: true });
    }
  });
  const building = world.engine.createIndex(SHOP, 'main', 'items', SPEC, ADA);
  for (let i = 0; i < 30; i++) {
    await world.put('main', [{ _id: i, a: 100 + i }]);
  }
  await building;
  await world.put('main', [{ _id: 31, a: 'last' }]);
  spy.mockRestore();
  expect(isCopied).toBe(true);
  await world.engine.close();
  cpSync(join(world.directory, 'log'), join(home, 'log'), { recursive: true });
  const engine = await openEngine({ directory: home });
  await check(engine, 'main');
  expect((await engine.verify()).problems).toEqual([]);
  await engine.close();
  rmSync(home, { recursive: true, force: true });
  rmSync(world.directory, { recursive: true, force: true });
});
