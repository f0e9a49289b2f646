import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readSync } from 'node:fs';
import { ArgonError } from '../../errors';
import { durableOf, FRAME_HEADER_BYTES, FRAME_KIND_COMPLETE, frameSizeAt } from '../frame';
import { checkSegment, SEGMENT_HEADER_BYTES, segmentPath } from './segment';

/** A frame found in the log, with its place. */
export interface FoundFrame {
  readonly segment: number;
  readonly offset: number;
  readonly bytes: Buffer;
}

const READ_BYTES = 8 * 1024 * 1024;

/** A window over a segment file that reads ahead, so that a long segment is never held whole. */
class SegmentWindow {
  private window: Buffer = Buffer.alloc(0);
  private start = 0;

  constructor(
    private readonly fd: number,
    readonly size: number
  ) {}

  /** At least `length` bytes from `offset`, or all there are. */
  at(offset: number, length: number): Buffer {
    if (offset < this.start || offset + length > this.start + this.window.length) {
      const want = Math.min(Math.max(length, READ_BYTES), this.size - offset);
      const next = Buffer.allocUnsafe(Math.max(0, want));
      let filled = 0;
      while (filled < next.length) {
        const got = readSync(this.fd, next, filled, next.length - filled, offset + filled);
        if (got === 0) {
          break;
        }
        filled += got;
      }
      this.window = next.subarray(0, filled);
      this.start = offset;
    }
    return this.window.subarray(offset - this.start);
  }
}

/** The frame at `offset`, or undefined when there is no whole frame with a fitting checksum. */
function frameAt(window: SegmentWindow, offset: number): Buffer | undefined {
  const header = window.at(offset, FRAME_HEADER_BYTES + 1);
  if (header.length <= FRAME_HEADER_BYTES) {
    return undefined;
  }
  const size = FRAME_HEADER_BYTES + header.readUInt32LE(0);
  if (offset + size > window.size || header[FRAME_HEADER_BYTES] !== FRAME_KIND_COMPLETE) {
    return undefined;
  }
  const bytes = window.at(offset, size);
  return frameSizeAt(bytes, 0) === undefined ? undefined : bytes.subarray(0, size);
}

/**
 * Whether some later frame of the segment was written when the log was already known to be durable
 * past `offset`: then the bad bytes at `offset` were once acknowledged and must not be cut.
 */
function wasDurable(window: SegmentWindow, offset: number): boolean {
  for (let at = offset + 1; at + FRAME_HEADER_BYTES < window.size; at++) {
    const frame = frameAt(window, at);
    if (frame !== undefined) {
      return durableOf(frame) > offset;
    }
  }
  return false;
}

/**
 * Walks the frames of one segment from `offset`. `isLast`: the segment that was being written.
 * A torn tail is cut from the file (`truncate`); a torn middle is refused.
 * @throws DATA_CORRUPT
 */
export function* walkSegment(
  directory: string,
  segment: number,
  offset: number,
  options: { isLast: boolean; truncate: boolean }
): Generator<FoundFrame, number> {
  const fd = openSync(segmentPath(directory, segment), options.truncate ? 'r+' : 'r');
  try {
    const size = fstatSync(fd).size;
    const torn = (at: number) =>
      new ArgonError('DATA_CORRUPT', `Log segment ${segment} is damaged at byte ${at}.`, {
        data: { segment, offset: at }
      });
    if (!checkSegment(fd, segment)) {
      if (!options.isLast) {
        throw torn(0);
      }
      return 0;
    }
    const window = new SegmentWindow(fd, size);
    let at = Math.max(offset, SEGMENT_HEADER_BYTES);
    while (at < size) {
      const bytes = frameAt(window, at);
      if (bytes === undefined) {
        if (!options.isLast || wasDurable(window, at)) {
          throw torn(at);
        }
        if (options.truncate) {
          ftruncateSync(fd, at);
          fsyncSync(fd);
        }
        return at;
      }
      // The window's memory is replaced by the next read, so a frame that is kept must be its own copy.
      yield { segment, offset: at, bytes: Buffer.from(bytes) };
      at += bytes.length;
    }
    return at;
  } finally {
    closeSync(fd);
  }
}
