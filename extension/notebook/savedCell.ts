import type { PartialJSONObject } from '@lumino/coreutils';
import type { CellActivity } from '../client/protocol';

/** Key in the metadata of a cell under which what it did is kept. */
export const SAVED_KEY = 'argon';

/** Version of what stands there; another one is not read. */
const VERSION = 1;

/** Reads, writes and runs that are kept, of each; of more, only how many. */
const ENTRIES_MAX = 100;

/** Characters of one name. A collection may have 255 bytes, with its project and branch. */
const NAME_MAX = 1_024;

/** What a cell did, without the times: the same again is the same text, so that a notebook run again has no change. */
export type CellDeeds = Pick<CellActivity, 'cell' | 'cellNumber' | 'reads' | 'writes' | 'runs'>;

/** What was read from the metadata of a cell. */
export interface ISavedCell {
  readonly activity: CellDeeds;
  /** Reads, writes and runs that were not kept, because there were too many. */
  readonly more: number;
}

type CellRead = CellActivity['reads'][number];
type CellWrite = CellActivity['writes'][number];

/**
 * What is kept of a cell, as JSON: always the same for the same deeds. What became of its writes since is left out:
 * that changes without the cell.
 *
 * @returns undefined when the cell did nothing to data, or something that could not be read again.
 */
export function savedOf(activity: CellDeeds): PartialJSONObject | undefined {
  const { cellNumber, reads, writes, runs } = activity;
  const lists = ifItFits(() => ({
    reads: reads.map(readOf),
    writes: writes.map(writeOf),
    runs: runs.map(name)
  }));
  if (lists === undefined) {
    return undefined;
  }
  const more = Object.values(lists).reduce(
    (total, list) => total + Math.max(0, list.length - ENTRIES_MAX),
    0
  );
  const kept = Object.entries(lists).flatMap(([name, list]) =>
    list.length === 0 ? [] : [[name, list.slice(0, ENTRIES_MAX)] as const]
  );
  return kept.length === 0
    ? undefined
    : {
        version: VERSION,
        ...(cellNumber === undefined ? {} : { cellNumber }),
        ...Object.fromEntries(kept),
        ...(more === 0 ? {} : { more })
      };
}

/**
 * What was kept of a cell.
 *
 * @param value what stands in its metadata: anything, since a notebook may come from a stranger
 * @returns undefined when it is not of the shape that `savedOf` gives it: then nothing of it is shown.
 */
export function readSaved(value: unknown, cell: string): ISavedCell | undefined {
  return ifItFits(() => {
    const saved = record(value);
    if (saved['version'] !== VERSION) {
      return undefined;
    }
    const number = saved['cellNumber'];
    const activity = {
      cell,
      ...(number === undefined ? {} : { cellNumber: whole(number) }),
      reads: list(saved['reads']).map(readOf),
      writes: list(saved['writes']).map(writeOf),
      runs: list(saved['runs']).map(name)
    };
    const { reads, writes, runs } = activity;
    const isEmpty = reads.length + writes.length + runs.length === 0;
    return isEmpty ? undefined : { activity, more: saved['more'] === undefined ? 0 : whole(saved['more']) };
  });
}

/** What `make` gives; undefined where a value is of another shape than what is kept. */
function ifItFits<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}

/**
 * Whether facts of one execution are about what a cell shows now.
 *
 * @param shown the number beside the cell; null while it runs, and after its output was cleared
 */
export function isOfExecution(activity: CellDeeds, shown: number | null): boolean {
  return shown !== null && (activity.cellNumber === undefined || activity.cellNumber === shown);
}

/** A read with what is kept of it, in this order. @throws TypeError when it is no read */
function readOf(value: unknown): CellRead {
  const { project, ref, branch, lsn, collection, documents, base, digest } = record(value);
  const from = base === undefined ? undefined : record(base);
  return {
    ...(project === undefined ? {} : { project: name(project) }),
    ref: name(ref),
    ...(branch === undefined ? {} : { branch: name(branch) }),
    lsn: whole(lsn),
    collection: name(collection),
    documents: whole(documents),
    ...(from === undefined ? {} : { base: { branch: name(from['branch']), lsn: whole(from['lsn']) } }),
    digest: name(digest)
  };
}

/** A write with what is kept of it, in this order. @throws TypeError when it is no write */
function writeOf(value: unknown): CellWrite {
  const { project, branch, firstLsn, lastLsn, collection, inserts, updates, deletes } = record(value);
  return {
    ...(project === undefined ? {} : { project: name(project) }),
    branch: name(branch),
    firstLsn: whole(firstLsn),
    lastLsn: whole(lastLsn),
    collection: name(collection),
    inserts: whole(inserts),
    updates: whole(updates),
    deletes: whole(deletes)
  };
}

/** @throws TypeError, as those below do, when the value is of another shape */
function record(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TypeError('no object');
  }
  return value as Record<string, unknown>;
}

function list(value: unknown): readonly unknown[] {
  if (value === undefined) {
    return [];
  }
  if (!Array.isArray(value) || value.length > ENTRIES_MAX) {
    throw new TypeError('no list, or too long');
  }
  return value;
}

function name(value: unknown): string {
  if (typeof value !== 'string' || value.length > NAME_MAX) {
    throw new TypeError('no name, or too long');
  }
  return value;
}

function whole(value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) {
    throw new TypeError('no whole number');
  }
  return value as number;
}
