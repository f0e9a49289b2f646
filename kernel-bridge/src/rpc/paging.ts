import { isArgonError } from '@argon/wal-core';
import { MESSAGE_BYTES_MAX } from './dispatcher';

/** Room that a page leaves for the rest of its message. */
const PAGE_BYTES_MAX = MESSAGE_BYTES_MAX / 2;

/**
 * The page that `fetch` makes with at most `limit` items, or a smaller one when its documents are so large
 * that the page would not fit into a message. The pages that follow are the same either way.
 */
export async function fittingPage<T extends object>(
  limit: number,
  fetch: (limit: number) => Promise<T>
): Promise<T> {
  for (let size = limit; ; size = Math.max(1, Math.floor(size / 4))) {
    const page = await fetch(size);
    if (size <= 1 || Buffer.byteLength(JSON.stringify(page)) <= PAGE_BYTES_MAX) {
      return page;
    }
  }
}

/** What `read` answers, or undefined when it fails with an error that says "gone". */
export function ifThere<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (isArgonError(error)) {
      return undefined;
    }
    throw error;
  }
}
