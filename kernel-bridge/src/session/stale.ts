import { isArgonError, type Change, type Engine, type Lsn } from '@argon/wal-core';
import type { SessionRead } from './directory';
import type { CellExecution } from './activity';

/** Changes looked through at a time for the first one that is not the cell's own. */
const CHANGES_STEP = 1_000;

/** Errors that say that what was read is not there as it was. */
const GONE: ReadonlySet<string> = new Set([
  'BRANCH_NOT_FOUND',
  'COLLECTION_NOT_FOUND',
  'HISTORY_GONE',
  'PROJECT_NOT_FOUND',
  'REF_NOT_FOUND'
]);

/** A read of the head of a branch. */
type HeadRead = SessionRead & Required<Pick<SessionRead, 'branch' | 'head'>>;

/** A collection that a cell read, and what became of it. */
export interface StaleRead {
  readonly read: HeadRead;
  /** The first change since that the cell did not make itself; undefined when it cannot be told any more. */
  readonly changed: Change | undefined;
}

export interface StaleCell {
  readonly execution: CellExecution;
  readonly reads: readonly StaleRead[];
}

/** A cell that is to be run again, behind those that write what it reads. */
export interface PlannedCell {
  readonly execution: CellExecution;
  readonly isStale: boolean;
  readonly after: readonly CellExecution[];
}

/** The newest execution of each cell, oldest first. */
export function newestExecutions(executions: readonly CellExecution[]): CellExecution[] {
  const newest = new Map<string, CellExecution>();
  for (const execution of executions) {
    newest.delete(execution.cell);
    newest.set(execution.cell, execution);
  }
  return [...newest.values()];
}

/**
 * Cells whose data has changed since they read it. Only reads of the head of a branch grow old: a past state is what
 * it was. A collection whose digest is what it was is the same, whatever happened in between.
 */
export async function staleCells(
  engine: Engine,
  session: string,
  executions: readonly CellExecution[]
): Promise<StaleCell[]> {
  const stale: StaleCell[] = [];
  for (const execution of newestExecutions(executions)) {
    const reads: StaleRead[] = [];
    for (const read of oldestReads(execution)) {
      const found = await staleRead(engine, session, execution, read);
      if (found !== undefined) {
        reads.push(found);
      }
    }
    if (reads.length > 0) {
      stale.push({ execution, reads });
    }
  }
  return stale;
}

/**
 * What to run again and in which order: the stale cells, and those that read what one of these wrote. A cell comes
 * behind all that write what it reads; where they need one another, and where nothing tells, in the order in which
 * they ran.
 */
export function rerunPlan(executions: readonly CellExecution[], stale: readonly StaleCell[]): PlannedCell[] {
  const all = newestExecutions(executions);
  const isStale = new Set(stale.map(({ execution }) => execution));
  const chosen = new Set(isStale);
  // A set that grows while it is walked: what was added is walked too.
  for (const writer of chosen) {
    all.filter(reader => reader !== writer && feeds(writer, reader)).forEach(reader => chosen.add(reader));
  }
  const waiting = all.filter(execution => chosen.has(execution));
  const needs = (reader: CellExecution) =>
    waiting.filter(writer => writer !== reader && feeds(writer, reader));
  const after = new Map(waiting.map(execution => [execution, needs(execution)]));
  const plan: PlannedCell[] = [];
  const done = new Set<CellExecution>();
  while (plan.length < waiting.length) {
    const left = waiting.filter(execution => !done.has(execution));
    const next = left.find(execution => after.get(execution)!.every(writer => done.has(writer))) ?? left[0]!;
    done.add(next);
    plan.push({ execution: next, isStale: isStale.has(next), after: after.get(next)! });
  }
  return plan;
}

/** Whether a cell wrote what another one read. */
function feeds(writer: CellExecution, reader: CellExecution): boolean {
  return writer
    .written()
    .some(write =>
      reader
        .readings()
        .some(
          read =>
            read.head !== undefined &&
            read.project === write.project &&
            read.branch === write.branch &&
            read.collection === write.collection
        )
    );
}

/** Of a collection that a cell read in several states of a branch, the oldest: what it built on first. */
function oldestReads(execution: CellExecution): HeadRead[] {
  const oldest = new Map<string, HeadRead>();
  for (const read of execution.readings()) {
    const { project, branch, head, collection } = read;
    if (branch === undefined || head === undefined) {
      continue;
    }
    const key = JSON.stringify([project, branch, collection]);
    const known = oldest.get(key);
    if (known === undefined || read.lsn < known.lsn) {
      oldest.set(key, { ...read, branch, head });
    }
  }
  return [...oldest.values()];
}

async function staleRead(
  engine: Engine,
  session: string,
  execution: CellExecution,
  read: HeadRead
): Promise<StaleRead | undefined> {
  const { project, branch, head, lsn, collection } = read;
  try {
    const [then, now] = [engine.snapshot(project, head, lsn), engine.resolve(project, branch)];
    const [before, after] = [then.collection(collection), now.collection(collection)];
    const digests = await Promise.all([
      before === undefined ? '' : then.digest(before),
      after === undefined ? '' : now.digest(after)
    ]);
    if (digests[0] === digests[1]) {
      return undefined;
    }
    if (after === undefined || then.timeline !== now.timeline) {
      return { read, changed: undefined };
    }
    const isOwn = ({ origin }: Change) =>
      origin.session === session &&
      origin.cell === execution.cell &&
      origin.cellNumber === execution.cellNumber;
    for (let known: Lsn | undefined = then.lsn; known !== undefined;) {
      const page: { changes: readonly Change[]; next?: Lsn } = await engine.collectionHistory(
        project,
        branch,
        collection,
        { after: known, limit: CHANGES_STEP, images: false }
      );
      const changed = page.changes.find(change => !isOwn(change));
      if (changed !== undefined) {
        return { read, changed };
      }
      known = page.next;
    }
    return undefined;
  } catch (error) {
    if (isArgonError(error) && GONE.has(error.code)) {
      // The branch, its project or its history is gone: what was read is not there as it was.
      return { read, changed: undefined };
    }
    throw error;
  }
}
