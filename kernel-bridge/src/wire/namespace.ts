import { MongoError } from './errors';
import { DATABASE_BYTES_MAX, NAMESPACE_BYTES_MAX } from './limits';

/**
 * The grammar of database names, by which any MongoDB tool opens any state:
 *
 *     shop                        project shop, its default branch or the session's checkout
 *     shop@exp                    branch exp
 *     shop@exp:120                branch exp at LSN 120
 *     shop@exp:2026-07-07T09:00:00Z, shop@exp:-5m
 *     shop@pin:gold, shop@run:8f0c
 *     shop~exp, shop~exp~120      the same with `~`, because Node tools reject `@` in a URI's path
 *
 * Bytes of a branch, pin or run name that a database name cannot hold, or that the grammar needs,
 * stand as `=XX`, the hex of the byte in UTF-8.
 */

/** A database name taken apart. */
export interface Target {
  readonly project: string;
  /** In the engine's grammar: `exp`, `exp@120`, `pin:gold`; absent for the plain project name. */
  readonly ref?: string;
}

/** The databases of MongoDB's own that are never projects. */
export const RESERVED_DATABASES: ReadonlySet<string> = new Set(['admin', 'local', 'config']);

// What MongoDB forbids in a database name, what the grammar uses, and control characters.
const ESCAPED_IN_NAME = /[\u0000-\u0020\u007f/\\."$@:~=]/g; // eslint-disable-line no-control-regex
const ESCAPED_IN_POINT = /[\u0000-\u0020\u007f/\\."$@~=]/g; // eslint-disable-line no-control-regex
const FORBIDDEN = /[\u0000-\u0020/\\."$]/; // eslint-disable-line no-control-regex
const KEYWORDS: ReadonlySet<string> = new Set(['pin', 'run']);

/** The database name that opens `ref` of `project`. `separator` `~` gives the alias for URIs. */
export function databaseName(project: string, ref?: string, separator: '@' | '~' = '@'): string {
  const base = escape(project, ESCAPED_IN_NAME);
  if (ref === undefined) {
    return base;
  }
  const between = separator === '@' ? ':' : '~';
  const named = /^(pin|run):(.*)$/s.exec(ref);
  if (named !== null) {
    return `${base}${separator}${named[1]}${between}${escape(named[2] ?? '', ESCAPED_IN_NAME)}`;
  }
  const at = ref.lastIndexOf('@');
  const branch = at < 0 ? ref : ref.slice(0, at);
  const escaped = escape(branch, ESCAPED_IN_NAME);
  // A branch that is called `pin` must not read as the keyword.
  const safe = KEYWORDS.has(escaped) ? `=${hex(escaped.charCodeAt(0))}${escaped.slice(1)}` : escaped;
  const point = at < 0 ? '' : between + escape(ref.slice(at + 1), ESCAPED_IN_POINT);
  return `${base}${separator}${safe}${point}`;
}

/** Takes a database name apart. @throws MongoError 73 */
export function parseDatabase(name: string): Target {
  if (name === '' || FORBIDDEN.test(name)) {
    throw new MongoError('InvalidNamespace', `Invalid database name: '${name}'`);
  }
  if (Buffer.byteLength(name) > DATABASE_BYTES_MAX) {
    throw new MongoError(
      'InvalidNamespace',
      `db name must be at most ${DATABASE_BYTES_MAX} bytes, found: ${Buffer.byteLength(name)}`
    );
  }
  const first = name.search(/[@~]/);
  if (first < 0) {
    return { project: unescape(name, name) };
  }
  const project = unescape(name.slice(0, first), name);
  const rest = name.slice(first + 1);
  const second = rest.search(/[:~@]/);
  const head = second < 0 ? rest : rest.slice(0, second);
  const tail = second < 0 ? undefined : unescape(rest.slice(second + 1), name);
  if (project === '' || head === '' || tail === '') {
    throw new MongoError('InvalidNamespace', `Invalid database name: '${name}' (say project@branch:LSN)`);
  }
  if (tail === undefined) {
    return { project, ref: unescape(head, name) };
  }
  return { project, ref: KEYWORDS.has(head) ? `${head}:${tail}` : `${unescape(head, name)}@${tail}` };
}

/** Checks a collection name that is read. @throws MongoError 73 */
export function checkCollectionName(database: string, collection: string): void {
  if (collection === '' || collection.includes('\0')) {
    throw new MongoError('InvalidNamespace', `Invalid namespace specified '${database}.${collection}'`);
  }
  if (collection.startsWith('.')) {
    throw new MongoError('InvalidNamespace', `Collection names cannot start with '.': ${collection}`);
  }
}

/** Checks the name of a collection that a command may create or change. @throws MongoError 73 */
export function checkWritableName(database: string, collection: string): void {
  checkCollectionName(database, collection);
  if (collection.includes('$')) {
    throw new MongoError('InvalidNamespace', `Invalid collection name: ${collection}`);
  }
  if (collection.startsWith('system.')) {
    throw new MongoError('InvalidNamespace', `Invalid system namespace: ${database}.${collection}`);
  }
  const bytes = Buffer.byteLength(database) + 1 + Buffer.byteLength(collection);
  if (bytes > NAMESPACE_BYTES_MAX) {
    throw new MongoError(
      'InvalidNamespace',
      `Fully qualified namespace is too long. Namespace: ${database}.${collection} Max: ${NAMESPACE_BYTES_MAX}`
    );
  }
}

function escape(text: string, escaped: RegExp): string {
  return text.replace(escaped, character => `=${hex(character.charCodeAt(0))}`);
}

function unescape(text: string, whole: string): string {
  if (!text.includes('=')) {
    return text;
  }
  const bytes: Buffer[] = [];
  for (let position = 0; position < text.length;) {
    const mark = text.indexOf('=', position);
    const end = mark < 0 ? text.length : mark;
    bytes.push(Buffer.from(text.slice(position, end)));
    if (mark < 0) {
      break;
    }
    const digits = text.slice(mark + 1, mark + 3);
    if (!/^[0-9A-Fa-f]{2}$/.test(digits)) {
      throw new MongoError(
        'InvalidNamespace',
        `Invalid database name: '${whole}' ('=' needs two hex digits)`
      );
    }
    bytes.push(Buffer.from(digits, 'hex'));
    position = mark + 3;
  }
  return Buffer.concat(bytes).toString('utf8');
}

function hex(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, '0');
}
