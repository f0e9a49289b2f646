import { nameBytes, T, values, type RawValue } from '../../bson';
import { fieldOf } from '../expression/fieldpath';
import { MISSING, PathTest } from '../filter/path';
import { SIMPLE_ORDER, type ValueOrder } from '../order';
import { isNullish, NULL, object, type Value } from '../values';

/** Documents by values of theirs, to be found again by any of them. */
export class ValueIndex {
  private readonly byKey = new Map<string, number[]>();

  constructor(
    private readonly docs: readonly Buffer[],
    private readonly order: ValueOrder,
    keysOf: (doc: Buffer) => Iterable<string>
  ) {
    docs.forEach((doc, i) => {
      for (const key of new Set(keysOf(doc))) {
        const list = this.byKey.get(key);
        if (list === undefined) this.byKey.set(key, [i]);
        else list.push(i);
      }
    });
  }

  find(wanted: readonly RawValue[]): Buffer[] {
    if (wanted.length === 1)
      return (this.byKey.get(keyOf(wanted[0]!, this.order)) ?? []).map(i => this.docs[i]!);
    const found = new Set<number>();
    for (const value of wanted) for (const i of this.byKey.get(keyOf(value, this.order)) ?? []) found.add(i);
    return [...found].sort((a, b) => a - b).map(i => this.docs[i]!);
  }
}

/** A key that is the same for values that compare equal; null, undefined and missing are one. */
export function keyOf(value: RawValue, { keyText }: ValueOrder): string {
  return isNullish(value) ? NULL_KEY : keyText(value);
}

const NULL_KEY = SIMPLE_ORDER.keyText(NULL);

/** The values of a local field: through arrays, by position too; nothing counts as null. */
export function localValues(doc: Buffer, path: readonly string[]): RawValue[] {
  const found = valuesAlong(doc, path);
  return found.length === 0 ? [NULL] : found;
}

/** Values that a path leads to: through arrays into their documents, by position too, at the end into an array's elements. */
export function valuesAlong(doc: Buffer, path: readonly string[]): RawValue[] {
  const out: RawValue[] = [];
  visit(object(doc), path, 0, out);
  return out;
}

function visit(doc: RawValue, path: readonly string[], from: number, out: RawValue[]): void {
  let next: Value = fieldOf(doc, nameBytes(path[from]!));
  let i = from + 1;
  while (i < path.length && next?.type === T.ARRAY && /^\d+$/.test(path[i]!)) {
    next = values(next.bytes)[Number(path[i])];
    i++;
  }
  if (next === undefined) return;
  if (i === path.length) {
    if (next.type === T.ARRAY) out.push(...values(next.bytes));
    else out.push(next);
  } else if (next.type === T.ARRAY) {
    for (const item of values(next.bytes)) if (item.type === T.OBJECT) visit(item, path, i, out);
  } else if (next.type === T.OBJECT) {
    visit(next, path, i, out);
  }
}

/** The keys of all values that `{path: {$eq: value}}` would match in a document; `nulls`: a missing one counts as null. */
export function matchedKeys(
  path: string,
  order: ValueOrder,
  nulls = true
): (doc: Buffer) => Iterable<string> {
  let keys: string[];
  const gather = new PathTest(path, false, (type, buf, start, end) => {
    if (type !== MISSING) keys.push(keyOf({ type, bytes: buf.subarray(start, end) }, order));
    else if (nulls) keys.push(NULL_KEY);
    return false;
  });
  return doc => {
    keys = [];
    gather.matches(doc, 0);
    return keys;
  };
}
