import {
  arrayOf,
  Cursor,
  documentOf,
  elements,
  field,
  isNumberType,
  T,
  TYPE_NAMES,
  values
} from '../../bson';
import { queryError } from '../error';
import { integralValue, toNumber } from '../numeric';
import { show } from '../show';
import { compileSort } from '../sort';
import {
  array,
  bool,
  FALSE,
  int32,
  isNullish,
  isTrue,
  NULL,
  object,
  string,
  textOf,
  type Value
} from '../values';
import { isNumber, typeName } from './arithmetic';
import { compileExpression, folded, operator, register, type OperatorCompiler } from './compile';
import type { ValueOrder } from '../order';
import { compareOperands } from './logic';
import { checkVariableName, type Expression, type RawValue, type Scope } from './scope';
import { compileNamed, indexArgument } from './string';

export function isArray(value: Value): value is RawValue {
  return value !== undefined && value.type === T.ARRAY;
}

function isObject(value: Value): value is RawValue {
  return value !== undefined && value.type === T.OBJECT;
}

/** Named arguments, each with the codes of MongoDB. */
function parameters(
  argument: RawValue,
  name: string,
  notObject: number,
  unknown: number,
  missing: Readonly<Record<string, number>>,
  optional: readonly string[] = []
): Map<string, RawValue> {
  if (argument.type !== T.OBJECT)
    throw queryError(notObject, `${name} only supports an object as its argument`);
  const out = new Map<string, RawValue>();
  for (const element of elements(argument.bytes)) {
    if (!(element.name in missing) && !optional.includes(element.name)) {
      throw queryError(unknown, `Unrecognized parameter to ${name}: ${element.name}`);
    }
    out.set(element.name, element);
  }
  for (const [key, code] of Object.entries(missing)) {
    if (!out.has(key)) throw queryError(code, `Missing '${key}' parameter to ${name}`);
  }
  return out;
}

const map: OperatorCompiler = (argument, scope) => {
  const args = parameters(argument, '$map', 16878, 16879, { input: 16880, in: 16882 }, ['as']);
  const input = compileExpression(args.get('input')!, scope);
  const { inner, slot } = bind(scope, args.get('as'));
  const body = compileExpression(args.get('in')!, inner);
  return {
    evaluate: frame => {
      const list = input.evaluate(frame);
      if (isNullish(list)) return NULL;
      if (!isArray(list)) throw queryError(16883, `input to $map must be an array not ${typeName(list)}`);
      const out: RawValue[] = [];
      for (const cursor = new Cursor(list.bytes); cursor.next();) {
        frame.vars[slot] = cursor.value;
        out.push(body.evaluate(frame) ?? NULL);
      }
      return array(arrayOf(out));
    }
  };
};

/** The variable that `as` names, or `$$this`. */
function bind(scope: Scope, as: RawValue | undefined): { inner: Scope; slot: number } {
  const name = as === undefined ? 'this' : as.type === T.STRING ? textOf(as) : '';
  const { scope: inner, slots } = scope.with(checkVariableName(name));
  return { inner, slot: slots[0]! };
}

const filter: OperatorCompiler = (argument, scope) => {
  const args = parameters(argument, '$filter', 28646, 28647, { input: 28648, cond: 28650 }, ['as', 'limit']);
  const input = compileExpression(args.get('input')!, scope);
  const { inner, slot } = bind(scope, args.get('as'));
  const test = compileExpression(args.get('cond')!, inner);
  const limit = args.get('limit') && compileExpression(args.get('limit')!, scope);
  return {
    evaluate: frame => {
      const list = input.evaluate(frame);
      if (isNullish(list)) return NULL;
      if (!isArray(list)) throw queryError(28651, `input to $filter must be an array not ${typeName(list)}`);
      const most = limit && list.bytes.length > 5 ? filterLimit(limit.evaluate(frame)) : Infinity;
      const out: RawValue[] = [];
      for (const cursor = new Cursor(list.bytes); out.length < most && cursor.next();) {
        const item = cursor.value;
        frame.vars[slot] = item;
        if (isTrue(test.evaluate(frame))) out.push(item);
      }
      return array(arrayOf(out));
    }
  };
};

function filterLimit(value: Value): number {
  if (isNullish(value)) return Infinity;
  const n = isNumber(value) ? toNumber(value) : NaN;
  if (!Number.isInteger(n) || n !== (n | 0))
    throw queryError(
      327391,
      `$filter: limit must be represented as a 32-bit integral value: ${typeName(value)}`
    );
  if (n < 1) throw queryError(327392, `$filter: limit must be greater than 0: ${n}`);
  return n;
}

const reduce: OperatorCompiler = (argument, scope) => {
  const args = parameters(argument, '$reduce', 40075, 40076, {
    input: 40077,
    initialValue: 40078,
    in: 40079
  });
  const input = compileExpression(args.get('input')!, scope);
  const initial = compileExpression(args.get('initialValue')!, scope);
  const { scope: inner, slots } = scope.with('this', 'value');
  const body = compileExpression(args.get('in')!, inner);
  return {
    evaluate: frame => {
      const list = input.evaluate(frame);
      if (isNullish(list)) return NULL;
      if (!isArray(list))
        throw queryError(40080, `$reduce requires that 'input' be an array, found: ${typeName(list)}`);
      let value = initial.evaluate(frame);
      for (const cursor = new Cursor(list.bytes); cursor.next();) {
        frame.vars[slots[0]!] = cursor.value;
        frame.vars[slots[1]!] = value;
        value = body.evaluate(frame);
      }
      return value;
    }
  };
};

const letIn: OperatorCompiler = (argument, scope) => {
  const args = parameters(argument, '$let', 16874, 16875, { vars: 16876, in: 16877 });
  const vars = args.get('vars')!;
  if (vars.type !== T.OBJECT) throw queryError(10065, `invalid parameter: expected an object (vars)`);
  const list = elements(vars.bytes).map(element => ({
    name: checkVariableName(element.name),
    expression: compileExpression(element, scope)
  }));
  const { scope: inner, slots } = scope.with(...list.map(v => v.name));
  const body = compileExpression(args.get('in')!, inner);
  return {
    evaluate: frame => {
      const given = list.map(v => v.expression.evaluate(frame));
      given.forEach((value, i) => (frame.vars[slots[i]!] = value));
      return body.evaluate(frame);
    }
  };
};

/** Index arguments of `$arrayElemAt` and `$slice`: numbers that are 32-bit integers. */
function index32(value: Value): number | undefined {
  if (!isNumber(value)) return undefined;
  const n = toNumber(value);
  return Number.isInteger(n) && n >= -2147483648 && n <= 2147483647 ? n : undefined;
}

function elemAt(list: RawValue, index: number): Value {
  const items = values(list.bytes);
  return items[index < 0 ? items.length + index : index];
}

function end(which: 'first' | 'last'): OperatorCompiler {
  return (argument, scope, name) => {
    if (argument.type === T.OBJECT && field(argument.bytes, 'input') !== undefined) {
      throw queryError(16020, `Expression ${name} takes exactly 1 arguments.`);
    }
    return operator(1, 1, ([list]) => {
      if (isNullish(list)) return NULL;
      if (!isArray(list))
        throw queryError(28689, `${name}'s argument must be an array, but is ${typeName(list)}`);
      return elemAt(list, which === 'first' ? 0 : -1);
    })(argument, scope, name);
  };
}

function slice(args: Value[]): Value {
  const [list, from, count] = args;
  if (isNullish(list) || isNullish(from)) return NULL;
  if (!isArray(list))
    throw queryError(28724, `First argument to $slice must be an array, but is of type: ${typeName(list)}`);
  if (!isNumber(from))
    throw queryError(
      28725,
      `Second argument to $slice must be a numeric value, but is of type: ${typeName(from)}`
    );
  const n = index32(from);
  if (n === undefined)
    throw queryError(28726, `Second argument to $slice can't be represented as a 32-bit integer`);
  const items = values(list.bytes);
  if (args.length === 2) return array(arrayOf(n >= 0 ? items.slice(0, n) : items.slice(n)));
  if (isNullish(count)) return NULL;
  if (!isNumber(count))
    throw queryError(28727, `Third argument to $slice must be numeric, but is of type: ${typeName(count)}`);
  const most = index32(count);
  if (most === undefined)
    throw queryError(28728, `Third argument to $slice can't be represented as a 32-bit integer`);
  if (most <= 0) throw queryError(28729, `Third argument to $slice must be positive: ${most}`);
  const start = n < 0 ? Math.max(0, items.length + n) : n;
  return array(arrayOf(items.slice(start, start + most)));
}

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

function indexOfArray(args: Value[], _name: string, order: ValueOrder): Value {
  const [list, wanted] = args;
  if (isNullish(list)) return NULL;
  if (!isArray(list))
    throw queryError(40090, `$indexOfArray requires an array as a first argument, found: ${typeName(list)}`);
  const items = values(list.bytes);
  const start = args.length > 2 ? indexArgument(args[2], '$indexOfArray', 'starting') : 0;
  const stop =
    args.length > 3
      ? Math.min(items.length, indexArgument(args[3], '$indexOfArray', 'ending'))
      : items.length;
  for (let i = start; i < stop; i++) if (compareOperands(items[i], wanted, order) === 0) return int32(i);
  return int32(-1);
}

const sortArray: OperatorCompiler = (argument, scope, name) => {
  if (argument.type !== T.OBJECT)
    throw queryError(
      2942500,
      `$sortArray requires an object as an argument, found: ${TYPE_NAMES[argument.type]}`
    );
  let input: Expression | undefined;
  let order: ((a: RawValue, b: RawValue) => number) | undefined;
  for (const element of elements(argument.bytes)) {
    if (element.name === 'input') input = compileExpression(element, scope);
    else if (element.name === 'sortBy') order = sortOrder(element, scope);
    else throw queryError(2942501, `$sortArray found an unknown argument: ${element.name}`);
  }
  if (input === undefined) throw queryError(2942502, `${name} requires 'input' to be specified`);
  if (order === undefined) throw queryError(2942503, `${name} requires 'sortBy' to be specified`);
  const [from, by] = [input, order];
  return folded([from], frame => {
    const list = from.evaluate(frame);
    if (isNullish(list)) return NULL;
    if (!isArray(list))
      throw queryError(
        2942504,
        `The input argument to $sortArray must be an array, but was of type: ${typeName(list)}`
      );
    return array(arrayOf(values(list.bytes).sort(by)));
  });
};

function sortOrder(spec: RawValue, scope: Scope): (a: RawValue, b: RawValue) => number {
  const { compare } = scope.order;
  if (isNumberType(spec.type)) {
    const direction = toNumber(spec);
    if (direction !== 1 && direction !== -1)
      throw queryError(2942506, 'The $sort element value must be either 1 or -1');
    return (a, b) => compare(a, b) * direction;
  }
  if (spec.type !== T.OBJECT)
    throw queryError(2942507, `The $sortArray's sortBy must be a number or an object`);
  const sort = compileSort(spec.bytes, scope.collation);
  const doc = (value: RawValue): Buffer => (value.type === T.OBJECT ? value.bytes : documentOf([]));
  return (a, b) => sort.compare(doc(a), doc(b));
}

/**
 * The `count` largest, falling. As in mongod's multimap: a newcomer equal to the least is
 * not taken, the least and oldest goes first, and of equals the youngest comes out first.
 */
export function largest(items: readonly RawValue[], count: number, { compare }: ValueOrder): RawValue[] {
  const kept: RawValue[] = [];
  for (const item of items) {
    if (kept.length === count) {
      if (compare(item, kept[0]!) <= 0) continue;
      kept.shift();
    }
    let at = kept.length;
    while (at > 0 && compare(kept[at - 1]!, item) > 0) at--;
    kept.splice(at, 0, item);
  }
  return kept.reverse();
}

/** `$firstN`, `$lastN`, `$maxN`, `$minN` as expressions on an array. */
function takeN(which: 'first' | 'last' | 'max' | 'min'): OperatorCompiler {
  const compiler = compileNamed(
    ['n', 'input'],
    { notObject: 5787900, unknown: 5787901, missing: { n: 5787906, input: 5787907 } },
    ([n, input], name, order) => {
      const count = checkN(n as Value, name);
      if (!isArray(input as Value)) throw queryError(5788200, `Input must be an array`);
      const items = values((input as RawValue).bytes);
      if (which === 'first') return array(arrayOf(items.slice(0, count)));
      if (which === 'last') return array(arrayOf(items.slice(-count)));
      const known = items.filter(item => !isNullish(item));
      return array(
        arrayOf(which === 'min' ? known.sort(order.compare).slice(0, count) : largest(known, count, order))
      );
    }
  );
  // Computed for each document even when constant, as mongod does, so that errors come late.
  return (argument, scope, name) => {
    const compiled = compiler(argument, scope, name);
    return { evaluate: frame => compiled.evaluate(frame) };
  };
}

/** `n` of the N-family: a positive integer. */
export function checkN(value: Value, name: string): number {
  const n = isNumber(value) ? integralValue(value) : undefined;
  if (!isNumber(value))
    throw queryError(5787902, `Value for 'n' must be of integral type, but found ${typeName(value)}`);
  if (n === undefined) throw queryError(5787903, `Value for 'n' must be of integral type, but found ${name}`);
  if (n <= 0n) throw queryError(5787908, `'n' must be greater than 0, found ${n}`);
  return Number(n);
}

const isIn: OperatorCompiler = operator(2, 2, ([wanted, list], _name, order) => {
  if (!isArray(list))
    throw queryError(40081, `$in requires an array as a second argument, found: ${typeName(list)}`);
  for (const cursor = new Cursor(list.bytes); cursor.next();) {
    if (compareOperands(wanted, cursor.value, order) === 0) return bool(true);
  }
  return FALSE;
});

register({
  $map: map,
  $filter: filter,
  $reduce: reduce,
  $let: letIn,
  $zip: zip,
  $in: isIn,
  $sortArray: sortArray,
  $firstN: takeN('first'),
  $lastN: takeN('last'),
  $maxN: takeN('max'),
  $minN: takeN('min'),
  $first: end('first'),
  $last: end('last'),
  $slice: operator(2, 3, slice),
  $range: operator(2, 3, range),
  $indexOfArray: operator(2, 4, indexOfArray),
  $arrayToObject: operator(1, 1, arrayToObject),
  $isArray: operator(1, 1, ([value]) => bool(isArray(value))),
  $arrayElemAt: operator(2, 2, ([list, at]) => {
    if (isNullish(list) || isNullish(at)) return NULL;
    if (!isArray(list))
      throw queryError(28689, `$arrayElemAt's first argument must be an array, but is ${typeName(list)}`);
    if (!isNumber(at))
      throw queryError(
        28690,
        `$arrayElemAt's second argument must be a numeric value, but is ${typeName(at)}`
      );
    const n = index32(at);
    if (n === undefined)
      throw queryError(
        28691,
        `$arrayElemAt's second argument must be representable as a 32-bit integer: ${show(at)}`
      );
    return elemAt(list, n);
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
  }),
  $size: operator(1, 1, ([list]) => {
    if (!isArray(list))
      throw queryError(17124, `The argument to $size must be an array, but was of type: ${typeName(list)}`);
    let count = 0;
    for (const cursor = new Cursor(list.bytes); cursor.next();) count++;
    return int32(count);
  }),
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
  })
});
