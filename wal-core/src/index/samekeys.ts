import type { Image, IndexInfo } from '../api';
import { Cursor, keyPattern } from '../bson';

/**
 * Whether two images of a document have the same keys in an index because what they are made of is the same, byte for
 * byte: most updates leave the indexed fields alone. False when it would take more to know.
 */
export function hasSameKeys({ key, partialFilter }: IndexInfo, image: Image, next: Image): boolean {
  // A filter looks at other fields too.
  if (partialFilter !== undefined) {
    return false;
  }
  for (const [field] of keyPattern(key).parts) {
    const [before, after] = [new Cursor(image), new Cursor(next)];
    const isThere = before.find(field!);
    if (after.find(field!) !== isThere || (isThere && !isSameValue(before, after))) {
      return false;
    }
  }
  return true;
}

/** Whether cursors stand at values of the same type and bytes. */
function isSameValue(before: Cursor, after: Cursor): boolean {
  const length = before.valueEnd - before.valueStart;
  if (before.type !== after.type || after.valueEnd - after.valueStart !== length) {
    return false;
  }
  const { buf: a, valueStart: i } = before;
  const { buf: b, valueStart: j } = after;
  for (let k = 0; k < length; k++) {
    if (a[i + k] !== b[j + k]) {
      return false;
    }
  }
  return true;
}
