import {
  Cursor,
  documentOf,
  DocumentWriter,
  elements,
  field,
  nameBytes,
  T,
  values,
  type RawValue
} from '../../bson';
import { fieldOf } from '../expression/fieldpath';
import { findField } from '../filter/path';
import { queryError } from '../error';
import { parseFieldPath } from '../expression';
import { int64, isTrue, NULL, object, textOf, type Value } from '../values';
import { perBatch, type StageCompiler } from './stage';

/** `$unwind: "$path"` or `{path, includeArrayIndex, preserveNullAndEmptyArrays}`. */
export const unwind: StageCompiler = (argument, _scope, name) => {
  let path: string | undefined;
  let indexPath: readonly string[] | undefined;
  let preserve = false;
  if (argument.type === T.STRING) path = textOf(argument);
  else if (argument.type === T.OBJECT) {
    for (const element of elements(argument.bytes)) {
      switch (element.name) {
        case 'path':
          if (element.type !== T.STRING)
            throw queryError(28808, 'expected a string as the path for $unwind stage');
          path = textOf(element);
          break;
        case 'preserveNullAndEmptyArrays':
          if (element.type !== T.BOOL) {
            throw queryError(
              28809,
              'expected a boolean for the preserveNullAndEmptyArrays option to $unwind stage'
            );
          }
          preserve = isTrue(element);
          break;
        case 'includeArrayIndex': {
          if (element.type !== T.STRING || textOf(element) === '') {
            throw queryError(
              28810,
              'expected a non-empty string for the includeArrayIndex  option to $unwind stage'
            );
          }
          const index = textOf(element);
          if (index.startsWith('$')) {
            throw queryError(
              28822,
              `includeArrayIndex option to $unwind stage should not be prefixed with a '$': ${index}`
            );
          }
          indexPath = parseFieldPath(index);
          break;
        }
        default:
          throw queryError(28811, `unrecognized option to $unwind stage: ${element.name}`);
      }
    }
  } else {
    throw queryError(15981, 'expected either a string or an object as specification for $unwind stage');
  }
  if (path === undefined) throw queryError(28812, 'no path specified to $unwind stage');
  if (!path.startsWith('$'))
    throw queryError(28818, `path option to $unwind stage should be prefixed with a '$': ${path}`);
  const parts = parseFieldPath(path.slice(1));
  return perBatch(name, () => batch => {
    const out: Buffer[] = [];
    for (const doc of batch) unwindOne(doc, parts, indexPath, preserve, out);
    return out;
  });
};

const EMPTY_ARRAY_BYTES = 5;

function unwindOne(
  doc: Buffer,
  path: readonly string[],
  indexPath: readonly string[] | undefined,
  preserve: boolean,
  out: Buffer[]
): void {
  const value = valueAt(doc, path);
  const withIndex = (d: Buffer, index: RawValue): Buffer =>
    indexPath === undefined ? d : setAt(d, indexPath, index);
  if (value === undefined || value.type === T.NULL || value.type === T.UNDEFINED) {
    if (preserve) out.push(withIndex(doc, NULL));
    return;
  }
  if (value.type !== T.ARRAY) {
    out.push(withIndex(doc, NULL));
    return;
  }
  if (value.bytes.length === EMPTY_ARRAY_BYTES) {
    if (preserve) out.push(withIndex(setAt(doc, path, undefined), NULL));
    return;
  }
  if (path.length === 1 && indexPath === undefined) {
    unwindField(doc, nameBytes(path[0]!), value.bytes, out);
    return;
  }
  values(value.bytes).forEach((item, i) => out.push(withIndex(setAt(doc, path, item), int64(BigInt(i)))));
}

/** The document once for each item of the array that a field of its own holds. */
function unwindField(doc: Buffer, name: Buffer, list: Buffer, out: Buffer[]): void {
  const field = findField(doc, 0, name);
  const start = field + 2 + name.length;
  const end = start + list.length;
  for (const cursor = new Cursor(list); cursor.next();) {
    const { type, bytes } = cursor.value;
    const size = doc.length - list.length + bytes.length;
    const one = Buffer.allocUnsafe(size);
    doc.copy(one, 0, 0, start);
    one.writeInt32LE(size, 0);
    one[field] = type;
    bytes.copy(one, start);
    doc.copy(one, start + bytes.length, end);
    out.push(one);
  }
}

/** A nested field, not looking into arrays. */
export function valueAt(doc: Buffer, path: readonly string[]): Value {
  let at: Value = object(doc);
  for (const part of path) {
    if (at === undefined || at.type !== T.OBJECT) return undefined;
    at = field(at.bytes, part);
  }
  return at;
}

/** The document with a nested field set (or taken away), missing or other values on the way becoming documents. */
export function setAt(doc: Buffer, path: readonly string[], value: Value, appends = false): Buffer {
  const name = path[0]!;
  const rest = path.length === 1 ? NO_PARTS : path.slice(1);
  const wanted = nameBytes(name);
  const writer = (writers[path.length] ??= new DocumentWriter());
  const start = findField(doc, 0, wanted);
  const current = start < 0 ? undefined : fieldOf(object(doc), wanted);
  // Computed before the writer begins, since it may be needed for the inner document.
  const inner =
    rest.length === 0
      ? value
      : current === undefined && value === undefined
        ? undefined
        : nested(current, rest, value);
  writer.begin();
  const end = start < 0 ? -1 : start + 2 + wanted.length + current!.bytes.length;
  const last = doc.length - 1;
  if (start < 0 || (appends && rest.length === 0)) {
    if (start < 0) {
      if (last > 4) writer.take(doc, 4, last);
    } else {
      if (start > 4) writer.take(doc, 4, start);
      if (end < last) writer.take(doc, end, last);
    }
    if (inner !== undefined) writer.add(name, inner);
  } else {
    if (start > 4) writer.take(doc, 4, start);
    if (inner !== undefined) writer.add(name, inner);
    if (end < last) writer.take(doc, end, last);
  }
  return writer.finish();
}

const NO_PARTS: readonly string[] = [];
/** One writer for each depth, so that an inner document does not disturb the outer one. */
const writers: DocumentWriter[] = [];

function nested(current: Value, rest: readonly string[], value: Value): Value {
  return object(setAt(current?.type === T.OBJECT ? current.bytes : documentOf([]), rest, value));
}
