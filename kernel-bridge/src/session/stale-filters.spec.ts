import type { Collection, Db, Document } from 'mongodb';
import { TestBridge } from '../wire/testing';
import { CellExecution } from './activity';
import type { SessionPlace } from './directory';
import { CELL_FILTER_BYTES_MAX, CELL_FILTERS_MAX } from './filters';
import { rerunPlan, staleCells } from './stale';

const PROJECT = 'shop';

interface Bird {
  _id: number;
  kind: string;
  mass: number;
}

const BIRDS: Bird[] = [
  { _id: 1, kind: 'adelie', mass: 3700 },
  { _id: 2, kind: 'adelie', mass: 3800 },
  { _id: 3, kind: 'gentoo', mass: 5000 },
  { _id: 4, kind: 'gentoo', mass: 5100 }
];

describe('what a cell asked for', () => {
  let bridge: TestBridge;
  let cell: CellExecution | undefined;
  let own: Db;
  let other: Db;
  let count = 0;

  beforeAll(async () => {
    bridge = await TestBridge.start({
      byAppName: name => (name === 'argon:s' ? place() : undefined),
      noteRead: (_session, read) => cell?.noteRead(read),
      noteWrite: (_session, write) => cell?.noteWrite(write)
    });
    own = (await bridge.client({ appName: 'argon:s' })).db(PROJECT);
    other = (await bridge.client()).db(PROJECT);
  });
  afterAll(() => bridge.stop());

  beforeEach(async () => {
    await other.dropDatabase();
    await other.collection<Bird>('birds').insertMany(BIRDS);
    await other.collection<Document>('sites').insertOne({ _id: 1 as never, kind: 'gentoo', place: 'here' });
  });

  function place(): SessionPlace {
    const origin = { actor: 'ann', session: 's' };
    return {
      id: 's',
      origin: cell === undefined ? origin : { ...origin, cell: cell.cell, cellNumber: cell.cellNumber! }
    };
  }

  async function run(read: (birds: Collection<Bird>, db: Db) => Promise<unknown>): Promise<CellExecution> {
    cell = new CellExecution('c', ++count, new Date());
    await read(own.collection<Bird>('birds'), own);
    const ran = cell;
    cell = undefined;
    return ran;
  }

  const birds = (): Collection<Bird> => other.collection<Bird>('birds');
  const isStale = async (execution: CellExecution): Promise<boolean> =>
    (await staleCells(bridge.engine, 's', [execution])).length > 0;

  const gentoo = { kind: 'gentoo' };
  it.each<[string, (birds: Collection<Bird>) => Promise<unknown>]>([
    ['find', c => c.find(gentoo).toArray()],
    ['a find in many batches', c => c.find(gentoo, { batchSize: 1 }).toArray()],
    ['findOne', c => c.findOne(gentoo)],
    ['count', c => c.countDocuments(gentoo)],
    ['the count command', c => c.count(gentoo)],
    ['distinct', c => c.distinct('mass', gentoo)],
    ['a pipeline', c => c.aggregate([{ $match: gentoo }, { $group: { _id: 0, n: { $sum: 1 } } }]).toArray()],
    [
      'a pipeline of two filters',
      c => c.aggregate([{ $match: gentoo }, { $match: { mass: { $gt: 0 } } }]).toArray()
    ],
    ['sorted and limited', c => c.find(gentoo).sort({ mass: -1 }).limit(1).toArray()]
  ])('by %s is stale only by what its filter matches', async (_name, read) => {
    const execution = await run(read);
    expect(execution.readings()).toMatchObject([{ collection: 'birds' }]);
    await birds().updateOne({ _id: 1 }, { $set: { mass: 1 } });
    await birds().insertOne({ _id: 5, kind: 'adelie', mass: 3000 });
    await birds().deleteOne({ _id: 2 });
    expect(await isStale(execution)).toBe(false);
    await birds().updateOne({ _id: 3 }, { $set: { mass: 1 } });
    const [stale] = await staleCells(bridge.engine, 's', [execution]);
    expect(stale?.reads[0]?.changed).toMatchObject({ op: 'update', collection: 'birds' });
    expect(stale?.reads[0]?.changed?.lsn).toBe(bridge.engine.resolve(PROJECT, 'main').lsn);
  });

  it('is to be run again when a stale cell wrote some of it, and else not', async () => {
    const sources = await run(async (c, db) => {
      const [site] = await db.collection('sites').find().toArray();
      await c.updateMany(gentoo, { $set: { place: site?.['place'] } });
    });
    const readers = await Promise.all(
      [gentoo, { kind: 'adelie' }, { place: 'here' }, {}].map(async (filter, n) => {
        const reader = new CellExecution(`r${n}`, 100 + n, new Date());
        return { filter, reader };
      })
    );
    for (const { filter, reader } of readers) {
      cell = reader;
      await own.collection<Document>('birds').find(filter).toArray();
      cell = undefined;
    }
    await other.collection('sites').updateOne({ kind: 'gentoo' }, { $set: { place: 'there' } });
    const all = [sources, ...readers.map(({ reader }) => reader)];
    const stale = await staleCells(bridge.engine, 's', all);
    expect(stale.map(({ execution }) => execution)).toEqual([sources]);
    const plan = await rerunPlan(bridge.engine, 's', all, stale);
    expect(plan.map(({ execution, after }) => [execution.cell, after.length])).toEqual([
      ['c', 0],
      ['r0', 1],
      ['r2', 1],
      ['r3', 1]
    ]);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['an insert', () => birds().insertOne({ _id: 9, kind: 'gentoo', mass: 1 })],
    ['a delete', () => birds().deleteOne({ _id: 3 })],
    ['an update that moves a document in', () => birds().updateOne({ _id: 1 }, { $set: gentoo })],
    ['an update that moves one out', () => birds().updateOne({ _id: 3 }, { $set: { kind: 'adelie' } })],
    ['a drop', () => birds().drop()],
    [
      'a drop and other documents',
      async () => {
        await birds().drop();
        await birds().insertMany(BIRDS.slice(0, 2));
      }
    ]
  ])('grows old by %s', async (_name, change) => {
    const execution = await run(c => c.find(gentoo).toArray());
    await change();
    expect(await isStale(execution)).toBe(true);
  });

  it('is fresh when all that its filter matched is back, whatever else has changed', async () => {
    const execution = await run(c => c.find(gentoo).toArray());
    await birds().updateMany(gentoo, { $set: { mass: 1 } });
    await birds().updateOne({ _id: 1 }, { $set: { kind: 'gentoo' } });
    expect(await isStale(execution)).toBe(true);
    await birds().updateOne({ _id: 3 }, { $set: { mass: 5000 } });
    await birds().updateOne({ _id: 4 }, { $set: { mass: 5100 } });
    await birds().updateOne({ _id: 1 }, { $set: { kind: 'chinstrap', mass: 7 } });
    expect(await isStale(execution)).toBe(false);
  });

  it('is not old by what the cell wrote itself', async () => {
    const execution = await run(async c => {
      await c.find(gentoo).toArray();
      await c.updateMany(gentoo, { $inc: { mass: 1 } });
    });
    await birds().updateOne({ _id: 1 }, { $set: { mass: 1 } });
    expect(await isStale(execution)).toBe(false);
  });

  it('counts each filter from when it was asked with', async () => {
    const execution = await run(async c => {
      await c.findOne({ _id: 1 });
      await birds().updateOne({ _id: 3 }, { $set: { mass: 1 } });
      await c.findOne({ _id: 3 });
    });
    expect(await isStale(execution)).toBe(false);
    await birds().updateOne({ _id: 2 }, { $set: { mass: 1 } });
    expect(await isStale(execution)).toBe(false);
    await birds().updateOne({ _id: 1 }, { $set: { mass: 1 } });
    expect(await isStale(execution)).toBe(true);
  });

  it('is compared by the collation of the read', async () => {
    const collation = { locale: 'en', strength: 2 };
    const folded = await run(c => c.find({ kind: 'GENTOO' }, { collation }).toArray());
    const exact = await run(c => c.find({ kind: 'GENTOO' }).toArray());
    await birds().updateOne({ _id: 3 }, { $set: { mass: 1 } });
    expect(await isStale(folded)).toBe(true);
    expect(await isStale(exact)).toBe(false);
  });

  it('is compared by the collation of the collection', async () => {
    await other.createCollection('folded', { collation: { locale: 'en', strength: 2 } });
    const folded = other.collection<Bird>('folded');
    await folded.insertMany(BIRDS);
    const execution = await run((_birds, db) => db.collection('folded').find({ kind: 'GENTOO' }).toArray());
    await folded.updateOne({ _id: 1 }, { $set: { mass: 1 } });
    expect(await isStale(execution)).toBe(false);
    await folded.updateOne({ _id: 3 }, { $set: { mass: 1 } });
    expect(await isStale(execution)).toBe(true);
  });

  it('of a join is all of the other collection, one that is not there yet included', async () => {
    const join = (from: string) => (c: Collection<Bird>) =>
      c
        .aggregate([
          { $match: gentoo },
          { $lookup: { from, localField: 'kind', foreignField: 'kind', as: 'sites' } }
        ])
        .toArray();
    const execution = await run(join('sites'));
    const toCome = await run(join('nests'));
    await birds().updateOne({ _id: 1 }, { $set: { mass: 1 } });
    expect(await isStale(execution)).toBe(false);
    await other.collection('sites').insertOne({ kind: 'chinstrap' });
    expect(await isStale(execution)).toBe(true);
    expect(await isStale(toCome)).toBe(false);
    await other.collection('nests').insertOne({ kind: 'gentoo' });
    expect(await isStale(toCome)).toBe(true);
  });

  it.each<[string, (db: Db) => Promise<unknown>]>([
    [
      'find',
      db =>
        db
          .collection('big')
          .find({ mass: { $gt: 0 } })
          .toArray()
    ],
    ['distinct', db => db.collection('big').distinct('mass')],
    ['count', db => db.collection('big').count()],
    [
      'a pipeline',
      db =>
        db
          .collection('big')
          .aggregate([{ $group: { _id: 0 } }])
          .toArray()
    ],
    [
      'a join',
      db =>
        db
          .collection('sites')
          .aggregate([{ $unionWith: 'big' }])
          .toArray()
    ]
  ])('through a view by %s is a read of what is below', async (name, read) => {
    await other.createCollection('big', { viewOn: 'birds', pipeline: [{ $match: gentoo }] });
    const execution = await run((_birds, db) => read(db));
    expect(execution.readings().map(({ collection }) => collection)).toContain('birds');
    await birds().updateOne({ _id: 1 }, { $set: { mass: 1 } });
    expect(await isStale(execution)).toBe(name === 'a join');
    await birds().updateOne({ _id: 3 }, { $set: { mass: 1 } });
    expect(await isStale(execution)).toBe(true);
  });

  it.each<[string, Document]>([
    ['chance', { $sampleRate: 0.0 }],
    ['the time', { $expr: { $gt: ['$mass', { $toLong: '$$NOW' }] } }]
  ])('that depends on %s is the whole collection', async (_name, filter) => {
    const execution = await run(c => c.find(filter).toArray());
    await birds().updateOne({ _id: 1 }, { $set: { mass: 1 } });
    expect(await isStale(execution)).toBe(true);
  });

  it('with a variable is the whole collection', async () => {
    const execution = await run(c =>
      c.find({ $expr: { $eq: ['$kind', '$$kind'] } }, { let: { kind: 'gentoo' } } as never).toArray()
    );
    await birds().updateOne({ _id: 1 }, { $set: { mass: 1 } });
    expect(await isStale(execution)).toBe(true);
  });

  it('that fails on a document is not silent about it', async () => {
    const execution = await run(c =>
      c.find({ _id: 1, $expr: { $eq: [{ $toInt: '$mass' }, 3700] } }).toArray()
    );
    await birds().updateOne({ _id: 2 }, { $set: { mass: 'heavy' as never } });
    expect(await isStale(execution)).toBe(false);
    await birds().updateOne({ _id: 1 }, { $set: { mass: 'heavy' as never } });
    expect(await isStale(execution)).toBe(true);
  });

  it('in too many words is the whole collection', async () => {
    const some = await run(async c => {
      for (let id = 0; id < CELL_FILTERS_MAX; id++) {
        await c.findOne({ _id: id });
        await c.findOne({ _id: id });
      }
    });
    const many = await run(async c => {
      for (let id = 0; id <= CELL_FILTERS_MAX; id++) {
        await c.findOne({ _id: id });
      }
    });
    const long = await run(c => c.findOne({ _id: -1, kind: 'x'.repeat(CELL_FILTER_BYTES_MAX) }));
    await birds().insertOne({ _id: 1_000, kind: 'adelie', mass: 1 });
    expect(await isStale(some)).toBe(false);
    expect(await isStale(many)).toBe(true);
    expect(await isStale(long)).toBe(true);
  });
});
