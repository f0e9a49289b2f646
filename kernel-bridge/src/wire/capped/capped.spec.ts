import type { Collection, Db, Document } from 'mongodb';
import { TestBridge } from '../testing';

interface Row extends Document {
  _id: number;
}

let bridge: TestBridge;
let db: Db;
let capped: Collection<Row>;

beforeEach(async () => {
  bridge = await TestBridge.start();
  db = (await bridge.client()).db('shop');
  capped = await db.createCollection<Row>('log', { capped: true, size: 4096, max: 3 });
});

afterEach(() => bridge.stop());

const order = async (collection: Collection<Row> = capped, natural: 1 | -1 = 1): Promise<unknown[]> =>
  (await collection.find().sort({ $natural: natural }).toArray()).map(({ _id }) => _id as unknown);

it('holds the newest documents in the order they came, whatever their _id', async () => {
  for (const _id of [9, 1, 5, 7, 2]) {
    await capped.insertOne({ _id });
  }
  expect(await order()).toEqual([5, 7, 2]);
  expect(await order(capped, -1)).toEqual([2, 7, 5]);
  expect((await capped.find().toArray()).map(({ _id }) => _id as unknown)).toEqual([5, 7, 2]);
  await capped.updateOne({ _id: 5 }, { $set: { seen: true } });
  await capped.updateOne({ _id: 8 }, { $set: { seen: true } }, { upsert: true });
  expect(await order()).toEqual([7, 2, 8]);
});

it('holds no more bytes than its size, also of many documents at once', async () => {
  const small = await db.createCollection<Row>('small', { capped: true, size: 1000 });
  await small.insertMany(Array.from({ length: 50 }, (_, _id) => ({ _id, text: 'x'.repeat(100) })));
  const kept = await order(small);
  expect(kept).toEqual(Array.from({ length: kept.length }, (_, i) => 50 - kept.length + i));
  expect(kept.length).toBe(8);
  await db.command({ collMod: 'small', cappedSize: 300 });
  expect((await order(small)).length).toBe(4);
});

it('has its order in the past, on a branch, and after the bridge was restarted', async () => {
  await capped.insertMany([{ _id: 3 }, { _id: 1 }, { _id: 2 }]);
  const { lsn } = bridge.engine.resolve('shop', 'main');
  await bridge.engine.createBranch('shop', 'exp', { actor: 'test' });
  await capped.insertOne({ _id: 0 });
  const client = await bridge.client();
  expect(await order(client.db(`shop@main:${lsn}`).collection<Row>('log'))).toEqual([3, 1, 2]);
  await client.db('shop@exp').collection<Row>('log').insertOne({ _id: 9 });
  expect(await order(client.db('shop@exp').collection<Row>('log'))).toEqual([1, 2, 9]);
  await bridge.restart();
  expect(await order((await bridge.client()).db('shop').collection<Row>('log'))).toEqual([1, 2, 0]);
});

it('is tailed: a cursor waits at its end for what is inserted next', async () => {
  await capped.insertMany([{ _id: 1 }, { _id: 2 }]);
  const cursor = capped.find({ _id: { $ne: 4 } }, { tailable: true, awaitData: true, maxAwaitTimeMS: 5000 });
  expect([await cursor.next(), await cursor.next()]).toEqual([{ _id: 1 }, { _id: 2 }]);
  const next = cursor.next();
  await capped.insertOne({ _id: 4 });
  await capped.insertOne({ _id: 3 });
  expect(await next).toEqual({ _id: 3 });
  await capped.insertMany([{ _id: 10 }, { _id: 11 }, { _id: 12 }]);
  await expect(cursor.next()).rejects.toMatchObject({ code: 136 });
  await cursor.close();
});

it('is waited at for longer than the query itself may take', async () => {
  await capped.insertOne({ _id: 1 });
  const options = { tailable: true, awaitData: true, maxTimeMS: 100, maxAwaitTimeMS: 400 };
  const cursor = capped.find({}, options);
  expect(await cursor.next()).toEqual({ _id: 1 });
  expect(await cursor.tryNext()).toBeNull();
  await cursor.close();
});

it('tells a cursor without awaitData at once that nothing is new, and one on nothing that it is over', async () => {
  expect(await capped.find({}, { tailable: true }).toArray()).toEqual([]);
  await capped.insertOne({ _id: 1 });
  const opened = (await db.command({ find: 'log', tailable: true })) as {
    cursor: { id: unknown; firstBatch: unknown[] };
  };
  expect(opened.cursor.firstBatch).toEqual([{ _id: 1 }]);
  const more = await db.command({ getMore: opened.cursor.id, collection: 'log' });
  expect(more).toMatchObject({ cursor: { nextBatch: [] } });
  await expect(db.command({ find: 'log', tailable: true, sort: { a: 1 } })).rejects.toMatchObject({
    code: 2
  });
  await db.collection('plain').insertOne({});
  await expect(db.command({ find: 'plain', tailable: true })).rejects.toMatchObject({ code: 2 });
});

it('is made of a collection by convertToCapped', async () => {
  const plain = db.collection<Row>('plain');
  for (const _id of [3, 1, 2]) {
    await plain.insertOne({ _id, text: 'x'.repeat(80) });
  }
  await plain.createIndex({ text: 1 });
  await db.command({ convertToCapped: 'plain', size: 256 });
  expect(await order(plain)).toEqual([1, 2]);
  expect(await plain.indexes()).toHaveLength(1);
});
