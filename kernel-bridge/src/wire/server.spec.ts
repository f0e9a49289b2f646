import { lstatSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  BSON,
  Binary,
  Decimal128,
  Double,
  Int32,
  Long,
  MaxKey,
  MinKey,
  MongoClient,
  ObjectId,
  Timestamp,
  UUID,
  type Db,
  type Document
} from 'mongodb';
import type { SessionDirectory, SessionPlace, SessionRead, SessionWrite } from '../session/directory';
import { RawConnection, TestBridge } from './testing';

let bridge: TestBridge;
let client: MongoClient;
let db: Db;
let databases = 0;

beforeAll(async () => {
  bridge = await TestBridge.start();
  client = await bridge.client();
});
afterAll(() => bridge.stop());
beforeEach(() => {
  db = client.db(`d${++databases}`);
});

const codeOf = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no error',
    (error: { code?: unknown }) => error.code
  );

describe('a driver that connects', () => {
  it('meets the primary of a replica set of one', async () => {
    const hello = await client.db('admin').command({ hello: 1 });
    expect(hello).toMatchObject({
      ok: 1,
      isWritablePrimary: true,
      setName: 'argon',
      hosts: [`127.0.0.1:${bridge.port}`],
      me: `127.0.0.1:${bridge.port}`,
      primary: `127.0.0.1:${bridge.port}`,
      maxWireVersion: 21,
      logicalSessionTimeoutMinutes: 30
    });
  });

  it('finds it without directConnection too, and by the name of the set', async () => {
    for (const query of ['', '?replicaSet=argon']) {
      const other = new MongoClient(`mongodb://127.0.0.1:${bridge.port}/${query}`);
      try {
        expect(await other.db('admin').command({ ping: 1 })).toMatchObject({ ok: 1 });
      } finally {
        await other.close();
      }
    }
  });

  it('may compress what it says', async () => {
    const other = await bridge.client({ compressors: ['zlib'] });
    const big = 'argon '.repeat(20_000);
    await other
      .db(db.databaseName)
      .collection('c')
      .insertOne({ _id: 1 as never, big });
    expect(await other.db(db.databaseName).collection('c').findOne()).toEqual({ _id: 1, big });
  });

  it('can use the unix socket, which only its owner can', async () => {
    expect(lstatSync(bridge.socketPath).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(bridge.socketPath)).mode & 0o777).toBe(0o700);
    const uri = `mongodb://${encodeURIComponent(bridge.socketPath)}/?directConnection=true`;
    const other = await new MongoClient(uri).connect();
    try {
      await other.db(db.databaseName).collection('c').insertOne({ a: 1 });
      expect(await db.collection('c').countDocuments()).toBe(1);
    } finally {
      await other.close();
    }
  });

  it('refuses a user that does not exist, also where nobody has to sign in', async () => {
    const other = new MongoClient(`mongodb://ann:secret@127.0.0.1:${bridge.port}/?directConnection=true`);
    await expect(other.connect()).rejects.toMatchObject({ code: 18 });
    await other.close();
  });
});

describe('documents', () => {
  it('come back byte for byte, with _id in front', async () => {
    const document = {
      s: 'ünï\0code',
      i: new Int32(5),
      l: Long.fromNumber(5),
      d: new Double(5),
      n: new Decimal128('5.00'),
      neg: new Double(-0),
      nan: new Double(NaN),
      when: new Date(-5),
      bin: new Binary(Buffer.from('abc'), 0x80),
      uuid: new UUID('7df15bca-a404-4a6a-8501-a213c32395e5'),
      min: new MinKey(),
      max: new MaxKey(),
      ts: new Timestamp({ t: 4, i: 2 }),
      re: /a.b/i,
      nil: null,
      deep: { a: [1, { b: [] }], '': 1, $set: 1, 'a.b': 2 }
    };
    const raw = db.collection('c', { promoteValues: false });
    const { insertedId } = await raw.insertOne(document);
    const found = (await raw.findOne({ _id: insertedId }, { raw: true })) as unknown as Buffer;
    expect(Buffer.from(found)).toEqual(Buffer.from(BSON.serialize({ _id: insertedId, ...document })));
    await raw.insertOne({ a: 1, _id: new ObjectId('6b01a6be673fd7e3fc7ddbbd') });
    expect(Object.keys((await raw.findOne({ a: 1 }))!)).toEqual(['_id', 'a']);
  });

  it('get the time of the write where a top-level timestamp is zero', async () => {
    await db.collection('c').insertOne({
      _id: 1 as never,
      t: new Timestamp({ t: 0, i: 0 }),
      deep: { t: new Timestamp({ t: 0, i: 0 }) }
    });
    const { t, deep } = (await db.collection('c').findOne())!;
    expect((t as Timestamp).getHighBits()).toBeGreaterThan(1_700_000_000);
    expect((deep as { t: Timestamp }).t.isZero()).toBe(true);
  });

  it('of 16 MB pass, larger ones do not', async () => {
    const collection = db.collection<{ _id: number; s: string }>('c');
    const room = 16 * 1024 * 1024 - 31;
    await collection.insertOne({ _id: 1, s: 'x'.repeat(room) });
    expect((await collection.findOne({ _id: 1 }))!.s).toHaveLength(room);
    await expect(collection.updateOne({ _id: 1 }, { $set: { more: 'y'.repeat(100) } })).rejects.toMatchObject(
      { code: 17419 }
    );
    expect(
      await codeOf(db.command({ insert: 'c', documents: [{ _id: 2, s: 'x'.repeat(room + 100) }] }))
    ).toBeDefined();
  });
});

describe('cursors', () => {
  beforeEach(async () => {
    await db
      .collection('c')
      .insertMany(Array.from({ length: 1000 }, (_, n) => ({ _id: n as never, n, even: n % 2 === 0 })));
  });

  it('hand out everything once, in batches of the size asked for', async () => {
    const seen = await db.collection('c').find({}, { batchSize: 7 }).toArray();
    expect(seen.map(({ n }) => n as number)).toEqual(Array.from({ length: 1000 }, (_, n) => n));
  });

  it('see one state, whatever is written meanwhile', async () => {
    const cursor = db.collection('c').find({}, { batchSize: 10 });
    await cursor.next();
    await db.collection('c').deleteMany({});
    expect(1 + (await cursor.toArray()).length).toBe(1000);
  });

  it('skip, limit and sort', async () => {
    const numbers = async (options: Document): Promise<unknown[]> =>
      (await db.collection('c').find({ even: true }, options).toArray()).map(({ n }) => n as number);
    expect(await numbers({ sort: { n: -1 }, skip: 2, limit: 3 })).toEqual([994, 992, 990]);
    expect(await numbers({ skip: 498 })).toEqual([996, 998]);
    expect(await numbers({ sort: { _id: -1 }, limit: 2 })).toEqual([998, 996]);
    expect(await numbers({ sort: { $natural: -1 }, limit: 1 })).toEqual([998]);
    expect(await numbers({ limit: -2 })).toEqual([0, 2]);
  });

  it('are killed by name and by the end of their session', async () => {
    const first = await db.command({ find: 'c', batchSize: 1 });
    const { id } = first['cursor'] as { id: Long };
    expect(await db.command({ killCursors: 'c', cursors: [id] })).toMatchObject({ cursorsKilled: [id] });
    expect(await db.command({ killCursors: 'c', cursors: [id] })).toMatchObject({ cursorsNotFound: [id] });
    expect(await codeOf(db.command({ getMore: id, collection: 'c' }))).toBe(43);
    const session = client.startSession();
    const second = await db.command({ find: 'c', batchSize: 1 }, { session });
    await client.db('admin').command({ endSessions: [session.id] });
    const more = { getMore: (second['cursor'] as { id: Long }).id, collection: 'c' };
    expect(await codeOf(db.command(more, { session }))).toBe(43);
  });

  it('belong to their collection and their session', async () => {
    const session = client.startSession();
    const { cursor } = (await db.command({ find: 'c', batchSize: 1 }, { session })) as {
      cursor: { id: Long };
    };
    expect(await codeOf(db.command({ getMore: cursor.id, collection: 'other' }, { session }))).toBe(13);
    expect(await codeOf(db.command({ getMore: cursor.id, collection: 'c' }))).toBe(50738);
    expect(await db.command({ getMore: cursor.id, collection: 'c' }, { session })).toMatchObject({ ok: 1 });
    await session.endSession();
  });

  it('close with the first batch when asked to', async () => {
    const { cursor } = await db.command({ find: 'c', batchSize: 5, singleBatch: true });
    expect(cursor).toMatchObject({ id: 0 });
  });

  it('stop when their time is over', async () => {
    await db
      .collection('big')
      .insertMany(Array.from({ length: 20_000 }, (_, n) => ({ _id: n as never, s: 'x'.repeat(50) })));
    const find = db.command({ find: 'big', filter: { s: { $regex: '^(x+x+)+y$' } }, maxTimeMS: 1 });
    expect(await codeOf(find)).toBe(50);
  });
});

describe('writes', () => {
  it('say where they went', async () => {
    const reply = await db.command({ insert: 'c', documents: [{ _id: 1 }, { _id: 2 }] });
    expect(reply).toMatchObject({ n: 2, ok: 1, argon: { project: db.databaseName, branch: 'main' } });
    const info = bridge.engine.project(db.databaseName);
    expect((reply['argon'] as { lsn: number }).lsn).toBe(info.head);
    expect((reply['operationTime'] as Timestamp).toBigInt()).toBe(bridge.engine.lastCommitTime());
  });

  it('stop at the first error, or go on, as asked', async () => {
    const documents = [{ _id: 1 }, { _id: 1 }, { _id: 2 }];
    await expect(db.collection<{ _id: number }>('a').insertMany(documents)).rejects.toMatchObject({
      code: 11000,
      result: { insertedCount: 1 }
    });
    await expect(
      db.collection<{ _id: number }>('b').insertMany(documents, { ordered: false })
    ).rejects.toMatchObject({
      result: { insertedCount: 2 }
    });
    const reply = await db.command({ insert: 'b', documents: [{ _id: 2 }] });
    expect(reply['writeErrors']).toEqual([
      {
        index: 0,
        code: 11000,
        errmsg: `E11000 duplicate key error collection: ${db.databaseName}.b index: _id_ dup key: { _id: 2 }`,
        keyPattern: { _id: 1 },
        keyValue: { _id: 2 }
      }
    ]);
  });

  it('of 100,000 statements pass, of none or more do not', async () => {
    const reply = await db.command({
      insert: 'c',
      documents: Array.from({ length: 100_000 }, (_, _id) => ({ _id }))
    });
    expect(reply['n']).toBe(100_000);
    expect(await db.collection('c').countDocuments()).toBe(100_000);
    expect(await codeOf(db.command({ insert: 'c', documents: [] }))).toBe(16);
    expect(
      await codeOf(db.command({ insert: 'c', documents: Array.from({ length: 100_001 }, () => ({})) }))
    ).toBe(16);
  }, 60_000);

  it('update many, in slices, each document as it is then', async () => {
    await db.collection('c').insertMany(Array.from({ length: 2500 }, (_, n) => ({ _id: n as never, n })));
    expect(await db.collection('c').updateMany({ n: { $gte: 100 } }, { $inc: { n: 1 } })).toMatchObject({
      matchedCount: 2400,
      modifiedCount: 2400
    });
    expect(await db.collection('c').updateMany({ n: { $lt: 50 } }, { $set: { n: 7 } })).toMatchObject({
      matchedCount: 50,
      modifiedCount: 49
    });
    expect(await db.collection('c').deleteMany({ n: 7 })).toMatchObject({ deletedCount: 50 });
  });

  it('update many up to a document that cannot be, and none behind it, though others are on their way', async () => {
    await db
      .collection('c')
      .insertMany(Array.from({ length: 2500 }, (_, n) => ({ _id: n as never, n: n === 900 ? 'x' : n })));
    const updates = [{ q: {}, u: { $inc: { n: 10_000 } }, multi: true }];
    expect(await db.command({ update: 'c', updates })).toMatchObject({
      n: 0,
      nModified: 0,
      writeErrors: [{ index: 0, code: 14 }]
    });
    const changed = await db
      .collection('c')
      .find({ n: { $gte: 10_000 } })
      .toArray();
    expect(changed.map(({ _id }) => _id as unknown)).toEqual(Array.from({ length: 900 }, (_, n) => n));
  });

  it('update many while others change the same documents: nothing is lost', async () => {
    await db.collection('c').insertMany(Array.from({ length: 3000 }, (_, n) => ({ _id: n as never, n: 0 })));
    const [many] = await Promise.all([
      db.collection('c').updateMany({}, { $inc: { n: 1 } }),
      ...Array.from({ length: 300 }, (_, i) =>
        db.collection('c').updateOne({ _id: (i * 10) as never }, { $inc: { n: 10 } })
      )
    ]);
    expect(many).toMatchObject({ matchedCount: 3000, modifiedCount: 3000 });
    expect(await db.collection('c').countDocuments({ n: 11 })).toBe(300);
    expect(await db.collection('c').countDocuments({ n: 1 })).toBe(2700);
  });

  it('upsert once when many do it at the same time', async () => {
    await db.collection('c').createIndex({ k: 1 }, { unique: true });
    await Promise.all(
      Array.from({ length: 20 }, () =>
        db.collection('c').updateOne({ k: 'x' }, { $inc: { n: 1 } }, { upsert: true })
      )
    );
    expect(
      await db
        .collection('c')
        .find({}, { projection: { _id: 0 } })
        .toArray()
    ).toEqual([{ k: 'x', n: 20 }]);
  });

  it('take one job each when many look for one', async () => {
    await db.collection('jobs').insertMany(Array.from({ length: 40 }, (_, n) => ({ n, taken: false })));
    const jobs = await Promise.all(
      Array.from({ length: 40 }, () =>
        db
          .collection('jobs')
          .findOneAndUpdate({ taken: false }, { $set: { taken: true } }, { sort: { n: 1 } })
      )
    );
    expect(new Set(jobs.map(job => job!['n'] as number)).size).toBe(40);
  });

  it('without acknowledgement are done and not answered', async () => {
    await db.collection('c').insertOne({ _id: 1 as never }, { writeConcern: { w: 0 } });
    expect(await db.collection('c').countDocuments()).toBe(1);
  });

  it('with a concern that one node cannot meet say so', async () => {
    const reply = await db
      .command({ insert: 'c', documents: [{}], writeConcern: { w: 3 } })
      .catch((error: Document) => error);
    expect(JSON.stringify(reply)).toContain('Not enough data-bearing nodes');
    expect(await db.collection('c').countDocuments()).toBe(1);
  });

  it('tell of a duplicate key whatever its value is', async () => {
    const _id = new Binary(Buffer.from([7]), Binary.SUBTYPE_UUID) as never;
    await db.collection('c').insertOne({ _id });
    const error = (await db
      .collection('c')
      .insertOne({ _id })
      .catch((caught: unknown) => caught)) as Document;
    expect(error).toMatchObject({ code: 11000, keyPattern: { _id: 1 }, keyValue: { _id } });
  });

  it('obey the validator of their collection', async () => {
    await db.createCollection('c', { validator: { n: { $gt: 0 } } });
    await db.collection('c').insertOne({ _id: 1 as never, n: 1 });
    expect(await codeOf(db.collection('c').insertOne({ n: 0 }))).toBe(121);
    expect(await codeOf(db.collection('c').updateOne({ n: 1 }, { $set: { n: -1 } }))).toBe(121);
    await db.command({ collMod: 'c', validationLevel: 'off' });
    await db.collection('c').updateOne({ n: 1 }, { $set: { n: -1 } });
    expect(await db.collection('c').findOne()).toEqual({ _id: 1, n: -1 });
  });
});

describe('a retried write', () => {
  const lsid = { id: new UUID() };

  let raw: (command: Document) => Promise<Document>;
  let connection: RawConnection;
  beforeEach(async () => {
    const open = async (): Promise<void> => {
      connection = await RawConnection.open(bridge.port);
    };
    await open();
    raw = async command => {
      if (connection.socket.destroyed) {
        await open();
      }
      return connection.command({ ...command, lsid, $db: db.databaseName });
    };
  });
  afterEach(() => connection.close());

  it('has one effect, also after a restart', async () => {
    const insert = {
      insert: 'c',
      documents: [{ _id: 1 }, { _id: 2 }, { _id: 1 }],
      ordered: false,
      txnNumber: Long.fromNumber(1)
    };
    const first = await raw(insert);
    const again = await raw(insert);
    expect(first['n']).toBe(2);
    expect(again).toMatchObject({
      n: 2,
      retriedStmtIds: [0, 1],
      writeErrors: first['writeErrors'] as unknown,
      argon: first['argon'] as unknown
    });
    const update = {
      update: 'c',
      updates: [
        { q: { _id: 1 }, u: { $inc: { n: 1 } } },
        { q: { _id: 9 }, u: { $inc: { n: 1 } }, upsert: true }
      ],
      txnNumber: Long.fromNumber(2)
    };
    expect(await raw(update)).toMatchObject({ n: 2, nModified: 1, upserted: [{ index: 1, _id: 9 }] });
    const modify = {
      findAndModify: 'c',
      query: { _id: 1 },
      update: { $inc: { n: 1 } },
      new: true,
      txnNumber: Long.fromNumber(3)
    };
    expect(await raw(modify)).toMatchObject({ value: { _id: 1, n: 2 } });
    await bridge.restart();
    expect(await raw(modify)).toMatchObject({ value: { _id: 1, n: 2 }, retriedStmtId: 0 });
    expect(await raw({ ...update, txnNumber: Long.fromNumber(4) })).toMatchObject({ n: 2 });
    client = await bridge.client();
    expect(await client.db(db.databaseName).collection('c').find().toArray()).toEqual([
      { _id: 1, n: 3 },
      { _id: 2 },
      { _id: 9, n: 2 }
    ]);
  });

  it('of an older number is refused', async () => {
    await raw({ insert: 'c', documents: [{}], txnNumber: Long.fromNumber(50) });
    expect(await raw({ insert: 'c', documents: [{}], txnNumber: Long.fromNumber(49) })).toMatchObject({
      code: 225
    });
    expect(await raw({ find: 'c', txnNumber: Long.fromNumber(51) })).toMatchObject({ code: 50768 });
  });
});

describe('states of the past', () => {
  it('open by the name of the database', async () => {
    const name = db.databaseName;
    const { argon } = await db.command({ insert: 'c', documents: [{ _id: 1, v: 'old' }] });
    const { lsn } = argon as { lsn: number };
    await bridge.engine.createBranch(name, 'feature/x', { actor: 'test' });
    await db.collection('c').updateOne({ _id: 1 as never }, { $set: { v: 'new' } });
    const valueIn = async (database: string): Promise<unknown> =>
      (await client.db(database).collection('c').findOne())?.['v'];
    expect(await valueIn(name)).toBe('new');
    expect(await valueIn(`${name}@main`)).toBe('new');
    expect(await valueIn(`${name}@main:${lsn}`)).toBe('old');
    expect(await valueIn(`${name}~main~${lsn}`)).toBe('old');
    expect(await valueIn(`${name}@feature=2Fx`)).toBe('old');
    await client.db(`${name}@feature=2Fx`).collection<{ _id: number }>('c').insertOne({ _id: 2 });
    expect(await client.db(`${name}~feature=2Fx`).collection('c').countDocuments()).toBe(2);
    expect(await db.collection('c').countDocuments()).toBe(1);
    await bridge.engine.createPin(name, 'gold', `main@${lsn}`, { actor: 'test' });
    expect(await valueIn(`${name}@pin:gold`)).toBe('old');
  });

  it('cannot be written, and missing ones are errors', async () => {
    await db.collection('c').insertOne({ a: 1 });
    const past = client.db(`${db.databaseName}@main:1`).collection('c');
    await expect(past.insertOne({ a: 2 })).rejects.toMatchObject({
      code: 115,
      errorResponse: { argon: { code: 'READ_ONLY' } }
    });
    expect(await codeOf(past.updateMany({}, { $set: { a: 2 } }))).toBe(115);
    expect(await codeOf(past.deleteMany({}))).toBe(115);
    expect(await codeOf(past.drop())).toBe(115);
    expect(await codeOf(client.db(`${db.databaseName}@nope`).collection('c').findOne())).toBe(26);
    expect(await codeOf(client.db(`${db.databaseName}@nope`).collection('c').insertOne({}))).toBe(26);
    expect(await codeOf(client.db(`${db.databaseName}@main:99999`).collection('c').findOne())).toBe(2);
    expect(await codeOf(client.db('nowhere@main').collection('c').findOne())).toBe(26);
    expect(await client.db('nowhere').collection('c').findOne()).toBeNull();
  });

  it('are reached by cluster time, and a snapshot session reads one', async () => {
    const first = await db.command({ insert: 'c', documents: [{ _id: 1 }] });
    await db.command({ insert: 'c', documents: [{ _id: 2 }] });
    const at = first['operationTime'] as Timestamp;
    const read = await db.command({ find: 'c', readConcern: { level: 'snapshot', atClusterTime: at } });
    expect(read['cursor']).toMatchObject({ firstBatch: [{ _id: 1 }], atClusterTime: at });
    const session = client.startSession({ snapshot: true });
    expect(await db.collection('c').countDocuments({}, { session })).toBe(2);
    await db.command({ insert: 'c', documents: [{ _id: 3 }] });
    expect(await db.collection('c').find({}, { session }).toArray()).toHaveLength(2);
    await session.endSession();
  });

  it('of the future are refused: a barrier nobody can meet', async () => {
    await db.command({ insert: 'c', documents: [{ _id: 1 }] });
    const later = new Timestamp({ t: 4_000_000_000, i: 1 });
    expect(await codeOf(db.command({ find: 'c', readConcern: { afterClusterTime: later } }))).toBe(72);
    expect(
      await codeOf(db.command({ find: 'c', readConcern: { level: 'snapshot', atClusterTime: later } }))
    ).toBe(72);
    const last = new Timestamp(Long.fromBigInt(bridge.engine.lastCommitTime(), true));
    expect(await db.command({ find: 'c', readConcern: { afterClusterTime: last } })).toMatchObject({ ok: 1 });
  });
});

describe('a connection of a kernel', () => {
  const reads: SessionRead[] = [];
  const writes: SessionWrite[] = [];
  let place: SessionPlace | undefined;
  const sessions: SessionDirectory = {
    byAppName: appName => (appName === 'argon:k1' ? place : undefined),
    noteRead: (_session, read) => reads.push(read),
    noteWrite: (_session, write) => writes.push(write)
  };
  let own: TestBridge;
  beforeAll(async () => {
    own = await TestBridge.start(sessions);
  });
  afterAll(() => own.stop());

  it('follows the checkout, and its writes know their cell', async () => {
    const stranger = (await own.client()).db('shop');
    const kernel = (await own.client({ appName: 'argon:k1' })).db('shop');
    await stranger.collection('c').insertOne({ _id: 1 as never });
    await own.engine.createBranch('shop', 'exp', { actor: 'test' });
    const origin = { actor: 'ann', session: 'k1', cell: 'c7', cellNumber: 4 };
    place = { id: 'k1', project: 'shop', ref: 'exp', origin };
    await kernel.collection<{ _id: number }>('c').insertMany([{ _id: 2 }, { _id: 3 }]);
    await kernel.collection<{ _id: number }>('c').updateOne({ _id: 1 }, { $set: { a: 1 } });
    await kernel.collection<{ _id: number }>('c').deleteOne({ _id: 3 });
    expect(await kernel.collection('c').countDocuments()).toBe(2);
    expect(await stranger.collection('c').countDocuments()).toBe(1);
    expect(writes.map(({ inserts, updates, deletes }) => [inserts, updates, deletes])).toEqual([
      [2, 0, 0],
      [0, 1, 0],
      [0, 0, 1]
    ]);
    expect(writes[0]).toMatchObject({ project: 'shop', branch: 'exp', collection: 'c' });
    const { entries } = await own.engine.log('shop', { ref: 'exp' });
    expect(entries[0]?.origin).toMatchObject(origin);
    reads.length = 0;
    await kernel.collection('c').find({}, { batchSize: 1 }).toArray();
    expect(reads.reduce((sum, read) => sum + read.documents, 0)).toBe(2);
    expect(reads[0]).toMatchObject({ project: 'shop', branch: 'exp', collection: 'c' });
    place = { id: 'k1', project: 'shop', ref: `main@${own.engine.branch('shop', 'main').head}`, origin };
    expect(await kernel.collection('c').countDocuments()).toBe(1);
    expect(await codeOf(kernel.collection('c').insertOne({}))).toBe(115);
    expect(await kernel.client.db('shop@exp').collection('c').countDocuments()).toBe(2);
    place = undefined;
    expect(await kernel.collection('c').countDocuments()).toBe(1);
  });
});

describe('catalog commands', () => {
  it('create, list, rename and drop', async () => {
    await db.createCollection('a');
    expect(await codeOf(db.command({ create: 'a' }))).toBe(48);
    expect(await codeOf(db.command({ create: 't', timeseries: { timeField: 'at' } }))).toBe(238);
    expect(await codeOf(db.command({ create: 'k', capped: true }))).toBe(72);
    await db.collection('a').insertOne({ a: 1 });
    await db.collection('a').rename('b');
    expect((await db.listCollections().toArray()).map(({ name }) => name)).toEqual(['b']);
    await db.collection('c').insertMany([{ c: 1 }, { c: 2 }]);
    expect(await codeOf(db.collection('c').rename('b'))).toBe(48);
    await db.collection('c').rename('b', { dropTarget: true });
    expect((await db.listCollections().toArray()).map(({ name }) => name)).toEqual(['b']);
    expect(await db.collection('b').countDocuments({ c: { $exists: true } })).toBe(2);
    expect(
      await client
        .db('admin')
        .command({ listDatabases: 1, nameOnly: true, filter: { name: db.databaseName } })
    ).toMatchObject({
      databases: [{ name: db.databaseName }]
    });
    expect(await codeOf(db.command({ drop: 'a' }))).toBe(26);
    await db.dropDatabase();
    expect(await db.listCollections().toArray()).toEqual([]);
    expect(
      await client.db('admin').command({ listDatabases: 1, filter: { name: db.databaseName } })
    ).toMatchObject({ databases: [] });
  });

  it('make indexes that are used, and say so', async () => {
    const collection = db.collection('c');
    await collection.insertMany(
      Array.from({ length: 500 }, (_, n) => ({ _id: n as never, n, t: [n, n + 1] }))
    );
    expect(await collection.createIndex({ n: 1 })).toBe('n_1');
    await collection.createIndex({ t: -1 }, { name: 'tags' });
    expect((await collection.indexes()).map(({ name }) => name)).toEqual(['_id_', 'n_1', 'tags']);
    const plan = await collection.find({ n: { $gte: 10, $lt: 13 } }).explain('executionStats');
    expect(plan).toMatchObject({
      queryPlanner: { winningPlan: { stage: 'FETCH', inputStage: { stage: 'IXSCAN', indexName: 'n_1' } } },
      executionStats: { nReturned: 3, totalKeysExamined: 3, totalDocsExamined: 3 }
    });
    expect(await collection.find({ t: 100 }).toArray()).toHaveLength(2);
    expect(await collection.find({ n: 5 }).hint('tags').toArray()).toHaveLength(1);
    const scan = await collection.find({ other: 1 }).explain('executionStats');
    expect(scan).toMatchObject({
      queryPlanner: { winningPlan: { stage: 'COLLSCAN' } },
      executionStats: { totalDocsExamined: 500 }
    });
    const byId = await collection.find({ _id: 5 as never }).explain('executionStats');
    expect(byId).toMatchObject({
      queryPlanner: { winningPlan: { stage: 'IDHACK' } },
      executionStats: { totalDocsExamined: 1 }
    });
    await collection.dropIndex('n_1');
    expect(await codeOf(collection.dropIndex('n_1'))).toBe(27);
    expect((await collection.indexes()).map(({ name }) => name)).toEqual(['_id_', 'tags']);
  });
});

describe('commands', () => {
  it.each([
    [{ nonsense: 1 }, 59],
    [{ atlasVersion: 1 }, 59],
    [{ mapReduce: 'c' }, 238],
    [{ insert: 'c', documents: [{}], readConcern: { level: 'snapshot' } }, 72],
    [{ count: 'c', readConcern: { level: 'snapshot' } }, 72],
    [{ find: 'c', nonsense: 1 }, 40415]
  ])('%j is refused with %d', async (command, code) => {
    await db.collection('c').insertOne({});
    expect(await codeOf(db.command(command))).toBe(code);
  });

  it('about the server are answered', async () => {
    const admin = client.db('admin');
    for (const command of [
      { ping: 1 },
      { buildInfo: 1 },
      { hostInfo: 1 },
      { serverStatus: 1 },
      { connectionStatus: 1, showPrivileges: true },
      { whatsmyuri: 1 },
      { getParameter: '*' },
      { getParameter: 1, featureCompatibilityVersion: 1 },
      { getLog: 'startupWarnings' },
      { getCmdLineOpts: 1 },
      { top: 1 },
      { currentOp: 1 },
      { startSession: 1 },
      { listDatabases: 1 }
    ]) {
      expect(await admin.command(command)).toMatchObject({ ok: 1 });
    }
    await db.collection('c').insertOne({ a: 1 });
    for (const command of [{ dbStats: 1 }, { collStats: 'c' }, { validate: 'c' }]) {
      expect(await db.command(command)).toMatchObject({ ok: 1 });
    }
    expect(await db.command({ validate: 'c' })).toMatchObject({ valid: true, nrecords: 1 });
  });

  it('that run long can be found and killed', async () => {
    await db.collection('big').insertMany(Array.from({ length: 5_000 }, (_, n) => ({ n })));
    // Hours, if nobody stops it.
    const slow = { $expr: { $lt: [{ $sum: { $range: [0, 1_000_000] } }, 0] } };
    const long = codeOf(db.collection('big').find(slow).toArray());
    const admin = client.db('admin');
    const ns = `${db.databaseName}.big`;
    let found: Document | undefined;
    while (found === undefined) {
      const { inprog } = (await admin.command({ currentOp: 1 })) as unknown as { inprog: Document[] };
      found = inprog.find(operation => operation['ns'] === ns);
    }
    expect(found).toMatchObject({ op: 'query', command: { find: 1 } });
    await admin.command({ killOp: 1, op: found['opid'] });
    expect(await long).toBe(11601);
  }, 60_000);

  it('are counted by what they did on which collection, and by index', async () => {
    const used = db.collection<{ _id: number; n: number }>('used');
    const stats = async (...stages: Document[]) => used.aggregate(stages).toArray();
    await used.insertOne({ _id: 1, n: 1 });
    await used.createIndex({ n: 1 });
    await used.find({ n: 1 }).toArray();
    await used.find({ n: { $gt: 0 } }).explain('executionStats');
    await used.updateOne({ _id: 1 }, { $inc: { n: 1 } });
    await used.distinct('n');
    const { totals } = (await client.db('admin').command({ top: 1 })) as unknown as {
      totals: Record<string, Record<string, { count: number; time: number }>>;
    };
    const counts = Object.entries(totals[`${db.databaseName}.used`]!).map(([kind, { count }]) => [
      kind,
      count
    ]);
    expect(Object.fromEntries(counts)).toEqual({
      total: 5,
      readLock: 2,
      writeLock: 3,
      queries: 1,
      getmore: 0,
      insert: 1,
      update: 1,
      remove: 0,
      commands: 2
    });
    const uses = await stats({ $indexStats: {} }, { $sort: { name: 1 } });
    expect(uses.map(({ name, accesses }) => [name, (accesses as { ops: number }).ops])).toEqual([
      ['_id_', 1],
      ['n_1', 1]
    ]);
    const [{ latencyStats }] = (await stats({ $collStats: { latencyStats: { histograms: true } } })) as [
      Document
    ];
    expect(latencyStats).toMatchObject({ reads: { ops: 3 }, writes: { ops: 2 }, commands: { ops: 1 } });
    const { reads } = latencyStats as { reads: { histogram: { count: number }[] } };
    expect(reads.histogram.reduce((sum, { count }) => sum + count, 0)).toBe(3);
    expect(await codeOf(stats({ $collStats: { latencyStats: { x: 1 } } }))).toBe(40415);
  });
});

describe('an index that takes long to make', () => {
  beforeEach(async () => {
    await db.collection('tall').insertMany(
      Array.from({ length: 60_000 }, (_, n) => ({
        n: (n * 7_919) % 60_000,
        list: [n, n + 1, n + 2, n + 3]
      }))
    );
  }, 60_000);

  it('tells how far it is, and is given up when it is killed', async () => {
    const making = codeOf(db.collection('tall').createIndex({ list: 1, n: -1 }));
    const admin = client.db('admin');
    let found: Document | undefined;
    for (let attempt = 0; attempt < 2_000 && found === undefined; attempt++) {
      const { inprog } = (await admin.command({ currentOp: 1 })) as unknown as { inprog: Document[] };
      found = inprog.find(({ msg }) => msg === 'Index Build: list_1_n_-1');
    }
    expect(found?.['progress']).toEqual({ done: expect.any(Number) as number });
    await admin.command({ killOp: 1, op: found?.['opid'] });
    expect(await making).toBe(11601);
    expect(await db.collection('tall').indexes()).toHaveLength(1);
  }, 60_000);

  it('ends with its time limit, and can be made anew', async () => {
    expect(await codeOf(db.collection('tall').createIndex({ list: 1 }, { maxTimeMS: 20 }))).toBe(50);
    expect(await db.collection('tall').indexes()).toHaveLength(1);
    expect(await db.collection('tall').createIndex({ n: 1 }, { unique: true })).toBe('n_1');
    expect(await db.collection('tall').countDocuments({ n: { $gte: 59_990 } })).toBe(10);
  }, 60_000);
});

describe('a client that misbehaves', () => {
  it('and never reads its answers does not fill the memory', async () => {
    await db
      .collection('c')
      .insertMany(Array.from({ length: 200 }, (_, n) => ({ _id: n as never, s: 'x'.repeat(50_000) })));
    const message = RawConnection.message({ find: 'c', batchSize: 1000, $db: db.databaseName });
    const { socket } = await RawConnection.open(bridge.port);
    socket.pause();
    const before = process.memoryUsage().rss;
    for (let sent = 0; sent < 500; sent++) {
      socket.write(message);
    }
    await new Promise(resolve => setTimeout(resolve, 1500));
    // 500 answers of 10 MB were asked for; a few are in flight.
    expect(process.memoryUsage().rss - before).toBeLessThan(300 * 1024 * 1024);
    expect(await client.db('admin').command({ ping: 1 })).toMatchObject({ ok: 1 });
    socket.destroy();
  }, 30_000);

  it('and breaks off in the middle leaves nothing behind', async () => {
    const sockets = await Promise.all(
      Array.from({ length: 30 }, async () => {
        const { socket } = await RawConnection.open(bridge.port);
        socket.write(Buffer.from([100, 0, 0, 0, 1, 2, 3]));
        return socket;
      })
    );
    const until = async (reached: () => boolean): Promise<void> => {
      while (!reached()) {
        await new Promise(resolve => setTimeout(resolve, 10));
      }
    };
    await until(() => bridge.server.connectionCount >= 30);
    const open = bridge.server.connectionCount;
    sockets.forEach(socket => socket.destroy());
    await until(() => bridge.server.connectionCount <= open - 30);
  });
});
