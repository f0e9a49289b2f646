import type { FieldChange, FieldPath, FieldValue, Image } from '../api';
import { Cursor, elements, sameValue, text } from '../bson';

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
  const names = new DistinctNames(before);
  const start = changes.length;
  while (old.next()) {
    if (
      !later.next() ||
      !isSame(before, old.nameStart, old.nameEnd, after, later.nameStart, later.nameEnd) ||
      !names.add(old.nameStart, old.nameEnd)
    ) {
      changes.length = start;
      return false;
    }
    if (
      old.type !== later.type ||
      !isSame(before, old.valueStart, old.valueEnd, after, later.valueStart, later.valueEnd)
    ) {
      const at = [...path, old.name];
      if (old.type === OBJECT && later.type === OBJECT) {
        collect(old.bytes, later.bytes, at, changes);
      } else {
        changes.push({ path: at, before: old.value, after: later.value });
      }
    }
  }
  if (later.next()) {
    changes.length = start;
    return false;
  }
  return true;
}

/** From so many names on they are kept by their text. */
const LISTED_NAMES_MAX = 24;

/** The names of a document, to see whether one occurs twice. A text for each would cost more than all the rest. */
class DistinctNames {
  /** A number made of the bytes of each name, and where it stands: `[sum, start, end]…` */
  private readonly listed: number[] = [];
  private texts: Set<string> | undefined;

  constructor(private readonly doc: Image) {}

  /** False when the name was there before. */
  add(start: number, end: number): boolean {
    const { doc, listed } = this;
    if (listed.length >= LISTED_NAMES_MAX * 3) {
      this.texts ??= this.asTexts();
      const { size } = this.texts;
      return this.texts.add(text(doc, start, end)).size > size;
    }
    let sum = end - start;
    for (let i = start; i < end; i++) {
      sum = (Math.imul(sum, 31) + doc[i]!) | 0;
    }
    for (let i = 0; i < listed.length; i += 3) {
      if (listed[i] === sum && isSame(doc, start, end, doc, listed[i + 1]!, listed[i + 2]!)) {
        return false;
      }
    }
    listed.push(sum, start, end);
    return true;
  }

  private asTexts(): Set<string> {
    const texts = new Set<string>();
    for (let i = 0; i < this.listed.length; i += 3) {
      texts.add(text(this.doc, this.listed[i + 1]!, this.listed[i + 2]!));
    }
    return texts;
  }
}

function isSame(a: Image, start: number, end: number, b: Image, from: number, to: number): boolean {
  if (end - start !== to - from) {
    return false;
  }
  if (end - start > LOOP_BYTES_MAX) {
    return a.compare(b, from, to, start, end) === 0;
  }
  for (let i = start, j = from; i < end; i++, j++) {
    if (a[i] !== b[j]) {
      return false;
    }
  }
  return true;
}

function valueOf({ type, bytes }: FieldValue): FieldValue {
  return { type, bytes };
}
