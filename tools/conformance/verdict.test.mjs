import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { at } from '../setup/checkout.mjs';
import { reasonOf } from './differences.mjs';
import { withDifferences } from './page.mjs';
import { judge } from './verdict.mjs';

const DIFFERENCES = [
  { why: 'no text search', tests: { cursor: ['A.text', 'A.more'] } },
  { why: 'no time series', tests: { cursor: ['Series.*'] } }
];
const outcomes = list => new Map(list.map(([name, outcome, why = '']) => [name, { outcome, why }]));

test('a failure is one unless its reason is known, and a reason must be true', () => {
  const found = judge(
    'cursor',
    outcomes([
      ['A.fine', 'passed'],
      ['A.text', 'failed', 'not available'],
      ['A.more', 'passed'],
      ['A.broken', 'failed', 'boom\nat line 1'],
      ['A.skipped', 'skipped', 'needs a shard'],
      ['Series.one', 'failed'],
      ['Series.two', 'passed']
    ]),
    DIFFERENCES
  );
  assert.deepEqual([found.passed, found.failed, found.skipped], [2, 2, 3]);
  assert.deepEqual(found.failures, [
    'cursor › A.more: it passes, and is still in the list of differences',
    'cursor › A.broken: boom'
  ]);
  assert.deepEqual(found.skips, [
    'cursor, 1 of its tests (known difference: no text search)',
    'cursor, 1 of its tests (needs a shard)',
    'cursor, 1 of its tests (known difference: no time series)'
  ]);
});

test('a reason is that of the file it stands under', () => {
  assert.equal(reasonOf('cursor', 'A.text', DIFFERENCES), 'no text search');
  assert.equal(reasonOf('bulk', 'A.text', DIFFERENCES), undefined);
  assert.equal(reasonOf('cursor', 'Series.any', DIFFERENCES), 'no time series');
});

test('the page on what differs shows the list as it is (node tools/conformance.mjs --docs writes it)', () => {
  const page = readFileSync(at('docs', 'compatibility.md'), 'utf8');
  assert.equal(withDifferences(page), page);
});
