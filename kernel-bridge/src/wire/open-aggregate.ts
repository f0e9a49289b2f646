import {
  T,
  TYPE_NAMES,
  compilePipeline,
  splitPipeline,
  type Pipeline,
  type QueryOptions,
  type StageSpec
} from '@argon/wal-core';
import { numberOf, stringOf, type Arguments } from './arguments';
import { checkStreamPipeline } from './changestream/stream';
import { checkViewCollation, viewOf } from './collection-kind';
import { queryOptions } from './compile';
import type { CommandContext } from './context';
import { MongoError } from './errors';
import { checkCollectionName } from './namespace';
import { openTarget } from './open-run';
import { openPipeline } from './pipelines';
import { readPlace, type ReadPlace } from './place';
import type { QueryRun } from './query';
import { checkWriteStage } from './write-stage';

/** A pipeline, compiled and planned. */
export interface OpenedAggregate {
  /** Undefined: `{aggregate: 1}`, about no collection. */
  readonly collection: string | undefined;
  readonly namespace: string;
  readonly pipeline: Pipeline;
  readonly first: StageSpec | undefined;
  readonly last: StageSpec | undefined;
  readonly place: ReadPlace;
  /** The read below the pipeline, when there is one. */
  readonly run: QueryRun | undefined;
  readonly options: QueryOptions;
}

/** Compiles and plans what `aggregate` asks. */
export function openAggregate(context: CommandContext): OpenedAggregate {
  const { args, database } = context;
  const collection = targetOf(context);
  const stages = stagesOf(args);
  const { first, body, last } = splitPipeline(stages);
  const target = collection === undefined ? undefined : openTarget(context, collection);
  const isView = viewOf(target?.info) !== undefined;
  if (isView) {
    checkViewCollation(target?.info, args.optionalDocument('collation'));
    if (first !== undefined && first.name !== '$collStats') {
      throw new MongoError(40602, `${first.name} is only valid as the first stage in a pipeline`);
    }
  }
  const options = queryOptions(args, undefined, target?.info);
  const pipeline = compilePipeline(body, options);
  if (last !== undefined) {
    checkWriteStage(context, last);
  }
  checkTarget(collection, stages, first, pipeline);
  const barred = last?.name ?? first?.name;
  if (context.transaction !== undefined && barred !== undefined) {
    throw new MongoError(
      'OperationNotSupportedInTransaction',
      'Operation not permitted in transaction :: caused by :: ' +
        `Aggregation stage ${barred} cannot run within a multi-document transaction`
    );
  }
  const namespace = `${database}.${collection ?? '$cmd.aggregate'}`;
  if (first?.name === '$changeStream') {
    checkStreamPipeline(pipeline);
    return { collection, namespace, pipeline, first, last, place: undefined, run: undefined, options };
  }
  const place = target === undefined ? readPlace(context) : target.place;
  if (first !== undefined || pipeline.startsItself || target === undefined) {
    return { collection, namespace, pipeline, first, last, place, run: undefined, options };
  }
  const opened = openPipeline(context, target, body, options, args.get('hint'));
  return { ...opened, namespace, first, last };
}

/** The collection of `{aggregate: 'name'}`; undefined for `{aggregate: 1}`. */
function targetOf({ args, database }: CommandContext): string | undefined {
  const value = args.get('aggregate')!;
  if (value.type !== T.STRING) {
    if (numberOf(value) === undefined) {
      throw new MongoError(
        'TypeMismatch',
        `collection name has invalid type: ${TYPE_NAMES[value.type] ?? value.type}`
      );
    }
    if (numberOf(value) !== 1) {
      throw new MongoError(
        'FailedToParse',
        "Invalid command format: the 'aggregate' field must specify a collection name or 1"
      );
    }
    return undefined;
  }
  const name = stringOf(value);
  checkCollectionName(database, name);
  return name;
}

function stagesOf(args: Arguments): Buffer[] {
  const value = args.get('pipeline') ?? args.missing('pipeline');
  if (value.type !== T.ARRAY) {
    throw new MongoError('TypeMismatch', "'pipeline' option must be specified as an array");
  }
  return args.array('pipeline').map(stage => {
    if (stage.type !== T.OBJECT) {
      throw new MongoError('TypeMismatch', "Each element of the 'pipeline' array must be an object");
    }
    return stage.bytes;
  });
}

/** Some stages are about a collection, others about none. @throws MongoError 73 */
function checkTarget(
  collection: string | undefined,
  stages: readonly Buffer[],
  first: StageSpec | undefined,
  pipeline: Pipeline
): void {
  const name = first?.name ?? pipeline.stages[0]?.name ?? '';
  if (collection !== undefined) {
    if (ONLY_COLLECTIONLESS.has(name)) {
      throw new MongoError('InvalidNamespace', ONLY_COLLECTIONLESS.get(name)!);
    }
    return;
  }
  if (stages.length === 0) {
    throw new MongoError('InvalidNamespace', '{aggregate: 1} is not valid for an empty pipeline.');
  }
  if (!pipeline.startsItself && !COLLECTIONLESS.has(name)) {
    throw new MongoError(
      'InvalidNamespace',
      `{aggregate: 1} is not valid for '${name}'; a collection is required.`
    );
  }
}

/** Stages that are about no collection, with what mongod says of one. */
const ONLY_COLLECTIONLESS: ReadonlyMap<string, string> = new Map([
  ['$documents', "'$documents' can only be run with {aggregate: 1}"],
  ['$currentOp', "$currentOp must be run against the 'admin' database with {aggregate: 1}"]
]);

/** Stages that make documents out of nothing stored. */
const COLLECTIONLESS: ReadonlySet<string> = new Set([
  '$currentOp',
  '$listLocalSessions',
  '$changeStream',
  '$documents'
]);
