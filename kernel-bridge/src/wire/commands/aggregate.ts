import { hostname } from 'node:os';
import { Binary, Long, deserialize, serialize } from 'bson';
import {
  T,
  compilePipeline,
  splitPipeline,
  type Filter,
  type Pipeline,
  type PipelineContext,
  type StageSpec
} from '@argon/wal-core';
import { Arguments, stringOf } from '../arguments';
import { filterOf, queryOptions, sortOf } from '../compile';
import type { CommandContext } from '../context';
import type { DocumentSource } from '../cursors';
import { MongoError, inContext } from '../errors';
import { checkCollectionName } from '../namespace';
import { openChangeStream } from '../changestream/open';
import { checkStreamPipeline } from '../changestream/stream';
import { answerWithCursor } from '../open-cursor';
import type { Operation } from '../operation';
import { allOf, openRun } from '../open-run';
import { noteRead, readPlace, type ReadPlace } from '../place';
import { choosePlan } from '../plan';
import { QueryRun } from '../query';
import type { Command, Reply } from '../registry';
import { checkWriteStage, writeResult } from '../write-stage';
import { explainAggregate } from './explain-aggregate';
import { ID_INDEX, batchSizeOf, listSource } from './indexes';
import { describeOperations } from './server';
import { storageStats } from './stats';
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

export const aggregate: Command = {
  name: 'aggregate',
  fields: AGGREGATE_FIELDS,
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
}

/** Compiles and plans what `aggregate` asks. */
export function openAggregate(context: CommandContext): OpenedAggregate {
  const { args, database } = context;
  const collection = targetOf(context);
  const stages = stagesOf(args);
  const options = queryOptions(args);
  const { first, body, last } = splitPipeline(stages);
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
    return { collection, namespace, pipeline, first, last, place: undefined, run: undefined };
  }
  const place = readPlace(context);
  if (first !== undefined || pipeline.startsItself || collection === undefined) {
    return { collection, namespace, pipeline, first, last, place, run: undefined };
  }
  const { lead } = pipeline;
  const filter = filterOf(lead.filter, options);
  const sort = sortOf(lead.sort, options);
  const query = { ...allOf(filter), sort, skip: lead.skip ?? 0, limit: lead.limit ?? Infinity };
  const { run } = openRun(context, collection, query, args.get('hint'));
  return { collection, namespace, pipeline, first, last, place, run };
}

/** The collection of `{aggregate: 'name'}`; undefined for `{aggregate: 1}`. */
function targetOf({ args, database }: CommandContext): string | undefined {
  const value = args.get('aggregate')!;
  if (value.type !== T.STRING) {
    if (args.integer('aggregate') !== 1) {
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

async function answer(
  context: CommandContext,
  opened: OpenedAggregate,
  batchSize: number | undefined
): Promise<Reply> {
  const { args, operation } = context;
  const { pipeline, place, run, last, namespace, collection } = opened;
  const options = queryOptions(args);
  if (opened.first?.name === '$changeStream') {
    return answerWithCursor(context, {
      namespace,
      executor: EXECUTOR,
      source: openChangeStream(context, opened.first, collection, pipeline),
      batchSize
    });
  }
  let read = 0;
  const source = await sourceOf(context, opened);
  const counted = countDocuments(source, documents => {
    read += documents;
  });
  const pipelineContext: PipelineContext = {
    ...options,
    collection: (name, filter) => readOther(context, place, name, filter),
    signal: operation.signal
  };
  const results = pipeline.run(counted, pipelineContext, run === undefined ? 0 : pipeline.lead.stages);
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
      : { read: { place, collection, documents: () => read } })
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
  if (first === undefined) {
    return listSource([]);
  }
  switch (first.name) {
    case '$collStats':
      return listSource([await collStatsDocument(context, first, place, collection)]);
    case '$indexStats':
      return listSource(indexStatsDocuments(place, collection));
    case '$currentOp':
      return listSource(describeOperations(context).map(toBuffer));
    case '$listLocalSessions':
      return listSource(
        context.services.logical.all().map(({ key, usedAt }) =>
          toBuffer({
            _id: { id: new Binary(Buffer.from(key, 'hex'), Binary.SUBTYPE_UUID) },
            lastUse: new Date(usedAt)
          })
        )
      );
    default:
      throw new MongoError('NotImplemented', `${first.name} is not available in Argon yet`);
  }
}

async function collStatsDocument(
  context: CommandContext,
  stage: StageSpec,
  place: ReadPlace,
  collection: string | undefined
): Promise<Buffer> {
  const spec = new Arguments(
    stage.value.type === T.OBJECT ? stage.value.bytes : Buffer.from([5, 0, 0, 0, 0]),
    '$collStats'
  );
  spec.only(['count', 'storageStats', 'latencyStats', 'queryExecStats'], undefined);
  const info = collection === undefined ? undefined : place?.snapshot.collection(collection);
  const document: Record<string, unknown> = {
    ns: `${context.database}.${collection}`,
    host: hostname(),
    localTime: new Date()
  };
  if (spec.has('latencyStats') || spec.has('queryExecStats')) {
    throw new MongoError(
      'NotImplemented',
      '$collStats has count and storageStats; others are not available in Argon yet'
    );
  }
  if ((spec.has('count') || spec.has('storageStats')) && info === undefined) {
    throw new MongoError('NamespaceNotFound', `Collection [${document['ns'] as string}] not found.`);
  }
  if (spec.has('storageStats')) {
    const scale = spec.object('storageStats')?.integer('scale', { min: 1 }) ?? 1;
    document['storageStats'] = await storageStats(place?.snapshot, info, scale);
  }
  if (spec.has('count')) {
    document['count'] = await place!.snapshot.count(info!);
  }
  return toBuffer(document);
}

/** Uses of an index are not counted: 0 since the bridge runs is what is known. */
function indexStatsDocuments(place: ReadPlace, collection: string | undefined): Buffer[] {
  const info = collection === undefined ? undefined : place?.snapshot.collection(collection);
  if (info === undefined) {
    return [];
  }
  return [ID_INDEX, ...info.indexes.map(index => index.spec)].map(raw => {
    const spec = deserialize(raw);
    return toBuffer({
      name: spec['name'] as unknown,
      key: spec['key'] as unknown,
      host: hostname(),
      accesses: { ops: Long.ZERO, since: new Date() },
      spec
    });
  });
}

/** Documents of another collection of the same state, for $lookup and its like. */
function readOther(
  context: CommandContext,
  place: ReadPlace,
  name: string,
  filter: Filter | undefined
): DocumentSource {
  const info = place?.snapshot.collection(name);
  const options = queryOptions(context.args);
  const query = allOf(filter ?? filterOf(undefined, options));
  if (place === undefined || info === undefined) {
    return listSource([]);
  }
  const plan = choosePlan(context.services.engine, info, query.filter, undefined, undefined);
  const run = new QueryRun(place.snapshot, info, plan, query, context.operation);
  return countDocuments(run.documents(), documents => noteRead(context, place, name, documents));
}

/** Tells how many documents went through. */
function countDocuments(source: DocumentSource, add: (documents: number) => void): DocumentSource {
  return {
    async *[Symbol.asyncIterator]() {
      for await (const batch of source) {
        add(batch.length);
        yield batch;
      }
    }
  };
}

function toBuffer(document: Record<string, unknown>): Buffer {
  const bytes = serialize(document, { ignoreUndefined: true });
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
