import { decodeDecimal, elements, T, TYPE_NAMES } from '../../bson';
import { decimalText } from '../decimalMath';
import { queryError } from '../error';
import type { ValueOrder } from '../order';
import { toNumber } from '../numeric';
import { arrayOf } from '../../bson';
import { array, int32, isNullish, NULL, string, textOf, type Value } from '../values';
import { isNumber, typeName } from './arithmetic';
import { compileExpression, folded, operator, register, type OperatorCompiler } from './compile';
import { isoDate, utcParts } from './isodate';
import type { Expression, RawValue } from './scope';

/** A double as MongoDB prints it. */
export function doubleText(n: number): string {
  if (Number.isNaN(n)) return 'NaN';
  if (!Number.isFinite(n)) return n < 0 ? '-inf' : 'inf';
  if (n === 0) return Object.is(n, -0) ? '-0' : '0';
  // As printf's %g: six significant digits, which is what mongod 6.0 prints.
  const [mantissa, power] = n.toExponential(5).split('e') as [string, string];
  const exponent = Number(power);
  if (exponent >= -4 && exponent < 6) {
    const shown = n.toFixed(5 - exponent);
    return shown.includes('.') ? shown.replace(/\.?0+$/, '') : shown;
  }
  return `${mantissa.replace(/\.?0+$/, '')}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

/** Text of a value where MongoDB coerces: nullish is empty. @throws 16007 for types that have none */
export function coerceToText(value: Value): string {
  if (isNullish(value)) return '';
  switch (value.type) {
    case T.DOUBLE:
      return doubleText(value.bytes.readDoubleLE(0));
    case T.INT32:
    case T.INT64:
      return String(value.type === T.INT32 ? value.bytes.readInt32LE(0) : value.bytes.readBigInt64LE(0));
    case T.DECIMAL128:
      return decimalText(decodeDecimal(value.bytes));
    case T.STRING:
    case T.SYMBOL:
    case T.CODE:
      return textOf(value);
    case T.DATE:
      return isoDate(value.bytes.readBigInt64LE(0));
    case T.TIMESTAMP:
      return timestampText(value.bytes.readUInt32LE(4), value.bytes.readUInt32LE(0));
    default:
      throw queryError(16007, `can't convert from BSON type ${TYPE_NAMES[value.type]} to String`);
  }
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A timestamp as mongod prints it when it makes text of one: `Jan  1 00:00:01:1`. */
function timestampText(seconds: number, increment: number): string {
  const { month, day, hour, minute, second } = utcParts(BigInt(seconds) * 1000n);
  const clock = [hour, minute, second].map(n => String(n).padStart(2, '0')).join(':');
  return `${MONTHS[month - 1]} ${String(day).padStart(2)} ${clock}:${increment.toString(16)}`;
}

export function isString(value: Value): value is RawValue {
  return value !== undefined && value.type === T.STRING;
}

/** ASCII letters only, as MongoDB does. */
function lower(s: string): string {
  return s.replace(/[A-Z]+/g, part => part.toLowerCase());
}

function upper(s: string): string {
  return s.replace(/[a-z]+/g, part => part.toUpperCase());
}

function whole(value: Value, code: number, what: string): number {
  if (!isNumber(value)) throw queryError(code, what);
  return Math.trunc(toNumber(value));
}

function substrBytes(values: Value[], name: string): Value {
  const data = Buffer.from(coerceToText(values[0]));
  const start = whole(
    values[1],
    16034,
    `${name}:  starting index must be a numeric type (is BSON type ${typeName(values[1])})`
  );
  const length = whole(
    values[2],
    16035,
    `${name}:  length must be a numeric type (is BSON type ${typeName(values[2])})`
  );
  if (start < 0) throw queryError(50752, `${name}:  starting index must be non-negative (got: ${start})`);
  if (start >= data.length) return string('');
  const end = length < 0 ? data.length : Math.min(data.length, start + length);
  const continues = (at: number): boolean => at < data.length && (data[at]! & 0xc0) === 0x80;
  if (continues(start))
    throw queryError(28656, `${name}:  Invalid range, starting index is a UTF-8 continuation byte.`);
  if (continues(end))
    throw queryError(28657, `${name}:  Invalid range, ending index is in the middle of a UTF-8 character.`);
  return string(data.toString('utf8', start, end));
}

function substrCP([value, from, count]: Value[]): Value {
  const points = [...coerceToText(value)];
  const integral = (v: Value): boolean => isNumber(v) && Number.isInteger(toNumber(v));
  if (!isNumber(from))
    throw queryError(
      34450,
      `$substrCP: starting index must be a numeric type (is BSON type ${typeName(from)})`
    );
  if (!integral(from))
    throw queryError(34451, `$substrCP: starting index cannot be represented as a 32-bit integral value`);
  if (!isNumber(count))
    throw queryError(34452, `$substrCP: length must be a numeric type (is BSON type ${typeName(count)})`);
  if (!integral(count))
    throw queryError(34453, `$substrCP: length cannot be represented as a 32-bit integral value`);
  const [start, length] = [toNumber(from), toNumber(count)];
  if (length < 0) throw queryError(34454, '$substrCP: length must be a nonnegative integer.');
  if (start < 0) throw queryError(34455, '$substrCP: the starting index must be nonnegative integer.');
  return string(points.slice(start, start + length).join(''));
}

interface Haystack<X> {
  readonly stringCode: number;
  readonly needleCode: number;
  split(text: string): X;
  length(items: X): number;
  indexOf(items: X, needle: X, from: number, to: number): number;
}

const bytesIn: Haystack<Buffer> = {
  stringCode: 40091,
  needleCode: 40092,
  split: text => Buffer.from(text),
  length: items => items.length,
  indexOf: (items, needle, from, to) => {
    const at = items.subarray(0, to).indexOf(needle, from);
    return at;
  }
};

const pointsIn: Haystack<string[]> = {
  stringCode: 40093,
  needleCode: 40094,
  split: text => [...text],
  length: items => items.length,
  indexOf: (items, needle, from, to) => {
    // An empty text is found before each character and in an empty text, not at an end.
    if (needle.length === 0) return from < to || items.length === 0 ? from : -1;
    for (let i = from; i + needle.length <= to; i++) if (needle.every((c, j) => items[i + j] === c)) return i;
    return -1;
  }
};

function indexOf<X>(how: Haystack<X>): OperatorCompiler {
  return operator(2, 4, (values, name) => {
    const [value, needle] = values;
    if (isNullish(value)) return NULL;
    if (!isString(value)) {
      throw queryError(
        how.stringCode,
        `${name} requires a string as the first argument, found: ${typeName(value)}`
      );
    }
    if (!isString(needle)) {
      throw queryError(
        how.needleCode,
        `${name} requires a string as the second argument, found: ${typeName(needle)}`
      );
    }
    const items = how.split(textOf(value));
    const size = how.length(items);
    const start = values.length > 2 ? indexArgument(values[2], name, 'starting') : 0;
    const end = values.length > 3 ? Math.min(indexArgument(values[3], name, 'ending'), size) : size;
    if (start > size || start > end) return int32(-1);
    return int32(how.indexOf(items, how.split(textOf(needle)), start, end));
  });
}

/** A non-negative index argument. @throws 40096, 40097 */
export function indexArgument(value: Value, name: string, what: string): number {
  const n = isNumber(value) ? toNumber(value) : NaN;
  if (!Number.isInteger(n) || Math.abs(n) > 2147483647)
    throw queryError(
      40096,
      `${name} requires an integral ${what} index, found a value of type: ${typeName(value)}`
    );
  if (n < 0) throw queryError(40097, `${name} requires a nonnegative ${what} index, found: ${n}`);
  return n;
}

/** Compiles `{input, chars}` and the like; `undefined` where an argument was not given. */
export function compileNamed(
  keys: readonly string[],
  codes: { notObject: number; unknown: number; missing: Readonly<Record<string, number>> },
  compute: (args: readonly (Value | typeof NOT_GIVEN)[], name: string, order: ValueOrder) => Value
): OperatorCompiler {
  return (argument, scope, name) => {
    if (argument.type !== T.OBJECT) {
      throw queryError(
        codes.notObject,
        `${name} only supports an object as its argument, found ${typeName(argument)}`
      );
    }
    const given = new Map<string, Expression>();
    for (const element of elements(argument.bytes)) {
      if (!keys.includes(element.name))
        throw queryError(codes.unknown, `${name} found an unknown argument: ${element.name}`);
      given.set(element.name, compileExpression(element, scope));
    }
    for (const [key, code] of Object.entries(codes.missing)) {
      if (!given.has(key)) throw queryError(code, `${name} requires '${key}' to be specified`);
    }
    const parts = keys.map(key => given.get(key));
    return folded([...given.values()], frame =>
      compute(
        parts.map(part => (part === undefined ? NOT_GIVEN : part.evaluate(frame))),
        name,
        scope.order
      )
    );
  };
}

export const NOT_GIVEN = Symbol('not given');

const WHITESPACE = new Set([
  '\0',
  '\t',
  '\n',
  '\v',
  '\f',
  '\r',
  ' ',
  '\u00a0',
  '\u1680',
  '\u2000',
  '\u2001',
  '\u2002',
  '\u2003',
  '\u2004',
  '\u2005',
  '\u2006',
  '\u2007',
  '\u2008',
  '\u2009',
  '\u200a'
]);

function trim(left: boolean, right: boolean): OperatorCompiler {
  return compileNamed(
    ['input', 'chars'],
    { notObject: 50696, unknown: 50694, missing: { input: 50695 } },
    ([input, chars], name) => {
      if (input === NOT_GIVEN || isNullish(input)) return NULL;
      if (!isString(input))
        throw queryError(50699, `${name} requires its input to be a string, got ${typeName(input)}`);
      let cut: ReadonlySet<string> = WHITESPACE;
      if (chars !== NOT_GIVEN) {
        if (isNullish(chars)) return NULL;
        if (!isString(chars))
          throw queryError(50700, `${name} requires 'chars' to be a string, got ${typeName(chars)}`);
        cut = new Set(textOf(chars));
      }
      const points = [...textOf(input)];
      let start = 0;
      let end = points.length;
      if (left) while (start < end && cut.has(points[start]!)) start++;
      if (right) while (end > start && cut.has(points[end - 1]!)) end--;
      return string(points.slice(start, end).join(''));
    }
  );
}

function replace(all: boolean): OperatorCompiler {
  return compileNamed(
    ['input', 'find', 'replacement'],
    { notObject: 51751, unknown: 51750, missing: { input: 51749, find: 51748, replacement: 51747 } },
    ([input, find, replacement], name) => {
      const texts = [
        { value: input, what: 'input', code: 51746 },
        { value: find, what: 'find', code: 51745 },
        { value: replacement, what: 'replacement', code: 51744 }
      ].map(({ value, what, code }) => {
        const v = value as Value;
        if (isNullish(v)) return undefined;
        if (!isString(v))
          throw queryError(code, `${name} requires that '${what}' be a string, found: ${typeName(v)}`);
        return textOf(v);
      });
      const [text, needle, by] = texts;
      if (text === undefined || needle === undefined || by === undefined) return NULL;
      if (!all) {
        const at = text.indexOf(needle);
        return at < 0 ? (input as Value) : string(text.slice(0, at) + by + text.slice(at + needle.length));
      }
      return string(needle === '' ? by + [...text].map(c => c + by).join('') : text.split(needle).join(by));
    }
  );
}

register({
  $concat: operator(0, Infinity, values => {
    let out = '';
    for (const value of values) {
      if (isNullish(value)) return NULL;
      if (!isString(value)) throw queryError(16702, `$concat only supports strings, not ${typeName(value)}`);
      out += textOf(value);
    }
    return string(out);
  }),
  $substr: operator(3, 3, values => substrBytes(values, '$substrBytes')),
  $substrBytes: operator(3, 3, values => substrBytes(values, '$substrBytes')),
  $substrCP: operator(3, 3, substrCP),
  $toLower: operator(1, 1, ([value]) => string(lower(coerceToText(value)))),
  $toUpper: operator(1, 1, ([value]) => string(upper(coerceToText(value)))),
  $strcasecmp: operator(2, 2, ([a, b]) => {
    const [x, y] = [Buffer.from(upper(coerceToText(a))), Buffer.from(upper(coerceToText(b)))];
    return int32(Buffer.compare(x, y));
  }),
  $strLenBytes: operator(1, 1, ([value]) => {
    if (!isString(value))
      throw queryError(34473, `$strLenBytes requires a string argument, found: ${typeName(value)}`);
    return int32(value.bytes.length - 5);
  }),
  $strLenCP: operator(1, 1, ([value]) => {
    if (!isString(value))
      throw queryError(34471, `$strLenCP requires a string argument, found: ${typeName(value)}`);
    return int32([...textOf(value)].length);
  }),
  $split: operator(2, 2, ([value, separator]) => {
    if (isNullish(value) || isNullish(separator)) return NULL;
    if (!isString(value))
      throw queryError(
        40085,
        `$split requires an expression that evaluates to a string as a first argument, found: ${typeName(value)}`
      );
    if (!isString(separator))
      throw queryError(
        40086,
        `$split requires an expression that evaluates to a string as a second argument, found: ${typeName(separator)}`
      );
    const by = textOf(separator);
    if (by === '') throw queryError(40087, '$split requires a non-empty separator');
    return array(arrayOf(textOf(value).split(by).map(string)));
  }),
  $indexOfBytes: indexOf(bytesIn),
  $indexOfCP: indexOf(pointsIn),
  $trim: trim(true, true),
  $ltrim: trim(true, false),
  $rtrim: trim(false, true),
  $replaceOne: replace(false),
  $replaceAll: replace(true)
});
