import type { CollectionInfo, DocKey, Image, Writer } from '../api';
import { docKeyOf } from '../bson/keystring';
import { ArgonError } from '../errors';
import { TRANSACTION_CLAIMS_MAX } from '../limits';
import { WriterLayer } from './writerlayer';

/**
 * Documents that open transactions have changed: of two that change the same one, the second fails at once and not only
 * when it is committed. What is beyond a transaction's share of claims is found at the commit, as is what is written
 * outside of transactions.
 */
export class Claims {
  private readonly owners = new Map<string, object>();
  private readonly kept = new Map<object, string[]>();

  /** @throws WRITE_CONFLICT when another open transaction changed the document */
  take(owner: object, timeline: number, collection: CollectionInfo, key: DocKey): void {
    const name = `${timeline}/${collection.id}/${key.toString('latin1')}`;
    const holder = this.owners.get(name);
    if (holder === owner) {
      return;
    }
    if (holder !== undefined) {
      throw new ArgonError(
        'WRITE_CONFLICT',
        `A document of ${collection.name} is being changed by another transaction. Run this one again.`,
        { data: { collection: collection.name, mongoCode: 112, codeName: 'WriteConflict' } }
      );
    }
    const kept = this.kept.get(owner) ?? [];
    if (kept.length >= TRANSACTION_CLAIMS_MAX) {
      return;
    }
    this.owners.set(name, owner);
    kept.push(name);
    this.kept.set(owner, kept);
  }

  /** The transaction has ended. */
  release(owner: object): void {
    for (const name of this.kept.get(owner) ?? []) {
      this.owners.delete(name);
    }
    this.kept.delete(owner);
  }
}

/** A writer that claims each document before it changes it. */
export class ClaimingWriter extends WriterLayer {
  constructor(
    writer: Writer,
    private readonly claim: (collection: CollectionInfo, key: DocKey) => void
  ) {
    super(writer);
  }

  override insert(collection: CollectionInfo, image: Image): void {
    this.claim(collection, docKeyOf(image));
    this.writer.insert(collection, image);
  }

  override replace(collection: CollectionInfo, key: DocKey, image: Image, isWhole = false): void {
    this.claim(collection, key);
    this.writer.replace(collection, key, image, isWhole);
  }

  override remove(collection: CollectionInfo, key: DocKey): boolean {
    if (this.writer.get(collection, key) === undefined) {
      return false;
    }
    this.claim(collection, key);
    return this.writer.remove(collection, key);
  }
}
