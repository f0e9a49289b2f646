import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serialize } from 'bson';
import type { Engine, IndexInfo } from '../api';
import { openEngine } from '../engine';

const ORIGIN = { actor: 'test' };
const raw = (document: object): Buffer => Buffer.from(serialize(document));

let directory: string;
let engine: Engine;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'argon-multikey-'));
  engine = await openEngine({ directory });
  await engine.createProject('p', ORIGIN);
});

afterEach(async () => {
  await engine.close();
  rmSync(directory, { recursive: true, force: true });
});

const insert = (document: object, branch = 'main', collection = 'c') =>
  engine.write('p', branch, ORIGIN, writer =>
    writer.insert(writer.ensureCollection(collection), raw(document))
  );

const createIndex = (path: string, collection = 'c') =>
  engine.createIndex('p', 'main', collection, raw({ v: 2, key: { [path]: 1 }, name: `${path}_1` }), ORIGIN);

const index = (path: string, branch = 'main', collection = 'c'): IndexInfo =>
  engine
    .resolve('p', branch)
    .collection(collection)!
    .indexes.find(({ name }) => name === `${path}_1`)!;

it('an index is multikey from the first array on, on whatever branch, for ever', async () => {
  await insert({ _id: 1, a: 1, b: { c: 2 } });
  await createIndex('a');
  await createIndex('b.c');
  expect([engine.isMultikey(index('a')), engine.isMultikey(index('b.c'))]).toEqual([false, false]);
  await engine.createBranch('p', 'exp', ORIGIN);
  await insert({ _id: 2, a: [], b: { c: 1 } }, 'exp');
  expect([engine.isMultikey(index('a')), engine.isMultikey(index('b.c'))]).toEqual([true, false]);
  await insert({ _id: 3, b: [{ c: 1 }] });
  expect(engine.isMultikey(index('b.c', 'exp'))).toBe(true);
  await engine.close();
  engine = await openEngine({ directory });
  expect([engine.isMultikey(index('a')), engine.isMultikey(index('b.c'))]).toEqual([true, true]);
});

it('an index made over documents with arrays is multikey, and one of the same name elsewhere is not', async () => {
  await insert({ _id: 1, a: [1, 2] });
  await insert({ _id: 1, a: 1 }, 'main', 'd');
  await createIndex('a');
  await createIndex('a', 'd');
  expect([engine.isMultikey(index('a')), engine.isMultikey(index('a', 'main', 'd'))]).toEqual([true, false]);
});

it('a write that never became one leaves at most caution behind', async () => {
  await insert({ _id: 1, a: 1 });
  await createIndex('a');
  await expect(
    engine.write('p', 'main', ORIGIN, writer => {
      writer.insert(writer.ensureCollection('c'), raw({ _id: 2, a: [1] }));
      throw new Error('changed my mind');
    })
  ).rejects.toThrow('changed my mind');
  expect(engine.isMultikey(index('a'))).toBe(true);
});
