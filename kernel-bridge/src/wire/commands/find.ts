import { elements } from '@argon/wal-core';
import { GIVEN_BOOL, GIVEN_OBJECT, HINT, type ArgumentTypes } from '../argument-types';
import { numberOf } from '../arguments';
import { CappedTail } from '../capped/tail';
import { capOf } from '../collection-kind';
import { filterOf, projectionOf, queryOptions, sortOf } from '../compile';
import type { CommandContext } from '../context';
import { MongoError, inContext } from '../errors';
import { answerWithCursor, snapshotTime } from '../open-cursor';
import { openRun, openTarget, type OpenedRun, type Target } from '../open-run';
import { noteRead } from '../place';
import type { KeyWindow } from '../plan';
import type { Query, QueryRun } from '../query';
import { shownKeys } from '../shown-keys';
import { cursorReply } from '../reply';
import type { Command, Reply } from '../registry';
import { isView, viewDocuments, type ViewQuery } from '../view-read';
import { queriedNameOf } from './collection-name';

/** Compiles and plans what `find` asks of a collection. */
export function openFind(context: CommandContext, target = findTarget(context)): OpenedRun {
  const { args } = context;
  const options = queryOptions(args, undefined, target.info);
  const query: Query = {
    filter: filterOf(args.optionalDocument('filter'), options),
    sort: sortOf(args.optionalDocument('sort'), options),
    projection: projectionOf(args.optionalDocument('projection'), options),
    skip: args.integer('skip', { min: 0 }) ?? 0,
    limit: args.integer('limit', { min: 0 }) || Infinity
  };
  const hint = args.get('hint');
  const opened = openRun(context, target, query, hint, windowOf(context));
  if (args.bool('returnKey', false) || args.bool('showRecordId', false)) {
    opened.run.show = shownKeys(opened.run.plan, args.bool('returnKey', false));
  }
  return opened;
}

/** The collection or view a find names. */
export function findTarget(context: CommandContext): Target {
  return openTarget(context, queriedNameOf(context));
}

/** `min` and `max`. @throws MongoError 51176 */
function windowOf({ args }: CommandContext): KeyWindow | undefined {
  const [min, max] = ['min', 'max'].map(name => {
    const bound = args.optionalDocument(name);
    return bound === undefined || bound.length === 5 ? undefined : bound;
  });
  if (min === undefined && max === undefined) {
    return undefined;
  }
  if (min !== undefined && max !== undefined && namesOf(min) !== namesOf(max)) {
    throw new MongoError(51176, 'min and max must have the same field names');
  }
  return { min, max };
}

function namesOf(document: Buffer): string {
  return JSON.stringify(elements(document).map(({ name }) => name));
}

/** What a find asks, for the pipeline it becomes on a view. @throws MongoError 168 for what a pipeline cannot do */
export function viewQuery({ args }: CommandContext): ViewQuery {
  for (const name of ['min', 'max', 'returnKey', 'showRecordId', 'tailable'] as const) {
    const asked =
      name === 'min' || name === 'max'
        ? (args.optionalDocument(name)?.length ?? 5) > 5
        : args.bool(name, false);
    if (asked) {
      throw new MongoError(
        'InvalidPipelineOperator',
        name === 'tailable'
          ? 'Tailable cursors are not supported in aggregation.'
          : `Option ${name} not supported in aggregation.`
      );
    }
  }
  return {
    filter: args.optionalDocument('filter'),
    sort: args.optionalDocument('sort'),
    projection: args.optionalDocument('projection'),
    skip: args.integer('skip', { min: 0 }),
    limit: args.integer('limit', { min: 0 })
  };
}

/** A cursor that stays at the end of a capped collection; undefined when the find asks for none. @throws MongoError 2, 9 */
function tailOf(context: CommandContext, { collection, info }: Target): CappedTail | undefined {
  const { args } = context;
  const awaits = args.bool('awaitData', false);
  if (!args.bool('tailable', false)) {
    if (awaits) {
      throw new MongoError('FailedToParse', "Cannot set 'awaitData' without also setting 'tailable'");
    }
    return undefined;
  }
  const sort = args.optionalDocument('sort');
  const natural = sort === undefined ? undefined : elements(sort)[0];
  if (natural !== undefined && !(natural.name === '$natural' && numberOf(natural) === 1)) {
    throw new MongoError('BadValue', 'cannot use tailable option with a sort other than {$natural: 1}');
  }
  if (args.bool('singleBatch', false)) {
    throw new MongoError('BadValue', "cannot use tailable option with the 'singleBatch' option");
  }
  if (info === undefined) {
    return undefined;
  }
  if (capOf(info) === undefined) {
    throw new MongoError(
      'BadValue',
      'error processing query: planner returned error :: caused by :: tailable cursor requested on non capped collection'
    );
  }
  const options = queryOptions(args, undefined, info);
  return new CappedTail(context, {
    collection,
    filter: filterOf(args.optionalDocument('filter'), options),
    projection: projectionOf(args.optionalDocument('projection'), options),
    skip: args.integer('skip', { min: 0 }) ?? 0,
    limit: args.integer('limit', { min: 0 }) || Infinity,
    awaits
  });
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
  'readOnce',
  'returnKey',
  'showRecordId',
  'singleBatch',
  'help',
  'skip',
  'sort',
  'tailable'
] as const;

/** How mongod reads them: null is no object and no boolean here. */
export const FIND_TYPES: ArgumentTypes = {
  allowDiskUse: GIVEN_BOOL,
  allowPartialResults: GIVEN_BOOL,
  awaitData: GIVEN_BOOL,
  collation: GIVEN_OBJECT,
  filter: GIVEN_OBJECT,
  hint: HINT,
  max: GIVEN_OBJECT,
  min: GIVEN_OBJECT,
  noCursorTimeout: GIVEN_BOOL,
  oplogReplay: GIVEN_BOOL,
  projection: GIVEN_OBJECT,
  readOnce: GIVEN_BOOL,
  returnKey: GIVEN_BOOL,
  showRecordId: GIVEN_BOOL,
  singleBatch: GIVEN_BOOL,
  tailable: GIVEN_BOOL,
  sort: GIVEN_OBJECT
};

export const find: Command = {
  name: 'find',
  where: 'FindCommandRequest',
  fields: FIND_FIELDS,
  types: FIND_TYPES,
  snapshots: true,
  transaction: 'runs',
  run: context => {
    const { args } = context;
    const target = findTarget(context);
    const namespace = `${context.database}.${target.collection}`;
    const batchSize = args.integer('batchSize', { min: 0 });
    const singleBatch = args.bool('singleBatch', false);
    const shown = { namespace, executor: EXECUTOR, batchSize, stays: args.bool('noCursorTimeout', false) };
    if (isView(target)) {
      return answerWithCursor(context, {
        ...shown,
        source: viewDocuments(context, target, viewQuery(context)),
        singleBatch
      });
    }
    const tail = tailOf(context, target);
    if (tail !== undefined) {
      return answerWithCursor(context, { ...shown, source: tail });
    }
    const { run, place, collection } = openFind(context, target);
    const ready = batchSize === 0 ? undefined : executing(run);
    if (ready !== undefined) {
      return answerReady(context, ready, namespace, { run, place, collection });
    }
    return answerWithCursor(context, {
      ...shown,
      source: run.documents(),
      singleBatch,
      ...(place === undefined ? {} : { read: { place, collection, filter: run.query.filter } })
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
  { run, place, collection }: OpenedRun
): Reply {
  if (place !== undefined) {
    noteRead(context, place, collection, batch.length, run.query.filter);
  }
  return cursorReply({ namespace, batchName: 'firstBatch', batch, id: 0n, ...snapshotTime(context, place) });
}
