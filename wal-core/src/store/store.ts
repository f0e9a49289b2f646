/**
 * What the engine asks of an ordered key-value store. Keys and values are byte strings; keys are
 * at most 1,978 bytes and sort by memcmp. A batch is applied whole or not at all, and is seen by
 * every read that starts after its promise resolved. Reads are synchronous and hold nothing open
 * between calls; a row that is not as it was written is never answered, but thrown as DATA_CORRUPT.
 */
export type TableName = 'line' | 'ver' | 'idx' | 'idxh' | 'img' | 'meta';
export const TABLES: readonly TableName[] = ['line', 'ver', 'idx', 'idxh', 'img', 'meta'];

export interface Row {
  readonly key: Buffer;
  readonly value: Buffer;
}

export interface RangeOptions {
  /** Inclusive lower end. */
  readonly from: Buffer;
  /** Exclusive upper end. */
  readonly to: Buffer;
  readonly reverse?: boolean;
  readonly limit?: number;
}

export interface Put {
  readonly table: TableName;
  readonly key: Buffer;
  /** Undefined deletes the key. */
  readonly value: Buffer | undefined;
}

export interface OrderedStore {
  get(table: TableName, key: Buffer): Buffer | undefined;
  /** The first row of `[from, to)`. */
  first(table: TableName, from: Buffer, to: Buffer): Row | undefined;
  /** The last row of `[from, to)`. */
  last(table: TableName, from: Buffer, to: Buffer): Row | undefined;
  /** Rows of `[from, to)` in key order (or backwards). Stop early by returning from the loop. */
  range(table: TableName, options: RangeOptions): Iterable<Row>;
  /** Applies the puts in one transaction; resolves when later reads see it. Values must not be changed afterwards. */
  write(puts: readonly Put[]): Promise<void>;
  /** Resolves when everything written so far is on disk. */
  flushed(): Promise<void>;
  /** Remembers that rows which must be there are not: the next start makes the state anew. */
  distrust(): void;
  /**
   * Checks that every row is met that should be, and that each is as it was written. Yields from time to time; ends with
   * what is wrong, if anything, and remembers it as `distrust` does. What is written meanwhile is not looked at.
   */
  damage(): Generator<number, string | undefined>;
  /** Bytes on disk. */
  bytes(): number;
  /** Those of them that hold nothing and are used before it grows. */
  freeBytes(): number;
  close(): Promise<void>;
}
