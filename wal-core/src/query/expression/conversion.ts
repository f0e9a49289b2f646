import { decodeDecimal, elements, exactAt, T, TYPE_BYTES, TYPE_NAMES } from '../../bson';
import {
  decimalOfDouble15,
  decimalText,
  decimalOfInteger,
  integerOf,
  parseDecimal,
  quantize
} from '../decimalMath';
import { queryError } from '../error';
import { decimal, toBigInt, toNumber } from '../numeric';
import {
  bool,
  date,
  double,
  INT64_MAX,
  INT64_MIN,
  int32,
  int64,
  isNullish,
  isTrue,
  NULL,
  string,
  textOf
} from '../values';
import { isNumber, typeName } from './arithmetic';
import { compileExpression, folded, operator, register, type OperatorCompiler } from './compile';
import { parseDate } from './dateparse';
import { isoDate } from './isodate';
import type { Expression, RawValue } from './scope';
import { doubleText } from './string';

const fail = (message: string): Error => queryError(241, message);

function unsupported(value: RawValue, to: string): Error {
  return fail(
    `Unsupported conversion from ${TYPE_NAMES[value.type]} to ${to} in $convert with no onError value`
  );
}

function toInteger(value: RawValue, type: typeof T.INT32 | typeof T.INT64): RawValue {
  const to = TYPE_NAMES[type]!;
  const [min, max] = type === T.INT32 ? [-2147483648n, 2147483647n] : [INT64_MIN, INT64_MAX];
  const make = (n: bigint): RawValue => {
    if (n < min || n > max)
      throw fail(`Conversion would overflow target type in $convert with no onError value: ${n}`);
    return type === T.INT32 ? int32(Number(n)) : int64(n);
  };
  switch (value.type) {
    case T.INT32:
    case T.INT64:
      return make(toBigInt(value));
    case T.DOUBLE: {
      const n = value.bytes.readDoubleLE(0);
      if (Number.isNaN(n))
        throw fail(`Attempt to convert NaN value to integer type in $convert with no onError value`);
      if (!Number.isFinite(n))
        throw fail(`Attempt to convert infinity value to integer type in $convert with no onError value`);
      return make(BigInt(Math.trunc(n)));
    }
    case T.DECIMAL128: {
      const d = decodeDecimal(value.bytes);
      if (d.kind === 'nan')
        throw fail(`Attempt to convert NaN value to integer type in $convert with no onError value`);
      if (d.kind === 'infinity')
        throw fail(`Attempt to convert infinity value to integer type in $convert with no onError value`);
      const n = integerOf(d.exponent < 0 ? quantize(d, 0, 'trunc') : d);
      if (n === undefined)
        throw fail(
          `Conversion would overflow target type in $convert with no onError value: ${decimalText(d)}`
        );
      return make(n);
    }
    case T.BOOL:
      return make(isTrue(value) ? 1n : 0n);
    case T.DATE:
      if (type === T.INT64) return int64(value.bytes.readBigInt64LE(0));
      throw unsupported(value, to);
    case T.STRING: {
      const text = textOf(value);
      if (!/^[+-]?\d+$/.test(text))
        throw fail(
          `Failed to parse number '${text}' in $convert with no onError value: Did not consume whole string.`
        );
      const n = BigInt(text.startsWith('+') ? text.slice(1) : text);
      if (n < min || n > max)
        throw fail(`Failed to parse number '${text}' in $convert with no onError value: Overflow`);
      return make(n);
    }
    default:
      throw unsupported(value, to);
  }
}

function toDouble(value: RawValue): RawValue {
  switch (value.type) {
    case T.DOUBLE:
      return value;
    case T.INT32:
    case T.INT64:
      return double(toNumber(value));
    case T.DECIMAL128: {
      const n = toNumber(value);
      const exact = exactAt(value.type, value.bytes, 0);
      if (!Number.isFinite(n) && exact.kind === 'finite') {
        throw fail(
          `Conversion would overflow target type in $convert with no onError value: ${decimalText(decodeDecimal(value.bytes))}`
        );
      }
      return double(n);
    }
    case T.BOOL:
      return double(isTrue(value) ? 1 : 0);
    case T.DATE:
      return double(Number(value.bytes.readBigInt64LE(0)));
    case T.STRING: {
      const text = textOf(value);
      const special = /^([+-])?(?:(inf|infinity)|(nan))$/i.exec(text);
      if (special) return double(special[3] !== undefined ? NaN : special[1] === '-' ? -Infinity : Infinity);
      if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$|^[+-]?0[xX][0-9a-fA-F]+$/.test(text)) {
        throw fail(
          `Failed to parse number '${text}' in $convert with no onError value: Did not consume whole string.`
        );
      }
      const n = Number(text.replace(/^\+/, ''));
      if (!Number.isFinite(n))
        throw fail(`Failed to parse number '${text}' in $convert with no onError value: Out of range`);
      return double(n);
    }
    default:
      throw unsupported(value, 'double');
  }
}

function toDecimalValue(value: RawValue): RawValue {
  switch (value.type) {
    case T.DECIMAL128:
      return value;
    case T.DOUBLE:
      return decimal(decimalOfDouble15(value.bytes.readDoubleLE(0)));
    case T.INT32:
    case T.INT64:
      return decimal(decimalOfInteger(toBigInt(value)));
    case T.BOOL:
      return decimal(decimalOfInteger(isTrue(value) ? 1n : 0n));
    case T.DATE:
      return decimal(decimalOfInteger(value.bytes.readBigInt64LE(0)));
    case T.STRING: {
      const parsed = parseDecimal(textOf(value));
      if (parsed === undefined)
        throw fail(
          `Failed to parse number '${textOf(value)}' in $convert with no onError value: Failed to parse string to decimal`
        );
      return decimal(parsed);
    }
    default:
      throw unsupported(value, 'decimal');
  }
}

function toText(value: RawValue): RawValue {
  switch (value.type) {
    case T.STRING:
      return value;
    case T.DOUBLE: {
      const n = value.bytes.readDoubleLE(0);
      return string(
        Number.isFinite(n) ? doubleText(n) : Number.isNaN(n) ? 'NaN' : n > 0 ? 'Infinity' : '-Infinity'
      );
    }
    case T.INT32:
    case T.INT64:
      return string(String(toBigInt(value)));
    case T.DECIMAL128:
      return string(decimalText(decodeDecimal(value.bytes)));
    case T.BOOL:
      return string(isTrue(value) ? 'true' : 'false');
    case T.DATE:
      return string(isoDate(value.bytes.readBigInt64LE(0)));
    case T.OBJECT_ID:
      return string(value.bytes.toString('hex'));
    default:
      throw unsupported(value, 'string');
  }
}

function toDate(value: RawValue): RawValue {
  switch (value.type) {
    case T.DATE:
      return value;
    case T.INT64:
      return date(value.bytes.readBigInt64LE(0));
    case T.DOUBLE:
    case T.DECIMAL128:
      return date(toBigInt(toInteger(value, T.INT64)));
    case T.OBJECT_ID:
      return date(BigInt(value.bytes.readUInt32BE(0)) * 1000n);
    case T.TIMESTAMP:
      return date(BigInt(value.bytes.readUInt32LE(4)) * 1000n);
    case T.STRING:
      return date(parseDate(textOf(value), undefined));
    default:
      throw unsupported(value, 'date');
  }
}

function toObjectId(value: RawValue): RawValue {
  if (value.type === T.OBJECT_ID) return value;
  if (value.type !== T.STRING) throw unsupported(value, 'objectId');
  const text = textOf(value);
  if (!/^[0-9a-fA-F]{24}$/.test(text)) {
    throw fail(
      text.length === 24
        ? `Failed to parse objectId '${text}' in $convert with no onError value: Invalid character found in hex string`
        : `Failed to parse objectId '${text}' in $convert with no onError value: Invalid string length for parsing to OID, expected 24 but found ${text.length}`
    );
  }
  return { type: T.OBJECT_ID, bytes: Buffer.from(text, 'hex') };
}

/** Converts a value that is not nullish. @throws ConversionFailure (241) */
function convert(value: RawValue, type: number): RawValue {
  switch (type) {
    case T.INT32:
    case T.INT64:
      return toInteger(value, type);
    case T.DOUBLE:
      return toDouble(value);
    case T.DECIMAL128:
      return toDecimalValue(value);
    case T.STRING:
      return toText(value);
    case T.DATE:
      return toDate(value);
    case T.OBJECT_ID:
      return toObjectId(value);
    case T.BOOL:
      return value.type === T.BOOL ? value : bool(isNumber(value) ? isTrue(value) : true);
    default:
      throw fail(
        `Unsupported conversion from ${typeName(value)} to ${TYPE_NAMES[type]} in $convert with no onError value`
      );
  }
}

function typeOfTarget(value: RawValue): number {
  if (value.type === T.STRING) {
    const name = textOf(value);
    const byte = TYPE_BYTES.get(name);
    if (byte === undefined) throw queryError(2, `Unknown type name: ${name}`);
    return byte;
  }
  if (!isNumber(value))
    throw queryError(9, `$convert's 'to' argument must be a string or number, but is ${typeName(value)}`);
  const code = toNumber(value);
  if (!Number.isInteger(code)) throw queryError(9, "In $convert, numeric 'to' argument is not an integer");
  // 0 is the type of a missing value: known, but nothing converts to it.
  if (code === 0) return code;
  const byte = code === -1 ? T.MIN_KEY : code;
  if (TYPE_NAMES[byte] === undefined || code === 255)
    throw queryError(9, `In $convert, numeric value for 'to' does not correspond to a BSON type: ${code}`);
  return byte;
}

const convertOperator: OperatorCompiler = (argument, scope) => {
  if (argument.type !== T.OBJECT)
    throw queryError(9, `$convert expects an object of named arguments but found: ${typeName(argument)}`);
  const parts = new Map<string, Expression>();
  for (const element of elements(argument.bytes)) {
    if (!['input', 'to', 'onError', 'onNull'].includes(element.name))
      throw queryError(9, `$convert found an unknown argument: ${element.name}`);
    parts.set(element.name, compileExpression(element, scope));
  }
  const input = parts.get('input');
  const to = parts.get('to');
  if (input === undefined) throw queryError(9, "Missing 'input' parameter to $convert");
  if (to === undefined) throw queryError(9, "Missing 'to' parameter to $convert");
  const onNull = parts.get('onNull');
  const onError = parts.get('onError');
  return folded([...parts.values()], frame => {
    const target = to.evaluate(frame);
    const value = input.evaluate(frame);
    const type = isNullish(target) ? undefined : typeOfTarget(target);
    if (isNullish(value)) return onNull ? onNull.evaluate(frame) : NULL;
    if (type === undefined) return NULL;
    if (onError === undefined) return convert(value, type);
    try {
      return convert(value, type);
    } catch (error) {
      if ((error as { data?: { mongoCode?: number } }).data?.mongoCode !== 241) throw error;
      return onError.evaluate(frame);
    }
  });
};

function to(type: number): OperatorCompiler {
  return operator(1, 1, ([value]) => (isNullish(value) ? NULL : convert(value, type)));
}

register({
  $convert: convertOperator,
  $toBool: to(T.BOOL),
  $toInt: to(T.INT32),
  $toLong: to(T.INT64),
  $toDouble: to(T.DOUBLE),
  $toDecimal: to(T.DECIMAL128),
  $toString: to(T.STRING),
  $toDate: to(T.DATE),
  $toObjectId: to(T.OBJECT_ID),
  $isNumber: operator(1, 1, ([value]) => bool(isNumber(value))),
  $tsSecond: operator(1, 1, ([value]) => {
    if (isNullish(value)) return NULL;
    if (value.type !== T.TIMESTAMP)
      throw queryError(5687301, ` Argument to $tsSecond must be a timestamp, but is ${typeName(value)}`);
    return int64(BigInt(value.bytes.readUInt32LE(4)));
  }),
  $tsIncrement: operator(1, 1, ([value]) => {
    if (isNullish(value)) return NULL;
    if (value.type !== T.TIMESTAMP)
      throw queryError(5687302, ` Argument to $tsIncrement must be a timestamp, but is ${typeName(value)}`);
    return int64(BigInt(value.bytes.readUInt32LE(0)));
  })
});
