import { crc32c } from '@node-rs/crc32';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { ArgonError } from '../errors';
import {
  FOOTER_BYTES,
  FOOTER_MAGIC,
  IMAGE_FORMAT_VERSION,
  IMAGE_MAGIC,
  IMAGE_UNIT_BYTES,
  type ImageKind
} from './format';
import { compareBytes, Page } from './page';

/**
 * An open image file. Its directory is in memory; pages are read when they are asked for, and each is
 * checked against its checksum the first time.
 */
export class ImageFile {
  readonly pages: number;
  readonly entries: number;
  private readonly directory: Buffer;
  /** Where the key of page i ends in the directory; it starts six bytes after the end before. */
  private readonly keyEnds: Uint32Array;
  /** First unit of page i; one more for the end of the last page. */
  private readonly units: Uint32Array;
  private readonly checked: Uint8Array;

  private constructor(
    private readonly path: string,
    private readonly fd: number,
    kind: ImageKind
  ) {
    const header = this.read(0, 20);
    const { size } = fstatSync(fd);
    if (
      header.readUInt32LE(16) !== crc32c(header.subarray(0, 16)) ||
      !header.subarray(0, 8).equals(IMAGE_MAGIC)
    ) {
      throw this.corrupt('header');
    }
    if (header.readUInt32LE(8) !== IMAGE_FORMAT_VERSION || header.readUInt32LE(12) !== kind) {
      throw this.corrupt('format');
    }
    const footer = this.read(size - FOOTER_BYTES, FOOTER_BYTES);
    if (
      footer.readUInt32LE(44) !== FOOTER_MAGIC ||
      footer.readUInt32LE(40) !== crc32c(footer.subarray(0, 40))
    ) {
      throw this.corrupt('footer');
    }
    const at = footer.readDoubleLE(0);
    this.directory = this.read(at, footer.readUInt32LE(8));
    if (crc32c(this.directory) !== footer.readUInt32LE(12)) {
      throw this.corrupt('directory');
    }
    this.pages = footer.readUInt32LE(16);
    this.entries = footer.readDoubleLE(24);
    this.keyEnds = new Uint32Array(this.pages);
    this.units = new Uint32Array(this.pages + 1);
    this.checked = new Uint8Array(this.pages);
    let end = 0;
    for (let i = 0; i < this.pages; i++) {
      this.units[i] = this.directory.readUInt32LE(end);
      end += 6 + this.directory.readUInt16LE(end + 4);
      this.keyEnds[i] = end;
    }
    this.units[this.pages] = at / IMAGE_UNIT_BYTES;
  }

  /** @throws DATA_CORRUPT when the file is missing, short, of another format or damaged */
  static open(path: string, kind: ImageKind): ImageFile {
    let fd: number;
    try {
      fd = openSync(path, 'r');
    } catch (cause) {
      throw new ArgonError('DATA_CORRUPT', `The image ${path} cannot be opened.`, { cause });
    }
    try {
      return new ImageFile(path, fd, kind);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  /** Bytes it takes in memory. */
  get memoryBytes(): number {
    return this.directory.length + this.pages * 9 + 256;
  }

  /** Bytes of a page on disk. */
  pageBytes(i: number): number {
    return (this.units[i + 1]! - this.units[i]!) * IMAGE_UNIT_BYTES;
  }

  /**
   * Reads a page, into `buffer` when it is given and large enough (then the page is good until the
   * buffer is used again).
   * @throws DATA_CORRUPT
   */
  page(i: number, buffer?: Buffer): Page {
    const page = new Page(
      this.read(this.units[i]! * IMAGE_UNIT_BYTES, this.pageBytes(i), buffer),
      this.checked[i] === 1
    );
    this.checked[i] = 1;
    return page;
  }

  /** The page that holds `text` or the first key behind it; `pages` when that is past the end of the last one. */
  pageOf(text: string): number {
    // The last page whose first key is not after the text.
    let low = 0;
    let high = this.pages;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.compareFirst(middle, text) <= 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return Math.max(0, low - 1);
  }

  /** The first key of page `i`, not copied. */
  firstKey(i: number): Buffer {
    return this.directory.subarray(i === 0 ? 6 : this.keyEnds[i - 1]! + 6, this.keyEnds[i]);
  }

  /** Negative when the first key of page `i` comes before `text`. */
  compareFirst(i: number, text: string): number {
    const start = i === 0 ? 6 : this.keyEnds[i - 1]! + 6;
    return compareBytes(this.directory, start, this.keyEnds[i]!, text);
  }

  /** Reads every page again, whatever was checked before. @throws DATA_CORRUPT naming the page */
  *verify(): Generator<number> {
    let last = '';
    for (let i = 0; i < this.pages; i++) {
      this.checked[i] = 0;
      const page = this.page(i);
      for (let entry = 0; entry < page.entries; entry++) {
        const text = page.keyText(entry);
        if ((i > 0 || entry > 0) && text <= last) {
          throw this.corrupt(`order of page ${i}`);
        }
        last = text;
      }
      yield i;
    }
  }

  close(): void {
    closeSync(this.fd);
  }

  private read(position: number, length: number, buffer?: Buffer): Buffer {
    const bytes =
      buffer !== undefined && buffer.length >= length
        ? buffer.subarray(0, length)
        : Buffer.allocUnsafeSlow(Math.max(0, length));
    let done = 0;
    while (done < length) {
      const read = position < 0 ? 0 : this.readSome(bytes, done, length - done, position + done);
      if (read === 0) {
        throw this.corrupt('length');
      }
      done += read;
    }
    return bytes;
  }

  private readSome(bytes: Buffer, offset: number, length: number, position: number): number {
    try {
      return readSync(this.fd, bytes, offset, length, position);
    } catch (cause) {
      throw new ArgonError('READ_FAILED', `The image ${this.path} could not be read. Try again.`, {
        data: { file: this.path },
        cause
      });
    }
  }

  private corrupt(what: string): ArgonError {
    return new ArgonError('DATA_CORRUPT', `The image ${this.path} is damaged (${what}).`, {
      data: { file: this.path, what }
    });
  }
}
