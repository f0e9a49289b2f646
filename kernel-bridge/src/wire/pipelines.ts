import {
  compilePipeline,
  elements,
  indexCollation,
  parseCollation,
  type CollectionInfo,
  type Filter,
  type Pipeline,
  type PipelineContext,
  type QueryOptions
} from '@argon/wal-core';
import { resolveViews } from './collection-kind';
import { filterOf, sortOf } from './compile';
import type { ReadContext } from './context';
import type { DocumentSource } from './cursors';
import { allOf, openRun, planRead, type Target } from './open-run';
import { noteRead, type ReadPlace } from './place';
import { visibleOf, type Hint } from './plan';
import { QueryRun } from './query';
import { spillOf } from './spill';

/** Stages over a collection or a view, compiled, with the read below them planned. */
export interface OpenedPipeline {
  readonly pipeline: Pipeline;
  readonly place: ReadPlace;
  /** The collection that is read, below all views; undefined for a pipeline that makes its own documents. */
  readonly run: QueryRun | undefined;
  readonly collection: string;
  readonly options: QueryOptions;
}

/** Compiles stages over what a name shows and plans the read of the collection below. */
export function openPipeline(
  context: ReadContext,
  target: Target,
  stages: readonly Buffer[],
  options: QueryOptions,
  hint: Hint
): OpenedPipeline {
  const { place } = target;
  const { name, info, stages: before } = resolveViews(place?.snapshot, target.collection);
  const pipeline = compilePipeline([...before, ...stages], options);
  if (pipeline.startsItself) {
    return { pipeline, place, run: undefined, collection: name, options };
  }
  const { lead } = pipeline;
  const query = {
    ...allOf(filterOf(lead.filter, options)),
    sort: sortOf(lead.sort, options),
    skip: lead.skip ?? 0,
    limit: lead.limit ?? Infinity
  };
  const { run } = openRun(context, { place, collection: name, info }, query, hint);
  return { pipeline, place, run, collection: name, options };
}

/** The results of a pipeline over a source, and how many documents of the source went into it so far. */
export function runPipeline(
  context: ReadContext,
  { pipeline, place, run, options }: Omit<OpenedPipeline, 'collection'>,
  source: DocumentSource
): { readonly results: AsyncIterable<readonly Buffer[]>; readonly read: () => number } {
  let read = 0;
  const count = (documents: number): void => {
    read += documents;
  };
  const spill = spillOf(context);
  const pipelineContext: PipelineContext = {
    ...options,
    collection: (name, filter) => readOther(context, place, options, name, filter),
    isIndexed: (name, path) => isIndexed(place, options, name, path),
    signal: context.operation.signal,
    ...(spill && { spill })
  };
  const away = run?.through(pipeline, count);
  const results = pipeline.run(
    away?.documents ?? countDocuments(source, count),
    pipelineContext,
    away?.stages ?? (run === undefined ? 0 : pipeline.lead.stages)
  );
  return { results, read: () => read };
}

/** Whether a read of the documents with a value at a path can begin at an index, missing values included. */
function isIndexed(place: ReadPlace, { collation }: QueryOptions, name: string, path: string): boolean {
  const { info, stages } = resolveViews(place?.snapshot, name);
  if (info === undefined || stages.length > 0) {
    return false;
  }
  const asked = parseCollation(collation);
  return (
    (path === '_id' && asked === undefined) ||
    visibleOf(info).some(({ key, spec, sparse, partialFilter }) => {
      const own = indexCollation(spec);
      const isSame = asked === undefined ? own === undefined : asked.isSame(own);
      return isSame && !sparse && partialFilter === undefined && elements(key)[0]?.name === path;
    })
  );
}

/** The results of a pipeline whose reads are told to the session as they are made. */
export async function* runNoted(
  context: ReadContext,
  opened: OpenedPipeline
): AsyncIterable<readonly Buffer[]> {
  const { place, run, collection } = opened;
  const { results, read } = runPipeline(context, opened, run?.documents() ?? NOTHING);
  let told = 0;
  const tell = (): void => {
    if (place !== undefined && run !== undefined) {
      noteRead(context, place, collection, read() - told, run.query.filter);
      told = read();
    }
  };
  tell();
  for await (const batch of results) {
    tell();
    yield batch;
  }
  tell();
}

/**
 * Documents of another collection or view of the same state, for $lookup and its like. What is asked for depends on the
 * documents in front, so that it counts as a read of the whole collection, one that is not there yet included.
 */
function readOther(
  context: ReadContext,
  place: ReadPlace,
  options: QueryOptions,
  name: string,
  filter: Filter | undefined
): DocumentSource {
  if (place === undefined) {
    return NOTHING;
  }
  const resolved = resolveViews(place.snapshot, name);
  noteRead(context, place, resolved.name, 0);
  if (resolved.info === undefined) {
    return NOTHING;
  }
  if (resolved.stages.length > 0) {
    const opened = openPipeline(
      context,
      { place, collection: name, info: undefined },
      [],
      options,
      undefined
    );
    return runNoted(context, opened);
  }
  const run = runAll(context, place, resolved.info, filter ?? filterOf(undefined, options));
  return countDocuments(run.documents(), documents => noteRead(context, place, name, documents));
}

function runAll(
  context: ReadContext,
  { snapshot }: NonNullable<ReadPlace>,
  info: CollectionInfo,
  filter: Filter
): QueryRun {
  const query = allOf(filter);
  const plan = planRead(context, snapshot, info, query, undefined);
  return new QueryRun(snapshot, info, plan, query, context.operation);
}

const NOTHING: DocumentSource = {
  async *[Symbol.asyncIterator]() {
    // No documents.
  },
  isAtEnd: () => true
};

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
