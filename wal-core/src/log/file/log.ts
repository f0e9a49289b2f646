import {
  close,
  closeSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  statSync,
  write,
  writeSync
} from 'node:fs';
import { promisify } from 'node:util';
import { LRUCache } from 'lru-cache';
import { ArgonError } from '../../errors';
import { SEGMENT_BYTES_MAX } from '../../limits';
import { type FoundFrame, walkSegment } from './recovery';
import { createSegment, listSegments, type Place, SEGMENT_HEADER_BYTES, segmentPath } from './segment';

const writeAsync = promisify(write);
const fdatasyncAsync = promisify(fdatasync);

/** Groups up to this size are written on the caller's thread: a copy into the page cache is cheaper than a thread hop. */
const SYNC_WRITE_BYTES_MAX = 512 * 1024;

interface Waiting {
  readonly bytes: Buffer;
  readonly place: Place;
  readonly durable: () => void;
  readonly failed: (error: ArgonError) => void;
}

/** The calls to the operating system that a test may replace to steer faults. */
export interface LogFileSystem {
  write(fd: number, bytes: Buffer, position: number): Promise<void>;
  sync(fd: number): Promise<void>;
}

async function writeFully(fd: number, bytes: Buffer, position: number): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    done +=
      bytes.length <= SYNC_WRITE_BYTES_MAX
        ? writeSync(fd, bytes, done, bytes.length - done, position + done)
        : (await writeAsync(fd, bytes, done, bytes.length - done, position + done)).bytesWritten;
  }
}

export const REAL_FILE_SYSTEM: LogFileSystem = {
  write: writeFully,
  sync: fdatasyncAsync
};

/**
 * The append-only log in files. `append` gives a frame its place at once and queues it; one flush
 * (write, fdatasync) carries all frames that wait, and the next group gathers while it runs.
 *
 * After a failed fdatasync nothing more is written (fail stop). A write refused for lack of space
 * fails the waiting frames only; the file is cut back to its durable size and goes on.
 */
export class FileLog {
  private fd: number;
  private segment: number;
  /** End of the frames queued so far, in the active segment. */
  private end: number;
  /** End of the frames known to be on disk, in the active segment. */
  private durableEnd: number;
  private waiting: Waiting[] = [];
  private flushing: Promise<void> | undefined;
  private failure: ArgonError | undefined;
  private closedBytes: number;
  private readonly readers = new LRUCache<number, number>({
    max: 64,
    dispose: fd => close(fd, () => undefined)
  });

  private constructor(
    readonly directory: string,
    private readonly fileSystem: LogFileSystem,
    segment: number,
    fd: number,
    end: number,
    closedBytes: number
  ) {
    this.segment = segment;
    this.fd = fd;
    this.end = end;
    this.durableEnd = end;
    this.closedBytes = closedBytes;
  }

  /**
   * Opens the log, calling `replay` for each frame from `from` on, in order. A torn tail is cut.
   * @throws DATA_CORRUPT for a torn middle, FORMAT_TOO_NEW
   */
  static open(
    directory: string,
    from: Place | undefined,
    replay: (frame: FoundFrame) => void,
    fileSystem: LogFileSystem = REAL_FILE_SYSTEM
  ): FileLog {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const segments = listSegments(directory);
    const last = segments.at(-1);
    if (from !== undefined && (last === undefined || from.segment > last)) {
      throw new ArgonError(
        'DATA_CORRUPT',
        `The state refers to log segment ${from.segment}, which is missing.`,
        {
          data: { segment: from.segment }
        }
      );
    }
    let end = SEGMENT_HEADER_BYTES;
    for (const [index, segment] of segments.entries()) {
      if (index > 0 && segments[index - 1] !== segment - 1) {
        throw new ArgonError('DATA_CORRUPT', `Log segment ${segment - 1} is missing.`, {
          data: { segment: segment - 1 }
        });
      }
      if (from !== undefined && segment < from.segment) {
        continue;
      }
      const start = from !== undefined && segment === from.segment ? from.offset : SEGMENT_HEADER_BYTES;
      const walk = walkSegment(directory, segment, start, { isLast: segment === last, truncate: true });
      let step = walk.next();
      while (step.done !== true) {
        replay(step.value);
        step = walk.next();
      }
      end = step.value;
    }
    if (from !== undefined && from.segment === last && end < from.offset) {
      throw new ArgonError(
        'DATA_CORRUPT',
        `Log segment ${last} ends at byte ${end}, before what was applied from it.`,
        {
          data: { segment: last, offset: end }
        }
      );
    }
    const closedBytes = segments
      .slice(0, -1)
      .reduce((sum, segment) => sum + statSync(segmentPath(directory, segment)).size, 0);
    if (last === undefined) {
      return new FileLog(directory, fileSystem, 1, createSegment(directory, 1), SEGMENT_HEADER_BYTES, 0);
    }
    if (end === 0) {
      // The last segment was torn while it was created; nothing in it was ever acknowledged.
      return new FileLog(
        directory,
        fileSystem,
        last,
        createSegment(directory, last),
        SEGMENT_HEADER_BYTES,
        closedBytes
      );
    }
    const fd = openSync(segmentPath(directory, last), 'r+');
    // Frames that a killed process had written but not flushed are replayed above: they must be
    // on disk before anything is built on them.
    fdatasyncSync(fd);
    return new FileLog(directory, fileSystem, last, fd, end, closedBytes);
  }

  /** Bytes of all segments. */
  get bytes(): number {
    return this.closedBytes + this.end;
  }

  get error(): ArgonError | undefined {
    return this.failure;
  }

  /**
   * Queues a frame and gives it its place. `encode` is handed the durable size of the segment.
   * `durable` runs in log order once it is on disk, `failed` when it never will be (then every
   * frame behind it fails too).
   * @throws LOG_FAILED, DISK_FULL, CLOSED
   */
  append(
    encode: (durable: number) => Buffer,
    durable: () => void,
    failed: (error: ArgonError) => void
  ): Place {
    if (this.failure !== undefined) {
      throw this.failure;
    }
    let bytes = encode(this.durableEnd);
    if (this.end + bytes.length > SEGMENT_BYTES_MAX && this.end > SEGMENT_HEADER_BYTES) {
      this.rotate();
      bytes = encode(this.durableEnd);
    }
    const place = { segment: this.segment, offset: this.end };
    this.end += bytes.length;
    this.waiting.push({ bytes, place, durable, failed });
    this.flushing ??= new Promise(resolve => setImmediate(resolve)).then(() => this.flushAll());
    return place;
  }

  /** Resolves when everything queued so far is on disk or has failed. */
  async settled(): Promise<void> {
    while (this.flushing !== undefined) {
      await this.flushing;
    }
  }

  /** Bytes at a place; the range must lie inside one frame that is on disk. */
  read(place: Place, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    let fd = place.segment === this.segment ? this.fd : this.readers.get(place.segment);
    if (fd === undefined) {
      fd = openSync(segmentPath(this.directory, place.segment), 'r');
      this.readers.set(place.segment, fd);
    }
    if (readSync(fd, bytes, 0, length, place.offset) !== length) {
      throw new ArgonError(
        'DATA_CORRUPT',
        `Log segment ${place.segment} ends before byte ${place.offset + length}.`,
        {
          data: { ...place }
        }
      );
    }
    return bytes;
  }

  async close(): Promise<void> {
    await this.settled();
    this.failure ??= new ArgonError('CLOSED', 'The engine is closed.');
    this.readers.clear();
    closeSync(this.fd);
  }

  /** The active segment is full: later frames go to a new one. Frames still waiting are flushed to the old one first. */
  private rotate(): void {
    const oldFd = this.fd;
    const oldSegment = this.segment;
    const rest = this.waiting.filter(item => item.place.segment === oldSegment);
    try {
      this.fd = createSegment(this.directory, oldSegment + 1);
    } catch (cause) {
      throw writeError(cause);
    }
    this.closedBytes += this.end;
    this.segment = oldSegment + 1;
    this.end = SEGMENT_HEADER_BYTES;
    this.durableEnd = SEGMENT_HEADER_BYTES;
    if (rest.length === 0 && this.flushing === undefined) {
      this.readers.set(oldSegment, oldFd);
    } else {
      // A flush in flight, or the next one, still needs the descriptor.
      this.retiring.set(oldSegment, oldFd);
    }
  }

  /** Descriptors of full segments that still have frames to flush. */
  private readonly retiring = new Map<number, number>();

  private async flushAll(): Promise<void> {
    try {
      while (this.waiting.length > 0) {
        await this.flushGroup();
      }
    } finally {
      this.flushing = undefined;
    }
  }

  private async flushGroup(): Promise<void> {
    const segment = this.waiting[0]!.place.segment;
    let count = this.waiting.findIndex(item => item.place.segment !== segment);
    count = count < 0 ? this.waiting.length : count;
    const group = this.waiting.splice(0, count);
    const fd = segment === this.segment ? this.fd : this.retiring.get(segment)!;
    const start = group[0]!.place.offset;
    const bytes = group.length === 1 ? group[0]!.bytes : Buffer.concat(group.map(item => item.bytes));
    try {
      await this.fileSystem.write(fd, bytes, start);
    } catch (cause) {
      this.giveUp(segment, fd, start, group, writeError(cause));
      return;
    }
    try {
      await this.fileSystem.sync(fd);
    } catch (cause) {
      this.failure = new ArgonError(
        'LOG_FAILED',
        'Flushing the log failed; no more writes are taken until a restart.',
        { cause }
      );
      this.fail(group, this.failure);
      return;
    }
    if (segment === this.segment) {
      this.durableEnd = start + bytes.length;
    } else if (!this.waiting.some(item => item.place.segment === segment)) {
      this.retiring.delete(segment);
      this.readers.set(segment, fd);
    }
    for (const item of group) {
      item.durable();
    }
  }

  /** A group could not be written: nothing of it, nor of what waits behind it, was acknowledged. */
  private giveUp(segment: number, fd: number, start: number, group: Waiting[], error: ArgonError): void {
    try {
      ftruncateSync(fd, start);
    } catch (cause) {
      this.failure = new ArgonError('LOG_FAILED', 'The log could not be cut back after a failed write.', {
        cause
      });
    }
    if (segment !== this.segment) {
      // Frames of a newer segment were already placed: going on would leave a hole before them.
      this.failure ??= new ArgonError('LOG_FAILED', error.message, { cause: error });
    } else {
      this.end = start;
      this.durableEnd = start;
    }
    this.fail(group, error);
  }

  private fail(group: Waiting[], error: ArgonError): void {
    const all = [...group, ...this.waiting];
    this.waiting = [];
    for (const item of all) {
      item.failed(error);
    }
  }

  /** Size of the active file on disk, for tests. */
  fileSize(): number {
    return fstatSync(this.fd).size;
  }
}

function writeError(cause: unknown): ArgonError {
  const code = (cause as NodeJS.ErrnoException).code;
  return code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG'
    ? new ArgonError(
        'DISK_FULL',
        'The disk is full: the write was not made. Free some space and try again.',
        { cause }
      )
    : new ArgonError('LOG_FAILED', `The log could not be written (${code ?? 'unknown error'}).`, { cause });
}
