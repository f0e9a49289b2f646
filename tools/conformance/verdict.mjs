/** Judges what Argon does with a file, without a mongod beside it: by the list of known differences. */
import { result } from '../test/result.mjs';
import { DIFFERENCES, isListed, reasonOf } from './differences.mjs';

/**
 * @param {string} file
 * @param {import('./pytest.mjs').Outcomes} outcomes on Argon
 * @param {readonly import('./differences.mjs').Difference[]} [differences]
 * @returns {import('../test/result.mjs').Result}
 */
export function judge(file, outcomes, differences = DIFFERENCES) {
  const failures = [];
  const skips = new Map();
  // Some reasons begin with the name of the class.
  const skip = text => {
    const why = text.replace(/^Test\w+ /, '');
    skips.set(why, (skips.get(why) ?? 0) + 1);
  };
  let passed = 0;
  for (const [test, { outcome, why }] of outcomes) {
    const known = reasonOf(file, test, differences);
    if (outcome === 'passed' && isListed(file, test, differences)) {
      failures.push(`${file} › ${test}: it passes, and is still in the list of differences`);
    } else if (outcome === 'passed') {
      passed++;
    } else if (outcome === 'failed' && known === undefined) {
      failures.push(`${file} › ${test}: ${why.split('\n')[0]}`);
    } else {
      skip(outcome === 'failed' ? `known difference: ${known}` : why);
    }
  }
  const count = [...skips.values()].reduce((sum, each) => sum + each, 0);
  return result(
    passed,
    failures.length,
    count,
    failures,
    [...skips].map(([why, times]) => `${file}, ${times} of its tests (${why})`)
  );
}
