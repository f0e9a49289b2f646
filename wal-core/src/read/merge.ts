import type { DocKey, Image, ScanBatch } from '../api';
import type { BaseWalk } from '../image/basewalk';
import type { Page } from '../image/page';
import type { DeltaSink, DeltaWalk } from '../image/runwalk';
import { BATCH_BYTES_MAX, SLICE_MS_MAX } from '../limits';

/** Changed documents taken between two looks at the clock, and how many of them a page counts for. */
const COST_PER_LOOK = 32;
const PAGE_COST = 16;

/** Entries `[from, to)` of a page, in that direction, or one document from elsewhere. */
type Piece = { readonly page: Page; readonly from: number; readonly to: number } | string;

/** Takes what a merge finds. */
export interface Sink extends DeltaSink {
  /** Documents it will still take before it wants the merge to stop; 0 or less stops it. */
  readonly room: number;
  /** Entries `[from, to)` of a page; backwards, from `from - 1` down to `to`, when `from` is greater. */
  take(page: Page, from: number, to: number): void;
}

/** A batch of a merge: images are pieces of shared pages, keys are made when they are asked for. */
export class MergedBatch implements ScanBatch, Sink {
  readonly images: Image[] = [];
  private bytes = 0;
  private readonly pieces: Piece[] = [];
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
    const { images } = this;
    if (from < to) {
      let start = page.imageStart(from);
      this.bytes += page.imageEnd(to - 1) - start;
      for (let i = from; i < to; i++) {
        const end = page.imageEnd(i);
        images.push(page.slice(start, end));
        start = end;
      }
    } else {
      for (let i = from - 1; i >= to; i--) {
        images.push(page.image(i));
      }
      this.bytes += page.imageEnd(from - 1) - page.imageStart(to);
    }
    this.pieces.push({ page, from, to });
  }

  add(text: string, image: Image): void {
    this.images.push(image);
    this.bytes += image.length;
    this.pieces.push(text);
  }

  private makeKeys(): DocKey[] {
    const keys: DocKey[] = [];
    for (const piece of this.pieces) {
      if (typeof piece === 'string') {
        keys.push(Buffer.from(piece, 'latin1'));
        continue;
      }
      const { page, from, to } = piece;
      for (let i = from; i < to; i++) {
        keys.push(page.docKey(i));
      }
      for (let i = from - 1; i >= to; i--) {
        keys.push(page.docKey(i));
      }
    }
    return keys;
  }
}

/** Several walks over changes as one: of equal documents the newest version counts. */
export class Deltas {
  text: string | undefined;
  private newest: DeltaWalk | undefined;

  constructor(
    private readonly walks: readonly DeltaWalk[],
    private readonly reverse: boolean
  ) {
    this.settle();
  }

  image(): Image | undefined {
    return this.newest!.image();
  }

  give(sink: DeltaSink): void {
    this.newest!.give(sink);
  }

  get lsn(): number {
    return this.newest!.lsn;
  }

  advance(): void {
    for (const walk of this.walks) {
      if (walk.text === this.text) {
        walk.advance();
      }
    }
    this.settle();
  }

  private settle(): void {
    let text: string | undefined;
    let newest: DeltaWalk | undefined;
    for (const walk of this.walks) {
      const other = walk.text;
      if (other === undefined) {
        continue;
      }
      if (text === undefined || (this.reverse ? other > text : other < text)) {
        text = other;
        newest = walk;
      } else if (other === text && walk.lsn > newest!.lsn) {
        newest = walk;
      }
    }
    this.text = text;
    this.newest = newest;
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

  /** Gives the sink what it has room for, and stops after `SLICE_MS_MAX`. True when nothing is left. */
  fill(sink: Sink): boolean {
    const { base, deltas } = this;
    const deadline = performance.now() + SLICE_MS_MAX;
    for (let cost = 0; sink.room > 0; cost++) {
      const { text } = deltas;
      const page = base?.page;
      if (page === undefined) {
        if (text === undefined) {
          return true;
        }
        this.takeDelta(sink, text);
      } else {
        this.takeBase(sink, base!, page, text);
        if (sink.room <= 0) {
          return false;
        }
        if (text !== undefined && base!.low < base!.high) {
          this.mask(base!, page, text);
          this.takeDelta(sink, text);
        }
        if (base!.low >= base!.high) {
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

  private takeDelta(sink: Sink, text: string): void {
    this.deltas.give(sink);
    this.lastPage = undefined;
    this.lastText = text;
    this.deltas.advance();
  }

  /** Takes the entries before the next change, as far as there is room. */
  private takeBase(sink: Sink, base: BaseWalk, page: Page, text: string | undefined): void {
    const { low, high } = base;
    if (this.reverse) {
      const split = text === undefined ? low : Math.max(low, page.boundOf(text, true));
      const end = Math.max(split, high - sink.room);
      if (end < high) {
        sink.take(page, high, end);
        base.high = end;
        this.lastPage = page;
        this.lastAt = end;
      }
      return;
    }
    const split = text === undefined ? high : Math.min(high, page.gallop(text, low));
    const end = Math.min(split, low + sink.room);
    if (end > low) {
      sink.take(page, low, end);
      base.low = end;
      this.lastPage = page;
      this.lastAt = end - 1;
    }
  }

  /** The change replaces the base's own version. */
  private mask(base: BaseWalk, page: Page, text: string): void {
    if (this.reverse) {
      if (page.isOf(base.high - 1, text)) {
        base.high--;
      }
    } else if (page.isOf(base.low, text)) {
      base.low++;
    }
  }
}
