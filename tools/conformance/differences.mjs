/**
 * The tests that pass on mongod and not on Argon, with why. docs/compatibility.md shows them; a run fails when one
 * is missing here, and when one that is here passes.
 *
 * @typedef {object} Difference
 * @property {string} why for a person who reads what differs from MongoDB
 * @property {Readonly<Record<string, readonly string[]>>} tests by file, as `Class.test`; `Class.*` is all of a class
 */

/** @type {readonly Difference[]} */
export const DIFFERENCES = [];

/** Why a test does not pass; undefined when it should. */
export function reasonOf(file, test, differences = DIFFERENCES) {
  const group = `${test.split('.')[0]}.*`;
  return differences.find(({ tests }) => tests[file]?.some(each => each === test || each === group))?.why;
}
