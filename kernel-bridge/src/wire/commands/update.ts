import { T, values } from '@argon/wal-core';
import { GIVEN_BOOL, INT } from '../argument-types';
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
    checkUpsertSupplied(statement);
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

/** mongos says by it which document an upsert makes. @throws MongoError 14, 238 */
function checkUpsertSupplied(statement: Arguments): void {
  const value = statement.get('upsertSupplied');
  if (value !== undefined) {
    GIVEN_BOOL(statement, 'upsertSupplied', value);
    if (value.bytes[0] === 1) {
      throw new MongoError('NotImplemented', "'upsertSupplied' is of a mongos, which Argon has not");
    }
  }
}

export const update: Command = {
  name: 'update',
  fields: ['updates', 'ordered', 'bypassDocumentValidation', 'let'],
  types: { stmtId: INT },
  retryable: true,
  writes: true,
  transaction: 'runs',
  run: async context =>
    writeReply(
      await runStatements(context, collectionNameOf(context, { writes: true }), UPDATES),
      context.args,
      {
        modified: true
      }
    )
};

/** `arrayFilters` of an update. @throws MongoError 14, 10065 */
export function arrayFiltersOf(args: Arguments): Buffer[] | undefined {
  return args.has('arrayFilters') ? [...args.documents('arrayFilters')] : undefined;
}
