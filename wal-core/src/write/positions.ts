import type { CollectionId, DocKey } from '../api';
import { rowKey } from '../diff/changed';
import { ArgonError } from '../errors';
import { CATALOG } from '../read/catalog';
import { keyOfText, keyText } from '../read/unapplied';
import { u32 } from '../store/keys';
import type { Scratch, ScratchRoom } from '../store/scratch';

const POSITION_BYTES = 6;
const COLLECTION_BYTES = 4;
/** Most commits change no more documents than this: a list of them costs less than a map. */
const LISTED_MAX = 8;

interface Listed {
  readonly collection: CollectionId;
  readonly key: DocKey;
  position: number;
}

/** Which record of a stage changed a document last. The keys of a large stage lie in a scratch map. */
export class StagedPositions {
  /** The first few documents; undefined when they are in `held`. */
  private listed: Listed[] | undefined = [];
  private held: Map<CollectionId, Map<string, number>> | undefined;
  private moved: Scratch | undefined;
  private isClosed = false;

  constructor(private readonly room: ScratchRoom) {}

  /** Collections with changed documents, the catalog among them. */
  collections(): CollectionId[] {
    return [...this.maps().keys()];
  }

  get(collection: CollectionId, key: DocKey): number | undefined {
    if (this.listed !== undefined) {
      return this.find(this.listed, collection, key)?.position;
    }
    this.assertOpen();
    const position = this.held?.get(collection)?.get(keyText(key));
    return position ?? this.moved?.get(rowKey(collection, key))?.readUIntBE(0, POSITION_BYTES);
  }

  /** Answers the position before. */
  set(collection: CollectionId, key: DocKey, position: number): number | undefined {
    const { listed } = this;
    if (listed !== undefined) {
      const known = this.find(listed, collection, key);
      if (known !== undefined) {
        const before = known.position;
        known.position = position;
        return before;
      }
      if (listed.length < LISTED_MAX) {
        listed.push({ collection, key, position });
        return undefined;
      }
    }
    const before = this.moved === undefined ? undefined : this.get(collection, key);
    const documents = this.mapOf(collection);
    const text = keyText(key);
    const held = documents.get(text);
    documents.set(text, position);
    return held ?? before;
  }

  private find(listed: readonly Listed[], collection: CollectionId, key: DocKey): Listed | undefined {
    for (const candidate of listed) {
      if (candidate.collection === collection && candidate.key.equals(key)) {
        return candidate;
      }
    }
    return undefined;
  }

  private maps(): Map<CollectionId, Map<string, number>> {
    const { listed } = this;
    this.held ??= new Map();
    if (listed !== undefined) {
      this.listed = undefined;
      for (const { collection, key, position } of listed) {
        this.mapOf(collection).set(keyText(key), position);
      }
    }
    return this.held;
  }

  private mapOf(collection: CollectionId): Map<string, number> {
    const maps = this.maps();
    let documents = maps.get(collection);
    if (documents === undefined) {
      documents = new Map();
      maps.set(collection, documents);
    }
    return documents;
  }

  /** Documents of a collection with the positions of their last changes, each once, in no order. */
  *of(collection: CollectionId): Generator<[DocKey, number]> {
    this.assertOpen();
    const held = this.maps().get(collection);
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
    for (const [collection, documents] of this.maps()) {
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
