import fc from 'fast-check';
import type { CommitTime } from '../api';
import { commitTimeAt, commitTimeEnd, instantOf } from '../log/clock';
import { allowSeconds, random, runs } from './chance';
import { holdState, releaseStates } from './hold';
import { seeksOf } from './seeks';
import { ADA, SHOP, World } from './world';

allowSeconds(120);

describe('law 10: time to LSN', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.open();
  });
  afterEach(async () => {
    releaseStates();
    jest.restoreAllMocks();
    await world.close();
  });

  const iso = (ms: number) => new Date(ms).toISOString();

  it(random('any time means the newest commit not after it, though the clock jumps and stands'), async () => {
    const step = fc.record({
      move: fc.oneof(
        { weight: 3, arbitrary: fc.integer({ min: 0, max: 5_000 }) },
        { weight: 1, arbitrary: fc.constant(0) },
        // A year back, or forth.
        { weight: 1, arbitrary: fc.constantFrom(-31_536_000_000, 31_536_000_000, -10_000) }
      ),
      size: fc.integer({ min: 1, max: 3 }),
      atomic: fc.boolean(),
      held: fc.boolean(),
      on: fc.constantFrom('main', 'side'),
      reopen: fc.nat(9)
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 3, maxLength: 25 }),
        fc.array(fc.nat(99_999), { maxLength: 10 }),
        async (steps, probes) => {
          const own = await World.open();
          try {
            const commits: { last: number; time: CommitTime; stamp: number }[] = [];
            await own.engine.createBranch(SHOP, 'side', ADA);
            const begun = own.clock.now;
            let newest = commitTimeAt(begun);
            for (const { move, size, atomic, held, on, reopen } of steps) {
              own.clock.now += move;
              const hold = held ? holdState() : undefined;
              const documents = Array.from({ length: size }, (_, i) => ({ _id: i, move }));
              const commit = await own.put(on, documents, { atomic });
              // Commit times never go back, and follow the clock when it goes on.
              expect(commit.time > newest).toBe(true);
              const wall = commitTimeAt(own.clock.now);
              expect(commit.time >= wall).toBe(true);
              if (wall > newest) {
                expect(commit.time).toBe(wall);
              }
              newest = commit.time;
              expect(own.engine.lastCommitTime()).toBe(commit.time);
              commits.push({
                last: commit.lastLsn,
                time: commit.time,
                stamp: instantOf(commit.time).getTime()
              });
              if (held) {
                check(own, commits, probes, begun);
                hold?.release();
              } else if (reopen === 0) {
                await own.reopen();
                expect(own.engine.lastCommitTime() >= newest).toBe(true);
              }
            }
            await own.view('main').stateDigest();
            check(own, commits, probes, begun);
            await own.reopen();
            check(own, commits, probes, begun);
          } finally {
            releaseStates();
            await own.close();
          }
        }
      ),
      runs(15)
    );
  });

  function check(
    own: World,
    commits: readonly { last: number; time: CommitTime; stamp: number }[],
    probes: readonly number[],
    begun: number
  ): void {
    const expected = (time: CommitTime) => commits.findLast(commit => commit.time <= time)?.last ?? 0;
    for (const { last, time, stamp } of commits) {
      expect(own.engine.lsnAt(SHOP, time)).toBe(last);
      expect(own.engine.lsnAt(SHOP, (time - 1n) as CommitTime)).toBe(expected((time - 1n) as CommitTime));
      expect(own.engine.timeOf(SHOP, last as never)).toBe(time);
      const at = own.view(`main@${iso(stamp)}`);
      expect(at.snappedFrom ?? at.lsn).toBe(expected(commitTimeEnd(stamp)));
    }
    for (const probe of probes) {
      const ms = begun - 50_000 + probe;
      if (ms > own.clock.now && commitTimeAt(ms) > own.engine.lastCommitTime()) {
        expect(() => own.view(`side@${iso(ms)}`)).toThrow(
          expect.objectContaining({ code: 'LSN_IN_FUTURE' }) as Error
        );
        continue;
      }
      const at = own.view(`side@${iso(ms)}`);
      expect(at.snappedFrom ?? at.lsn).toBe(expected(commitTimeEnd(ms)));
    }
    expect(own.engine.lsnAt(SHOP, 0n as CommitTime)).toBe(0);
    expect(own.engine.lsnAt(SHOP, (2n ** 63n) as CommitTime)).toBe(commits.at(-1)!.last);
  }

  it('counts back from the newest commit when the clock was set back after it', async () => {
    await world.put('main', [{ _id: 1 }]);
    world.clock.now += 60_000;
    await world.put('main', [{ _id: 2 }]);
    world.clock.now -= 3_600_000;
    const ids = async (ref: string) => (await world.all(ref)).map(document => document['_id']);
    for (let round = 0; round < 2; round++) {
      expect(await ids('main@-0s')).toEqual([1, 2]);
      expect(await ids('main@-30s')).toEqual([1]);
      await world.reopen();
    }
  });

  it('works on a fresh branch and before its fork, and knows when each state was made', async () => {
    const t0 = world.clock.now;
    await world.put('main', [{ _id: 1 }]);
    world.clock.now += 60_000;
    await world.put('main', [{ _id: 2 }]);
    world.clock.now += 60_000;
    await world.engine.createBranch(SHOP, 'exp', ADA);
    world.clock.now += 60_000;
    await world.put('main', [{ _id: 3 }]);
    const ids = async (ref: string) => (await world.all(ref)).map(document => document['_id']);
    expect(await ids(`exp@${iso(t0)}`)).toEqual([1]);
    expect(await ids(`exp@${iso(t0 - 1)}`)).toEqual([]);
    expect(await ids(`exp@${iso(t0 + 60_000)}`)).toEqual([1, 2]);
    expect(await ids(`exp@${iso(t0 + 180_000)}`)).toEqual([1, 2]);
    world.clock.now += 60_000;
    await world.put('exp', [{ _id: 4 }]);
    expect(await ids(`exp@${iso(t0 + 180_000)}`)).toEqual([1, 2]);
    expect(await ids('exp@-0s')).toEqual([1, 2, 4]);
    expect(await ids('main@-1m')).toEqual([1, 2, 3]);
    expect(await ids('main@-61s')).toEqual([1, 2]);
    expect(await ids('exp@-4m')).toEqual([1]);
    expect(await ids('exp@-5m')).toEqual([]);
    const minutes = (ref: string) => (instantOf(world.view(ref).time).getTime() - t0) / 60_000;
    for (let round = 0; round < 2; round++) {
      expect(['main', 'exp', `exp@${iso(t0)}`, 'main@-1m'].map(minutes)).toEqual([3, 4, 0, 3]);
      // LSN 4 was written on main: this state of exp is older.
      expect(minutes('exp@4')).toBe(1);
      expect(world.engine.branch(SHOP, 'exp').headAt).toEqual(new Date(t0 + 240_000));
      await world.reopen();
    }
  });

  it('an ISO time without a zone is UTC, and a second means its end', async () => {
    world.clock.now = Date.UTC(2026, 6, 7, 9, 0, 0, 500);
    await world.put('main', [{ _id: 1 }]);
    expect(await world.all('main@2026-07-07T09:00:00.500Z')).toHaveLength(1);
    expect(await world.all('main@2026-07-07T09:00:00.499Z')).toHaveLength(0);
    expect(await world.all('main@2026-07-07T11:00:00.500+02:00')).toHaveLength(1);
    expect(await world.all('main@2026-07-07')).toHaveLength(0);
    world.clock.now += 24 * 60 * 60 * 1000;
    expect(await world.all('main@2026-07-07 09:00:01')).toHaveLength(1);
    expect(await world.all('main@2026-07-08')).toHaveLength(1);
  });

  it('many commits in one millisecond have times of their own, and one instant', async () => {
    const commits = await Promise.all(Array.from({ length: 50 }, (_, i) => world.put('main', [{ _id: i }])));
    expect(new Set(commits.map(({ time }) => time)).size).toBe(50);
    expect(new Set(commits.map(({ time }) => instantOf(time).getTime()))).toEqual(new Set([world.clock.now]));
    expect(world.view(`main@${iso(world.clock.now)}`).lsn).toBe(51);
    for (const { time, lastLsn } of commits) {
      expect(world.engine.lsnAt(SHOP, time)).toBe(lastLsn);
    }
  });

  it('is a search: thousands of commits cost a few more seeks, not thousands', async () => {
    const seeks: number[] = [];
    const times: CommitTime[] = [];
    for (const total of [64, 4096]) {
      while (times.length < total) {
        const made = await Promise.all(Array.from({ length: 64 }, (_, i) => world.put('main', [{ _id: i }])));
        times.push(...made.map(({ time }) => time));
      }
      await world.view('main').stateDigest();
      const each = await seeksOf(() => {
        for (let i = 0; i < 32; i++) {
          expect(world.engine.lsnAt(SHOP, times[Math.floor((i * total) / 32)]!)).toBeGreaterThan(0);
        }
      });
      seeks.push(each / 32);
    }
    expect(seeks[0]!).toBeGreaterThan(0);
    expect(seeks[1]! - seeks[0]!).toBeLessThanOrEqual(8);
    expect(seeks[1]!).toBeLessThanOrEqual(16);
  });

  it('times looked up before make the next searches short, and right while history grows and is thinned', async () => {
    const commits: { last: number; time: CommitTime }[] = [];
    const expected = (time: CommitTime) => commits.findLast(commit => commit.time <= time)?.last ?? 0;
    for (const total of [100, 1_000, 3_000]) {
      while (commits.length < total) {
        world.clock.now += 1_000 * (commits.length % 7);
        const made = await Promise.all(Array.from({ length: 50 }, (_, i) => world.put('main', [{ _id: i }])));
        commits.push(...made.map(({ lastLsn, time }) => ({ last: lastLsn, time })));
      }
      await world.view('main').stateDigest();
      const asked = commits.filter((_, i) => i % 5 === 0);
      const ask = () => {
        for (const { time } of asked) {
          for (const near of [time, time - 1n, time + 1n] as CommitTime[]) {
            expect(world.engine.lsnAt(SHOP, near)).toBe(expected(near));
          }
        }
      };
      ask();
      expect((await seeksOf(ask)) / (asked.length * 3)).toBeLessThanOrEqual(8);
    }
    const kept = commits[2_000]!;
    await world.engine.setRetention(SHOP, { keepLsns: commits.at(-1)!.last - kept.last }, ADA);
    await world.engine.gc({});
    for (const { time, last } of commits.slice(2_001)) {
      expect(world.engine.lsnAt(SHOP, time)).toBe(last);
    }
    expect(() => world.engine.lsnAt(SHOP, (commits[0]!.time - 1n) as CommitTime)).toThrow(
      expect.objectContaining({ code: 'HISTORY_GONE' })
    );
  });
});
