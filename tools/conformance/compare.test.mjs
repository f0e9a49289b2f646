import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compare, share } from './compare.mjs';
import { readOutcomes } from './pytest.mjs';

const outcomes = pairs =>
  new Map(pairs.map(([name, outcome, why = '']) => [`TestCase.${name}`, { outcome, why }]));

test('a test counts as lacking when it passes on mongod and fails, is skipped or does not run on Argon', () => {
  const reference = outcomes([
    ['a', 'passed'],
    ['b', 'passed'],
    ['c', 'passed'],
    ['d', 'passed'],
    ['e', 'failed'],
    ['f', 'skipped']
  ]);
  const found = outcomes([
    ['a', 'passed'],
    ['b', 'failed', "E: no such command: 'x', full error: {'ok': 0}\nmore"],
    ['c', 'skipped', 'not satisfied'],
    ['e', 'failed', 'no secondary'],
    ['f', 'passed']
  ]);
  const comparison = compare('bulk', reference, found);
  assert.deepEqual(comparison.lacking, [
    { test: 'TestCase.b', why: "E: no such command: 'x'" },
    { test: 'TestCase.c', why: 'skipped: not satisfied' },
    { test: 'TestCase.d', why: 'it was not run' }
  ]);
  assert.deepEqual(comparison.others, [{ test: 'TestCase.e', why: 'no secondary' }]);
  assert.deepEqual(comparison.argon, { passed: 2, failed: 2, skipped: 1 });
  assert.equal(share([comparison]), 0.25);
});

test('a file that could not be run at all passes nothing', () => {
  const comparison = compare('bulk', outcomes([['a', 'passed']]), new Map());
  assert.equal(share([comparison]), 0);
  assert.equal(share([]), 0);
});

test('of a test that is named twice in a report a failure counts', () => {
  const found = readOutcomes(`<testsuites><testsuite>
    <testcase classname="test.test_bulk.TestBulk" name="test_a"><error message="tear down"/></testcase>
    <testcase classname="test.test_bulk.TestBulk" name="test_a"/>
    <testcase classname="test.test_bulk.TestBulk" name="test_b"/>
  </testsuite></testsuites>`);
  assert.deepEqual(
    [...found].map(([name, { outcome }]) => [name, outcome]),
    [
      ['TestBulk.test_a', 'failed'],
      ['TestBulk.test_b', 'passed']
    ]
  );
});
