import type { CollectionInfo, IndexInfo, Lsn } from '../api';
import type { Timeline } from '../branch/model';
import type { IndexKeyMaker } from '../index/keys';
import { IndexWriter } from '../index/maintain';
import { APPLY_RECORDS_MAX, BATCH_DOCUMENTS_DEFAULT } from '../limits';
import type { ChangeSection } from '../log/frame';
import { type Catalog, CATALOG, type Catalogs } from '../read/catalog';
import type { Versions } from '../read/versions';
import { afterPrefix, idxBound } from '../store/keys';
import type { OrderedStore } from '../store/store';
import type { Piece } from './pieces';

export interface BroughtIndexesParts {
  readonly store: OrderedStore;
  readonly versions: Versions;
  readonly catalogs: Catalogs;
  readonly keys: IndexKeyMaker;
}

interface Brought {
  readonly collection: CollectionInfo;
  readonly index: IndexInfo;
}

const NONE: ReadonlyMap<number, readonly Brought[]> = new Map();

/** Indexes that changes of a catalog bring: they are filled when the state has the change, before what follows it. */
export class BroughtIndexes {
  private readonly known = new WeakMap<ChangeSection, ReadonlyMap<number, readonly Brought[]>>();

  constructor(private readonly parts: BroughtIndexesParts) {}

  /** By the position of the record that brings them. */
  of(timeline: Timeline | undefined, section: ChangeSection): ReadonlyMap<number, readonly Brought[]> {
    if (timeline === undefined) {
      return NONE;
    }
    let found = this.known.get(section);
    if (found === undefined) {
      found = this.find(timeline, section);
      this.known.set(section, found);
    }
    return found;
  }

  private find(timeline: Timeline, section: ChangeSection): ReadonlyMap<number, readonly Brought[]> {
    const { catalogs } = this.parts;
    const found = new Map<number, readonly Brought[]>();
    for (const [i, { collection }] of section.records.entries()) {
      if (collection !== CATALOG) {
        continue;
      }
      const lsn = (section.firstLsn + i) as Lsn;
      const brought = newIndexes(catalogs.at(timeline, (lsn - 1) as Lsn), catalogs.at(timeline, lsn)).filter(
        ({ index }) => !timeline.prebuilt.has(index.id)
      );
      if (brought.length > 0) {
        found.set(i, brought);
      }
    }
    return found;
  }

  /** Fills the indexes that the last record of a piece brings, from the state at its LSN. */
  async fill({ placed: { section, timeline }, end }: Piece): Promise<void> {
    const { store, versions, keys } = this.parts;
    const lsn = (section.firstLsn + end - 1) as Lsn;
    const chain = timeline.chain(lsn);
    for (const { collection, index } of this.of(timeline, section).get(end - 1) ?? []) {
      await this.clear(timeline, index);
      let after: Buffer | undefined;
      do {
        const range = after === undefined ? {} : { after };
        const batch = versions.batch(chain, collection.id, range, BATCH_DOCUMENTS_DEFAULT);
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

  /**
   * What a build that was under way when the process died had brought of an index into the state need not be what its
   * documents have: the last of its changes may be missing.
   */
  private async clear(timeline: Timeline, index: IndexInfo): Promise<void> {
    const { store } = this.parts;
    const from = idxBound(timeline.id, index.id, Buffer.alloc(0));
    const to = afterPrefix(from);
    for (;;) {
      const rows = [...store.range('idx', { from, to, limit: APPLY_RECORDS_MAX })];
      if (rows.length === 0) {
        return;
      }
      await store.write(rows.map(({ key }) => ({ table: 'idx', key, value: undefined })));
    }
  }
}

/** Indexes that one catalog has and an older one has not. */
function newIndexes(before: Catalog, after: Catalog): Brought[] {
  return after.list().flatMap(collection => {
    const known = before.getById(collection.id)?.indexes ?? [];
    return collection.indexes
      .filter(index => !known.some(other => other.id === index.id))
      .map(index => ({ collection, index }));
  });
}
