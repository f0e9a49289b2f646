import type { Entry, Timeline } from '../client/protocol';
import type { IAnchors } from './anchor';
import type { LaneStyle } from './rows';

/** Columns that carry one branch each; what does not fit shares one more. */
export const LANES_MAX = 8;

/** The shared column. */
export const OVERFLOW = LANES_MAX - 1;

/** A timeline's line through the rows. */
export interface ILane {
  readonly timeline: number;
  readonly style: LaneStyle;
  column: number;
  /** First row it touches: its newest own node, or a merge above it. */
  readonly top: number;
  /** Last row it touches: its fork, its oldest node, or beyond the last row when older rows are not loaded. */
  readonly bottom: number;
  /** Whether `top` is a node of its own; else the line comes down from a merge there. */
  readonly startsAtNode: boolean;
  /** Row of the fork; undefined for the first timeline and while it is not loaded. */
  readonly forkRow: number | undefined;
}

/** A line that bends between two columns in one row. */
export interface IBend {
  readonly row: number;
  readonly kind: 'fork' | 'merge';
  readonly from: ILane;
  /** Column of the node it ends in. */
  readonly column: number;
}

/** All lanes and bends of a graph. */
export interface ILanes {
  readonly lanes: readonly ILane[];
  readonly byTimeline: ReadonlyMap<number, ILane>;
  readonly bends: ReadonlyMap<number, readonly IBend[]>;
  /** Columns in use. */
  readonly columns: number;
  /** Branches that share the last column. */
  readonly overflow: number;
}

/** What `layLanes` works on. */
export interface ILaneInput {
  readonly entries: readonly Entry[];
  readonly timelines: ReadonlyMap<number, Timeline>;
  readonly anchors: IAnchors;
  readonly isComplete: boolean;
  readonly defaultTimeline: number | undefined;
  readonly sessionTimeline: number | undefined;
}

/**
 * Gives each timeline that has rows a column: the default branch the first, the session's the next, the others
 * from the newest head down the leftmost column that is free on all their rows. O(timelines × columns) plus a sort.
 */
export function layLanes(input: ILaneInput): ILanes {
  const { entries, anchors } = input;
  const merges = mergeRows(entries);
  const styles = laneStyles(input);
  const lanes: ILane[] = [];
  for (const timeline of input.timelines.values()) {
    const lane = span(timeline, input, merges.get(timeline.id), styles.get(timeline.id) ?? 'gone');
    if (lane !== undefined) {
      lanes.push(lane);
    }
  }
  const rank = (lane: ILane) =>
    lane.timeline === input.defaultTimeline ? 0 : lane.timeline === input.sessionTimeline ? 1 : 2;
  lanes.sort((one, other) => rank(one) - rank(other) || one.top - other.top || other.timeline - one.timeline);

  const columns: ILane[][] = Array.from({ length: LANES_MAX }, () => []);
  let overflow = 0;
  for (const lane of lanes) {
    const first = lane.timeline === input.defaultTimeline || input.defaultTimeline === undefined ? 0 : 1;
    let column = first;
    while (column < OVERFLOW && columns[column]!.some(other => collide(lane, other))) {
      column += 1;
    }
    lane.column = column;
    columns[column]!.push(lane);
    overflow += column === OVERFLOW ? 1 : 0;
  }
  const byTimeline = new Map(lanes.map(lane => [lane.timeline, lane]));
  return {
    lanes,
    byTimeline,
    bends: bends(entries, lanes, byTimeline, anchors),
    columns: lanes.reduce((most, lane) => Math.max(most, lane.column + 1), 1),
    overflow
  };
}

/** Rows in which each timeline was merged elsewhere, topmost first. */
function mergeRows(entries: readonly Entry[]): Map<number, number> {
  const rows = new Map<number, number>();
  entries.forEach((entry, row) => {
    const source = entry.merge?.sourceTimeline;
    if (source !== undefined && !rows.has(source)) {
      rows.set(source, row);
    }
  });
  return rows;
}

/** Colours by the order in which timelines were made, so that a lane keeps its colour while the graph grows. */
function laneStyles(input: ILaneInput): Map<number, LaneStyle> {
  const turns: readonly LaneStyle[] = ['first', 'second', 'first-dashed', 'second-dashed'];
  const styles = new Map<number, LaneStyle>();
  let turn = 0;
  for (const timeline of [...input.timelines.values()].sort((one, other) => one.id - other.id)) {
    if (timeline.id === input.defaultTimeline) {
      styles.set(timeline.id, timeline.id === input.sessionTimeline ? 'session' : 'default');
    } else if (timeline.branch === undefined) {
      styles.set(timeline.id, 'gone');
    } else {
      styles.set(
        timeline.id,
        timeline.id === input.sessionTimeline ? 'session' : turns[turn % turns.length]!
      );
      turn += 1;
    }
  }
  return styles;
}

function span(
  timeline: Timeline,
  input: ILaneInput,
  mergeRow: number | undefined,
  style: LaneStyle
): ILane | undefined {
  const own = input.anchors.own(timeline.id);
  const newest = own[0];
  if (newest === undefined && mergeRow === undefined) {
    return undefined;
  }
  const startsAtNode = newest !== undefined && (mergeRow === undefined || newest <= mergeRow);
  const top = startsAtNode ? newest : mergeRow!;
  const forkRow =
    timeline.parent === undefined ? undefined : input.anchors.rowOf(timeline.parent, timeline.forkLsn);
  const isFirst = timeline.parent === undefined;
  const bottom = isFirst ? input.entries.length : (forkRow ?? input.entries.length);
  return { timeline: timeline.id, style, column: 0, top, bottom, startsAtNode, forkRow };
}

/** Whether two lanes cannot share a column: they meet in a row, other than a fork's bend above a merge's bend. */
function collide(one: ILane, other: ILane): boolean {
  const [upper, lower] = one.top <= other.top ? [one, other] : [other, one];
  return lower.top < upper.bottom || (lower.top === upper.bottom && lower.startsAtNode);
}

function bends(
  entries: readonly Entry[],
  lanes: readonly ILane[],
  byTimeline: ReadonlyMap<number, ILane>,
  anchors: IAnchors
): Map<number, IBend[]> {
  const found = new Map<number, IBend[]>();
  const add = (bend: IBend) => {
    const row = found.get(bend.row);
    if (row === undefined) {
      found.set(bend.row, [bend]);
    } else {
      row.push(bend);
    }
  };
  for (const lane of lanes) {
    if (lane.forkRow !== undefined) {
      const parent = entries[lane.forkRow]?.timeline;
      const column = parent === undefined ? 0 : (byTimeline.get(parent)?.column ?? 0);
      add({ row: lane.forkRow, kind: 'fork', from: lane, column });
    }
  }
  entries.forEach((entry, row) => {
    const source = entry.merge === undefined ? undefined : byTimeline.get(entry.merge.sourceTimeline);
    const target = byTimeline.get(entry.timeline);
    if (source !== undefined && target !== undefined && anchors.own(source.timeline).length > 0) {
      add({ row, kind: 'merge', from: source, column: target.column });
    }
  });
  return found;
}
