import type { CollectionInfo, Snapshot } from '@argon/wal-core';

/** How much a collection holds. Bytes are estimated from the first documents, counts are exact. */
export interface CollectionSize {
  readonly count: number;
  readonly averageBytes: number;
  readonly bytes: number;
  /** Whether the bytes are estimated. */
  readonly isEstimate: boolean;
}

const SAMPLE_DOCUMENTS = 512;

/** Count and estimated size of a collection in a state. */
export async function sizeOf(snapshot: Snapshot, collection: CollectionInfo): Promise<CollectionSize> {
  const count = await snapshot.count(collection);
  let documents = 0;
  let bytes = 0;
  for await (const { images } of snapshot.scan(collection, { batch: SAMPLE_DOCUMENTS })) {
    for (const image of images) {
      bytes += image.length;
    }
    documents += images.length;
    if (documents >= SAMPLE_DOCUMENTS) {
      break;
    }
  }
  const averageBytes = documents === 0 ? 0 : Math.round(bytes / documents);
  const isEstimate = documents < count;
  return { count, averageBytes, bytes: isEstimate ? averageBytes * count : bytes, isEstimate };
}
