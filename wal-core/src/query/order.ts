import { isCollated, mapStrings, type Collation } from '../bson/collation';
import { compareValues } from '../bson/compare';
import { encodeKey } from '../bson/keystring';
import type { RawValue } from '../bson/raw';
import { parseCollation } from './collation';

/** How one command orders values and tells them apart. */
export interface ValueOrder {
  /** Undefined: binary order. */
  readonly collation: Collation | undefined;
  compare(this: void, a: RawValue, b: RawValue): number;
  /** A text that two values share when they compare equal, and only then; good within one command. */
  keyText(this: void, value: RawValue): string;
}

const keyTextOf = (value: RawValue): string => encodeKey([value]).toString('latin1');

/** MongoDB's order without a collation. */
export const SIMPLE_ORDER: ValueOrder = { collation: undefined, compare: compareValues, keyText: keyTextOf };

/** The order that a command's `collation` gives. */
export function orderOf(collation: Buffer | undefined): ValueOrder {
  const known = parseCollation(collation);
  return known === undefined ? SIMPLE_ORDER : collatedOrder(known);
}

/** An order by a collation, with classes of equal strings of its own. */
export function collatedOrder(collation: Collation): ValueOrder {
  const classes = new StringClasses(collation);
  return {
    collation,
    compare: (a, b) => collation.compareValues(a, b),
    keyText: value =>
      keyTextOf(isCollated(value.type) ? mapStrings(value, text => classes.representative(text)) : value)
  };
}

const CHUNK_MAX = 512;
const REMEMBERED_MAX = 65_536;

/**
 * The first string seen of each class of equal ones. A collation can compare strings and has no keys for them, so
 * representatives are kept in order, in chunks, and found by halving.
 */
class StringClasses {
  private readonly chunks: string[][] = [];
  private readonly remembered = new Map<string, string>();

  constructor(private readonly collation: Collation) {}

  representative(text: string): string {
    const { text: folded, isFolded } = this.collation.fold(text);
    const name = isFolded ? folded : text;
    let found = this.remembered.get(name);
    if (found === undefined) {
      found = this.find(text);
      if (this.remembered.size >= REMEMBERED_MAX) this.remembered.clear();
      this.remembered.set(name, found);
    }
    return found;
  }

  private find(text: string): string {
    const { chunks } = this;
    const at = Math.max(0, firstAfter(chunks, chunk => this.collation.compare(chunk[0]!, text) > 0) - 1);
    const chunk = chunks[at];
    if (chunk === undefined) {
      chunks.push([text]);
      return text;
    }
    const place = firstAfter(chunk, one => this.collation.compare(one, text) >= 0);
    const there = chunk[place];
    if (there !== undefined && this.collation.compare(there, text) === 0) return there;
    chunk.splice(place, 0, text);
    if (chunk.length > CHUNK_MAX) chunks.splice(at + 1, 0, chunk.splice(CHUNK_MAX >> 1));
    return text;
  }
}

/** Place of the first item that is so, in a list where all behind it are so too. */
function firstAfter<I>(items: readonly I[], isSo: (item: I) => boolean): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isSo(items[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}
