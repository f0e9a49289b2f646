import { Arguments } from '../arguments';
import { queryOptions } from '../compile';
import { MongoError } from '../errors';
import { checkWritableName } from '../namespace';
import { writePlace } from '../place';
import type { Command } from '../registry';
import { writeTerms } from '../writing/apply';
import { runBatch, type Prepared } from '../writing/batch';
import { statementFailure } from '../writing/failure';
import { compileStatement } from '../writing/statement';
import { collectionNameOf } from './collection-name';
import { faultsOnly } from './update';
import { checkBatchSize, writeReply } from './write-reply';

const STATEMENT_FIELDS = ['q', 'limit', 'collation', 'hint', 'sampleId'] as const;

const remove: Command = {
  name: 'delete',
  fields: ['deletes', 'ordered', 'let', 'bypassDocumentValidation'],
  retryable: true,
  writes: true,
  run: async context => {
    const { args } = context;
    const collection = collectionNameOf(context);
    const statements = args
      .documents('deletes')
      .map(raw => new Arguments(raw, 'delete.deletes').only(STATEMENT_FIELDS, undefined));
    const ordered = args.bool('ordered', true);
    checkBatchSize(statements.length);
    checkWritableName(context.database, collection);
    context.services.statistics.count('delete', statements.length - 1);
    const terms = writeTerms();
    const shared = queryOptions(args, terms.now);
    const prepared = statements.map((statement, index): Prepared => {
      const filter = statement.document('q');
      const limit = statement.integer('limit') ?? statement.missing('limit');
      if (limit !== 0 && limit !== 1) {
        throw new MongoError(
          'FailedToParse',
          `The limit field in delete objects must be 0 or 1. Got ${limit}`
        );
      }
      const collation = statement.optionalDocument('collation');
      const options = { ...shared, ...(collation === undefined ? {} : { collation }) };
      try {
        return compileStatement({ index, filter, multi: limit === 0, hint: statement.get('hint'), options });
      } catch (error) {
        return { index, error: statementFailure(error, `${context.database}.${collection}`) };
      }
    });
    const place = writePlace(context);
    const result =
      place === undefined
        ? faultsOnly(context, prepared, ordered)
        : await runBatch(context, { place, collection, terms, ordered }, prepared);
    return writeReply(result, args, { modified: false });
  }
};

export { remove as delete_ };
