import type { CollectionInfo, DocKey, Image, IndexId, IndexInfo } from '../api';
import type { ChainLink } from '../branch/model';
import type { IndexKeyMaker } from '../index/keys';
import { claimsOf } from '../index/read';
import { hasSameKeys } from '../index/samekeys';
import { keyText } from '../read/unapplied';
import { Pace } from '../log/pace';
import type { ScratchRoom } from '../store/scratch';
import type { OrderedStore } from '../store/store';
import { type MovedKey, MovedKeys } from './movedkeys';
import type { PendingKeys } from './pendingkeys';
import { duplicate } from './refusals';

/** A key of a unique index that a staged record gives or takes. */
export interface StagedKey {
  readonly collection: CollectionInfo;
  readonly index: IndexInfo;
  readonly key: Buffer;
  readonly docKey: DocKey;
  readonly live: boolean;
  /** Position of the record. */
  readonly at: number;
}

export interface StagedKeysParts {
  readonly store: OrderedStore;
  readonly pendingKeys: PendingKeys;
  readonly keys: IndexKeyMaker;
  readonly scratch: ScratchRoom;
}

/** The keys that staged records change in unique indexes. Those of a large stage lie in a scratch map. */
export class StagedKeys {
  /** By index and key, oldest first. */
  private readonly changes = new Map<string, StagedKey[]>();
  private moved: MovedKeys | undefined;
  /** What the keys that were moved belong to. */
  private readonly owners = new Map<IndexId, Pick<StagedKey, 'collection' | 'index'>>();

  constructor(
    private readonly parts: StagedKeysParts,
    /** The state that the stage rests on. */
    private readonly chain: readonly ChainLink[],
    /** Whether a key that two documents hold for a while is let pass. */
    private readonly isLenient: boolean
  ) {}

  /**
   * Notes what a record at position `at` changes in the indexes of its collection.
   * @throws DUPLICATE_KEY before anything is noted, and what the index cannot hold
   */
  change(
    collection: CollectionInfo,
    docKey: DocKey,
    before: Image | undefined,
    after: Image | undefined,
    at: number
  ): void {
    const changes: StagedKey[] = [];
    for (const index of collection.indexes) {
      if (before !== undefined && after !== undefined && hasSameKeys(index, before, after)) {
        continue;
      }
      if (!index.unique) {
        // Still computed once here, so that a document an index cannot hold is refused before it is logged.
        this.parts.keys.keys(index, after);
        continue;
      }
      const old = this.parts.keys.keys(index, before);
      const fresh = this.parts.keys.keys(index, after);
      for (const key of fresh) {
        if (!old.some(other => other.equals(key))) {
          if (!this.isLenient && this.holders(this.chain, index.id, key, docKey) > 0) {
            throw duplicate(collection, index.name, index.key, after!);
          }
          changes.push({ collection, index, key, docKey, live: true, at });
        }
      }
      for (const key of old) {
        if (!fresh.some(other => other.equals(key))) {
          changes.push({ collection, index, key, docKey, live: false, at });
        }
      }
    }
    for (const change of changes) {
      this.note(change);
    }
  }

  note(change: StagedKey): void {
    const text = nameOf(change.index.id, change.key);
    const list = this.changes.get(text);
    if (list === undefined) {
      this.changes.set(text, [change]);
    } else {
      list.push(change);
    }
  }

  /** Moves what is in memory to where it takes none. */
  async relieve(): Promise<void> {
    if (this.changes.size === 0) {
      return;
    }
    this.moved ??= new MovedKeys(this.parts.scratch.make());
    const pace = new Pace();
    for (const [text, list] of this.changes) {
      for (const { collection, index, key, docKey, live, at } of list) {
        this.owners.set(index.id, { collection, index });
        this.moved.add({ index: index.id, key, docKey, live, at });
      }
      this.changes.delete(text);
      if (this.moved.isHeavy) {
        await this.moved.relieve();
      }
      if (pace.isDue) {
        await pace.rest();
      }
    }
    await this.moved.relieve();
  }

  /** Nothing is asked any more. */
  close(): void {
    this.moved?.close();
  }

  /** All changes of a stage that holds them in memory, oldest first for each key. */
  all(): readonly StagedKey[] {
    return this.changes.size === 0 ? [] : [...this.changes.values()].flat();
  }

  /** One change of each key; of one that was moved and changed again, two. */
  *keys(): Generator<StagedKey> {
    for (const [change] of this.changes.values()) {
      yield change!;
    }
    for (const moved of this.moved?.keys() ?? []) {
      yield this.staged(moved);
    }
  }

  private staged(moved: MovedKey): StagedKey {
    const { collection, index } = this.owners.get(moved.index)!;
    return { ...moved, collection, index };
  }

  /** The newest document that was given a key. */
  lastHolder({ index, key }: StagedKey): StagedKey | undefined {
    const held = this.changes.get(nameOf(index.id, key))?.findLast(({ live }) => live);
    if (held !== undefined || this.moved === undefined) {
      return held;
    }
    const [newest] = [...this.moved.of(index.id, key)].filter(({ live }) => live).sort((a, b) => b.at - a.at);
    return newest === undefined ? undefined : this.staged(newest);
  }

  /** Number of documents, but for one, that hold a key in a state with what is staged on top. */
  holders(chain: readonly ChainLink[], index: IndexId, key: Buffer, except?: DocKey): number {
    const { store, pendingKeys } = this.parts;
    const holds = new Map<string, boolean>();
    // From the oldest ancestor on: the nearest timeline has the last word, and its newest change.
    for (let i = chain.length - 1; i >= 0; i--) {
      const link = chain[i]!;
      for (const { docKey, live } of claimsOf(store, link, index, key)) {
        holds.set(keyText(docKey), live);
      }
      for (const { docKey, live, lsn } of pendingKeys.of(link.timeline.id, index, key)) {
        if (lsn <= link.cap) {
          holds.set(docKey, live);
        }
      }
    }
    for (const { docKey, live } of this.moved?.of(index, key) ?? []) {
      holds.set(keyText(docKey), live);
    }
    for (const { docKey, live } of this.changes.get(nameOf(index, key)) ?? []) {
      holds.set(keyText(docKey), live);
    }
    if (except !== undefined) {
      holds.delete(keyText(except));
    }
    let count = 0;
    for (const live of holds.values()) {
      count += live ? 1 : 0;
    }
    return count;
  }
}

function nameOf(index: IndexId, key: Buffer): string {
  return `${index} ${keyText(key)}`;
}
