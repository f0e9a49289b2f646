/**
 * Compares the query language with a real MongoDB 6.0.5: the same random operations on both sides, byte by byte.
 *
 *   npm run oracle -- --seed S --cases N      about N comparisons that begin with seed S (default 1 and 20,000)
 *
 * Three suites share them: the language by itself (wal-core/src/query/oracle), queries over the wire with random
 * indexes, collations and states (e2e/oracle/states.spec.ts), and sequences of writes (e2e/oracle/crud.spec.ts).
 * A difference is printed with its seed, and the exit code is 1.
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const CASES_DEFAULT = 20_000;
/** Comparisons that the language suite makes at scale 1. */
const CASES_PER_SCALE = 11_900;
/** Operations in one run of the suite of writes. */
const STEPS_PER_RUN = 250;
/** How the cases are dealt out. */
const SHARE = { language: 0.6, states: 0.25, writes: 0.15 };

/** What each suite is asked to do for so many cases in all. */
export function suitesFor(seed, cases) {
  const scale = Math.max(1, Math.round((cases * SHARE.language) / CASES_PER_SCALE));
  const queries = Math.max(40, Math.ceil(cases * SHARE.states));
  const runs = Math.max(2, Math.ceil((cases * SHARE.writes) / STEPS_PER_RUN));
  return [
    {
      name: `the language, ${scale * CASES_PER_SCALE} comparisons`,
      folder: 'wal-core',
      files: ['src/query/oracle/oracle.spec.ts'],
      env: { ARGON_ORACLE_SEED: String(seed), ARGON_ORACLE_SCALE: String(scale) }
    },
    {
      name: `queries over states and indexes, ${queries} of them`,
      folder: 'e2e',
      files: ['oracle/states.spec.ts'],
      env: { ARGON_ORACLE_SEED: String(seed), ARGON_ORACLE_CASES: String(queries) }
    },
    {
      name: `writes, ${runs * STEPS_PER_RUN} of them`,
      folder: 'e2e',
      files: ['oracle/crud.spec.ts'],
      env: {
        ARGON_ORACLE_SEED: String(seed),
        ARGON_ORACLE_RUNS: String(runs),
        ARGON_ORACLE_STEPS: String(STEPS_PER_RUN)
      }
    }
  ];
}

function run({ name, folder, files, env }) {
  process.stdout.write(`\n== ${name}\n`);
  const jest = path.join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');
  const { status } = spawnSync(process.execPath, [jest, '--runInBand', ...files], {
    cwd: path.join(ROOT, folder),
    env: { ...process.env, ...env },
    stdio: 'inherit'
  });
  return status === 0;
}

function main() {
  const { values } = parseArgs({ options: { seed: { type: 'string' }, cases: { type: 'string' } } });
  const [seed, cases] = [Number(values.seed ?? 1), Number(values.cases ?? CASES_DEFAULT)];
  if (!Number.isSafeInteger(seed) || !Number.isSafeInteger(cases) || cases < 1) {
    process.stderr.write('--seed and --cases are whole numbers\n');
    return 2;
  }
  const failed = suitesFor(seed, cases).filter(suite => !run(suite));
  for (const { name } of failed) process.stderr.write(`differences in: ${name}\n`);
  return failed.length === 0 ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exit(main());
