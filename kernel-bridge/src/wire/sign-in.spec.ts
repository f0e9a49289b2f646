import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MongoClient, type MongoClientOptions } from 'mongodb';
import { Users } from '../auth/users';
import { TEST_CERTIFICATE } from './certificate.testing';
import { DRIVER_IN_JEST, RawConnection, TestBridge } from './testing';

describe('signing in', () => {
  let bridge: TestBridge;
  let users: Users;
  let port: number;
  const open: MongoClient[] = [];

  beforeAll(async () => {
    bridge = await TestBridge.start();
    users = new Users(bridge.engine.directory);
    await users.add('ada', 'pass word,=é');
    const bound = await bridge.server.listen({ host: '127.0.0.1', port: 0, signIn: true });
    port = 'port' in bound ? bound.port : 0;
  });
  afterEach(() => Promise.all(open.splice(0).map(client => client.close())));
  afterAll(() => bridge.stop());

  function connect(username: string, password: string, options: MongoClientOptions = {}): MongoClient {
    const client = new MongoClient(`mongodb://127.0.0.1:${port}/?directConnection=true`, {
      ...DRIVER_IN_JEST,
      auth: { username, password },
      serverSelectionTimeoutMS: 5_000,
      ...options
    });
    open.push(client);
    return client;
  }

  it('lets in who knows the password', async () => {
    const client = connect('ada', 'pass word,=é');
    await client.db('shop').collection<{ _id: number }>('items').insertOne({ _id: 1 });
    expect(await client.db('admin').command({ connectionStatus: 1 })).toMatchObject({
      authInfo: { authenticatedUsers: [{ user: 'ada', db: 'admin' }] }
    });
    expect(await client.db('admin').command({ usersInfo: 1 })).toMatchObject({
      users: [{ user: 'ada', mechanisms: ['SCRAM-SHA-256'] }]
    });
  });

  it('takes a password in every form that SASLprep makes the same', async () => {
    await users.add('bob', 'I\u00adX');
    // U+2168 ROMAN NUMERAL NINE becomes IX, a soft hyphen becomes nothing.
    for (const password of ['IX', '\u2168']) {
      expect(await connect('bob', password).db('admin').command({ listDatabases: 1 })).toMatchObject({
        ok: 1
      });
    }
    users.remove('bob');
  });

  it('looks for the same users whatever database a URI names', async () => {
    for (const authSource of ['shop', 'shop~exp~12', 'admin']) {
      const client = connect('ada', 'pass word,=é', { authSource, authMechanism: 'SCRAM-SHA-256' });
      expect(await client.db('shop').command({ ping: 1 })).toMatchObject({ ok: 1 });
      await client.close();
    }
  });

  it('says the same to a wrong password and to an unknown user', async () => {
    const wrong = [connect('ada', 'guess'), connect('bob', 'guess'), connect('ada', '')];
    for (const client of wrong.slice(0, 2)) {
      await expect(client.db('shop').command({ ping: 1 })).rejects.toMatchObject({
        code: 18,
        message: 'Authentication failed.'
      });
    }
    await expect(wrong[2]!.db('shop').command({ ping: 1 })).rejects.toThrow();
  });

  it('keeps everybody out who does not sign in, and what they send small', async () => {
    const raw = await RawConnection.open(port);
    for (const name of ['find', 'insert', 'listDatabases', 'noSuchCommand', 'usersInfo']) {
      expect(await raw.command({ [name]: 1, $db: 'admin' })).toMatchObject({ ok: 0, code: 13 });
    }
    expect(await raw.command({ ping: 1, $db: 'admin' })).toMatchObject({ ok: 1 });
    await expect(raw.command({ ping: 1, $db: 'admin', comment: 'x'.repeat(20_000) })).rejects.toThrow(
      'closed the connection'
    );
  });

  it('lets nobody in by a second half without a first', async () => {
    const raw = await RawConnection.open(port);
    const payload = Buffer.from('');
    expect(await raw.command({ saslContinue: 1, conversationId: 1, payload, $db: 'admin' })).toMatchObject({
      ok: 0,
      code: 17
    });
    const first = Buffer.from('n,,n=ada,r=abc');
    expect(
      await raw.command({ saslStart: 1, mechanism: 'SCRAM-SHA-256', payload: first, $db: 'admin' })
    ).toMatchObject({ ok: 1, done: false });
    expect(await raw.command({ saslContinue: 1, conversationId: 1, payload, $db: 'admin' })).toMatchObject({
      ok: 0,
      code: 18
    });
    expect(await raw.command({ saslContinue: 1, conversationId: 1, payload, $db: 'admin' })).toMatchObject({
      ok: 0,
      code: 17
    });
    expect(await raw.command({ saslStart: 1, mechanism: 'PLAIN', payload, $db: 'admin' })).toMatchObject({
      ok: 0,
      code: 334
    });
    expect(await raw.command({ listDatabases: 1, $db: 'admin' })).toMatchObject({ ok: 0, code: 13 });
    raw.close();
  });

  it('lets nobody in, and tells no stranger why, when its users cannot be read', async () => {
    const path = join(bridge.engine.directory, 'users.json');
    const before = readFileSync(path);
    writeFileSync(path, '{');
    try {
      const error: unknown = await connect('ada', 'pass word,=é')
        .db('admin')
        .command({ listDatabases: 1 })
        .catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 1 });
      expect((error as Error).message).not.toContain(bridge.engine.directory);
    } finally {
      writeFileSync(path, before);
    }
  });

  it('has nobody sign in on the unix socket, which only its owner can open', async () => {
    const client = new MongoClient(
      `mongodb://${encodeURIComponent(bridge.socketPath)}/?directConnection=true`,
      DRIVER_IN_JEST
    );
    open.push(client);
    expect(await client.db('admin').command({ listDatabases: 1 })).toMatchObject({ ok: 1 });
  });

  it('talks TLS, and nothing else, where it has a certificate', async () => {
    const bound = await bridge.server.listen({
      host: '127.0.0.1',
      port: 0,
      signIn: true,
      tls: TEST_CERTIFICATE
    });
    const tlsPort = 'port' in bound ? bound.port : 0;
    const uri = `mongodb://127.0.0.1:${tlsPort}/?directConnection=true`;
    const auth = { username: 'ada', password: 'pass word,=é' };
    const safe = new MongoClient(uri, { ...DRIVER_IN_JEST, auth, tls: true, ca: TEST_CERTIFICATE.cert });
    const plain = new MongoClient(uri, { ...DRIVER_IN_JEST, auth, serverSelectionTimeoutMS: 1_000 });
    open.push(safe, plain);
    expect(await safe.db('admin').command({ listDatabases: 1 })).toMatchObject({ ok: 1 });
    await expect(plain.db('admin').command({ ping: 1 })).rejects.toThrow();
  });
});
