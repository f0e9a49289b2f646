import type { Db, Document, MongoClient } from 'mongodb';
import { NO_SESSIONS } from '../../session/directory';
import { RawConnection, TestBridge } from '../testing';

jest.setTimeout(30_000);

describe('the fail points of a server for tests', () => {
  let bridge: TestBridge;
  let client: MongoClient;
  let admin: Db;
  const arm = (name: string, mode: unknown, data?: Document): Promise<Document> =>
    admin.command({ configureFailPoint: name, mode, ...(data === undefined ? {} : { data }) });
  const items = () => client.db('shop').collection<{ _id: number; n?: number }>('items');

  beforeAll(async () => {
    bridge = await TestBridge.start(NO_SESSIONS, true);
    client = await bridge.client({ appName: 'me' });
    admin = client.db('admin');
  });
  beforeEach(async () => {
    await items().drop();
    await items().insertMany([{ _id: 1 }, { _id: 2 }, { _id: 3 }]);
  });
  afterAll(() => bridge.stop());

  it('are not there in any other server', async () => {
    const other = await TestBridge.start();
    const raw = await RawConnection.open(other.port);
    expect(await raw.command({ configureFailPoint: 'failCommand', mode: 'off', $db: 'admin' })).toMatchObject(
      { ok: 0 }
    );
    expect(await raw.command({ getParameter: '*', $db: 'admin' })).toMatchObject({
      enableTestCommands: false
    });
    raw.close();
    await other.stop();
    expect(await admin.command({ getParameter: '*' })).toMatchObject({ enableTestCommands: true });
  });

  it('say what is wrong with them', async () => {
    await expect(arm('nope', 'off')).rejects.toMatchObject({ code: 266 });
    await expect(arm('failCommand', 'weird')).rejects.toMatchObject({ code: 2 });
    await expect(arm('failCommand', { foo: 1 })).rejects.toMatchObject({ code: 2 });
    await expect(arm('failCommand', 7)).rejects.toMatchObject({ code: 14 });
  });

  it('fail the named commands as often as they are told, after those they skip, and count it', async () => {
    await arm('failCommand', { times: 1, skip: 1 }, { failCommands: ['ping', 'count'], errorCode: 8 });
    await admin.command({ ping: 1 });
    await expect(admin.command({ ping: 1 })).rejects.toMatchObject({ code: 8 });
    await admin.command({ ping: 1 });
    expect(await arm('failCommand', 'off')).toMatchObject({ count: 1 });
    await admin.command({ ping: 1 });
  });

  it('look at the name of the application, and label as they are told', async () => {
    await arm('failCommand', 'alwaysOn', { failCommands: ['ping'], errorCode: 8, appName: 'somebody else' });
    await admin.command({ ping: 1 });
    const labelled = { failCommands: ['ping'], errorCode: 8, appName: 'me', errorLabels: ['A', 'B'] };
    await arm('failCommand', 'alwaysOn', labelled);
    const error: unknown = await admin.command({ ping: 1 }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 8 });
    expect((error as { hasErrorLabel(label: string): boolean }).hasErrorLabel('B')).toBe(true);
    await arm('failCommand', 'off');
  });

  it('hit the first command of a connection by the name it brings', async () => {
    await arm('failCommand', 'alwaysOn', {
      failCommands: ['hello', 'isMaster'],
      errorCode: 8,
      appName: 'new'
    });
    const raw = await RawConnection.open(bridge.port);
    const hello = (name: string): Promise<Document> =>
      raw.command({ hello: 1, client: { application: { name } }, $db: 'admin' });
    expect(await hello('new')).toMatchObject({ ok: 0, code: 8 });
    expect(await hello('old')).toMatchObject({ ok: 1 });
    raw.close();
    await arm('failCommand', 'off');
  });

  it('let a driver repeat a retryable write that failed, that was cut off, and that has a write concern error', async () => {
    await arm('failCommand', { times: 1 }, { failCommands: ['insert'], errorCode: 189 });
    await items().insertOne({ _id: 10 });
    await arm('failCommand', { times: 1 }, { failCommands: ['insert'], closeConnection: true });
    await items().insertOne({ _id: 11 });
    const writeConcernError = { code: 91, errmsg: 'shutting down' };
    await arm('failCommand', { times: 1 }, { failCommands: ['insert'], writeConcernError });
    await items().insertOne({ _id: 12 });
    expect(await items().countDocuments({ _id: { $gte: 10 } })).toBe(3);
  });

  it('cut a retryable write off behind its commit, which happens once all the same', async () => {
    await arm('onPrimaryTransactionalWrite', { times: 1 });
    await items().updateOne({ _id: 1 }, { $inc: { n: 1 } });
    expect(await items().findOne({ _id: 1 })).toEqual({ _id: 1, n: 1 });
  });

  it('cut a command of several frames off when all of them are written: a driver repeats it once', async () => {
    await arm('onPrimaryTransactionalWrite', 'alwaysOn');
    const { modifiedCount } = await items().bulkWrite([
      { updateOne: { filter: { _id: 1 }, update: { $set: { n: 5 } } } },
      { updateOne: { filter: { n: 5, _id: { $gt: 0 } }, update: { $set: { n: 6 } } } },
      { updateOne: { filter: { n: 6, _id: { $gt: 0 } }, update: { $set: { n: 7 } } } }
    ]);
    await arm('onPrimaryTransactionalWrite', 'off');
    expect(modifiedCount).toBe(3);
    expect(await items().findOne({ _id: 1 })).toMatchObject({ n: 7 });
  });

  it('fail a retryable write before its commit, of which nothing is left', async () => {
    const before = { failBeforeCommitExceptionCode: 8 };
    await arm('onPrimaryTransactionalWrite', { times: 1 }, before);
    await items().updateOne({ _id: 1 }, { $inc: { n: 1 } });
    await arm('onPrimaryTransactionalWrite', 'alwaysOn', { ...before, closeConnection: false });
    await expect(items().insertOne({ _id: 10 })).rejects.toMatchObject({ code: 8 });
    await expect(items().findOneAndDelete({ _id: 1 })).rejects.toMatchObject({ code: 8 });
    await arm('onPrimaryTransactionalWrite', 'off');
    expect(await items().countDocuments()).toBe(3);
  });

  it('let every time limit be over at once, also that of an open cursor', async () => {
    const cursor = items().find({}, { batchSize: 1, maxTimeMS: 60_000 });
    await cursor.next();
    await arm('maxTimeAlwaysTimeOut', 'alwaysOn');
    await expect(cursor.next()).rejects.toMatchObject({ code: 50 });
    await expect(items().createIndex({ n: 1 }, { maxTimeMS: 60_000 })).rejects.toMatchObject({ code: 50 });
    await items().countDocuments();
    await arm('maxTimeAlwaysTimeOut', 'off');
  });

  it('fail a change stream so that it goes on where it was', async () => {
    const stream = items().watch();
    const next = stream.next();
    await new Promise(resolve => setTimeout(resolve, 300));
    await arm('failGetMoreAfterCursorCheckout', { times: 1 }, { errorCode: 234 });
    await items().insertOne({ _id: 20 });
    expect(await next).toMatchObject({ documentKey: { _id: 20 } });
    await items().insertOne({ _id: 21 });
    expect(await stream.next()).toMatchObject({ documentKey: { _id: 21 } });
    await stream.close();
  });
});
