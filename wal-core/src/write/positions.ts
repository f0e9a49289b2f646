import type { CollectionId, DocKey } from '../api';
import { rowKey } from '../diff/changed';
import { ArgonError } from '../errors';
import { CATALOG } from '../read/catalog';
import { keyOfText, keyText } from '../read/unapplied';
import { u32 } from '../store/keys';
import type { Scratch, ScratchRoom } from '../store/scratch';

const POSITION_BYTES = 6;
const COLLECTION_BYTES = 4;

/** Which record of a stage changed a document last. The keys of a large stage lie in a scratch map. */
export class StagedPositions {
  private readonly held = new Map<CollectionId, Map<string, number>>();
  private moved: Scratch | undefined;
  private isClosed = false;

  constructor(private readonly room: ScratchRoom) {}

  /** Collections with changed documents, the catalog among them. */
  collections(): CollectionId[] {
    return [...this.held.keys()];
  }

  get(collection: CollectionId, key: DocKey): number | undefined {
    this.assertOpen();
    const position = this.held.get(collection)?.get(keyText(key));
    if (position !== undefined || this.moved === undefined) {
      return position;
    }
    return this.moved.get(rowKey(collection, key))?.readUIntBE(0, POSITION_BYTES);
  }

  set(collection: CollectionId, key: DocKey, position: number): void {
    let documents = this.held.get(collection);
    if (documents === undefined) {
      documents = new Map();
      this.held.set(collection, documents);
    }
    documents.set(keyText(key), position);
  }

  /** Documents of a collection with the positions of their last changes, each once, in no order. */
  *of(collection: CollectionId): Generator<[DocKey, number]> {
    this.assertOpen();
    const held = this.held.get(collection);
    for (const { key: row, value } of this.moved?.rows(u32(collection), u32(collection + 1)) ?? []) {
      const key = row.subarray(COLLECTION_BYTES);
      if (held?.has(keyText(key)) !== true) {
        yield [key, value.readUIntBE(0, POSITION_BYTES)];
      }
    }
    for (const [text, position] of held ?? []) {
      yield [keyOfText(text), position];
    }
  }

  /** Moves the keys out of memory, but for the few of the catalog. */
  async relieve(): Promise<void> {
    this.moved ??= this.room.make();
    for (const [collection, documents] of this.held) {
      if (collection === CATALOG) {
        continue;
      }
      for (const [text, position] of documents) {
        const value = Buffer.allocUnsafe(POSITION_BYTES);
        value.writeUIntBE(position, 0, POSITION_BYTES);
        this.moved.set(rowKey(collection, keyOfText(text)), value);
      }
      documents.clear();
    }
    if (this.moved.isHeavy) {
      await this.moved.relieve();
    }
  }

  /** Gives the scratch map back. */
  close(): void {
    this.isClosed = this.moved !== undefined;
    this.moved?.close();
    this.moved = undefined;
  }

  /** Whoever still reads a transaction that has ended must not take a part of its changes for all. */
  private assertOpen(): void {
    if (this.isClosed) {
      throw new ArgonError(
        'TRANSACTION_GONE',
        'The transaction has ended: its changes can no longer be read in it.'
      );
    }
  }
}
