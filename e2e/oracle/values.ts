import { Binary, Decimal128, Double, Int32, Long, ObjectId, type Document } from 'mongodb';
import type { Random } from './random';

/**
 * Values of the kinds people store, with the awkward ones of each kind. Not NaN: `$inc` leaves its bytes as they are, and
 * mongod counts it as modified all the same.
 */
const SCALARS: readonly unknown[] = [
  null,
  true,
  false,
  new Int32(0),
  new Int32(1),
  new Int32(2),
  new Int32(7),
  new Int32(-3),
  new Double(1),
  new Double(2.5),
  new Double(-0),
  Long.fromNumber(2),
  Long.fromString('9007199254740993'),
  Decimal128.fromString('1.0'),
  Decimal128.fromString('2.50'),
  '',
  'a',
  'b',
  'é',
  'zz top',
  new Date(0),
  new Date(1_700_000_000_000),
  new ObjectId('6b01a6be673fd7e3fc7ddbbd'),
  new Binary(Buffer.from('abc'))
];

const NUMBERS: readonly unknown[] = [
  new Int32(0),
  new Int32(1),
  new Int32(2),
  new Int32(5),
  new Int32(9),
  new Double(1.5)
];

/** Field names; `u` is left to unique values. */
export const FIELDS = ['a', 'b', 'n', 't'] as const;

export function scalar(random: Random): unknown {
  return random.pick(SCALARS);
}

export function number(random: Random): unknown {
  return random.pick(NUMBERS);
}

export function value(random: Random, depth = 2): unknown {
  if (depth > 0 && random.chance(0.15)) {
    return random.list(0, 3, () => value(random, depth - 1));
  }
  if (depth > 0 && random.chance(0.15)) {
    return Object.fromEntries(random.list(0, 2, () => [random.pick(['x', 'y']), value(random, depth - 1)]));
  }
  return scalar(random);
}

/** A document without `_id`: some fields of any kind, `n` always a number, `t` an array. */
export function body(random: Random): Document {
  const document: Document = {};
  for (const name of FIELDS) {
    if (random.chance(0.6)) {
      document[name] =
        name === 'n'
          ? number(random)
          : name === 't'
            ? random.list(0, 3, () => number(random))
            : value(random);
    }
  }
  return document;
}
