import type { CollectionId, Lsn } from '../api';
import type { Timeline } from '../branch/model';
import { metaKey, TABLE, u32 } from '../store/keys';
import type { OrderedStore, Put } from '../store/store';
import { DIGEST_BYTES, MultisetHash } from './digest';
import type { LineReader } from './line';
import type { Versions } from './versions';

/** Number of documents of a collection in a state, the bytes of their images, and their multiset hash. */
export interface CollectionStats {
  count: number;
  bytes: number;
  readonly digest: MultisetHash;
}

/*
 * A `collectionStat` row holds the figures of (timeline, collection) after the newest applied change
 * of that collection on that timeline: [count u48][LSN u48][bytes u48][digest 16]. Older states are
 * reached by walking the changes back.
 */

/** The figures of a collection without documents. */
export function noDocuments(): CollectionStats {
  return { count: 0, bytes: 0, digest: new MultisetHash() };
}

/** Counts and digests of collections: O(1) at a head, O(changes) elsewhere. */
export class StatsReader {
  constructor(
    private readonly store: OrderedStore,
    private readonly line: LineReader,
    private readonly versions: Versions
  ) {}

  /** Everything up to `lsn` must be applied. */
  at(timeline: Timeline, lsn: Lsn, collection: CollectionId): CollectionStats {
    for (const link of timeline.chain(lsn)) {
      const row = this.row(link.timeline, collection);
      if (row !== undefined) {
        if (row.lsn > link.cap) {
          this.walkBack(link.timeline, link.cap, row.lsn, collection, row.stats);
        }
        return row.stats;
      }
    }
    return noDocuments();
  }

  row(timeline: Timeline, collection: CollectionId): { lsn: Lsn; stats: CollectionStats } | undefined {
    const value = this.store.get('meta', statKey(timeline, collection));
    return value === undefined
      ? undefined
      : {
          lsn: value.readUIntBE(6, 6) as Lsn,
          stats: {
            count: value.readUIntBE(0, 6),
            bytes: value.readUIntBE(12, 6),
            digest: new MultisetHash(value.subarray(18))
          }
        };
  }

  private walkBack(
    timeline: Timeline,
    after: Lsn,
    upTo: Lsn,
    collection: CollectionId,
    stats: CollectionStats
  ): void {
    for (const { record } of this.line.records(timeline, after, upTo)) {
      if (record.collection !== collection) {
        continue;
      }
      const chain = timeline.chain(record.lsn);
      const now = this.versions.at(chain, collection, record.key, record.lsn);
      const before = this.versions.at(chain, collection, record.key, record.previous);
      if (now !== undefined) {
        stats.count--;
        stats.bytes -= now.length;
        stats.digest.remove(now);
      }
      if (before !== undefined) {
        stats.count++;
        stats.bytes += before.length;
        stats.digest.add(before);
      }
    }
  }
}

interface StatsRow {
  readonly timeline: Timeline;
  readonly collection: CollectionId;
  lsn: Lsn;
  readonly stats: CollectionStats;
}

/** The `collectionStat` rows that one apply batch changes. */
export class StatsWriter {
  private readonly rows = new Map<string, StatsRow>();
  private last: StatsRow | undefined;

  constructor(private readonly reader: StatsReader) {}

  /** A document changed; changes of a timeline come in LSN order, and one seen before is skipped. */
  change(
    timeline: Timeline,
    collection: CollectionId,
    lsn: Lsn,
    before: Buffer | undefined,
    after: Buffer | undefined
  ): void {
    const row = this.rowOf(timeline, collection);
    if (lsn <= row.lsn) {
      return;
    }
    if (before !== undefined) {
      row.stats.count--;
      row.stats.bytes -= before.length;
      row.stats.digest.remove(before);
    }
    if (after !== undefined) {
      row.stats.count++;
      row.stats.bytes += after.length;
      row.stats.digest.add(after);
    }
    row.lsn = lsn;
  }

  private rowOf(timeline: Timeline, collection: CollectionId): StatsRow {
    // Changes of one collection come together.
    if (this.last?.timeline === timeline && this.last.collection === collection) {
      return this.last;
    }
    const text = `${timeline.id} ${collection}`;
    let row = this.rows.get(text);
    if (row === undefined) {
      const { lsn, stats } = this.start(timeline, collection);
      row = { timeline, collection, lsn, stats };
      this.rows.set(text, row);
    }
    this.last = row;
    return row;
  }

  private start(timeline: Timeline, collection: CollectionId): { lsn: Lsn; stats: CollectionStats } {
    const known = this.reader.row(timeline, collection);
    if (known !== undefined) {
      return known;
    }
    const { parent, forkLsn } = timeline;
    const stats = parent === undefined ? noDocuments() : this.reader.at(parent, forkLsn, collection);
    return { lsn: forkLsn, stats };
  }

  puts(): Put[] {
    return [...this.rows.values()].map(({ timeline, collection, lsn, stats }) => ({
      table: 'meta',
      key: statKey(timeline, collection),
      value: encodeStats(lsn, stats)
    }));
  }
}

/** The value of a `collectionStat` row. */
export function encodeStats(lsn: Lsn, { count, bytes, digest }: CollectionStats): Buffer {
  const value = Buffer.allocUnsafe(18 + DIGEST_BYTES);
  value.writeUIntBE(count, 0, 6);
  value.writeUIntBE(lsn, 6, 6);
  value.writeUIntBE(bytes, 12, 6);
  digest.bytes().copy(value, 18);
  return value;
}

function statKey(timeline: Timeline, collection: CollectionId): Buffer {
  return metaKey(TABLE.collectionStat, timeline.id, u32(collection));
}
