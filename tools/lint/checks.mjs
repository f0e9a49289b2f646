/** Every check of `npm run lint`, and how to mend what it finds. */
import { VENV_PYTHON, at, program } from '../setup/checkout.mjs';

/**
 * @typedef {object} Check
 * @property {string} name
 * @property {string} title
 * @property {readonly [string, readonly string[]]} command
 * @property {readonly [string, readonly string[]]} [fix] does what can be done by itself
 */

const node = (...args) => [process.execPath, args];
const python = (...args) => [VENV_PYTHON, args];
const eslint = [program('eslint', 'bin', 'eslint.js'), '--max-warnings', '0'];
const prettier = [program('prettier', 'bin', 'prettier.cjs'), '--log-level', 'warn'];
const PYTHON_SOURCES = ['kernel-bridge/python', 'tools'];

/** @type {readonly Check[]} */
export const CHECKS = [
  { name: 'eslint', title: 'eslint', command: node(...eslint, '.'), fix: node(...eslint, '--fix', '.') },
  {
    name: 'prettier',
    title: 'prettier',
    command: node(...prettier, '--check', '.'),
    fix: node(...prettier, '--write', '.')
  },
  {
    name: 'protocol',
    title: 'protocol types',
    command: node(at('tools', 'protocol.mjs'), '--check'),
    fix: node(at('tools', 'protocol.mjs'))
  },
  {
    name: 'protocol-python',
    title: 'protocol types, Python',
    command: python('tools/protocol_py.py', '--check'),
    fix: python('tools/protocol_py.py')
  },
  {
    name: 'client-async',
    title: 'client for coroutines, Python',
    command: python('tools/client_async.py', '--check'),
    fix: python('tools/client_async.py')
  },
  {
    name: 'errors',
    title: 'error catalogue',
    command: node(at('tools', 'errors.mjs'), '--check'),
    fix: node(at('tools', 'errors.mjs'))
  },
  { name: 'links', title: 'links of the pages', command: node(at('tools', 'links.mjs')) },
  {
    name: 'ruff',
    title: 'ruff',
    command: python('-m', 'ruff', 'check', '--quiet', ...PYTHON_SOURCES),
    fix: python('-m', 'ruff', 'check', '--fix', '--quiet', ...PYTHON_SOURCES)
  },
  { name: 'mypy', title: 'mypy --strict', command: python('-m', 'mypy', '--strict', '--no-error-summary') }
];
