/** The steps that make `.venv`: the locked packages, then this project in it. */
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CACHE, ROOT, VENV, VENV_BIN, VENV_PYTHON, at } from './checkout.mjs';
import { run } from './child.mjs';
import { LABEXTENSION } from './products.mjs';
import { findPython, inspect } from './python.mjs';
import { filesUnder, hashOf } from './stamps.mjs';
import { Trouble, explain } from './trouble.mjs';
import { ensureUv } from './uv.mjs';

const LOCK = at('requirements.lock');
/** Stands while packages are being installed: an environment left half made is made anew. */
const BUSY = join(CACHE, 'python-packages.busy');
const program = name => join(VENV_BIN, process.platform === 'win32' ? `${name}.exe` : name);

/** The environment of uv: pip's own way to name another index is understood too. */
function uvEnvironment() {
  const {
    VIRTUAL_ENV: _venv,
    CONDA_PREFIX: _conda,
    PYTHONHOME: _home,
    PYTHONPATH: _path,
    ...env
  } = process.env;
  if (env.PIP_INDEX_URL && !env.UV_INDEX_URL && !env.UV_DEFAULT_INDEX) {
    env.UV_DEFAULT_INDEX = env.PIP_INDEX_URL;
  }
  return { ...env, UV_NO_PROGRESS: '1', UV_HTTP_RETRIES: '2', VIRTUAL_ENV: VENV };
}

async function uv(args, log, doing) {
  const file = join(CACHE, 'logs', log);
  const command = await ensureUv(findPython());
  const { code, output } = await run(command, args, { log: file, env: uvEnvironment() });
  if (code !== 0) {
    const end = output.trimEnd().split('\n').slice(-8).join('\n');
    throw new Trouble(
      explain(output, { doing, folder: ROOT }) ??
        `Stopped while ${doing}: uv failed with code ${code}.\n${end}`,
      { log: file }
    );
  }
}

/** Whether the environment's Python still runs and is one we accept, and its programs run wherever it is moved. */
function isAlive() {
  const python = existsSync(VENV_PYTHON) ? inspect(VENV_PYTHON) : undefined;
  const settings = join(VENV, 'pyvenv.cfg');
  return (
    python !== undefined &&
    python.version[0] === 3 &&
    python.version[1] >= 10 &&
    existsSync(settings) &&
    /^relocatable = true$/m.test(readFileSync(settings, 'utf8'))
  );
}

async function installPackages() {
  const python = findPython();
  if (existsSync(BUSY) || !isAlive()) {
    await uv(
      // Relocatable: a checkout that is renamed or moved goes on without a network.
      ['venv', '--clear', '--quiet', '--relocatable', '--python', python.path, VENV],
      'venv.log',
      'making the Python environment'
    );
  }
  mkdirSync(dirname(BUSY), { recursive: true });
  writeFileSync(BUSY, '');
  await uv(
    ['pip', 'install', '--quiet', '--python', VENV_PYTHON, '--requirement', LOCK],
    'python-packages.log',
    'installing the Python packages'
  );
  rmSync(BUSY, { force: true });
  return 'installed';
}

/** @type {import('./steps.mjs').Step} */
export const pythonPackages = {
  name: 'python-packages',
  title: 'Python packages',
  hash: () => hashOf([LOCK], [process.platform, process.arch, 'relocatable']),
  products: [VENV_PYTHON, program('jupyter-lab'), program('mlflow')],
  run: installPackages
};

/** Replaces whatever is at `path` by a link to `target`. */
function link(target, path) {
  mkdirSync(dirname(path), { recursive: true });
  rmSync(path, { recursive: true, force: true });
  symlinkSync(target, path, process.platform === 'win32' ? 'junction' : 'dir');
}

/** Settings of this environment's JupyterLab: it asks nobody for news or updates. */
const LAB_OVERRIDES = {
  '@jupyterlab/apputils-extension:notification': { checkForUpdates: false, fetchNews: 'false' }
};

async function installProject() {
  const { packageName } = JSON.parse(readFileSync(at('install.json'), 'utf8'));
  const installed = join(VENV, 'share', 'jupyter', 'labextensions', packageName);
  // Before uv takes the last installation away: through the link it would take the build itself.
  rmSync(installed, { recursive: true, force: true });
  await uv(
    // The build backend comes from the lock: an isolated build would ask the network each time.
    [
      'pip',
      'install',
      '--quiet',
      '--python',
      VENV_PYTHON,
      '--no-deps',
      '--no-build-isolation',
      '--offline',
      '--reinstall-package',
      'jupyterlab-argon',
      '--editable',
      ROOT
    ],
    'python-project.log',
    'installing the Python package of this checkout'
  );
  // A link, so that a rebuilt labextension is what the page loads next.
  link(LABEXTENSION, installed);
  const settings = join(VENV, 'share', 'jupyter', 'lab', 'settings', 'overrides.json');
  mkdirSync(dirname(settings), { recursive: true });
  writeFileSync(settings, `${JSON.stringify(LAB_OVERRIDES, null, 2)}\n`);
  return 'installed';
}

/** @type {import('./steps.mjs').Step} */
export const pythonProject = {
  name: 'python-project',
  title: 'Python package argon',
  hash: () =>
    hashOf(
      filesUnder([
        at('pyproject.toml'),
        at('install.json'),
        at('jupyter-config'),
        at('kernel-bridge', 'python', 'hatch_build.py'),
        at('kernel-bridge', 'python', 'argon', 'version.py')
      ]),
      [pythonPackages.hash(), LAB_OVERRIDES]
    ),
  products: [
    join(VENV, 'etc', 'jupyter', 'jupyter_server_config.d', 'jupyterlab-argon.json'),
    // Through the link, once the labextension is built.
    join(VENV, 'share', 'jupyter', 'labextensions', 'jupyterlab-argon', 'package.json')
  ],
  run: installProject
};
