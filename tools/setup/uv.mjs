/** Finds `uv`, the installer of the Python environment, or fetches it with pip. */
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE, ROOT } from './checkout.mjs';
import { run } from './child.mjs';
import { Trouble, explain } from './trouble.mjs';

/** The version that is fetched; one that is on the machine may be any that is not older than OLDEST_UV. */
const UV_VERSION = '0.12.24';
/** Reads universal lock files with markers and hashes, and knows `uv venv --clear`. */
const OLDEST_UV = [0, 8, 0];

const windows = process.platform === 'win32';
const home = join(CACHE, 'uv');
const fetched = join(home, windows ? 'Scripts' : 'bin', windows ? 'uv.exe' : 'uv');

/** Whether this is a uv that will do. */
export function isUsable(command) {
  const answer = spawnSync(command, ['--version'], { encoding: 'utf8', timeout: 20_000 });
  const match = /^uv (\d+)\.(\d+)\.(\d+)/.exec(answer.stdout ?? '');
  if (answer.status !== 0 || match === null) {
    return false;
  }
  const have = match.slice(1).map(Number);
  const differs = OLDEST_UV.findIndex((need, i) => have[i] !== need);
  return differs === -1 || have[differs] > OLDEST_UV[differs];
}

/** Where uv is, without fetching it. */
export function findUv() {
  return [process.env.ARGON_UV, 'uv', fetched].find(command => command && isUsable(command));
}

/**
 * Where uv is; fetched into `.cache/uv` by pip when the machine has none.
 * @param {import('./python.mjs').Python} python
 */
export async function ensureUv(python) {
  const found = findUv();
  if (found) {
    return found;
  }
  const doing = 'fetching the installer of the Python packages (uv)';
  const log = join(CACHE, 'logs', 'uv.log');
  const step = async (command, args) => {
    const { code, output } = await run(command, args, { log });
    if (code !== 0) {
      throw new Trouble(
        explain(output, { doing, folder: ROOT }) ??
          `The installer of the Python packages (uv) could not be fetched by pip. Install it yourself (\`pip install uv\`) and try again.`,
        { log }
      );
    }
  };
  // A half-made one from an interrupted try is not worth mending.
  if (existsSync(home)) {
    rmSync(home, { recursive: true, force: true });
  }
  await step(python.path, ['-m', 'venv', home]);
  const pip = join(home, windows ? 'Scripts' : 'bin', windows ? 'python.exe' : 'python');
  await step(pip, [
    '-m',
    'pip',
    'install',
    '--disable-pip-version-check',
    '--quiet',
    '--retries',
    '2',
    `uv==${UV_VERSION}`
  ]);
  if (!isUsable(fetched)) {
    throw new Trouble(
      'The installer of the Python packages (uv) was fetched but does not run here. Install it yourself (`pip install uv`) and try again.',
      { log }
    );
  }
  return fetched;
}
