import { T } from '@argon/wal-core';
import { HINT } from '../argument-types';
import { numberOf } from '../arguments';
import { filterOf, queryOptions } from '../compile';
import type { CommandContext } from '../context';
import { MongoError } from '../errors';
import { allOf, openRun, openTarget, type OpenedRun, type Target } from '../open-run';
import { noteRead } from '../place';
import { emptyReply } from '../reply';
import type { Command } from '../registry';
import { isView, viewDocuments, type ViewQuery } from '../view-read';
import { queriedNameOf } from './collection-name';

/** A count, planned. */
export function openCount(context: CommandContext, target = countTarget(context)): OpenedRun {
  const { args } = context;
  const filter = filterOf(args.optionalDocument('query'), queryOptions(args, undefined, target.info));
  const { skip, limit } = cutOf(context);
  return openRun(context, target, { ...allOf(filter), skip, limit }, args.get('hint'));
}

/** The collection or view a count names. */
export function countTarget(context: CommandContext): Target {
  return openTarget(context, queriedNameOf(context, 'InvalidNamespace'));
}

/** What a count asks, for the pipeline it becomes on a view. */
export function viewCount(context: CommandContext): ViewQuery {
  return { filter: context.args.optionalDocument('query'), ...cutOf(context) };
}

/** A negative limit is the same as a positive one, 0 is none. @throws MongoError 2, 9 */
function cutOf({ args }: CommandContext): { skip: number; limit: number } {
  const skip = args.integer('skip', { min: 0 }) ?? 0;
  const given = args.get('limit');
  const limit = given === undefined ? 0 : numberOf(given);
  if (limit === undefined) {
    throw new MongoError('BadValue', 'limit value is not a valid number');
  }
  if (!Number.isInteger(limit)) {
    throw new MongoError('FailedToParse', `Expected an integer: limit: ${limit}`);
  }
  return { skip, limit: Math.abs(limit) || Infinity };
}

export const count: Command = {
  name: 'count',
  fields: ['query', 'limit', 'skip', 'hint', 'collation', 'fields', 'queryHint', 'mode', 'help'],
  types: { hint: HINT },
  reads: true,
  run: async context => {
    const { args } = context;
    if (args.get('query')?.type === T.ARRAY) {
      throw new MongoError(
        'TypeMismatch',
        "BSON field 'count.query' is the wrong type 'array', expected type 'object'"
      );
    }
    const target = countTarget(context);
    if (isView(target)) {
      let shown = 0;
      for await (const batch of viewDocuments(context, target, viewCount(context))) {
        shown += batch.length;
      }
      return emptyReply().integer('n', shown);
    }
    const { run, place, collection } = openCount(context, target);
    const n = await run.count();
    if (place !== undefined) {
      noteRead(context, place, collection, n, run.query.filter);
    }
    return emptyReply().integer('n', n);
  }
};
