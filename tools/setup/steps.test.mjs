import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { filesUnder, forget, hashOf, isDone, remember } from './stamps.mjs';
import { duration, runSteps } from './steps.mjs';
import { inTurn } from './turn.mjs';
import { holdsLock } from './node-packages.mjs';
import { products } from './products.mjs';
import { pythonPackages, pythonProject } from './python-environment.mjs';
import { STEPS } from './setup.mjs';

const folder = mkdtempSync(join(tmpdir(), 'argon-steps-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Collects what the steps print, and keeps their stamps apart. */
const quiet = () => {
  const lines = [];
  return { out: { write: text => lines.push(text) }, text: () => lines.join('') };
};

let unique = 0;
const step = (run, more = {}) => ({
  name: `test-${process.pid}-${unique++}`,
  title: 'A step',
  hash: () => 'h1',
  run,
  ...more
});
const stamps = { folder };

test('a step is done once, and again when what it reads changed', async () => {
  let runs = 0;
  let hash = 'h1';
  const one = step(async () => void runs++, { hash: () => hash });
  await runSteps([one], { ...quiet(), ...stamps });
  await runSteps([one], { ...quiet(), ...stamps });
  assert.equal(runs, 1);
  hash = 'h2';
  await runSteps([one], { ...quiet(), ...stamps });
  assert.equal(runs, 2);
});

test('a step is done again when what it made is gone', async () => {
  const product = join(folder, 'product');
  let runs = 0;
  const one = step(
    async () => {
      runs++;
      writeFileSync(product, '');
    },
    { products: [product] }
  );
  await runSteps([one], { ...quiet(), ...stamps });
  rmSync(product);
  await runSteps([one], { ...quiet(), ...stamps });
  assert.equal(runs, 2);
});

test('sources that do not build leave a Python environment that has this project', async () => {
  const broken = new Set(products.map(each => each.name));
  const done = [];
  // The real order, with steps that only say that they ran.
  const played = STEPS.map(({ name, title }) =>
    step(
      async () => {
        if (broken.has(name)) {
          throw new Error(`${name} does not build`);
        }
        done.push(name);
      },
      { title }
    )
  );
  await assert.rejects(runSteps(played, { ...quiet(), ...stamps }), /does not build/);
  assert.deepEqual(done.slice(-2), [pythonPackages.name, pythonProject.name]);
});

test('after a failure the steps before it stay done, and the failed one is tried again', async () => {
  const runs = [];
  let broken = true;
  const first = step(async () => void runs.push('first'));
  const second = step(async () => {
    runs.push('second');
    if (broken) {
      throw new Error('no network');
    }
  });
  const third = step(async () => void runs.push('third'));
  await assert.rejects(runSteps([first, second, third], { ...quiet(), ...stamps }), /no network/);
  broken = false;
  await runSteps([first, second, third], { ...quiet(), ...stamps });
  assert.deepEqual(runs, ['first', 'second', 'second', 'third']);
});

test('a step that is interrupted while its products exist already is not taken for done', async () => {
  const one = step(async () => {
    throw new Error('interrupted');
  });
  remember(one.name, 'an older hash', folder);
  await assert.rejects(runSteps([one], { ...quiet(), ...stamps }));
  assert.equal(isDone(one.name, 'an older hash', [], folder), false);
});

test('sources edited while a step runs do not count as built', async () => {
  let hash = 'before';
  const one = step(async () => void (hash = 'after'), { hash: () => hash });
  await runSteps([one], { ...quiet(), ...stamps });
  assert.equal(isDone(one.name, 'after', [], folder), false);
  assert.equal(isDone(one.name, 'before', [], folder), false);
});

test('each step prints one line with its time', async () => {
  const said = quiet();
  await runSteps([step(async () => 'built'), step(async () => 'built')], { ...said, ...stamps });
  assert.match(said.text(), /^( {2}A step \.+ built +0\.0 s\n){2}$/);
});

test('a hash covers names and bytes, and leaves products out', () => {
  writeFileSync(join(folder, 'a.ts'), 'one');
  const before = hashOf(filesUnder([join(folder, 'a.ts')]));
  writeFileSync(join(folder, 'a.ts'), 'two');
  assert.notEqual(hashOf(filesUnder([join(folder, 'a.ts')])), before);
  forget('never-there', folder);
});

test('times are short to read', () => {
  assert.deepEqual([40, 9_940, 9_960, 58_000, 61_000, 125_400].map(duration), [
    '0.0 s',
    '9.9 s',
    '10 s',
    '58 s',
    '1 min 1 s',
    '2 min 5 s'
  ]);
});

test('two setups of one checkout take turns', async () => {
  const other = `
    const { inTurn } = await import(${JSON.stringify(new URL('turn.mjs', import.meta.url).href)});
    const work = () => { console.log('mine'); return new Promise(done => setTimeout(done, 400)); };
    await inTurn(work, { folder: ${JSON.stringify(folder)} });
  `;
  const first = spawn(process.execPath, ['--input-type=module', '-e', other]);
  await once(first.stdout, 'data');
  const begun = Date.now();
  const told = [];
  await inTurn(async () => {}, { folder, say: text => told.push(text) });
  assert.ok(Date.now() - begun >= 300, 'the second waited for the first');
  assert.deepEqual(told, [`Waiting for process ${first.pid}, which is setting up this checkout.`]);
});

test('the turn of a process that was killed is taken over', async () => {
  writeFileSync(join(folder, 'setup.pid'), '4194304999');
  assert.equal(await inTurn(async () => 'done', { folder }), 'done');
});

test('an installed tree is accepted only when it holds what the lock file asks for', () => {
  const lock = {
    packages: {
      '': { version: '1.0.0' },
      'wal-core': { version: '0.1.0' },
      'node_modules/left': { version: '1.2.3' },
      'node_modules/core': { link: true, resolved: 'wal-core' },
      'node_modules/only-mac': { version: '1.0.0', optional: true }
    }
  };
  const installed = {
    packages: {
      'wal-core': { version: '0.1.0' },
      'node_modules/left': { version: '1.2.3' },
      'node_modules/core': { link: true }
    }
  };
  assert.equal(holdsLock(lock, installed), true);
  const older = structuredClone(installed);
  older.packages['node_modules/left'].version = '1.2.2';
  assert.equal(holdsLock(lock, older), false);
  const lacking = structuredClone(installed);
  delete lacking.packages['node_modules/left'];
  assert.equal(holdsLock(lock, lacking), false);
  const extra = structuredClone(installed);
  extra.packages['node_modules/right'] = { version: '1.0.0' };
  assert.equal(holdsLock(lock, extra), false);
});
