import type { CollectionId, DocKey } from '../api';
import { rowKey } from '../diff/changed';
import { ArgonError } from '../errors';
import { CATALOG } from '../read/catalog';
import { u32 } from '../store/keys';
import type { Scratch, ScratchRoom } from '../store/scratch';
import { KeyPositions } from './keypositions';

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
  private held: Map<CollectionId, KeyPositions> | undefined;
  private moved: Scratch | undefined;
  private isClosed = false;

  constructor(private readonly room: ScratchRoom) {}

  /** Collections with changed documents, the catalog among them. */
  collections(): CollectionId[] {
    return [...this.collected().keys()];
  }

  get(collection: CollectionId, key: DocKey): number | undefined {
    if (this.listed !== undefined) {
      return this.find(this.listed, collection, key)?.position;
    }
    this.assertOpen();
    const position = this.held?.get(collection)?.get(key);
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
    return this.heldOf(collection).set(key, position) ?? before;
  }

  private find(listed: readonly Listed[], collection: CollectionId, key: DocKey): Listed | undefined {
    for (const candidate of listed) {
      if (candidate.collection === collection && candidate.key.equals(key)) {
        return candidate;
      }
    }
    return undefined;
  }

  private collected(): Map<CollectionId, KeyPositions> {
    const { listed } = this;
    this.held ??= new Map();
    if (listed !== undefined) {
      this.listed = undefined;
      for (const { collection, key, position } of listed) {
        this.heldOf(collection).set(key, position);
      }
    }
    return this.held;
  }

  private heldOf(collection: CollectionId): KeyPositions {
    const collections = this.collected();
    let documents = collections.get(collection);
    if (documents === undefined) {
      documents = new KeyPositions();
      collections.set(collection, documents);
    }
    return documents;
  }

  /** Documents of a collection with the positions of their last changes, each once, in no order. */
  *of(collection: CollectionId): Generator<[DocKey, number]> {
    this.assertOpen();
    const held = this.collected().get(collection);
    for (const { key: row, value } of this.moved?.rows(u32(collection), u32(collection + 1)) ?? []) {
      const key = row.subarray(COLLECTION_BYTES);
      if (held?.get(key) === undefined) {
        yield [key, value.readUIntBE(0, POSITION_BYTES)];
      }
    }
    yield* held?.entries() ?? [];
  }

  /** Moves the keys out of memory, but for the few of the catalog. */
  async relieve(): Promise<void> {
    this.moved ??= this.room.make();
    for (const [collection, documents] of this.collected()) {
      if (collection === CATALOG) {
        continue;
      }
      for (const [key, position] of documents.entries()) {
        const value = Buffer.allocUnsafe(POSITION_BYTES);
        value.writeUIntBE(position, 0, POSITION_BYTES);
        this.moved.set(rowKey(collection, key), value);
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
