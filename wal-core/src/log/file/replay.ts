import { statSync } from 'node:fs';
import { ArgonError } from '../../errors';
import type { ColdSegment } from './cold';
import type { ColdCount } from './coldformat';
import { type FoundFrame, walkSegment } from './recovery';
import { listSegments, type Place, SEGMENT_HEADER_BYTES, segmentFile } from './segment';

/** What becomes of what a log holds. */
export interface Replaying {
  /** Takes each frame, in order; the next one comes when what it answers has resolved. */
  readonly replay: (frame: FoundFrame) => Promise<void> | undefined;
  /** Told of each timeline of which a segment's last frames are gone. */
  readonly counted?: (count: ColdCount) => void;
  /** Told with each frame how many bytes were read before it, and how many there are to read. */
  readonly progress?: (done: number, total: number) => void;
}

/** Where a log ends. */
export interface LogEnd {
  /** The newest segment; none when there is no log yet. */
  readonly last: number | undefined;
  /** End of the frames in the newest segment; 0 when it was torn while it was created. */
  readonly end: number;
  /** Bytes of the segments before it. */
  readonly closedBytes: number;
}

/**
 * Walks all segments of a log from a place on (all of it without one), and cuts a torn tail.
 * @throws DATA_CORRUPT for a torn middle and for a segment that is missing, FORMAT_TOO_NEW
 */
export async function replaySegments(
  directory: string,
  from: Place | undefined,
  coldSegment: (segment: number) => ColdSegment | undefined,
  { replay, counted = () => undefined, progress = () => undefined }: Replaying
): Promise<LogEnd> {
  const segments = listSegments(directory);
  const sizes = segments.map(segment => statSync(segmentFile(directory, segment)).size);
  checkComplete(segments, from);
  const { segment: firstSegment, offset: firstOffset } = from ?? { segment: 0, offset: 0 };
  const passed = sizes.filter((_, i) => segments[i]! < firstSegment).reduce((sum, size) => sum + size, 0);
  const total = sizes.reduce((sum, size) => sum + size, -passed - firstOffset);
  let end = SEGMENT_HEADER_BYTES;
  let before = -firstOffset;
  for (const [index, segment] of segments.entries()) {
    if (segment < firstSegment) {
      continue;
    }
    const start = segment === firstSegment ? firstOffset : SEGMENT_HEADER_BYTES;
    // A frame is written only when all before it are on disk: behind a torn tail there may be new
    // segments, but no frames.
    const mayBeTorn = sizes.slice(index + 1).every(size => size <= SEGMENT_HEADER_BYTES);
    const frames = walkSegment(directory, segment, start, { mayBeTorn, truncate: true });
    const size = sizes[index]!;
    end = await replayFrames(frames, frame => {
      // A cold segment tells where its frames were when it was longer.
      progress(before + Math.min(frame.offset, size), total);
      return replay(frame);
    });
    before += size;
    const cold = coldSegment(segment);
    if (cold === undefined) {
      sizes[index] = end;
    } else {
      cold.counts.forEach(counted);
    }
  }
  return { last: segments.at(-1), end, closedBytes: sizes.slice(0, -1).reduce((sum, size) => sum + size, 0) };
}

/** @throws DATA_CORRUPT when a segment is missing: between two others, or the one that `from` lies in */
function checkComplete(segments: readonly number[], from: Place | undefined): void {
  const missing =
    segments.slice(1).find((segment, i) => segments[i] !== segment - 1) ??
    (from !== undefined && !segments.includes(from.segment) ? from.segment + 1 : undefined);
  if (missing !== undefined) {
    throw new ArgonError('DATA_CORRUPT', `Log segment ${missing - 1} is missing.`, {
      data: { segment: missing - 1 }
    });
  }
}

/** Replays the frames of one segment; answers where they end. */
async function replayFrames(
  frames: Generator<FoundFrame, number>,
  replay: Replaying['replay']
): Promise<number> {
  try {
    for (;;) {
      const step = frames.next();
      if (step.done === true) {
        return step.value;
      }
      const busy = replay(step.value);
      if (busy !== undefined) {
        await busy;
      }
    }
  } finally {
    frames.return(0);
  }
}
