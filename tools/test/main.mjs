/** What `npm test` does: sets up, gets what the suites need, runs them, sums up. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBrowser } from '../setup/browser.mjs';
import { ROOT, at } from '../setup/checkout.mjs';
import { finish, stopWithUs, stopping } from '../setup/child.mjs';
import { ensurePip } from '../setup/pip.mjs';
import { findPython } from '../setup/python.mjs';
import { setUp } from '../setup/setup.mjs';
import { row } from '../setup/steps.mjs';
import { Trouble, report } from '../setup/trouble.mjs';
import { testEnvironment } from './environment.mjs';
import { broken, closingLine, total } from './result.mjs';
import { SUITES, choose, resultsFolder } from './suites.mjs';

const HELP = `Usage: npm test [-- OPTIONS]

Sets up the checkout and runs every suite.

  --only A,B   only these suites (or all that begin so: jest, notebook)
  --list       name the suites
  --help       this text

Logs and reports are in test-results/.`;

/** One suite may take this long: that of the browser takes ten minutes on two cores, and twice that on busy ones. */
const SUITE_TIMEOUT_MS = 35 * 60_000;
const LINES_SHOWN = 60;

/** Gets a thing that suites need; a failure is remembered and fails those suites. */
const NEEDS = {
  browser: async env => {
    env.ARGON_BROWSER = await ensureBrowser();
  },
  mongod: async env => {
    // It is fetched by pip, which the machine's own Python may lack.
    const pip = await ensurePip(findPython());
    process.env.PATH = `${dirname(pip)}${delimiter}${process.env.PATH}`;
    const { ensureMongod } = await import('../mongod.mjs');
    env.ARGON_TEST_MONGOD = await ensureMongod();
  }
};

async function getNeeds(suites, env) {
  const missing = new Map();
  for (const need of new Set(suites.flatMap(suite => suite.needs ?? []))) {
    const begun = Date.now();
    try {
      await NEEDS[need](env);
      console.log(row(need, 'ready', Date.now() - begun));
    } catch (error) {
      console.log(row(need, 'failed', Date.now() - begun));
      missing.set(need, error instanceof Trouble ? error.message : `${need}: ${error.message}`);
    }
  }
  return missing;
}

const words = ({ passed, failed, skipped }) =>
  [failed > 0 && `${failed} FAILED`, `${passed} passed`, skipped > 0 && `${skipped} skipped`]
    .filter(Boolean)
    .join(', ');

/** Runs one suite; whatever it throws is its failure. */
async function runSuite(suite, { folder, env, missing }) {
  const lacking = (suite.needs ?? []).find(need => missing.has(need));
  if (lacking) {
    return broken(missing.get(lacking));
  }
  const log = join(folder, `${suite.name}.log`);
  try {
    const found = await suite.run({
      log,
      report: join(folder, `${suite.name}.report`),
      env,
      timeoutMs: SUITE_TIMEOUT_MS
    });
    const ran = found.passed + found.failed;
    return { ...(ran === 0 ? broken('it ran no test') : found), log };
  } catch (error) {
    return { ...broken(error.message), log };
  }
}

/** The end of a log, for a suite that failed. */
function showLog(log) {
  if (log && existsSync(log)) {
    const lines = readFileSync(log, 'utf8').trimEnd().split('\n');
    console.log(
      lines
        .slice(-LINES_SHOWN)
        .map(text => `      ${text}`)
        .join('\n')
    );
    console.log(`      (${lines.length} lines in ${log})`);
  }
}

function sumUp(rows) {
  console.log('\nSummary');
  for (const { suite, found } of rows) {
    console.log(row(suite.title, words(found), found.ms));
    found.failures.forEach(text => console.log(`      failed: ${text}`));
    found.skips.forEach(text => console.log(`      skipped: ${text}`));
  }
}

/**
 * Runs suites.
 * @param {readonly string[]} args
 * @returns {Promise<{ passed: number, failed: number, skipped: number } | undefined>} undefined: nothing was to be run
 */
export async function runTests(args) {
  const { values } = parseArgs({
    args: [...args],
    options: { only: { type: 'string' }, list: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } }
  });
  if (values.help || values.list) {
    console.log(values.help ? HELP : SUITES.map(suite => suite.name).join('\n'));
    return undefined;
  }
  const names = (values.only ?? '').split(',').filter(Boolean);
  const { chosen, unknown } = choose(names);
  if (unknown.length > 0) {
    throw new Trouble(
      `There is no suite "${unknown[0]}". The suites are ${SUITES.map(suite => suite.name).join(', ')}.`
    );
  }
  console.log('Setup');
  await setUp();
  const env = testEnvironment();
  const missing = await getNeeds(chosen, env);
  console.log('\nTests');
  const folder = resultsFolder();
  const rows = [];
  for (const suite of chosen) {
    const begun = Date.now();
    const found = await runSuite(suite, { folder, env, missing });
    if (stopping()) {
      return undefined;
    }
    found.ms = Date.now() - begun;
    rows.push({ suite, found });
    console.log(row(suite.title, words(found), found.ms));
    if (found.failed > 0) {
      found.failures.slice(0, 20).forEach(text => console.log(`      failed: ${text}`));
      showLog(found.log);
    }
  }
  sumUp(rows);
  const sums = total(rows.map(each => each.found));
  writeFileSync(
    at('test-results', 'summary.json'),
    JSON.stringify(
      { ...sums, suites: rows.map(({ suite, found }) => ({ name: suite.name, ...found })) },
      null,
      2
    )
  );
  return sums;
}

/** Runs `npm test` and exits. */
export async function main(args) {
  stopWithUs();
  let code = 1;
  try {
    const sums = await runTests(args);
    if (sums) {
      console.log(`\n${closingLine(sums)}`);
    }
    code = sums === undefined || sums.failed === 0 ? 0 : 1;
  } catch (error) {
    report(
      error.code?.startsWith?.('ERR_PARSE_ARGS')
        ? new Trouble(`${error.message} See \`npm test -- --help\`.`)
        : error,
      ROOT
    );
  }
  await finish(code);
}
