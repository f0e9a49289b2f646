import jupyter from '@jupyter/eslint-plugin';
import prettier from 'eslint-config-prettier';
import * as jsonc from 'jsonc-eslint-parser';
import tseslint from 'typescript-eslint';
import { importDirection } from './tools/lint/import-direction.mjs';

const SPECS = [
  '**/*.{spec,test,testing}.{ts,tsx}',
  '**/testing.ts',
  '**/{oracle,testing}/**/*.ts',
  'e2e/**/*.ts'
];
/** What Node gives without an import, in modules and in CommonJS. */
const NODE_GLOBALS = [
  'process',
  'console',
  'Buffer',
  'URL',
  'performance',
  'structuredClone',
  'fetch',
  'AbortSignal',
  'setTimeout',
  'clearTimeout',
  'setInterval',
  'clearInterval',
  'setImmediate',
  'require',
  'module',
  'exports',
  '__dirname',
  '__filename'
];
/** The rules that are about browser tests. */
const GALATA = /galata|soft-assertions/;
/** The rule that is about settings schemas. */
const SCHEMA = 'no-schema-enum';

/** Every rule of the Jupyter plugin whose name passes, switched on. */
const jupyterRules = keep =>
  Object.fromEntries(
    Object.keys(jupyter.rules)
      .filter(keep)
      .map(name => [`jupyter/${name}`, 'error'])
  );

export default tseslint.config(
  {
    ignores: [
      '**/node_modules/',
      '**/dist/',
      'lib/',
      '.venv/',
      '.cache/',
      '.argon/',
      'kernel-bridge/python/',
      'test-results/',
      'playwright-report/',
      'coverage/',
      // Written by tools/protocol.mjs.
      'extension/client/protocol.ts',
      'kernel-bridge/src/rpc/protocol.ts'
    ]
  },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.{ts,tsx}'],
    extends: [...tseslint.configs.recommendedTypeChecked],
    plugins: { argon: { rules: { 'import-direction': importDirection } } },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      'argon/import-direction': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-control-regex': 'error',
      'no-constant-condition': ['error', { checkLoops: false }],
      'no-fallthrough': 'error',
      'no-unsafe-finally': 'error',
      'no-template-curly-in-string': 'error',
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Exports have names.' },
        { selector: 'TSEnumDeclaration', message: 'Use a union or an object `as const`.' }
      ],
      '@typescript-eslint/no-floating-promises': 'error',
      // `async` without `await` is how a handler promises to reject rather than to throw.
      '@typescript-eslint/require-await': 'off',
      // JupyterLab's own style: `namespace X { IOptions }` beside the class X.
      '@typescript-eslint/no-namespace': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: false }
      ],
      '@typescript-eslint/no-unused-vars': [
        'error',
        {
          argsIgnorePattern: '^_',
          varsIgnorePattern: '^_',
          caughtErrorsIgnorePattern: '^_',
          ignoreRestSiblings: true
        }
      ]
    }
  },
  {
    files: ['extension/**/*.{ts,tsx}'],
    plugins: { jupyter },
    rules: {
      ...jupyterRules(name => !GALATA.test(name) && name !== SCHEMA),
      // `signal.connect(this.onChange, this)` is the idiom; jupyter/require-signal-this-arg watches over it.
      '@typescript-eslint/unbound-method': 'off',
      // JupyterLab finds plugins as the default export of the entry module.
      'no-restricted-syntax': [
        'error',
        { selector: 'TSEnumDeclaration', message: 'Use a union or an object `as const`.' }
      ]
    }
  },
  {
    files: ['schema/lab/*.json'],
    plugins: { jupyter },
    languageOptions: { parser: jsonc },
    rules: jupyterRules(name => name === SCHEMA)
  },
  {
    files: ['e2e/browser/**/*.ts'],
    plugins: { jupyter },
    rules: jupyterRules(name => GALATA.test(name))
  },
  {
    // Playwright and jest read their configuration as the default export.
    files: ['**/*.config.{ts,mjs,js}', 'e2e/browser/**/*.ts'],
    rules: { 'no-restricted-syntax': 'off' }
  },
  {
    // jest's matchers and mocks are typed `any` on purpose.
    files: SPECS,
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/unbound-method': 'off'
    }
  },
  {
    files: ['**/*.{js,mjs,cjs}'],
    languageOptions: { globals: Object.fromEntries(NODE_GLOBALS.map(name => [name, 'readonly'])) },
    extends: [tseslint.configs.disableTypeChecked],
    rules: {
      eqeqeq: 'error',
      'no-undef': 'error',
      'no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'none', ignoreRestSiblings: true }
      ]
    }
  },
  prettier
);
