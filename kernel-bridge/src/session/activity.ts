import type { CellActivity } from '../rpc/protocol';
import type { SessionRead, SessionWrite } from './directory';
import { FilterBudget, ReadFilters } from './filters';

/** Different states of collections that one cell can be seen to read; older ones of a collection fold into the newest. */
export const CELL_READS_MAX = 64;
/** Different branches and collections that one cell can be seen to write. */
export const CELL_WRITES_MAX = 256;
/** MLflow runs that one cell can be seen to start. */
export const CELL_RUNS_MAX = 100;

/** Digest of a whole collection in the state that was read; empty when that state cannot be read any more. */
export type DigestOf = (read: Pick<SessionRead, 'project' | 'ref' | 'collection'>) => Promise<string>;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** What a cell read of a collection in a state. */
export interface CellRead extends Omit<SessionRead, 'filter'> {
  /** Which documents of it. */
  readonly filters: ReadFilters;
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
    const key = JSON.stringify([read.project, read.ref, read.collection]);
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
    const key = JSON.stringify([write.project, write.branch, write.collection]);
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

  /** The cell did away with a branch itself, as a sandbox does: what it read there was a state of the past all along. */
  noteDeletedBranch(project: string, branch: string): void {
    for (const read of this.reads.values()) {
      if (read.project === project && read.branch === branch) {
        delete read.head;
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
  async describe(digestOf: DigestOf): Promise<CellActivity> {
    const reads: CellActivity['reads'] = [];
    for (const [key, read] of [...this.reads]) {
      let digest = this.digests.get(key);
      if (digest === undefined) {
        digest = await digestOf(read);
        this.digests.set(key, digest);
      }
      const { project, ref, collection, documents, lsn, branch } = read;
      reads.push({
        project,
        ref,
        collection,
        documents,
        lsn,
        ...(branch === undefined ? {} : { branch }),
        digest
      });
    }
    return {
      cell: this.cell,
      ...(this.cellNumber === undefined ? {} : { cellNumber: this.cellNumber }),
      startedAt: this.startedAt.toISOString(),
      ...(this.finishedAt === undefined ? {} : { finishedAt: this.finishedAt.toISOString() }),
      reads,
      writes: this.written().map(
        ({ project, branch, collection, firstLsn, lastLsn, inserts, updates, deletes }) => ({
          project,
          branch,
          collection,
          firstLsn,
          lastLsn,
          inserts,
          updates,
          deletes
        })
      ),
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
