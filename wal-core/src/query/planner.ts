import type { IndexInfo } from '../api';
import type { Filter, IndexPlan, Sort } from './api';

/** The index to use for a filter and sort, if one helps. */
export function planIndex(
  _filter: Filter,
  _sort: Sort | undefined,
  _indexes: readonly IndexInfo[]
): IndexPlan | undefined {
  return undefined;
}
