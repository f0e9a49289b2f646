import { INT } from '../argument-types';
import { numberOf } from '../arguments';
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
    const given = statement.get('limit') ?? statement.missing('limit');
    // What is no number counts as 0, as in mongod.
    const limit = numberOf(given) ?? 0;
    if (limit !== 0 && limit !== 1) {
      throw new MongoError('FailedToParse', `The limit field in delete objects must be 0 or 1. Got ${limit}`);
    }
    return { filter, multi: limit === 0, hint: statement.get('hint') };
  }
};

const remove: Command = {
  name: 'delete',
  fields: ['deletes', 'ordered', 'let', 'bypassDocumentValidation'],
  types: { stmtId: INT },
  retryable: true,
  writes: true,
  transaction: 'runs',
  run: async context =>
    writeReply(
      await runStatements(context, collectionNameOf(context, { writes: true }), DELETES),
      context.args,
      {
        modified: false
      }
    )
};

export { remove as delete_ };
