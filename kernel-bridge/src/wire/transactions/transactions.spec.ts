import { Long, UUID, type ClientSession, type Collection, type Document, type MongoClient } from 'mongodb';
import { RawConnection, TestBridge } from '../testing';

let bridge: TestBridge;
let client: MongoClient;
let shop: Collection<{ _id: number; stock: number }>;

beforeEach(async () => {
  bridge = await TestBridge.start();
  client = await bridge.client();
  shop = client.db('shop').collection('stock');
  await shop.insertMany([
    { _id: 1, stock: 10 },
    { _id: 2, stock: 20 }
  ]);
});
afterEach(() => bridge.stop());

const stocks = (session?: ClientSession): Promise<number[]> =>
  shop
    .find({}, session === undefined ? {} : { session })
    .sort({ _id: 1 })
    .map(({ stock }) => stock)
    .toArray();

describe('A transaction of a driver', () => {
  it('is seen whole, by itself at once and by others after the commit', async () => {
    await client.withSession(async session => {
      session.startTransaction();
      await shop.updateOne({ _id: 1 }, { $inc: { stock: -3 } }, { session });
      await shop.updateOne({ stock: { $gt: 15 } }, { $inc: { stock: 3 } }, { session });
      await client.db('other').collection<Document>('moves').insertOne({ from: 1, to: 2 }, { session });
      expect(await stocks(session)).toEqual([7, 23]);
      expect(await stocks()).toEqual([10, 20]);
      expect(await client.db('other').collection('moves').countDocuments()).toBe(0);
      await session.commitTransaction();
      expect(await stocks()).toEqual([7, 23]);
      expect(await client.db('other').collection('moves').countDocuments()).toBe(1);
    });
  });

  it('leaves nothing when it is aborted', async () => {
    await client.withSession(async session => {
      session.startTransaction();
      await shop.insertOne({ _id: 3, stock: 1 }, { session });
      await shop.deleteOne({ _id: 1 }, { session });
      await session.abortTransaction();
    });
    expect(await stocks()).toEqual([10, 20]);
  });

  it('reads the state it began with, whatever others write', async () => {
    await client.withSession(async session => {
      session.startTransaction({ readConcern: { level: 'snapshot' } });
      expect(await stocks(session)).toEqual([10, 20]);
      await shop.updateOne({ _id: 1 }, { $set: { stock: 99 } });
      await shop.insertOne({ _id: 3, stock: 30 });
      expect(await stocks(session)).toEqual([10, 20]);
      expect(await shop.distinct('stock', {}, { session })).toEqual([10, 20]);
      expect(await shop.aggregate([{ $count: 'n' }], { session }).toArray()).toEqual([{ n: 2 }]);
      await session.commitTransaction();
    });
    expect(await stocks()).toEqual([99, 20, 30]);
  });

  it('fails at once when another open transaction changed the document, and can be run again', async () => {
    const [first, second] = [client.startSession(), client.startSession()];
    first.startTransaction();
    second.startTransaction();
    await shop.updateOne({ _id: 1 }, { $inc: { stock: 1 } }, { session: first });
    await expect(
      shop.updateOne({ _id: 1 }, { $inc: { stock: 5 } }, { session: second })
    ).rejects.toMatchObject({ code: 112, errorLabels: ['TransientTransactionError'] });
    await second.abortTransaction().catch(() => undefined);
    await first.commitTransaction();
    second.startTransaction();
    await shop.updateOne({ _id: 1 }, { $inc: { stock: 5 } }, { session: second });
    await second.commitTransaction();
    expect(await stocks()).toEqual([16, 20]);
    await Promise.all([first.endSession(), second.endSession()]);
  });

  it('fails when what it changes was written outside of it meanwhile', async () => {
    await client.withSession(async session => {
      session.startTransaction();
      expect(await stocks(session)).toEqual([10, 20]);
      await shop.updateOne({ _id: 1 }, { $set: { stock: 50 } });
      await expect(shop.updateOne({ _id: 1 }, { $set: { stock: 51 } }, { session })).rejects.toMatchObject({
        code: 112
      });
    });
    expect(await stocks()).toEqual([50, 20]);
  });

  it('loses no increment when eight of them run over each other', async () => {
    await Promise.all(
      Array.from({ length: 8 }, () =>
        client.withSession(async session => {
          for (let i = 0; i < 5; i++) {
            await session.withTransaction(async () => {
              const { stock } = (await shop.findOne({ _id: 1 }, { session }))!;
              await shop.updateOne({ _id: 1 }, { $set: { stock: stock + 1 } }, { session });
            });
          }
        })
      )
    );
    expect(await stocks()).toEqual([50, 20]);
  });

  it('ends with the first write that fails', async () => {
    await client.withSession(async session => {
      session.startTransaction();
      await shop.insertOne({ _id: 5, stock: 5 }, { session });
      await expect(
        shop.insertMany(
          [
            { _id: 6, stock: 6 },
            { _id: 1, stock: 0 },
            { _id: 7, stock: 7 }
          ],
          {
            session,
            ordered: false
          }
        )
      ).rejects.toMatchObject({ code: 11000, result: { insertedCount: 1 } });
      await expect(shop.findOne({ _id: 1 }, { session })).rejects.toMatchObject({
        code: 251,
        errorLabels: ['TransientTransactionError']
      });
    });
    expect(await stocks()).toEqual([10, 20]);
  });

  it('makes collections and indexes on them', async () => {
    await client.withSession(async session => {
      session.startTransaction();
      await client.db('shop').createCollection('fresh', { session });
      await client.db('shop').collection('fresh').createIndex({ a: 1 }, { unique: true, session });
      await client.db('shop').collection<Document>('fresh').insertOne({ a: 1 }, { session });
      await session.commitTransaction();
    });
    expect((await client.db('shop').collection('fresh').indexes()).map(({ name }) => name)).toEqual([
      '_id_',
      'a_1'
    ]);
    await client.withSession(async session => {
      session.startTransaction();
      await expect(shop.createIndex({ stock: 1 }, { session })).rejects.toMatchObject({ code: 263 });
    });
  });

  it('pages through a cursor of its own, which ends with it', async () => {
    await shop.insertMany(Array.from({ length: 20 }, (_, i) => ({ _id: 10 + i, stock: i })));
    await client.withSession(async session => {
      session.startTransaction();
      const cursor = shop.find({}, { session, batchSize: 5 });
      expect(await cursor.next()).toMatchObject({ _id: 1 });
      expect(await cursor.toArray()).toHaveLength(21);
      const left = shop.find({}, { session, batchSize: 5 });
      await left.next();
      const id = left.id!;
      await session.commitTransaction();
      await expect(
        client.db('shop').command({ getMore: id, collection: 'stock' }, { session })
      ).rejects.toMatchObject({ code: 43 });
    });
  });

  it('answers a commit that is asked again, also after the bridge was started again', async () => {
    const raw = await RawConnection.open(bridge.port);
    const session = client.startSession();
    const lsid = session.id!;
    const base = { lsid, txnNumber: 7n, autocommit: false };
    const insert = { insert: 'stock', documents: [{ _id: 70, stock: 70 }], $db: 'shop' };
    expect(await raw.command({ ...insert, ...base, startTransaction: true })).toMatchObject({ ok: 1, n: 1 });
    const commit = { commitTransaction: 1, ...base, $db: 'admin' };
    expect(await raw.command(commit)).toMatchObject({ ok: 1 });
    expect(await raw.command(commit)).toMatchObject({ ok: 1 });
    raw.close();
    await bridge.restart();
    const again = await RawConnection.open(bridge.port);
    expect(await again.command(commit)).toMatchObject({ ok: 1 });
    expect(await again.command({ ...commit, txnNumber: 8n })).toMatchObject({
      ok: 0,
      code: 251,
      errorLabels: ['TransientTransactionError']
    });
    expect(await again.command({ abortTransaction: 1, ...base, $db: 'admin' })).toMatchObject({
      ok: 0,
      code: 256
    });
    again.close();
  });

  it.each<[string, Document, number]>([
    ['count', { count: 'stock' }, 263],
    ['listCollections', { listCollections: 1 }, 263],
    ['a write concern', { insert: 'stock', documents: [{}], writeConcern: { w: 1 } }, 72],
    ['a linearizable read', { find: 'stock', readConcern: { level: 'linearizable' } }, 72],
    ['autocommit: true', { find: 'stock', autocommit: true }, 72],
    ['a getMore as the first', { getMore: 5n, collection: 'stock' }, 263],
    ['$out', { aggregate: 'stock', pipeline: [{ $out: 'copy' }], cursor: {} }, 263]
  ])('refuses %s', async (_what, command, code) => {
    const raw = await RawConnection.open(bridge.port);
    const session = client.startSession();
    const reply = await raw.command({
      ...command,
      $db: 'shop',
      lsid: session.id!,
      txnNumber: 1n,
      startTransaction: true,
      autocommit: command['autocommit'] ?? false
    });
    expect(reply).toMatchObject({ ok: 0, code });
    raw.close();
    await session.endSession();
  });

  it('is gone with a newer write of its session', async () => {
    const raw = await RawConnection.open(bridge.port);
    const session = client.startSession();
    const lsid = session.id!;
    const insert = (id: number): Document => ({
      insert: 'stock',
      documents: [{ _id: id, stock: id }],
      $db: 'shop',
      lsid
    });
    await raw.command({ ...insert(80), txnNumber: 1n, autocommit: false, startTransaction: true });
    expect(await raw.command({ ...insert(81), txnNumber: 2n })).toMatchObject({ ok: 1 });
    expect(
      await raw.command({ commitTransaction: 1, lsid, txnNumber: 1n, autocommit: false, $db: 'admin' })
    ).toMatchObject({ ok: 0, code: 225 });
    expect(await shop.countDocuments({ _id: { $gte: 80 } })).toBe(1);
    raw.close();
    await session.endSession();
  });

  it('works on a branch, and refuses to write to a past state', async () => {
    const { engine } = bridge;
    await engine.createBranch('shop', 'exp', { actor: 'test' });
    const exp = client.db('shop~exp').collection<{ _id: number; stock: number }>('stock');
    await client.withSession(async session => {
      session.startTransaction();
      await exp.updateOne({ _id: 1 }, { $set: { stock: 0 } }, { session });
      await session.commitTransaction();
    });
    expect(await exp.findOne({ _id: 1 })).toMatchObject({ stock: 0 });
    expect(await stocks()).toEqual([10, 20]);
    await client.withSession(async session => {
      session.startTransaction();
      await expect(
        client.db('shop~exp~2').collection<Document>('stock').insertOne({}, { session })
      ).rejects.toThrow();
    });
  });
});

describe('A transaction whose connection is gone', () => {
  const place = { id: 'k1', project: 'shop', ref: 'main', origin: { actor: 'ann', session: 'k1' } };
  let own: TestBridge;
  beforeAll(async () => {
    own = await TestBridge.start({
      byAppName: appName => (appName === 'argon:k1' ? place : undefined),
      noteRead: () => undefined,
      noteWrite: () => undefined
    });
    await (await own.client()).db('shop').collection<{ _id: number }>('stock').insertOne({ _id: 0 });
  });
  afterAll(() => own.stop());

  const identity = () => ({ lsid: { id: new UUID() }, txnNumber: Long.ONE, autocommit: false });
  let inTransaction = identity();

  /** Begins a transaction that adds document 1, over a connection that then goes away. */
  async function beginAndGo(appName: string): Promise<void> {
    inTransaction = identity();
    const connection = await RawConnection.open(own.port);
    const client = {
      application: { name: appName },
      driver: { name: 'd', version: '1' },
      os: { type: 'Linux' }
    };
    expect(await connection.command({ hello: 1, $db: 'admin', client })).toMatchObject({ ok: 1 });
    const begun = await connection.command({
      insert: 'stock',
      documents: [{ _id: 1 }],
      $db: 'shop',
      startTransaction: true,
      ...inTransaction
    });
    expect(begun).toMatchObject({ ok: 1, n: 1 });
    connection.socket.destroy();
  }

  it('ends with a kernel, so that the next one can write the same', async () => {
    await beginAndGo('argon:k1');
    const next = await own.client({ appName: 'argon:k1' });
    const stock = next.db('shop').collection<{ _id: number; n: number }>('stock');
    await next.withSession(session =>
      session.withTransaction(() => stock.insertOne({ _id: 1, n: 2 }, { session }), { timeoutMS: 30_000 })
    );
    expect(await stock.findOne({ _id: 1 })).toEqual({ _id: 1, n: 2 });
    await stock.deleteOne({ _id: 1 });
  });

  it('goes on over another one for any other client', async () => {
    await beginAndGo('app');
    const other = await RawConnection.open(own.port);
    const commit = await other.command({ commitTransaction: 1, $db: 'admin', ...inTransaction });
    expect(commit).toMatchObject({ ok: 1 });
    const stock = (await own.client()).db('shop').collection<{ _id: number }>('stock');
    expect(await stock.findOne({ _id: 1 })).toEqual({ _id: 1 });
    other.socket.destroy();
  });
});
