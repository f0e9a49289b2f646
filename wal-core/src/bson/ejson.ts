import { ArgonError } from '../errors';
import { Decimal128 } from 'bson';
import { numberAt } from './numbers';
import { arrayOf, cstringEnd, Cursor, documentOf, int32At, type RawValue } from './raw';
import { T } from './types';

const EMPTY = Buffer.alloc(0);

/**
 * A value as canonical Extended JSON v2: every BSON type and number type keeps its name.
 * JavaScript objects put keys that look like array positions first; where field order
 * matters, `extendedJsonText` keeps it.
 */
export function toExtendedJson(value: RawValue): unknown {
  const { type, bytes } = value;
  if (type === T.OBJECT) return documentToExtendedJson(bytes);
  if (type === T.ARRAY) {
    const out: unknown[] = [];
    for (const cursor = new Cursor(bytes); cursor.next();) out.push(toExtendedJson(cursor.value));
    return out;
  }
  return scalarToJson(type, bytes);
}

/** A whole document as canonical Extended JSON v2. */
export function documentToExtendedJson(doc: Buffer): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const cursor = new Cursor(doc); cursor.next();) {
    // `__proto__` is a field like any other.
    Object.defineProperty(out, cursor.name, {
      value: toExtendedJson(cursor.value),
      enumerable: true,
      configurable: true,
      writable: true
    });
  }
  return out;
}

/** Canonical Extended JSON v2 as text, in the exact order of fields. */
export function extendedJsonText(value: RawValue): string {
  const { type, bytes } = value;
  if (type !== T.OBJECT && type !== T.ARRAY) return JSON.stringify(toExtendedJson(value));
  const items: string[] = [];
  for (const cursor = new Cursor(bytes); cursor.next();) {
    const item = extendedJsonText(cursor.value);
    items.push(type === T.ARRAY ? item : `${JSON.stringify(cursor.name)}:${item}`);
  }
  return type === T.ARRAY ? `[${items.join(',')}]` : `{${items.join(',')}}`;
}

function scalarToJson(type: number, bytes: Buffer): unknown {
  switch (type) {
    case T.DOUBLE:
      return { $numberDouble: doubleText(bytes.readDoubleLE(0)) };
    case T.STRING:
      return stringOf(bytes);
    case T.BINARY: {
      const old = bytes[4] === 2;
      return {
        $binary: {
          base64: bytes.toString('base64', old ? 9 : 5),
          subType: bytes[4]!.toString(16).padStart(2, '0')
        }
      };
    }
    case T.UNDEFINED:
      return { $undefined: true };
    case T.OBJECT_ID:
      return { $oid: bytes.toString('hex') };
    case T.BOOL:
      return bytes[0] === 1;
    case T.DATE:
      return { $date: { $numberLong: bytes.readBigInt64LE(0).toString() } };
    case T.NULL:
      return null;
    case T.REGEX: {
      const end = cstringEnd(bytes, 0);
      return {
        $regularExpression: {
          pattern: bytes.toString('utf8', 0, end),
          options: bytes.toString('utf8', end + 1, bytes.length - 1)
        }
      };
    }
    case T.DB_POINTER:
      return {
        $dbPointer: {
          $ref: stringOf(bytes.subarray(0, bytes.length - 12)),
          $id: { $oid: bytes.toString('hex', bytes.length - 12) }
        }
      };
    case T.CODE:
      return { $code: stringOf(bytes) };
    case T.SYMBOL:
      return { $symbol: stringOf(bytes) };
    case T.CODE_W_SCOPE: {
      const scope = 8 + int32At(bytes, 4);
      return {
        $code: stringOf(bytes.subarray(4, scope)),
        $scope: documentToExtendedJson(bytes.subarray(scope))
      };
    }
    case T.INT32:
      return { $numberInt: String(int32At(bytes, 0)) };
    case T.TIMESTAMP:
      return { $timestamp: { t: bytes.readUInt32LE(4), i: bytes.readUInt32LE(0) } };
    case T.INT64:
      return { $numberLong: bytes.readBigInt64LE(0).toString() };
    case T.DECIMAL128:
      return { $numberDecimal: new Decimal128(Uint8Array.from(bytes)).toString() };
    case T.MAX_KEY:
      return { $maxKey: 1 };
    case T.MIN_KEY:
      return { $minKey: 1 };
    default:
      throw new RangeError(`unknown BSON type 0x${type.toString(16)}`);
  }
}

/** Text of a length-prefixed string value. */
export function stringOf(bytes: Buffer): string {
  return bytes.toString('utf8', 4, bytes.length - 1);
}

function doubleText(n: number): string {
  if (Object.is(n, -0)) return '-0.0';
  const shown = String(n);
  return /^-?\d+$/.test(shown) ? `${shown}.0` : shown;
}

/**
 * A value from Extended JSON v2, canonical or relaxed. A plain integer becomes int32,
 * int64 when it does not fit, and a double beyond 2^53; other plain numbers are doubles.
 * @throws BAD_REQUEST when a `$` form is malformed
 */
export function fromExtendedJson(json: unknown): RawValue {
  switch (typeof json) {
    case 'string':
      return { type: T.STRING, bytes: stringBytes(json) };
    case 'boolean':
      return { type: T.BOOL, bytes: Buffer.from([json ? 1 : 0]) };
    case 'number':
      return numberFromJson(json);
    case 'bigint':
      return { type: T.INT64, bytes: int64Bytes(json) };
    case 'undefined':
      return { type: T.UNDEFINED, bytes: EMPTY };
    case 'object':
      if (json === null) return { type: T.NULL, bytes: EMPTY };
      if (Array.isArray(json)) return { type: T.ARRAY, bytes: arrayOf(json.map(fromExtendedJson)) };
      return (
        fromWrapper(json as Record<string, unknown>) ?? {
          type: T.OBJECT,
          bytes: documentFromExtendedJson(json)
        }
      );
    default:
      throw malformed(typeof json);
  }
}

/** A document from Extended JSON v2; its own keys are field names, whatever they are. */
export function documentFromExtendedJson(json: unknown): Buffer {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw malformed('a document');
  const parts: { name: string; type: number; bytes: Buffer }[] = [];
  for (const [name, value] of Object.entries(json)) {
    if (name.includes('\0')) throw malformed('a field name with NUL');
    parts.push({ ...fromExtendedJson(value), name });
  }
  return documentOf(parts);
}

function malformed(what: string): ArgonError {
  return new ArgonError('BAD_REQUEST', `Malformed Extended JSON: ${what}.`, {
    data: { mongoCode: 9, codeName: 'FailedToParse' }
  });
}

function numberFromJson(n: number): RawValue {
  if (Number.isSafeInteger(n) && !Object.is(n, -0)) {
    if (n >= -2147483648 && n <= 2147483647) return int32Value(n);
    return { type: T.INT64, bytes: int64Bytes(BigInt(n)) };
  }
  return { type: T.DOUBLE, bytes: doubleBytes(n) };
}

function int32Value(n: number): RawValue {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeInt32LE(n);
  return { type: T.INT32, bytes };
}

function int64Bytes(n: bigint): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigInt64LE(n);
  return bytes;
}

function doubleBytes(n: number): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeDoubleLE(n);
  return bytes;
}

function stringBytes(s: string): Buffer {
  const size = Buffer.byteLength(s);
  const bytes = Buffer.allocUnsafe(size + 5);
  bytes.writeInt32LE(size + 1, 0);
  bytes.write(s, 4);
  bytes[size + 4] = 0;
  return bytes;
}

function isObject(json: unknown): json is Record<string, unknown> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

function textIn(json: unknown, what: string): string {
  if (typeof json !== 'string') throw malformed(`${what} needs a string`);
  return json;
}

function integerIn(json: unknown, what: string, min: bigint, max: bigint): bigint {
  const shown = typeof json === 'number' && Number.isSafeInteger(json) ? String(json) : textIn(json, what);
  if (!/^[+-]?\d{1,20}$/.test(shown)) throw malformed(`${what} needs an integer`);
  const n = BigInt(shown.startsWith('+') ? shown.slice(1) : shown);
  if (n < min || n > max) throw malformed(`${what} is out of range`);
  return n;
}

const INT64_MIN = -(1n << 63n);
const INT64_MAX = (1n << 63n) - 1n;

function cstringIn(json: unknown, what: string): string {
  const s = textIn(json, what);
  if (s.includes('\0')) throw malformed(`${what} holds NUL`);
  return s;
}

/** The value that a `{$…: …}` form stands for; undefined when the object is a plain document. */
function fromWrapper(json: Record<string, unknown>): RawValue | undefined {
  const keys = Object.keys(json);
  const key = keys[0];
  if (key === undefined || !key.startsWith('$') || keys.length > 2) return undefined;
  if (keys.length === 2) {
    if (!('$code' in json && '$scope' in json)) return undefined;
    const code = stringBytes(textIn(json.$code, '$code'));
    const scope = documentFromExtendedJson(json.$scope);
    const size = Buffer.allocUnsafe(4);
    size.writeInt32LE(4 + code.length + scope.length);
    return { type: T.CODE_W_SCOPE, bytes: Buffer.concat([size, code, scope]) };
  }
  const inner = json[key];
  switch (key) {
    case '$numberDouble':
      return { type: T.DOUBLE, bytes: doubleBytes(doubleFromText(textIn(inner, key))) };
    case '$numberInt':
      return int32Value(Number(integerIn(inner, key, -2147483648n, 2147483647n)));
    case '$numberLong':
      return { type: T.INT64, bytes: int64Bytes(integerIn(inner, key, INT64_MIN, INT64_MAX)) };
    case '$numberDecimal':
      return { type: T.DECIMAL128, bytes: decimalFromText(textIn(inner, key)) };
    case '$oid': {
      const hex = textIn(inner, key);
      if (!/^[0-9a-fA-F]{24}$/.test(hex)) throw malformed('$oid needs 24 hex digits');
      return { type: T.OBJECT_ID, bytes: Buffer.from(hex, 'hex') };
    }
    case '$date':
      return { type: T.DATE, bytes: int64Bytes(dateFromJson(inner)) };
    case '$undefined':
      return { type: T.UNDEFINED, bytes: EMPTY };
    case '$minKey':
      return { type: T.MIN_KEY, bytes: EMPTY };
    case '$maxKey':
      return { type: T.MAX_KEY, bytes: EMPTY };
    case '$symbol':
      return { type: T.SYMBOL, bytes: stringBytes(textIn(inner, key)) };
    case '$code':
      return { type: T.CODE, bytes: stringBytes(textIn(inner, key)) };
    case '$binary':
      return binaryFromJson(inner);
    case '$uuid': {
      const hex = textIn(inner, key).replace(/-/g, '');
      if (!/^[0-9a-fA-F]{32}$/.test(hex)) throw malformed('$uuid needs 32 hex digits');
      return binaryValue(4, Buffer.from(hex, 'hex'));
    }
    case '$regularExpression': {
      if (!isObject(inner)) throw malformed('$regularExpression needs pattern and options');
      const pattern = cstringIn(inner.pattern, 'pattern');
      const options = [...cstringIn(inner.options ?? '', 'options')].sort().join('');
      return { type: T.REGEX, bytes: Buffer.from(`${pattern}\0${options}\0`) };
    }
    case '$timestamp': {
      if (!isObject(inner)) throw malformed('$timestamp needs t and i');
      const bytes = Buffer.allocUnsafe(8);
      bytes.writeUInt32LE(Number(integerIn(inner.i, 'i', 0n, 0xffffffffn)), 0);
      bytes.writeUInt32LE(Number(integerIn(inner.t, 't', 0n, 0xffffffffn)), 4);
      return { type: T.TIMESTAMP, bytes };
    }
    case '$dbPointer': {
      if (!isObject(inner)) throw malformed('$dbPointer needs $ref and $id');
      const id = fromExtendedJson(inner.$id);
      if (id.type !== T.OBJECT_ID) throw malformed('$dbPointer needs an ObjectId');
      return {
        type: T.DB_POINTER,
        bytes: Buffer.concat([stringBytes(textIn(inner.$ref, '$ref')), id.bytes])
      };
    }
    default:
      return undefined;
  }
}

function doubleFromText(shown: string): number {
  if (shown === 'NaN') return NaN;
  if (shown === 'Infinity' || shown === '-Infinity') return shown === 'Infinity' ? Infinity : -Infinity;
  const n = Number(shown);
  if (shown.trim() === '' || Number.isNaN(n)) throw malformed('$numberDouble needs a number');
  return n;
}

function decimalFromText(shown: string): Buffer {
  try {
    return Buffer.from(Decimal128.fromString(shown).bytes);
  } catch (cause) {
    throw new ArgonError('BAD_REQUEST', `Malformed Extended JSON: '${shown}' is no Decimal128.`, { cause });
  }
}

function dateFromJson(inner: unknown): bigint {
  if (typeof inner === 'string') {
    const ms = Date.parse(inner);
    if (Number.isNaN(ms)) throw malformed('$date needs an ISO-8601 date');
    return BigInt(ms);
  }
  return integerIn(isObject(inner) ? inner.$numberLong : inner, '$date', INT64_MIN, INT64_MAX);
}

function binaryFromJson(inner: unknown): RawValue {
  if (!isObject(inner)) throw malformed('$binary needs base64 and subType');
  const subType = textIn(inner.subType, 'subType');
  if (!/^[0-9a-fA-F]{1,2}$/.test(subType)) throw malformed('subType needs two hex digits');
  return binaryValue(parseInt(subType, 16), Buffer.from(textIn(inner.base64, 'base64'), 'base64'));
}

/** A binary value; subtype 2 carries its length twice. */
export function binaryValue(subType: number, data: Buffer): RawValue {
  const inner = subType === 2 ? 4 : 0;
  const bytes = Buffer.allocUnsafe(5 + inner + data.length);
  bytes.writeInt32LE(inner + data.length, 0);
  bytes[4] = subType;
  if (inner > 0) bytes.writeInt32LE(data.length, 5);
  data.copy(bytes, 5 + inner);
  return { type: T.BINARY, bytes };
}

/** Reads an int32, double or int64 as a JavaScript number (int64 beyond 2^53 rounds). */
export function plainNumber(value: RawValue): number {
  return numberAt(value.type, value.bytes, 0);
}
