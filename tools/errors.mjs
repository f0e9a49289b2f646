/**
 * Writes docs/errors.md, the catalogue of errors, from wal-core/src/errors.ts.
 * `node tools/errors.mjs --check` only compares, and fails when the page is not up to date.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const SOURCE = join(root, 'wal-core', 'src', 'errors.ts');
const TARGET = join(root, 'docs', 'errors.md');

/** The codes as the source has them, without building anything. */
function readCodes() {
  const { outputText } = ts.transpileModule(readFileSync(SOURCE, 'utf8'), {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 }
  });
  const module = { exports: {} };
  new Function('module', 'exports', 'require', outputText)(module, module.exports, name => {
    throw new Error(`errors.ts must not import anything, and imports ${name}`);
  });
  return module.exports.ERROR_CODES;
}

const rows = Object.entries(readCodes()).map(
  ([code, meaning]) => `| \`${code}\` | ${meaning.replaceAll('|', '\\|')} |`
);
const page = `# Errors

Every error that a person may meet carries one of these codes. They are the same on every surface: the
magics, \`argon.Client\`, the panel, the command line and the control plane (in the \`data.code\` of a JSON-RPC
error). The message says what happened, to what, and what to do next; \`data\` carries the same for programs.

| Code | Meaning |
| --- | --- |
${rows.join('\n')}

<!-- Written by tools/errors.mjs from wal-core/src/errors.ts: change it there. -->
`;

if (existsSync(TARGET) && readFileSync(TARGET, 'utf8') === page) {
  process.exit(0);
}
if (process.argv.includes('--check')) {
  console.error('docs/errors.md is not up to date: run `node tools/errors.mjs`');
  process.exit(1);
}
writeFileSync(TARGET, page);
console.log('wrote docs/errors.md');
