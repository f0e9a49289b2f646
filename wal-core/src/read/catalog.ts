import type { CollectionId, CollectionInfo, Image, IndexId, IndexInfo, Lsn } from '../api';
import { documentOf, elements, field, type RawValue } from '../bson';
import type { Timeline } from '../branch/model';
import type { Versions } from './versions';

/**
 * The catalog is a collection itself (id 0), so that creating, dropping, renaming and indexing are
 * history like any other change. One document per collection:
 * `{_id: <collection id>, name, options: {…}, indexes: {<name>: {id, spec: {…}}}}`.
 */
export const CATALOG = 0 as CollectionId;

/** Collections of one state. */
export class Catalog {
  private readonly byName = new Map<string, CollectionInfo>();
  private readonly byId = new Map<CollectionId, CollectionInfo>();

  constructor(collections: Iterable<CollectionInfo>) {
    for (const collection of collections) {
      this.byName.set(collection.name, collection);
      this.byId.set(collection.id, collection);
    }
  }

  get(name: string): CollectionInfo | undefined {
    return this.byName.get(name);
  }

  getById(id: CollectionId): CollectionInfo | undefined {
    return this.byId.get(id);
  }

  /** All collections by name. */
  list(): CollectionInfo[] {
    return [...this.byId.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }
}

const EMPTY_CATALOG = new Catalog([]);

/** Decodes a document of the catalog. */
export function collectionOf(image: Image): CollectionInfo {
  const specs = field(image, 'indexes');
  const indexes: IndexInfo[] = [];
  for (const element of specs === undefined ? [] : elements(specs.bytes)) {
    const id = field(element.bytes, 'id')!.bytes.readInt32LE(0) as IndexId;
    indexes.push(indexOf(id, Buffer.from(field(element.bytes, 'spec')!.bytes)));
  }
  return {
    id: field(image, '_id')!.bytes.readInt32LE(0) as CollectionId,
    name: textOf(field(image, 'name')),
    options: Buffer.from(field(image, 'options')!.bytes),
    indexes
  };
}

/** Reads what the engine needs from an index specification. */
export function indexOf(id: IndexId, spec: Image): IndexInfo {
  const partial = field(spec, 'partialFilterExpression');
  return {
    id,
    name: textOf(field(spec, 'name')),
    key: Buffer.from(field(spec, 'key')!.bytes),
    unique: isTrue(field(spec, 'unique')),
    sparse: isTrue(field(spec, 'sparse')),
    ...(partial === undefined ? {} : { partialFilter: Buffer.from(partial.bytes) }),
    spec
  };
}

/** Encodes a document of the catalog. */
export function catalogImage(collection: CollectionInfo): Image {
  const indexes = collection.indexes.map(index => ({
    name: index.name,
    type: 0x03,
    bytes: documentOf([
      { name: 'id', type: 0x10, bytes: int32(index.id) },
      { name: 'spec', type: 0x03, bytes: index.spec }
    ])
  }));
  return documentOf([
    { name: '_id', type: 0x10, bytes: int32(collection.id) },
    { name: 'name', type: 0x02, bytes: text(collection.name) },
    { name: 'options', type: 0x03, bytes: collection.options },
    { name: 'indexes', type: 0x03, bytes: documentOf(indexes) }
  ]);
}

function int32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeInt32LE(value, 0);
  return bytes;
}

function text(value: string): Buffer {
  const utf8 = Buffer.from(value, 'utf8');
  const bytes = Buffer.alloc(utf8.length + 5);
  bytes.writeInt32LE(utf8.length + 1, 0);
  utf8.copy(bytes, 4);
  return bytes;
}

function textOf(value: RawValue | undefined): string {
  return value?.type === 0x02 ? value.bytes.toString('utf8', 4, value.bytes.length - 1) : '';
}

/** Truth as MongoDB reads options: a boolean, or a number that is not zero. */
function isTrue(value: RawValue | undefined): boolean {
  switch (value?.type) {
    case 0x08:
      return value.bytes[0] === 1;
    case 0x10:
      return value.bytes.readInt32LE(0) !== 0;
    case 0x01:
      return value.bytes.readDoubleLE(0) !== 0;
    case 0x12:
      return value.bytes.readBigInt64LE(0) !== 0n;
    default:
      return false;
  }
}

/** Catalogs that a timeline has had, kept in memory from its first use on. */
interface History {
  /** LSNs of catalog changes on the timeline itself, ascending. */
  readonly lsns: Lsn[];
  readonly at: Map<Lsn, Catalog>;
  /** The catalog at the fork. */
  readonly base: Catalog;
}

/** Catalogs of any state, decoded once. */
export class Catalogs {
  private readonly histories = new Map<Timeline, History>();

  constructor(private readonly versions: Versions) {}

  /** The catalog of a timeline's state at `lsn`. */
  at(timeline: Timeline, lsn: Lsn): Catalog {
    let line: Timeline = timeline;
    while (line.parent !== undefined && lsn <= line.forkLsn) {
      line = line.parent;
    }
    const history = this.history(line);
    const newest = history.lsns.findLast(change => change <= lsn);
    if (newest === undefined) {
      return history.base;
    }
    let catalog = history.at.get(newest);
    if (catalog === undefined) {
      catalog = this.read(line, newest);
      history.at.set(newest, catalog);
    }
    return catalog;
  }

  /** Takes note of a staged change of a timeline's catalog. */
  changed(timeline: Timeline, lsn: Lsn): void {
    const history = this.histories.get(timeline);
    if (history !== undefined && !history.lsns.includes(lsn)) {
      history.lsns.push(lsn);
    }
  }

  forget(): void {
    this.histories.clear();
  }

  private history(timeline: Timeline): History {
    let history = this.histories.get(timeline);
    if (history === undefined) {
      const lsns = new Set(this.versions.lsns({ timeline, cap: timeline.head }, CATALOG));
      for (const lsn of this.versions.unappliedLsns(timeline, CATALOG)) {
        lsns.add(lsn);
      }
      const base = timeline.parent === undefined ? EMPTY_CATALOG : this.at(timeline.parent, timeline.forkLsn);
      history = { lsns: [...lsns].sort((a, b) => a - b), at: new Map(), base };
      this.histories.set(timeline, history);
    }
    return history;
  }

  private read(timeline: Timeline, lsn: Lsn): Catalog {
    const collections: CollectionInfo[] = [];
    for (const version of this.versions.all(timeline.chain(lsn), CATALOG).values()) {
      if (version.image !== undefined) {
        collections.push(collectionOf(version.image));
      }
    }
    return new Catalog(collections);
  }
}
