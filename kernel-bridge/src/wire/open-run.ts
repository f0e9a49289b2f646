import type { Filter } from '@argon/wal-core';
import type { CommandContext } from './context';
import { readPlace, type ReadPlace } from './place';
import { choosePlan, type Hint } from './plan';
import { QueryRun, type Query } from './query';

/** A query, planned, with the state it reads. */
export interface OpenedRun {
  readonly run: QueryRun;
  readonly place: ReadPlace;
  readonly collection: string;
}

/** Plans a query of a command on the state its database name and read concern open. */
export function openRun(context: CommandContext, collection: string, query: Query, hint: Hint): OpenedRun {
  const place = readPlace(context);
  const info = place?.snapshot.collection(collection);
  const plan = choosePlan(context.services.engine, info, query.filter, query.sort, hint);
  // Without a project there is no snapshot, and the plan of a collection that is not there reads none.
  const snapshot = place?.snapshot as NonNullable<ReadPlace>['snapshot'];
  return { run: new QueryRun(snapshot, info, plan, query, context.operation), place, collection };
}

/** All that a filter matches, as it stands. */
export function allOf(filter: Filter): Query {
  return { filter, sort: undefined, projection: undefined, skip: 0, limit: Infinity };
}
