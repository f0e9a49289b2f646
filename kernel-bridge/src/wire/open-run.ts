import type { CollectionInfo, Filter, Snapshot } from '@argon/wal-core';
import { cappedPlan } from './capped/read';
import { capOf } from './collection-kind';
import type { CommandContext, ReadContext } from './context';
import { readPlace, type ReadPlace } from './place';
import { choosePlan, type Hint, type KeyWindow, type Plan } from './plan';
import { QueryRun, type Query } from './query';
import { spillOf } from './spill';
import type { Usage } from './usage';

/** A collection that a command names, in the state its database name and read concern open. */
export interface Target {
  readonly place: ReadPlace;
  readonly collection: string;
  /** Undefined when there is none of this name. */
  readonly info: CollectionInfo | undefined;
}

/** A query, planned, with the state it reads. */
export interface OpenedRun {
  readonly run: QueryRun;
  readonly place: ReadPlace;
  readonly collection: string;
}

/** Finds the collection a command is about. */
export function openTarget(context: CommandContext, collection: string): Target {
  const place = readPlace(context);
  return { place, collection, info: place?.snapshot.collection(collection) };
}

/** Plans a query of a command on its collection. */
export function openRun(
  context: ReadContext,
  { place, collection, info }: Target,
  query: Query,
  hint: Hint,
  window?: KeyWindow
): OpenedRun {
  const plan = planRead(context, place?.snapshot, info, query, hint, window);
  // Without a project there is no snapshot, and the plan of a collection that is not there reads none.
  const snapshot = place?.snapshot as NonNullable<ReadPlace>['snapshot'];
  const run = new QueryRun(snapshot, info, plan, query, context.operation, spillOf(context));
  return { run, place, collection };
}

/** How a query reads its collection; a capped one in the order of its inserts. */
export function planRead(
  context: ReadContext,
  snapshot: Snapshot | undefined,
  info: CollectionInfo | undefined,
  { filter, sort }: Pick<Query, 'filter' | 'sort'>,
  hint: Hint,
  window?: KeyWindow
): Plan {
  const { engine, usage } = context.services;
  const plan = choosePlan(engine, snapshot, info, filter, sort, hint, window);
  if (snapshot !== undefined && info !== undefined && context.operation.command !== 'explain') {
    noteUse(usage, snapshot, info, plan);
  }
  return snapshot !== undefined && info !== undefined && capOf(info) !== undefined
    ? cappedPlan(context, snapshot, info, plan)
    : plan;
}

function noteUse(usage: Usage | undefined, snapshot: Snapshot, info: CollectionInfo, plan: Plan): void {
  if (plan.kind === 'index') {
    usage?.useIndex(snapshot.project.name, info, plan.plan.index.name);
  } else if (plan.kind === 'ids') {
    usage?.useIndex(snapshot.project.name, info);
  }
}

/** All that a filter matches, as it stands. */
export function allOf(filter: Filter): Query {
  return { filter, sort: undefined, projection: undefined, skip: 0, limit: Infinity };
}
