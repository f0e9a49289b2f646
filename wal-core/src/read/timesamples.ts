import type { CommitTime, Lsn } from '../api';

/** LSNs between two samples at least, and samples of a project; with more history they lie farther apart. */
const STEP_MIN = 64;
const SAMPLES_MAX = 131_072;

/** Where the commit of a time must lie. */
export interface TimeRange {
  /** The commit that holds `low` is not newer than the time; 0 when none is known. */
  low: number;
  /** Every commit that holds an LSN above `high` is newer. */
  high: number;
  /** Times of the commits that hold `low`, and the LSN after `high`, as far as they are known. */
  before: CommitTime | undefined;
  after: CommitTime | undefined;
}

/**
 * Commit times at every so-many-th LSN of a project, learned while times are looked up: they never change, so that
 * a search begins near its end whatever the length of history. 1 MB at most, for more than eight million LSNs.
 */
export class TimeSamples {
  private step = STEP_MIN;
  /** By LSN ÷ step; 0 where nobody has asked. */
  private times = new BigUint64Array(16);

  /** `timeOf`: the time of the commit that holds an LSN; undefined when it is not known yet. */
  around(time: CommitTime, head: Lsn, timeOf: (lsn: number) => CommitTime | undefined): TimeRange {
    this.grow(head);
    const { step, times } = this;
    let low = 0;
    let high = Math.floor(head / step) + 1;
    let before: CommitTime | undefined;
    let after: CommitTime | undefined;
    // The sample at `low` is not newer than the time, the one at `high` is.
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      let found: bigint | undefined = times[middle];
      if (found === 0n) {
        found = timeOf(middle * step);
        times[middle] = found ?? 0n;
      }
      if (found !== undefined && found <= time) {
        low = middle;
        before = found as CommitTime;
      } else {
        high = middle;
        after = found as CommitTime | undefined;
      }
    }
    return { low: low * step, high: Math.min(high * step - 1, head), before, after };
  }

  private grow(head: Lsn): void {
    while (head >= this.step * SAMPLES_MAX) {
      this.step *= 2;
      const { times } = this;
      this.times = new BigUint64Array(times.length);
      for (let i = 0; i < times.length >> 1; i++) {
        this.times[i] = times[i * 2]!;
      }
    }
    const needed = Math.floor(head / this.step) + 1;
    if (needed > this.times.length) {
      const longer = new BigUint64Array(Math.min(SAMPLES_MAX, 2 ** Math.ceil(Math.log2(needed))));
      longer.set(this.times);
      this.times = longer;
    }
  }
}
