/** Takes away what earlier builds left behind: `tsc -b` never deletes, and an old `x.js` hides a new folder `x`. */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';

const OUTPUT = /\.(d\.ts|js)(\.map)?$/;

/**
 * Removes compiled files whose source is gone.
 * @param {string} sources the folder that is compiled
 * @param {string} outputs the folder it is compiled into
 * @returns {readonly string[]} what was removed, relative to `outputs`
 */
export function prune(sources, outputs) {
  if (!existsSync(outputs)) {
    return [];
  }
  const stale = readdirSync(outputs, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && OUTPUT.test(entry.name))
    .map(entry => relative(outputs, join(entry.parentPath, entry.name)))
    .filter(path => {
      const name = join(sources, path.replace(OUTPUT, ''));
      return ![`${name}.ts`, `${name}.tsx`].some(existsSync);
    });
  stale.forEach(path => rmSync(join(outputs, path)));
  return stale;
}
