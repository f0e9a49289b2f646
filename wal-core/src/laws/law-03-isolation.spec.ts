import fc from 'fast-check';
import { allowSeconds, random, runs } from './chance';
import { holdState, releaseStates } from './hold';
import { ADA, SHOP, World } from './world';

allowSeconds(120);

describe('law 3: isolation', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.open();
  });
  afterEach(async () => {
    releaseStates();
    await world.close();
  });

  async function figures(ref: string): Promise<unknown[]> {
    const view = world.view(ref);
    const items = view.collection('items')!;
    return [
      await view.count(items),
      await view.digest(items),
      await view.stateDigest(),
      await world.dump(ref)
    ];
  }

  it(
    random('a child equals its parent at the fork, and neither sees what the other writes later'),
    async () => {
      const writes = fc.array(fc.record({ on: fc.nat(9), id: fc.nat(7), value: fc.option(fc.nat(9)) }), {
        minLength: 5,
        maxLength: 15
      });
      await fc.assert(
        fc.asyncProperty(
          writes,
          fc.array(fc.nat(9), { minLength: 2, maxLength: 6 }),
          writes,
          async (first, parents, second) => {
            const name = `p${world.engine.projects().length}`;
            await world.engine.createProject(name, ADA);
            const put = (branch: string, id: number, value: number | null) =>
              value === null
                ? world.put(branch, [{ _id: -1, value: id }], { project: name })
                : world.put(branch, [{ _id: id, value }], { project: name });
            await put('main', 0, 0);
            const branches = ['main'];
            const pick = (number: number) => branches[number % branches.length]!;
            const dump = (branch: string) => world.dump(world.view(branch, name));
            for (const { id, value } of first) {
              await put('main', id, value);
            }
            // A tree of branches, with a write between two forks, whatever of it is applied yet.
            const hold = holdState();
            for (const [i, parent] of parents.entries()) {
              const from = pick(parent);
              await world.engine.createBranch(name, `b${i}`, ADA, { from });
              await put(from, 100 + i, i);
              branches.push(`b${i}`);
            }
            hold.release();
            for (const [i, parent] of parents.entries()) {
              const fork = world.engine.branch(name, `b${i}`).fork!;
              const atFork = await world.dump(world.engine.snapshot(name, fork.timeline, fork.lsn));
              expect(await world.dump(world.view(`b${i}@${fork.lsn}`, name))).toEqual(atFork);
              expect(parent).toBeGreaterThanOrEqual(0);
            }
            for (const { on, id, value } of second) {
              const target = pick(on);
              const others = branches.filter(branch => branch !== target);
              const before = await Promise.all(others.map(dump));
              await put(target, id, value);
              expect(await Promise.all(others.map(dump))).toEqual(before);
            }
          }
        ),
        runs(15)
      );
    }
  );

  it('counts and digests are right when changes of parent and child reach the state together', async () => {
    const hold = holdState();
    await world.put('main', [{ _id: 1 }, { _id: 2 }, { _id: 3 }]);
    await world.engine.createBranch(SHOP, 'child', ADA);
    await world.put('main', [{ _id: 4 }]);
    await world.remove('child', [1, 2, 3]);
    await world.engine.createBranch(SHOP, 'grandchild', ADA, { from: 'child' });
    await world.remove('main', [1]);
    await world.put('grandchild', [{ _id: 5 }]);
    await world.put('child', [{ _id: 6 }], { collection: 'other' });
    hold.release();
    const together = await Promise.all(['main', 'child', 'grandchild'].map(figures));
    expect(together.map(([count]) => count)).toEqual([3, 0, 1]);
    await world.reopen();
    expect(await Promise.all(['main', 'child', 'grandchild'].map(figures))).toEqual(together);
  });

  it('a deep line of branches reads like one', async () => {
    let parent = 'main';
    await world.put('main', [{ _id: 'root' }]);
    for (let depth = 1; depth <= 60; depth++) {
      await world.engine.createBranch(SHOP, `d${depth}`, ADA, { from: parent });
      await world.put(`d${depth}`, [{ _id: depth }, { _id: 'moving', depth }]);
      parent = `d${depth}`;
    }
    expect((await world.all('d60')).length).toBe(62);
    expect(world.get('d60', 'moving')).toEqual({ _id: 'moving', depth: 60 });
    expect(world.get('d30', 'moving')).toEqual({ _id: 'moving', depth: 30 });
    expect(world.get('d30', 31)).toBeUndefined();
    const items = world.view('d60').collection('items')!;
    expect(await world.view('d60').count(items)).toBe(62);
    expect(world.engine.branch(SHOP, 'd60')).toMatchObject({ ahead: 120, behind: 0 });
  });

  it('projects do not see each other', async () => {
    await world.engine.createProject('other', ADA);
    await world.put('main', [{ _id: 1 }]);
    await world.put('main', [{ _id: 2 }], { project: 'other' });
    expect([world.engine.project(SHOP).head, world.engine.project('other').head]).toEqual([2, 2]);
    expect([...(await world.dump(world.view('main', 'other'))).keys()]).not.toEqual([
      ...(await world.dump('main')).keys()
    ]);
    await world.engine.deleteProject('other', ADA);
    expect(() => world.view('main', 'other')).toThrow(expect.objectContaining({ code: 'PROJECT_NOT_FOUND' }));
    await world.engine.createProject('other', ADA);
    expect(await world.dump(world.view('main', 'other'))).toEqual(new Map());
    await world.reopen();
    expect(await world.dump(world.view('main', 'other'))).toEqual(new Map());
    expect(await world.all('main')).toEqual([{ _id: 1 }]);
  });
});
