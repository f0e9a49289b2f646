import type { CollectionInfo } from '../api';
import type { Catalog } from '../read/catalog';

/** A change of the catalog in words: created, dropped, renamed, changed; indexed, unindexed. */
export interface CatalogChange {
  readonly op: string;
  readonly collection: string;
  readonly index?: string;
}

/** What differs between two catalogs. */
export function diffCatalogs(before: Catalog, after: Catalog): CatalogChange[] {
  const changes: CatalogChange[] = [];
  for (const old of before.list()) {
    if (after.getById(old.id) === undefined) {
      changes.push({ op: 'dropped', collection: old.name });
    }
  }
  for (const fresh of after.list()) {
    const old = before.getById(fresh.id);
    if (old === undefined) {
      changes.push({ op: 'created', collection: fresh.name });
    } else if (old.name !== fresh.name) {
      changes.push({ op: 'renamed', collection: fresh.name });
    }
    if (old !== undefined && !old.options.equals(fresh.options)) {
      changes.push({ op: 'changed', collection: fresh.name });
    }
    changes.push(...diffIndexes(old, fresh));
  }
  return changes;
}

function diffIndexes(before: CollectionInfo | undefined, after: CollectionInfo): CatalogChange[] {
  const old = before?.indexes ?? [];
  const same = (a: CollectionInfo['indexes'][number], b: CollectionInfo['indexes'][number]) =>
    a.name === b.name && a.spec.equals(b.spec);
  return [
    ...old
      .filter(index => !after.indexes.some(other => same(index, other)))
      .map(index => ({ op: 'unindexed', collection: after.name, index: index.name })),
    ...after.indexes
      .filter(index => !old.some(other => same(index, other)))
      .map(index => ({ op: 'indexed', collection: after.name, index: index.name }))
  ];
}
