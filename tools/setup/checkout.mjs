/** Where things are in a checkout. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder with the root package.json. */
export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Stamps, logs and fetched tools; can be deleted at any time. */
export const CACHE = join(ROOT, '.cache');

/** Data of the playground: Argon's data directory and MLflow's store. */
export const DATA = join(ROOT, '.argon');

/** The Python environment. */
export const VENV = join(ROOT, '.venv');

const windows = process.platform === 'win32';

/** Folder of the environment's programs. */
export const VENV_BIN = join(VENV, windows ? 'Scripts' : 'bin');

/** The environment's Python. */
export const VENV_PYTHON = join(VENV_BIN, windows ? 'python.exe' : 'python');

/** A path inside the checkout. */
export const at = (...parts) => join(ROOT, ...parts);

/** The entry of a package's program in node_modules, to be run with `process.execPath`. */
export const program = (...parts) => at('node_modules', ...parts);
