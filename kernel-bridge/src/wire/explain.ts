import { hostname } from 'node:os';
import { deserialize } from 'bson';
import { elements, indexCollation, type Filter, type IndexPlan, type Interval } from '@argon/wal-core';
import type { CommandContext } from './context';
import { MONGODB_VERSION } from './commands/server';
import type { Plan } from './plan';
import type { Query, QueryRun } from './query';
import { valueText } from './shell-text';
import { typedDocument } from './typed';

/** How much `explain` tells. */
export type Verbosity = 'queryPlanner' | 'executionStats' | 'allPlansExecution';

type Stage = Record<string, unknown>;

/** Whether a verbosity asks for the query to be run. */
export function runsQuery(verbosity: Verbosity): boolean {
  return verbosity !== 'queryPlanner';
}

/** `queryPlanner` of an explain: the plan that is really used; there are no rejected ones to show. */
export function describePlan(
  namespace: string,
  run: QueryRun,
  query: Query,
  wrap: (stage: Stage) => Stage
): Stage {
  return {
    namespace,
    indexFilterSet: false,
    parsedQuery: decodedFilter(query.filter),
    ...(query.filter.collation === undefined
      ? {}
      : { collation: deserialize(query.filter.collation.source) }),
    maxIndexedOrSolutionsReached: false,
    maxIndexedAndSolutionsReached: false,
    maxScansToExplodeReached: false,
    winningPlan: wrap(queryStages(run.plan, query)),
    rejectedPlans: []
  };
}

/** `executionStats` of an explain, after the query was run. */
export function describeExecution(
  run: QueryRun,
  query: Query,
  startedAt: number,
  returned: number,
  wrap: (stage: Stage) => Stage
): Stage {
  const { keysExamined, docsExamined, spilledBytes } = run.statistics;
  const milliseconds = Date.now() - startedAt;
  const stages = wrap(queryStages(run.plan, query));
  stages['nReturned'] = returned;
  stages['executionTimeMillisEstimate'] = milliseconds;
  annotate(stages, keysExamined, docsExamined);
  noteSpill(stages, spilledBytes);
  return {
    executionSuccess: true,
    nReturned: returned,
    executionTimeMillis: milliseconds,
    totalKeysExamined: keysExamined,
    totalDocsExamined: docsExamined,
    executionStages: stages
  };
}

/** The fields every explain ends with. */
export function explainFooter(context: CommandContext, command: Buffer): Stage {
  const repeated = typedDocument(command);
  for (const name of ['lsid', '$clusterTime', '$db']) {
    delete repeated[name];
  }
  return {
    command: { ...repeated, $db: context.database },
    serverInfo: {
      host: hostname(),
      port: Number(/:(\d+)$/.exec(context.connection.localAddress)?.[1] ?? 0),
      version: MONGODB_VERSION,
      gitVersion: `argon-${context.services.version}`
    }
  };
}

function queryStages(plan: Plan, query: Query): Stage {
  let stage = accessStage(plan, query.filter);
  if (plan.kind === 'none') {
    return stage;
  }
  const sorts = query.sort !== undefined && !plan.sorted;
  if (sorts) {
    stage = {
      stage: 'SORT',
      sortPattern: typedDocument(query.sort.source),
      memLimit: 104857600,
      ...(Number.isFinite(query.limit) ? { limitAmount: query.limit + query.skip } : {}),
      type: 'simple',
      inputStage: stage
    };
  }
  if (query.skip > 0) {
    stage = { stage: 'SKIP', skipAmount: query.skip, inputStage: stage };
  }
  if (Number.isFinite(query.limit) && !sorts) {
    stage = { stage: 'LIMIT', limitAmount: query.limit, inputStage: stage };
  }
  return query.projection === undefined ? stage : { stage: 'PROJECTION_DEFAULT', inputStage: stage };
}

function accessStage(plan: Plan, filter: Filter): Stage {
  const shown = filter.isEmpty ? {} : { filter: decodedFilter(filter) };
  switch (plan.kind) {
    case 'none':
      return { stage: 'EOF' };
    case 'ids':
      return plan.exact
        ? { stage: 'IDHACK' }
        : { stage: 'FETCH', ...shown, inputStage: idScan(filter, plan.keys.length) };
    case 'scan':
    case 'capped':
      return { stage: 'COLLSCAN', ...shown, direction: plan.reverse ? 'backward' : 'forward' };
    case 'index':
      return { stage: 'FETCH', ...shown, inputStage: indexScan(plan.plan, filter) };
  }
}

function idScan(filter: Filter, keys: number): Stage {
  return {
    stage: 'IXSCAN',
    keyPattern: { _id: 1 },
    indexName: '_id_',
    isMultiKey: false,
    isUnique: true,
    direction: 'forward',
    indexBounds: { _id: boundsText(filter.bounds('_id', true)) },
    seeks: keys
  };
}

function indexScan({ index, reverse, mayRepeat }: IndexPlan, filter: Filter): Stage {
  const collation = indexCollation(index.spec);
  return {
    stage: 'IXSCAN',
    keyPattern: typedDocument(index.key),
    indexName: index.name,
    ...(collation === undefined ? {} : { collation: deserialize(collation.source) }),
    isMultiKey: mayRepeat,
    isUnique: index.unique,
    isSparse: index.sparse,
    isPartial: index.partialFilter !== undefined,
    indexVersion: 2,
    direction: reverse ? 'backward' : 'forward',
    indexBounds: Object.fromEntries(
      elements(index.key).map(({ name }) => [name, boundsText(filter.bounds(name, !mayRepeat, collation))])
    )
  };
}

function boundsText(intervals: readonly Interval[] | undefined): string[] {
  if (intervals === undefined) {
    return ['[MinKey, MaxKey]'];
  }
  return intervals.map(({ lower, upper }) => {
    const from = lower === undefined ? '[MinKey' : `${lower.inclusive ? '[' : '('}${valueText(lower.value)}`;
    const to = upper === undefined ? 'MaxKey]' : `${valueText(upper.value)}${upper.inclusive ? ']' : ')'}`;
    return `${from}, ${to}`;
  });
}

/** Says of a sort whether it went to disk. */
function noteSpill(stage: Stage, spilledBytes: number): void {
  if (stage['stage'] === 'SORT') {
    stage['usedDisk'] = spilledBytes > 0;
    stage['spilledDataStorageSize'] = spilledBytes;
  }
  const input = stage['inputStage'];
  if (input !== undefined) {
    noteSpill(input as Stage, spilledBytes);
  }
}

/** Puts the figures where people look for them: on the stages that read. */
function annotate(stage: Stage, keysExamined: number, docsExamined: number): void {
  if (stage['stage'] === 'IXSCAN') {
    stage['keysExamined'] = keysExamined;
  }
  if (stage['stage'] === 'FETCH' || stage['stage'] === 'COLLSCAN' || stage['stage'] === 'IDHACK') {
    stage['docsExamined'] = docsExamined;
  }
  if (stage['stage'] === 'IDHACK') {
    stage['keysExamined'] = keysExamined;
  }
  const input = stage['inputStage'];
  if (input !== undefined) {
    annotate(input as Stage, keysExamined, docsExamined);
  }
}

function decodedFilter(filter: Filter): unknown {
  return typedDocument(filter.source);
}
