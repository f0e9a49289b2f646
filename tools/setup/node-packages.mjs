/** The step that installs node_modules from the lock file. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CACHE, ROOT, at } from './checkout.mjs';
import { run } from './child.mjs';
import { canReach } from './network.mjs';
import { hashOf } from './stamps.mjs';
import { DISK_FULL, Trouble, explain } from './trouble.mjs';

const LOG = join(CACHE, 'logs', 'npm-ci.log');

/** The hash that node_modules depends on; other steps build on it. */
export function nodePackagesHash() {
  return hashOf([at('package-lock.json')], [process.platform, process.arch]);
}

/**
 * Whether an installed tree holds what the lock file asks for: npm leaves its own record of what it
 * installed, written last. Packages for other platforms may be missing.
 */
export function holdsLock(lock, installed) {
  const wanted = Object.entries(lock.packages).filter(([path]) => path.includes('node_modules/'));
  const present = installed.packages ?? {};
  const complete = wanted.every(([path, { version, optional, peer, link }]) => {
    const have = present[path];
    return have === undefined
      ? optional === true || peer === true
      : link === true || have.version === version;
  });
  const paths = new Set(wanted.map(([path]) => path));
  return complete && Object.keys(present).every(path => !path.includes('node_modules/') || paths.has(path));
}

/** Whether somebody has installed the right packages already, by `npm ci` or `npm install`. */
function isInstalled() {
  const record = at('node_modules', '.package-lock.json');
  if (!existsSync(record)) {
    return false;
  }
  const read = path => JSON.parse(readFileSync(path, 'utf8'));
  return holdsLock(read(at('package-lock.json')), read(record));
}

/** npm as the one that belongs to this Node, so that an old one on the PATH is not asked. */
function npmCommand() {
  const beside = [
    process.env.npm_execpath,
    join(dirname(process.execPath), '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    join(dirname(process.execPath), 'node_modules', 'npm', 'bin', 'npm-cli.js')
  ].find(path => path?.endsWith('npm-cli.js') && existsSync(path));
  return beside ? [process.execPath, beside] : [process.platform === 'win32' ? 'npm.cmd' : 'npm'];
}

async function install() {
  const doing = 'installing the Node packages';
  const [command, ...before] = npmCommand();
  const registry = (await run(command, [...before, 'config', 'get', 'registry'])).output
    .trim()
    .split('\n')
    .at(-1);
  // Without a network npm would ask for each of 1,500 packages, several times; its cache may hold them all.
  const source = (await canReach(registry)) ? '--prefer-offline' : '--offline';
  // No install scripts: every native part comes as a prebuilt package of its own.
  const args = [...before, 'ci', '--ignore-scripts', source, '--no-audit', '--no-fund'];
  const patience = ['--fetch-retries=2', '--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=8000'];
  const { code, output } = await run(command, [...args, ...patience], {
    log: LOG,
    // npm itself only warns of files it could not write, goes on for minutes, and may end with 0.
    stopOn: DISK_FULL,
    // It does not heed SIGTERM, and what it leaves is made anew by the next try.
    graceMs: 1_000,
    env: { ...process.env, PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD: '1', npm_config_loglevel: 'warn' }
  });
  if (code !== 0 || output.includes('TAR_ENTRY_ERROR')) {
    throw new Trouble(
      explain(output, { doing, folder: ROOT }) ??
        `The Node packages could not be installed: \`npm ci\` failed with code ${code}.`,
      { log: LOG }
    );
  }
  return 'installed';
}

/** @type {import('./steps.mjs').Step} */
export const nodePackages = {
  name: 'node-packages',
  title: 'Node packages',
  hash: nodePackagesHash,
  products: [at('node_modules', '.package-lock.json')],
  fits: isInstalled,
  run: install
};
