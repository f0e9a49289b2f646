import { EMPTY_DOCUMENT, T, elements, sameValue, values, type RawValue } from '@argon/wal-core';
import { DocumentBuilder } from '../builder';

interface NamedValue extends RawValue {
  readonly name: string;
}

/** Changes of fields, by dotted path, as they are collected. */
interface Found {
  readonly updated: NamedValue[];
  readonly removed: string[];
  readonly truncated: { readonly field: string; readonly newSize: number }[];
}

/** Raw `updateDescription` from the images before and after: `{updatedFields, removedFields, truncatedArrays}`. */
export function describeUpdate(before: Buffer, after: Buffer): Buffer {
  const found: Found = { updated: [], removed: [], truncated: [] };
  compareDocuments(before, after, '', found);
  const builder = new DocumentBuilder(256).open('updatedFields');
  for (const { name, type, bytes } of found.updated) {
    builder.raw(name, { type, bytes });
  }
  builder.close().value('removedFields', found.removed);
  return builder.value('truncatedArrays', found.truncated).finish();
}

function compareDocuments(before: Buffer, after: Buffer, prefix: string, found: Found): void {
  const old = new Map(elements(before).map(element => [element.name, element]));
  for (const element of elements(after)) {
    const was = old.get(element.name);
    old.delete(element.name);
    compareValues(was, element, prefix + element.name, found);
  }
  found.removed.push(...[...old.keys()].map(name => prefix + name));
}

function compareValues(before: RawValue | undefined, after: RawValue, path: string, found: Found): void {
  if (before === undefined) {
    found.updated.push({ ...after, name: path });
  } else if (sameValue(before, after)) {
    return;
  } else if (before.type === T.OBJECT && after.type === T.OBJECT) {
    const empty = after.bytes.equals(EMPTY_DOCUMENT) || before.bytes.equals(EMPTY_DOCUMENT);
    if (empty) {
      found.updated.push({ ...after, name: path });
    } else {
      compareDocuments(before.bytes, after.bytes, `${path}.`, found);
    }
  } else if (before.type === T.ARRAY && after.type === T.ARRAY) {
    compareArrays(before, after, path, found);
  } else {
    found.updated.push({ ...after, name: path });
  }
}

/** Item by item where that says less than the array as a whole: elements changed in place, appended, cut off. */
function compareArrays(before: RawValue, after: RawValue, path: string, found: Found): void {
  const [old, now] = [values(before.bytes), values(after.bytes)];
  const inner: Found = { updated: [], removed: [], truncated: [] };
  now.forEach((item, at) => compareValues(old[at], item, `${path}.${at}`, inner));
  const changed = new Set(inner.updated.map(({ name }) => name.slice(path.length + 1).split('.')[0]));
  if (now.length === 0 || (changed.size === now.length && old.length >= now.length)) {
    found.updated.push({ ...after, name: path });
    return;
  }
  if (now.length < old.length) {
    found.truncated.push({ field: path, newSize: now.length });
  }
  found.updated.push(...inner.updated);
  found.removed.push(...inner.removed);
  found.truncated.push(...inner.truncated);
}
