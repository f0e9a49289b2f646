/** The sentences that people read when their machine is not ready. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { diskTrouble } from './disk.mjs';
import { folderTrouble } from './folder.mjs';
import { nodeTrouble } from './node-version.mjs';
import { candidates, findPython, inspect, pythonTrouble } from './python.mjs';
import { Trouble, explain, explainError } from './trouble.mjs';

const what = { doing: 'installing the Node packages', folder: '/home/ada/argon' };
const good = { version: [3, 11, 2], path: '/usr/bin/python3', missing: '' };
const old = { version: [3, 8, 18], path: '/opt/python3.8', missing: '' };
const bare = { version: [3, 11, 2], path: '/usr/bin/python3', missing: 'ensurepip' };

const isOneSentenceWithAdvice = text => {
  assert.match(text, /try again/);
  assert.doesNotMatch(text, /\n/);
};

test('an old Node is named with its version, and a new one passes', () => {
  for (const version of ['12.22.0', '18.20.4', '20.0.0', '20.14.0']) {
    assert.match(
      nodeTrouble(version),
      new RegExp(`needs Node 20\\.15 or newer, and this is Node ${version}`)
    );
    isOneSentenceWithAdvice(nodeTrouble(version));
  }
  for (const version of ['20.15.0', '20.15.1', '20.20.2', '21.0.0', '22.1.0', '26.0.0']) {
    assert.equal(nodeTrouble(version), undefined);
  }
});

test('an old Python is named with its path and version', () => {
  assert.match(pythonTrouble(old), /needs Python 3\.10 or newer, and \/opt\/python3\.8 is Python 3\.8\.18/);
  isOneSentenceWithAdvice(pythonTrouble(old));
});

test('a Python without venv is told how to get it', () => {
  assert.match(pythonTrouble(bare), /no working `venv` module .*apt install python3-venv/);
  isOneSentenceWithAdvice(pythonTrouble(bare));
});

test('no Python at all is said plainly', () => {
  assert.throws(() => findPython(['python3'], () => undefined), {
    name: 'Trouble',
    message: /there is none on the PATH/
  });
});

test('a folder whose name the tools cannot take is named, and why; other odd names pass', () => {
  assert.match(folderTrouble('/srv/ci/feature%2Fx/argon'), /"%" in its path keeps MLflow from/);
  assert.match(folderTrouble(`/home/ada/a${delimiter}b`), /separates the folders of the PATH/);
  isOneSentenceWithAdvice(folderTrouble('/home/ada/two\nlines'));
  assert.equal(folderTrouble(`/home/ada/it's "my" $HOME & co, ünï`), undefined);
});

test('the first Python there is decides, and a better one is named', () => {
  const machine = { python3: old, python: undefined, 'python3.12': good };
  assert.throws(() => findPython(['python3', 'python', 'python3.12'], name => machine[name]), {
    message: /python3\.8 is Python 3\.8\.18.*ARGON_PYTHON=python3\.12 npm start/
  });
  assert.equal(
    findPython(['python', 'python3.12'], name => machine[name]),
    good
  );
});

test('when none will do, the first one that was found is blamed', () => {
  const machine = { python3: bare, 'python3.8': old };
  assert.throws(() => findPython(['python3', 'python3.8'], name => machine[name]), /venv/);
});

/** A program on the PATH that says what a Python would say. */
const pretend = script => {
  const path = join(mkdtempSync(join(tmpdir(), 'argon-python-')), 'python3');
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  after(() => rmSync(dirname(path), { recursive: true }));
  return path;
};

test('a Python too old to understand the question still says its version', () => {
  const path = pretend('[ "$1" = --version ] && echo "Python 2.7.18" >&2 || exit 1');
  assert.match(pythonTrouble(inspect(path)), /needs Python 3\.10 or newer, and \S+ is Python 2\.7\.18/);
});

test('what is no Python is not taken for one', () => {
  assert.equal(inspect(pretend('echo "pyenv: python3: command not found" >&2; exit 127')), undefined);
  assert.equal(inspect('argon-has-no-such-python'), undefined);
});

test('the Python that runs here is understood', () => {
  const python = findPython();
  assert.equal(python.version.length, 3);
  assert.equal(python.missing, '');
});

test('ARGON_PYTHON is the only candidate when it is set', () => {
  assert.deepEqual(candidates({ ARGON_PYTHON: '/opt/python' }), ['/opt/python']);
});

test('too little disk space is said in gigabytes', () => {
  const sentence = diskTrouble(120e6, 2.5e9, '/home/ada/argon');
  assert.match(sentence, /0\.12 GB are free at \/home\/ada\/argon, and about 2\.5 GB are needed/);
  isOneSentenceWithAdvice(sentence);
  assert.equal(diskTrouble(2.5e9, 2.5e9, '/'), undefined);
});

test('a full disk is recognised in what the tools print', () => {
  for (const output of [
    'npm error code ENOSPC\nnpm error syscall write\nnpm error nospc ENOSPC: no space left on device, write',
    'error: Failed to install: numpy\n  Caused by: failed to copy file: No space left on device (os error 28)',
    "OSError: [Errno 28] No space left on device: '/home/ada/argon/.venv/lib'"
  ]) {
    assert.match(explain(output, what), /^The disk is full: installing the Node packages/);
    isOneSentenceWithAdvice(explain(output, what));
  }
});

test('a missing network is recognised in what the tools print', () => {
  for (const output of [
    'npm error code EAI_AGAIN\nnpm error syscall getaddrinfo',
    'npm error code ENOTFOUND\nnpm error network This is a problem related to network connectivity.',
    'npm error code ECONNREFUSED',
    'npm error network request to https://example.org/left-pad failed, reason: connect ETIMEDOUT',
    'error: Failed to fetch: `https://example.org/simple/numpy/`\n  Caused by: error sending request for url\n  Caused by: client error (Connect)\n  Caused by: dns error',
    'WARNING: Retrying: Failed to establish a new connection: [Errno -3] Temporary failure in name resolution',
    "E: Failed to fetch http://example.org/debian  Temporary failure resolving 'example.org'"
  ]) {
    assert.match(explain(output, what), /^The network cannot be reached: installing the Node packages/);
    isOneSentenceWithAdvice(explain(output, what));
  }
});

test('what is built without a network is never blamed on the network', () => {
  const output = 'connect ECONNREFUSED 127.0.0.1:8888';
  assert.equal(explain(output, { ...what, isLocal: true }), undefined);
  assert.match(explain('ENOSPC', { ...what, isLocal: true }), /^The disk is full/);
});

test('what is not known is not guessed at', () => {
  assert.equal(explain('error TS2322: Type string is not assignable to type number', what), undefined);
  assert.equal(explainError(new Error('surprise'), what), undefined);
});

test('errors of Node itself are explained too', () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  assert.match(explainError(full, what), /^The disk is full/);
  const closed = Object.assign(new Error("EACCES: permission denied, mkdir '.cache'"), { code: 'EACCES' });
  assert.match(explainError(closed, what), /^Permission denied/);
});

test('a Trouble carries its sentence and its log', () => {
  const trouble = new Trouble('All is lost.', { log: '/tmp/log' });
  assert.equal(trouble.message, 'All is lost.');
  assert.equal(trouble.log, '/tmp/log');
});
