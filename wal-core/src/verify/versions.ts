import type { CollectionId, DocKey, Image, IndexInfo, Lsn, TimelineId } from '../api';
import type { Timeline } from '../branch/model';
import type { Registry } from '../branch/registry';
import type { IndexKeyMaker } from '../index/keys';
import { readIndex } from '../index/read';
import { OP_DELETE } from '../log/frame';
import { CATALOG, type Catalogs } from '../read/catalog';
import type { LineReader } from '../read/line';
import { type CollectionStats, noDocuments, type StatsReader } from '../read/stats';
import { isTombstone } from '../read/version';
import type { Versions } from '../read/versions';
import { afterPrefix, META_PREFIX_BYTES, TABLE, verBound, verKeyDoc, verKeyLsn } from '../store/keys';
import type { OrderedStore, Row } from '../store/store';
import { type Findings, reasonOf } from './findings';
import type { LoggedHead } from './log';
import { eachRow, WHOLE_TABLE } from './rows';

export interface VersionCheckParts {
  readonly store: OrderedStore;
  readonly registry: Registry;
  readonly versions: Versions;
  readonly catalogs: Catalogs;
  readonly line: LineReader;
  readonly stats: StatsReader;
  readonly keys: IndexKeyMaker;
}

const VER_KEY_BYTES_MIN = 14;

/** The documents of one collection that one timeline has versions of. */
interface Group {
  readonly timeline: Timeline;
  readonly collection: CollectionId;
  /** Figures of the fork point, and what the timeline has added to them so far. */
  readonly figures: CollectionStats;
  readonly indexes: readonly IndexLife[];
}

/** An index, and the LSNs of a timeline between which it is in the catalog. */
interface IndexLife {
  readonly index: IndexInfo;
  readonly born: Lsn;
  last: Lsn;
}

/**
 * Walks `ver`: each version has its record in `line` and can be read, its documents are found through
 * every index, and count and digest of its collection follow from it.
 */
export class VersionCheck {
  private group: Group | undefined;
  private document: { readonly key: DocKey; newer: Lsn | undefined } | undefined;

  constructor(
    private readonly parts: VersionCheckParts,
    private readonly heads: ReadonlyMap<TimelineId, LoggedHead>,
    private readonly findings: Findings
  ) {}

  async run(): Promise<void> {
    const total = this.findings.checked.records;
    await eachRow(this.parts.store, 'ver', WHOLE_TABLE, this.findings, row => {
      try {
        this.version(row);
      } catch (error) {
        this.findings.row('ver', row.key, reasonOf(error));
      }
      if (this.findings.checked.versions++ % 1024 === 0) {
        this.findings.progress('versions', this.findings.checked.versions, total);
      }
    });
    this.endGroup();
    await this.figures();
  }

  private version({ key, value }: Row): void {
    if (key.length <= VER_KEY_BYTES_MIN) {
      throw new Error('The key is too short.');
    }
    const timeline = this.parts.registry.timeline(key.readUInt32BE(0) as TimelineId);
    if (timeline === undefined) {
      // Its project is deleted: nobody can read it any more.
      return;
    }
    const lsn = verKeyLsn(key);
    const head = this.headOf(timeline);
    if (lsn > head) {
      // Written since this began, or it has no record in the log.
      if (lsn > timeline.durableHead) {
        this.findings.row('ver', key, `Its LSN ${lsn} lies after the head of its timeline.`);
      }
      return;
    }
    const collection = key.readUInt32BE(4) as CollectionId;
    const doc = verKeyDoc(key);
    this.enter(timeline, collection);
    if (timeline.kept?.meets(lsn, this.lastOf(doc, head)) === false) {
      // Nobody can read it any more.
      return;
    }
    const isNewest = this.document?.key.equals(doc) !== true;
    const newer = isNewest ? undefined : this.document!.newer;
    this.document = { key: doc, newer: lsn };
    this.record(timeline, { key, value }, collection, doc, lsn);
    const image = this.parts.versions.at(timeline.chain(lsn), collection, doc, lsn);
    if (isNewest) {
      this.count(timeline, collection, doc, image);
    }
    if (image !== undefined && collection !== CATALOG) {
      this.indexed(timeline, doc, image, lsn, newer === undefined ? head : ((newer - 1) as Lsn), key);
    }
  }

  /** The newest LSN of a timeline that can be read and was there when this began. */
  private headOf(timeline: Timeline): Lsn {
    const head = this.heads.get(timeline.id)?.lsn ?? timeline.forkLsn;
    return (timeline.kept === undefined ? head : timeline.kept.newestUpTo(head)) as Lsn;
  }

  /** The last LSN at which the version before the one walked last was there. */
  private lastOf(doc: DocKey, head: Lsn): number {
    const { key, newer } = this.document ?? {};
    return key?.equals(doc) === true && newer !== undefined ? newer - 1 : head;
  }

  private enter(timeline: Timeline, collection: CollectionId): void {
    if (this.group?.timeline !== timeline || this.group.collection !== collection) {
      this.endGroup();
      const { parent, forkLsn } = timeline;
      const figures = parent === undefined ? noDocuments() : this.parts.stats.at(parent, forkLsn, collection);
      this.group = { timeline, collection, figures, indexes: this.indexesOf(timeline, collection) };
      this.document = undefined;
    }
  }

  /** The indexes that a collection has had on a timeline, from its fork point to its head. */
  private indexesOf(timeline: Timeline, collection: CollectionId): IndexLife[] {
    const { catalogs, versions } = this.parts;
    const head = this.headOf(timeline);
    const changes = [...new Set(versions.lsns({ timeline, cap: head }, CATALOG))].filter(lsn => lsn <= head);
    const starts = [timeline.forkLsn, ...changes.sort((a, b) => a - b)];
    const lives: IndexLife[] = [];
    let current: IndexLife[] = [];
    for (const [i, born] of starts.entries()) {
      const last = ((starts[i + 1] ?? head + 1) - 1) as Lsn;
      const indexes = catalogs.at(timeline, born).getById(collection)?.indexes ?? [];
      current = indexes.map(index => {
        const life = current.find(known => known.index.id === index.id) ?? { index, born, last };
        life.last = last;
        return life;
      });
      lives.push(...current.filter(life => life.born === born));
    }
    return lives;
  }

  /** The record of a version must be in its timeline's line. */
  private record(timeline: Timeline, row: Row, collection: CollectionId, doc: DocKey, lsn: Lsn): void {
    const record = this.parts.line.rowAt(timeline, lsn)?.records.find(candidate => candidate.lsn === lsn);
    const isLeftOver = record === undefined && isTombstone(row.value) && timeline.kept?.has(lsn) === false;
    if (!isLeftOver && (record?.collection !== collection || !record.key.equals(doc))) {
      this.findings.row('ver', row.key, `No change of LSN ${lsn} has made this version.`);
    } else if (record !== undefined && (record.op === OP_DELETE) !== isTombstone(row.value)) {
      this.findings.row('ver', row.key, `The change of LSN ${lsn} has another effect.`);
    }
  }

  private count(timeline: Timeline, collection: CollectionId, doc: DocKey, image: Image | undefined): void {
    const { figures } = this.group!;
    const { parent, forkLsn } = timeline;
    const before =
      parent === undefined ? undefined : this.parts.versions.get(parent.chain(forkLsn), collection, doc);
    if (before !== undefined) {
      figures.count--;
      figures.bytes -= before.length;
      figures.digest.remove(before);
    }
    if (image !== undefined) {
      figures.count++;
      figures.bytes += image.length;
      figures.digest.add(image);
    }
  }

  /** A version that was there from `from` to `lsn` must be found through every index of that time, at the last LSN of both. */
  private indexed(timeline: Timeline, doc: DocKey, image: Image, from: Lsn, lsn: Lsn, row: Buffer): void {
    const { keys, store } = this.parts;
    for (const { index, born, last } of this.group!.indexes) {
      const newest = Math.min(lsn, last);
      const at = (timeline.kept === undefined ? newest : timeline.kept.newestUpTo(newest)) as Lsn;
      for (const key of at < Math.max(from, born) ? [] : keys.keys(index, image)) {
        const exact = { key: Buffer.concat([key, doc]), inclusive: true };
        const { entries } = readIndex(store, timeline.chain(at), index.id, { lower: exact, upper: exact }, 1);
        if (entries[0]?.docKey.equals(doc) !== true) {
          this.findings.row('ver', row, `At LSN ${at} the index ${index.name} has no entry for it.`);
        }
      }
    }
  }

  /** Compares the figures of the collection that was walked last. */
  private endGroup(): void {
    const { group } = this;
    if (group === undefined) {
      return;
    }
    this.group = undefined;
    this.findings.checked.collections++;
    const { timeline, collection, figures } = group;
    const found = this.parts.stats.at(timeline, this.headOf(timeline), collection);
    const isSame = found.count === figures.count && found.bytes === figures.bytes;
    if (!isSame || found.digest.hex() !== figures.digest.hex()) {
      this.findings.add({
        where: 'state:meta',
        what: `Count, bytes or digest of collection ${collection} on timeline ${timeline.id} does not follow from its documents.`
      });
    }
  }

  /** Figures of collections that have no versions. */
  private async figures(): Promise<void> {
    const from = Buffer.from([TABLE.collectionStat]);
    await eachRow(
      this.parts.store,
      'meta',
      { from, to: afterPrefix(from) },
      this.findings,
      ({ key, value }) => {
        const timeline = this.parts.registry.timeline(key.readUInt32BE(1) as TimelineId);
        const collection = key.readUInt32BE(META_PREFIX_BYTES);
        if (timeline === undefined) {
          return;
        }
        const lsn = value.readUIntBE(6, 6) as Lsn;
        if (timeline.kept !== undefined && (timeline.kept.horizon === undefined || !timeline.kept.has(lsn))) {
          // The change they are from may be gone, or they were moved to the newest state that is left.
          return;
        }
        const bounds = [verBound(timeline.id, collection), verBound(timeline.id, collection, true)] as const;
        if (this.parts.store.first('ver', ...bounds) === undefined) {
          this.findings.row('meta', key, 'These figures belong to a collection without documents.');
          return;
        }
        const row = lsn > timeline.durableHead ? undefined : this.parts.line.rowAt(timeline, lsn);
        if (row?.records.some(record => record.lsn === lsn && record.collection === collection) !== true) {
          this.findings.row(
            'meta',
            key,
            `The collection was not changed at LSN ${lsn}, which its figures are from.`
          );
        }
      }
    );
  }
}
