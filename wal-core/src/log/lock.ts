import { closeSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { ArgonError } from '../errors';

const NAME = 'LOCK';

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
 * (kill -9, power loss) is taken over.
 * @throws DIRECTORY_LOCKED
 */
export function lockDirectory(directory: string): () => void {
  const path = join(directory, NAME);
  for (let attempt = 0; ; attempt++) {
    try {
      const fd = openSync(path, 'wx', 0o600);
      writeSync(fd, JSON.stringify({ pid: process.pid, started: startTime(process.pid) }));
      closeSync(fd);
      return () => unlinkSync(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt > 2) {
        throw error;
      }
    }
    const owner = readOwner(path);
    if (
      owner !== undefined &&
      isAlive(owner.pid) &&
      (owner.started === '' || owner.started === startTime(owner.pid))
    ) {
      throw new ArgonError(
        'DIRECTORY_LOCKED',
        `Another bridge (process ${owner.pid}) uses the data directory ${directory}. Use that one, stop it, or choose another directory.`,
        { data: { directory, pid: owner.pid } }
      );
    }
    unlinkSync(path);
  }
}

function readOwner(path: string): { pid: number; started: string } | undefined {
  try {
    const { pid, started } = JSON.parse(readFileSync(path, 'utf8')) as { pid?: number; started?: string };
    return typeof pid === 'number' ? { pid, started: started ?? '' } : undefined;
  } catch {
    return undefined;
  }
}
