/** Packages that come as ES modules only, and so must be transformed for jest. */
const esm = [
  '@codemirror',
  '@jupyter',
  '@jupyterlab',
  '@lezer',
  '@marijn',
  '@microsoft',
  'exenv-es6',
  'lib0',
  'nanoid',
  'vscode-ws-jsonrpc',
  'y-protocols',
  'y-websocket',
  'yjs',
  'style-mod',
  'w3c-keyname',
  'crelt',
  '@rjsf',
  'lodash-es'
].join('|');

/** As in tsconfig.json, but one file at a time and as CommonJS; `tsc -b` checks the types. */
const compilerOptions = {
  target: 'ES2022',
  module: 'commonjs',
  moduleResolution: 'node10',
  jsx: 'react-jsx',
  esModuleInterop: true,
  isolatedModules: true,
  skipLibCheck: true,
  sourceMap: true
};

const base = require('@jupyterlab/testing/lib/jest-config')(__dirname);

/** @type {import('jest').Config} */
module.exports = {
  ...base,
  displayName: 'extension',
  roots: ['<rootDir>/extension'],
  testRegex: undefined,
  testMatch: ['**/*.spec.ts', '**/*.spec.tsx'],
  transform: {
    ...base.transform,
    '^.+\\.tsx?$': ['ts-jest', { tsconfig: compilerOptions, diagnostics: false }],
    '^.+\\.jsx?$': ['babel-jest', require('@jupyterlab/testing/lib/babel-config').default]
  },
  transformIgnorePatterns: [`/node_modules/(?!(${esm}).*)`],
  modulePathIgnorePatterns: ['<rootDir>/kernel-bridge/python/argon/labextension', '<rootDir>/lib'],
  collectCoverage: false,
  reporters: ['default']
};
