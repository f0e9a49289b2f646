import { ArgonError } from '../errors';
import { T } from './types';

/** A value as it stands in a document: type byte and bytes without the name (a view, not a copy). */
export interface RawValue {
  readonly type: number;
  readonly bytes: Buffer;
}

/** A named value; `element` is type byte, name and value together. */
export interface RawElement extends RawValue {
  readonly name: string;
  readonly element: Buffer;
}

/** The document `{}`. */
export const EMPTY_DOCUMENT: Buffer = Buffer.from([5, 0, 0, 0, 0]);

const NO_BYTES = Buffer.alloc(0);

/** Little-endian int32 at `at`; cheaper than `readInt32LE` because it checks nothing. */
export function int32At(buf: Uint8Array, at: number): number {
  return buf[at]! | (buf[at + 1]! << 8) | (buf[at + 2]! << 16) | (buf[at + 3]! << 24);
}

/** End of a cstring: the offset of its NUL. */
export function cstringEnd(buf: Uint8Array, at: number): number {
  let end = at;
  while (buf[end] !== 0) {
    if (end >= buf.length) throw new RangeError('cstring without end');
    end++;
  }
  return end;
}

/** Number of bytes that a value of `type` takes at `offset`. Trusts the lengths it reads. */
export function valueSize(type: number, buf: Buffer, offset: number): number {
  switch (type) {
    case T.DOUBLE:
    case T.DATE:
    case T.TIMESTAMP:
    case T.INT64:
      return 8;
    case T.INT32:
      return 4;
    case T.STRING:
    case T.CODE:
    case T.SYMBOL:
      return 4 + int32At(buf, offset);
    case T.OBJECT:
    case T.ARRAY:
    case T.CODE_W_SCOPE:
      return int32At(buf, offset);
    case T.BINARY:
      return 5 + int32At(buf, offset);
    case T.UNDEFINED:
    case T.NULL:
    case T.MIN_KEY:
    case T.MAX_KEY:
      return 0;
    case T.OBJECT_ID:
      return 12;
    case T.BOOL:
      return 1;
    case T.DECIMAL128:
      return 16;
    case T.REGEX:
      return cstringEnd(buf, cstringEnd(buf, offset) + 1) + 1 - offset;
    case T.DB_POINTER:
      return 4 + int32At(buf, offset) + 12;
    default:
      throw new RangeError(`unknown BSON type 0x${type.toString(16)}`);
  }
}

/**
 * Walks the elements of a document (or array) by offsets, without making objects.
 * The bytes must have been checked before (`checkDocument`).
 */
export class Cursor {
  buf: Buffer;
  /** Offset where the next element begins. */
  at: number;
  type = 0;
  nameStart = 0;
  /** Offset of the name's NUL. */
  nameEnd = 0;
  valueStart = 0;
  valueEnd = 0;

  constructor(buf: Buffer, start = 0) {
    this.buf = buf;
    this.at = start + 4;
  }

  /** Starts again at a document that begins at `start`. */
  reset(buf: Buffer, start = 0): this {
    this.buf = buf;
    this.at = start + 4;
    return this;
  }

  /** Moves to the next element; false at the end of the document. */
  next(): boolean {
    const buf = this.buf;
    let at = this.at;
    const type = buf[at++];
    if (type === 0 || type === undefined) return false;
    this.type = type;
    this.nameStart = at;
    while (buf[at] !== 0) {
      if (at >= buf.length) throw new RangeError('cstring without end');
      at++;
    }
    this.nameEnd = at;
    this.valueStart = at + 1;
    this.at = this.valueEnd = at + 1 + valueSize(type, buf, at + 1);
    return true;
  }

  /** Whether the current name is `name` (given as bytes without NUL). */
  named(name: Uint8Array): boolean {
    const length = name.length;
    if (this.nameEnd - this.nameStart !== length) return false;
    const buf = this.buf;
    const start = this.nameStart;
    for (let i = 0; i < length; i++) if (buf[start + i] !== name[i]) return false;
    return true;
  }

  /** Moves to the next element of this name; false when there is none. */
  find(name: Uint8Array): boolean {
    const buf = this.buf;
    const length = name.length;
    let at = this.at;
    for (;;) {
      const type = buf[at];
      if (type === 0 || type === undefined) return false;
      const start = ++at;
      let same = true;
      for (let i = 0; ; i++, at++) {
        const byte = buf[at];
        if (byte === 0) {
          same = same && i === length;
          break;
        }
        if (byte === undefined) throw new RangeError('cstring without end');
        if (same && byte !== name[i]) same = false;
      }
      const valueStart = at + 1;
      const valueEnd = valueStart + valueSize(type, buf, valueStart);
      if (same) {
        this.type = type;
        this.nameStart = start;
        this.nameEnd = at;
        this.valueStart = valueStart;
        this.valueEnd = this.at = valueEnd;
        return true;
      }
      at = valueEnd;
    }
  }

  get name(): string {
    return text(this.buf, this.nameStart, this.nameEnd);
  }

  get bytes(): Buffer {
    return this.valueStart === this.valueEnd ? NO_BYTES : this.buf.subarray(this.valueStart, this.valueEnd);
  }

  get value(): RawValue {
    return { type: this.type, bytes: this.bytes };
  }

  get element(): Buffer {
    return this.buf.subarray(this.nameStart - 1, this.valueEnd);
  }
}

/** UTF-8 text between two offsets; short ASCII, the usual case, without a call into C++. */
export function text(buf: Buffer, start: number, end: number): string {
  if (end - start <= 16) {
    let out = '';
    for (let i = start; i < end; i++) {
      const byte = buf[i]!;
      if (byte >= 0x80) return buf.toString('utf8', start, end);
      out += String.fromCharCode(byte);
    }
    return out;
  }
  return buf.toString('utf8', start, end);
}

/** All elements of a document (or array), in order; views into it. */
export function elements(doc: Buffer): RawElement[] {
  const out: RawElement[] = [];
  const cursor = new Cursor(doc);
  while (cursor.next()) {
    out.push({ name: cursor.name, type: cursor.type, bytes: cursor.bytes, element: cursor.element });
  }
  return out;
}

/** All values of an array (or document), in order. */
export function values(doc: Buffer): RawValue[] {
  const out: RawValue[] = [];
  const cursor = new Cursor(doc);
  while (cursor.next()) out.push({ type: cursor.type, bytes: cursor.bytes });
  return out;
}

/** The first field of this name at the top level. */
export function field(doc: Buffer, name: string): RawValue | undefined {
  const cursor = new Cursor(doc);
  return cursor.find(nameBytes(name)) ? cursor.value : undefined;
}

const NAME_CACHE_ENTRIES_MAX = 4096;
const nameCache = new Map<string, Buffer>();

/** UTF-8 bytes of a field name; remembered, since the same few names come again and again. */
export function nameBytes(name: string): Buffer {
  let bytes = nameCache.get(name);
  if (bytes === undefined) {
    bytes = Buffer.from(name, 'utf8');
    if (nameCache.size < NAME_CACHE_ENTRIES_MAX) nameCache.set(name, bytes);
  }
  return bytes;
}

/** A document made of named values, in the given order. @throws DOCUMENT_INVALID when a name has a NUL, which BSON cannot write */
export function documentOf(parts: Iterable<{ name: string; type: number; bytes: Buffer }>): Buffer {
  const list = Array.isArray(parts)
    ? (parts as readonly { name: string; type: number; bytes: Buffer }[])
    : [...parts];
  let size = 5;
  for (const part of list) size += 2 + nameBytes(part.name).length + part.bytes.length;
  const out = Buffer.allocUnsafe(size);
  out.writeInt32LE(size, 0);
  let at = 4;
  for (const part of list) {
    out[at++] = part.type;
    const name = nameBytes(part.name);
    for (let i = 0; i < name.length; i++) {
      const byte = name[i]!;
      if (byte === 0) throw nameWithNul(part.name);
      out[at + i] = byte;
    }
    at += name.length;
    out[at++] = 0;
    copy(part.bytes, out, at);
    at += part.bytes.length;
  }
  out[at] = 0;
  return out;
}

function nameWithNul(name: string): ArgonError {
  return new ArgonError('DOCUMENT_INVALID', `The field name ${JSON.stringify(name)} has a NUL byte in it.`, {
    data: { mongoCode: 2, codeName: 'BadValue' }
  });
}

/** A document made of whole elements (type byte, name and value together), in the given order. */
export function documentOfElements(parts: readonly Buffer[]): Buffer {
  let size = 5;
  for (const part of parts) size += part.length;
  const out = Buffer.allocUnsafe(size);
  out.writeInt32LE(size, 0);
  let at = 4;
  for (const part of parts) {
    copy(part, out, at);
    at += part.length;
  }
  out[at] = 0;
  return out;
}

/** The bytes of a BSON array that holds these values. */
export function arrayOf(items: Iterable<RawValue>): Buffer {
  const list = Array.isArray(items) ? (items as readonly RawValue[]) : [...items];
  let size = 5;
  for (let i = 0; i < list.length; i++) size += 2 + digits(i) + list[i]!.bytes.length;
  const out = Buffer.allocUnsafe(size);
  out.writeInt32LE(size, 0);
  let at = 4;
  for (let i = 0; i < list.length; i++) {
    const value = list[i]!;
    out[at++] = value.type;
    const width = digits(i);
    for (let d = width - 1, rest = i; d >= 0; d--, rest = (rest / 10) | 0) out[at + d] = 0x30 + (rest % 10);
    at += width;
    out[at++] = 0;
    copy(value.bytes, out, at);
    at += value.bytes.length;
  }
  out[at] = 0;
  return out;
}

function digits(n: number): number {
  let width = 1;
  for (let limit = 10; n >= limit; limit *= 10) width++;
  return width;
}

/** Copies small values byte by byte, which beats the call into C++. */
function copy(from: Buffer, to: Buffer, at: number): void {
  const length = from.length;
  if (length > 24) {
    from.copy(to, at);
    return;
  }
  for (let i = 0; i < length; i++) to[at + i] = from[i]!;
}

/** Whether type and bytes are the same: `1` and `1.0` are not. */
export function sameValue(a: RawValue, b: RawValue): boolean {
  return a.type === b.type && a.bytes.equals(b.bytes);
}
