import type { Lsn, TimelineId } from '@argon/wal-core';
import type { CellActivity } from '../rpc/protocol';
import type { SessionRead, SessionWrite } from './directory';
import type { WriteFate } from './fate';
import { FilterBudget, ReadFilters } from './filters';

/** Different states of collections that one cell can be seen to read; older ones of a collection fold into the newest. */
export const CELL_READS_MAX = 64;
/** Different branches and collections that one cell can be seen to write. */
export const CELL_WRITES_MAX = 256;
/** MLflow runs that one cell can be seen to start. */
export const CELL_RUNS_MAX = 100;

/** Digest of a whole collection in the state that was read; empty when that state cannot be read any more. */
export type DigestOf = (
  read: Pick<CellRead, 'project' | 'ref' | 'collection' | 'lsn' | 'timeline'>
) => Promise<string>;
/** What became of a write. */
export type FateOf = (write: SessionWrite) => Promise<WriteFate | undefined>;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The head of a branch, as it was when something was made from it. */
export interface ReadBase {
  readonly branch: string;
  readonly head: TimelineId;
  readonly lsn: Lsn;
}

/** What a cell read of a collection in a state. */
export interface CellRead extends Omit<SessionRead, 'filter'> {
  /** Which documents of it. */
  readonly filters: ReadFilters;
  /** It was read on a branch that the cell made from this and did away with again, as a sandbox does. */
  readonly base?: ReadBase;
  /** The line of changes it was read on, when the branch of it is gone. */
  readonly timeline?: TimelineId;
}

/** What one execution of a cell did to the data, while it runs and after. */
export class CellExecution {
  finishedAt: Date | undefined;
  private readonly reads = new Map<string, Mutable<CellRead>>();
  private readonly budget = new FilterBudget();
  private readonly writes = new Map<string, Mutable<SessionWrite>>();
  private readonly runs = new Set<string>();
  private readonly digests = new Map<string, string>();

  constructor(
    readonly cell: string,
    readonly cellNumber: number | undefined,
    readonly startedAt: Date
  ) {}

  noteRead({ filter, ...read }: SessionRead): void {
    const key = readKey(read);
    const known = this.reads.get(key);
    if (known) {
      known.documents += read.documents;
      if (read.head !== undefined) {
        known.head = read.head;
      }
      known.filters.add(filter);
      return;
    }
    const older = this.reads.size < CELL_READS_MAX ? undefined : this.forgetOlder(read);
    if (this.reads.size < CELL_READS_MAX) {
      const filters = older?.filters ?? new ReadFilters(this.budget);
      filters.add(filter);
      this.reads.set(key, { ...read, documents: (older?.documents ?? 0) + read.documents, filters });
    }
  }

  noteWrite(write: SessionWrite): void {
    const key = JSON.stringify([write.project, write.timeline, write.collection]);
    const known = this.writes.get(key);
    if (!known) {
      if (this.writes.size < CELL_WRITES_MAX) {
        this.writes.set(key, { ...write });
      }
      return;
    }
    known.firstLsn = write.firstLsn < known.firstLsn ? write.firstLsn : known.firstLsn;
    known.lastLsn = write.lastLsn > known.lastLsn ? write.lastLsn : known.lastLsn;
    known.inserts += write.inserts;
    known.updates += write.updates;
    known.deletes += write.deletes;
  }

  /**
   * The cell did away with a branch itself, as a sandbox does: what it read there it read of the `base` of the branch,
   * or without one of a state of the past.
   */
  noteDeletedBranch(project: string, branch: string, base?: ReadBase): void {
    for (const read of this.reads.values()) {
      const isThere = read.base === undefined ? read.branch === branch : read.base.branch === branch;
      if (read.project !== project || !isThere) {
        continue;
      }
      if (read.head !== undefined) {
        read.timeline = read.head;
      }
      delete read.head;
      delete read.base;
      if (base !== undefined) {
        read.base = base;
      }
    }
  }

  /** What was written on a timeline is seen on a branch of another name from now on. */
  noteBranchOf(project: string, timeline: TimelineId, branch: string): void {
    for (const write of this.writes.values()) {
      if (write.project === project && write.timeline === timeline) {
        write.branch = branch;
      }
    }
  }

  /** A branch got another name. */
  noteRenamedBranch(project: string, branch: string, to: string): void {
    for (const [key, read] of [...this.reads]) {
      if (read.project !== project) {
        continue;
      }
      if (read.base?.branch === branch) {
        read.base = { ...read.base, branch: to };
      }
      if (read.branch === branch) {
        read.branch = to;
        read.ref = read.ref.replace(branch, () => to);
        this.reads.delete(key);
        this.digests.delete(key);
        this.reads.set(readKey(read), read);
      }
    }
    for (const write of this.writes.values()) {
      if (write.project === project && write.branch === branch) {
        write.branch = to;
      }
    }
  }

  noteRun(run: string): void {
    if (this.runs.size < CELL_RUNS_MAX) {
      this.runs.add(run);
    }
  }

  /** What the cell wrote, one item for each branch and collection. */
  written(): readonly SessionWrite[] {
    return [...this.writes.values()];
  }

  /** What the cell read, one item for each state of a collection. */
  readings(): readonly CellRead[] {
    return [...this.reads.values()];
  }

  /** The MLflow runs that the cell started. */
  started(): ReadonlySet<string> {
    return this.runs;
  }

  /** The activity as the protocol tells it. Digests are asked for once and remembered: a state never changes. */
  async describe(digestOf: DigestOf, fateOf: FateOf): Promise<CellActivity> {
    const reads: CellActivity['reads'] = [];
    for (const [key, read] of [...this.reads]) {
      let digest = this.digests.get(key);
      if (digest === undefined) {
        digest = await digestOf(read);
        this.digests.set(key, digest);
      }
      const { project, ref, collection, documents, lsn, branch, base } = read;
      reads.push({
        project,
        ref,
        collection,
        documents,
        lsn,
        ...(branch === undefined ? {} : { branch }),
        ...(base === undefined ? {} : { base: { branch: base.branch, lsn: base.lsn } }),
        digest
      });
    }
    const writes: CellActivity['writes'] = [];
    for (const write of this.written()) {
      const { project, branch, collection, firstLsn, lastLsn, inserts, updates, deletes } = write;
      // Of a cell that runs the last word is not spoken.
      const fate = this.finishedAt === undefined ? undefined : await fateOf(write);
      const told = { project, branch, collection, firstLsn, lastLsn, inserts, updates, deletes };
      writes.push({ ...told, ...(fate === undefined ? {} : { fate }) });
    }
    return {
      cell: this.cell,
      ...(this.cellNumber === undefined ? {} : { cellNumber: this.cellNumber }),
      startedAt: this.startedAt.toISOString(),
      ...(this.finishedAt === undefined ? {} : { finishedAt: this.finishedAt.toISOString() }),
      reads,
      writes,
      runs: [...this.runs]
    };
  }

  /** A cell that reads and writes in turns sees a new LSN each time: its oldest read of the same collection makes room. */
  private forgetOlder(read: Pick<SessionRead, 'project' | 'branch' | 'collection'>): CellRead | undefined {
    for (const [key, old] of this.reads) {
      if (old.project === read.project && old.branch === read.branch && old.collection === read.collection) {
        this.reads.delete(key);
        this.digests.delete(key);
        return old;
      }
    }
    return undefined;
  }
}

function readKey({ project, ref, collection }: Pick<SessionRead, 'project' | 'ref' | 'collection'>): string {
  return JSON.stringify([project, ref, collection]);
}
