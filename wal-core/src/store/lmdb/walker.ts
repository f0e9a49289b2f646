import type { Database } from 'lmdb';
import type { Row } from '../store';

interface LmdbRangeOptions {
  start: Buffer;
  readonly reverse: boolean;
  readonly exclusiveStart: boolean;
  readonly end: undefined;
}

const NO_KEY = Buffer.alloc(0);
const DONE: IteratorResult<Row> = { done: true, value: undefined };

/**
 * Walks one table in one direction. Making a range is what costs most in a short one, so there is
 * one range for all walks: its start is set and its first row is read in one go; after that lmdb
 * does not look at the options again. Ends are checked here and not by lmdb, which would keep a
 * pointer to the end of a walk in memory that belongs to the range and that the next walk gives up.
 */
export class Walker {
  private readonly options: LmdbRangeOptions;
  private readonly range: Iterable<Row>;

  constructor(
    database: Database<Buffer, Buffer>,
    private readonly reverse: boolean
  ) {
    this.options = { start: NO_KEY, end: undefined, reverse, exclusiveStart: reverse };
    this.range = database.getRange(this.options as object) as Iterable<Row>;
  }

  /** The row of `[from, to)` that comes first in this direction. */
  first(from: Buffer, to: Buffer): Row | undefined {
    this.options.start = this.reverse ? to : from;
    const rows = this.range[Symbol.iterator]();
    const next: IteratorResult<Row, unknown> = rows.next();
    rows.return!();
    return next.done !== true && this.isInside(next.value.key, from, to) ? next.value : undefined;
  }

  /** At most `limit` rows of `[from, to)`. The caller goes to the end or calls `return`. */
  rows(from: Buffer, to: Buffer, limit: number): Iterator<Row> {
    this.options.start = this.reverse ? to : from;
    const rows = this.range[Symbol.iterator]();
    let ahead: IteratorResult<Row> | undefined = rows.next();
    let left = limit;
    const end = (): IteratorResult<Row> => {
      left = 0;
      rows.return!();
      return DONE;
    };
    return {
      next: () => {
        if (left-- <= 0) {
          return end();
        }
        const next = ahead ?? rows.next();
        ahead = undefined;
        return next.done === true || this.isInside(next.value.key, from, to) ? next : end();
      },
      return: end
    };
  }

  /** Walks start inside, so that only one end can be passed. */
  private isInside(key: Buffer, from: Buffer, to: Buffer): boolean {
    return this.reverse ? Buffer.compare(key, from) >= 0 : Buffer.compare(key, to) < 0;
  }
}
