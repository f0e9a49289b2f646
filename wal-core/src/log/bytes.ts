/**
 * Growing output and bounded input of the log's own integers: LEB128-style varints that hold
 * safe integers (up to 2^53), little-endian fixed sizes, and length-prefixed bytes.
 */
export class ByteWriter {
  buffer: Buffer;
  length = 0;

  constructor(capacity = 1024) {
    this.buffer = Buffer.allocUnsafe(capacity);
  }

  /** Makes room for so many more bytes, so that writing them does not. */
  reserve(more: number): void {
    const needed = this.length + more;
    if (needed > this.buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, this.buffer.length * 2));
      this.buffer.copy(larger, 0, 0, this.length);
      this.buffer = larger;
    }
  }

  u8(value: number): void {
    this.reserve(1);
    this.buffer[this.length++] = value;
  }

  u32(value: number): void {
    this.reserve(4);
    this.length = this.buffer.writeUInt32LE(value, this.length);
  }

  u64(value: bigint): void {
    this.reserve(8);
    this.length = this.buffer.writeBigUInt64LE(value, this.length);
  }

  varint(value: number): void {
    this.reserve(8);
    if (value < 0x80) {
      this.buffer[this.length++] = value;
      return;
    }
    let rest = value;
    while (rest >= 0x80) {
      this.buffer[this.length++] = (rest % 0x80) | 0x80;
      rest = rest >= 0x80000000 ? Math.floor(rest / 0x80) : rest >>> 7;
    }
    this.buffer[this.length++] = rest;
  }

  /** Length-prefixed bytes; answers where the bytes themselves start. */
  bytes(value: Uint8Array): number {
    this.varint(value.length);
    this.reserve(value.length);
    const at = this.length;
    this.buffer.set(value, at);
    this.length += value.length;
    return at;
  }

  raw(value: Uint8Array): void {
    this.reserve(value.length);
    this.buffer.set(value, this.length);
    this.length += value.length;
  }

  text(value: string): void {
    if (value === '') {
      this.varint(0);
    } else {
      this.bytes(Buffer.from(value, 'utf8'));
    }
  }

  /** Forgets what was written from `length` on. */
  truncate(length: number): void {
    this.length = length;
  }

  /** What was written so far, sharing memory. */
  done(): Buffer {
    return this.buffer.subarray(0, this.length);
  }
}

/** Reads what `ByteWriter` wrote; running past the end throws a RangeError. */
export class ByteReader {
  constructor(
    readonly buffer: Buffer,
    public offset = 0,
    readonly end = buffer.length
  ) {}

  get atEnd(): boolean {
    return this.offset >= this.end;
  }

  private need(count: number): void {
    if (this.offset + count > this.end) {
      throw new RangeError('bytes end too early');
    }
  }

  u8(): number {
    this.need(1);
    return this.buffer[this.offset++]!;
  }

  u32(): number {
    this.need(4);
    const value = this.buffer.readUInt32LE(this.offset);
    this.offset += 4;
    return value;
  }

  u64(): bigint {
    this.need(8);
    const value = this.buffer.readBigUInt64LE(this.offset);
    this.offset += 8;
    return value;
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        return value;
      }
      scale *= 0x80;
      if (scale > 2 ** 53) {
        throw new RangeError('varint too long');
      }
    }
  }

  bytes(): Buffer {
    const length = this.varint();
    this.need(length);
    const value = this.buffer.subarray(this.offset, this.offset + length);
    this.offset += length;
    return value;
  }

  text(): string {
    return this.bytes().toString('utf8');
  }
}
