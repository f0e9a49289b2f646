import type { FieldPath, FieldValue, Image } from '../api';
import { documentOf, elements, type RawElement, sameValue } from '../bson';

const OBJECT = 0x03;
const EMPTY: Image = Buffer.from([5, 0, 0, 0, 0]);

/** A path that both sides changed, and not to the same value. */
export interface FieldConflict {
  readonly path: FieldPath;
  readonly base: FieldValue | undefined;
  readonly ours: FieldValue | undefined;
  readonly theirs: FieldValue | undefined;
}

/** Settles a conflict: the value to take, `undefined` for "not there". */
export type Settle = (conflict: FieldConflict) => FieldValue | undefined;

/**
 * Three-way merge of one document, per field path. A path that only one side changed takes that
 * side; both sides to the same value is no conflict; sub-documents are merged field by field; an
 * array is one value. Fields keep our order, their new fields follow in their order.
 * `base` undefined means that both sides added the document.
 */
export function mergeDocuments(base: Image | undefined, ours: Image, theirs: Image, settle: Settle): Image {
  return mergeObjects(base ?? EMPTY, ours, theirs, [], settle);
}

function mergeObjects(base: Image, ours: Image, theirs: Image, path: FieldPath, settle: Settle): Image {
  if (ours.equals(theirs) || base.equals(theirs)) {
    return ours;
  }
  if (base.equals(ours)) {
    return theirs;
  }
  const old = byName(base);
  const left = byName(ours);
  const right = byName(theirs);
  const merged: { name: string; type: number; bytes: Buffer }[] = [];
  for (const name of new Set([...left.keys(), ...right.keys(), ...old.keys()])) {
    const value = mergeValue(old.get(name), left.get(name), right.get(name), [...path, name], settle);
    if (value !== undefined) {
      merged.push({ name, type: value.type, bytes: value.bytes });
    }
  }
  return documentOf(merged);
}

function mergeValue(
  base: FieldValue | undefined,
  ours: FieldValue | undefined,
  theirs: FieldValue | undefined,
  path: FieldPath,
  settle: Settle
): FieldValue | undefined {
  if (same(ours, theirs) || same(base, theirs)) {
    return ours;
  }
  if (same(base, ours)) {
    return theirs;
  }
  if (ours?.type === OBJECT && theirs?.type === OBJECT && (base === undefined || base.type === OBJECT)) {
    return {
      type: OBJECT,
      bytes: mergeObjects(base?.bytes ?? EMPTY, ours.bytes, theirs.bytes, path, settle)
    };
  }
  // The key decides which document it is; two spellings of one number are not worth a question.
  if (path.length === 1 && path[0] === '_id') {
    return ours;
  }
  return settle({ path, base: plain(base), ours: plain(ours), theirs: plain(theirs) });
}

function byName(document: Image): Map<string, RawElement> {
  return new Map(elements(document).map(element => [element.name, element]));
}

function plain(value: FieldValue | undefined): FieldValue | undefined {
  return value === undefined ? undefined : { type: value.type, bytes: value.bytes };
}

function same(a: FieldValue | undefined, b: FieldValue | undefined): boolean {
  return a === undefined || b === undefined ? a === b : sameValue(a, b);
}
