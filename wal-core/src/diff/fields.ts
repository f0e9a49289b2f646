import type { FieldChange, FieldPath, FieldValue, Image } from '../api';
import { elements, sameValue } from '../bson';

const OBJECT = 0x03;

/**
 * Changed fields between two images of a document, by path, in the order of the older image, new
 * fields last. Sub-documents are compared field by field; an array is one value. A change of field
 * order alone shows as a change of the (sub-)document it happened in.
 */
export function diffFields(before: Image, after: Image): FieldChange[] {
  const changes: FieldChange[] = [];
  collect(before, after, [], changes);
  return changes;
}

function collect(before: Image, after: Image, path: FieldPath, changes: FieldChange[]): void {
  const old = elements(before);
  const later = elements(after);
  const fresh = new Map(later.map(element => [element.name, element]));
  if (fresh.size < later.length || new Set(old.map(element => element.name)).size < old.length) {
    // A name that occurs twice names no field.
    changes.push({ path, before: { type: OBJECT, bytes: before }, after: { type: OBJECT, bytes: after } });
    return;
  }
  const start = changes.length;
  for (const element of old) {
    const other = fresh.get(element.name);
    const at = [...path, element.name];
    if (other === undefined) {
      changes.push({ path: at, before: valueOf(element), after: undefined });
    } else if (!sameValue(element, other)) {
      if (element.type === OBJECT && other.type === OBJECT) {
        collect(element.bytes, other.bytes, at, changes);
      } else {
        changes.push({ path: at, before: valueOf(element), after: valueOf(other) });
      }
    }
    fresh.delete(element.name);
  }
  for (const element of fresh.values()) {
    changes.push({ path: [...path, element.name], before: undefined, after: valueOf(element) });
  }
  if (changes.length === start && !before.equals(after)) {
    changes.push({ path, before: { type: OBJECT, bytes: before }, after: { type: OBJECT, bytes: after } });
  }
}

function valueOf({ type, bytes }: FieldValue): FieldValue {
  return { type, bytes };
}
