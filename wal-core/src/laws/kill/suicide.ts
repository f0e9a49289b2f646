import { type LogFileSystem, REAL_FILE_SYSTEM } from '../../log/file/log';

/** The call of the log at which a process kills itself, and how far it has come by then. */
export interface KillAt {
  readonly call: 'write' | 'sync';
  /** 1: the first of its kind. */
  readonly nth: number;
  readonly when: 'before' | 'amid' | 'after';
}

function die(): void {
  process.kill(process.pid, 'SIGKILL');
}

/** The real file system of the log, until the process dies at the call that is named. */
export function dyingAt({ call, nth, when }: KillAt): LogFileSystem {
  const counts = { write: 0, sync: 0 };
  const isDue = (name: KillAt['call']) => name === call && ++counts[name] === nth;
  return {
    async write(fd, bytes, position) {
      const due = isDue('write');
      if (due && when !== 'after') {
        const part = when === 'before' ? 0 : 1 + Math.floor(bytes.length / 2);
        await REAL_FILE_SYSTEM.write(fd, bytes.subarray(0, part), position);
        die();
      }
      await REAL_FILE_SYSTEM.write(fd, bytes, position);
      if (due) {
        die();
      }
    },
    async sync(fd) {
      const due = isDue('sync');
      if (due && when === 'before') {
        die();
      }
      const flushed = REAL_FILE_SYSTEM.sync(fd);
      if (due && when === 'amid') {
        die();
      }
      await flushed;
      if (due) {
        die();
      }
    }
  };
}
