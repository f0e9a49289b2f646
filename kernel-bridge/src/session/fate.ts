import { setImmediate as yieldToLoop } from 'node:timers/promises';
import { isArgonError, type Change, type Engine, type EngineEvent, type Image } from '@argon/wal-core';
import type { Lsn, Snapshot, TimelineId } from '@argon/wal-core';
import type { SessionWrite } from './directory';
import { pastOf } from './past';
import { Undos, type Undo } from './undos';

/** Changes of a write that a rerun plan compares with the filters of reads; of longer ones it says that they matter. */
const CHANGES_MAX = 1_000;
/** Changes looked at before others have their turn. */
const CHANGES_STEP = 100;

/** What became of a write: `undone` by an undo that still stands, or `gone` with the branch or by a reset of it. */
export type WriteFate = 'undone' | 'gone';

/** Who wrote: whose changes count among those of a range. */
export interface Writer {
  readonly session: string;
  readonly cell: string;
  readonly cellNumber: number | undefined;
}

/** Whether an undo took back a write, looked at when the undo had come to an LSN. */
interface Checked {
  readonly last: Lsn;
  readonly tookBack: Promise<boolean>;
}

type CommitEvent = Extract<EngineEvent, { type: 'commit' }>;

/** The changes that one writer made in the range of a write; undefined when they are too many, or gone. */
export async function changesOf(
  engine: Engine,
  writer: Writer,
  { project, timeline, collection, firstLsn: first, lastLsn: last }: SessionWrite
): Promise<readonly Change[] | undefined> {
  const changes = await ifKept(() =>
    engine.changes(project, timeline, { first, last, limit: CHANGES_MAX, images: true })
  );
  return changes !== undefined && changes.length < CHANGES_MAX
    ? changes.filter(change => change.collection === collection && isOf(change, writer))
    : undefined;
}

/** Tells what became of the writes of cells. Undos are remembered from the start of the process on, as cells are. */
export class Fates {
  private readonly undos = new Undos();
  private readonly checked = new WeakMap<SessionWrite, Map<Undo, Checked>>();

  constructor(private readonly engine: Engine) {}

  /** Takes in a commit. Returns whether it was an undo. */
  note({ commit, entry }: CommitEvent): boolean {
    const { project, timeline, firstLsn: first, lastLsn: last } = commit;
    if (entry.undo === undefined) {
      return false;
    }
    const of = { first: entry.undo.firstLsn, last: entry.undo.lastLsn };
    this.undos.add({ project, timeline, first, last, of });
    return true;
  }

  /** What became of a write that is over; undefined while it stands. */
  async of(write: SessionWrite, writer: Writer): Promise<WriteFate | undefined> {
    const { project, timeline, firstLsn: first, lastLsn: last } = write;
    const line = this.timelineOf(write);
    const past = line === undefined ? undefined : pastOf(this.engine, project, line, timeline);
    if (past === undefined || last > past[0]!.upTo) {
      return 'gone';
    }
    let by: Undo | undefined;
    for (let after = last; ;) {
      const undo = this.undos.next(project, past, by ?? { first, last }, after);
      if (undo === undefined) {
        return by && 'undone';
      }
      after = undo.last;
      if (by !== undefined) {
        by = undefined;
      } else if (await this.tookBack(undo, write, writer)) {
        by = undo;
      }
    }
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
    const known = this.checked.get(write) ?? new Map<Undo, Checked>();
    this.checked.set(write, known);
    const checked = known.get(undo);
    if (checked?.last === undo.last) {
      return checked.tookBack;
    }
    const tookBack = ifKept(() => this.hasBefore(undo, write, writer)).then(Boolean);
    known.set(undo, { last: undo.last, tookBack });
    return tookBack;
  }

  /**
   * Whether the documents that a write changed were, right after an undo, what they had been before the write. An undo
   * of a range may have been of somebody else's changes in it, or have left some as they are.
   *
   * Each change is looked at by itself, however many there are, and nothing is kept of those before it: what it found
   * is there again, or what the whole write found, or what the first change of this writer to the document found.
   */
  private async hasBefore(undo: Undo, write: SessionWrite, writer: Writer): Promise<boolean> {
    const { project, timeline, collection, firstLsn, lastLsn } = write;
    const now = imagesOf(this.engine.snapshot(project, undo.timeline, undo.last), collection);
    const then = imagesOf(this.engine.snapshot(project, timeline, (firstLsn - 1) as Lsn), collection);
    let isAny = false;
    for (let first = firstLsn; first <= lastLsn;) {
      const range = { first, last: lastLsn, limit: CHANGES_STEP, images: true };
      const changes = await this.engine.changes(project, timeline, range);
      for (const change of changes) {
        if (change.collection !== collection || !isOf(change, writer)) {
          continue;
        }
        isAny = true;
        const image = now(change);
        if (
          !isSame(change.before, image) &&
          !isSame(then(change), image) &&
          !isSame((await this.firstOf(change, write, writer)).before, image)
        ) {
          return false;
        }
      }
      const newest = changes.at(-1);
      if (newest === undefined) {
        break;
      }
      first = (newest.lsn + 1) as Lsn;
      await yieldToLoop();
    }
    return isAny;
  }

  /** The first change of a write to the document that one of its changes is of. */
  private async firstOf(change: Change, write: SessionWrite, writer: Writer): Promise<Change> {
    const { project, branch, collection, firstLsn, lastLsn } = write;
    const ref = `${branch}@${lastLsn}`;
    for (let after = (firstLsn - 1) as Lsn; after < change.lsn;) {
      const versions = await this.engine.history(project, ref, collection, change.key, { after });
      const first = versions.find(version => isOf(version, writer));
      const newest = versions.at(-1);
      if (first !== undefined || newest === undefined) {
        return first ?? change;
      }
      after = newest.lsn;
    }
    return change;
  }
}

/** What reads the documents that changes are of, in a state. */
function imagesOf(state: Snapshot, collection: string): (change: Change) => Image | undefined {
  const info = state.collection(collection);
  return ({ key }) => info && state.get(info, key);
}

/** What something finds, or undefined when it is about changes or states that are not kept any more. */
async function ifKept<T>(find: () => Promise<T>): Promise<T | undefined> {
  try {
    return await find();
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

function isSame(a: Image | undefined, b: Image | undefined): boolean {
  return a === undefined || b === undefined ? a === b : a.equals(b);
}
