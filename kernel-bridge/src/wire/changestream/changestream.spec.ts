import { Binary, type ChangeStream, type Collection, type Document, type MongoClient } from 'mongodb';
import { TestBridge } from '../testing';
import { describeUpdate } from './description';
import { ChangeFeed } from './feed';
import { BSON } from 'mongodb';

let bridge: TestBridge;
let client: MongoClient;
let birds: Collection<Document>;
const origin = { actor: 'test' };

beforeEach(async () => {
  bridge = await TestBridge.start();
  client = await bridge.client();
  birds = client.db('zoo').collection('birds');
  await birds.insertOne({ _id: 1 as never, name: 'Pip', mass: 3 });
});
afterEach(() => bridge.stop());

/** The next `count` events. */
async function take(stream: ChangeStream, count: number): Promise<Document[]> {
  const events: Document[] = [];
  while (events.length < count) {
    events.push(await stream.next());
  }
  return events;
}

/** A stream that is open before what follows is done. */
async function open(stream: ChangeStream): Promise<ChangeStream> {
  await stream.tryNext();
  return stream;
}

describe('A change stream', () => {
  it('tells inserts, updates and deletes of a collection, with what they changed', async () => {
    const stream = await open(birds.watch());
    await birds.insertOne({ _id: 2 as never, name: 'Gus' });
    await birds.updateOne({ _id: 1 as never }, { $set: { mass: 4, 'home.zone': 2 }, $unset: { name: 1 } });
    await birds.replaceOne({ _id: 2 as never }, { name: 'Ada' });
    await birds.deleteOne({ _id: 2 as never });
    await client.db('zoo').collection('fish').insertOne({});
    await birds.insertOne({ _id: 3 as never });
    const events = await take(stream, 5);
    expect(events).toMatchObject([
      {
        operationType: 'insert',
        ns: { db: 'zoo', coll: 'birds' },
        documentKey: { _id: 2 },
        fullDocument: { _id: 2, name: 'Gus' }
      },
      {
        operationType: 'update',
        documentKey: { _id: 1 },
        updateDescription: {
          updatedFields: { mass: 4, home: { zone: 2 } },
          removedFields: ['name'],
          truncatedArrays: []
        }
      },
      { operationType: 'replace', documentKey: { _id: 2 }, fullDocument: { _id: 2, name: 'Ada' } },
      { operationType: 'delete', documentKey: { _id: 2 } },
      { operationType: 'insert', documentKey: { _id: 3 } }
    ]);
    expect(events[1]).not.toHaveProperty('fullDocument');
    expect(events[2]).not.toHaveProperty('updateDescription');
    expect(events[3]).not.toHaveProperty('fullDocument');
    const times = events.map(({ clusterTime }) => (clusterTime as { toBigInt(): bigint }).toBigInt());
    expect([...times].sort((a, b) => (a < b ? -1 : 1))).toEqual(times);
    await stream.close();
  });

  it('has every image: as it is now, as the change left it, as it was before', async () => {
    const now = await open(birds.watch([], { fullDocument: 'updateLookup' }));
    const exact = await open(
      birds.watch([], { fullDocument: 'required', fullDocumentBeforeChange: 'required' })
    );
    await birds.updateOne({ _id: 1 as never }, { $set: { mass: 4 } });
    await birds.updateOne({ _id: 1 as never }, { $set: { mass: 5 } });
    expect((await take(now, 1))[0]).toMatchObject({ fullDocument: { mass: 5 } });
    expect(await take(exact, 2)).toMatchObject([
      { fullDocument: { mass: 4 }, fullDocumentBeforeChange: { mass: 3 } },
      { fullDocument: { mass: 5 }, fullDocumentBeforeChange: { mass: 4 } }
    ]);
    await birds.deleteOne({ _id: 1 as never });
    expect(await take(exact, 1)).toMatchObject([
      { operationType: 'delete', fullDocumentBeforeChange: { mass: 5 } }
    ]);
    const gone = await open(birds.watch([], { fullDocument: 'updateLookup' }));
    await birds.insertOne({ _id: 9 as never });
    await birds.updateOne({ _id: 9 as never }, { $set: { a: 1 } });
    await birds.deleteOne({ _id: 9 as never });
    expect((await take(gone, 2))[1]).toMatchObject({ operationType: 'update', fullDocument: null });
    await Promise.all([now.close(), exact.close(), gone.close()]);
  });

  it('goes on from a token, also after the bridge was started again', async () => {
    const stream = await open(birds.watch());
    await birds.insertMany(Array.from({ length: 10 }, (_, i) => ({ _id: (10 + i) as never })));
    const [first] = await take(stream, 3);
    const resumeAfter = stream.resumeToken;
    await stream.close();
    await bridge.restart();
    client = await bridge.client();
    birds = client.db('zoo').collection('birds');
    const again = birds.watch([], { resumeAfter });
    expect((await take(again, 7)).map(event => (event['documentKey'] as Document)['_id'] as number)).toEqual([
      13, 14, 15, 16, 17, 18, 19
    ]);
    await again.close();
    const at = birds.watch([], { startAtOperationTime: first!['clusterTime'] as never });
    expect((await take(at, 1))[0]).toMatchObject({ documentKey: { _id: 10 } });
    await at.close();
  });

  it('sends its events through a pipeline, which may not touch the token', async () => {
    const stream = await open(
      birds.watch([{ $match: { 'fullDocument.keep': true } }, { $project: { 'fullDocument.n': 1 } }])
    );
    await birds.insertMany(Array.from({ length: 50 }, (_, n) => ({ keep: n % 25 === 0, n })));
    expect((await take(stream, 2)).map(event => event['fullDocument'] as Document)).toEqual([
      { n: 0 },
      { n: 25 }
    ]);
    await stream.close();
    const broken = birds.watch([{ $project: { _id: 0 } }]);
    await broken.tryNext().catch(() => undefined);
    await birds.insertOne({});
    await expect(take(broken, 1)).rejects.toMatchObject({});
    await expect(
      client.db('zoo').command({
        aggregate: 'birds',
        pipeline: [{ $changeStream: {} }, { $group: { _id: 1 } }],
        cursor: {}
      })
    ).rejects.toMatchObject({ code: 20 });
  });

  it('of a database tells of its collections, and is over for a collection that is dropped', async () => {
    const ofDatabase = await open(client.db('zoo').watch([], { showExpandedEvents: true }));
    const ofCollection = await open(birds.watch());
    await client
      .db('zoo')
      .collection('fish')
      .insertOne({ _id: 1 as never });
    await client.db('zoo').collection('fish').createIndex({ a: 1 });
    await client.db('zoo').collection('fish').rename('fishes');
    await birds.drop();
    expect(
      (await take(ofDatabase, 5)).map(({ operationType, ns }) => [
        operationType as string,
        (ns as Document)['coll'] as string
      ])
    ).toEqual([
      ['create', 'fish'],
      ['insert', 'fish'],
      ['createIndexes', 'fish'],
      ['rename', 'fish'],
      ['drop', 'birds']
    ]);
    const [drop, end] = await take(ofCollection, 2);
    expect(drop).toMatchObject({ operationType: 'drop', ns: { db: 'zoo', coll: 'birds' } });
    expect(end).toMatchObject({ operationType: 'invalidate' });
    const token = end!['_id'];
    await expect(
      birds.aggregate([{ $changeStream: { resumeAfter: token } }]).toArray()
    ).rejects.toMatchObject({ code: 260 });
    const after = birds.watch([], { startAfter: token });
    await after.tryNext();
    await birds.insertOne({ _id: 5 as never });
    expect(await take(after, 1)).toMatchObject([{ operationType: 'insert', documentKey: { _id: 5 } }]);
    await ofDatabase.close();
    const whole = await open(client.db('zoo').watch());
    await client.db('zoo').dropDatabase();
    expect((await take(whole, 4)).map(event => event['operationType'] as string)).toEqual([
      'drop',
      'drop',
      'dropDatabase',
      'invalidate'
    ]);
    await Promise.all([ofCollection.close(), after.close(), whole.close()]);
  });

  it('of the deployment follows all projects in the order of their commits, new ones too', async () => {
    const stream = await open(client.watch());
    for (let round = 0; round < 3; round++) {
      await birds.insertOne({ round });
      await client.db(`project-${round}`).collection<Document>('c').insertOne({ round });
    }
    expect((await take(stream, 6)).map(event => (event['ns'] as Document)['db'] as string)).toEqual([
      'zoo',
      'project-0',
      'zoo',
      'project-1',
      'zoo',
      'project-2'
    ]);
    const resumeAfter = stream.resumeToken;
    await client.withSession(async session => {
      await session.withTransaction(async () => {
        await birds.insertOne({ both: 1 }, { session });
        await client.db('project-0').collection<Document>('c').insertOne({ both: 2 }, { session });
      });
    });
    const [one, two] = await take(stream, 2);
    expect(one!['clusterTime']).toEqual(two!['clusterTime']);
    expect(one!['txnNumber']).toEqual(two!['txnNumber']);
    expect((one!['lsid'] as { id: unknown }).id).toBeInstanceOf(Binary);
    for (const [token, left] of [
      [resumeAfter, 2],
      [one!['_id'], 1],
      [two!['_id'], 0]
    ] as const) {
      const resumed = client.watch([], { resumeAfter: token });
      await birds.insertOne({ last: left });
      const events = await take(resumed, left + 1);
      expect((events[left]!['fullDocument'] as Document)['_id']).toBeDefined();
      expect(events.slice(0, left).map(({ clusterTime }) => clusterTime)).toEqual(
        Array.from({ length: left }, () => one!['clusterTime'])
      );
      await resumed.close();
    }
    await stream.close();
  });

  it('follows one branch, tells what a merge brings to it, and ends when the branch is reset', async () => {
    const { engine } = bridge;
    await engine.createBranch('zoo', 'exp', origin);
    const main = await open(birds.watch());
    const exp = client.db('zoo~exp').collection('birds');
    const ofExp = await open(exp.watch());
    await exp.updateOne({ _id: 1 as never }, { $set: { mass: 9 } });
    expect(await take(ofExp, 1)).toMatchObject([{ ns: { db: 'zoo~exp', coll: 'birds' } }]);
    expect(await main.tryNext()).toBe(null);
    const plan = await engine.planMerge('zoo', 'exp', 'main', origin);
    await engine.applyPlan('zoo', plan.id, origin);
    expect(await take(main, 1)).toMatchObject([
      { operationType: 'update', updateDescription: { updatedFields: { mass: 9 } } }
    ]);
    await engine.resetBranch('zoo', 'exp', 'main@1', origin);
    expect(await take(ofExp, 1)).toMatchObject([{ operationType: 'invalidate' }]);
    await Promise.all([main.close(), ofExp.close()]);
  });

  it('waits no longer than it is told, and answers at once when something comes', async () => {
    const db = client.db('zoo');
    const first = await db.command({ aggregate: 'birds', pipeline: [{ $changeStream: {} }], cursor: {} });
    const cursor = first['cursor'] as { id: bigint; postBatchResumeToken: Document };
    expect(cursor.postBatchResumeToken).toHaveProperty('_data');
    const more = (): Promise<Document> =>
      db.command({ getMore: cursor.id, collection: 'birds', maxTimeMS: 5_000 });
    const waiting = more();
    const began = Date.now();
    await birds.insertOne({});
    expect(((await waiting)['cursor'] as Document)['nextBatch']).toHaveLength(1);
    expect(Date.now() - began).toBeLessThan(4_000);
    const empty = await db.command({ getMore: cursor.id, collection: 'birds', maxTimeMS: 50 });
    expect((empty['cursor'] as Document)['nextBatch']).toEqual([]);
    expect((empty['cursor'] as Document)['id']).toEqual(cursor.id);
    await db.command({ killCursors: 'birds', cursors: [cursor.id] });
  });

  it('waits for a project that is not there yet, and holds up nobody', async () => {
    let asked = 0;
    const nowhere = {
      collection: undefined,
      isOne: true,
      branches: () => {
        // A wait that is none would go round here for ever and let no other client in.
        if (++asked > 100) throw new Error('asked without end');
        return [];
      }
    };
    const request = {
      fullDocument: 'default',
      fullDocumentBeforeChange: 'off',
      expanded: false,
      allChangesForCluster: false,
      start: undefined
    } as const;
    const feed = new ChangeFeed(bridge.engine, nowhere, request);
    expect(await feed.poll(50, new AbortController().signal)).toEqual([]);
    const stream = await open(client.db('later').watch());
    const next = stream.next();
    await client
      .db('later')
      .collection('c')
      .insertOne({ _id: 1 as never });
    expect(await next).toMatchObject({ operationType: 'insert', documentKey: { _id: 1 } });
    await stream.close();
  });

  it('is refused for a past state, two beginnings, and a token of somebody else', async () => {
    const watch = (spec: Document, database = 'zoo'): Promise<unknown> =>
      client
        .db(database)
        .collection('birds')
        .aggregate([{ $changeStream: spec }])
        .toArray();
    await expect(watch({}, 'zoo~main~1')).rejects.toThrow(/past state/);
    await expect(watch({ resumeAfter: {}, startAfter: {} })).rejects.toMatchObject({ code: 50674 });
    await expect(watch({ resumeAfter: { _data: '82' } })).rejects.toMatchObject({ code: 260 });
    await expect(watch({ resumeAfter: { _data: 'no hex' } })).rejects.toMatchObject({ code: 9 });
    await expect(watch({ fullDocument: 'sometimes' })).rejects.toMatchObject({ code: 2 });
    await expect(watch({}, 'admin')).rejects.toMatchObject({ code: 72 });
  });
});

describe('The description of an update', () => {
  const describe_ = (before: Document, after: Document): Document =>
    BSON.deserialize(describeUpdate(Buffer.from(BSON.serialize(before)), Buffer.from(BSON.serialize(after))));

  it.each<[string, Document, Document, Document]>([
    ['a nested field', { a: { b: 1, c: 2 } }, { a: { b: 1, c: 3 } }, { updatedFields: { 'a.c': 3 } }],
    ['a type', { a: 1 }, { a: 1.5 }, { updatedFields: { a: 1.5 } }],
    ['an appended item', { a: [1, 2] }, { a: [1, 2, 3] }, { updatedFields: { 'a.2': 3 } }],
    ['items cut off', { a: [1, 2, 3] }, { a: [1] }, { truncatedArrays: [{ field: 'a', newSize: 1 }] }],
    ['an item changed', { a: [1, 2, 3] }, { a: [1, 5, 3] }, { updatedFields: { 'a.1': 5 } }],
    ['another array', { a: [1, 2] }, { a: [3, 4] }, { updatedFields: { a: [3, 4] } }],
    ['an emptied array', { a: [1] }, { a: [] }, { updatedFields: { a: [] } }],
    [
      'a removed field in an item',
      { a: [{ b: 1, c: 1 }, 2] },
      { a: [{ c: 1 }, 2] },
      { removedFields: ['a.0.b'] }
    ]
  ])('says %s', (_what, before, after, expected) => {
    expect(describe_(before, after)).toEqual({
      updatedFields: {},
      removedFields: [],
      truncatedArrays: [],
      ...expected
    });
  });
});
