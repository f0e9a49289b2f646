import fc from 'fast-check';
import type { CollectionInfo, Image, IndexInfo, Snapshot } from '../api';
import { docKeyOf, encodeKey, field, indexKeys } from '../bson';
import { isArgonError } from '../errors';
import { compileFilter } from '../query';
import { holdState, releaseStates } from './hold';
import { allowSeconds, numbersFrom, random, runs } from './chance';
import { ADA, image, keyOf, type Plain, scanAll, SHOP, World } from './world';

interface IndexShape {
  readonly key: Plain;
  readonly name: string;
  readonly unique?: boolean;
  readonly sparse?: boolean;
  readonly partialFilterExpression?: Plain;
}

function createIndex(
  world: World,
  branch: string,
  shape: IndexShape,
  collection = 'items'
): Promise<boolean> {
  return world.engine.createIndex(SHOP, branch, collection, image({ ...shape }), ADA);
}

/** What an index scan must give: every key of every document, in key order, straight from the documents. */
async function bruteForce(view: Snapshot, collection: CollectionInfo, index: IndexInfo): Promise<Entry[]> {
  const covers = index.partialFilter === undefined ? undefined : compileFilter(index.partialFilter);
  const entries: Entry[] = [];
  for (const [, bytes] of await scanAll(view, collection)) {
    if (covers === undefined || covers.matches(bytes)) {
      for (const key of indexKeys(bytes, index.key, { sparse: index.sparse }).keys) {
        entries.push({ key, docKey: docKeyOf(bytes), bytes });
      }
    }
  }
  return entries.sort((a, b) => Buffer.compare(a.key, b.key) || Buffer.compare(a.docKey, b.docKey));
}

interface Entry {
  readonly key: Buffer;
  readonly docKey: Buffer;
  readonly bytes: Image;
}

interface Bounds {
  readonly lower?: { readonly key: Buffer; readonly inclusive: boolean };
  readonly upper?: { readonly key: Buffer; readonly inclusive: boolean };
}

/** Whether a key lies within bounds on its first field; compound keys start with the bound's bytes when equal. */
function within(key: Buffer, { lower, upper }: Bounds): boolean {
  const starts = (bound: Buffer) => key.subarray(0, bound.length).equals(bound);
  return (
    (lower === undefined || (starts(lower.key) ? lower.inclusive : Buffer.compare(key, lower.key) > 0)) &&
    (upper === undefined || (starts(upper.key) ? upper.inclusive : Buffer.compare(key, upper.key) < 0))
  );
}

/** Compares every index of a state with what its documents say. */
async function checkIndexes(view: Snapshot, below: (n: number) => number): Promise<number> {
  let seen = 0;
  for (const collection of view.collections()) {
    for (const index of collection.indexes) {
      const expected = await bruteForce(view, collection, index);
      const bound = () => ({
        key: encodeKey([field(image({ v: below(5) }), 'v')!], [isDescending(index)]),
        inclusive: below(2) === 0
      });
      const bounds: Bounds = {
        ...(below(2) === 0 ? { lower: bound() } : {}),
        ...(below(2) === 0 ? { upper: bound() } : {})
      };
      const reverse = below(2) === 0;
      const wanted = expected
        .filter(entry => within(entry.key, bounds))
        .map(entry => entry.bytes.toString('hex'));
      const found: string[] = [];
      for await (const batch of view.scanIndex(collection, index, {
        ...bounds,
        reverse,
        batch: 1 + below(4)
      })) {
        expect(batch.keys).toEqual(batch.images.map(bytes => docKeyOf(bytes)));
        found.push(...batch.images.map(bytes => bytes.toString('hex')));
      }
      expect({ ref: view.ref, index: index.name, found }).toEqual({
        ref: view.ref,
        index: index.name,
        found: reverse ? wanted.reverse() : wanted
      });
      seen += found.length;
    }
  }
  return seen;
}

function isDescending(index: IndexInfo): boolean {
  return field(index.key, 'a')?.bytes.readInt32LE(0) === -1;
}

const SHAPES: readonly IndexShape[] = [
  { key: { a: 1 }, name: 'a_1' },
  { key: { a: -1, b: 1 }, name: 'a_-1_b_1' },
  { key: { a: 1 }, name: 'a_sparse', sparse: true },
  { key: { a: 1 }, name: 'a_partial', partialFilterExpression: { b: { $gt: 1 } } }
];

const value = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 4 }) },
  { weight: 1, arbitrary: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }) },
  { weight: 1, arbitrary: fc.constant(undefined) }
);

type Command =
  | { readonly do: 'put'; readonly id: number; readonly a: unknown; readonly b: number }
  | { readonly do: 'remove'; readonly id: number }
  | { readonly do: 'index' | 'unindex'; readonly shape: number }
  | { readonly do: 'branch' | 'reset'; readonly back: number }
  | { readonly do: 'drop' }
  | { readonly do: 'reopen' };

const command: fc.Arbitrary<Command & { on: number }> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant('put' as const),
      on: fc.nat(3),
      id: fc.nat(6),
      a: value,
      b: fc.nat(3)
    })
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('remove' as const), on: fc.nat(3), id: fc.nat(6) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('index' as const), on: fc.nat(3), shape: fc.nat(3) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('unindex' as const), on: fc.nat(3), shape: fc.nat(3) })
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('branch' as const), on: fc.nat(3), back: fc.nat(6) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reset' as const), on: fc.nat(3), back: fc.nat(6) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('drop' as const), on: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reopen' as const), on: fc.nat(3) }) }
);

async function obey(
  world: World,
  branches: string[],
  { on, ...command }: Command & { on: number }
): Promise<void> {
  const branch = branches[on % branches.length]!;
  const past = (back: number) => `${branch}@${Math.max(0, world.view(branch).lsn - back)}`;
  switch (command.do) {
    case 'put':
      await world.put(branch, [{ _id: command.id, a: command.a, b: command.b }]);
      break;
    case 'remove':
      await world.engine.write(SHOP, branch, ADA, writer => {
        const items = writer.collection('items');
        return items !== undefined && writer.remove(items, keyOf(command.id));
      });
      break;
    case 'index':
      await createIndex(world, branch, SHAPES[command.shape]!).catch(error => {
        // The first shape and the sparse one have the same keys but other options: both may be there.
        if (!isArgonError(error, 'INDEX_CONFLICT')) {
          throw error;
        }
      });
      break;
    case 'unindex':
      await world.engine.write(SHOP, branch, ADA, writer => {
        const items = writer.collection('items');
        const { name } = SHAPES[command.shape]!;
        if (items?.indexes.some(index => index.name === name) === true) {
          writer.dropIndex(items, name);
        }
      });
      break;
    case 'branch': {
      const name = `b-${branches.length}`;
      await world.engine.createBranch(SHOP, name, ADA, { from: past(command.back) });
      branches.push(name);
      break;
    }
    case 'reset':
      if (command.back > 0 && world.view(branch).lsn > 0) {
        const { backup } = await world.engine.resetBranch(SHOP, branch, past(command.back), ADA);
        branches.push(backup);
      }
      break;
    case 'drop':
      await world.engine.dropCollection(SHOP, branch, 'items', ADA);
      break;
    case 'reopen':
      await world.reopen();
  }
}

allowSeconds(120);

describe('law 11: the catalog is history', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.open();
  });
  afterEach(async () => {
    releaseStates();
    await world.close();
  });

  it(random('an index scan equals a filtered scan, at any LSN of any branch'), async () => {
    let entries = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(command, { minLength: 20, maxLength: 50 }),
        fc.nat(),
        async (commands, seed) => {
          const own = await World.open();
          const branches = ['main'];
          const below = numbersFrom(seed);
          try {
            await createIndex(own, 'main', SHAPES[below(4)]!);
            for (const each of commands) {
              await obey(own, branches, each);
              const branch = branches[below(branches.length)]!;
              entries += await checkIndexes(
                own.view(`${branch}@${below(own.engine.project(SHOP).head + 1)}`),
                below
              );
            }
            for (const branch of branches) {
              entries += await checkIndexes(own.view(branch), below);
              for (let i = 0; i < 6; i++) {
                const at = below(own.engine.project(SHOP).head + 1);
                entries += await checkIndexes(own.view(`${branch}@${at}`), below);
              }
            }
          } finally {
            await own.close();
          }
        }
      ),
      runs(12)
    );
    expect(entries).toBeGreaterThan(60);
  });

  it('an index scan of the past finds entries that died long ago, over several levels of history', async () => {
    await createIndex(world, 'main', { key: { a: 1 }, name: 'a_1' });
    const below = numbersFrom(5);
    for (let i = 0; i < 60; i++) {
      await world.put(
        'main',
        Array.from({ length: 40 }, () => ({ _id: below(8), a: below(5), b: 0 }))
      );
    }
    const { lsn } = world.view('main');
    expect(lsn).toBeGreaterThan(2048);
    for (let i = 0; i < 40; i++) {
      await checkIndexes(world.view(`main@${below(lsn + 1)}`), below);
    }
  });

  it(random('a unique index holds on every branch, whatever of it is applied yet'), async () => {
    const attempt = fc.record({
      on: fc.nat(3),
      id: fc.nat(7),
      u: fc.nat(5),
      op: fc.constantFrom('put', 'put', 'put', 'remove', 'branch', 'settle')
    });
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(attempt, { minLength: 10, maxLength: 40 }), async attempts => {
        const own = await World.open();
        try {
          await createIndex(own, 'main', { key: { u: 1 }, name: 'u_1', unique: true });
          const model = new Map<string, Map<number, number>>([['main', new Map()]]);
          let hold = holdState();
          for (const { on, id, u, op } of attempts) {
            const names = [...model.keys()];
            const branch = names[on % names.length]!;
            const held = model.get(branch)!;
            if (op === 'branch' && names.length < 4) {
              const name = `b-${names.length}`;
              await own.engine.createBranch(SHOP, name, ADA, { from: branch });
              model.set(name, new Map(held));
            } else if (op === 'settle') {
              hold.release();
              await own.view('main').stateDigest();
              hold = holdState();
            } else if (op === 'remove') {
              held.delete(id);
              await own.remove(branch, [id]);
            } else {
              const taken = [...held].some(([other, has]) => other !== id && has === u);
              const put = own.put(branch, [{ _id: id, u }]);
              if (taken) {
                refused++;
                await expect(put).rejects.toMatchObject({
                  code: 'DUPLICATE_KEY',
                  data: { index: 'u_1', keyValue: { u: { $numberInt: String(u) } } }
                });
              } else {
                await put;
                held.set(id, u);
              }
            }
          }
          hold.release();
          for (const [name, held] of model) {
            const documents = await own.all(name);
            expect(documents.map(document => [document['_id'], document['u']])).toEqual(
              [...held].sort(([a], [b]) => a - b)
            );
          }
        } finally {
          releaseStates();
          await own.close();
        }
      }),
      runs(15)
    );
    expect(refused).toBeGreaterThan(3);
  });

  it('a child forked inside a plain group holds only the keys up to its fork', async () => {
    await createIndex(world, 'main', { key: { u: 1 }, name: 'u_1', unique: true });
    const hold = holdState();
    const { firstLsn } = await world.put('main', [
      { _id: 1, u: 1 },
      { _id: 2, u: 2 }
    ]);
    await world.put('main', [{ _id: 1, u: 3 }]);
    hold.release();
    await world.view('main').stateDigest();
    const held = holdState();
    await world.engine.createBranch(SHOP, 'child', ADA, { from: `main@${firstLsn}` });
    await world.put('child', [{ _id: 5, u: 2 }]);
    await expect(world.put('child', [{ _id: 6, u: 1 }])).rejects.toMatchObject({ code: 'DUPLICATE_KEY' });
    await world.put('child', [{ _id: 7, u: 3 }]);
    held.release();
  });

  it('an index is refused when documents share a key, and nothing of it is left', async () => {
    await world.put('main', [
      { _id: 1, u: 1 },
      { _id: 2, u: 1 }
    ]);
    await expect(
      createIndex(world, 'main', { key: { u: 1 }, name: 'u_1', unique: true })
    ).rejects.toMatchObject({
      code: 'DUPLICATE_KEY'
    });
    expect(world.view('main').collection('items')!.indexes).toEqual([]);
    await world.remove('main', [2]);
    expect(await createIndex(world, 'main', { key: { u: 1 }, name: 'u_1', unique: true })).toBe(true);
    expect(await createIndex(world, 'main', { key: { u: 1 }, name: 'u_1', unique: true })).toBe(false);
    await expect(createIndex(world, 'main', { key: { u: 1 }, name: 'u_1' })).rejects.toMatchObject({
      code: 'INDEX_CONFLICT'
    });
  });

  it('a document that an index cannot hold is refused, and so is an index that cannot hold a document', async () => {
    await createIndex(world, 'main', { key: { a: 1, b: 1 }, name: 'ab' });
    await expect(world.put('main', [{ _id: 1, a: [1], b: [2] }])).rejects.toMatchObject({
      code: 'DOCUMENT_INVALID'
    });
    await world.put('main', [{ _id: 1, c: [1], d: [2] }]);
    await expect(createIndex(world, 'main', { key: { c: 1, d: 1 }, name: 'cd' })).rejects.toMatchObject({
      code: 'DOCUMENT_INVALID'
    });
    await world.put('main', [{ _id: 2 }]);
    await world.reopen();
    expect(await world.all('main')).toHaveLength(2);
  });

  it('making a collection and its first index is one atomic step', async () => {
    await createIndex(world, 'main', { key: { a: 1 }, name: 'a_1' });
    const { lsn } = world.view('main');
    expect(lsn).toBe(2);
    expect(world.view('main@1')).toMatchObject({ lsn: 0, snappedFrom: 1 });
    expect(world.view('main@1').collections()).toEqual([]);
  });

  it('an index specification without a name or keys is refused', async () => {
    for (const spec of [
      { name: 'a_1' },
      { key: { a: 1 } },
      { key: 1, name: 'a_1' },
      { key: {}, name: 'a_1' }
    ]) {
      await expect(world.engine.createIndex(SHOP, 'main', 'items', image(spec), ADA)).rejects.toMatchObject({
        code: 'BAD_REQUEST'
      });
    }
    expect(world.view('main').lsn).toBe(0);
  });

  it('create, rename, options, drop and indexes come back at old refs, on branches and after a reopen', async () => {
    const names = (ref: string) =>
      world
        .view(ref)
        .collections()
        .map(collection => collection.name);
    await world.engine.write(SHOP, 'main', ADA, writer => {
      writer.createCollection('birds', image({ validator: { a: 1 } }));
    });
    await world.put('main', [{ _id: 1, a: 1 }], { collection: 'birds' });
    await createIndex(world, 'main', { key: { a: 1 }, name: 'a_1' }, 'birds');
    const created = world.view('main').lsn;
    await world.engine.createBranch(SHOP, 'child', ADA);
    await world.engine.write(SHOP, 'main', ADA, writer => {
      writer.renameCollection(writer.collection('birds')!, 'penguins');
    });
    const renamed = world.view('main').lsn;
    await world.engine.write(SHOP, 'main', ADA, writer => {
      writer.setOptions(writer.collection('penguins')!, image({ validator: { b: 2 } }));
      writer.dropIndex(writer.collection('penguins')!, 'a_1');
    });
    await world.engine.dropCollection(SHOP, 'main', 'penguins', ADA);
    for (let round = 0; round < 2; round++) {
      expect(names('main')).toEqual([]);
      expect(names(`main@${renamed}`)).toEqual(['penguins']);
      expect(names(`main@${created}`)).toEqual(['birds']);
      expect(names('child')).toEqual(['birds']);
      expect(world.get(`main@${renamed}`, 1, 'penguins')).toEqual({ _id: 1, a: 1 });
      expect(world.get('child', 1, 'birds')).toEqual({ _id: 1, a: 1 });
      const old = world.view(`main@${created}`).collection('birds')!;
      expect(old.options).toEqual(image({ validator: { a: 1 } }));
      expect(old.indexes.map(index => index.name)).toEqual(['a_1']);
      expect(await checkIndexes(world.view('child'), numbersFrom(1))).toBeGreaterThanOrEqual(0);
      const [index] = world.view('child').collection('birds')!.indexes;
      expect(
        await bruteForce(world.view('child'), world.view('child').collection('birds')!, index!)
      ).toHaveLength(1);
      await world.reopen();
    }
    await world.engine.resetBranch(SHOP, 'main', `main@${created}`, ADA);
    expect(names('main')).toEqual(['birds']);
    await world.put('main', [{ _id: 2, a: 3 }], { collection: 'birds' });
    await checkIndexes(world.view('main'), numbersFrom(2));
    expect(await world.view('main').count(world.view('main').collection('birds')!)).toBe(2);
  });

  it('a dropped collection made again is empty, and the same collection to branches that still have it', async () => {
    await world.put('main', [{ _id: 1 }]);
    await world.engine.createBranch(SHOP, 'child', ADA);
    const { id } = world.view('main').collection('items')!;
    await world.engine.dropCollection(SHOP, 'main', 'items', ADA);
    await world.put('main', [{ _id: 2 }]);
    expect(world.view('main').collection('items')!.id).toBe(id);
    expect(await world.all('main')).toEqual([{ _id: 2 }]);
    expect(await world.all('child')).toEqual([{ _id: 1 }]);
  });

  it('a name means the same collection after a reopen, though another one had it in between', async () => {
    await world.put('main', [{ _id: 1 }], { collection: 'a' });
    const first = world.view('main').collection('a')!.id;
    await world.engine.createBranch(SHOP, 'before', ADA, { from: 'main@0' });
    await world.engine.write(SHOP, 'main', ADA, writer => {
      writer.renameCollection(writer.collection('a')!, 'b');
    });
    await world.put('main', [{ _id: 2 }], { collection: 'a' });
    const second = world.view('main').collection('a')!.id;
    expect(second).not.toBe(first);
    await world.reopen();
    await world.put('before', [{ _id: 3 }], { collection: 'a' });
    expect(world.view('before').collection('a')!.id).toBe(first);
    await world.put('main', [{ _id: 4 }], { collection: 'c' });
    expect([first, second]).not.toContain(world.view('main').collection('c')!.id);
  });

  it('names of collections and refusals follow the rules', async () => {
    await world.put('main', [{ _id: 1 }]);
    const write = (change: Parameters<typeof world.engine.write>[3]) =>
      world.engine.write(SHOP, 'main', ADA, change);
    await expect(write(writer => writer.createCollection('items', image({})))).rejects.toMatchObject({
      code: 'COLLECTION_EXISTS'
    });
    await expect(write(writer => writer.createCollection('system.x', image({})))).rejects.toMatchObject({
      code: 'NAME_INVALID'
    });
    await expect(
      write(writer => writer.dropIndex(writer.collection('items')!, 'nope'))
    ).rejects.toMatchObject({ code: 'INDEX_NOT_FOUND' });
    expect(await world.engine.dropCollection(SHOP, 'main', 'nope', ADA)).toBe(false);
    await world.engine.protectBranch(SHOP, 'main', true, ADA);
    await expect(world.engine.dropCollection(SHOP, 'main', 'items', ADA)).rejects.toMatchObject({
      code: 'BRANCH_PROTECTED'
    });
    await expect(createIndex(world, 'main', { key: { a: 1 }, name: 'a_1' })).rejects.toMatchObject({
      code: 'BRANCH_PROTECTED'
    });
  });
});
