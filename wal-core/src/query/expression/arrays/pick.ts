/** Operators that take some elements of an array by their places or their order. */

import { arrayOf, field, T, values } from '../../../bson';
import { queryError } from '../../error';
import { show } from '../../show';
import { array, isNullish, NULL, type Value } from '../../values';
import { isNumber, typeName } from '../arithmetic';
import { operator, register, type OperatorCompiler } from '../compile';
import type { RawValue } from '../scope';
import { compileNamed } from '../string';
import { checkN, index32, isArray, largest } from './values';

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

register({
  $first: end('first'),
  $last: end('last'),
  $firstN: takeN('first'),
  $lastN: takeN('last'),
  $maxN: takeN('max'),
  $minN: takeN('min'),
  $slice: operator(2, 3, slice),
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
  })
});
