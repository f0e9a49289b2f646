/** ESLint rule: imports run one way. The order itself is in layers.mjs. */
import { statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { importTrouble } from './layers.mjs';

/** @type {import('eslint').Rule.RuleModule} */
export const importDirection = {
  meta: {
    type: 'problem',
    docs: { description: 'Hold the import directions of the architecture' },
    schema: [],
    messages: { wrongWay: '{{trouble}}.' }
  },
  create(context) {
    const file = relative(context.cwd, context.filename).split(sep).join('/');
    const isFolder = path =>
      statSync(join(context.cwd, path), { throwIfNoEntry: false })?.isDirectory() === true;
    const check = source => {
      if (source?.type === 'Literal' && typeof source.value === 'string') {
        const trouble = importTrouble(file, source.value, isFolder);
        if (trouble !== undefined) {
          context.report({ node: source, messageId: 'wrongWay', data: { trouble } });
        }
      }
    };
    return {
      ImportDeclaration: node => check(node.source),
      ExportNamedDeclaration: node => check(node.source),
      ExportAllDeclaration: node => check(node.source),
      ImportExpression: node => check(node.source),
      TSImportType: node => check(node.source ?? node.argument?.literal),
      TSExternalModuleReference: node => check(node.expression),
      'CallExpression[callee.name="require"]': node => check(node.arguments[0])
    };
  }
};
