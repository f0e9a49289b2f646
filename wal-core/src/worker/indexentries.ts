import type { CollectionInfo, IndexInfo } from '../api';
import type { IndexKeyMaker } from '../index/keys';
import { INDEX_SORT_BYTES_MAX, INDEX_SORT_INLINE_BYTES_MAX } from '../limits';
import { Pace } from '../log/pace';
import type { LongReadView } from '../read/snapshot';
import type { StateScanParts } from '../read/statescan';
import { EntryMaker, handedIndex } from './entries';
import { Handover } from './handover';
import type { EntriesPart } from './messages';
import { owned } from './parcel';
import type { TaskOptions, WorkerPool } from './pool';

export interface IndexEntriesParts extends StateScanParts {
  /** Undefined: everything is done on this thread, in slices. */
  readonly pool: WorkerPool | undefined;
  readonly caughtUp: () => Promise<void>;
  /** Where what is sorted may lie meanwhile. */
  readonly directory: string;
}

/** Where entries of an index come from: all documents of a state. */
export interface IndexedState {
  readonly view: LongReadView;
  readonly collection: CollectionInfo;
  readonly index: IndexInfo;
  /** What stands in front of each key of the table. */
  readonly prefix: Buffer;
}

/**
 * The entries of an index over all documents of a state, sorted, part by part; made and sorted on a worker where one
 * can be had. `begin` is called before the first part, and again when all parts so far come anew: an image was damaged.
 * @throws DOCUMENT_INVALID, HISTORY_GONE, CANCELLED
 */
export class IndexEntries {
  constructor(private readonly parts: IndexEntriesParts) {}

  async each(
    state: IndexedState,
    keys: IndexKeyMaker,
    take: { begin(): void; part(part: EntriesPart): Promise<void> },
    options: TaskOptions = {}
  ): Promise<void> {
    const { pool, caughtUp } = this.parts;
    await caughtUp();
    if (pool === undefined) {
      take.begin();
      await this.inline(state, keys, take, options);
      return;
    }
    const { view, collection, index, prefix } = state;
    const handover = new Handover(this.parts, view, collection.id, false);
    await handover.with(async handed => {
      take.begin();
      const task = {
        kind: 'entries' as const,
        state: handed,
        index: handedIndex(index),
        prefix: owned(prefix),
        bytesMax: INDEX_SORT_BYTES_MAX,
        directory: this.parts.directory
      };
      for await (const part of pool.entries(task, options)) {
        await take.part(part);
      }
    });
  }

  private async inline(
    { view, collection, index, prefix }: IndexedState,
    keys: IndexKeyMaker,
    take: { part(part: EntriesPart): Promise<void> },
    { signal, onProgress }: TaskOptions
  ): Promise<void> {
    const order = { prefix, bytesMax: INDEX_SORT_INLINE_BYTES_MAX, directory: this.parts.directory };
    const maker = new EntryMaker(index, keys, order);
    const handOver = () => maker.handOver(part => take.part(part));
    const pace = new Pace(signal);
    try {
      for await (const batch of view.scan(collection, signal === undefined ? {} : { signal })) {
        for (const [i, docKey] of batch.keys.entries()) {
          maker.put(docKey, batch.images[i]!);
          if (pace.isDue) {
            await pace.rest();
          }
        }
        onProgress?.(maker.examined);
        await handOver();
      }
      for (const _ of maker.finish()) {
        await handOver();
        if (pace.isDue) {
          await pace.rest();
        }
      }
      await handOver();
      await take.part(maker.last());
    } finally {
      maker.close();
    }
  }
}
