import type { FlowBatch, FlowRead } from '../api';
import { throwIfAborted } from '../log/pace';
import { compilePipeline, type PipelineTally } from '../query';
import type { Handover } from './handover';
import type { HandedRange, TallyFound } from './messages';
import { bufferOf } from './parcel';
import type { WorkerPool } from './pool';
import { handed } from './request';

/**
 * A pipeline that begins with a `$group`, on all threads at once: each gathers of its part of the documents, and what
 * they gathered is put together here, in the order of the keys. Only where that comes to what one thread would answer,
 * to the last bit: counts, extremes, sums of whole numbers; not sums that round.
 */
export class SharedTally {
  constructor(
    private readonly pool: WorkerPool,
    private readonly handover: Handover
  ) {}

  /** Undefined when it is one thread's work. @throws CANCELLED, HISTORY_GONE */
  async run(
    read: FlowRead,
    ranges: readonly HandedRange[],
    stages: readonly Uint8Array[]
  ): Promise<AsyncIterable<FlowBatch> | undefined> {
    const { pool } = this;
    const tally = pool.size < 2 ? undefined : tallyOf(read, stages);
    if (tally === undefined) {
      return undefined;
    }
    if (pool.ready < 2) {
      // One that has to load and compile its code first is of no help: it will be there for the next.
      pool.wake();
      return undefined;
    }
    const found = await this.found(read, ranges, stages);
    found?.forEach(({ share }) => tally.absorb(share!));
    return found !== undefined && tally.isShareable ? answer(tally, found) : undefined;
  }

  /** What the parts came to; undefined when there is one only, or when one of them failed or cannot be shared. */
  private async found(
    read: FlowRead,
    ranges: readonly HandedRange[],
    stages: readonly Uint8Array[]
  ): Promise<readonly TallyFound[] | undefined> {
    const { pool, handover } = this;
    const { signal, onProgress, memoryBytesMax } = read;
    const memory = memoryBytesMax === undefined ? {} : { memoryBytesMax };
    const given = new AbortController();
    const either = AbortSignal.any([given.signal, ...(signal === undefined ? [] : [signal])]);
    const done: number[] = [];
    const part = async (state: Parameters<typeof handed>[1], share: HandedRange[], i: number) => {
      try {
        const task = { kind: 'tally' as const, read: handed(read, state, share), stages, ...memory };
        const found = await pool.run(task, {
          signal: either,
          onProgress: examined => {
            done[i] = examined;
            onProgress?.(done.reduce((sum, each) => sum + each, 0));
          }
        });
        return found.share === undefined ? undefined : found;
      } catch {
        // Whatever it was, the one thread that does it all will come upon it.
        return undefined;
      }
    };
    const found = await handover.with(async state => {
      const shares = handover.divided(ranges, pool.ready);
      if (shares.length < 2) {
        return [];
      }
      return Promise.all(
        shares.map(async (share, i) => {
          const tally = await part(state, share, i);
          if (tally === undefined) {
            given.abort();
          }
          return tally;
        })
      );
    });
    throwIfAborted(signal);
    const all = found.filter(each => each !== undefined);
    return all.length > 0 && all.length === found.length ? all : undefined;
  }
}

/** What puts the parts together; undefined when the read has more to it than to group all that matches. */
function tallyOf(
  { filter, sort, skip = 0, limit = Infinity, signal, memoryBytesMax }: FlowRead,
  stages: readonly Uint8Array[]
): PipelineTally | undefined {
  if (sort !== undefined || skip > 0 || limit !== Infinity) {
    return undefined;
  }
  const { options } = filter;
  return compilePipeline(stages.map(bufferOf), options).tally({
    ...options,
    ...(memoryBytesMax === undefined ? {} : { memoryBytesMax }),
    ...(signal === undefined ? {} : { signal }),
    collection: () => {
      throw new Error('a pipeline on a worker reads no other collection');
    }
  });
}

async function* answer(tally: PipelineTally, found: readonly TallyFound[]): AsyncGenerator<FlowBatch> {
  const sum = (of: 'examined' | 'matched') => found.reduce((all, each) => all + each[of], 0);
  yield { images: [], examined: sum('examined'), matched: sum('matched') };
  for await (const images of tally.results()) {
    yield { images: [...images], examined: 0, matched: 0 };
  }
}
