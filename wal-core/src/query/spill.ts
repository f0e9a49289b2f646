import { closeSync, mkdirSync, openSync, readSync, rmSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { int32At } from '../bson';
import type { Spill } from './api';

const READ_BYTES = 256 * 1024;
const WRITE_BYTES = 1024 * 1024;

/**
 * A file on disk for what does not fit into memory. Its name goes as soon as it is open, so that nothing of it is left
 * whatever becomes of the process; where a system does not let an open file go, it goes when it is closed.
 */
export function openSpill(directory: string): Spill {
  mkdirSync(directory, { recursive: true });
  const path = join(directory, `spill-${randomUUID()}`);
  const file = openSync(path, 'wx+', 0o600);
  let isNamed = false;
  try {
    unlinkSync(path);
  } catch {
    isNamed = true;
  }
  let end = 0;
  let isOpen = true;
  return {
    get bytes() {
      return end;
    },
    append(bytes) {
      const at = end;
      for (let done = 0; done < bytes.length;) {
        done += writeSync(file, bytes, done, bytes.length - done, end + done);
      }
      end += bytes.length;
      return at;
    },
    read(at, target) {
      let done = 0;
      while (done < target.length) {
        const n = readSync(file, target, done, target.length - done, at + done);
        if (n === 0) break;
        done += n;
      }
      return done;
    },
    close() {
      if (!isOpen) return;
      isOpen = false;
      closeSync(file);
      if (isNamed) rmSync(path, { force: true });
    }
  };
}

/** Documents written one behind the other into one stretch of a spill, or several. */
export class SpilledDocuments {
  private readonly stretches: { readonly at: number; readonly length: number }[] = [];
  private waiting: Buffer[] = [];
  private waitingBytes = 0;

  constructor(private readonly spill: Spill) {}

  push(doc: Buffer): void {
    this.waiting.push(doc);
    this.waitingBytes += doc.length;
    if (this.waitingBytes >= WRITE_BYTES) this.flush();
  }

  /** Writes what waits in memory. */
  flush(): void {
    if (this.waitingBytes === 0) return;
    const at = this.spill.append(Buffer.concat(this.waiting));
    this.stretches.push({ at, length: this.waitingBytes });
    this.waiting = [];
    this.waitingBytes = 0;
  }

  get isEmpty(): boolean {
    return this.stretches.length === 0 && this.waitingBytes === 0;
  }

  /** The documents in the order they came, read in pieces; a long one at once. */
  *documents(): Generator<Buffer> {
    this.flush();
    for (const { at, length } of this.stretches) {
      let rest: Buffer = Buffer.alloc(0);
      for (let read = 0; read < length;) {
        const missing = rest.length < 4 ? 0 : int32At(rest, 0) - rest.length;
        const count = Math.min(Math.max(READ_BYTES, missing), length - read);
        const piece = Buffer.allocUnsafe(rest.length + count);
        rest.copy(piece);
        if (this.spill.read(at + read, piece.subarray(rest.length)) < count) {
          throw new RangeError('a spilled document was cut off');
        }
        read += count;
        let start = 0;
        while (piece.length - start >= 4) {
          const size = int32At(piece, start);
          if (piece.length - start < size) break;
          yield piece.subarray(start, start + size);
          start += size;
        }
        rest = piece.subarray(start);
      }
    }
  }
}
