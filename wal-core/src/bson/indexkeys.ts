import { createHash } from 'node:crypto';
import { ArgonError } from '../errors';
import { encodeKey, KEY_BYTES_MAX, NULL_VALUE, UNDEFINED_VALUE } from './keystring';
import { exactAt } from './numbers';
import { Cursor, elements, nameBytes, type RawValue } from './raw';
import { isNumberType, T } from './types';

/** A key pattern `{a: 1, "b.c": -1}`, taken apart. */
export interface KeyPattern {
  readonly paths: readonly string[];
  /** Path components as bytes. */
  readonly parts: readonly (readonly Buffer[])[];
  readonly descending: readonly boolean[];
  /** Which fields are held as a hash of their value; undefined: none. */
  readonly hashed: readonly boolean[] | undefined;
}

/** What one document puts into an index. */
export interface IndexKeys {
  /** Distinct keys; empty when a sparse index leaves the document out. */
  readonly keys: Buffer[];
  /** Whether an array stood on one of the paths. */
  readonly multikey: boolean;
}

const SHORT_KEY_HEAD_BYTES = KEY_BYTES_MAX - 32;
const patterns = new WeakMap<Buffer, KeyPattern>();

/**
 * Takes a key pattern apart; remembered per buffer.
 * @throws BAD_REQUEST (mongoCode 67) for kinds of index that are not there: text, 2d, wildcard
 */
export function keyPattern(pattern: Buffer): KeyPattern {
  let parsed = patterns.get(pattern);
  if (parsed === undefined) {
    const fields = elements(pattern);
    for (const { name, type, bytes } of fields) {
      if (isHashed(type, bytes)) continue;
      if (!isNumberType(type) || name.includes('$**')) {
        const kind = type === T.STRING ? bytes.toString('utf8', 4, bytes.length - 1) : 'wildcard';
        throw refuse(
          67,
          'CannotCreateIndex',
          'BAD_REQUEST',
          `Indexes of kind '${kind}' are not supported (field '${name}').`
        );
      }
    }
    parsed = {
      paths: fields.map(f => f.name),
      parts: fields.map(f => f.name.split('.').map(nameBytes)),
      descending: fields.map(f => isNumberType(f.type) && exactAt(f.type, f.bytes, 0).sign < 0),
      hashed: fields.some(f => !isNumberType(f.type)) ? fields.map(f => !isNumberType(f.type)) : undefined
    };
    patterns.set(pattern, parsed);
  }
  return parsed;
}

function isHashed(type: number, bytes: Buffer): boolean {
  return type === T.STRING && bytes.toString('latin1', 4, bytes.length - 1) === 'hashed';
}

/** What a hashed field holds in place of a value: 64 bits that equal values share. */
export function hashedValue(value: RawValue): RawValue {
  const hash = createHash('sha256')
    .update(encodeKey([value]))
    .digest();
  return { type: T.INT64, bytes: Buffer.from(hash.subarray(0, 8)) };
}

function refuse(
  mongoCode: number,
  codeName: string,
  code: 'BAD_REQUEST' | 'DOCUMENT_INVALID',
  message: string
): ArgonError {
  return new ArgonError(code, message, { data: { mongoCode, codeName } });
}

/**
 * The keys of a document in an index, as MongoDB makes them: a missing field counts as
 * null; an array gives one key per element (an empty one the key undefined); positions
 * in a path (`a.0`) pick an element; two different arrays in a compound key are refused.
 * `change` is done to each value first (a collation's folding).
 * Keys longer than 900 bytes keep their first 868 and end in a SHA-256.
 * @throws DOCUMENT_INVALID (mongoCode 171) for parallel arrays, (16746) for an ambiguous position
 */
export function indexKeys(
  doc: Buffer,
  pattern: Buffer,
  options: { sparse?: boolean; change?: ((value: RawValue) => RawValue) | undefined } = {}
): IndexKeys {
  const { paths, parts, descending, hashed } = keyPattern(pattern);
  const { change } = options;
  // Of a document with several faults, an array under a hashed field is told.
  const isRefused =
    hashed !== undefined && parts.some((part, i) => hashed[i] === true && keyValues(doc, [part]).multikey);
  const { values, multikey } = isRefused
    ? { values: [], multikey: true }
    : keyValues(doc, parts, options.sparse ?? false);
  if (hashed !== undefined && multikey) {
    throw refuse(
      16766,
      'Location16766',
      'DOCUMENT_INVALID',
      `hashed indexes do not currently support array values. Found array at path: ${paths[hashed.indexOf(true)]}`
    );
  }
  const found =
    change === undefined && hashed === undefined
      ? values
      : values.map(key =>
          key.map((value, i) => (hashed?.[i] === true ? hashedValue(value) : (change?.(value) ?? value)))
        );
  if (found.length === 1) return { keys: [shortenIndexKey(encodeKey(found[0]!, descending))], multikey };
  const keys = found.map(values => shortenIndexKey(encodeKey(values, descending)));
  keys.sort((a, b) => a.compare(b));
  return { keys: keys.filter((key, i) => i === 0 || !key.equals(keys[i - 1]!)), multikey };
}

/** The values that make up a document's index keys (or sort keys), one list per key. */
export function keyValues(
  doc: Buffer,
  parts: readonly (readonly Buffer[])[],
  sparse = false
): { values: RawValue[][]; multikey: boolean } {
  const plain = sparse ? undefined : plainValues(doc, parts);
  if (plain !== undefined) return { values: [plain], multikey: false };
  const state: Extraction = { parts, sparse, found: [], multikey: false };
  extract(state, doc, parts, new Array<RawValue>(parts.length).fill(NULL_VALUE), 0, NO_POSITIONS);
  return { values: state.found, multikey: state.multikey };
}

/** The values when no array stands on any path, which is the usual case. */
function plainValues(doc: Buffer, parts: readonly (readonly Buffer[])[]): RawValue[] | undefined {
  const out: RawValue[] = [];
  for (const path of parts) {
    const { value } = walk(doc, path);
    if (value?.type === T.ARRAY) return undefined;
    out.push(value ?? NULL_VALUE);
  }
  return out;
}

/** The stored form of an index key: itself, or its first 868 bytes and a hash when longer than 900. */
export function shortenIndexKey(key: Buffer): Buffer {
  if (key.length <= KEY_BYTES_MAX) return key;
  return Buffer.concat([key.subarray(0, SHORT_KEY_HEAD_BYTES), createHash('sha256').update(key).digest()]);
}

/** A bound no longer than what shortened keys keep; `shortened` tells that it must be inclusive. */
export function indexBound(key: Buffer): { key: Buffer; shortened: boolean } {
  return key.length <= SHORT_KEY_HEAD_BYTES
    ? { key, shortened: false }
    : { key: key.subarray(0, SHORT_KEY_HEAD_BYTES), shortened: true };
}

interface Extraction {
  readonly parts: readonly (readonly Buffer[])[];
  readonly sparse: boolean;
  readonly found: RawValue[][];
  multikey: boolean;
}

type Path = readonly Buffer[];

/** An element picked by a position in the path, and what the path finds from there. */
interface Positional {
  readonly value: RawValue | undefined;
  readonly rest: Path;
  readonly nested: boolean;
}

const NO_POSITIONS: readonly (Positional | undefined)[] = [];
const DONE: Path = [];

/**
 * Follows all paths through `doc` until each has ended or stands at an array, then
 * goes on once for each element of that array. After MongoDB's BtreeKeyGenerator.
 */
function extract(
  state: Extraction,
  doc: Buffer | undefined,
  paths: readonly Path[],
  fixed: readonly RawValue[],
  missingBefore: number,
  positions: readonly (Positional | undefined)[]
): void {
  const rest = [...paths];
  const values = [...fixed];
  let missing = missingBefore;
  let array: RawValue | undefined;
  let arrayNested = false;
  let atArray: number[] | undefined;
  for (let i = 0; i < rest.length; i++) {
    const path = rest[i]!;
    if (path.length === 0) continue;
    const step = next(state, i, doc, path, positions[i]);
    if (step.value === undefined) {
      values[i] = NULL_VALUE;
      rest[i] = DONE;
      missing++;
    } else if (step.value.type === T.ARRAY) {
      if (array === undefined) {
        array = step.value;
      } else if (
        array.bytes.buffer !== step.value.bytes.buffer ||
        array.bytes.byteOffset !== step.value.bytes.byteOffset
      ) {
        const [first, second] = [state.parts[atArray![0]!]!, state.parts[i]!];
        throw refuse(
          171,
          'CannotIndexParallelArrays',
          'DOCUMENT_INVALID',
          `cannot index parallel arrays [${lastPart(second)}] [${lastPart(first)}]`
        );
      }
      // An array picked by position out of an array is indexed whole.
      arrayNested ||= step.nested;
      (atArray ??= []).push(i);
      rest[i] = step.rest;
    } else {
      values[i] = step.value;
      rest[i] = DONE;
    }
  }
  if (array === undefined || atArray === undefined) {
    if (!(state.sparse && missing === rest.length)) state.found.push(values);
    return;
  }
  state.multikey = true;
  const items = new Cursor(array.bytes);
  if (!items.next()) {
    expand(state, rest, values, missing, UNDEFINED_VALUE, array, atArray, true, NO_POSITIONS);
    return;
  }
  const picked = pickPositions(array.bytes, rest, atArray);
  do {
    expand(state, rest, values, missing, items.value, array, atArray, !arrayNested, picked);
  } while (items.next());
}

function expand(
  state: Extraction,
  rest: readonly Path[],
  values: readonly RawValue[],
  missing: number,
  entry: RawValue,
  array: RawValue,
  atArray: readonly number[],
  unembedded: boolean,
  positions: readonly (Positional | undefined)[]
): void {
  const fixed = [...values];
  for (const i of atArray) if (rest[i]!.length === 0) fixed[i] = unembedded ? entry : array;
  extract(state, entry.type === T.OBJECT ? entry.bytes : undefined, rest, fixed, missing, positions);
}

/** For each path whose next part is a position that the array has: the element there, followed on. */
function pickPositions(
  array: Buffer,
  rest: readonly Path[],
  atArray: readonly number[]
): readonly (Positional | undefined)[] {
  let picked: (Positional | undefined)[] | undefined;
  for (const i of atArray) {
    const part = rest[i]![0];
    if (part === undefined || !isPosition(part)) continue;
    const cursor = new Cursor(array);
    if (!cursor.find(part)) continue;
    const follow = walk(array, rest[i]!);
    (picked ??= [])[i] = { ...follow, nested: cursor.type === T.ARRAY };
  }
  return picked ?? NO_POSITIONS;
}

function next(
  state: Extraction,
  i: number,
  doc: Buffer | undefined,
  path: Path,
  position: Positional | undefined
): { value: RawValue | undefined; rest: Path; nested: boolean } {
  const has = doc !== undefined && new Cursor(doc).find(path[0]!);
  if (has) {
    if (position !== undefined) {
      throw refuse(
        16746,
        'Location16746',
        'DOCUMENT_INVALID',
        `Ambiguous field name found in array (do not use numeric field names in embedded elements in an array), ` +
          `field: '${path[0]!.toString()}' for path: ${state.parts[i]!.join('.')}`
      );
    }
    return { ...walk(doc, path), nested: false };
  }
  return position ?? { value: undefined, rest: DONE, nested: false };
}

/** Follows a path down to its end or to the first array on it. */
function walk(doc: Buffer, path: Path): { value: RawValue | undefined; rest: Path } {
  let start = 0;
  const cursor = new Cursor(doc);
  for (let i = 0; ; i++) {
    cursor.reset(doc, start);
    if (!cursor.find(path[i]!)) return { value: undefined, rest: DONE };
    if (i === path.length - 1 || cursor.type === T.ARRAY)
      return { value: cursor.value, rest: path.slice(i + 1) };
    if (cursor.type !== T.OBJECT) return { value: undefined, rest: DONE };
    start = cursor.valueStart;
  }
}

function isPosition(part: Buffer): boolean {
  return part.length > 0 && part.every(byte => byte >= 0x30 && byte <= 0x39);
}

function lastPart(path: Path): string {
  return path[path.length - 1]!.toString();
}
