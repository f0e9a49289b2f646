import { FakeServer, FakeSocket, settle } from '../testing/fakeServer';
import { ArgonClient } from './client';
import type { ConnectionState } from './connectionState';
import type { ProtocolEvent } from './protocol';
import { RpcError } from './rpcError';

describe('ArgonClient', () => {
  let server: FakeServer;
  let client: ArgonClient;
  let states: string[];

  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['queueMicrotask', 'nextTick'] });
    server = new FakeServer();
    client = new ArgonClient({ serverSettings: server.settings, version: '0.1.0' });
    states = [];
    client.stateChanged.connect((_, state: ConnectionState) => states.push(state.kind));
  });

  afterEach(() => {
    client.dispose();
    jest.useRealTimers();
  });

  it('connects to a bridge that runs, says hello and subscribes', async () => {
    await client.look();
    await settle();
    expect(states).toEqual(['connecting', 'connected']);
    expect(server.calls.map(call => call.method)).toEqual(['hello', 'subscribe']);
    expect(server.posted).toEqual([]);
    expect(FakeSocket.made[0]?.url).toBe('ws://lab/argon/rpc?token=secret%20token');
  });

  it('starts nothing when it only looks', async () => {
    server.info = { state: 'stopped', message: '', log: [] };
    await client.look();
    expect(client.state.kind).toBe('idle');
    expect(server.posted).toEqual([]);
  });

  it('starts a stopped bridge when someone needs it', async () => {
    server.info = { state: 'stopped', message: '', log: [] };
    await client.need();
    await settle();
    expect(server.posted).toEqual(['start']);
    expect(states).toEqual(['starting', 'connecting', 'connected']);
  });

  it('asks soon whether a start is done, and less the longer it takes', async () => {
    server.info = { state: 'starting', message: 'reading the log', log: [] };
    await client.need();
    await jest.advanceTimersByTimeAsync(1_000);
    await settle();
    expect(server.asked).toBeGreaterThanOrEqual(3);
    for (let second = 1; second < 60; second++) {
      await jest.advanceTimersByTimeAsync(1_000);
      await settle();
    }
    expect(server.asked).toBeLessThan(25);
    expect(client.state).toMatchObject({ kind: 'starting', message: 'reading the log' });
  });

  it('asks again while the server starts it, and then connects', async () => {
    server.info = { state: 'starting', message: 'reading the log', log: ['a line'] };
    await client.need();
    expect(client.state).toMatchObject({ kind: 'starting', message: 'reading the log', log: ['a line'] });
    server.info = { state: 'running', message: '', log: [] };
    await jest.advanceTimersByTimeAsync(1000);
    await settle();
    expect(client.state.kind).toBe('connected');
  });

  it('says why a bridge is missing, and starts it at a word', async () => {
    server.info = { state: 'missing', message: 'No Node.js.', code: 'BRIDGE_NODE_MISSING', log: [] };
    await client.need();
    expect(client.state).toMatchObject({
      kind: 'missing',
      message: 'No Node.js.',
      code: 'BRIDGE_NODE_MISSING'
    });
    await client.start();
    await settle();
    expect(client.state.kind).toBe('connected');
  });

  it('knows a server without the extension', async () => {
    server.status = 404;
    await client.need();
    expect(client.state).toMatchObject({ kind: 'missing', code: 'SERVER_EXTENSION_MISSING' });
  });

  it('is read-only with a bridge of another protocol', async () => {
    const hello = server.answers.hello!;
    server.answers.hello = params => ({ ...(hello(params) as object), readOnly: true });
    await client.need();
    await settle();
    expect(client.isReadOnly).toBe(true);
    expect(client.isOpen).toBe(true);
  });

  it('comes back after a loss, with open calls rejected and the wait told', async () => {
    await client.need();
    await settle();
    FakeSocket.made[0]!.send = () => undefined; // An answer that never comes.
    const open = client.call('plan.get', { project: 'p', id: 'x' });
    const lost = expect(open).rejects.toMatchObject({ code: 'BRIDGE_UNAVAILABLE' });
    FakeSocket.made[0]!.lose();
    await lost;
    expect(client.state).toMatchObject({ kind: 'reconnecting', attempt: 1, message: 'the bridge went away' });
    await expect(client.call('status', {})).rejects.toMatchObject({ code: 'BRIDGE_UNAVAILABLE' });
    await jest.advanceTimersByTimeAsync(600);
    await settle();
    expect(client.state.kind).toBe('connected');
    expect(FakeSocket.made).toHaveLength(2);
  });

  it('waits longer after each failure, and tries at once when told', async () => {
    await client.need();
    await settle();
    server.isRefusing = true;
    FakeSocket.made[0]!.lose();
    for (let attempt = 2; attempt <= 4; attempt++) {
      await jest.advanceTimersByTimeAsync(10_000);
      await settle();
    }
    expect(client.state.kind).toBe('reconnecting');
    const waiting = client.state as Extract<ConnectionState, { kind: 'reconnecting' }>;
    expect(waiting.attempt).toBeGreaterThan(3);
    server.isRefusing = false;
    await client.retryNow();
    await settle();
    expect(client.state.kind).toBe('connected');
  });

  it('carries the code, the sentence and the data of an error', async () => {
    await client.need();
    await settle();
    const error = await client.call('status', {}).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RpcError);
    expect(error).toMatchObject({
      code: 'METHOD_NOT_FOUND',
      message: 'no status',
      data: { method: 'status' }
    });
  });

  it('passes events on in order, and stands a broken message', async () => {
    await client.need();
    await settle();
    const heard: ProtocolEvent[] = [];
    client.received.connect((_, event) => heard.push(event));
    FakeSocket.made[0]!.onmessage?.({ data: 'no json' } as MessageEvent);
    server.tell({ type: 'run', project: 'p', run: '1' });
    server.tell({ type: 'run', project: 'p', run: '2' });
    expect(heard.map(event => (event as { run: string }).run)).toEqual(['1', '2']);
  });

  it('does nothing more once disposed', async () => {
    await client.need();
    await settle();
    client.dispose();
    FakeSocket.made[0]!.lose();
    await jest.advanceTimersByTimeAsync(60_000);
    expect(FakeSocket.made).toHaveLength(1);
  });
});
