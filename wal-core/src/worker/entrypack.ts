import type { EntryTaker } from './entrystock';

/** Bytes of entries that are handed over at a time. */
const PACK_BYTES = 256 * 1024;
/** Keys of several documents that are named; more are no accident. */
export const TWINS_MAX = 1_000;
const NOTHING = Buffer.alloc(0);

/** Rows of an index in memory that changes hands: of each the whole key, and the length of the KeyString in it. */
export interface PackedEntries {
  readonly bytes: ArrayBuffer;
  readonly ends: Uint32Array;
  readonly keyLengths: Uint16Array;
}

/** Packs entries for another thread, each with a prefix in front, and finds those that share a KeyString when they must not. */
export class EntryPack implements EntryTaker {
  /** KeyStrings of a unique index that entries which followed one another shared; one more than `TWINS_MAX` at most. */
  readonly twins: Uint8Array[] = [];
  private memory = Buffer.allocUnsafeSlow(PACK_BYTES);
  private used = 0;
  private ends: number[] = [];
  private keyLengths: number[] = [];
  private last: Buffer = NOTHING;
  private readonly full: PackedEntries[] = [];

  constructor(
    private readonly prefix: Buffer,
    private readonly isUnique: boolean
  ) {}

  add(bytes: Buffer, start: number, end: number, keyLength: number): void {
    const { prefix } = this;
    const length = prefix.length + end - start;
    if (this.used + length > this.memory.length) {
      this.close(length);
    }
    const { memory } = this;
    const at = this.used;
    const keyStart = at + prefix.length;
    memory.set(prefix, at);
    bytes.copy(memory, keyStart, start, end);
    this.used = at + length;
    this.ends.push(this.used);
    this.keyLengths.push(keyLength);
    if (this.isUnique) {
      const key = memory.subarray(keyStart, keyStart + keyLength);
      if (this.last.length === keyLength && this.last.equals(key) && this.twins.length <= TWINS_MAX) {
        this.twins.push(Uint8Array.from(key));
      }
      this.last = key;
    }
  }

  private close(room: number): void {
    if (this.used === 0) {
      this.memory = Buffer.allocUnsafeSlow(Math.max(PACK_BYTES, room));
      return;
    }
    this.last = Buffer.from(this.last);
    const { memory, used } = this;
    const bytes = memory.buffer;
    this.full.push({
      bytes: used < memory.length / 2 ? bytes.slice(0, used) : bytes,
      ends: Uint32Array.from(this.ends),
      keyLengths: Uint16Array.from(this.keyLengths)
    });
    this.memory = Buffer.allocUnsafeSlow(Math.max(PACK_BYTES, room));
    this.used = 0;
    this.ends = [];
    this.keyLengths = [];
  }

  /** Whether there is a full one to be taken. */
  get isReady(): boolean {
    return this.full.length > 0;
  }

  /** The next full one. */
  take(): PackedEntries | undefined {
    return this.full.shift();
  }

  /** Nothing more comes: what is left can be taken. */
  end(): void {
    this.close(0);
  }
}
