import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Database, open, type RootDatabase, type Transaction } from 'lmdb';
import { ArgonError } from '../../errors';
import { type OrderedStore, type Put, type RangeOptions, type Row, type TableName, TABLES } from '../store';
import { type Arena, Arenas } from './arena';
import { KEY_BYTES, SummedValues, VALUE_BYTES } from './buffers';
import { checkTrees } from './check';
import { markDamaged } from './damage';
import { PageDamage, PageFile } from './pages';
import { assertRoom } from './room';
import { Walker } from './walker';

/** Address space reserved for the map; the file grows only as it is filled. A state with another is made anew. */
const MAP_BYTES = 512 * 1024 * 1024 * 1024;

/** A transaction on its way. */
interface Begun {
  readonly last: Promise<boolean> | undefined;
  readonly arena: Arena;
}

/** Messages of errors in reads that say nothing about the file. */
const NO_DAMAGE = /MDB_READERS_FULL|MDB_MAP_FULL|allocate memory|Too many open files|closed/;

/** Messages of errors at the opening of a file that was damaged. */
const REFUSED = /MDB_INVALID|MDB_CORRUPTED|MDB_PAGE_NOTFOUND|MDB_INCOMPATIBLE/;

/** The file of a store, in its folder. */
export const DATA_FILE = 'data.mdb';

/** Pages at the start of the file that belong to no tree. */
const META_PAGES = 2;

/** What LMDB tells of one tree. */
interface TreeStats {
  readonly treeBranchPageCount: number;
  readonly treeLeafPageCount: number;
  readonly overflowPages: number;
}

function pagesOf({ treeBranchPageCount, treeLeafPageCount, overflowPages }: TreeStats): number {
  return treeBranchPageCount + treeLeafPageCount + overflowPages;
}

interface Table {
  readonly database: Database<Buffer, Buffer>;
  readonly forwards: Walker;
  readonly backwards: Walker;
}

/**
 * The store in LMDB. Commits are flushed in the background: the log is the truth, and after a
 * power loss the map is simply older and replayed from its own `applied` marker.
 *
 * Each row has a checksum over its key and value. A row that does not fit its own, or that lies before the start of the
 * walk that met it, is never handed out: every read may throw DATA_CORRUPT. What a checksum of rows cannot show is a
 * row that is not met at all, because the tree above it was damaged: `openState` and `damage` look for that.
 */
export class LmdbStore implements OrderedStore {
  private readonly tables: Readonly<Record<TableName, Table>>;
  private readonly values = new SummedValues();
  /** What holds states that are being checked. */
  private readonly held = new Set<Transaction>();
  private readonly arenas = new Arenas();
  private isClosed = false;

  private constructor(
    private readonly root: RootDatabase<Buffer, Buffer>,
    private readonly directory: string
  ) {
    const tables = {} as Record<TableName, Table>;
    for (const name of TABLES) {
      const options = { name, keyEncoder: KEY_BYTES, encoder: this.values };
      const database = root.openDB<Buffer, Buffer>(options);
      const guard = {
        row: ({ key }: Row, isInOrder: boolean) => {
          if (!isInOrder || !this.values.fits(key)) {
            throw this.damaged(name, key);
          }
        },
        fault: (error: unknown) => this.fault(name, error)
      };
      tables[name] = {
        database,
        forwards: new Walker(database, false, guard),
        backwards: new Walker(database, true, guard)
      };
    }
    this.tables = tables;
  }

  static open(directory: string): LmdbStore {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    return this.opened(directory, false);
  }

  /**
   * What is wrong with the closed file of a folder, if anything; `sumsBytesMax`: a larger file is not read whole, but its
   * branches only. Nothing of LMDB touches the file, which could end the process.
   */
  static damageOf(directory: string, sumsBytesMax: number): string | undefined {
    const path = join(directory, DATA_FILE);
    if (!existsSync(path)) {
      return undefined;
    }
    const file = new PageFile(path);
    try {
      const sums = file.bytes > sumsBytesMax ? undefined : new SummedValues();
      const steps =
        file.bytes === 0 ? undefined : checkTrees(file, { meta: file.firstMeta(MAP_BYTES), sums });
      while (steps?.next().done === false);
      return undefined;
    } catch (error) {
      if (error instanceof PageDamage) {
        return error.message;
      }
      throw error;
    } finally {
      file.close();
    }
  }

  /** The same store for another thread of the process, which only reads. */
  static openReader(directory: string): LmdbStore {
    return this.opened(directory, true);
  }

  /** @throws DATA_CORRUPT for a file that LMDB refuses; the next start makes the state anew */
  private static opened(directory: string, readOnly: boolean): LmdbStore {
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
    try {
      const root = open<Buffer, Buffer>(options);
      if (!readOnly) {
        root.readerCheck();
      }
      return new LmdbStore(root, directory);
    } catch (error) {
      if (error instanceof Error && REFUSED.test(error.message)) {
        markDamaged(directory);
        throw new ArgonError(
          'DATA_CORRUPT',
          'The state is damaged. The log has everything that is in it: start Argon again, and it is made anew.',
          { data: { file: 'state' }, cause: error }
        );
      }
      throw error;
    }
  }

  /** Later reads see what was written meanwhile by another thread. */
  refresh(): void {
    this.root.resetReadTxn();
  }

  distrust(): void {
    markDamaged(this.directory);
  }

  private damaged(table: TableName, key?: Buffer, cause?: unknown): ArgonError {
    this.distrust();
    return new ArgonError(
      'DATA_CORRUPT',
      `The state (${table}) is damaged. The log has everything that is in it: start Argon again, and it is made anew.`,
      {
        data: { file: 'state', table, ...(key === undefined ? {} : { key: key.toString('hex') }) },
        ...(cause === undefined ? {} : { cause })
      }
    );
  }

  /** An error of LMDB while rows are read: it met a page that cannot be one. */
  private fault(table: TableName, error: unknown): never {
    const isDamage = error instanceof Error && !this.isClosed && !NO_DAMAGE.test(error.message);
    throw isDamage ? this.damaged(table, undefined, error) : error;
  }

  /** The number in a row of format 1, whose rows had no checksums: four bytes and nothing else. */
  bareNumber(table: TableName, key: Buffer): number | undefined {
    const value = this.tables[table].database.get(key);
    return value?.length === 0 ? this.values.last : undefined;
  }

  get(table: TableName, key: Buffer): Buffer | undefined {
    let value: Buffer | undefined;
    try {
      value = this.tables[table].database.get(key);
    } catch (error) {
      this.fault(table, error);
    }
    if (value !== undefined && !this.values.fits(key)) {
      throw this.damaged(table, key);
    }
    return value;
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

  write(puts: readonly Put[]): Promise<void> {
    if (puts.length === 0) {
      return Promise.resolve();
    }
    try {
      assertRoom(this.directory, puts.length);
      return this.committed(this.begin(puts));
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** Waits for a transaction. The rows are not held meanwhile: LMDB has all that it needs of them. */
  private async committed({ last, arena }: Begun): Promise<void> {
    await last;
    this.arenas.give(arena);
    this.root.resetReadTxn();
  }

  /** Hands rows over; they go into one transaction because nothing comes between them. */
  private begin(puts: readonly Put[]): Begun {
    const { values } = this;
    let bytes = 0;
    for (const { value } of puts) {
      bytes += value === undefined ? 0 : values.sealedBytes(value);
    }
    const arena = this.arenas.take(bytes);
    let last: Promise<boolean> | undefined;
    for (const { table, key, value } of puts) {
      const { database } = this.tables[table];
      if (value === undefined) {
        last = database.remove(key);
      } else {
        const sealed = arena.next(values.sealedBytes(value));
        values.seal(key, value, sealed, sealed.start);
        last = database.put(key, sealed);
      }
    }
    return { last, arena };
  }

  async flushed(): Promise<void> {
    await this.root.flushed;
  }

  bytes(): number {
    try {
      return statSync(join(this.directory, DATA_FILE)).blocks * 512;
    } catch {
      return 0;
    }
  }

  freeBytes(): number {
    const {
      root: _,
      free,
      pageSize,
      lastPageNumber,
      ...main
    } = this.root.getStats() as TreeStats & {
      readonly root: unknown;
      readonly free: TreeStats;
      readonly pageSize: number;
      readonly lastPageNumber: number;
    };
    const trees = [main, free, ...TABLES.map(name => this.tables[name].database.getStats() as TreeStats)];
    const used = trees.reduce((sum, tree) => sum + pagesOf(tree), META_PAGES);
    return Math.max(0, lastPageNumber + 1 - used) * pageSize;
  }

  *damage(): Generator<number, string | undefined> {
    const transaction = this.root.useReadTransaction();
    this.held.add(transaction);
    const file = new PageFile(join(this.directory, DATA_FILE));
    try {
      // What is newer than the state held is not older than it, so its pages are held too.
      yield* checkTrees(file, { meta: file.newestMeta(MAP_BYTES), sums: this.values });
      return undefined;
    } catch (error) {
      if (!(error instanceof PageDamage)) {
        throw error;
      }
      this.distrust();
      return error.message;
    } finally {
      file.close();
      if (this.held.delete(transaction)) {
        transaction.done();
      }
    }
  }

  /** Writes everything into a new file in an empty folder, without free pages. Whoever calls it brings that to the disk. */
  copyTo(folder: string): Promise<void> {
    return this.root.backup(folder, true);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    for (const transaction of this.held) {
      transaction.done();
    }
    this.held.clear();
    await this.root.flushed;
    await this.root.close();
  }
}
