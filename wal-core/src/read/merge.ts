import type { DocKey, Image, ScanBatch } from '../api';
import type { BaseWalk } from '../image/basewalk';
import { LSN_SUFFIX_BYTES } from '../image/format';
import type { Page } from '../image/page';
import { compareRanked, type Ranked } from '../image/rank';
import type { DeltaSink, DeltaWalk } from '../image/runwalk';
import { BATCH_BYTES_MAX } from '../limits';
import { stepEnd } from '../log/pace';

/** Changed documents taken between two looks at the clock, and how many of them a page counts for. */
const COST_PER_LOOK = 32;
const PAGE_COST = 16;

/** Documents are copied into pieces of memory of this size: who keeps one document keeps no more. */
const PIECE_BYTES = 16 * 1024;

const NO_BYTES = Buffer.alloc(0);
/** Documents of a stretch whose keys are copied one by one. */
const FEW_KEYS = 4;

/** Keys of some documents: a stretch of a page, copied, or the text of one. */
type Keys =
  | { readonly bytes: Buffer; readonly ends: Uint32Array; readonly start: number; readonly reverse: boolean }
  | string;

/** Takes what a merge finds. */
export interface Sink extends DeltaSink {
  /** Documents it will still take before it wants the merge to stop; 0 or less stops it. */
  readonly room: number;
  /** Entries `[from, to)` of a page; backwards, from `from - 1` down to `to`, when `from` is greater. */
  take(page: Page, from: number, to: number): void;
}

/**
 * A batch of a merge. Documents are copied out of the pages in pieces of a few kilobytes, so that whoever keeps
 * one does not keep a page; keys are made when they are asked for.
 */
export class MergedBatch implements ScanBatch, Sink {
  readonly images: Image[] = [];
  private bytes = 0;
  private readonly pieces: Keys[] = [];
  /** Where documents are copied to, and how far it is full. */
  private memory: Buffer = NO_BYTES;
  private used = 0;
  private made: DocKey[] | undefined;

  /** At most `count` documents; cut at `BATCH_BYTES_MAX`, too. */
  constructor(private readonly count: number) {}

  get room(): number {
    return this.bytes < BATCH_BYTES_MAX ? this.count - this.images.length : 0;
  }

  get keys(): readonly DocKey[] {
    this.made ??= this.makeKeys();
    return this.made;
  }

  take(page: Page, from: number, to: number): void {
    const reverse = from > to;
    const first = reverse ? to : from;
    const end = reverse ? from : to;
    const begun = this.images.length;
    for (let i = first; i < end;) {
      i = this.copy(page, i, end);
    }
    if (reverse) {
      this.turn(begun);
    }
    if (end - first <= FEW_KEYS) {
      for (let i = first; i < end; i++) {
        this.pieces.push(page.docText(reverse ? first + end - 1 - i : i));
      }
      return;
    }
    const start = page.keyStart(first);
    const bytes = Buffer.allocUnsafe(page.keyEnd(end - 1) - start);
    page.bytes.copy(bytes, 0, start, start + bytes.length);
    this.pieces.push({ bytes, ends: page.keyEnds(first, end), start, reverse });
  }

  one(page: Page, at: number): void {
    this.copy(page, at, at + 1);
    this.pieces.push(page.docText(at));
  }

  add(text: string, image: Image): void {
    this.images.push(image);
    this.bytes += image.length;
    this.pieces.push(text);
  }

  /** Copies documents from `first` on, as many as the current piece of memory holds; answers the next one. */
  private copy(page: Page, first: number, end: number): number {
    const start = page.imageStart(first);
    const least = page.imageEnd(first) - start;
    if (this.memory.length - this.used < least) {
      this.memory = Buffer.allocUnsafeSlow(Math.max(PIECE_BYTES, least));
      this.used = 0;
    }
    const room = this.memory.length - this.used;
    let next = first + 1;
    while (next < end && page.imageEnd(next) - start <= room) {
      next++;
    }
    const stop = page.imageEnd(next - 1);
    page.bytes.copy(this.memory, this.used, start, stop);
    const { buffer } = this.memory;
    let from = this.used;
    for (let i = first; i < next; i++) {
      const to = this.used + page.imageEnd(i) - start;
      // Half the cost of `subarray`.
      this.images.push(Buffer.from(buffer, from, to - from));
      from = to;
    }
    this.used = from;
    this.bytes += stop - start;
    return next;
  }

  /** Turns the order of the images from `first` on round. */
  private turn(first: number): void {
    const { images } = this;
    for (let low = first, high = images.length - 1; low < high; low++, high--) {
      [images[low], images[high]] = [images[high]!, images[low]!];
    }
  }

  private makeKeys(): DocKey[] {
    const keys: DocKey[] = [];
    for (const piece of this.pieces) {
      if (typeof piece === 'string') {
        keys.push(Buffer.from(piece, 'latin1'));
        continue;
      }
      const { bytes, ends, start, reverse } = piece;
      const made: DocKey[] = [];
      let from = 0;
      for (const end of ends) {
        made.push(bytes.subarray(from, end - start - LSN_SUFFIX_BYTES));
        from = end - start;
      }
      keys.push(...(reverse ? made.reverse() : made));
    }
    return keys;
  }
}

/** Several walks over changes as one: of equal documents the newest version counts. */
export class Deltas {
  /** The walk that has the newest version of the next document; undefined at the end. */
  newest: DeltaWalk | undefined;
  /** Walks that have older versions of it: as many as `olderCount` says. */
  private readonly older: DeltaWalk[] = [];
  private olderCount = 0;

  constructor(
    private readonly walks: readonly DeltaWalk[],
    private readonly reverse: boolean
  ) {
    this.settle();
  }

  /** A stretch of the only walk that is left. */
  stretch(sink: Sink): { readonly page: Page; readonly at: number } | undefined {
    const { newest } = this;
    if (newest?.stretch === undefined || this.walks.some(walk => walk !== newest && walk.isThere)) {
      return undefined;
    }
    const last = newest.stretch(sink);
    if (last !== undefined) {
      this.settle();
    }
    return last;
  }

  advance(): void {
    this.newest!.advance();
    for (let i = 0; i < this.olderCount; i++) {
      this.older[i]!.advance();
    }
    this.settle();
  }

  private settle(): void {
    const { walks, older, reverse } = this;
    let newest: DeltaWalk | undefined;
    let count = 0;
    for (const walk of walks) {
      if (!walk.isThere) {
        continue;
      }
      const order = newest === undefined ? -1 : compareRanked(walk, newest);
      if (order === 0) {
        if (walk.lsn > newest!.lsn) {
          older[count++] = newest!;
          newest = walk;
        } else {
          older[count++] = walk;
        }
      } else if (newest === undefined || order < 0 !== reverse) {
        newest = walk;
        count = 0;
      }
    }
    this.newest = newest;
    this.olderCount = count;
  }
}

/** A base with changes on top, in key order, of which one batch after another is taken. */
export class Merge {
  private readonly deltas: Deltas;
  private lastPage: Page | undefined;
  private lastAt = 0;
  private lastText: string | undefined;

  constructor(
    private readonly base: BaseWalk | undefined,
    walks: readonly DeltaWalk[],
    private readonly reverse: boolean
  ) {
    this.deltas = new Deltas(walks, reverse);
  }

  /** The last document looked at, there or not. */
  get last(): string | undefined {
    return this.lastPage === undefined ? this.lastText : this.lastPage.docText(this.lastAt);
  }

  /** Gives the sink what it has room for, and stops with the turn (`stepEnd`). True when nothing is left. */
  fill(sink: Sink): boolean {
    const { base, deltas } = this;
    const deadline = stepEnd();
    for (let cost = 0; sink.room > 0; cost++) {
      const { newest } = deltas;
      const page = base?.page;
      if (page === undefined) {
        if (newest === undefined) {
          return true;
        }
        const last = deltas.stretch(sink);
        if (last === undefined) {
          this.takeDelta(sink, newest);
        } else {
          this.lastPage = last.page;
          this.lastAt = last.at;
          cost += PAGE_COST;
        }
      } else {
        const isAtDelta = this.takeBase(sink, base!, page, newest);
        if (sink.room <= 0) {
          return false;
        }
        if (newest !== undefined && isAtDelta && base!.low < base!.high) {
          this.mask(base!, page, newest);
          this.takeDelta(sink, newest);
        }
        if (base!.low >= base!.high) {
          this.settleLast();
          base!.next();
          // The page may have come from the disk.
          cost += PAGE_COST;
        }
      }
      if (cost >= COST_PER_LOOK) {
        cost = 0;
        if (performance.now() > deadline) {
          break;
        }
      }
    }
    return false;
  }

  /** Takes note of the last document before its page goes. */
  private settleLast(): void {
    this.lastText = this.last;
    this.lastPage = undefined;
  }

  private takeDelta(sink: Sink, delta: DeltaWalk): void {
    delta.give(sink);
    this.lastPage = delta.foundPage;
    if (delta.foundPage === undefined) {
      this.lastText = delta.text;
    } else {
      this.lastAt = delta.foundAt;
    }
    this.deltas.advance();
  }

  /** Takes the entries before the next change, as far as there is room: false when there are more of them. */
  private takeBase(sink: Sink, base: BaseWalk, page: Page, delta: Ranked | undefined): boolean {
    const { low, high } = base;
    if (this.reverse) {
      const split = delta === undefined ? low : Math.max(low, page.boundOf(delta.text!, true));
      const end = Math.max(split, high - sink.room);
      if (end < high) {
        sink.take(page, high, end);
        base.high = end;
        this.lastPage = page;
        this.lastAt = end;
      }
      return end <= split;
    }
    const split = delta === undefined ? high : Math.min(high, page.gallopRanked(delta, low));
    const end = Math.min(split, low + sink.room);
    if (end > low) {
      sink.take(page, low, end);
      base.low = end;
      this.lastPage = page;
      this.lastAt = end - 1;
    }
    return end >= split;
  }

  /** The change replaces the base's own version. */
  private mask(base: BaseWalk, page: Page, delta: Ranked): void {
    if (this.reverse) {
      if (page.compareRanked(base.high - 1, delta) === 0) {
        base.high--;
      }
    } else if (page.compareRanked(base.low, delta) === 0) {
      base.low++;
    }
  }
}
