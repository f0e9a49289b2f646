import {
  isArgonError,
  type Change,
  type CollectionInfo,
  type Engine,
  type Image,
  type Lsn,
  type Snapshot
} from '@argon/wal-core';
import type { CellExecution, CellRead } from './activity';
import type { SessionWrite } from './directory';
import { changesOf } from './fate';

/** Changes looked through at a time for the first one that matters to a cell. */
const CHANGES_STEP = 1_000;
/** The same with the images before and after each. */
const IMAGES_STEP = 100;

/** Errors that say that what was read is not there as it was. */
const GONE: ReadonlySet<string> = new Set([
  'BRANCH_NOT_FOUND',
  'COLLECTION_NOT_FOUND',
  'HISTORY_GONE',
  'PROJECT_NOT_FOUND',
  'REF_NOT_FOUND'
]);

/** A read of the head of a branch. */
type HeadRead = CellRead & Required<Pick<CellRead, 'branch' | 'head'>>;

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
 * it was. A collection whose digest is what it was is the same, whatever happened in between, and so is a document that
 * has its old image again. Where the filter of a read is known, only documents that it matches count, as they were
 * then or as they are now.
 */
export async function staleCells(
  engine: Engine,
  session: string,
  executions: readonly CellExecution[]
): Promise<StaleCell[]> {
  const stale: StaleCell[] = [];
  for (const execution of newestExecutions(executions)) {
    const reads: StaleRead[] = [];
    for (const group of headReads(execution)) {
      const found = await staleRead(engine, session, execution, group);
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
export async function rerunPlan(
  engine: Engine,
  session: string,
  executions: readonly CellExecution[],
  stale: readonly StaleCell[]
): Promise<PlannedCell[]> {
  const all = newestExecutions(executions);
  const isStale = new Set(stale.map(({ execution }) => execution));
  const chosen = new Set(isStale);
  const after = new Map<CellExecution, CellExecution[]>(all.map(execution => [execution, []]));
  // A set that grows while it is walked: what was added is walked too.
  for (const writer of chosen) {
    const feeds = feedsOf(engine, session, writer);
    for (const reader of all) {
      if (reader !== writer && (await feeds(reader))) {
        chosen.add(reader);
        after.get(reader)!.push(writer);
      }
    }
  }
  const waiting = all.filter(execution => chosen.has(execution));
  // As they ran, though they were found in another order.
  after.forEach(writers => writers.sort((a, b) => all.indexOf(a) - all.indexOf(b)));
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

/**
 * Tells whether a cell wrote what another one read: documents that a filter of it matches, before or after. A cell that
 * writes others when it is run again makes those stale that read them.
 */
function feedsOf(
  engine: Engine,
  session: string,
  writer: CellExecution
): (reader: CellExecution) => Promise<boolean> {
  const { cell, cellNumber } = writer;
  const known = new Map<SessionWrite, Promise<readonly Change[] | undefined>>();
  const wrote = (write: SessionWrite) => {
    const changes = known.get(write) ?? changesOf(engine, { session, cell, cellNumber }, write);
    known.set(write, changes);
    return changes;
  };
  return async reader => {
    const groups = headReads(reader);
    for (const write of writer.written()) {
      const reads = groups.flatMap(group =>
        group.filter(
          read =>
            read.project === write.project &&
            read.branch === write.branch &&
            read.collection === write.collection
        )
      );
      if (reads.length === 0) {
        continue;
      }
      if (reads.some(({ filters }) => filters.isWhole)) {
        return true;
      }
      const changes = await wrote(write);
      const matches = reads.map(({ filters }) => filters.compile());
      const isRead = ({ before, after }: Change) => matches.some(match => match(before) || match(after));
      if (changes === undefined || changes.some(isRead)) {
        return true;
      }
    }
    return false;
  };
}

/** What a cell read of the heads of branches: for each collection its states, the oldest first. */
function headReads(execution: CellExecution): HeadRead[][] {
  const groups = new Map<string, HeadRead[]>();
  for (const read of execution.readings()) {
    const { project, collection, base } = read;
    const { branch, head, lsn } = base ?? read;
    if (branch === undefined || head === undefined) {
      continue;
    }
    const key = JSON.stringify([project, branch, collection]);
    const group = groups.get(key) ?? [];
    group.push({ ...read, branch, head, lsn });
    groups.set(key, group);
  }
  return [...groups.values()].map(group => group.sort((a, b) => a.lsn - b.lsn));
}

async function staleRead(
  engine: Engine,
  session: string,
  execution: CellExecution,
  group: readonly HeadRead[]
): Promise<StaleRead | undefined> {
  const read = group[0]!;
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
    const concerns = concernOf(engine, group, now, after);
    const images = group.some(({ filters }) => !filters.isWhole);
    for (let known: Lsn | undefined = then.lsn; known !== undefined;) {
      const page: { changes: readonly Change[]; next?: Lsn } = await engine.collectionHistory(
        project,
        branch,
        collection,
        { after: known, limit: images ? IMAGES_STEP : CHANGES_STEP, images }
      );
      const changed = page.changes.find(change => !isOwn(change) && concerns(change));
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

/**
 * Whether a change matters to one of some reads of a collection that were made before it. The images on both sides of
 * it are tried first, because they come with it; then those of the state that was read and of now, which say whether
 * anything is left of it.
 */
function concernOf(
  engine: Engine,
  group: readonly HeadRead[],
  now: Snapshot,
  after: CollectionInfo
): (change: Change) => boolean {
  const reads = group.map(read => {
    const matches = read.filters.compile();
    const then = engine.snapshot(read.project, read.head, read.lsn);
    const before = then.collection(read.collection);
    const imageThen = (key: Change['key']): Image | undefined => before && then.get(before, key);
    return { lsn: read.lsn, matches, imageThen };
  });
  return change => {
    const image = now.get(after, change.key);
    return reads.some(({ lsn, matches, imageThen }) => {
      if (lsn >= change.lsn || !(matches(change.before) || matches(change.after))) {
        return false;
      }
      const old = imageThen(change.key);
      return !isSame(old, image) && (matches(old) || matches(image));
    });
  };
}

function isSame(a: Image | undefined, b: Image | undefined): boolean {
  return a === undefined || b === undefined ? a === b : a.equals(b);
}
