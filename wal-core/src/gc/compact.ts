import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { CollectionId, DocKey, Lsn, TimelineId } from '../api';
import { type KeptLsns, OPEN_END } from '../branch/kept';
import type { Timeline } from '../branch/model';
import type { Registry } from '../branch/registry';
import type { ColdCount, ColdOrdinal } from '../log/file/coldformat';
import { ColdWriter } from '../log/file/coldwriter';
import type { FileLog } from '../log/file/log';
import { walkSegment } from '../log/file/recovery';
import { type Place, SEGMENT_HEADER_BYTES, UNFINISHED } from '../log/file/segment';
import {
  type ChangeSection,
  type ControlRecord,
  decodeFrame,
  decodePart,
  forgetRecords,
  type GroupSection,
  isPart
} from '../log/frame';
import { decodeLine } from '../log/line';
import type { Pace } from '../log/pace';
import { decodeHeadRow } from '../store/headrow';
import { lineKey, lineKeyLsn, metaKey, TABLE } from '../store/keys';
import type { OrderedStore, Row } from '../store/store';
import { Keeper } from './keeper';

export interface CompactParts {
  readonly store: OrderedStore;
  readonly log: FileLog;
  readonly registry: Registry;
  /** What is kept of a timeline; undefined when that is all of it. */
  readonly keptOf: (timeline: Timeline) => KeptLsns | undefined;
  /** Whether rows that are not needed may still be there. */
  readonly isDry: boolean;
  readonly pace: Pace;
}

/** A section, wherever it lies, as far as keeping it is concerned. */
interface Span {
  readonly timeline: TimelineId;
  readonly firstLsn: Lsn;
  readonly lastLsn: Lsn;
}

/**
 * Writes what is left of a closed segment into a cold one: frames that hold a needed version, a change that is still
 * listed, or a row of a small table that counts. In them, what is not needed is blanked, so that it takes next to
 * nothing when compressed.
 */
export class Compactor {
  private readonly keepers = new Map<Timeline, Keeper>();
  /** Parts of large commits, by their place, with the group that names them. */
  private readonly groups = new Map<string, { readonly group: GroupSection; readonly position: number }>();
  private groupsFrom: number | undefined;
  /** Whether anything of the segment at hand is not needed. */
  private takes = false;

  constructor(
    private readonly parts: CompactParts,
    /** Frames from here on are not looked at. */
    private readonly end: Place
  ) {}

  /** Of a segment whose file has so many bytes, answers how many it has then; in a dry run it stays as it is. */
  async compact(segment: number, bytes: number): Promise<number> {
    const { log, isDry } = this.parts;
    const path = join(log.directory, `${segment}${UNFINISHED}`);
    const writer = new ColdWriter(segment, isDry ? undefined : path);
    try {
      this.takes = false;
      const size = await this.fill(segment, writer);
      // What was taken out must not be there again, even where the new file is no smaller.
      const isSwapped = size < bytes || this.takes;
      if (!isDry && isSwapped) {
        log.swap(segment, path);
      } else if (!isDry) {
        rmSync(path);
      }
      return isSwapped ? size : bytes;
    } catch (error) {
      writer.abandon();
      rmSync(path, { force: true });
      throw error;
    }
  }

  private async fill(segment: number, writer: ColdWriter): Promise<number> {
    const { log, pace } = this.parts;
    /** Last changes in the segment of each timeline, when their frame is gone. */
    const lost = new Map<TimelineId, Lsn>();
    const frames = walkSegment(log.directory, segment, SEGMENT_HEADER_BYTES, {
      mayBeTorn: false,
      truncate: false
    });
    try {
      for (;;) {
        const step = frames.next();
        if (step.done === true) {
          return await writer.finish(step.value, this.counts(lost));
        }
        const { offset, bytes } = step.value;
        await this.frame({ segment, offset }, bytes, writer, lost);
        if (pace.isDue) {
          await pace.rest();
        }
      }
    } finally {
      frames.return(0);
    }
  }

  private async frame(
    place: Place,
    bytes: Buffer,
    writer: ColdWriter,
    lost: Map<TimelineId, Lsn>
  ): Promise<void> {
    if (isPart(bytes)) {
      const left = await this.part(place, bytes);
      if (left !== undefined) {
        await writer.add(place.offset, left, []);
      }
      return;
    }
    const frame = decodeFrame(bytes);
    const spans: Span[] = [
      ...frame.changes.map(({ timeline, firstLsn, records }) => spanOf(timeline, firstLsn, records.length)),
      ...frame.groups.map(({ timeline, firstLsn, count }) => spanOf(timeline, firstLsn, count))
    ];
    const listed = spans.map(span => this.isLeft(span));
    const isLeft = listed.includes(true) || frame.control.some(record => this.isCurrent(record));
    for (const [i, { timeline, lastLsn }] of spans.entries()) {
      // A section that is listed no more counts for nothing, even where its frame stays for something else.
      if (listed[i] === true) {
        lost.delete(timeline);
      } else {
        lost.set(timeline, lastLsn);
      }
    }
    if (isLeft) {
      await writer.add(
        place.offset,
        await this.blanked(bytes, frame.changes),
        this.ordinals(place.offset, spans)
      );
    } else {
      this.takes = true;
    }
  }

  /**
   * What is left of a part of a large commit: it stays as long as the frame that names it. One that no frame names is
   * left over from a commit that never was, unless that is still under way.
   */
  private async part(place: Place, bytes: Buffer): Promise<Buffer | undefined> {
    await this.findGroups(place.segment);
    const found = this.groups.get(placeName(place));
    if (found !== undefined) {
      return this.blanked(bytes, [decodePart(bytes, found.group, found.position)]);
    }
    if (place.segment >= this.parts.log.openedAt) {
      return bytes;
    }
    this.takes = true;
    return undefined;
  }

  /** Finds out which parts from a segment on belong to which groups. */
  private async findGroups(segment: number): Promise<void> {
    if (this.groupsFrom !== undefined && this.groupsFrom <= segment) {
      return;
    }
    const { log, pace } = this.parts;
    this.groupsFrom = segment;
    const ahead = [...log.closed(this.end.segment).map(closed => closed.segment), this.end.segment];
    for (const next of ahead.filter(candidate => candidate >= segment)) {
      const options = { mayBeTorn: next === this.end.segment, truncate: false };
      for (const { offset, bytes } of walkSegment(log.directory, next, SEGMENT_HEADER_BYTES, options)) {
        if (next === this.end.segment && offset >= this.end.offset) {
          break;
        }
        for (const group of isPart(bytes) ? [] : decodeFrame(bytes).groups) {
          let position = 0;
          for (const part of group.parts) {
            this.groups.set(placeName(part), { group, position });
            position += part.count;
          }
        }
        if (pace.isDue) {
          await pace.rest();
        }
      }
    }
  }

  /** A frame without the images of what is not needed. */
  private async blanked(bytes: Buffer, sections: readonly ChangeSection[]): Promise<Buffer> {
    const { pace } = this.parts;
    const gone = new Set<string>();
    for (const [i, { timeline, firstLsn, records }] of sections.entries()) {
      for (const [j, { collection, key, isGone }] of records.entries()) {
        if (isGone !== true && !this.needs(timeline, collection, key, (firstLsn + j) as Lsn)) {
          gone.add(`${i} ${j}`);
        }
        if (pace.isDue) {
          await pace.rest();
        }
      }
    }
    this.takes ||= gone.size > 0;
    return gone.size === 0
      ? bytes
      : forgetRecords(bytes, (section, record) => gone.has(`${section} ${record}`));
  }

  private needs(id: TimelineId, collection: CollectionId, key: DocKey, lsn: Lsn): boolean {
    const timeline = this.parts.registry.timeline(id);
    if (timeline === undefined) {
      return false;
    }
    const keeper = this.keeper(timeline);
    return keeper === undefined || keeper.needsAt(collection, key, lsn);
  }

  /** Undefined when all of the timeline is kept. */
  private keeper(timeline: Timeline): Keeper | undefined {
    let keeper = this.keepers.get(timeline);
    if (keeper === undefined) {
      const kept = this.parts.keptOf(timeline);
      if (kept === undefined) {
        return undefined;
      }
      keeper = new Keeper(this.parts.store, timeline, kept);
      this.keepers.set(timeline, keeper);
    }
    return keeper;
  }

  /** Whether any change of a section is still listed. */
  private isLeft({ timeline: id, firstLsn, lastLsn }: Span): boolean {
    const timeline = this.parts.registry.timeline(id);
    const kept = timeline && this.parts.keptOf(timeline);
    if (timeline === undefined || kept === undefined) {
      return timeline !== undefined;
    }
    for (const row of this.lineRows(id, firstLsn, lastLsn)) {
      if (!this.parts.isDry || this.staysListed(timeline, kept, row)) {
        return true;
      }
    }
    return false;
  }

  /** What a sweep would say of a row of changes. */
  private staysListed(timeline: Timeline, kept: KeptLsns, { key, value }: Row): boolean {
    const row = decodeLine(lineKeyLsn(key), value);
    const next = this.parts.store.first(
      'line',
      lineKey(timeline.id, row.firstLsn + row.count),
      lineKey(timeline.id, OPEN_END)
    );
    return (
      kept.meets(row.firstLsn, next === undefined ? OPEN_END : lineKeyLsn(next.key) - 1) ||
      row.records.some(record => this.keeper(timeline)!.needsAt(record.collection, record.key, record.lsn))
    );
  }

  private lineRows(timeline: TimelineId, firstLsn: Lsn, lastLsn: Lsn): Iterable<Row> {
    const [from, to] = [lineKey(timeline, firstLsn), lineKey(timeline, lastLsn + 1)];
    return this.parts.store.range('line', { from, to });
  }

  /** Whether a row of a small table is what it is in the state, or says that it is not there. */
  private isCurrent({ table, scope, key, value }: ControlRecord): boolean {
    if (value === undefined) {
      // A reply that was forgotten is never asked for again.
      return table !== TABLE.retry;
    }
    return this.parts.store.get('meta', metaKey(table, scope, key))?.equals(value) === true;
  }

  /** How many changes come before the sections of a frame, where frames before it may be gone. */
  private ordinals(offset: number, spans: readonly Span[]): ColdOrdinal[] {
    return spans.flatMap(({ timeline: id, firstLsn, lastLsn }, section) => {
      const timeline = this.parts.registry.timeline(id);
      const [row] = timeline && this.parts.keptOf(timeline) ? this.lineRows(id, firstLsn, lastLsn) : [];
      if (row === undefined) {
        return [];
      }
      const { firstLsn: at, ordinal } = decodeLine(lineKeyLsn(row.key), row.value);
      return [{ offset, section, ordinal: ordinal - (at - firstLsn) }];
    });
  }

  private counts(lost: ReadonlyMap<TimelineId, Lsn>): ColdCount[] {
    return [...lost].flatMap(([timeline, lsn]) => {
      const { store } = this.parts;
      const next = store.first('line', lineKey(timeline, lsn + 1), lineKey(timeline, OPEN_END));
      if (next !== undefined) {
        const { firstLsn, ordinal } = decodeLine(lineKeyLsn(next.key), next.value);
        return [{ timeline, count: ordinal, next: firstLsn }];
      }
      // The next one is still to come.
      const head = store.get('meta', metaKey(TABLE.timelineStat, timeline));
      if (head === undefined) {
        return [];
      }
      const { lsn: last, count } = decodeHeadRow(head);
      return [{ timeline, count, next: last + 1 }];
    });
  }
}

function spanOf(timeline: TimelineId, firstLsn: Lsn, count: number): Span {
  return { timeline, firstLsn, lastLsn: (firstLsn + count - 1) as Lsn };
}

function placeName({ segment, offset }: Place): string {
  return `${segment} ${offset}`;
}

/** The place up to which the log is in the state; before everything when nothing is. */
export function appliedUpTo(store: OrderedStore): Place {
  const applied = store.get('meta', metaKey(TABLE.applied, 0));
  return applied === undefined
    ? { segment: 0, offset: 0 }
    : { segment: applied.readUInt32BE(0), offset: applied.readUIntBE(4, 6) };
}
