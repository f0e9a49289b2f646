import { REAL_FILE_SYSTEM } from '../log/file/log';
import { ADA, dumpOf, lsn, SHOP, World } from './world';

const documents = (count: number, from: number) =>
  Array.from({ length: count }, (_, i) => ({ _id: from + i }));

/** Few documents are many here: the second kind of world sends large commits ahead in parts. */
const PARTS = { log: { fileSystem: REAL_FILE_SYSTEM }, held: { bytesMax: 1_000_000, recordsMax: 7 } };

describe('law 11: a collection that takes the name of another', () => {
  it.each([
    ['in one frame', undefined],
    ['in parts', PARTS]
  ])('%s: no LSN has neither, and undo gives both back', async (_, parts) => {
    const world = await World.open(parts === undefined ? {} : { parts });
    const { engine } = world;
    await world.put('main', documents(30, 0), { collection: 'old' });
    await world.put('main', documents(20, 100), { collection: 'new' });
    const { head: first } = engine.branch(SHOP, 'main');
    const before = await world.dump('main');
    const renamed = world.view('main').collection('new')!;
    expect(await engine.dropCollection(SHOP, 'main', 'old', ADA, { replacedBy: 'new' })).toBe(true);
    const { head: last } = engine.branch(SHOP, 'main');
    for (let at = first; at <= last; at = lsn(at + 1)) {
      const view = world.view(`main@${at}`);
      const isOld = at < last;
      expect([
        at,
        view
          .collections()
          .map(({ name }) => name)
          .sort()
      ]).toEqual([at, isOld ? ['new', 'old'] : ['old']]);
      expect([at, (await dumpOf(view)).size]).toEqual([at, isOld ? 50 : 20]);
    }
    // It is the same collection under another name.
    expect(world.view('main').collection('old')).toMatchObject({ id: renamed.id });
    const { entries } = await engine.log(SHOP, { ref: 'main', limit: 1 });
    expect(entries[0]).toMatchObject({ firstLsn: first + 1, lastLsn: last, kind: 'catalog', deletes: 30 });
    await world.reopen();
    expect((await world.dump('main')).size).toBe(20);
    const plan = await world.engine.planUndo(SHOP, 'main', { range: { first: lsn(first + 1), last } }, ADA);
    await world.engine.applyPlan(SHOP, plan.id, ADA);
    expect(await world.dump('main')).toEqual(before);
    await world.close();
  });

  it('nothing is dropped for one that is not there', async () => {
    const world = await World.open();
    await world.put('main', documents(3, 0), { collection: 'old' });
    const before = await world.dump('main');
    for (const replacedBy of ['none', 'old']) {
      const asked = world.engine.dropCollection(SHOP, 'main', 'old', ADA, { replacedBy });
      await (replacedBy === 'none'
        ? expect(asked).rejects.toMatchObject({ code: 'COLLECTION_NOT_FOUND', data: { collection: 'none' } })
        : expect(asked).rejects.toMatchObject({ code: 'BAD_REQUEST' }));
    }
    expect(await world.engine.dropCollection(SHOP, 'main', 'none', ADA, { replacedBy: 'old' })).toBe(false);
    expect(await world.dump('main')).toEqual(before);
    await world.close();
  });
});
