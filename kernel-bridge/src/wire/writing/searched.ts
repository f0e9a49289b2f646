import type { WriteOptions } from '@argon/wal-core';
import type { CommandContext } from '../context';
import { count, fail, type BatchTarget } from './batch-result';
import { applyToOne } from './locate';
import { emptySlice, type SliceResult } from './slice';
import type { Statement } from './statement';

/** A statement about one document that has to be searched for. */
export async function runSearched(
  context: CommandContext,
  target: BatchTarget,
  statement: Statement,
  options: WriteOptions,
  settle: (slice: SliceResult) => void
): Promise<SliceResult> {
  const slice = emptySlice();
  try {
    const { effect, commit } = await applyToOne(
      context,
      target.place,
      target.collection,
      statement,
      target.terms,
      options,
      found => {
        const settled = emptySlice();
        count(context, settled, statement, found);
        settle(settled);
      }
    );
    count(context, slice, statement, effect);
    slice.commit = commit;
  } catch (error) {
    fail(context, target, statement, slice, error);
  }
  return slice;
}
