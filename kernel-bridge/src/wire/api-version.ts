import { Cursor, T } from '@argon/wal-core';
import type { Arguments } from './arguments';
import { MongoError } from './errors';
import type { Command } from './registry';

/**
 * MongoDB's Stable API: what a client that sends `apiVersion: "1"` and `apiStrict: true` may ask.
 * https://www.mongodb.com/docs/manual/reference/stable-api/
 */
const COMMANDS: ReadonlySet<string> = new Set([
  'abortTransaction',
  'aggregate',
  'authenticate',
  'bulkWrite',
  'collMod',
  'commitTransaction',
  'count',
  'create',
  'createIndexes',
  'delete',
  'drop',
  'dropDatabase',
  'dropIndexes',
  'endSessions',
  'explain',
  'find',
  'findAndModify',
  'getMore',
  'hello',
  'insert',
  'killCursors',
  'listCollections',
  'listDatabases',
  'listIndexes',
  'ping',
  'refreshSessions',
  'saslContinue',
  'saslStart',
  'update'
]);

/** Fields of its commands that are not in it, with what mongod calls the command there. */
const UNSTABLE_FIELDS: Readonly<
  Record<string, { readonly where: string; readonly fields: readonly string[] }>
> = {
  find: {
    where: 'FindCommandRequest',
    fields: [
      'min',
      'max',
      'returnKey',
      'showRecordId',
      'tailable',
      'oplogReplay',
      'noCursorTimeout',
      'awaitData',
      'readOnce'
    ]
  },
  create: {
    where: 'create',
    fields: ['autoIndexId', 'size', 'max', 'capped', 'storageEngine', 'indexOptionDefaults']
  }
};

/** Stages that are not in it. */
const UNSTABLE_STAGES: ReadonlySet<string> = new Set([
  '$currentOp',
  '$indexStats',
  '$listLocalSessions',
  '$listSessions',
  '$planCacheStats'
]);

const MANUAL =
  'Information on supported commands and migrations in API Version 1 can be found at ' +
  'https://dochub.mongodb.org/core/manual-versioned-api';

/** Whether a command is part of API version 1. */
export const isInApi = ({ name }: Command): boolean => COMMANDS.has(name);

/** Checks `apiVersion`, `apiStrict` and `apiDeprecationErrors`; nothing here is deprecated. @throws MongoError 322, 323, 4886600 */
export function checkApiVersion(command: Command, args: Arguments): void {
  const version = args.optionalString('apiVersion');
  if (version === undefined) {
    if (isGiven(args, 'apiStrict') || isGiven(args, 'apiDeprecationErrors')) {
      throw new MongoError(
        4886600,
        'Provided apiStrict and/or apiDeprecationErrors without passing apiVersion'
      );
    }
    return;
  }
  if (version !== '1') {
    throw new MongoError('APIVersionError', `Cannot accept API version ${version}`);
  }
  args.bool('apiDeprecationErrors', false);
  if (!args.bool('apiStrict', false)) {
    return;
  }
  if (!isInApi(command)) {
    throw new MongoError(
      'APIStrictError',
      `Provided apiStrict:true, but the command ${command.name} is not in API Version 1. ${MANUAL}`
    );
  }
  const unstable = UNSTABLE_FIELDS[command.name];
  const field = unstable?.fields.find(name => args.has(name));
  if (unstable !== undefined && field !== undefined) {
    throw new MongoError(
      'APIStrictError',
      `BSON field '${unstable.where}.${field}' is not allowed with apiStrict:true.`
    );
  }
  if (command.name === 'aggregate') {
    checkStages(args);
  }
}

const isGiven = (args: Arguments, name: string): boolean => (args.get(name)?.type ?? T.NULL) !== T.NULL;

function checkStages(args: Arguments): void {
  for (const stage of args.optionalArray('pipeline') ?? []) {
    const cursor = stage.type === T.OBJECT ? new Cursor(stage.bytes) : undefined;
    if (cursor?.next() === true && UNSTABLE_STAGES.has(cursor.name)) {
      throw new MongoError(
        'APIStrictError',
        `stage ${cursor.name} is not allowed with 'apiStrict: true' in API Version 1. ${MANUAL}`
      );
    }
  }
}
