import { int32At, nameBytes, valueSize } from '../../bson/raw';
import { T } from '../../bson/types';

/** Type byte by which tests are told that there is no value. */
export const MISSING = 0;

/** Tests one value: its type (or MISSING) and where its bytes are. */
export type ElementTest = (type: number, buf: Buffer, start: number, end: number) => boolean;

/** Offset of the type byte of a field, or -1. `start` is where the document begins. */
export function findField(buf: Buffer, start: number, name: Uint8Array): number {
  const length = name.length;
  let at = start + 4;
  for (;;) {
    const type = buf[at]!;
    if (type === 0) return -1;
    const nameStart = at + 1;
    let i = 0;
    while (i < length && buf[nameStart + i] === name[i]) i++;
    let nameEnd = nameStart + i;
    if (buf[nameEnd] === 0) {
      if (i === length) return at;
    } else {
      do nameEnd++;
      while (buf[nameEnd] !== 0);
    }
    at = nameEnd + 1;
    at += valueSize(type, buf, at);
  }
}

/**
 * What the positional `$` needs to know: the index, in the outermost array, of the element
 * that satisfied the last test. One query runs at a time, so one place to note it is enough.
 */
export const position: { recording: boolean; found: string | undefined } = {
  recording: false,
  found: undefined
};

function record(buf: Buffer, nameStart: number, nameEnd: number): true {
  if (position.recording) position.found = buf.toString('latin1', nameStart, nameEnd);
  return true;
}

/**
 * Follows a dotted path through a document the way MongoDB's matcher does and asks `test`
 * about each value it leads to, until one passes:
 * through arrays of documents into each of them, and by position; at the end into the
 * elements of an array and then to the array itself (unless `wholeArrays`). A path that
 * ends early leads to MISSING, but one that ends in an array without documents leads nowhere.
 */
export class PathTest {
  private readonly parts: readonly Buffer[];
  private readonly numeric: readonly boolean[];

  constructor(
    path: string,
    private readonly wholeArrays: boolean,
    private readonly test: ElementTest
  ) {
    const parts = path.split('.');
    this.parts = parts.map(nameBytes);
    this.numeric = parts.map(part => /^\d+$/.test(part));
  }

  matches(buf: Buffer, start: number): boolean {
    return this.visit(buf, start, 0);
  }

  private visit(buf: Buffer, docStart: number, from: number): boolean {
    const parts = this.parts;
    let start = docStart;
    for (let i = from; ; i++) {
      const part = parts[i]!;
      const at = findField(buf, start, part);
      if (at < 0) return this.test(MISSING, buf, 0, 0);
      const type = buf[at]!;
      const value = at + 2 + part.length;
      if (type === T.ARRAY) return this.visitArray(buf, value, i + 1);
      if (i === parts.length - 1) return this.test(type, buf, value, value + valueSize(type, buf, value));
      if (type !== T.OBJECT) return this.test(MISSING, buf, 0, 0);
      start = value;
    }
  }

  /** `next` is the part of the path that comes after the array's own name. */
  private visitArray(buf: Buffer, start: number, next: number): boolean {
    const { parts, test } = this;
    const ends = next === parts.length;
    if (!ends || !this.wholeArrays) {
      const part = ends || !this.numeric[next] ? undefined : parts[next]!;
      let at = start + 4;
      for (let type = buf[at]!; type !== 0; type = buf[at]!) {
        const nameStart = at + 1;
        let nameEnd = nameStart + 1;
        while (buf[nameEnd] !== 0) nameEnd++;
        const value = nameEnd + 1;
        const end = value + valueSize(type, buf, value);
        if (ends) {
          if (test(type, buf, value, end)) return record(buf, nameStart, nameEnd);
        } else {
          if (type === T.OBJECT && this.visit(buf, value, next)) return record(buf, nameStart, nameEnd);
          if (part !== undefined && sameName(buf, nameStart, nameEnd, part)) {
            if (next === parts.length - 1) {
              if (test(type, buf, value, end)) return record(buf, nameStart, nameEnd);
            } else if (type === T.OBJECT) {
              if (this.visit(buf, value, next + 1)) return record(buf, nameStart, nameEnd);
            } else if (type === T.ARRAY) {
              if (this.visitArray(buf, value, next + 1)) return record(buf, nameStart, nameEnd);
            }
          }
        }
        at = end;
      }
    }
    return ends && test(T.ARRAY, buf, start, start + int32At(buf, start));
  }
}

function sameName(buf: Buffer, start: number, end: number, name: Buffer): boolean {
  if (end - start !== name.length) return false;
  for (let i = 0; i < name.length; i++) if (buf[start + i] !== name[i]) return false;
  return true;
}
