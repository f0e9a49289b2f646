import type { ArgonClient } from '../client/client';
import type { Entry, Methods } from '../client/protocol';

/** Entries of the log that are read at once to find the next step, and how often. */
const STEP_ENTRIES = 500;
const STEP_PAGES_MAX = 40;

/** Where one stands, and the collection that is walked through. */
export interface IStepFrom {
  readonly project: string;
  readonly branch: string;
  readonly lsn: number;
  readonly collection: string;
}

/** The LSN before the newest entry up to where one stands that changed the collection. */
export async function lsnBefore(client: ArgonClient, from: IStepFrom): Promise<number | undefined> {
  const { project, branch, lsn, collection } = from;
  for await (const entry of entries(client, project, `${branch}@${lsn}`)) {
    if (entry.lastLsn <= lsn && touches(entry, collection)) {
      return entry.firstLsn - 1;
    }
  }
  return undefined;
}

/** The LSN at the end of the oldest entry behind where one stands that changes the collection. */
export async function lsnBehind(client: ArgonClient, from: IStepFrom): Promise<number | undefined> {
  const { project, branch, lsn, collection } = from;
  let found: number | undefined;
  for await (const entry of entries(client, project, branch)) {
    if (entry.lastLsn <= lsn) {
      break;
    }
    if (touches(entry, collection)) {
      found = entry.lastLsn;
    }
  }
  return found;
}

/** Entries of a ref, newest first: as many as one step looks through. */
async function* entries(client: ArgonClient, project: string, ref: string): AsyncGenerator<Entry> {
  let before: number | undefined;
  for (let page = 0; page < STEP_PAGES_MAX; page++) {
    const found: Methods['log']['result'] = await client.call('log', {
      project,
      ref,
      limit: STEP_ENTRIES,
      ...(before === undefined ? {} : { before })
    });
    yield* found.entries;
    before = found.next;
    if (before === undefined) {
      return;
    }
  }
}

function touches({ collections, catalog }: Entry, collection: string): boolean {
  return collections.includes(collection) || catalog.some(change => change.collection === collection);
}
