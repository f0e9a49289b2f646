import { MongoError } from '../errors';
import type { Command } from '../registry';
import { runStatements, type StatementForm } from '../writing/statements';
import { collectionNameOf } from './collection-name';
import { writeReply } from './write-reply';

/** The statements of a delete. */
export const DELETES: StatementForm = {
  name: 'delete',
  fields: ['q', 'limit', 'collation', 'hint', 'sampleId'],
  read: statement => {
    const filter = statement.document('q');
    const limit = statement.integer('limit') ?? statement.missing('limit');
    if (limit !== 0 && limit !== 1) {
      throw new MongoError('FailedToParse', `The limit field in delete objects must be 0 or 1. Got ${limit}`);
    }
    return { filter, multi: limit === 0, hint: statement.get('hint') };
  }
};

const remove: Command = {
  name: 'delete',
  fields: ['deletes', 'ordered', 'let', 'bypassDocumentValidation'],
  retryable: true,
  writes: true,
  transaction: 'runs',
  run: async context =>
    writeReply(await runStatements(context, collectionNameOf(context), DELETES), context.args, {
      modified: false
    })
};

export { remove as delete_ };
