import assert from 'node:assert/strict';
import { test } from 'node:test';
import { median, quantile, row, table } from './row.mjs';

test('a goal is judged by the value or by the ratio to the baseline', () => {
  const facts = { suite: 'engine', name: 'writes', value: 5_000, unit: '/s', baseline: 20_000 };
  assert.deepEqual(row({ ...facts, goal: { atLeast: 3_000 } }), {
    ...facts,
    ratio: 0.25,
    goal: '≥ 3,000',
    ok: true
  });
  assert.deepEqual(row({ ...facts, goal: { atLeast: 0.5, of: 'ratio' } }), {
    ...facts,
    ratio: 0.25,
    goal: 'ratio ≥ 0.5',
    ok: false
  });
  assert.deepEqual(
    row({ suite: 'engine', name: 'get', value: 7, unit: 'µs', goal: { atMost: 6 } }).ok,
    false
  );
  assert.deepEqual(row({ suite: 'engine', name: 'get', value: 7, unit: 'µs' }), {
    suite: 'engine',
    name: 'get',
    value: 7,
    unit: 'µs',
    baseline: null,
    ratio: null,
    goal: null,
    ok: null
  });
});

test('medians and quantiles', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert.equal(quantile([...Array(1000).keys()], 0.99), 990);
  assert.equal(quantile([5], 0.99), 5);
});

test('the table names every row, and says which goals were missed', () => {
  const text = table([
    row({ suite: 'engine', name: 'scan', value: 7_100_000, unit: 'docs/s', goal: { atLeast: 7e6 } }),
    row({ suite: 'engine', name: 'get', value: 7, unit: 'µs', goal: { atMost: 6 } })
  ]);
  assert.match(text, /^scan +7,100,000 {2}docs\/s .* ok$/m);
  assert.match(text, /^get +7 {2}µs .* missed$/m);
});
