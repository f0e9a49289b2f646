import { decodeDecimal, encodeDecimal, type Decimal } from '../bson/decimal';
import { exactAt, numberAt, toDouble } from '../bson/numbers';
import { int32At, type RawValue } from '../bson/raw';
import { T } from '../bson/types';
import type { SumShare } from './api';
import {
  decimalOfDouble15,
  decimalOfDouble34,
  decimalOfInteger,
  add as addDecimals,
  quantize
} from './decimalMath';
import { double, INT64_MAX, INT64_MIN, int32, int64 } from './values';

/** The value as a JavaScript number; int64 and Decimal128 round to the nearest double. */
export function toNumber(value: RawValue): number {
  if (value.type === T.DECIMAL128) {
    const n = toDouble(exactAt(T.DECIMAL128, value.bytes, 0));
    return n === 0 && value.bytes[15]! >= 0x80 ? -0 : n;
  }
  if (value.type === T.INT64) return Number(value.bytes.readBigInt64LE(0));
  return numberAt(value.type, value.bytes, 0);
}

/** int32 or int64 as a bigint. */
export function toBigInt(value: RawValue): bigint {
  return value.type === T.INT32 ? BigInt(int32At(value.bytes, 0)) : value.bytes.readBigInt64LE(0);
}

/** The integer part as int64; undefined for NaN, infinities and what does not fit. */
export function toInt64(value: RawValue): bigint | undefined {
  let n: bigint;
  if (value.type === T.INT32 || value.type === T.INT64) return toBigInt(value);
  if (value.type === T.DOUBLE) {
    const plain = value.bytes.readDoubleLE(0);
    if (!Number.isFinite(plain)) return undefined;
    n = BigInt(Math.trunc(plain));
  } else {
    const d = decodeDecimal(value.bytes);
    if (d.kind !== 'finite' || (d.exponent > 20 && d.coefficient !== 0n)) return undefined;
    const magnitude =
      d.exponent >= 0
        ? d.coefficient * 10n ** BigInt(Math.min(d.exponent, 20))
        : d.coefficient / 10n ** BigInt(-d.exponent);
    n = d.negative ? -magnitude : magnitude;
  }
  return n < INT64_MIN || n > INT64_MAX ? undefined : n;
}

/** The value as int64 when it is exactly an integer that fits. */
export function integralValue(value: RawValue): bigint | undefined {
  const n = toInt64(value);
  if (n === undefined) return undefined;
  if (value.type === T.DOUBLE) return Number(n) === value.bytes.readDoubleLE(0) ? n : undefined;
  if (value.type === T.DECIMAL128) {
    const exact = exactAt(T.DECIMAL128, value.bytes, 0);
    if (exact.exponent10 < 0 && exact.digits % 10n ** BigInt(-exact.exponent10) !== 0n) return undefined;
  }
  return n;
}

/** The value as Decimal128 the way MongoDB's arithmetic converts (doubles with 15 digits). */
export function toDecimal(value: RawValue): Decimal {
  switch (value.type) {
    case T.DECIMAL128:
      return decodeDecimal(value.bytes);
    case T.DOUBLE:
      return decimalOfDouble15(value.bytes.readDoubleLE(0));
    default:
      return decimalOfInteger(toBigInt(value));
  }
}

export function decimal(d: Decimal): RawValue {
  return { type: T.DECIMAL128, bytes: encodeDecimal(d) };
}

/** The wider of two number types: int32 < int64 < double < Decimal128. */
export function widest(a: number, b: number): number {
  return rank(a) >= rank(b) ? a : b;
}

function rank(type: number): number {
  return type === T.INT32 ? 0 : type === T.INT64 ? 1 : type === T.DOUBLE ? 2 : 3;
}

/** int32 when both operands were and it fits, else int64; undefined on int64 overflow. */
export function integerResult(type: number, n: bigint): RawValue | undefined {
  if (type === T.INT32 && n >= -2147483648n && n <= 2147483647n) return int32(Number(n));
  return n < INT64_MIN || n > INT64_MAX ? undefined : int64(n);
}

/** C's llround: halves away from zero. */
function roundAway(n: number): number {
  const rounded = Math.floor(Math.abs(n) + 0.5);
  return n < 0 ? -rounded : rounded;
}

/**
 * A sum of numbers of any type as MongoDB keeps it: doubles with the rounding error
 * carried into the next addition (Kahan), integers exactly, Decimal128 beside them.
 */
export class Summation {
  /** Widest type added. */
  type: number = T.INT32;
  private sum = 0;
  private addend = 0;
  private special = 0;
  private decimalTotal: Decimal | undefined;
  /** Sum of the absolute values; NaN once one was no whole number. */
  private magnitude = 0;

  /** Whether the order of the numbers made no difference: no addition can have rounded. */
  get isOrderless(): boolean {
    return this.decimalTotal === undefined && this.magnitude <= Number.MAX_SAFE_INTEGER;
  }

  get share(): SumShare {
    return { type: this.type, sum: this.sum, magnitude: this.magnitude };
  }

  /** Takes in a share that is orderless; whether it is so together must be asked afterwards. */
  absorb({ type, sum, magnitude }: SumShare): void {
    this.type = widest(this.type, type);
    this.addDouble(sum);
    this.magnitude += magnitude - Math.abs(sum);
  }

  add(type: number, bytes: Buffer, at = 0): void {
    if (type === T.INT32) {
      this.addDouble(int32At(bytes, at));
      return;
    }
    this.type = widest(this.type, type);
    if (type === T.DOUBLE) this.addDouble(bytes.readDoubleLE(at));
    else if (type === T.INT64) this.addLong(bytes.readBigInt64LE(at));
    else {
      const d = decodeDecimal(bytes, at);
      this.decimalTotal = this.decimalTotal === undefined ? d : addDecimals(this.decimalTotal, d);
    }
  }

  addLong(n: bigint): void {
    // Two doubles hold any int64 exactly; the small one first, as mongod adds them.
    const high = n / 4294967296n;
    this.addDouble(Number(n - high * 4294967296n));
    this.addDouble(Number(high) * 4294967296);
  }

  addDouble(x: number): void {
    this.special += x;
    this.magnitude += x === Math.trunc(x) ? Math.abs(x) : NaN;
    // The error so far goes with the next number; what neither sum can hold is the new error.
    const y = x + this.addend;
    const lost = this.addend - (y - x);
    const sum = this.sum + y;
    const back = sum - this.sum;
    this.addend = this.sum - (sum - back) + (y - back) + lost;
    this.sum = sum;
  }

  /** All of its state, for `restore` of a fresh one. */
  save(): RawValue[] {
    const doubles = [this.type, this.sum, this.addend, this.special, this.magnitude].map(double);
    return this.decimalTotal === undefined ? doubles : [...doubles, decimal(this.decimalTotal)];
  }

  restore(saved: readonly RawValue[]): void {
    const [type, sum, addend, special, magnitude] = saved.slice(0, 5).map(toNumber);
    Object.assign(this, { type, sum, addend, special, magnitude });
    if (saved[5] !== undefined) this.decimalTotal = toDecimal(saved[5]);
  }

  /** The sum of all but the Decimal128s. */
  get double(): number {
    return Number.isFinite(this.sum) ? this.sum : this.special;
  }

  private get integer(): bigint | undefined {
    if (!Number.isFinite(this.sum)) return undefined;
    const near = roundAway(this.sum);
    const n = BigInt(near) + BigInt(roundAway(this.sum - near + this.addend));
    return n < INT64_MIN || n > INT64_MAX ? undefined : n;
  }

  /** All of it as Decimal128. */
  get decimal(): Decimal {
    const plain = Number.isFinite(this.sum)
      ? addDecimals(decimalOfDouble34(this.sum), decimalOfDouble34(this.addend))
      : decimalOfDouble34(this.special);
    return this.decimalTotal === undefined ? plain : addDecimals(this.decimalTotal, plain);
  }

  /** The sum in its widest type; int32 widens to int64, int64 to double when it overflows. */
  get value(): RawValue {
    if (this.type === T.DECIMAL128) return decimal(this.decimal);
    if (this.type === T.DOUBLE) return double(this.double);
    const n = this.integer;
    return n === undefined ? double(this.double) : integerResult(this.type, n)!;
  }

  /** The integer part, for dates; undefined when it does not fit int64. */
  get long(): bigint | undefined {
    if (this.type === T.DECIMAL128) return toInt64(decimal(quantize(this.decimal, 0))) ?? INT64_MIN;
    return this.integer;
  }
}
