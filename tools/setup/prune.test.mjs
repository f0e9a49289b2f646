import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { prune } from './prune.mjs';

test('outputs without a source go, and nothing else', () => {
  const root = mkdtempSync(join(tmpdir(), 'argon-prune-'));
  try {
    const put = path => {
      mkdirSync(join(root, path, '..'), { recursive: true });
      writeFileSync(join(root, path), '');
    };
    ['src/update/index.ts', 'src/view.tsx'].forEach(put);
    const kept = [
      'out/tsconfig.tsbuildinfo',
      'out/update/index.d.ts',
      'out/update/index.js',
      'out/view.js.map'
    ];
    kept.forEach(put);
    ['out/update.js', 'out/update.d.ts.map', 'out/old/gone.js'].forEach(put);

    assert.deepEqual([...prune(join(root, 'src'), join(root, 'out'))].sort(), [
      'old/gone.js',
      'update.d.ts.map',
      'update.js'
    ]);
    const left = readdirSync(join(root, 'out'), { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => join(entry.parentPath, entry.name).slice(root.length + 1));
    assert.deepEqual(left.sort(), kept);
    assert.deepEqual(prune(join(root, 'src'), join(root, 'nothing')), []);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
