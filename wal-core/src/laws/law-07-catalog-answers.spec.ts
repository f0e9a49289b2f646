import { allowSeconds } from './chance';
import { ADA, lsn, SHOP, World } from './world';

allowSeconds(60);

const BASE = [{ take: 'base' as const }];

describe('law 7: answers about collections', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.open();
  });
  afterEach(() => world.close());

  const names = (ref: string) =>
    world
      .view(ref)
      .collections()
      .map(({ name }) => name);

  const rename = (branch: string, from: string, to: string, origin = ADA) =>
    world.engine.write(SHOP, branch, origin, writer => {
      writer.renameCollection(writer.collection(from)!, to);
    });

  it('do not drop a collection whose documents stay, also when it is the base that has none', async () => {
    await world.put('main', [{ _id: 1 }], { origin: { actor: 'eve' } });
    await world.put('main', [{ _id: 2 }]);
    await world.engine.createBranch(SHOP, 'exp', ADA);
    await rename('exp', 'items', 'things');
    await rename('main', 'items', 'goods');
    await rename('main', 'goods', 'wares', { actor: 'eve' });
    const pick = await world.engine.planPick(SHOP, 'main', { actor: 'eve' }, 'exp', ADA);
    const [conflict] = await world.engine.planConflicts(SHOP, pick.id);
    expect(conflict).toMatchObject({ collection: '(catalog)', path: [], base: undefined });
    await world.engine.answerPlan(SHOP, pick.id, [], BASE);
    await world.engine.applyPlan(SHOP, pick.id, ADA);
    expect(names('exp')).toEqual(['things']);
    expect(await world.all('exp', 'things')).toEqual([{ _id: 1 }, { _id: 2 }]);
    const view = world.view('exp');
    expect(await view.count(view.collection('things')!)).toBe(2);
  });

  it('may choose what a collection is called that comes with a plan: its documents are shown under that name', async () => {
    await world.engine.createBranch(SHOP, 'exp', ADA);
    await world.put('exp', [{ _id: 0 }]);
    const [first] = (await world.engine.log(SHOP, { ref: 'exp' })).entries;
    const range = { first: lsn(first!.lastLsn + 1), last: lsn(first!.lastLsn + 2) };
    await world.put('exp', [{ _id: 1 }]);
    await rename('exp', 'items', 'things');
    const pick = await world.engine.planPick(SHOP, 'exp', { range }, 'main', ADA);
    const shown = async () =>
      (await world.engine.planDocuments(SHOP, pick.id)).map(({ collection }) => collection);
    await world.engine.answerPlan(SHOP, pick.id, [], 'theirs');
    expect(await shown()).toEqual(['(catalog)', 'things']);
    const answered = await world.engine.answerPlan(SHOP, pick.id, [], BASE);
    expect(await shown()).toEqual(['(catalog)', 'items']);
    expect(answered.summary.map(({ collection }) => collection)).toEqual(['(catalog)', 'items']);
    await world.engine.applyPlan(SHOP, pick.id, ADA);
    expect(await world.all('main', 'items')).toEqual([{ _id: 1 }]);
  });

  it('leave no collection without a name', async () => {
    await world.engine.createBranch(SHOP, 'exp', ADA);
    for (const branch of ['main', 'exp']) {
      await world.put(branch, [{ _id: branch }]);
      await rename(branch, 'items', `of ${branch}`);
    }
    const plan = await world.engine.planMerge(SHOP, 'exp', 'main', ADA);
    const [conflict] = await world.engine.planConflicts(SHOP, plan.id);
    expect(conflict).toMatchObject({ path: ['name'], base: undefined });
    const answered = await world.engine.answerPlan(SHOP, plan.id, [], BASE);
    expect(answered.unanswered).toBe(1);
    await expect(world.engine.applyPlan(SHOP, plan.id, ADA)).rejects.toMatchObject({
      code: 'PLAN_UNANSWERED'
    });
    await world.engine.answerPlan(SHOP, plan.id, [], 'theirs');
    const applied = await world.engine.applyPlan(SHOP, plan.id, ADA);
    expect(names('main')).toEqual(['of exp']);
    expect(names(`main@${lsn(applied.appliedAs!.firstLsn - 1)}`)).toEqual(['of main']);
    expect(await world.all('main', 'of exp')).toEqual([{ _id: 'exp' }, { _id: 'main' }]);
  });
});
