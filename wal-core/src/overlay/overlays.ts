import type { CollectionId, Lsn, TimelineId } from '../api';
import { isKept } from '../branch/kept';
import type { ChainLink, Timeline } from '../branch/model';
import { ArgonError } from '../errors';
import {
  OVERLAY_AT_ONCE_CHANGES_MAX,
  OVERLAY_CHANGES_MAX,
  OVERLAY_WHOLE_CHANGES_MAX,
  OVERLAYS_BYTES_MAX
} from '../limits';
import { Pace } from '../log/pace';
import type { LineReader } from '../read/line';
import { type Keyed, keyText, textOf } from '../read/unapplied';
import { Overlay } from './overlay';

export interface OverlayParts {
  readonly line: LineReader;
  /** Resolves when everything durable so far is in the state. */
  readonly caughtUp: () => Promise<void>;
  /** Whether that is so already. */
  readonly isCaughtUp: () => boolean;
}

export interface OverlayLimits {
  readonly bytesMax: number;
  readonly changesMax: number;
}

export const OVERLAY_LIMITS: OverlayLimits = {
  bytesMax: OVERLAYS_BYTES_MAX,
  changesMax: OVERLAY_CHANGES_MAX
};

/** LSNs that no reader asks for yet may be in the state already: a head's overlay takes them too. */
const NO_END = (2 ** 48 - 2) as Lsn;
/** Changes fed between two looks at the memory. */
const FEEDS_PER_LOOK = 1024;
/** Changes gathered between two looks at the clock. */
const CHANGES_PER_LOOK = 64;
/** Timelines asked by reads of one head before its overlay is gathered, at least; heads of which that is counted. */
const WARM_LINKS = 256;
const WALKED_HEADS_MAX = 10_000;
/** How long a read of a head waits before its overlay is tried again, in milliseconds. */
const WARMING_PAUSE_MS = 1000;

interface Slot {
  readonly overlay: Overlay;
  gathering: Promise<void> | undefined;
}

/**
 * The overlays in memory, one for each head (timeline and collection) that was read lately and one
 * for each old state whose images were thinned out. A head's overlay is gathered from the line in
 * slices and from then on fed with what is applied; together they stay below a number of bytes.
 */
export class Overlays {
  /** In the order of use, the last used last. */
  private readonly slots = new Map<string, Slot>();
  private readonly heads = new Map<TimelineId, Map<CollectionId, Overlay>>();
  private readonly warming = new Set<string>();
  /** Timelines asked by reads of heads without an overlay. */
  private readonly walked = new Map<string, { links: number; readonly due: number }>();
  private isClosed = false;
  private feeds = 0;
  private evictedCount = 0;

  constructor(
    private readonly parts: OverlayParts,
    private readonly limits: OverlayLimits = OVERLAY_LIMITS
  ) {}

  get count(): number {
    return this.slots.size;
  }

  /** An estimate of the memory of all of them. */
  get bytes(): number {
    let sum = 0;
    for (const { overlay } of this.slots.values()) {
      sum += overlay.bytes;
    }
    return sum;
  }

  /** How many were given up for lack of memory. */
  get evicted(): number {
    return this.evictedCount;
  }

  /** A change has come into the state; called before anybody can read it there. */
  applied(
    timeline: TimelineId,
    record: Keyed & { readonly collection: CollectionId; readonly image: Buffer | undefined },
    lsn: Lsn
  ): void {
    const overlay = this.heads.get(timeline)?.get(record.collection);
    if (overlay !== undefined) {
      overlay.add(textOf(record), timeline, lsn, record.image ?? null);
      if (++this.feeds % FEEDS_PER_LOOK === 0) {
        this.shrink();
      }
    }
  }

  /** The overlay of a head, when it is gathered. */
  head(timeline: TimelineId, collection: CollectionId): Overlay | undefined {
    const overlay = this.heads.get(timeline)?.get(collection);
    return overlay?.isReady === true ? overlay : undefined;
  }

  /**
   * A read walks the ancestry of a head. When that was done often enough to pay, its overlay is gathered: at once,
   * and true is answered, when the changes are few, and else a moment later; `missed` is told when that would be too
   * much. It goes back to the first fork when few changes were made since, and else to `coverage`.
   */
  warm(
    chain: readonly ChainLink[],
    collection: CollectionId,
    coverage: () => Lsn,
    missed: () => void
  ): boolean {
    const { timeline, cap } = chain[0]!;
    const name = `${timeline.id} ${collection}`;
    if (this.warming.has(name) || cap < timeline.durableHead) {
      return false;
    }
    const walked = this.walked.get(name) ?? { links: 0, due: this.warmAfter(chain, name) };
    walked.links += chain.length;
    if (walked.links < walked.due) {
      if (this.walked.size >= WALKED_HEADS_MAX) {
        this.walked.clear();
      }
      this.walked.set(name, walked);
      return false;
    }
    this.walked.delete(name);
    if (this.gatherAtOnce(name, chain, collection)) {
      return true;
    }
    this.warming.add(name);
    setImmediate(() => {
      void this.gatherSoon(chain, collection, coverage)
        .catch(() => undefined)
        .then(overlay => {
          if (overlay === undefined && !this.isClosed) {
            missed();
          }
          // What was too much will not be less at the next read.
          setTimeout(() => this.warming.delete(name), overlay === undefined ? WARMING_PAUSE_MS : 0).unref();
        });
    });
    return false;
  }

  /** Gathers the few changes since the first fork while the reader waits; false when it cannot be done at once. */
  private gatherAtOnce(name: string, chain: readonly ChainLink[], collection: CollectionId): boolean {
    const fork = firstFork(chain);
    const { timeline } = chain[0]!;
    if (
      this.isClosed ||
      !this.parts.isCaughtUp() ||
      this.slots.get(name)?.gathering !== undefined ||
      !isKept(timeline, fork) ||
      this.changesOn(chain, fork) > OVERLAY_AT_ONCE_CHANGES_MAX
    ) {
      return false;
    }
    const overlay = new Overlay(fork);
    for (const _ of this.fill(overlay, wholeOf(chain), collection)) {
      // Few enough to do without a rest.
    }
    overlay.isReady = true;
    this.put(name, { overlay, gathering: undefined }, timeline, collection, true);
    this.shrink();
    return true;
  }

  /** How many branches reads may walk before that has cost as much as gathering does. */
  private warmAfter(chain: readonly ChainLink[], name: string): number {
    const fork = firstFork(chain);
    const slot = this.slots.get(name);
    if (slot !== undefined && slot.overlay.coverage <= fork) {
      return Infinity;
    }
    const changes = this.changesOn(chain, fork);
    const isWhole = changes <= OVERLAY_WHOLE_CHANGES_MAX;
    return isWhole ? Math.max(WARM_LINKS, changes * 2) : slot === undefined ? WARM_LINKS : Infinity;
  }

  private async gatherSoon(
    chain: readonly ChainLink[],
    collection: CollectionId,
    coverage: () => Lsn
  ): Promise<Overlay | undefined> {
    this.assertOpen();
    const fork = firstFork(chain);
    const whole =
      this.changesOn(chain, fork) <= OVERLAY_WHOLE_CHANGES_MAX
        ? await this.of(chain, collection, fork)
        : undefined;
    return whole ?? this.of(chain, collection, coverage());
  }

  private assertOpen(): void {
    if (this.isClosed) {
      throw new ArgonError('CLOSED', 'The engine is closed.');
    }
  }

  /**
   * New images hold what the overlay of this head has up to `lsn`. A small one below other branches stays as it is:
   * it spares point reads the way through those.
   */
  trim({ id, parent }: Timeline, collection: CollectionId, lsn: Lsn): void {
    const overlay = this.head(id, collection);
    if (overlay !== undefined && (parent === undefined || overlay.size > OVERLAY_WHOLE_CHANGES_MAX)) {
      overlay.trim(lsn);
    }
  }

  /**
   * An overlay with everything in `(coverage, lsn]` on the way to the state that `chain` describes;
   * undefined when that is too much for the memory, or when garbage collection has thinned the changes
   * that lead there from `coverage`.
   */
  async of(
    chain: readonly ChainLink[],
    collection: CollectionId,
    coverage: Lsn
  ): Promise<Overlay | undefined> {
    const { timeline, cap } = chain[0]!;
    if (!isKept(timeline, coverage)) {
      return undefined;
    }
    const known = this.heads.get(timeline.id)?.get(collection);
    const fits = known !== undefined && known.coverage <= coverage;
    const needed = this.changesOn(chain, coverage);
    const newer = timeline.durableCount - this.ordinalAt(timeline, cap);
    // Each change newer than the state costs a look into `ver`, which is dearer than gathering one.
    if (newer > 256 && newer > needed / 2) {
      return needed > this.limits.changesMax
        ? undefined
        : this.gathered(`${timeline.id} ${collection} ${cap}`, chain, collection, coverage, false);
    }
    if (!fits && needed + newer > this.limits.changesMax) {
      return undefined;
    }
    return this.gathered(`${timeline.id} ${collection}`, wholeOf(chain), collection, coverage, true);
  }

  /** Changes in `(coverage, …]` on the way to a state, of all collections, from counters alone. */
  changesOn(chain: readonly ChainLink[], coverage: Lsn): number {
    let sum = 0;
    for (const [i, { timeline, cap }] of chain.entries()) {
      if (cap <= coverage) {
        break;
      }
      const below = chain[i - 1]?.timeline;
      const upTo =
        below !== undefined && below.parent === timeline ? below.forkOrdinal : this.ordinalAt(timeline, cap);
      const before = coverage <= timeline.forkLsn && timeline.parent !== undefined ? 0 : coverage;
      sum += upTo - (before === 0 ? 0 : this.parts.line.ordinalAt(timeline, before));
    }
    return sum;
  }

  private ordinalAt(timeline: Timeline, lsn: Lsn): number {
    return lsn >= timeline.durableHead ? timeline.durableCount : this.parts.line.ordinalAt(timeline, lsn);
  }

  private async gathered(
    name: string,
    chain: readonly ChainLink[],
    collection: CollectionId,
    coverage: Lsn,
    isHead: boolean
  ): Promise<Overlay | undefined> {
    let slot = this.slots.get(name);
    if (slot === undefined || slot.overlay.coverage > coverage) {
      slot = { overlay: new Overlay(coverage), gathering: undefined };
      this.put(name, slot, chain[0]!.timeline, collection, isHead);
      slot.gathering = this.gather(name, slot.overlay, chain, collection).catch((error: unknown) => {
        this.remove(name);
        throw error;
      });
    } else {
      this.slots.delete(name);
      this.slots.set(name, slot);
    }
    await slot.gathering;
    slot.gathering = undefined;
    return slot.overlay.isReady ? slot.overlay : undefined;
  }

  /** What is applied from now on is fed; what was before is found in the line. */
  private async gather(
    name: string,
    overlay: Overlay,
    chain: readonly ChainLink[],
    collection: CollectionId
  ): Promise<void> {
    await this.parts.caughtUp();
    this.assertOpen();
    const { coverage } = overlay;
    const pace = new Pace();
    for (const _ of this.fill(overlay, chain, collection)) {
      if (pace.isDue) {
        await pace.rest();
        this.assertOpen();
      }
    }
    // What is kept now was whole when it was read.
    if (isKept(chain[0]!.timeline, coverage)) {
      overlay.isReady = true;
      this.shrink();
    } else {
      this.remove(name);
    }
  }

  /** Adds the changes that the line has behind what the overlay leaves to images; a look at the clock is due at each yield. */
  private *fill(
    overlay: Overlay,
    chain: readonly ChainLink[],
    collection: CollectionId
  ): Generator<undefined> {
    const { coverage } = overlay;
    let looked = 0;
    for (const { timeline, cap } of chain) {
      if (cap <= coverage) {
        break;
      }
      for (const { record } of this.parts.line.records(timeline, coverage, cap)) {
        if (record.collection === collection) {
          overlay.add(
            keyText(record.key),
            timeline.id,
            record.lsn,
            record.image === undefined ? null : undefined
          );
        }
        if (++looked % CHANGES_PER_LOOK === 0) {
          yield;
        }
      }
    }
  }

  /** Keeps the memory bounded: what was packed goes first, then the longest unused; the last one used loses its images at most. */
  shrink(): void {
    let sum = this.bytes;
    const last = this.lastName();
    for (const { overlay } of this.slots.values()) {
      if (sum > this.limits.bytesMax && overlay.packed !== undefined) {
        sum -= overlay.packed.bytes;
        overlay.keepPacked(undefined);
      }
    }
    for (const [name, { overlay, gathering }] of this.slots) {
      if (sum <= this.limits.bytesMax) {
        return;
      }
      if (gathering === undefined && name !== last) {
        sum -= overlay.bytes;
        this.evictedCount++;
        this.remove(name);
      }
    }
    for (const { overlay } of this.slots.values()) {
      if (sum > this.limits.bytesMax) {
        sum -= overlay.bytes;
        overlay.dropImages();
        sum += overlay.bytes;
      }
    }
  }

  private lastName(): string | undefined {
    let last: string | undefined;
    for (const name of this.slots.keys()) {
      last = name;
    }
    return last;
  }

  private put(name: string, slot: Slot, timeline: Timeline, collection: CollectionId, isHead: boolean): void {
    this.remove(name);
    this.slots.set(name, slot);
    if (isHead) {
      let collections = this.heads.get(timeline.id);
      if (collections === undefined) {
        collections = new Map();
        this.heads.set(timeline.id, collections);
      }
      collections.set(collection, slot.overlay);
    }
  }

  private remove(name: string): void {
    const slot = this.slots.get(name);
    if (slot === undefined) {
      return;
    }
    this.slots.delete(name);
    const [timeline, collection] = name.split(' ').map(Number) as [TimelineId, CollectionId];
    const collections = this.heads.get(timeline);
    if (collections?.get(collection) === slot.overlay) {
      collections.delete(collection);
      if (collections.size === 0) {
        this.heads.delete(timeline);
      }
    }
  }

  /** Nothing is gathered from now on. */
  close(): void {
    this.isClosed = true;
    this.slots.clear();
    this.heads.clear();
  }
}

/** The ancestry of a head with everything that is applied to it, whether a reader asks for it yet or not. */
function wholeOf(chain: readonly ChainLink[]): readonly ChainLink[] {
  return [{ timeline: chain[0]!.timeline, cap: NO_END }, ...chain.slice(1)];
}

/** Where the first branch of an ancestry left the root. */
function firstFork(chain: readonly ChainLink[]): Lsn {
  return chain.at(-2)?.timeline.forkLsn ?? (0 as Lsn);
}
