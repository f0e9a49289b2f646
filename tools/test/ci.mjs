/** What `.ci/run` does. */
import { runChecks } from '../lint/main.mjs';
import { ROOT, program } from '../setup/checkout.mjs';
import { run, stopAll, stopWithUs } from '../setup/child.mjs';
import { setUp } from '../setup/setup.mjs';
import { row } from '../setup/steps.mjs';
import { report } from '../setup/trouble.mjs';
import { closingLine } from './result.mjs';
import { runTests } from './main.mjs';

/** Checks the types of everything: what the setup built must have nothing left to build. */
async function checkTypes() {
  const begun = Date.now();
  const { code, output } = await run(process.execPath, [program('typescript', 'bin', 'tsc'), '-b', ROOT]);
  console.log(row('tsc -b', code === 0 ? 'clean' : 'FAILED', Date.now() - begun));
  if (code !== 0) {
    console.log(output);
  }
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
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
    add(await runTests([]));
  } catch (error) {
    report(error, ROOT);
    add({ failed: 1 });
  }
  await stopAll();
  console.log(`\n${closingLine(sums)}`);
  process.exit(sums.failed === 0 ? 0 : 1);
}
