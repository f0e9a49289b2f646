import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Database, open, type RootDatabase } from 'lmdb';
import { type OrderedStore, type Put, type RangeOptions, type Row, type TableName, TABLES } from '../store';

/** Address space reserved for the map; the file grows only as it is filled. */
const MAP_BYTES = 512 * 1024 * 1024 * 1024;

type Table = Database<Buffer, Buffer>;

/**
 * The store in LMDB. Commits are flushed in the background: the log is the truth, and after a
 * power loss the map is simply older and replayed from its own `applied` marker.
 */
export class LmdbStore implements OrderedStore {
  private readonly tables: Readonly<Record<TableName, Table>>;

  private constructor(
    private readonly root: RootDatabase<Buffer, Buffer>,
    private readonly directory: string
  ) {
    const tables = {} as Record<TableName, Table>;
    for (const name of TABLES) {
      tables[name] = root.openDB<Buffer, Buffer>({ name, keyEncoding: 'binary', encoding: 'binary' });
    }
    this.tables = tables;
  }

  static open(directory: string): LmdbStore {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const options = {
      path: directory,
      mapSize: MAP_BYTES,
      maxDbs: 16,
      pageSize: 4096,
      keyEncoding: 'binary',
      encoding: 'binary',
      overlappingSync: true,
      separateFlushed: true,
      safeRestore: true
    } as const;
    const root = open<Buffer, Buffer>(options);
    root.readerCheck();
    return new LmdbStore(root, directory);
  }

  get(table: TableName, key: Buffer): Buffer | undefined {
    return this.tables[table].getBinary(key);
  }

  range(table: TableName, options: RangeOptions): Iterable<Row> {
    const { from, to, reverse = false, limit } = options;
    const bounds = reverse
      ? // lmdb walks (end, start] backwards; our ends are [from, to).
        { start: to, end: from, reverse: true, exclusiveStart: true, inclusiveEnd: true }
      : { start: from, end: to };
    return this.tables[table].getRange(limit === undefined ? bounds : { ...bounds, limit });
  }

  async write(puts: readonly Put[]): Promise<void> {
    if (puts.length === 0) {
      return;
    }
    let last: Promise<boolean> | undefined;
    for (const put of puts) {
      const table = this.tables[put.table];
      last = put.value === undefined ? table.remove(put.key) : table.put(put.key, put.value);
    }
    await last;
    this.root.resetReadTxn();
  }

  bytes(): number {
    try {
      return statSync(join(this.directory, 'data.mdb')).blocks * 512;
    } catch {
      return 0;
    }
  }

  async close(): Promise<void> {
    await this.root.flushed;
    await this.root.close();
  }
}
