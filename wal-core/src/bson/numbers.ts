import { decodeDecimal, digitCount, pow10, type Decimal } from './decimal';
import { int32At } from './raw';
import { T } from './types';

/**
 * Exact order of int32, int64, double and Decimal128 among each other. NaN (of either
 * kind) equals NaN and is the smallest number; -0 equals 0.
 */
export function compareNumbersAt(
  typeA: number,
  a: Buffer,
  atA: number,
  typeB: number,
  b: Buffer,
  atB: number
): number {
  if (typeA === T.DECIMAL128 || typeB === T.DECIMAL128) {
    return compareExact(exactAt(typeA, a, atA), exactAt(typeB, b, atB));
  }
  if (typeA === T.INT64 || typeB === T.INT64) {
    if (typeA === T.INT64 && typeB === T.INT64) return compareInt64(a, atA, b, atB);
    return typeA === T.INT64
      ? compareLongDouble(a, atA, numberAt(typeB, b, atB))
      : 0 - compareLongDouble(b, atB, numberAt(typeA, a, atA));
  }
  return compareDoubles(numberAt(typeA, a, atA), numberAt(typeB, b, atB));
}

/** Order of two doubles with NaN first. */
export function compareDoubles(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  if (a === b) return 0;
  return a === a ? 1 : b === b ? -1 : 0;
}

/** Order of two signed 64-bit integers by their bytes. */
export function compareInt64(a: Buffer, atA: number, b: Buffer, atB: number): number {
  const highA = int32At(a, atA + 4);
  const highB = int32At(b, atB + 4);
  if (highA !== highB) return highA < highB ? -1 : 1;
  const lowA = int32At(a, atA) >>> 0;
  const lowB = int32At(b, atB) >>> 0;
  return lowA === lowB ? 0 : lowA < lowB ? -1 : 1;
}

/** The value as a double when that is exact or when it is an int32 or double; not for Decimal128. */
export function numberAt(type: number, buf: Buffer, at: number): number {
  switch (type) {
    case T.INT32:
      return int32At(buf, at);
    case T.DOUBLE:
      return doubleAt(buf, at);
    case T.INT64:
      return int32At(buf, at + 4) * 4294967296 + (int32At(buf, at) >>> 0);
    default:
      throw new RangeError(`not a binary number: type ${type}`);
  }
}

const scratch = new DataView(new ArrayBuffer(8));

/** Little-endian double at `at`. */
export function doubleAt(buf: Buffer, at: number): number {
  scratch.setInt32(0, int32At(buf, at), true);
  scratch.setInt32(4, int32At(buf, at + 4), true);
  return scratch.getFloat64(0, true);
}

function compareLongDouble(a: Buffer, atA: number, b: number): number {
  if (b !== b) return 1;
  const rounded = numberAt(T.INT64, a, atA);
  if (rounded !== b) return rounded < b ? -1 : 1;
  // Rounding may have hidden a difference; beyond 2^53 doubles are integers, so the rest is exact.
  if (Math.abs(b) < 9007199254740992) return 0;
  const exact = a.readBigInt64LE(atA);
  const other = BigInt(b);
  return exact === other ? 0 : exact < other ? -1 : 1;
}

/** A number as digits × 10^exponent × 2^exponent2, exactly; or NaN or an infinity. */
export interface Exact {
  readonly kind: 'finite' | 'infinity' | 'nan';
  /** -1, 0 or 1. */
  readonly sign: number;
  readonly digits: bigint;
  readonly exponent10: number;
  readonly exponent2: number;
}

const NAN: Exact = { kind: 'nan', sign: 0, digits: 0n, exponent10: 0, exponent2: 0 };

/** Any BSON number, exactly. */
export function exactAt(type: number, buf: Buffer, at: number): Exact {
  if (type === T.DECIMAL128) return exactOfDecimal(decodeDecimal(buf, at));
  if (type === T.INT64) return exactOfInteger(buf.readBigInt64LE(at));
  return exactOfDouble(numberAt(type, buf, at));
}

export function exactOfDecimal(value: Decimal): Exact {
  if (value.kind === 'nan') return NAN;
  const sign = value.negative ? -1 : 1;
  if (value.kind === 'infinity') return { kind: 'infinity', sign, digits: 0n, exponent10: 0, exponent2: 0 };
  const { coefficient, exponent } = value;
  return {
    kind: 'finite',
    sign: coefficient === 0n ? 0 : sign,
    digits: coefficient,
    exponent10: coefficient === 0n ? 0 : exponent,
    exponent2: 0
  };
}

export function exactOfInteger(value: bigint): Exact {
  return {
    kind: 'finite',
    sign: value === 0n ? 0 : value < 0n ? -1 : 1,
    digits: value < 0n ? -value : value,
    exponent10: 0,
    exponent2: 0
  };
}

export function exactOfDouble(value: number): Exact {
  if (value !== value) return NAN;
  const sign = Math.sign(value);
  if (value === Infinity || value === -Infinity) {
    return { kind: 'infinity', sign, digits: 0n, exponent10: 0, exponent2: 0 };
  }
  if (Number.isSafeInteger(value)) return exactOfInteger(BigInt(value));
  scratch.setFloat64(0, Math.abs(value));
  const bits = scratch.getBigUint64(0);
  const biased = Number(bits >> 52n);
  const fraction = bits & 0xfffffffffffffn;
  return {
    kind: 'finite',
    sign,
    digits: biased === 0 ? fraction : fraction | 0x10000000000000n,
    exponent10: 0,
    exponent2: (biased === 0 ? 1 : biased) - 1075
  };
}

/** Exact order; NaN first. */
export function compareExact(a: Exact, b: Exact): number {
  if (a.kind === 'nan' || b.kind === 'nan') return a.kind === b.kind ? 0 : a.kind === 'nan' ? -1 : 1;
  if (a.sign !== b.sign) return a.sign < b.sign ? -1 : 1;
  if (a.sign === 0) return 0;
  if (a.kind === 'infinity' || b.kind === 'infinity') {
    if (a.kind === b.kind) return 0;
    return (a.kind === 'infinity') === a.sign > 0 ? 1 : -1;
  }
  return a.sign > 0 ? compareMagnitudes(a, b) : compareMagnitudes(b, a);
}

function compareMagnitudes(a: Exact, b: Exact): number {
  // A cheap estimate settles all but near ties, so that huge powers of ten stay rare.
  const estimate = log10(a) - log10(b);
  if (Math.abs(estimate) > 1) return estimate < 0 ? -1 : 1;
  let left = a.digits;
  let right = b.digits;
  const tens = a.exponent10 - b.exponent10;
  if (tens > 0) left *= pow10(tens);
  else right *= pow10(-tens);
  const twos = a.exponent2 - b.exponent2;
  if (twos > 0) left <<= BigInt(twos);
  else right <<= BigInt(-twos);
  return left === right ? 0 : left < right ? -1 : 1;
}

function log10(value: Exact): number {
  return digitCount(value.digits) + value.exponent10 + value.exponent2 * Math.LOG10E * Math.LN2;
}

/** The double nearest to the value; ties to even, overflow to infinity. */
export function toDouble(value: Exact): number {
  if (value.kind === 'nan') return NaN;
  if (value.kind === 'infinity') return value.sign * Infinity;
  if (value.exponent2 !== 0) return value.sign * scaleDouble(Number(value.digits), value.exponent2);
  return value.sign * Number(`${value.digits}e${value.exponent10}`);
}

/** n × 2^e for a 53-bit n, in two steps because 2^-1074 × 2^53 would round on the way. */
function scaleDouble(n: number, e: number): number {
  return e < -1000 ? n * 2 ** (e + 1000 > -1000 ? e + 1000 : -1000) * 2 ** -1000 : n * 2 ** e;
}

/** The double of largest magnitude that is not beyond the value (rounding towards zero), never infinite. */
export function truncateToDouble(value: Exact): number {
  const nearest = toDouble(value);
  if (value.kind !== 'finite') return nearest;
  if (Math.abs(nearest) === Infinity) return value.sign * Number.MAX_VALUE;
  if (nearest === 0) return 0;
  const beyond = compareExact(exactOfDouble(nearest), value) * value.sign > 0;
  if (!beyond) return nearest;
  scratch.setFloat64(0, nearest);
  scratch.setBigUint64(0, scratch.getBigUint64(0) - 1n);
  return scratch.getFloat64(0);
}
