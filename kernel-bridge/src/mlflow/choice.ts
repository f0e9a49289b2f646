import type { RunInfo } from '@argon/wal-core';
import type { RunListParams } from '../rpc/protocol';

/** What runs are chosen by. */
export type RunChoice = Omit<RunListParams, 'project' | 'after' | 'limit'>;

type MetricCondition = NonNullable<RunListParams['metrics']>[number];

/** Newest first. Runs that began at once stand in an order of their own, so that a page ends where the next begins. */
export function newestFirst(a: RunInfo, b: RunInfo): number {
  return (
    b.createdAt.getTime() - a.createdAt.getTime() || b.lsn - a.lsn || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
  );
}

/** Whether a run is of a choice. */
export function runFilter(choice: RunChoice): (run: RunInfo) => boolean {
  const { branch, firstLsn, lastLsn, cell, model, metrics = [], search } = choice;
  return ({ id, branch: its, lsn, facts }) =>
    (branch === undefined || its === branch) &&
    (firstLsn === undefined || lsn >= firstLsn) &&
    (lastLsn === undefined || lsn <= lastLsn) &&
    (cell === undefined || facts['cellNumber'] === String(cell)) &&
    (model === undefined || facts['model']?.includes(model) === true) &&
    (search === undefined || id.startsWith(search) || facts['name']?.includes(search) === true) &&
    metrics.every(condition => holds(condition, facts[`metric.${condition.name}`]));
}

/** A run that has no such metric, or one that is no number, fits no condition, `!=` neither. */
function holds({ is, value }: MetricCondition, fact: string | undefined): boolean {
  const metric = fact === undefined || fact.trim() === '' ? NaN : Number(fact);
  if (Number.isNaN(metric)) {
    return false;
  }
  switch (is) {
    case '<':
      return metric < value;
    case '<=':
      return metric <= value;
    case '=':
      return metric === value;
    case '!=':
      return metric !== value;
    case '>=':
      return metric >= value;
    case '>':
      return metric > value;
  }
}
