import type { FieldChange, FieldPath, FieldValue, Image } from '../api';
import { Cursor, elements, sameValue } from '../bson';

const OBJECT = 0x03;
/** Up to here bytes are compared faster one by one than by a call. */
const LOOP_BYTES_MAX = 32;

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
  if (collectInStep(before, after, path, changes)) {
    return;
  }
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

/**
 * The same for documents that have the same names in the same order, as most changes leave them. False, and nothing
 * noted, for all others.
 */
function collectInStep(before: Image, after: Image, path: FieldPath, changes: FieldChange[]): boolean {
  const old = new Cursor(before);
  const later = new Cursor(after);
  const names = new Set<string>();
  const found: FieldChange[] = [];
  for (let count = 1; old.next(); count++) {
    if (!later.next() || !isSame(old, old.nameStart, old.nameEnd, later, later.nameStart, later.nameEnd)) {
      return false;
    }
    const { name } = old;
    if (names.add(name).size < count) {
      return false;
    }
    if (
      old.type !== later.type ||
      !isSame(old, old.valueStart, old.valueEnd, later, later.valueStart, later.valueEnd)
    ) {
      const at = [...path, name];
      if (old.type === OBJECT && later.type === OBJECT) {
        collect(old.bytes, later.bytes, at, found);
      } else {
        found.push({ path: at, before: old.value, after: later.value });
      }
    }
  }
  if (later.next()) {
    return false;
  }
  changes.push(...found);
  return true;
}

function isSame(a: Cursor, start: number, end: number, b: Cursor, from: number, to: number): boolean {
  if (end - start !== to - from) {
    return false;
  }
  if (end - start > LOOP_BYTES_MAX) {
    return a.buf.compare(b.buf, from, to, start, end) === 0;
  }
  for (let i = start, j = from; i < end; i++, j++) {
    if (a.buf[i] !== b.buf[j]) {
      return false;
    }
  }
  return true;
}

function valueOf({ type, bytes }: FieldValue): FieldValue {
  return { type, bytes };
}
