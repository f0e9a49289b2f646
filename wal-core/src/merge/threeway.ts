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

/** Whether a sub-document is one value, that is not merged field by field. */
export type IsWhole = (path: FieldPath) => boolean;

/**
 * Three-way merge of one document, per field path. A path that only one side changed takes that
 * side; both sides to the same value is no conflict; sub-documents are merged field by field; an
 * array is one value. Fields keep our order, their new fields follow in their order.
 * `base` undefined means that both sides added the document.
 */
export function mergeDocuments(
  base: Image | undefined,
  ours: Image,
  theirs: Image,
  settle: Settle,
  isWhole: IsWhole = () => false
): Image {
  return mergeObjects(base ?? EMPTY, ours, theirs, [], { settle, isWhole });
}

/** Whether two images are the same bytes, or both are not there. */
export function sameImage(a: Image | undefined, b: Image | undefined): boolean {
  return a === undefined || b === undefined ? a === b : a.equals(b);
}

interface Policy {
  readonly settle: Settle;
  readonly isWhole: IsWhole;
}

function mergeObjects(base: Image, ours: Image, theirs: Image, path: FieldPath, policy: Policy): Image {
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
    const value = mergeValue(old.get(name), left.get(name), right.get(name), [...path, name], policy);
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
  policy: Policy
): FieldValue | undefined {
  if (same(ours, theirs) || same(base, theirs)) {
    return ours;
  }
  if (same(base, ours)) {
    return theirs;
  }
  const areObjects =
    ours?.type === OBJECT && theirs?.type === OBJECT && (base === undefined || base.type === OBJECT);
  if (areObjects && !policy.isWhole(path) && haveFields(base?.bytes, ours.bytes, theirs.bytes)) {
    return {
      type: OBJECT,
      bytes: mergeObjects(base?.bytes ?? EMPTY, ours.bytes, theirs.bytes, path, policy)
    };
  }
  // The key decides which document it is; two spellings of one number are not worth a question.
  if (path.length === 1 && path[0] === '_id') {
    return ours;
  }
  return policy.settle({ path, base: plain(base), ours: plain(ours), theirs: plain(theirs) });
}

/** Whether each name occurs once in each document, so that they can be merged by name. */
export function haveFields(...documents: readonly (Image | undefined)[]): boolean {
  return documents.every(
    document => document === undefined || byName(document).size === elements(document).length
  );
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
