import {
  isArgonError,
  type Change,
  type Engine,
  type EngineEvent,
  type Image,
  type Lsn,
  type TimelineId
} from '@argon/wal-core';
import type { SessionWrite } from './directory';

/** Undos that are remembered of all projects; the oldest are forgotten, and what they took back counts as standing. */
export const UNDOS_MAX = 10_000;
/** Changes of a write that are looked at to see whether an undo gave back what was before them. */
const CHANGES_MAX = 1_000;

/** What became of a write: `undone` by an undo that still stands, or `gone` with the branch or by a reset of it. */
export type WriteFate = 'undone' | 'gone';

/** Who wrote: whose changes count among those of a range. */
export interface Writer {
  readonly session: string;
  readonly cell: string;
  readonly cellNumber: number | undefined;
}

interface Undo {
  readonly project: string;
  readonly timeline: TimelineId;
  readonly first: Lsn;
  last: Lsn;
  /** What it took back. */
  readonly of: { readonly first: Lsn; readonly last: Lsn };
}

type CommitEvent = Extract<EngineEvent, { type: 'commit' }>;

/** The changes that one writer made in the range of a write; undefined when they are too many, or gone. */
export async function changesOf(
  engine: Engine,
  writer: Writer,
  { project, timeline, collection, firstLsn: first, lastLsn: last }: SessionWrite
): Promise<readonly Change[] | undefined> {
  const changes = await changesWithin(engine, project, timeline, first, last);
  return changes !== undefined && changes.length < CHANGES_MAX
    ? changes.filter(change => change.collection === collection && isOf(change, writer))
    : undefined;
}

/** Whether a state with this timeline and anything up to `lsn` of another one in its past goes on from there. */
function isOnLine(engine: Engine, project: string, from: TimelineId, of: TimelineId, lsn: Lsn): boolean {
  let reach: Lsn | undefined;
  for (let id: TimelineId | undefined = from; id !== undefined;) {
    if (id === of) {
      return reach === undefined || lsn <= reach;
    }
    const info = engine.timeline(project, id);
    if (info?.parent === undefined) {
      return false;
    }
    reach = reach === undefined || info.forkLsn < reach ? info.forkLsn : reach;
    id = info.parent;
  }
  return false;
}

/** Tells what became of the writes of cells. Undos are remembered from the start of the process on, as cells are. */
export class Fates {
  private readonly undos: Undo[] = [];
  private readonly checked = new WeakMap<SessionWrite, Map<Undo, Promise<boolean>>>();

  constructor(private readonly engine: Engine) {}

  /** Takes in a commit. Returns whether it was an undo. */
  note({ commit, entry }: CommitEvent): boolean {
    const { project, timeline, firstLsn: first, lastLsn: last } = commit;
    if (entry.undo === undefined) {
      return false;
    }
    const of = { first: entry.undo.firstLsn, last: entry.undo.lastLsn };
    const before = this.undos.at(-1);
    if (before?.project === project && before.timeline === timeline && before.last + 1 === first) {
      if (before.of.first === of.first && before.of.last === of.last) {
        // A long one is written in parts.
        before.last = last;
        return true;
      }
    }
    this.undos.push({ project, timeline, first, last, of });
    if (this.undos.length > UNDOS_MAX) {
      this.undos.shift();
    }
    return true;
  }

  /** What became of a write that is over; undefined while it stands. */
  async of(write: SessionWrite, writer: Writer): Promise<WriteFate | undefined> {
    const { project, timeline, lastLsn } = write;
    const line = this.timelineOf(write);
    if (line === undefined || !isOnLine(this.engine, project, line, timeline, lastLsn)) {
      return 'gone';
    }
    let by: Undo | undefined;
    for (const undo of this.undos) {
      if (undo.project !== project || (undo.timeline !== timeline && undo.timeline !== line)) {
        continue;
      }
      if (by !== undefined) {
        by = covers(undo, by.first, by.last) ? undefined : by;
      } else if (covers(undo, write.firstLsn, lastLsn) && (await this.tookBack(undo, write, writer))) {
        by = undo;
      }
    }
    return by && 'undone';
  }

  private timelineOf({ project, branch }: SessionWrite): TimelineId | undefined {
    try {
      return this.engine.resolve(project, branch).timeline;
    } catch (error) {
      if (isArgonError(error)) {
        return undefined;
      }
      throw error;
    }
  }

  /** A state never changes, so it is looked at once. */
  private tookBack(undo: Undo, write: SessionWrite, writer: Writer): Promise<boolean> {
    const known = this.checked.get(write) ?? new Map<Undo, Promise<boolean>>();
    this.checked.set(write, known);
    const found = known.get(undo) ?? this.hasBefore(undo, write, writer);
    known.set(undo, found);
    return found;
  }

  /**
   * Whether the documents that a write changed were, right after an undo, what they had been before the write. An undo
   * of a range may have been of somebody else's changes in it, or have left some as they are. Of a very long write the
   * first documents speak for the rest.
   */
  private async hasBefore(undo: Undo, write: SessionWrite, writer: Writer): Promise<boolean> {
    const { project, timeline, collection, firstLsn, lastLsn } = write;
    const changes = await changesWithin(this.engine, project, timeline, firstLsn, lastLsn);
    if (changes === undefined) {
      return false;
    }
    const state = this.engine.snapshot(project, undo.timeline, undo.last);
    const info = state.collection(collection);
    const seen = new Set<string>();
    for (const change of changes) {
      const key = change.key.toString('latin1');
      if (change.collection !== collection || seen.has(key) || !isOf(change, writer)) {
        continue;
      }
      seen.add(key);
      const now = info && state.get(info, change.key);
      if (!isSame(change.before, now)) {
        return false;
      }
    }
    return seen.size > 0;
  }
}

async function changesWithin(
  engine: Engine,
  project: string,
  timeline: TimelineId,
  first: Lsn,
  last: Lsn
): Promise<readonly Change[] | undefined> {
  try {
    return await engine.changes(project, timeline, { first, last, limit: CHANGES_MAX, images: true });
  } catch (error) {
    if (isArgonError(error)) {
      return undefined;
    }
    throw error;
  }
}

function isOf({ origin }: Change, { session, cell, cellNumber }: Writer): boolean {
  return origin.session === session && origin.cell === cell && origin.cellNumber === cellNumber;
}

function covers({ of }: Undo, first: Lsn, last: Lsn): boolean {
  return of.first <= first && last <= of.last;
}

function isSame(a: Image | undefined, b: Image | undefined): boolean {
  return a === undefined || b === undefined ? a === b : a.equals(b);
}
