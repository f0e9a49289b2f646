import type { DocKey, KeyStretch, LongRead } from '../api';
import type { HandedRange, HandedRead } from './messages';
import { owned } from './parcel';

/** What a worker is asked of a state, as plain data that owns its memory. */
export function handed(
  { filter, reverse = false }: Pick<LongRead, 'filter' | 'reverse'>,
  state: HandedRead['state'],
  ranges: readonly HandedRange[]
): HandedRead {
  const { let: variables, collation, now } = filter.options;
  return {
    state,
    ranges,
    reverse,
    filter: owned(filter.source),
    options: {
      ...(variables === undefined ? {} : { let: Buffer.from(owned(variables).buffer) }),
      ...(collation === undefined ? {} : { collation: Buffer.from(owned(collation).buffer) }),
      ...(now === undefined ? {} : { now })
    }
  };
}

/** A stretch of keys, from behind `after` where an earlier read ended. */
export function rangeOf({ from, to }: KeyStretch, after?: DocKey): HandedRange {
  return {
    ...(after === undefined ? {} : { after: owned(after) }),
    ...(from === undefined ? {} : { from: owned(from) }),
    ...(to === undefined ? {} : { to: owned(to) })
  };
}
