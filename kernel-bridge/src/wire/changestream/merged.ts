import type { Change, CommitTime, Engine, Lsn } from '@argon/wal-core';
import type { WatchedBranch } from './scope';

/** One change with the branch it was made on. */
export interface Told {
  readonly change: Change;
  readonly watched: WatchedBranch;
}

/** Changes of one branch up to an LSN. */
interface Source {
  readonly watched: WatchedBranch;
  readonly iterator: AsyncGenerator<Change, boolean>;
  next: Change | undefined;
}

/** Changes behind `after` and up to `now`, of all branches, in the order of their commits. Returns whether that was all. */
export async function* mergedChanges(
  engine: Engine,
  branches: readonly WatchedBranch[],
  after: (watched: WatchedBranch) => Lsn,
  now: CommitTime,
  signal: AbortSignal
): AsyncGenerator<Told, boolean> {
  const sources: Source[] = [];
  let isComplete = true;
  const advance = async (source: Source): Promise<void> => {
    const result = await source.iterator.next();
    source.next = result.done === true ? undefined : result.value;
    isComplete &&= result.done !== true || result.value;
  };
  for (const watched of branches) {
    const from = after(watched);
    const upTo = engine.lsnAt(watched.project, now);
    if (from < upTo) {
      const source: Source = {
        watched,
        iterator: changesOf(engine, watched, from, upTo, signal),
        next: undefined
      };
      await advance(source);
      sources.push(source);
    }
  }
  try {
    for (;;) {
      const first = earliest(sources);
      if (first === undefined) {
        return isComplete;
      }
      yield { change: first.next!, watched: first.watched };
      await advance(first);
    }
  } finally {
    await Promise.all(sources.map(({ iterator }) => iterator.return(false)));
  }
}

/** Changes of one branch in `(after, upTo]`. Returns whether they reach `upTo`. */
async function* changesOf(
  engine: Engine,
  { project, branch }: WatchedBranch,
  after: Lsn,
  upTo: Lsn,
  signal: AbortSignal
): AsyncGenerator<Change, boolean> {
  const feed = engine.feed(project, { after, branch: branch.name, live: false, signal });
  let told = after;
  for await (const batch of feed) {
    for (const change of batch.changes) {
      if (change.lsn > upTo) {
        return true;
      }
      yield change;
    }
    told = batch.upTo;
  }
  return told >= upTo;
}

function earliest(sources: readonly Source[]): Source | undefined {
  let first: Source | undefined;
  for (const source of sources) {
    if (source.next !== undefined && (first === undefined || isBefore(source, first))) {
      first = source;
    }
  }
  return first;
}

function isBefore(a: Source, b: Source): boolean {
  const [left, right] = [a.next!.commitTime, b.next!.commitTime];
  return left < right || (left === right && a.watched.projectId < b.watched.projectId);
}
