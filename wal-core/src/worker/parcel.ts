import type { Parcel } from './messages';

/** Size of a piece: who keeps one document of it keeps no more than this, or than the document. */
const PIECE_BYTES = 32 * 1024;

/** Gathers byte strings for another thread. */
export class Parcels {
  bytes = 0;
  private pieces: Buffer[] = [];
  private counts: number[] = [];
  private lengths: number[] = [];
  private used = 0;

  /** Adds `[start, end)` of some bytes. */
  add(source: Buffer, start = 0, end = source.length): void {
    const length = end - start;
    const last = this.pieces.length - 1;
    let piece = this.pieces[last];
    if (piece === undefined || piece.length - this.used < length) {
      piece = Buffer.allocUnsafeSlow(Math.max(PIECE_BYTES, length));
      this.pieces.push(piece);
      this.counts.push(0);
      this.used = 0;
    }
    source.copy(piece, this.used, start, end);
    this.used += length;
    this.counts[this.counts.length - 1]!++;
    this.lengths.push(length);
    this.bytes += length;
  }

  /** Everything so far, and begins anew. */
  take(): Parcel {
    const parcel = {
      pieces: this.pieces.map(piece => piece.buffer as ArrayBuffer),
      counts: this.counts,
      lengths: Uint32Array.from(this.lengths)
    };
    this.pieces = [];
    this.counts = [];
    this.lengths = [];
    this.used = 0;
    this.bytes = 0;
    return parcel;
  }
}

/** The byte strings of a parcel, in its memory. */
export function unpacked({ pieces, counts, lengths }: Parcel): Buffer[] {
  const found: Buffer[] = [];
  for (const [i, piece] of pieces.entries()) {
    let at = 0;
    for (const end = found.length + counts[i]!; found.length < end;) {
      const length = lengths[found.length]!;
      found.push(Buffer.from(piece, at, length));
      at += length;
    }
  }
  return found;
}

/** A view of bytes that came from another thread. */
export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A copy that owns its memory and may be sent. */
export function owned(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes);
}
