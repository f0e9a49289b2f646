import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { MongoClient, type MongoClientOptions } from 'mongodb';
import { TestClient } from '../rpc/harness.testing';
import { buildProgram, type Ended, type Program, type Served } from './process.testing';

jest.setTimeout(60_000);

describe('argon serve, as a process', () => {
  let program: Program;
  let last = 0;
  const data = () => join(program.folder, `data-${++last}`);

  beforeAll(async () => {
    program = await buildProgram();
  });
  afterAll(() => program.remove());

  // A test that fails must not leave a driver behind that tries for ever.
  const drivers: MongoClient[] = [];
  afterEach(async () => {
    await Promise.all(drivers.splice(0).map(driver => driver.close()));
  });
  const driver = (uri: string, options: MongoClientOptions = {}): MongoClient => {
    const made = new MongoClient(uri, { serverSelectionTimeoutMS: 5_000, ...options });
    drivers.push(made);
    return made;
  };

  const hello = async ({ ready }: Served): Promise<TestClient> => {
    const client = await TestClient.open(ready.sockets.rpc);
    await client.call('hello', { client: { kind: 'script', version: '1' }, protocol: 1 });
    return client;
  };
  const stop = ({ child, ended }: Served, signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> => {
    child.kill(signal);
    return ended;
  };

  it('prints one line of JSON when it is ready, soon, and leaves nothing behind when it is told to end', async () => {
    const directory = data();
    const bridge = await program.serve(['--data', directory]);
    expect(bridge.ready).toMatchObject({
      ready: true,
      pid: bridge.child.pid,
      data: directory,
      wire: `mongodb://${encodeURIComponent(bridge.ready.sockets.wire)}/?directConnection=true`,
      rpc: `ws+unix://${bridge.ready.sockets.rpc}:/rpc`
    });
    const folder = dirname(bridge.ready.sockets.rpc);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    for (const file of ['rpc.sock', 'wire.sock', 'bridge.json']) {
      expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600);
    }
    const beacon = JSON.parse(readFileSync(join(folder, 'bridge.json'), 'utf8')) as object;
    expect(beacon).toMatchObject({
      pid: bridge.child.pid,
      rpc: bridge.ready.rpc,
      wire: bridge.ready.wire,
      data: directory
    });
    const ended = await stop(bridge);
    expect(ended).toMatchObject({ code: 0, signal: null });
    expect(ended.stdout.trim().split('\n')).toHaveLength(1);
    for (const line of ended.stderr.trim().split('\n')) {
      expect(JSON.parse(line)).toMatchObject({ level: expect.any(String) as string });
    }
    expect(readdirSync(folder)).toEqual([]);
  });

  it('ends cleanly by Ctrl-C, by a client, and by the end of its standard input', async () => {
    expect(await stop(await program.serve(['--data', data()]), 'SIGINT')).toMatchObject({ code: 0 });
    const asked = await program.serve(['--data', data()]);
    const client = await hello(asked);
    expect(await client.call('shutdown', {})).toBeNull();
    expect(await asked.ended).toMatchObject({ code: 0 });
    expect(await client.until(() => client.closed)).toMatchObject({ code: 1001 });
    const child = await program.serve(['--data', data(), '--parent-stdin']);
    child.child.stdin?.end();
    expect(await child.ended).toMatchObject({ code: 0 });
  });

  it('ends when nobody uses it for a while, and not before', async () => {
    const bridge = await program.serve(['--data', data(), '--idle-exit', '1']);
    const client = await hello(bridge);
    await new Promise(resolve => setTimeout(resolve, 2_500));
    await client.call('status', {});
    client.socket.close();
    expect(await bridge.ended).toMatchObject({ code: 0 });
  });

  it('lets nobody else use its directory, and says so in one line', async () => {
    const directory = data();
    const bridge = await program.serve(['--data', directory]);
    const second = await program.run(['serve', '--data', directory]);
    expect(second).toMatchObject({ code: 3, stdout: '' });
    expect(second.stderr.trim().split('\n')).toHaveLength(1);
    expect(second.stderr).toContain(`process id ${bridge.child.pid}`);
    // Also to a parent that holds its standard input open.
    await expect(program.serve(['--data', directory, '--parent-stdin'])).rejects.toThrow(
      'serve ended with 3'
    );
    await (await hello(bridge)).call('status', {});
    expect(await stop(bridge)).toMatchObject({ code: 0 });
  });

  it('comes back after kill -9 with its sessions and every acknowledged write', async () => {
    const directory = data();
    const first = await program.serve(['--data', directory]);
    const client = await hello(first);
    await client.call('project.create', { name: 'shop' });
    await client.call('branch.create', { project: 'shop', name: 'exp' });
    await client.call('session.open', { id: 'k1', notebook: 'a.ipynb', actor: 'ann', project: 'shop' });
    await client.call('session.checkout', { id: 'k1', ref: 'exp' });
    await program.drive(first.ready.wire, 'argon:k1', database =>
      database.collection<{ _id: number }>('users').insertMany([{ _id: 1 }, { _id: 2 }])
    );
    const { head } = await client.call('branch.get', { project: 'shop', name: 'exp' });
    expect(head).toBeGreaterThanOrEqual(2);
    expect(await stop(first, 'SIGKILL')).toMatchObject({ signal: 'SIGKILL' });
    expect(existsSync(first.ready.sockets.rpc)).toBe(true);

    const second = await program.serve(['--data', directory]);
    expect(second.ready.sockets).toEqual(first.ready.sockets);
    const again = await hello(second);
    expect(await again.call('branch.get', { project: 'shop', name: 'exp' })).toMatchObject({ head });
    expect(await again.call('session.get', { id: 'k1' })).toMatchObject({
      ref: 'exp',
      notebook: 'a.ipynb',
      connected: false
    });
    const { collections } = await again.call('ref.collections', { project: 'shop', ref: 'exp' });
    expect(collections).toMatchObject([{ name: 'users', count: 2 }]);
    expect((await again.call('ref.collections', { project: 'shop', ref: 'main' })).collections).toEqual([]);
    const { entries } = await again.call('log', { project: 'shop', ref: 'exp', limit: 1 });
    expect(entries[0]?.origin).toMatchObject({ actor: 'ann', session: 'k1', notebook: 'a.ipynb' });
    await stop(second);
  });

  it('is killed under a driver that writes: on the same port the driver goes on, and nothing it was told is lost', async () => {
    const directory = data();
    let bridge = await program.serve(['--data', directory, '--port', '0', '--no-auth']);
    const { port } = new URL(bridge.ready.wire.replace('mongodb:', 'http:'));
    const written = program.drive(bridge.ready.wire, 'shop', async database => {
      const items = database.collection<{ _id: number }>('items');
      const sums = database.collection<{ _id: string; n: number }>('sums');
      const acknowledged: number[] = [];
      let sum = 0;
      let unsure = 0;
      const end = Date.now() + 6_000;
      for (let n = 0; Date.now() < end; n++) {
        // The driver repeats a write once by itself. Where it saw the server go before the write did, it
        // does not, and says so: such a write may stand or not.
        await items.insertOne({ _id: n }).then(
          () => acknowledged.push(n),
          () => unsure++
        );
        await sums.updateOne({ _id: 'sum' }, { $inc: { n: 1 } }, { upsert: true }).then(
          () => sum++,
          () => unsure++
        );
      }
      const there = new Set((await items.find().toArray()).map(({ _id }) => _id));
      const lost = acknowledged.filter(n => !there.has(n));
      return { count: acknowledged.length, lost, sum, unsure, n: (await sums.findOne())?.n };
    });
    const heads: number[] = [];
    for (let kill = 0; kill < 3; kill++) {
      await new Promise(resolve => setTimeout(resolve, 1_000));
      await stop(bridge, 'SIGKILL');
      bridge = await program.serve(['--data', directory, '--port', port, '--no-auth']);
      const client = await hello(bridge);
      heads.push((await client.call('branch.get', { project: 'shop', name: 'main' })).head);
    }
    const { count, lost, sum, unsure, n } = (await written) as {
      [name in 'count' | 'sum' | 'unsure' | 'n']: number;
    } & { lost: number[] };
    expect(lost).toEqual([]);
    // A write that is repeated counts once.
    expect(n).toBeGreaterThanOrEqual(sum);
    expect(n - sum).toBeLessThanOrEqual(unsure);
    expect(unsure).toBeLessThanOrEqual(3);
    expect(count).toBeGreaterThan(50);
    // It went on between the kills, not only after the last.
    expect(heads).toEqual([...heads].sort((one, other) => one - other));
    expect(new Set(heads).size).toBe(heads.length);
    await stop(bridge);
  });

  it('tells a cell what it did through a MongoDB driver, and takes it back', async () => {
    const bridge = await program.serve(['--data', data()]);
    const client = await hello(bridge);
    await client.call('project.create', { name: 'shop' });
    await client.call('session.open', { id: 'k1', actor: 'ann', project: 'shop' });
    await program.drive(bridge.ready.wire, 'argon:k1', database =>
      database.collection<{ _id: number }>('users').insertMany([{ _id: 1 }, { _id: 2 }, { _id: 3 }])
    );
    await client.call('session.cell', { id: 'k1', cell: { id: 'bad', number: 7 } });
    const left = await program.drive(bridge.ready.wire, 'argon:k1', async database => {
      await database.collection<{ _id: number }>('users').deleteMany({ _id: { $gt: 1 } });
      return database.collection('users').find().toArray();
    });
    expect(left).toEqual([{ _id: 1 }]);
    const activity = await client.call('session.cell', { id: 'k1', cell: null });
    expect(activity?.writes).toMatchObject([
      { branch: 'main', collection: 'users', deletes: 2, inserts: 0, updates: 0 }
    ]);
    const { collections } = await client.call('ref.collections', { project: 'shop', ref: 'main' });
    expect(activity?.reads.at(-1)).toMatchObject({
      branch: 'main',
      collection: 'users',
      documents: 1,
      digest: collections[0]?.digest
    });
    const undo = { project: 'shop', branch: 'main', cellNumber: 7, session: 'k1' };
    const plan = await client.call('undo.plan', undo);
    await client.call('plan.apply', { project: 'shop', id: plan.id });
    const back = await program.drive(bridge.ready.wire, 'test', database =>
      database.collection('users').find().sort({ _id: 1 }).toArray()
    );
    expect(back).toEqual([{ _id: 1 }, { _id: 2 }, { _id: 3 }]);
    await stop(bridge);
  });

  it('opens a TCP port without sign-in on this machine only, and with half a certificate nowhere', async () => {
    for (const [wrong, why] of [
      [['--no-auth', '--host', '0.0.0.0'], 'would let everybody in'],
      [['--tls-cert', 'cert.pem'], 'go together'],
      [['--tls-cert', '/none.pem', '--tls-key', '/none.pem'], 'cannot be read']
    ] as const) {
      const refused = await program.run(['serve', '--data', data(), '--port', '0', ...wrong]);
      expect(refused).toMatchObject({ code: 2, stdout: '' });
      expect(refused.stderr).toContain(why);
    }
    const bridge = await program.serve(['--data', data(), '--port', '0', '--no-auth']);
    expect(bridge.ready.wire).toMatch(/^mongodb:\/\/127\.0\.0\.1:[1-9]\d*\/$/);
    const mongo = driver(bridge.ready.wire, { directConnection: true });
    expect(await mongo.db('admin').command({ ping: 1 })).toMatchObject({ ok: 1 });
    await stop(bridge);
  });

  it('lets users sign in that were added from the command line, also while it runs', async () => {
    const directory = data();
    const bridge = await program.serve(['--data', directory, '--port', '0']);
    const uri = bridge.ready.wire;
    const signedIn = (password: string): MongoClient =>
      driver(uri, { directConnection: true, auth: { username: 'ada', password } });
    await expect(
      driver(uri, { directConnection: true }).db('shop').command({ listCollections: 1 })
    ).rejects.toMatchObject({ code: 13 });
    const secret = 'correct horse';
    const file = join(program.folder, 'password');
    writeFileSync(file, `${secret}\n`);
    expect(await program.run(['user', 'list', '--data', directory])).toMatchObject({ code: 0 });
    const added = await program.run(['user', 'add', 'ada', '--data', directory, '--password-file', file]);
    expect(added).toMatchObject({ code: 0, stderr: '' });
    expect(await signedIn(secret).db('admin').command({ listDatabases: 1 })).toMatchObject({ ok: 1 });
    await expect(signedIn('guess').db('admin').command({ listDatabases: 1 })).rejects.toMatchObject({
      code: 18
    });
    const again = await program.run(['user', 'add', 'ada', '--data', directory, '--password-file', file]);
    expect(again).toMatchObject({ code: 1, stdout: '' });
    expect(await program.run(['user', 'remove', 'ada', '--data', directory])).toMatchObject({ code: 0 });
    expect(await program.run(['user', 'remove', 'ada', '--data', directory])).toMatchObject({ code: 5 });
    await expect(signedIn(secret).db('admin').command({ listDatabases: 1 })).rejects.toMatchObject({
      code: 18
    });
    // Its standard input is at its end: an empty password is none.
    expect(await program.run(['user', 'add', 'bob', '--data', directory])).toMatchObject({ code: 2 });
    const { stderr } = await stop(bridge);
    expect(stderr).not.toContain(secret);
    expect(stderr).not.toContain('guess');
  });

  it('says in one line that a port is taken', async () => {
    const holder = createServer();
    await new Promise<void>(resolve => holder.listen(0, '127.0.0.1', resolve));
    const { port } = holder.address() as AddressInfo;
    const refused = await program.run(['serve', '--data', data(), '--port', String(port), '--no-auth']);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr.trim().split('\n')).toHaveLength(1);
    expect(refused.stderr).toContain(`Port ${port}`);
    holder.close();
  });

  it('says in one line that it cannot make its directory', async () => {
    const refused = await program.run(['serve', '--data', '/proc/none/data']);
    expect(refused.code).toBe(1);
    expect(refused.stderr.trim().split('\n')).toHaveLength(1);
    expect(refused.stderr).toContain('/proc/none');
  });

  it('says in one line that it cannot write in its directory', async () => {
    const refused = await program.run(['serve', '--data', '/proc/self']);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr.trim().split('\n')).toHaveLength(1);
    expect(refused.stderr).toMatch(/^argon: The data directory \/proc\/\d+ cannot be used: /);
  });

  it('puts its sockets where it is told', async () => {
    const sockets = join(program.folder, 'elsewhere');
    const bridge = await program.serve(['--data', data(), '--socket-dir', sockets]);
    expect(bridge.ready.sockets.rpc).toBe(join(sockets, 'rpc.sock'));
    await stop(bridge);
  });
});
