import { ADA, copyLog, SHOP, World } from './world';

describe('law 11: an id is given once', () => {
  let world: World;

  beforeEach(async () => {
    world = await World.open();
  });

  afterEach(() => world.close());

  it('a project made after a restart has nothing of one that was deleted before', async () => {
    await world.engine.createProject('first', ADA);
    await world.put('main', [{ _id: 1, of: 'first' }], { project: 'first' });
    await world.engine.createBranch('first', 'secret', ADA);
    await world.engine.createPin('first', 'secret', 'main', ADA);
    await world.engine.setRetention('first', { keepLsns: 7 }, ADA);
    await world.engine.planMerge('first', 'secret', 'main', ADA).catch(() => undefined);
    await world.engine.deleteProject('first', ADA);
    await world.reopen();
    await world.engine.createProject('second', ADA);
    await world.put('main', [{ _id: 2, of: 'second' }], { project: 'second' });
    for (const title of ['at once', 'after a restart', 'after a state that was made anew']) {
      const { engine } = world;
      const view = engine.resolve('second', 'main');
      const found = [
        engine.branches('second').map(({ name }) => name),
        engine.pins('second'),
        engine.timelineCount('second'),
        engine.retention('second'),
        await engine.plans('second'),
        (await world.dump(view)).size
      ];
      expect([title, ...found]).toEqual([title, ['main'], [], 1, undefined, [], 1]);
      expect((await engine.verify()).problems).toEqual([]);
      if (title === 'at once') {
        await world.reopen();
      } else {
        await world.moveTo(copyLog(world.directory));
      }
    }
  });

  it('a branch made after a restart has nothing of one that was collected before, also in a state made anew', async () => {
    await world.put('main', [{ _id: 0 }]);
    await world.engine.createBranch(SHOP, 'old', ADA);
    await world.put('old', [{ _id: 1, of: 'old' }]);
    await world.engine.deleteBranch(SHOP, 'old', ADA);
    await world.engine.gc({ retention: { keepLsns: 0 } });
    await world.reopen();
    await world.put('main', [{ _id: 2 }]);
    await world.engine.createBranch(SHOP, 'new', ADA);
    await world.put('new', [{ _id: 3 }]);
    const before = await world.all('new');
    expect(before).toEqual([{ _id: 0 }, { _id: 2 }, { _id: 3 }]);
    await world.moveTo(copyLog(world.directory));
    expect(await world.all('new')).toEqual(before);
    expect((await world.engine.verify()).problems).toEqual([]);
  });
});
