/** The data directory of the playground, made and found to have room. */
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { LATER_START_BYTES, requireSpace } from '../setup/disk.mjs';
import { Trouble } from '../setup/trouble.mjs';

/** Like `mkdir -p`, for our eyes only. Node's own never returns below a folder that takes no entries, as /proc. */
function make(folder) {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if (error.code === 'ENOENT' && dirname(folder) !== folder) {
      make(dirname(folder));
      mkdirSync(folder, { mode: 0o700 });
    } else if (error.code !== 'EEXIST' || !statSync(folder).isDirectory()) {
      throw error;
    }
  }
}

/** @throws {Trouble} when the folder cannot be made, or its disk is full */
export function prepareData(folder) {
  try {
    make(folder);
  } catch (error) {
    throw new Trouble(
      `The data directory ${folder} cannot be made (${error.message}). Name another one with --data and try again.`
    );
  }
  requireSpace(LATER_START_BYTES, folder);
}

/**
 * A fresh temporary data directory, gone when this process ends in whatever way, unless it is to be kept.
 * @returns {{ folder: string, keep: () => void }}
 * @throws {Trouble} when there is no place for one
 */
export function temporaryData() {
  let folder;
  try {
    folder = mkdtempSync(join(tmpdir(), 'argon-'));
  } catch (error) {
    throw new Trouble(
      `There is no place for temporary files (${error.message}). Set TMPDIR to a folder that you can write, or name a data directory with --data, and try again.`
    );
  }
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  return { folder, keep: () => process.removeListener('exit', remove) };
}
