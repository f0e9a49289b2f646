/**
 * A copy of the engine into which one bug is put: sources, and what they compile to. The product has
 * no switch for any bug; the copy is all there ever is of it.
 */
import { buildSync, transformSync } from 'esbuild';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from 'node:fs';
import { join } from 'node:path';
import { at } from '../setup/checkout.mjs';

const SOURCES = at('wal-core', 'src');
const GOLDEN = join('laws', 'golden');

/**
 * @typedef {object} Bug
 * @property {string} name
 * @property {number} law the law that it breaks
 * @property {string} what the bug in words
 * @property {string} file path below wal-core/src
 * @property {string} text found exactly once in the file
 * @property {string} replacement
 * @property {readonly string[]} tests names of specs in wal-core/src/laws that may catch it, quickest first
 */

/**
 * The source with the bug in it.
 * @param {string} source
 * @param {Pick<Bug, 'name' | 'file' | 'text' | 'replacement'>} bug
 * @throws when the text is not there exactly once, or the replacement changes nothing
 */
export function withBug(source, { name, file, text, replacement }) {
  const count = source.split(text).length - 1;
  if (count !== 1) {
    throw new Error(
      `${name}: the text is ${count === 0 ? 'not' : `${count} times`} in ${file}. ` +
        'The code has changed: say in tools/seeded-bugs/bugs.mjs where the bug lies now.'
    );
  }
  if (text === replacement) {
    throw new Error(`${name}: the replacement is the text itself.`);
  }
  // A function, so that no character of the replacement means anything else.
  return source.replace(text, () => replacement);
}

/** Whether the bug still has its place, and the file with it still compiles. @throws */
export function checkBug(bug) {
  const source = readFileSync(join(SOURCES, bug.file), 'utf8');
  transformSync(withBug(source, bug), { loader: 'ts' });
  for (const name of bug.tests) {
    if (!existsSync(join(SOURCES, 'laws', `${name}.spec.ts`))) {
      throw new Error(`${bug.name}: there is no spec ${name} in wal-core/src/laws.`);
    }
  }
}

/** The copy. `seed` puts one bug into it, `restore` takes it out. */
export class Tree {
  constructor() {
    this.folder = at('.cache', 'seeded-bugs', String(process.pid));
    rmSync(this.folder, { recursive: true, force: true });
    mkdirSync(this.folder, { recursive: true });
    cpSync(SOURCES, join(this.folder, 'src'), { recursive: true });
    symlinkSync(at('wal-core', 'node_modules'), join(this.folder, 'node_modules'));
    const files = readdirSync(join(this.folder, 'src'), { recursive: true })
      .map(String)
      .filter(file => file.endsWith('.ts') && !file.endsWith('.d.ts'));
    this.#compile(files);
    // Data that a test reads from beside itself.
    cpSync(join(SOURCES, GOLDEN), join(this.folder, 'dist', GOLDEN), {
      recursive: true,
      filter: path => !path.endsWith('.ts')
    });
  }

  #compile(files) {
    buildSync({
      entryPoints: files.map(file => join(this.folder, 'src', file)),
      outbase: join(this.folder, 'src'),
      outdir: join(this.folder, 'dist'),
      format: 'cjs',
      platform: 'node',
      target: 'node20',
      logLevel: 'error'
    });
  }

  /** @param {Bug} bug */
  seed(bug) {
    const path = join(this.folder, 'src', bug.file);
    writeFileSync(path, withBug(readFileSync(path, 'utf8'), bug));
    this.#compile([bug.file]);
  }

  /** @param {Bug} bug */
  restore(bug) {
    cpSync(join(SOURCES, bug.file), join(this.folder, 'src', bug.file));
    this.#compile([bug.file]);
  }

  remove() {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
