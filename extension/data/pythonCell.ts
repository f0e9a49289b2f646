import type { ExtendedJson } from '../client/protocol';

/** What a cell reads. */
export interface IPythonQuery {
  readonly project: string;
  /** A state that stays the same: `main@1600`. */
  readonly ref: string;
  readonly collection: string;
  readonly filter: Readonly<Record<string, ExtendedJson>>;
  readonly sort: readonly (readonly [path: string, direction: 1 | -1])[];
  /** Only these field paths; undefined for whole documents. */
  readonly columns: readonly string[] | undefined;
}

/** A notebook cell that reads exactly what a view shows. Text from documents stays inside Python strings. */
export function pythonCell(query: IPythonQuery): string {
  const imports = new Set<string>(['import argon']);
  const write = (value: ExtendedJson): string => python(value, imports);
  const { ref, collection, filter, sort, columns } = query;
  const hasFilter = Object.keys(filter).length > 0;
  const parts = [write(ref), write(collection)];
  const fields =
    columns === undefined
      ? undefined
      : Object.fromEntries([
          ...(columns.includes('_id') ? [] : [['_id', 0] as const]),
          ...outermost(columns).map(path => [path, 1] as const)
        ]);
  let read: string;
  if (sort.length === 0) {
    if (hasFilter || fields !== undefined) {
      parts.push(write(filter));
    }
    if (fields !== undefined) {
      parts.push(`projection=${write(fields)}`);
    }
    read = `df = argon.read(${parts.join(', ')}).to_pandas()\ndf`;
  } else {
    imports.add('import pandas as pd');
    const by = sort.map(([path, direction]) => `(${write(path)}, ${direction})`).join(', ');
    const find = [write(filter), ...(fields === undefined ? [] : [write(fields)])].join(', ');
    read = `cursor = argon.db(${write(ref)})[${write(collection)}].find(${find}).sort([${by}])\ndf = pd.DataFrame(list(cursor))\ndf`;
  }
  return `${[...imports].sort().join('\n')}\n\n${read}`;
}

/** Paths without those that lie below another: a projection takes no path twice. */
function outermost(paths: readonly string[]): readonly string[] {
  return paths.filter(path => !paths.some(other => other !== path && path.startsWith(`${other}.`)));
}

/** A value in Python, with the imports that it needs. */
function python(value: ExtendedJson, imports: Set<string>): string {
  if (value === null || value === undefined) {
    return 'None';
  }
  if (typeof value === 'boolean') {
    return value ? 'True' : 'False';
  }
  if (typeof value === 'number') {
    return String(value);
  }
  if (typeof value === 'string') {
    return quoted(value);
  }
  if (Array.isArray(value)) {
    return `[${value.map(item => python(item, imports)).join(', ')}]`;
  }
  const scalar = marked(value as Record<string, ExtendedJson>, imports);
  if (scalar !== undefined) {
    return scalar;
  }
  const fields = Object.entries(value as Record<string, ExtendedJson>).map(
    ([key, inner]) => `${quoted(key)}: ${python(inner, imports)}`
  );
  return `{${fields.join(', ')}}`;
}

/** A string literal that is one line and ASCII but for letters, whatever is in it. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]/g,
    char => {
      const code = char.charCodeAt(0);
      return code >= 0xd800 && code <= 0xdfff ? char : `\\u${code.toString(16).padStart(4, '0')}`;
    }
  );
}

/** Values that Extended JSON writes as objects. What has no Python literal goes through bson.json_util. */
function marked(value: Record<string, ExtendedJson>, imports: Set<string>): string | undefined {
  const [mark] = Object.keys(value);
  if (mark === undefined || Object.keys(value).length !== 1) {
    return undefined;
  }
  const inner = value[mark];
  switch (mark) {
    case '$numberInt':
      return /^[+-]?\d+$/.test(String(inner)) ? String(inner) : undefined;
    case '$numberLong':
      imports.add('from bson import Int64');
      return /^[+-]?\d+$/.test(String(inner)) ? `Int64(${String(inner)})` : undefined;
    case '$numberDouble': {
      const text = String(inner);
      if (/^(NaN|-?Infinity)$/.test(text)) {
        return `float(${quoted(text)})`;
      }
      return Number.isFinite(Number(text)) ? (/[.e]/i.test(text) ? text : `${text}.0`) : undefined;
    }
    case '$oid':
      imports.add('from bson import ObjectId');
      return `ObjectId(${quoted(String(inner))})`;
    case '$date':
    case '$numberDecimal':
    case '$binary':
    case '$uuid':
    case '$timestamp':
    case '$regularExpression':
    case '$minKey':
    case '$maxKey':
    case '$undefined':
      imports.add('from bson import json_util');
      return `json_util.loads(${quoted(JSON.stringify(value))})`;
    default:
      return undefined;
  }
}
