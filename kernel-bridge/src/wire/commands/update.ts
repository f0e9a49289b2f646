import { T, type QueryOptions } from '@argon/wal-core';
import { Arguments } from '../arguments';
import { queryOptions } from '../compile';
import type { CommandContext } from '../context';
import { MongoError } from '../errors';
import { checkWritableName } from '../namespace';
import { ensureWritePlace, writePlace } from '../place';
import type { Command } from '../registry';
import { writeTerms } from '../writing/apply';
import { BatchResult, runBatch, type Prepared } from '../writing/batch';
import { statementFailure } from '../writing/failure';
import { compileStatement } from '../writing/statement';
import { collectionNameOf } from './collection-name';
import { checkBatchSize, writeReply } from './write-reply';

const STATEMENT_FIELDS = [
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
] as const;

export const update: Command = {
  name: 'update',
  fields: ['updates', 'ordered', 'bypassDocumentValidation', 'let'],
  retryable: true,
  writes: true,
  run: async context => {
    const { args } = context;
    const collection = collectionNameOf(context);
    const statements = args
      .documents('updates')
      .map(raw => new Arguments(raw, 'update.updates').only(STATEMENT_FIELDS, undefined));
    const ordered = args.bool('ordered', true);
    checkBatchSize(statements.length);
    checkWritableName(context.database, collection);
    context.services.statistics.count('update', statements.length - 1);
    const terms = writeTerms({ validates: !args.flag('bypassDocumentValidation', false) });
    const shared = queryOptions(args, terms.now);
    const prepared = statements.map((statement, index) =>
      prepare(context, collection, statement, index, shared)
    );
    const upserts = prepared.some(statement => !('error' in statement) && statement.upsert);
    const place = upserts ? await ensureWritePlace(context) : writePlace(context);
    const target = { collection, terms, ordered };
    // Nothing is there to update, and nothing may be made: only the statements' own faults are left to tell.
    const result =
      place === undefined
        ? faultsOnly(context, prepared, ordered)
        : await runBatch(context, { ...target, place }, prepared);
    return writeReply(result, args, { modified: true });
  }
};

/** Compiles one statement; its own fault is its result, a malformed one fails the command. */
function prepare(
  context: CommandContext,
  collection: string,
  statement: Arguments,
  index: number,
  shared: QueryOptions
): Prepared {
  const filter = statement.document('q');
  const change = statement.get('u') ?? statement.missing('u');
  if (change.type !== T.OBJECT && change.type !== T.ARRAY) {
    throw new MongoError('FailedToParse', 'Update argument must be either an object or an array');
  }
  const arrayFilters = statement
    .optionalArray('arrayFilters')
    ?.map((value, at) =>
      value.type === T.OBJECT ? value.bytes : statement.wrongType(`arrayFilters.${at}`, value.type, 'object')
    );
  const constants = statement.optionalDocument('c');
  const collation = statement.optionalDocument('collation');
  const multi = statement.flag('multi', false);
  const upsert = statement.flag('upsert', false);
  const hint = statement.get('hint');
  try {
    if (constants !== undefined && change.type !== T.ARRAY) {
      throw new MongoError(51198, 'Constant values may only be specified for pipeline updates');
    }
    if (constants !== undefined) {
      throw new MongoError(
        'NotImplemented',
        "constants of an update ('c') are not available in Argon yet; use let"
      );
    }
    const options = { ...shared, ...(collation === undefined ? {} : { collation }) };
    return compileStatement({
      index,
      filter,
      update: change,
      ...(arrayFilters === undefined ? {} : { arrayFilters }),
      multi,
      upsert,
      hint,
      options
    });
  } catch (error) {
    return { index, error: statementFailure(error, `${context.database}.${collection}`) };
  }
}

/** The result of statements none of which has anything to work on. */
export function faultsOnly(
  context: CommandContext,
  prepared: readonly Prepared[],
  ordered: boolean
): BatchResult {
  const result = new BatchResult(context, '');
  result.addFaults(prepared, ordered);
  return result;
}
