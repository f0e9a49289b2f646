/** What `npm run conformance` does: PyMongo's own tests on a real mongod and on Argon, compared test by test. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT, at } from '../setup/checkout.mjs';
import { finish, stopWithUs } from '../setup/child.mjs';
import { nodePackages } from '../setup/node-packages.mjs';
import { setUp } from '../setup/setup.mjs';
import { duration } from '../setup/steps.mjs';
import { Trouble, report } from '../setup/trouble.mjs';
import { SHARE_MIN, compare, share } from './compare.mjs';
import { isListed, reasonOf } from './differences.mjs';
import { FILES } from './files.mjs';
import { withDifferences } from './page.mjs';
import { runFile } from './pytest.mjs';
import { recall, remember } from './reference.mjs';
import { MONGOD, startBridge, startReference } from './servers.mjs';
import { PYMONGO, ensureSuite } from './suite.mjs';

const HELP = `Usage: npm run conformance [-- OPTIONS]

Runs the tests of PyMongo ${PYMONGO} on a real mongod ${MONGOD} and on Argon and compares them, test by test.
Fails when Argon passes less than ${100 * SHARE_MIN} % of what mongod passes, fails a test without a reason in
tools/conformance/differences.mjs, or passes one that has a reason there.

  --only FILE      only this file, such as crud_unified; can be repeated
  --argon-only     take what mongod does from the last run, where there is one
  --docs           write the list of known differences into docs/compatibility.md, and run nothing
  --list           name the files
  --help           this text

Logs and reports are in test-results/conformance/.`;

const PAGE = at('docs', 'compatibility.md');
const RESULTS = at('test-results', 'conformance');
const paths = (side, file) => ({
  log: join(RESULTS, `${file}.${side}.log`),
  report: join(RESULTS, `${file}.${side}.xml`)
});

/** Runs files on one server; starts it only when there is one to run. */
async function runOn(side, startServer, files, suite) {
  const found = new Map();
  let server;
  for (const file of files) {
    // A server that a test ended is no reason to say nothing about the other files.
    if (server?.isAlive() !== true) {
      server = await startServer();
    }
    const begun = Date.now();
    const outcomes = await runFile(suite, file, server, paths(side, file));
    console.log(`${side.padEnd(8)}${file.padEnd(28)}${duration(Date.now() - begun).padStart(8)}`);
    if (!server.isAlive()) {
      console.log(`        the server ended while it ran`);
    }
    found.set(file, outcomes);
  }
  await server?.stop();
  return found;
}

async function referenceOf(files, suite, isRecalled) {
  const known = new Map(files.map(file => [file, isRecalled ? recall(MONGOD, file) : undefined]));
  const missing = files.filter(file => known.get(file) === undefined);
  for (const [file, outcomes] of await runOn('mongod', startReference, missing, suite)) {
    if (outcomes === undefined) {
      throw new Trouble(`mongod could not run ${file} to its end.`, { log: paths('mongod', file).log });
    }
    remember(MONGOD, file, outcomes);
    known.set(file, outcomes);
  }
  return known;
}

const cell = ({ passed, failed, skipped }) =>
  `${String(passed).padStart(6)}${String(failed).padStart(6)}${String(skipped).padStart(6)}`;

/** Tests by why they fail, the most frequent reason first. */
function byReason(lacking) {
  const reasons = new Map();
  for (const { test, why } of lacking) {
    reasons.set(why, [...(reasons.get(why) ?? []), test]);
  }
  return [...reasons].sort(([, a], [, b]) => b.length - a.length);
}

function printTests(title, failures) {
  if (failures.length > 0) {
    console.log(`\n${title} (${failures.length})`);
  }
  for (const [why, tests] of byReason(failures)) {
    console.log(`  ${why}`);
    tests.forEach(test => console.log(`      ${test}`));
  }
}

function print(comparisons) {
  console.log(`\n${''.padEnd(28)}   mongod ${MONGOD}        Argon`);
  console.log(`${''.padEnd(28)}  pass  fail  skip     pass  fail  skip    share`);
  for (const each of comparisons) {
    const part = `${(100 * share([each])).toFixed(1)} %`;
    console.log(`${each.file.padEnd(28)}${cell(each.mongod)}   ${cell(each.argon)}  ${part.padStart(8)}`);
  }
  for (const { file, lacking, others } of comparisons) {
    printTests(`${file}: pass on mongod and not on Argon`, lacking);
    printTests(`${file}: fail on Argon, and do not pass on mongod either`, others);
  }
}

async function conformance(args) {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: 'string', multiple: true, default: [] },
      'argon-only': { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      docs: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' }
    }
  });
  if (values.help || values.list) {
    console.log(values.help ? HELP : FILES.join('\n'));
    return 0;
  }
  if (values.docs) {
    writeFileSync(PAGE, withDifferences(readFileSync(PAGE, 'utf8')));
    return 0;
  }
  const unknown = values.only.find(file => !FILES.includes(file));
  if (unknown !== undefined) {
    throw new Trouble(`There is no file "${unknown}". The files are ${FILES.join(', ')}.`);
  }
  const files = values.only.length === 0 ? FILES : values.only;
  await setUp({ steps: [nodePackages] });
  const suite = await ensureSuite();
  const reference = await referenceOf(files, suite, values['argon-only']);
  const found = await runOn('argon', () => startBridge(join(RESULTS, 'bridge.log')), files, suite);
  const comparisons = files.map(file => compare(file, reference.get(file), found.get(file) ?? new Map()));
  print(comparisons);
  const part = share(comparisons);
  console.log(
    `\nArgon passes ${(100 * part).toFixed(2)} % of what mongod passes (at least ${100 * SHARE_MIN} %).`
  );
  const unexplained = comparisons.flatMap(({ file, lacking, others }) =>
    [...lacking, ...others].filter(({ test }) => reasonOf(file, test) === undefined)
  );
  if (unexplained.length > 0) {
    console.log(`${unexplained.length} of the failures have no reason in tools/conformance/differences.mjs.`);
  }
  const outdated = files.flatMap(file =>
    [...(found.get(file) ?? [])]
      .filter(([test, { outcome }]) => outcome === 'passed' && isListed(file, test))
      .map(([test]) => `${file} › ${test}`)
  );
  outdated.forEach(test => console.log(`${test} passes, and is still in tools/conformance/differences.mjs.`));
  return part >= SHARE_MIN && unexplained.length === 0 && outdated.length === 0 ? 0 : 1;
}

/** Runs `npm run conformance` and exits. */
export async function main(args) {
  stopWithUs();
  let code = 1;
  try {
    code = await conformance(args);
  } catch (error) {
    report(error.code?.startsWith?.('ERR_PARSE_ARGS') ? new Trouble(error.message) : error, ROOT);
  }
  await finish(code);
}
