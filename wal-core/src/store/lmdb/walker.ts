import type { Database } from 'lmdb';
import { compareKeys } from '../order';
import type { Row } from '../store';

interface LmdbRangeOptions {
  start: Buffer;
  readonly reverse: boolean;
  readonly exclusiveStart: boolean;
  readonly end: undefined;
}

const NO_KEY = Buffer.alloc(0);
const DONE: IteratorResult<Row> = { done: true, value: undefined };

/** What a walk asks of whoever owns the table. Either may throw what readers are to be told. */
export interface WalkGuard {
  /** Told of each row right after it is read, and whether it lies where the walk may have come. */
  row(row: Row, isInOrder: boolean): void;
  /** Told of an error from inside LMDB. */
  fault(error: unknown): never;
}

const UNGUARDED: WalkGuard = {
  row: () => undefined,
  fault: error => {
    throw error;
  }
};

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
    private readonly reverse: boolean,
    private readonly guard: WalkGuard = UNGUARDED
  ) {
    this.options = { start: NO_KEY, end: undefined, reverse, exclusiveStart: reverse };
    this.range = database.getRange(this.options as object) as Iterable<Row>;
  }

  /** The row of `[from, to)` that comes first in this direction. */
  first(from: Buffer, to: Buffer): Row | undefined {
    const rows = this.start(from, to);
    const next = this.read(rows);
    rows.return!();
    if (next.done === true) {
      return undefined;
    }
    // Also the row beyond the end: one whose key was damaged may be what was looked for.
    this.guard.row(next.value, this.isBehindStart(next.value.key, from, to));
    return this.isBeforeEnd(next.value.key, from, to) ? next.value : undefined;
  }

  /** At most `limit` rows of `[from, to)`. The caller goes to the end or calls `return`. */
  rows(from: Buffer, to: Buffer, limit: number): Iterator<Row> {
    const rows = this.start(from, to);
    let left = limit;
    const end = (): IteratorResult<Row> => {
      left = 0;
      rows.return!();
      return DONE;
    };
    let last: Buffer | undefined;
    const step = (): IteratorResult<Row> => {
      try {
        const next = this.read(rows);
        if (next.done !== true) {
          const { key } = next.value;
          this.guard.row(
            next.value,
            last === undefined ? this.isBehindStart(key, from, to) : this.isBehind(key, last)
          );
          last = key;
        }
        return next;
      } catch (error) {
        end();
        throw error;
      }
    };
    let ahead: IteratorResult<Row> | undefined = step();
    return {
      next: () => {
        if (left-- <= 0) {
          return end();
        }
        const next = ahead ?? step();
        ahead = undefined;
        return next.done === true || this.isBeforeEnd(next.value.key, from, to) ? next : end();
      },
      return: end
    };
  }

  private read(rows: Iterator<Row>): IteratorResult<Row> {
    try {
      return rows.next();
    } catch (error) {
      return this.guard.fault(error);
    }
  }

  private start(from: Buffer, to: Buffer): Iterator<Row> {
    this.options.start = this.reverse ? to : from;
    try {
      return this.range[Symbol.iterator]();
    } catch (error) {
      return this.guard.fault(error);
    }
  }

  /** Where a walk starts: false means that the rows are not in order. */
  private isBehindStart(key: Buffer, from: Buffer, to: Buffer): boolean {
    return this.reverse ? compareKeys(key, to) < 0 : compareKeys(key, from) >= 0;
  }

  private isBehind(key: Buffer, last: Buffer): boolean {
    const order = compareKeys(key, last);
    return this.reverse ? order < 0 : order > 0;
  }

  private isBeforeEnd(key: Buffer, from: Buffer, to: Buffer): boolean {
    return this.reverse ? compareKeys(key, from) >= 0 : compareKeys(key, to) < 0;
  }
}
