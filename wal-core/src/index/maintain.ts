import type { DocKey, IndexInfo, Lsn } from '../api';
import type { Timeline } from '../branch/model';
import { idxhKey, idxKey } from '../store/keys';
import type { OrderedStore, Put } from '../store/store';
import { decodeEntry, encodeEntry, GONE, LIVE } from './entry';

/**
 * Index rows of one apply batch. Rows written earlier in the batch are not in the store yet, so
 * they are looked up here first.
 */
export class IndexWriter {
  private readonly staged = new Map<string, { key: Buffer; value: Buffer | undefined }>();
  private readonly dead: Put[] = [];

  constructor(private readonly store: OrderedStore) {}

  /** A document's keys in an index changed at `lsn`. */
  change(
    timeline: Timeline,
    index: IndexInfo,
    docKey: DocKey,
    before: readonly Buffer[],
    after: readonly Buffer[],
    lsn: Lsn
  ): void {
    for (const key of before) {
      if (!after.some(other => other.equals(key))) {
        this.remove(timeline, index, key, docKey, lsn);
      }
    }
    for (const key of after) {
      if (!before.some(other => other.equals(key))) {
        this.add(timeline, index, key, docKey, lsn);
      }
    }
  }

  /** The document has the key from `lsn` on. */
  add(timeline: Timeline, index: IndexInfo, key: Buffer, docKey: DocKey, lsn: Lsn): void {
    const row = idxKey(timeline.id, index.id, key, docKey);
    const known = this.get(row);
    if (known !== undefined) {
      const entry = decodeEntry(known);
      if (entry.kind === LIVE) {
        return;
      }
      this.bury(timeline, index, key, docKey, known, lsn);
    }
    this.set(row, encodeEntry(LIVE, lsn, key.length));
  }

  private remove(timeline: Timeline, index: IndexInfo, key: Buffer, docKey: DocKey, lsn: Lsn): void {
    const row = idxKey(timeline.id, index.id, key, docKey);
    const known = this.get(row);
    if (known !== undefined) {
      if (decodeEntry(known).kind === GONE) {
        return;
      }
      this.bury(timeline, index, key, docKey, known, lsn);
    }
    // On a branch an ancestor may hold the entry too: a mark masks it.
    this.set(row, timeline.parent === undefined ? undefined : encodeEntry(GONE, lsn, key.length));
  }

  /** The row was valid until `to`: it goes to the history. */
  private bury(
    timeline: Timeline,
    index: IndexInfo,
    key: Buffer,
    docKey: DocKey,
    value: Buffer,
    to: Lsn
  ): void {
    const { from } = decodeEntry(value);
    if (from < to) {
      this.dead.push({ table: 'idxh', key: idxhKey(timeline.id, index.id, key, docKey, from, to), value });
    }
  }

  private get(row: Buffer): Buffer | undefined {
    const staged = this.staged.get(row.toString('latin1'));
    return staged === undefined ? this.store.get('idx', row) : staged.value;
  }

  private set(row: Buffer, value: Buffer | undefined): void {
    this.staged.set(row.toString('latin1'), { key: row, value });
  }

  /** All rows of the batch. */
  puts(): Put[] {
    const live = [...this.staged.values()].map(({ key, value }): Put => ({ table: 'idx', key, value }));
    return [...live, ...this.dead];
  }
}
