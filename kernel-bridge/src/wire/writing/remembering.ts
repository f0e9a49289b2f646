import type { CommandContext } from '../context';
import type { Remembering } from '../retry';
import { statementFailure, writeErrorEntry } from './failure';
import { SLICE, emptySlice, type SliceResult } from './slice';

/** How the slice that begins with statement `first` is remembered; one that fails as a whole is an error of that statement. */
export function remembering(
  context: CommandContext,
  { collection, ordered }: { readonly collection: string; readonly ordered: boolean },
  first: number
): Remembering<SliceResult> {
  return {
    ...SLICE,
    failed: error => {
      const failure = statementFailure(error, `${context.database}.${collection}`);
      return { ...emptySlice(), writeErrors: [writeErrorEntry(first, failure)], stopped: ordered };
    }
  };
}
