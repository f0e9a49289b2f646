import { documentOf, elements, T, values, type RawValue } from '../../bson';
import { Pace } from '../../log/pace';
import type { StageSpec } from '../api';
import { notImplemented, queryError } from '../error';
import { compileExpression, type Scope } from '../expression';
import { int32 } from '../values';
import { bucket, bucketAuto } from './bucket';
import { facet } from './facet';
import { count, limit, match, sample, skip, sortArgument, sortStage } from './flow';
import { group } from './group';
import { graphLookup } from './graphlookup';
import { lookup } from './lookup';
import { unionWith } from './union';
import { redact } from './redact';
import { shape } from './shape';
import { batches, type Batch, type Run, type Stage, type StageCompiler } from './stage';
import { unwind } from './unwind';
import { setWindowFields } from './window';
import { densify } from './window/densify';
import { fill } from './window/fill';

/** `$documents`: an array of documents out of nothing. */
const documents: StageCompiler = (argument, scope, name): Stage => {
  const expression = compileExpression(argument, scope);
  return {
    name,
    isSource: true,
    async *run(_source, run) {
      const value = expression.evaluate({ root: undefined, current: undefined, vars: [...run.vars] });
      const list = value?.type === T.ARRAY ? values(value.bytes) : undefined;
      if (list === undefined) throw queryError(5858203, 'an array is expected');
      for (const item of list)
        if (item.type !== T.OBJECT)
          throw queryError(40228, "'newRoot' expression must evaluate to an object");
      yield* batches(list.map(item => item.bytes));
    }
  };
};

const COMPILERS: Readonly<Record<string, StageCompiler>> = {
  $match: match,
  $project: shape,
  $addFields: shape,
  $set: shape,
  $unset: shape,
  $replaceRoot: shape,
  $replaceWith: shape,
  $group: group,
  $limit: limit,
  $skip: skip,
  $unwind: unwind,
  $lookup: lookup,
  $unionWith: unionWith,
  $graphLookup: graphLookup,
  $count: count,
  $facet: facet,
  $bucket: bucket,
  $bucketAuto: bucketAuto,
  $sample: sample,
  $redact: redact,
  $documents: documents,
  $setWindowFields: setWindowFields,
  $densify: densify,
  $fill: fill
};

/** Stages that read something else than a collection's documents; the caller makes their documents. */
export const SOURCE_STAGES: ReadonlySet<string> = new Set([
  '$changeStream',
  '$collStats',
  '$currentOp',
  '$indexStats',
  '$listLocalSessions',
  '$listSessions',
  '$planCacheStats'
]);

/** Stages that write; the caller does that. */
export const WRITING_STAGES: ReadonlySet<string> = new Set(['$out', '$merge']);

const KNOWN_BUT_MISSING = new Set(['$geoNear', '$search', '$searchMeta', '$listLocalSessions']);

/** Stages that mongod 6.0 runs together with a `$group` or `$lookup` behind them in its newer engine. */
const PUSHED_DOWN = new Set(['$match', '$sort', '$skip', '$limit', '$group', '$lookup']);

/** Whether MongoDB knows a stage of this name. */
export const isStageName = (name: string): boolean =>
  name === '$sort' ||
  name === '$sortByCount' ||
  COMPILERS[name] !== undefined ||
  SOURCE_STAGES.has(name) ||
  WRITING_STAGES.has(name) ||
  KNOWN_BUT_MISSING.has(name);

/** Where a pipeline stands; some stages are only allowed in some places. */
export type Place = 'top' | 'facet' | 'lookup' | 'union';

export interface CompiledStages {
  readonly stages: readonly Stage[];
  readonly specs: readonly StageSpec[];
  readonly collections: readonly string[];
  readonly startsItself: boolean;
}

/** Takes a stage apart. @throws 40323 */
export function stageSpec(stage: Buffer): StageSpec {
  const list = elements(stage);
  if (list.length !== 1)
    throw queryError(40323, 'A pipeline stage specification object must contain exactly one field.');
  const { name, type, bytes } = list[0]!;
  return { name, value: { type, bytes } };
}

/** Compiles stages one by one. @throws 40324 for unknown ones */
export function compileStages(list: readonly Buffer[], scope: Scope, place: Place): CompiledStages {
  const specs = list.map(stageSpec);
  const stages: Stage[] = [];
  specs.forEach(({ name, value }, i) => {
    checkPlace(name, i, place);
    const leading = place === 'top' && specs.slice(0, i).every(spec => PUSHED_DOWN.has(spec.name));
    if (name === '$sort') {
      const sort = sortArgument(value, scope);
      stages.push({ name, run: (source, run) => sortStage(sort, keepOf(stages, i)).run(source, run) });
      return;
    }
    if (name === '$sortByCount') {
      stages.push(sortByCount(value, scope));
      return;
    }
    const compiler = COMPILERS[name];
    if (compiler === undefined) throw unknownStage(name);
    stages.push(compiler(value, scope, name, leading));
  });
  return {
    stages,
    specs,
    collections: [...new Set(stages.flatMap(stage => stage.collections ?? []))],
    startsItself: stages[0]?.isSource ?? false
  };
}

/** The error of a stage that is none, or is not there. */
export function unknownStage(name: string): Error {
  if (KNOWN_BUT_MISSING.has(name)) return notImplemented(name);
  return queryError(40324, `Unrecognized pipeline stage name: '${name}'`);
}

function checkPlace(name: string, index: number, place: Place): void {
  if (SOURCE_STAGES.has(name) || WRITING_STAGES.has(name)) {
    if (place === 'facet') throw queryError(40600, `${name} is not allowed to be used within a $facet stage`);
    if (place === 'lookup') throw queryError(51047, `${name} is not allowed within a $lookup's sub-pipeline`);
    if (place === 'union')
      throw queryError(31441, `${name} is not allowed within a $unionWith's sub-pipeline`);
    throw WRITING_STAGES.has(name)
      ? queryError(40601, `${name} can only be the final stage in the pipeline`)
      : queryError(40602, `${name} is only valid as the first stage in a pipeline`);
  }
  if (name === '$facet' && place === 'facet')
    throw queryError(40600, '$facet is not allowed to be used within a $facet stage');
  if (name === '$documents' && index > 0)
    throw queryError(40602, '$documents is only valid as the first stage in a pipeline');
  if (name === '$documents' && place === 'facet')
    throw queryError(40600, '$documents is not allowed to be used within a $facet stage');
}

/** How many documents a `$sort` must keep because of the `$skip` and `$limit` right behind it. */
function keepOf(stages: readonly Stage[], at: number): number | undefined {
  let skipped = 0;
  for (const stage of stages.slice(at + 1)) {
    if (stage.limit !== undefined) return stage.limit + skipped;
    if (stage.skip === undefined) return undefined;
    skipped += stage.skip;
  }
  return undefined;
}

function sortByCount(value: RawValue, scope: Scope): Stage {
  const isPath = value.type === T.STRING;
  if (value.type === T.OBJECT) {
    const first = elements(value.bytes)[0]?.name ?? '';
    if (!first.startsWith('$'))
      throw queryError(
        40147,
        'the sortByCount field must be defined as a $-prefixed path or an expression inside an object'
      );
  } else if (!isPath || value.bytes[4] !== 0x24) {
    throw queryError(
      isPath ? 40148 : 40149,
      'the sortByCount field must be specified as a string or as an object'
    );
  }
  const sum = documentOf([{ ...int32(1), name: '$sum' }]);
  const grouping = documentOf([
    { ...value, name: '_id' },
    { name: 'count', type: T.OBJECT, bytes: sum }
  ]);
  const counting = group({ type: T.OBJECT, bytes: grouping }, scope, '$group');
  const sorting = sortStage(
    sortArgument({ type: T.OBJECT, bytes: documentOf([{ ...int32(-1), name: 'count' }]) }, scope),
    undefined
  );
  return { name: '$sortByCount', run: (source, run) => sorting.run(counting.run(source, run), run) };
}

/** Runs compiled stages on a source. Others get their turn between two batches of any stage. */
export function runStages(
  compiled: CompiledStages,
  source: AsyncIterable<Batch>,
  run: Run,
  from = 0
): AsyncIterable<Batch> {
  const pace = new Pace(run.context.signal);
  return compiled.stages.slice(from).reduce((input, stage) => paced(stage.run(input, run), pace), source);
}

async function* paced(batchesOfStage: AsyncIterable<Batch>, pace: Pace): AsyncIterable<Batch> {
  for await (const batch of batchesOfStage) {
    if (pace.isDue) await pace.rest();
    yield batch;
  }
}
