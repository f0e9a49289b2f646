import fs from 'node:fs';
import { type LogFileSystem, REAL_FILE_SYSTEM } from '../../log/file/log';

/** An error as the operating system gives it. */
export function systemError(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: injected`), { code });
}

/** Which call fails and how; of a write that fails, `part` of its bytes reach the disk. */
export interface Fault {
  readonly call: 'write' | 'sync';
  /** 1: the first of its kind. */
  readonly nth: number;
  readonly code: string;
  readonly part?: number;
}

/** A disk for the log one of whose calls fails. */
export class FailingDisk implements LogFileSystem {
  private readonly counts = { write: 0, sync: 0 };
  hasFailed = false;

  constructor(private readonly fault: Fault) {}

  async write(fd: number, bytes: Buffer, position: number): Promise<void> {
    if (this.isDue('write')) {
      const length = Math.floor(bytes.length * (this.fault.part ?? 0));
      await REAL_FILE_SYSTEM.write(fd, bytes.subarray(0, length), position);
      throw systemError(this.fault.code);
    }
    await REAL_FILE_SYSTEM.write(fd, bytes, position);
  }

  async sync(): Promise<void> {
    await new Promise(resolve => setImmediate(resolve));
    if (this.isDue('sync')) {
      throw systemError(this.fault.code);
    }
  }

  private isDue(call: Fault['call']): boolean {
    const isDue = ++this.counts[call] === this.fault.nth && call === this.fault.call;
    this.hasFailed ||= isDue;
    return isDue;
  }
}

/** The calls of Node that the engine makes beside those that go through its log's file system. */
export const SYSTEM_CALLS = [
  'openSync',
  'writeSync',
  'readSync',
  'fsyncSync',
  'fdatasyncSync',
  'ftruncateSync',
  'fstatSync',
  'statSync',
  'mkdirSync',
  'readdirSync',
  'unlinkSync',
  'renameSync',
  'rmSync'
] as const;
export type SystemCall = (typeof SYSTEM_CALLS)[number];

/** Makes the n-th such call below a directory fail. */
export function failSystemCall(
  directory: string,
  call: SystemCall,
  nth: number,
  code: string
): { readonly hasFailed: () => boolean; readonly end: () => void } {
  let count = 0;
  const real = fs[call] as (...args: unknown[]) => unknown;
  const spy = jest.spyOn(fs, call as 'openSync').mockImplementation((...args: unknown[]) => {
    if (isBelow(directory, args[0]) && ++count === nth) {
      throw systemError(code);
    }
    return real(...args) as number;
  });
  return { hasFailed: () => count >= nth, end: () => spy.mockRestore() };
}

/** Whether a path, or the file behind a descriptor, lies in a directory. */
function isBelow(directory: string, what: unknown): boolean {
  try {
    const path = typeof what === 'number' ? fs.readlinkSync(`/proc/self/fd/${what}`) : String(what);
    return path.startsWith(directory);
  } catch {
    return false;
  }
}
