import type { Db, Document } from 'mongodb';
import { TestBridge } from './testing';

const DOCUMENTS = 12_000;

type Numbered = Document & { _id: number };

let bridge: TestBridge;
let db: Db;

const documents = Array.from({ length: DOCUMENTS }, (_, n) => ({
  _id: n,
  n,
  group: n % 7,
  text: `${(n * 7919) % DOCUMENTS}`,
  tags: [n % 3, n % 5]
}));

// A thread loads its code first, which takes seconds where others want the processor too.
jest.setTimeout(30_000);

beforeAll(async () => {
  bridge = await TestBridge.start();
  db = (await bridge.client()).db('large');
  await db.collection<Numbered>('d').insertMany(documents);
  await db
    .collection<Numbered>('names')
    .insertMany([0, 1, 2, 3, 4, 5, 6].map(_id => ({ _id, name: `g${_id}` })));
}, 60_000);
afterAll(() => bridge.stop());

describe('reads of a large collection, which run on workers', () => {
  const d = () => db.collection<Numbered>('d');
  const odd = documents.filter(({ n }) => n % 2 === 1);

  it('find: filter, order, skip, limit, projection', async () => {
    expect(
      await d()
        .find({ n: { $mod: [2, 1] } })
        .toArray()
    ).toEqual(odd);
    expect(
      await d()
        .find({ n: { $mod: [2, 1] } }, { sort: { _id: -1 }, skip: 5_500, limit: 3 })
        .toArray()
    ).toEqual([...odd].reverse().slice(5_500, 5_503));
    expect(
      await d()
        .find({ n: { $mod: [2, 1] }, tags: 4 }, { projection: { 'tags.$': 1 }, sort: { text: 1 }, limit: 20 })
        .toArray()
    ).toEqual(
      odd
        .filter(({ tags }) => tags.includes(4))
        .sort((a, b) => (a.text < b.text ? -1 : 1))
        .slice(0, 20)
        .map(({ _id }) => ({ _id, tags: [4] }))
    );
    expect(bridge.engine.status().images.workers).toBeGreaterThan(0);
  });

  it('count and distinct', async () => {
    expect(await db.command({ count: 'd', query: { n: { $mod: [2, 1] } }, skip: 10 })).toMatchObject({
      n: odd.length - 10
    });
    expect(await d().distinct('group', { n: { $gt: 11_000 } })).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  it('aggregate: a group, and stages behind it that read other collections', async () => {
    const groups = await d()
      .aggregate([
        { $match: { n: { $mod: [2, 1] } } },
        { $group: { _id: '$group', sum: { $sum: '$n' }, first: { $first: '$text' } } },
        { $sort: { _id: 1 } },
        { $lookup: { from: 'names', localField: '_id', foreignField: '_id', as: 'name' } },
        { $set: { name: { $first: '$name.name' } } }
      ])
      .toArray();
    expect(groups).toEqual(
      [0, 1, 2, 3, 4, 5, 6].map(_id => {
        const members = odd.filter(({ group }) => group === _id);
        return {
          _id,
          sum: members.reduce((sum, { n }) => sum + n, 0),
          first: members[0]!.text,
          name: `g${_id}`
        };
      })
    );
  });

  it('aggregate: results without end, batch by batch', async () => {
    const cursor = d().aggregate([{ $project: { double: { $multiply: ['$n', 2] } } }], { batchSize: 700 });
    let n = 0;
    for await (const { _id, double } of cursor) {
      expect([_id, double]).toEqual([n, 2 * n]);
      n++;
    }
    expect(n).toBe(DOCUMENTS);
  });

  it('say of what they are made when they fail', async () => {
    const divide = { r: { $divide: [1, { $subtract: ['$n', 11_900] }] } };
    await expect(
      d()
        .aggregate([{ $project: divide }, { $group: { _id: '$r' } }])
        .toArray()
    ).rejects.toMatchObject({
      code: 2,
      message: "PlanExecutor error during aggregation :: caused by :: can't $divide by zero"
    });
    await expect(
      d()
        .find({ $expr: { $gt: [divide.r, 5] } })
        .toArray()
    ).rejects.toMatchObject({ code: 2 });
  });

  it('stop when their time is over', async () => {
    const slow = { $expr: { $lt: [{ $size: { $range: [0, { $add: ['$n', 3_000] }] } }, 5] } };
    await expect(d().countDocuments(slow, { maxTimeMS: 30 })).rejects.toMatchObject({ code: 50 });
    await expect(d().find(slow, { maxTimeMS: 30 }).toArray()).rejects.toMatchObject({ code: 50 });
  });

  it('explain how many documents they looked at', async () => {
    const { executionStats } = (await d()
      .find({ n: { $gte: 9_000 } })
      .limit(5)
      .explain('executionStats')) as { executionStats: Document };
    expect(executionStats).toMatchObject({ nReturned: 5, totalDocsExamined: 9_005 });
  });

  it('updateMany loses nothing that others write meanwhile', async () => {
    const all = { n: { $gte: 0 } };
    const counts = db.collection<Numbered>('counts');
    await counts.insertMany(documents.map(({ _id, n }) => ({ _id, n, hits: 0 })));
    const [first, second] = await Promise.all([
      counts.updateMany(all, { $inc: { hits: 1 } }),
      counts.updateMany(all, { $inc: { hits: 10 } }),
      ...Array.from({ length: 50 }, (_, i) =>
        counts.updateOne({ _id: i * 200 + 100 }, { $inc: { hits: 100 } })
      )
    ]);
    expect([first.modifiedCount, second.modifiedCount]).toEqual([DOCUMENTS, DOCUMENTS]);
    await counts.updateMany(all, { $inc: { hits: 1_000 } });
    expect(await counts.countDocuments({ hits: 1_111 })).toBe(50);
    expect(await counts.countDocuments({ hits: 1_011 })).toBe(DOCUMENTS - 50);
  }, 60_000);

  it('updateMany and deleteMany find their documents', async () => {
    const { modifiedCount } = await d().updateMany({ n: { $gte: 11_000 } }, { $set: { late: true } });
    expect(modifiedCount).toBe(1_000);
    expect((await d().deleteMany({ late: true, group: 3 })).deletedCount).toBe(
      documents.filter(({ n, group }) => n >= 11_000 && group === 3).length
    );
  });
});
