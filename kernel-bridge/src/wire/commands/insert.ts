import { INT } from '../argument-types';
import { withCap } from '../capped/keeper';
import { checkWritableName } from '../namespace';
import { ensureWritePlace } from '../place';
import type { Command } from '../registry';
import { writeTerms } from '../writing/apply';
import { checkBatchSize } from '../writing/batch-size';
import { runInserts } from '../writing/insert';
import { collectionNameOf } from './collection-name';
import { writeReply } from './write-reply';

export const insert: Command = {
  name: 'insert',
  fields: ['documents', 'ordered', 'bypassDocumentValidation'],
  types: { stmtId: INT },
  retryable: true,
  writes: true,
  transaction: 'runs',
  run: async context => {
    const { args } = context;
    const collection = collectionNameOf(context, { writes: true });
    const documents = args.documents('documents');
    // In a transaction the first error ends everything.
    const ordered = args.bool('ordered', true) || context.transaction !== undefined;
    checkBatchSize(documents.length);
    checkWritableName(context.database, collection);
    context.services.statistics.count('insert', documents.length - 1);
    const place = await ensureWritePlace(context);
    const terms = writeTerms({ validates: !args.flag('bypassDocumentValidation', false) });
    const result = await withCap(context, place, collection, cap =>
      runInserts(context, { place, collection, terms: { ...terms, ...(cap && { cap }) }, ordered }, documents)
    );
    return writeReply(result, args, { modified: false });
  }
};
