import type { Image } from '../api';
import type { Page } from '../image/page';
import type { Sink } from '../read/merge';
import { BATCH_DOCUMENTS_DEFAULT } from '../limits';

/** Takes a matching document: `[start, end)` of bytes that are good during the call. */
export interface Taker {
  /** Whether it takes more. */
  readonly isFull: boolean;
  take(bytes: Buffer, start: number, end: number, key: () => Buffer): void;
}

/** Lets a filter look at documents where they lie; only those that match are handed on. */
export class Matches implements Sink {
  examined = 0;
  matched = 0;

  constructor(
    private readonly test: ((document: Image) => boolean) | undefined,
    private readonly taker: Taker
  ) {}

  get room(): number {
    return this.taker.isFull ? 0 : BATCH_DOCUMENTS_DEFAULT;
  }

  take(page: Page, from: number, to: number): void {
    if (from <= to) {
      for (let i = from; i < to; i++) {
        this.at(page, i);
      }
    } else {
      for (let i = from - 1; i >= to; i--) {
        this.at(page, i);
      }
    }
  }

  one(page: Page, at: number): void {
    this.at(page, at);
  }

  add(text: string, image: Image): void {
    this.examined++;
    if (this.test === undefined || this.test(image)) {
      this.matched++;
      this.taker.take(image, 0, image.length, () => Buffer.from(text, 'latin1'));
    }
  }

  private at(page: Page, i: number): void {
    this.examined++;
    if (this.test === undefined || this.test(page.image(i))) {
      this.matched++;
      this.taker.take(page.bytes, page.imageStart(i), page.imageEnd(i), () => page.docKey(i));
    }
  }
}
