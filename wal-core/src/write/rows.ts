import type { CommitTime, IndexInfo, Lsn, TimelineId } from '../api';
import type { Timeline } from '../branch/model';
import type { IndexKeyMaker } from '../index/keys';
import { IndexWriter } from '../index/maintain';
import { hasSameKeys } from '../index/samekeys';
import type { ChangeRecord, LsnSpan, SectionHead } from '../log/frame';
import { encodeLine } from '../log/line';
import { CATALOG, type Catalogs } from '../read/catalog';
import { type StatsReader, StatsWriter } from '../read/stats';
import { encodeVersion } from '../read/version';
import type { Versions } from '../read/versions';
import { compareKeys } from '../store/order';
import { encodeHeadRow } from '../store/headrow';
import { commitKey, lineKey, metaKey, TABLE, verKey } from '../store/keys';
import type { OrderedStore, Put } from '../store/store';
import type { AppliedFrame, Piece } from './pieces';

export interface BatchRowsParts {
  readonly store: OrderedStore;
  readonly versions: Versions;
  readonly catalogs: Catalogs;
  readonly stats: StatsReader;
  readonly keys: IndexKeyMaker;
}

/** The rows of the state that follow from the records and frames of one transaction. */
export class BatchRows {
  private readonly ver: Put[] = [];
  private readonly line: Put[] = [];
  private readonly meta: Put[] = [];
  private readonly indexes: IndexWriter;
  private readonly stats: StatsWriter;

  constructor(private readonly parts: BatchRowsParts) {
    this.indexes = new IndexWriter(parts.store);
    this.stats = new StatsWriter(parts.stats);
  }

  /** The rows of the records of a piece. */
  addPiece({ placed, start, end }: Piece): void {
    const { place, section, timeline } = placed;
    if (start === 0 && placed.isForgotten !== true) {
      // Before its documents: figures of a state are found by walking back along the line from newer ones.
      for (const row of encodeLine(section, placed.time, place, placed.ordinal)) {
        this.line.push({ table: 'line', key: lineKey(timeline.id, row.firstLsn), value: row.value });
      }
    }
    for (let i = start; i < end; i++) {
      const record = section.records[i]!;
      if (record.isGone === true) {
        continue;
      }
      const lsn = (section.firstLsn + i) as Lsn;
      const at = { segment: place.segment, offset: place.offset + record.imageAt };
      this.ver.push({
        table: 'ver',
        key: verKey(timeline.id, record.collection, record.key, lsn),
        value: encodeVersion(record.image, at)
      });
      this.addChange(timeline, record, lsn);
    }
  }

  /** What counts, digests and indexes learn from a record. */
  private addChange(timeline: Timeline, record: ChangeRecord, lsn: Lsn): void {
    const { versions, keys } = this.parts;
    const { collection, key, image } = record;
    const before =
      record.before === undefined
        ? versions.at(timeline.chain(lsn), collection, key, record.previous)
        : (record.before ?? undefined);
    this.stats.change(timeline, collection, lsn, before, image);
    for (const index of this.indexesOf(timeline, lsn, record)) {
      if (before !== undefined && image !== undefined && hasSameKeys(index, before, image)) {
        continue;
      }
      this.indexes.change(timeline, index, key, keys.keys(index, before), keys.keys(index, image), lsn);
    }
  }

  private indexesOf(timeline: Timeline, lsn: Lsn, { collection }: ChangeRecord): readonly IndexInfo[] {
    return collection === CATALOG
      ? []
      : (this.parts.catalogs.at(timeline, lsn).getById(collection)?.indexes ?? []);
  }

  /** Rows that belong to frames as a whole, and how far the state has come with the last of them. */
  addFrames(frames: readonly AppliedFrame[]): void {
    const heads = new Map<TimelineId, { readonly span: LsnSpan; readonly count: number }>();
    for (const { frame, ordinals, forgotten } of frames) {
      const { changes, groups, time } = frame;
      const addSection = (section: SectionHead, count: number, ordinal: number, isListed: boolean) => {
        const last = section.firstLsn + count - 1;
        this.putMeta(commitKey(section.project, last), commitRow(time, section));
        heads.set(section.timeline, { span: section.group, count: isListed ? ordinal + count : ordinal });
      };
      for (let i = 0; i < changes.length; i++) {
        addSection(changes[i]!, changes[i]!.records.length, ordinals[i]!, forgotten?.has(i) !== true);
      }
      for (let i = 0; i < groups.length; i++) {
        addSection(groups[i]!, groups[i]!.count, ordinals[changes.length + i]!, true);
      }
      for (const record of frame.control) {
        this.putMeta(metaKey(record.table, record.scope, record.key), record.value);
      }
    }
    for (const [timeline, { span, count }] of heads) {
      this.putMeta(metaKey(TABLE.timelineStat, timeline), encodeHeadRow({ lsn: span.last, count }));
    }
    const last = frames.at(-1);
    if (last !== undefined) {
      this.putMeta(metaKey(TABLE.applied, 0), appliedRow(last));
    }
  }

  private putMeta(key: Buffer, value: Buffer | undefined): void {
    this.meta.push({ table: 'meta', key, value });
  }

  /** All rows, those of a table in key order. */
  puts(): Put[] {
    const { ver, line, meta, indexes, stats, parts } = this;
    const puts = [...line.sort(byKey), ...meta.concat(stats.puts(), parts.keys.multikey.puts()).sort(byKey)];
    for (const put of ver.sort(byKey)) {
      puts.push(put);
    }
    for (const put of indexes.puts().sort(byTableAndKey)) {
      puts.push(put);
    }
    return puts;
  }
}

function byKey(a: Put, b: Put): number {
  return compareKeys(a.key, b.key);
}

function byTableAndKey(a: Put, b: Put): number {
  return a.table === b.table ? byKey(a, b) : a.table < b.table ? -1 : 1;
}

/** `[commit time u64][timeline u32][first LSN u48]` */
function commitRow(time: CommitTime, section: SectionHead): Buffer {
  const value = Buffer.allocUnsafe(18);
  value.writeBigUInt64BE(time, 0);
  value.writeUInt32BE(section.timeline, 8);
  value.writeUIntBE(section.firstLsn, 12, 6);
  return value;
}

/** `[segment u32][offset u48][commit time u64]`: replay goes on here. */
function appliedRow({ next, frame }: AppliedFrame): Buffer {
  const value = Buffer.allocUnsafe(18);
  value.writeUInt32BE(next.segment, 0);
  value.writeUIntBE(next.offset, 4, 6);
  value.writeBigUInt64BE(frame.time, 10);
  return value;
}
