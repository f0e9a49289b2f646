import type { CollectionInfo, DocKey, Image, IndexInfo, Lsn } from '../api';
import type { Project, Timeline } from '../branch/model';
import { EMPTY_DOCUMENT } from '../bson';
import { ArgonError } from '../errors';
import { decodeEntry, encodeEntry, LIVE } from '../index/entry';
import { APPLY_RECORDS_MAX } from '../limits';
import { nextTurn, Pace, throwIfAborted } from '../log/pace';
import { afterPrefix, idxBound, idxKey } from '../store/keys';
import type { Put } from '../store/store';
import { TWINS_MAX } from '../worker/entrypack';
import { duplicate } from '../write/refusals';
import type { Core } from './core';
import { IndexFill } from './indexfill';

const IDX_PREFIX_BYTES = 8;

export interface BuildOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told now and then how many documents have been looked at. */
  readonly onProgress?: ((done: number) => void) | undefined;
}

/**
 * Fills an index that no state knows yet, beside writers: from a snapshot, and then change by change up to the newest.
 * Only when it is complete does the catalog name it. Its rows say since which LSN a document has a key, or an earlier
 * one: nobody reads the index at an LSN before it was made.
 */
export class IndexBuild {
  /** Everything up to here is in the index. */
  position: Lsn;
  /** Changes of the timeline itself up to there. */
  private count: number;
  /** Keys of a unique index that several documents seemed to have. */
  private suspects: Buffer[] = [];
  /** Keys that came in since the suspects were looked at. */
  private added: Buffer[] = [];
  /** Whether the suspects are all there were when the index had been filled. */
  private isLookedThrough = true;

  constructor(
    private readonly core: Core,
    readonly timeline: Timeline,
    readonly collection: CollectionInfo,
    readonly index: IndexInfo,
    private readonly options: BuildOptions = {}
  ) {
    this.count = timeline.durableCount;
    this.position = timeline.durableHead;
  }

  /** Changes of the timeline that are durable and not yet looked at. */
  get behind(): number {
    return this.timeline.durableCount - this.count;
  }

  /** Takes in every document of the newest state. @throws DOCUMENT_INVALID, CANCELLED */
  async fill(project: Project): Promise<void> {
    const { core, collection, index, timeline, options } = this;
    const head = core.snapshot(project, timeline, this.position);
    const prefix = idxBound(timeline.id, index.id, Buffer.alloc(0));
    const state = { view: head, collection, index, prefix };
    const fill = new IndexFill(core.store, head.lsn, options.signal);
    let examined = 0;
    await core.imageOffice.entries.each(
      state,
      core.keys,
      {
        begin: () => {
          this.suspects = [];
          examined = 0;
        },
        part: async ({ entries, isMultikey, twins, isOneOrder, ...part }) => {
          if (core.registry.timeline(timeline.id) !== timeline) {
            throw new ArgonError('CANCELLED', 'The project was deleted while one of its indexes was filled.');
          }
          if (isMultikey) {
            core.keys.multikey.note(index);
          }
          if (entries === undefined) {
            this.suspects = twins.map(twin => Buffer.from(twin));
            this.isLookedThrough = isOneOrder;
          } else {
            await fill.put(entries);
          }
          examined += part.examined;
          options.onProgress?.(examined);
        }
      },
      options
    );
    await fill.end();
  }

  private live(key: Buffer, docKey: DocKey, lsn: Lsn): Put {
    return {
      table: 'idx',
      key: idxKey(this.timeline.id, this.index.id, key, docKey),
      value: encodeEntry(LIVE, lsn, key.length)
    };
  }

  /** Takes in what is durable by now. @throws DOCUMENT_INVALID */
  async catchUp(): Promise<void> {
    const { core, index, timeline, collection } = this;
    const { durableHead: upTo, durableCount: count } = timeline;
    // The state has it after this; what becomes durable meanwhile is for the next time.
    await core.caughtUp();
    let puts = new Map<string, Put>();
    const pace = new Pace(this.options.signal);
    for (const { record } of core.line.records(timeline, this.position, upTo)) {
      if (record.collection === collection.id) {
        const chain = timeline.chain(record.lsn);
        const at = (lsn: Lsn) => core.versions.at(chain, collection.id, record.key, lsn);
        const before = core.keys.keys(index, at(record.previous));
        const after = core.keys.keys(index, at(record.lsn));
        for (const key of before.filter(old => !after.some(other => other.equals(old)))) {
          const row = idxKey(timeline.id, index.id, key, record.key);
          puts.set(row.toString('latin1'), { table: 'idx', key: row, value: undefined });
        }
        for (const key of after.filter(fresh => !before.some(other => other.equals(fresh)))) {
          const put = this.live(key, record.key, record.lsn);
          puts.set(put.key.toString('latin1'), put);
          if (index.unique) {
            this.added.push(key);
          }
        }
      }
      if (puts.size >= APPLY_RECORDS_MAX || pace.isDue) {
        await core.store.write([...puts.values()]);
        puts = new Map();
        await pace.rest();
      }
    }
    await core.store.write([...puts.values()]);
    this.position = upTo;
    this.count = count;
  }

  /** Looks for keys of several documents. @throws DUPLICATE_KEY */
  async checkUnique(): Promise<void> {
    if (this.suspects.length > TWINS_MAX) {
      this.refuse(this.suspects[0]!);
    }
    if (!this.isLookedThrough) {
      await this.lookThrough();
    }
  }

  /** Looks through the whole index. What its entries were sorted by has not found all keys of several documents. */
  private async lookThrough(): Promise<void> {
    const { store } = this.core;
    const prefix = idxBound(this.timeline.id, this.index.id, Buffer.alloc(0));
    const to = afterPrefix(prefix);
    let from = prefix;
    let last: Buffer | undefined;
    for (;;) {
      const rows = [...store.range('idx', { from, to, limit: APPLY_RECORDS_MAX })];
      for (const { key: row, value } of rows) {
        const key = row.subarray(IDX_PREFIX_BYTES, IDX_PREFIX_BYTES + decodeEntry(value).keyStringLength);
        if (last?.equals(key) === true) {
          this.suspect(key);
        }
        last = key;
      }
      if (rows.length < APPLY_RECORDS_MAX) {
        break;
      }
      from = Buffer.concat([rows.at(-1)!.key, Buffer.of(0)]);
      await nextTurn();
      throwIfAborted(this.options.signal);
    }
    this.isLookedThrough = true;
  }

  /** Looks again at keys that were doubtful or came in since. Those that are left in doubt are looked at again. */
  checkAdded(): void {
    const open = [...this.suspects, ...this.added];
    this.suspects = [];
    this.added = [];
    for (const key of open) {
      if (this.holders(key).length > 1) {
        this.suspect(key);
      }
    }
  }

  /** For whoever holds the writers: what is left in doubt is wrong. @throws DUPLICATE_KEY */
  assertUnique(): void {
    for (const key of this.doubtful()) {
      this.refuse(key);
    }
  }

  /** Keys that several documents have. @throws DUPLICATE_KEY when they are too many to be named */
  doubtful(): readonly Buffer[] {
    this.checkAdded();
    return this.suspects;
  }

  private suspect(key: Buffer): void {
    this.suspects.push(key);
    if (this.suspects.length > TWINS_MAX) {
      this.refuse(key);
    }
  }

  /** Documents with a key, at most two. */
  private holders(key: Buffer): DocKey[] {
    const from = idxBound(this.timeline.id, this.index.id, key);
    return [...this.core.store.range('idx', { from, to: afterPrefix(from), limit: 2 })].map(row =>
      row.key.subarray(IDX_PREFIX_BYTES + key.length)
    );
  }

  /** A document that has a key. */
  imageOf(key: Buffer): Image {
    const { core, timeline, collection } = this;
    const chain = timeline.chain(this.position);
    const image = this.holders(key)
      .map(docKey => core.versions.get(chain, collection.id, docKey))
      .find(found => found !== undefined);
    return image ?? EMPTY_DOCUMENT;
  }

  private refuse(key: Buffer): never {
    const { collection, index } = this;
    throw duplicate(collection, index.name, index.key, this.imageOf(key));
  }
}
