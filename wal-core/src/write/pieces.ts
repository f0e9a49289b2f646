import type { CommitTime } from '../api';
import type { Timeline } from '../branch/model';
import { APPLY_LOAD_RECORDS_MAX } from '../limits';
import type { Place } from '../log/file/segment';
import type { ChangeSection, Frame } from '../log/frame';

/** A durable frame on its way into the state. */
export interface AppliedFrame {
  readonly frame: Frame;
  readonly place: Place;
  /** Place of the first byte behind the frame: where replay would go on. */
  readonly next: Place;
  /** Changes of each section's timeline before the section; groups come behind the sections of the frame itself. */
  readonly ordinals: readonly number[];
  /** Sections that are in the history of their timelines no more, by position; undefined when there are none. */
  readonly forgotten?: ReadonlySet<number>;
  /** Whether a change of the catalog is among its records. */
  readonly hasCatalog: boolean;
  /** Whether a writer waits until the state holds it. */
  readonly isAwaited?: boolean;
  /** Called when the state holds the frame. */
  readonly applied?: () => void;
  /** Called when it never will. */
  readonly failed?: (error: unknown) => void;
}

/** Records of a frame itself; those that went ahead are counted when they are read. */
export function recordsOf({ frame }: AppliedFrame): number {
  let records = 0;
  for (const section of frame.changes) {
    records += section.records.length;
  }
  return records;
}

/** A section with the frame it lies in: one of the commit, or a part of it that went ahead. */
export interface PlacedSection {
  readonly section: ChangeSection;
  readonly timeline: Timeline;
  /** Place of the frame. */
  readonly place: Place;
  readonly time: CommitTime;
  /** Changes of the timeline before the section. */
  readonly ordinal: number;
  /** It is in the history of its timeline no more. */
  readonly isForgotten?: boolean;
}

/** Records of a section that go into the store in one transaction: those from `start` on, before `end`. */
export interface Piece {
  readonly placed: PlacedSection;
  readonly start: number;
  readonly end: number;
}

/** A section cut at the batch size, and behind each record that `isCut` names. */
export function piecesOf(placed: PlacedSection, isCut: (record: number) => boolean): Piece[] {
  const { length } = placed.section.records;
  const pieces: Piece[] = [];
  let start = 0;
  for (let end = 1; end <= length; end++) {
    if (end - start >= APPLY_LOAD_RECORDS_MAX || end === length || isCut(end - 1)) {
      pieces.push({ placed, start, end });
      start = end;
    }
  }
  return pieces;
}
