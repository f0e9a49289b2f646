import { cpSync, rmSync } from 'node:fs';
import fc from 'fast-check';
import type { CollectionInfo, Engine, Snapshot } from '../api';
import { indexKeys } from '../bson';
import { openEngine } from '../engine';
import { INDEX_AT_ONCE_DOCUMENTS_MAX } from '../limits';
import { LmdbStore } from '../store/lmdb/store';
import { allowSeconds, numbersFrom, random, runs } from './chance';
import { ADA, image, keyOf, type Plain, SHOP, temporaryDirectory, World } from './world';

allowSeconds(240);

const MANY = INDEX_AT_ONCE_DOCUMENTS_MAX + 200;
const SPEC = image({ v: 2, key: { a: 1 }, name: 'a_1' });
const UNIQUE = image({ v: 2, key: { a: 1 }, name: 'a_1', unique: true });

const documents = (count: number, a: (i: number) => unknown): Plain[] =>
  Array.from({ length: count }, (_, i) => ({ _id: i, a: a(i) }));

/** Documents in the order of an index, by the index and by looking at each of them. */
async function both(view: Snapshot, collection: CollectionInfo): Promise<[string[], string[]]> {
  const index = collection.indexes[0]!;
  const read: string[] = [];
  for await (const { keys } of view.scanIndex(collection, index)) {
    read.push(...keys.map(key => key.toString('hex')));
  }
  const expected: [Buffer, string][] = [];
  for await (const { keys, images } of view.scan(collection)) {
    for (const [i, key] of keys.entries()) {
      for (const entry of indexKeys(images[i]!, index.key, { sparse: index.sparse }).keys) {
        expected.push([Buffer.concat([entry, key]), key.toString('hex')]);
      }
    }
  }
  return [read, expected.sort(([a], [b]) => Buffer.compare(a, b)).map(([, key]) => key)];
}

async function check(engine: Engine, ref: string): Promise<void> {
  const view = engine.resolve(SHOP, ref);
  const [read, expected] = await both(view, view.collection('items')!);
  expect(read).toEqual(expected);
}

describe('law 11: an index made while others write', () => {
  it(random('has at every LSN from then on what the documents have, on every branch'), async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.boolean(), async (seed, isBranch) => {
        const world = await World.open();
        const { engine } = world;
        const below = numbersFrom(seed);
        await world.put(
          'main',
          documents(MANY, i => (i % 7 === 0 ? [i % 5, i % 3] : i % 11))
        );
        const branch = isBranch ? 'exp' : 'main';
        if (isBranch) {
          await engine.createBranch(SHOP, 'exp', ADA);
        }
        let isMade = false;
        const building = engine.createIndex(SHOP, branch, 'items', SPEC, ADA).finally(() => {
          isMade = true;
        });
        let writes = 0;
        while (!isMade) {
          const id = below(MANY + 50);
          if (below(4) === 0 && world.get(branch, id) !== undefined) {
            await world.remove(branch, [id]);
          } else {
            await world.put(branch, [{ _id: id, a: below(3) === 0 ? [below(9), below(9)] : below(9) }]);
          }
          writes++;
        }
        expect(await building).toBe(true);
        expect(await engine.createIndex(SHOP, branch, 'items', SPEC, ADA)).toBe(false);
        expect(writes).toBeGreaterThan(3);
        const made = engine
          .resolve(SHOP, branch)
          .collections()
          .flatMap(({ indexes }) => indexes);
        expect(made).toHaveLength(1);
        await engine.createBranch(SHOP, 'child', ADA, { from: branch });
        for (let i = 0; i < 10; i++) {
          await world.put(i % 2 === 0 ? 'child' : branch, [{ _id: below(MANY), a: below(9) }]);
        }
        const { head } = engine.project(SHOP);
        for (const again of [false, true]) {
          await check(world.engine, branch);
          await check(world.engine, 'child');
          for (let at: number = head; at > head - 10; at -= 3) {
            await check(world.engine, `${branch}@${at}`);
          }
          expect((await world.engine.verify()).problems).toEqual([]);
          expect(await world.engine.gc()).toBeDefined();
          if (!again) {
            await world.reopen();
          }
        }
        await world.close();
      }),
      runs<[number, boolean]>(2)
    );
  });

  it('that is unique is checked at its end: what is twice then is refused, what was twice before is not', async () => {
    const world = await World.open();
    const { engine } = world;
    await world.put(
      'main',
      documents(MANY, i => i)
    );
    await world.put('main', [{ _id: 'twin', a: 5 }]);
    const refused = expect(engine.createIndex(SHOP, 'main', 'items', UNIQUE, ADA)).rejects.toMatchObject({
      code: 'DUPLICATE_KEY',
      data: { index: 'a_1' }
    });
    for (let i = 0; i < 10; i++) {
      await world.put('main', [{ _id: i, a: i }]);
    }
    await refused;
    expect(world.view('main').collection('items')!.indexes).toEqual([]);
    // It is there while the index is filled, and gone before it is done.
    const made = engine.createIndex(SHOP, 'main', 'items', UNIQUE, ADA);
    await world.remove('main', ['twin']);
    expect(await made).toBe(true);
    await expect(world.put('main', [{ _id: 'late', a: 5 }])).rejects.toMatchObject({ code: 'DUPLICATE_KEY' });
    // One that comes while it is filled.
    await engine.write(SHOP, 'main', ADA, writer => writer.dropIndex(writer.collection('items')!, 'a_1'));
    const second = expect(engine.createIndex(SHOP, 'main', 'items', UNIQUE, ADA)).rejects.toMatchObject({
      code: 'DUPLICATE_KEY'
    });
    await world.put('main', [{ _id: 'late', a: 5 }]);
    await second;
    await world.put('main', [{ _id: 'odd', a: [1], b: [1] }]);
    const parallel = image({ v: 2, key: { a: 1, b: 1 }, name: 'ab' });
    await expect(engine.createIndex(SHOP, 'main', 'items', parallel, ADA)).rejects.toThrow();
    expect((await engine.verify()).problems).toEqual([]);
    await world.close();
  });

  it('gives way when its branch or collection becomes another, or somebody makes the same', async () => {
    const world = await World.open();
    const { engine } = world;
    await world.put(
      'main',
      documents(MANY, i => i)
    );
    const { head } = engine.project(SHOP);
    expect(
      (await Promise.all([1, 2, 3].map(() => engine.createIndex(SHOP, 'main', 'items', SPEC, ADA)))).sort()
    ).toEqual([false, false, true]);
    await engine.createBranch(SHOP, 'exp', ADA, { from: `main@${head}` });
    const moved = engine.createIndex(SHOP, 'exp', 'items', SPEC, ADA);
    await engine.resetBranch(SHOP, 'exp', `main@${head - 1}`, ADA);
    expect(await moved).toBe(true);
    await check(engine, 'exp');
    await engine.createBranch(SHOP, 'drop', ADA, { from: `main@${head}` });
    const dropped = engine.createIndex(SHOP, 'drop', 'items', SPEC, ADA);
    await engine.dropCollection(SHOP, 'drop', 'items', ADA);
    expect(await dropped).toBe(true);
    expect(await engine.resolve(SHOP, 'drop').count(engine.resolve(SHOP, 'drop').collection('items')!)).toBe(
      0
    );
    await engine.createBranch(SHOP, 'shut', ADA, { from: `main@${head}` });
    const refused = expect(engine.createIndex(SHOP, 'shut', 'items', SPEC, ADA)).rejects.toMatchObject({
      code: 'BRANCH_PROTECTED'
    });
    await engine.protectBranch(SHOP, 'shut', true, ADA);
    await refused;
    expect((await engine.verify()).problems).toEqual([]);
    await world.close();
  });

  it('is whole or not there after a crash at any moment', async () => {
    const world = await World.open();
    await world.put(
      'main',
      documents(MANY, i => i % 13)
    );
    await world.view('main').stateDigest();
    const copies: string[] = [];

    const write = LmdbStore.prototype.write;
    let calls = 0;
    const spy = jest.spyOn(LmdbStore.prototype, 'write').mockImplementation(async function (
      this: LmdbStore,
      puts
    ) {
      await write.call(this, puts);
      if (++calls % 2 === 0 && copies.length < 12) {
        const copy = temporaryDirectory();
        cpSync(world.directory, copy, { recursive: true });
        copies.push(copy);
      }
    });
    const building = world.engine.createIndex(SHOP, 'main', 'items', SPEC, ADA);
    for (let i = 0; i < 6; i++) {
      await world.put('main', [{ _id: i, a: 100 + i }]);
    }
    await building;
    await world.put('main', [{ _id: 'last', a: 1 }]);
    await world.view('main').stateDigest();
    spy.mockRestore();
    const seen = new Set<boolean>();
    for (const copy of copies) {
      const engine = await openEngine({ directory: copy });
      const isThere = engine.resolve(SHOP, 'main').collection('items')!.indexes.length > 0;
      seen.add(isThere);
      if (!isThere) {
        expect(await engine.createIndex(SHOP, 'main', 'items', SPEC, ADA)).toBe(true);
      }
      await check(engine, 'main');
      expect((await engine.verify()).problems).toEqual([]);
      await engine.gc();
      await check(engine, 'main');
      await engine.close();
      rmSync(copy, { recursive: true, force: true });
    }
    expect(copies.length).toBeGreaterThan(2);
    expect(seen.has(false)).toBe(true);
    expect(world.get('main', 3)).toMatchObject({ a: 103 });
    expect(keyOf(3)).toBeDefined();
    await world.close();
  });
});
