import { request, type IncomingHttpHeaders } from 'node:http';
import { statSync } from 'node:fs';
import { BATCH_REQUESTS_MAX, MESSAGE_BYTES_MAX } from './dispatcher';
import { insert, openTestBridge, TestClient, type TestBridge } from './harness.testing';
import type { CommitEvent } from './protocol';

describe('the server of the control plane', () => {
  let bridge: TestBridge;

  beforeAll(async () => {
    bridge = await openTestBridge({ policy: { origins: ['https://hub.example'], hosts: [] } });
    await bridge.engine.createProject('shop', { actor: 'ann' });
  });

  afterAll(() => bridge.close());

  const get = (path: string, options: { method?: string; headers?: Record<string, string> } = {}) =>
    new Promise<{ status: number; headers: IncomingHttpHeaders; body: string }>((resolve, reject) => {
      const call = request({ socketPath: bridge.socket, path, ...options }, response => {
        let body = '';
        response.on('data', (text: Buffer) => (body += text.toString()));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body })
        );
      });
      call.on('error', reject).end();
    });

  describe('as JSON-RPC 2.0', () => {
    let client: TestClient;

    beforeEach(async () => {
      client = await bridge.connect();
    });

    const answer = async (message: string): Promise<unknown> => {
      client.socket.send(message);
      return client.until(() => client.raw.shift());
    };
    const request = (id: unknown, method: string, params?: object) => ({
      jsonrpc: '2.0',
      id,
      method,
      params
    });

    it('answers text that is no JSON, and JSON that is no request', async () => {
      expect(await answer('{nope')).toMatchObject({
        id: null,
        error: { code: -32700, data: { code: 'BAD_REQUEST' } }
      });
      for (const message of [
        '1',
        'null',
        '"x"',
        '{}',
        '{"jsonrpc":"1.0","id":"a","method":"status"}',
        '[]',
        '{"jsonrpc":"2.0","id":{},"method":"status"}'
      ]) {
        expect(await answer(message)).toMatchObject({ id: null, error: { code: -32600 } });
      }
    });

    it('knows its methods and their params', async () => {
      expect(await answer(JSON.stringify(request('a', 'no.such')))).toMatchObject({
        id: 'a',
        error: { code: -32601, data: { code: 'METHOD_NOT_FOUND' } }
      });
      expect(await answer(JSON.stringify(request('b', 'ref.resolve', { project: 1 })))).toMatchObject({
        id: 'b',
        error: { code: -32602, data: { code: 'BAD_REQUEST' } }
      });
      expect(await answer('{"jsonrpc":"2.0","id":"c","method":"status","params":[]}')).toMatchObject({
        error: { code: -32602 }
      });
      expect(
        await answer(JSON.stringify(request('d', 'ref.resolve', { project: 'none', ref: 'main' })))
      ).toMatchObject({
        id: 'd',
        error: { code: -32000, data: { code: 'PROJECT_NOT_FOUND' } }
      });
    });

    it('answers a batch in order, without its notifications', async () => {
      const batch = [
        request('a', 'status'),
        { jsonrpc: '2.0', method: 'status' },
        7,
        request('b', 'no.such'),
        request('c', 'project.list')
      ];
      const replies = (await answer(JSON.stringify(batch))) as { id: unknown }[];
      expect(replies.map(({ id }) => id)).toEqual(['a', null, 'b', 'c']);
      const many = JSON.stringify(
        Array.from({ length: BATCH_REQUESTS_MAX + 1 }, (_, i) => request(`${i}`, 'status'))
      );
      expect(await answer(many)).toMatchObject({ id: null, error: { code: -32600 } });
    });

    it('does not answer notifications, right or wrong', async () => {
      client.socket.send('{"jsonrpc":"2.0","method":"status"}');
      client.socket.send('{"jsonrpc":"2.0","method":"no.such"}');
      client.socket.send('[{"jsonrpc":"2.0","method":"status"}]');
      await client.call('status', {});
      expect(client.raw).toEqual([]);
    });

    it('takes no message before hello', async () => {
      const stranger = await TestClient.open(bridge.socket);
      const refused = await stranger.refusal('project.list', {});
      expect(refused.data.code).toBe('BAD_REQUEST');
      expect(refused.message).toContain('hello');
      stranger.socket.close();
    });

    it('lets a client of another protocol read, and end the bridge, but not write', async () => {
      const old = await bridge.connect({ protocol: 999 });
      const hello = await old.call('hello', { client: { kind: 'kernel', version: '0.0.1' }, protocol: 999 });
      expect(hello.readOnly).toBe(true);
      expect(await old.call('project.list', {})).toHaveLength(1);
      expect(await old.call('session.open', { id: 'old' })).toMatchObject({ id: 'old' });
      for (const [method, params] of [
        ['project.create', { name: 'x' }],
        ['branch.create', { project: 'shop', name: 'x' }],
        ['pin.create', { project: 'shop', name: 'x', ref: 'main' }],
        ['restore.apply', { project: 'shop', branch: 'main', to: 'main@1' }]
      ] as const) {
        expect(await old.refusalCode(method, params)).toBe('BRIDGE_VERSION');
      }
      expect(await old.call('shutdown', {})).toBeNull();
    });

    it('refuses a message over the limit, and a binary one', async () => {
      client.socket.send('x'.repeat(MESSAGE_BYTES_MAX + 1));
      expect(await client.until(() => client.closed)).toMatchObject({ code: 1009 });
      const other = await bridge.connect();
      other.socket.send(Buffer.from('{}'));
      expect(await other.until(() => other.closed)).toMatchObject({ code: 1003 });
    });

    it('gives smaller pages when documents are large', async () => {
      const text = 'x'.repeat(1_500_000);
      await insert(
        bridge.engine,
        'main',
        'large',
        Array.from({ length: 20 }, (_, i) => ({ _id: i, text }))
      );
      const seen: unknown[] = [];
      let after: string | undefined;
      do {
        const page = await client.call('diff', {
          project: 'shop',
          from: 'main@0',
          to: 'main',
          limit: 20,
          ...(after ? { after } : {})
        });
        expect(Buffer.byteLength(JSON.stringify(page))).toBeLessThan(MESSAGE_BYTES_MAX);
        seen.push(...page.documents.map(({ id }) => id));
        after = page.next;
      } while (after !== undefined);
      expect(seen).toHaveLength(20);
    });
  });

  describe('as a door', () => {
    it('is a socket for its owner alone', () => {
      expect(statSync(bridge.socket).mode & 0o777).toBe(0o600);
    });

    it.each([
      ['a foreign page', { origin: 'https://evil.example' }, 403],
      ['a page with a rebound name', { headers: { Host: 'evil.example' } }, 403]
    ])('refuses %s', async (_who, options, status) => {
      await expect(TestClient.open(bridge.socket, options)).rejects.toThrow(String(status));
    });

    it('lets a listed page in', async () => {
      const client = await TestClient.open(bridge.socket, { origin: 'https://hub.example' });
      client.socket.close();
    });

    it('has one path for WebSockets', async () => {
      const headers = {
        Connection: 'Upgrade',
        Upgrade: 'websocket',
        'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': 'x'.repeat(22) + '=='
      };
      expect((await get('/elsewhere', { headers })).status).toBe(404);
    });

    it('tells how it is', async () => {
      const health = await get('/healthz');
      expect([health.status, JSON.parse(health.body)]).toEqual([200, { status: 'ok' }]);
      expect(health.headers['content-type']).toBe('application/json');
      expect((await get('/readyz')).status).toBe(200);
      expect((await get('/')).status).toBe(404);
      expect((await get('/rpc')).status).toBe(404);
      expect((await get('/healthz', { method: 'POST' })).status).toBe(405);
      expect((await get('/healthz', { headers: { Host: 'evil.example' } })).status).toBe(403);
    });
  });

  it('says that it is not well when the engine has failed, and still answers reads', async () => {
    const status = bridge.engine.status();
    const failed = jest
      .spyOn(bridge.engine, 'status')
      .mockReturnValue({ ...status, failed: 'fsync: I/O error' });
    const health = await get('/healthz');
    expect([health.status, JSON.parse(health.body)]).toEqual([
      503,
      { status: 'failed', reason: 'fsync: I/O error' }
    ]);
    expect((await get('/readyz')).status).toBe(503);
    const client = await bridge.connect();
    expect(await client.call('status', {})).toMatchObject({ failed: 'fsync: I/O error' });
    await client.call('ref.resolve', { project: 'shop', ref: 'main' });
    failed.mockRestore();
    expect((await get('/healthz')).status).toBe(200);
  });

  describe('as a teller of events', () => {
    it('tells every change in order, each by itself', async () => {
      const reader = await bridge.connect();
      await reader.call('subscribe', { project: 'shop' });
      for (let i = 0; i < 20; i++) {
        await insert(bridge.engine, 'main', 'ticks', [{ _id: i }]);
        const { head } = bridge.engine.branch('shop', 'main');
        await reader.until(() => reader.events.find(event => event.type === 'commit' && event.lsn >= head));
      }
      const commits = reader.events.filter((event): event is CommitEvent => event.type === 'commit');
      let last = 0;
      for (const { entry, lsn } of commits) {
        expect(entry.firstLsn).toBeGreaterThan(last);
        expect(entry.lastLsn).toBe(lsn);
        last = lsn;
      }
    });

    it('tells of branches, pins, runs, plans, projects and sessions', async () => {
      const reader = await bridge.connect();
      const actor = await bridge.connect();
      await reader.call('subscribe', {});
      const project = 'shop';
      await actor.call('branch.create', { project, name: 'a' });
      await actor.call('branch.rename', { project, name: 'a', to: 'b' });
      await actor.call('pin.create', { project, name: 'p', ref: 'main' });
      await actor.call('run.register', { project, run: 'r', ref: 'main' });
      await insert(bridge.engine, 'b', 'things', [{ _id: 1 }]);
      await actor.call('merge.plan', { project, source: 'b', into: 'main' });
      await actor.call('project.create', { name: 'other' });
      await actor.call('session.open', { id: 's', project });
      await actor.call('session.cell', { id: 's', cell: { id: 'c' } });
      await actor.call('session.cell', { id: 's', cell: null });
      const cell = await reader.event('cell');
      expect(cell).toMatchObject({ session: 's', activity: { cell: 'c' } });
      expect(await reader.event('pin')).toMatchObject({ op: 'create', pin: 'p' });
      expect(await reader.event('run')).toMatchObject({ run: 'r' });
      expect(await reader.event('plan')).toMatchObject({ state: 'open' });
      expect(await reader.event('project')).toMatchObject({ op: 'create', project: 'other' });
      expect(reader.events.filter(({ type }) => type === 'branch')).toMatchObject([
        { op: 'create', branch: 'a' },
        { op: 'rename', branch: 'b', previous: 'a' }
      ]);
      actor.socket.close();
      const gone = await reader.until(() =>
        reader.events.find(event => event.type === 'session' && event.op === 'disconnect')
      );
      expect(gone).toMatchObject({ session: { id: 's', connected: false } });
    });

    it('tells only of the project that was asked for', async () => {
      const reader = await bridge.connect();
      await reader.call('subscribe', { project: 'other' });
      await insert(bridge.engine, 'main', 'ticks', [{ _id: 'x' }]);
      await bridge.engine.createBranch('other', 'seen', { actor: 'ann' });
      expect((await reader.event('branch')).branch).toBe('seen');
      expect(reader.events.some(event => 'project' in event && event.project === 'shop')).toBe(false);
    });

    it('drops a subscriber that does not read, and no other', async () => {
      const [slow, quick] = [await bridge.connect(), await bridge.connect()];
      await slow.call('subscribe', {});
      await quick.call('subscribe', {});
      slow.socket.pause();
      // Events of different projects cannot be folded.
      const name = 'n'.repeat(150);
      for (let i = 0; bridge.log.every(line => !line.includes('too slowly')) && i < 30_000; i++) {
        bridge.core.sessions['tell']({
          type: 'session',
          op: 'open',
          session: { id: `s${i}`, actor: name, writable: false, connected: true, openedAt: name.repeat(8) }
        });
        if (i % 50 === 0) {
          await new Promise(resolve => setTimeout(resolve, 5));
        }
      }
      slow.socket.resume();
      expect(await slow.until(() => slow.closed)).toMatchObject({
        code: 4008,
        reason: expect.stringContaining('log') as string
      });
      await quick.call('status', {});
      expect(quick.closed).toBeUndefined();
    }, 30_000);
  });
});

it('ends a connection that answers no ping', async () => {
  const bridge = await openTestBridge({ heartbeatMs: 40 });
  const [dead, living] = [await bridge.connect(), await bridge.connect()];
  dead.socket.pong = () => undefined;
  (dead.socket as unknown as { _autoPong: boolean })._autoPong = false;
  expect(await dead.until(() => dead.closed)).toMatchObject({ code: 1006 });
  await living.call('status', {});
  await bridge.close();
});

it('says goodbye when it ends', async () => {
  const bridge = await openTestBridge();
  const client = await bridge.connect();
  await bridge.server.close();
  expect(await client.until(() => client.closed)).toMatchObject({ code: 1001 });
  await bridge.close();
});
