import { serialize } from 'bson';
import { compileSort } from './sort';

const document = (value: Record<string, unknown>): Buffer => Buffer.from(serialize(value));

/** A plain linear congruential generator: the same numbers in every run. */
function* numbers(seed: number): Generator<number> {
  for (let n = seed; ; n = (n * 1103515245 + 12345) % 2147483648) yield n >> 8;
}

describe('a sort of many documents', () => {
  const random = numbers(7);
  const docs = Array.from({ length: 5000 }, (_, at) => document({ at, a: random.next().value! % 97 }));
  const sort = compileSort(document({ a: -1 }));
  const expected = sort.sort([...docs]);

  it.each([undefined, 0, 1, 512, 1024, 4999, 5000, 9000])('gives the first %p in order, stable', most => {
    const sorter = sort.sorter(most);
    for (const doc of docs) sorter.push(doc);
    const found = [...sorter.finish()].flat();
    expect(Buffer.concat(found).equals(Buffer.concat(expected.slice(0, most)))).toBe(true);
  });

  it('holds no more than is asked for', () => {
    const held = (most: number | undefined): number => {
      const sorter = sort.sorter(most);
      for (const doc of docs) sorter.push(doc);
      return sorter.bytes;
    };
    const ten = held(10);
    expect(ten).toBeGreaterThan(10 * docs[0]!.length);
    expect(held(undefined)).toBe((docs.length / 10) * ten);
  });

  it('takes no step that others would notice', () => {
    const many = Array.from({ length: 100_000 }, (_, at) => document({ at, a: random.next().value! % 9973 }));
    for (const most of [undefined, 50_000]) {
      const sorter = sort.sorter(most);
      let longestMs = 0;
      let allMs = 0;
      const timed = <R>(step: () => R): R => {
        const from = performance.now();
        const result = step();
        const tookMs = performance.now() - from;
        longestMs = Math.max(longestMs, tookMs);
        allMs += tookMs;
        return result;
      };
      for (const doc of many) timed(() => sorter.push(doc));
      const batches = sorter.finish()[Symbol.iterator]();
      while (timed(() => batches.next()).done !== true);
      // A sort all at once would be nearly all of it; what is left here is the garbage collector's.
      expect(longestMs).toBeLessThan(allMs / 3);
    }
  });
});
