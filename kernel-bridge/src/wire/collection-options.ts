import { T, compileFilter, elements, field } from '@argon/wal-core';
import { stringOf, type Arguments } from './arguments';
import { DocumentBuilder } from './builder';
import { MongoError } from './errors';

/** Options of `create` that a collection keeps. */
const KEPT = ['validator', 'validationLevel', 'validationAction'] as const;
/** Options that change nothing here. */
const IGNORED = [
  'autoIndexId',
  'flags',
  'idIndex',
  'indexOptionDefaults',
  'storageEngine',
  'temp',
  'encryptedFields'
] as const;
/** Options of kinds of collection that are not there. */
const MISSING = [
  'capped',
  'size',
  'max',
  'viewOn',
  'pipeline',
  'collation',
  'timeseries',
  'clusteredIndex',
  'expireAfterSeconds',
  'changeStreamPreAndPostImages',
  'recordPreImages'
] as const;

export const CREATE_FIELDS: readonly string[] = [...KEPT, ...IGNORED, ...MISSING];

const USUAL = [
  ['validationLevel', 'strict'],
  ['validationAction', 'error']
] as const;

const LEVELS: ReadonlySet<string> = new Set(['off', 'strict', 'moderate']);
const ACTIONS: ReadonlySet<string> = new Set(['error', 'warn']);

/** The options document of a new collection. @throws MongoError 238 for kinds of collection that are not there */
export function readCreateOptions(args: Arguments): Buffer {
  if ((args.has('size') || args.has('max')) && !args.flag('capped', false)) {
    throw new MongoError(
      'InvalidOptions',
      "the 'capped' field needs to be true when either the 'size' or 'max' fields are present"
    );
  }
  if (!args.flag('autoIndexId', true)) {
    throw new MongoError(50001, 'autoIndexId:false is not allowed: every collection has an index on _id');
  }
  for (const name of MISSING) {
    if (args.has(name) && !isHarmless(args, name)) {
      throw new MongoError('NotImplemented', `create with '${name}' is not available in Argon yet`);
    }
  }
  checkValidation(args);
  const builder = new DocumentBuilder(64);
  for (const name of KEPT) {
    const value = args.get(name);
    if (value !== undefined) {
      builder.raw(name, value);
    }
  }
  return builder.finish();
}

/** Options after `collMod`: the named ones replaced. */
export function changedOptions(options: Buffer, args: Arguments): Buffer {
  checkValidation(args);
  const builder = new DocumentBuilder(options.length + 64);
  for (const element of elements(options)) {
    if (!args.has(element.name)) {
      builder.raw(element.name, element);
    }
  }
  for (const name of KEPT) {
    const value = args.get(name);
    if (value !== undefined && !(name === 'validator' && value.bytes.length === 5)) {
      builder.raw(name, value);
    }
  }
  // Whatever it changes, mongod notes level and action with it.
  for (const [name, usual] of USUAL) {
    if (!args.has(name) && field(options, name) === undefined) {
      builder.string(name, usual);
    }
  }
  return builder.finish();
}

function checkValidation(args: Arguments): void {
  const validator = args.optionalDocument('validator');
  if (validator !== undefined) {
    // Compiled once here, so that a rule nobody can follow is refused before it is kept.
    compileFilter(validator);
  }
  checkEnumeration(args, 'validationLevel', LEVELS);
  checkEnumeration(args, 'validationAction', ACTIONS);
}

function checkEnumeration(args: Arguments, name: string, values: ReadonlySet<string>): void {
  const value = args.optionalString(name);
  if (value !== undefined && !values.has(value)) {
    throw new MongoError(
      'BadValue',
      `Enumeration value '${value}' for field '${args.where}.${name}' is not a valid value.`
    );
  }
}

/** Whether a missing option asks for what every collection is anyway. */
function isHarmless(args: Arguments, name: string): boolean {
  const value = args.get(name)!;
  if (value.type === T.NULL || (value.type === T.BOOL && value.bytes[0] === 0)) {
    return true;
  }
  if (name === 'collation' && value.type === T.OBJECT) {
    const locale = field(value.bytes, 'locale');
    return value.bytes.length === 5 || (locale?.type === T.STRING && stringOf(locale) === 'simple');
  }
  if (name === 'changeStreamPreAndPostImages' && value.type === T.OBJECT) {
    return field(value.bytes, 'enabled')?.bytes[0] !== 1;
  }
  return false;
}
