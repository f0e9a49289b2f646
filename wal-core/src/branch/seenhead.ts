import type { Lsn, SeenHead, TimelineId } from '../api';
import type { Timeline } from './model';

/** The head of a timeline as somebody has read it, with what the same one has written on top. */
export class TimelineSeen implements SeenHead {
  private readonly rollbacks: number;

  constructor(
    private readonly line: Timeline,
    private lsn: Lsn
  ) {
    this.rollbacks = line.rollbacks;
  }

  get timeline(): TimelineId {
    return this.line.id;
  }

  /** Whether nobody else has written to the timeline since, on disk or on the way there. */
  isHeadOf(timeline: Timeline): boolean {
    // When a commit came to nothing, another one gets its LSNs.
    return timeline === this.line && timeline.head === this.lsn && timeline.rollbacks === this.rollbacks;
  }

  /** Whoever has seen all that was there has just had a commit staged. */
  hasWritten(): void {
    this.lsn = this.line.head;
  }
}
