import { numberAt } from '../bson/numbers';
import { int32At, type RawValue } from '../bson/raw';
import { T } from '../bson/types';

/** Makers and readers of raw values. A missing value is `undefined`. */
export type Value = RawValue | undefined;

/** The missing value; named where a bare `undefined` would say too little. */
export const MISSING_VALUE = undefined;

const NONE = Buffer.alloc(0);

export const NULL: RawValue = { type: T.NULL, bytes: NONE };
export const UNDEFINED: RawValue = { type: T.UNDEFINED, bytes: NONE };
export const MIN_KEY: RawValue = { type: T.MIN_KEY, bytes: NONE };
export const MAX_KEY: RawValue = { type: T.MAX_KEY, bytes: NONE };
export const TRUE: RawValue = { type: T.BOOL, bytes: Buffer.from([1]) };
export const FALSE: RawValue = { type: T.BOOL, bytes: Buffer.from([0]) };

export function bool(b: boolean): RawValue {
  return b ? TRUE : FALSE;
}

const SMALL_INT_MAX = 256;
const smallInts: RawValue[] = Array.from({ length: SMALL_INT_MAX }, (_, n) => makeInt32(n));

function makeInt32(n: number): RawValue {
  const bytes = Buffer.allocUnsafe(4);
  bytes[0] = n;
  bytes[1] = n >> 8;
  bytes[2] = n >> 16;
  bytes[3] = n >> 24;
  return { type: T.INT32, bytes };
}

export function int32(n: number): RawValue {
  return n >= 0 && n < SMALL_INT_MAX ? smallInts[n]! : makeInt32(n);
}

export function int64(n: bigint): RawValue {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigInt64LE(n);
  return { type: T.INT64, bytes };
}

export function double(n: number): RawValue {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeDoubleLE(n);
  return { type: T.DOUBLE, bytes };
}

export const INT64_MIN = -(1n << 63n);
export const INT64_MAX = (1n << 63n) - 1n;

/** int32 when it fits, else int64: how MongoDB counts. */
export function intOrLong(n: number): RawValue {
  return n >= -2147483648 && n <= 2147483647 ? int32(n) : int64(BigInt(n));
}

export function string(s: string): RawValue {
  const size = Buffer.byteLength(s);
  const bytes = Buffer.allocUnsafe(size + 5);
  bytes.writeInt32LE(size + 1, 0);
  if (size > 0) bytes.write(s, 4);
  bytes[size + 4] = 0;
  return { type: T.STRING, bytes };
}

export function date(ms: bigint): RawValue {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigInt64LE(ms);
  return { type: T.DATE, bytes };
}

export function array(bytes: Buffer): RawValue {
  return { type: T.ARRAY, bytes };
}

export function object(bytes: Buffer): RawValue {
  return { type: T.OBJECT, bytes };
}

/** Bytes of a buffer that it is worth copying a small value out of. */
const SHARED_BYTES_MIN = 4096;

/** A value to be kept for long: copied out of the page or batch it is a slice of, which it would keep in memory. */
export function kept(value: RawValue): RawValue {
  const { type, bytes } = value;
  return bytes.buffer.byteLength >= SHARED_BYTES_MIN && bytes.length * 4 < bytes.buffer.byteLength
    ? { type, bytes: Buffer.from(bytes) }
    : value;
}

/** A value with bytes of its own, whatever becomes of those it was found in. */
export function copied({ type, bytes }: RawValue): RawValue {
  return { type, bytes: Buffer.from(bytes) };
}

/** Missing, null and undefined: what most expressions call nullish. */
export function isNullish(value: Value): value is undefined {
  return value === undefined || value.type === T.NULL || value.type === T.UNDEFINED;
}

/** Truth as MongoDB sees it: false, 0, null, undefined and missing are not true. */
export function isTrue(value: Value): boolean {
  if (value === undefined) return false;
  switch (value.type) {
    case T.BOOL:
      return value.bytes[0] === 1;
    case T.INT32:
    case T.DOUBLE:
    case T.INT64:
      return numberAt(value.type, value.bytes, 0) !== 0;
    case T.DECIMAL128:
      return !isZeroDecimal(value.bytes);
    case T.NULL:
    case T.UNDEFINED:
      return false;
    default:
      return true;
  }
}

function isZeroDecimal(bytes: Buffer): boolean {
  if ((bytes[15]! & 0x60) === 0x60) return (bytes[15]! & 0x78) !== 0x78;
  if ((bytes[14]! & 1) !== 0) return false;
  for (let i = 0; i < 14; i++) if (bytes[i] !== 0) return false;
  return true;
}

/** The text of a string, symbol or code value. */
export function textOf(value: RawValue): string {
  return value.bytes.toString('utf8', 4, value.bytes.length - 1);
}

/** Pattern and options of a regular expression. */
export function regexOf(value: RawValue): { pattern: string; options: string } {
  const end = value.bytes.indexOf(0);
  return {
    pattern: value.bytes.toString('utf8', 0, end),
    options: value.bytes.toString('utf8', end + 1, value.bytes.length - 1)
  };
}

/** Whether the first field of a document begins with `$`. */
export function startsWithDollar(doc: Buffer): boolean {
  return doc.length > 5 && doc[5] === 0x24;
}

/** Size in bytes that a document at `start` takes. */
export function documentEnd(buf: Buffer, start: number): number {
  return start + int32At(buf, start);
}
