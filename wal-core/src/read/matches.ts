import type { DocKey, DocumentFilter, Image, MatchBatch, ScanBatch } from '../api';

/** 1, 2, 3 …: grows with the longest batch. */
let ascending = Uint32Array.from({ length: 512 }, (_, i) => i + 1);

/** The documents of a batch that match. */
export function matchesIn(batch: ScanBatch, filter: DocumentFilter): MatchBatch {
  const { images } = batch;
  if (filter.isEmpty) {
    if (ascending.length < images.length) {
      ascending = Uint32Array.from({ length: images.length * 2 }, (_, i) => i + 1);
    }
    return new Matched(batch, images, ascending);
  }
  const found: Image[] = [];
  const examinedAt: number[] = [];
  for (let at = 0; at < images.length; at++) {
    const image = images[at]!;
    if (filter.matches(image)) {
      found.push(image);
      examinedAt.push(at + 1);
    }
  }
  return new Matched(batch, found, examinedAt);
}

/** Keys are made when somebody asks for them. */
class Matched implements MatchBatch {
  readonly examined: number;

  constructor(
    private readonly batch: ScanBatch,
    readonly images: readonly Image[],
    readonly examinedAt: ArrayLike<number>
  ) {
    this.examined = batch.images.length;
  }

  get keys(): readonly DocKey[] {
    const { keys } = this.batch;
    return this.images.length === keys.length
      ? keys
      : this.images.map((_, i) => keys[this.examinedAt[i]! - 1]!);
  }
}
