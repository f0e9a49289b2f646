import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync
} from 'node:fs';
import { join } from 'node:path';
import { STATE_CHECK_BYTES_MAX } from '../../limits';
import { checkFormat } from '../format';
import { isDamaged } from './damage';
import { DATA_FILE, LmdbStore } from './store';

/** Folder of the state in a data directory, of one that is being replaced, and of one that is not finished. */
const STATE = 'state';
const SET_ASIDE = 'state.old';
const UNFINISHED = 'state.new';
/** In the folder of a state: it is to be copied without its free pages at the next start. */
const COMPACT = 'compact';

/**
 * Opens the state of a data directory. One of an older format, or in which damage was met or is found now, is set aside,
 * and a new one begun: replaying the log fills it. Until `dropOldState` says that this is done, what was set aside stays:
 * should the log be damaged too, it is the only other copy. Of a file of more than `sumsBytesMax` bytes only the branches
 * of the trees are checked here; `LmdbStore.damage` checks the rest.
 * @throws FORMAT_TOO_NEW, DATA_CORRUPT
 */
export async function openState(directory: string, sumsBytesMax = STATE_CHECK_BYTES_MAX): Promise<LmdbStore> {
  const folder = join(directory, STATE);
  const aside = join(directory, SET_ASIDE);
  if (!existsSync(folder) && existsSync(aside)) {
    // It was cut short between the two renames.
    renameSync(aside, folder);
  }
  const damage = isDamaged(folder) ? 'Damage was met in it.' : LmdbStore.damageOf(folder, sumsBytesMax);
  if (damage === undefined) {
    const store = LmdbStore.open(folder);
    let isOfUse = false;
    try {
      isOfUse = checkFormat(store);
    } finally {
      if (!isOfUse) {
        await store.close();
      }
    }
    if (isOfUse) {
      return existsSync(join(folder, COMPACT)) ? compacted(directory, store) : store;
    }
  } else {
    process.emitWarning(`The state is damaged, and is made anew from the log. ${damage}`, 'ArgonDamage');
  }
  if (existsSync(aside)) {
    // The one in use was being filled in its place.
    rmSync(folder, { recursive: true, force: true });
  } else {
    renameSync(folder, aside);
  }
  const fresh = LmdbStore.open(folder);
  checkFormat(fresh);
  return fresh;
}

/** Gives back what a state that is whole now has replaced. */
export function dropOldState(directory: string): void {
  rmSync(join(directory, SET_ASIDE), { recursive: true, force: true });
}

/** Has the state of a data directory copied without its free pages when it is opened next. */
export function compactAtStart(directory: string): void {
  writeFileSync(join(directory, STATE, COMPACT), '');
}

/**
 * Puts a copy without free pages in the place of a state that nobody else uses yet. LMDB gives no page back to the file
 * system by itself. Whenever this is cut short, one of the two is whole; when there is no room for the copy, the state
 * stays as it is.
 */
async function compacted(directory: string, store: LmdbStore): Promise<LmdbStore> {
  const folder = join(directory, STATE);
  const copy = join(directory, UNFINISHED);
  rmSync(copy, { recursive: true, force: true });
  try {
    mkdirSync(copy, { mode: 0o700 });
    await store.copyTo(copy);
    flush(join(copy, DATA_FILE));
    flush(copy);
  } catch (error) {
    process.emitWarning(`The state was not compacted: ${String(error)}`);
    rmSync(copy, { recursive: true, force: true });
    rmSync(join(folder, COMPACT), { force: true });
    return store;
  }
  await store.close();
  dropOldState(directory);
  renameSync(folder, join(directory, SET_ASIDE));
  renameSync(copy, folder);
  flush(directory);
  return LmdbStore.open(folder);
}

function flush(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
