import fc from 'fast-check';
import { allowSeconds, random, runs } from './chance';
import { ADA, image, type Plain, SHOP, World } from './world';

allowSeconds(90);

const TTL = { actor: 'ttl' };
const index = (direction: number, seconds: number, more: Plain = {}) =>
  image({ v: 2, key: { at: direction }, name: 'at_1', expireAfterSeconds: seconds, ...more });

describe('law 11: an index by which documents expire', () => {
  it(
    random('removes what is over, on each branch by itself, and nothing else; it can be undone'),
    async () => {
      const value = fc.oneof(
        fc.integer({ min: -50, max: 50 }).map(seconds => ({ seconds })),
        fc.array(fc.integer({ min: -50, max: 50 }), { maxLength: 3 }).map(list => ({ list })),
        fc.constantFrom({ other: null }, { other: 5 }, { other: 'x' }, {})
      );
      await fc.assert(
        fc.asyncProperty(
          fc.array(value, { maxLength: 30 }),
          fc.constantFrom(1, -1),
          fc.nat({ max: 20 }),
          async (values, direction, ttl) => {
            const world = await World.open();
            const { engine, clock } = world;
            const date = (seconds: number) => new Date(clock.now + seconds * 1000);
            const documents = values.map((one, i) => ({
              _id: i,
              ...('seconds' in one
                ? { at: date(one.seconds) }
                : 'list' in one
                  ? { at: one.list.map(date) }
                  : 'other' in one
                    ? { at: one.other }
                    : {})
            }));
            await world.put('main', [{ _id: 'none' }, ...documents]);
            await engine.createIndex(SHOP, 'main', 'items', index(direction, ttl), ADA);
            await engine.createBranch(SHOP, 'exp', ADA);
            await engine.createBranch(SHOP, 'held', ADA);
            await engine.protectBranch(SHOP, 'held', true, ADA);
            await world.put('exp', [{ _id: 'old', at: new Date(0) }]);
            const before = await world.dump('main');
            const limit = clock.now - ttl * 1000;
            const isOver = ({ at }: Plain) =>
              (Array.isArray(at) ? at : [at]).some(one => one instanceof Date && one.getTime() <= limit);
            const over = documents.filter(isOver).map(({ _id }) => _id);
            const swept = await engine.sweepExpired(TTL);
            const left = (await world.all('main')).map(({ _id }) => _id);
            expect(left).toEqual(
              [...documents.map(({ _id }) => _id).filter(id => !over.includes(id)), 'none'].sort(compareIds)
            );
            expect((await world.all('exp')).map(({ _id }) => _id)).toEqual(left);
            expect(await world.dump('held')).toEqual(before);
            expect(swept.reduce((sum, { removed }) => sum + removed, 0)).toBe(2 * over.length + 1);
            expect(await engine.sweepExpired(TTL)).toEqual([]);
            if (over.length > 0) {
              const plan = await engine.planUndo(SHOP, 'main', { actor: 'ttl' }, ADA);
              await engine.applyPlan(SHOP, plan.id, ADA);
              expect(await world.dump('main')).toEqual(before);
            }
            await world.close();
          }
        ),
        runs(15)
      );
    }
  );

  it('takes many in small commits, waits for its time, and heeds a partial filter', async () => {
    const world = await World.open();
    const { engine, clock } = world;
    const at = new Date(clock.now);
    await world.put(
      'main',
      Array.from({ length: 1300 }, (_, i) => ({ _id: i, at, done: i % 2 === 0 }))
    );
    const filter = { partialFilterExpression: { done: true } };
    await engine.createIndex(SHOP, 'main', 'items', index(1, 60, filter), ADA);
    expect(await engine.sweepExpired(TTL)).toEqual([]);
    clock.now += 61_000;
    const [swept] = await engine.sweepExpired(TTL);
    expect(swept).toEqual({ project: SHOP, branch: 'main', collection: 'items', removed: 650 });
    expect((await world.all('main')).every(({ done }) => done === false)).toBe(true);
    const { entries } = await engine.log(SHOP, { limit: 1 });
    expect(entries[0]).toMatchObject({ deletes: 650, origin: TTL });
    await world.close();
  });
});

function compareIds(a: unknown, b: unknown): number {
  return typeof a === typeof b ? Number(a) - Number(b) : typeof a === 'number' ? -1 : 1;
}
