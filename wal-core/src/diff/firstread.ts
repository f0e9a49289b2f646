import type { CollectionId, DocKey } from '../api';
import { FIRST_READ_BYTES_MAX } from '../limits';

/** What was read of the documents that come first in each collection, in key order and without a gap. */
export class FirstRead<T extends { readonly key: DocKey }> {
  private readonly found = new Map<CollectionId, T[]>();
  private bytes = 0;

  /** Takes the next document of a collection, as long as there is room. `bytes`: what it takes in memory. */
  add(collection: CollectionId, next: T, bytes: number): void {
    if (this.bytes >= FIRST_READ_BYTES_MAX) {
      return;
    }
    const list = this.found.get(collection);
    if (list === undefined) {
      this.found.set(collection, [next]);
    } else if (Buffer.compare(list.at(-1)!.key, next.key) < 0) {
      list.push(next);
    } else {
      // Another walk was faster.
      return;
    }
    this.bytes += next.key.length + bytes;
  }

  /** Those of a collection from its beginning on; there may be more than these. */
  of(collection: CollectionId): readonly T[] {
    return this.found.get(collection) ?? [];
  }
}
