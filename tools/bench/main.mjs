/** What `npm run bench` does: runs one suite and prints where, what and how fast. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, release, tmpdir, totalmem, type } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { table } from '../../bench/row.mjs';
import { ROOT, at } from '../setup/checkout.mjs';
import { finish, stopWithUs } from '../setup/child.mjs';
import { nodePackages } from '../setup/node-packages.mjs';
import { bundle, compile } from '../setup/products.mjs';
import { pythonPackages } from '../setup/python-environment.mjs';
import { setUp } from '../setup/setup.mjs';
import { Trouble, report } from '../setup/trouble.mjs';
import { withFigures } from './page.mjs';

const HELP = `Usage: npm run bench -- SUITE [OPTIONS]

  engine             the engine, beside raw LMDB and a bare append-only file
  wire               the bridge through a MongoDB driver, beside a real mongod
  growth             how the engine's costs grow with history, depth, size, branches, projects
  notebook           verbs, completion and MLflow's hooks in a real kernel
  peers              the same work in mongod with full copies, and in SQLite with a history table

  --json FILE        also write the rows as JSON
  --docs             also put the figures into docs/performance.md
  --quick            small sizes, for a first look
  --size NAME=N      one of the suite's sizes, such as documents=100000; can be repeated
  --directory DIR    where the files under test go (default: the system's temporary folder)`;

/** What a suite needs, where that is not what most do. */
const STEPS = {
  notebook: [nodePackages, pythonPackages, compile, bundle],
  peers: [nodePackages, pythonPackages, compile]
};

const PAGE = at('docs', 'performance.md');

/** The suites that are there. */
const suites = () =>
  readdirSync(at('bench'), { withFileTypes: true })
    .filter(entry => entry.isDirectory() && existsSync(at('bench', entry.name, 'main.mjs')))
    .map(entry => entry.name);

/** `{documents: 100000}` from `documents=100000`. */
function readSizes(texts) {
  return Object.fromEntries(
    texts.map(text => {
      const [, name, digits] = /^(\w+)=(\d+)$/.exec(text.replaceAll('_', '')) ?? [];
      if (name === undefined) {
        throw new Trouble(`--size takes NAME=N, not "${text}".`);
      }
      return [name, Number(digits)];
    })
  );
}

/** Where this runs: figures mean nothing without it. */
function where(args) {
  const git = (...words) => spawnSync('git', words, { cwd: ROOT, encoding: 'utf8' }).stdout?.trim() ?? '';
  const commit = git('rev-parse', '--short=12', 'HEAD') || 'no commit';
  const dirty = git('status', '--porcelain', '--untracked-files=no') ? ' with changes' : '';
  const processors = cpus();
  return [
    `machine  ${processors.length} × ${processors[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${release()}, Node ${process.versions.node}`,
    `commit   ${commit}${dirty}`,
    `command  npm run bench -- ${args.join(' ')}`,
    `date     ${new Date().toISOString()}`
  ].join('\n');
}

async function bench(args) {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      json: { type: 'string' },
      docs: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      size: { type: 'string', multiple: true, default: [] },
      directory: { type: 'string' },
      help: { type: 'boolean', short: 'h' }
    }
  });
  const [suite] = positionals;
  if (values.help || suite === undefined) {
    console.log(HELP);
    return values.help ? 0 : 1;
  }
  if (!suites().includes(suite)) {
    throw new Trouble(`There is no suite "${suite}". The suites are ${suites().join(', ')}.`);
  }
  const sizes = readSizes(values.size);
  await setUp({
    steps: STEPS[suite] ?? [nodePackages, compile, bundle]
  });
  const place = where(args);
  console.log(`\n${place}\n`);
  const directory = mkdtempSync(join(resolve(values.directory ?? tmpdir()), 'argon-bench-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  const { run } = await import(pathToFileURL(at('bench', suite, 'main.mjs')).href);
  const live = process.stderr.isTTY === true;
  const onRow = each => live && process.stderr.write(`\r\x1b[K${each.name}`);
  const rows = await run({ directory, quick: values.quick, docs: values.docs, sizes, onRow });
  if (live) {
    process.stderr.write('\r\x1b[K');
  }
  console.log(table(rows));
  if (values.docs) {
    writeFileSync(PAGE, withFigures(readFileSync(PAGE, 'utf8'), suite, `${place}\n\n${table(rows)}`));
  }
  if (values.json !== undefined) {
    writeFileSync(resolve(process.env.INIT_CWD ?? '.', values.json), `${JSON.stringify(rows, null, 2)}\n`);
  }
  return 0;
}

/** Runs `npm run bench` and exits. Missed goals are said in the table; they are no failure of the run. */
export async function main(args) {
  stopWithUs();
  let code = 1;
  try {
    code = await bench(args);
  } catch (error) {
    report(error.code?.startsWith?.('ERR_PARSE_ARGS') ? new Trouble(error.message) : error, ROOT);
  }
  await finish(code);
}
