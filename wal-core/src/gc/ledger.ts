import type { Lsn } from '../api';
import { OPEN_END } from '../branch/kept';
import type { GcKept } from '../keeping';
import type { Reason, WantedInterval } from './wanted';

interface Entry {
  readonly project: string;
  readonly reason: Reason;
  lsn: Lsn;
  versionsAlone: number;
  bytesAlone: number;
}

/** Counts for each reason what only it keeps. */
export class Ledger {
  private readonly entries = new Map<string, Entry>();

  /** The account of one timeline. */
  open(project: string, intervals: readonly WantedInterval[]): Account {
    for (const { reason, lo } of intervals) {
      const name = nameOf(project, reason);
      const entry = this.entries.get(name);
      if (entry === undefined) {
        this.entries.set(name, { project, reason, lsn: lo, versionsAlone: 0, bytesAlone: 0 });
      } else {
        entry.lsn = Math.min(entry.lsn, lo) as Lsn;
      }
    }
    return new Account(intervals, (reason, bytes) => {
      const entry = this.entries.get(nameOf(project, reason))!;
      entry.versionsAlone++;
      entry.bytesAlone += bytes;
    });
  }

  kept(): GcKept[] {
    return [...this.entries.values()]
      .map(({ project, reason, lsn, versionsAlone, bytesAlone }) => ({
        project,
        ...reason,
        lsn,
        versionsAlone,
        bytesAlone
      }))
      .sort((a, b) => b.bytesAlone - a.bytesAlone || (a.name < b.name ? -1 : 1));
  }
}

function nameOf(project: string, { kind, name }: Reason): string {
  return JSON.stringify([project, kind, name]);
}

/** Which reasons keep a version of one timeline. */
export class Account {
  private readonly points: readonly WantedInterval[];
  private readonly ranges: readonly WantedInterval[];

  constructor(
    intervals: readonly WantedInterval[],
    private readonly alone: (reason: Reason, bytes: number) => void
  ) {
    this.points = intervals.filter(({ lo, hi }) => lo === hi).sort((a, b) => a.lo - b.lo);
    this.ranges = intervals.filter(({ lo, hi }) => lo !== hi);
  }

  /** Enters a version that stays, and was there from `lsn` until before `newer`. */
  enter(lsn: Lsn, newer: Lsn | undefined, bytes: number): void {
    const last = newer === undefined ? OPEN_END : newer - 1;
    let only: Reason | undefined;
    const meet = (reason: Reason): boolean => {
      if (only !== undefined && only !== reason) {
        return false;
      }
      only = reason;
      return true;
    };
    for (const { lo, hi, reason } of this.ranges) {
      if (lo <= last && hi >= lsn && !meet(reason)) {
        return;
      }
    }
    for (let i = this.firstFrom(lsn); i < this.points.length && this.points[i]!.lo <= last; i++) {
      if (!meet(this.points[i]!.reason)) {
        return;
      }
    }
    if (only !== undefined) {
      this.alone(only, bytes);
    }
  }

  /** Position of the first point at or after `lsn`. */
  private firstFrom(lsn: Lsn): number {
    let low = 0;
    let high = this.points.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.points[middle]!.lo < lsn) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}
