import { crc32c } from '@node-rs/crc32';
import { ArgonError } from '../errors';
import { LSN_SUFFIX_BYTES, PAGE_HEADER_BYTES, versionLsn } from './format';
import { isWholeRank, rank2Of, type Ranked, rankOf } from './rank';

/** What Node's buffers have and its types do not: `toString` without the search for the encoding. */
export interface PageBytes extends Buffer {
  latin1Slice(start: number, end: number): string;
}

/** One page of an image file: entries by number, without copies. */
export class Page {
  readonly bytes: PageBytes;
  readonly entries: number;
  /** Ends of the keys, then ends of the images, counted from the start of the page. */
  private readonly ends: Uint32Array;
  private readonly memory: ArrayBufferLike;
  private readonly offset: number;

  /**
   * @param checked whether the checksum is known to fit
   * @throws DATA_CORRUPT
   */
  constructor(bytes: Buffer, checked: boolean) {
    this.bytes = bytes as PageBytes;
    const used = bytes.readUInt32LE(4);
    this.entries = bytes.readUInt32LE(8);
    const fits = used >= PAGE_HEADER_BYTES + this.entries * 8 && used <= bytes.length;
    if (!fits || (!checked && crc32c(bytes.subarray(4, used)) !== bytes.readUInt32LE(0))) {
      throw new ArgonError('DATA_CORRUPT', 'The checksum of a page of an image does not match.');
    }
    this.memory = bytes.buffer;
    this.offset = bytes.byteOffset;
    this.ends = new Uint32Array(bytes.buffer, bytes.byteOffset + PAGE_HEADER_BYTES, this.entries * 2);
  }

  keyStart(i: number): number {
    return i === 0 ? PAGE_HEADER_BYTES + this.entries * 8 : this.ends[i - 1]!;
  }

  keyEnd(i: number): number {
    return this.ends[i]!;
  }

  /** Where the docKey of an entry ends, which begins with the key. */
  docKeyEnd(i: number): number {
    return this.keyEnd(i) - LSN_SUFFIX_BYTES;
  }

  /** Ends of the keys of some entries, copied. */
  keyEnds(from: number, to: number): Uint32Array {
    return this.ends.slice(from, to);
  }

  /** Images follow the last key, so that this holds for the first one too. */
  imageStart(i: number): number {
    return this.ends[this.entries + i - 1]!;
  }

  imageEnd(i: number): number {
    return this.ends[this.entries + i]!;
  }

  /** The whole key of an entry, not copied. */
  key(i: number): Buffer {
    return this.slice(this.keyStart(i), this.keyEnd(i));
  }

  /** The docKey of an entry, not copied. */
  docKey(i: number): Buffer {
    return this.slice(this.keyStart(i), this.keyEnd(i) - LSN_SUFFIX_BYTES);
  }

  keyText(i: number): string {
    return this.bytes.latin1Slice(this.keyStart(i), this.keyEnd(i));
  }

  image(i: number): Buffer {
    const start = this.imageStart(i);
    return this.slice(start, this.imageEnd(i));
  }

  /** A piece of the page that shares its memory. `Buffer.from` makes one in half the time of `subarray`. */
  slice(start: number, end: number): Buffer {
    return Buffer.from(this.memory, this.offset + start, end - start);
  }

  /** The docKey of an entry. */
  docText(i: number): string {
    return this.bytes.latin1Slice(this.keyStart(i), this.keyEnd(i) - LSN_SUFFIX_BYTES);
  }

  lsn(i: number): number {
    return versionLsn(this.bytes, this.keyEnd(i));
  }

  /** Negative when the key of entry `i` comes before `text`, 0 when it is `text`. */
  compare(i: number, text: string): number {
    return compareBytes(this.bytes, this.keyStart(i), this.keyEnd(i), text);
  }

  /** Negative when the document of entry `i` comes before `other`, 0 when it is the same. */
  compareRanked(i: number, other: Ranked): number {
    const { bytes } = this;
    const start = this.keyStart(i);
    const end = this.keyEnd(i) - LSN_SUFFIX_BYTES;
    const rank = rankOf(bytes, start, end);
    if (rank !== other.rank) {
      return rank - other.rank;
    }
    const rank2 = rank2Of(bytes, start, end);
    if (rank2 !== other.rank2) {
      return rank2 - other.rank2;
    }
    return other.isWhole && isWholeRank(end - start) ? 0 : compareBytes(bytes, start, end, other.text!);
  }

  /** Whether entry `i` belongs to the document of entry `j` of another page. */
  isSame(i: number, other: Page, j: number): boolean {
    const start = this.keyStart(i);
    const length = this.keyEnd(i) - start;
    const otherStart = other.keyStart(j);
    if (other.keyEnd(j) - otherStart !== length) {
      return false;
    }
    // Neighbours differ at their ends.
    for (let at = length - LSN_SUFFIX_BYTES - 1; at >= 0; at--) {
      if (this.bytes[start + at] !== other.bytes[otherStart + at]) {
        return false;
      }
    }
    return true;
  }

  /** Whether entry `i` belongs to this document. */
  isOf(i: number, docText: string): boolean {
    const { bytes } = this;
    const start = this.keyStart(i);
    let at = docText.length;
    if (this.keyEnd(i) - LSN_SUFFIX_BYTES - start !== at) {
      return false;
    }
    // Neighbours differ at their ends.
    while (--at >= 0) {
      if (bytes[start + at] !== docText.charCodeAt(at)) {
        return false;
      }
    }
    return true;
  }

  /** The first entry of the document or of one behind it; with `past`, the first entry behind it. */
  boundOf(docText: string, past: boolean): number {
    let at = this.lowerBound(docText);
    while (past && at < this.entries && this.isOf(at, docText)) {
      at++;
    }
    return at;
  }

  /** The first entry in `[low, high)` whose key is not before `text`; `high` when there is none. */
  lowerBound(text: string, low = 0, high = this.entries): number {
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.compare(middle, text) < 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /** The first entry from `low` on whose document is not before `other`, quick when it is near. */
  gallopRanked(other: Ranked, low: number): number {
    let step = 1;
    let from = low;
    while (from + step - 1 < this.entries && this.compareRanked(from + step - 1, other) < 0) {
      from += step;
      step *= 2;
    }
    let high = Math.min(from + step - 1, this.entries);
    while (from < high) {
      const middle = (from + high) >>> 1;
      if (this.compareRanked(middle, other) < 0) {
        from = middle + 1;
      } else {
        high = middle;
      }
    }
    return from;
  }
}

/** memcmp of bytes and a text with one byte in each char. */
export function compareBytes(bytes: Buffer, start: number, end: number, text: string): number {
  const length = Math.min(end - start, text.length);
  for (let i = 0; i < length; i++) {
    const difference = bytes[start + i]! - text.charCodeAt(i);
    if (difference !== 0) {
      return difference;
    }
  }
  return end - start - text.length;
}
