/** Compares what a file of tests does on mongod and on Argon. */

/** Argon passes at least this part of what mongod passes. */
export const SHARE_MIN = 0.97;

/**
 * @typedef {object} Comparison
 * @property {string} file
 * @property {Count} mongod
 * @property {Count} argon
 * @property {{ test: string, why: string }[]} lacking what passes on mongod and not on Argon
 * @property {{ test: string, why: string }[]} others what fails on Argon and does not pass on mongod either
 *
 * @typedef {{ passed: number, failed: number, skipped: number }} Count
 */

/**
 * @param {string} file
 * @param {import('./pytest.mjs').Outcomes} reference outcomes on mongod
 * @param {import('./pytest.mjs').Outcomes} found outcomes on Argon
 * @returns {Comparison}
 */
export function compare(file, reference, found) {
  const lacking = [];
  for (const [test, { outcome }] of reference) {
    const ours = found.get(test);
    if (outcome === 'passed' && ours?.outcome !== 'passed') {
      lacking.push({ test, why: ours === undefined ? 'it was not run' : shown(ours) });
    }
  }
  const others = [...found]
    .filter(([test, { outcome }]) => outcome === 'failed' && reference.get(test)?.outcome !== 'passed')
    .map(([test, ours]) => ({ test, why: shown(ours) }));
  return { file, mongod: count(reference), argon: count(found), lacking, others };
}

/** The first line; PyMongo repeats the whole reply after it. */
const shown = ({ outcome, why }) =>
  outcome === 'skipped' ? `skipped: ${why}` : why.split('\n')[0].replace(/, full error: .*/, '');

/** @param {import('./pytest.mjs').Outcomes} outcomes @returns {Count} */
export function count(outcomes) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const { outcome } of outcomes.values()) {
    counts[outcome]++;
  }
  return counts;
}

/** The part of what mongod passes that Argon passes as well. @param {readonly Comparison[]} comparisons */
export function share(comparisons) {
  const sum = of => comparisons.reduce((value, each) => value + of(each), 0);
  const passed = sum(({ mongod }) => mongod.passed);
  return passed === 0 ? 0 : 1 - sum(({ lacking }) => lacking.length) / passed;
}
