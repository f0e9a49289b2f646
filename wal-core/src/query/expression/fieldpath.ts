import { arrayOf, Cursor, nameBytes, valueSize, type RawValue } from '../../bson/raw';
import { T } from '../../bson/types';
import { queryError } from '../error';
import { findField } from '../filter/path';
import { array, type Value } from '../values';

/** Names that begin with a dollar and may stand in a path all the same: those of a DBRef, and two of metadata. */
const DOLLAR_NAMES: ReadonlySet<string> = new Set(['$id', '$ref', '$db', '$sortKey', '$recordId']);

/** Whether a name is a field although it begins with a dollar. */
export const isDollarField = (name: string): boolean => DOLLAR_NAMES.has(name);

/** Splits and checks a dotted path. @throws 40352, 40353, 15998, 16410, 16411 */
export function parseFieldPath(path: string): readonly string[] {
  if (path === '') throw queryError(40352, 'FieldPath cannot be constructed with empty string');
  if (path.endsWith('.')) throw queryError(40353, "FieldPath must not end with a '.'.");
  const parts = path.split('.');
  for (const part of parts) checkPathPart(part);
  return parts;
}

function checkPathPart(part: string): void {
  if (part === '') throw queryError(15998, 'FieldPath field names may not be empty strings.');
  if (part.startsWith('$') && !isDollarField(part)) {
    throw queryError(
      16410,
      "FieldPath field names may not start with '$'. Consider using $getField or $setField."
    );
  }
  if (part.includes('\0')) throw queryError(16411, 'FieldPath field names may not contain null bytes.');
}

/** The value of a field of an object value; missing when it is none. */
export function fieldOf(value: Value, name: Buffer): Value {
  if (value === undefined || value.type !== T.OBJECT) return undefined;
  return fieldAt(value.bytes, 0, name);
}

function fieldAt(buf: Buffer, start: number, name: Buffer): Value {
  const at = findField(buf, start, name);
  if (at < 0) return undefined;
  const type = buf[at]!;
  const value = at + 2 + name.length;
  return { type, bytes: buf.subarray(value, value + valueSize(type, buf, value)) };
}

/** Reads `$a.b.c`: through arrays the path yields an array of what it finds in their documents. */
export function pathReader(parts: readonly string[]): (value: Value) => Value {
  const names = parts.map(nameBytes);
  const [only] = names;
  return value => {
    if (value !== undefined && value.type === T.ARRAY) return readArray(value.bytes, names, 0);
    return names.length === 1 ? fieldOf(value, only!) : readPath(value, names, 0);
  };
}

function readPath(value: Value, names: readonly Buffer[], from: number): Value {
  if (value === undefined || value.type !== T.OBJECT) return undefined;
  const buf = value.bytes;
  let start = 0;
  for (let i = from; ; i++) {
    const name = names[i]!;
    const at = findField(buf, start, name);
    if (at < 0) return undefined;
    const type = buf[at]!;
    const valueStart = at + 2 + name.length;
    if (i === names.length - 1 || type === T.ARRAY) {
      const found: RawValue = {
        type,
        bytes: buf.subarray(valueStart, valueStart + valueSize(type, buf, valueStart))
      };
      return i === names.length - 1 ? found : readArray(found.bytes, names, i + 1);
    }
    if (type !== T.OBJECT) return undefined;
    start = valueStart;
  }
}

/** Documents in the array only; arrays inside arrays are passed over. */
function readArray(items: Buffer, names: readonly Buffer[], from: number): Value {
  const out: RawValue[] = [];
  for (const cursor = new Cursor(items); cursor.next();) {
    if (cursor.type !== T.OBJECT) continue;
    const found = readPath(cursor.value, names, from);
    if (found !== undefined) out.push(found);
  }
  return array(arrayOf(out));
}
