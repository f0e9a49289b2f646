import { serialize } from 'bson';
import type { Plain } from './world';

/** A path that both sides changed, and not to the same value. */
export interface ReferenceConflict {
  readonly path: readonly string[];
  readonly base: unknown;
  readonly ours: unknown;
  readonly theirs: unknown;
}

/** Documents by id. */
export type Table = ReadonlyMap<string, Plain>;

function same(a: unknown, b: unknown): boolean {
  return text(a) === text(b);
}

function text(value: unknown): string {
  return value === undefined ? 'missing' : Buffer.from(serialize({ value })).toString('hex');
}

function isObject(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Three-way merge of one value, written as plainly as can be: the test's own word on what a merge
 * must do. `settle` decides conflicts; `undefined` is "not there".
 */
function mergeValue(
  base: unknown,
  ours: unknown,
  theirs: unknown,
  path: readonly string[],
  settle: (conflict: ReferenceConflict) => unknown
): unknown {
  if (same(ours, theirs) || same(base, theirs)) {
    return ours;
  }
  if (same(base, ours)) {
    return theirs;
  }
  if (isObject(ours) && isObject(theirs) && (base === undefined || isObject(base))) {
    const merged: Plain = {};
    for (const name of new Set([...Object.keys(ours), ...Object.keys(theirs), ...Object.keys(base ?? {})])) {
      const value = mergeValue(base?.[name], ours[name], theirs[name], [...path, name], settle);
      if (value !== undefined) {
        merged[name] = value;
      }
    }
    return merged;
  }
  return settle({ path, base, ours, theirs });
}

/** Merges tables document by document. */
export function mergeTables(
  base: Table,
  ours: Table,
  theirs: Table,
  settle: (id: string, conflict: ReferenceConflict) => unknown
): Table {
  const merged = new Map<string, Plain>();
  for (const id of new Set([...base.keys(), ...ours.keys(), ...theirs.keys()])) {
    const value = mergeValue(base.get(id), ours.get(id), theirs.get(id), [], conflict =>
      settle(id, conflict)
    );
    if (value !== undefined) {
      merged.set(id, value as Plain);
    }
  }
  return merged;
}

/** A value with the fields of all objects in alphabetical order: merges need not agree on it. */
export function sorted(value: unknown): unknown {
  if (!isObject(value)) {
    return value;
  }
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map(name => [name, sorted(value[name])])
  );
}
