import type { ExtendedJson, FieldPath, Value } from '../client/protocol';

/** Characters after which a value is cut in a row. */
const LONGEST = 160;

/** The keys by which canonical Extended JSON marks a type, and the type's name. */
const MARKS: readonly (readonly [string, string])[] = [
  ['$oid', 'objectId'],
  ['$numberInt', 'int'],
  ['$numberLong', 'long'],
  ['$numberDouble', 'double'],
  ['$numberDecimal', 'decimal'],
  ['$date', 'date'],
  ['$binary', 'binData'],
  ['$uuid', 'binData'],
  ['$regularExpression', 'regex'],
  ['$timestamp', 'timestamp'],
  ['$minKey', 'minKey'],
  ['$maxKey', 'maxKey'],
  ['$code', 'javascript'],
  ['$symbol', 'symbol'],
  ['$undefined', 'undefined'],
  ['$dbPointer', 'dbPointer']
];

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The BSON type of a value in canonical Extended JSON, by the name that `$type` knows. */
export function typeOf(value: ExtendedJson): string {
  if (value === null) {
    return 'null';
  }
  if (Array.isArray(value)) {
    return 'array';
  }
  if (isFields(value)) {
    return MARKS.find(([mark]) => mark in value)?.[1] ?? 'object';
  }
  return typeof value === 'boolean' ? 'bool' : typeof value === 'number' ? 'double' : 'string';
}

/** A value as one line of text, the way a person would type it in a shell. Never markup. */
export function inline(value: ExtendedJson, lengthMax: number = LONGEST): string {
  const text = write(value, 0);
  return text.length > lengthMax ? `${text.slice(0, lengthMax - 1)}…` : text;
}

function write(value: unknown, depth: number): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'number') {
    return String(value);
  }
  if (typeof value === 'string') {
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) {
    return depth > 2 ? '[…]' : `[${value.map(item => write(item, depth + 1)).join(', ')}]`;
  }
  if (!isFields(value)) {
    return '';
  }
  const scalar = marked(value);
  if (scalar !== undefined) {
    return scalar;
  }
  if (depth > 2) {
    return '{…}';
  }
  const fields = Object.entries(value).map(([key, item]) => `${key}: ${write(item, depth + 1)}`);
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
}

/** The text of a scalar that Extended JSON writes as an object; undefined for a real object. */
function marked(value: Fields): string | undefined {
  const mark = MARKS.find(([key]) => key in value)?.[0];
  if (mark === undefined) {
    return undefined;
  }
  const inner = value[mark];
  switch (mark) {
    case '$numberInt':
    case '$numberLong':
    case '$numberDouble':
    case '$numberDecimal':
      return String(inner);
    case '$oid':
      return `ObjectId("${String(inner)}")`;
    case '$date':
      return dateText(inner);
    case '$regularExpression':
      return isFields(inner) ? `/${String(inner['pattern'])}/${String(inner['options'])}` : '//';
    case '$timestamp':
      return isFields(inner) ? `Timestamp(${String(inner['t'])}, ${String(inner['i'])})` : 'Timestamp()';
    case '$binary':
      return isFields(inner)
        ? `Binary("${String(inner['base64'])}", ${String(inner['subType'])})`
        : 'Binary()';
    case '$minKey':
      return 'MinKey';
    case '$maxKey':
      return 'MaxKey';
    default:
      return `${mark.slice(1)}(${JSON.stringify(inner)})`;
  }
}

function dateText(inner: unknown): string {
  const text = isFields(inner) ? String(inner['$numberLong']) : String(inner);
  const ms = /^-?\d+$/.test(text) ? Number(text) : Date.parse(text);
  if (!Number.isFinite(ms) || Math.abs(ms) > 8.64e15) {
    return `Date(${text})`;
  }
  const iso = new Date(ms).toISOString();
  return iso.endsWith('T00:00:00.000Z') ? iso.slice(0, 10) : iso.replace('.000Z', 'Z');
}

/** Whether a value is a container, and of how many fields or items. */
export function sizeOf(value: ExtendedJson): number | undefined {
  if (Array.isArray(value)) {
    return value.length;
  }
  return isFields(value) && marked(value) === undefined ? Object.keys(value).length : undefined;
}

/** An `_id` as a row shows it: the bare text of a string, the hex of an ObjectId. */
export function idText(id: ExtendedJson): string {
  if (typeof id === 'string') {
    return id;
  }
  if (isFields(id) && typeof id['$oid'] === 'string') {
    return id['$oid'];
  }
  return inline(id, 60);
}

/** A field path as text: `review.status`, `tags[1]`, with quotes where a key would mislead. */
export function pathText(path: FieldPath): string {
  return path
    .map((key, index) => {
      if (typeof key === 'number') {
        return `[${key}]`;
      }
      const name = /^[^\s.[\]"]+$/u.test(key) ? key : JSON.stringify(key);
      return index === 0 ? name : `.${name}`;
    })
    .join('');
}

/** Whether there is no value. */
export function isMissing(value: Value): boolean {
  return value.missing === true;
}

/** A few short texts out of a document, so that a person recognises it: `Adelie, Torgersen`. */
export function gist(document: ExtendedJson): string {
  if (!isFields(document)) {
    return '';
  }
  return Object.entries(document)
    .filter(
      ([key, value]) => key !== '_id' && typeof value === 'string' && value !== '' && value.length <= 24
    )
    .slice(0, 2)
    .map(([, value]) => String(value))
    .join(', ');
}
