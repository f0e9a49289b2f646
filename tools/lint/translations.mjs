/** The texts that the labextension asks its translator for, and what a catalogue lacks of them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { at } from '../setup/checkout.mjs';

/** @typedef {{ text: string, plural: string | undefined, file: string }} Translated */

/** The German catalogue, as JupyterLab's server looks for it in the package. */
export const GERMAN = at(
  'kernel-bridge',
  'python',
  'argon',
  'locale',
  'de_DE',
  'LC_MESSAGES',
  'jupyterlab_argon.json'
);

/** The settings of the labextension, whose titles and descriptions are shown too. */
const SETTINGS = at('schema', 'lab', 'plugin.json');

/** @returns {Translated[]} every text, in the order of the files */
export function translatedTexts(folder = at('extension')) {
  return [...textsOfFolder(folder), ...textsOfSchema(JSON.parse(readFileSync(SETTINGS, 'utf8')))];
}

/** @returns {Translated[]} the titles and descriptions of a schema, however deep */
export function textsOfSchema(schema) {
  return Object.entries(schema).flatMap(([key, value]) => {
    if (typeof value === 'string') {
      const isShown = key === 'title' || key === 'description';
      return isShown ? [{ text: value, plural: undefined, file: 'schema/lab/plugin.json' }] : [];
    }
    return typeof value === 'object' && value !== null ? textsOfSchema(value) : [];
  });
}

function textsOfFolder(folder) {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(file => /\.tsx?$/.test(file) && !/\.spec\.|^testing/.test(file))
    .sort()
    .flatMap(file => textsOf(file, readFileSync(join(folder, file), 'utf8')));
}

/**
 * @returns {Translated[]} those of one file
 * @throws when a text is put together, because no catalogue can have it
 */
export function textsOf(file, source) {
  const found = [];
  const literal = node => {
    if (node === undefined || !ts.isStringLiteralLike(node)) {
      throw new Error(`${file}: a translated text is written out in one piece: ${node?.getText()}`);
    }
    return node.text;
  };
  const visit = node => {
    if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
      const [text, plural] = node.arguments;
      const { text: name } = node.expression.name;
      if (name === '__') {
        found.push({ text: literal(text), plural: undefined, file });
      } else if (name === '_n') {
        found.push({ text: literal(text), plural: literal(plural), file });
      }
    }
    ts.forEachChild(node, visit);
  };
  const kind = file.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS;
  visit(ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true, kind));
  return found;
}

/** @returns {string[]} a line for each text that is missing, put differently, or not shown any more */
export function faults(texts, catalogue) {
  const places = text => [...new Set(text?.match(/%\d/g) ?? [])].sort().join(' ');
  const lines = texts.flatMap(({ file, text, plural }) => {
    const forms = plural === undefined ? [text] : [text, plural];
    const known = catalogue[text];
    if (known?.length !== forms.length || known.includes('')) {
      return [`${file}: not translated: ${text}`];
    }
    return forms.some((form, n) => places(form) !== places(known[n]))
      ? [`${file}: other values are put in: ${text}`]
      : [];
  });
  const shown = new Set(texts.map(({ text }) => text));
  const left = Object.keys(catalogue).filter(text => text !== '' && !shown.has(text));
  return [...new Set([...lines, ...left.map(text => `not shown any more: ${text}`)])];
}
