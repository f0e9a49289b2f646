import type { Lsn } from '../api';
import type { LineOf, LineReader } from './line';

/** Rows remembered, and LSNs that share a place in the memory. */
const PLACES = 32_768;
const LSNS_PER_PLACE = 64;
/** Numbers per place: timeline, first LSN of a row and last of its commit, first and last LSN of its group when it is atomic. */
const WIDTH = 5;

/**
 * Which LSNs of a timeline lie inside an atomic group. Every state of the past that is opened asks, and what a row of
 * the line says never changes, so that the rows asked for last are remembered until garbage collection takes some:
 * 1.3 MB, whatever is written or read.
 */
export class AtomicGroups {
  private readonly places = new Float64Array(PLACES * WIDTH);

  constructor(private readonly line: LineReader) {}

  /** Rows have gone: what is remembered of them would say of one LSN another thing than of the next. */
  forget(): void {
    this.places.fill(0);
  }

  /** When `lsn` lies inside an applied atomic group of the timeline itself: the LSN before the group. */
  before(timeline: LineOf, lsn: Lsn): Lsn | undefined {
    const { places } = this;
    const cell = Math.floor(lsn / LSNS_PER_PLACE);
    const at = ((cell ^ Math.imul(timeline.id, 0x9e3779b1)) & (PLACES - 1)) * WIDTH;
    if (places[at] === timeline.id && lsn >= places[at + 1]! && lsn <= places[at + 2]!) {
      return lsn < places[at + 4]! ? ((places[at + 3]! - 1) as Lsn) : undefined;
    }
    const row = this.line.rowAt(timeline, lsn);
    if (row === undefined) {
      return undefined;
    }
    const { firstLsn, count, groupFirst } = row;
    const groupLast = row.atomic ? row.groupLast : 0;
    // Rows that follow up to the end of its commit say the same.
    const last = Math.max(firstLsn + count - 1, row.groupLast);
    if (lsn <= last) {
      places[at] = timeline.id;
      places[at + 1] = firstLsn;
      places[at + 2] = last;
      places[at + 3] = groupFirst;
      places[at + 4] = groupLast;
    }
    return lsn < groupLast ? ((groupFirst - 1) as Lsn) : undefined;
  }
}
