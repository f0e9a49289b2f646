import { T } from '@argon/wal-core';
import { filterOf, queryOptions } from '../compile';
import type { CommandContext } from '../context';
import { MongoError } from '../errors';
import { allOf, openRun, type OpenedRun } from '../open-run';
import { noteRead } from '../place';
import { emptyReply } from '../reply';
import type { Command } from '../registry';
import { queriedNameOf } from './collection-name';

/** A count, planned. */
export function openCount(context: CommandContext): OpenedRun {
  const { args } = context;
  const filter = filterOf(args.optionalDocument('query'), queryOptions(args));
  const skip = args.integer('skip', { min: 0 }) ?? 0;
  // A negative limit is the same as a positive one, 0 is none.
  const limit = Math.abs(args.integer('limit') ?? 0) || Infinity;
  return openRun(context, queriedNameOf(context), { ...allOf(filter), skip, limit }, args.get('hint'));
}

export const count: Command = {
  name: 'count',
  fields: ['query', 'limit', 'skip', 'hint', 'collation', 'fields', 'queryHint', 'mode'],
  reads: true,
  run: async context => {
    const { args } = context;
    if (args.get('query')?.type === T.ARRAY) {
      throw new MongoError(
        'TypeMismatch',
        "BSON field 'count.query' is the wrong type 'array', expected type 'object'"
      );
    }
    const { run, place, collection } = openCount(context);
    const n = await run.count();
    if (place !== undefined) {
      noteRead(context, place, collection, n);
    }
    return emptyReply().integer('n', n);
  }
};
