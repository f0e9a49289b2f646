import { T, values } from '@argon/wal-core';
import type { Arguments } from '../arguments';
import { MongoError } from '../errors';
import type { Command } from '../registry';
import { runStatements, type StatementForm } from '../writing/statements';
import { collectionNameOf } from './collection-name';
import { writeReply } from './write-reply';

/** The statements of an update. */
export const UPDATES: StatementForm = {
  name: 'update',
  fields: [
    'q',
    'u',
    'c',
    'multi',
    'upsert',
    'upsertSupplied',
    'collation',
    'arrayFilters',
    'hint',
    'sampleId'
  ],
  read: statement => {
    const filter = statement.document('q');
    const update = statement.get('u') ?? statement.missing('u');
    if (update.type !== T.OBJECT && update.type !== T.ARRAY) {
      throw new MongoError('FailedToParse', 'Update argument must be either an object or an array');
    }
    if (update.type === T.ARRAY && values(update.bytes).some(stage => stage.type !== T.OBJECT)) {
      throw new MongoError('TypeMismatch', "Each element of the 'pipeline' array must be an object");
    }
    const arrayFilters = arrayFiltersOf(statement);
    const constants = statement.optionalDocument('c');
    return {
      filter,
      update,
      ...(arrayFilters === undefined ? {} : { arrayFilters }),
      ...(constants === undefined ? {} : { constants }),
      multi: statement.bool('multi', false),
      upsert: statement.bool('upsert', false),
      hint: statement.get('hint')
    };
  }
};

export const update: Command = {
  name: 'update',
  fields: ['updates', 'ordered', 'bypassDocumentValidation', 'let'],
  retryable: true,
  writes: true,
  transaction: 'runs',
  run: async context =>
    writeReply(await runStatements(context, collectionNameOf(context), UPDATES), context.args, {
      modified: true
    })
};

/** `arrayFilters` of an update. @throws MongoError 14 */
export function arrayFiltersOf(args: Arguments): Buffer[] | undefined {
  return args
    .optionalArray('arrayFilters')
    ?.map((value, at) =>
      value.type === T.OBJECT ? value.bytes : args.wrongType(`arrayFilters.${at}`, value.type, 'object')
    );
}
