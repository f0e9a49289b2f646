import type { Collation } from '../bson/collation';
import { keyValues } from '../bson/indexkeys';
import { encodeKey } from '../bson/keystring';
import { elements, int32At, nameBytes, type RawValue } from '../bson/raw';
import { isNumberType, T } from '../bson/types';
import { ArgonError } from '../errors';
import type { QueryOptions, Sort, Sorter } from './api';
import { queryError, notImplemented } from './error';
import { parseFieldPath } from './expression/fieldpath';
import { findField } from './filter/path';
import { toNumber } from './numeric';
import { orderOf, type ValueOrder } from './order';
import { showElement } from './show';
import { sorterOf, type QuickKey, type SortEntry } from './sorter';

const SORT_KEYS_MAX = 32;
/** Bytes of the objects around a key's value. */
const VALUE_BYTES = 48;

/**
 * Compiles a sort such as `{a: 1, "b.c": -1}`. An array sorts by its smallest element going
 * up and by its largest going down; a missing field sorts as null, an empty array below it.
 * @throws 15975, 15976 and others for bad specifications
 */
export function compileSort(sort: Buffer, options: QueryOptions = {}): Sort {
  const order = orderOf(options.collation);
  const fields = elements(sort);
  if (fields.length > SORT_KEYS_MAX) throw queryError(13103, `too many compound keys`);
  const parts: Buffer[][] = [];
  const descending: boolean[] = [];
  for (const element of fields) {
    if (element.type === T.OBJECT) {
      const meta = elements(element.bytes);
      if (meta.length === 1 && meta[0]!.name === '$meta') throw notImplemented('sorting by $meta');
      throw queryError(17312, '$meta is the only expression supported by $sort right now');
    }
    if (!isNumberType(element.type)) {
      throw queryError(15974, `Illegal key in $sort specification: ${showElement(element)}`);
    }
    const direction = toNumber(element);
    if (direction !== 1 && direction !== -1) {
      throw queryError(15975, '$sort key ordering must be 1 (for ascending) or -1 (for descending)');
    }
    parts.push(parseFieldPath(element.name).map(nameBytes));
    descending.push(direction < 0);
  }
  return new CompiledSort(sort, parts, descending, order);
}

interface Entry extends SortEntry {
  /** KeyString of the keys as Latin-1: compared like bytes, and small beside decoded values. */
  readonly key: string;
}

/** With a collation there are no bytes to compare: the values themselves are. */
interface CollatedEntry extends SortEntry {
  readonly values: readonly RawValue[];
}

const inOrder = (a: Entry, b: Entry): number => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);

class CompiledSort implements Sort {
  readonly isEmpty: boolean;

  constructor(
    readonly source: Buffer,
    private readonly parts: readonly (readonly Buffer[])[],
    private readonly descending: readonly boolean[],
    private readonly order: ValueOrder
  ) {
    this.isEmpty = parts.length === 0;
  }

  compare(a: Buffer, b: Buffer): number {
    return this.compareKeys(this.keysOf(a), this.keysOf(b));
  }

  sort(docs: Buffer[]): Buffer[] {
    if (this.isEmpty) return docs;
    const entries: SortEntry[] =
      this.collation === undefined
        ? docs.map(doc => this.entry(doc)).sort(inOrder)
        : docs.map(doc => this.collatedEntry(doc)).sort(this.inCollatedOrder);
    for (let i = 0; i < entries.length; i++) docs[i] = entries[i]!.doc;
    return docs;
  }

  sorter(most?: number): Sorter {
    const quickKey = this.quickKey();
    return this.collation !== undefined
      ? sorterOf((doc: Buffer) => this.collatedEntry(doc), this.inCollatedOrder, most, quickKey)
      : sorterOf((doc: Buffer) => this.entry(doc), inOrder, most, quickKey);
  }

  /** The number in the first key, when that is a field of its own. */
  private quickKey(): QuickKey | undefined {
    const [path] = this.parts;
    if (path?.length !== 1) return undefined;
    const [name] = path;
    const sign = this.descending[0] ? -1 : 1;
    return (bytes, start) => {
      const at = findField(bytes, start, name!);
      if (at < 0) return undefined;
      const number = exactNumber(bytes[at]!, bytes, at + 2 + name!.length);
      return number === undefined ? undefined : number * sign;
    };
  }

  get collation(): Collation | undefined {
    return this.order.collation;
  }

  private readonly inCollatedOrder = (a: CollatedEntry, b: CollatedEntry): number =>
    this.compareKeys(a.values, b.values);

  private collatedEntry(doc: Buffer): CollatedEntry {
    const values = this.keysOf(doc);
    return {
      doc,
      values,
      keyBytes: values.reduce((sum, value) => sum + value.bytes.length + VALUE_BYTES, 0)
    };
  }

  private entry(doc: Buffer): Entry {
    const key = encodeKey(this.keysOf(doc), this.descending).toString('latin1');
    return { doc, key, keyBytes: key.length };
  }

  private keysOf(doc: Buffer): readonly RawValue[] {
    const all = sortKeyValues(doc, this.parts);
    let best = all[0]!;
    for (let i = 1; i < all.length; i++) if (this.compareKeys(all[i]!, best) < 0) best = all[i]!;
    return best;
  }

  private compareKeys(a: readonly RawValue[], b: readonly RawValue[]): number {
    for (let i = 0; i < a.length; i++) {
      const order = this.order.compare(a[i]!, b[i]!);
      if (order !== 0) return this.descending[i] ? -order : order;
    }
    return 0;
  }
}

/** A number that a double holds exactly; undefined for others, NaN too. */
function exactNumber(type: number, bytes: Buffer, at: number): number | undefined {
  if (type === T.INT32) return int32At(bytes, at);
  if (type === T.INT64) {
    const n = int32At(bytes, at + 4) * 4_294_967_296 + (int32At(bytes, at) >>> 0);
    return Number.isSafeInteger(n) ? n : undefined;
  }
  if (type !== T.DOUBLE) return undefined;
  const n = bytes.readDoubleLE(at);
  return Number.isNaN(n) ? undefined : n;
}

function sortKeyValues(doc: Buffer, parts: readonly (readonly Buffer[])[]): RawValue[][] {
  try {
    return keyValues(doc, parts).values;
  } catch (error) {
    if (error instanceof ArgonError && error.data.mongoCode === 171) {
      throw queryError(2, 'cannot sort with keys that are parallel arrays');
    }
    throw error;
  }
}
