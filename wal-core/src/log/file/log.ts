import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  fsync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  statSync
} from 'node:fs';
import { promisify } from 'node:util';
import { ArgonError } from '../../errors';
import { SEGMENT_BYTES_MAX } from '../../limits';
import { ByteWriter } from '../bytes';
import { nextTurn } from '../pace';
import { SegmentReaders } from './readers';
import { type Replaying, replaySegments } from './replay';
import { Room } from './room';
import {
  createSegment,
  isCold,
  listSegments,
  type Place,
  SEGMENT_HEADER_BYTES,
  segmentFile,
  segmentPath,
  swapSegment,
  tidySegments
} from './segment';
import { type LogFileSystem, REAL_FILE_SYSTEM, writeError } from './system';

export { type LogFileSystem, REAL_FILE_SYSTEM } from './system';

const fsyncAsync = promisify(fsync);

/** A buffer that a group has grown beyond this is not kept for the next. */
const KEPT_BUFFER_BYTES_MAX = 4 * 1024 * 1024;

/** Flushes that follow one another at once: also a disk that answers without a turn of the loop must not keep others from theirs. */
const AT_ONCE_MAX = 8;

const NO_FD = -1;

/** Where a frame lies. */
export interface FramePlace extends Place {
  /** Bytes of the frame. */
  readonly length: number;
}

interface Waiting {
  readonly durable: () => void;
  readonly failed: (error: ArgonError) => void;
}

/** A full segment that may still have frames to flush, and is not ended yet. */
interface Retiring {
  readonly fd: number;
  readonly end: number;
  readonly room: Room;
}

/** Frames that follow one another in a segment and that one flush carries. */
interface Group {
  readonly segment: number;
  /** Where the first of them begins. */
  readonly start: number;
  readonly out: ByteWriter;
  readonly frames: Waiting[];
}

export interface LogOptions {
  readonly fileSystem?: LogFileSystem;
  /** A segment is closed when the next frame would pass this size. */
  readonly segmentBytesMax?: number;
}

/**
 * The append-only log in files. `append` gives a frame its place at once and queues it; one flush
 * (write, fdatasync) carries all frames that wait, and the next group gathers while it runs.
 *
 * After a failed fdatasync nothing more is written (fail stop). A write refused for lack of space
 * fails the waiting frames only; the file is cut back to its durable size and goes on.
 */
export class FileLog {
  private fd = NO_FD;
  private segment = 0;
  /** End of the frames queued so far, in the active segment. */
  private end = 0;
  /** End of the frames known to be on disk, in the active segment. */
  private durableEnd = 0;
  /** The segment that was the newest when it was opened: earlier ones hold nothing that is still under way. */
  openedAt = 0;
  private closedBytes = 0;
  private hasGrown = false;
  /** Groups that wait, oldest first; frames are added to the last. */
  private groups: Group[] = [];
  /** The buffer of a group that is on disk, for the next. */
  private spare: ByteWriter | undefined;
  /** Frames in the group that was flushed last. */
  private company = 0;
  /** Flushes since the last one that waited for a turn of the loop. */
  private atOnce = 0;
  private flushing: Promise<void> | undefined;
  private failure: ArgonError | undefined;
  private readonly readers: SegmentReaders;
  private readonly retiring = new Map<number, Retiring>();
  private room: Room;
  private readonly fileSystem: LogFileSystem;
  private readonly segmentBytesMax: number;

  /** The log of a directory; `recover` makes it ready for frames. */
  constructor(
    readonly directory: string,
    options: LogOptions = {}
  ) {
    this.fileSystem = options.fileSystem ?? REAL_FILE_SYSTEM;
    this.segmentBytesMax = options.segmentBytesMax ?? SEGMENT_BYTES_MAX;
    this.readers = new SegmentReaders(directory);
    this.room = this.roomOf(this.segment, 0);
  }

  private roomOf(segment: number, used: number): Room {
    return new Room(this.fileSystem, segmentPath(this.directory, segment), used);
  }

  /**
   * Replays all frames from `from` on, in order. A torn tail is cut.
   * @throws DATA_CORRUPT for a torn middle, FORMAT_TOO_NEW
   */
  async recover(from: Place | undefined, replaying: Replaying): Promise<void> {
    const { directory } = this;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    tidySegments(directory);
    const coldSegment = (segment: number) => this.readers.coldSegment(segment);
    const found = await replaySegments(directory, from, coldSegment, replaying);
    const { last, closedBytes } = found;
    let { end } = found;
    this.closedBytes = closedBytes;
    this.segment = last ?? 1;
    if (last === undefined || end === 0) {
      // No segment, or one that was torn while it was created: nothing in it was ever acknowledged.
      this.fd = createSegment(directory, this.segment);
      end = SEGMENT_HEADER_BYTES;
    } else {
      this.fd = openSync(segmentPath(directory, last), 'r+');
      // Frames that a killed process had written but not flushed are replayed above: they must be
      // on disk before anything is built on them.
      fdatasyncSync(this.fd);
    }
    this.end = end;
    this.durableEnd = end;
    this.openedAt = this.segment;
    this.room = this.roomOf(this.segment, end);
    this.readers.follow(this.segment, this.fd);
  }

  /** Bytes of all segments. */
  get bytes(): number {
    return this.closedBytes + this.end;
  }

  /** Whether frames were appended since it was opened. */
  get grown(): boolean {
    return this.hasGrown;
  }

  get error(): ArgonError | undefined {
    return this.failure;
  }

  /**
   * Queues a frame and gives it its place. `encode` writes it, and is handed the durable size of the
   * segment; it may be called twice, and when it throws there is no frame. `durable` runs in log order
   * once it is on disk, `failed` when it never will be (then every frame behind it fails too).
   * @throws LOG_FAILED, DISK_FULL, CLOSED
   */
  append(
    encode: (out: ByteWriter, durable: number) => void,
    durable: () => void,
    failed: (error: ArgonError) => void
  ): FramePlace {
    if (this.failure !== undefined) {
      throw this.failure;
    }
    let group = this.gathering();
    let length = this.encoded(group, encode);
    if (this.end + length > this.segmentBytesMax && this.end > SEGMENT_HEADER_BYTES) {
      group.out.truncate(group.out.length - length);
      this.rotate();
      group = this.gathering();
      length = this.encoded(group, encode);
    }
    const place = { segment: this.segment, offset: this.end, length };
    this.hasGrown = true;
    this.end += length;
    if (group.frames.push({ durable, failed }) === 1) {
      this.groups.push(group);
    }
    this.flushing ??= this.flushSoon();
    return place;
  }

  /** The group that the next frame goes to. */
  private gathering(): Group {
    const last = this.groups.at(-1);
    if (last?.segment === this.segment) {
      return last;
    }
    const out = this.spare ?? new ByteWriter();
    this.spare = undefined;
    out.truncate(0);
    return { segment: this.segment, start: this.end, out, frames: [] };
  }

  /** Bytes that `encode` added; nothing when it throws. */
  private encoded({ out }: Group, encode: (out: ByteWriter, durable: number) => void): number {
    const start = out.length;
    try {
      encode(out, this.durableEnd);
    } catch (error) {
      out.truncate(start);
      throw error;
    }
    return out.length - start;
  }

  /** A lone writer is flushed at once; where there were several, the turn of the loop brings them together. */
  private async flushSoon(): Promise<void> {
    if (this.company > 1 || ++this.atOnce >= AT_ONCE_MAX) {
      this.atOnce = 0;
      await nextTurn();
    } else {
      await Promise.resolve();
    }
    try {
      for (let flight = this.begin(); flight !== undefined;) {
        const frames = await flight;
        // The next group is on its way while those who waited for this one go on.
        flight = this.begin();
        for (const frame of frames) {
          frame.durable();
        }
      }
    } finally {
      this.flushing = undefined;
    }
  }

  /** Begins to flush the group that has waited longest. */
  private begin(): Promise<readonly Waiting[]> | undefined {
    const group = this.groups.shift();
    return group === undefined ? undefined : this.flush(group);
  }

  /** Resolves when everything queued so far is on disk or has failed. */
  async settled(): Promise<void> {
    while (this.flushing !== undefined) {
      await this.flushing;
    }
  }

  /**
   * Bytes at a place; the range must lie inside one frame that is on disk.
   * @throws DATA_CORRUPT when the segment ends before, READ_FAILED
   */
  read(place: Place, length: number): Buffer {
    return this.readers.read(place, length);
  }

  /** A whole frame that is on disk, its checksum checked. @throws DATA_CORRUPT */
  readFrame(place: FramePlace): Buffer {
    return this.readers.readFrame(place);
  }

  /** Segments before `before` that take no more frames, and the bytes of their files. */
  closed(before: number): { readonly segment: number; readonly bytes: number; readonly isCold: boolean }[] {
    return listSegments(this.directory)
      .filter(segment => segment < Math.min(before, this.segment) && !this.retiring.has(segment))
      .map(segment => ({
        segment,
        bytes: statSync(segmentFile(this.directory, segment)).size,
        isCold: isCold(this.directory, segment)
      }));
  }

  /** Puts a finished file of what is left of a closed segment in its place. */
  swap(segment: number, finished: string): void {
    const before = statSync(segmentFile(this.directory, segment)).size;
    const after = statSync(finished).size;
    swapSegment(this.directory, segment, finished);
    this.readers.forget(segment);
    this.closedBytes += after - before;
  }

  async close(): Promise<void> {
    await this.settled();
    this.failure ??= new ArgonError('CLOSED', 'The engine is closed.');
    this.readers.close();
    const { fd, end, room } = this;
    const open = [{ fd, end, room }, ...this.retiring.values()].filter(segment => segment.fd !== NO_FD);
    this.fd = NO_FD;
    this.retiring.clear();
    for (const segment of open) {
      // What cannot be cut is cut by the next start.
      await this.cut(segment).catch(() => undefined);
      closeSync(segment.fd);
    }
  }

  /** A segment's file ends with its last frame. True when it had to be cut. */
  private async cut({ fd, end, room }: Retiring): Promise<boolean> {
    await room.settled();
    if (room.hasGrown) {
      ftruncateSync(fd, end);
    }
    return room.hasGrown;
  }

  /** Ends the full segments before one: with a frame in that, they must be whole for whoever recovers the log. */
  private async endBefore(segment: number): Promise<void> {
    for (const [old, open] of this.retiring) {
      if (old < segment) {
        if (await this.cut(open)) {
          await fsyncAsync(open.fd);
        }
        this.retiring.delete(old);
        this.readers.adopt(old, open.fd);
      }
    }
  }

  /** The active segment is full: later frames go to a new one. Frames still waiting are flushed to the old one first. */
  private rotate(): void {
    const { fd: oldFd, segment: oldSegment, end: oldEnd, room: oldRoom } = this;
    try {
      this.fd = createSegment(this.directory, oldSegment + 1);
    } catch (cause) {
      throw writeError(cause);
    }
    this.closedBytes += oldEnd;
    this.segment = oldSegment + 1;
    this.end = SEGMENT_HEADER_BYTES;
    this.durableEnd = SEGMENT_HEADER_BYTES;
    this.room = this.roomOf(this.segment, SEGMENT_HEADER_BYTES);
    this.readers.follow(this.segment, this.fd);
    // A flush in flight, or the next one, may still need the descriptor.
    this.retiring.set(oldSegment, { fd: oldFd, end: oldEnd, room: oldRoom });
  }

  /** Answers the frames that are durable now: none when the group failed. */
  private async flush(group: Group): Promise<readonly Waiting[]> {
    const { segment, start, out } = group;
    const { fd, room }: Pick<Retiring, 'fd' | 'room'> =
      segment === this.segment ? { fd: this.fd, room: this.room } : this.retiring.get(segment)!;
    const bytes = out.done();
    this.company = group.frames.length;
    if (this.retiring.size > 0) {
      try {
        await this.endBefore(segment);
      } catch (cause) {
        return this.stop(group, cause);
      }
    }
    try {
      if (room.isInTheWay(start + bytes.length)) {
        await room.settled();
      }
      await this.fileSystem.write(fd, bytes, start);
    } catch (cause) {
      await room.settled();
      this.giveUp(fd, group, writeError(cause));
      return [];
    }
    try {
      await this.fileSystem.sync(fd);
    } catch (cause) {
      return this.stop(group, cause);
    }
    if (segment === this.segment) {
      this.durableEnd = start + bytes.length;
      room.grow(this.durableEnd, bytes.length, this.bytes);
    }
    if (out.buffer.length <= KEPT_BUFFER_BYTES_MAX) {
      this.spare = out;
    }
    return group.frames;
  }

  /** What is on disk is not known any more: nothing else is written. */
  private stop(group: Group, cause: unknown): readonly Waiting[] {
    this.failure = new ArgonError(
      'LOG_FAILED',
      'Flushing the log failed; no more writes are taken until a restart.',
      { cause }
    );
    this.fail(group, this.failure);
    return [];
  }

  /**
   * A group could not be written: nothing of it, nor of what waits behind it, was acknowledged or
   * will be. The log is cut back to where it was; newer segments hold no frames yet and stay empty.
   */
  private giveUp(fd: number, group: Group, error: ArgonError): void {
    const { segment, start } = group;
    try {
      ftruncateSync(fd, start);
      if (segment !== this.segment) {
        fsyncSync(fd);
      }
    } catch (cause) {
      this.failure = new ArgonError('LOG_FAILED', 'The log could not be cut back after a failed write.', {
        cause
      });
    }
    for (const [old, { fd: oldFd, end }] of this.retiring) {
      this.closedBytes -= end - (old === segment ? start : SEGMENT_HEADER_BYTES);
      this.readers.adopt(old, oldFd);
    }
    this.retiring.clear();
    this.end = segment === this.segment ? start : SEGMENT_HEADER_BYTES;
    this.durableEnd = this.end;
    this.room = this.roomOf(this.segment, this.end);
    if (error.code === 'LOG_FAILED') {
      this.failure ??= error;
    }
    this.fail(group, error);
  }

  private fail(group: Group, error: ArgonError): void {
    const all = [group, ...this.groups].flatMap(({ frames }) => frames);
    this.groups = [];
    for (const frame of all) {
      frame.failed(error);
    }
  }

  /** Size of the active file on disk, for tests. */
  fileSize(): number {
    return fstatSync(this.fd).size;
  }
}
