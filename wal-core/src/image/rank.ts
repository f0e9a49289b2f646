/** Bytes of a docKey that one number holds exactly. */
const PART_BYTES = 6;
const THREE_BYTES = 2 ** 24;
/** docKeys up to this length are told from each other by their ranks alone: none is the beginning of another. */
const RANK_BYTES = 2 * PART_BYTES;

/**
 * A docKey whose first bytes are two numbers, so that most comparisons look at no text. `rank` and `rank2` are
 * the first and the second six bytes, with zeros where there are none.
 */
export interface Ranked {
  readonly rank: number;
  readonly rank2: number;
  /** Whether the ranks have all of the docKey. */
  readonly isWhole: boolean;
  /** The docKey; undefined at the end of a walk. */
  readonly text: string | undefined;
}

/** Negative when `a` comes before `b`, 0 when both are the same document. Both must be there. */
export function compareRanked(a: Ranked, b: Ranked): number {
  if (a.rank !== b.rank) {
    return a.rank - b.rank;
  }
  if (a.rank2 !== b.rank2) {
    return a.rank2 - b.rank2;
  }
  if (a.isWhole && b.isWhole) {
    return 0;
  }
  const [left, right] = [a.text!, b.text!];
  return left < right ? -1 : left === right ? 0 : 1;
}

/** Whether ranks have all of a docKey of this many bytes. */
export function isWholeRank(length: number): boolean {
  return length <= RANK_BYTES;
}

/** The first part of the docKey `[start, end)`. */
export function rankOf(bytes: Uint8Array, start: number, end: number): number {
  if (end - start >= PART_BYTES) {
    const high = (bytes[start]! << 16) | (bytes[start + 1]! << 8) | bytes[start + 2]!;
    const low = (bytes[start + 3]! << 16) | (bytes[start + 4]! << 8) | bytes[start + 5]!;
    return high * THREE_BYTES + low;
  }
  let rank = 0;
  for (let at = start; at < start + PART_BYTES; at++) {
    rank = rank * 256 + (at < end ? bytes[at]! : 0);
  }
  return rank;
}

/** The second part of the docKey `[start, end)`. */
export function rank2Of(bytes: Uint8Array, start: number, end: number): number {
  return end - start > PART_BYTES ? rankOf(bytes, start + PART_BYTES, end) : 0;
}

/** A part of a docKey that is a text with one byte a char: the first from 0 on, the second from 6 on. */
function rankOfText(text: string, from: number): number {
  let rank = 0;
  for (let at = from; at < from + PART_BYTES; at++) {
    rank = rank * 256 + (at < text.length ? text.charCodeAt(at) : 0);
  }
  return rank;
}

/** The ranks of a text, kept up to date by whoever walks over texts. */
export class TextRank implements Ranked {
  rank = 0;
  rank2 = 0;
  isWhole = true;
  text: string | undefined;

  /** Takes the next text; undefined at the end. */
  show(text: string | undefined): void {
    this.text = text;
    if (text !== undefined) {
      this.rank = rankOfText(text, 0);
      this.rank2 = rankOfText(text, PART_BYTES);
      this.isWhole = isWholeRank(text.length);
    }
  }
}
