import type { TimelineId } from '../api';
import { KeptLsns } from './kept';
import type { Timeline } from './model';

/** Rows of what garbage collection left of each timeline: what a timeline keeps is always what all its rows say together. */
export class KeptRows {
  /** By the number of the row. */
  private readonly rows = new Map<TimelineId, Map<number, Buffer>>();

  /** Takes one row in; undefined when it is gone. */
  take(timeline: Timeline | undefined, id: TimelineId, number: number, value: Buffer | undefined): void {
    const rows = this.rows.get(id) ?? new Map<number, Buffer>();
    if (value === undefined) {
      rows.delete(number);
    } else {
      rows.set(number, Buffer.from(value));
    }
    if (rows.size === 0 || timeline === undefined) {
      this.rows.delete(id);
      return;
    }
    this.rows.set(id, rows);
    timeline.kept = KeptLsns.ofRows(rows.values());
  }
}
