import { Decimal128, Long, serialize } from 'bson';
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

  it('passes over what is surely beyond, by numbers of every type where they lie, and by nothing else', () => {
    const oddities = [
      NaN,
      -0,
      0,
      null,
      'a',
      [3, 1],
      [],
      {},
      new Date(2),
      Long.MAX_VALUE,
      Long.fromNumber(-5),
      Decimal128.fromString('2.5'),
      Infinity,
      -1.5
    ];
    let passed = 0;
    for (const by of [{ a: 1 }, { a: -1 }, { a: 1, at: -1 }, { a: -1, b: 1 }, { 'a.b': 1 }] as const) {
      for (const collation of [undefined, document({ locale: 'en' })]) {
        const kind = compileSort(document(by), collation === undefined ? {} : { collation });
        const mixed = Array.from({ length: 2000 }, (_, at) => {
          const chance = random.next().value! % 20;
          return chance === 19
            ? document({ at })
            : document({ at, a: chance < 14 ? oddities[chance] : (random.next().value! % 1000) / 2 - 250 });
        });
        const sorter = kind.sorter(20);
        const padded = Buffer.concat([Buffer.alloc(7, 1), ...mixed]);
        let start = 7;
        for (const doc of mixed) {
          if (sorter.isBeyond(padded, start)) passed++;
          else sorter.push(doc);
          start += doc.length;
        }
        const found = Buffer.concat([...sorter.finish()].flat());
        expect(found.equals(Buffer.concat(kind.sort([...mixed]).slice(0, 20)))).toBe(true);
      }
    }
    expect(passed).toBeGreaterThan(100);
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
