import { World } from './world';

describe('the engine', () => {
  let world: World;
  beforeEach(async () => {
    world = await (await World.open()).project();
  });
  afterEach(() => world.close());

  it('branches, diffs, merges, undoes and resets', async () => {
    await world.put('main', [{ _id: 1, a: 1, b: 1 }, { _id: 2, a: 2 }]);
    expect(world.view('main').lsn).toBe(3);
    await world.engine.createBranch('shop', 'exp', { actor: 'ada' });
    await world.put('exp', [{ _id: 1, a: 10, b: 1 }]);
    await world.put('main', [{ _id: 1, a: 1, b: 5 }]);
    expect(world.get('main', 1)).toEqual({ _id: 1, a: 1, b: 5 });
    expect(world.get('exp', 1)).toEqual({ _id: 1, a: 10, b: 1 });
    const diff = await world.engine.diff('shop', 'main', 'exp');
    expect(diff.summary).toEqual([{ collection: 'items', added: 0, changed: 1, deleted: 0 }]);
    const plan = await world.engine.planMerge('shop', 'exp', 'main', { actor: 'ada' });
    expect(plan).toMatchObject({ conflicts: 0, into: 'main' });
    const applied = await world.engine.applyPlan('shop', plan.id, { actor: 'ada' });
    expect(applied.state).toBe('applied');
    expect(world.get('main', 1)).toEqual({ _id: 1, a: 10, b: 5 });
    const undo = await world.engine.planUndo('shop', 'main', { range: { first: applied.appliedAs!.firstLsn, last: applied.appliedAs!.lastLsn } }, { actor: 'ada' });
    await world.engine.applyPlan('shop', undo.id, { actor: 'ada' });
    expect(world.get('main', 1)).toEqual({ _id: 1, a: 1, b: 5 });
    const before = await world.dump('main');
    const { backup } = await world.engine.resetBranch('shop', 'main', 'main@3', { actor: 'ada' });
    expect(world.get('main', 1)).toEqual({ _id: 1, a: 1, b: 1 });
    expect(await world.dump(backup)).toEqual(before);
    await world.reopen();
    expect(await world.dump(backup)).toEqual(before);
    expect(world.get('main', 1)).toEqual({ _id: 1, a: 1, b: 1 });
    const { entries } = await world.engine.log('shop');
    expect(entries.map(entry => [entry.branch, entry.kind, entry.firstLsn, entry.lastLsn])).toEqual([
      ['backup/main-7', 'undo', 7, 7],
      ['backup/main-7', 'merge', 6, 6],
      ['backup/main-7', 'writes', 5, 5],
      ['exp', 'writes', 4, 4],
      ['backup/main-7', 'writes', 1, 3]
    ]);
  });
});
