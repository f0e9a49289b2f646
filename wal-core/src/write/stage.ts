import type {
  CollectionId,
  CollectionInfo,
  DocKey,
  Image,
  IndexId,
  IndexInfo,
  Lsn,
  ProjectInfo,
  Writer
} from '../api';
import { docKeyOf, documentOf } from '../bson';
import type { ChainLink, Project, Timeline } from '../branch/model';
import type { Registry } from '../branch/registry';
import { ArgonError } from '../errors';
import { PART_BYTES_MAX, PART_RECORDS_MAX } from '../limits';
import type { CommitClock } from '../log/clock';
import type { FileLog } from '../log/file/log';
import {
  type ChangeRecord,
  type ControlRecord,
  type Op,
  OP_DELETE,
  OP_INSERT,
  OP_REPLACE,
  OP_UPDATE
} from '../log/frame';
import { Pace } from '../log/pace';
import { CATALOG, type Catalogs } from '../read/catalog';
import { keyText, type Unapplied } from '../read/unapplied';
import type { FoundVersion, Versions } from '../read/versions';
import type { ScratchRoom } from '../store/scratch';
import { Gap } from './gap';
import { isKnown, requestedIndex } from './indexspec';
import { StagedPositions } from './positions';
import { checkSize, conflict, duplicate } from './refusals';
import { Spill } from './spill';
import { catalogKey, type FilledIndexes, StagedCatalog } from './stagedcatalog';
import { type StagedKey, StagedKeys, type StagedKeysParts } from './stagedkeys';

/** `{_id: 1}` */
const ID_PATTERN: Image = documentOf([{ name: '_id', type: 0x10, bytes: Buffer.from([1, 0, 0, 0]) }]);
/** What a held record takes beside its key and image. */
const RECORD_BYTES = 100;

export interface StageParts extends StagedKeysParts {
  readonly registry: Registry;
  readonly versions: Versions;
  readonly unapplied: Unapplied;
  readonly catalogs: Catalogs;
  readonly log: Pick<FileLog, 'append' | 'read'>;
  readonly clock: Pick<CommitClock, 'current'>;
  readonly held: HeldLimits;
  readonly scratch: ScratchRoom;
}

/** How much of a commit is held in memory before it goes ahead into the log. */
export interface HeldLimits {
  readonly bytesMax: number;
  readonly recordsMax: number;
}

export const HELD_LIMITS: HeldLimits = { bytesMax: PART_BYTES_MAX, recordsMax: PART_RECORDS_MAX };

export interface StageOptions {
  /** Unique keys are checked by `assertUnique` at the end, whatever the order of the changes. */
  readonly uniqueLater?: boolean;
  /**
   * For a transaction: it reads the state at this LSN, and what others changed after it is a conflict. Without it the
   * newest state is read, and the stage is committed before anything else can be staged.
   */
  readonly snapshot?: Lsn;
}

/** The newest version of a document; a staged one has no LSN yet. */
type Newest = Pick<FoundVersion, 'image'> & { readonly lsn?: Lsn };

/**
 * The changes of one commit before it is logged. It reads the newest state, staged and
 * unacknowledged changes included, and nothing of it is seen by anyone until it is committed.
 */
export class Stage implements Writer {
  readonly records: ChangeRecord[] = [];
  /** The records before those in `records`, when there were too many to hold: they went ahead into the log. */
  spill: Spill | undefined;
  private bytes = 0;
  /** Set when a record changes the catalog. */
  hasCatalog = false;
  hasDocuments = false;
  /** Position in `records` of the newest change of a document. */
  private readonly latest: StagedPositions;
  /** For a record that changes a document staged before: the position of that earlier record. */
  private earlier: Map<number, number> | undefined;
  private readonly chain: readonly ChainLink[];
  /** The logged version read last. It stays right: the chain ends at a fixed LSN. */
  private foundCollection: CollectionId | undefined;
  private foundKey: DocKey | undefined;
  private found: FoundVersion | undefined;
  private readonly gap: Gap;
  private readonly catalog: StagedCatalog;
  private readonly uniqueKeys: StagedKeys;

  constructor(
    private readonly parts: StageParts,
    private readonly projectState: Project,
    readonly timeline: Timeline,
    readonly project: ProjectInfo,
    readonly branch: string,
    private readonly options: StageOptions = {}
  ) {
    const { registry, catalogs, scratch } = parts;
    const at = options.snapshot ?? timeline.head;
    this.latest = new StagedPositions(scratch);
    this.chain = timeline.chain(at);
    this.gap = new Gap(parts, this.chain);
    this.catalog = new StagedCatalog(registry, projectState, catalogs.at(timeline, at), (key, image) =>
      this.stageRecord(CATALOG, key, image, this.find(CATALOG, key))
    );
    this.uniqueKeys = new StagedKeys(parts, this.chain, options.uniqueLater === true);
  }

  get staged(): number {
    return (this.spill?.count ?? 0) + this.records.length;
  }

  /** Rows of small tables that go with the records. */
  get control(): readonly ControlRecord[] {
    return this.catalog.control;
  }

  /** Whether so much is held that it should go ahead. */
  get isHeavy(): boolean {
    const { bytesMax, recordsMax } = this.parts.held;
    return this.bytes >= bytesMax || this.records.length >= recordsMax;
  }

  /** Before the commit: what has begun to go ahead goes ahead as a whole. @throws LOG_FAILED, DISK_FULL */
  async finish(): Promise<void> {
    if (this.spill !== undefined) {
      await this.goAhead();
    }
  }

  /** Moves the records into the log: there they count for nothing until they are committed. @throws LOG_FAILED, DISK_FULL */
  async goAhead(): Promise<void> {
    if (this.records.length === 0) {
      return;
    }
    const { log, clock } = this.parts;
    this.spill ??= new Spill({ log, clock, project: this.projectState.id, timeline: this.timeline.id });
    const first = this.spill.count;
    for (const [at, before] of this.earlier ?? []) {
      this.records[at - first] = { ...this.records[at - first]!, previous: before as Lsn, isOwn: true };
    }
    this.earlier = undefined;
    await this.spill.write(this.records);
    this.records.length = 0;
    this.bytes = 0;
    await this.latest.relieve();
    await this.uniqueKeys.relieve();
  }

  /** Gives back what a large stage took. Nothing is read from it any more. */
  close(): void {
    this.latest.close();
    this.uniqueKeys.close();
  }

  /** Gives the records of a stage that held all of them their LSNs, from `firstLsn` on: those that follow one another learn the LSN before. */
  seal(firstLsn: Lsn): readonly ChangeRecord[] {
    for (const [at, before] of this.earlier ?? []) {
      this.records[at] = { ...this.records[at]!, previous: (firstLsn + before) as Lsn };
    }
    return this.records;
  }

  collections(): readonly CollectionInfo[] {
    return this.catalog.list();
  }

  collection(name: string): CollectionInfo | undefined {
    return this.catalog.get(name);
  }

  collectionById(id: CollectionId): CollectionInfo | undefined {
    return this.catalog.getById(id);
  }

  ensureCollection(name: string): CollectionInfo {
    return this.catalog.get(name) ?? this.catalog.create(name);
  }

  createCollection(name: string, options: Image): CollectionInfo {
    return this.catalog.create(name, options);
  }

  setOptions(collection: CollectionInfo, options: Image): CollectionInfo {
    return this.catalog.setOptions(collection, options);
  }

  renameCollection(collection: CollectionInfo, name: string): CollectionInfo {
    return this.catalog.rename(collection, name);
  }

  /** Adds an index with a new id. The caller has checked that its keys are unique where they must be. */
  addIndex(collection: CollectionInfo, make: (id: IndexId) => IndexInfo): CollectionInfo {
    const known = this.catalog.known(collection);
    return this.catalog.addIndex(known, make(this.catalog.newIndexId()));
  }

  /** Adds an index whose entries are all there already. */
  addBuiltIndex(collection: CollectionInfo, index: IndexInfo): CollectionInfo {
    return this.catalog.addIndex(collection, index);
  }

  /** Gives an index another specification. What was seen of its documents stays true, so it is noted under the new one. */
  changeIndex(collection: CollectionInfo, name: string, spec: Image): void {
    const { before, after } = this.catalog.changeIndex(collection, name, spec);
    const { multikey } = this.parts.keys;
    if (multikey.has(before)) {
      multikey.note(after);
    }
  }

  dropIndex(collection: CollectionInfo, name: string): void {
    this.catalog.dropIndex(collection, name);
  }

  /** Removes the catalog entry of a collection whose documents are gone already. */
  removeCollection(collection: CollectionInfo): void {
    this.catalog.remove(collection);
  }

  /** Writes a catalog document as a merge or an undo found it; see `StagedCatalog.restore`. */
  restoreCollection(image: Image, idOf?: FilledIndexes): CollectionInfo {
    return this.catalog.restore(image, idOf);
  }

  /** Indexes that are new with this stage, by collection. */
  newIndexes(): { collection: CollectionInfo; indexes: IndexInfo[] }[] {
    return this.catalog.newIndexes();
  }

  /** @throws COLLECTION_EXISTS when two collections have one name, as a merge may have it */
  assertNames(): void {
    this.catalog.assertNames();
  }

  get(collection: CollectionInfo, key: DocKey): Image | undefined {
    return this.find(collection.id, key)?.image;
  }

  insert(collection: CollectionInfo, image: Image): void {
    checkSize(image);
    const key = docKeyOf(image);
    const found = this.find(collection.id, key);
    if (found?.image !== undefined) {
      throw duplicate(collection, '_id_', ID_PATTERN, image);
    }
    this.changeKeys(collection, key, undefined, image);
    this.stageRecord(collection.id, key, image, found);
  }

  replace(collection: CollectionInfo, key: DocKey, image: Image, isWhole = false): void {
    checkSize(image);
    const found = this.find(collection.id, key);
    if (found?.image === undefined) {
      throw new ArgonError('DOCUMENT_NOT_FOUND', 'There is no document with this _id.');
    }
    this.changeKeys(collection, key, found.image, image);
    this.stageRecord(collection.id, key, image, found, isWhole ? OP_REPLACE : OP_UPDATE);
  }

  remove(collection: CollectionInfo, key: DocKey): boolean {
    const found = this.find(collection.id, key);
    if (found?.image === undefined) {
      return false;
    }
    this.changeKeys(collection, key, found.image, undefined);
    this.stageRecord(collection.id, key, undefined, found);
    return true;
  }

  /** Takes note of the version that a document has in the state below, from whoever has just read it there. */
  hasRead(collection: CollectionId, key: DocKey, version: FoundVersion): void {
    this.found = version;
    this.foundCollection = collection;
    this.foundKey = key;
  }

  private find(collection: CollectionId, key: DocKey): Newest | undefined {
    const staged = this.latest.get(collection, key);
    if (staged !== undefined) {
      return { image: this.imageAt(staged) };
    }
    // Who changes a document has just read it.
    if (this.foundCollection === collection && this.foundKey?.equals(key) === true) {
      return this.found;
    }
    if (this.gap.has(collection, key)) {
      return undefined;
    }
    this.found = this.parts.versions.find(this.chain, collection, key);
    this.foundCollection = collection;
    this.foundKey = key;
    if (this.found === undefined) {
      this.gap.missed(collection, key);
    }
    return this.found;
  }

  /** The image that the record at a position leaves. */
  private imageAt(position: number): Image | undefined {
    const held = position - (this.spill?.count ?? 0);
    return held < 0 ? this.spill!.image(position) : this.records[held]!.image;
  }

  private stageRecord(
    collection: CollectionId,
    key: DocKey,
    image: Image | undefined,
    found: Newest | undefined,
    update: Op = OP_UPDATE
  ): void {
    const op = image === undefined ? OP_DELETE : found?.image === undefined ? OP_INSERT : update;
    if (this.options.snapshot !== undefined && this.latest.get(collection, key) === undefined) {
      this.assertUnchanged(collection, key);
    }
    const { staged } = this;
    const earlier = this.latest.set(collection, key, staged);
    if (earlier !== undefined) {
      this.earlier ??= new Map();
      this.earlier.set(staged, earlier);
    }
    const previous = found?.lsn ?? (0 as Lsn);
    const before = found?.image ?? null;
    this.records.push({ collection, op, key, previous, image, imageAt: 0, before });
    this.bytes += key.length + (image?.length ?? 0) + RECORD_BYTES;
    if (collection === CATALOG) {
      this.hasCatalog = true;
    } else {
      this.hasDocuments = true;
    }
  }

  /** @throws DUPLICATE_KEY */
  private changeKeys(
    { id }: CollectionInfo,
    key: DocKey,
    before: Image | undefined,
    after: Image | undefined
  ): void {
    const known = this.catalog.getById(id);
    if (known !== undefined && known.indexes.length > 0) {
      this.uniqueKeys.change(known, key, before, after, this.staged);
    }
  }

  /** Keys of unique indexes that the records give or take, oldest first for each key. */
  changedKeysOfIndexes(): readonly StagedKey[] {
    return this.uniqueKeys.all();
  }

  /** @throws WRITE_CONFLICT when others changed a document after the snapshot */
  private assertUnchanged(collection: CollectionId, key: DocKey): void {
    const { timeline } = this;
    const { snapshot } = this.options;
    if (snapshot === undefined || timeline.head <= snapshot) {
      return;
    }
    const newest = this.parts.versions.find(timeline.chain(timeline.head), collection, key);
    if (newest !== undefined && newest.lsn > snapshot) {
      throw conflict(this.branch);
    }
  }

  /**
   * For a transaction: checks that nothing it changed, or rests on, was changed after its snapshot. Steps, so that a
   * large one can be checked in slices.
   * @throws WRITE_CONFLICT
   */
  *checkConflicts(): Generator<void> {
    for (const collection of this.latest.collections()) {
      if (collection !== CATALOG) {
        // Its options and indexes must be the ones that the documents were checked against.
        this.assertUnchanged(CATALOG, catalogKey(collection));
      }
      for (const [key] of this.latest.of(collection)) {
        this.assertUnchanged(collection, key);
        yield;
      }
    }
    const head = this.timeline.chain(this.timeline.head);
    for (const { index, key } of this.uniqueKeys.keys()) {
      if (this.uniqueKeys.holders(head, index.id, key) > 1) {
        throw conflict(this.branch);
      }
      yield;
    }
    if (this.hasCatalog) {
      this.assertNamesFree();
    }
  }

  /** @throws WRITE_CONFLICT when somebody else has given a name after the snapshot that this stage gives too */
  private assertNamesFree(): void {
    const { timeline } = this;
    const mine = new Set([...this.latest.of(CATALOG)].map(([key]) => keyText(key)));
    const isMine = ({ id }: CollectionInfo) => mine.has(keyText(catalogKey(id)));
    for (const other of this.parts.catalogs.at(timeline, timeline.head).list()) {
      const named = this.catalog.get(other.name);
      if (!isMine(other) && named !== undefined && isMine(named)) {
        throw conflict(this.branch);
      }
    }
  }

  /**
   * Adds an index to a collection that this stage made itself and put nothing into, as mongod has it: there is nothing
   * to be sorted or checked. False when the same index is there.
   * @throws BAD_REQUEST for any other collection
   */
  createIndex(collection: CollectionInfo, spec: Image): boolean {
    const wanted = requestedIndex(spec);
    const known = this.catalog.known(collection);
    if (isKnown(known, wanted)) {
      return false;
    }
    if (this.parts.versions.find(this.chain, CATALOG, catalogKey(collection.id))?.image !== undefined) {
      throw noIndexHere(
        collection,
        'Inside a transaction an index can only be made on a collection that the transaction made.'
      );
    }
    for (const { image } of this.changed(collection.id)) {
      if (image !== undefined) {
        throw noIndexHere(
          collection,
          'Inside a transaction an index can only be made while its collection is empty.'
        );
      }
    }
    const index = { ...wanted, id: this.catalog.newIndexId() };
    this.catalog.isFilled(index.id);
    this.catalog.addIndex(known, index);
    return true;
  }

  /** For a stage that checks unique keys at its end. @throws DUPLICATE_KEY */
  async assertUnique(): Promise<void> {
    const pace = new Pace();
    for (const change of this.uniqueKeys.keys()) {
      if (pace.isDue) {
        await pace.rest();
      }
      const { collection, index, key } = change;
      if (!this.catalog.isFresh(index.id) && this.uniqueKeys.holders(this.chain, index.id, key) > 1) {
        const { docKey } = this.uniqueKeys.lastHolder(change)!;
        throw duplicate(collection, index.name, index.key, this.get(collection, docKey)!);
      }
    }
  }

  /**
   * Checks keys of a unique index that several documents had before this stage: after it at most one may have each.
   * `imageOf` finds one of those documents. @throws DUPLICATE_KEY
   */
  assertHeldOnce(
    collection: CollectionInfo,
    index: IndexInfo,
    keys: readonly Buffer[],
    imageOf: (key: Buffer) => Image
  ): void {
    for (const key of keys) {
      if (this.uniqueKeys.holders(this.chain, index.id, key) > 1) {
        throw duplicate(collection, index.name, index.key, imageOf(key));
      }
    }
  }

  /** Whether a document is staged. */
  hasChanged(collection: CollectionId, key: DocKey): boolean {
    return this.latest.get(collection, key) !== undefined;
  }

  /** Staged documents of a collection with their last image, undefined for a removed one; in no order. */
  *changed(collection: CollectionId): Generator<{ key: DocKey; image: Image | undefined }> {
    for (const [key, position] of this.latest.of(collection)) {
      yield { key, image: this.imageAt(position) };
    }
  }

  /** Keys of the staged documents of a collection, in no order. */
  changedKeys(collection: CollectionId): DocKey[] {
    return [...this.latest.of(collection)].map(([key]) => key);
  }
}

function noIndexHere({ name }: CollectionInfo, message: string): ArgonError {
  return new ArgonError('BAD_REQUEST', message, {
    data: { collection: name, mongoCode: 263, codeName: 'OperationNotSupportedInTransaction' }
  });
}
