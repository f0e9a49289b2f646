import type { Change, Entry, Pin, Run } from '../client/protocol';
import { keyOf } from '../model/history';
import { anchors, type IAnchors } from './anchor';
import { layLanes, OVERFLOW, type ILane, type ILanes } from './lanes';
import { CHIPS_MAX, LINE_PX, ROW_PX, shapeOf, type IChip, type IGraphInput, type IRow } from './rows';

/** Changes that an unfolded entry shows before it says how many are left. */
export const UNFOLDED_MAX = 100;

/** A graph ready to be drawn, row by row. */
export interface IGraph {
  readonly rows: readonly IRow[];
  readonly lanes: ILanes;
  /** Of all rows, in pixels. */
  readonly height: number;
  /** Entry index of each row, for `lanes`, which knows entries only. */
  readonly entryIndex: readonly number[];
  /** The row of an entry, by its index. */
  readonly rowOfEntry: readonly number[];
}

/** Lays out the graph: pure, O(entries + timelines), no drawing. */
export function layout(input: IGraphInput): IGraph {
  const { entries } = input;
  const place = anchors(entries, input.timelines, input.isComplete);
  const defaultTimeline = timelineOf(input, input.defaultBranch);
  const lanes = layLanes({
    entries,
    timelines: input.timelines,
    anchors: place,
    isComplete: input.isComplete,
    defaultTimeline,
    sessionTimeline: input.session?.timeline
  });
  const chips = chipsByRow(input, place, lanes);
  const pins = byRow(input.pins, place);
  const runs = byRow(input.runs, place);
  const kernels = byRow(input.kernels, place);
  const session =
    input.session === undefined ? undefined : place.rowOf(input.session.timeline, input.session.lsn);

  const rows: IRow[] = [];
  const entryIndex: number[] = [];
  const rowOfEntry: number[] = [];
  let top = 0;
  const push = (row: Omit<IRow, 'top' | 'height'>, index: number) => {
    const height = row.lines * LINE_PX + ROW_PX;
    rows.push({ ...row, top, height });
    entryIndex.push(index);
    top += height;
  };
  const marks = (index: number) => {
    const all = chips.get(index) ?? [];
    const shown = all.length <= CHIPS_MAX ? all : all.slice(0, CHIPS_MAX - 1);
    return {
      chips: shown,
      chipsLeft: all.length - shown.length,
      pins: pins.get(index) ?? [],
      runs: runs.get(index) ?? [],
      kernels: kernels.get(index) ?? [],
      isSession: session === index
    };
  };
  const linesOf = (mark: ReturnType<typeof marks>) =>
    1 +
    mark.chips.length +
    (mark.chipsLeft > 0 ? 1 : 0) +
    (mark.pins.length > 0 || mark.runs.length > 0 ? 1 : 0);

  const horizonAt = horizonIndex(input);
  entries.forEach((entry, index) => {
    if (index === horizonAt) {
      push(horizonRow(input), index);
    }
    const key = keyOf(entry);
    const mark = marks(index);
    rowOfEntry.push(rows.length);
    push(
      {
        key,
        kind: 'entry',
        entry,
        lsn: entry.lastLsn,
        at: entry.lastAt,
        timeline: entry.timeline,
        shape: shapeOf(entry),
        isUnfolded: input.unfolded.has(key),
        lines: linesOf(mark),
        ...mark
      },
      index
    );
    if (input.unfolded.has(key)) {
      changeRows(entry, key, input.unfolded.get(key)).forEach(row => push(row, index));
    }
  });
  if (input.isComplete) {
    const mark = marks(entries.length);
    rowOfEntry.push(rows.length);
    push(
      {
        key: 'empty',
        kind: 'empty',
        lsn: 0,
        at: input.createdAt,
        timeline: rootTimeline(input),
        shape: 'bar',
        isUnfolded: false,
        lines: linesOf(mark),
        ...mark
      },
      entries.length
    );
    if (horizonAt === undefined) {
      push(horizonRow(input), entries.length);
    }
  } else {
    push({ ...plain('older', 'older', entries.at(-1)), lines: 1 }, entries.length);
  }
  return { rows, lanes, height: top, entryIndex, rowOfEntry };
}

/** A lane's part in a row. */
export interface ISegment {
  readonly lane: ILane;
  /** Whether the line runs above and below the node's height in this row. */
  readonly above: boolean;
  readonly below: boolean;
}

/** The lines that run straight through a row, at most one a column: lanes that share a column are one line. */
export function segments(graph: IGraph, row: number): readonly ISegment[] {
  const shown = graph.rows[row];
  const index = graph.entryIndex[row];
  if (shown === undefined || index === undefined) {
    return [];
  }
  const isInner = shown.kind !== 'entry' && shown.kind !== 'empty';
  const found: ISegment[] = [];
  const add = (segment: ISegment) => {
    const at =
      segment.lane.column === OVERFLOW ? found.findIndex(other => other.lane.column === OVERFLOW) : -1;
    const shared = found[at];
    if (shared === undefined) {
      found.push(segment);
    } else {
      const { lane, above, below } = shared;
      found[at] = { lane, above: above || segment.above, below: below || segment.below };
    }
  };
  if (shown.kind === 'horizon') {
    // Between two entries: what reaches over the edge runs through.
    const isEnd = row === graph.rows.length - 1;
    graph.lanes.lanes
      .filter(lane => !isEnd && lane.top < index && index <= lane.bottom)
      .forEach(lane => add({ lane, above: true, below: true }));
    return found;
  }
  for (const lane of graph.lanes.lanes) {
    if (index < lane.top || index > lane.bottom) {
      continue;
    }
    if (isInner) {
      // Rows below an entry belong to it: what leaves the entry downwards runs through them.
      if (index < lane.bottom || shown.kind === 'older') {
        add({ lane, above: true, below: true });
      }
      continue;
    }
    const isTop = index === lane.top;
    const isFork = lane.forkRow === index;
    const endsHere = index === lane.bottom && lane.forkRow === undefined;
    if (isFork || (isTop && !lane.startsAtNode)) {
      continue;
    }
    add({ lane, above: !isTop, below: !endsHere || shown.kind !== 'empty' });
  }
  return found;
}

/** The first row whose lower edge lies below `y`, by halving. */
export function rowAt(graph: IGraph, y: number): number {
  let low = 0;
  let high = graph.rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const row = graph.rows[middle]!;
    if (row.top + row.height > y) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

function timelineOf(input: IGraphInput, branch: string): number | undefined {
  const known = input.branches.get(branch)?.timeline;
  if (known !== undefined) {
    return known;
  }
  for (const timeline of input.timelines.values()) {
    if (timeline.branch === branch) {
      return timeline.id;
    }
  }
  return undefined;
}

function rootTimeline(input: IGraphInput): number {
  for (const timeline of input.timelines.values()) {
    if (timeline.parent === undefined) {
      return timeline.id;
    }
  }
  return 0;
}

function byRow<T extends { timeline: number; lsn: number }>(
  marks: readonly T[],
  place: IAnchors
): Map<number, T[]> {
  const rows = new Map<number, T[]>();
  for (const mark of marks) {
    const row = place.rowOf(mark.timeline, mark.lsn);
    if (row !== undefined) {
      rows.set(row, [...(rows.get(row) ?? []), mark]);
    }
  }
  return rows;
}

function chipsByRow(input: IGraphInput, place: IAnchors, lanes: ILanes): Map<number, IChip[]> {
  const rows = new Map<number, IChip[]>();
  for (const timeline of input.timelines.values()) {
    const name = timeline.branch;
    const row = name === undefined ? undefined : place.rowOf(timeline.id, timeline.head);
    if (name === undefined || row === undefined) {
      continue;
    }
    const isSession = input.session?.branch === name && input.session.timeline === timeline.id;
    const style =
      lanes.byTimeline.get(timeline.id)?.style ??
      (isSession ? 'session' : name === input.defaultBranch ? 'default' : 'gone');
    const chip: IChip = {
      name,
      branch: input.branches.get(name),
      style,
      isSession,
      isAtFork: timeline.parent !== undefined && place.own(timeline.id).length === 0
    };
    rows.set(row, [...(rows.get(row) ?? []), chip]);
  }
  const rank = (chip: IChip) => (chip.isSession ? 0 : chip.name === input.defaultBranch ? 1 : 2);
  for (const chips of rows.values()) {
    // Where several heads meet, the branch whose row it is comes before those that only start there.
    chips.sort(
      (one, other) =>
        Number(one.isAtFork) - Number(other.isAtFork) ||
        rank(one) - rank(other) ||
        (one.name < other.name ? -1 : 1)
    );
    const session = chips.findIndex(chip => chip.isSession);
    if (session >= CHIPS_MAX - 1) {
      chips.splice(1, 0, ...chips.splice(session, 1));
    }
  }
  return rows;
}

/** Index of the first entry below the horizon; undefined when nothing was collected. */
function horizonIndex(input: IGraphInput): number | undefined {
  if (input.horizon <= 0) {
    return undefined;
  }
  const index = input.entries.findIndex(entry => entry.lastLsn < input.horizon);
  return index < 0 ? undefined : index;
}

function horizonRow(input: IGraphInput): Omit<IRow, 'top' | 'height'> {
  return { ...plain('horizon', 'horizon', undefined), lsn: input.horizon, lines: 1 };
}

function changeRows(
  entry: Entry,
  key: string,
  changes: readonly Change[] | undefined
): Omit<IRow, 'top' | 'height'>[] {
  if (changes === undefined) {
    return [{ ...plain(`${key}:wait`, 'wait', entry), lines: 1 }];
  }
  const rows: Omit<IRow, 'top' | 'height'>[] = changes.map(change => ({
    ...plain(`${key}:${change.lsn}`, 'change', entry),
    change,
    lsn: change.lsn,
    at: change.time,
    lines: 1
  }));
  const left = entry.inserts + entry.updates + entry.deletes - changes.length;
  if (left > 0) {
    rows.push({ ...plain(`${key}:more`, 'wait', entry), lsn: left, lines: 1 });
  }
  return rows;
}

function plain(
  key: string,
  kind: IRow['kind'],
  entry: Entry | undefined
): Omit<IRow, 'top' | 'height' | 'lines'> {
  const none: { pins: readonly Pin[]; runs: readonly Run[] } = { pins: [], runs: [] };
  return {
    key,
    kind,
    ...(entry === undefined ? {} : { entry }),
    lsn: entry?.lastLsn ?? 0,
    at: entry?.lastAt ?? '',
    timeline: entry?.timeline ?? 0,
    shape: undefined,
    isSession: false,
    isUnfolded: false,
    chips: [],
    chipsLeft: 0,
    kernels: [],
    ...none
  };
}
