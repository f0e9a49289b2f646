/** A Python that has pip, for fetching single tools; the machine's own may come without. */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE, ROOT } from './checkout.mjs';
import { run } from './child.mjs';
import { Trouble, explain } from './trouble.mjs';

const windows = process.platform === 'win32';

/** Where the small environment is. */
export const PIP_HOME = join(CACHE, 'pip');
/** Folder of its programs. */
export const PIP_BIN = join(PIP_HOME, windows ? 'Scripts' : 'bin');

const log = join(CACHE, 'logs', 'pip.log');
const own = join(PIP_BIN, windows ? 'python.exe' : 'python');
const hasPip = python => spawnSync(python, ['-m', 'pip', '--version'], { timeout: 60_000 }).status === 0;

/**
 * The path of a Python with pip: a small environment of our own, so that nothing is installed into the machine's.
 * @param {import('./python.mjs').Python} python
 */
export async function ensurePip(python) {
  if (hasPip(own)) {
    return own;
  }
  // A half-made one from an interrupted try is not worth mending.
  rmSync(PIP_HOME, { recursive: true, force: true });
  const { code, output } = await run(python.path, ['-m', 'venv', PIP_HOME], { log });
  if (code !== 0) {
    const doing = 'making a small Python environment for pip';
    throw new Trouble(
      explain(output, { doing, folder: ROOT, isLocal: true }) ??
        `The Python at ${python.path} cannot make environments: \`python -m venv\` failed. On Debian and Ubuntu \`apt install python3-venv\` helps; then try again.`,
      { log }
    );
  }
  return own;
}

/** Installs one package with pip. @throws {Trouble} */
export async function pipInstall(python, requirement, doing) {
  const pip = await ensurePip(python);
  const args = [
    '-m',
    'pip',
    'install',
    '--disable-pip-version-check',
    '--quiet',
    '--retries',
    '2',
    requirement
  ];
  const { code, output } = await run(pip, args, { log });
  if (code !== 0) {
    throw new Trouble(
      explain(output, { doing, folder: ROOT }) ??
        `pip could not install ${requirement}: it failed with code ${code}.`,
      { log }
    );
  }
}
