/** Runs a file of the suite against a server. */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { run } from '../setup/child.mjs';
import { junitCases } from '../test/reports.mjs';

/** A test that takes longer hangs; the slowest one of them needs about ten seconds on mongod. */
const TEST_SECONDS_MAX = 60;
const FILE_MS_MAX = 15 * 60_000;

/**
 * @typedef {{ outcome: 'passed' | 'failed' | 'skipped', why: string }} Outcome
 * @typedef {Map<string, Outcome>} Outcomes by `Class.test`
 */

/**
 * @param {import('./suite.mjs').Suite} suite
 * @param {string} file what stands between `test_` and `.py`
 * @param {import('./servers.mjs').Server} server
 * @param {{ log: string, report: string }} paths files for the output and for pytest's report
 * @returns {Promise<Outcomes | undefined>} undefined when the file could not be run to its end
 */
export async function runFile(suite, file, server, { log, report }) {
  mkdirSync(dirname(report), { recursive: true });
  rmSync(report, { force: true });
  const args = ['-m', 'default', '-p', 'no:cacheprovider', `--timeout=${TEST_SECONDS_MAX}`];
  await run(suite.python, ['-m', 'pytest', ...args, '-q', `--junitxml=${report}`, `test/test_${file}.py`], {
    cwd: suite.folder,
    log,
    timeoutMs: FILE_MS_MAX,
    env: { ...process.env, DB_IP: '127.0.0.1', DB_PORT: String(server.port), PYTHONDONTWRITEBYTECODE: '1' }
  });
  return existsSync(report) ? readOutcomes(readFileSync(report, 'utf8')) : undefined;
}

/** The outcomes in a report. Of a test that is named twice (its clean-up can fail by itself) a failure counts. */
export function readOutcomes(xml) {
  const outcomes = new Map();
  for (const { group, name, outcome, why } of junitCases(xml)) {
    const id = `${group.split('.').at(-1)}.${name}`;
    if (outcomes.get(id)?.outcome !== 'failed') {
      outcomes.set(id, { outcome, why });
    }
  }
  return outcomes;
}
