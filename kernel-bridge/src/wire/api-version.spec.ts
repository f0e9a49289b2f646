import type { Document } from 'mongodb';
import { RawConnection, TestBridge } from './testing';

describe('the Stable API', () => {
  let bridge: TestBridge;
  let raw: RawConnection;
  const ask = (command: Document): Promise<Document> => raw.command({ ...command, $db: 'admin' });

  beforeAll(async () => {
    bridge = await TestBridge.start();
    raw = await RawConnection.open(bridge.port);
  });
  afterAll(async () => {
    raw.close();
    await bridge.stop();
  });

  it('is taken by every command of it', async () => {
    expect(
      await ask({ ping: 1, apiVersion: '1', apiStrict: true, apiDeprecationErrors: true })
    ).toMatchObject({
      ok: 1
    });
    const find = { find: 'none', apiVersion: '1', apiStrict: true };
    expect(await ask(find)).toMatchObject({ ok: 1 });
    expect(await ask({ serverStatus: 1, apiVersion: '1' })).toMatchObject({ ok: 1 });
  });

  it('refuses, when strict, what is not in it, as mongod does', async () => {
    const strict = { apiVersion: '1', apiStrict: true };
    for (const command of [
      { serverStatus: 1 },
      { distinct: 'x', key: 'a' },
      { find: 'x', tailable: true },
      { create: 'y', capped: true, size: 1 },
      { aggregate: 'x', pipeline: [{ $indexStats: {} }], cursor: {} }
    ]) {
      expect(await ask({ ...command, ...strict })).toMatchObject({
        ok: 0,
        code: 323,
        codeName: 'APIStrictError'
      });
    }
  });

  it('refuses other versions, and strictness without one', async () => {
    expect(await ask({ ping: 1, apiVersion: '2' })).toMatchObject({ ok: 0, code: 322 });
    expect(await ask({ ping: 1, apiStrict: true })).toMatchObject({ ok: 0, code: 4886600 });
    expect(await ask({ ping: 1, apiVersion: 1 })).toMatchObject({ ok: 0, code: 14 });
  });

  it('is told of by listCommands, and the set of one node by its own commands', async () => {
    const { commands } = (await ask({ listCommands: 1 })) as { commands: Record<string, Document> };
    expect(commands['find']).toMatchObject({ apiVersions: ['1'], adminOnly: false, requiresAuth: true });
    expect(commands['serverStatus']).toMatchObject({ apiVersions: [] });
    expect(commands['listCommands']).toBeDefined();
    expect(await ask({ replSetGetStatus: 1 })).toMatchObject({
      set: 'argon',
      myState: 1,
      members: [{ self: true }]
    });
    expect(await ask({ replSetGetConfig: 1 })).toMatchObject({
      config: { _id: 'argon', members: [{ votes: 1 }] }
    });
    expect(await ask({ getDefaultRWConcern: 1 })).toMatchObject({ defaultReadConcern: { level: 'local' } });
    expect(await ask({ profile: -1 })).toMatchObject({ was: 0 });
    expect(await ask({ profile: 2 })).toMatchObject({ ok: 0, code: 238 });
  });
});
