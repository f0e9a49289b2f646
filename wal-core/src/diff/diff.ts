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
import { documentOf, field } from '../bson';
import { ArgonError } from '../errors';
import { DIFF_PAGE_MAX, SLICE_MS_MAX } from '../limits';
import { CATALOG } from '../read/catalog';
import type { LineReader } from '../read/line';
import { nextTurn, throwIfAborted, type View } from '../read/snapshot';
import type { Versions } from '../read/versions';
import { type CatalogChange, diffCatalogs } from './catalog';
import { changedBetween, sortedKeys } from './changed';
import { diffFields } from './fields';

const PAGE_DEFAULT = 100;

/** A document that differs; images are read again when a page shows them. */
interface DiffRow {
  readonly collection: string;
  readonly id: CollectionId;
  readonly key: DocKey;
  readonly op: ChangeOp;
}

/** Everything that differs between two states, without images. States never change, so it is kept. */
interface DiffIndex {
  readonly rows: readonly DiffRow[];
  readonly summary: readonly DiffSummary[];
  readonly catalog: readonly CatalogChange[];
}

/** Compares any two states of a project: O(changes since they parted). */
export class Differ {
  private readonly indexes = new LRUCache<string, DiffIndex>({ max: 8 });

  constructor(
    private readonly line: LineReader,
    private readonly versions: Versions
  ) {}

  /** @throws BAD_REQUEST for a bad `limit` or `after`, CANCELLED */
  async diff(from: View, to: View, options: DiffOptions = {}): Promise<Diff> {
    const { collection, after, limit = PAGE_DEFAULT, signal } = options;
    if (!Number.isInteger(limit) || limit < 0 || limit > DIFF_PAGE_MAX) {
      throw new ArgonError(
        'BAD_REQUEST',
        `A page of a diff has 0 to ${DIFF_PAGE_MAX} documents; ${limit} were asked for.`,
        {
          data: { limit: DIFF_PAGE_MAX, value: limit }
        }
      );
    }
    const index = await this.index(from, to, signal);
    const rows =
      collection === undefined ? index.rows : index.rows.filter(row => row.collection === collection);
    const start = after === undefined ? 0 : pageStart(after, rows.length);
    const page = rows.slice(start, start + limit);
    const end = start + page.length;
    return {
      from,
      to,
      summary:
        collection === undefined ? index.summary : index.summary.filter(row => row.collection === collection),
      catalog: index.catalog,
      documents: page.map(row => this.document(from, to, row)),
      ...(end < rows.length && page.length > 0 ? { next: String(end) } : {})
    };
  }

  private async index(from: View, to: View, signal: AbortSignal | undefined): Promise<DiffIndex> {
    const name = `${from.timeline}@${from.lsn} ${to.timeline}@${to.lsn}`;
    const known = this.indexes.get(name);
    if (known !== undefined) {
      return known;
    }
    const changed = await changedBetween(this.line, from, to, signal);
    const rows: DiffRow[] = [];
    const summary: DiffSummary[] = [];
    let deadline = performance.now() + SLICE_MS_MAX;
    const collections = [...changed.keys()]
      .filter(id => id !== CATALOG)
      .map(id => ({ id, name: (to.catalog.getById(id) ?? from.catalog.getById(id))?.name }))
      .filter((item): item is { id: CollectionId; name: string } => item.name !== undefined)
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const { id, name: collection } of collections) {
      const counts = { insert: 0, update: 0, delete: 0 };
      for (const key of sortedKeys(changed.get(id)!)) {
        const op = opBetween(this.versions.get(from.chain, id, key), this.versions.get(to.chain, id, key));
        if (op !== undefined) {
          rows.push({ collection, id, key, op });
          counts[op]++;
        }
        if (performance.now() > deadline) {
          throwIfAborted(signal);
          await nextTurn();
          deadline = performance.now() + SLICE_MS_MAX;
        }
      }
      if (counts.insert + counts.update + counts.delete > 0) {
        summary.push({ collection, added: counts.insert, changed: counts.update, deleted: counts.delete });
      }
    }
    const index = { rows, summary, catalog: diffCatalogs(from.catalog, to.catalog) };
    this.indexes.set(name, index);
    return index;
  }

  private document(from: View, to: View, row: DiffRow): DocumentDiff {
    const before = this.versions.get(from.chain, row.id, row.key);
    const after = this.versions.get(to.chain, row.id, row.key);
    return documentDiff(row.collection, row.key, before, after)!;
  }
}

function pageStart(after: string, rows: number): number {
  const start = Number(after);
  if (!Number.isInteger(start) || start < 0 || start > rows) {
    throw new ArgonError('BAD_REQUEST', 'The page mark is not one that a diff of these refs has given.', {
      data: { after }
    });
  }
  return start;
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
  const id = field(image, '_id');
  return documentOf(id === undefined ? [] : [{ name: '_id', ...id }]);
}
