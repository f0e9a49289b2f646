import { crc32c } from '@node-rs/crc32';
import type { CollectionId, IndexId, Lsn, TimelineId } from '../api';
import { type KeptLsns, OPEN_END } from '../branch/kept';
import type { Timeline } from '../branch/model';
import type { Registry } from '../branch/registry';
import { decodeEntry } from '../index/entry';
import { decodeLine, thinLine } from '../log/line';
import { CATALOG, type Catalogs } from '../read/catalog';
import { encodeStats, type StatsReader } from '../read/stats';
import { isTombstone, placedBytes } from '../read/version';
import type { Versions } from '../read/versions';
import {
  afterPrefix,
  idxhKeyTo,
  lineKey,
  lineKeyLsn,
  META_PREFIX_BYTES,
  metaKey,
  TABLE,
  u32,
  verKey,
  verKeyDoc,
  verKeyLsn
} from '../store/keys';
import type { OrderedStore, Put, Row, TableName } from '../store/store';
import type { Broom, RowKind } from './broom';
import { Keeper } from './keeper';
import type { Account } from './ledger';

export interface SweepParts {
  readonly store: OrderedStore;
  readonly registry: Registry;
  readonly versions: Versions;
  readonly catalogs: Catalogs;
  readonly stats: StatsReader;
}

/** Rows looked at in one go. */
const ROWS_PER_STEP = 256;
/**
 * Phases of a timeline's sweep, in this order. A change and the version it made go in one transaction: figures of older
 * states are found by walking back over both. The walk over the versions takes what has no change to go with.
 */
const PHASES = ['figures', 'line', 'ver', 'idxh', 'idx', 'done'] as const;
type Phase = (typeof PHASES)[number];

const KINDS: Readonly<Record<'line' | 'ver' | 'idxh' | 'idx', RowKind>> = {
  line: 'changes',
  ver: 'versions',
  idxh: 'indexEntries',
  idx: 'indexEntries'
};

/** Where a sweep goes on: for this set of kept LSNs, in this phase, from this key on. */
interface Cursor {
  readonly phase: Phase;
  readonly key: Buffer;
}

/**
 * Takes from one timeline what no kept state needs. How far it has come is noted in the state with each step, so that
 * a sweep that was killed goes on, and a timeline of which nothing more is to be taken is not walked again.
 */
export class TimelineSweep {
  private readonly keeper: Keeper;
  private readonly marker: Buffer;
  private readonly end: Buffer;

  constructor(
    private readonly parts: SweepParts,
    private readonly timeline: Timeline,
    private readonly kept: KeptLsns,
    private readonly broom: Broom,
    private readonly account: Account
  ) {
    this.keeper = new Keeper(parts.store, timeline, kept);
    this.marker = metaKey(TABLE.sweep, timeline.id);
    this.end = u32(timeline.id + 1);
  }

  /** Checksum of what is kept: another set is another sweep. */
  private get sum(): number {
    return crc32c(Buffer.concat(this.kept.rows()));
  }

  private cursor(): Cursor {
    const value = this.broom.isDry ? undefined : this.parts.store.get('meta', this.marker);
    return value === undefined || value.length < 5 || value.readUInt32BE(0) !== this.sum
      ? { phase: 'figures', key: u32(this.timeline.id) }
      : { phase: PHASES[value[4]!] ?? 'figures', key: value.subarray(5) };
  }

  private mark(phase: Phase, key: Buffer): Put {
    const value = Buffer.concat([u32(this.sum), Buffer.from([PHASES.indexOf(phase)]), key]);
    return { table: 'meta', key: this.marker, value };
  }

  async run(): Promise<void> {
    const cursor = this.cursor();
    if (cursor.phase === 'done') {
      return;
    }
    for (const phase of PHASES.slice(PHASES.indexOf(cursor.phase))) {
      const from = phase === cursor.phase ? cursor.key : u32(this.timeline.id);
      if (phase === 'figures') {
        await this.figures();
      } else if (phase !== 'done') {
        await this.walk(phase, from);
      }
    }
    await this.broom.flush(this.mark('done', Buffer.alloc(0)));
  }

  /**
   * Figures of collections are kept for the newest state, and others found by walking back from there: when the
   * newest state goes, they become those of the newest that stays.
   */
  private async figures(): Promise<void> {
    const { store, stats } = this.parts;
    const newest = this.kept.newest as Lsn;
    const from = metaKey(TABLE.collectionStat, this.timeline.id);
    for (const { key, value } of [...store.range('meta', { from, to: afterPrefix(from) })]) {
      const collection = key.readUInt32BE(META_PREFIX_BYTES) as CollectionId;
      if (this.kept.isEmpty) {
        this.broom.remove('other', 'meta', key, value);
      } else if (stats.row(this.timeline, collection)!.lsn > newest) {
        const moved = encodeStats(newest, stats.at(this.timeline, newest, collection));
        this.broom.shorten('other', 'meta', key, value, moved);
      }
      if (this.broom.isFull || this.broom.pace.isDue) {
        await this.broom.flush();
      }
    }
    await this.broom.flush();
  }

  private async walk(table: 'line' | 'ver' | 'idxh' | 'idx', start: Buffer): Promise<void> {
    const check = {
      line: () => this.lineCheck(),
      ver: () => this.versionCheck(start),
      idxh: () => (row: Row) => this.deadEntry(row),
      idx: () => this.liveCheck()
    }[table]();
    let from = start;
    for (;;) {
      const rows = [...this.parts.store.range(table, { from, to: this.end, limit: ROWS_PER_STEP })];
      for (const [i, row] of rows.entries()) {
        const left = check(row);
        if (left === undefined) {
          this.broom.remove(KINDS[table], table, row.key, row.value);
        } else if (left !== row.value) {
          this.broom.shorten(KINDS[table], table, row.key, row.value, left);
        }
        if (this.broom.isFull || this.broom.pace.isDue || i === rows.length - 1) {
          // The row before may have to be looked at again: a version is judged by the one that follows it.
          await this.broom.flush(this.mark(table, row.key));
        }
      }
      if (rows.length < ROWS_PER_STEP) {
        return;
      }
      from = Buffer.concat([rows.at(-1)!.key, Buffer.alloc(1)]);
    }
  }

  /** For a version: its value when it stays. A document's newest version comes first. */
  private versionCheck(start: Buffer): (row: Row) => Buffer | undefined {
    let newer: { readonly key: Buffer; readonly lsn: Lsn } | undefined;
    const before = this.parts.store.last('ver', u32(this.timeline.id), start);
    if (before !== undefined) {
      newer = { key: before.key, lsn: verKeyLsn(before.key) };
    }
    return ({ key, value }) => {
      const lsn = verKeyLsn(key);
      const follower = newer !== undefined && isSameDocument(newer.key, key) ? newer.lsn : undefined;
      newer = { key, lsn };
      const collection = key.readUInt32BE(4) as CollectionId;
      if (!this.keeper.needs(collection, verKeyDoc(key), lsn, follower, isTombstone(value))) {
        return undefined;
      }
      this.account.enter(lsn, follower, key.length + value.length + placedBytes(value));
      return value;
    };
  }

  /**
   * For a row of changes: what stays of it. A change stays with the version it made; the newest row before each kept
   * LSN stays even without any, because it says which commit that state is of.
   */
  private lineCheck(): (row: Row) => Buffer | undefined {
    return ({ key, value }) => {
      const row = decodeLine(lineKeyLsn(key), value);
      const last = row.firstLsn + row.count - 1;
      if (this.kept.covers(row.firstLsn, last)) {
        return value;
      }
      const thinned = thinLine(row.firstLsn, value, record => {
        const { collection, key: doc, lsn } = record;
        const stays = this.keeper.needsAt(collection, doc, lsn);
        if (!stays) {
          this.broom.forget(record);
          this.removeVersion(verKey(this.timeline.id, collection, doc, lsn));
        }
        return stays;
      });
      const next = this.parts.store.first('line', lineKey(this.timeline.id, last + 1), this.end);
      const until = next === undefined ? OPEN_END : lineKeyLsn(next.key) - 1;
      const isEmpty = decodeLine(row.firstLsn, thinned).records.length === 0;
      return isEmpty && !this.kept.meets(row.firstLsn, until) ? undefined : thinned;
    };
  }

  /** In a dry run the walk over the versions counts it. */
  private removeVersion(key: Buffer): void {
    const value = this.broom.isDry ? undefined : this.parts.store.get('ver', key);
    if (value !== undefined) {
      this.broom.remove('versions', 'ver', key, value);
    }
  }

  /** For an entry that lived from one LSN to another. */
  private deadEntry({ key, value }: Row): Buffer | undefined {
    return this.kept.meets(decodeEntry(value).from, idxhKeyTo(key) - 1) ? value : undefined;
  }

  /** For an entry that is there now: it stays with its index, unless it came after everything that is kept. */
  private liveCheck(): (row: Row) => Buffer | undefined {
    const known = this.keptIndexes();
    const { newest } = this.kept;
    // One that is being filled, or is begun from now on, is in no catalog yet.
    const building = new Set(this.timeline.building);
    const next = this.parts.registry.projectById(this.timeline.project)?.nextIndex ?? 0;
    return ({ key, value }) => {
      const id = key.readUInt32BE(4) as IndexId;
      const isKnown = known.has(id) || building.has(id) || id >= next;
      return isKnown && decodeEntry(value).from <= newest ? value : undefined;
    };
  }

  /** Indexes in the catalog of any kept state. */
  private keptIndexes(): Set<IndexId> {
    const { catalogs, versions } = this.parts;
    const indexes = new Set<IndexId>();
    const look = (lsn: number) => {
      for (const collection of catalogs.at(this.timeline, lsn as Lsn).list()) {
        collection.indexes.forEach(index => indexes.add(index.id));
      }
    };
    for (const { lo } of this.kept.intervals) {
      look(lo);
    }
    const link = { timeline: this.timeline, cap: this.timeline.head };
    for (const lsn of new Set(versions.lsns(link, CATALOG))) {
      if (this.kept.has(lsn)) {
        look(lsn);
      }
    }
    return indexes;
  }
}

function isSameDocument(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && a.compare(b, 0, b.length - 6, 0, a.length - 6) === 0;
}

/**
 * Takes away everything of timelines that nobody knows any more: their branches or projects were deleted. Answers
 * which they were.
 */
export async function sweepUnknown({ store, registry }: SweepParts, broom: Broom): Promise<Set<TimelineId>> {
  const gone = new Set<TimelineId>();
  for (const table of ['line', 'ver', 'idxh', 'idx'] as const) {
    await eachUnknown(store, table, u32(0), u32(0xffffffff), key => {
      const id = key.readUInt32BE(0) as TimelineId;
      return registry.timeline(id) === undefined
        ? { id, from: u32(id), to: u32(id + 1) }
        : { id, to: u32(id + 1) };
    });
  }
  for (const table of [TABLE.timelineStat, TABLE.collectionStat, TABLE.sweep]) {
    await eachUnknown(store, 'meta', Buffer.from([table]), Buffer.from([table + 1]), key => {
      const id = key.readUInt32BE(1) as TimelineId;
      const to = metaKey(table, id + 1);
      return registry.timeline(id) === undefined ? { id, from: metaKey(table, id), to } : { id, to };
    });
  }
  return gone;

  async function eachUnknown(
    from: OrderedStore,
    table: TableName,
    start: Buffer,
    end: Buffer,
    look: (key: Buffer) => { readonly id: TimelineId; readonly from?: Buffer; readonly to: Buffer }
  ): Promise<void> {
    for (let at = start; ;) {
      const row = from.first(table, at, end);
      if (row === undefined) {
        return;
      }
      const found = look(row.key);
      if (found.from !== undefined) {
        gone.add(found.id);
        await removeRange(
          from,
          broom,
          table === 'meta' ? 'other' : KINDS[table as 'line'],
          table,
          found.from,
          found.to
        );
      }
      at = found.to;
      if (broom.pace.isDue) {
        await broom.pace.rest();
      }
    }
  }
}

/** Takes away all rows of `[from, to)`. */
export async function removeRange(
  store: OrderedStore,
  broom: Broom,
  kind: RowKind,
  table: TableName,
  from: Buffer,
  to: Buffer
): Promise<void> {
  for (let at = from; ;) {
    const rows = [...store.range(table, { from: at, to, limit: ROWS_PER_STEP })];
    for (const { key, value } of rows) {
      if (table === 'line') {
        decodeLine(lineKeyLsn(key), value).records.forEach(record => broom.forget(record));
      }
      broom.remove(kind, table, key, value);
    }
    await broom.flush();
    if (rows.length < ROWS_PER_STEP) {
      return;
    }
    at = Buffer.concat([rows.at(-1)!.key, Buffer.alloc(1)]);
  }
}
