import type {
  CollectionInfo,
  CommitTime,
  DocKey,
  Image,
  IndexInfo,
  IndexScanOptions,
  LongReads,
  Lsn,
  ProjectInfo,
  ScanBatch,
  ScanOptions,
  SeenHead,
  Snapshot,
  TimelineId
} from '../api';
import { assertKept } from '../branch/kept';
import type { ChainLink, Timeline } from '../branch/model';
import { TimelineSeen } from '../branch/seenhead';
import { ArgonError } from '../errors';
import { readIndex } from '../index/read';
import { BATCH_DOCUMENTS_DEFAULT } from '../limits';
import type { OrderedStore } from '../store/store';
import { Pace, throwIfAborted } from '../log/pace';
import type { Catalog, Catalogs } from './catalog';
import { combinedDigest } from './digest';
import { StateScan, type StateScanParts } from './statescan';
import type { StatsReader } from './stats';

/** A state as long reads see it. */
export type LongReadView = Pick<View, 'chain' | 'line' | 'lsn' | 'scan'>;

export interface SnapshotParts extends StateScanParts {
  readonly store: OrderedStore;
  readonly catalogs: Catalogs;
  readonly stats: StatsReader;
  /** Resolves when everything durable so far is in the state. */
  readonly caughtUp: () => Promise<void>;
  /** Reads on worker threads, where there are any. */
  readonly long?: (view: LongReadView) => LongReads;
  /** When the newest change of a state was committed. */
  readonly timeAt: (timeline: Timeline, lsn: Lsn) => CommitTime;
}

/** How a ref was resolved. */
export interface Resolution {
  readonly timeline: Timeline;
  readonly lsn: Lsn;
  readonly ref: string;
  readonly branch?: string | undefined;
  readonly writable?: boolean;
  readonly snappedFrom?: Lsn | undefined;
}

/**
 * The state of a timeline at an LSN. Holds nothing open; every call reads afresh. Opening one is as frequent as
 * reading a document, so that it takes note of what it was resolved from and works nothing out before it is asked.
 */
export class View implements Snapshot {
  readonly timeline: TimelineId;
  readonly lsn: Lsn;
  readonly ref: string;
  readonly writable: boolean;
  readonly line: Timeline;
  declare readonly branch?: string;
  declare readonly snappedFrom?: Lsn;
  private links: readonly ChainLink[] | undefined;

  constructor(
    private readonly parts: SnapshotParts,
    readonly project: ProjectInfo,
    { timeline, lsn, ref, branch, writable, snappedFrom }: Resolution
  ) {
    this.line = timeline;
    this.timeline = timeline.id;
    this.lsn = lsn;
    this.ref = ref;
    this.writable = writable === true;
    if (branch !== undefined) {
      this.branch = branch;
    }
    if (snappedFrom !== undefined) {
      this.snappedFrom = snappedFrom;
    }
  }

  /** The timelines whose changes make this state, nearest first. @throws HISTORY_GONE when it is no longer kept */
  get chain(): readonly ChainLink[] {
    assertKept(this.line, this.lsn);
    this.links ??= this.line.chain(this.lsn);
    return this.links;
  }

  get time(): CommitTime {
    return this.parts.timeAt(this.line, this.lsn);
  }

  get long(): LongReads | undefined {
    return this.parts.long?.(this);
  }

  get seen(): SeenHead | undefined {
    return this.writable ? new TimelineSeen(this.line, this.lsn) : undefined;
  }

  get catalog(): Catalog {
    assertKept(this.line, this.lsn);
    return this.parts.catalogs.at(this.line, this.lsn);
  }

  collections(): readonly CollectionInfo[] {
    return this.catalog.list();
  }

  collection(name: string): CollectionInfo | undefined {
    return this.catalog.get(name);
  }

  get(collection: CollectionInfo, key: DocKey): Image | undefined {
    return this.parts.versions.get(this.chain, collection.id, key);
  }

  async *scan(collection: CollectionInfo, options: ScanOptions = {}): AsyncGenerator<ScanBatch> {
    await this.parts.caughtUp();
    const { after, from, to, reverse = false, batch = BATCH_DOCUMENTS_DEFAULT, signal } = options;
    const scan = new StateScan(this.parts, this.chain, collection.id, reverse);
    const pace = new Pace(signal);
    let last = after;
    do {
      throwIfAborted(signal);
      const range = {
        reverse,
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
        ...(last === undefined ? {} : { after: last })
      };
      const found = await scan.next(range, batch).catch((error: unknown) => {
        assertKept(this.line, this.lsn);
        throw error;
      });
      // Garbage collection says what goes before it goes: what is kept now was whole when it was read.
      assertKept(this.line, this.lsn);
      if (found.batch.images.length > 0) {
        yield found.batch;
      }
      last = found.last;
      if (pace.isDue) {
        await pace.rest();
      }
    } while (last !== undefined);
  }

  async *scanIndex(
    collection: CollectionInfo,
    index: IndexInfo,
    options: IndexScanOptions = {}
  ): AsyncGenerator<ScanBatch> {
    await this.parts.caughtUp();
    const { lower, upper, reverse = false, batch = BATCH_DOCUMENTS_DEFAULT, signal } = options;
    const pace = new Pace(signal);
    let after: Buffer | undefined;
    do {
      throwIfAborted(signal);
      const range = {
        reverse,
        ...(lower === undefined ? {} : { lower }),
        ...(upper === undefined ? {} : { upper }),
        ...(after === undefined ? {} : { after })
      };
      const { entries, last } = readIndex(this.parts.store, this.chain, index.id, range, batch);
      const keys: DocKey[] = [];
      const images: Image[] = [];
      for (const { docKey } of entries) {
        const image = this.get(collection, docKey);
        if (image === undefined) {
          this.parts.store.distrust();
          throw new ArgonError(
            'DATA_CORRUPT',
            `The index ${index.name} of ${collection.name} names a document that is not there.`,
            {
              data: { collection: collection.name, index: index.name }
            }
          );
        }
        keys.push(docKey);
        images.push(image);
      }
      if (keys.length > 0) {
        yield { keys, images };
      }
      after = last;
      if (pace.isDue) {
        await pace.rest();
      }
    } while (after !== undefined);
  }

  countIndexEntries(
    index: IndexInfo,
    ranges: readonly Pick<IndexScanOptions, 'lower' | 'upper'>[],
    most: number
  ): number {
    let count = 0;
    for (const range of ranges) {
      if (count >= most) {
        break;
      }
      count += readIndex(this.parts.store, this.chain, index.id, range, most - count).entries.length;
    }
    return count;
  }

  async count(collection: CollectionInfo): Promise<number> {
    await this.parts.caughtUp();
    assertKept(this.line, this.lsn);
    return this.parts.stats.at(this.line, this.lsn, collection.id).count;
  }

  async digest(collection: CollectionInfo): Promise<string> {
    await this.parts.caughtUp();
    assertKept(this.line, this.lsn);
    return this.parts.stats.at(this.line, this.lsn, collection.id).digest.hex();
  }

  async stateDigest(): Promise<string> {
    await this.parts.caughtUp();
    return combinedDigest(
      this.collections().map(({ name, id }) => ({
        name,
        digest: this.parts.stats.at(this.line, this.lsn, id).digest.hex()
      }))
    );
  }
}
