import type { Entry, Timeline } from '../client/protocol';

/** Rows of an entry list by timeline, to answer in which row a state lies. */
export interface IAnchors {
  /**
   * The row that shows the newest change of a state: on the timeline itself, else on an ancestor.
   * `entries.length` stands for the empty project, undefined for a row that is not loaded.
   */
  rowOf(timeline: number, lsn: number): number | undefined;
  /** Rows of a timeline's own entries, newest first. */
  own(timeline: number): readonly number[];
}

const NONE: readonly number[] = [];

/** Indexes the rows of a list that is sorted newest first. */
export function anchors(
  entries: readonly Entry[],
  timelines: ReadonlyMap<number, Timeline>,
  isComplete: boolean
): IAnchors {
  const rows = new Map<number, number[]>();
  entries.forEach((entry, row) => {
    const own = rows.get(entry.timeline);
    if (own === undefined) {
      rows.set(entry.timeline, [row]);
    } else {
      own.push(row);
    }
  });
  const own = (timeline: number) => rows.get(timeline) ?? NONE;
  const rowOf = (timeline: number, lsn: number): number | undefined => {
    let at: number | undefined = timeline;
    let limit = lsn;
    while (at !== undefined) {
      const found = firstAtOrBelow(entries, own(at), limit);
      if (found !== undefined) {
        return found;
      }
      const line = timelines.get(at);
      limit = Math.min(limit, line?.forkLsn ?? 0);
      at = line?.parent;
    }
    return isComplete ? entries.length : undefined;
  };
  return { rowOf, own };
}

/** The newest of `rows` that starts at or below `lsn`, by halving. */
function firstAtOrBelow(entries: readonly Entry[], rows: readonly number[], lsn: number): number | undefined {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (entries[rows[middle]!]!.firstLsn <= lsn) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return rows[low];
}
