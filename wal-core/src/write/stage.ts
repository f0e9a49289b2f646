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
import type { CommitClock } from '../log/clock';
import type { FileLog } from '../log/file/log';
import { type ChangeRecord, type ControlRecord, type Op, OP_REPLACE, OP_UPDATE } from '../log/frame';
import { Pace } from '../log/pace';
import { CATALOG, type Catalogs } from '../read/catalog';
import type { Unapplied } from '../read/unapplied';
import type { FoundVersion, Versions } from '../read/versions';
import { compareKeys } from '../store/order';
import type { ScratchRoom } from '../store/scratch';
import { Conflicts } from './conflicts';
import { Gap } from './gap';
import { isKnown, requestedIndex } from './indexspec';
import { checkSize, duplicate } from './refusals';
import type { Spill } from './spill';
import { catalogKey, type FilledIndexes, StagedCatalog } from './stagedcatalog';
import { type StagedKey, StagedKeys, type StagedKeysParts } from './stagedkeys';
import { type HeldLimits, type Newest, StagedRecords } from './stagedrecords';

/** `{_id: 1}` */
const ID_PATTERN: Image = documentOf([{ name: '_id', type: 0x10, bytes: Buffer.from([1, 0, 0, 0]) }]);
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

export interface StageOptions {
  /** Unique keys are checked by `assertUnique` at the end, whatever the order of the changes. */
  readonly uniqueLater?: boolean;
  /**
   * For a transaction: it reads the state at this LSN, and what others changed after it is a conflict. Without it the
   * newest state is read, and the stage is committed before anything else can be staged.
   */
  readonly snapshot?: Lsn;
}

/**
 * The changes of one commit before it is logged. It reads the newest state, staged and
 * unacknowledged changes included, and nothing of it is seen by anyone until it is committed.
 */
export class Stage implements Writer {
  private readonly records: StagedRecords;
  private readonly chain: readonly ChainLink[];
  /** The logged version read last. It stays right: the chain ends at a fixed LSN. */
  private foundCollection: CollectionId | undefined;
  private foundKey: DocKey | undefined;
  private found: FoundVersion | undefined;
  private readonly gap: Gap;
  private readonly catalog: StagedCatalog;
  private readonly uniqueKeys: StagedKeys;
  /** For a transaction. */
  private readonly conflicts: Conflicts | undefined;

  constructor(
    private readonly parts: StageParts,
    projectState: Project,
    readonly timeline: Timeline,
    readonly project: ProjectInfo,
    readonly branch: string,
    { snapshot, uniqueLater = false }: StageOptions = {}
  ) {
    const { registry, catalogs, scratch, log, clock, versions } = parts;
    const at = snapshot ?? timeline.head;
    const spillParts = { log, clock, project: projectState.id, timeline: timeline.id };
    const records = new StagedRecords(spillParts, parts.held, scratch);
    this.records = records;
    this.chain = timeline.chain(at);
    this.gap = new Gap(parts, this.chain);
    const catalog = new StagedCatalog(registry, projectState, catalogs.at(timeline, at), (key, image) =>
      this.stageRecord(CATALOG, key, image, this.find(CATALOG, key))
    );
    this.catalog = catalog;
    const uniqueKeys = new StagedKeys(parts, this.chain, uniqueLater);
    this.uniqueKeys = uniqueKeys;
    this.conflicts =
      snapshot === undefined
        ? undefined
        : new Conflicts({ versions, catalogs, timeline, branch, records, catalog, uniqueKeys }, snapshot);
  }

  get staged(): number {
    return this.records.count;
  }

  /** Rows of small tables that go with the records. */
  get control(): readonly ControlRecord[] {
    return this.catalog.control;
  }

  /** The records before those that are held, when there were too many: they went ahead into the log. */
  get spill(): Spill | undefined {
    return this.records.spill;
  }

  /** Whether a record changes the catalog. */
  get hasCatalog(): boolean {
    return this.records.hasCatalog;
  }

  get hasDocuments(): boolean {
    return this.records.hasDocuments;
  }

  /** Whether so much is held that it should go ahead. */
  get isHeavy(): boolean {
    return this.records.isHeavy;
  }

  /** Before the commit: what has begun to go ahead goes ahead as a whole. @throws LOG_FAILED, DISK_FULL */
  async finish(): Promise<void> {
    if (this.spill !== undefined) {
      await this.goAhead();
    }
  }

  /** Moves the records into the log: there they count for nothing until they are committed. @throws LOG_FAILED, DISK_FULL */
  async goAhead(): Promise<void> {
    await this.records.goAhead();
    await this.uniqueKeys.relieve();
  }

  /** Gives back what a large stage took. Nothing is read from it any more. */
  close(): void {
    this.records.close();
    this.uniqueKeys.close();
  }

  /** Gives the records of a stage that held all of them their LSNs, from `firstLsn` on. */
  seal(firstLsn: Lsn): readonly ChangeRecord[] {
    return this.records.seal(firstLsn);
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
  hasRead({ id }: CollectionInfo, key: DocKey, version: FoundVersion): void {
    this.found = version;
    this.foundCollection = id;
    this.foundKey = key;
  }

  private find(collection: CollectionId, key: DocKey): Newest | undefined {
    const staged = this.records.newest(collection, key);
    if (staged !== undefined) {
      return staged;
    }
    // Who changes a document has just read it.
    if (this.foundCollection === collection && isSameKey(this.foundKey, key)) {
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

  private stageRecord(
    collection: CollectionId,
    key: DocKey,
    image: Image | undefined,
    found: Newest | undefined,
    update: Op = OP_UPDATE
  ): void {
    if (this.conflicts !== undefined && !this.records.has(collection, key)) {
      this.conflicts.assertUnchanged(collection, key);
    }
    this.records.add(collection, key, image, found, update);
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

  /**
   * For a transaction: checks that nothing it changed, or rests on, was changed after its snapshot; in steps.
   * @throws WRITE_CONFLICT
   */
  *checkConflicts(): Generator<void> {
    yield* this.conflicts?.check() ?? [];
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
    return this.records.has(collection, key);
  }

  /** Staged documents of a collection with their last image, undefined for a removed one; in no order. */
  changed(collection: CollectionId): Generator<{ key: DocKey; image: Image | undefined }> {
    return this.records.changed(collection);
  }

  /** Keys of the staged documents of a collection, in no order. */
  changedKeys(collection: CollectionId): DocKey[] {
    return [...this.records.keys(collection)];
  }
}

/** Most often it is the very key. */
function isSameKey(known: DocKey | undefined, key: DocKey): boolean {
  return known === key || (known !== undefined && compareKeys(known, key) === 0);
}

function noIndexHere({ name }: CollectionInfo, message: string): ArgonError {
  return new ArgonError('BAD_REQUEST', message, {
    data: { collection: name, mongoCode: 263, codeName: 'OperationNotSupportedInTransaction' }
  });
}
