import type { CollectionInfo, DocKey, IndexInfo, Lsn } from '../api';
import type { Project, Timeline } from '../branch/model';
import { decodeEntry, encodeEntry, LIVE } from '../index/entry';
import { APPLY_RECORDS_MAX } from '../limits';
import { nextTurn, Pace } from '../log/pace';
import { afterPrefix, idxBound, idxKey } from '../store/keys';
import type { Put } from '../store/store';
import { duplicate } from '../write/refusals';
import type { Core } from './core';

const IDX_PREFIX_BYTES = 8;
/** Keys that more than one document had for a while; more of them are no accident. */
const SUSPECTS_MAX = 1_000;

/**
 * Fills an index that no state knows yet, beside writers: from a snapshot, and then change by change up to the newest.
 * Only when it is complete does the catalog name it. Its rows say since which LSN a document has a key, or an earlier
 * one: nobody reads the index at an LSN before it was made.
 */
export class IndexBuild {
  /** Everything up to here is in the index. */
  private position = 0 as Lsn;
  /** Changes of the timeline itself up to there. */
  private count = 0;
  private suspects: Buffer[] = [];
  /** Keys that came in after the whole index was found to be unique. */
  private added: Buffer[] | undefined;

  constructor(
    private readonly core: Core,
    private readonly timeline: Timeline,
    readonly collection: CollectionInfo,
    private readonly index: IndexInfo
  ) {}

  /** Changes of the timeline that are durable and not yet looked at. */
  get behind(): number {
    return this.timeline.durableCount - this.count;
  }

  /** Takes in every document of the newest state. @throws DOCUMENT_INVALID */
  async fill(project: Project): Promise<void> {
    const { core, index, timeline } = this;
    this.count = timeline.durableCount;
    this.position = timeline.durableHead;
    const head = core.snapshot(project, timeline, this.position);
    const pace = new Pace();
    for await (const { keys, images } of head.scan(this.collection)) {
      let puts: Put[] = [];
      for (const [i, docKey] of keys.entries()) {
        for (const key of core.keys.keys(index, images[i])) {
          puts.push(this.live(key, docKey, head.lsn));
        }
        if (puts.length >= APPLY_RECORDS_MAX) {
          await core.store.write(puts);
          puts = [];
        }
        if (pace.isDue) {
          await pace.rest();
        }
      }
      await core.store.write(puts);
      if (core.registry.timeline(timeline.id) !== timeline) {
        return;
      }
    }
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
    const pace = new Pace();
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
          this.added?.push(key);
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

  /** Looks through the whole index for keys of several documents. @throws DUPLICATE_KEY */
  async checkUnique(): Promise<void> {
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
    }
    this.added = [];
  }

  /** Looks again at keys that were doubtful or came in since. Those that are left in doubt are looked at again. */
  checkAdded(): void {
    if (this.added === undefined) {
      return;
    }
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
    this.checkAdded();
    for (const key of this.suspects) {
      this.refuse(key);
    }
  }

  private suspect(key: Buffer): void {
    this.suspects.push(key);
    if (this.suspects.length > SUSPECTS_MAX) {
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

  private refuse(key: Buffer): never {
    const { core, timeline, collection, index } = this;
    const chain = timeline.chain(this.position);
    const image = this.holders(key)
      .map(docKey => core.versions.get(chain, collection.id, docKey))
      .find(found => found !== undefined);
    throw duplicate(collection, index.name, index.key, image ?? Buffer.from([5, 0, 0, 0, 0]));
  }
}
