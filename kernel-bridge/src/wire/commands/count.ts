import { T } from '@argon/wal-core';
import { filterOf, queryOptions } from '../compile';
import { MongoError } from '../errors';
import { noteRead, readPlace, type ReadPlace } from '../place';
import { choosePlan } from '../plan';
import { QueryRun } from '../query';
import { emptyReply } from '../reply';
import type { Command } from '../registry';
import type { CommandContext } from '../context';
import { collectionNameOf } from './collection-name';

/** A count, planned. */
export function openCount(context: CommandContext): {
  run: QueryRun;
  place: ReadPlace;
  collection: string;
  limit: number;
} {
  const { args } = context;
  const collection = collectionNameOf(context);
  const filter = filterOf(args.optionalDocument('query'), queryOptions(args));
  const skip = args.integer('skip', { min: 0 }) ?? 0;
  // A negative limit is the same as a positive one, 0 is none.
  const limit = Math.abs(args.integer('limit') ?? 0) || Infinity;
  const place = readPlace(context);
  const info = place?.snapshot.collection(collection);
  const plan = choosePlan(context.services.engine, info, filter, undefined, args.get('hint'));
  const query = { filter, sort: undefined, projection: undefined, skip, limit };
  const run = new QueryRun(
    place?.snapshot as NonNullable<ReadPlace>['snapshot'],
    info,
    plan,
    query,
    context.operation
  );
  return { run, place, collection, limit };
}

export const count: Command = {
  name: 'count',
  fields: ['query', 'limit', 'skip', 'hint', 'collation', 'fields', 'queryHint', 'mode'],
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
