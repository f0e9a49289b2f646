import { ArgonError } from '../errors';
import {
  BRANCH_NAME_BYTES_MAX,
  CHECK_NAME_BYTES_MAX,
  COLLECTION_NAME_BYTES_MAX,
  PROJECT_NAME_BYTES_MAX
} from '../limits';
import type { Retention } from './model';

/** Name that changes of the catalog show in plans and histories: no collection can have it. */
export const CATALOG_NAME = '(catalog)';

const RESERVED_PROJECTS = new Set(['admin', 'local', 'config']);

function tooLong(kind: string, name: string, max: number): ArgonError {
  return new ArgonError(
    'NAME_INVALID',
    `A ${kind} name has at most ${max} bytes; this one has ${Buffer.byteLength(name)}.`,
    {
      data: { limit: max, value: Buffer.byteLength(name) }
    }
  );
}

function invalid(kind: string, name: string, rule: string): ArgonError {
  return new ArgonError('NAME_INVALID', `${JSON.stringify(name)} cannot name a ${kind}: ${rule}.`, {
    data: { name }
  });
}

// eslint-disable-next-line no-control-regex -- control characters are what is refused
const CONTROL = /[\u0000-\u001f\u007f]/;

/** @throws NAME_INVALID for what is no text, or none that UTF-8 can hold */
function checkText(kind: string, name: unknown): void {
  if (typeof name !== 'string') {
    throw new ArgonError('NAME_INVALID', `The name of a ${kind} must be text.`, {
      data: { type: typeof name }
    });
  }
  if (!name.isWellFormed()) {
    throw invalid(kind, name, 'it is not well-formed Unicode');
  }
}

/** Project names are database names of MongoDB that hold none of the ref signs `@ : ~`. */
export function checkProjectName(name: string): void {
  checkText('project', name);
  if (name === '') {
    throw invalid('project', name, 'it is empty');
  }
  if (Buffer.byteLength(name) > PROJECT_NAME_BYTES_MAX) {
    throw tooLong('project', name, PROJECT_NAME_BYTES_MAX);
  }
  if (/[/\\. "$@:~]/.test(name) || CONTROL.test(name)) {
    throw invalid('project', name, 'it may not hold / \\ . " $ @ : ~, spaces or control characters');
  }
  if (RESERVED_PROJECTS.has(name)) {
    throw invalid('project', name, 'MongoDB keeps this name for itself');
  }
}

/** Branch and pin names: any text without the ref signs `@ : ~`, control characters or outer spaces. */
export function checkBranchName(name: string, kind: 'branch' | 'pin' = 'branch'): void {
  checkText(kind, name);
  if (name === '') {
    throw invalid(kind, name, 'it is empty');
  }
  if (Buffer.byteLength(name) > BRANCH_NAME_BYTES_MAX) {
    throw tooLong(kind, name, BRANCH_NAME_BYTES_MAX);
  }
  if (/[@:~]/.test(name) || CONTROL.test(name)) {
    throw invalid(kind, name, 'it may not hold @ : ~ or control characters');
  }
  if (name.trim() !== name || name.startsWith('-')) {
    throw invalid(kind, name, 'it may not begin with - or begin or end with a space');
  }
}

/** Names of checks: any text without control characters. */
export function checkCheckName(name: string): void {
  checkText('check', name);
  if (name === '') {
    throw invalid('check', name, 'it is empty');
  }
  if (Buffer.byteLength(name) > CHECK_NAME_BYTES_MAX) {
    throw tooLong('check', name, CHECK_NAME_BYTES_MAX);
  }
  if (CONTROL.test(name)) {
    throw invalid('check', name, 'it may not hold control characters');
  }
}

/** Collection names follow MongoDB: not empty, no `$`, no NUL, not `system.…`, no leading or trailing dot. */
export function checkCollectionName(name: string): void {
  checkText('collection', name);
  if (name === '' || name.startsWith('.') || name.endsWith('.')) {
    throw invalid('collection', name, 'it is empty or begins or ends with a dot');
  }
  if (Buffer.byteLength(name) > COLLECTION_NAME_BYTES_MAX) {
    throw tooLong('collection', name, COLLECTION_NAME_BYTES_MAX);
  }
  if (name.includes('$') || name.includes('\0')) {
    throw invalid('collection', name, 'it may not hold $ or NUL');
  }
  if (name.startsWith('system.')) {
    throw invalid('collection', name, 'names that begin with system. are kept for MongoDB');
  }
  if (name === CATALOG_NAME) {
    throw invalid('collection', name, 'plans and histories call the list of collections so');
  }
}

/** @throws BAD_REQUEST unless the figures are whole numbers that are not negative */
export function checkRetention(retention: Retention | undefined): void {
  for (const [name, value] of Object.entries(retention ?? {}) as [string, unknown][]) {
    if (!Number.isSafeInteger(value) || (value as number) < 0) {
      throw new ArgonError('BAD_REQUEST', `${name} must be a whole number that is not negative.`, {
        data: { [name]: value }
      });
    }
  }
}
