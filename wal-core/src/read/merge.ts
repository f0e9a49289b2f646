import type { DocKey, Image, ScanBatch } from '../api';
import type { BaseWalk } from '../image/basewalk';
import type { Page } from '../image/page';
import type { DeltaWalk } from '../image/runwalk';
import { BATCH_BYTES_MAX, SLICE_MS_MAX } from '../limits';

/** Changed documents taken between two looks at the clock. */
const DELTAS_PER_LOOK = 64;

/** Entries `[from, to)` of a page, in that direction, or one document from elsewhere. */
type Piece = { readonly page: Page; readonly from: number; readonly to: number } | string;

/** A batch of a merge: images are pieces of shared pages, keys are made when they are asked for. */
export class MergedBatch implements ScanBatch {
  readonly images: Image[] = [];
  bytes = 0;
  private lastPage: Page | undefined;
  private lastAt = 0;
  private lastText: string | undefined;
  private readonly pieces: Piece[] = [];
  private made: DocKey[] | undefined;

  get keys(): readonly DocKey[] {
    this.made ??= this.makeKeys();
    return this.made;
  }

  /** The last document looked at, there or not: the next batch goes on behind it. Undefined at the end. */
  get last(): string | undefined {
    return this.lastPage === undefined ? this.lastText : this.lastPage.docText(this.lastAt);
  }

  set last(text: string | undefined) {
    this.lastPage = undefined;
    this.lastText = text;
  }

  /** Takes entries `[from, to)` of a page; backwards when `from` is greater. */
  take(page: Page, from: number, to: number): void {
    const { images } = this;
    this.lastPage = page;
    this.lastAt = from < to ? to - 1 : to;
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

/**
 * The next documents of a base with changes on top, in key order. Cut at `count` documents, at
 * `BATCH_BYTES_MAX` and after `SLICE_MS_MAX`; at the end `last` is undefined.
 */
export function merge(
  base: BaseWalk | undefined,
  walks: readonly DeltaWalk[],
  reverse: boolean,
  count: number
): MergedBatch {
  const batch = new MergedBatch();
  const deltas = new Deltas(walks, reverse);
  const deadline = performance.now() + SLICE_MS_MAX;
  let taken = 0;
  while (batch.images.length < count && batch.bytes < BATCH_BYTES_MAX) {
    const { text } = deltas;
    const page = base?.page;
    if (page === undefined) {
      if (text === undefined) {
        batch.last = undefined;
        return batch;
      }
      takeDelta(batch, deltas, text);
    } else {
      const wanted = count - batch.images.length;
      const isCut = reverse
        ? takeBackwards(batch, base!, page, text, wanted)
        : takeForwards(batch, base!, page, text, wanted);
      if (isCut || batch.images.length >= count) {
        return batch;
      }
      if (text !== undefined && base!.low < base!.high) {
        mask(base!, page, text, reverse);
        takeDelta(batch, deltas, text);
      }
      if (base!.low >= base!.high) {
        base!.next();
      }
    }
    taken++;
    if ((taken % DELTAS_PER_LOOK === 0 || batch.bytes > 256 * 1024) && performance.now() > deadline) {
      break;
    }
  }
  return batch;
}

function takeDelta(batch: MergedBatch, deltas: Deltas, text: string): void {
  const image = deltas.image();
  if (image !== undefined) {
    batch.add(text, image);
  }
  batch.last = text;
  deltas.advance();
}

/** Takes the entries before the next change. True when the batch is full before that. */
function takeForwards(
  batch: MergedBatch,
  base: BaseWalk,
  page: Page,
  text: string | undefined,
  wanted: number
): boolean {
  const split = text === undefined ? base.high : Math.min(base.high, page.gallop(text, base.low));
  const end = Math.min(split, base.low + wanted);
  if (end > base.low) {
    batch.take(page, base.low, end);
    base.low = end;
  }
  return end < split;
}

function takeBackwards(
  batch: MergedBatch,
  base: BaseWalk,
  page: Page,
  text: string | undefined,
  wanted: number
): boolean {
  const split = text === undefined ? base.low : Math.max(base.low, page.boundOf(text, true));
  const end = Math.max(split, base.high - wanted);
  if (end < base.high) {
    batch.take(page, base.high, end);
    base.high = end;
  }
  return end > split;
}

/** The change replaces the base's own version. */
function mask(base: BaseWalk, page: Page, text: string, reverse: boolean): void {
  if (reverse) {
    if (page.isOf(base.high - 1, text)) {
      base.high--;
    }
  } else if (page.isOf(base.low, text)) {
    base.low++;
  }
}
