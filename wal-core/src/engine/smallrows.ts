import type { ControlRecord } from '../log/frame';
import { afterPrefix, META_PREFIX_BYTES, metaKey, TABLE } from '../store/keys';
import type { OrderedStore } from '../store/store';

/**
 * Rows of the retry table and of values. One that is durable is found at once: those that the state does not have yet
 * are kept here until it has them.
 */
export class SmallRows {
  private readonly recent = new Map<string, ControlRecord>();

  constructor(private readonly store: OrderedStore) {}

  /** Takes note of rows that are on disk. */
  durable(rows: readonly ControlRecord[]): void {
    for (const row of rows) {
      if (row.table === TABLE.retry || row.table === TABLE.value) {
        this.recent.set(recentName(row), row);
      }
    }
  }

  /** Takes note of rows that the state has. */
  applied(rows: readonly ControlRecord[]): void {
    for (const row of rows) {
      if (row.table === TABLE.retry || row.table === TABLE.value) {
        const name = recentName(row);
        if (this.recent.get(name) === row) {
          this.recent.delete(name);
        }
      }
    }
  }

  /** A row of a small table by its text key: on disk, applied or not. */
  get(table: number, key: string): Buffer | undefined {
    const waiting = this.recent.get(`${table} ${key}`);
    return waiting === undefined
      ? this.store.get('meta', metaKey(table, 0, Buffer.from(key)))
      : waiting.value;
  }

  all(table: number, prefix: string): { key: string; value: Buffer }[] {
    const from = metaKey(table, 0, Buffer.from(prefix));
    const found = new Map<string, Buffer>();
    for (const { key, value } of this.store.range('meta', { from, to: afterPrefix(from) })) {
      found.set(key.toString('utf8', META_PREFIX_BYTES), value);
    }
    for (const record of this.recent.values()) {
      const key = record.key.toString('utf8');
      if (record.table === table && key.startsWith(prefix)) {
        if (record.value === undefined) {
          found.delete(key);
        } else {
          found.set(key, record.value);
        }
      }
    }
    return [...found].map(([key, value]) => ({ key, value }));
  }
}

function recentName({ table, key }: ControlRecord): string {
  return `${table} ${key.toString('utf8')}`;
}
