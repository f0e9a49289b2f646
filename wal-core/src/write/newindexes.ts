import type { CollectionInfo, IndexInfo } from '../api';
import type { IndexKeyMaker } from '../index/keys';
import type { View } from '../read/snapshot';
import { u32 } from '../store/keys';
import type { ScratchRoom } from '../store/scratch';
import { duplicate } from './refusals';
import type { Stage } from './stage';

const PRESENT = Buffer.alloc(0);

/**
 * Checks that new indexes can hold every document of a collection, as it is at the head and after
 * what is staged. The entries are made when the catalog change is applied; what an index cannot
 * hold must be found before that is logged. Writers of the branch must wait meanwhile.
 * @throws DUPLICATE_KEY when documents share a key of a unique index, DOCUMENT_INVALID
 */
export async function checkNewIndexes(
  { keys, scratch }: { readonly keys: IndexKeyMaker; readonly scratch: ScratchRoom },
  head: View,
  stage: Stage,
  collection: CollectionInfo,
  indexes: readonly IndexInfo[]
): Promise<void> {
  const seen = scratch.make();
  const visit = (image: Buffer) => {
    for (const [i, index] of indexes.entries()) {
      for (const key of keys.keys(index, image)) {
        if (!index.unique) {
          continue;
        }
        const name = Buffer.concat([u32(i), key]);
        if (seen.get(name) !== undefined) {
          throw duplicate(collection, index.name, index.key, image);
        }
        seen.set(name, PRESENT);
      }
    }
  };
  try {
    const known = head.catalog.getById(collection.id);
    if (known !== undefined) {
      for await (const batch of head.scan(known)) {
        for (const [i, key] of batch.keys.entries()) {
          if (!stage.hasChanged(collection.id, key)) {
            visit(batch.images[i]!);
          }
        }
        if (seen.isHeavy) {
          await seen.relieve();
        }
      }
    }
    for (const { image } of stage.changed(collection.id)) {
      if (image !== undefined) {
        visit(image);
      }
      if (seen.isHeavy) {
        await seen.relieve();
      }
    }
  } finally {
    seen.close();
  }
}
