import type { ColdCount } from './coldformat';

/** Where a section begins among the changes of its timeline. */
export interface SectionCount {
  /** How many changes come before it, where that is known otherwise than by counting. */
  readonly ordinal: number | undefined;
  /**
   * False for one that garbage collection took from the list before it took it from the log: it counts for nothing, though
   * a state that is made anew lists it again.
   */
  readonly isListed: boolean;
}

const COUNTED: SectionCount = { ordinal: undefined, isListed: true };

/**
 * What cold segments say of timelines whose last changes in them are gone, for a walk over the segments behind: those may
 * still have changes that are listed no more, when a collection was cut short.
 */
export class LostCounts {
  private readonly byTimeline = new Map<number, ColdCount>();

  /** False when a segment before it was written later, and knows more. */
  note(count: ColdCount): boolean {
    const known = this.byTimeline.get(count.timeline);
    if (known !== undefined && known.next > count.next) {
      return false;
    }
    this.byTimeline.set(count.timeline, count);
    return true;
  }

  /** Told of each section of a timeline, in order; `known` is what its own segment says of it. */
  meet(timeline: number, firstLsn: number, records: number, known: number | undefined): SectionCount {
    const lost = this.byTimeline.get(timeline);
    if (lost === undefined || lost.next === 0) {
      return known === undefined ? COUNTED : { ordinal: known, isListed: true };
    }
    if (firstLsn + records <= lost.next) {
      return { ordinal: known, isListed: known !== undefined };
    }
    this.byTimeline.delete(timeline);
    return { ordinal: known ?? lost.count - Math.max(0, lost.next - firstLsn), isListed: true };
  }
}
