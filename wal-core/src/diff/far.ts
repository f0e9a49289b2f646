import type { ChangeOp, CollectionId } from '../api';
import type { ChainLink } from '../branch/model';
import type { LineReader } from '../read/line';
import type { ChangedKeys, Parting } from './changed';

/** How many documents of a collection differ, and how. */
export type ChangeCounts = Record<ChangeOp, number>;

export interface FarOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told now and then how many changes were looked at. */
  readonly onProgress?: ((done: number) => void) | undefined;
}

/** What was gathered elsewhere. */
export interface FarFound {
  /** The caller releases them. */
  readonly keys: ChangedKeys;
  /** By collection, without the catalog; undefined when no images were compared. */
  readonly counts: ReadonlyMap<CollectionId, ChangeCounts> | undefined;
}

/** Gathers the changes between states on another thread. */
export interface FarChanges {
  /** Fewer changes are gathered faster where they are asked for. */
  readonly changesMin: number;
  /**
   * The keys that changed, in order. With `states` both images of each document are compared, and only those that
   * differ are answered.
   * @throws CANCELLED, DATA_CORRUPT, INTERNAL with data `{worker: true}` when the thread died
   */
  gather(
    partings: readonly Parting[],
    states: readonly [readonly ChainLink[], readonly ChainLink[]] | undefined,
    options: FarOptions
  ): Promise<FarFound>;
}

/** Stretches up to which their changes are counted one by one. */
const COUNTED_STRETCHES_MAX = 64;

/** How many changes lie between states; at least as many LSNs where they lie in too many stretches to count them. */
export function changesIn(line: LineReader, partings: readonly Parting[]): number {
  const stretches = partings.flatMap(parting => parting.stretches);
  return stretches.length > COUNTED_STRETCHES_MAX
    ? lsnsIn(partings)
    : stretches.reduce(
        (sum, { timeline, after, upTo }) =>
          sum + line.ordinalAt(timeline, upTo) - line.ordinalAt(timeline, after),
        0
      );
}

/** Whether so many changes lie between states that they are gathered elsewhere. */
export function isFar(line: LineReader, partings: readonly Parting[], changesMin: number): boolean {
  return lsnsIn(partings) >= changesMin && changesIn(line, partings) >= changesMin;
}

/** LSNs between states: they count the changes of other branches too. */
function lsnsIn(partings: readonly Parting[]): number {
  return partings
    .flatMap(({ stretches }) => stretches)
    .reduce((sum, { after, upTo }) => sum + upTo - after, 0);
}
