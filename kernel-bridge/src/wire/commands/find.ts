import { filterOf, projectionOf, queryOptions, sortOf } from '../compile';
import type { CommandContext } from '../context';
import { MongoError } from '../errors';
import { answerWithCursor, snapshotTime } from '../open-cursor';
import { noteRead, readPlace, type ReadPlace } from '../place';
import { choosePlan } from '../plan';
import { QueryRun, type Query } from '../query';
import { cursorReply } from '../reply';
import type { Command, Reply } from '../registry';
import { collectionNameOf } from './collection-name';

/** A find (or the read half of count and explain), compiled and planned. */
export interface OpenedFind {
  readonly run: QueryRun;
  readonly query: Query;
  readonly place: ReadPlace;
  readonly collection: string;
}

/** Compiles and plans what `find` asks. */
export function openFind(context: CommandContext): OpenedFind {
  const { args } = context;
  refuseMissing(context);
  const collection = collectionNameOf(context);
  const options = queryOptions(args);
  const query: Query = {
    filter: filterOf(args.optionalDocument('filter'), options),
    sort: sortOf(args.optionalDocument('sort'), options),
    projection: projectionOf(args.optionalDocument('projection'), options),
    skip: args.integer('skip', { min: 0 }) ?? 0,
    limit: args.integer('limit', { min: 0 }) || Infinity
  };
  const place = readPlace(context);
  const info = place?.snapshot.collection(collection);
  const plan = choosePlan(context.services.engine, info, query.filter, query.sort, args.get('hint'));
  // Without a project there is no snapshot, and without a collection the plan reads none.
  const run = new QueryRun(
    place?.snapshot as NonNullable<ReadPlace>['snapshot'],
    info,
    plan,
    query,
    context.operation
  );
  return { run, query, place, collection };
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
  run: context => {
    const { run, place, collection, query } = openFind(context);
    const { args } = context;
    const namespace = `${context.database}.${collection}`;
    const batchSize = args.integer('batchSize', { min: 0 });
    const singleBatch = args.bool('singleBatch', false);
    const ready = batchSize === 0 || query.limit === 0 ? undefined : run.immediate();
    if (ready !== undefined) {
      return answerReady(context, ready, namespace, place, collection);
    }
    return answerWithCursor(context, {
      namespace,
      source: run.documents(),
      batchSize,
      singleBatch,
      ...(place === undefined ? {} : { read: { place, collection } })
    });
  }
};

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
