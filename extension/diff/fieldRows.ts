import type { DocumentDiff, ExtendedJson, FieldPath, Value } from '../client/protocol';
import { pathText, sizeOf, typeOf } from '../format/value';

/** Fields of one document that the table shows; what is left is said. */
export const FIELD_ROWS_MAX = 500;

/** One row of the table of fields. */
export interface IFieldRow {
  readonly path: FieldPath;
  readonly text: string;
  readonly depth: number;
  /** `same` is a container on the way, or an unchanged field among all fields. */
  readonly kind: 'insert' | 'update' | 'delete' | 'same';
  readonly before: Value;
  readonly after: Value;
  /** Both sides are there and of different types; null has no type that one would miss. */
  readonly isTypeChanged: boolean;
}

/** The table of a document's difference. */
export interface IFieldTable {
  readonly rows: readonly IFieldRow[];
  /** Fields that are the same on both sides and not among the rows, as paths. */
  readonly unchanged: readonly string[];
  /** Fields that differ, as the lists count them: what was added or deleted whole is one. */
  readonly changed: number;
  /** These and the leaves that are the same; undefined when the documents are not known whole. */
  readonly total: number | undefined;
  /** Rows beyond `FIELD_ROWS_MAX`. */
  readonly left: number;
}

const MISSING: Value = { missing: true };

/**
 * Lays a document's difference out as rows: containers stand above their fields, and what was added or deleted
 * whole is opened, so that every leaf has a row of its own.
 */
export function fieldTable(diff: DocumentDiff, isAll: boolean): IFieldTable {
  const rows = new Map<string, IFieldRow>();
  const changes =
    diff.fields.length > 0 || diff.op === 'update'
      ? diff.fields
      : [{ path: [], before: whole(diff.before), after: whole(diff.after) }];
  for (const change of changes) {
    addParents(change.path, diff, rows);
    addChange(change.path, change.before, change.after, rows);
  }
  const before = leaves(diff.before);
  const after = leaves(diff.after);
  const isKnown = diff.before !== undefined || diff.after !== undefined;
  const unchanged = [...after.keys()].filter(
    key => before.has(key) && !isCovered(key, rows) && same(before.get(key), after.get(key))
  );
  if (isAll) {
    for (const key of unchanged) {
      const [path, value] = after.get(key)!;
      addParents(path, diff, rows);
      rows.set(key, row(path, 'same', present(value), present(value)));
    }
  }
  const ordered = inOrder([...rows.values()], diff);
  return {
    rows: ordered.slice(0, FIELD_ROWS_MAX),
    unchanged: isAll ? [] : unchanged.map(key => pathText(after.get(key)![0])),
    changed: changes.length,
    total: isKnown ? changes.length + unchanged.length : undefined,
    left: Math.max(0, ordered.length - FIELD_ROWS_MAX)
  };
}

function whole(document: ExtendedJson): Value {
  return document === undefined ? MISSING : present(document);
}

function present(value: ExtendedJson): Value {
  return { type: typeOf(value), value };
}

function row(path: FieldPath, kind: IFieldRow['kind'], before: Value, after: Value): IFieldRow {
  const isBoth = before.missing !== true && after.missing !== true;
  return {
    path,
    text: pathText(path),
    depth: Math.max(0, path.length - 1),
    kind,
    before,
    after,
    isTypeChanged: isBoth && before.type !== after.type && before.type !== 'null' && after.type !== 'null'
  };
}

function keyOf(path: FieldPath): string {
  return JSON.stringify(path);
}

/** The containers above a field, with what they hold on each side. */
function addParents(path: FieldPath, diff: DocumentDiff, rows: Map<string, IFieldRow>): void {
  for (let length = 1; length < path.length; length++) {
    const parent = path.slice(0, length);
    const key = keyOf(parent);
    if (!rows.has(key)) {
      rows.set(key, row(parent, 'same', at(diff.before, parent), at(diff.after, parent)));
    }
  }
}

/** A change, opened down to its leaves where one side is a container and the other has nothing there. */
function addChange(path: FieldPath, before: Value, after: Value, rows: Map<string, IFieldRow>): void {
  const kind = before.missing === true ? 'insert' : after.missing === true ? 'delete' : 'update';
  if (path.length > 0) {
    rows.set(keyOf(path), row(path, kind, before, after));
  }
  const container = kind === 'insert' ? after.value : kind === 'delete' ? before.value : undefined;
  for (const [key, value] of entries(container)) {
    const inner = [...path, key];
    addChange(
      inner,
      kind === 'insert' ? MISSING : present(value),
      kind === 'insert' ? present(value) : MISSING,
      rows
    );
  }
}

function entries(value: ExtendedJson): readonly (readonly [string | number, ExtendedJson])[] {
  if (Array.isArray(value)) {
    return value.map((item, index) => [index, item] as const);
  }
  return sizeOf(value) === undefined ? [] : Object.entries(value as Record<string, unknown>);
}

/** What stands at a path; missing when the document is not known or has nothing there. */
function at(document: ExtendedJson, path: FieldPath): Value {
  let value = document;
  for (const key of path) {
    const found = entries(value).find(([name]) => name === key);
    if (found === undefined) {
      return MISSING;
    }
    value = found[1];
  }
  return value === undefined ? MISSING : present(value);
}

/** Every leaf of a document with its path and value. Empty containers are leaves. */
function leaves(document: ExtendedJson): Map<string, readonly [FieldPath, ExtendedJson]> {
  const found = new Map<string, readonly [FieldPath, ExtendedJson]>();
  const walk = (path: FieldPath, value: ExtendedJson) => {
    const inner = entries(value);
    if (inner.length === 0) {
      if (path.length > 0) {
        found.set(keyOf(path), [path, value]);
      }
      return;
    }
    for (const [key, item] of inner) {
      walk([...path, key], item);
    }
  };
  walk([], document);
  return found;
}

function same(
  one: readonly [FieldPath, ExtendedJson] | undefined,
  other: readonly [FieldPath, ExtendedJson] | undefined
): boolean {
  return JSON.stringify(one?.[1]) === JSON.stringify(other?.[1]);
}

function isCovered(key: string, rows: ReadonlyMap<string, IFieldRow>): boolean {
  const found = rows.get(key);
  return found !== undefined && found.kind !== 'same';
}

/** Rows in the order of the documents' fields, containers before what they hold. */
function inOrder(rows: readonly IFieldRow[], diff: DocumentDiff): readonly IFieldRow[] {
  const rank = new Map<string, number>();
  const walk = (path: FieldPath, value: ExtendedJson) => {
    for (const [key, item] of entries(value)) {
      const inner = [...path, key];
      if (!rank.has(keyOf(inner))) {
        rank.set(keyOf(inner), rank.size);
      }
      walk(inner, item);
    }
  };
  walk([], diff.after);
  walk([], diff.before);
  const order = (one: IFieldRow, other: IFieldRow): number => {
    const length = Math.min(one.path.length, other.path.length);
    for (let depth = 1; depth <= length; depth++) {
      const [left, right] = [keyOf(one.path.slice(0, depth)), keyOf(other.path.slice(0, depth))];
      if (left !== right) {
        const [a, b] = [rank.get(left), rank.get(right)];
        return a !== undefined && b !== undefined ? a - b : left < right ? -1 : 1;
      }
    }
    return one.path.length - other.path.length;
  };
  return [...rows].sort(order);
}
