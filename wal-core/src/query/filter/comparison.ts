import { compareAt, compareValues } from '../../bson/compare';
import { doubleAt, exactAt, numberAt } from '../../bson/numbers';
import { int32At, type RawValue } from '../../bson/raw';
import { canonicalType, isNumberType, T } from '../../bson/types';
import { SIMPLE_ORDER, type ValueOrder } from '../order';
import { MISSING, type ElementTest } from './path';

export type ComparisonOp = '$eq' | '$lt' | '$lte' | '$gt' | '$gte';

/** The test of a comparison: within one class of types only, null also meets missing. */
export function comparisonTest(
  op: ComparisonOp,
  rhs: RawValue,
  { collation }: ValueOrder = SIMPLE_ORDER
): ElementTest {
  if (rhs.type === T.NULL) {
    const equal = op === '$eq' || op === '$lte' || op === '$gte';
    return type => equal && (type === MISSING || type === T.NULL || type === T.UNDEFINED);
  }
  if (rhs.type === T.MIN_KEY || rhs.type === T.MAX_KEY) return keyEndTest(op, rhs.type);
  if (isNumberType(rhs.type)) return numberTest(op, rhs);
  const strings = collation?.strings;
  if (op === '$eq' && rhs.type === T.STRING && strings === undefined) return stringEqualTest(rhs.bytes);
  const { type: rhsType, bytes } = rhs;
  const rhsClass = canonicalType(rhsType);
  return (type, buf, start, end) => {
    if (type === MISSING || (type !== rhsType && canonicalType(type) !== rhsClass)) return false;
    return holds(op, compareAt(type, buf, start, end, rhsType, bytes, 0, bytes.length, strings));
  };
}

function holds(op: ComparisonOp, order: number): boolean {
  switch (op) {
    case '$eq':
      return order === 0;
    case '$lt':
      return order < 0;
    case '$lte':
      return order <= 0;
    case '$gt':
      return order > 0;
    case '$gte':
      return order >= 0;
  }
}

/** Everything is above MinKey and below MaxKey, missing values too. */
function keyEndTest(op: ComparisonOp, end: number): ElementTest {
  return type => {
    if (type === end) return op === '$eq' || op === '$lte' || op === '$gte';
    return end === T.MAX_KEY ? op === '$lt' || op === '$lte' : op === '$gt' || op === '$gte';
  };
}

function numberTest(op: ComparisonOp, rhs: RawValue): ElementTest {
  const exact = exactAt(rhs.type, rhs.bytes, 0);
  if (exact.kind === 'nan') return op === '$lt' || op === '$gt' ? () => false : isNaNElement;
  const plain = plainDouble(rhs);
  const { type: rhsType, bytes } = rhs;
  // int64 and Decimal128 take the exact way; NaN compares false with all but NaN.
  const exactly: ElementTest = (type, buf, start, end) => {
    if (!isNumberType(type) || isNaNElement(type, buf, start, end)) return false;
    return holds(op, compareAt(type, buf, start, end, rhsType, bytes, 0, bytes.length));
  };
  if (plain === undefined) return exactly;
  switch (op) {
    case '$eq':
      return (type, buf, start, end) =>
        type === T.INT32
          ? int32At(buf, start) === plain
          : type === T.DOUBLE
            ? doubleAt(buf, start) === plain
            : exactly(type, buf, start, end);
    case '$lt':
      return (type, buf, start, end) =>
        type === T.INT32
          ? int32At(buf, start) < plain
          : type === T.DOUBLE
            ? doubleAt(buf, start) < plain
            : exactly(type, buf, start, end);
    case '$lte':
      return (type, buf, start, end) =>
        type === T.INT32
          ? int32At(buf, start) <= plain
          : type === T.DOUBLE
            ? doubleAt(buf, start) <= plain
            : exactly(type, buf, start, end);
    case '$gt':
      return (type, buf, start, end) =>
        type === T.INT32
          ? int32At(buf, start) > plain
          : type === T.DOUBLE
            ? doubleAt(buf, start) > plain
            : exactly(type, buf, start, end);
    case '$gte':
      return (type, buf, start, end) =>
        type === T.INT32
          ? int32At(buf, start) >= plain
          : type === T.DOUBLE
            ? doubleAt(buf, start) >= plain
            : exactly(type, buf, start, end);
  }
}

/** Whether an element is NaN, of either floating type. */
const isNaNElement: ElementTest = (type, buf, start) =>
  type === T.DOUBLE
    ? Number.isNaN(doubleAt(buf, start))
    : type === T.DECIMAL128 && (buf[start + 15]! & 0x7c) === 0x7c;

/** The number as a double when no digit is lost. */
function plainDouble(value: RawValue): number | undefined {
  if (value.type === T.DECIMAL128) return undefined;
  const n = numberAt(value.type, value.bytes, 0);
  return value.type === T.INT64 && !Number.isSafeInteger(n) ? undefined : n;
}

/** Strings up to this many bytes are compared here: a call into the runtime costs more. */
const SHORT_BYTES_MAX = 64;

function stringEqualTest(bytes: Buffer): ElementTest {
  return (type, buf, start, end) =>
    (type === T.STRING || type === T.SYMBOL) && end - start === bytes.length && sameText(bytes, buf, start);
}

// Not in the closure: each filter has new ones, and what is compiled for a loop in one is lost with it.
function sameText(bytes: Buffer, buf: Buffer, start: number): boolean {
  const length = bytes.length;
  if (length > SHORT_BYTES_MAX) return bytes.compare(buf, start, start + length) === 0;
  for (let i = 4; i < length; i++) if (buf[start + i] !== bytes[i]) return false;
  return true;
}

const SMALL_SET_MAX = 8;

/** Equality with any of several values; a hash set when there are many. */
export function oneOfTest(items: readonly RawValue[], order: ValueOrder = SIMPLE_ORDER): ElementTest {
  const hasNull = items.some(item => item.type === T.NULL);
  const others = items.filter(item => item.type !== T.NULL);
  let any: ElementTest;
  if (others.length <= SMALL_SET_MAX) {
    const tests = others.map(item => comparisonTest('$eq', item, order));
    any = (type, buf, start, end) => {
      for (const test of tests) if (test(type, buf, start, end)) return true;
      return false;
    };
  } else {
    const keys = new Set(others.map(order.keyText));
    const classes = new Set(others.map(item => canonicalType(item.type)));
    any = (type, buf, start, end) =>
      type !== MISSING &&
      classes.has(canonicalType(type)) &&
      keys.has(order.keyText({ type, bytes: buf.subarray(start, end) }));
  }
  if (!hasNull) return any;
  return (type, buf, start, end) =>
    type === MISSING || type === T.NULL || type === T.UNDEFINED || any(type, buf, start, end);
}

/** Sorted without repeats: how `$in` reads its list. */
export function sortedDistinct(items: readonly RawValue[]): RawValue[] {
  const sorted = [...items].sort(compareValues);
  return sorted.filter((item, i) => i === 0 || compareValues(sorted[i - 1]!, item) !== 0);
}
