import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { checkFormat } from '../format';
import { isDamaged } from './damage';
import { LmdbStore } from './store';

/** Folder of the state in a data directory, and of one that is being replaced. */
const STATE = 'state';
const SET_ASIDE = 'state.old';

/**
 * Opens the state of a data directory. One of an older format, or in which damage was met, is set aside, and a new one
 * begun: replaying the log fills it. Until `dropOldState` says that this is done, what was set aside stays: should the
 * log be damaged too, it is the only other copy.
 * @throws FORMAT_TOO_NEW, DATA_CORRUPT
 */
export async function openState(directory: string): Promise<LmdbStore> {
  const folder = join(directory, STATE);
  const store = LmdbStore.open(folder);
  let isOfUse = false;
  try {
    isOfUse = checkFormat(store) && !isDamaged(folder);
  } finally {
    if (!isOfUse) {
      await store.close();
    }
  }
  if (isOfUse) {
    return store;
  }
  if (existsSync(join(directory, SET_ASIDE))) {
    // The one in use was being filled in its place.
    rmSync(folder, { recursive: true, force: true });
  } else {
    renameSync(folder, join(directory, SET_ASIDE));
  }
  const fresh = LmdbStore.open(folder);
  checkFormat(fresh);
  return fresh;
}

/** Gives back what a state that is whole now has replaced. */
export function dropOldState(directory: string): void {
  rmSync(join(directory, SET_ASIDE), { recursive: true, force: true });
}
