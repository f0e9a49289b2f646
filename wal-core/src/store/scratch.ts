import type { Row } from './store';

/**
 * A sorted map from bytes to bytes that is needed for a while: keys of a plan, of a large transaction. It is held in
 * memory while it is small and goes to a file when it is not. Nothing of it outlives the engine.
 */
export interface Scratch {
  /** Number of `set` calls that met a new key, as far as memory can tell; never less than the number of keys. */
  readonly size: number;
  get(key: Buffer): Buffer | undefined;
  /** Neither buffer may be changed afterwards. */
  set(key: Buffer, value: Buffer): void;
  /** Whether so much is in memory that `relieve` should be awaited. */
  readonly isHeavy: boolean;
  /** Moves what is in memory to the file. */
  relieve(): Promise<void>;
  /** Rows of `[from, to)` in key order. It may be changed and awaited in between: rows set meanwhile may be met or not. */
  rows(from?: Buffer, to?: Buffer): Generator<Row>;
  /** Gives the file back, once no walk over its rows is under way. */
  close(): void;
}

/** Makes scratch maps in one place. */
export interface ScratchRoom {
  make(): Scratch;
  /** Removes every file. No map may be used any more. */
  close(): Promise<void>;
}
