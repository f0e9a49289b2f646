import type { CollectionId, DocKey, Lsn, TimelineId } from '../api';
import { LRUCache } from 'lru-cache';
import type { ChainLink, Timeline } from '../branch/model';
import { ImageLost, type Images } from '../image/images';
import { NO_STACK, type Stack } from '../image/stack';
import type { StoredImage } from '../image/stored';
import type { Overlays } from '../overlay/overlays';
import { CATALOG } from './catalog';
import { keyText, type Unapplied } from './unapplied';
import type { FoundVersion, Shortcut, Versions } from './versions';
import { PAGE_BYTES, versionText } from '../image/format';

/** Timelines that are asked one after another; with more the document is looked up in the image files. */
const WALKED_LINKS_MAX = 3;

export interface DeepReadParts {
  readonly versions: Versions;
  readonly unapplied: Unapplied;
  readonly images: Images;
  readonly overlays: Overlays;
  /** Reads had to walk many branches, and no overlay can be had for them. */
  readonly missed: (chain: readonly ChainLink[], collection: CollectionId) => void;
}

/** Heads whose ancestries are remembered. */
const ROUTES_MAX = 64;

/** What is known of the ancestry of one timeline. */
interface Route {
  /** The timelines above it. */
  readonly caps: ReadonlyMap<TimelineId, Lsn>;
  readonly collections: Map<CollectionId, Lane>;
}

/** What lies below the overlay of one collection. */
interface Lane {
  readonly coverage: Lsn;
  /** Links above the timeline's own that may have versions up to `coverage`, of which the overlay says nothing. */
  readonly links: readonly ChainLink[];
  /** What image files know of the states of the timeline from `from` on, when there are many links. */
  readonly stack: Stack;
  readonly from: Lsn;
  /** Of the set of images that the stack was taken from. */
  readonly version: number;
}

/**
 * Point reads below many branches. The overlay of the head knows each document that changed since the
 * images; what it does not know lies in the few timelines that the images stand on, or in the images.
 * So a depth of 1,000 costs what a depth of 1 costs.
 */
export class DeepReads implements Shortcut {
  private readonly routes = new LRUCache<Timeline, Route>({ max: ROUTES_MAX });
  private memory: Buffer | undefined;

  constructor(private readonly parts: DeepReadParts) {}

  find(
    chain: readonly ChainLink[],
    collection: CollectionId,
    key: DocKey,
    needsLsn: boolean
  ): FoundVersion | 'absent' | undefined {
    const { overlays, unapplied, versions } = this.parts;
    const own = chain[0]!;
    const { timeline, cap } = own;
    if (collection === CATALOG) {
      return undefined;
    }
    let overlay = overlays.head(timeline.id, collection);
    if (overlay === undefined && this.miss(chain, collection)) {
      overlay = overlays.head(timeline.id, collection);
    }
    if (overlay === undefined) {
      return undefined;
    }
    const route = this.route(chain);
    if (unapplied.records > 0) {
      // LSNs grow from an ancestor to its child.
      const waiting =
        unapplied.get(timeline.id, collection, key, cap) ?? unapplied.nearest(route.caps, collection, key);
      if (waiting !== undefined) {
        return waiting;
      }
    }
    const entry = overlay.get(keyText(key));
    if (entry !== undefined) {
      if (entry.lsn > cap) {
        return undefined;
      }
      if (entry.image === undefined) {
        const image = versions.exact(entry.timeline, collection, key, entry.lsn);
        overlay.keep(entry, image ?? null);
        return { lsn: entry.lsn, image };
      }
      return { lsn: entry.lsn, image: entry.image ?? undefined };
    }
    const { coverage } = overlay;
    const { links, stack } = this.lane(route, chain, collection, coverage);
    if (links.length <= WALKED_LINKS_MAX || stack.coverage < Math.min(coverage, cap)) {
      return this.walk(own, links, coverage, collection, key);
    }
    this.miss(chain, collection);
    const found = this.inImages(stack, keyText(key));
    // A base does not know when a document went.
    return found === 'absent' && needsLsn ? this.walk(own, links, coverage, collection, key) : found;
  }

  private walk(
    own: ChainLink,
    links: readonly ChainLink[],
    coverage: Lsn,
    collection: CollectionId,
    key: DocKey
  ): FoundVersion | 'absent' {
    const { versions } = this.parts;
    const mine = own.timeline.forkLsn < coverage ? versions.walk([own], collection, key) : undefined;
    return mine ?? versions.walk(links, collection, key) ?? 'absent';
  }

  /** True when an overlay was gathered at once. */
  private miss(chain: readonly ChainLink[], collection: CollectionId): boolean {
    const { images, overlays, missed } = this.parts;
    return overlays.warm(
      chain,
      collection,
      () => images.stack(chain, collection).coverage,
      () => missed(chain, collection)
    );
  }

  private route(chain: readonly ChainLink[]): Route {
    const { timeline } = chain[0]!;
    let route = this.routes.get(timeline);
    if (route === undefined) {
      const caps = new Map<TimelineId, Lsn>();
      for (let i = 1; i < chain.length; i++) {
        caps.set(chain[i]!.timeline.id, chain[i]!.cap);
      }
      route = { caps, collections: new Map() };
      this.routes.set(timeline, route);
    }
    return route;
  }

  private lane(
    { collections }: Route,
    chain: readonly ChainLink[],
    collection: CollectionId,
    coverage: Lsn
  ): Lane {
    const { images } = this.parts;
    const { timeline, cap } = chain[0]!;
    const known = collections.get(collection);
    const isKnown = known?.coverage === coverage;
    if (
      isKnown &&
      (known.links.length <= WALKED_LINKS_MAX || (known.version === images.version && known.from <= cap))
    ) {
      return known;
    }
    const above = isKnown
      ? known.links
      : chain.filter((link, i) => i > 0 && link.timeline.forkLsn < coverage);
    const isDeep = above.length > WALKED_LINKS_MAX;
    const lane = {
      coverage,
      links: above,
      stack: isDeep ? images.stack(chain, collection) : NO_STACK,
      // Older states may have other images; all newer ones have these.
      from: images.of(timeline.id, collection).at(-1)?.lsn ?? (0 as Lsn),
      version: images.version
    };
    if (lane.from <= cap) {
      collections.set(collection, lane);
    }
    return lane;
  }

  /** The newest runs come last, and each has everything that changed in its stretch. */
  private inImages({ base, runs }: Stack, docText: string): FoundVersion | 'absent' | undefined {
    try {
      for (let i = runs.length - 1; i >= 0; i--) {
        const { image, cap } = runs[i]!;
        const found = this.inImage(image, docText, cap);
        if (found !== undefined) {
          return found;
        }
      }
      return (base === undefined ? undefined : this.inImage(base, docText, base.lsn)) ?? 'absent';
    } catch (error) {
      if (error instanceof ImageLost) {
        return undefined;
      }
      throw error;
    }
  }

  /** One page is looked at after another, so that they may share their memory. */
  private memoryFor(bytes: number): Buffer {
    if (bytes > PAGE_BYTES) {
      return Buffer.allocUnsafeSlow(bytes);
    }
    this.memory ??= Buffer.allocUnsafeSlow(PAGE_BYTES);
    return this.memory;
  }

  private inImage(image: StoredImage, docText: string, cap: Lsn): FoundVersion | undefined {
    const { images } = this.parts;
    const file = images.file(image);
    const text = versionText(docText, cap);
    for (let number = file.pageOf(text); number < file.pages; number++) {
      const page = images.page(image, number, this.memoryFor(file.pageBytes(number)));
      const at = page.lowerBound(text);
      if (at < page.entries) {
        if (!page.isOf(at, docText)) {
          return undefined;
        }
        const bytes = page.image(at);
        return { lsn: page.lsn(at) as Lsn, image: bytes.length === 0 ? undefined : Buffer.from(bytes) };
      }
    }
    return undefined;
  }
}
