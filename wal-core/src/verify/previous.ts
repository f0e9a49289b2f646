import type { Lsn } from '../api';
import { isKept } from '../branch/kept';
import type { Timeline } from '../branch/model';
import { isTombstone } from '../read/version';

/** The version of a document that the state has before a change of it; LSN 0 when there is none. */
export interface Previous {
  readonly lsn: Lsn;
  readonly isTombstone: boolean;
}

export const NO_VERSION: Previous = { lsn: 0 as Lsn, isTombstone: false };

/** From the value of its row. */
export function previousOf(lsn: Lsn, value: Buffer): Previous {
  return { lsn, isTombstone: isTombstone(value) };
}

/**
 * Whether garbage collection is why a record names another version before it than the state has: that one is gone, and
 * an older one is found; or the state was made anew from the log, and has a tombstone again that was gone when the
 * record was written.
 */
export function isCollected(timeline: Timeline, found: Previous, named: Lsn): boolean {
  return found.lsn < named ? !isKept(timeline, named) : found.isTombstone && !isKept(timeline, found.lsn);
}
