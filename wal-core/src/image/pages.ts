import type { ImageFile } from './file';
import { KIND_BASE } from './format';
import type { Page } from './page';
import type { StoredImage } from './stored';

/** Where pages come from. @throws what makes the reader start afresh, when one is damaged */
export interface PageSource {
  file(image: StoredImage): ImageFile;
  page(image: StoredImage, number: number, buffer?: Buffer): Page;
}

/**
 * The pages of one walk: the newest of each file is kept, so that the next batch does not read it
 * again. A page of a base is good until the walk reads the next one: it uses the same memory.
 */
export class WalkPages {
  private readonly newest = new Map<number, { number: number; page: Page }>();
  private readonly buffers = new Map<number, Buffer>();

  constructor(private readonly source: PageSource) {}

  file(image: StoredImage): ImageFile {
    return this.source.file(image);
  }

  page(image: StoredImage, number: number): Page {
    const known = this.newest.get(image.file);
    if (known?.number === number) {
      return known.page;
    }
    // Its memory may be used for the next one, even when that cannot be read.
    this.newest.delete(image.file);
    const page = this.source.page(image, number, this.buffer(image, number));
    this.newest.set(image.file, { number, page });
    return page;
  }

  private buffer(image: StoredImage, number: number): Buffer | undefined {
    // Runs are looked at in two places at once.
    if (image.kind !== KIND_BASE) {
      return undefined;
    }
    const size = this.source.file(image).pageBytes(number);
    let buffer = this.buffers.get(image.file);
    if (buffer === undefined || buffer.length < size) {
      buffer = Buffer.allocUnsafeSlow(size);
      this.buffers.set(image.file, buffer);
    }
    return buffer;
  }
}
