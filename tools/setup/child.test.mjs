import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from './child.mjs';
import { at } from './checkout.mjs';

/** Whether a process runs; one that is dead and only waits to be collected does not. */
const isRunning = pid => {
  try {
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
};

test('a command gives its code and everything it said', async () => {
  const { code, output } = await run(process.execPath, [
    '-e',
    'console.log("out"); console.error("err"); process.exit(3)'
  ]);
  assert.equal(code, 3);
  assert.match(output, /out/);
  assert.match(output, /err/);
});

test('a command that does not exist is a failure, not a crash', async () => {
  const { code, output } = await run('argon-has-no-such-command', []);
  assert.equal(code, 127);
  assert.match(output, /ENOENT/);
});

test('a command that takes too long is ended', async () => {
  const { code, output } = await run(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)'], {
    timeoutMs: 200
  });
  assert.notEqual(code, 0);
  assert.match(output, /took too long/);
});

test('a command is ended when what it says leaves no hope', async () => {
  const script = 'console.log("warn ENOSPC"); setTimeout(() => console.log("still going"), 5_000)';
  const { code, output } = await run(process.execPath, ['-e', script], { stopOn: /ENOSPC/ });
  assert.notEqual(code, 0);
  assert.doesNotMatch(output, /still going/);
});

/** A program that starts a child which leaves the group and ignores polite signals, as a stray kernel might. */
const STRAY = `
  const { spawn } = require('node:child_process');
  process.on('SIGTERM', () => process.exit(0));
  const stray = spawn(process.execPath, ['-e', "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)"], { detached: true, stdio: 'ignore' });
  console.log(stray.pid);
  setInterval(() => {}, 1000);
`;
const STRAY_JSON = JSON.stringify(STRAY);
/** A program that only sleeps, and says who it is. */
const SLEEPER_JSON = JSON.stringify('console.log(process.pid); setInterval(() => {}, 1000)');
const OWNER = `
  const { start, stopWithUs } = await import(${JSON.stringify(`file://${at('tools', 'setup', 'child.mjs')}`)});
  stopWithUs();
  start(process.execPath, ['-e', ${STRAY_JSON}]);
`;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  test(
    `${signal} leaves no process, not even one that left the group`,
    { skip: process.platform !== 'linux' && 'only Linux shows the environment of a process' },
    async () => {
      const owner = spawn(process.execPath, ['--input-type=module', '-e', OWNER], {
        stdio: ['ignore', 'pipe', 'inherit']
      });
      const [chunk] = await once(owner.stdout, 'data');
      const stray = Number(String(chunk).trim());
      assert.ok(isRunning(stray));
      owner.kill(signal);
      const [code] = await once(owner, 'exit');
      assert.equal(code, { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }[signal]);
      await sleep(50);
      assert.equal(isRunning(stray), false);
    }
  );
}

test('a reader that has gone does not keep us from ending what we started', async () => {
  const script = `
    const { start, stopWithUs } = await import(${JSON.stringify(`file://${at('tools', 'setup', 'child.mjs')}`)});
    stopWithUs({ onStop: () => process.stdout.write('Stopping …\\n') });
    start(process.execPath, ['-e', ${SLEEPER_JSON}], { stdio: ['ignore', 'pipe', 'ignore'] }).stdout.once('data', pid => process.stdout.write(pid));
  `;
  const owner = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'pipe']
  });
  let complaint = '';
  owner.stderr.on('data', chunk => (complaint += chunk));
  const [chunk] = await once(owner.stdout, 'data');
  const pid = Number(String(chunk).trim());
  assert.ok(isRunning(pid));
  owner.stdout.destroy();
  owner.kill('SIGINT');
  const [code] = await once(owner, 'close');
  assert.equal(complaint, '');
  assert.equal(code, 130);
  assert.equal(isRunning(pid), false);
});

test('a command that does not heed the signal holds nobody up for longer than it was given', async () => {
  const deaf = "process.on('SIGTERM', () => {}); console.log('here'); setInterval(() => {}, 1000)";
  const script = `
    const { start, stopWithUs } = await import(${JSON.stringify(`file://${at('tools', 'setup', 'child.mjs')}`)});
    stopWithUs();
    start(process.execPath, ['-e', ${JSON.stringify(deaf)}], { graceMs: 300 });
  `;
  const owner = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit']
  });
  await once(owner.stdout, 'data');
  const told = Date.now();
  owner.kill('SIGINT');
  const [code] = await once(owner, 'exit');
  assert.equal(code, 130);
  assert.ok(Date.now() - told < 5_000, `it took ${Date.now() - told} ms`);
});

test('a fault of ours leaves no process either', async () => {
  const owner = OWNER.replace(
    'stopWithUs();',
    "setTimeout(() => { throw new Error('a fault'); }, 500);"
  ).replace(STRAY_JSON, SLEEPER_JSON);
  const child = spawn(process.execPath, ['--input-type=module', '-e', owner], {
    stdio: ['ignore', 'pipe', 'ignore']
  });
  const [chunk] = await once(child.stdout, 'data');
  const pid = Number(String(chunk).trim());
  await once(child, 'exit');
  await sleep(100);
  assert.equal(isRunning(pid), false);
});
