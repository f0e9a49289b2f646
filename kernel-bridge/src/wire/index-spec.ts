import {
  T,
  TYPE_NAMES,
  compileFilter,
  documentOf,
  elements,
  field,
  parseCollation,
  type IndexInfo,
  type RawElement
} from '@argon/wal-core';
import { isTruthy, numberOf, stringOf } from './arguments';
import { DocumentBuilder } from './builder';
import { MongoError, toMongoError } from './errors';
import { sameKeyPattern } from './plan';
import { documentText, valueText } from './shell-text';

/** An index as `createIndexes` asks for it, checked. */
export interface IndexRequest {
  readonly name: string;
  readonly key: Buffer;
  /** The specification as it is stored and listed: `{v, key, name, …}`. */
  readonly spec: Buffer;
  readonly unique: boolean;
  readonly sparse: boolean;
  readonly partialFilter: Buffer | undefined;
  /** With all its fields; undefined: binary order. */
  readonly collation: Buffer | undefined;
  /** The `_id` index, which every collection has. */
  readonly isId: boolean;
}

/** Options that are dropped, as mongod drops them. */
const IGNORED: ReadonlySet<string> = new Set(['ns', 'dropDups']);
/** Options of kinds of index that are not there: kept when they are well formed, for any index may carry them. */
const STRINGS: ReadonlySet<string> = new Set(['default_language', 'language_override']);
const NUMBERS: ReadonlySet<string> = new Set([
  'textIndexVersion',
  '2dsphereIndexVersion',
  'bits',
  'min',
  'max'
]);
/** Options that change nothing here and are kept for `listIndexes`. */
const HARMLESS: ReadonlySet<string> = new Set(['background', 'storageEngine', ...STRINGS, ...NUMBERS]);
/** Options that would make another index of it. */
const MISSING: ReadonlySet<string> = new Set(['clustered', 'prepareUnique']);
const FLAGS: ReadonlySet<string> = new Set(['background', 'dropDups']);
const KINDS: ReadonlySet<string> = new Set(['text', '2d', '2dsphere', 'geoHaystack', 'columnstore']);
/** The fields of a DBRef: a key may name them below the top. */
const REFERENCE: ReadonlySet<string> = new Set(['$id', '$ref', '$db']);
/** Every option there is; another may be passed over by `ignoreUnknownIndexOptions`. */
const KNOWN: ReadonlySet<string> = new Set([
  ...[
    'v',
    'key',
    'name',
    'unique',
    'sparse',
    'hidden',
    'partialFilterExpression',
    'collation',
    'expireAfterSeconds'
  ],
  ...['weights', 'wildcardProjection'],
  ...HARMLESS,
  ...IGNORED,
  ...MISSING
]);
const ID_INDEX_NAME = '_id_';

/**
 * Checks one specification of `createIndexes`; `collation` is what the collection's indexes have when they name none;
 * `passesOver` drops options nobody knows.
 * @throws MongoError 2, 9, 14, 67, 197, 238, 16764, 31303
 */
export function readIndexSpec(given: Buffer, collation?: Buffer, passesOver = false): IndexRequest {
  const raw = passesOver ? documentOf(elements(given).filter(option => KNOWN.has(option.name))) : given;
  const where = `Error in specification ${documentText(raw)} :: caused by :: `;
  const fields = new Map(elements(raw).map(element => [element.name, element]));
  const strange = [...fields.keys()].find(option => !KNOWN.has(option));
  if (strange !== undefined) {
    throw new MongoError(
      'InvalidIndexSpecificationOption',
      `${where}The field '${strange}' is not valid for an index specification. Specification: ${documentText(raw)}`
    );
  }
  const key = fields.get('key');
  const name = fields.get('name');
  if (key === undefined) {
    throw new MongoError(
      'FailedToParse',
      `${where}The 'key' field is a required property of an index specification`
    );
  }
  if (key.type !== T.OBJECT) {
    throw wrongType(where, 'key', 'an object', key);
  }
  checkKeyPattern(where, key.bytes);
  if (name === undefined) {
    throw new MongoError(
      'FailedToParse',
      `${where}The 'name' field is a required property of an index specification`
    );
  }
  if (name.type !== T.STRING) {
    throw wrongType(where, 'name', 'a string', name);
  }
  const text = stringOf(name);
  const isId = checkIdIndex(key.bytes, text);
  checkName(where, text);
  const builder = new DocumentBuilder(128)
    .raw('v', versionOf(where, raw, fields.get('v')))
    .raw('key', key)
    .string('name', text);
  for (const option of fields.values()) {
    addOption(builder, option, where, raw, isId);
  }
  const named = fields.get('collation');
  const own = collationOf(where, named, collation);
  if (own !== undefined && !isId) {
    builder.raw('collation', { type: T.OBJECT, bytes: own });
  }
  checkKinds(key.bytes, flagOf(where, fields.get('unique')), fields.get('expireAfterSeconds'), raw);
  const partial = fields.get('partialFilterExpression');
  const request: IndexRequest = {
    name: text,
    key: key.bytes,
    spec: builder.finish(),
    unique: flagOf(where, fields.get('unique')),
    sparse: flagOf(where, fields.get('sparse')),
    partialFilter: partial?.bytes,
    collation: own,
    isId
  };
  if (request.sparse && partial !== undefined) {
    throw new MongoError(
      'CannotCreateIndex',
      `${where}cannot mix "partialFilterExpression" and "sparse" options`
    );
  }
  return request;
}

function addOption(
  builder: DocumentBuilder,
  option: RawElement,
  where: string,
  raw: Buffer,
  isId: boolean
): void {
  const { name } = option;
  if (FLAGS.has(name) && isTruthy(option) === undefined) {
    throw wrongType(where, name, 'a bool', option);
  }
  if (name === 'v' || name === 'key' || name === 'name' || IGNORED.has(name)) {
    return;
  }
  if (name === 'unique' || name === 'sparse' || name === 'hidden') {
    if (isId) {
      throw new MongoError(
        'InvalidIndexSpecificationOption',
        `The field '${name}' is not valid for an _id index specification. Specification: ${documentText(raw)}`
      );
    }
    if (name === 'hidden' && option.type !== T.BOOL) {
      throw wrongType(where, name, 'a bool', option);
    }
    if (flagOf(where, option)) {
      builder.bool(name, true);
    }
    return;
  }
  if (name === 'partialFilterExpression') {
    if (option.type !== T.OBJECT) {
      throw wrongType(where, name, 'an object', option);
    }
    try {
      compileFilter(option.bytes);
    } catch (error) {
      const cause = toMongoError(error);
      throw new MongoError(cause.code, `${where}${cause.message}`, { cause: error });
    }
    builder.raw(name, option);
    return;
  }
  if (name === 'collation') {
    return;
  }
  if (name === 'expireAfterSeconds') {
    if (isId) {
      throw new MongoError(
        'InvalidIndexSpecificationOption',
        `The field '${name}' is not valid for an _id index specification. Specification: ${documentText(raw)}`
      );
    }
    builder.raw(name, { type: T.INT32, bytes: int32(secondsOf(option, raw)) });
    return;
  }
  checkForeign(where, option);
  if (MISSING.has(name)) {
    if (name === 'clustered' && isTruthy(option) === undefined) {
      throw wrongType(where, name, 'a bool', option);
    }
    throw new MongoError(
      'NotImplemented',
      `${where}the index option '${name}' is not available in Argon yet`
    );
  }
  builder.raw(name, option);
}

/** Options that belong to kinds of index that are not there. @throws MongoError 2, 14, 67 */
function checkForeign(where: string, option: RawElement): void {
  const { name, type } = option;
  if (STRINGS.has(name) && type !== T.STRING) {
    throw wrongType(where, name, 'a string', option);
  }
  if (NUMBERS.has(name) && numberOf(option) === undefined) {
    throw wrongType(where, name, 'a number', option);
  }
  if (name === 'weights') {
    if (type !== T.OBJECT && type !== T.STRING && type !== T.ARRAY) {
      throw wrongType(where, name, 'an object', option);
    }
    throw new MongoError(
      'CannotCreateIndex',
      `${where}the field 'weights' can only be specified with text indexes`
    );
  }
  if (name === 'wildcardProjection') {
    throw new MongoError('BadValue', `${where}The field '${name}' is only allowed in an 'wildcard' index`);
  }
  if (name === 'storageEngine') {
    const engines = type === T.OBJECT ? elements(option.bytes) : [];
    if (engines.length === 0) {
      throw new MongoError(
        'CannotCreateIndex',
        `${where}"storageEngine" options must be a document if present`
      );
    }
    if (engines.some(engine => engine.type !== T.OBJECT)) {
      throw new MongoError(
        'BadValue',
        `${where}'storageEngine.${engines[0]!.name}' has to be an embedded document.`
      );
    }
  }
}

/** Longest time to live: what fits a 32-bit number. */
const EXPIRE_SECONDS_MAX = 0x7fffffff;

/** `expireAfterSeconds` as a whole number. @throws MongoError 67 */
function secondsOf(option: RawElement, raw: Buffer): number {
  const fail = (message: string): never => {
    throw new MongoError(
      'CannotCreateIndex',
      `TTL index 'expireAfterSeconds' option ${message}. Index spec: ${documentText(raw)}`
    );
  };
  const seconds = numberOf(option);
  if (seconds === undefined) {
    return fail(`must be numeric, but received a type of '${TYPE_NAMES[option.type]}'`);
  }
  if (seconds < 0) {
    return fail('cannot be less than 0');
  }
  if (seconds > EXPIRE_SECONDS_MAX) {
    return fail('must be within an acceptable range, try a lower number');
  }
  // As in mongod, what is no number expires at once.
  return Math.trunc(seconds || 0);
}

function int32(n: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(n);
  return bytes;
}

/** The collation an index gets: its own, else the collection's; none for the simple one. */
function collationOf(
  where: string,
  named: RawElement | undefined,
  usual: Buffer | undefined
): Buffer | undefined {
  if (named === undefined) {
    return usual;
  }
  if (named.type !== T.OBJECT) {
    throw wrongType(where, 'collation', 'an object', named);
  }
  if (named.bytes.length === 5) {
    throw new MongoError('BadValue', `${where}The field 'collation' cannot be an empty object.`);
  }
  try {
    return parseCollation(named.bytes)?.source;
  } catch (error) {
    const cause = toMongoError(error);
    throw new MongoError(cause.code, `${where}${cause.message}`, { cause: error });
  }
}

/** What kinds of index do not go together. */
function checkKinds(key: Buffer, unique: boolean, expires: RawElement | undefined, raw: Buffer): void {
  const parts = elements(key);
  const hashed = parts.filter(part => part.type === T.STRING).length;
  if (hashed > 0 && unique) {
    throw new MongoError(16764, 'Currently hashed indexes cannot guarantee uniqueness. Use a regular index.');
  }
  if (hashed > 1) {
    throw new MongoError(
      31303,
      `A maximum of one index field is allowed to be hashed but found ${hashed} for 'key' ${documentText(key)}`
    );
  }
  if (expires !== undefined && parts.length > 1) {
    throw new MongoError(
      'CannotCreateIndex',
      `TTL indexes are single-field indexes, compound indexes do not support TTL. Index spec: ${documentText(raw)}`
    );
  }
}

function checkKeyPattern(where: string, key: Buffer): void {
  const parts = elements(key);
  const fail = (message: string): never => {
    throw new MongoError('CannotCreateIndex', where + message);
  };
  if (parts.length === 0) {
    fail('Index keys cannot be empty.');
  }
  for (const part of parts) {
    const direction = numberOf(part);
    if (part.name === '') {
      fail('Index keys cannot be an empty field.');
    }
    if (part.name.split('.').includes('')) {
      fail('Index keys cannot contain an empty field.');
    }
    if (part.name === '$**' || part.name.endsWith('.$**')) {
      throw new MongoError('NotImplemented', `${where}wildcard indexes are not available in Argon yet`);
    }
    if (part.name.split('.').some((step, i) => step.startsWith('$') && !(i > 0 && REFERENCE.has(step)))) {
      fail("Index key contains an illegal field name: field name starts with '$'.");
    }
    if (part.type === T.STRING) {
      const kind = stringOf(part);
      if (KINDS.has(kind)) {
        throw new MongoError(
          'NotImplemented',
          `${where}indexes of kind '${kind}' are not available in Argon yet`
        );
      }
      if (kind !== 'hashed') {
        fail(`Unknown index plugin '${kind}'`);
      }
      continue;
    }
    if (direction === undefined) {
      fail(
        `Values in v:2 index key pattern cannot be of type ${TYPE_NAMES[part.type]}. ` +
          'Only numbers > 0, numbers < 0, and strings are allowed.'
      );
    }
    if (direction === 0 || Number.isNaN(direction)) {
      fail(`Values in the index key pattern cannot be ${valueText(part)}.`);
    }
  }
}

/** Whether the request is about the `_id` index; refuses one that only half is. */
function checkIdIndex(key: Buffer, name: string): boolean {
  const parts = elements(key);
  const isId = parts.length === 1 && parts[0]!.name === '_id' && parts[0]!.type !== T.STRING;
  if (isId && numberOf(parts[0]!) !== 1) {
    throw new MongoError(
      'BadValue',
      `The field 'key' for an _id index must be {_id: 1}, but got ${documentText(key)}`
    );
  }
  if (!isId && name === ID_INDEX_NAME) {
    throw new MongoError(
      'BadValue',
      `The index name '_id_' is reserved for the _id index, which must have key pattern {_id: 1}, found key: ${documentText(key)}`
    );
  }
  return isId;
}

function checkName(where: string, name: string): void {
  if (name === '') {
    throw new MongoError('CannotCreateIndex', `${where}index name cannot be empty`);
  }
  if (name.includes('\0')) {
    throw new MongoError('CannotCreateIndex', `${where}index name cannot contain NUL bytes`);
  }
  if (name === '*') {
    throw new MongoError('BadValue', "The index name '*' is not valid.");
  }
}

function versionOf(
  where: string,
  raw: Buffer,
  version: RawElement | undefined
): { type: number; bytes: Buffer } {
  const number = version === undefined ? 2 : numberOf(version);
  if (version !== undefined && number === undefined) {
    throw wrongType(where, 'v', 'a number', version);
  }
  if (number !== undefined && (!Number.isInteger(number) || Math.abs(number) > EXPIRE_SECONDS_MAX)) {
    throw new MongoError('BadValue', `${where}Index version must be representable as a 32-bit integer`);
  }
  if (number !== 1 && number !== 2) {
    throw new MongoError(
      'CannotCreateIndex',
      `${where}Invalid index specification ${documentText(raw)}; cannot create an index with v=${number}`
    );
  }
  return { type: T.INT32, bytes: Buffer.from([number, 0, 0, 0]) };
}

function flagOf(where: string, option: RawElement | undefined): boolean {
  if (option === undefined) {
    return false;
  }
  const truth = isTruthy(option);
  if (truth === undefined) {
    throw new MongoError(
      'TypeMismatch',
      `${where}The field '${option.name} has value ${option.name}: ${valueText(option)}, which is not convertible to bool`
    );
  }
  return truth;
}

function wrongType(where: string, name: string, wanted: string, found: RawElement): MongoError {
  return new MongoError(
    'TypeMismatch',
    `${where}The field '${name}' must be ${wanted}, but got ${TYPE_NAMES[found.type]}`
  );
}

/**
 * Whether an index exists already as asked for; refuses one that clashes with it.
 * @throws MongoError 85 (same index, other name), 86 (same name, other index)
 */
export function existsAlready(request: IndexRequest, existing: readonly IndexInfo[]): boolean {
  if (request.isId) {
    return true;
  }
  for (const index of existing) {
    const same = isSameIndex(request, index);
    if (same && index.name === request.name) {
      return true;
    }
    if (same) {
      throw new MongoError(
        'IndexOptionsConflict',
        `Index already exists with a different name: ${index.name}`
      );
    }
    if (index.name === request.name) {
      throw new MongoError(
        'IndexKeySpecsConflict',
        'An existing index has the same name as the requested index. When index names are not specified, they are ' +
          'auto generated and can cause conflicts. Please refer to our documentation. Requested index: ' +
          `${documentText(request.spec)}, existing index: ${documentText(index.spec)}`
      );
    }
  }
  return false;
}

function sameCollation(a: Buffer | undefined, b: Buffer | undefined): boolean {
  return a === undefined || b === undefined ? a === b : a.equals(b);
}

function isSameIndex(request: IndexRequest, index: IndexInfo): boolean {
  const left = request.partialFilter;
  const right = index.partialFilter;
  const samePartial = left === undefined || right === undefined ? left === right : left.equals(right);
  return (
    sameKeyPattern(request.key, index.key) &&
    request.unique === index.unique &&
    request.sparse === index.sparse &&
    samePartial &&
    sameCollation(request.collation, field(index.spec, 'collation')?.bytes)
  );
}
