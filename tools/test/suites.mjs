/** Every suite that `npm test` runs. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { VENV_PYTHON, at, program } from '../setup/checkout.mjs';
import { run } from '../setup/child.mjs';
import { filesUnder } from '../setup/stamps.mjs';
import { quickConformance } from '../conformance/quick.mjs';
import { readGo, readJest, readJunit, readPlaywright, readTap } from './reports.mjs';
import { broken, result } from './result.mjs';
import { checkWheel } from './wheel.mjs';

/**
 * @typedef {object} Context
 * @property {string} log file for the whole output
 * @property {string} report file for the runner's own report
 * @property {NodeJS.ProcessEnv} env
 * @property {number} timeoutMs
 *
 * @typedef {object} Suite
 * @property {string} name
 * @property {string} title
 * @property {readonly ('browser' | 'mongod')[]} [needs]
 * @property {(context: Context) => Promise<import('./result.mjs').Result>} run
 */

/** Runs a command that leaves a report; a command that leaves none has failed as a whole. */
async function reported(command, args, { log, report, env, timeoutMs }, read) {
  rmSync(report, { force: true });
  const { code, output } = await run(command, args, { log, env, timeoutMs });
  if (!existsSync(report)) {
    const last = output.trimEnd().split('\n').at(-1) ?? '';
    return broken(`ended with code ${code} and no report: ${last}`);
  }
  const found = read(readFileSync(report, 'utf8'));
  if (code !== 0 && found.failed === 0) {
    return { ...found, failed: 1, failures: [`all tests passed, but the runner ended with code ${code}`] };
  }
  return found;
}

/** For tests that name no limit of their own: a slow machine is no failure, a hang is. */
const TEST_TIMEOUT_MS = 60_000;

/** @returns {Suite} */
const jest = (name, config, needs = []) => ({
  name: `jest-${name}`,
  title: `jest ${name}`,
  needs,
  run: context =>
    reported(
      process.execPath,
      [
        program('jest', 'bin', 'jest.js'),
        '-c',
        at(config),
        '--ci',
        `--testTimeout=${TEST_TIMEOUT_MS}`,
        '--json',
        `--outputFile=${context.report}`
      ],
      context,
      readJest
    )
});

/** @returns {Suite} */
const notebook = name => ({
  name: `notebook-${name}`,
  title: `notebook ${name}`,
  async run({ log, env, timeoutMs }) {
    const args = [at('tools', 'start.mjs'), '--headless', '--notebook', `binder/${name}.ipynb`];
    const { code, output } = await run(process.execPath, args, { log, env, timeoutMs });
    return code === 0 ? result(1) : broken(`ended with code ${code}: ${output.trimEnd().split('\n').at(-1)}`);
  }
});

/** @type {Suite} */
const tools = {
  name: 'tools',
  title: 'the commands',
  async run({ log, env, timeoutMs }) {
    const files = filesUnder([at('tools'), at('bench')], path => path.endsWith('.test.mjs'));
    const args = ['--test', '--test-concurrency=1', '--test-reporter=tap', ...files];
    const { output } = await run(process.execPath, args, { log, env, timeoutMs });
    return readTap(output);
  }
};

/** @type {Suite} */
const pytest = {
  name: 'pytest',
  title: 'pytest',
  run: context =>
    reported(
      VENV_PYTHON,
      ['-m', 'pytest', '-p', 'no:cacheprovider', '--durations=10', `--junitxml=${context.report}`],
      context,
      readJunit
    )
};

/** @type {Suite} */
const browser = {
  name: 'browser',
  title: 'browser',
  needs: ['browser'],
  run: context =>
    reported(
      process.execPath,
      [program('@playwright', 'test', 'cli.js'), 'test', '-c', at('e2e', 'browser'), '--reporter=line,json'],
      { ...context, env: { ...context.env, PLAYWRIGHT_JSON_OUTPUT_NAME: context.report } },
      readPlaywright
    )
};

/** @type {Suite} */
const go = {
  name: 'go',
  title: 'Go driver',
  async run({ log, env, timeoutMs }) {
    const found = spawnSync('go', ['version'], { env, encoding: 'utf8' });
    if (found.status !== 0) {
      return result(0, 0, 1, [], ["Go driver (there is no 'go' on this machine)"]);
    }
    const args = ['test', '-count=1', '-vet=off', '-v', '.'];
    const { output } = await run('go', args, { log, env, timeoutMs, cwd: at('e2e', 'go') });
    return readGo(output);
  }
};

/** @type {Suite} */
const wheel = { name: 'wheel', title: 'wheel', run: checkWheel };

/** @type {Suite} */
const conformance = { name: 'conformance', title: "PyMongo's own tests", run: quickConformance };

/** In the order they run: quick ones first. */
export const SUITES = [
  tools,
  jest('wal-core', 'wal-core/jest.config.js'),
  jest('bridge', 'kernel-bridge/jest.config.js'),
  jest('mlflow', 'kernel-bridge/mlflow-ts-client/jest.config.js'),
  jest('extension', 'jest.config.js'),
  pytest,
  notebook('quickstart'),
  ...['branching', 'cells', 'mlflow-lineage', 'sandboxes'].map(name => notebook(name)),
  notebook('flights'),
  jest('oracle', 'e2e/jest.config.js', ['mongod']),
  conformance,
  go,
  browser,
  wheel
];

/**
 * The suites a person asked for.
 * @param {readonly string[]} names names or beginnings of names: `jest`, `notebook`, `jest-wal-core`
 * @returns {{ chosen: readonly Suite[], unknown: readonly string[] }}
 */
export function choose(names) {
  if (names.length === 0) {
    return { chosen: SUITES, unknown: [] };
  }
  const fits = (suite, name) => suite.name === name || suite.name.startsWith(`${name}-`);
  return {
    chosen: SUITES.filter(suite => names.some(name => fits(suite, name))),
    unknown: names.filter(name => !SUITES.some(suite => fits(suite, name)))
  };
}

/** An empty folder for the logs and reports of this run. */
export function resultsFolder() {
  const folder = at('test-results');
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(folder)) {
    rmSync(join(folder, name), { recursive: true, force: true });
  }
  return folder;
}
