import type { Lsn, TimelineId } from '../api';
import { decodeLine, type LineRecord, type LineRow } from '../log/line';
import { lineKey, lineKeyLsn } from '../store/keys';
import type { OrderedStore } from '../store/store';

/** Rows read in one go; nothing stays open between two goes, so callers may wait in between. */
const ROWS_PER_STEP = 64;

/** A timeline as far as its changes are concerned. */
export interface LineOf {
  readonly id: TimelineId;
}

/** Reads the applied changes of timelines. */
export class LineReader {
  constructor(private readonly store: OrderedStore) {}

  /** The row that holds `lsn`, or the newest row before it. */
  rowAt(timeline: LineOf, lsn: Lsn): LineRow | undefined {
    const row = this.store.last('line', lineKey(timeline.id, 0), lineKey(timeline.id, lsn + 1));
    return row === undefined ? undefined : decodeLine(lineKeyLsn(row.key), row.value);
  }

  /** Rows that hold LSNs in `(after, upTo]`, oldest first. */
  *forwards(timeline: LineOf, after: Lsn, upTo: Lsn): Generator<LineRow> {
    let from = this.rowAt(timeline, (after + 1) as Lsn)?.firstLsn ?? 0;
    for (;;) {
      const rows = this.step(timeline, from, upTo + 1, false);
      for (const row of rows) {
        if (lastLsnOf(row) > after) {
          yield row;
        }
      }
      const last = rows.at(-1);
      if (last === undefined || rows.length < ROWS_PER_STEP) {
        return;
      }
      from = last.firstLsn + 1;
    }
  }

  /** Rows that hold LSNs in `(after, upTo]`, newest first. */
  *backwards(timeline: LineOf, after: Lsn, upTo: Lsn): Generator<LineRow> {
    let to = upTo + 1;
    for (;;) {
      const rows = this.step(timeline, 0, to, true);
      for (const row of rows) {
        if (lastLsnOf(row) <= after) {
          return;
        }
        yield row;
      }
      const last = rows.at(-1);
      if (last === undefined || rows.length < ROWS_PER_STEP) {
        return;
      }
      to = last.firstLsn;
    }
  }

  /** Changes in `(after, upTo]`, oldest first. */
  *records(timeline: LineOf, after: Lsn, upTo: Lsn): Generator<{ row: LineRow; record: LineRecord }> {
    for (const row of this.forwards(timeline, after, upTo)) {
      for (const record of row.records) {
        if (record.lsn > after && record.lsn <= upTo) {
          yield { row, record };
        }
      }
    }
  }

  /** Changes in `(after, upTo]`, newest first. */
  *recordsBackwards(
    timeline: LineOf,
    after: Lsn,
    upTo: Lsn
  ): Generator<{ row: LineRow; record: LineRecord }> {
    for (const row of this.backwards(timeline, after, upTo)) {
      for (let i = row.records.length - 1; i >= 0; i--) {
        const record = row.records[i]!;
        if (record.lsn > after && record.lsn <= upTo) {
          yield { row, record };
        }
      }
    }
  }

  /** Number of changes on the timeline itself up to `lsn`. */
  ordinalAt(timeline: LineOf, lsn: Lsn): number {
    const row = this.rowAt(timeline, lsn);
    return row === undefined ? 0 : row.ordinal + Math.min(row.count, lsn - row.firstLsn + 1);
  }

  private step(timeline: LineOf, from: number, to: number, reverse: boolean): LineRow[] {
    const rows: LineRow[] = [];
    const range = {
      from: lineKey(timeline.id, from),
      to: lineKey(timeline.id, to),
      reverse,
      limit: ROWS_PER_STEP
    };
    for (const row of this.store.range('line', range)) {
      rows.push(decodeLine(lineKeyLsn(row.key), row.value));
    }
    return rows;
  }
}

/** The part of a row up to an LSN that it holds: a state may end inside a commit that is not atomic. */
export function rowUpTo(row: LineRow, lsn: Lsn): LineRow {
  if (lastLsnOf(row) <= lsn) {
    return row;
  }
  return {
    ...row,
    count: lsn - row.firstLsn + 1,
    records: row.records.filter(record => record.lsn <= lsn)
  };
}

export function lastLsnOf(row: Pick<LineRow, 'firstLsn' | 'count'>): Lsn {
  return (row.firstLsn + row.count - 1) as Lsn;
}
