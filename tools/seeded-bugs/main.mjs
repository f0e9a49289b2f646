/** What `npm run seeded-bugs` does: puts one bug after another into the engine and runs the laws' tests on it. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT, at, program } from '../setup/checkout.mjs';
import { finish, run, stopWithUs } from '../setup/child.mjs';
import { Trouble, report } from '../setup/trouble.mjs';
import { BUGS } from './bugs.mjs';
import { Tree, checkBug } from './tree.mjs';

const HELP = `Usage: npm run seeded-bugs -- [NAME…] [OPTIONS]

Puts each bug of tools/seeded-bugs/bugs.mjs (or those named) into a copy of the engine and runs
the laws' tests that should see it, up to the first that fails. Ends with 1 when a bug survives.

  --list        name the bugs
  --why         also show how each test failed
  --help        this text`;

/** The longest that the tests of one bug may take: a test that hangs has its own limit inside. */
const BUG_TIMEOUT_MS = 6 * 60_000;

/**
 * @typedef {object} Found
 * @property {string} name
 * @property {number} law
 * @property {string} [test] the test that caught it
 * @property {number} seconds until that test failed
 * @property {string} [survived] why it was not caught
 */

/**
 * Runs specs in the tree as it is, up to the first test that fails.
 * @param {Tree} tree
 * @param {readonly string[]} specs
 * @param {string} [fullName] only the test of this name
 * @returns {Promise<{ test?: string, spec?: string, fullName?: string, message?: string, seconds: number, trouble?: string }>}
 *   `trouble`: why no test failed
 */
async function runSpecs(tree, specs, fullName) {
  const file = join(tree.folder, 'found.json');
  rmSync(file, { force: true });
  const config = {
    rootDir: tree.folder,
    roots: [join(tree.folder, 'dist')],
    testEnvironment: 'node',
    testMatch: specs.map(spec => join(tree.folder, 'dist', 'laws', `${spec}.spec.js`)),
    transform: {},
    testTimeout: 60_000,
    cacheDirectory: join(tree.folder, 'jest'),
    reporters: [[at('tools', 'seeded-bugs', 'first-failure.cjs'), { file }]]
  };
  const args = [program('jest', 'bin', 'jest.js'), '--config', JSON.stringify(config), '--ci', '--runInBand'];
  if (fullName !== undefined) {
    args.push('--testNamePattern', `^${fullName.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}$`);
  }
  // Nobody reads how a seeded bug shows itself in the fewest commands.
  const env = { ...process.env, ARGON_TEST_SHRINK_MS: '0' };
  const { code, output } = await run(process.execPath, args, { timeoutMs: BUG_TIMEOUT_MS, env });
  try {
    const { broken, passed, ...found } = JSON.parse(readFileSync(file, 'utf8'));
    return { ...found, ...(found.test === undefined && { trouble: broken ?? `all ${passed} tests passed` }) };
  } catch {
    // An engine that ends its process is noticed as well, but by nobody who could say what broke.
    const last = output.trimEnd().split('\n').slice(-3).join(' ');
    return { seconds: NaN, trouble: `the tests ended with code ${code} and no word: ${last}` };
  }
}

/**
 * Puts one bug into the tree, runs its tests, and takes it out. A test that fails without the bug
 * too has caught nothing.
 * @param {Tree} tree
 * @param {import('./tree.mjs').Bug} bug
 * @param {Map<string, boolean>} sound tests known to pass, or not, without any bug
 * @returns {Promise<Found>}
 */
async function hunt(tree, bug, sound) {
  const { name, law, tests } = bug;
  tree.seed(bug);
  const { test, spec, fullName, message, seconds, trouble } = await runSpecs(tree, tests);
  tree.restore(bug);
  if (test === undefined) {
    return { name, law, seconds, survived: trouble };
  }
  if (!sound.has(fullName)) {
    sound.set(fullName, (await runSpecs(tree, [spec], fullName)).test === undefined);
  }
  return sound.get(fullName)
    ? { name, law, test, seconds, message }
    : { name, law, seconds, message, survived: `the first test to fail, ${test}, fails without the bug too` };
}

/**
 * Hunts for bugs one after another.
 * @param {readonly import('./tree.mjs').Bug[]} bugs
 * @param {{ onFound?: (found: Found) => void, until?: () => boolean }} [options] `until`: true ends the hunt early
 * @returns {Promise<Found[]>}
 */
export async function huntBugs(bugs, { onFound = () => {}, until = () => false } = {}) {
  bugs.forEach(checkBug);
  const tree = new Tree();
  const sound = new Map();
  const all = [];
  try {
    for (const bug of bugs) {
      if (until()) {
        break;
      }
      const found = await hunt(tree, bug, sound);
      all.push(found);
      onFound(found);
    }
  } finally {
    tree.remove();
  }
  return all;
}

/** One line for a person. */
export function describe({ name, law, test, seconds, survived }) {
  const time = Number.isNaN(seconds) ? '     ' : `${seconds.toFixed(1).padStart(5)} s`;
  const head = `${name.padEnd(32)} law ${String(law).padStart(2)} ${time}`;
  return survived === undefined ? `${head}  ${test}` : `${head}  SURVIVED: ${survived}`;
}

/** The bugs of these names, all when none is named. */
export function chooseBugs(names) {
  const unknown = names.find(name => !BUGS.some(bug => bug.name === name));
  if (unknown !== undefined) {
    throw new Trouble(`There is no seeded bug "${unknown}". See \`npm run seeded-bugs -- --list\`.`);
  }
  return names.length === 0 ? BUGS : BUGS.filter(bug => names.includes(bug.name));
}

/** Runs the command and exits. */
export async function main(args) {
  stopWithUs();
  let code = 1;
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { list: { type: 'boolean' }, why: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } }
    });
    if (values.help || values.list) {
      console.log(
        values.help
          ? HELP
          : BUGS.map(
              ({ name, law, what }) => `${name.padEnd(32)} law ${String(law).padStart(2)}  ${what}`
            ).join('\n')
      );
      code = 0;
    } else {
      const show = found =>
        console.log(values.why && found.message ? `${describe(found)}\n${found.message}` : describe(found));
      const found = await huntBugs(chooseBugs(positionals), { onFound: show });
      const survivors = found.filter(({ survived }) => survived !== undefined);
      console.log(`\n${found.length - survivors.length} of ${found.length} seeded bugs caught`);
      code = survivors.length === 0 ? 0 : 1;
    }
  } catch (error) {
    report(
      error.code?.startsWith?.('ERR_PARSE_ARGS') ? new Trouble(`${error.message} See --help.`) : error,
      ROOT
    );
  }
  await finish(code);
}
