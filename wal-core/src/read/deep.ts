import type { CollectionId, DocKey, Lsn, TimelineId } from '../api';
import type { ChainLink } from '../branch/model';
import { ImageLost, type Images } from '../image/images';
import { NO_STACK, type Stack } from '../image/stack';
import type { StoredImage } from '../image/stored';
import type { Overlays } from '../overlay/overlays';
import { CATALOG } from './catalog';
import { keyText, type Unapplied } from './unapplied';
import type { FoundVersion, Shortcut, Versions } from './versions';
import { versionText } from '../image/format';

/** Timelines that are asked one after another; with more the document is looked up in the image files. */
const WALKED_LINKS_MAX = 3;

export interface DeepReadParts {
  readonly versions: Versions;
  readonly unapplied: Unapplied;
  readonly images: Images;
  readonly overlays: Overlays;
}

/** What is known of one ancestry, as long as somebody reads through it. */
interface Route {
  readonly caps: ReadonlyMap<TimelineId, Lsn>;
  /** Links that may have versions up to `coverage`, of which the overlay says nothing. */
  links: readonly ChainLink[];
  coverage: Lsn;
  stack: Stack;
  /** Collection and version of the set of images that the stack was taken from. */
  collection: CollectionId;
  version: number;
}

/**
 * Point reads below many branches. The overlay of the head knows each document that changed since the
 * images; what it does not know lies in the few timelines that the images stand on, or in the images.
 * So a depth of 1,000 costs what a depth of 1 costs.
 */
export class DeepReads implements Shortcut {
  private readonly routes = new WeakMap<readonly ChainLink[], Route>();

  constructor(private readonly parts: DeepReadParts) {}

  find(
    chain: readonly ChainLink[],
    collection: CollectionId,
    key: DocKey,
    needsLsn: boolean
  ): FoundVersion | 'absent' | undefined {
    const { overlays, images, unapplied, versions } = this.parts;
    const { timeline, cap } = chain[0]!;
    if (collection === CATALOG) {
      return undefined;
    }
    const overlay = overlays.head(timeline.id, collection);
    if (overlay === undefined) {
      overlays.warm(chain, collection, () => images.stack(chain, collection).coverage);
      return undefined;
    }
    const route = this.route(chain, collection, overlay.coverage);
    const waiting = unapplied.records === 0 ? undefined : unapplied.nearest(route.caps, collection, key);
    if (waiting !== undefined) {
      return waiting;
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
    if (route.links.length <= WALKED_LINKS_MAX || route.stack.coverage < Math.min(overlay.coverage, cap)) {
      return versions.walk(route.links, collection, key) ?? 'absent';
    }
    const found = this.inImages(route.stack, keyText(key));
    // A base does not know when a document went.
    return found === 'absent' && needsLsn ? (versions.walk(route.links, collection, key) ?? 'absent') : found;
  }

  private route(chain: readonly ChainLink[], collection: CollectionId, coverage: Lsn): Route {
    const { images } = this.parts;
    let route = this.routes.get(chain);
    if (route === undefined) {
      const caps = new Map(chain.map(link => [link.timeline.id, link.cap]));
      route = { caps, links: [], coverage: -1 as Lsn, stack: NO_STACK, collection, version: -1 };
      this.routes.set(chain, route);
    }
    if (route.coverage !== coverage) {
      route.coverage = coverage;
      route.links = chain.filter(({ timeline: { forkLsn } }) => forkLsn < coverage);
    }
    if (route.links.length > WALKED_LINKS_MAX) {
      if (route.version !== images.version || route.collection !== collection) {
        route.stack = images.stack(chain, collection);
        route.version = images.version;
        route.collection = collection;
      }
    }
    return route;
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

  private inImage(image: StoredImage, docText: string, cap: Lsn): FoundVersion | undefined {
    const { images } = this.parts;
    const file = images.file(image);
    const text = versionText(docText, cap);
    for (let number = file.pageOf(text); number < file.pages; number++) {
      const page = images.page(image, number);
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
