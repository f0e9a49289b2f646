import type { Change, ChangeOp, CollectionInfo, DocKey, Image, Lsn } from '../api';
import { assertChangesKept, assertKept, isKept, readableFrom } from '../branch/kept';
import type { Timeline } from '../branch/model';
import { CATALOG_NAME } from '../branch/names';
import type { Registry } from '../branch/registry';
import { ArgonError } from '../errors';
import { HISTORY_CHANGES_MAX } from '../limits';
import { instantOf } from '../log/clock';
import { OP_DELETE, OP_INSERT, OP_REPLACE, type Op } from '../log/frame';
import type { LineRecord, LineRow } from '../log/line';
import { CATALOG, collectionOf, type Catalogs } from '../read/catalog';
import type { LineReader } from '../read/line';
import { Pace } from '../log/pace';
import type { View } from '../read/snapshot';
import type { Versions } from '../read/versions';
import { verKey, verKeyLsn } from '../store/keys';
import type { OrderedStore } from '../store/store';

const LIMIT_DEFAULT = 100;

interface PageOptions {
  readonly limit?: number;
  /** Only LSNs below it. */
  readonly before?: Lsn;
  /** Only LSNs above it, oldest first. */
  readonly after?: Lsn;
  readonly images?: boolean;
}

export interface ChangeParts {
  readonly store: OrderedStore;
  readonly registry: Registry;
  readonly line: LineReader;
  readonly versions: Versions;
  readonly catalogs: Catalogs;
}

/** Single changes: of a range of LSNs, or of one document. */
export class ChangeReader {
  constructor(private readonly parts: ChangeParts) {}

  /** Changes with LSNs in `[first, last]` of one timeline, oldest first, or newest first when `reverse`. @throws HISTORY_GONE */
  range(
    timeline: Timeline,
    options: { first: Lsn; last: Lsn; limit?: number; images?: boolean; reverse?: boolean }
  ): Change[] {
    const { first, last, limit = LIMIT_DEFAULT, images = true, reverse = false } = options;
    assertChangesKept(timeline, first, last);
    const after = (first - 1) as Lsn;
    const records = reverse
      ? this.parts.line.recordsBackwards(timeline, after, last)
      : this.parts.line.records(timeline, after, last);
    const changes: Change[] = [];
    for (const { row, record } of records) {
      if (changes.length === limit) {
        break;
      }
      changes.push(this.change(timeline, row, record, images));
    }
    return changes;
  }

  /** Changes of one timeline in `(after, upTo]`, oldest first. @throws HISTORY_GONE */
  *between(
    timeline: Timeline,
    { after, upTo }: { readonly after: Lsn; readonly upTo: Lsn },
    images: boolean
  ): Generator<Change> {
    assertChangesKept(timeline, (after + 1) as Lsn, upTo);
    for (const { row, record } of this.parts.line.records(timeline, after, upTo)) {
      yield this.change(timeline, row, record, images);
    }
  }

  /**
   * Versions of one document in the state of `view`: newest first, or with `after` oldest first. The oldest that is
   * left has no image before it.
   * @throws HISTORY_GONE
   */
  document(view: View, collection: CollectionInfo, key: DocKey, options: PageOptions): Change[] {
    const { limit = LIMIT_DEFAULT, before, after } = options;
    assertKept(view.line, (before === undefined ? view.lsn : Math.min(view.lsn, before - 1)) as Lsn);
    const begin = after === undefined ? 0 : this.beginOf(view, collection, key, before);
    assertAfter(view, after, begin);
    const changes: Change[] = [];
    for (const { timeline, cap } of after === undefined ? view.chain : [...view.chain].reverse()) {
      const upTo = before === undefined ? cap : Math.min(cap, before - 1);
      if (changes.length === limit || upTo <= (after ?? 0)) {
        continue;
      }
      const range = {
        from: verKey(timeline.id, collection.id, key, upTo),
        to: verKey(timeline.id, collection.id, key, Math.max(after ?? 0, begin - 1)),
        reverse: after !== undefined,
        limit: limit - changes.length
      };
      for (const { key: row } of [...this.parts.store.range('ver', range)]) {
        const lsn = verKeyLsn(row);
        const found = this.parts.line.rowAt(timeline, lsn);
        const record = found?.records.find(candidate => candidate.lsn === lsn);
        if (found !== undefined && record !== undefined) {
          const change = this.change(timeline, found, record, true);
          if (!isKept(timeline, (lsn - 1) as Lsn)) {
            const { before: _, ...oldest } = change;
            changes.push(oldest);
            if (after === undefined) {
              return changes;
            }
            continue;
          }
          changes.push(change);
        }
      }
    }
    return changes;
  }

  /** The oldest version of a document that is left without a gap up to the newest; 0 when none is missing. */
  private beginOf(view: View, { id }: CollectionInfo, key: DocKey, before: Lsn | undefined): Lsn {
    let lsn = (before === undefined ? view.lsn : Math.min(view.lsn, before - 1)) as Lsn;
    while (lsn > 0) {
      const found = this.parts.versions.find(view.line.chain(readableFrom(view.line, lsn)), id, key);
      if (found === undefined) {
        break;
      }
      lsn = (found.lsn - 1) as Lsn;
      if (!isKept(view.line, lsn)) {
        return found.lsn;
      }
    }
    return 0 as Lsn;
  }

  /**
   * Changes of one collection in the state of `view`: newest first, or with `after` oldest first. `next` is where to go
   * on, as `before` or `after`; a page may be short, for it looks through a bounded number of changes.
   */
  async collection(
    view: View,
    collection: CollectionInfo,
    options: PageOptions
  ): Promise<{ changes: Change[]; next?: Lsn }> {
    const { limit = LIMIT_DEFAULT, before, after } = options;
    const last = (before === undefined ? view.lsn : Math.min(view.lsn, before - 1)) as Lsn;
    const begin = last < 0 ? (0 as Lsn) : readableFrom(view.line, last);
    assertAfter(view, after, begin);
    const changes: Change[] = [];
    let seen = 0;
    const pace = new Pace();
    for (const { timeline, cap } of after === undefined ? view.chain : [...view.chain].reverse()) {
      const upTo = Math.min(cap, last) as Lsn;
      const from = Math.max(timeline.forkLsn, after ?? 0, begin) as Lsn;
      const records =
        from >= upTo
          ? []
          : after === undefined
            ? this.parts.line.recordsBackwards(timeline, from, upTo)
            : this.parts.line.records(timeline, from, upTo);
      for (const { row, record } of records) {
        if (changes.length === limit || ++seen > HISTORY_CHANGES_MAX) {
          return { changes, next: (record.lsn + (after === undefined ? 1 : -1)) as Lsn };
        }
        if (record.collection === collection.id) {
          changes.push(this.change(timeline, row, record, options.images ?? true));
        }
        if (pace.isDue) {
          await pace.rest();
        }
      }
    }
    return { changes };
  }

  private change(timeline: Timeline, row: LineRow, record: LineRecord, images: boolean): Change {
    const branch = this.parts.registry.branchOf(timeline)?.name;
    const chain = timeline.chain(record.lsn);
    const before = images
      ? this.parts.versions.at(chain, record.collection, record.key, record.previous)
      : undefined;
    const after = images
      ? this.parts.versions.at(chain, record.collection, record.key, record.lsn)
      : undefined;
    return {
      lsn: record.lsn,
      timeline: timeline.id,
      ...(branch === undefined ? {} : { branch }),
      collection: this.collectionName(timeline, record),
      op: opName(record.op),
      key: record.key,
      time: instantOf(row.time),
      commitTime: row.time,
      kind: row.kind,
      ...(row.txn === '' ? {} : { txn: row.txn }),
      ...(row.atomic ? { groupLast: row.groupLast } : {}),
      origin: this.parts.registry.origin(row.origin),
      ...(record.op === OP_REPLACE ? { isWhole: true as const } : {}),
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
      ...(record.collection === CATALOG && images ? { catalog: collectionsOf(before, after) } : {})
    };
  }

  private collectionName(timeline: Timeline, record: LineRecord): string {
    if (record.collection === CATALOG) {
      return CATALOG_NAME;
    }
    const { catalogs } = this.parts;
    const known =
      catalogs.at(timeline, record.lsn).getById(record.collection) ??
      catalogs.at(timeline, (record.lsn - 1) as Lsn).getById(record.collection);
    return known?.name ?? `collection-${record.collection}`;
  }
}

function collectionsOf(before: Image | undefined, after: Image | undefined): NonNullable<Change['catalog']> {
  return {
    ...(before === undefined ? {} : { before: collectionOf(before) }),
    ...(after === undefined ? {} : { after: collectionOf(after) })
  };
}

function opName(op: Op): ChangeOp {
  return op === OP_INSERT ? 'insert' : op === OP_DELETE ? 'delete' : 'update';
}

/** Whoever goes on behind an LSN must not miss what was between it and the beginning of what is left. @throws HISTORY_GONE */
function assertAfter(view: View, after: Lsn | undefined, begin: number): void {
  if (after !== undefined && after > 0 && after < begin) {
    assertKept(view.line, after);
    throw new ArgonError(
      'HISTORY_GONE',
      `What followed LSN ${after} is no longer kept: history begins at LSN ${begin}.`,
      { data: { lsn: after, horizon: begin } }
    );
  }
}
