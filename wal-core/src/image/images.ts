import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { LRUCache } from 'lru-cache';
import type { CollectionId, TimelineId } from '../api';
import type { KeptLsns } from '../branch/kept';
import type { ChainLink } from '../branch/model';
import { ArgonError, isArgonError } from '../errors';
import { IMAGE_DIRECTORIES_BYTES_MAX, IMAGE_FILES_OPEN_MAX, PAGE_CACHE_BYTES_MAX } from '../limits';
import { syncDirectory } from '../log/file/segment';
import type { OrderedStore, Put } from '../store/store';
import { ImageFile } from './file';
import { KIND_BASE } from './format';
import type { Page } from './page';
import { type Stack, stackOf } from './stack';
import { markerOf, type StoredImage, storedImageOf, unmark } from './stored';

/** An image turned out to be damaged and counts no more: what read it must start afresh without it. */
export class ImageLost extends Error {}

/** Part of the cache that one file may take; a walk over a larger one would only push the others out. */
const PAGE_CACHE_PART = 0.5;
/** More pages than a file can have. */
const PAGES_PER_FILE_MAX = 2 ** 26;

const NONE: readonly StoredImage[] = [];

/** The path of an image file. */
export function imagePath(directory: string, file: number): string {
  return join(directory, `${String(file).padStart(8, '0')}.img`);
}

/**
 * The images of a data directory. A file counts from the moment its marker is in the state, and is
 * removed only after the marker is: what a crash leaves between the two is swept at open. Images
 * are derived: a damaged one is dropped and its documents are read from `ver` until it is made again.
 */
export class Images {
  private readonly byTimeline = new Map<TimelineId, Map<CollectionId, StoredImage[]>>();
  private nextFile = 1;
  private sum = 0;
  private damagedCount = 0;
  private changes = 0;
  /** Files that somebody outside this thread reads, and how many; removed when nobody does. */
  private readonly held = new Map<number, number>();
  private readonly doomed = new Set<number>();
  private readonly open: LRUCache<number, ImageFile>;
  /** Pages of files that are small enough to stay in memory whole. */
  private readonly pages = new LRUCache<number, Page>({
    maxSize: PAGE_CACHE_BYTES_MAX,
    sizeCalculation: page => page.bytes.length
  });

  constructor(
    readonly directory: string,
    private readonly store: OrderedStore
  ) {
    this.open = new LRUCache({
      max: IMAGE_FILES_OPEN_MAX,
      maxSize: IMAGE_DIRECTORIES_BYTES_MAX,
      // A single huge directory must not refuse its file.
      sizeCalculation: file => Math.min(file.memoryBytes, IMAGE_DIRECTORIES_BYTES_MAX / 2),
      dispose: file => file.close()
    });
    this.load();
  }

  /** Reads the markers; drops those whose file is not whole, and files without a marker. */
  private load(): void {
    const lost: StoredImage[] = [];
    const marked = new Set<number>();
    for (const row of this.store.range('img', { from: Buffer.alloc(0), to: Buffer.alloc(32, 0xff) })) {
      const image = storedImageOf(row);
      if (image === undefined) {
        this.unmarkLater([{ table: 'img', key: row.key, value: undefined }]);
        continue;
      }
      this.nextFile = Math.max(this.nextFile, image.file + 1);
      const path = this.path(image);
      if (existsSync(path) && statSync(path).size === image.bytes) {
        marked.add(image.file);
        this.insert(image);
      } else {
        lost.push(image);
      }
    }
    this.unmarkLater(lost.map(unmark));
    for (const name of existsSync(this.directory) ? readdirSync(this.directory) : []) {
      const number = /^(\d{8,})\.img$/.exec(name)?.[1];
      if (number !== undefined && !marked.has(Number(number))) {
        rmSync(join(this.directory, name), { force: true });
      }
    }
  }

  /** A marker that stays is found without its file at the next start. */
  private unmarkLater(puts: readonly Put[]): void {
    this.store.write(puts).catch(() => undefined);
  }

  /** Grows whenever an image comes or goes. */
  get version(): number {
    return this.changes;
  }

  /** Bytes of all files. */
  get bytes(): number {
    return this.sum;
  }

  get count(): number {
    let count = 0;
    for (const _ of this.all()) {
      count++;
    }
    return count;
  }

  /** Images found damaged since the directory was opened. */
  get damaged(): number {
    return this.damagedCount;
  }

  *all(): Generator<StoredImage> {
    for (const collections of this.byTimeline.values()) {
      for (const images of collections.values()) {
        yield* images;
      }
    }
  }

  readonly of = (timeline: TimelineId, collection: CollectionId): readonly StoredImage[] =>
    this.byTimeline.get(timeline)?.get(collection) ?? NONE;

  /** What files know of a state. */
  stack(chain: readonly ChainLink[], collection: CollectionId): Stack {
    return stackOf(chain, collection, this.of);
  }

  path(image: { readonly file: number }): string {
    return imagePath(this.directory, image.file);
  }

  /** Number of a file to be written. */
  reserve(): number {
    mkdirSync(this.directory, { recursive: true, mode: 0o700 });
    return this.nextFile++;
  }

  /**
   * Lets a file count whose bytes are on disk; in the same moment those it replaces do no longer.
   */
  async add(image: StoredImage, replaced: readonly StoredImage[] = []): Promise<void> {
    syncDirectory(this.directory);
    const marker = markerOf(image);
    const gone = replaced.filter(other => this.of(other.timeline, other.collection).includes(other));
    const unmarked = gone.map(unmark).filter(({ key }) => !key.equals(marker.key));
    await this.store.write([...unmarked, marker]);
    this.insert(image);
    for (const other of gone) {
      this.remove(other);
      this.unlink(other);
    }
  }

  /** Removes images: first the markers, then the files. */
  async drop(images: readonly StoredImage[]): Promise<void> {
    const known = images.filter(image => this.remove(image));
    if (known.length === 0) {
      return;
    }
    await this.store.write(known.map(unmark));
    for (const image of known) {
      this.unlink(image);
    }
  }

  private unlink(image: StoredImage): void {
    if (this.held.has(image.file)) {
      this.doomed.add(image.file);
    } else {
      rmSync(this.path(image), { force: true });
    }
  }

  /**
   * Images that no readable state needs: those of timelines that nobody knows (`keptOf` answers null), and those
   * that only lead to states between the kept ones. `keptOf` answers undefined where every state is kept.
   */
  unneeded(keptOf: (timeline: TimelineId) => KeptLsns | undefined | null): StoredImage[] {
    const found: StoredImage[] = [];
    for (const [timeline, collections] of this.byTimeline) {
      const kept = keptOf(timeline);
      for (const images of collections.values()) {
        found.push(...(kept === null ? images : kept === undefined ? [] : unneededOf(images, kept)));
      }
    }
    return found;
  }

  /** Keeps the files of images until the answer is called. */
  hold(images: readonly StoredImage[]): () => void {
    for (const { file } of images) {
      this.held.set(file, (this.held.get(file) ?? 0) + 1);
    }
    return () => {
      for (const image of images) {
        const left = this.held.get(image.file)! - 1;
        if (left > 0) {
          this.held.set(image.file, left);
          continue;
        }
        this.held.delete(image.file);
        if (this.doomed.delete(image.file)) {
          rmSync(this.path(image), { force: true });
        }
      }
    };
  }

  /** The open file of an image. @throws ImageLost */
  file(image: StoredImage): ImageFile {
    let file = this.open.get(image.file);
    if (file === undefined) {
      try {
        file = ImageFile.open(this.path(image), image.kind);
      } catch (error) {
        throw this.lost(image, error);
      }
      this.open.set(image.file, file);
    }
    return file;
  }

  /** @throws ImageLost */
  page(image: StoredImage, number: number, buffer?: Buffer): Page {
    const isSmall = image.bytes <= PAGE_CACHE_BYTES_MAX * PAGE_CACHE_PART;
    const name = image.file * PAGES_PER_FILE_MAX + number;
    const known = isSmall ? this.pages.get(name) : undefined;
    if (known !== undefined) {
      return known;
    }
    const file = this.file(image);
    try {
      const page = file.page(number, isSmall ? undefined : buffer);
      if (isSmall) {
        this.pages.set(name, page);
      }
      return page;
    } catch (error) {
      throw this.lost(image, error);
    }
  }

  /** Takes a damaged image out of use; the state answers in its place. */
  discard(image: StoredImage): void {
    this.damagedCount++;
    this.drop([image]).catch(() => undefined);
  }

  private lost(image: StoredImage, error: unknown): unknown {
    if (!isArgonError(error, 'DATA_CORRUPT')) {
      return error;
    }
    this.discard(image);
    return new ImageLost(error.message, { cause: error });
  }

  /** Reads an image whole, whatever was read of it before, page by page. @throws DATA_CORRUPT */
  *verify(image: StoredImage): Generator<number> {
    const file = ImageFile.open(this.path(image), image.kind);
    try {
      if (file.entries !== image.entries) {
        throw new ArgonError('DATA_CORRUPT', `The image ${this.path(image)} is not the one of its marker.`);
      }
      yield* file.verify();
    } finally {
      file.close();
    }
  }

  close(): void {
    this.pages.clear();
    this.open.clear();
  }

  /** Images of a timeline and collection stay sorted by LSN, runs before a base at the same one. */
  private insert(image: StoredImage): void {
    let collections = this.byTimeline.get(image.timeline);
    if (collections === undefined) {
      collections = new Map();
      this.byTimeline.set(image.timeline, collections);
    }
    const images = [...(collections.get(image.collection) ?? []), image];
    images.sort((a, b) => a.lsn - b.lsn || b.kind - a.kind);
    collections.set(image.collection, images);
    this.sum += image.bytes;
    this.changes++;
  }

  private remove(image: StoredImage): boolean {
    const collections = this.byTimeline.get(image.timeline);
    const images = collections?.get(image.collection);
    if (collections === undefined || images?.includes(image) !== true) {
      return false;
    }
    const left = images.filter(other => other !== image);
    if (left.length > 0) {
      collections.set(image.collection, left);
    } else {
      collections.delete(image.collection);
    }
    if (collections.size === 0) {
      this.byTimeline.delete(image.timeline);
    }
    this.sum -= image.bytes;
    this.changes++;
    this.open.delete(image.file);
    return true;
  }
}

/** Of the images of one collection on one timeline, those before the base of each kept interval. */
function unneededOf(images: readonly StoredImage[], { intervals }: KeptLsns): StoredImage[] {
  return images.filter(image => {
    // The kept states behind it: those whose base is a newer one do without it.
    const next = intervals.find(({ hi }) => hi >= image.lsn);
    return (
      next === undefined ||
      images.some(
        other => other !== image && other.kind === KIND_BASE && other.lsn <= next.lo && other.lsn >= image.lsn
      )
    );
  });
}
