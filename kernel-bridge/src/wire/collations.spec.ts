import type { Document } from 'mongodb';
import { TestBridge } from './testing';

const EN2 = { locale: 'en', strength: 2 } as const;

interface Row extends Document {
  _id: number;
}

let bridge: TestBridge;

beforeEach(async () => {
  bridge = await TestBridge.start();
});

afterEach(() => bridge.stop());

const people = [
  { _id: 1, name: 'ada', n: 1 },
  { _id: 2, name: 'Bob', n: 2 },
  { _id: 3, name: 'ADA', n: 3 },
  { _id: 4, name: 'José', n: 4 }
];

it('goes by a collation in filters, sorts, counts, distinct, pipelines and updates', async () => {
  const collection = (await bridge.client()).db('shop').collection<Row>('people');
  await collection.insertMany(people);
  const ids = (docs: Document[]): unknown[] => docs.map(({ _id }) => _id as unknown);
  expect(ids(await collection.find({ name: 'Ada' }, { collation: EN2 }).toArray())).toEqual([1, 3]);
  expect(ids(await collection.find({}, { collation: EN2 }).sort({ name: 1, _id: -1 }).toArray())).toEqual([
    3, 1, 2, 4
  ]);
  expect(await collection.countDocuments({ name: 'BOB' }, { collation: EN2 })).toBe(1);
  expect(await collection.distinct('name', {}, { collation: EN2 })).toEqual(['ada', 'Bob', 'José']);
  const groups = await collection
    .aggregate([{ $group: { _id: '$name', n: { $sum: '$n' } } }, { $sort: { _id: 1 } }], { collation: EN2 })
    .toArray();
  expect(groups).toEqual([
    { _id: 'ada', n: 4 },
    { _id: 'Bob', n: 2 },
    { _id: 'José', n: 4 }
  ]);
  const updated = await collection.updateMany(
    { name: 'jose' },
    { $set: { hit: true } },
    { collation: { locale: 'en', strength: 1 } }
  );
  expect(updated.modifiedCount).toBe(1);
  await expect(collection.find({}, { collation: { locale: 'tlh' } }).toArray()).rejects.toMatchObject({
    code: 2
  });
});

it('keeps a unique index by a collation, and finds by it on a branch and in the past', async () => {
  const client = await bridge.client();
  const collection = client.db('shop').collection<Row>('people');
  await collection.createIndex({ name: 1 }, { unique: true, collation: EN2 });
  await collection.insertOne({ _id: 1, name: 'Zoë' });
  await expect(collection.insertOne({ _id: 2, name: 'zoë' })).rejects.toMatchObject({ code: 11000 });
  await collection.insertOne({ _id: 2, name: 'zoe' });
  const [index] = (await collection.indexes()).slice(1);
  expect(index).toMatchObject({ collation: { ...EN2, caseLevel: false, version: '57.1' } });
  const { lsn } = bridge.engine.resolve('shop', 'main');
  await bridge.engine.createBranch('shop', 'exp', { actor: 'test' });
  await client.db('shop@exp').collection<Row>('people').insertOne({ _id: 3, name: 'ZOË!' });
  await collection.deleteOne({ _id: 1 });
  const found = async (database: string): Promise<unknown> => {
    const there = client.db(database).collection<Row>('people');
    const plan = await there.find({ name: 'ZOË' }, { collation: EN2 }).explain('queryPlanner');
    expect(JSON.stringify(plan['queryPlanner'])).toContain('IXSCAN');
    return (await there.find({ name: 'ZOË' }, { collation: EN2 }).toArray()).map(({ _id }) => _id as unknown);
  };
  expect(await found('shop')).toEqual([]);
  expect(await found('shop@exp')).toEqual([1]);
  expect(await found(`shop@main:${lsn}`)).toEqual([1]);
});

it('has a default for a collection, which its indexes and queries take and a command can set aside', async () => {
  const db = (await bridge.client()).db('shop');
  const collection = await db.createCollection<Row>('people', { collation: EN2 });
  await collection.insertMany(people);
  await collection.createIndex({ name: 1 });
  expect(await collection.countDocuments({ name: 'aDa' })).toBe(2);
  expect(await collection.countDocuments({ name: 'aDa' }, { collation: { locale: 'simple' } })).toBe(0);
  expect((await collection.find().sort({ name: -1 }).limit(1).toArray())[0]).toMatchObject({ name: 'José' });
  expect((await collection.indexes()).map(({ collation }) => collation?.strength)).toEqual([2, 2]);
  const [listed] = await db.listCollections({ name: 'people' }).toArray();
  expect(listed).toMatchObject({ options: { collation: { locale: 'en', strength: 2 } } });
  expect((await collection.deleteMany({ name: 'BOB' })).deletedCount).toBe(1);
});
