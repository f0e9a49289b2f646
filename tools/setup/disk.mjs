/** Whether there is room for what is about to be installed. */
import { statfsSync } from 'node:fs';
import { ROOT } from './checkout.mjs';
import { Trouble } from './trouble.mjs';

const GB = 1e9;
/** node_modules 0.9 GB, Python environment 1.2 GB, build products and data. */
export const FIRST_START_BYTES = 2.5 * GB;
/** Logs, data and build products of a start after the first. */
export const LATER_START_BYTES = 0.05 * GB;

/** The sentence when there is not enough room, or undefined. */
export function diskTrouble(freeBytes, neededBytes, folder) {
  if (freeBytes >= neededBytes) {
    return undefined;
  }
  const gb = bytes => (bytes / GB).toFixed(bytes < GB ? 2 : 1);
  return `There is not enough disk space: ${gb(freeBytes)} GB are free at ${folder}, and about ${gb(neededBytes)} GB are needed. Free some space and try again; it goes on where it stopped.`;
}

/** @throws {Trouble} when the disk of the folder is too full */
export function requireSpace(neededBytes, folder = ROOT) {
  const { bavail, blocks, bsize } = statfsSync(folder);
  // A file system without blocks, as /proc, has nothing to be full of.
  const sentence = blocks > 0 ? diskTrouble(bavail * bsize, neededBytes, folder) : undefined;
  if (sentence) {
    throw new Trouble(sentence);
  }
}
