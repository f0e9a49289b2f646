import { mkdirSync } from 'node:fs';
import { ArgonError } from '../errors';
import { isForbidden, isFullDisk } from '../faults';
import { lockDirectory } from '../log/lock';

/** Where the file system says that a path is no directory, or holds one that is none. */
const NOT_A_DIRECTORY = new Set(['EEXIST', 'ENOTDIR', 'ELOOP']);

/**
 * Makes a data directory, when it is missing, and takes it for this process; answers what gives it back.
 * @throws BAD_REQUEST for what is no directory or cannot be written, DISK_FULL, DIRECTORY_LOCKED
 */
export function takeDirectory(directory: string): () => void {
  if (typeof directory !== 'string' || directory === '' || directory.includes('\0')) {
    throw new ArgonError('BAD_REQUEST', 'The data directory has to be named by a path.', {
      data: { directory: String(directory) }
    });
  }
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    return lockDirectory(directory);
  } catch (error) {
    throw explained(error, directory);
  }
}

function explained(cause: unknown, directory: string): unknown {
  const { code = '' } = cause as NodeJS.ErrnoException;
  const data = { directory };
  if (NOT_A_DIRECTORY.has(code)) {
    const message = `The data directory ${directory} is a file, or lies inside one. Choose another path.`;
    return new ArgonError('BAD_REQUEST', message, { data, cause });
  }
  if (isForbidden(cause)) {
    const message = `The data directory ${directory} cannot be written (${code}). Choose another one, or ask for the right to write there.`;
    return new ArgonError('BAD_REQUEST', message, { data, cause });
  }
  if (isFullDisk(cause)) {
    const message = `The disk of the data directory ${directory} is full. Nothing was changed; free some space and try again.`;
    return new ArgonError('DISK_FULL', message, { data, cause });
  }
  return cause;
}
