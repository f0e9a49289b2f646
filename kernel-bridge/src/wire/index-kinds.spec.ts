import type { Collection, Db, Document } from 'mongodb';
import { TestBridge } from './testing';

interface Row extends Document {
  _id: number;
}

let bridge: TestBridge;
let db: Db;
let items: Collection<Row>;

beforeEach(async () => {
  bridge = await TestBridge.start();
  db = (await bridge.client()).db('shop');
  items = db.collection<Row>('items');
});

afterEach(() => bridge.stop());

const planOf = async (filter: Document, options = {}): Promise<string> =>
  JSON.stringify((await items.find(filter, options).explain('queryPlanner'))['queryPlanner']);

it('lets documents expire, by the time that collMod sets', async () => {
  await items.createIndex({ at: 1 }, { expireAfterSeconds: 3600, name: 'ttl' });
  await items.insertMany([
    { _id: 1, at: new Date(Date.now() - 7_200_000) },
    { _id: 2, at: new Date(Date.now() - 1_800_000) },
    { _id: 3, at: 'never' }
  ]);
  const left = async (): Promise<unknown[]> => {
    await bridge.engine.sweepExpired({ actor: 'ttl' });
    return (await items.find().sort({ _id: 1 }).toArray()).map(({ _id }) => _id as unknown);
  };
  expect(await left()).toEqual([2, 3]);
  expect(
    await db.command({ collMod: 'items', index: { name: 'ttl', expireAfterSeconds: 60 } })
  ).toMatchObject({
    expireAfterSeconds_old: 3600,
    expireAfterSeconds_new: 60
  });
  expect(await left()).toEqual([3]);
  await expect(items.createIndex({ a: 1, b: 1 }, { expireAfterSeconds: 1 })).rejects.toMatchObject({
    code: 67
  });
  await expect(items.createIndex({ a: 1 }, { expireAfterSeconds: -1 })).rejects.toMatchObject({ code: 67 });
});

it('finds by a hashed index what is equal, null and missing too', async () => {
  await items.insertMany([
    { _id: 1, a: 1 },
    { _id: 2, a: 2 },
    { _id: 3 },
    { _id: 4, a: null },
    { _id: 5, a: { b: [1] } }
  ]);
  await items.createIndex({ a: 'hashed' });
  const ids = async (filter: Document): Promise<unknown[]> =>
    (await items.find(filter).sort({ _id: 1 }).toArray()).map(({ _id }) => _id as unknown);
  expect(await ids({ a: 1.0 })).toEqual([1]);
  expect(await ids({ a: { $in: [2, 7] } })).toEqual([2]);
  expect(await ids({ a: null })).toEqual([3, 4]);
  expect(await ids({ a: { $gt: 1 } })).toEqual([2]);
  expect(await ids({ a: { b: [1] } })).toEqual([5]);
  expect(await planOf({ a: 1 })).toContain('IXSCAN');
  expect(await planOf({ a: null })).toContain('IXSCAN');
  expect(await planOf({ a: { $gt: 1 } })).toContain('COLLSCAN');
  await expect(items.insertOne({ _id: 9, a: [1] })).rejects.toMatchObject({ code: 16766 });
  await expect(items.createIndex({ b: 'hashed' }, { unique: true })).rejects.toMatchObject({ code: 16764 });
});

it('reads by the index that has least to read, whichever was made first and however the filter is written', async () => {
  await items.insertMany(Array.from({ length: 400 }, (_, i) => ({ _id: i, kind: i % 2, code: i % 100 })));
  await items.createIndex({ kind: 1 });
  await items.createIndex({ code: 1 });
  const examined = async (filter: Document) => {
    const { executionStats } = await items.find(filter).explain('executionStats');
    return executionStats.totalKeysExamined as number;
  };
  expect(await examined({ kind: 1, code: 7 })).toBe(4);
  expect(await examined({ code: 7, kind: 1 })).toBe(4);
  expect(await examined({ kind: 5, code: { $gte: 0 } })).toBe(0);
  expect(await items.find({ kind: 1, code: 7 }).sort({ _id: 1 }).project({ _id: 1 }).toArray()).toEqual(
    [7, 107, 207, 307].map(_id => ({ _id }))
  );
});

it('refuses a name that no document of the catalog can hold', async () => {
  await expect(items.createIndex({ a: 1 }, { name: 'a\0b' })).rejects.toMatchObject({ code: 67 });
  await expect(
    items
      .aggregate([{ $documents: [{ x: { $setField: { field: 'a\0b', input: {}, value: 1 } } }] }])
      .toArray()
  ).rejects.toMatchObject({ code: expect.any(Number) as number });
  await items.insertOne({ _id: 1 });
  expect(await db.listCollections().toArray()).toHaveLength(1);
});

it('hides an index from planner and hint, and shows it again', async () => {
  await items.insertMany([
    { _id: 1, a: [1, 2] },
    { _id: 2, a: 3 }
  ]);
  await items.createIndex({ a: 1 }, { name: 'a' });
  expect(await db.command({ collMod: 'items', index: { keyPattern: { a: 1 }, hidden: true } })).toMatchObject(
    {
      hidden_old: false,
      hidden_new: true
    }
  );
  expect(await planOf({ a: 1 })).toContain('COLLSCAN');
  await expect(items.find({ a: 1 }).hint('a').toArray()).rejects.toMatchObject({ code: 2 });
  await db.command({ collMod: 'items', index: { name: 'a', hidden: false } });
  expect(await planOf({ a: 1 })).toContain('IXSCAN');
  // That there are arrays in it is still known: both conditions may be met by different elements.
  expect(await items.countDocuments({ a: { $gt: 1, $lt: 2 } })).toBe(1);
  await expect(db.command({ collMod: 'items', index: { name: 'b', hidden: true } })).rejects.toMatchObject({
    code: 27
  });
  await expect(db.command({ collMod: 'items', index: { name: '_id_', hidden: true } })).rejects.toMatchObject(
    { code: 2 }
  );
});

it('reads a part of an index between min and max', async () => {
  await items.insertMany([1, 2, 3, 4].map(n => ({ _id: n, a: n, b: -n })));
  await items.createIndex({ a: 1, b: -1 }, { name: 'ab' });
  const ids = async (options: Document): Promise<unknown[]> =>
    ((await db.command({ find: 'items', ...options }))['cursor'] as Document)['firstBatch'].map(
      (one: Document) => one['_id'] as unknown
    ) as unknown[];
  expect(await ids({ min: { a: 2, b: -2 }, max: { a: 4, b: -4 }, hint: 'ab' })).toEqual([2, 3]);
  expect(await ids({ min: { _id: 2 }, max: { _id: 4 }, hint: { _id: 1 } })).toEqual([2, 3]);
  await expect(ids({ min: { a: 2, b: 1 } })).rejects.toMatchObject({ code: 51173 });
  await expect(ids({ min: { a: 2 }, hint: 'ab' })).rejects.toMatchObject({ code: 51174 });
  await expect(ids({ min: { a: 2, b: 0 }, max: { a: 2, b: 0 }, hint: 'ab' })).rejects.toMatchObject({
    code: 51175
  });
  await expect(ids({ min: { a: 2, b: 0 }, max: { b: 2, a: 0 }, hint: 'ab' })).rejects.toMatchObject({
    code: 51176
  });
});

it('shows the key a document was found by, or a number for its record', async () => {
  await items.insertMany([1, 2].map(n => ({ _id: n, a: n, b: -n })));
  await items.createIndex({ a: 1, b: 1 });
  expect(await items.find({ a: 2 }, { returnKey: true }).toArray()).toEqual([{ a: 2, b: -2 }]);
  expect(await items.find({ _id: 2 }, { returnKey: true }).toArray()).toEqual([{ _id: 2 }]);
  expect(await items.find({ c: null }, { returnKey: true }).toArray()).toEqual([{}, {}]);
  const [first, again] = [
    await items.findOne({ a: 1 }, { showRecordId: true }),
    await items.findOne({ _id: 1 }, { showRecordId: true, projection: { b: 1 } })
  ];
  expect(first).toMatchObject({ _id: 1, a: 1, b: -1 });
  expect(String(first!['$recordId'])).toBe(String(again!['$recordId']));
});

it('merges with variables of its own', async () => {
  await items.insertMany([
    { _id: 1, a: 1 },
    { _id: 2, a: 2 }
  ]);
  const merge = (into: Document): Promise<Document[]> =>
    items.aggregate([{ $merge: { into: 'copy', ...into } }]).toArray();
  await merge({});
  await merge({
    let: { x: '$a', five: 5 },
    whenMatched: [{ $set: { sum: { $add: ['$$x', '$$five'] }, was: '$$new.a' } }]
  });
  expect(await db.collection('copy').find().sort({ _id: 1 }).toArray()).toEqual([
    { _id: 1, a: 1, sum: 6, was: 1 },
    { _id: 2, a: 2, sum: 7, was: 2 }
  ]);
  await expect(merge({ let: { x: 1 }, whenMatched: 'replace' })).rejects.toMatchObject({ code: 51199 });
  await expect(merge({ let: { new: 1 }, whenMatched: [] })).rejects.toMatchObject({ code: 51273 });
});
