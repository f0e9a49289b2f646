import type { Branch, Change, Entry, Pin, Run, Timeline } from '../client/protocol';

/** Height of one line of text in the graph, in pixels. */
export const LINE_PX = 18;

/** What a row adds to its lines, in pixels. */
export const ROW_PX = 6;

/** Branch labels that one row shows before it counts the rest. */
export const CHIPS_MAX = 3;

/** How a node is drawn, by what the entry is. */
export type NodeShape = 'dot' | 'capsule' | 'square' | 'merge' | 'undo' | 'bar';

/** How a lane is drawn: the accent is the session's, the others take turns. */
export type LaneStyle =
  'default' | 'session' | 'first' | 'second' | 'first-dashed' | 'second-dashed' | 'gone';

/** A branch name at the row where its head is. */
export interface IChip {
  readonly name: string;
  /** Absent while only the name is known. */
  readonly branch: Branch | undefined;
  readonly style: LaneStyle;
  readonly isSession: boolean;
  /** The branch has no change of its own; its head is where it was forked. */
  readonly isAtFork: boolean;
}

/** The session whose accent the graph carries. */
export interface ISessionMark {
  readonly branch: string | undefined;
  readonly timeline: number;
  readonly lsn: number;
}

/** A kernel's place in the graph. */
export interface IKernelMark {
  readonly timeline: number;
  readonly lsn: number;
  /** Notebook, or whoever it is. */
  readonly label: string;
}

/** What the graph is made of. */
export interface IGraphInput {
  /** Newest first. */
  readonly entries: readonly Entry[];
  readonly timelines: ReadonlyMap<number, Timeline>;
  readonly branches: ReadonlyMap<string, Branch>;
  readonly defaultBranch: string;
  readonly pins: readonly Pin[];
  readonly runs: readonly Run[];
  readonly session: ISessionMark | undefined;
  readonly kernels: readonly IKernelMark[];
  /** Oldest LSN whose states are kept. */
  readonly horizon: number;
  /** Whether the first entry of the project is among `entries`. */
  readonly isComplete: boolean;
  /** When the project was created; the age of the empty project. */
  readonly createdAt: string;
  /** Unfolded entries by key, with their changes; undefined while they are read. */
  readonly unfolded: ReadonlyMap<string, readonly Change[] | undefined>;
}

/** One row, with where it lies and what it shows. Lines between rows are in `lanes.ts`. */
export interface IRow {
  readonly key: string;
  readonly kind: 'entry' | 'change' | 'wait' | 'empty' | 'horizon' | 'older';
  readonly entry?: Entry;
  readonly change?: Change;
  readonly lsn: number;
  readonly at: string;
  readonly timeline: number;
  readonly shape: NodeShape | undefined;
  readonly isSession: boolean;
  readonly isUnfolded: boolean;
  readonly chips: readonly IChip[];
  readonly chipsLeft: number;
  readonly pins: readonly Pin[];
  readonly runs: readonly Run[];
  readonly kernels: readonly IKernelMark[];
  readonly lines: number;
  readonly top: number;
  readonly height: number;
}

/** The node of an entry. */
export function shapeOf(entry: Entry): NodeShape {
  switch (entry.kind) {
    case 'merge':
    case 'pick':
      return 'merge';
    case 'undo':
    case 'restore':
      return 'undo';
    case 'catalog':
      return 'square';
    case 'import':
    case 'writes':
      return entry.catalog.length > 0
        ? 'square'
        : entry.inserts + entry.updates + entry.deletes > 1
          ? 'capsule'
          : 'dot';
  }
}
