import type { DocKey, DocumentFilter, Image, MatchBatch, ScanBatch } from '../api';
import { Pace, Steps } from '../log/pace';

/** 1, 2, 3 …: grows with the longest batch. */
let ascending = Uint32Array.from({ length: 512 }, (_, i) => i + 1);

/**
 * The documents of batches that match. A filter may take milliseconds for one document: then a batch comes in parts,
 * and others have their turn between them.
 * @throws CANCELLED
 */
export async function* matching(
  batches: AsyncIterable<ScanBatch>,
  filter: DocumentFilter,
  signal: AbortSignal | undefined
): AsyncGenerator<MatchedBatch> {
  const pace = new Pace(signal);
  const steps = new Steps();
  for await (const batch of batches) {
    const { length } = batch.images;
    if (filter.isEmpty) {
      yield matchesIn(batch, filter);
      continue;
    }
    for (let from = 0; from < length;) {
      const to = Math.min(length, from + steps.size);
      const began = performance.now();
      const found = matchesIn(to - from === length ? batch : partOf(batch, from, to), filter);
      steps.took(performance.now() - began);
      from = to;
      yield found;
      if (pace.isDue) {
        await pace.rest();
      }
    }
  }
}

function partOf({ keys, images }: ScanBatch, from: number, to: number): ScanBatch {
  return { keys: keys.slice(from, to), images: images.slice(from, to) };
}

/** The documents of a batch that match. */
function matchesIn(batch: ScanBatch, filter: DocumentFilter): MatchedBatch {
  const { images } = batch;
  if (filter.isEmpty) {
    if (ascending.length < images.length) {
      ascending = Uint32Array.from({ length: images.length * 2 }, (_, i) => i + 1);
    }
    return new MatchedBatch(batch, images, ascending);
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
  return new MatchedBatch(batch, found, examinedAt);
}

/** Also tells which document was looked at last. Keys are made when somebody asks for them. */
export class MatchedBatch implements MatchBatch {
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

  /** The key of the last document, whether it matches or not. */
  get last(): DocKey | undefined {
    return this.batch.keys.at(-1);
  }
}
