import type { CommitTime, Lsn, TimelineId } from '../api';

/** A commit on its way to the state. */
export interface RecentCommit {
  readonly timeline: TimelineId;
  readonly firstLsn: Lsn;
  readonly lastLsn: Lsn;
  readonly time: CommitTime;
  readonly atomic: boolean;
  /** LSNs of the whole commit in the project. */
  readonly group: { readonly first: Lsn; readonly last: Lsn };
}

/** Places of forgotten commits at the start of the list that are kept until they are worth a copy of the rest. */
const GONE_MIN = 64;

/**
 * The commits of a project that the state does not hold yet, in the order of their LSNs. They come at one end and go
 * at the other, and tens of thousands may wait.
 */
export class RecentCommits {
  private list: RecentCommit[] = [];
  /** Commits before this one are gone. */
  private first = 0;

  get length(): number {
    return this.list.length - this.first;
  }

  add(commit: RecentCommit): void {
    this.list.push(commit);
  }

  /** Forgets the commit that begins with an LSN: nearly always the oldest. */
  remove(firstLsn: Lsn): void {
    const at = this.indexOf(firstLsn);
    if (at < this.first || this.list[at]!.firstLsn !== firstLsn) {
      return;
    }
    if (at > this.first) {
      this.list.splice(at, 1);
      return;
    }
    this.first++;
    if (this.first >= GONE_MIN && this.first * 2 >= this.list.length) {
      this.list = this.list.slice(this.first);
      this.first = 0;
    }
  }

  /** Commits that begin at `lsn` or before, the newest first. */
  *backwards(lsn: Lsn): Generator<RecentCommit> {
    for (let at = this.indexOf(lsn); at >= this.first; at--) {
      yield this.list[at]!;
    }
  }

  /** Position of the newest commit that begins at `lsn` or before; one before `first` when there is none. */
  private indexOf(lsn: Lsn): number {
    let low = this.first;
    let high = this.list.length;
    // The answer lies in [low - 1, high).
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.list[middle]!.firstLsn <= lsn) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low - 1;
  }
}
