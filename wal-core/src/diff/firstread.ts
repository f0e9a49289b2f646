import type { CollectionId, DocKey } from '../api';
import { FIRST_READ_BYTES_MAX } from '../limits';
import { keyText } from '../read/unapplied';

/** What was read of the documents that come first, by collection and key, so that it is not read again. */
export class FirstRead<T> {
  private readonly found = new Map<string, T>();
  private bytes = 0;

  /** `bytes`: what it takes in memory. */
  add(collection: CollectionId, key: DocKey, found: T, bytes: number): void {
    if (this.bytes < FIRST_READ_BYTES_MAX) {
      this.found.set(nameOf(collection, key), found);
      this.bytes += key.length + bytes;
    }
  }

  of(collection: CollectionId, key: DocKey): T | undefined {
    return this.found.size === 0 ? undefined : this.found.get(nameOf(collection, key));
  }
}

function nameOf(collection: CollectionId, key: DocKey): string {
  return `${collection} ${keyText(key)}`;
}
