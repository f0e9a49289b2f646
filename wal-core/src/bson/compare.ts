import { compareInt64, compareNumbersAt } from './numbers';
import { cstringEnd, Cursor, int32At, type RawValue } from './raw';
import { canonicalType, T } from './types';

/** Order of two strings, given as UTF-8 in slices of buffers. */
export type StringOrder = (
  a: Buffer,
  startA: number,
  endA: number,
  b: Buffer,
  startB: number,
  endB: number
) => number;

/**
 * MongoDB's total order over all values (simple binary collation): by class of type,
 * then by value. Numbers of all four types compare exactly; NaN is the smallest number.
 */
export function compareValues(a: RawValue, b: RawValue): number {
  return compareAt(a.type, a.bytes, 0, a.bytes.length, b.type, b.bytes, 0, b.bytes.length);
}

/** Order of two documents: field by field, each by class of type, then name, then value. */
export function compareDocuments(a: Buffer, b: Buffer): number {
  return compareBodies(a, 0, b, 0);
}

/** `compareValues` on slices of buffers; `strings` orders strings in another way than by their bytes. */
export function compareAt(
  typeA: number,
  a: Buffer,
  startA: number,
  endA: number,
  typeB: number,
  b: Buffer,
  startB: number,
  endB: number,
  strings?: StringOrder
): number {
  if (typeA !== typeB) {
    const classA = canonicalType(typeA);
    const classB = canonicalType(typeB);
    if (classA !== classB) return classA < classB ? -1 : 1;
  }
  switch (typeA) {
    case T.INT32:
      if (typeB === T.INT32) return sign(int32At(a, startA) - int32At(b, startB));
      return compareNumbersAt(typeA, a, startA, typeB, b, startB);
    case T.DOUBLE:
    case T.INT64:
    case T.DECIMAL128:
      return compareNumbersAt(typeA, a, startA, typeB, b, startB);
    case T.STRING:
    case T.SYMBOL:
      return (strings ?? compareBytes)(a, startA + 4, endA - 1, b, startB + 4, endB - 1);
    case T.CODE:
      return compareBytes(a, startA + 4, endA - 1, b, startB + 4, endB - 1);
    case T.OBJECT:
    case T.ARRAY:
      return compareBodies(a, startA, b, startB, strings);
    case T.BINARY:
    case T.DB_POINTER: {
      // Length first; of equal length, the rest (for binary: subtype, then bytes).
      const length = int32At(a, startA) - int32At(b, startB);
      return length !== 0 ? sign(length) : compareBytes(a, startA + 4, endA, b, startB + 4, endB);
    }
    case T.OBJECT_ID:
    case T.BOOL:
      return compareBytes(a, startA, endA, b, startB, endB);
    case T.DATE:
      return compareInt64(a, startA, b, startB);
    case T.TIMESTAMP: {
      const seconds = (int32At(a, startA + 4) >>> 0) - (int32At(b, startB + 4) >>> 0);
      return sign(seconds !== 0 ? seconds : (int32At(a, startA) >>> 0) - (int32At(b, startB) >>> 0));
    }
    case T.REGEX: {
      const patternA = cstringEnd(a, startA);
      const patternB = cstringEnd(b, startB);
      const pattern = compareBytes(a, startA, patternA, b, startB, patternB);
      return pattern !== 0 ? pattern : compareBytes(a, patternA + 1, endA - 1, b, patternB + 1, endB - 1);
    }
    case T.CODE_W_SCOPE: {
      const codeA = startA + 8 + int32At(a, startA + 4);
      const codeB = startB + 8 + int32At(b, startB + 4);
      const code = compareBytes(a, startA + 8, codeA - 1, b, startB + 8, codeB - 1);
      return code !== 0 ? code : compareBodies(a, codeA, b, codeB);
    }
    default:
      return 0; // Undefined, null, MinKey and MaxKey have one value each.
  }
}

function sign(n: number): number {
  return n < 0 ? -1 : n > 0 ? 1 : 0;
}

/** memcmp, then the shorter first. */
export function compareBytes(
  a: Buffer,
  startA: number,
  endA: number,
  b: Buffer,
  startB: number,
  endB: number
): number {
  const lengthA = endA - startA;
  const lengthB = endB - startB;
  const common = lengthA < lengthB ? lengthA : lengthB;
  if (common > 64) return a.compare(b, startB, endB, startA, endA);
  for (let i = 0; i < common; i++) {
    const difference = a[startA + i]! - b[startB + i]!;
    if (difference !== 0) return difference < 0 ? -1 : 1;
  }
  return lengthA === lengthB ? 0 : lengthA < lengthB ? -1 : 1;
}

function compareBodies(a: Buffer, startA: number, b: Buffer, startB: number, strings?: StringOrder): number {
  const left = new Cursor(a, startA);
  const right = new Cursor(b, startB);
  for (;;) {
    const moreLeft = left.next();
    const moreRight = right.next();
    if (!moreLeft || !moreRight) return moreLeft === moreRight ? 0 : moreLeft ? 1 : -1;
    if (left.type !== right.type) {
      const classA = canonicalType(left.type);
      const classB = canonicalType(right.type);
      if (classA !== classB) return classA < classB ? -1 : 1;
    }
    const name = compareBytes(a, left.nameStart, left.nameEnd, b, right.nameStart, right.nameEnd);
    if (name !== 0) return name;
    const value = compareAt(
      left.type,
      a,
      left.valueStart,
      left.valueEnd,
      right.type,
      b,
      right.valueStart,
      right.valueEnd,
      strings
    );
    if (value !== 0) return value;
  }
}
