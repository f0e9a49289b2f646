import {
  COLLATION_FIELDS,
  T,
  arrayOf,
  compileFilter,
  elements,
  field,
  parseCollation
} from '@argon/wal-core';
import type { Arguments } from './arguments';
import { DocumentBuilder } from './builder';
import { readClustered } from './clustered';
import { CAP_BYTES, CAP_DOCUMENTS, checkCreateOptions } from './create-options';
import { MongoError } from './errors';

/** Options of `create` that a collection keeps as they are given. */
const KEPT = ['validator', 'validationLevel', 'validationAction'] as const;
/** Options that are checked and brought into one form. */
const SHAPED = [
  'capped',
  'size',
  'max',
  'viewOn',
  'pipeline',
  'collation',
  'clusteredIndex',
  'changeStreamPreAndPostImages'
] as const;
/** Options that change nothing here. */
const IGNORED = [
  'autoIndexId',
  'flags',
  'idIndex',
  'indexOptionDefaults',
  'storageEngine',
  'temp',
  // Every image is there anyway.
  'recordPreImages'
] as const;
/** Options of kinds of collection that are not there. */
const MISSING = ['timeseries', 'expireAfterSeconds', 'encryptedFields'] as const;

export const CREATE_FIELDS: readonly string[] = [...KEPT, ...SHAPED, ...IGNORED, ...MISSING];

const USUAL = [
  ['validationLevel', 'strict'],
  ['validationAction', 'error']
] as const;

const LEVELS: ReadonlySet<string> = new Set(['off', 'strict', 'moderate']);
const ACTIONS: ReadonlySet<string> = new Set(['error', 'warn']);

/** The options document of a new collection. @throws MongoError 2, 72, 238 for kinds of collection that are not there */
export function readCreateOptions(args: Arguments): Buffer {
  checkCreateOptions(args);
  const isCapped = args.flag('capped', false);
  if (!isCapped && (args.integer('size') !== undefined || args.integer('max') !== undefined)) {
    throw new MongoError(
      'InvalidOptions',
      "the 'capped' field needs to be true when either the 'size' or 'max' fields are present"
    );
  }
  if (isCapped && args.integer('size') === undefined) {
    throw new MongoError('InvalidOptions', "the 'size' field is required when 'capped' is true");
  }
  if (!args.has('viewOn') && !args.flag('autoIndexId', true)) {
    throw new MongoError(50001, 'autoIndexId:false is not allowed: every collection has an index on _id');
  }
  checkValidation(args);
  const builder = new DocumentBuilder(64);
  if (!args.has('viewOn')) {
    addCap(builder, args);
  }
  for (const name of KEPT) {
    const value = args.get(name);
    if (value !== undefined) {
      builder.raw(name, value);
    }
  }
  addView(builder, args);
  const named = args.object('collation');
  named?.only([...COLLATION_FIELDS], undefined);
  if (named?.has('locale') === false) {
    named.missing('locale');
  }
  const collation = parseCollation(named?.raw);
  if (collation !== undefined) {
    builder.document('collation', collation.source);
  }
  const clustered = readClustered(args);
  if (clustered !== undefined) {
    builder.document('clusteredIndex', clustered);
  }
  addImages(builder, args);
  return builder.finish();
}

/**
 * Whether change streams may be asked for images: kept, because clients read it back; every image is there anyway.
 * @throws MongoError 14, 72
 */
function addImages(builder: DocumentBuilder, args: Arguments): void {
  const given = args.object('changeStreamPreAndPostImages')?.only(['enabled'], undefined);
  if (given === undefined) {
    return;
  }
  if ((given.get('enabled')?.type ?? T.NULL) === T.NULL) {
    given.missing('enabled');
  }
  const isEnabled = given.bool('enabled', false);
  if (args.has('viewOn')) {
    throw new MongoError('InvalidOptions', 'option not supported on a view: changeStreamPreAndPostImages');
  }
  if (isEnabled) {
    builder.open('changeStreamPreAndPostImages').bool('enabled', true).close();
  }
}

/** A cap is a multiple of so many bytes, and at least a page. */
const CAP_BYTES_STEP = 256;

/** `capped`, `size` and `max`, which were checked before. */
function addCap(builder: DocumentBuilder, args: Arguments): void {
  if (!args.flag('capped', false)) {
    return;
  }
  const size = args.integer('size') ?? 0;
  builder.bool('capped', true).integer('size', capBytes(size));
  const most = args.integer('max');
  if (most !== undefined && most > 0) {
    builder.integer('max', most);
  }
}

/** The size of a cap as it is kept. */
function capBytes(size: number): number {
  return Math.ceil(size / CAP_BYTES_STEP) * CAP_BYTES_STEP;
}

/** A collection's options with a cap of so many bytes. */
export function capOptions(options: Buffer, size: number): Buffer {
  const builder = new DocumentBuilder(options.length + 64)
    .bool('capped', true)
    .integer('size', capBytes(size));
  for (const element of elements(options)) {
    if (!['capped', 'size', 'max'].includes(element.name)) {
      builder.raw(element.name, element);
    }
  }
  return builder.finish();
}

/** `viewOn` and `pipeline`. @throws MongoError 2, 72 */
function addView(builder: DocumentBuilder, args: Arguments): void {
  const on = args.optionalString('viewOn');
  if (on === undefined) {
    if (args.has('pipeline')) {
      throw new MongoError('InvalidOptions', "'pipeline' requires 'viewOn' to also be specified");
    }
    return;
  }
  if (on === '') {
    throw new MongoError('BadValue', "'viewOn' cannot be empty");
  }
  builder.string('viewOn', on);
  const pipeline = args.has('pipeline') ? args.documents('pipeline') : [];
  builder.raw('pipeline', {
    type: T.ARRAY,
    bytes: arrayOf(pipeline.map(bytes => ({ type: T.OBJECT, bytes })))
  });
}

/** A view's source and pipeline after a `collMod` that names one of them, or both. */
function changeView(builder: DocumentBuilder, options: Buffer, args: Arguments): void {
  if (!args.has('viewOn') && !args.has('pipeline')) {
    return;
  }
  for (const name of ['viewOn', 'pipeline']) {
    const value = args.get(name) ?? field(options, name);
    if (value !== undefined) {
      builder.raw(name, { type: value.type, bytes: value.bytes });
    }
  }
}

/** Options that `collMod` changes by other names. */
const CHANGED: Readonly<Record<string, readonly string[]>> = {
  size: ['cappedSize'],
  max: ['cappedMax'],
  viewOn: ['pipeline'],
  pipeline: ['viewOn']
};

/** Options after `collMod`: the named ones replaced. */
export function changedOptions(options: Buffer, args: Arguments): Buffer {
  checkValidation(args);
  const builder = new DocumentBuilder(options.length + 64);
  for (const element of elements(options)) {
    if (!args.has(element.name) && !CHANGED[element.name]?.some(name => args.has(name))) {
      builder.raw(element.name, element);
    }
  }
  changeView(builder, options, args);
  const size = args.integer('cappedSize', CAP_BYTES);
  const most = args.integer('cappedMax', CAP_DOCUMENTS);
  if (size !== undefined) {
    builder.integer('size', capBytes(size));
  }
  if (most !== undefined && most > 0) {
    builder.integer('max', most);
  }
  if (field(options, 'viewOn') !== undefined) {
    return builder.finish();
  }
  for (const name of KEPT) {
    const value = args.get(name);
    if (value !== undefined && !(name === 'validator' && value.bytes.length === 5)) {
      builder.raw(name, value);
    }
  }
  addImages(builder, args);
  if (
    !KEPT.some(name => args.has(name)) &&
    (field(options, 'capped') !== undefined || args.has('changeStreamPreAndPostImages'))
  ) {
    return builder.finish();
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
