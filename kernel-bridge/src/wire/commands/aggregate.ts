import { T, TYPE_NAMES } from '@argon/wal-core';
import { COUNT, FLAG, GIVEN_BOOL, HINT, OBJECT, type ArgumentCheck } from '../argument-types';
import { openChangeStream } from '../changestream/open';
import type { CommandContext } from '../context';
import type { DocumentSource } from '../cursors';
import { MongoError, inContext } from '../errors';
import { openAggregate, type OpenedAggregate } from '../open-aggregate';
import { answerWithCursor } from '../open-cursor';
import type { Operation } from '../operation';
import { runPipeline } from '../pipelines';
import type { Command, Reply } from '../registry';
import { sourceStage } from '../source-stages';
import { writeResult } from '../write-stage';
import { explainAggregate } from './explain-aggregate';
import { batchSizeOf, listSource } from './indexes';
import { addWriteConcernError } from './write-reply';

export const AGGREGATE_FIELDS = [
  'pipeline',
  'cursor',
  'explain',
  'allowDiskUse',
  'bypassDocumentValidation',
  'collation',
  'hint',
  'let',
  'fromMongos'
] as const;

const EXPLAIN: ArgumentCheck = (_args, _name, { type }) => {
  if (type !== T.BOOL) {
    throw new MongoError('TypeMismatch', `explain must be a boolean, not a ${TYPE_NAMES[type] ?? type}`);
  }
};

export const aggregate: Command = {
  name: 'aggregate',
  fields: AGGREGATE_FIELDS,
  types: {
    explain: EXPLAIN,
    allowDiskUse: GIVEN_BOOL,
    bypassDocumentValidation: FLAG,
    hint: HINT,
    maxTimeMS: COUNT,
    readConcern: OBJECT
  },
  writes: true,
  snapshots: true,
  transaction: 'runs',
  run: async context => {
    const { args } = context;
    const opened = openAggregate(context);
    if (args.bool('explain', false)) {
      return explainAggregate(context, opened, 'queryPlanner');
    }
    const cursor = args.get('cursor');
    if (cursor === undefined) {
      throw new MongoError(
        'FailedToParse',
        "The 'cursor' option is required, except for aggregate with the explain argument"
      );
    }
    if (cursor.type !== T.OBJECT) {
      throw new MongoError('TypeMismatch', 'cursor field must be missing or an object');
    }
    return answer(context, opened, batchSizeOf(context));
  }
};

async function answer(
  context: CommandContext,
  opened: OpenedAggregate,
  batchSize: number | undefined
): Promise<Reply> {
  const { args, operation } = context;
  const { pipeline, place, run, last, namespace, collection, options } = opened;
  if (opened.first?.name === '$changeStream') {
    return answerWithCursor(context, {
      namespace,
      executor: EXECUTOR,
      source: openChangeStream(context, opened.first, collection, pipeline),
      batchSize
    });
  }
  const { results, read } = runPipeline(context, opened, await sourceOf(context, opened));
  if (last !== undefined) {
    await writeResult(context, last, executing(results, operation), options);
  }
  const reply = await answerWithCursor(context, {
    namespace,
    executor: EXECUTOR,
    source: last === undefined ? results : listSource([]),
    batchSize,
    ...(place === undefined || collection === undefined || run === undefined
      ? {}
      : { read: { place, collection, filter: run.query.filter, documents: read } })
  });
  return last === undefined ? reply : addWriteConcernError(reply, args);
}

const EXECUTOR = 'PlanExecutor error during aggregation';

/** Results whose errors say that they came up while the pipeline ran. */
async function* executing(
  results: AsyncIterable<readonly Buffer[]>,
  operation: Operation
): AsyncIterable<readonly Buffer[]> {
  try {
    yield* results;
  } catch (error) {
    throw inContext(operation.explain(error), EXECUTOR);
  }
}

/** The documents a pipeline begins with. */
async function sourceOf(
  context: CommandContext,
  { run, first, place, collection }: OpenedAggregate
): Promise<DocumentSource> {
  if (run !== undefined) {
    return run.documents();
  }
  return first === undefined ? listSource([]) : sourceStage(context, first, place, collection);
}
