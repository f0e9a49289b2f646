import { nameBytes, type RawValue } from './raw';

/**
 * Writes one document after another into the same memory, so that what is taken over from
 * other documents is copied once, in long runs, and no object is made for it.
 * `finish` returns a copy; a writer must not be used for a second document before that.
 */
export class DocumentWriter {
  private out = Buffer.allocUnsafe(512);
  private length = 4;
  /** A run of elements that stand together in `source` and are not copied yet. */
  private source: Buffer | undefined;
  private runStart = 0;
  private runEnd = 0;

  begin(): this {
    this.length = 4;
    this.source = undefined;
    return this;
  }

  /** Takes over a whole element (type byte, name and value) from another document. */
  take(source: Buffer, start: number, end: number): void {
    if (this.source === source && this.runEnd === start) {
      this.runEnd = end;
      return;
    }
    this.flush();
    this.source = source;
    this.runStart = start;
    this.runEnd = end;
  }

  /** Adds a named value. */
  add(name: string, value: RawValue): void {
    this.flush();
    const bytes = nameBytes(name);
    const { bytes: data } = value;
    this.room(2 + bytes.length + data.length);
    const out = this.out;
    let at = this.length;
    out[at++] = value.type;
    for (let i = 0; i < bytes.length; i++) out[at + i] = bytes[i]!;
    at += bytes.length;
    out[at++] = 0;
    if (data.length > 24) data.copy(out, at);
    else for (let i = 0; i < data.length; i++) out[at + i] = data[i]!;
    this.length = at + data.length;
  }

  finish(): Buffer {
    this.flush();
    this.room(1);
    this.out[this.length] = 0;
    const size = this.length + 1;
    const doc = Buffer.allocUnsafe(size);
    this.out.copy(doc, 0, 0, size);
    doc[0] = size;
    doc[1] = size >> 8;
    doc[2] = size >> 16;
    doc[3] = size >> 24;
    if (this.out.length > 1 << 20) this.out = Buffer.allocUnsafe(512);
    return doc;
  }

  private flush(): void {
    const { source } = this;
    if (source === undefined) return;
    const size = this.runEnd - this.runStart;
    this.room(size);
    source.copy(this.out, this.length, this.runStart, this.runEnd);
    this.length += size;
    this.source = undefined;
  }

  private room(bytes: number): void {
    if (this.length + bytes <= this.out.length) return;
    const bigger = Buffer.allocUnsafe(Math.max(this.out.length * 2, this.length + bytes));
    this.out.copy(bigger, 0, 0, this.length);
    this.out = bigger;
  }
}
