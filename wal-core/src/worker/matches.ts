import type { Image } from '../api';
import type { Page } from '../image/page';
import type { Filter, PipelineTally } from '../query';
import type { Sink } from '../read/merge';
import { BATCH_DOCUMENTS_DEFAULT } from '../limits';

/**
 * Takes a matching document: `[start, end)` of bytes that are good during the call. `lsn` tells that of its version,
 * where it was easy to find.
 */
export interface Taker {
  /** Whether it takes more. */
  readonly isFull: boolean;
  take(bytes: Buffer, start: number, end: number, key: () => Buffer, lsn: () => number | undefined): void;
}

/** Whether the document that begins at `start` is wanted. */
export type Test = (bytes: Buffer, start: number) => boolean;

/** What a filter says; undefined when it wants every document. */
export function testBy(filter: Filter): Test | undefined {
  return filter.isEmpty ? undefined : (bytes, start) => filter.matchesAt(bytes, start);
}

/** Shows a tally what matches. */
export function tallied(tally: PipelineTally): Taker {
  return { isFull: false, take: (bytes, start) => tally.add(bytes, start) };
}

/** Lets a filter look at documents where they lie; only those that match are handed on. */
export class Matches implements Sink {
  examined = 0;
  matched = 0;

  constructor(
    private readonly test: Test | undefined,
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

  add(text: string, image: Image, lsn?: number): void {
    this.examined++;
    if (this.test === undefined || this.test(image, 0)) {
      this.matched++;
      this.taker.take(
        image,
        0,
        image.length,
        () => Buffer.from(text, 'latin1'),
        () => lsn
      );
    }
  }

  private at(page: Page, i: number): void {
    this.examined++;
    const start = page.imageStart(i);
    if (this.test === undefined || this.test(page.bytes, start)) {
      this.matched++;
      this.taker.take(
        page.bytes,
        start,
        page.imageEnd(i),
        () => page.docKey(i),
        () => page.lsn(i)
      );
    }
  }
}
