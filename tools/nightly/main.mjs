/** What `npm run nightly` does: the laws' tests at full length, with other seeds each time, and what came of it. */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { BUGS } from '../seeded-bugs/bugs.mjs';
import { describe, huntBugs } from '../seeded-bugs/main.mjs';
import { ROOT, at, program } from '../setup/checkout.mjs';
import { finish, run, stopWithUs } from '../setup/child.mjs';
import { Trouble, report } from '../setup/trouble.mjs';
import { BUGS_SHARE, STAGES } from './stages.mjs';

const HELP = `Usage: npm run nightly -- [OPTIONS]

Runs what proves the engine at full length: commands beside a model, kills, crash states, injected
errors, flipped bits, histories of concurrent clients, those of drivers of a bridge that is killed
too, runs reproduced after random histories, seeded bugs. Prints how much of each was done, with which seeds; ends with 1 when anything was
lost or a bug survived.

  --minutes N   stop after about so long (default: full length, some hours)
  --seed N      the first seed (default: from the date)
  --only A,B    only these: ${[...STAGES.map(({ name }) => name), 'seeded-bugs'].join(', ')}
  --help        this text`;

/** One round of tests may take so long before it counts as hanging. */
const ROUND_TIMEOUT_MS = 30 * 60_000;
/** Seeds of two rounds are so far apart: a round counts up from its own. */
const SEEDS_APART = 1_000;

/** Sums what the tests have told, by name. */
function readFigures(file, sums) {
  if (!existsSync(file)) {
    return;
  }
  for (const text of readFileSync(file, 'utf8').split('\n').filter(Boolean)) {
    const { name, count } = JSON.parse(text);
    sums.set(name, (sums.get(name) ?? 0) + count);
  }
  rmSync(file);
}

const configOf = ({ config = 'wal-core/jest.config.js' }) => config;

/** The command that runs one round again. */
const roundCommand = (stage, seed) =>
  `ARGON_TEST_SEED=${seed} ARGON_TEST_EFFORT=${stage.effort} npx jest -c ${configOf(stage)} ${stage.specs.join(' ')}`;

/**
 * Runs one stage, round after round, until it has its length or its time is over.
 * @returns {Promise<{ figures: Map<string, number>, first: number, last: number, failures: string[], ms: number }>}
 */
async function runStage(stage, { seed, until, folder }) {
  const figures = new Map();
  const failures = [];
  const file = join(folder, 'figures');
  const begun = Date.now();
  let next = seed;
  do {
    const log = join(folder, `${stage.name}-${next}.log`);
    const { code } = await run(
      process.execPath,
      [program('jest', 'bin', 'jest.js'), '-c', at(configOf(stage)), '--ci', ...stage.specs],
      {
        log,
        timeoutMs: ROUND_TIMEOUT_MS,
        env: {
          ...process.env,
          ARGON_TEST_SEED: String(next),
          ARGON_TEST_EFFORT: String(stage.effort),
          ARGON_TEST_FIGURES: file
        }
      }
    );
    readFigures(file, figures);
    if (code === 0) {
      rmSync(log, { force: true });
    } else {
      const how = code > 128 ? `ended by signal ${code - 128}` : `exit ${code}`;
      failures.push(`${roundCommand(stage, next)}   (${how}, see ${log})`);
    }
    next += SEEDS_APART;
  } while ((figures.get(stage.figure) ?? 0) < stage.target && Date.now() < until && failures.length === 0);
  return { figures, first: seed, last: next - SEEDS_APART, failures, ms: Date.now() - begun };
}

const minutes = ms => `${(ms / 60_000).toFixed(1)} min`;

/** The stages of these names, all when none is named; `bugs`: whether the seeded bugs are among them. */
function chooseStages(only) {
  const names = (only ?? '').split(',').filter(Boolean);
  const known = [...STAGES.map(({ name }) => name), 'seeded-bugs'];
  const unknown = names.find(name => !known.includes(name));
  if (unknown !== undefined) {
    throw new Trouble(`There is no part "${unknown}" of the nightly run. The parts are ${known.join(', ')}.`);
  }
  const isChosen = name => names.length === 0 || names.includes(name);
  return { stages: STAGES.filter(({ name }) => isChosen(name)), bugs: isChosen('seeded-bugs') };
}

/** Catches the seeded bugs; those the time is not enough for are said to be left. */
async function runBugs(until) {
  const begun = Date.now();
  const found = [];
  const failures = [];
  try {
    await huntBugs(BUGS, {
      onFound: one => {
        found.push(one);
        console.log(`  ${describe(one)}`);
      },
      until: () => Date.now() > until
    });
  } catch (error) {
    // The list is not true any more: that fails the run, but hides nothing of what was done before.
    failures.push(error.message);
  }
  failures.push(
    ...found.filter(({ survived }) => survived !== undefined).map(({ name }) => `${name} survived`)
  );
  const caught = found.filter(({ survived }) => survived === undefined).length;
  return { caught, tried: found.length, left: BUGS.length - found.length, failures, ms: Date.now() - begun };
}

/** Runs the command and exits. */
export async function main(args) {
  stopWithUs();
  let code = 1;
  try {
    const { values } = parseArgs({
      args,
      options: {
        minutes: { type: 'string' },
        seed: { type: 'string' },
        only: { type: 'string' },
        help: { type: 'boolean', short: 'h' }
      }
    });
    if (values.help) {
      console.log(HELP);
      code = 0;
    } else {
      code = (await nightly(values)) ? 0 : 1;
    }
  } catch (error) {
    report(
      error.code?.startsWith?.('ERR_PARSE_ARGS') ? new Trouble(`${error.message} See --help.`) : error,
      ROOT
    );
  }
  await finish(code);
}

/** @returns {Promise<boolean>} whether all went well */
async function nightly({ minutes: limit, seed: firstSeed, only }) {
  const { stages, bugs } = chooseStages(only);
  const budgetMs = limit === undefined ? Infinity : Number(limit) * 60_000;
  const seed = firstSeed === undefined ? Math.floor(Date.now() / 1000) % 1_000_000_000 : Number(firstSeed);
  if (!(budgetMs > 0) || !Number.isSafeInteger(seed)) {
    throw new Trouble('--minutes and --seed take numbers.');
  }
  // Of this process alone: two runs at once in one checkout would count each other's figures.
  const folder = at('test-results', 'nightly', String(process.pid));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const shares = stages.reduce((sum, { share }) => sum + share, bugs ? BUGS_SHARE : 0);
  const failures = [];

  for (const stage of stages) {
    const until = Date.now() + (budgetMs * stage.share) / shares;
    const done = await runStage(stage, { seed, until, folder });
    failures.push(...done.failures);
    const counts = [...done.figures]
      .map(([name, count]) => `${count.toLocaleString('en')} ${name}`)
      .join(', ');
    const line = `${stage.name.padEnd(13)} ${counts || 'nothing done'}; seeds ${done.first} to ${done.last}; ${minutes(done.ms)}`;
    console.log(done.failures.length === 0 ? line : `${line}; FAILED`);
  }
  if (bugs) {
    const found = await runBugs(Date.now() + (budgetMs * BUGS_SHARE) / shares);
    failures.push(...found.failures);
    const left = found.left === 0 ? '' : `, ${found.left} left for another time`;
    const line = `seeded-bugs   ${found.caught} of ${found.tried} caught${left}; ${minutes(found.ms)}`;
    console.log(line);
  }
  if (failures.length === 0) {
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(
    failures.length === 0
      ? '\nNothing was lost.'
      : `\n${failures.length} FAILED:\n${failures.map(text => `  ${text}`).join('\n')}`
  );
  console.log(`Again: npm run nightly -- --seed ${seed}${only === undefined ? '' : ` --only ${only}`}`);
  return failures.length === 0;
}
