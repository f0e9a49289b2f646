/** `npm start` as a person meets it. The checkout is set up: `npm test` has done that. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT, VENV_BIN, VENV_PYTHON, at } from '../setup/checkout.mjs';
import { parseOptions } from './options.mjs';
import { openPanel } from './workspace.mjs';

const folder = mkdtempSync(join(tmpdir(), 'argon-start-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Runs `npm start` with nobody at a terminal. */
const npmStart = (args, env = {}) =>
  spawnSync(process.execPath, [at('tools', 'start.mjs'), ...args], {
    cwd: ROOT,
    encoding: 'utf8',
    timeout: 60_000,
    env: { ...process.env, ...env }
  });

/** It failed with one plain sentence, and nothing that only a programmer reads. */
function failsWith(answer, sentence) {
  assert.equal(answer.status, 1, answer.stdout + answer.stderr);
  assert.match(answer.stderr, sentence);
  assert.doesNotMatch(answer.stderr, /\n {4}at /);
}

test('--help tells the options', () => {
  const answer = npmStart(['--help']);
  assert.equal(answer.status, 0);
  assert.match(answer.stdout, /--headless[\s\S]*--port/);
});

test('without a terminal the notebook runs headless, with one JupyterLab opens', () => {
  assert.equal(parseOptions([], { terminal: false }).mode, 'headless');
  assert.equal(parseOptions([], { terminal: true }).mode, 'lab');
  assert.equal(parseOptions(['--lab'], { terminal: false }).mode, 'lab');
  assert.equal(parseOptions(['--headless'], { terminal: true }).mode, 'headless');
});

test('options that make no sense are refused with a sentence', () => {
  failsWith(npmStart(['--prot', '8888']), /Unknown option '--prot'/);
  failsWith(npmStart(['--port', '88888']), /--port takes a number from 0 to 65535/);
  failsWith(npmStart(['--lab', '--headless']), /exclude each other/);
  failsWith(npmStart(['--notebook', 'binder/none.ipynb']), /There is no notebook binder\/none\.ipynb/);
});

test('data that has no place is refused with a sentence', () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const cannot = /^The data directory \S+ cannot be made \(.*try again\.$/m;
  failsWith(npmStart(['--headless', '--data', file]), cannot);
  failsWith(npmStart(['--lab', '--port', '0', '--data', join(file, 'data')]), cannot);
  if (process.platform === 'linux') {
    failsWith(npmStart(['--headless', '--data', '/proc/none/data']), cannot);
  }
  failsWith(
    npmStart(['--headless'], { TMPDIR: join(folder, 'none') }),
    /^There is no place for temporary files \(.*try again\.$/m
  );
});

test('a busy port is named, with one that is free', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  const answer = npmStart(['--lab', '--port', String(port)]);
  server.close();
  failsWith(answer, new RegExp(`Port ${port} of 127\\.0\\.0\\.1 is busy: .* npm start -- --lab --port \\d+`));
});

test('the first layout shows the panel, and has no null where JupyterLab reads a name', () => {
  const workspaces = openPanel(join(folder, 'layout'));
  const [file] = readdirSync(workspaces);
  const { data } = JSON.parse(readFileSync(join(workspaces, file), 'utf8'));
  const { main, left } = data['layout-restorer:data'];
  assert.equal(left.current, 'argon-panel');
  assert.equal('current' in main, false);
});

test('the programs of the Python environment run wherever the checkout is moved', () => {
  const script = readFileSync(join(VENV_BIN, 'jupyter-lab'), 'utf8');
  assert.ok(!script.includes(VENV_BIN), script);
});

test('an old Python is refused with a sentence', () => {
  const fake = join(folder, 'python3');
  writeFileSync(fake, '#!/bin/sh\necho "Python 3.8.18"\n');
  chmodSync(fake, 0o755);
  const PATH = `${folder}${delimiter}${process.env.PATH}`;
  failsWith(
    npmStart(['--setup'], { PATH, ARGON_PYTHON: '' }),
    /needs Python 3\.10 or newer, and \S*python3 is Python 3\.8\.18/
  );
});

/** Processes that were started with this data directory and still run. */
function survivors(data) {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .filter(pid => {
      try {
        return (
          readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`ARGON_DATA=${data}`) &&
          !/\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
        );
      } catch {
        return false;
      }
    });
}

/** Runs a command where there is no network but the machine itself. */
const OFFLINE = `
import fcntl, os, socket, struct, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    fcntl.ioctl(s, 0x8914, struct.pack("16sh", b"lo", 0x1 | 0x40))
os.execvp(sys.argv[1], sys.argv[1:])
`;
const canCutNetwork = () =>
  process.platform === 'linux' &&
  spawnSync('unshare', ['-rn', VENV_PYTHON, '-c', OFFLINE, 'true'], { timeout: 20_000 }).status === 0;

test(
  'a second start opens JupyterLab at once and without a network; Ctrl-C leaves no process',
  { timeout: 120_000 },
  async t => {
    const data = join(folder, 'data');
    const command = [
      process.execPath,
      at('tools', 'start.mjs'),
      '--lab',
      '--port',
      '0',
      '--no-browser',
      '--data',
      data
    ];
    const isCut = canCutNetwork();
    if (!isCut) {
      t.diagnostic('the network could not be cut off here: only the time is measured');
    }
    const [program, ...args] = isCut ? ['unshare', '-rn', VENV_PYTHON, '-c', OFFLINE, ...command] : command;
    const begun = Date.now();
    const lab = spawn(program, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    lab.stdout.on('data', chunk => (said += chunk));
    lab.stderr.on('data', chunk => (said += chunk));
    const exited = once(lab, 'exit');
    // Also when an expectation fails: a server that goes on would keep the whole suite waiting.
    t.after(async () => {
      lab.kill('SIGINT');
      await exited;
    });
    while (!said.includes('Open http') && lab.exitCode === null && Date.now() - begun < 90_000) {
      await sleep(50);
    }
    const took = Date.now() - begun;
    assert.match(said, /JupyterLab \.+ answers/, said);
    assert.match(said, /Open http:\/\/127\.0\.0\.1:\d+\/lab\/tree\/binder\/quickstart\.ipynb\?token=/);
    assert.doesNotMatch(said, /installed|compiled|bundled|built/, 'nothing was done again');
    t.diagnostic(`JupyterLab answered after ${took} ms`);
    if (process.platform === 'linux') {
      assert.notDeepEqual(survivors(data), [], 'the check for survivors sees what runs');
    }
    lab.kill('SIGINT');
    const [code] = await exited;
    assert.equal(code, 130);
    if (process.platform === 'linux') {
      assert.deepEqual(survivors(data), []);
    }
  }
);
