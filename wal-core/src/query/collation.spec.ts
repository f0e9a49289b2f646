import fc from 'fast-check';
import { serialize } from 'bson';
import { collationOf } from '../bson';
import { string } from './values';
import { indexCollation, parseCollation } from './collation';
import { compileFilter } from './filter';
import { orderOf } from './order';
import { compileSort } from './sort';

const raw = (document: object): Buffer => Buffer.from(serialize(document));

const COLLATIONS = [
  { locale: 'en', strength: 1 },
  { locale: 'en', strength: 2 },
  { locale: 'en' },
  { locale: 'en', strength: 1, caseLevel: true },
  { locale: 'en', strength: 2, caseLevel: true },
  { locale: 'en', strength: 5 },
  { locale: 'de', strength: 1, numericOrdering: true },
  { locale: 'es', strength: 1 },
  { locale: 'fr_CA', strength: 2 },
  { locale: 'en', strength: 2, alternate: 'shifted' },
  { locale: 'sv', strength: 1 },
  { locale: 'hu', strength: 2 }
] as const;

const text = fc
  .array(fc.constantFrom(...'aAbBeEéÉnñNÑoöß1207 -_.,ccscs\u0301æÆ\u0000ıΣς日'), { maxLength: 5 })
  .map(letters => letters.join(''));

describe.each(COLLATIONS)('the collation %p', spec => {
  const collation = parseCollation(raw(spec))!;

  it('folds strings so that of two folded ones the equal have equal texts, and no others', () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        const [left, right] = [collation.fold(a), collation.fold(b)];
        if (left.isFolded && right.isFolded) {
          expect([a, b, left.text === right.text]).toEqual([a, b, collation.compare(a, b) === 0]);
        }
      }),
      { numRuns: 2000 }
    );
  });

  it('gives equal strings, and only those, one key', () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 20 }), list => {
        const { keyText, compare } = orderOf(raw(spec));
        const values = list.map(string);
        for (const a of values) {
          for (const b of values) expect(keyText(a) === keyText(b)).toBe(compare(a, b) === 0);
        }
      }),
      { numRuns: 100 }
    );
  });

  it('is bounded by intervals that hold the folded key of every string that matches', () => {
    fc.assert(
      fc.property(text, text, fc.constantFrom('$eq', '$lt', '$gte', '$in'), (asked, there, op) => {
        const filter = compileFilter(raw({ a: { [op]: op === '$in' ? [asked, 1] : asked } }), {
          collation: raw(spec)
        });
        if (!filter.matches(raw({ a: there }))) return;
        const key = Buffer.from(collation.fold(there).text);
        const isInside = filter.bounds('a', true, collation)!.some(({ lower, upper }) => {
          const textOf = (value: Buffer): Buffer => value.subarray(4, value.length - 1);
          const above =
            lower === undefined || lower.value.type < 2 || key.compare(textOf(lower.value.bytes)) >= 0;
          const below =
            upper === undefined || upper.value.type !== 2 || key.compare(textOf(upper.value.bytes)) <= 0;
          return above && below;
        });
        expect([asked, there, isInside]).toEqual([asked, there, true]);
      }),
      { numRuns: 500 }
    );
  });
});

it('orders and matches by the rules of a language', () => {
  const collation = raw({ locale: 'en', strength: 2 });
  const docs = ['b', 'B', 'a', 'C', 'A'].map((a, _id) => raw({ _id, a }));
  expect(docs.filter(doc => compileFilter(raw({ a: 'B' }), { collation }).matches(doc))).toEqual([
    docs[0],
    docs[1]
  ]);
  expect(compileSort(raw({ a: 1 }), { collation }).sort([...docs])).toEqual(
    [2, 4, 0, 1, 3].map(i => docs[i])
  );
});

it.each([
  [{ strength: 1 }, 40414],
  [{ locale: 'xx_YY' }, 2],
  [{ locale: 1 }, 14],
  [{ locale: '' }, 2],
  [{ locale: 'en', strength: 9 }, 51024],
  [{ locale: 'en', strength: 0 }, 2],
  [{ locale: 'en', foo: 1 }, 40415],
  [{ locale: 'en', caseFirst: 'x' }, 2],
  [{ locale: 'en', caseFirst: 'upper', strength: 1 }, 2],
  [{ locale: 'en', backwards: true, strength: 1 }, 2],
  [{ locale: 'en', version: '1' }, 161],
  [{ locale: 'ja', strength: 4 }, 238],
  [{ locale: 'sv', backwards: true }, 238],
  [{ locale: 'en', alternate: 'shifted', maxVariable: 'space' }, 238]
])('%j is refused with code %i', (spec, mongoCode) => {
  expect(() => parseCollation(raw(spec))).toThrow(
    expect.objectContaining({ data: expect.objectContaining({ mongoCode }) })
  );
});

it('lists every field, and reads what it lists', () => {
  const { source } = parseCollation(raw({ locale: 'fr_CA' }))!;
  expect(collationOf(source).spec).toMatchObject({ backwards: true, strength: 3 });
  expect(indexCollation(raw({ key: { a: 1 }, name: 'a' }))).toBeUndefined();
});
