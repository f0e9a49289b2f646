import type { TranslationBundle } from '@jupyterlab/translation';
import type { Branch, CatalogChange, Entry } from '../client/protocol';
import { count, plainRange } from './count';
import { baseName } from './shorten';

/** `1 insert`, `1,204 inserts`. */
export function inserts(n: number, trans: TranslationBundle): string {
  return trans._n('%2 insert', '%2 inserts', n, count(n));
}

/** `1 update`, `9 updates`. */
export function updates(n: number, trans: TranslationBundle): string {
  return trans._n('%2 update', '%2 updates', n, count(n));
}

/** `1 delete`, `2 deletes`. */
export function deletes(n: number, trans: TranslationBundle): string {
  return trans._n('%2 delete', '%2 deletes', n, count(n));
}

/** `1 change`, `12 changes`. */
export function changes(n: number, trans: TranslationBundle): string {
  return trans._n('%2 change', '%2 changes', n, count(n));
}

/** What was written, by kind: `2 deletes, 1 insert`. */
export function writes(of: Pick<Entry, 'inserts' | 'updates' | 'deletes'>, trans: TranslationBundle): string {
  return [
    of.updates > 0 ? updates(of.updates, trans) : '',
    of.deletes > 0 ? deletes(of.deletes, trans) : '',
    of.inserts > 0 ? inserts(of.inserts, trans) : ''
  ]
    .filter(part => part !== '')
    .join(', ');
}

/** What became of the catalog: `scalers created`, `Index species_1_island_1`, `3 collections created`. */
export function catalogWords(list: readonly CatalogChange[], trans: TranslationBundle): string {
  const first = list[0];
  if (first === undefined) {
    return '';
  }
  if (list.length === 1) {
    return oneChange(first, trans);
  }
  if (list.every(change => change.op === 'created')) {
    return trans.__('%1 collections created', count(list.length));
  }
  if (list.every(change => change.op === 'dropped')) {
    return trans.__('%1 collections dropped', count(list.length));
  }
  if (list.every(change => change.op === 'indexed')) {
    return trans.__('%1 indexes', count(list.length));
  }
  return list.length === 2
    ? list.map(change => oneChange(change, trans)).join(', ')
    : trans.__('%1 collection changes', count(list.length));
}

/** One change of the catalog in words. */
export function oneChange(change: CatalogChange, trans: TranslationBundle): string {
  switch (change.op) {
    case 'created':
      return trans.__('%1 created', change.collection);
    case 'dropped':
      return trans.__('%1 dropped', change.collection);
    case 'renamed':
      return trans.__('Renamed to %1', change.collection);
    case 'indexed':
      return trans.__('Index %1', change.index ?? change.collection);
    case 'unindexed':
      return trans.__('Index %1 dropped', change.index ?? change.collection);
    default:
      return trans.__('%1 changed', change.collection);
  }
}

/** What was undone or picked, without its range, which follows in the details; the engine tells it in English. */
function selectionWords(what: string, trans: TranslationBundle): string {
  const range = /^LSN (\d+)\.\.(\d+)$/.exec(what);
  if (range !== null) {
    return lsnWords(range, trans);
  }
  const short = what.replace(/, LSN \d+\.\.\d+$/, '');
  const cell = /^cell \[(\d+)\]$/.exec(short);
  return cell === null ? short : trans.__('cell [%1]', Number(cell[1]));
}

/** What a plan takes back or picks, with its LSNs said once: `LSN 7`, `cell [7], LSN 821–944`. */
export function selectionText(source: string, trans: TranslationBundle): string {
  const found = /^(.*): (\d+)\.\.(\d+)$/s.exec(source);
  if (found === null) {
    return source;
  }
  const [, what = '', ...lsns] = found;
  const range = lsnWords(['', ...lsns], trans);
  return /^LSN \d+\.\.\d+$/.test(what) ? range : `${selectionWords(what, trans)}, ${range}`;
}

/** `LSN 821–944` of what was found: everything, first and last. */
function lsnWords([, first, last]: readonly string[], trans: TranslationBundle): string {
  return trans.__('LSN %1', plainRange(Number(first), Number(last)));
}

/** The first words of an entry: what happened. */
export function title(entry: Entry, trans: TranslationBundle): string {
  const written = writes(entry, trans);
  switch (entry.kind) {
    case 'merge':
      return trans.__('Merge %1', entry.merge?.source ?? '');
    case 'undo':
      return trans.__('Undo %1', selectionWords(entry.undo?.what ?? '', trans));
    case 'pick':
      return trans.__('Pick from %1', selectionWords(entry.pick?.what ?? '', trans));
    case 'restore':
      return trans.__('Restore %1', entry.restore?.what ?? '');
    case 'import':
      return written === '' ? trans.__('Import') : trans.__('Import, %1', written);
    case 'catalog':
    case 'writes': {
      const catalog = catalogWords(entry.catalog, trans);
      return [catalog, written].filter(part => part !== '').join(', ') || trans.__('No change');
    }
  }
}

/**
 * The note after it: the cell, else another person, else the collections. A merge and an undo say how much
 * they wrote, because their title says only what they were.
 */
export function note(entry: Entry, me: string | undefined, trans: TranslationBundle): string {
  if (['merge', 'undo', 'pick', 'restore'].includes(entry.kind)) {
    return writes(entry, trans);
  }
  if (entry.origin.cellNumber !== undefined) {
    return trans.__('cell [%1]', entry.origin.cellNumber);
  }
  if (me !== undefined && entry.origin.actor !== me && entry.origin.actor !== '') {
    return entry.origin.actor;
  }
  return entry.catalog.length > 0 ? '' : entry.collections.join(', ');
}

/** `12 ahead · 3 behind main`; empty for the default branch. */
export function standing(
  branch: Pick<Branch, 'ahead' | 'behind' | 'isDefault'>,
  base: string,
  trans: TranslationBundle
): string {
  return branch.isDefault
    ? trans.__('default branch')
    : trans.__('%1 ahead · %2 behind %3', count(branch.ahead), count(branch.behind), base);
}

/** A cell as one speaks of it: its notebook, and its number when it is known. */
export function cellName(notebook: string, cellNumber: number | undefined, trans: TranslationBundle): string {
  return cellNumber === undefined
    ? baseName(notebook)
    : trans.__('%1 cell [%2]', baseName(notebook), cellNumber);
}
