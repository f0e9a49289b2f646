import type { CollectionId, CollectionInfo, DocKey, Image, IndexId, IndexInfo } from '../api';
import { docKeyOfValue } from '../bson';
import type { Project } from '../branch/model';
import { checkCollectionName } from '../branch/names';
import type { Registry } from '../branch/registry';
import { ArgonError } from '../errors';
import { INDEXES_PER_COLLECTION_MAX } from '../limits';
import type { ControlRecord } from '../log/frame';
import { Catalog, catalogImage, collectionOf } from '../read/catalog';
import { requestedIndex, sameOptions } from './indexspec';

const EMPTY_OPTIONS: Image = Buffer.from([5, 0, 0, 0, 0]);

/** The id of an index that is filled already and that no catalog knows yet. */
export type FilledIndexes = (collection: CollectionInfo, index: IndexInfo) => IndexId | undefined;

/** The catalog of a stage: collections and their indexes, with what was done to them. */
export class StagedCatalog {
  /** Rows that say which ids were given. */
  readonly control: ControlRecord[] = [];
  /** Indexes that are new with this stage; nothing is in them yet. */
  private fresh: Set<IndexId> | undefined;

  constructor(
    private readonly registry: Registry,
    private readonly project: Project,
    private current: Catalog,
    /** Stages a document of the catalog; undefined removes it. */
    private readonly put: (key: DocKey, image: Image | undefined) => void
  ) {}

  list(): readonly CollectionInfo[] {
    return this.current.list();
  }

  get(name: string): CollectionInfo | undefined {
    return this.current.get(name);
  }

  getById(id: CollectionId): CollectionInfo | undefined {
    return this.current.getById(id);
  }

  /** @throws COLLECTION_NOT_FOUND */
  known(collection: CollectionInfo): CollectionInfo {
    const known = this.current.getById(collection.id);
    if (known === undefined) {
      throw new ArgonError(
        'COLLECTION_NOT_FOUND',
        `There is no collection called ${JSON.stringify(collection.name)}.`,
        { data: { collection: collection.name } }
      );
    }
    return known;
  }

  create(name: string, options: Image = EMPTY_OPTIONS): CollectionInfo {
    this.assertFree(name);
    const { id, record } = this.registry.internCollection(
      this.project,
      name,
      candidate => this.current.getById(candidate) === undefined
    );
    if (record !== undefined) {
      this.control.push(record);
    }
    return this.set({ id, name, options, indexes: [] });
  }

  setOptions(collection: CollectionInfo, options: Image): CollectionInfo {
    return this.set({ ...this.known(collection), options });
  }

  rename(collection: CollectionInfo, name: string): CollectionInfo {
    this.assertFree(name);
    return this.set({ ...this.known(collection), name });
  }

  /** @throws COLLECTION_EXISTS, and what `checkCollectionName` throws */
  private assertFree(name: string): void {
    checkCollectionName(name);
    if (this.current.get(name) !== undefined) {
      throw new ArgonError('COLLECTION_EXISTS', `The collection ${JSON.stringify(name)} exists already.`, {
        data: { collection: name }
      });
    }
  }

  addIndex(collection: CollectionInfo, index: IndexInfo): CollectionInfo {
    const known = this.known(collection);
    if (known.indexes.length + 1 >= INDEXES_PER_COLLECTION_MAX) {
      throw new ArgonError(
        'LIMIT_EXCEEDED',
        `A collection has at most ${INDEXES_PER_COLLECTION_MAX} indexes; with this one it had ${known.indexes.length + 2}.`,
        {
          data: {
            limit: INDEXES_PER_COLLECTION_MAX,
            value: known.indexes.length + 2,
            mongoCode: 67,
            codeName: 'CannotCreateIndex'
          }
        }
      );
    }
    return this.set({ ...known, indexes: [...known.indexes, index] });
  }

  /** Puts another specification in place of an index's own; answers the index before and after. */
  changeIndex(
    collection: CollectionInfo,
    name: string,
    spec: Image
  ): { readonly before: IndexInfo; readonly after: IndexInfo } {
    const known = this.known(collection);
    const before = known.indexes.find(index => index.name === name);
    if (before === undefined) {
      throw new ArgonError('INDEX_NOT_FOUND', `There is no index called ${JSON.stringify(name)}.`, {
        data: { index: name }
      });
    }
    const after = { ...requestedIndex(spec), id: before.id };
    if (after.name !== name || !after.key.equals(before.key) || !sameOptions(before, after)) {
      throw new ArgonError('BAD_REQUEST', 'What an index holds can only be changed by making another one.', {
        data: { index: name }
      });
    }
    this.set({ ...known, indexes: known.indexes.map(index => (index === before ? after : index)) });
    return { before, after };
  }

  dropIndex(collection: CollectionInfo, name: string): void {
    const known = this.known(collection);
    if (!known.indexes.some(index => index.name === name)) {
      throw new ArgonError('INDEX_NOT_FOUND', `There is no index called ${JSON.stringify(name)}.`, {
        data: { index: name }
      });
    }
    this.set({ ...known, indexes: known.indexes.filter(index => index.name !== name) });
  }

  remove({ id }: CollectionInfo): void {
    this.put(catalogKey(id), undefined);
    this.current = new Catalog(this.others(id));
  }

  /**
   * Writes a catalog document as a merge or an undo found it. Indexes that the collection does not
   * have now get new ids, so that they are built afresh; `idOf` knows those that have been filled already.
   */
  restore(image: Image, idOf?: FilledIndexes): CollectionInfo {
    const wanted = collectionOf(image);
    const known = this.current.getById(wanted.id);
    const indexes = wanted.indexes.map(index =>
      known !== undefined && hasIndex(known, index)
        ? index
        : { ...index, id: idOf?.(wanted, index) ?? this.newIndexId() }
    );
    return this.set({ ...wanted, indexes });
  }

  newIndexId(): IndexId {
    const { id, record } = this.registry.allocateIndex(this.project);
    this.control.push(record);
    this.fresh ??= new Set();
    this.fresh.add(id);
    return id;
  }

  /** Whether an index is new with this stage, and not filled. */
  isFresh(id: IndexId): boolean {
    return this.fresh?.has(id) === true;
  }

  /** A new index is filled already, as far as the checks of keys go. */
  isFilled(id: IndexId): void {
    this.fresh?.delete(id);
  }

  /** Indexes that are new with this stage, by collection. */
  newIndexes(): { collection: CollectionInfo; indexes: IndexInfo[] }[] {
    return this.current
      .list()
      .map(collection => ({ collection, indexes: collection.indexes.filter(({ id }) => this.isFresh(id)) }))
      .filter(({ indexes }) => indexes.length > 0);
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

  private set(collection: CollectionInfo): CollectionInfo {
    this.put(catalogKey(collection.id), catalogImage(collection));
    this.current = new Catalog([...this.others(collection.id), collection]);
    return collection;
  }

  private others(id: CollectionId): CollectionInfo[] {
    return this.current.list().filter(other => other.id !== id);
  }
}

/** Whether a collection has this very index. */
export function hasIndex({ indexes }: CollectionInfo, { id, spec }: IndexInfo): boolean {
  return indexes.some(other => other.id === id && other.spec.equals(spec));
}

/** The key of a collection's document in the catalog. */
export function catalogKey(id: CollectionId): DocKey {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeInt32LE(id, 0);
  return docKeyOfValue({ type: 0x10, bytes });
}
