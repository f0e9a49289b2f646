import { existsSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { ArgonError, isArgonError, isForbidden, isFullDisk } from '@argon/wal-core';

/** What an empty data directory grows to before its first document. LMDB writes through a map, and a full disk ends such a process. */
const BEGINNING_BYTES = 1 << 20;

/** @throws DISK_FULL when there is no room to begin in a data directory; one that has begun may still be read */
export function requireRoom(directory: string, freeBytes = freeBytesAt(directory)): void {
  if (freeBytes < BEGINNING_BYTES && !existsSync(join(directory, 'state', 'data.mdb'))) {
    throw diskFull(directory);
  }
}

/** What a fault of the operating system means for a person who opens a data directory; any other error as it is. */
export function explainOpening(
  error: unknown,
  directory: string,
  freeBytes = freeBytesAt(directory)
): unknown {
  if (isArgonError(error) || !(error instanceof Error)) {
    return error;
  }
  const { code, message } = error as NodeJS.ErrnoException;
  if (isFullDisk(error) || /no space left/i.test(message)) {
    return diskFull(directory, error);
  }
  // LMDB has no room for a page: on some file systems that comes as a fault of the device.
  if (/input\/output error/i.test(message) && freeBytes < BEGINNING_BYTES) {
    return diskFull(directory, error);
  }
  if (typeof code !== 'string') {
    return error;
  }
  const next = isForbidden(error) ? ' Make it writable for this user, or name another one.' : '';
  return new ArgonError(
    'BRIDGE_UNAVAILABLE',
    `The data directory ${directory} cannot be used: ${message}.${next}`,
    {
      cause: error
    }
  );
}

function diskFull(directory: string, cause?: unknown): ArgonError {
  const message = `There is no space left on the disk of ${directory}. Nothing was lost; free some space and start again.`;
  return new ArgonError('DISK_FULL', message, cause === undefined ? {} : { cause });
}

function freeBytesAt(directory: string): number {
  const { bavail, blocks, bsize } = statfsSync(directory);
  // A file system without blocks, as /proc, has nothing to be full of.
  return blocks === 0 ? Infinity : bavail * bsize;
}
