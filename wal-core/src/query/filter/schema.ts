import {
  arrayOf,
  documentOf,
  elements,
  encodeKey,
  isNumberType,
  T,
  TYPE_NAMES,
  values,
  type RawElement,
  type RawValue
} from '../../bson';
import { isZero, remainder } from '../decimalMath';
import { queryError } from '../error';
import { integralValue, toDecimal, toNumber } from '../numeric';
import { compileRegex } from '../regex';
import { array, isTrue, object, textOf } from '../values';
import { comparisonTest, type ComparisonOp } from './comparison';
import { typeSet } from './parse';

/** Whether a value is valid. */
type Check = (value: RawValue) => boolean;

/** Compiles `$jsonSchema` (draft 4 as MongoDB reads it) into a test of documents. @throws 9, 14 */
export function compileSchema(schema: Buffer): (doc: Buffer) => boolean {
  const check = compile(schema);
  return doc => check(object(doc));
}

const JSON_TYPES: Readonly<Record<string, readonly number[]>> = {
  string: [T.STRING],
  number: [T.DOUBLE, T.INT32, T.INT64, T.DECIMAL128],
  boolean: [T.BOOL],
  object: [T.OBJECT],
  array: [T.ARRAY],
  null: [T.NULL]
};

const KEYWORDS = new Set([
  ...[
    'additionalItems',
    'additionalProperties',
    'allOf',
    'anyOf',
    'bsonType',
    'dependencies',
    'description',
    'enum'
  ],
  ...[
    'exclusiveMaximum',
    'exclusiveMinimum',
    'items',
    'maximum',
    'maxItems',
    'maxLength',
    'maxProperties',
    'minimum'
  ],
  ...['minItems', 'minLength', 'minProperties', 'multipleOf', 'not', 'oneOf', 'pattern', 'patternProperties'],
  ...['properties', 'required', 'title', 'type', 'uniqueItems', 'encrypt', 'encryptMetadata']
]);
const UNSUPPORTED = new Set(['$ref', '$schema', 'default', 'definitions', 'format', 'id']);

function compile(schema: Buffer): Check {
  const keywords = new Map<string, RawElement>();
  for (const element of elements(schema)) {
    const { name } = element;
    if (UNSUPPORTED.has(name))
      throw queryError(9, `$jsonSchema keyword '${name}' is not currently supported`);
    if (!KEYWORDS.has(name)) throw queryError(9, `Unknown $jsonSchema keyword: ${name}`);
    if (keywords.has(name)) throw queryError(9, `Duplicate $jsonSchema keyword: ${name}`);
    keywords.set(name, element);
  }
  if (keywords.has('type') && keywords.has('bsonType')) {
    throw queryError(9, "Cannot specify both $jsonSchema keywords 'type' and 'bsonType'");
  }
  if (keywords.has('encrypt') || keywords.has('encryptMetadata'))
    throw queryError(238, 'encryption in $jsonSchema is not implemented');
  for (const name of ['title', 'description']) {
    const text = keywords.get(name);
    if (text !== undefined && text.type !== T.STRING)
      throw queryError(14, `$jsonSchema keyword '${name}' must be of type string`);
  }
  const checks = [
    ...typeChecks(keywords),
    ...logicChecks(keywords),
    ...numberChecks(keywords),
    ...stringChecks(keywords),
    ...arrayChecks(keywords),
    ...objectChecks(keywords)
  ];
  return value => checks.every(check => check(value));
}

type Keywords = ReadonlyMap<string, RawElement>;

function typeChecks(keywords: Keywords): Check[] {
  const out: Check[] = [];
  const bsonType = keywords.get('bsonType');
  if (bsonType !== undefined) {
    const seen = new Set<string>();
    for (const item of bsonType.type === T.ARRAY ? elements(bsonType.bytes) : [bsonType]) {
      if (item.type !== T.STRING) throw queryError(14, "$jsonSchema keyword 'bsonType' must name types");
      if (seen.has(textOf(item)))
        throw queryError(9, `$jsonSchema keyword 'bsonType' has duplicate value: ${textOf(item)}`);
      seen.add(textOf(item));
    }
    const types = typeSet(bsonType, "$jsonSchema keyword 'bsonType'");
    out.push(value => types.has(value.type));
  }
  const type = keywords.get('type');
  if (type !== undefined) {
    const types = new Set<number>();
    for (const item of type.type === T.ARRAY ? elements(type.bytes) : [type]) {
      if (item.type !== T.STRING)
        throw queryError(14, "$jsonSchema keyword 'type' must be either a string or an array of strings");
      const name = textOf(item);
      if (name === 'integer') throw queryError(9, "$jsonSchema type 'integer' is not currently supported.");
      const list = JSON_TYPES[name];
      if (list === undefined) throw queryError(2, `Unknown type name alias: ${name}`);
      for (const byte of list) types.add(byte);
    }
    out.push(value => types.has(value.type));
  }
  return out;
}

function subschema(element: RawElement): Check {
  if (element.type !== T.OBJECT)
    throw queryError(14, `$jsonSchema keyword '${element.name}' must be an object`);
  return compile(element.bytes);
}

function subschemas(element: RawElement): Check[] {
  if (element.type !== T.ARRAY)
    throw queryError(14, `$jsonSchema keyword '${element.name}' must be an array`);
  const list = elements(element.bytes);
  if (list.length === 0)
    throw queryError(2, `$jsonSchema keyword '${element.name}' must be a non-empty array`);
  return list.map(subschema);
}

function logicChecks(keywords: Keywords): Check[] {
  const out: Check[] = [];
  const [allOf, anyOf, oneOf, not, among] = ['allOf', 'anyOf', 'oneOf', 'not', 'enum'].map(name =>
    keywords.get(name)
  );
  if (allOf) out.push(...subschemas(allOf));
  if (anyOf) {
    const list = subschemas(anyOf);
    out.push(value => list.some(check => check(value)));
  }
  if (oneOf) {
    const list = subschemas(oneOf);
    out.push(value => list.filter(check => check(value)).length === 1);
  }
  if (not) {
    const inner = subschema(not);
    out.push(value => !inner(value));
  }
  if (among) {
    if (among.type !== T.ARRAY) throw queryError(14, "$jsonSchema keyword 'enum' must be an array");
    const list = elements(among.bytes);
    if (list.length === 0) throw queryError(9, "$jsonSchema keyword 'enum' cannot be an empty array");
    const keys = new Set(list.map(unorderedKey));
    if (keys.size < list.length)
      throw queryError(9, "$jsonSchema keyword 'enum' array cannot contain duplicate values");
    out.push(value => keys.has(unorderedKey(value)));
  }
  return out;
}

/** A key that is the same for values that are equal when the order of fields does not count. */
function unorderedKey(value: RawValue): string {
  return encodeKey([sortedFields(value)]).toString('latin1');
}

function sortedFields(value: RawValue): RawValue {
  if (value.type === T.ARRAY) return array(arrayOf(values(value.bytes).map(sortedFields)));
  if (value.type !== T.OBJECT) return value;
  const fields = elements(value.bytes).map(({ name, type, bytes }) => ({
    ...sortedFields({ type, bytes }),
    name
  }));
  return object(documentOf(fields.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))));
}

function numberChecks(keywords: Keywords): Check[] {
  const out: Check[] = [];
  const onNumbers = (check: Check): number => out.push(value => !isNumberType(value.type) || check(value));
  for (const [name, exclusive, sign] of [
    ['maximum', 'exclusiveMaximum', 1],
    ['minimum', 'exclusiveMinimum', -1]
  ] as const) {
    const limit = keywords.get(name);
    const strict = keywords.get(exclusive);
    if (strict !== undefined && strict.type !== T.BOOL)
      throw queryError(14, `$jsonSchema keyword '${exclusive}' must be a boolean`);
    if (limit === undefined) {
      if (strict !== undefined)
        throw queryError(9, `$jsonSchema keyword '${name}' must be a present if ${exclusive} is present`);
      continue;
    }
    if (!isNumberType(limit.type)) throw queryError(14, `$jsonSchema keyword '${name}' must be a number`);
    const op =
      `${sign > 0 ? '$lt' : '$gt'}${strict !== undefined && isTrue(strict) ? '' : 'e'}` as ComparisonOp;
    const test = comparisonTest(op, limit);
    onNumbers(value => test(value.type, value.bytes, 0, value.bytes.length));
  }
  const multiple = keywords.get('multipleOf');
  if (multiple !== undefined) {
    if (!isNumberType(multiple.type))
      throw queryError(14, "$jsonSchema keyword 'multipleOf' must be a number");
    if (!(toNumber(multiple) > 0))
      throw queryError(9, "$jsonSchema keyword 'multipleOf' must have a positive value");
    const divisor = toDecimal(multiple);
    onNumbers(value => {
      const dividend = toDecimal(value);
      return dividend.kind === 'finite' && isZero(remainder(dividend, divisor));
    });
  }
  return out;
}

/** A non-negative whole number of a keyword. */
function size(keywords: Keywords, name: string): number | undefined {
  const element = keywords.get(name);
  if (element === undefined) return undefined;
  const n = isNumberType(element.type) ? integralValue(element) : undefined;
  if (n === undefined || n < 0n)
    throw queryError(9, `Failed to parse '${name}': expected a non-negative integer`);
  return Number(n);
}

function within(
  out: Check[],
  type: number,
  min: number | undefined,
  max: number | undefined,
  count: (value: RawValue) => number
): void {
  if (min === undefined && max === undefined) return;
  out.push(value => {
    if (value.type !== type) return true;
    const n = count(value);
    return n >= (min ?? 0) && n <= (max ?? Infinity);
  });
}

function stringChecks(keywords: Keywords): Check[] {
  const out: Check[] = [];
  within(
    out,
    T.STRING,
    size(keywords, 'minLength'),
    size(keywords, 'maxLength'),
    value => [...textOf(value)].length
  );
  const pattern = keywords.get('pattern');
  if (pattern !== undefined) {
    if (pattern.type !== T.STRING) throw queryError(14, "$jsonSchema keyword 'pattern' must be a string");
    const regex = compileRegex(textOf(pattern), '');
    out.push(value => value.type !== T.STRING || regex.test(textOf(value)));
  }
  return out;
}

function arrayChecks(keywords: Keywords): Check[] {
  const out: Check[] = [];
  within(
    out,
    T.ARRAY,
    size(keywords, 'minItems'),
    size(keywords, 'maxItems'),
    value => values(value.bytes).length
  );
  const unique = keywords.get('uniqueItems');
  if (unique !== undefined) {
    if (unique.type !== T.BOOL) throw queryError(14, "$jsonSchema keyword 'uniqueItems' must be a boolean");
    if (isTrue(unique)) {
      out.push(value => {
        if (value.type !== T.ARRAY) return true;
        const items = values(value.bytes);
        return new Set(items.map(unorderedKey)).size === items.length;
      });
    }
  }
  const items = keywords.get('items');
  const more = keywords.get('additionalItems');
  const rest = more === undefined ? undefined : allowance(more);
  if (items?.type === T.OBJECT) {
    const each = compile(items.bytes);
    out.push(value => value.type !== T.ARRAY || values(value.bytes).every(each));
  } else if (items?.type === T.ARRAY) {
    const list = elements(items.bytes).map(subschema);
    out.push(
      value =>
        value.type !== T.ARRAY ||
        values(value.bytes).every((item, i) =>
          i < list.length ? list[i]!(item) : rest === undefined || rest(item)
        )
    );
  } else if (items !== undefined) {
    throw queryError(
      14,
      `$jsonSchema keyword 'items' must be an array or an object, not ${TYPE_NAMES[items.type]}`
    );
  }
  return out;
}

/** `additionalItems` and `additionalProperties`: a boolean or a schema. */
function allowance(element: RawElement): Check {
  if (element.type === T.BOOL) {
    const allowed = isTrue(element);
    return () => allowed;
  }
  if (element.type !== T.OBJECT)
    throw queryError(14, `$jsonSchema keyword '${element.name}' must be either an object or a boolean`);
  return compile(element.bytes);
}

function objectChecks(keywords: Keywords): Check[] {
  const out: Check[] = [];
  const onObjects = (check: (fields: readonly RawElement[]) => boolean): number =>
    out.push(value => value.type !== T.OBJECT || check(elements(value.bytes)));
  within(
    out,
    T.OBJECT,
    size(keywords, 'minProperties'),
    size(keywords, 'maxProperties'),
    value => elements(value.bytes).length
  );
  const required = keywords.get('required');
  if (required !== undefined) {
    const names = requiredNames(required);
    onObjects(fields => names.every(name => fields.some(f => f.name === name)));
  }
  const properties = new Map<string, Check>();
  for (const element of documentIn(keywords, 'properties')) properties.set(element.name, subschema(element));
  if (properties.size > 0) {
    onObjects(fields => fields.every(f => properties.get(f.name)?.(f) ?? true));
  }
  const patterns = documentIn(keywords, 'patternProperties').map(element => ({
    regex: compileRegex(element.name, ''),
    check: subschema(element)
  }));
  if (patterns.length > 0) {
    onObjects(fields =>
      fields.every(f => patterns.every(({ regex, check }) => !regex.test(f.name) || check(f)))
    );
  }
  const additional = keywords.get('additionalProperties');
  if (additional !== undefined) {
    const check = allowance(additional);
    onObjects(fields =>
      fields.every(
        f => properties.has(f.name) || patterns.some(({ regex }) => regex.test(f.name)) || check(f)
      )
    );
  }
  for (const dependency of documentIn(keywords, 'dependencies')) {
    const { name } = dependency;
    if (dependency.type === T.OBJECT) {
      const check = compile(dependency.bytes);
      out.push(
        value => value.type !== T.OBJECT || !elements(value.bytes).some(f => f.name === name) || check(value)
      );
    } else {
      const needed = requiredNames(dependency);
      onObjects(
        fields => !fields.some(f => f.name === name) || needed.every(n => fields.some(f => f.name === n))
      );
    }
  }
  return out;
}

function documentIn(keywords: Keywords, name: string): RawElement[] {
  const element = keywords.get(name);
  if (element === undefined) return [];
  if (element.type !== T.OBJECT) throw queryError(14, `$jsonSchema keyword '${name}' must be an object`);
  return elements(element.bytes);
}

function requiredNames(element: RawElement): string[] {
  if (element.type !== T.ARRAY)
    throw queryError(14, `$jsonSchema keyword '${element.name}' must be an array`);
  const names = elements(element.bytes).map(item => {
    if (item.type !== T.STRING)
      throw queryError(14, `$jsonSchema keyword '${element.name}' must be an array of strings`);
    return textOf(item);
  });
  if (names.length === 0)
    throw queryError(9, `$jsonSchema keyword '${element.name}' cannot be an empty array`);
  if (new Set(names).size < names.length)
    throw queryError(9, `$jsonSchema keyword '${element.name}' array cannot contain duplicate values`);
  return names;
}
