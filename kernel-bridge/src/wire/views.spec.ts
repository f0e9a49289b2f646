import type { Db, Document } from 'mongodb';
import { TestBridge } from './testing';

interface Row extends Document {
  _id: number;
}

let bridge: TestBridge;
let db: Db;

beforeEach(async () => {
  bridge = await TestBridge.start();
  db = (await bridge.client()).db('shop');
  await db
    .collection<Row>('items')
    .insertMany([1, 2, 3, 4].map(n => ({ _id: n, n, tag: n % 2 ? 'odd' : 'even' })));
  await db.createCollection('odd', {
    viewOn: 'items',
    pipeline: [{ $match: { tag: 'odd' } }, { $project: { tag: 0 } }]
  });
});

afterEach(() => bridge.stop());

it('shows its collection through a pipeline to find, count, distinct, aggregate, lookup and explain', async () => {
  const odd = db.collection<Row>('odd');
  expect(
    await odd
      .find({ n: { $gt: 0 } })
      .sort({ n: -1 })
      .project({ _id: 0 })
      .toArray()
  ).toEqual([{ n: 3 }, { n: 1 }]);
  expect(await odd.find().skip(1).limit(1).toArray()).toEqual([{ _id: 3, n: 3 }]);
  expect(await odd.countDocuments({ n: 3 })).toBe(1);
  expect(await odd.estimatedDocumentCount()).toBe(2);
  expect((await odd.distinct('n')).sort()).toEqual([1, 3]);
  expect(await odd.aggregate([{ $group: { _id: null, n: { $sum: '$n' } } }]).toArray()).toEqual([
    { _id: null, n: 4 }
  ]);
  const joined = await db
    .collection('items')
    .aggregate([
      { $lookup: { from: 'odd', localField: 'n', foreignField: 'n', as: 'same' } },
      { $match: { same: { $ne: [] } } }
    ])
    .toArray();
  expect(joined.map(({ _id }) => _id as unknown)).toEqual([1, 3]);
  expect(JSON.stringify(await odd.find({ n: 1 }).explain('executionStats'))).toContain('COLLSCAN');
});

it('is listed as a view, changed by collMod, and part of history', async () => {
  expect(await db.listCollections({ type: 'view' }).toArray()).toMatchObject([
    { name: 'odd', options: { viewOn: 'items' }, info: { readOnly: true } }
  ]);
  const { lsn } = bridge.engine.resolve('shop', 'main');
  await db.command({ collMod: 'odd', viewOn: 'items', pipeline: [] });
  expect(await db.collection('odd').countDocuments()).toBe(4);
  const before = (await bridge.client()).db(`shop@main:${lsn}`);
  expect(await before.collection('odd').countDocuments()).toBe(2);
  await db.collection('odd').drop();
  expect(await db.listCollections({ name: 'odd' }).toArray()).toEqual([]);
  expect(await db.collection('items').countDocuments()).toBe(4);
});

it('takes no writes and no indexes', async () => {
  const odd = db.collection<Row>('odd');
  const refused = { code: 166 };
  await expect(odd.insertOne({ _id: 5, n: 5 })).rejects.toMatchObject(refused);
  await expect(odd.updateOne({}, { $set: { n: 5 } })).rejects.toMatchObject(refused);
  await expect(odd.deleteMany({})).rejects.toMatchObject(refused);
  await expect(odd.findOneAndDelete({})).rejects.toMatchObject(refused);
  await expect(odd.createIndex({ n: 1 })).rejects.toMatchObject(refused);
  await expect(db.command({ listIndexes: 'odd' })).rejects.toMatchObject(refused);
  await expect(
    db
      .collection('items')
      .aggregate([{ $out: 'odd' }])
      .toArray()
  ).rejects.toMatchObject(refused);
});

it('is refused when it would lead to itself, write, or lie too deep', async () => {
  await db.createCollection('more', { viewOn: 'odd', pipeline: [] });
  await expect(db.command({ collMod: 'odd', viewOn: 'more', pipeline: [] })).rejects.toMatchObject({
    code: 5
  });
  await expect(
    db.createCollection('bad', { viewOn: 'items', pipeline: [{ $out: 'x' }] })
  ).rejects.toMatchObject({ code: 167 });
  await expect(
    db.createCollection('bad', { viewOn: 'items', pipeline: [{ $nope: 1 }] })
  ).rejects.toMatchObject({ code: 40324 });
  await expect(db.createCollection('odd', { viewOn: 'items', pipeline: [] })).rejects.toMatchObject({
    code: 48
  });
  for (let depth = 0; depth < 25; depth++) {
    await db
      .createCollection(`d${depth}`, { viewOn: depth === 0 ? 'items' : `d${depth - 1}`, pipeline: [] })
      .catch(() => undefined);
  }
  await expect(db.createCollection('deep', { viewOn: 'd19', pipeline: [] })).rejects.toMatchObject({
    code: 165
  });
});

it('shows nothing of what is not there, like any name that was never used', async () => {
  await db.createCollection('empty', { viewOn: 'nothing', pipeline: [] });
  for (const name of ['empty', 'nothing']) {
    expect(await db.collection(name).countDocuments()).toBe(0);
    expect(
      await db
        .collection(name)
        .aggregate([{ $sort: { a: 1 } }])
        .toArray()
    ).toEqual([]);
  }
  const unused = (await bridge.client()).db('unused').collection('nothing');
  expect(await unused.aggregate([{ $group: { _id: null } }]).toArray()).toEqual([]);
});
