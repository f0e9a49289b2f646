/**
 * Remembers by content what was done: a step is done when the files it reads have the hash
 * they had when it last succeeded, and what it made is still there.
 */
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync
} from 'node:fs';
import { join, relative } from 'node:path';
import { CACHE, ROOT } from './checkout.mjs';

/** Folders that hold products, never sources. */
const PRODUCTS = new Set([
  'node_modules',
  'dist',
  'lib',
  '__pycache__',
  'labextension',
  'bridge',
  '.ipynb_checkpoints'
]);

/** All files under the given paths (files or folders), in a fixed order. */
export function filesUnder(paths, keep = () => true) {
  const found = [];
  const visit = path => {
    if (!existsSync(path)) {
      return;
    }
    if (!statSync(path).isDirectory()) {
      found.push(path);
      return;
    }
    for (const entry of readdirSync(path, { withFileTypes: true }).sort((a, b) =>
      a.name < b.name ? -1 : 1
    )) {
      const inner = join(path, entry.name);
      if (entry.isDirectory()) {
        if (!PRODUCTS.has(entry.name)) {
          visit(inner);
        }
      } else if (keep(inner)) {
        found.push(inner);
      }
    }
  };
  paths.forEach(visit);
  return found;
}

/** One hash over names and bytes of files, and over plain facts (versions, options). */
export function hashOf(files, facts = []) {
  const hash = createHash('sha256');
  for (const file of files) {
    const bytes = readFileSync(file);
    hash.update(`${relative(ROOT, file)}\0${bytes.length}\0`).update(bytes);
  }
  return hash.update(JSON.stringify(facts)).digest('hex');
}

const stampFile = (name, folder) => join(folder, 'stamps', name);

/** Whether the step was done with this hash and its products are still there. */
export function isDone(name, hash, products = [], folder = CACHE) {
  const file = stampFile(name, folder);
  return existsSync(file) && readFileSync(file, 'utf8') === hash && products.every(path => existsSync(path));
}

/** Forgets the step; called before it starts, so that an interrupted step is done again. */
export function forget(name, folder = CACHE) {
  rmSync(stampFile(name, folder), { force: true });
}

/** Remembers that the step is done. */
export function remember(name, hash, folder = CACHE) {
  mkdirSync(join(folder, 'stamps'), { recursive: true });
  const file = stampFile(name, folder);
  writeFileSync(`${file}.new`, hash);
  renameSync(`${file}.new`, file);
}
