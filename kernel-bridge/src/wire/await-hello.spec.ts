import { setTimeout as sleep } from 'node:timers/promises';
import { TestBridge } from './testing';

describe('monitors of drivers', () => {
  let bridge: TestBridge;

  beforeAll(async () => {
    bridge = await TestBridge.start();
  });
  afterAll(() => bridge.stop());

  it('get one heartbeat after the other from one request, and never a failure', async () => {
    const client = await bridge.client({ heartbeatFrequencyMS: 500, serverMonitoringMode: 'stream' });
    let awaited = 0;
    const failures: unknown[] = [];
    client.on('serverHeartbeatSucceeded', event => {
      awaited += event.awaited ? 1 : 0;
    });
    client.on('serverHeartbeatFailed', event => failures.push(event.failure));
    await sleep(3_000);
    expect(failures).toEqual([]);
    expect(awaited).toBeGreaterThanOrEqual(3);
    expect(await client.db('admin').command({ ping: 1 })).toMatchObject({ ok: 1 });
  });
});
