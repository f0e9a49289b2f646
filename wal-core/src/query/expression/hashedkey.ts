import { createHash, type Hash } from 'node:crypto';
import { elements, isNumberType, T, type RawValue } from '../../bson';
import { quantize } from '../decimalMath';
import { toDecimal, toNumber } from '../numeric';
import { int64, NULL } from '../values';
import { operator, register } from './compile';

/** What a type counts as among those it compares with; fixed by MongoDB's hashed indexes. */
const CLASSES: Readonly<Record<number, number>> = {
  [T.MIN_KEY]: -1,
  [T.UNDEFINED]: 0,
  [T.NULL]: 5,
  [T.STRING]: 15,
  [T.SYMBOL]: 15,
  [T.OBJECT]: 20,
  [T.ARRAY]: 25,
  [T.BINARY]: 30,
  [T.OBJECT_ID]: 35,
  [T.BOOL]: 40,
  [T.DATE]: 45,
  [T.TIMESTAMP]: 47,
  [T.REGEX]: 50,
  [T.DB_POINTER]: 55,
  [T.CODE]: 60,
  [T.CODE_W_SCOPE]: 65,
  [T.MAX_KEY]: 127
};
const NUMBER_CLASS = 10;
const END = 0;
const INT64_MAX = 2n ** 63n - 1n;

/** The first 64 bits of an MD5 over a value, as hashed indexes of MongoDB keep it: fractions do not count. */
export function hashedKey(value: RawValue): bigint {
  const hash = createHash('md5').update(int32(0));
  add(hash, value, undefined);
  return hash.digest().readBigInt64LE(0);
}

function add(hash: Hash, { type, bytes }: RawValue, name: string | undefined): void {
  hash.update(int32(isNumberType(type) ? NUMBER_CLASS : (CLASSES[type] ?? END)));
  if (name !== undefined) hash.update(`${name}\0`);
  if (isNumberType(type)) {
    const whole = Buffer.alloc(8);
    whole.writeBigInt64LE(wholeOf({ type, bytes }));
    hash.update(whole);
  } else if (type === T.OBJECT || type === T.ARRAY) {
    for (const element of elements(bytes)) add(hash, element, element.name);
    hash.update(int32(END));
  } else if (type === T.CODE_W_SCOPE) {
    const scope = bytes.subarray(8 + bytes.readInt32LE(4));
    for (const element of elements(scope)) add(hash, element, element.name);
    hash.update(int32(END));
  } else {
    hash.update(bytes);
  }
}

function wholeOf(value: RawValue): bigint {
  if (value.type === T.INT32) return BigInt(value.bytes.readInt32LE(0));
  if (value.type === T.INT64) return value.bytes.readBigInt64LE(0);
  const n = toNumber(value);
  if (Number.isNaN(n)) return 0n;
  if (n >= 2 ** 63) return INT64_MAX;
  if (n < -(2 ** 63)) return -INT64_MAX - 1n;
  if (value.type !== T.DECIMAL128) return BigInt(Math.trunc(n));
  const { negative, coefficient } = quantize(toDecimal(value), 0);
  return negative ? -coefficient : coefficient;
}

function int32(n: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(n);
  return bytes;
}

register({ $toHashedIndexKey: operator(1, 1, ([value]) => int64(hashedKey(value ?? NULL))) });
