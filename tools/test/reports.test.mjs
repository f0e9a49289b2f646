import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readGo, readJest, readJunit, readPlaywright, readTap } from './reports.mjs';
import { broken, closingLine, result, total } from './result.mjs';
import { SUITES, choose } from './suites.mjs';

test('jest: passed, failed, skipped, and files that could not run', () => {
  const report = {
    numPassedTests: 2,
    numFailedTests: 1,
    numPendingTests: 1,
    numTodoTests: 0,
    testResults: [
      {
        name: 'a.spec.ts',
        status: 'failed',
        message: '',
        assertionResults: [
          { fullName: 'adds', status: 'passed' },
          { fullName: 'merges', status: 'failed' },
          { fullName: 'later', status: 'pending' },
          { fullName: 'reads', status: 'passed' }
        ]
      },
      { name: 'b.spec.ts', status: 'failed', message: '\n  Cannot find module', assertionResults: [] }
    ]
  };
  const found = readJest(JSON.stringify(report));
  assert.deepEqual([found.passed, found.failed, found.skipped], [2, 2, 1]);
  assert.deepEqual(found.failures, ['merges', 'b.spec.ts: Cannot find module']);
  assert.match(found.skips[0], /^later/);
});

test('pytest: JUnit with failures, errors, reasons and entities', () => {
  const found = readJunit(`<?xml version="1.0"?><testsuites><testsuite tests="5">
    <testcase classname="tests.test_magics" name="test_a[&lt;b&gt;]" time="0.1"/>
    <testcase classname="t" name="test_b" time="0.1"><failure message="assert 1 == 2">x</failure></testcase>
    <testcase classname="t" name="test_c"><error message="boom"/></testcase>
    <testcase classname="t" name="test_d"><skipped type="pytest.skip" message="needs &quot;DVC&quot;">x</skipped></testcase>
    <testcase classname="t" name="test_e"><system-out>ok</system-out></testcase>
  </testsuite></testsuites>`);
  assert.deepEqual([found.passed, found.failed, found.skipped], [2, 2, 1]);
  assert.deepEqual(found.failures, ['t › test_b', 't › test_c']);
  assert.deepEqual(found.skips, ['t › test_d (needs "DVC")']);
});

test('playwright: nested suites, flaky and skipped tests, errors outside of tests', () => {
  const spec = (title, status, annotations = []) => ({ title, tests: [{ status, annotations }] });
  const found = readPlaywright(
    JSON.stringify({
      errors: [{ message: 'No tests found' }],
      suites: [
        {
          title: 'panel.spec.ts',
          specs: [spec('creates', 'expected'), spec('merges', 'unexpected')],
          suites: [
            {
              title: 'dark',
              specs: [
                spec('looks', 'skipped', [{ type: 'skip', description: 'no GPU' }]),
                spec('again', 'flaky')
              ]
            }
          ]
        }
      ]
    })
  );
  assert.deepEqual([found.passed, found.failed, found.skipped], [2, 2, 1]);
  assert.deepEqual(found.failures, ['No tests found', 'merges']);
  assert.deepEqual(found.skips, ['dark › looks (no GPU)']);
});

test('node --test: totals and names', () => {
  const found = readTap(
    'TAP version 13\nok 1 - a\nnot ok 2 - b\nok 3 - c # SKIP no network\n1..3\n# tests 3\n# pass 1\n# fail 1\n# cancelled 0\n# skipped 1\n# todo 0\n'
  );
  assert.deepEqual([found.passed, found.failed, found.skipped], [1, 1, 1]);
  assert.deepEqual(found.failures, ['b']);
  assert.deepEqual(found.skips, ['c (no network)']);
  assert.equal(readTap('Segmentation fault').failed, 1);
});

test('the closing line is plain', () => {
  assert.equal(closingLine(total([result(3, 0, 1), broken('x')])), '3 passed, 1 failed, 1 skipped');
  assert.equal(closingLine(total([result(3)])), '3 passed, 0 failed');
});

test('suites are chosen by name or by the beginning of it', () => {
  assert.equal(choose([]).chosen, SUITES);
  assert.deepEqual(
    choose(['jest-wal-core']).chosen.map(each => each.name),
    ['jest-wal-core']
  );
  assert.ok(choose(['jest']).chosen.length >= 4);
  assert.deepEqual(choose(['jets']), { chosen: [], unknown: ['jets'] });
});

test('go: passed, failed, skipped, and a package that could not be compiled', () => {
  const found = readGo('--- PASS: TestA (0.1s)\n--- FAIL: TestB (0.0s)\n--- SKIP: TestC (0.0s)\nFAIL\n');
  assert.deepEqual([found.passed, found.failed, found.skipped], [1, 1, 1]);
  assert.deepEqual(found.failures, ['TestB']);
  assert.equal(readGo('FAIL\targon.test/driver [build failed]\n').failed, 1);
  assert.equal(readGo('--- PASS: TestA (0.1s)\npanic: late\n').failed, 1);
  assert.equal(readGo('--- PASS: TestA (0.1s)\nPASS\n').failed, 0);
});
