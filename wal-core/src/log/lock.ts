import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { tryLock } from 'fs-native-extensions';
import { ArgonError } from '../errors';

const NAME = 'LOCK';

/**
 * Takes the one lock of a data directory; answers how to give it back. The lock is the operating
 * system's, on an open file: it ends with its process however that ends, and holds between
 * containers that share a directory. The file stays; it says who holds or last held the lock.
 * @throws DIRECTORY_LOCKED
 */
export function lockDirectory(directory: string): () => void {
  const path = join(directory, NAME);
  const file = openSync(path, 'a+', 0o600);
  try {
    if (!tryLock(file)) {
      throw locked(directory, ownerOf(path));
    }
    ftruncateSync(file);
    writeSync(file, JSON.stringify({ pid: process.pid }));
  } catch (error) {
    closeSync(file);
    throw isWithoutLocks(error) ? withoutLocks(directory, error) : error;
  }
  return () => closeSync(file);
}

/** The process that wrote the lock file; undefined when it has not written it yet. */
function ownerOf(path: string): number | undefined {
  try {
    const { pid } = JSON.parse(readFileSync(path, 'utf8')) as { pid?: unknown };
    return typeof pid === 'number' ? pid : undefined;
  } catch {
    return undefined;
  }
}

function locked(directory: string, pid: number | undefined): ArgonError {
  const owner = pid === undefined ? '' : ` (process ${pid})`;
  return new ArgonError(
    'DIRECTORY_LOCKED',
    `Another bridge${owner} uses the data directory ${directory}. Use that one, stop it, or choose another directory.`,
    { data: pid === undefined ? { directory } : { directory, pid } }
  );
}

function isWithoutLocks(error: unknown): boolean {
  const { code = '' } = error as NodeJS.ErrnoException;
  return ['ENOLCK', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'].includes(code);
}

function withoutLocks(directory: string, cause: unknown): ArgonError {
  return new ArgonError(
    'DIRECTORY_LOCKED',
    `The file system of ${directory} has no file locks, so two bridges could write there at once. Choose a directory on a local disk.`,
    { data: { directory }, cause }
  );
}
