import fc from 'fast-check';
import type { BranchInfo } from '../api';
import { allowSeconds, random, runs } from './chance';
import { ADA, SHOP, World } from './world';

allowSeconds(120);

interface Move {
  readonly what: 'create' | 'rename' | 'reset' | 'delete' | 'write' | 'pin' | 'unpin' | 'expire';
  readonly a: number;
  readonly b: number;
}

const move: fc.Arbitrary<Move> = fc.record({
  what: fc.constantFrom('create', 'rename', 'reset', 'delete', 'write', 'pin', 'unpin', 'expire'),
  a: fc.nat({ max: 5 }),
  b: fc.nat({ max: 5 })
});

describe('law 6: many branches', () => {
  it(
    random('are listed page by page and found by their timelines, whatever became of their names'),
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(move, { minLength: 20, maxLength: 50 }), async moves => {
          const world = await World.open();
          const { clock } = world;
          const nothing = () => undefined;
          await world.engine.write(SHOP, 'main', ADA, writer => writer.ensureCollection('items'));
          for (const { what, a, b } of moves) {
            const { engine } = world;
            const [name, other] = [`b${a}`, `b${b}`];
            const isThere = engine.branches(SHOP).some(branch => branch.name === name);
            clock.now += 1000;
            await {
              create: () =>
                engine.createBranch(SHOP, name, ADA, {
                  from: 'main',
                  ...(b > 3 ? { expiresAt: new Date(clock.now + b * 2000) } : {})
                }),
              rename: () => engine.renameBranch(SHOP, name, other, ADA),
              reset: () => engine.resetBranch(SHOP, name, 'main@1', ADA),
              delete: () => engine.deleteBranch(SHOP, name, ADA),
              write: async () => (isThere ? world.put(name, [{ _id: b }]) : world.put('main', [{ _id: b }])),
              pin: () => engine.createPin(SHOP, `p${b}`, name, ADA),
              unpin: () => engine.deletePin(SHOP, `p${b}`, ADA),
              expire: async () => {
                const due = engine
                  .branches(SHOP)
                  .filter(({ expiresAt }) => expiresAt !== undefined && expiresAt.getTime() <= clock.now)
                  .map(branch => `${SHOP}/${branch.name}`);
                expect((await engine.expireBranches(ADA)).toSorted()).toEqual(due.sort());
              }
            }
              [what]()
              .catch((error: { code?: string }) => {
                if (error.code === undefined) {
                  throw error;
                }
              })
              .then(nothing);
          }
          for (const again of [false, true]) {
            const { engine } = world;
            const all = engine.branches(SHOP);
            const paged: BranchInfo[] = [];
            for (let after: string | undefined; ;) {
              const page = engine.branchPage(SHOP, { limit: 2, ...(after === undefined ? {} : { after }) });
              expect(page.total).toBe(all.length);
              paged.push(...page.branches);
              after = page.next;
              if (after === undefined) {
                break;
              }
            }
            expect(paged).toEqual(all);
            expect(engine.branchPage(SHOP, { search: 'B3' }).branches).toEqual(
              all.filter(({ name }) => name.includes('b3'))
            );
            expect(() => engine.branchPage(SHOP, { after: 'nobody' })).toThrow(
              expect.objectContaining({ code: 'BAD_REQUEST' })
            );
            const shown = new Map(all.map(({ timeline, name }) => [timeline, name]));
            const timelines = engine.timelines(SHOP);
            expect(engine.timelineCount(SHOP)).toBe(timelines.length);
            for (const timeline of timelines) {
              expect(engine.branchOf(SHOP, timeline.id)).toBe(shown.get(timeline.id));
              expect(engine.timeline(SHOP, timeline.id)).toEqual(timeline);
            }
            // Entries end where a fork or a pin is.
            const forks = timelines.flatMap(({ parent, forkLsn }) =>
              parent === undefined ? [] : [[parent, forkLsn]]
            );
            const pins = engine.pins(SHOP).map(({ timeline, lsn }) => [timeline, lsn]);
            const { entries } = await engine.log(SHOP, { limit: 1000 });
            for (const [timeline, lsn] of [...forks, ...pins]) {
              const inside = entries.filter(
                entry => entry.timeline === timeline && entry.firstLsn <= lsn! && lsn! < entry.lastLsn
              );
              expect(inside).toEqual([]);
            }
            if (!again) {
              await world.reopen();
            }
          }
          await world.close();
        }),
        runs<[Move[]]>(12)
      );
    }
  );
});

describe('law 8: a protected branch', () => {
  it('takes a plan when every check it asks for has passed, and tells which have not', async () => {
    const world = await World.open();
    await world.put('main', [{ _id: 1, a: 1 }]);
    await world.engine.createBranch(SHOP, 'exp', ADA);
    await world.put('exp', [{ _id: 1, a: 2 }]);
    await world.put('main', [{ _id: 1, a: 3 }]);
    const asked = await world.engine.protectBranch(SHOP, 'main', true, ADA, { checks: ['tests', 'review'] });
    expect(asked).toMatchObject({ isProtected: true, checks: ['tests', 'review'] });
    const { id } = await world.engine.planMerge(SHOP, 'exp', 'main', ADA);
    await world.engine.answerPlan(SHOP, id, [], 'ours');
    const check = (name: string, passed: boolean, actor = 'ci') =>
      world.engine.recordCheck(SHOP, id, { name, passed, detail: `${name} ran` }, { actor });
    const refused = (missing: string[], failed: string[]) =>
      expect(world.engine.applyPlan(SHOP, id, ADA)).rejects.toMatchObject({
        code: 'CHECKS_MISSING',
        data: { missing, failed }
      });
    await refused(['tests', 'review'], []);
    await check('tests', false);
    await refused(['review'], ['tests']);
    await check('tests', true);
    expect((await check('review', true, 'bob')).checks).toEqual([
      { name: 'tests', passed: true, detail: 'tests ran', by: 'ci', at: new Date(world.clock.now) },
      { name: 'review', passed: true, detail: 'review ran', by: 'bob', at: new Date(world.clock.now) }
    ]);
    // Another answer is another result.
    await world.engine.answerPlan(SHOP, id, [], 'theirs');
    await refused(['tests', 'review'], []);
    await check('tests', true);
    await world.reopen();
    await check('review', true);
    await world.engine.applyPlan(SHOP, id, ADA);
    expect(await world.all('main')).toEqual([{ _id: 1, a: 2 }]);
    await expect(check('late', true)).rejects.toMatchObject({ code: 'PLAN_APPLIED' });
    expect(world.engine.branch(SHOP, 'main').checks).toEqual(['tests', 'review']);
    expect((await world.engine.protectBranch(SHOP, 'main', false, ADA)).checks).toBeUndefined();
    for (const checks of [[''], ['a\u0000'], Array.from({ length: 65 }, (_, i) => `c${i}`)]) {
      await expect(async () =>
        world.engine.protectBranch(SHOP, 'main', true, ADA, { checks })
      ).rejects.toMatchObject({
        code: expect.stringMatching(/NAME_INVALID|LIMIT_EXCEEDED/) as string
      });
    }
    await world.close();
  });

  it('keeps its name, so that no other branch takes its place', async () => {
    const world = await World.open();
    await world.engine.createBranch(SHOP, 'release', ADA);
    await world.engine.createBranch(SHOP, 'exp', ADA);
    await world.engine.protectBranch(SHOP, 'release', true, ADA);
    const rename = (name: string, to: string) => world.engine.renameBranch(SHOP, name, to, ADA);
    await expect(rename('release', 'old')).rejects.toMatchObject({ code: 'BRANCH_PROTECTED' });
    await expect(rename('exp', 'release')).rejects.toMatchObject({ code: 'BRANCH_EXISTS' });
    await world.engine.protectBranch(SHOP, 'release', false, ADA);
    expect((await rename('release', 'old')).name).toBe('old');
    await world.close();
  });
});
