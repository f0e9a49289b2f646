import type { IndexId, IndexScanOptions } from '../api';
import type { ChainLink } from '../branch/model';
import {
  afterPrefix,
  dyadicLevel,
  DYADIC_LEVEL_MIN,
  idxBound,
  idxhBound,
  IDXH_PREFIX_BYTES,
  IDXH_SUFFIX_BYTES,
  idxhKeyTo
} from '../store/keys';
import type { OrderedStore, Row } from '../store/store';
import { decodeEntry, type EntryKind, type IndexEntry, LIVE } from './entry';

const IDX_PREFIX_BYTES = 8;
const NOTHING = Buffer.alloc(0);

export interface IndexRange extends Pick<IndexScanOptions, 'lower' | 'upper' | 'reverse'> {
  /** Exclusive: composite of the last entry of the batch before. */
  readonly after?: Buffer;
}

/**
 * Entries of an index in the state that `chain` describes, from applied rows only, at most `count`.
 * Each timeline gives its live entries and, for a past state, one range of dead ones per dyadic
 * level; the nearest timeline that knows an entry decides whether it is there.
 */
export function readIndex(
  store: OrderedStore,
  chain: readonly ChainLink[],
  index: IndexId,
  range: IndexRange,
  count: number
): { entries: IndexEntry[]; last: Buffer | undefined } {
  const reverse = range.reverse === true;
  const bounds = compositeBounds(range);
  const streams =
    Buffer.compare(bounds.from, bounds.to) < 0
      ? chain.flatMap(link => linkStreams(store, link, index, bounds, reverse))
      : [];
  const entries: IndexEntry[] = [];
  try {
    while (entries.length < count) {
      let nearestStream: EntryStream | undefined;
      for (const stream of streams) {
        if (stream.current === undefined) {
          continue;
        }
        const order =
          nearestStream === undefined
            ? -1
            : Buffer.compare(stream.current.composite, nearestStream.current!.composite) * (reverse ? -1 : 1);
        if (order < 0) {
          nearestStream = stream;
        } else if (order === 0) {
          stream.advance();
        }
      }
      const current = nearestStream?.current;
      if (nearestStream === undefined || current === undefined) {
        return { entries, last: undefined };
      }
      if (current.kind === LIVE) {
        entries.push({
          composite: current.composite,
          docKey: current.composite.subarray(current.keyStringLength)
        });
      }
      nearestStream.advance();
    }
    return { entries, last: entries.at(-1)?.composite };
  } finally {
    for (const stream of streams) {
      stream.close();
    }
  }
}

interface Bounds {
  readonly from: Buffer;
  readonly to: Buffer;
}

/** `[from, to)` over composites; an empty `from` is the lowest, 0xff… the highest. */
export function compositeBounds(range: IndexRange): Bounds {
  const { lower, upper, after, reverse } = range;
  let from = lower === undefined ? NOTHING : lower.inclusive ? lower.key : afterPrefix(lower.key);
  let to = upper === undefined ? Buffer.from([0xff]) : upper.inclusive ? afterPrefix(upper.key) : upper.key;
  if (after !== undefined && reverse !== true) {
    // Past the dead entries of the same composite too, whose keys go on with the LSN of their end.
    const next = afterPrefix(after);
    from = Buffer.compare(next, from) > 0 ? next : from;
  } else if (after !== undefined) {
    to = Buffer.compare(after, to) < 0 ? after : to;
  }
  return { from, to };
}

function linkStreams(
  store: OrderedStore,
  link: ChainLink,
  index: IndexId,
  bounds: Bounds,
  reverse: boolean
): EntryStream[] {
  const { timeline, cap } = link;
  const live = new EntryStream(
    store.range('idx', {
      from: idxBound(timeline.id, index, bounds.from),
      to: idxBound(timeline.id, index, bounds.to),
      reverse
    }),
    row => {
      const { kind, from, keyStringLength } = decodeEntry(row.value);
      return from > cap
        ? undefined
        : { composite: row.key.subarray(IDX_PREFIX_BYTES), kind, keyStringLength };
    }
  );
  const streams = [live];
  // Entries that died after the cap: only when the timeline went on after it.
  const levels = timeline.head > cap ? dyadicLevel(0, timeline.head) : 0;
  for (let level = DYADIC_LEVEL_MIN; level <= levels; level++) {
    const block = Math.floor(cap / 2 ** level);
    streams.push(
      new EntryStream(
        store.range('idxh', {
          from: idxhBound(timeline.id, index, level, block, bounds.from),
          to: idxhBound(timeline.id, index, level, block, bounds.to),
          reverse
        }),
        row => {
          const { kind, from, keyStringLength } = decodeEntry(row.value);
          const alive = from <= cap && cap < idxhKeyTo(row.key);
          return alive
            ? {
                composite: row.key.subarray(IDXH_PREFIX_BYTES, row.key.length - IDXH_SUFFIX_BYTES),
                kind,
                keyStringLength
              }
            : undefined;
        }
      )
    );
  }
  return streams;
}

interface Current {
  readonly composite: Buffer;
  readonly kind: EntryKind;
  readonly keyStringLength: number;
}

/** Rows of one range that are valid at the state, one at a time. */
class EntryStream {
  current: Current | undefined;
  private readonly rows: Iterator<Row>;

  constructor(
    rows: Iterable<Row>,
    private readonly valid: (row: Row) => Current | undefined
  ) {
    this.rows = rows[Symbol.iterator]();
    this.advance();
  }

  advance(): void {
    this.current = undefined;
    for (let next = this.rows.next(); next.done !== true; next = this.rows.next()) {
      this.current = this.valid(next.value);
      if (this.current !== undefined) {
        return;
      }
    }
  }

  close(): void {
    this.rows.return?.();
  }
}

/** A timeline's word on whether a document has a key. */
export interface Claim {
  readonly docKey: Buffer;
  readonly live: boolean;
}

/** What the applied rows of one timeline say of an index key; its ancestors may say otherwise. */
export function claimsOf(store: OrderedStore, link: ChainLink, index: IndexId, key: Buffer): Claim[] {
  const bound = { key, inclusive: true };
  const claims: Claim[] = [];
  for (const stream of linkStreams(
    store,
    link,
    index,
    compositeBounds({ lower: bound, upper: bound }),
    false
  )) {
    for (; stream.current !== undefined; stream.advance()) {
      const { composite, kind, keyStringLength } = stream.current;
      claims.push({ docKey: composite.subarray(keyStringLength), live: kind === LIVE });
    }
  }
  return claims;
}
