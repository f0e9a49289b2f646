import { T, elements, type IndexInfo, type RawValue } from '@argon/wal-core';
import { FLAG, NUMBER, OBJECT, STRING, checkTypes, type ArgumentTypes } from './argument-types';
import { numberOf, type Arguments } from './arguments';
import { DocumentBuilder } from './builder';
import { noteCommit, type CommandContext } from './context';
import { MongoError } from './errors';
import type { WritePlace } from './place';
import { sameKeyPattern } from './plan';

const EXPIRE_SECONDS_MAX = 0x7fffffff;

/**
 * `collMod: {index: {name | keyPattern, hidden, expireAfterSeconds}}`: what can be changed of an index without building
 * it again. Tells the old and the new value in the reply, where they differ.
 * @throws MongoError 2, 14, 27, 72, 181, 238, 40415
 */
export async function changeIndex(
  context: CommandContext,
  place: WritePlace,
  collection: string,
  args: Arguments,
  reply: DocumentBuilder
): Promise<void> {
  args.only(['name', 'keyPattern', 'hidden', 'expireAfterSeconds', 'unique', 'prepareUnique'], undefined);
  checkTypes(TYPES, args);
  const hidden = hiddenOf(args);
  const seconds = secondsOf(args);
  if (isGiven(args, 'unique') && !args.flag('unique', false)) {
    throw new MongoError('BadValue', 'Cannot make index non-unique');
  }
  for (const name of ['unique', 'prepareUnique']) {
    if (args.flag(name, false)) {
      throw new MongoError('NotImplemented', `collMod with 'index.${name}' is not available in Argon yet`);
    }
  }
  if (isGiven(args, 'name') && isGiven(args, 'keyPattern')) {
    throw new MongoError('InvalidOptions', 'Cannot specify both key pattern and name.');
  }
  if (!isGiven(args, 'name') && !isGiven(args, 'keyPattern')) {
    throw new MongoError('InvalidOptions', 'Must specify either index name or key pattern.');
  }
  if (hidden === undefined && seconds === undefined) {
    if (isGiven(args, 'prepareUnique')) {
      // False, which every index says.
      return;
    }
    throw new MongoError('InvalidOptions', 'no expireAfterSeconds, hidden, unique, or prepareUnique field');
  }
  const { commit } = await context.services.engine.write(
    place.project,
    place.branch,
    context.origin,
    writer => {
      const info = writer.collection(collection);
      const index = findIndex(context, collection, info?.indexes ?? [], args);
      if (info === undefined || index === 'id') {
        throw new MongoError(
          'BadValue',
          hidden === undefined ? 'the _id field does not support TTL indexes' : "can't hide _id index"
        );
      }
      if (seconds !== undefined && elements(index.key).length > 1) {
        throw new MongoError(
          'InvalidOptions',
          'TTL indexes are single-field indexes, compound indexes do not support TTL'
        );
      }
      const changed = withChanges(index, hidden, seconds, reply);
      if (changed !== undefined) {
        writer.changeIndex(info, index.name, changed);
      }
    }
  );
  noteCommit(context, commit);
}

const TYPES: ArgumentTypes = {
  name: STRING,
  keyPattern: OBJECT,
  hidden: FLAG,
  expireAfterSeconds: NUMBER,
  unique: FLAG,
  prepareUnique: FLAG
};

const isGiven = (args: Arguments, name: string): boolean => (args.get(name)?.type ?? T.NULL) !== T.NULL;

function hiddenOf(args: Arguments): boolean | undefined {
  return isGiven(args, 'hidden') ? args.flag('hidden', false) : undefined;
}

function secondsOf(args: Arguments): number | undefined {
  const seconds = isGiven(args, 'expireAfterSeconds') ? numberOf(args.get('expireAfterSeconds')!) : undefined;
  if (seconds !== undefined && seconds < 0) {
    throw new MongoError('InvalidOptions', "TTL index 'expireAfterSeconds' option cannot be less than 0");
  }
  // As in mongod, what is too long, or is no number, never expires.
  return seconds === undefined ? undefined : Math.trunc(Math.min(seconds || 0, EXPIRE_SECONDS_MAX));
}

function findIndex(
  { database }: CommandContext,
  collection: string,
  indexes: readonly IndexInfo[],
  args: Arguments
): IndexInfo | 'id' {
  const name = args.optionalString('name');
  const pattern = args.optionalDocument('keyPattern');
  const parts = pattern === undefined ? [] : elements(pattern);
  if (name === '_id_' || (parts.length === 1 && parts[0]!.name === '_id' && numberOf(parts[0]!) === 1)) {
    return 'id';
  }
  const found = indexes.filter(index =>
    name !== undefined ? index.name === name : sameKeyPattern(index.key, pattern!)
  );
  if (found.length > 1) {
    throw new MongoError(
      'AmbiguousIndexKeyPattern',
      `index keyPattern matches ${found.length} indexes, must use index name. Conflicting indexes: ` +
        found.map(index => index.name).join(', ')
    );
  }
  if (found[0] === undefined) {
    throw new MongoError(
      'IndexNotFound',
      `cannot find index ${name ?? 'of this key pattern'} for ns ${database}.${collection}`
    );
  }
  return found[0];
}

/** The specification with what is new; undefined when nothing is. */
function withChanges(
  { spec }: IndexInfo,
  hidden: boolean | undefined,
  seconds: number | undefined,
  reply: DocumentBuilder
): Buffer | undefined {
  const before = new Map<string, RawValue>(elements(spec).map(element => [element.name, element]));
  const builder = new DocumentBuilder(spec.length + 64);
  for (const element of elements(spec)) {
    const isReplaced =
      (element.name === 'hidden' && hidden !== undefined) ||
      (element.name === 'expireAfterSeconds' && seconds !== undefined);
    if (!isReplaced) {
      builder.raw(element.name, element);
    }
  }
  if (hidden === true) {
    builder.bool('hidden', true);
  }
  if (seconds !== undefined) {
    builder.raw('expireAfterSeconds', { type: T.INT32, bytes: int32(seconds) });
  }
  const wasHidden = before.has('hidden');
  const old = before.get('expireAfterSeconds');
  const oldSeconds = old === undefined ? undefined : numberOf(old);
  if (seconds !== undefined && seconds !== oldSeconds) {
    if (oldSeconds !== undefined) {
      reply.integer('expireAfterSeconds_old', oldSeconds);
    }
    reply.integer('expireAfterSeconds_new', seconds);
  }
  if (hidden !== undefined && hidden !== wasHidden) {
    reply.bool('hidden_old', wasHidden).bool('hidden_new', hidden);
  }
  const changed = builder.finish();
  return changed.equals(spec) ? undefined : changed;
}

function int32(n: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(n);
  return bytes;
}
