import type { CollectionId, DocKey } from '../api';
import type { ChainLink } from '../branch/model';
import type { Unapplied } from '../read/unapplied';
import { verBound, verKey, verKeyDoc } from '../store/keys';
import { compareKeys } from '../store/order';
import type { OrderedStore } from '../store/store';

/** Documents that were not there, each behind the one before, from which on it is asked how far that goes. */
const MISSES_MIN = 4;
const LAST_LSN = 2 ** 48 - 1;

/**
 * A stretch of keys without a document, in the state that a stage rests on. A load in the order of its keys asks the
 * state how far the stretch goes, and not for each document.
 */
export class Gap {
  private collection: CollectionId | undefined;
  /** Newest key that was not there. */
  private from: DocKey | undefined;
  /** First key with a document; undefined when there is none to the end of the collection. */
  private to: DocKey | undefined;
  private isKnown = false;
  private misses = 0;

  constructor(
    private readonly parts: { readonly store: OrderedStore; readonly unapplied: Unapplied },
    private readonly chain: readonly ChainLink[]
  ) {}

  /** Whether it is known that there is no such document. */
  has(collection: CollectionId, key: DocKey): boolean {
    return (
      this.isKnown &&
      collection === this.collection &&
      compareKeys(key, this.from!) > 0 &&
      (this.to === undefined || compareKeys(key, this.to) < 0)
    );
  }

  /** A document was looked for and never was there. */
  missed(collection: CollectionId, key: DocKey): void {
    const isBehind = collection === this.collection && compareKeys(key, this.from!) > 0;
    this.misses = isBehind ? this.misses + 1 : 1;
    this.collection = collection;
    this.from = key;
    this.isKnown = this.misses >= MISSES_MIN && !this.isWaitedFor(collection, key);
    if (this.isKnown) {
      this.to = this.nextDocument(collection, key);
      this.misses = 0;
    }
  }

  /** Whether a document behind `key` may be on its way into the store: it would be found there only later. */
  private isWaitedFor(collection: CollectionId, key: DocKey): boolean {
    return this.chain.some(({ timeline }) => this.parts.unapplied.reaches(timeline.id, collection, key));
  }

  /** The first key behind `key` that has a version on any timeline of the state. */
  private nextDocument(collection: CollectionId, key: DocKey): DocKey | undefined {
    let next: DocKey | undefined;
    for (const { timeline } of this.chain) {
      // The versions of `key` itself are looked for too: it has none.
      const from = verKey(timeline.id, collection, key, LAST_LSN);
      const row = this.parts.store.first('ver', from, verBound(timeline.id, collection, true));
      const found = row === undefined ? undefined : verKeyDoc(row.key);
      if (found !== undefined && (next === undefined || compareKeys(found, next) < 0)) {
        next = found;
      }
    }
    return next;
  }
}
