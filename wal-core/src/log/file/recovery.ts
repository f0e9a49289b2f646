import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readSync } from 'node:fs';
import { ArgonError } from '../../errors';
import { FRAME_HEADER_BYTES, frameSizeAt, isFrameKind } from '../frame';
import { ColdSegment } from './cold';
import { coldPath, hasSegmentHeader, isCold, SEGMENT_HEADER_BYTES, segmentPath } from './segment';

/** A frame found in the log, with its place. */
export interface FoundFrame {
  readonly segment: number;
  readonly offset: number;
  readonly bytes: Buffer;
  /** Where frames before it are gone: changes of their timelines before its sections, by position. */
  readonly ordinals?: ReadonlyMap<number, number>;
}

/** Walks the frames that are left in a cold segment, from `offset` on; answers where the segment ended. */
function* walkCold(directory: string, segment: number, offset: number): Generator<FoundFrame, number> {
  const cold = ColdSegment.open(coldPath(directory, segment), segment);
  try {
    const ordinals = new Map<number, Map<number, number>>();
    for (const { offset: frame, section, ordinal } of cold.ordinals) {
      const known = ordinals.get(frame) ?? new Map<number, number>();
      ordinals.set(frame, known.set(section, ordinal));
    }
    for (const frame of cold.frames(offset)) {
      const known = ordinals.get(frame.offset);
      yield { segment, ...frame, ...(known === undefined ? {} : { ordinals: known }) };
    }
    return cold.end;
  } finally {
    cold.close();
  }
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
  if (offset + size > window.size || !isFrameKind(header[FRAME_HEADER_BYTES])) {
    return undefined;
  }
  const bytes = window.at(offset, size);
  return frameSizeAt(bytes, 0) === undefined ? undefined : bytes.subarray(0, size);
}

/** Bytes that the start of a frame takes up to the end of `durable`. */
const CLAIM_BYTES = FRAME_HEADER_BYTES + 1 + 8;

/** Whether `bytes` at `at` may start a frame that was written when the segment was on disk past `offset`. */
function claimsDurable(bytes: Buffer, at: number, position: number, offset: number): boolean {
  if (!isFrameKind(bytes[at + FRAME_HEADER_BYTES])) {
    return false;
  }
  let durable = 0;
  let scale = 1;
  for (let i = at + FRAME_HEADER_BYTES + 1; i < at + CLAIM_BYTES; i++, scale *= 0x80) {
    const byte = bytes[i]!;
    durable += (byte & 0x7f) * scale;
    if (byte < 0x80) {
      return durable > offset && durable <= position;
    }
  }
  return false;
}

/**
 * Whether some later frame of the segment was written when the log was already known to be durable
 * past `offset`: then the bad bytes at `offset` were once acknowledged and must not be cut. Few
 * positions claim that, so that few checksums are computed.
 */
function wasDurable(window: SegmentWindow, offset: number): boolean {
  for (let start = offset + 1; start + CLAIM_BYTES <= window.size;) {
    const chunk = window.at(start, CLAIM_BYTES);
    const count = chunk.length - CLAIM_BYTES + 1;
    for (let i = 0; i < count; i++) {
      if (claimsDurable(chunk, i, start + i, offset) && frameAt(window, start + i) !== undefined) {
        return true;
      }
    }
    start += count;
  }
  return false;
}

/**
 * Walks the frames of one segment from `offset`; answers where they end, 0 when the segment was
 * torn while it was created. `mayBeTorn`: no later segment has frames. Then a torn tail is cut from
 * the file (`truncate`); a torn middle is always refused.
 * @throws DATA_CORRUPT
 */
export function* walkSegment(
  directory: string,
  segment: number,
  offset: number,
  options: { mayBeTorn: boolean; truncate: boolean }
): Generator<FoundFrame, number> {
  if (isCold(directory, segment)) {
    return yield* walkCold(directory, segment, offset);
  }
  const fd = openSync(segmentPath(directory, segment), options.truncate ? 'r+' : 'r');
  try {
    const size = fstatSync(fd).size;
    const torn = (at: number) =>
      new ArgonError('DATA_CORRUPT', `Log segment ${segment} is damaged at byte ${at}.`, {
        data: { segment, offset: at }
      });
    const mayBeUnmade = options.mayBeTorn && size <= SEGMENT_HEADER_BYTES && offset <= SEGMENT_HEADER_BYTES;
    if (!hasSegmentHeader(fd, segment)) {
      if (mayBeUnmade) {
        return 0;
      }
      throw torn(0);
    }
    if (offset > size) {
      throw torn(size);
    }
    const window = new SegmentWindow(fd, size);
    let at = offset;
    while (at < size) {
      const bytes = frameAt(window, at);
      if (bytes === undefined) {
        if (!options.mayBeTorn || wasDurable(window, at)) {
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
