import type { CollectionInfo, IndexInfo, Lsn, TimelineId } from '../api';
import type { ChainLink, Timeline } from '../branch/model';
import type { Registry } from '../branch/registry';
import { IndexWriter } from '../index/maintain';
import type { IndexKeyMaker } from '../index/keys';
import { APPLY_RECORDS_MAX, BATCH_DOCUMENTS_DEFAULT } from '../limits';
import type { Place } from '../log/file/segment';
import type { ChangeRecord, ChangeSection, Frame } from '../log/frame';
import { encodeLine } from '../log/line';
import { CATALOG, type Catalogs } from '../read/catalog';
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
  /** Changes of each section's timeline before the section. */
  readonly ordinals: readonly number[];
  /** Whether a change of the catalog is among its records. */
  readonly hasCatalog: boolean;
  /** Called when the state holds the frame. */
  readonly applied?: () => void;
}

export interface ApplierParts {
  readonly store: OrderedStore;
  readonly registry: Registry;
  readonly versions: Versions;
  readonly catalogs: Catalogs;
  readonly unapplied: Unapplied;
  readonly stats: StatsReader;
  readonly keys: IndexKeyMaker;
}

/** A piece of a section that goes into the store in one transaction. */
interface Piece {
  /** Place of the frame. */
  readonly place: Place;
  readonly section: ChangeSection;
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
  private queued = 0;
  private done = 0;

  constructor(
    private readonly parts: ApplierParts,
    private readonly onFailure: (error: unknown) => void
  ) {}

  add(frame: AppliedFrame): void {
    this.queued++;
    if (this.failure !== undefined) {
      // Going on would leave a gap in the state, behind a marker that says there is none.
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
      const standsAlone = this.buildsIndex(next) || this.startsTimeline(next);
      if (frames.length > 0 && (records + size > APPLY_RECORDS_MAX || standsAlone)) {
        break;
      }
      frames.push(next);
      records += size;
      if (this.buildsIndex(next)) {
        break;
      }
    }
    this.queue.splice(0, frames.length);
    const pieces = frames.flatMap(frame => this.pieces(frame));
    const single = pieces.reduce((sum, piece) => sum + piece.end - piece.start, 0) <= APPLY_RECORDS_MAX;
    if (single && !frames.some(frame => this.buildsIndex(frame))) {
      await this.write(pieces, frames);
    } else {
      for (const [at, piece] of pieces.entries()) {
        await this.write([piece], []);
        await this.buildIndexes(piece);
        if (at === pieces.length - 1) {
          await this.write([], frames);
        }
      }
      if (pieces.length === 0) {
        await this.write([], frames);
      }
    }
    this.done += frames.length;
    for (const frame of frames) {
      frame.applied?.();
    }
    while (this.waiters.length > 0 && this.waiters[0]!.until <= this.done) {
      this.waiters.shift()!.resolve();
    }
  }

  /**
   * Whether a frame has the first changes of a child. Its counts begin with its parent's at the fork,
   * so what the parent wrote before must be in the state.
   */
  private startsTimeline({ frame, ordinals }: AppliedFrame): boolean {
    return frame.changes.some(
      (section, i) => ordinals[i] === 0 && this.timeline(section.timeline)?.parent !== undefined
    );
  }

  private buildsIndex({ hasCatalog, frame }: AppliedFrame): boolean {
    return (
      hasCatalog &&
      frame.changes.some(section => section.records.some((_, i) => this.newIndexes(section, i).length > 0))
    );
  }

  /** Sections cut at the batch size, and behind each catalog change that brings an index. */
  private pieces(next: AppliedFrame): Piece[] {
    const pieces: Piece[] = [];
    for (const section of next.frame.changes) {
      const timeline = this.timeline(section.timeline);
      if (timeline === undefined) {
        this.forget(section);
        continue;
      }
      let start = 0;
      for (let i = 0; i < section.records.length; i++) {
        const cut = next.hasCatalog && this.newIndexes(section, i).length > 0;
        if (cut || i + 1 - start >= APPLY_RECORDS_MAX || i === section.records.length - 1) {
          pieces.push({ place: next.place, section, timeline, start, end: i + 1 });
          start = i + 1;
        }
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
    const { store, unapplied } = this.parts;
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
    puts.sort((a, b) => (a.table === b.table ? Buffer.compare(a.key, b.key) : a.table < b.table ? -1 : 1));
    await store.write(puts);
    for (const { section, timeline, start, end } of pieces) {
      for (let i = start; i < end; i++) {
        const record = section.records[i]!;
        unapplied.applied(timeline.id, record.collection, record.key, (section.firstLsn + i) as Lsn);
      }
    }
  }

  private pieceRows(piece: Piece, puts: Put[], indexes: IndexWriter, stats: StatsWriter): void {
    const { versions, keys } = this.parts;
    const { place, section, timeline } = piece;
    for (let i = piece.start; i < piece.end; i++) {
      const record = section.records[i]!;
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
  private frameRows(applied: AppliedFrame, puts: Put[]): void {
    const { frame, place, ordinals } = applied;
    for (const [at, section] of frame.changes.entries()) {
      const ordinal = ordinals[at]!;
      for (const row of encodeLine(section, frame.time, place, ordinal)) {
        puts.push({ table: 'line', key: lineKey(section.timeline, row.firstLsn), value: row.value });
      }
      const lastLsn = section.firstLsn + section.records.length - 1;
      puts.push({
        table: 'meta',
        key: commitKey(section.project, lastLsn),
        value: commitRow(frame, section)
      });
      const head = Buffer.allocUnsafe(12);
      head.writeUIntBE(lastLsn, 0, 6);
      head.writeUIntBE(ordinal + section.records.length, 6, 6);
      puts.push({ table: 'meta', key: metaKey(TABLE.timelineStat, section.timeline), value: head });
    }
    for (const record of frame.control) {
      puts.push({ table: 'meta', key: metaKey(record.table, record.scope, record.key), value: record.value });
    }
    puts.push({ table: 'meta', key: metaKey(TABLE.applied, 0), value: appliedRow(applied) });
  }

  /** Indexes that the i-th record of a section (a catalog change) brings, with their collection. */
  private newIndexes(section: ChangeSection, i: number): { collection: CollectionInfo; index: IndexInfo }[] {
    const timeline = this.timeline(section.timeline);
    if (timeline === undefined || section.records[i]!.collection !== CATALOG) {
      return [];
    }
    const lsn = (section.firstLsn + i) as Lsn;
    const after = this.parts.catalogs.at(timeline, lsn);
    const before = this.parts.catalogs.at(timeline, (lsn - 1) as Lsn);
    return after.list().flatMap(collection => {
      const known = before.getById(collection.id)?.indexes ?? [];
      return collection.indexes
        .filter(index => !known.some(other => other.id === index.id))
        .map(index => ({ collection, index }));
    });
  }

  /** Fills the indexes that the last record of a piece brings, from the state at its LSN. */
  private async buildIndexes(piece: Piece): Promise<void> {
    const { store, versions, keys } = this.parts;
    const { section, timeline } = piece;
    const last = piece.end - 1;
    const lsn = (section.firstLsn + last) as Lsn;
    const chain: ChainLink[] = timeline.chain(lsn);
    for (const { collection, index } of this.newIndexes(section, last)) {
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

/** `[commit time u64][timeline u32][first LSN u48]` */
function commitRow(frame: Frame, section: ChangeSection): Buffer {
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
