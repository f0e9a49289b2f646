import type { CellActivity } from '../client/protocol';
import type { ICommitNotice } from '../model/workspace';
import type { ISavedCell } from './savedCell';

/** What one cell is known to have done, and how far what it read has moved since. */
export interface ILiveState {
  readonly isSaved: false;
  readonly activity: CellActivity;
  /** Changes, on the branches and collections that it read, after it read them. */
  readonly changesSince: number;
  /** Whether one of these matters to it: the bridge knows which documents it asked for. */
  readonly isStale: boolean;
}

/** What the notebook says that one cell did: nobody knows what became of that since. */
export interface ISavedState extends ISavedCell {
  readonly isSaved: true;
}

export type ICellState = ILiveState | ISavedState;

/** What the cells of one session did, by cell. Pure: it is told, and never asks. */
export class CellStates {
  /** The state of a cell; undefined when it did nothing that matters here. */
  get(cell: string): ILiveState | undefined {
    return this._states.get(cell);
  }

  /** All cells that did something. */
  get cells(): readonly string[] {
    return [...this._states.keys()];
  }

  /** Takes the newest execution of a cell in; an older one changes nothing. */
  take(activity: CellActivity): void {
    const known = this._states.get(activity.cell);
    if (known !== undefined && known.activity.startedAt > activity.startedAt) {
      return;
    }
    const isSame = known?.activity.startedAt === activity.startedAt;
    const { changesSince, isStale } = isSame ? known : { changesSince: 0, isStale: false };
    this._states.set(activity.cell, { isSaved: false, activity, changesSince, isStale });
  }

  /**
   * Counts a commit against every cell that has read what it touched.
   *
   * @returns the cells that may have become stale by it.
   */
  commit(project: string | undefined, commit: ICommitNotice): readonly string[] {
    if (project !== commit.project || commit.branch === undefined) {
      return [];
    }
    const touched: string[] = [];
    for (const [cell, state] of this._states) {
      const { activity } = state;
      const read = activity.reads.find(
        candidate =>
          placeOf(candidate).branch === commit.branch && commit.collections.includes(candidate.collection)
      );
      if (read === undefined || isOwn(activity, commit) || commit.lastLsn <= placeOf(read).lsn) {
        continue;
      }
      const added = commit.lastLsn - Math.max(placeOf(read).lsn, commit.firstLsn - 1);
      this._states.set(cell, { ...state, changesSince: state.changesSince + added });
      touched.push(cell);
    }
    return touched;
  }

  /**
   * Takes in which cells are stale; undefined when nobody can tell: then those are for which changes were counted.
   *
   * @returns the cells that are shown anew.
   */
  judge(stale: ReadonlySet<string> | undefined): readonly string[] {
    const shown: string[] = [];
    for (const [cell, state] of this._states) {
      const isStale = stale?.has(cell) ?? state.changesSince > 0;
      if (isStale || state.isStale) {
        this._states.set(cell, { ...state, isStale });
        shown.push(cell);
      }
    }
    return shown;
  }

  /** Forgets everything: the kernel has another session. */
  clear(): void {
    this._states.clear();
  }

  private readonly _states = new Map<string, ILiveState>();
}

/** The branch and LSN that a cell read; in a sandbox, those that the sandbox was made from. */
export function placeOf(read: CellActivity['reads'][number]): {
  readonly branch?: string;
  readonly lsn: number;
} {
  return read.base ?? read;
}

/** Whether the commit is the cell's own: a cell that writes what it read is not stale for it. */
function isOwn(activity: CellActivity, commit: ICommitNotice): boolean {
  return activity.writes.some(
    write =>
      write.branch === commit.branch && write.firstLsn <= commit.firstLsn && commit.lastLsn <= write.lastLsn
  );
}
