/** The smallest piece of memory that is asked for, and the largest that is kept for later transactions, in bytes. */
const ARENA_BYTES_MIN = 64 * 1024;
const KEPT_BYTES_MAX = 4 * 1024 * 1024;

/** What lmdb reads of a value that is a part of a larger buffer: where it starts and ends in there. */
interface Window extends Buffer {
  start: number;
  end: number;
}

/**
 * Memory for the values of transactions. LMDB reads a value until its transaction is committed, and an object for each
 * value costs more than its bytes: the values of a transaction lie in one buffer, which the next one uses again.
 */
export class Arenas {
  private spare: Arena | undefined;

  /** Memory for so many bytes, from one transaction at a time. */
  take(bytes: number): Arena {
    const { spare } = this;
    if (spare !== undefined && spare.capacity >= bytes) {
      this.spare = undefined;
      spare.clear();
      return spare;
    }
    return new Arena(Math.max(bytes, ARENA_BYTES_MIN));
  }

  /** Gives memory back whose transaction is committed: LMDB does not read from it any more. */
  give(arena: Arena): void {
    if (arena.capacity <= KEPT_BYTES_MAX && arena.capacity >= (this.spare?.capacity ?? 0)) {
      this.spare = arena;
    }
  }
}

export class Arena {
  private readonly bytes: Window;
  private used = 0;

  constructor(readonly capacity: number) {
    // A memory of its own, from its first byte on: lmdb counts `start` from there.
    this.bytes = Object.assign(Buffer.allocUnsafeSlow(capacity), { start: 0, end: 0 });
  }

  clear(): void {
    this.used = 0;
  }

  /** Room for the next value; what lmdb is handed to store what is written there. It must be handed over before the next. */
  next(length: number): Window {
    const { bytes } = this;
    bytes.start = this.used;
    this.used += length;
    bytes.end = this.used;
    return bytes;
  }
}
