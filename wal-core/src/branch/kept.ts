import type { Lsn } from '../api';
import { ArgonError } from '../errors';
import type { Timeline } from './model';

/** The end of an interval that goes on with every new change. */
export const OPEN_END = (2 ** 48 - 1) as Lsn;

/** LSNs of a timeline, both ends inclusive. */
export interface KeptInterval {
  readonly lo: Lsn;
  readonly hi: Lsn;
}

const LSN_BYTES = 6;
const INTERVAL_BYTES = 2 * LSN_BYTES;
/** So many intervals fit into a row of a small table. */
const INTERVALS_PER_ROW = 150;

/**
 * The LSNs of a timeline at which its states can be read after garbage collection: disjoint intervals, ascending. A
 * version that was there from `a` to `b` is needed when one of them lies in between.
 */
export class KeptLsns {
  readonly intervals: readonly KeptInterval[];

  constructor(intervals: readonly KeptInterval[]) {
    const merged: { lo: Lsn; hi: Lsn }[] = [];
    for (const { lo, hi } of [...intervals].sort((a, b) => a.lo - b.lo)) {
      const last = merged.at(-1);
      if (last !== undefined && lo <= last.hi + 1) {
        last.hi = Math.max(last.hi, hi) as Lsn;
      } else {
        merged.push({ lo, hi });
      }
    }
    this.intervals = merged;
  }

  static readonly NOTHING = new KeptLsns([]);

  get isEmpty(): boolean {
    return this.intervals.length === 0;
  }

  /** The newest kept LSN; -1 when nothing is kept. */
  get newest(): number {
    return this.intervals.at(-1)?.hi ?? -1;
  }

  has(lsn: number): boolean {
    return this.newestUpTo(lsn) === lsn;
  }

  /** Whether some kept LSN lies in `[from, to]`. */
  meets(from: number, to: number): boolean {
    return this.newestUpTo(to) >= from;
  }

  /** Whether every LSN of `[from, to]` is kept. */
  covers(from: number, to: number): boolean {
    const interval = this.intervals[this.last(to)];
    return interval !== undefined && interval.lo <= from && to <= interval.hi;
  }

  /** The newest kept LSN up to `lsn`; -1 when there is none. */
  newestUpTo(lsn: number): number {
    const interval = this.intervals[this.last(lsn)];
    return interval === undefined ? -1 : Math.min(interval.hi, lsn);
  }

  /** The beginning of the interval that holds `lsn`; undefined when none does. */
  beginOf(lsn: Lsn): Lsn | undefined {
    return this.has(lsn) ? this.intervals[this.last(lsn)]!.lo : undefined;
  }

  /** From here on every LSN can be read; undefined when the timeline is kept at single LSNs only. */
  get horizon(): Lsn | undefined {
    const last = this.intervals.at(-1);
    return last?.hi === OPEN_END ? last.lo : undefined;
  }

  /** LSNs that both have. */
  and(other: KeptLsns): KeptLsns {
    const both: KeptInterval[] = [];
    for (const { lo, hi } of this.intervals) {
      for (
        let i = Math.max(0, other.last(lo));
        i < other.intervals.length && other.intervals[i]!.lo <= hi;
        i++
      ) {
        const from = Math.max(lo, other.intervals[i]!.lo) as Lsn;
        const to = Math.min(hi, other.intervals[i]!.hi) as Lsn;
        if (from <= to) {
          both.push({ lo: from, hi: to });
        }
      }
    }
    return new KeptLsns(both);
  }

  equals(other: KeptLsns): boolean {
    return (
      this.intervals.length === other.intervals.length &&
      this.intervals.every(({ lo, hi }, i) => other.intervals[i]!.lo === lo && other.intervals[i]!.hi === hi)
    );
  }

  /** Position of the last interval that begins at or before `lsn`; -1 when there is none. */
  private last(lsn: number): number {
    let low = 0;
    let high = this.intervals.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.intervals[middle]!.lo <= lsn) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low - 1;
  }

  /** Values of the rows that hold it: `([lo u48][hi u48])…` each; at least one row. */
  rows(): Buffer[] {
    const rows: Buffer[] = [];
    for (let start = 0; start === 0 || start < this.intervals.length; start += INTERVALS_PER_ROW) {
      const part = this.intervals.slice(start, start + INTERVALS_PER_ROW);
      const row = Buffer.allocUnsafe(part.length * INTERVAL_BYTES);
      part.forEach(({ lo, hi }, i) => {
        row.writeUIntBE(lo, i * INTERVAL_BYTES, LSN_BYTES);
        row.writeUIntBE(hi, i * INTERVAL_BYTES + LSN_BYTES, LSN_BYTES);
      });
      rows.push(row);
    }
    return rows;
  }

  static ofRows(rows: Iterable<Buffer>): KeptLsns {
    const intervals: KeptInterval[] = [];
    for (const row of rows) {
      for (let at = 0; at + INTERVAL_BYTES <= row.length; at += INTERVAL_BYTES) {
        const lo = row.readUIntBE(at, LSN_BYTES) as Lsn;
        intervals.push({ lo, hi: row.readUIntBE(at + LSN_BYTES, LSN_BYTES) as Lsn });
      }
    }
    return new KeptLsns(intervals);
  }
}

/** The timeline whose own changes, or first LSN, a state of `timeline` at `lsn` stands on. */
export function ownerOf(timeline: Timeline, lsn: Lsn): Timeline {
  let owner = timeline;
  while (owner.parent !== undefined && lsn <= owner.forkLsn) {
    owner = owner.parent;
  }
  return owner;
}

/** Whether the state of a timeline at an LSN can be read. */
export function isKept(timeline: Timeline, lsn: Lsn): boolean {
  const { kept } = ownerOf(timeline, lsn);
  return kept === undefined || kept.has(lsn);
}

/**
 * The state from which on every one up to `lsn` can be read, with all changes in between: what lies before it may be
 * kept for itself, but not what led from there to here. 0 when nothing is missing.
 * @throws HISTORY_GONE
 */
export function readableFrom(timeline: Timeline, lsn: Lsn): Lsn {
  let owner = ownerOf(timeline, lsn);
  for (let at = lsn; ; at = owner.forkLsn, owner = ownerOf(owner.parent, at)) {
    const first = owner.parent === undefined ? 0 : owner.forkLsn + 1;
    const from = owner.kept === undefined ? first : owner.kept.beginOf(at);
    if (from === undefined) {
      throw historyGone(owner, at);
    }
    if (from > first || owner.parent === undefined) {
      return from as Lsn;
    }
  }
}

/** @throws HISTORY_GONE with the horizon in its data */
export function assertKept(timeline: Timeline, lsn: Lsn): void {
  const owner = ownerOf(timeline, lsn);
  if (owner.kept?.has(lsn) === false) {
    throw historyGone(owner, lsn);
  }
}

/**
 * That the changes from `first` to `last` of a timeline, and the states around each, are all there.
 * @throws HISTORY_GONE
 */
export function assertChangesKept(timeline: Timeline, first: Lsn, last: Lsn): void {
  const oldest = timeline.parent === undefined ? 0 : timeline.forkLsn + 1;
  if (first <= last && timeline.kept?.covers(Math.max(first - 1, oldest), Math.max(last, oldest)) === false) {
    throw historyGone(timeline, first);
  }
}

function historyGone({ id, kept }: Timeline, lsn: Lsn): ArgonError {
  const horizon = kept?.horizon;
  return new ArgonError(
    'HISTORY_GONE',
    horizon === undefined
      ? `The state at LSN ${lsn} is no longer kept.`
      : `The state at LSN ${lsn} is no longer kept: history begins at LSN ${horizon}.`,
    { data: { timeline: id, lsn, ...(horizon === undefined ? {} : { horizon }) } }
  );
}
