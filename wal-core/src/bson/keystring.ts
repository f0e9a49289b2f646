import { createHash } from 'node:crypto';
import { ArgonError } from '../errors';
import { digitCount, pow10 } from './decimal';
import { compareExact, exactAt, exactOfDouble, numberAt, truncateToDouble, type Exact } from './numbers';
import { cstringEnd, Cursor, field, int32At, type RawValue } from './raw';
import { T } from './types';

/**
 * KeyStrings: bytes whose memcmp order is the order of `compareValues`, so that an
 * ordered store sorts as MongoDB does. Each value ends itself (no key is a prefix of
 * another), and numbers that compare equal have one key whatever their type.
 *
 * A value is a class byte and a body:
 * - number: 8 bytes, the double nearest towards zero in an order-preserving form; then
 *   one byte, 0 when the double is the exact value, or 1 and 17 bytes that settle the
 *   order among the values in between: decimal exponent and 34-digit coefficient.
 *   For negative numbers all of this is complemented.
 * - string, symbol, code: UTF-8 with 00 written as 00 FF, ended by 00 01.
 * - object, array: for each element its class byte, name, 00, body; ended by 00.
 * - binary: length, subtype, bytes. Others: fixed size, big-endian.
 * A descending field has all its bytes complemented.
 */
const CLASS: Readonly<Record<number, number>> = {
  [T.MIN_KEY]: 0x0a,
  [T.UNDEFINED]: 0x0f,
  [T.NULL]: 0x14,
  [T.DOUBLE]: 0x1e,
  [T.INT32]: 0x1e,
  [T.INT64]: 0x1e,
  [T.DECIMAL128]: 0x1e,
  [T.STRING]: 0x3c,
  [T.SYMBOL]: 0x3c,
  [T.OBJECT]: 0x46,
  [T.ARRAY]: 0x50,
  [T.BINARY]: 0x5a,
  [T.OBJECT_ID]: 0x64,
  [T.BOOL]: 0x6e,
  [T.DATE]: 0x78,
  [T.TIMESTAMP]: 0x82,
  [T.REGEX]: 0x8c,
  [T.DB_POINTER]: 0x96,
  [T.CODE]: 0xa0,
  [T.CODE_W_SCOPE]: 0xaa,
  [T.MAX_KEY]: 0xf0
};

/** First byte of a shortened docKey; sorts after every other key. */
export const HASHED_KEY_MARK = 0xf8;
/** Keys longer than this are shortened, so that key and prefixes fit the store's 1,978 bytes. */
export const KEY_BYTES_MAX = 900;
const HASHED_KEY_HEAD_BYTES = 64;

/** Smallest and largest first byte of a value's key, for open bounds. */
export const KEY_LOWEST = Buffer.from([0x00]);
export const KEY_HIGHEST = Buffer.from([0xff]);

/** The value that stands for a missing field in an index key. */
export const NULL_VALUE: RawValue = { type: T.NULL, bytes: Buffer.alloc(0) };
export const UNDEFINED_VALUE: RawValue = { type: T.UNDEFINED, bytes: Buffer.alloc(0) };

let out = Buffer.allocUnsafe(4096);
let length = 0;

function room(bytes: number): void {
  if (length + bytes <= out.length) return;
  const bigger = Buffer.allocUnsafe(Math.max(out.length * 2, length + bytes));
  out.copy(bigger, 0, 0, length);
  out = bigger;
}

/** The key of a list of values; `descending[i]` turns the order of the i-th value. */
export function encodeKey(values: readonly RawValue[], descending?: readonly boolean[]): Buffer {
  length = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    const start = length;
    writeValue(value.type, value.bytes, 0, value.bytes.length);
    if (descending?.[i]) for (let at = start; at < length; at++) out[at] = ~out[at]! & 0xff;
  }
  const key = Buffer.allocUnsafe(length);
  out.copy(key, 0, 0, length);
  if (out.length > 1 << 20) out = Buffer.allocUnsafe(4096);
  return key;
}

/**
 * The key of a document: KeyString of its `_id`. One that is longer than 900 bytes
 * becomes F8, its first 64 bytes and its SHA-256, which sorts after all others.
 * @throws DOCUMENT_INVALID when there is no `_id`
 */
export function docKeyOf(doc: Buffer): Buffer {
  const id = field(doc, '_id');
  if (id === undefined) throw new ArgonError('DOCUMENT_INVALID', 'The document has no _id.');
  return docKeyOfValue(id);
}

/** The docKey of an `_id` value. */
export function docKeyOfValue(value: RawValue): Buffer {
  const key = encodeKey([value]);
  if (key.length <= KEY_BYTES_MAX) return key;
  return Buffer.concat([
    Buffer.from([HASHED_KEY_MARK]),
    key.subarray(0, HASHED_KEY_HEAD_BYTES),
    createHash('sha256').update(key).digest()
  ]);
}

function writeValue(type: number, buf: Buffer, start: number, end: number): void {
  room(32);
  out[length++] = classOf(type);
  writeBody(type, buf, start, end);
}

function classOf(type: number): number {
  const byte = CLASS[type];
  if (byte === undefined) throw new RangeError(`unknown BSON type 0x${type.toString(16)}`);
  return byte;
}

function writeBody(type: number, buf: Buffer, start: number, end: number): void {
  switch (type) {
    case T.INT32:
    case T.DOUBLE:
      return writeExactDouble(numberAt(type, buf, start));
    case T.INT64: {
      const value = numberAt(type, buf, start);
      if (value > -9007199254740992 && value < 9007199254740992) return writeExactDouble(value);
      return writeExact(exactAt(type, buf, start));
    }
    case T.DECIMAL128:
      return writeExact(exactAt(type, buf, start));
    case T.STRING:
    case T.SYMBOL:
    case T.CODE:
      return writeText(buf, start + 4, end - 1);
    case T.OBJECT:
    case T.ARRAY:
      return writeDocument(buf, start);
    case T.BINARY:
    case T.DB_POINTER:
      room(4);
      out.writeUInt32BE(int32At(buf, start), length);
      length += 4;
      return writeRaw(buf, start + 4, end);
    case T.OBJECT_ID:
    case T.BOOL:
      return writeRaw(buf, start, end);
    case T.DATE:
    case T.TIMESTAMP:
      room(8);
      for (let i = 7; i >= 0; i--) out[length++] = buf[start + i]!;
      if (type === T.DATE) out[length - 8] = out[length - 8]! ^ 0x80;
      return;
    case T.REGEX: {
      const pattern = cstringEnd(buf, start);
      writeRaw(buf, start, pattern + 1);
      return writeRaw(buf, pattern + 1, end);
    }
    case T.CODE_W_SCOPE: {
      const scope = start + 8 + int32At(buf, start + 4);
      writeText(buf, start + 8, scope - 1);
      return writeDocument(buf, scope);
    }
    default:
      return;
  }
}

function writeRaw(buf: Buffer, start: number, end: number): void {
  room(end - start);
  buf.copy(out, length, start, end);
  length += end - start;
}

function writeText(buf: Buffer, start: number, end: number): void {
  room((end - start) * 2 + 2);
  for (let i = start; i < end; i++) {
    const byte = buf[i]!;
    out[length++] = byte;
    if (byte === 0) out[length++] = 0xff;
  }
  out[length++] = 0;
  out[length++] = 1;
}

function writeDocument(buf: Buffer, start: number): void {
  const cursor = new Cursor(buf, start);
  while (cursor.next()) {
    room(2);
    out[length++] = classOf(cursor.type);
    writeRaw(buf, cursor.nameStart, cursor.nameEnd + 1);
    room(32);
    writeBody(cursor.type, buf, cursor.valueStart, cursor.valueEnd);
  }
  room(1);
  out[length++] = 0;
}

/** Writes the 8 ordered bytes of a double. NaN becomes all zeros, below -Infinity. */
function writeOrderedDouble(value: number): void {
  if (value !== value) {
    out.fill(0, length, length + 8);
    length += 8;
    return;
  }
  out.writeDoubleBE(value === 0 ? 0 : value, length);
  if (out[length]! >= 0x80) for (let i = 0; i < 8; i++) out[length + i] = ~out[length + i]! & 0xff;
  else out[length] = out[length]! | 0x80;
  length += 8;
}

function writeExactDouble(value: number): void {
  writeOrderedDouble(value);
  out[length++] = value < 0 ? 0xff : 0;
}

function writeExact(value: Exact): void {
  const double = truncateToDouble(value);
  if (value.kind !== 'finite' || compareExact(exactOfDouble(double), value) === 0) {
    writeExactDouble(double);
    return;
  }
  const start = length;
  // A negative value nearer to 0 than any double sorts just below 0, hence the sign by hand.
  writeOrderedDouble(Math.abs(double));
  out[length++] = 1;
  const width = digitCount(value.digits);
  out.writeUInt16BE(value.exponent10 + width + 0x4000, length);
  length += 2;
  const coefficient = value.digits * pow10(34 - width);
  out[length] = Number(coefficient >> 112n);
  out.writeBigUInt64BE((coefficient >> 48n) & 0xffffffffffffffffn, length + 1);
  out.writeUIntBE(Number(coefficient & 0xffffffffffffn), length + 9, 6);
  length += 15;
  if (value.sign < 0) for (let at = start; at < length; at++) out[at] = ~out[at]! & 0xff;
}
