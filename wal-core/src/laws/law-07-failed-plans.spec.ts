import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { LmdbStore } from '../store/lmdb/store';
import { allowSeconds } from './chance';
import { TIGHT } from './edits';
import { ADA, SHOP, World } from './world';

allowSeconds(60);

describe('law 7: a plan that cannot be made', () => {
  let world: World;
  let before: string;
  beforeEach(async () => {
    world = await World.open({ parts: TIGHT });
    const documents = (value: number) => Array.from({ length: 60 }, (_, i) => ({ _id: i, value }));
    await world.put('main', documents(0));
    before = world.view('main').ref;
    await world.engine.createBranch(SHOP, 'exp', ADA);
    for (let i = 0; i < 100; i++) {
      await world.put('exp', [{ _id: i, value: i + 1 }]);
      await world.put('main', [{ _id: i, other: i }]);
    }
    await world.view('main').stateDigest();
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await world.close();
  });

  /** Files of scratch maps that are in use. */
  const scratch = () => {
    const folder = join(world.directory, 'scratch');
    return existsSync(folder) ? readdirSync(folder) : [];
  };

  it.each([
    ['merge', () => world.engine.planMerge(SHOP, 'exp', 'main', ADA)],
    ['restore', () => world.engine.planRestore(SHOP, 'main', before, ADA)],
    [
      'restore of a collection',
      () => world.engine.planRestore(SHOP, 'main', before, ADA, { collection: 'items' })
    ]
  ])('because reading failed half way gives its scratch memory back: a %s', async (_, make) => {
    const { range } = LmdbStore.prototype;
    jest.spyOn(LmdbStore.prototype, 'range').mockImplementation(function* (this: LmdbStore, table, options) {
      for (const row of range.call(this, table, options)) {
        if (table === 'line' && scratch().length > 0) {
          throw Object.assign(new Error('i/o error'), { code: 'EIO' });
        }
        yield row;
      }
    });
    await expect(make()).rejects.toThrow('i/o error');
    jest.restoreAllMocks();
    await new Promise(resolve => setTimeout(resolve, 100));
    expect(scratch()).toEqual([]);
    expect((await make()).state).toBe('open');
  });
});
