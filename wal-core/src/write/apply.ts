import type { CollectionInfo, CommitTime, IndexInfo, Lsn, TimelineId } from '../api';
import type { ChainLink, Timeline } from '../branch/model';
import type { Registry } from '../branch/registry';
import type { ImageKeeper } from '../image/keeper';
import { IndexWriter } from '../index/maintain';
import type { IndexKeyMaker } from '../index/keys';
import { APPLY_RECORDS_MAX, BATCH_DOCUMENTS_DEFAULT } from '../limits';
import type { FileLog } from '../log/file/log';
import type { Place } from '../log/file/segment';
import {
  type ChangeRecord,
  type ChangeSection,
  decodePart,
  type Frame,
  type SectionHead
} from '../log/frame';
import { encodeLine } from '../log/line';
import { type Catalog, CATALOG, type Catalogs } from '../read/catalog';
import { type StatsReader, StatsWriter } from '../read/stats';
import type { Unapplied } from '../read/unapplied';
import type { Versions } from '../read/versions';
import { commitKey, lineKey, metaKey, TABLE, verKey } from '../store/keys';
import type { OrderedStore, Put } from '../store/store';
import { encodeVersion } from '../read/version';

/** A durable frame on its way into the state. */
export interface AppliedFrame {
  readonly frame: Frame;
  readonly place: Place;
  /** Place of the first byte behind the frame: where replay would go on. */
  readonly next: Place;
  /** Changes of each section's timeline before the section; groups come behind the sections of the frame itself. */
  readonly ordinals: readonly number[];
  /** Whether a change of the catalog is among its records. */
  readonly hasCatalog: boolean;
  /** Called when the state holds the frame. */
  readonly applied?: () => void;
  /** Called when it never will. */
  readonly failed?: (error: unknown) => void;
}

export interface ApplierParts {
  readonly log: Pick<FileLog, 'readFrame'>;
  readonly store: OrderedStore;
  readonly registry: Registry;
  readonly versions: Versions;
  readonly catalogs: Catalogs;
  readonly unapplied: Unapplied;
  readonly stats: StatsReader;
  readonly keys: IndexKeyMaker;
  /** Told of every record that is in the state now, before readers look for it there. */
  readonly keeper: Pick<ImageKeeper, 'applied'>;
}

/** A section with the frame it lies in: one of the commit, or a part of it that went ahead. */
interface PlacedSection {
  readonly section: ChangeSection;
  /** Place of the frame. */
  readonly place: Place;
  readonly time: CommitTime;
  /** Changes of the timeline before the section. */
  readonly ordinal: number;
}

/** A piece of a section that goes into the store in one transaction. */
interface Piece extends PlacedSection {
  readonly timeline: Timeline;
  readonly start: number;
  readonly end: number;
}

/**
 * Brings durable frames into the state, a little later than their acknowledgement: in log order,
 * in transactions of at most `APPLY_RECORDS_MAX` records in key order, the `applied` marker with the
 * last piece of each frame. Applying a frame twice gives the same state.
 */
export class Applier {
  private readonly queue: AppliedFrame[] = [];
  private working: Promise<void> | undefined;
  private failure: Error | undefined;
  private readonly waiters: {
    readonly until: number;
    readonly resolve: () => void;
    readonly reject: (error: unknown) => void;
  }[] = [];
  /** The frames of the step under way. */
  private current: readonly AppliedFrame[] = [];
  private queued = 0;
  private done = 0;
  /** Children that the state has changes of. */
  private readonly started = new Set<TimelineId>();
  private readonly broughtIndexes = new WeakMap<ChangeSection, NewIndexes>();

  constructor(
    private readonly parts: ApplierParts,
    private readonly onFailure: (error: unknown) => void
  ) {}

  add(frame: AppliedFrame): void {
    this.queued++;
    if (this.failure !== undefined) {
      // Going on would leave a gap in the state, behind a marker that says there is none.
      frame.failed?.(this.failure);
      return;
    }
    this.queue.push(frame);
    this.working ??= new Promise(resolve => setImmediate(resolve)).then(() => this.work());
  }

  /** Resolves when everything added so far is in the state. */
  caughtUp(): Promise<void> {
    if (this.failure !== undefined) {
      return Promise.reject(this.failure);
    }
    const until = this.queued;
    if (this.done >= until) {
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => this.waiters.push({ until, resolve, reject }));
  }

  /** Drops what is not begun, and resolves when nothing is written any more. */
  async stop(): Promise<void> {
    this.queue.length = 0;
    await this.working;
  }

  private async work(): Promise<void> {
    try {
      while (this.queue.length > 0) {
        await this.step();
      }
    } catch (error) {
      this.failure = error instanceof Error ? error : new Error(String(error));
      for (const frame of [...this.current, ...this.queue]) {
        frame.failed?.(error);
      }
      for (const waiter of this.waiters.splice(0)) {
        waiter.reject(error);
      }
      this.onFailure(error);
    } finally {
      this.working = undefined;
    }
  }

  /** Applies the next frames: several small ones in one transaction, a large one in several. */
  private async step(): Promise<void> {
    const frames: AppliedFrame[] = [];
    let records = 0;
    for (const next of this.queue) {
      const size = next.frame.changes.reduce((sum, section) => sum + section.records.length, 1);
      const isLarge = next.frame.groups.length > 0 || this.buildsIndex(next);
      if (frames.length > 0 && (records + size > APPLY_RECORDS_MAX || isLarge || this.startsTimeline(next))) {
        break;
      }
      frames.push(next);
      records += size;
      if (isLarge) {
        break;
      }
    }
    this.queue.splice(0, frames.length);
    this.current = frames;
    const pieces = frames.flatMap(next =>
      placedSections(next).flatMap(section => this.pieces(section, next.hasCatalog))
    );
    const count = pieces.reduce((sum, piece) => sum + piece.end - piece.start, 0);
    const isLarge = frames.some(next => next.frame.groups.length > 0 || this.buildsIndex(next));
    if (isLarge || count > APPLY_RECORDS_MAX) {
      await this.writeOneByOne(pieces);
      for (const frame of frames) {
        await this.writeGroups(frame);
      }
      await this.write([], frames);
    } else {
      await this.write(pieces, frames);
    }
    this.done += frames.length;
    this.current = [];
    for (const frame of frames) {
      frame.applied?.();
    }
    while (this.waiters.length > 0 && this.waiters[0]!.until <= this.done) {
      this.waiters.shift()!.resolve();
    }
  }

  private async writeOneByOne(pieces: readonly Piece[]): Promise<void> {
    for (const piece of pieces) {
      await this.write([piece], []);
      await this.buildIndexes(piece);
    }
  }

  /**
   * Brings the parts of a large commit into the state, one after another. Nobody reads from its first LSN on before
   * all of it is there.
   */
  private async writeGroups({ frame, ordinals }: AppliedFrame): Promise<void> {
    for (const [at, group] of frame.groups.entries()) {
      const timeline = this.timeline(group.timeline);
      if (timeline === undefined) {
        continue;
      }
      let position = 0;
      for (const part of group.parts) {
        const section = decodePart(this.parts.log.readFrame(part), group, position);
        const ordinal = ordinals[frame.changes.length + at]! + position;
        const hasCatalog = this.announce(timeline, section);
        const placed = { section, place: part, time: frame.time, ordinal };
        await this.writeOneByOne(this.pieces(placed, hasCatalog));
        position += part.count;
      }
    }
  }

  /** What a part changes stands in front of the state while its pieces go into it. True when the catalog changes. */
  private announce(timeline: Timeline, { firstLsn, records }: ChangeSection): boolean {
    const { unapplied, catalogs } = this.parts;
    let hasCatalog = false;
    records.forEach((record, i) => {
      const lsn = (firstLsn + i) as Lsn;
      if (record.isGone === true) {
        return;
      }
      unapplied.add(timeline.id, record.collection, record.key, { lsn, image: record.image });
      if (record.collection === CATALOG) {
        catalogs.changed(timeline, lsn);
        hasCatalog = true;
      }
    });
    return hasCatalog;
  }

  /**
   * Whether a frame has the first changes of a child. Its counts begin with its parent's at the fork,
   * so what the parent wrote before must be in the state.
   */
  private startsTimeline({ frame }: AppliedFrame): boolean {
    return [...frame.changes, ...frame.groups].some(({ timeline: id }) => {
      if (this.timeline(id)?.parent === undefined || this.started.has(id)) {
        return false;
      }
      const isStarted = this.parts.store.get('meta', metaKey(TABLE.timelineStat, id)) !== undefined;
      if (isStarted) {
        this.started.add(id);
      }
      return !isStarted;
    });
  }

  private buildsIndex({ hasCatalog, frame }: AppliedFrame): boolean {
    return hasCatalog && frame.changes.some(section => this.newIndexes(section).size > 0);
  }

  /** A section cut at the batch size, and behind each catalog change that brings an index. */
  private pieces(placed: PlacedSection, hasCatalog: boolean): Piece[] {
    const { section } = placed;
    const timeline = this.timeline(section.timeline);
    if (timeline === undefined) {
      this.forget(section);
      return [];
    }
    const cuts = hasCatalog ? this.newIndexes(section) : undefined;
    const pieces: Piece[] = [];
    let start = 0;
    for (let i = 0; i < section.records.length; i++) {
      const isFull = i + 1 - start >= APPLY_RECORDS_MAX;
      if (isFull || cuts?.has(i) === true || i === section.records.length - 1) {
        pieces.push({ ...placed, timeline, start, end: i + 1 });
        start = i + 1;
      }
    }
    return pieces;
  }

  /** The project of a section was deleted while it waited: nothing of it goes into the state. */
  private forget(section: ChangeSection): void {
    section.records.forEach((record, i) => {
      this.parts.unapplied.applied(
        section.timeline,
        record.collection,
        record.key,
        (section.firstLsn + i) as Lsn
      );
    });
  }

  private timeline(id: TimelineId): Timeline | undefined {
    return this.parts.registry.timeline(id);
  }

  private async write(pieces: readonly Piece[], finished: readonly AppliedFrame[]): Promise<void> {
    const { store, unapplied, keeper } = this.parts;
    const puts: Put[] = [];
    const indexes = new IndexWriter(store);
    const stats = new StatsWriter(this.parts.stats);
    for (const piece of pieces) {
      this.pieceRows(piece, puts, indexes, stats);
    }
    puts.push(...indexes.puts(), ...stats.puts(), ...this.parts.keys.multikey.puts());
    for (const frame of finished) {
      this.frameRows(frame, puts);
    }
    puts.push(...markerRows(finished));
    puts.sort((a, b) => (a.table === b.table ? Buffer.compare(a.key, b.key) : a.table < b.table ? -1 : 1));
    await store.write(puts);
    for (const { section, timeline, start, end } of pieces) {
      for (let i = start; i < end; i++) {
        const record = section.records[i]!;
        const lsn = (section.firstLsn + i) as Lsn;
        if (record.isGone === true) {
          continue;
        }
        keeper.applied(timeline, record, lsn);
        unapplied.applied(timeline.id, record.collection, record.key, lsn);
      }
    }
  }

  private pieceRows(piece: Piece, puts: Put[], indexes: IndexWriter, stats: StatsWriter): void {
    const { versions, keys } = this.parts;
    const { place, section, timeline } = piece;
    if (piece.start === 0) {
      // Before its documents: figures of a state are found by walking back along the line from newer ones.
      for (const row of encodeLine(section, piece.time, place, piece.ordinal)) {
        puts.push({ table: 'line', key: lineKey(timeline.id, row.firstLsn), value: row.value });
      }
    }
    for (let i = piece.start; i < piece.end; i++) {
      const record = section.records[i]!;
      if (record.isGone === true) {
        continue;
      }
      const lsn = (section.firstLsn + i) as Lsn;
      puts.push({
        table: 'ver',
        key: verKey(timeline.id, record.collection, record.key, lsn),
        value: encodeVersion(record.image, { segment: place.segment, offset: place.offset + record.imageAt })
      });
      const before =
        record.before === undefined
          ? versions.at(timeline.chain(lsn), record.collection, record.key, record.previous)
          : (record.before ?? undefined);
      stats.change(timeline, record.collection, lsn, before, record.image);
      for (const index of this.indexesOf(timeline, lsn, record)) {
        indexes.change(
          timeline,
          index,
          record.key,
          keys.keys(index, before),
          keys.keys(index, record.image),
          lsn
        );
      }
    }
  }

  private indexesOf(timeline: Timeline, lsn: Lsn, record: ChangeRecord): readonly IndexInfo[] {
    return record.collection === CATALOG
      ? []
      : (this.parts.catalogs.at(timeline, lsn).getById(record.collection)?.indexes ?? []);
  }

  /** Rows that belong to a frame as a whole; its pieces are in the store already, or come with them. */
  private frameRows({ frame }: AppliedFrame, puts: Put[]): void {
    for (const section of sectionsOf(frame)) {
      puts.push({
        table: 'meta',
        key: commitKey(section.project, section.lastLsn),
        value: commitRow(frame, section)
      });
    }
    for (const record of frame.control) {
      puts.push({ table: 'meta', key: metaKey(record.table, record.scope, record.key), value: record.value });
    }
  }

  /** Indexes that the records of a section (changes of the catalog) bring, by the position of the record. */
  private newIndexes(section: ChangeSection): NewIndexes {
    const known = this.broughtIndexes.get(section);
    if (known !== undefined) {
      return known;
    }
    const found: NewIndexes = new Map();
    const timeline = this.timeline(section.timeline);
    for (const [i, { collection }] of section.records.entries()) {
      if (timeline === undefined || collection !== CATALOG) {
        continue;
      }
      const lsn = (section.firstLsn + i) as Lsn;
      const brought = newIndexes(
        this.parts.catalogs.at(timeline, (lsn - 1) as Lsn),
        this.parts.catalogs.at(timeline, lsn)
      ).filter(({ index }) => !timeline.prebuilt.has(index.id));
      if (brought.length > 0) {
        found.set(i, brought);
      }
    }
    this.broughtIndexes.set(section, found);
    return found;
  }

  /** Fills the indexes that the last record of a piece brings, from the state at its LSN. */
  private async buildIndexes(piece: Piece): Promise<void> {
    const { store, versions, keys } = this.parts;
    const { section, timeline } = piece;
    const last = piece.end - 1;
    const lsn = (section.firstLsn + last) as Lsn;
    const chain: ChainLink[] = timeline.chain(lsn);
    for (const { collection, index } of this.newIndexes(section).get(last) ?? []) {
      let after: Buffer | undefined;
      do {
        const batch = versions.batch(
          chain,
          collection.id,
          after === undefined ? {} : { after },
          BATCH_DOCUMENTS_DEFAULT
        );
        const writer = new IndexWriter(store);
        for (const [i, docKey] of batch.keys.entries()) {
          for (const key of keys.keys(index, batch.images[i])) {
            writer.add(timeline, index, key, docKey, lsn);
          }
        }
        await store.write(writer.puts());
        after = batch.last;
      } while (after !== undefined);
    }
  }
}

type NewIndexes = Map<number, readonly { readonly collection: CollectionInfo; readonly index: IndexInfo }[]>;

/** Indexes that one catalog has and an older one has not. */
function newIndexes(
  before: Catalog,
  after: Catalog
): { readonly collection: CollectionInfo; readonly index: IndexInfo }[] {
  return after.list().flatMap(collection => {
    const known = before.getById(collection.id)?.indexes ?? [];
    return collection.indexes
      .filter(index => !known.some(other => other.id === index.id))
      .map(index => ({ collection, index }));
  });
}

function placedSections({ frame, place, ordinals }: AppliedFrame): PlacedSection[] {
  return frame.changes.map((section, i) => ({ section, place, time: frame.time, ordinal: ordinals[i]! }));
}

/** All sections of a frame, in the order of its ordinals. */
function sectionsOf({
  changes,
  groups
}: Frame): (SectionHead & { readonly count: number; readonly lastLsn: Lsn })[] {
  return [...changes.map(section => ({ ...section, count: section.records.length })), ...groups].map(
    section => ({ ...section, lastLsn: (section.firstLsn + section.count - 1) as Lsn })
  );
}

/** How far the timelines, and the state as a whole, have come with the last of these frames. */
function markerRows(frames: readonly AppliedFrame[]): Put[] {
  const heads = new Map<TimelineId, Buffer>();
  for (const { frame, ordinals } of frames) {
    for (const [at, section] of sectionsOf(frame).entries()) {
      const head = Buffer.allocUnsafe(12);
      head.writeUIntBE(section.group.last, 0, 6);
      head.writeUIntBE(ordinals[at]! + section.count, 6, 6);
      heads.set(section.timeline, head);
    }
  }
  const puts: Put[] = [...heads].map(([timeline, value]) => ({
    table: 'meta',
    key: metaKey(TABLE.timelineStat, timeline),
    value
  }));
  const last = frames.at(-1);
  if (last !== undefined) {
    puts.push({ table: 'meta', key: metaKey(TABLE.applied, 0), value: appliedRow(last) });
  }
  return puts;
}

/** `[commit time u64][timeline u32][first LSN u48]` */
function commitRow(frame: Frame, section: SectionHead): Buffer {
  const value = Buffer.allocUnsafe(18);
  value.writeBigUInt64BE(frame.time, 0);
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
