/** Finds `uv`, the installer of the Python environment, or fetches it with pip. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { PIP_BIN, pipInstall } from './pip.mjs';
import { Trouble } from './trouble.mjs';

/** The version that is fetched; one that is on the machine may be any that is not older than OLDEST_UV. */
const UV_VERSION = '0.12.24';
/** Knows lock files with markers, and `uv venv --clear`. */
const OLDEST_UV = [0, 8, 0];

const fetched = join(PIP_BIN, process.platform === 'win32' ? 'uv.exe' : 'uv');

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

/** Where uv is, without fetching it: the fetched one first, whose path is good wherever the PATH leads. */
export function findUv() {
  return [process.env.ARGON_UV, fetched, 'uv'].find(command => command && isUsable(command));
}

/**
 * Where uv is; fetched by pip into an environment of its own when the machine has none.
 * @param {import('./python.mjs').Python} python
 */
export async function ensureUv(python) {
  const found = findUv();
  if (found) {
    return found;
  }
  await pipInstall(python, `uv==${UV_VERSION}`, 'fetching the installer of the Python packages (uv)');
  if (!isUsable(fetched)) {
    throw new Trouble(
      'The installer of the Python packages (uv) was fetched but does not run here. Install it yourself (`pip install uv`) and try again.'
    );
  }
  return fetched;
}
