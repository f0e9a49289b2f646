import type { CollectionId, Lsn, TimelineId } from '../api';
import type { ChainLink } from '../branch/model';
import { KIND_BASE } from './format';
import type { StoredImage } from './stored';

/**
 * What files know of a state: a base, and runs on top of it. LSNs grow along the ancestry of a
 * timeline, from the root through each fork to the head, so that one number says how far they reach.
 */
export interface Stack {
  readonly base: StoredImage | undefined;
  /** Each with the newest LSN in it that belongs to the state. */
  readonly runs: readonly { readonly image: StoredImage; readonly cap: Lsn }[];
  /** Every version up to and including this LSN is in the files; 0 without any. */
  readonly coverage: Lsn;
}

export const NO_STACK: Stack = { base: undefined, runs: [], coverage: 0 as Lsn };

/** Images of one collection on one timeline. */
export type ImagesOf = (timeline: TimelineId, collection: CollectionId) => readonly StoredImage[];

/** The newest base in the state that `chain` describes, and the fewest runs that reach farthest from it. */
export function stackOf(chain: readonly ChainLink[], collection: CollectionId, imagesOf: ImagesOf): Stack {
  let base: StoredImage | undefined;
  const runs: { image: StoredImage; cap: Lsn }[] = [];
  for (const { timeline, cap } of chain) {
    for (const image of imagesOf(timeline.id, collection)) {
      if (image.kind !== KIND_BASE) {
        if (base === undefined || image.lsn > base.lsn) {
          runs.push({ image, cap: Math.min(cap, image.lsn) as Lsn });
        }
      } else if (image.lsn <= cap && image.lsn > (base?.lsn ?? -1)) {
        base = image;
      }
    }
    if (base !== undefined) {
      break;
    }
  }
  return base === undefined ? NO_STACK : { base, ...cover(base.lsn, runs) };
}

/** From `start` on, always the run that reaches farthest among those that leave no gap. */
function cover(
  start: Lsn,
  runs: readonly { image: StoredImage; cap: Lsn }[]
): { runs: { image: StoredImage; cap: Lsn }[]; coverage: Lsn } {
  const used: { image: StoredImage; cap: Lsn }[] = [];
  let coverage = start;
  for (;;) {
    let best: { image: StoredImage; cap: Lsn } | undefined;
    for (const run of runs) {
      if (run.image.from <= coverage && run.cap > (best?.cap ?? coverage)) {
        best = run;
      }
    }
    if (best === undefined) {
      return { runs: used, coverage };
    }
    used.push(best);
    coverage = best.cap;
  }
}
