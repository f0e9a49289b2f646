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
import {
  docKeyOf,
  docKeyOfValue,
  documentOf,
  documentToExtendedJson,
  field,
  keyPattern,
  NULL_VALUE,
  type RawValue
} from '../bson';
import type { ChainLink, Project, Timeline } from '../branch/model';
import { checkCollectionName } from '../branch/names';
import type { Registry } from '../branch/registry';
import { ArgonError } from '../errors';
import type { IndexKeyMaker } from '../index/keys';
import { claimsOf } from '../index/read';
import { DOCUMENT_BYTES_MAX, INDEXES_PER_COLLECTION_MAX, PART_BYTES_MAX, PART_RECORDS_MAX } from '../limits';
import type { CommitClock } from '../log/clock';
import type { FileLog } from '../log/file/log';
import { type ChangeRecord, type ControlRecord, OP_DELETE, OP_INSERT, OP_UPDATE } from '../log/frame';
import { Catalog, CATALOG, catalogImage, type Catalogs, collectionOf } from '../read/catalog';
import { keyText } from '../read/unapplied';
import type { Versions } from '../read/versions';
import type { ScratchRoom } from '../store/scratch';
import type { OrderedStore } from '../store/store';
import { isKnown, requestedIndex } from './indexspec';
import type { PendingKeys } from './pendingkeys';
import { StagedPositions } from './positions';
import { Spill } from './spill';

/** `{_id: 1}` */
const ID_PATTERN: Image = documentOf([{ name: '_id', type: 0x10, bytes: Buffer.from([1, 0, 0, 0]) }]);
const EMPTY_OPTIONS: Image = Buffer.from([5, 0, 0, 0, 0]);
/** What a held record takes beside its key and image. */
const RECORD_BYTES = 100;

export interface StageParts {
  readonly store: OrderedStore;
  readonly registry: Registry;
  readonly versions: Versions;
  readonly catalogs: Catalogs;
  readonly keys: IndexKeyMaker;
  readonly pendingKeys: PendingKeys;
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

/** A key of a unique index that a staged record gives or takes. */
export interface StagedKey {
  readonly collection: CollectionInfo;
  readonly index: IndexInfo;
  readonly key: Buffer;
  readonly docKey: DocKey;
  readonly live: boolean;
  /** Position of the record. */
  readonly at: number;
}

/**
 * The changes of one commit before it is logged. It reads the newest state, staged and
 * unacknowledged changes included, and nothing of it is seen by anyone until it is committed.
 */
export class Stage implements Writer {
  readonly records: ChangeRecord[] = [];
  readonly control: ControlRecord[] = [];
  /** The records before those in `records`, when there were too many to hold: they went ahead into the log. */
  spill: Spill | undefined;
  private bytes = 0;
  /** Set when a record changes the catalog. */
  hasCatalog = false;
  hasDocuments = false;
  /** Position in `records` of the newest change of a document. */
  private readonly latest: StagedPositions;
  /** For a record that changes a document staged before: the position of that earlier record. */
  private readonly earlier = new Map<number, number>();
  private readonly chain: readonly ChainLink[];
  /** The logged version read last. It stays right: the chain ends at a fixed LSN. */
  private found: { collection: CollectionId; key: DocKey; version: ReturnType<Versions['find']> } | undefined;
  private current: Catalog;
  /** Keys of unique indexes changed here, by index and key. */
  readonly stagedKeys = new Map<string, StagedKey[]>();
  /** Indexes that are new with this stage; nothing is in them yet. */
  private readonly freshIndexes = new Set<IndexId>();

  constructor(
    private readonly parts: StageParts,
    private readonly projectState: Project,
    readonly timeline: Timeline,
    readonly project: ProjectInfo,
    readonly branch: string,
    private readonly options: StageOptions = {}
  ) {
    this.latest = new StagedPositions(parts.scratch);
    const at = options.snapshot ?? timeline.head;
    this.chain = timeline.chain(at);
    this.current = parts.catalogs.at(timeline, at);
  }

  get staged(): number {
    return (this.spill?.count ?? 0) + this.records.length;
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
    for (const [at, before] of this.earlier) {
      this.records[at - first] = { ...this.records[at - first]!, previous: before as Lsn, isOwn: true };
    }
    this.earlier.clear();
    await this.spill.write(this.records);
    this.records.length = 0;
    this.bytes = 0;
    await this.latest.relieve();
  }

  /** Gives back what a large stage took. Nothing is read from it any more. */
  close(): void {
    this.latest.close();
  }

  collections(): readonly CollectionInfo[] {
    return this.current.list();
  }

  collection(name: string): CollectionInfo | undefined {
    return this.current.get(name);
  }

  collectionById(id: CollectionId): CollectionInfo | undefined {
    return this.current.getById(id);
  }

  ensureCollection(name: string): CollectionInfo {
    return this.current.get(name) ?? this.createCollection(name, EMPTY_OPTIONS);
  }

  createCollection(name: string, options: Image): CollectionInfo {
    checkCollectionName(name);
    if (this.current.get(name) !== undefined) {
      throw new ArgonError('COLLECTION_EXISTS', `The collection ${JSON.stringify(name)} exists already.`, {
        data: { collection: name }
      });
    }
    const { id, record } = this.parts.registry.internCollection(
      this.projectState,
      name,
      candidate => this.current.getById(candidate) === undefined
    );
    if (record !== undefined) {
      this.control.push(record);
    }
    return this.putCatalog({ id, name, options, indexes: [] });
  }

  setOptions(collection: CollectionInfo, options: Image): CollectionInfo {
    return this.putCatalog({ ...this.known(collection), options });
  }

  renameCollection(collection: CollectionInfo, name: string): CollectionInfo {
    checkCollectionName(name);
    if (this.current.get(name) !== undefined) {
      throw new ArgonError('COLLECTION_EXISTS', `The collection ${JSON.stringify(name)} exists already.`, {
        data: { collection: name }
      });
    }
    return this.putCatalog({ ...this.known(collection), name });
  }

  /** Adds an index with a new id. The caller has checked that its keys are unique where they must be. */
  addIndex(collection: CollectionInfo, make: (id: IndexId) => IndexInfo): CollectionInfo {
    const known = this.known(collection);
    return this.addKnownIndex(known, make(this.newIndexId()));
  }

  /** Adds an index whose entries are all there already. */
  addBuiltIndex(collection: CollectionInfo, index: IndexInfo): CollectionInfo {
    return this.addKnownIndex(this.known(collection), index);
  }

  private addKnownIndex(known: CollectionInfo, index: IndexInfo): CollectionInfo {
    if (known.indexes.length + 1 >= INDEXES_PER_COLLECTION_MAX) {
      throw new ArgonError(
        'LIMIT_EXCEEDED',
        `A collection has at most ${INDEXES_PER_COLLECTION_MAX} indexes.`,
        {
          data: { limit: INDEXES_PER_COLLECTION_MAX, mongoCode: 67, codeName: 'CannotCreateIndex' }
        }
      );
    }
    return this.putCatalog({ ...known, indexes: [...known.indexes, index] });
  }

  dropIndex(collection: CollectionInfo, name: string): void {
    const known = this.known(collection);
    if (!known.indexes.some(index => index.name === name)) {
      throw new ArgonError('INDEX_NOT_FOUND', `There is no index called ${JSON.stringify(name)}.`, {
        data: { index: name }
      });
    }
    this.putCatalog({ ...known, indexes: known.indexes.filter(index => index.name !== name) });
  }

  /** Removes the catalog entry of a collection whose documents are gone already. */
  removeCollection(collection: CollectionInfo): void {
    const key = catalogKey(collection.id);
    this.stageRecord(CATALOG, key, undefined, this.find(CATALOG, key));
    this.refreshCatalog(collection.id, undefined);
  }

  /**
   * Writes a catalog document as a merge or an undo found it. Indexes that the collection does not
   * have now get new ids, so that they are built afresh.
   */
  restoreCollection(image: Image): CollectionInfo {
    const wanted = collectionOf(image);
    const known = this.current.getById(wanted.id)?.indexes ?? [];
    const indexes = wanted.indexes.map(index =>
      known.some(other => other.id === index.id && other.spec.equals(index.spec))
        ? index
        : { ...index, id: this.newIndexId() }
    );
    return this.putCatalog({ ...wanted, indexes });
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
    this.checkUnique(collection, key, undefined, image);
    this.stageRecord(collection.id, key, image, found);
  }

  replace(collection: CollectionInfo, key: DocKey, image: Image): void {
    checkSize(image);
    const found = this.find(collection.id, key);
    if (found?.image === undefined) {
      throw new ArgonError('DOCUMENT_NOT_FOUND', 'There is no document with this _id.');
    }
    this.checkUnique(collection, key, found.image, image);
    this.stageRecord(collection.id, key, image, found);
  }

  remove(collection: CollectionInfo, key: DocKey): boolean {
    const found = this.find(collection.id, key);
    if (found?.image === undefined) {
      return false;
    }
    this.checkUnique(collection, key, found.image, undefined);
    this.stageRecord(collection.id, key, undefined, found);
    return true;
  }

  /** The newest version, staged or logged; a staged one has no LSN yet. */
  private find(collection: CollectionId, key: DocKey): { lsn?: Lsn; image: Image | undefined } | undefined {
    const staged = this.latest.get(collection, key);
    if (staged !== undefined) {
      return { image: this.imageAt(staged) };
    }
    // Who changes a document has just read it.
    if (this.found?.collection !== collection || !this.found.key.equals(key)) {
      this.found = { collection, key, version: this.parts.versions.find(this.chain, collection, key) };
    }
    return this.found.version;
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
    found: { lsn?: Lsn; image: Image | undefined } | undefined
  ): void {
    const op = image === undefined ? OP_DELETE : found?.image === undefined ? OP_INSERT : OP_UPDATE;
    const staged = this.latest.get(collection, key);
    if (staged !== undefined) {
      this.earlier.set(this.staged, staged);
    } else if (this.options.snapshot !== undefined) {
      this.assertUnchanged(collection, key);
    }
    this.latest.set(collection, key, this.staged);
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

  /** Gives the records of a stage that held all of them their LSNs, from `firstLsn` on: those that follow one another learn the LSN before. */
  seal(firstLsn: Lsn): readonly ChangeRecord[] {
    for (const [at, before] of this.earlier) {
      this.records[at] = { ...this.records[at]!, previous: (firstLsn + before) as Lsn };
    }
    return this.records;
  }

  private known(collection: CollectionInfo): CollectionInfo {
    const known = this.current.getById(collection.id);
    if (known === undefined) {
      throw new ArgonError(
        'COLLECTION_NOT_FOUND',
        `There is no collection called ${JSON.stringify(collection.name)}.`,
        {
          data: { collection: collection.name }
        }
      );
    }
    return known;
  }

  private newIndexId(): IndexId {
    const { id, record } = this.parts.registry.allocateIndex(this.projectState);
    this.control.push(record);
    this.freshIndexes.add(id);
    return id;
  }

  private putCatalog(collection: CollectionInfo): CollectionInfo {
    const key = catalogKey(collection.id);
    this.stageRecord(CATALOG, key, catalogImage(collection), this.find(CATALOG, key));
    this.refreshCatalog(collection.id, collection);
    return collection;
  }

  private refreshCatalog(id: CollectionId, collection: CollectionInfo | undefined): void {
    const others = this.current.list().filter(other => other.id !== id);
    this.current = new Catalog(collection === undefined ? others : [...others, collection]);
  }

  /** Notes the keys that change in unique indexes. @throws DUPLICATE_KEY before anything is noted */
  private checkUnique(
    collection: CollectionInfo,
    docKey: DocKey,
    before: Image | undefined,
    after: Image | undefined
  ): void {
    const indexes = this.current.getById(collection.id)?.indexes;
    if (indexes === undefined || indexes.length === 0) {
      return;
    }
    const changes: StagedKey[] = [];
    const at = this.staged;
    for (const index of indexes) {
      if (!index.unique) {
        // Still computed once here, so that a document an index cannot hold is refused before it is logged.
        this.parts.keys.keys(index, after);
        continue;
      }
      const old = this.parts.keys.keys(index, before);
      const fresh = this.parts.keys.keys(index, after);
      for (const key of fresh) {
        if (!old.some(other => other.equals(key))) {
          if (this.options.uniqueLater !== true && this.holders(this.chain, index.id, key, docKey) > 0) {
            throw duplicate(collection, index.name, index.key, after!);
          }
          changes.push({ collection, index, key, docKey, live: true, at });
        }
      }
      for (const key of old) {
        if (!fresh.some(other => other.equals(key))) {
          changes.push({ collection, index, key, docKey, live: false, at });
        }
      }
    }
    for (const change of changes) {
      this.noteKey(change);
    }
  }

  private noteKey(change: StagedKey): void {
    const text = `${change.index.id} ${keyText(change.key)}`;
    const list = this.stagedKeys.get(text);
    if (list === undefined) {
      this.stagedKeys.set(text, [change]);
    } else {
      list.push(change);
    }
  }

  /** Keys of unique indexes that the records give or take, oldest first for each key. */
  uniqueKeys(): StagedKey[] {
    return [...this.stagedKeys.values()].flat();
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
    for (const [change] of this.stagedKeys.values()) {
      if (this.holders(head, change!.index.id, change!.key) > 1) {
        throw conflict(this.branch);
      }
      yield;
    }
    if (this.hasCatalog) {
      const { timeline } = this;
      const mine = new Set([...this.latest.of(CATALOG)].map(([key]) => keyText(key)));
      const others = this.parts.catalogs
        .at(timeline, timeline.head)
        .list()
        .filter(({ id }) => !mine.has(keyText(catalogKey(id))));
      if (others.some(({ name }) => mineHas(this.current, name, mine))) {
        throw conflict(this.branch);
      }
    }
  }

  /**
   * Adds an index to a collection that this stage made itself: all that is in it is staged here.
   * False when the same index is there.
   * @throws BAD_REQUEST for any other collection, DUPLICATE_KEY
   */
  createIndex(collection: CollectionInfo, spec: Image): boolean {
    const wanted = requestedIndex(spec);
    const known = this.known(collection);
    if (isKnown(known, wanted)) {
      return false;
    }
    if (this.parts.versions.find(this.chain, CATALOG, catalogKey(collection.id))?.image !== undefined) {
      throw new ArgonError(
        'BAD_REQUEST',
        'Inside a transaction an index can only be made on a collection that the transaction made.',
        {
          data: {
            collection: collection.name,
            mongoCode: 263,
            codeName: 'OperationNotSupportedInTransaction'
          }
        }
      );
    }
    const index = { ...wanted, id: this.newIndexId() };
    const at = this.staged;
    const keys: StagedKey[] = [];
    const taken = new Set<string>();
    for (const { key: docKey, image } of this.changed(collection.id)) {
      for (const key of this.parts.keys.keys(index, image)) {
        if (index.unique && taken.has(keyText(key))) {
          throw duplicate(collection, index.name, index.key, image!);
        }
        taken.add(keyText(key));
        keys.push({ collection, index, key, docKey, live: true, at });
      }
    }
    if (index.unique) {
      keys.forEach(key => this.noteKey(key));
    }
    // It is filled already, as far as the checks of keys go.
    this.freshIndexes.delete(index.id);
    this.addKnownIndex(known, index);
    return true;
  }

  /** @throws COLLECTION_EXISTS when two collections have one name, as a merge may have it */
  assertNames(): void {
    const names = new Set<string>();
    for (const { name } of this.current.list()) {
      if (names.has(name)) {
        throw new ArgonError(
          'COLLECTION_EXISTS',
          `Two collections would be called ${JSON.stringify(name)}. Rename one of them and make a new plan.`,
          { data: { collection: name } }
        );
      }
      names.add(name);
    }
  }

  /** For a stage that checks unique keys at its end. @throws DUPLICATE_KEY */
  assertUnique(): void {
    for (const [change] of this.stagedKeys.values()) {
      const { collection, index, key } = change!;
      if (!this.freshIndexes.has(index.id) && this.holders(this.chain, index.id, key) > 1) {
        const last = this.stagedKeys.get(`${index.id} ${keyText(key)}`)!.findLast(({ live }) => live)!;
        throw duplicate(collection, index.name, index.key, this.get(collection, last.docKey)!);
      }
    }
  }

  /** Number of documents, but for one, that hold a key after what is logged and staged. */
  private holders(chain: readonly ChainLink[], index: IndexId, key: Buffer, except?: DocKey): number {
    const { store, pendingKeys } = this.parts;
    const holds = new Map<string, boolean>();
    // From the oldest ancestor on: the nearest timeline has the last word, and its newest change.
    for (let i = chain.length - 1; i >= 0; i--) {
      const link = chain[i]!;
      for (const { docKey, live } of claimsOf(store, link, index, key)) {
        holds.set(keyText(docKey), live);
      }
      for (const { docKey, live, lsn } of pendingKeys.of(link.timeline.id, index, key)) {
        if (lsn <= link.cap) {
          holds.set(docKey, live);
        }
      }
    }
    for (const { docKey, live } of this.stagedKeys.get(`${index} ${keyText(key)}`) ?? []) {
      holds.set(keyText(docKey), live);
    }
    if (except !== undefined) {
      holds.delete(keyText(except));
    }
    let count = 0;
    for (const live of holds.values()) {
      count += live ? 1 : 0;
    }
    return count;
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

  /** Indexes that are new with this stage, by collection. */
  newIndexes(): { collection: CollectionInfo; indexes: IndexInfo[] }[] {
    return this.current
      .list()
      .map(collection => ({
        collection,
        indexes: collection.indexes.filter(index => this.freshIndexes.has(index.id))
      }))
      .filter(({ indexes }) => indexes.length > 0);
  }
}

function catalogKey(id: CollectionId): DocKey {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeInt32LE(id, 0);
  return docKeyOfValue({ type: 0x10, bytes });
}

function conflict(branch: string): ArgonError {
  return new ArgonError(
    'WRITE_CONFLICT',
    `Another writer changed on ${branch} what this transaction changes. Run the transaction again.`,
    { data: { branch, mongoCode: 112, codeName: 'WriteConflict' } }
  );
}

/** Whether a name is one that a changed entry of a catalog has. */
function mineHas(catalog: Catalog, name: string, changed: ReadonlySet<string>): boolean {
  const found = catalog.get(name);
  return found !== undefined && changed.has(keyText(catalogKey(found.id)));
}

function checkSize(image: Image): void {
  if (image.length > DOCUMENT_BYTES_MAX) {
    throw new ArgonError(
      'LIMIT_EXCEEDED',
      `A document has at most ${DOCUMENT_BYTES_MAX} bytes; this one has ${image.length}.`,
      {
        data: {
          limit: DOCUMENT_BYTES_MAX,
          value: image.length,
          mongoCode: 10334,
          codeName: 'BSONObjectTooLarge'
        }
      }
    );
  }
}

/** `data` holds the key pattern and the first key of the document in it, as Extended JSON. */
export function duplicate(
  collection: CollectionInfo,
  index: string,
  pattern: Image,
  image: Image
): ArgonError {
  const keyValue = documentOf(
    keyPattern(pattern).paths.map(path => ({
      name: path,
      ...(valueAt(image, path.split('.')) ?? NULL_VALUE)
    }))
  );
  return new ArgonError('DUPLICATE_KEY', `The index ${index} of ${collection.name} already holds this key.`, {
    data: {
      collection: collection.name,
      index,
      keyPattern: documentToExtendedJson(pattern),
      keyValue: documentToExtendedJson(keyValue)
    }
  });
}

/** The first value at a path, looking into the first element of arrays. */
function valueAt(document: Image, path: readonly string[]): RawValue | undefined {
  let value: RawValue | undefined = { type: 0x03, bytes: document };
  for (const name of path) {
    if (value?.type === 0x04) {
      value = field(value.bytes, '0');
    }
    value = value?.type === 0x03 ? field(value.bytes, name) : undefined;
  }
  return value?.type === 0x04 ? field(value.bytes, '0') : value;
}
