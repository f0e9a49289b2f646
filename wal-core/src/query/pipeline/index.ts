import type { DocumentSource, Pipeline, PipelineContext, QueryOptions, StageSpec } from '../api';
import { notImplemented } from '../error';

/** Checks and compiles the stages of `aggregate`, without those that the caller handles (see `splitPipeline`). */
export function compilePipeline(_stages: readonly Buffer[], _options: QueryOptions = {}): Pipeline {
  throw notImplemented('compilePipeline');
}

/** Compiles and runs; one document at a time. */
export function runPipeline(
  _stages: readonly Buffer[],
  _source: DocumentSource,
  _context: PipelineContext
): AsyncIterable<Buffer> {
  throw notImplemented('runPipeline');
}

/** Takes off a first stage that reads something else than documents ($collStats, $changeStream …) and a last one that writes ($out, $merge). */
export function splitPipeline(_stages: readonly Buffer[]): {
  readonly first?: StageSpec;
  readonly body: readonly Buffer[];
  readonly last?: StageSpec;
} {
  throw notImplemented('splitPipeline');
}
