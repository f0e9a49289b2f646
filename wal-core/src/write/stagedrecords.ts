import type { CollectionId, DocKey, Image, Lsn } from '../api';
import { PART_BYTES_MAX, PART_RECORDS_MAX } from '../limits';
import { type ChangeRecord, type Op, OP_DELETE, OP_INSERT } from '../log/frame';
import { CATALOG } from '../read/catalog';
import type { FoundVersion } from '../read/versions';
import type { ScratchRoom } from '../store/scratch';
import { StagedPositions } from './positions';
import { Spill, type SpillParts } from './spill';

/** What a held record takes beside its key and image. */
const RECORD_BYTES = 100;

/** How much of a commit is held in memory before it goes ahead into the log. */
export interface HeldLimits {
  readonly bytesMax: number;
  readonly recordsMax: number;
}

export const HELD_LIMITS: HeldLimits = { bytesMax: PART_BYTES_MAX, recordsMax: PART_RECORDS_MAX };

/** The newest version of a document; a staged one has no LSN yet. */
export type Newest = Pick<FoundVersion, 'image'> & { readonly lsn?: Lsn };

/**
 * The records of one commit in the order in which they were staged, and which of them changed each document last.
 * When there are too many to hold, the first go ahead into the log; a position counts from the first of all.
 */
export class StagedRecords {
  private readonly held: ChangeRecord[] = [];
  /** The records before those held, which went ahead into the log. */
  private ahead: Spill | undefined;
  private bytes = 0;
  /** Position of the newest change of a document. */
  private readonly latest: StagedPositions;
  /** For a record that changes a document staged before: the position of that earlier record. */
  private earlier: Map<number, number> | undefined;
  private changesCatalog = false;
  private changesDocuments = false;

  constructor(
    private readonly spillParts: SpillParts,
    private readonly limits: HeldLimits,
    scratch: ScratchRoom
  ) {
    this.latest = new StagedPositions(scratch);
  }

  get count(): number {
    return (this.ahead?.count ?? 0) + this.held.length;
  }

  get spill(): Spill | undefined {
    return this.ahead;
  }

  get hasCatalog(): boolean {
    return this.changesCatalog;
  }

  get hasDocuments(): boolean {
    return this.changesDocuments;
  }

  /** Whether so much is held that it should go ahead. */
  get isHeavy(): boolean {
    return this.bytes >= this.limits.bytesMax || this.held.length >= this.limits.recordsMax;
  }

  /** Adds the change from `found` to `image`; `update` is what it is called when both are there. */
  add(
    collection: CollectionId,
    key: DocKey,
    image: Image | undefined,
    found: Newest | undefined,
    update: Op
  ): void {
    const op = image === undefined ? OP_DELETE : found?.image === undefined ? OP_INSERT : update;
    const { count } = this;
    const earlier = this.latest.set(collection, key, count);
    if (earlier !== undefined) {
      this.earlier ??= new Map();
      this.earlier.set(count, earlier);
    }
    const previous = found?.lsn ?? (0 as Lsn);
    const before = found?.image ?? null;
    this.held.push({ collection, op, key, previous, image, imageAt: 0, text: undefined, before });
    this.bytes += key.length + (image?.length ?? 0) + RECORD_BYTES;
    if (collection === CATALOG) {
      this.changesCatalog = true;
    } else {
      this.changesDocuments = true;
    }
  }

  /** The last change of a document, or undefined when it is not staged. */
  newest(collection: CollectionId, key: DocKey): Newest | undefined {
    const position = this.latest.get(collection, key);
    return position === undefined ? undefined : { image: this.imageAt(position) };
  }

  has(collection: CollectionId, key: DocKey): boolean {
    return this.latest.get(collection, key) !== undefined;
  }

  /** Collections with changed documents, the catalog among them. */
  collections(): CollectionId[] {
    return this.latest.collections();
  }

  /** Changed documents of a collection, each once, in no order. */
  *keys(collection: CollectionId): Generator<DocKey> {
    for (const [key] of this.latest.of(collection)) {
      yield key;
    }
  }

  /** The same with their last image, undefined for a removed one. */
  *changed(collection: CollectionId): Generator<{ key: DocKey; image: Image | undefined }> {
    for (const [key, position] of this.latest.of(collection)) {
      yield { key, image: this.imageAt(position) };
    }
  }

  /** Moves the records into the log: there they count for nothing until they are committed. @throws LOG_FAILED, DISK_FULL */
  async goAhead(): Promise<void> {
    if (this.held.length === 0) {
      return;
    }
    this.ahead ??= new Spill(this.spillParts);
    const first = this.ahead.count;
    for (const [at, before] of this.earlier ?? []) {
      this.held[at - first] = { ...this.held[at - first]!, previous: before as Lsn, isOwn: true };
    }
    this.earlier = undefined;
    await this.ahead.write(this.held);
    this.held.length = 0;
    this.bytes = 0;
    await this.latest.relieve();
  }

  /** Gives the records, when all are held, their LSNs from `firstLsn` on: those that follow one another learn the LSN before. */
  seal(firstLsn: Lsn): readonly ChangeRecord[] {
    for (const [at, before] of this.earlier ?? []) {
      this.held[at] = { ...this.held[at]!, previous: (firstLsn + before) as Lsn };
    }
    return this.held;
  }

  /** Gives back what many records took. Nothing is read from them any more. */
  close(): void {
    this.latest.close();
  }

  /** The image that the record at a position leaves. */
  private imageAt(position: number): Image | undefined {
    const at = position - (this.ahead?.count ?? 0);
    return at < 0 ? this.ahead!.image(position) : this.held[at]!.image;
  }
}
