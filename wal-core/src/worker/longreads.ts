import type {
  CollectionInfo,
  DocKey,
  FlowBatch,
  FlowRead,
  Image,
  KeyStretch,
  LongRead,
  LongReads,
  MatchBatch
} from '../api';
import { FLOWS_MAX } from '../limits';
import type { HandedLimits } from '../read/handed';
import type { LongReadView } from '../read/snapshot';
import type { StateScanParts } from '../read/statescan';
import { matching } from '../read/matches';
import { Handover } from './handover';
import type { HandedRange, Parcel, ScanFound } from './messages';
import { owned, unpacked } from './parcel';
import type { WorkerPool } from './pool';
import { handed, rangeOf } from './request';
import { SharedTally } from './sharedtally';

export interface LongReadParts extends StateScanParts {
  readonly pool: WorkerPool;
  /** Resolves when everything durable so far is in the state. */
  readonly caughtUp: () => Promise<void>;
  readonly limits: HandedLimits;
}

const EVERYTHING: readonly KeyStretch[] = [{}];

/**
 * Long reads of one state. A short beginning is read on the main thread, because handing over costs more; what follows
 * is read by workers from the same files, and its order is the same.
 */
export class StateLongReads implements LongReads {
  constructor(
    private readonly parts: LongReadParts,
    private readonly view: LongReadView
  ) {}

  async *matching(collection: CollectionInfo, read: LongRead): AsyncGenerator<MatchBatch> {
    const { filter, reverse = false, signal, onProgress } = read;
    const { view } = this;
    const { documentsMin } = this.parts.limits;
    let examined = 0;
    for (const stretch of ordered(read)) {
      let after: DocKey | undefined;
      if (examined < documentsMin) {
        const scanned = view.scan(collection, {
          ...stretch,
          reverse,
          ...(signal === undefined ? {} : { signal })
        });
        for await (const batch of matching(scanned, filter, signal)) {
          examined += batch.examined;
          yield batch;
          if (examined >= documentsMin) {
            after = batch.last;
            break;
          }
        }
        if (after === undefined) {
          continue;
        }
      }
      for await (const batch of this.windows(collection, read, stretch, after)) {
        examined += batch.examined;
        onProgress?.(examined);
        yield batch;
      }
    }
  }

  async countMatching(
    collection: CollectionInfo,
    read: LongRead & { readonly most?: number }
  ): Promise<{ count: number; examined: number }> {
    const { most = Infinity, filter, signal } = read;
    const { documentsMin } = this.parts.limits;
    const forwards = { ...read, reverse: false };
    let count = 0;
    let examined = 0;
    let after: DocKey | undefined;
    const stretches = ordered(forwards);
    const [first = {}] = stretches;
    const scanned = this.view.scan(collection, { ...first, ...(signal === undefined ? {} : { signal }) });
    for await (const batch of matching(scanned, filter, signal)) {
      examined += batch.examined;
      count += batch.images.length;
      if (count >= most) {
        return { count: most, examined };
      }
      if (examined >= documentsMin) {
        after = batch.last;
        break;
      }
    }
    const rest: HandedRange[] = [
      ...(after === undefined ? [] : [rangeOf(first, after)]),
      ...stretches.slice(1).map(stretch => rangeOf(stretch))
    ];
    if (rest.length > 0) {
      const found = await this.counted(collection, forwards, rest, most - count);
      count += found.count;
      examined += found.examined;
    }
    return { count: Math.min(count, most), examined };
  }

  flow(collection: CollectionInfo, read: FlowRead): AsyncIterable<FlowBatch> | undefined {
    const { pool, limits } = this.parts;
    const handover = this.handover(collection, read.reverse === true);
    return pool.flows >= FLOWS_MAX || handover.documentsMax() < limits.documentsMin
      ? undefined
      : this.flowing(handover, read);
  }

  /** One answer of a worker after another. Nothing is held, here or there, while nobody asks. */
  private async *windows(
    collection: CollectionInfo,
    read: LongRead,
    stretch: KeyStretch,
    start: DocKey | undefined
  ): AsyncGenerator<MatchBatch> {
    const { pool, limits } = this.parts;
    const handover = this.handover(collection, read.reverse === true);
    const { versions = false, signal } = read;
    const { bytesMax } = limits;
    const windowFrom = (after: DocKey | undefined) =>
      handover.with(state => {
        const task = {
          kind: 'scan',
          read: handed(read, state, [rangeOf(stretch, after)]),
          bytesMax,
          versions
        } as const;
        return pool.run(task, { signal });
      });
    let next: Promise<ScanFound> | undefined = windowFrom(start);
    while (next !== undefined) {
      const { last, parcel, examined, examinedAt, lsns } = await next;
      const after = last === undefined ? undefined : Buffer.from(last);
      next = undefined;
      if (after !== undefined && versions) {
        next = windowFrom(after);
        // It fails where it is awaited; whoever ends the read before does not ask.
        next.catch(() => undefined);
      }
      yield { ...pairs(parcel), examined, examinedAt, ...(lsns === undefined ? {} : { lsns }) };
      if (after !== undefined) {
        next ??= windowFrom(after);
      }
    }
  }

  /** Counts on all threads at once, where the images say how to divide the keys. */
  private async counted(
    collection: CollectionInfo,
    read: LongRead,
    ranges: readonly HandedRange[],
    most: number
  ): Promise<{ count: number; examined: number }> {
    const { pool } = this.parts;
    const handover = this.handover(collection, false);
    const done: number[] = [];
    const found = await handover.with(state => {
      const shares = handover.divided(ranges, pool.size);
      return Promise.all(
        shares.map((share, i) =>
          pool.run(
            { kind: 'count', read: handed(read, state, share), most },
            {
              signal: read.signal,
              onProgress: examined => {
                done[i] = examined;
                read.onProgress?.(done.reduce((sum, each) => sum + each, 0));
              }
            }
          )
        )
      );
    });
    return found.reduce(
      (sum, each) => ({ count: sum.count + each.count, examined: sum.examined + each.examined }),
      { count: 0, examined: 0 }
    );
  }

  private async *flowing(handover: Handover, read: FlowRead): AsyncGenerator<FlowBatch> {
    const { pool } = this.parts;
    const { sort, skip = 0, limit = Infinity, stages = [], memoryBytesMax, signal, onProgress } = read;
    const shape = {
      skip,
      limit,
      stages: stages.map(owned),
      ...(sort === undefined ? {} : { sort: owned(sort) }),
      ...(memoryBytesMax === undefined ? {} : { memoryBytesMax })
    };
    await this.parts.caughtUp();
    const ranges = ordered(read).map(stretch => rangeOf(stretch));
    const shared = await new SharedTally(pool, handover).run(read, ranges, shape.stages);
    if (shared !== undefined) {
      yield* shared;
      return;
    }
    let yielded = 0;
    for (;;) {
      const { state, release } = await handover.begin();
      // After damage it begins anew and leaves out what was handed on before: the order is the same.
      let toSkip = yielded;
      try {
        const task = { kind: 'flow' as const, read: handed(read, state, ranges), shape };
        for await (const { parcel, examined, matched } of pool.flow(task, { signal, onProgress })) {
          handover.assertKept();
          const all = unpacked(parcel);
          const images = toSkip > 0 ? all.slice(toSkip) : all;
          toSkip = Math.max(0, toSkip - all.length);
          yielded += images.length;
          yield { images, examined, matched };
        }
        return;
      } catch (error) {
        handover.forgive(error);
      } finally {
        release();
      }
    }
  }

  private handover(collection: CollectionInfo, reverse: boolean): Handover {
    return new Handover(this.parts, this.view, collection.id, reverse);
  }
}

/** The stretches in the order of the read. */
function ordered({ stretches = EVERYTHING, reverse }: LongRead): readonly KeyStretch[] {
  return reverse === true ? [...stretches].reverse() : stretches;
}

/** Keys and documents of a scan. */
function pairs(parcel: Parcel): { keys: DocKey[]; images: Image[] } {
  const keys: DocKey[] = [];
  const images: Image[] = [];
  for (const [i, bytes] of unpacked(parcel).entries()) {
    (i % 2 === 0 ? keys : images).push(bytes);
  }
  return { keys, images };
}
