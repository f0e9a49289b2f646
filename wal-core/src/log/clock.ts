import type { CommitTime } from '../api';

/** Counter values that fit between two milliseconds of one second. */
const PER_MILLISECOND = 4_000_000n;

/**
 * Hands out commit times: strictly growing BSON Timestamps, whatever the wall clock does.
 * When the wall clock stands still or goes back, the counter goes on from the last time.
 */
export class CommitClock {
  private last: bigint;
  /** The wall clock when a time was handed out last. */
  private lastMs: number | undefined;

  constructor(
    private readonly wallMs: () => number,
    last: CommitTime = 0n as CommitTime
  ) {
    this.last = last;
  }

  next(): CommitTime {
    const ms = this.wallMs();
    // Many commits fall into one millisecond: its time is behind the last one already.
    const now = ms === this.lastMs ? 0n : commitTimeAt(ms);
    this.lastMs = ms;
    this.last = now > this.last ? now : this.last + 1n;
    return this.last as CommitTime;
  }

  /** The newest time handed out or seen. */
  current(): CommitTime {
    return this.last as CommitTime;
  }

  /** Takes note of a time found in the log, so that later ones are greater. */
  observe(time: CommitTime): void {
    if (time > this.last) {
      this.last = time;
    }
  }
}

/** The smallest commit time of a wall-clock millisecond. */
export function commitTimeAt(wallMs: number): CommitTime {
  const ms = Math.max(0, Math.floor(wallMs));
  const seconds = BigInt(Math.floor(ms / 1000));
  return ((seconds << 32n) | (BigInt(ms % 1000) * PER_MILLISECOND)) as CommitTime;
}

/** The greatest commit time of a wall-clock millisecond. */
export function commitTimeEnd(wallMs: number): CommitTime {
  return (commitTimeAt(wallMs) + PER_MILLISECOND - 1n) as CommitTime;
}

/** The wall-clock instant of a commit time, to the millisecond. */
export function instantOf(time: CommitTime): Date {
  const seconds = Number(time >> 32n);
  const milliseconds = Number((time & 0xffffffffn) / PER_MILLISECOND);
  return new Date(seconds * 1000 + Math.min(milliseconds, 999));
}
