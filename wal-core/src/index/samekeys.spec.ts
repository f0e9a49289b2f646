import { serialize } from 'bson';
import fc from 'fast-check';
import type { Image, IndexInfo } from '../api';
import { indexKeys } from '../bson';
import { hasSameKeys } from './samekeys';

const image = (document: object): Image => Buffer.from(serialize(document));
const PATTERNS = [{ a: 1 }, { a: 1, b: -1 }, { 'a.b': 1 }, { 'a.0': 1 }, { b: 'hashed' }, { 'a.b': 1, c: 1 }];

function indexOn(key: object, sparse: boolean, partialFilter?: Image): IndexInfo {
  return {
    key: image(key),
    sparse,
    partialFilter,
    unique: false,
    name: 'i',
    spec: image({})
  } as unknown as IndexInfo;
}

/** Keys of a document, or why it has none. */
function keysOf({ key, sparse }: IndexInfo, document: Image): unknown {
  try {
    return indexKeys(document, key, { sparse }).keys.map(bytes => bytes.toString('hex'));
  } catch (error) {
    return (error as Error).message;
  }
}

const scalar = fc.constantFrom<unknown>(0, 1, 1.5, 'x', '', null, true, new Date(0));
const value = fc.oneof(
  scalar,
  fc.array(scalar, { maxLength: 3 }),
  fc.record({ b: scalar }, { requiredKeys: [] }),
  fc.array(fc.record({ b: scalar }), { maxLength: 2 })
);
const document = fc.record({ a: value, b: value, c: value, d: value }, { requiredKeys: [] });
const change = fc.constantFrom('a', 'b', 'c', 'd', 'none');

it('documents that are said to have the same keys have them', () => {
  let same = 0;
  fc.assert(
    fc.property(
      document,
      change,
      value,
      fc.constantFrom(...PATTERNS),
      fc.boolean(),
      (before, name, other, pattern, sparse) => {
        const after = name === 'none' ? before : { ...before, [name]: other };
        const index = indexOn(pattern, sparse);
        if (hasSameKeys(index, image(before), image(after))) {
          same++;
          expect(keysOf(index, image(after))).toEqual(keysOf(index, image(before)));
        }
      }
    ),
    { numRuns: 2000 }
  );
  expect(same).toBeGreaterThan(200);
});

it('tells a change of an indexed field, of its type, and of what a partial filter may look at', () => {
  const index = indexOn({ a: 1 }, false);
  const same = (before: object, after: object, of = index) => hasSameKeys(of, image(before), image(after));
  expect(same({ a: 1, n: 1 }, { n: 2, a: 1 })).toBe(true);
  expect(same({ n: 1 }, { n: 2 })).toBe(true);
  expect(same({ a: 1 }, { a: 2 })).toBe(false);
  expect(same({ a: 1 }, { a: true })).toBe(false);
  expect(same({ a: 'x' }, { a: 'xy' })).toBe(false);
  expect(same({ a: 1 }, {})).toBe(false);
  expect(same({}, { a: null })).toBe(false);
  expect(same({ a: 1, n: 1 }, { a: 1, n: 2 }, indexOn({ a: 1 }, false, image({ n: 1 })))).toBe(false);
});
