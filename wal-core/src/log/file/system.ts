import { fdatasync, write, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { ArgonError } from '../../errors';
import { faultCode, isFullDisk } from '../../faults';

const writeAsync = promisify(write);
const fdatasyncAsync = promisify(fdatasync);

/** Groups up to this size are written on the caller's thread: a copy into the page cache is cheaper than a thread hop. */
const SYNC_WRITE_BYTES_MAX = 512 * 1024;

/** The calls to the operating system that a test may replace to steer faults. */
export interface LogFileSystem {
  write(fd: number, bytes: Buffer, position: number): Promise<void>;
  sync(fd: number): Promise<void>;
  /** Fills a part of a file with zeros, on disk when it resolves. Without it there is no room ahead of the frames. */
  fill?(path: string, position: number, bytes: number): Promise<void>;
}

async function writeFully(fd: number, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    done +=
      bytes.length <= SYNC_WRITE_BYTES_MAX
        ? writeSync(fd, bytes, done, bytes.length - done, position + done)
        : (await writeAsync(fd, bytes, done, bytes.length - done, position + done)).bytesWritten;
  }
}

/**
 * With a descriptor of its own: the system tells each descriptor once that something could not be written, and the
 * flush of a group must not miss that because somebody else has heard of it.
 */
async function fill(path: string, position: number, bytes: number): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const zeros = Buffer.alloc(bytes);
    for (let done = 0; done < bytes;) {
      done += (await file.write(zeros, done, bytes - done, position + done)).bytesWritten;
    }
    await file.datasync();
  } finally {
    await file.close();
  }
}

export const REAL_FILE_SYSTEM: LogFileSystem = { write: writeFully, sync: fdatasyncAsync, fill };

/** What a failed call means for the writer. */
export function writeError(cause: unknown): ArgonError {
  return isFullDisk(cause)
    ? new ArgonError(
        'DISK_FULL',
        'The disk is full: the write was not made. Free some space and try again.',
        { cause }
      )
    : new ArgonError('LOG_FAILED', `The log could not be written (${faultCode(cause) || 'unknown error'}).`, {
        cause
      });
}
