/** Keys up to this length are compared faster byte by byte than by a call. */
const LOOP_BYTES_MAX = 64;

/** The order of keys: that of memcmp, a shorter key before those that begin with it. As `Buffer.compare`. */
export function compareKeys(a: Buffer, b: Buffer): number {
  const length = a.length < b.length ? a.length : b.length;
  if (length > LOOP_BYTES_MAX) {
    return a.compare(b);
  }
  for (let i = 0; i < length; i++) {
    const difference = a[i]! - b[i]!;
    if (difference !== 0) {
      return difference;
    }
  }
  return a.length - b.length;
}
