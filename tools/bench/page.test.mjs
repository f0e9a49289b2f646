import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withFigures } from './page.mjs';

const page = '# P\n\n<!-- bench a -->\n\nold\n\n<!-- end -->\n\n<!-- bench b -->\n<!-- end -->\nrest\n';

test('figures replace those of their suite alone', () => {
  const once = withFigures(page, 'a', 'new');
  assert.equal(
    once,
    '# P\n\n<!-- bench a -->\n\n```text\nnew\n```\n\n<!-- end -->\n\n<!-- bench b -->\n<!-- end -->\nrest\n'
  );
  assert.equal(withFigures(once, 'a', 'new'), once);
  assert.match(
    withFigures(page, 'b', 'x'),
    /old[\s\S]*bench b -->\n\n```text\nx\n```\n\n<!-- end -->\nrest\n$/
  );
});

test('a page without a place for them says so', () => {
  assert.throws(() => withFigures(page, 'c', 'x'), /no place for the suite "c"/);
});
