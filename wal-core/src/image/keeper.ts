import { rmSync } from 'node:fs';
import { LRUCache } from 'lru-cache';
import type { CollectionId, Lsn, TimelineId } from '../api';
import { isKept } from '../branch/kept';
import type { ChainLink, Timeline } from '../branch/model';
import { ArgonError } from '../errors';
import {
  FLATTEN_PART,
  IMAGE_CHANGES_MIN,
  IMAGE_LINE_CHANGES_MAX,
  IMAGE_LOAD_CHANGES_MAX,
  IMAGE_LOAD_RECORDS_MIN,
  IMAGE_LOAD_STEP_CHANGES_MIN,
  IMAGE_LOAD_STEP_MS_MAX,
  IMAGE_THIN_AGE_MS,
  IMAGE_TRIES_MAX,
  REBASE_PART,
  RUN_CHANGES_MAX,
  RUN_PART,
  RUNS_MAX,
  RUNS_OLD_MAX
} from '../limits';
import { OVERLAY_LIMITS, type OverlayLimits, type Overlays } from '../overlay/overlays';
import { CATALOG } from '../read/catalog';
import type { HandedLimits } from '../read/handed';
import type { StatsReader } from '../read/stats';
import type { Keyed, Unapplied } from '../read/unapplied';
import type { BuildTask } from './build';
import { KIND_BASE, KIND_RUN } from './format';
import type { Images } from './images';
import { NO_STACK, type Stack, stackOf } from './stack';
import type { StoredImage } from './stored';
import type { ImageFacts } from './writer';

/** How long it waits before it looks again whether much is being loaded, in milliseconds. */
const LULL_MS = 20;

/** When images are made. */
export interface ImageLimits {
  /** Changes since the last image before another is thought of; smaller collections never need one. */
  readonly changesMin: number;
  /** Part of a collection that changed, and changes, from which on a run is written. */
  readonly runPart: number;
  readonly runChangesMax: number;
  /** The same for the first run of a branch: its ancestor's images with its own changes on top. */
  readonly flattenPart: number;
  /** Runs on a base, and their part of the collection, from which on there is a new base. */
  readonly runsMax: number;
  readonly rebasePart: number;
  /** Age from which on the images of old states are thinned, in milliseconds, and the runs that may then be merged. */
  readonly thinAgeMs: number;
  readonly runsOldMax: number;
}

export const IMAGE_LIMITS: ImageLimits = {
  changesMin: IMAGE_CHANGES_MIN,
  runPart: RUN_PART,
  runChangesMax: RUN_CHANGES_MAX,
  flattenPart: FLATTEN_PART,
  runsMax: RUNS_MAX,
  rebasePart: REBASE_PART,
  thinAgeMs: IMAGE_THIN_AGE_MS,
  runsOldMax: RUNS_OLD_MAX
};

/** What tests replace: small sizes, so that a few documents have images. */
export interface ImageOptions {
  readonly limits?: Partial<ImageLimits>;
  readonly overlays?: Partial<OverlayLimits>;
  readonly handed?: Partial<HandedLimits>;
  /** Builds and reads on the calling thread even where a worker could be had. */
  readonly inline?: boolean;
}

export function overlayLimitsOf(options: ImageOptions | undefined): OverlayLimits {
  return { ...OVERLAY_LIMITS, ...options?.overlays };
}

/** Writes a file, on another thread where there is one. */
export type Builder = (task: BuildTask, signal: AbortSignal) => Promise<ImageFacts>;

export interface KeeperParts {
  readonly images: Images;
  readonly overlays: Overlays;
  readonly stats: StatsReader;
  readonly unapplied: Pick<Unapplied, 'records'>;
  readonly caughtUp: () => Promise<void>;
  readonly builder: Builder;
  readonly registry: { timeline(id: TimelineId): Timeline | undefined };
  readonly wallMs: () => number;
}

/** Changes of a collection since its newest image. */
interface Count {
  changes: number;
  /** From here on an image is made. */
  readonly due: number;
  /** When it had taken the last `IMAGE_LOAD_STEP_CHANGES_MIN`, and whether that was quick. */
  steppedMs: number;
  isQuick: boolean;
}

/**
 * Keeps images close behind the heads: counts what is applied, and has runs and bases made when
 * enough has changed, one after another. What it makes is derived: a failure costs time, never data.
 */
export class ImageKeeper {
  private readonly counts = new LRUCache<string, Count>({ max: 10_000 });
  private last:
    { readonly timeline: Timeline; readonly collection: CollectionId; readonly count: Count } | undefined;
  private readonly queue = new Map<string, { timeline: Timeline; collection: CollectionId }>();
  private readonly failures = new Map<string, number>();
  private readonly abort = new AbortController();
  private working: Promise<void> | undefined;
  private failure: string | undefined;
  private builtCount = 0;
  private readonly limits: ImageLimits;

  constructor(
    private readonly parts: KeeperParts,
    options: ImageOptions = {}
  ) {
    this.limits = { ...IMAGE_LIMITS, ...options.limits };
  }

  /** Files made since the engine was opened. */
  get built(): number {
    return this.builtCount;
  }

  /** Why the newest build that failed did. */
  get error(): string | undefined {
    return this.failure;
  }

  get isBuilding(): boolean {
    return this.working !== undefined;
  }

  /** A change has come into the state; called before anybody can read it there. */
  applied(
    timeline: Timeline,
    record: Keyed & { readonly collection: CollectionId; readonly image: Buffer | undefined },
    lsn: Lsn
  ): void {
    const { collection } = record;
    this.parts.overlays.applied(timeline.id, record, lsn);
    if (collection === CATALOG) {
      return;
    }
    const count = this.counted(timeline, collection);
    if (++count.changes % IMAGE_LOAD_STEP_CHANGES_MIN === 0) {
      const now = performance.now();
      count.isQuick = now - count.steppedMs < IMAGE_LOAD_STEP_MS_MAX;
      count.steppedMs = now;
    }
    if (count.changes >= count.due) {
      this.request(timeline, collection);
    }
  }

  /** The count of a head. Changes of one collection come together, so that the last one is at hand. */
  private counted(timeline: Timeline, collection: CollectionId): Count {
    if (this.last?.timeline === timeline && this.last.collection === collection) {
      return this.last.count;
    }
    const name = `${timeline.id} ${collection}`;
    let count = this.counts.get(name);
    if (count === undefined) {
      count = this.count(timeline, collection);
      this.counts.set(name, count);
    }
    this.last = { timeline, collection, count };
    return count;
  }

  /** Somebody walked a long stretch for lack of images. */
  missed(chain: readonly ChainLink[], collection: CollectionId): void {
    const { timeline } = chain[0]!;
    if (collection !== CATALOG && this.count(timeline, collection).changes >= this.limits.changesMin) {
      this.request(timeline, collection);
    }
  }

  /** Has images made for a head. */
  request(timeline: Timeline, collection: CollectionId): void {
    const name = `${timeline.id} ${collection}`;
    if (
      this.abort.signal.aborted ||
      this.queue.has(name) ||
      (this.failures.get(name) ?? 0) >= IMAGE_TRIES_MAX
    ) {
      return;
    }
    this.queue.set(name, { timeline, collection });
    this.working ??= new Promise(resolve => setImmediate(resolve)).then(() => this.work());
  }

  /** Resolves when nothing is being made or waits for it. */
  async settled(): Promise<void> {
    while (this.working !== undefined) {
      await this.working;
    }
  }

  /** Gives up what is being made. */
  async stop(): Promise<void> {
    this.abort.abort();
    this.queue.clear();
    await this.settled();
  }

  private count(timeline: Timeline, collection: CollectionId): Count {
    const { images, overlays } = this.parts;
    const chain = timeline.chain(timeline.durableHead);
    const stack = images.stack(chain, collection);
    const changes = overlays.changesOn(chain, stack.coverage);
    return { changes, due: this.due(chain, collection, stack), steppedMs: -Infinity, isQuick: false };
  }

  private due(chain: readonly ChainLink[], collection: CollectionId, stack: Stack): number {
    const { changesMin, runPart, runChangesMax, flattenPart } = this.limits;
    if (stack === NO_STACK) {
      return changesMin;
    }
    const newest = stack.runs.at(-1)?.image ?? stack.base!;
    const part = newest.timeline === chain[0]!.timeline.id ? runPart : flattenPart;
    return Math.max(changesMin, Math.min(this.documents(chain, collection) * part, runChangesMax));
  }

  /** Documents of a collection, as far as counters know. */
  private documents(chain: readonly ChainLink[], collection: CollectionId): number {
    for (const { timeline } of chain) {
      const row = this.parts.stats.row(timeline, collection);
      if (row !== undefined) {
        return row.stats.count;
      }
    }
    return 0;
  }

  private async work(): Promise<void> {
    try {
      for (const [name, { timeline, collection }] of this.queue) {
        await this.lull(name);
        if (this.abort.signal.aborted) {
          break;
        }
        this.queue.delete(name);
        try {
          await this.make(timeline, collection);
          this.failures.delete(name);
        } catch (error) {
          if (this.failed(name, error)) {
            this.request(timeline, collection);
          }
        }
        this.counts.delete(name);
        this.last = undefined;
      }
    } finally {
      this.working = undefined;
    }
  }

  /**
   * Waits while much is being loaded or changed: images of it are soon of little use, and whoever makes them takes the
   * processor from those who write. Not for ever, so that what a reader gathers beside them stays bounded.
   */
  private async lull(name: string): Promise<void> {
    const changes = () => this.counts.get(name)?.changes ?? IMAGE_LOAD_CHANGES_MAX;
    while (this.isLoading(name) && changes() < IMAGE_LOAD_CHANGES_MAX && !this.abort.signal.aborted) {
      await new Promise(resolve => setTimeout(resolve, LULL_MS));
    }
  }

  /** Whether much waits for the state, or a collection has just taken many changes in a short time. */
  private isLoading(name: string): boolean {
    const count = this.counts.get(name);
    return (
      this.parts.unapplied.records >= IMAGE_LOAD_RECORDS_MIN ||
      (count?.isQuick === true && performance.now() - count.steppedMs < IMAGE_LOAD_STEP_MS_MAX)
    );
  }

  /** True when it is worth another try at once. */
  private failed(name: string, error: unknown): boolean {
    if (this.abort.signal.aborted) {
      return false;
    }
    this.failure = error instanceof Error ? error.message : String(error);
    this.failures.set(name, (this.failures.get(name) ?? 0) + 1);
    // A damaged file is given up, so that the next try does without it.
    const data = error instanceof ArgonError ? error.data : {};
    const damaged = [...this.parts.images.all()].find(image => image.file === data['image']);
    if (damaged !== undefined) {
      this.parts.images.discard(damaged);
    }
    return damaged !== undefined || data['worker'] === true;
  }

  /**
   * Brings the images of a head up to what is applied now. What its ancestors changed goes into images of theirs, as
   * long as that is most of it: their other children share those, and a small branch needs none of its own.
   */
  private async make(head: Timeline, collection: CollectionId): Promise<void> {
    const { images, overlays } = this.parts;
    const state = () => {
      const chain = head.chain(head.durableHead);
      const { coverage } = images.stack(chain, collection);
      return { chain, coverage, changes: overlays.changesOn(chain, coverage) };
    };
    for (let now = state(); ;) {
      const { coverage } = now;
      const owner = this.changedMost(now.chain, coverage, now.changes);
      if (owner === undefined) {
        break;
      }
      await this.makeOwn(owner, collection);
      now = state();
      if (now.changes < this.limits.changesMin) {
        return;
      }
      if (now.coverage <= coverage) {
        break;
      }
    }
    await this.makeOwn(head, collection);
  }

  /** The oldest ancestor up to which at least half of a head's changes were made, if that is worth an image. */
  private changedMost(chain: readonly ChainLink[], coverage: Lsn, changes: number): Timeline | undefined {
    const enough = Math.max(this.limits.changesMin, changes / 2);
    // The nearer the ancestor, the more changes lead to it.
    let [owner, beyond] = [0, chain.length];
    while (beyond - owner > 1) {
      const middle = (owner + beyond) >>> 1;
      if (this.parts.overlays.changesOn(chain.slice(middle), coverage) >= enough) {
        owner = middle;
      } else {
        beyond = middle;
      }
    }
    return owner === 0 ? undefined : chain[owner]!.timeline;
  }

  private async makeOwn(head: Timeline, collection: CollectionId): Promise<void> {
    const { images, overlays, caughtUp } = this.parts;
    const chain = head.chain(head.durableHead);
    await caughtUp();
    const { timeline, cap } = chain[0]!;
    if (this.parts.registry.timeline(timeline.id) === undefined) {
      return;
    }
    const stack = images.stack(chain, collection);
    const target = { timeline: timeline.id, collection, lsn: cap };
    if (stack.coverage < cap) {
      const changes = overlays.changesOn(chain, stack.coverage);
      const links = chain.map(link => ({ timeline: { id: link.timeline.id }, cap: link.cap }));
      const after = stack.coverage;
      if (stack === NO_STACK || changes > IMAGE_LINE_CHANGES_MAX || !isKept(timeline, after)) {
        const source = { from: 'versions', chain: links } as const;
        await this.build({ ...target, kind: KIND_BASE, from: cap }, source, {
          stands: () => isKept(timeline, cap)
        });
        overlays.trim(timeline, collection, cap);
        return;
      }
      // Garbage collection says what goes before it goes: what is kept at the end was whole when it was read.
      const stands = () => isKept(timeline, after) && isKept(timeline, cap);
      await this.build(
        { ...target, kind: KIND_RUN, from: after },
        { from: 'line', chain: links, after },
        { stands }
      );
      overlays.trim(timeline, collection, cap);
    }
    await this.compact(chain, collection);
    await this.thin(chain, collection);
  }

  /**
   * Drops bases of old states that runs reach from the base before them. Scans of such states then
   * merge up to twice as many runs; nothing that could be read before cannot be read after.
   */
  private async thin(chain: readonly ChainLink[], collection: CollectionId): Promise<void> {
    const { images, wallMs } = this.parts;
    const { timeline } = chain[0]!;
    const before = wallMs() - this.limits.thinAgeMs;
    const bases = images.of(timeline.id, collection).filter(({ kind }) => kind === KIND_BASE);
    for (const base of bases.slice(1, -1)) {
      if (base.createdMs < before) {
        const left = (line: TimelineId) => images.of(line, collection).filter(image => image !== base);
        const stack = stackOf(timeline.chain(base.lsn), collection, left);
        if (stack.coverage >= base.lsn && stack.runs.length <= this.limits.runsOldMax) {
          await images.drop([base]);
        }
      }
    }
  }

  /** Too many runs become a base, or one longer run while they are a small part of the collection. */
  private async compact(chain: readonly ChainLink[], collection: CollectionId): Promise<void> {
    const { base, runs, coverage } = this.parts.images.stack(chain, collection);
    const newest = runs.at(-1)?.image;
    if (base === undefined || newest?.timeline !== chain[0]!.timeline.id || newest.lsn > coverage) {
      return;
    }
    const changed = runs.reduce((sum, { image }) => sum + image.entries, 0);
    const isLarge = changed >= this.documents(chain, collection) * this.limits.rebasePart;
    if (!isLarge && runs.length < this.limits.runsMax) {
      return;
    }
    const where = { timeline: newest.timeline, collection, lsn: coverage };
    const used = [base, ...runs.map(({ image }) => image)];
    if (isLarge) {
      await this.build(
        { ...where, kind: KIND_BASE, from: coverage },
        { from: 'stack', base, runs },
        { used }
      );
      return;
    }
    const from = runs[0]!.image.from;
    const replaced = used.filter(({ kind, timeline }) => kind === KIND_RUN && timeline === newest.timeline);
    await this.build({ ...where, kind: KIND_RUN, from }, { from: 'runs', runs }, { used, replaced });
  }

  private async build(
    made: Pick<StoredImage, 'timeline' | 'collection' | 'kind' | 'from' | 'lsn'>,
    source: DistributiveOmit<BuildTask, 'directory' | 'file' | 'collection'>,
    options: {
      /** Files that it is made from. */
      readonly used?: readonly StoredImage[];
      readonly replaced?: readonly StoredImage[];
      /** Asked at the end: whether what it was made from was whole. */
      readonly stands?: () => boolean;
    }
  ): Promise<void> {
    const { used = [], replaced = [], stands } = options;
    const { images, builder, wallMs } = this.parts;
    const file = images.reserve();
    const release = images.hold(used);
    try {
      const { directory } = images;
      const { signal } = this.abort;
      const facts = await builder({ ...source, directory, file, collection: made.collection }, signal).catch(
        (error: unknown) => {
          // A thread that died could not clean up.
          rmSync(images.path({ file }), { force: true });
          throw error;
        }
      );
      if (stands?.() === false) {
        rmSync(images.path({ file }), { force: true });
        return;
      }
      const { entries, bytes } = facts;
      await images.add({ ...made, file, entries, bytes, createdMs: wallMs() }, replaced);
      this.builtCount++;
    } finally {
      release();
    }
  }
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
