/** What a suite says at its end. */

/**
 * @typedef {object} Result
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 * @property {readonly string[]} failures names of what failed
 * @property {readonly string[]} skips what was skipped, and why
 * @property {string} [log] file with the whole output
 * @property {number} [ms]
 */

/** @returns {Result} */
export const result = (passed = 0, failed = 0, skipped = 0, failures = [], skips = []) => ({
  passed,
  failed,
  skipped,
  failures,
  skips
});

/** A suite that could not even run counts as one failure. */
export const broken = why => result(0, 1, 0, [why]);

/** Adds up. @param {readonly Result[]} results */
export function total(results) {
  const sum = key => results.reduce((value, each) => value + each[key], 0);
  return { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') };
}

/** The line that ends a run: `12 passed, 0 failed, 1 skipped`. */
export function closingLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
