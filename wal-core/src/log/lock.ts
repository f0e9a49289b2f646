import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ArgonError } from '../errors';

const NAME = 'LOCK';
/** How often a stale lock may be found before that is taken for a fault. */
const ATTEMPTS_MAX = 10;

/** Whether a process of this id runs on this machine. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** When a process was started, so that a reused process id is not taken for the owner. Linux only. */
function startTime(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

/**
 * Takes the one lock of a data directory; answers how to give it back. A lock whose owner is gone
 * (kill -9, power loss) is taken over, by one process only when several find it.
 * @throws DIRECTORY_LOCKED
 */
export function lockDirectory(directory: string): () => void {
  const path = join(directory, NAME);
  // Written whole under another name first: a lock is never seen half written.
  const mine = `${path}.${randomUUID()}`;
  writeFileSync(mine, JSON.stringify({ pid: process.pid, started: startTime(process.pid) }), { mode: 0o600 });
  try {
    for (let attempt = 0; ; attempt++) {
      if (placeLock(mine, path)) {
        return () => unlinkSync(path);
      }
      const text = readText(path);
      const owner = text === undefined ? undefined : ownerOf(text);
      if (owner !== undefined && isRunning(owner)) {
        throw locked(directory, owner.pid);
      }
      if (attempt === ATTEMPTS_MAX) {
        throw locked(directory, owner?.pid);
      }
      if (text !== undefined) {
        removeStale(path, text);
      }
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

/** Puts a lock in place unless there is one. */
function placeLock(mine: string, path: string): boolean {
  try {
    linkSync(mine, path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') {
      return false;
    }
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS') {
      throw error;
    }
  }
  // A file system without hard links.
  try {
    writeFileSync(path, readFileSync(mine), { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      return false;
    }
    throw error;
  }
}

/** Takes a stale lock away, unless it is another one by now. */
function removeStale(path: string, text: string): void {
  const aside = `${path}.${randomUUID()}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return;
    }
    throw error;
  }
  if (readText(aside) !== text) {
    placeLock(aside, path);
  }
  rmSync(aside, { force: true });
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

interface Owner {
  readonly pid: number;
  readonly started: string;
}

function ownerOf(text: string): Owner | undefined {
  try {
    const { pid, started } = JSON.parse(text) as { pid?: number; started?: string };
    return typeof pid === 'number' ? { pid, started: started ?? '' } : undefined;
  } catch {
    return undefined;
  }
}

function isRunning({ pid, started }: Owner): boolean {
  return isAlive(pid) && (started === '' || started === startTime(pid));
}

function locked(directory: string, pid: number | undefined): ArgonError {
  const owner = pid === undefined ? '' : ` (process ${pid})`;
  return new ArgonError(
    'DIRECTORY_LOCKED',
    `Another bridge${owner} uses the data directory ${directory}. Use that one, stop it, or choose another directory.`,
    { data: pid === undefined ? { directory } : { directory, pid } }
  );
}
