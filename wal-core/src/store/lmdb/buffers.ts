/*
 * How keys and values come out of LMDB: copied into pooled memory. A copy of its own ArrayBuffer
 * costs three times as much, and the garbage collector feels each of them.
 */

/** Keys shorter than this are copied faster byte by byte than by a call. */
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
