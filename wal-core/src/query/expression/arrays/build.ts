/** Operators that make an array, or a document of one. */

import { arrayOf, documentOf, elements, field, T, values } from '../../../bson';
import { queryError } from '../../error';
import { toNumber } from '../../numeric';
import { array, int32, isNullish, isTrue, NULL, object, string, textOf, type Value } from '../../values';
import { isNumber, typeName } from '../arithmetic';
import { compileExpression, folded, operator, register, type OperatorCompiler } from '../compile';
import type { Expression, RawValue } from '../scope';
import { isArray, isObject, index32 } from './values';

function arrayToObject([list]: Value[]): Value {
  if (isNullish(list)) return NULL;
  if (!isArray(list))
    throw queryError(40386, `$arrayToObject requires an array input, found: ${typeName(list)}`);
  const out = new Map<string, RawValue>();
  let pairs: boolean | undefined;
  for (const item of values(list.bytes)) {
    if (pairs === undefined) {
      if (!isArray(item) && !isObject(item))
        throw queryError(40398, `Unrecognised input type format for $arrayToObject: ${typeName(item)}`);
      pairs = isArray(item);
    }
    if (pairs) {
      if (!isArray(item))
        throw queryError(
          40396,
          `$arrayToObject requires a consistent input format. Elements must all be arrays or all be objects. Array was detected, now found: ${typeName(item)}`
        );
      const [key, value, ...more] = values(item.bytes);
      if (key === undefined || value === undefined || more.length > 0)
        throw queryError(
          40397,
          '$arrayToObject requires an array of size 2 arrays,found array of size: ' +
            values(item.bytes).length
        );
      if (key.type !== T.STRING)
        throw queryError(
          40395,
          `$arrayToObject requires an array of key-value pairs, where the key must be of type string. Found key type: ${typeName(key)}`
        );
      put(out, textOf(key), value);
    } else {
      if (!isObject(item))
        throw queryError(
          40391,
          `$arrayToObject requires a consistent input format. Elements must all be arrays or all be objects. Object was detected, now found: ${typeName(item)}`
        );
      const parts = elements(item.bytes);
      if (parts.length !== 2)
        throw queryError(
          40392,
          `$arrayToObject requires an object keys of 'k' and 'v'. Found incorrect number of keys:${parts.length}`
        );
      const key = field(item.bytes, 'k');
      const value = field(item.bytes, 'v');
      if (key === undefined || value === undefined)
        throw queryError(
          40393,
          "$arrayToObject requires an object with keys 'k' and 'v'. Missing either or both keys"
        );
      if (key.type !== T.STRING)
        throw queryError(
          40394,
          `$arrayToObject requires an object with keys 'k' and 'v', where the value of 'k' must be of type string. Found type: ${typeName(key)}`
        );
      put(out, textOf(key), value);
    }
  }
  return object(documentOf([...out].map(([name, value]) => ({ ...value, name }))));
}

function put(out: Map<string, RawValue>, key: string, value: RawValue): void {
  if (key.includes('\0')) throw queryError(4940401, 'Key field cannot contain an embedded null byte');
  out.set(key, { type: value.type, bytes: value.bytes });
}

const zip: OperatorCompiler = (argument, scope) => {
  if (argument.type !== T.OBJECT)
    throw queryError(34460, `$zip only supports an object as an argument, found ${typeName(argument)}`);
  let inputs: Expression[] | undefined;
  let defaults: Expression[] | undefined;
  let longest = false;
  for (const element of elements(argument.bytes)) {
    if (element.name === 'inputs' || element.name === 'defaults') {
      if (element.type !== T.ARRAY) {
        const code = element.name === 'inputs' ? 34461 : 34462;
        throw queryError(code, `${element.name} must be an array of expressions, found ${typeName(element)}`);
      }
      const list = elements(element.bytes).map(item => compileExpression(item, scope));
      if (element.name === 'inputs') inputs = list;
      else defaults = list;
    } else if (element.name === 'useLongestLength') {
      if (element.type !== T.BOOL)
        throw queryError(34463, `useLongestLength must be a bool, found ${typeName(element)}`);
      longest = isTrue(element);
    } else {
      throw queryError(34464, `$zip found an unknown argument: ${element.name}`);
    }
  }
  if (inputs === undefined || inputs.length === 0)
    throw queryError(34465, '$zip requires at least one input array');
  if (defaults !== undefined && !longest)
    throw queryError(34466, 'cannot specify defaults unless useLongestLength is true');
  if (defaults !== undefined && defaults.length !== inputs.length)
    throw queryError(34467, 'defaults and inputs must have the same length');
  const [from, instead] = [inputs, defaults];
  return folded([...from, ...(instead ?? [])], frame => {
    const lists: RawValue[][] = [];
    for (const input of from) {
      const list = input.evaluate(frame);
      if (isNullish(list)) return NULL;
      if (!isArray(list))
        throw queryError(34468, `$zip found a non-array expression in input: ${typeName(list)}`);
      lists.push(values(list.bytes));
    }
    const fill = instead?.map(d => d.evaluate(frame) ?? NULL);
    const lengths = lists.map(list => list.length);
    const length = longest ? Math.max(...lengths) : Math.min(...lengths);
    const rows: RawValue[] = [];
    for (let i = 0; i < length; i++)
      rows.push(array(arrayOf(lists.map((list, j) => list[i] ?? fill?.[j] ?? NULL))));
    return array(arrayOf(rows));
  });
};

function range(args: Value[]): Value {
  const read = (value: Value, what: string, codes: readonly [number, number]): number => {
    if (!isNumber(value))
      throw queryError(
        codes[0],
        `$range requires a numeric ${what} value, found value of type: ${typeName(value)}`
      );
    const n = index32(value);
    if (n === undefined)
      throw queryError(
        codes[1],
        `$range requires a ${what} value that can be represented as a 32-bit integer, found value: ${toNumber(value)}`
      );
    return n;
  };
  const start = read(args[0], 'starting', [34443, 34444]);
  const stop = read(args[1], 'ending', [34445, 34446]);
  const step = args.length > 2 ? read(args[2], 'step', [34447, 34448]) : 1;
  if (step === 0) throw queryError(34449, '$range requires a non-zero step value');
  const out: RawValue[] = [];
  if (Math.ceil((stop - start) / step) > 10_000_000)
    throw queryError(146, '$range would use too much memory');
  for (let n = start; step > 0 ? n < stop : n > stop; n += step) out.push(int32(n));
  return array(arrayOf(out));
}

register({
  $zip: zip,
  $range: operator(2, 3, range),
  $arrayToObject: operator(1, 1, arrayToObject),
  $objectToArray: operator(1, 1, ([value]) => {
    if (isNullish(value)) return NULL;
    if (!isObject(value))
      throw queryError(40390, `$objectToArray requires a document input, found: ${typeName(value)}`);
    return array(
      arrayOf(
        elements(value.bytes).map(({ name, type, bytes }) =>
          object(
            documentOf([
              { ...string(name), name: 'k' },
              { name: 'v', type, bytes }
            ])
          )
        )
      )
    );
  }),
  $concatArrays: operator(0, Infinity, lists => {
    const out: RawValue[] = [];
    for (const list of lists) {
      if (isNullish(list)) return NULL;
      if (!isArray(list))
        throw queryError(28664, `$concatArrays only supports arrays, not ${typeName(list)}`);
      out.push(...values(list.bytes));
    }
    return array(arrayOf(out));
  }),
  $reverseArray: operator(1, 1, ([list]) => {
    if (isNullish(list)) return NULL;
    if (!isArray(list))
      throw queryError(
        34435,
        `The argument to $reverseArray must be an array, but was of type: ${typeName(list)}`
      );
    return array(arrayOf(values(list.bytes).reverse()));
  })
});
