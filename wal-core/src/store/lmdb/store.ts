import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Database, open, type RootDatabase } from 'lmdb';
import { type OrderedStore, type Put, type RangeOptions, type Row, type TableName, TABLES } from '../store';
import { KEY_BYTES, VALUE_BYTES } from './buffers';
import { Walker } from './walker';

/** Address space reserved for the map; the file grows only as it is filled. */
const MAP_BYTES = 512 * 1024 * 1024 * 1024;

interface Table {
  readonly database: Database<Buffer, Buffer>;
  readonly forwards: Walker;
  readonly backwards: Walker;
}

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
      const options = { name, keyEncoder: KEY_BYTES, encoder: VALUE_BYTES };
      const database = root.openDB<Buffer, Buffer>(options);
      tables[name] = {
        database,
        forwards: new Walker(database, false),
        backwards: new Walker(database, true)
      };
    }
    this.tables = tables;
  }

  static open(directory: string): LmdbStore {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const root = this.openRoot(directory, false);
    root.readerCheck();
    return new LmdbStore(root, directory);
  }

  /** The same store for another thread of the process, which only reads. */
  static openReader(directory: string): LmdbStore {
    return new LmdbStore(this.openRoot(directory, true), directory);
  }

  private static openRoot(directory: string, readOnly: boolean): RootDatabase<Buffer, Buffer> {
    const options = {
      path: directory,
      mapSize: MAP_BYTES,
      maxDbs: 16,
      pageSize: 4096,
      keyEncoder: KEY_BYTES,
      encoder: VALUE_BYTES,
      overlappingSync: true,
      separateFlushed: true,
      safeRestore: true,
      readOnly
    } as const;
    return open<Buffer, Buffer>(options);
  }

  /** Later reads see what was written meanwhile by another thread. */
  refresh(): void {
    this.root.resetReadTxn();
  }

  get(table: TableName, key: Buffer): Buffer | undefined {
    return this.tables[table].database.get(key);
  }

  first(table: TableName, from: Buffer, to: Buffer): Row | undefined {
    return this.tables[table].forwards.first(from, to);
  }

  last(table: TableName, from: Buffer, to: Buffer): Row | undefined {
    return this.tables[table].backwards.first(from, to);
  }

  range(table: TableName, { from, to, reverse = false, limit = Infinity }: RangeOptions): Iterable<Row> {
    const { forwards, backwards } = this.tables[table];
    const walker = reverse ? backwards : forwards;
    return { [Symbol.iterator]: () => walker.rows(from, to, limit) };
  }

  async write(puts: readonly Put[]): Promise<void> {
    if (puts.length === 0) {
      return;
    }
    let last: Promise<boolean> | undefined;
    for (const { table, key, value } of puts) {
      const { database } = this.tables[table];
      last = value === undefined ? database.remove(key) : database.put(key, value);
    }
    await last;
    this.root.resetReadTxn();
  }

  async flushed(): Promise<void> {
    await this.root.flushed;
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
