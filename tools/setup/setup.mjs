/** Sets up a checkout: checks the machine, then does the steps that are not done yet. */
import { existsSync, readFileSync } from 'node:fs';
import { VENV, at } from './checkout.mjs';
import { FIRST_START_BYTES, LATER_START_BYTES, requireSpace } from './disk.mjs';
import { requireFolder } from './folder.mjs';
import { nodePackages } from './node-packages.mjs';
import { products } from './products.mjs';
import { findPython } from './python.mjs';
import { pythonPackages, pythonProject } from './python-environment.mjs';
import { runSteps } from './steps.mjs';
import { inTurn } from './turn.mjs';

/**
 * Every step, in order. The Python environment is whole before anything is built: sources that do not compile
 * leave an environment in which `argon` can still be imported.
 */
export const STEPS = [nodePackages, pythonPackages, pythonProject, ...products];

/** The version in the root package.json. */
export const version = () => JSON.parse(readFileSync(at('package.json'), 'utf8')).version;

/**
 * @param {{ steps?: readonly import('./steps.mjs').Step[] }} [options]
 * @throws {import('./trouble.mjs').Trouble} with one plain sentence
 */
export async function setUp({ steps = STEPS } = {}) {
  requireFolder();
  if (steps.includes(pythonPackages)) {
    // Also when the environment is there already: what a person changed on the machine shows here first.
    findPython();
  }
  const isFirst = !existsSync(at('node_modules', '.package-lock.json')) || !existsSync(VENV);
  requireSpace(isFirst ? FIRST_START_BYTES : LATER_START_BYTES);
  await inTurn(() => runSteps(steps));
}
