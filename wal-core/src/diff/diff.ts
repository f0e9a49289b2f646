import { LRUCache } from 'lru-cache';
import type {
  ChangeOp,
  CollectionId,
  Diff,
  DiffOptions,
  DiffSummary,
  DocKey,
  DocumentDiff,
  Image
} from '../api';
import { assertKept } from '../branch/kept';
import { Cursor, documentOfElements, EMPTY_DOCUMENT, nameBytes } from '../bson';
import { ArgonError } from '../errors';
import { DIFF_PAGE_MAX } from '../limits';
import { CATALOG } from '../read/catalog';
import type { LineReader } from '../read/line';
import { Pace } from '../log/pace';
import type { View } from '../read/snapshot';
import type { Versions } from '../read/versions';
import type { ScratchRoom } from '../store/scratch';
import { type CatalogChange, diffCatalogs } from './catalog';
import {
  type ChangedKey,
  type ChangedKeys,
  collectChanged,
  GatheredKeys,
  type Parting,
  partingOf
} from './changed';
import { type ChangeCounts, type FarChanges, type FarOptions, isFar } from './far';
import { diffFields } from './fields';
import { FirstRead } from './firstread';
import { keyBehind, type Mark, markOf, readMark, type Start, startBehind } from './mark';

const PAGE_DEFAULT = 100;
const ID = nameBytes('_id');

/** What may differ between two states, and how much does. States never change, so it is kept. */
interface DiffIndex {
  readonly keys: ChangedKeys;
  /** Collections with changed keys, by name. */
  readonly collections: readonly { readonly id: CollectionId; readonly name: string }[];
  readonly summary: readonly DiffSummary[];
  readonly catalog: readonly CatalogChange[];
  /** Images of the documents that come first, so that the first page does not read them again. */
  readonly read: FirstRead<Sides>;
}

/** Images on both sides of a document. */
interface Sides {
  readonly key: DocKey;
  readonly before: Image | undefined;
  readonly after: Image | undefined;
}

export interface DiffParts {
  readonly line: LineReader;
  readonly versions: Versions;
  readonly scratch: ScratchRoom;
  /** Another thread to gather on, where there is one. */
  readonly far?: FarChanges | undefined;
}

/** Compares any two states of a project: O(changes since they parted), in bounded memory. */
export class Differ {
  private readonly indexes = new LRUCache<string, DiffIndex>({
    max: 8,
    dispose: index => index.keys.release()
  });

  constructor(private readonly parts: DiffParts) {}

  /** @throws BAD_REQUEST for a bad `limit` or `after`, CANCELLED */
  async diff(from: View, to: View, options: DiffOptions = {}): Promise<Diff> {
    const { after, limit = PAGE_DEFAULT, signal, onProgress } = options;
    if (!Number.isInteger(limit) || limit < 0 || limit > DIFF_PAGE_MAX) {
      throw new ArgonError(
        'BAD_REQUEST',
        `A page of a diff has 0 to ${DIFF_PAGE_MAX} documents; ${limit} were asked for.`,
        {
          data: { limit: DIFF_PAGE_MAX, value: limit }
        }
      );
    }
    const start = after === undefined ? undefined : startBehind(readMark(after));
    const index = await this.index(from, to, { signal, onProgress });
    try {
      return await this.page(from, to, index, start, options);
    } finally {
      index.keys.release();
    }
  }

  private async page(
    from: View,
    to: View,
    index: DiffIndex,
    start: Start | undefined,
    { collection, limit = PAGE_DEFAULT, signal }: DiffOptions
  ): Promise<Diff> {
    const collections = index.collections.filter(
      ({ name }) => collection === undefined || name === collection
    );
    const documents: DocumentDiff[] = [];
    let last: Mark | undefined;
    let isMore = false;
    if (limit > 0) {
      const pace = new Pace(signal);
      for (const { id, name, sides } of this.behind(from, to, index, collections, start)) {
        const document = documentDiff(name, sides.key, sides.before, sides.after);
        if (document !== undefined) {
          if (documents.length === limit) {
            isMore = true;
            break;
          }
          documents.push(document);
          last = { collection: id, key: sides.key };
        }
        if (pace.isDue) {
          await pace.rest();
        }
      }
    }
    return {
      from,
      to,
      summary:
        collection === undefined ? index.summary : index.summary.filter(row => row.collection === collection),
      catalog: index.catalog,
      documents,
      ...(isMore ? { next: markOf(last!) } : {})
    };
  }

  /** Documents that may differ, by collection name and key, behind a mark. @throws BAD_REQUEST */
  private *behind(
    from: View,
    to: View,
    index: DiffIndex,
    collections: DiffIndex['collections'],
    start: Start | undefined
  ): Generator<{ id: CollectionId; name: string; sides: Sides }> {
    const first = start === undefined ? 0 : collections.findIndex(({ id }) => id === start.collection);
    if (first < 0) {
      throw new ArgonError('BAD_REQUEST', 'The page mark is not one that a diff of these refs has given.');
    }
    for (const { id, name } of collections.slice(first)) {
      const behind = id === start?.collection ? start.from : undefined;
      for (const sides of this.sides(from, to, index, id, behind)) {
        yield { id, name, sides };
      }
    }
  }

  /** Documents that may differ in key order, not below `first`. */
  private *sides(
    from: View,
    to: View,
    { keys, read }: DiffIndex,
    id: CollectionId,
    first: Buffer | undefined
  ): Generator<Sides> {
    let start = first;
    if (first === undefined) {
      const known = read.of(id);
      yield* known;
      const last = known.at(-1);
      start = last === undefined ? undefined : keyBehind(last.key);
    }
    for (const changed of keys.keys(id, start)) {
      yield this.images(from, to, id, changed);
    }
  }

  /** The caller releases its keys. */
  private async index(from: View, to: View, options: FarOptions): Promise<DiffIndex> {
    const name = `${from.timeline}@${from.lsn} ${to.timeline}@${to.lsn}`;
    const known = this.indexes.get(name);
    if (known !== undefined) {
      known.keys.retain();
      return known;
    }
    const { line, far } = this.parts;
    const parting = partingOf(from.chain, to.chain);
    const isElsewhere = far !== undefined && parting !== undefined && isFar(line, [parting], far.changesMin);
    const index = await (isElsewhere
      ? this.gatherFar(far, parting, from, to, options)
      : this.gather(parting, from, to, options));
    this.indexes.set(name, index);
    index.keys.retain();
    return index;
  }

  /** Gathers and compares on this thread, in slices. */
  private async gather(
    parting: Parting | undefined,
    from: View,
    to: View,
    options: FarOptions
  ): Promise<DiffIndex> {
    const keys = new GatheredKeys(this.parts.scratch.make());
    try {
      if (parting !== undefined) {
        await collectChanged(this.parts.line, parting, keys, options);
      }
      const counted = new Map<CollectionId, ChangeCounts>();
      const read = new FirstRead<Sides>();
      const pace = new Pace(options.signal);
      const collections = namedCollections(keys, from, to);
      for (const { id } of collections) {
        const counts = { insert: 0, update: 0, delete: 0 };
        counted.set(id, counts);
        for (const changed of keys.keys(id)) {
          const sides = this.images(from, to, id, changed);
          const { before, after } = sides;
          const op = opBetween(before, after);
          if (op !== undefined) {
            counts[op]++;
          }
          read.add(id, sides, (before?.length ?? 0) + (after?.length ?? 0));
          if (pace.isDue) {
            await pace.rest();
          }
        }
      }
      return indexOf(from, to, { keys, collections, counted, read });
    } catch (error) {
      keys.release();
      throw error;
    }
  }

  /** Lets another thread gather and compare. @throws HISTORY_GONE */
  private async gatherFar(
    far: FarChanges,
    parting: Parting,
    from: View,
    to: View,
    options: FarOptions
  ): Promise<DiffIndex> {
    const { keys, counts } = await far
      .gather([parting], [from.chain, to.chain], options)
      .catch((error: unknown) => {
        assertBothKept(from, to);
        throw error;
      });
    try {
      // Garbage collection says what goes before it goes: what is kept now was whole when it was read.
      assertBothKept(from, to);
      const collections = namedCollections(keys, from, to);
      return indexOf(from, to, { keys, collections, counted: counts!, read: new FirstRead<Sides>() });
    } catch (error) {
      keys.release();
      throw error;
    }
  }

  private images(from: View, to: View, collection: CollectionId, { key, versions: lsns }: ChangedKey): Sides {
    const { versions } = this.parts;
    return {
      key,
      before: versions.known(from.chain, collection, key, lsns[0]),
      after: versions.known(to.chain, collection, key, lsns[1])
    };
  }
}

/** Collections with changed keys that have a name on a side, in its order. */
function namedCollections(keys: ChangedKeys, from: View, to: View): DiffIndex['collections'] {
  return keys
    .collections()
    .filter(id => id !== CATALOG)
    .map(id => ({ id, name: (to.catalog.getById(id) ?? from.catalog.getById(id))?.name }))
    .filter((item): item is { id: CollectionId; name: string } => item.name !== undefined)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function indexOf(
  from: View,
  to: View,
  {
    counted,
    ...found
  }: Pick<DiffIndex, 'keys' | 'collections' | 'read'> & {
    readonly counted: ReadonlyMap<CollectionId, ChangeCounts>;
  }
): DiffIndex {
  const summary: DiffSummary[] = [];
  for (const { id, name: collection } of found.collections) {
    const counts = counted.get(id);
    if (counts !== undefined && counts.insert + counts.update + counts.delete > 0) {
      summary.push({ collection, added: counts.insert, changed: counts.update, deleted: counts.delete });
    }
  }
  return { ...found, summary, catalog: diffCatalogs(from.catalog, to.catalog) };
}

/** @throws HISTORY_GONE */
function assertBothKept(from: View, to: View): void {
  assertKept(from.line, from.lsn);
  assertKept(to.line, to.lsn);
}

/** What happened between two images; undefined when nothing did. */
export function opBetween(before: Image | undefined, after: Image | undefined): ChangeOp | undefined {
  if (before === undefined) {
    return after === undefined ? undefined : 'insert';
  }
  if (after === undefined) {
    return 'delete';
  }
  return before.equals(after) ? undefined : 'update';
}

/** The difference of one document with its fields; undefined when there is none. */
export function documentDiff(
  collection: string,
  key: DocKey,
  before: Image | undefined,
  after: Image | undefined
): DocumentDiff | undefined {
  const op = opBetween(before, after);
  if (op === undefined) {
    return undefined;
  }
  return {
    collection,
    key,
    id: idDocument((after ?? before)!),
    op,
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
    fields: before !== undefined && after !== undefined ? diffFields(before, after) : []
  };
}

/** `{_id: …}` of a document. */
export function idDocument(image: Image): Image {
  const cursor = new Cursor(image);
  return cursor.find(ID) ? documentOfElements([cursor.element]) : EMPTY_DOCUMENT;
}
