import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Engine, openEngine } from '@argon/wal-core';
import { serialize } from 'bson';
import { createLogger } from '../logger';
import {
  dueReason,
  GC_DELETED_MS,
  GC_INTERVAL_MS,
  GC_LOG_BYTES_MIN,
  GC_RECORDS_MIN,
  OVERDUE_FACTOR,
  QUIET_LOAD_MAX,
  QUIET_RECORDS_MAX,
  reasonNow
} from './due';
import { BackgroundKeeper } from './keeper';

const ADA = { actor: 'ada' };
const NOTHING = { logBytes: 0, records: 0, ms: 0, deletedMs: undefined };
const QUIET = { records: 0, share: 0 };

describe('a collection is due', () => {
  it('when the log has grown, enough has changed, anything changed long ago, or something was deleted', () => {
    expect(dueReason({ ...NOTHING, logBytes: GC_LOG_BYTES_MIN })).toBe('log');
    expect(dueReason({ ...NOTHING, records: GC_RECORDS_MIN })).toBe('changes');
    expect(dueReason({ ...NOTHING, records: 1, ms: GC_INTERVAL_MS })).toBe('time');
    expect(dueReason({ ...NOTHING, deletedMs: GC_DELETED_MS })).toBe('deleted');
  });

  it('never when nothing has changed, nor a little before', () => {
    expect(dueReason({ ...NOTHING, ms: 100 * GC_INTERVAL_MS })).toBeUndefined();
    const almost = { logBytes: GC_LOG_BYTES_MIN - 1, records: GC_RECORDS_MIN - 1, ms: GC_INTERVAL_MS - 1 };
    expect(dueReason({ ...almost, deletedMs: GC_DELETED_MS - 1 })).toBeUndefined();
  });

  it('and begins when the bridge is quiet, or when it never is and much has come together', () => {
    const due = { ...NOTHING, records: GC_RECORDS_MIN };
    const overdue = { ...NOTHING, records: GC_RECORDS_MIN * OVERDUE_FACTOR };
    for (const busy of [
      { records: QUIET_RECORDS_MAX + 1, share: 0 },
      { records: 0, share: QUIET_LOAD_MAX + 0.01 }
    ]) {
      expect([reasonNow(due, QUIET), reasonNow(due, busy), reasonNow(overdue, busy)]).toEqual([
        'changes',
        undefined,
        'changes'
      ]);
    }
  });
});

describe('the keeper', () => {
  let directory: string;
  let engine: Engine;
  let keeper: BackgroundKeeper;
  let now: number;
  let share: number;
  let keep: { project: string; ref: string }[];

  async function open(): Promise<void> {
    engine = await openEngine({ directory, clock: () => now });
    keeper = new BackgroundKeeper({
      engine,
      logger: createLogger('error', () => undefined),
      keep: () => keep,
      clock: () => now,
      load: () => share
    });
  }

  async function close(): Promise<void> {
    await keeper.close();
    await engine.close();
  }

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'argon-keeper-'));
    now = Date.parse('2026-07-07T09:00:00Z');
    share = 0;
    keep = [];
    await open();
    await engine.createProject('shop', ADA);
  });

  afterEach(async () => {
    await close();
    rmSync(directory, { recursive: true, force: true });
  });

  const put = (value: number, branch = 'main') =>
    engine.write('shop', branch, ADA, writer =>
      writer.insert(
        writer.ensureCollection('items'),
        Buffer.from(serialize({ _id: value, text: 'x'.repeat(100) }))
      )
    );

  it('gives back what a deleted branch held, a minute later, without anybody asking', async () => {
    await put(1);
    await engine.createBranch('shop', 'exp', ADA);
    for (let i = 10; i < 30; i++) {
      await put(i, 'exp');
    }
    expect(engine.timelineCount('shop')).toBe(2);
    await engine.deleteBranch('shop', 'exp', ADA);
    await keeper.look();
    expect(engine.timelineCount('shop')).toBe(2);
    now += GC_DELETED_MS;
    expect(keeper.status()).toEqual({ automatic: true, isRunning: false, waits: 'deleted' });
    await keeper.look();
    expect(engine.timelineCount('shop')).toBe(1);
    const { last, waits } = keeper.status();
    expect(last).toEqual({
      at: new Date(now),
      reason: 'deleted',
      logBytes: expect.any(Number) as number,
      stateBytes: expect.any(Number) as number
    });
    expect(last!.stateBytes).toBeGreaterThan(20 * 100);
    expect(waits).toBeUndefined();
  });

  it('remembers a deletion over a restart', async () => {
    await engine.createBranch('shop', 'exp', ADA);
    await put(1, 'exp');
    await engine.deleteBranch('shop', 'exp', ADA);
    await keeper.look();
    await close();
    await open();
    now += GC_DELETED_MS;
    await keeper.look();
    expect(engine.timelineCount('shop')).toBe(1);
  });

  it('takes a branch whose time to live is over, and a deleted project', async () => {
    await engine.createBranch('shop', 'exp', ADA, { expiresAt: new Date(now + 1000) });
    await put(1, 'exp');
    await engine.createProject('other', ADA);
    now += 2000;
    await engine.expireBranches({ actor: 'ttl' });
    await engine.deleteProject('other', ADA);
    now += GC_DELETED_MS;
    await keeper.look();
    expect(engine.timelineCount('shop')).toBe(1);
    expect(keeper.status().last?.reason).toBe('deleted');
  });

  it('keeps what retention, pins and sessions keep', async () => {
    await engine.setRetention('shop', { keepLsns: 2 }, ADA);
    for (let i = 1; i <= 10; i++) {
      await put(i);
    }
    await engine.createPin('shop', 'good', 'main@3', ADA);
    keep = [{ project: 'shop', ref: 'main@5' }];
    now += GC_INTERVAL_MS;
    await keeper.look();
    expect(keeper.status().last?.reason).toBe('time');
    const count = async (ref: string) => {
      const view = engine.resolve('shop', ref);
      return view.count(view.collection('items')!);
    };
    const head = engine.resolve('shop', 'main').lsn;
    expect(await Promise.all([count('main'), count(`main@${head - 2}`), count('pin:good')])).toEqual([
      10, 8, 2
    ]);
    expect(await count('main@5')).toBe(4);
    expect(() => engine.resolve('shop', 'main@4')).toThrow(
      expect.objectContaining({ code: 'HISTORY_GONE' }) as Error
    );
  });

  it('waits while the bridge is busy, and says that it waits', async () => {
    await put(1);
    now += GC_INTERVAL_MS;
    share = 1;
    await keeper.look();
    expect(keeper.status()).toEqual({ automatic: true, isRunning: false, waits: 'time' });
    share = 0;
    await keeper.look();
    expect(keeper.status().last?.reason).toBe('time');
  });

  it('does nothing when it is switched off, also after a restart, until it is switched on', async () => {
    await keeper.setAutomatic(false);
    await put(1);
    now += GC_INTERVAL_MS;
    await keeper.look();
    await close();
    await open();
    await keeper.look();
    expect(keeper.status()).toEqual({ automatic: false, isRunning: false });
    await keeper.setAutomatic(true);
    await keeper.look();
    expect(keeper.status().last?.reason).toBe('time');
  });

  it('remembers over a restart what has come together, and when it collected last', async () => {
    await put(1);
    now += GC_INTERVAL_MS;
    await keeper.look();
    const { last } = keeper.status();
    now += GC_INTERVAL_MS;
    await close();
    await open();
    expect(keeper.status()).toEqual({ automatic: true, isRunning: false, last });
    await put(2);
    expect(keeper.status().waits).toBe('time');
  });

  it('says why a collection failed, and does not try again at once', async () => {
    await put(1);
    now += GC_INTERVAL_MS;
    const gc = jest.spyOn(engine, 'gc').mockRejectedValueOnce(new Error('no space'));
    await keeper.look();
    await keeper.look();
    expect(gc).toHaveBeenCalledTimes(1);
    expect(keeper.status()).toEqual({ automatic: true, isRunning: false, failed: 'no space' });
    await put(2);
    now += GC_INTERVAL_MS;
    await keeper.look();
    expect(keeper.status()).toMatchObject({ last: { reason: 'time' } });
    expect(keeper.status().failed).toBeUndefined();
  });
});
