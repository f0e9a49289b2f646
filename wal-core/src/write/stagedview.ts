import type {
  CollectionInfo,
  CommitTime,
  DocKey,
  Image,
  IndexInfo,
  IndexScanOptions,
  Lsn,
  ProjectInfo,
  ScanBatch,
  ScanOptions,
  Snapshot,
  TimelineId
} from '../api';
import type { IndexKeyMaker } from '../index/keys';
import { compositeBounds, readIndex } from '../index/read';
import { BATCH_DOCUMENTS_DEFAULT } from '../limits';
import { combinedDigest } from '../read/digest';
import { nextTurn, throwIfAborted } from '../log/pace';
import type { View } from '../read/snapshot';
import type { CollectionStats, StatsReader } from '../read/stats';
import type { OrderedStore } from '../store/store';
import type { Stage } from './stage';

export interface StagedViewParts {
  readonly store: OrderedStore;
  readonly stats: StatsReader;
  readonly keys: IndexKeyMaker;
  readonly caughtUp: () => Promise<void>;
}

/** What an open transaction reads on one branch: the state at its snapshot with its own changes on top. */
export class StagedView implements Snapshot {
  readonly project: ProjectInfo;
  readonly timeline: TimelineId;
  readonly lsn: Lsn;
  readonly ref: string;
  readonly branch: string;
  readonly writable = true;

  constructor(
    private readonly parts: StagedViewParts,
    private readonly base: View,
    private readonly stage: Stage
  ) {
    this.project = base.project;
    this.timeline = base.timeline;
    this.lsn = base.lsn;
    this.ref = base.ref;
    this.branch = stage.branch;
  }

  get time(): CommitTime {
    return this.base.time;
  }

  collections(): readonly CollectionInfo[] {
    return this.stage.collections();
  }

  collection(name: string): CollectionInfo | undefined {
    return this.stage.collection(name);
  }

  get(collection: CollectionInfo, key: DocKey): Image | undefined {
    return this.stage.get(collection, key);
  }

  async *scan(collection: CollectionInfo, options: ScanOptions = {}): AsyncGenerator<ScanBatch> {
    const { reverse = false, batch: size = BATCH_DOCUMENTS_DEFAULT } = options;
    const sign = reverse ? -1 : 1;
    const own = this.ownKeys(collection, options);
    let next = 0;
    let batch = new Batch();
    const takeOwn = (key: DocKey) => {
      const image = this.stage.get(collection, key);
      if (image !== undefined) {
        batch.add(key, image);
      }
    };
    for await (const { keys, images } of this.base.scan(collection, options)) {
      for (const [i, key] of keys.entries()) {
        while (next < own.length && Buffer.compare(own[next]!, key) * sign < 0) {
          takeOwn(own[next++]!);
        }
        if (next < own.length && own[next]!.equals(key)) {
          takeOwn(own[next++]!);
        } else {
          batch.add(key, images[i]!);
        }
        if (batch.keys.length >= size) {
          yield batch;
          batch = new Batch();
        }
      }
    }
    for (; next < own.length; next++) {
      takeOwn(own[next]!);
      if (batch.keys.length >= size) {
        yield batch;
        batch = new Batch();
        await nextTurn();
      }
    }
    if (batch.keys.length > 0) {
      yield batch;
    }
  }

  /** Keys of own changes in the range of a scan, in its order. */
  private ownKeys(collection: CollectionInfo, { after, from, to, reverse = false }: ScanOptions): DocKey[] {
    const sign = reverse ? -1 : 1;
    return this.stage
      .changedKeys(collection.id)
      .filter(
        key =>
          (after === undefined || Buffer.compare(key, after) * sign > 0) &&
          (from === undefined || Buffer.compare(key, from) >= 0) &&
          (to === undefined || Buffer.compare(key, to) <= 0)
      )
      .sort((a, b) => Buffer.compare(a, b) * sign);
  }

  async *scanIndex(
    collection: CollectionInfo,
    index: IndexInfo,
    options: IndexScanOptions = {}
  ): AsyncGenerator<ScanBatch> {
    await this.parts.caughtUp();
    const { reverse = false, batch: size = BATCH_DOCUMENTS_DEFAULT, signal } = options;
    const sign = reverse ? -1 : 1;
    const own = this.ownEntries(collection, index, options);
    let next = 0;
    let after: Buffer | undefined;
    do {
      throwIfAborted(signal);
      const range = { ...options, ...(after === undefined ? {} : { after }) };
      const { entries, last } = readIndex(this.parts.store, this.base.chain, index.id, range, size);
      const batch = new Batch();
      for (const { composite, docKey } of entries) {
        while (next < own.length && Buffer.compare(own[next]!.composite, composite) * sign < 0) {
          batch.add(own[next]!.key, own[next]!.image);
          next++;
        }
        if (!this.stage.hasChanged(collection.id, docKey)) {
          const image = this.base.get(collection, docKey);
          if (image !== undefined) {
            batch.add(docKey, image);
          }
        }
      }
      if (last === undefined) {
        for (; next < own.length; next++) {
          batch.add(own[next]!.key, own[next]!.image);
        }
      }
      if (batch.keys.length > 0) {
        yield batch;
      }
      after = last;
      await nextTurn();
    } while (after !== undefined);
  }

  /** Own changes do not count: it is an estimate. */
  countIndexEntries(
    index: IndexInfo,
    ranges: readonly Pick<IndexScanOptions, 'lower' | 'upper'>[],
    most: number
  ): number {
    return this.base.countIndexEntries(index, ranges, most);
  }

  /** Entries that own changes put into the range of an index scan, in its order. */
  private ownEntries(
    collection: CollectionInfo,
    index: IndexInfo,
    options: IndexScanOptions
  ): { composite: Buffer; key: DocKey; image: Image }[] {
    const { from, to } = compositeBounds(options);
    const entries: { composite: Buffer; key: DocKey; image: Image }[] = [];
    for (const { key, image } of this.stage.changed(collection.id)) {
      for (const indexKey of this.parts.keys.keys(index, image)) {
        const composite = Buffer.concat([indexKey, key]);
        if (Buffer.compare(composite, from) >= 0 && Buffer.compare(composite, to) < 0) {
          entries.push({ composite, key, image: image! });
        }
      }
    }
    const sign = options.reverse === true ? -1 : 1;
    return entries.sort((a, b) => Buffer.compare(a.composite, b.composite) * sign);
  }

  async count(collection: CollectionInfo): Promise<number> {
    await this.parts.caughtUp();
    return this.stats(collection).count;
  }

  async digest(collection: CollectionInfo): Promise<string> {
    await this.parts.caughtUp();
    return this.stats(collection).digest.hex();
  }

  async stateDigest(): Promise<string> {
    await this.parts.caughtUp();
    return combinedDigest(
      this.collections().map(collection => ({
        name: collection.name,
        digest: this.stats(collection).digest.hex()
      }))
    );
  }

  private stats(collection: CollectionInfo): CollectionStats {
    const stats = this.parts.stats.at(this.base.line, this.lsn, collection.id);
    for (const { key, image } of this.stage.changed(collection.id)) {
      const before = this.base.get(collection, key);
      if (before !== undefined) {
        stats.count--;
        stats.digest.remove(before);
      }
      if (image !== undefined) {
        stats.count++;
        stats.digest.add(image);
      }
    }
    return stats;
  }
}

class Batch implements ScanBatch {
  readonly keys: DocKey[] = [];
  readonly images: Image[] = [];

  add(key: DocKey, image: Image): void {
    this.keys.push(key);
    this.images.push(image);
  }
}
