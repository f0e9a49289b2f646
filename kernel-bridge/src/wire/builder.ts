import { Timestamp, serialize } from 'bson';
import { T, nameBytes, type CommitTime, type RawValue } from '@argon/wal-core';

/** Type, name and NUL of an array's element, at most. */
const INDEX_BYTES_MAX = 12;

/** Writes raw BSON front to back, so that stored documents go into a reply without being decoded. */
export class DocumentBuilder {
  private buffer: Buffer;
  private at = 4;
  /** Offsets where the open documents begin. */
  private readonly starts: number[] = [0];

  constructor(capacity = 256) {
    this.buffer = Buffer.allocUnsafe(capacity);
  }

  /** Bytes written so far. */
  get length(): number {
    return this.at;
  }

  double(name: string, value: number): this {
    const at = this.element(T.DOUBLE, name, 8);
    this.buffer.writeDoubleLE(value, at);
    return this;
  }

  int32(name: string, value: number): this {
    const at = this.element(T.INT32, name, 4);
    this.buffer.writeInt32LE(value, at);
    return this;
  }

  int64(name: string, value: bigint | number): this {
    const at = this.element(T.INT64, name, 8);
    this.buffer.writeBigInt64LE(BigInt(value), at);
    return this;
  }

  /** int32 where it fits, as MongoDB writes counts. */
  integer(name: string, value: number): this {
    return value === (value | 0) ? this.int32(name, value) : this.int64(name, value);
  }

  string(name: string, value: string): this {
    const bytes = Buffer.byteLength(value);
    const at = this.element(T.STRING, name, 5 + bytes);
    this.buffer.writeInt32LE(bytes + 1, at);
    this.buffer.write(value, at + 4, 'utf8');
    this.buffer[at + 4 + bytes] = 0;
    return this;
  }

  bool(name: string, value: boolean): this {
    const at = this.element(T.BOOL, name, 1);
    this.buffer[at] = value ? 1 : 0;
    return this;
  }

  date(name: string, value: Date): this {
    const at = this.element(T.DATE, name, 8);
    this.buffer.writeBigInt64LE(BigInt(value.getTime()), at);
    return this;
  }

  timestamp(name: string, value: CommitTime | bigint): this {
    const at = this.element(T.TIMESTAMP, name, 8);
    this.buffer.writeBigUInt64LE(value, at);
    return this;
  }

  /** A value as it stands in another document. */
  raw(name: string, value: RawValue): this {
    const at = this.element(value.type, name, value.bytes.length);
    value.bytes.copy(this.buffer, at);
    return this;
  }

  document(name: string, document: Buffer): this {
    return this.raw(name, { type: T.OBJECT, bytes: document });
  }

  /** An array of whole documents. */
  documents(name: string, documents: readonly Buffer[]): this {
    this.open(name, T.ARRAY);
    this.reserve(bytesOfDocuments(documents));
    const { buffer } = this;
    let { at } = this;
    for (let index = 0; index < documents.length; index++) {
      const document = documents[index]!;
      buffer[at] = T.OBJECT;
      at = writeIndex(buffer, at + 1, index);
      document.copy(buffer, at);
      at += document.length;
    }
    this.at = at;
    return this.close();
  }

  /** Any decoded value; `undefined` writes nothing. */
  value(name: string, value: unknown): this {
    if (value !== undefined) {
      const bytes = serialize({ [name]: value }, { ignoreUndefined: true });
      this.splice(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    }
    return this;
  }

  /** All fields of a decoded object. */
  fields(object: Readonly<Record<string, unknown>>): this {
    for (const [name, value] of Object.entries(object)) {
      this.value(name, value);
    }
    return this;
  }

  /** All elements of a document. */
  splice(document: Buffer): this {
    const size = document.length - 5;
    this.reserve(size);
    document.copy(this.buffer, this.at, 4, 4 + size);
    this.at += size;
    return this;
  }

  /** Begins an embedded document (or array): what follows goes into it until `close`. */
  open(name: string, type: typeof T.OBJECT | typeof T.ARRAY = T.OBJECT): this {
    const at = this.element(type, name, 4);
    this.starts.push(at);
    return this;
  }

  close(): this {
    const start = this.starts.pop()!;
    this.reserve(1);
    this.buffer[this.at++] = 0;
    this.buffer.writeInt32LE(this.at - start, start);
    return this;
  }

  /** The document. Nothing may be written after. */
  finish(): Buffer {
    this.close();
    return this.buffer.subarray(0, this.at);
  }

  /** Writes type and name, makes room for the value and returns its offset. */
  private element(type: number, name: string, size: number): number {
    const bytes = nameBytes(name);
    this.reserve(2 + bytes.length + size);
    const buffer = this.buffer;
    let at = this.at;
    buffer[at++] = type;
    for (let index = 0; index < bytes.length; index++) {
      buffer[at + index] = bytes[index]!;
    }
    at += bytes.length;
    buffer[at++] = 0;
    this.at = at + size;
    return at;
  }

  private reserve(size: number): void {
    const needed = this.at + size + 1;
    if (needed > this.buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, this.buffer.length * 2));
      this.buffer.copy(larger, 0, 0, this.at);
      this.buffer = larger;
    }
  }
}

/** Bytes that documents take in an array, at most. */
export function bytesOfDocuments(documents: readonly Buffer[]): number {
  let bytes = 0;
  for (const { length } of documents) {
    bytes += INDEX_BYTES_MAX + length;
  }
  return bytes;
}

/** Writes an array's index as its element's name, and answers where the value begins. */
function writeIndex(buffer: Buffer, start: number, index: number): number {
  let end = start + 1;
  for (let rest = index; rest >= 10; rest = Math.floor(rest / 10)) {
    end++;
  }
  let rest = index;
  for (let at = end - 1; at >= start; at--) {
    buffer[at] = ZERO + (rest % 10);
    rest = Math.floor(rest / 10);
  }
  buffer[end] = 0;
  return end + 1;
}

const ZERO = 0x30;

/** A commit time as drivers decode it. */
export function toTimestamp(time: CommitTime | bigint): Timestamp {
  return new Timestamp({ t: Number(time >> 32n), i: Number(time & 0xffffffffn) });
}
