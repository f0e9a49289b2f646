import type { CollectionId, DocKey, Image, Lsn, ScanBatch } from '../api';
import type { ChainLink } from '../branch/model';
import { ImageLost, type Images } from '../image/images';
import { WalkPages } from '../image/pages';
import { NO_STACK, type Stack } from '../image/stack';
import type { Overlay, OverlayEntry } from '../overlay/overlay';
import type { Overlays } from '../overlay/overlays';
import { OverlayWalk } from '../overlay/walk';
import { BATCH_DOCUMENTS_DEFAULT } from '../limits';
import { MergedBatch, type Sink } from './merge';
import { type ScanSource, SourceScan } from './sourcescan';
import { keyText } from './unapplied';
import type { KeyRange, Versions } from './versions';

/** Documents that a scan takes from `ver` before it has an overlay gathered: a short one needs none. */
const WALKED_DOCUMENTS_MAX = 256;
/** Branches above a state up to which walking `ver` is a way to scan a small collection. */
const WALKED_LINKS_MAX = 4;
/** Documents walked in `ver` from which on a scan says that it missed images. */
const MISSED_DOCUMENTS = 4096;

export interface StateScanParts {
  readonly versions: Versions;
  readonly images: Images;
  readonly overlays: Overlays;
  /** A scan had to walk `ver` for a long stretch: images would help the next one. */
  readonly missed?: (chain: readonly ChainLink[], collection: CollectionId) => void;
}

/** What a scan reads: files, and the changes that they do not have. */
export interface Source {
  readonly stack: Stack;
  readonly overlay: Overlay | undefined;
  /** Version of the set of images that the stack was taken from. */
  readonly version: number;
}

export interface FoundBatch {
  readonly batch: ScanBatch;
  /** Where the next batch goes on; undefined at the end. */
  readonly last: DocKey | undefined;
}

/**
 * One walk over a collection in a state: images with runs and an overlay on top. Between two batches
 * nothing is held open, so that images may come and go. Where there are no images yet, `ver` is walked.
 */
export class StateScan {
  private readonly pages: WalkPages;
  private readonly lsn: Lsn;
  private source: Source | undefined;
  /** The walk under way, and of which source. */
  private current: { readonly source: Source; readonly scan: SourceScan } | undefined;
  private walked = 0;

  /** Everything up to the state's LSN must be applied. */
  constructor(
    private readonly parts: StateScanParts,
    private readonly chain: readonly ChainLink[],
    private readonly collection: CollectionId,
    private readonly reverse: boolean
  ) {
    this.pages = new WalkPages(parts.images);
    this.lsn = chain[0]!.cap;
  }

  /** The next documents in the range, at most `count`. */
  async next(range: KeyRange, count: number): Promise<FoundBatch> {
    const { sink: batch, last } = await this.fill(range, () => new MergedBatch(count));
    return { batch, last };
  }

  /**
   * Fills a sink with the next documents. Damage on the way makes it begin anew with another sink. Pages
   * are good only while the sink is given them.
   */
  async fill<T extends Sink>(
    range: KeyRange,
    makeSink: () => T
  ): Promise<{ sink: T; last: DocKey | undefined }> {
    for (;;) {
      const source = await this.ready();
      const sink = makeSink();
      if (source === undefined) {
        return { sink, last: this.walk(range, sink) };
      }
      try {
        return { sink, last: this.merged(source, range, sink) };
      } catch (error) {
        if (!(error instanceof ImageLost)) {
          throw error;
        }
        this.source = undefined;
      }
    }
  }

  /** What a long walk reads, for one that runs elsewhere; undefined when `ver` is to be walked. */
  describe(): Promise<Source | undefined> {
    this.walked = Math.max(this.walked, WALKED_DOCUMENTS_MAX);
    return this.ready();
  }

  /** Undefined while `ver` is to be walked. */
  private async ready(): Promise<Source | undefined> {
    const { images, overlays } = this.parts;
    const { source, chain, collection } = this;
    if (source?.version === images.version && (source.overlay?.coverage ?? 0) <= source.stack.coverage) {
      return source;
    }
    const stack = images.stack(chain, collection);
    const version = images.version;
    if (stack === NO_STACK && chain.length <= WALKED_LINKS_MAX) {
      return undefined;
    }
    if (stack.coverage >= this.lsn) {
      this.source = { stack, overlay: undefined, version };
      return this.source;
    }
    const known = source?.overlay ?? overlays.head(chain[0]!.timeline.id, collection);
    if (known === undefined && this.walked < WALKED_DOCUMENTS_MAX && chain.length <= WALKED_LINKS_MAX) {
      return undefined;
    }
    const overlay = await overlays.of(chain, collection, stack.coverage);
    if (overlay === undefined) {
      return undefined;
    }
    this.source = { stack, overlay, version };
    // Images may have come while it was gathered.
    return version === images.version && overlay.coverage <= stack.coverage ? this.source : this.ready();
  }

  private walk(range: KeyRange, sink: Sink): DocKey | undefined {
    const most = this.walked < WALKED_DOCUMENTS_MAX ? WALKED_DOCUMENTS_MAX : BATCH_DOCUMENTS_DEFAULT;
    const count = Math.min(sink.room, most);
    const { keys, images, last } = this.parts.versions.batch(this.chain, this.collection, range, count);
    for (const [i, key] of keys.entries()) {
      sink.add(keyText(key), images[i]!);
    }
    const before = this.walked;
    this.walked += keys.length;
    if (before < MISSED_DOCUMENTS && this.walked >= MISSED_DOCUMENTS) {
      this.parts.missed?.(this.chain, this.collection);
    }
    return last;
  }

  private merged(source: Source, range: KeyRange, sink: Sink): DocKey | undefined {
    if (this.current?.source !== source) {
      this.current = { source, scan: new SourceScan(this.pages, this.scanSource(source), this.reverse) };
    }
    return this.current.scan.fill(range, sink);
  }

  private scanSource({ stack, overlay }: Source): ScanSource {
    if (overlay === undefined) {
      return { stack, changes: () => [] };
    }
    const reader = {
      cap: this.lsn,
      floor: stack.coverage,
      image: (entry: OverlayEntry) => this.overlayImage(overlay, entry)
    };
    return {
      stack,
      changes: (texts, reverse) => overlay.lists().map(list => new OverlayWalk(list, reader, texts, reverse))
    };
  }

  private overlayImage(overlay: Overlay, entry: OverlayEntry): Image | undefined {
    const { versions } = this.parts;
    const key = Buffer.from(entry.key, 'latin1');
    if (entry.lsn > this.lsn) {
      return versions.get(this.chain, this.collection, key);
    }
    if (entry.image === undefined) {
      const image = versions.exact(entry.timeline, this.collection, key, entry.lsn);
      overlay.keep(entry, image ?? null);
      return image;
    }
    return entry.image ?? undefined;
  }
}
