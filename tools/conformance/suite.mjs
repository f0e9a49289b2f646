/**
 * PyMongo's own tests, as its source distribution carries them, with an environment of their own: fetched once
 * into `.cache/`, run unchanged.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE, ROOT } from '../setup/checkout.mjs';
import { run } from '../setup/child.mjs';
import { ensurePip } from '../setup/pip.mjs';
import { findPython } from '../setup/python.mjs';
import { Trouble, explain } from '../setup/trouble.mjs';
import { ensureUv } from '../setup/uv.mjs';

export const PYMONGO = '4.20.0';
const SDIST_SHA256 = 'f773b0aec28687587cdeda490463a82debc4566a4a3620dcc8dada9d2c0a1acd';
/** The oldest Python that this PyMongo runs on. */
const PYTHON_MINOR_MIN = 11;
/** What its tests are run with. pytest-timeout ends a test that hangs. */
const PACKAGES = [
  `pymongo==${PYMONGO}`,
  'pytest==9.1.1',
  'pytest-asyncio==1.3.0',
  'pytest-timeout==2.4.0',
  'requests==2.34.2',
  'python-snappy==0.7.3',
  'zstandard==0.25.0'
];

/** Where suite, environment and remembered outcomes are. */
export const HOME = join(CACHE, `pymongo-${PYMONGO}`);

/**
 * @typedef {{ folder: string, python: string }} Suite
 * `folder`: the unpacked source distribution; `python`: the interpreter that has what the tests need
 */

/** The suite; fetches it on the first call. @returns {Promise<Suite>} @throws {Trouble} */
export async function ensureSuite() {
  const folder = join(HOME, `pymongo-${PYMONGO}`);
  const python = join(HOME, 'venv', 'bin', 'python');
  if (existsSync(folder) && existsSync(python)) {
    return { folder, python };
  }
  const machine = findPython();
  if (machine.version[0] === 3 && machine.version[1] < PYTHON_MINOR_MIN) {
    throw new Trouble(
      `The tests of PyMongo ${PYMONGO} need Python 3.${PYTHON_MINOR_MIN} or newer, and ${machine.path} is Python ${machine.version.join('.')}. Name a newer one in ARGON_PYTHON and try again.`
    );
  }
  mkdirSync(CACHE, { recursive: true });
  // Whoever finishes first moves a whole folder into place; two at once do no harm.
  const work = mkdtempSync(join(CACHE, 'pymongo-'));
  try {
    await fetchSource(await ensurePip(machine), work);
    const uv = await ensureUv(machine);
    await step(uv, ['venv', '--quiet', '--relocatable', '--python', machine.path, join(work, 'venv')]);
    await step(uv, [
      'pip',
      'install',
      '--quiet',
      '--python',
      join(work, 'venv', 'bin', 'python'),
      ...PACKAGES
    ]);
    rmSync(HOME, { recursive: true, force: true });
    try {
      renameSync(work, HOME);
    } catch (error) {
      if (!existsSync(folder)) {
        throw error;
      }
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return { folder, python };
}

async function fetchSource(pip, work) {
  const args = ['--quiet', '--no-deps', '--no-binary', 'pymongo', '--disable-pip-version-check', '-d', work];
  await step(pip, ['-m', 'pip', 'download', ...args, `pymongo==${PYMONGO}`]);
  const archive = join(
    work,
    readdirSync(work).find(name => name.endsWith('.tar.gz'))
  );
  const sha256 = createHash('sha256').update(readFileSync(archive)).digest('hex');
  if (sha256 !== SDIST_SHA256) {
    throw new Trouble(`PyMongo's source distribution has SHA-256 ${sha256}, expected ${SDIST_SHA256}.`);
  }
  await step(pip, [
    '-c',
    'import sys, tarfile; tarfile.open(sys.argv[1]).extractall(sys.argv[2], filter="data")',
    archive,
    work
  ]);
  rmSync(archive);
  // The environment carries the package with its compiled parts; the sources beside the tests would hide it.
  for (const name of ['pymongo', 'bson', 'gridfs']) {
    rmSync(join(work, `pymongo-${PYMONGO}`, name), { recursive: true });
  }
}

async function step(command, args) {
  const log = join(CACHE, 'logs', 'conformance.log');
  const doing = `fetching PyMongo's tests`;
  const { code, output } = await run(command, args, { log });
  if (code !== 0) {
    throw new Trouble(explain(output, { doing, folder: ROOT }) ?? `Stopped while ${doing}.\n${output}`, {
      log
    });
  }
}
