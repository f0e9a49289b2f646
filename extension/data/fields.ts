import type { ExtendedJson } from '../client/protocol';
import { sizeOf, typeOf } from '../format/value';

/** Paths that a sample is searched for; a document with more is no table. */
const PATHS_MAX = 1_000;
/** How deep paths go. */
const DEPTH_MAX = 6;
/** Items of an array that are looked at. */
const ITEMS_MAX = 20;

/** A field path of a sample of documents. */
export interface IField {
  /** As a query names it: `survey.date`. */
  readonly path: string;
  /** Its types, the most frequent first. */
  readonly types: readonly string[];
  /** Documents of the sample that have it. */
  readonly count: number;
}

/** Field paths of documents in the order in which they first appear, containers before what they hold. */
export function fieldsOf(documents: readonly ExtendedJson[]): readonly IField[] {
  const found = new Map<string, { readonly types: Map<string, number>; count: number; last: number }>();
  const note = (path: string, value: ExtendedJson, index: number) => {
    let field = found.get(path);
    if (field === undefined) {
      if (found.size >= PATHS_MAX) {
        return;
      }
      field = { types: new Map(), count: 0, last: -1 };
      found.set(path, field);
    }
    const type = typeOf(value);
    field.types.set(type, (field.types.get(type) ?? 0) + 1);
    if (field.last !== index) {
      field.last = index;
      field.count++;
    }
  };
  const walk = (value: ExtendedJson, path: string, index: number, depth: number) => {
    if (depth > DEPTH_MAX) {
      return;
    }
    for (const [key, inner] of entries(value)) {
      const at = path === '' ? key : `${path}.${key}`;
      note(at, inner, index);
      // A query path goes through the items of an array.
      for (const item of Array.isArray(inner) ? inner.slice(0, ITEMS_MAX) : [inner]) {
        walk(item, at, index, depth + 1);
      }
    }
  };
  documents.forEach((document, index) => walk(document, '', index, 1));
  return [...found].map(([path, { types, count }]) => ({
    path,
    types: [...types].sort((one, other) => other[1] - one[1]).map(([type]) => type),
    count
  }));
}

/** The columns that a table of these fields begins with: `_id`, then fields of the documents themselves. */
export function usualColumns(fields: readonly IField[], most: number): readonly string[] {
  const own = fields.map(({ path }) => path).filter(path => !path.includes('.'));
  return [...own.filter(path => path === '_id'), ...own.filter(path => path !== '_id')].slice(0, most);
}

/** What a document has at a path; undefined when there is nothing. Through an array it is a list of what its items have. */
export function valueAt(document: ExtendedJson, path: string): ExtendedJson {
  let values: readonly ExtendedJson[] = [document];
  let isMany = false;
  const whole = own(document, path);
  if (whole !== undefined) {
    return whole;
  }
  for (const key of path.split('.')) {
    const next: ExtendedJson[] = [];
    for (const value of values) {
      if (Array.isArray(value)) {
        const at = /^\d+$/.test(key) ? (value as ExtendedJson[])[Number(key)] : undefined;
        if (at !== undefined) {
          next.push(at);
          continue;
        }
        isMany = true;
        for (const item of value as ExtendedJson[]) {
          const inner = own(item, key);
          if (inner !== undefined) {
            next.push(inner);
          }
        }
      } else {
        const inner = own(value, key);
        if (inner !== undefined) {
          next.push(inner);
        }
      }
    }
    values = next;
  }
  return isMany ? (values.length === 0 ? undefined : values) : values[0];
}

function own(value: ExtendedJson, key: string): ExtendedJson {
  return sizeOf(value) !== undefined && !Array.isArray(value) && Object.hasOwn(value as object, key)
    ? (value as Record<string, ExtendedJson>)[key]
    : undefined;
}

function entries(value: ExtendedJson): readonly (readonly [string, ExtendedJson])[] {
  return sizeOf(value) === undefined || Array.isArray(value)
    ? []
    : Object.entries(value as Record<string, ExtendedJson>);
}
