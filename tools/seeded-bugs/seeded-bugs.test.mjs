import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BUGS } from './bugs.mjs';
import { chooseBugs, huntBugs } from './main.mjs';
import { checkBug, withBug } from './tree.mjs';

test('every seeded bug has its one place in the source, compiles, and names its tests', () => {
  assert.ok(BUGS.length >= 20);
  assert.equal(new Set(BUGS.map(({ name }) => name)).size, BUGS.length);
  const stale = BUGS.flatMap(bug => {
    try {
      checkBug(bug);
      return [];
    } catch (error) {
      return [error.message];
    }
  });
  assert.deepEqual(stale, []);
});

test('a text that is gone, or there twice, is an error', () => {
  const bug = { name: 'b', file: 'f.ts', text: 'a + 1', replacement: 'a' };
  assert.equal(withBug('return a + 1;', bug), 'return a;');
  assert.throws(() => withBug('return a;', bug), /b: the text is not in f\.ts/);
  assert.throws(() => withBug('a + 1 + a + 1', bug), /b: the text is 2 times in f\.ts/);
  assert.throws(() => withBug('return a + 1;', { ...bug, replacement: bug.text }), /the text itself/);
});

test(
  'a bug that breaks a law is caught, one that breaks nothing survives',
  { timeout: 300_000 },
  async () => {
    const [early] = chooseBugs(['commit-time-goes-back']);
    const harmless = {
      ...early,
      name: 'no-bug-at-all',
      replacement: `${early.text} // nothing else`
    };
    const [caught, survivor] = await huntBugs([early, harmless]);
    assert.match(caught.test, /^law-10-time-to-lsn: /);
    assert.equal(caught.survived, undefined);
    assert.match(survivor.survived, /^all \d+ tests passed$/);
  }
);
