import { statfsSync } from 'node:fs';
import { ArgonError } from '../../errors';

/** A row of a transaction dirties a page, and those above it. */
const BYTES_PER_ROW = 4_096;
/** Room for the pages above, and for what others write meanwhile. */
const BYTES_MORE = 1024 * 1024;

/**
 * A transaction that LMDB has no room for fails in the middle, and its binding ends the process with a rejection that
 * nobody can take. So the room is looked for first: that costs some microseconds of a transaction's milliseconds.
 * @throws DISK_FULL; the state is as it was, and the same can be written when there is room
 */
export function assertRoom(directory: string, rows: number): void {
  const { bavail, bsize } = statfsSync(directory);
  const free = bavail * bsize;
  const needed = rows * BYTES_PER_ROW + BYTES_MORE;
  if (free < needed) {
    throw new ArgonError(
      'DISK_FULL',
      'The disk is full: what is in the log goes into the state when there is room. Free some space.',
      { data: { directory, free, needed } }
    );
  }
}
