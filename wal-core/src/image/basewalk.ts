import { behindText } from './format';
import type { Page } from './page';
import type { WalkPages } from './pages';
import type { StoredImage } from './stored';

/** A stretch of docKeys as texts. */
export interface TextRange {
  readonly low?: string;
  readonly lowInclusive?: boolean;
  readonly high?: string;
  readonly highInclusive?: boolean;
}

/** The entries of a base in a range, page by page: `[low, high)` of the current page are still to come. */
export class BaseWalk {
  page: Page | undefined;
  low = 0;
  high = 0;
  private number: number;

  constructor(
    private readonly pages: WalkPages,
    private readonly image: StoredImage,
    private readonly range: TextRange,
    private readonly reverse: boolean
  ) {
    const file = pages.file(image);
    const { low, high } = range;
    if (reverse) {
      const inclusive = range.highInclusive === true;
      this.number = high === undefined ? file.pages - 1 : file.pageOf(inclusive ? behindText(high) : high);
    } else {
      this.number = low === undefined ? 0 : file.pageOf(low);
    }
    this.open();
  }

  /** The current page is done: goes to the next one with entries in the range. */
  next(): void {
    this.number += this.reverse ? -1 : 1;
    this.open();
  }

  private open(): void {
    const { range, reverse } = this;
    const count = this.pages.file(this.image).pages;
    for (; this.number >= 0 && this.number < count; this.number += reverse ? -1 : 1) {
      const page = this.pages.page(this.image, this.number);
      this.page = page;
      this.low = range.low === undefined ? 0 : page.boundOf(range.low, range.lowInclusive !== true);
      this.high =
        range.high === undefined ? page.entries : page.boundOf(range.high, range.highInclusive === true);
      if (this.low < this.high) {
        return;
      }
      // Whether the range ended inside this page.
      if (reverse ? this.low > 0 : this.high < page.entries) {
        break;
      }
    }
    this.page = undefined;
  }
}
