import { T } from '@argon/wal-core';
import { filterOf, projectionOf, queryOptions, sortOf } from '../compile';
import type { CommandContext } from '../context';
import { MongoError, inContext } from '../errors';
import { answerWithCursor, snapshotTime } from '../open-cursor';
import { openRun, type OpenedRun } from '../open-run';
import { noteRead, type ReadPlace } from '../place';
import type { Query, QueryRun } from '../query';
import { cursorReply } from '../reply';
import type { Command, Reply } from '../registry';
import { queriedNameOf } from './collection-name';

/** Compiles and plans what `find` asks. */
export function openFind(context: CommandContext): OpenedRun {
  const { args } = context;
  refuseMissing(context);
  const options = queryOptions(args);
  const query: Query = {
    filter: filterOf(args.optionalDocument('filter'), options),
    sort: sortOf(args.optionalDocument('sort'), options),
    projection: projectionOf(args.optionalDocument('projection'), options),
    skip: args.integer('skip', { min: 0 }) ?? 0,
    limit: args.integer('limit', { min: 0 }) || Infinity
  };
  const hint = args.get('hint');
  if (hint?.type === T.NULL) {
    throw new MongoError('FailedToParse', 'Hint must be a string or an object');
  }
  return openRun(context, queriedNameOf(context), query, hint);
}

/** Options of MongoDB's find that would change the result and are not there: refused, never ignored. */
function refuseMissing({ args }: CommandContext): void {
  for (const name of ['min', 'max']) {
    if ((args.optionalDocument(name)?.length ?? 5) > 5) {
      throw new MongoError('NotImplemented', `find with ${name} is not available in Argon yet`);
    }
  }
  for (const name of ['returnKey', 'showRecordId']) {
    if (args.bool(name, false)) {
      throw new MongoError('NotImplemented', `find with ${name} is not available in Argon yet`);
    }
  }
  if (args.bool('tailable', false)) {
    throw new MongoError(
      'BadValue',
      'error processing query: planner returned error :: caused by :: tailable cursor requested on non capped collection'
    );
  }
  if (args.bool('awaitData', false)) {
    throw new MongoError('FailedToParse', "Cannot set 'awaitData' without also setting 'tailable'");
  }
}

export const FIND_FIELDS = [
  'allowDiskUse',
  'allowPartialResults',
  'awaitData',
  'batchSize',
  'collation',
  'filter',
  'hint',
  'let',
  'limit',
  'max',
  'min',
  'noCursorTimeout',
  'oplogReplay',
  'projection',
  'returnKey',
  'showRecordId',
  'singleBatch',
  'skip',
  'sort',
  'tailable'
] as const;

export const find: Command = {
  name: 'find',
  where: 'FindCommandRequest',
  fields: FIND_FIELDS,
  snapshots: true,
  transaction: 'runs',
  run: context => {
    const { run, place, collection } = openFind(context);
    const { args } = context;
    const namespace = `${context.database}.${collection}`;
    const batchSize = args.integer('batchSize', { min: 0 });
    const singleBatch = args.bool('singleBatch', false);
    const ready = batchSize === 0 ? undefined : executing(run);
    if (ready !== undefined) {
      return answerReady(context, ready, namespace, place, collection);
    }
    return answerWithCursor(context, {
      namespace,
      source: run.documents(),
      executor: EXECUTOR,
      batchSize,
      singleBatch,
      stays: args.bool('noCursorTimeout', false),
      ...(place === undefined ? {} : { read: { place, collection } })
    });
  }
};

const EXECUTOR = 'Executor error during find command';

function executing(run: QueryRun): Buffer[] | undefined {
  try {
    return run.immediate();
  } catch (error) {
    throw inContext(error, EXECUTOR);
  }
}

/** The short way of a read by `_id`: no cursor is made. */
function answerReady(
  context: CommandContext,
  batch: Buffer[],
  namespace: string,
  place: ReadPlace,
  collection: string
): Reply {
  if (place !== undefined) {
    noteRead(context, place, collection, batch.length);
  }
  return cursorReply({ namespace, batchName: 'firstBatch', batch, id: 0n, ...snapshotTime(context, place) });
}
