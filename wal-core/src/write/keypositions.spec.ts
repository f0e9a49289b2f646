import fc from 'fast-check';
import { KeyPositions } from './keypositions';

describe('positions of keys', () => {
  it('are those of a map, whatever the order of the keys', () => {
    const key = fc.uint8Array({ minLength: 1, maxLength: 2 }).map(bytes => Buffer.from(bytes));
    const keys = fc.oneof(
      fc.array(key, { maxLength: 60 }),
      fc.array(key, { maxLength: 60 }).map(many => many.sort((a, b) => a.compare(b)))
    );
    fc.assert(
      fc.property(keys, fc.array(key, { maxLength: 10 }), (given, others) => {
        const model = new Map<string, number>();
        const positions = new KeyPositions();
        given.forEach((one, i) => {
          expect(positions.set(one, i)).toBe(model.get(one.toString('hex')));
          model.set(one.toString('hex'), i);
        });
        for (const one of [...given, ...others]) {
          expect(positions.get(one)).toBe(model.get(one.toString('hex')));
        }
        const entries = [...positions.entries()].map(([one, at]): [string, number] => [
          one.toString('hex'),
          at
        ]);
        expect(entries).toHaveLength(model.size);
        expect(new Map(entries)).toEqual(model);
        positions.clear();
        expect([...positions.entries()]).toEqual([]);
      })
    );
  });
});
