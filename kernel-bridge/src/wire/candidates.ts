import type { CollectionInfo, DocKey, ScanBatch, Snapshot } from '@argon/wal-core';
import type { Plan } from './plan';

const IDS_PER_BATCH = 512;

/** What a query did, for `explain`. */
export interface QueryStatistics {
  keysExamined: number;
  docsExamined: number;
  returned: number;
  /** Bytes a sort wrote to disk. */
  spilledBytes: number;
}

/** What a plan reads: documents in its order, each once, before the filter is applied. */
export async function* candidates(
  snapshot: Snapshot,
  collection: CollectionInfo | undefined,
  plan: Plan,
  statistics: QueryStatistics,
  signal: AbortSignal
): AsyncGenerator<ScanBatch> {
  if (plan.kind === 'none' || collection === undefined) {
    return;
  }
  switch (plan.kind) {
    case 'ids':
      for (const batch of byKeys(snapshot, collection, plan.keys)) {
        statistics.keysExamined += batch.asked;
        yield batch;
      }
      return;
    case 'scan': {
      const { before, reverse } = plan;
      const stretches = reverse ? [...plan.stretches].reverse() : plan.stretches;
      for (const stretch of stretches) {
        for await (const batch of snapshot.scan(collection, { ...stretch, reverse, signal })) {
          yield before === undefined ? batch : withoutFrom(batch, before);
        }
      }
      return;
    }
    case 'capped':
      yield* byKeys(snapshot, collection, await plan.keys());
      return;
    case 'index': {
      const { index, ranges, reverse, mayRepeat } = plan.plan;
      const seen = mayRepeat ? new Set<string>() : undefined;
      for (const range of ranges) {
        for await (const batch of snapshot.scanIndex(collection, index, { ...range, reverse, signal })) {
          statistics.keysExamined += batch.keys.length;
          yield seen === undefined ? batch : withoutRepeats(batch, seen);
        }
      }
    }
  }
}

/** Documents by their keys, and how many keys were asked for. */
function* byKeys(
  snapshot: Snapshot,
  collection: CollectionInfo,
  keys: readonly DocKey[]
): Generator<ScanBatch & { readonly asked: number }> {
  for (let at = 0; at < keys.length; at += IDS_PER_BATCH) {
    const asked = keys.slice(at, at + IDS_PER_BATCH);
    const found = { keys: [] as DocKey[], images: [] as Buffer[], asked: asked.length };
    for (const key of asked) {
      const image = snapshot.get(collection, key);
      if (image !== undefined) {
        found.keys.push(key);
        found.images.push(image);
      }
    }
    yield found;
  }
}

/** A batch without the documents from a key on. */
function withoutFrom(batch: ScanBatch, end: DocKey): ScanBatch {
  const isInside = batch.keys.map(key => Buffer.compare(key, end) < 0);
  return {
    keys: batch.keys.filter((_, at) => isInside[at]),
    images: batch.images.filter((_, at) => isInside[at])
  };
}

function withoutRepeats(batch: ScanBatch, seen: Set<string>): ScanBatch {
  const keys: DocKey[] = [];
  const images: Buffer[] = [];
  for (let at = 0; at < batch.keys.length; at++) {
    const key = batch.keys[at]!;
    const name = key.toString('latin1');
    if (!seen.has(name)) {
      seen.add(name);
      keys.push(key);
      images.push(batch.images[at]!);
    }
  }
  return { keys, images };
}
