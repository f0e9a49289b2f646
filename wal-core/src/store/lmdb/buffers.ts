import { crc32c } from '@node-rs/crc32';

/*
 * How keys and values come out of LMDB: copied into pooled memory. A copy of its own ArrayBuffer
 * costs three times as much, and the garbage collector feels each of them.
 */

/** Shorter than this, bytes are copied and summed faster one by one than by a call. */
const LOOP_BYTES_MAX = 48;

/** Encoding of keys: the bytes themselves. */
export const KEY_BYTES = {
  writeKey(key: Buffer, target: Buffer, start: number): number {
    target.set(key, start);
    return start + key.length;
  },
  readKey(target: Buffer, start: number, end: number): Buffer {
    return copyOf(target, start, end - start);
  }
};

/** Encoding of values: the bytes themselves. */
export const VALUE_BYTES = {
  encode: (value: Buffer): Buffer => value,
  /** `bytes` is a window that the next read overwrites; its `length` is that of the value. */
  decode: (bytes: Buffer): Buffer => copyOf(bytes, 0, bytes.length)
};

const SUM_BYTES = 4;

/**
 * Encoding of values with a checksum behind each, which is over key and value: `[value][crc32c u32]`. A value comes
 * out before its key is at hand, so whoever reads a row asks `fits` right after it, before any other row is read.
 */
export class SummedValues {
  private sum = 0;
  private stored = 0;

  readonly encode = (value: Buffer): Buffer => value;

  /** As in `VALUE_BYTES`; the checksum is taken off. */
  readonly decode = (bytes: Buffer): Buffer => {
    const length = Math.max(0, bytes.length - SUM_BYTES);
    const value = copyOf(bytes, 0, length);
    this.sum = sumOf(value, 0);
    // Shorter values were written by nobody: their sum fits none.
    this.stored = bytes.length < SUM_BYTES ? -1 : readU32(bytes, length);
    return value;
  };

  /** Bytes of what is stored for a value. */
  sealedBytes(value: Buffer): number {
    return value.length + SUM_BYTES;
  }

  /** Writes what is stored for a row. */
  seal(key: Buffer, value: Buffer, target: Buffer, start: number): void {
    target.set(value, start);
    target.writeUInt32BE(sumOf(key, sumOf(value, 0)), start + value.length);
  }

  /** Whether bytes that lie in the file were written for this key, and both are as they were. */
  isSealed(key: Buffer, stored: Buffer): boolean {
    const length = stored.length - SUM_BYTES;
    return length >= 0 && sumOf(key, sumOf(stored.subarray(0, length), 0)) === readU32(stored, length);
  }

  /** Whether the value that was read last was written for this key, and both are as they were. */
  fits(key: Buffer): boolean {
    return sumOf(key, this.sum) === this.stored;
  }

  /** The checksum that stood behind the value that was read last. */
  get last(): number {
    return this.stored;
  }
}

function readU32(bytes: Buffer, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

/** The CRC-32C (Castagnoli) of each byte, reflected. */
const CRC_OF_BYTE = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) {
    crc = (crc & 1) === 0 ? crc >>> 1 : (crc >>> 1) ^ 0x82f63b78;
  }
  return crc;
});

/** crc32c of bytes that follow others, whose crc32c is `before`. */
function sumOf(bytes: Buffer, before: number): number {
  if (bytes.length >= LOOP_BYTES_MAX) {
    return crc32c(bytes, before);
  }
  let crc = ~before;
  for (let i = 0; i < bytes.length; i++) {
    crc = CRC_OF_BYTE[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8);
  }
  return ~crc >>> 0;
}

function copyOf(source: Buffer, start: number, length: number): Buffer {
  const copy = Buffer.allocUnsafe(length);
  if (length < LOOP_BYTES_MAX) {
    for (let i = 0; i < length; i++) {
      copy[i] = source[start + i]!;
    }
  } else {
    copy.set(new Uint8Array(source.buffer, source.byteOffset + start, length));
  }
  return copy;
}
