/** What `.ci/run` does. */
import { runChecks } from '../lint/main.mjs';
import { ROOT, at, program } from '../setup/checkout.mjs';
import { run, finish, stopping, stopWithUs } from '../setup/child.mjs';
import { setUp } from '../setup/setup.mjs';
import { row } from '../setup/steps.mjs';
import { report } from '../setup/trouble.mjs';
import { closingLine } from './result.mjs';
import { runTests } from './main.mjs';

/** What is type checked: the packages, and the tests that belong to none. */
const TYPES = [
  ['tsc -b', ['-b', ROOT]],
  ['tsc e2e', ['-p', at('e2e')]]
];

/** Checks the types of everything; another project's failure does not stop the next. */
async function checkTypes() {
  const sums = { passed: 0, failed: 0 };
  for (const [title, args] of TYPES) {
    const begun = Date.now();
    const { code, output } = await run(process.execPath, [program('typescript', 'bin', 'tsc'), ...args]);
    console.log(row(title, code === 0 ? 'clean' : 'FAILED', Date.now() - begun));
    sums[code === 0 ? 'passed' : 'failed']++;
    if (code !== 0) {
      console.log(output.trimEnd().replaceAll(/^/gm, '      '));
    }
  }
  return sums;
}

/** Runs everything and exits. */
export async function main() {
  stopWithUs();
  const sums = { passed: 0, failed: 0, skipped: 0 };
  const add = more => Object.keys(sums).forEach(key => (sums[key] += more[key] ?? 0));
  try {
    console.log('Setup');
    await setUp();
    console.log('\nLint');
    add(await runChecks());
    console.log('\nTypes');
    add(await checkTypes());
    console.log('');
    add((await runTests([])) ?? { failed: 1 });
  } catch (error) {
    report(error, ROOT);
    add({ failed: 1 });
  }
  // What was stopped half way has no count: it would read as one of the whole.
  if (!stopping()) {
    console.log(`\n${closingLine(sums)}`);
  }
  await finish(sums.failed === 0 ? 0 : 1);
}
