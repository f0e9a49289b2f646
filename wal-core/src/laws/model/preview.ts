import type { DocumentDiff } from '../../api';
import { CATALOG_NAME } from '../../branch/names';
import { catalogEntry, EMPTY_TABLE, type State, type Table, withDocument } from './state';

/**
 * A state with what a preview shows put into it; undefined when the preview's names do not tell: it
 * gives a name to one collection that it takes from another.
 */
export function appliedTo(before: State, changes: readonly DocumentDiff[]): State | undefined {
  const renamed = new Map<string, string>();
  const tables = new Map<string, Table>(before);
  const entries = changes.filter(({ collection }) => collection === CATALOG_NAME);
  const taken = new Set<string>();
  for (const { before: old, after } of entries) {
    const from = old === undefined ? undefined : catalogEntry(old);
    const to = after === undefined ? undefined : catalogEntry(after);
    for (const name of new Set([from?.name, to?.name])) {
      if (name !== undefined && taken.has(name)) {
        return undefined;
      }
      taken.add(name ?? '');
    }
    if (from !== undefined && to === undefined) {
      tables.delete(from.name);
    } else if (to !== undefined) {
      const name = from?.name ?? to.name;
      tables.set(name, { ...(tables.get(name) ?? EMPTY_TABLE), indexes: to.indexes });
      if (name !== to.name) {
        renamed.set(name, to.name);
      }
    }
  }
  for (const { collection, key, after } of changes) {
    const table = tables.get(collection);
    if (collection !== CATALOG_NAME && table !== undefined) {
      tables.set(collection, withDocument(table, key.toString('hex'), after?.toString('hex')));
    }
  }
  return new Map([...tables].map(([name, table]) => [renamed.get(name) ?? name, table]));
}
