import type { CollectionId, DocKey, Lsn, TimelineId } from '../api';
import { ArgonError } from '../errors';
import { BATCH_DOCUMENTS_DEFAULT } from '../limits';
import type { Place } from '../log/file/segment';
import { LineReader } from '../read/line';
import { Deltas } from '../read/merge';
import { keyText, Unapplied } from '../read/unapplied';
import { decodeVersion } from '../read/version';
import { type Link, Versions } from '../read/versions';
import { verKey } from '../store/keys';
import type { OrderedStore } from '../store/store';
import { BaseWalk } from './basewalk';
import { ImageFile } from './file';
import { type ImageKind, KIND_BASE, KIND_RUN, LSN_SUFFIX_BYTES, versionText } from './format';
import { imagePath } from './images';
import type { Page } from './page';
import { type PageSource, WalkPages } from './pages';
import { RunWalk } from './runwalk';
import type { StoredImage } from './stored';
import { type ImageFacts, ImageWriter } from './writer';

/** Entries written between two places where the work may be interrupted. */
const ENTRIES_PER_STEP = 64;

interface Target {
  /** Folder of the image files, and the number of the new one. */
  readonly directory: string;
  readonly file: number;
  readonly collection: CollectionId;
}

type Capped = { readonly image: StoredImage; readonly cap: Lsn };

/** What goes into a new image file. Plain data: it is handed to a worker. */
export type BuildTask =
  /** A base of the state that `chain` describes, from `ver`. */
  | (Target & { readonly from: 'versions'; readonly chain: readonly Link[] })
  /** A run of all changes in `(after, …]` on the way to a state, from `line` and `ver`. */
  | (Target & { readonly from: 'line'; readonly chain: readonly Link[]; readonly after: Lsn })
  /** A base from an older one and the runs on top of it. */
  | (Target & { readonly from: 'stack'; readonly base: StoredImage; readonly runs: readonly Capped[] })
  /** One run from several. */
  | (Target & { readonly from: 'runs'; readonly runs: readonly Capped[] });

/** Where the work reads: the applied state and the log. */
export interface BuildSource {
  readonly store: OrderedStore;
  readonly readLog: (place: Place, length: number) => Buffer;
}

/** The files that one build reads. A damaged one ends it: `data.image` names the file. */
class OpenFiles implements PageSource {
  private readonly files = new Map<number, ImageFile>();

  constructor(private readonly directory: string) {}

  file(image: StoredImage): ImageFile {
    let file = this.files.get(image.file);
    if (file === undefined) {
      file = this.named(image, () => ImageFile.open(imagePath(this.directory, image.file), image.kind));
      this.files.set(image.file, file);
    }
    return file;
  }

  page(image: StoredImage, number: number, buffer?: Buffer): Page {
    return this.named(image, () => this.file(image).page(number, buffer));
  }

  close(): void {
    for (const file of this.files.values()) {
      file.close();
    }
  }

  private named<T>(image: StoredImage, work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (error instanceof ArgonError) {
        throw new ArgonError(error.code, error.message, { data: { image: image.file }, cause: error });
      }
      throw error;
    }
  }
}

/**
 * Writes an image file. The generator stops at places where the work may be interrupted, and says how
 * many entries are written; nothing is left of a build that was given up.
 */
export async function* build(task: BuildTask, source: BuildSource): AsyncGenerator<number, ImageFacts> {
  const kind: ImageKind = task.from === 'versions' || task.from === 'stack' ? KIND_BASE : KIND_RUN;
  const files = new OpenFiles(task.directory);
  const writer = new ImageWriter(imagePath(task.directory, task.file), kind);
  let isDone = false;
  try {
    switch (task.from) {
      case 'versions':
        yield* fromVersions(task.chain, task.collection, source, writer);
        break;
      case 'line':
        yield* fromLine(task.chain, task.collection, task.after, source, writer);
        break;
      case 'stack':
        yield* fromStack(task.base, task.runs, files, writer);
        break;
      case 'runs':
        yield* fromRuns(task.runs, files, writer);
    }
    const facts = await writer.finish();
    isDone = true;
    return facts;
  } finally {
    files.close();
    if (!isDone) {
      await writer.abort();
    }
  }
}

function* fromVersions(
  chain: readonly Link[],
  collection: CollectionId,
  { store, readLog }: BuildSource,
  writer: ImageWriter
): Generator<number> {
  const versions = new Versions(store, new Unapplied(), readLog);
  let after: DocKey | undefined;
  let written = 0;
  do {
    const found = versions.batch(
      chain,
      collection,
      after === undefined ? {} : { after },
      BATCH_DOCUMENTS_DEFAULT
    );
    for (const [i, key] of found.keys.entries()) {
      writer.add(versionKey(keyText(key), found.lsns[i]!), found.images[i]);
    }
    written += found.keys.length;
    yield written;
    after = found.last;
  } while (after !== undefined);
}

interface Change {
  /** docKey and ~LSN. */
  readonly text: string;
  readonly timeline: TimelineId;
  readonly lsn: Lsn;
}

function* fromLine(
  chain: readonly Link[],
  collection: CollectionId,
  after: Lsn,
  { store, readLog }: BuildSource,
  writer: ImageWriter
): Generator<number> {
  const line = new LineReader(store);
  const changes: Change[] = [];
  let looked = 0;
  for (const { timeline, cap } of chain) {
    if (cap <= after) {
      break;
    }
    for (const { record } of line.records(timeline, after, cap)) {
      if (record.collection === collection) {
        changes.push({
          text: versionText(keyText(record.key), record.lsn),
          timeline: timeline.id,
          lsn: record.lsn
        });
      }
      if (++looked % ENTRIES_PER_STEP === 0) {
        yield 0;
      }
    }
  }
  changes.sort((a, b) => (a.text < b.text ? -1 : 1));
  let last = '';
  for (const [i, { text, timeline, lsn }] of changes.entries()) {
    const doc = text.slice(0, -LSN_SUFFIX_BYTES);
    const value = store.get('ver', verKey(timeline, collection, Buffer.from(doc, 'latin1'), lsn));
    if (value !== undefined) {
      writer.add(Buffer.from(text, 'latin1'), decodeVersion(value, readLog));
    } else if (doc !== last) {
      // Only a version that a newer one follows may have been reclaimed.
      store.distrust();
      throw new ArgonError('DATA_CORRUPT', `The version ${lsn} of a document is missing in the state.`, {
        data: { timeline, collection, lsn }
      });
    }
    last = doc;
    if (i % ENTRIES_PER_STEP === 0) {
      yield i;
    }
  }
}

function* fromStack(
  base: StoredImage,
  runs: readonly Capped[],
  files: OpenFiles,
  writer: ImageWriter
): Generator<number> {
  const pages = new WalkPages(files);
  const walk = new BaseWalk(pages, base, {}, false);
  const deltas = new Deltas(
    runs.map(({ image, cap }) => new RunWalk(pages, image, cap, {}, false)),
    false
  );
  let written = 0;
  while (walk.page !== undefined || deltas.newest !== undefined) {
    const { page } = walk;
    const { newest } = deltas;
    if (page !== undefined) {
      const split = newest === undefined ? walk.high : page.gallopRanked(newest, walk.low);
      written += split - walk.low;
      writer.addRange(page, walk.low, split);
      walk.low = split;
      if (walk.low >= walk.high) {
        walk.next();
        yield written;
        continue;
      }
      if (page.compareRanked(walk.low, newest!) === 0) {
        walk.low++;
      }
    }
    const image = newest!.image();
    if (image !== undefined) {
      writer.add(newest!.foundPage!.key(newest!.foundAt), image);
    }
    deltas.advance();
    if (page !== undefined && walk.low >= walk.high) {
      walk.next();
    }
    if (++written % ENTRIES_PER_STEP === 0) {
      yield written;
    }
  }
}

/** One entry after another of a run. */
class EntryWalk {
  text: string | undefined;
  page: Page | undefined;
  at = -1;
  private number = -1;

  constructor(
    private readonly pages: WalkPages,
    private readonly run: Capped
  ) {
    this.advance();
  }

  /** Goes to the next entry that is not newer than the cap. */
  advance(): void {
    do {
      this.at++;
      while (this.page === undefined || this.at >= this.page.entries) {
        this.number++;
        if (this.number >= this.pages.file(this.run.image).pages) {
          this.text = undefined;
          return;
        }
        this.page = this.pages.page(this.run.image, this.number);
        this.at = 0;
      }
    } while (this.page.lsn(this.at) > this.run.cap);
    this.text = this.page.keyText(this.at);
  }
}

function* fromRuns(runs: readonly Capped[], files: OpenFiles, writer: ImageWriter): Generator<number> {
  const pages = new WalkPages(files);
  const walks = runs.map(run => new EntryWalk(pages, run));
  let written = 0;
  for (;;) {
    let first: EntryWalk | undefined;
    for (const walk of walks) {
      if (walk.text !== undefined && (first === undefined || walk.text < first.text!)) {
        first = walk;
      }
    }
    if (first === undefined) {
      return;
    }
    const { text } = first;
    const image = first.page!.image(first.at);
    writer.add(first.page!.key(first.at), image.length === 0 ? undefined : image);
    // Runs that overlap have the same versions.
    for (const walk of walks) {
      if (walk.text === text) {
        walk.advance();
      }
    }
    if (++written % ENTRIES_PER_STEP === 0) {
      yield written;
    }
  }
}

function versionKey(docText: string, lsn: number): Buffer {
  return Buffer.from(versionText(docText, lsn), 'latin1');
}
