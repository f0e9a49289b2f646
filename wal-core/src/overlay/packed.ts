import type { Image, Lsn, TimelineId } from '../api';
import type { TextRange } from '../image/basewalk';
import { TextRank } from '../image/rank';
import type { DeltaSink, DeltaWalk } from '../image/runwalk';
import { compareBytes, type PageBytes } from '../image/page';
import type { Pace } from '../log/pace';
import type { OverlayEntry } from './overlay';

/** Entries of one piece: packed in one go, so that a change that comes meanwhile is in it or not. */
const PIECE_ENTRIES = 1024;

/** What a piece says of an image: it follows; the document is gone; the state must be asked. */
const HERE = 0;
const GONE = 1;
const ASK = 2;

/**
 * Entries of an overlay in shared memory, sorted: another thread reads them in place. Per entry its LSN, where its
 * timeline, the ends of its key and its image, and what is known of the image; then all keys, then all images.
 */
export interface PackedPiece {
  readonly memory: SharedArrayBuffer;
  readonly entries: number;
}

/** Sorted lists that share no key, each in pieces. */
export type PackedLists = readonly (readonly PackedPiece[])[];

/** Bytes of an entry beside its key and image: LSN, timeline, two ends, what is known. */
const FIXED_BYTES = 8 + 4 + 4 + 4 + 1;

/** Packs sorted lists. They may be fed meanwhile: an entry then tells of a newer version than the state has. */
export async function packed(
  lists: readonly (readonly OverlayEntry[])[],
  pace: Pace
): Promise<{ readonly lists: PackedLists; readonly bytes: number }> {
  const out: PackedPiece[][] = [];
  let bytes = 0;
  for (const list of lists) {
    const pieces: PackedPiece[] = [];
    for (let first = 0; first < list.length; first += PIECE_ENTRIES) {
      const piece = pieceOf(list.slice(first, first + PIECE_ENTRIES));
      bytes += piece.memory.byteLength;
      pieces.push(piece);
      if (pace.isDue) {
        await pace.rest();
      }
    }
    out.push(pieces);
  }
  return { lists: out, bytes };
}

function pieceOf(list: readonly OverlayEntry[]): PackedPiece {
  const count = list.length;
  let size = count * FIXED_BYTES;
  for (const { key, image } of list) {
    size += key.length + (image?.length ?? 0);
  }
  const memory = new SharedArrayBuffer(size);
  const columns = new Columns({ memory, entries: count });
  const { bytes } = columns;
  let at = count * FIXED_BYTES;
  for (let i = 0; i < count; i++) {
    const { key, timeline, lsn } = list[i]!;
    columns.lsns[i] = lsn;
    columns.timelines[i] = timeline;
    at += bytes.write(key, at, 'latin1');
    columns.ends[i] = at;
  }
  for (let i = 0; i < count; i++) {
    const { image } = list[i]!;
    columns.known[i] = image === undefined ? ASK : image === null ? GONE : HERE;
    if (image !== undefined && image !== null) {
      bytes.set(image, at);
      at += image.length;
    }
    columns.ends[count + i] = at;
  }
  return { memory, entries: count };
}

/** The columns of a piece, as views of its memory. */
class Columns {
  readonly entries: number;
  readonly lsns: Float64Array;
  readonly timelines: Uint32Array;
  /** Ends of the keys, then ends of the images. */
  readonly ends: Uint32Array;
  readonly known: Uint8Array;
  readonly bytes: PageBytes;

  constructor({ memory, entries }: PackedPiece) {
    this.entries = entries;
    this.lsns = new Float64Array(memory, 0, entries);
    this.timelines = new Uint32Array(memory, entries * 8, entries);
    this.ends = new Uint32Array(memory, entries * 12, entries * 2);
    this.known = new Uint8Array(memory, entries * 20, entries);
    this.bytes = Buffer.from(memory) as unknown as PageBytes;
  }

  keyStart(i: number): number {
    return i === 0 ? this.entries * FIXED_BYTES : this.ends[i - 1]!;
  }

  keyText(i: number): string {
    return this.bytes.latin1Slice(this.keyStart(i), this.ends[i]!);
  }

  /** Images follow the last key, so that this holds for the first one too. */
  image(i: number): Image {
    const { ends, entries } = this;
    const start = ends[entries + i - 1]!;
    // A copy: who keeps a document must not keep the overlay.
    return Buffer.from(this.bytes.subarray(start, ends[entries + i]));
  }

  /** The first entry whose key is not before `text`; with `past`, the first behind it. */
  placeOf(text: string, past: boolean): number {
    let low = 0;
    let high = this.entries;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const order = compareBytes(this.bytes, this.keyStart(middle), this.ends[middle]!, text);
      if (order < 0 || (past && order === 0)) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}

/** Reads what a packed overlay does not hold. */
export interface PackedReader {
  readonly cap: Lsn;
  /** The newest version up to the cap: the entry is of a later one. */
  before(keyText: string): Image | undefined;
  /** The version of a timeline and an LSN. */
  exact(keyText: string, timeline: TimelineId, lsn: Lsn): Image | undefined;
}

/** The entries of one packed list in a range. */
export class PackedWalk extends TextRank implements DeltaWalk {
  readonly foundPage = undefined;
  readonly foundAt = 0;
  lsn = 0;
  private readonly columns: readonly Columns[];
  /** Piece and entry of the current one, and of the first one that is out of the range. */
  private piece: number;
  private at: number;
  private readonly endPiece: number;
  private readonly endAt: number;

  constructor(
    pieces: readonly PackedPiece[],
    private readonly reader: PackedReader,
    { low, lowInclusive, high, highInclusive }: TextRange,
    private readonly reverse: boolean
  ) {
    super();
    this.columns = pieces.map(piece => new Columns(piece));
    const first = low === undefined ? { piece: 0, at: 0 } : this.placeOf(low, lowInclusive !== true);
    const past =
      high === undefined ? { piece: this.columns.length, at: 0 } : this.placeOf(high, highInclusive === true);
    const isEmpty = past.piece < first.piece || (past.piece === first.piece && past.at <= first.at);
    const start = reverse ? past : first;
    const end = isEmpty ? start : reverse ? first : past;
    ({ piece: this.piece, at: this.at } = start);
    ({ piece: this.endPiece, at: this.endAt } = end);
    if (reverse) {
      this.advance();
    } else {
      this.settle();
    }
  }

  get isThere(): boolean {
    return this.text !== undefined;
  }

  image(): Image | undefined {
    const { reader } = this;
    const columns = this.columns[this.piece]!;
    if (this.lsn > reader.cap) {
      return reader.before(this.text!);
    }
    const known = columns.known[this.at];
    if (known === HERE) {
      return columns.image(this.at);
    }
    return known === GONE
      ? undefined
      : reader.exact(this.text!, columns.timelines[this.at] as TimelineId, this.lsn as Lsn);
  }

  give(sink: DeltaSink): void {
    const image = this.image();
    if (image !== undefined) {
      sink.add(this.text!, image, this.lsn > this.reader.cap ? undefined : this.lsn);
    }
  }

  advance(): void {
    if (!this.reverse) {
      this.at++;
      this.settle();
    } else if (this.piece === this.endPiece && this.at === this.endAt) {
      this.show(undefined);
    } else {
      while (this.at === 0) {
        this.piece--;
        this.at = this.columns[this.piece]!.entries;
      }
      this.at--;
      this.showEntry();
    }
  }

  /** Forwards: from behind the last entry of a piece to the next piece. */
  private settle(): void {
    while (this.piece < this.columns.length && this.at >= this.columns[this.piece]!.entries) {
      this.piece++;
      this.at = 0;
    }
    const isOver =
      this.piece >= this.columns.length ||
      this.piece > this.endPiece ||
      (this.piece === this.endPiece && this.at >= this.endAt);
    if (isOver) {
      this.show(undefined);
    } else {
      this.showEntry();
    }
  }

  private showEntry(): void {
    const columns = this.columns[this.piece]!;
    this.show(columns.keyText(this.at));
    this.lsn = columns.lsns[this.at]!;
  }

  /** The first entry whose key is not before `text`; with `past`, the first behind it. */
  private placeOf(text: string, past: boolean): { piece: number; at: number } {
    for (const [piece, columns] of this.columns.entries()) {
      const at = columns.placeOf(text, past);
      if (at < columns.entries) {
        return { piece, at };
      }
    }
    return { piece: this.columns.length, at: 0 };
  }
}
