import type { Lsn } from '../api';
import type { TextRange } from './basewalk';
import { behindText, LSN_SUFFIX_BYTES, versionText } from './format';
import type { Page } from './page';
import { isWholeRank, rank2Of, type Ranked, rankOf } from './rank';
import type { WalkPages } from './pages';
import type { StoredImage } from './stored';

/** Entries looked at one after another before the walk jumps. */
const STEPS_MAX = 8;

/** Takes changed documents: an entry of a page, or an image from elsewhere. */
export interface DeltaSink {
  one(page: Page, at: number): void;
  /** `lsn`: that of the version, where it was easy to find. */
  add(text: string, image: Buffer, lsn?: number): void;
}

/** Something that yields the changed documents of a state in key order. */
export interface DeltaWalk extends Ranked {
  /** Whether there is a current document. */
  readonly isThere: boolean;
  /** The page it lies in, if it does, and which entry it is. The page stays as it is. */
  readonly foundPage: Page | undefined;
  readonly foundAt: number;
  readonly lsn: number;
  /** Its image in the state; undefined when it is not there. */
  image(): Buffer | undefined;
  /** Gives the document, when it is there, to a sink. */
  give(sink: DeltaSink): void;
  /**
   * Gives the document and those behind it, as many as lie side by side, and goes on; answers where the last one
   * is. Undefined, and nothing is done, when they have to be taken one by one.
   */
  stretch?(sink: StretchSink): { readonly page: Page; readonly at: number } | undefined;
  advance(): void;
}

/** Takes several documents of a page at once. */
export interface StretchSink {
  readonly room: number;
  take(page: Page, from: number, to: number): void;
}

/** Per document of a run in a range, the newest version not after the cap; documents without one are passed over. */
export class RunWalk implements DeltaWalk {
  isThere = false;
  rank = 0;
  rank2 = 0;
  isWhole = true;
  foundPage: Page | undefined;
  foundAt = 0;
  /** The docKey of the found entry, once somebody has asked for it. */
  private madeText: string | undefined;
  /** Whether no version is newer than the cap. */
  private readonly hasNoneNewer: boolean;
  /** Whether the range may end before the run does. */
  private readonly isBounded: boolean;
  /** The next entry to look at: forwards the first of its document, backwards the last. */
  private number = 0;
  private page: Page | undefined;
  private at = 0;

  constructor(
    private readonly pages: WalkPages,
    private readonly stored: StoredImage,
    private readonly cap: Lsn,
    private readonly range: TextRange,
    private readonly reverse: boolean
  ) {
    this.hasNoneNewer = cap >= stored.lsn;
    this.isBounded = (reverse ? range.low : range.high) !== undefined;
    const start = reverse ? range.high : range.low;
    if (start !== undefined) {
      const past = reverse ? range.highInclusive === true : range.lowInclusive !== true;
      this.seek(past ? behindText(start) : start);
    } else if (reverse) {
      this.open(this.file.pages, 0);
    } else {
      this.open(0, 0);
    }
    if (reverse) {
      this.stepBack();
    }
    this.advance();
  }

  get text(): string | undefined {
    return this.isThere ? (this.madeText ??= this.foundPage!.docText(this.foundAt)) : undefined;
  }

  get lsn(): number {
    return this.foundPage!.lsn(this.foundAt);
  }

  image(): Buffer | undefined {
    const page = this.foundPage!;
    const at = this.foundAt;
    return page.imageStart(at) === page.imageEnd(at) ? undefined : page.image(at);
  }

  give(sink: DeltaSink): void {
    const page = this.foundPage!;
    const at = this.foundAt;
    if (page.imageStart(at) !== page.imageEnd(at)) {
      sink.one(page, at);
    }
  }

  stretch(sink: StretchSink): { readonly page: Page; readonly at: number } | undefined {
    const { foundPage: page, foundAt: first } = this;
    if (
      this.reverse ||
      !this.hasNoneNewer ||
      page !== this.page ||
      page === undefined ||
      this.at !== first + 1
    ) {
      return undefined;
    }
    const { high, highInclusive } = this.range;
    const bound = high === undefined ? page.entries : page.boundOf(high, highInclusive === true);
    // The last entry may have older versions on the next page.
    const stop = Math.min(bound, page.entries - 1, first + sink.room);
    let end = first;
    while (end < stop && page.imageStart(end) !== page.imageEnd(end) && !page.isSame(end, page, end + 1)) {
      end++;
    }
    if (end === first) {
      return undefined;
    }
    sink.take(page, first, end);
    this.at = end;
    this.advance();
    return { page, at: end - 1 };
  }

  advance(): void {
    this.isThere = false;
    this.madeText = undefined;
    while (this.page !== undefined) {
      if (this.isBounded && this.isPast(this.page.docText(this.at))) {
        this.page = undefined;
        return;
      }
      if (this.reverse) {
        this.takeBackwards();
      } else {
        this.takeForwards();
      }
      if (this.foundPage !== undefined) {
        this.show(this.foundPage, this.foundAt);
        return;
      }
    }
  }

  private show(page: Page, at: number): void {
    const start = page.keyStart(at);
    const end = page.keyEnd(at) - LSN_SUFFIX_BYTES;
    this.rank = rankOf(page.bytes, start, end);
    this.rank2 = rank2Of(page.bytes, start, end);
    this.isWhole = isWholeRank(end - start);
    this.isThere = true;
  }

  private isPast(text: string): boolean {
    const { low, high } = this.range;
    if (this.reverse) {
      return low !== undefined && (text < low || (text === low && this.range.lowInclusive !== true));
    }
    return high !== undefined && (text > high || (text === high && this.range.highInclusive !== true));
  }

  /** Finds the version of the document at the current entry, and goes to the next document. */
  private takeForwards(): void {
    const first = this.page!;
    const firstAt = this.at;
    this.foundPage = undefined;
    for (let steps = 0; ; steps++) {
      const page = this.page!;
      if (this.foundPage === undefined && (this.hasNoneNewer || page.lsn(this.at) <= this.cap)) {
        this.foundPage = page;
        this.foundAt = this.at;
      }
      if (steps >= STEPS_MAX) {
        const text = first.docText(firstAt);
        this.seek(this.foundPage === undefined ? versionText(text, this.cap) : behindText(text));
      } else if (++this.at >= page.entries) {
        this.open(this.number + 1, 0);
      }
      if (!this.isOn(first, firstAt)) {
        return;
      }
    }
  }

  private takeBackwards(): void {
    const last = this.page!;
    const lastAt = this.at;
    this.foundPage = undefined;
    // Older versions come first on the way back: the last one that fits is the newest.
    for (let steps = 0; this.isOn(last, lastAt); steps++) {
      if (this.page!.lsn(this.at) <= this.cap) {
        this.foundPage = this.page;
        this.foundAt = this.at;
      } else {
        steps = STEPS_MAX;
      }
      if (steps >= STEPS_MAX) {
        const text = last.docText(lastAt);
        this.seek(versionText(text, this.cap));
        if (this.isOn(last, lastAt)) {
          this.foundPage = this.page;
          this.foundAt = this.at;
        }
        this.seek(text);
        this.stepBack();
        return;
      }
      this.stepBack();
    }
  }

  /** Whether the current entry is of the same document as one that was looked at before. */
  private isOn(page: Page, at: number): boolean {
    return this.page?.isSame(this.at, page, at) === true;
  }

  private get file() {
    return this.pages.file(this.stored);
  }

  private stepBack(): void {
    if (this.at > 0) {
      this.at--;
      return;
    }
    this.open(this.number - 1, -1);
  }

  /** Goes to an entry of a page, counted from its end when negative. */
  private open(number: number, at: number): void {
    this.number = number;
    const inside = number >= 0 && number < this.file.pages;
    this.page = inside ? this.pages.page(this.stored, number) : undefined;
    this.at = at < 0 && this.page !== undefined ? this.page.entries + at : Math.max(0, at);
  }

  /** Goes to the first entry that is not before `text`, which may be behind the last one. */
  private seek(text: string): void {
    this.open(this.file.pageOf(text), 0);
    if (this.page !== undefined) {
      this.at = this.page.lowerBound(text);
      if (this.at >= this.page.entries) {
        this.open(this.number + 1, 0);
      }
    }
  }
}
