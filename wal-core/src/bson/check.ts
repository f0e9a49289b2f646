import { isUtf8 } from 'node:buffer';
import { ArgonError } from '../errors';
import { int32At } from './raw';
import { T } from './types';

/** Largest document that can be stored, as in MongoDB (16 MiB). */
export const DOCUMENT_BYTES_MAX = 16 * 1024 * 1024;
/** Deepest nesting that MongoDB reads (a command may wrap a stored document of depth 180). */
export const DOCUMENT_DEPTH_MAX = 200;
/** Deepest nesting that can be stored, as in MongoDB. */
export const STORED_DEPTH_MAX = 180;

/**
 * Validates untrusted bytes completely: lengths, terminators, types, booleans, UTF-8 and nesting.
 * Everything else in this folder trusts documents that passed here.
 * @throws DOCUMENT_INVALID with the offset of the fault (mongoCode 22), or the size (10334) or depth (15) exceeded
 */
export function checkDocument(doc: Buffer, limits: { maxBytes?: number; maxDepth?: number } = {}): void {
  const maxBytes = limits.maxBytes ?? DOCUMENT_BYTES_MAX;
  if (doc.length > maxBytes) {
    throw new ArgonError(
      'DOCUMENT_INVALID',
      `The document has ${doc.length} bytes; at most ${maxBytes} are allowed.`,
      {
        data: { mongoCode: 10334, codeName: 'BSONObjectTooLarge', bytes: doc.length, maxBytes }
      }
    );
  }
  if (doc.length < 5) throw invalid(`a document has at least 5 bytes, this one has ${doc.length}`, 0);
  checkBody(doc, 0, doc.length, 1, limits.maxDepth ?? DOCUMENT_DEPTH_MAX);
}

function invalid(what: string, offset: number): ArgonError {
  return new ArgonError('DOCUMENT_INVALID', `The bytes are not valid BSON: ${what} (at byte ${offset}).`, {
    data: { mongoCode: 22, codeName: 'InvalidBSON', offset }
  });
}

function checkBody(buf: Buffer, start: number, end: number, depth: number, maxDepth: number): void {
  if (depth > maxDepth) {
    throw new ArgonError('DOCUMENT_INVALID', `The document is nested deeper than ${maxDepth} levels.`, {
      data: { mongoCode: 15, codeName: 'Overflow', maxDepth }
    });
  }
  if (end - start < 5) throw invalid('a document is shorter than 5 bytes', start);
  const size = int32At(buf, start);
  if (size !== end - start) throw invalid(`the length says ${size} bytes, there are ${end - start}`, start);
  const last = end - 1;
  if (buf[last] !== 0) throw invalid('a document does not end with NUL', last);
  let at = start + 4;
  while (at < last) {
    const type = buf[at]!;
    const nameEnd = checkCstring(buf, at + 1, last);
    const value = nameEnd + 1;
    const room = last - value;
    const length = checkValue(type, buf, value, room, depth, maxDepth);
    at = value + length;
  }
  if (at !== last) throw invalid('elements run over the end of their document', at);
}

/** Checks one value and returns its size; `room` is what is left for it. */
function checkValue(
  type: number,
  buf: Buffer,
  at: number,
  room: number,
  depth: number,
  maxDepth: number
): number {
  switch (type) {
    case T.DOUBLE:
    case T.DATE:
    case T.TIMESTAMP:
    case T.INT64:
      return fixed(8, room, at);
    case T.INT32:
      return fixed(4, room, at);
    case T.BOOL:
      fixed(1, room, at);
      if (buf[at]! > 1) throw invalid('a boolean is neither 0 nor 1', at);
      return 1;
    case T.OBJECT_ID:
      return fixed(12, room, at);
    case T.DECIMAL128:
      return fixed(16, room, at);
    case T.UNDEFINED:
    case T.NULL:
    case T.MIN_KEY:
    case T.MAX_KEY:
      return 0;
    case T.STRING:
    case T.CODE:
    case T.SYMBOL:
      return checkString(buf, at, room);
    case T.OBJECT:
    case T.ARRAY: {
      const size = sized(buf, at, room);
      checkBody(buf, at, at + size, depth + 1, maxDepth);
      return size;
    }
    case T.BINARY: {
      if (room < 5) throw invalid('a binary value is cut off', at);
      const size = int32At(buf, at);
      if (size < 0 || size > room - 5) throw invalid('a binary value runs over the end', at);
      if (buf[at + 4] === 2 && (size < 4 || int32At(buf, at + 5) !== size - 4)) {
        throw invalid('a binary value of subtype 2 has a wrong inner length', at);
      }
      return 5 + size;
    }
    case T.REGEX: {
      const pattern = checkCstring(buf, at, at + room);
      return checkCstring(buf, pattern + 1, at + room) + 1 - at;
    }
    case T.DB_POINTER: {
      const size = checkString(buf, at, room);
      return size + fixed(12, room - size, at + size);
    }
    case T.CODE_W_SCOPE: {
      const size = sized(buf, at, room);
      if (size < 14) throw invalid('code with scope is too short', at);
      const code = checkString(buf, at + 4, size - 4);
      checkBody(buf, at + 4 + code, at + size, depth + 1, maxDepth);
      return size;
    }
    default:
      throw invalid(`unknown type 0x${type.toString(16).padStart(2, '0')}`, at);
  }
}

function fixed(size: number, room: number, at: number): number {
  if (room < size) throw invalid('a value is cut off', at);
  return size;
}

function sized(buf: Buffer, at: number, room: number): number {
  if (room < 4) throw invalid('a length is cut off', at);
  const size = int32At(buf, at);
  if (size < 5 || size > room) throw invalid('an embedded document runs over the end', at);
  return size;
}

function checkString(buf: Buffer, at: number, room: number): number {
  if (room < 5) throw invalid('a string is cut off', at);
  const size = int32At(buf, at);
  if (size < 1 || size > room - 4) throw invalid('a string runs over the end', at);
  if (buf[at + 3 + size] !== 0) throw invalid('a string does not end with NUL', at + 3 + size);
  checkUtf8(buf, at + 4, at + 3 + size);
  return 4 + size;
}

/** Returns the offset of the NUL, which must lie before `limit`. */
function checkCstring(buf: Buffer, at: number, limit: number): number {
  let ascii = true;
  let end = at;
  for (;;) {
    if (end >= limit) throw invalid('a name or regular expression has no end', at);
    const byte = buf[end]!;
    if (byte === 0) break;
    if (byte >= 0x80) ascii = false;
    end++;
  }
  if (!ascii && !isUtf8(buf.subarray(at, end))) throw invalid('a name is not UTF-8', at);
  return end;
}

/** Short ASCII is told by a loop; only the rest pays for the call. */
function checkUtf8(buf: Buffer, start: number, end: number): void {
  if (end - start < 64) {
    let i = start;
    while (i < end && buf[i]! < 0x80) i++;
    if (i === end) return;
  }
  if (!isUtf8(buf.subarray(start, end))) throw invalid('a string is not UTF-8', start);
}
