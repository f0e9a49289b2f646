/** What `npm run lint` does: every check, one line each; `--fix` mends what can be mended. */
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { ROOT, VENV_PYTHON, at } from '../setup/checkout.mjs';
import { run, finish, stopWithUs } from '../setup/child.mjs';
import { row } from '../setup/steps.mjs';
import { Trouble, report } from '../setup/trouble.mjs';
import { CHECKS } from './checks.mjs';

/**
 * Runs the checks one after the other; a failing one does not stop the next.
 * @param {{ fix?: boolean, only?: readonly string[] }} options
 * @returns {Promise<{ passed: number, failed: number }>}
 */
export async function runChecks({ fix = false, only = [] } = {}) {
  const chosen = CHECKS.filter(({ name }) => only.length === 0 || only.includes(name));
  const sums = { passed: 0, failed: 0 };
  for (const check of chosen) {
    const begun = Date.now();
    if (fix && check.fix) {
      await run(...check.fix);
    }
    const { code, output } = await run(...check.command);
    console.log(row(check.title, code === 0 ? 'clean' : 'FAILED', Date.now() - begun));
    sums[code === 0 ? 'passed' : 'failed']++;
    if (code !== 0) {
      console.log(output.trimEnd().replaceAll(/^/gm, '      '));
    }
  }
  return sums;
}

/** Runs `npm run lint` and exits. */
export async function main(args) {
  stopWithUs();
  let code = 1;
  try {
    const { values } = parseArgs({ args, options: { fix: { type: 'boolean' }, only: { type: 'string' } } });
    if (!existsSync(at('node_modules', '.package-lock.json')) || !existsSync(VENV_PYTHON)) {
      throw new Trouble('The checkout is not set up yet: run `npm start -- --setup` first.');
    }
    const sums = await runChecks({ fix: values.fix, only: values.only?.split(',') });
    code = sums.failed === 0 ? 0 : 1;
  } catch (error) {
    report(error, ROOT);
  }
  await finish(code);
}
