import { arrayOf, documentOf, isNumberType, T } from '../../bson';
import type {
  DocumentSource,
  Pipeline,
  PipelineContext,
  PipelineLead,
  PipelineTally,
  QueryOptions,
  StageSpec
} from '../api';
import { Scope } from '../expression';
import { toNumber } from '../numeric';
import { array, object } from '../values';
import {
  compileStages,
  runStages,
  SOURCE_STAGES,
  stageSpec,
  WRITING_STAGES,
  type CompiledStages
} from './compile';
import type { Batch } from './stage';

/**
 * Checks and compiles the stages of `aggregate`, without those that the caller handles (see `splitPipeline`).
 * @throws BAD_REQUEST with MongoDB's code in `data.mongoCode`
 */
export function compilePipeline(
  stages: readonly Buffer[],
  options: QueryOptions & { readonly random?: () => number } = {}
): Pipeline {
  const scope = Scope.create(options);
  return new CompiledPipeline(compileStages(stages, scope, 'top'), scope);
}

/** Compiles with the context's `let`, `now` and `collation`, and runs; one document at a time. */
export async function* runPipeline(
  stages: readonly Buffer[],
  source: DocumentSource,
  context: PipelineContext
): AsyncIterable<Buffer> {
  for await (const batch of compilePipeline(stages, context).run(source, context)) yield* batch;
}

class CompiledPipeline implements Pipeline {
  readonly stages: readonly StageSpec[];
  readonly lead: PipelineLead;
  readonly collections: readonly string[];
  readonly alone: number;
  readonly startsItself: boolean;

  constructor(
    private readonly compiled: CompiledStages,
    private readonly scope: Scope
  ) {
    this.stages = compiled.specs;
    this.collections = compiled.collections;
    const other = compiled.stages.findIndex(stage => (stage.collections?.length ?? 0) > 0);
    this.alone = other < 0 ? compiled.stages.length : other;
    this.startsItself = compiled.startsItself;
    this.lead = leadOf(compiled.specs);
  }

  tally(context: PipelineContext): PipelineTally | undefined {
    const run = { context, vars: this.scope.unit.initial };
    const tally = this.compiled.stages[0]?.tally?.(run);
    return (
      tally && {
        add: (bytes, start) => tally.add(bytes, start),
        get isShareable() {
          return tally.isShareable;
        },
        share: () => tally.share(),
        absorb: share => tally.absorb(share),
        results: () =>
          runStages(
            this.compiled,
            asBatches(
              later(() => tally.results()),
              context.signal
            ),
            run,
            1
          )
      }
    );
  }

  run(source: DocumentSource, context: PipelineContext, from = 0): AsyncIterable<readonly Buffer[]> {
    return runStages(
      this.compiled,
      asBatches(source, context.signal),
      { context, vars: this.scope.unit.initial },
      from
    );
  }
}

async function* later(batches: () => Iterable<Batch>): AsyncIterable<Batch> {
  yield* batches();
}

const BATCH_OF_SINGLES = 256;

async function* asBatches(source: DocumentSource, signal: AbortSignal | undefined): AsyncIterable<Batch> {
  let singles: Buffer[] = [];
  for await (const item of source) {
    signal?.throwIfAborted();
    if (Array.isArray(item)) {
      if (singles.length > 0) yield singles;
      singles = [];
      yield item as Batch;
    } else {
      singles.push(item as Buffer);
      if (singles.length >= BATCH_OF_SINGLES) {
        yield singles;
        singles = [];
      }
    }
  }
  if (singles.length > 0) yield singles;
}

/** `$match`es, one `$sort`, `$skip` and `$limit` at the beginning, in that order. */
function leadOf(specs: readonly StageSpec[]): PipelineLead {
  const filters: Buffer[] = [];
  let at = 0;
  while (specs[at]?.name === '$match') filters.push(specs[at++]!.value.bytes);
  const lead: { filter?: Buffer; sort?: Buffer; skip?: number; limit?: number; stages: number } = {
    stages: 0
  };
  if (filters.length === 1) lead.filter = filters[0]!;
  else if (filters.length > 1)
    lead.filter = documentOf([{ ...array(arrayOf(filters.map(object))), name: '$and' }]);
  if (specs[at]?.name === '$sort' && specs[at]!.value.type === T.OBJECT) lead.sort = specs[at++]!.value.bytes;
  for (const key of ['skip', 'limit'] as const) {
    const spec = specs[at];
    if (spec?.name === `$${key}` && isNumberType(spec.value.type)) {
      lead[key] = toNumber(spec.value);
      at++;
    }
  }
  lead.stages = at;
  return lead;
}

/** Takes off a first stage that reads something else than documents ($collStats, $changeStream …) and a last one that writes ($out, $merge). */
export function splitPipeline(stages: readonly Buffer[]): {
  readonly first?: StageSpec;
  readonly body: readonly Buffer[];
  readonly last?: StageSpec;
} {
  const specs = stages.map(stageSpec);
  const head = specs[0];
  const tail = specs[specs.length - 1];
  const first = head !== undefined && SOURCE_STAGES.has(head.name) ? head : undefined;
  const last = tail !== undefined && WRITING_STAGES.has(tail.name) ? tail : undefined;
  const body = stages.slice(first === undefined ? 0 : 1, last === undefined ? undefined : -1);
  return { body, ...(first && { first }), ...(last && { last }) };
}
