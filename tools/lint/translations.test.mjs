import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { faults, GERMAN, textsOf, textsOfSchema, translatedTexts } from './translations.mjs';

test('German has every text of the labextension, in every form, and none beside', () => {
  const texts = translatedTexts();
  assert.ok(texts.length > 700, `${texts.length} texts were found`);
  assert.deepEqual(faults(texts, JSON.parse(readFileSync(GERMAN, 'utf8'))), []);
});

test('what is missing, left over or put differently is named', () => {
  const texts = textsOf(
    'a.tsx',
    `trans.__('Open'); trans.__('Open %1', a); trans._n('%2 run', '%2 runs', n, count(n)); other.open('x');`
  );
  assert.deepEqual(
    texts.map(({ text, plural }) => [text, plural]),
    [
      ['Open', undefined],
      ['Open %1', undefined],
      ['%2 run', '%2 runs']
    ]
  );
  assert.deepEqual(faults(texts, { '': {}, 'Open %1': ['Öffnen'], '%2 run': ['%2 Lauf'], Close: ['Zu'] }), [
    'a.tsx: not translated: Open',
    'a.tsx: other values are put in: Open %1',
    'a.tsx: not translated: %2 run',
    'not shown any more: Close'
  ]);
});

test('the texts of the settings are among them', () => {
  const schema = {
    title: 'Argon',
    properties: { side: { title: 'Side', default: 'title', oneOf: [{ const: 'left', title: 'Left' }] } }
  };
  assert.deepEqual(
    textsOfSchema(schema).map(({ text }) => text),
    ['Argon', 'Side', 'Left']
  );
});

test('a text that is put together is refused', () => {
  assert.throws(() => textsOf('a.ts', 'trans.__("Open " + name)'), /written out in one piece/);
});
