import type { CellActivity, Lsn } from '../client/protocol';
import { placeOf } from './activity';
import type { CellDeeds } from './savedCell';

type CellRead = CellActivity['reads'][number];
type CellWrite = CellActivity['writes'][number];

/** One state that a cell read, with the documents that it read of each collection. */
export interface IStateRead {
  /** The project, when it is not the one that the session works in. */
  readonly project: string | undefined;
  readonly branch: string | undefined;
  readonly lsn: Lsn;
  /** `clean-nulls@949`, as one copies it. */
  readonly place: string;
  /** Name of the sandbox that was read in place of this state, which it was made from. */
  readonly sandbox: string | undefined;
  readonly collections: readonly { readonly name: string; readonly documents: number }[];
}

/** What a cell wrote on one branch, by collection. */
export interface IBranchWritten {
  readonly project: string | undefined;
  readonly branch: string;
  readonly firstLsn: Lsn;
  readonly lastLsn: Lsn;
  readonly collections: readonly CellWrite[];
  /** The LSNs of what was neither undone nor is gone; undefined when nothing of it stands. */
  readonly standing: { readonly firstLsn: Lsn; readonly lastLsn: Lsn } | undefined;
  /** What became of all of it; `partly` when only some of it stands. */
  readonly fate: 'stands' | 'undone' | 'gone' | 'partly';
}

/** What the pop-up of a cell tells, in the order that it tells it. Pure. */
export interface ICellFacts {
  readonly reads: readonly IStateRead[];
  readonly writes: readonly IBranchWritten[];
  readonly runs: readonly string[];
}

/** Sorts what a cell did: reads by state, writes by branch, what stands first. `home` is the session's project. */
export function cellFacts(activity: CellDeeds, home: string | undefined): ICellFacts {
  const elsewhere = (project: string | undefined) => (project === home ? undefined : project);
  const states = groupBy(activity.reads, read => {
    const { branch, lsn } = placeOf(read);
    return JSON.stringify([
      read.project,
      branch ?? read.ref,
      lsn,
      read.base === undefined ? '' : read.branch
    ]);
  });
  const reads = states.map((group): IStateRead => {
    const [read] = group;
    const { branch, lsn } = placeOf(read);
    return {
      project: elsewhere(read.project),
      branch,
      lsn,
      place: branch === undefined ? read.ref : `${branch}@${lsn}`,
      sandbox: read.base === undefined ? undefined : read.branch,
      collections: documentsRead(group)
    };
  });
  const writes = groupBy(activity.writes, write => JSON.stringify([write.project, write.branch]))
    .map(group => written(group, elsewhere(group[0].project)))
    .sort((one, other) => Number(one.standing === undefined) - Number(other.standing === undefined));
  return { reads, writes, runs: activity.runs };
}

/** A cell may read a collection again and again: the documents add up. */
function documentsRead(reads: readonly CellRead[]): IStateRead['collections'] {
  return groupBy(reads, read => read.collection).map(group => ({
    name: group[0].collection,
    documents: group.reduce((total, read) => total + read.documents, 0)
  }));
}

function written(group: Group<CellWrite>, project: string | undefined): IBranchWritten {
  const stands = group.filter(write => write.fate === undefined);
  const fates = new Set(group.map(write => write.fate ?? 'stands'));
  return {
    project,
    branch: group[0].branch,
    ...range(group),
    collections: group,
    standing: stands.length === 0 ? undefined : range(stands),
    fate: fates.size === 1 ? (group[0].fate ?? 'stands') : stands.length > 0 ? 'partly' : 'gone'
  };
}

function range(writes: readonly CellWrite[]): { readonly firstLsn: Lsn; readonly lastLsn: Lsn } {
  return {
    firstLsn: Math.min(...writes.map(write => write.firstLsn)),
    lastLsn: Math.max(...writes.map(write => write.lastLsn))
  };
}

type Group<T> = readonly [T, ...T[]];

/** Items by a key, each group where its first item was. */
function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Group<T>[] {
  const groups = new Map<string, [T, ...T[]]>();
  for (const item of items) {
    const key = keyOf(item);
    const known = groups.get(key);
    if (known === undefined) {
      groups.set(key, [item]);
    } else {
      known.push(item);
    }
  }
  return [...groups.values()];
}
