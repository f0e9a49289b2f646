import { PLAN_OPEN_MS_MAX, PLAN_OVER_MS_MAX } from '../limits';
import { ADA, SHOP, World } from './world';

describe('law 9: old plans go with the history that only they kept', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.open();
    await world.put('main', [{ _id: 1, value: 1 }]);
    await world.engine.createBranch(SHOP, 'exp', ADA);
  });
  afterEach(() => world.close());

  const plan = async (value: number) => {
    await world.put('exp', [{ _id: 2, value }]);
    return (await world.engine.planMerge(SHOP, 'exp', 'main', ADA)).id;
  };
  const ids = async () => (await world.engine.plans(SHOP)).map(({ id }) => id);

  it('one that was applied or cannot be any more after 30 days, one that can after 90, and no number comes twice', async () => {
    const stale = await plan(1);
    const applied = await plan(2);
    await world.engine.applyPlan(SHOP, applied, ADA);
    const open = await plan(3);
    const newest = (await world.engine.planMerge(SHOP, 'exp', 'main', ADA)).id;
    world.clock.now += PLAN_OVER_MS_MAX;
    await world.engine.gc();
    expect(await ids()).toEqual([newest, open, applied, stale]);
    world.clock.now += 1;
    await world.engine.gc({ dryRun: true });
    expect(await ids()).toHaveLength(4);
    await world.engine.gc();
    expect(await ids()).toEqual([newest, open]);
    world.clock.now += PLAN_OPEN_MS_MAX - PLAN_OVER_MS_MAX;
    await world.engine.gc();
    expect(await ids()).toEqual([newest]);
    await expect(world.engine.plan(SHOP, open)).rejects.toMatchObject({ code: 'PLAN_NOT_FOUND' });
    await world.reopen();
    expect(await ids()).toEqual([newest]);
    expect(Number((await plan(4)).slice(2))).toBe(Number(newest.slice(2)) + 1);
    expect((await world.engine.verify()).problems).toEqual([]);
  });

  it('one that somebody has answered or checked in that time stays', async () => {
    const id = await plan(1);
    await plan(2);
    const again = await plan(3);
    world.clock.now += PLAN_OPEN_MS_MAX;
    await world.engine.answerPlan(SHOP, again, [], 'ours');
    await world.engine.recordCheck(SHOP, again, { name: 'tests', passed: true }, ADA);
    await plan(4);
    world.clock.now += PLAN_OVER_MS_MAX;
    await world.engine.gc();
    expect(await ids()).toContain(again);
    expect(await ids()).not.toContain(id);
  });
});
