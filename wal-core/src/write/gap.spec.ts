import fc from 'fast-check';
import { docKeyOf } from '../bson';
import { image, SHOP, World, ADA } from '../laws/world';

/** Documents that some group inserts, on the branch itself or on its parent before the fork. */
const step = fc.record({
  where: fc.constantFrom('main' as const, 'child' as const),
  ids: fc.uniqueArray(fc.nat(60), { minLength: 1, maxLength: 20 }),
  isSorted: fc.boolean(),
  isRemoval: fc.boolean(),
  settles: fc.boolean()
});

describe('a load in the order of its keys', () => {
  it('finds each document that is there, wherever it lies, also while it is on its way into the state', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async steps => {
        const world = await World.open();
        const there = { main: new Set<number>(), child: new Set<number>() };
        try {
          await world.put('main', []);
          for (const [i, { where, ids, isSorted, isRemoval, settles }] of steps.entries()) {
            if (i === Math.floor(steps.length / 3)) {
              await world.engine.createBranch(SHOP, 'child', ADA);
              there.child = new Set(there.main);
            }
            const branch = i < Math.floor(steps.length / 3) ? 'main' : where;
            const order = isSorted ? [...ids].sort((a, b) => a - b) : ids;
            const found = await world.engine.write(SHOP, branch, ADA, writer => {
              const items = writer.ensureCollection('items');
              return order.filter(id => {
                const document = image({ _id: id });
                const known = writer.get(items, docKeyOf(document)) !== undefined;
                if (known && isRemoval) {
                  writer.remove(items, docKeyOf(document));
                } else if (!known && !isRemoval) {
                  writer.insert(items, document);
                } else if (known) {
                  expect(() => writer.insert(items, document)).toThrow(/already holds this key/u);
                }
                return known;
              });
            });
            expect(found.result).toEqual(order.filter(id => there[branch].has(id)));
            for (const id of ids) {
              if (isRemoval) {
                there[branch].delete(id);
              } else {
                there[branch].add(id);
              }
            }
            if (settles) {
              await world.engine.verify();
            }
          }
        } finally {
          await world.close();
        }
      }),
      { numRuns: 25 }
    );
  }, 60_000);
});
