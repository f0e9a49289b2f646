import { closeSync, mkdirSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { CollectionId } from '../api';
import { type ChangedKey, type ChangedKeys, rowKey } from '../diff/changed';
import { readVersions } from '../diff/sides';
import { u32 } from '../store/keys';
import { type ChangeRow, rowsIn, RowWriter } from './changerows';
import type { ChangeBlock } from './messages';
import { bufferOf, owned } from './parcel';

/** Rows are read in blocks of about this size. */
const BLOCK_BYTES = 32 * 1024;
const COLLECTION_BYTES = 4;
const NOTHING = Buffer.alloc(0);

/** Writes rows in key order into a file for another thread. */
export class ChangeFile {
  readonly blocks: ChangeBlock[] = [];
  private readonly ids = new Set<CollectionId>();
  private readonly file: number;
  private readonly writer = new RowWriter();
  private first: Buffer | undefined;
  private end = 0;

  constructor(path: string) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    this.file = openSync(path, 'wx', 0o600);
  }

  get collections(): readonly CollectionId[] {
    return [...this.ids];
  }

  add(row: ChangeRow): void {
    this.first ??= row.key;
    this.ids.add(row.key.readUInt32BE(0) as CollectionId);
    this.writer.add(row);
    if (this.writer.bytes >= BLOCK_BYTES) {
      this.flush();
    }
  }

  /** Writes what is left. */
  flush(): void {
    if (this.first === undefined) {
      return;
    }
    const bytes = this.writer.take();
    for (let done = 0; done < bytes.length;) {
      done += writeSync(this.file, bytes, done, bytes.length - done, this.end + done);
    }
    this.blocks.push({ at: this.end, bytes: bytes.length, first: owned(this.first) });
    this.end += bytes.length;
    this.first = undefined;
  }

  close(): void {
    closeSync(this.file);
  }
}

/** The keys in a file that another thread has written. Its name goes at once, so that nothing of it stays. */
export class FileKeys implements ChangedKeys {
  private readonly file: number;
  private users = 1;

  constructor(
    private readonly path: string,
    private readonly blocks: readonly ChangeBlock[],
    private readonly ids: readonly CollectionId[]
  ) {
    this.file = openSync(path, 'r');
    try {
      rmSync(path);
    } catch {
      // Where a system does not let an open file go, it goes when it is closed.
    }
  }

  collections(): readonly CollectionId[] {
    return this.ids;
  }

  *keys(collection: CollectionId, from: Buffer = NOTHING): Generator<ChangedKey> {
    const start = rowKey(collection, from);
    const end = u32(collection + 1);
    for (let i = this.blockOf(start); i < this.blocks.length; i++) {
      for (const { key, value } of rowsIn(this.read(this.blocks[i]!))) {
        if (Buffer.compare(key, end) >= 0) {
          return;
        }
        if (Buffer.compare(key, start) >= 0) {
          yield { key: key.subarray(COLLECTION_BYTES), versions: readVersions(value) };
        }
      }
    }
  }

  /** The last block that does not begin behind `row`, or the first. */
  private blockOf(row: Buffer): number {
    let low = 0;
    let high = this.blocks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (Buffer.compare(bufferOf(this.blocks[middle]!.first), row) <= 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return Math.max(0, low - 1);
  }

  private read({ at, bytes }: ChangeBlock): Buffer {
    const block = Buffer.allocUnsafe(bytes);
    for (let done = 0; done < bytes;) {
      const count = readSync(this.file, block, done, bytes - done, at + done);
      if (count === 0) {
        throw new RangeError('a file of changes was cut off');
      }
      done += count;
    }
    return block;
  }

  retain(): this {
    this.users++;
    return this;
  }

  release(): void {
    if (--this.users === 0) {
      closeSync(this.file);
      rmSync(this.path, { force: true });
    }
  }
}
