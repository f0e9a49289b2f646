/** Operators that look at the elements of an array: whether one is there, where, how many, in what order. */

import type { ValueOrder } from '../../order';
import { arrayOf, Cursor, documentOf, elements, isNumberType, T, TYPE_NAMES, values } from '../../../bson';
import { queryError } from '../../error';
import { toNumber } from '../../numeric';
import { compileSort } from '../../sort';
import { array, bool, FALSE, int32, isNullish, NULL, type Value } from '../../values';
import { typeName } from '../arithmetic';
import { compileExpression, folded, operator, register, type OperatorCompiler } from '../compile';
import { compareOperands } from '../logic';
import type { Expression, RawValue, Scope } from '../scope';
import { indexArgument } from '../string';
import { isArray } from './values';

const isIn: OperatorCompiler = operator(2, 2, ([wanted, list], _name, order) => {
  if (!isArray(list))
    throw queryError(40081, `$in requires an array as a second argument, found: ${typeName(list)}`);
  for (const cursor = new Cursor(list.bytes); cursor.next();) {
    if (compareOperands(wanted, cursor.value, order) === 0) return bool(true);
  }
  return FALSE;
});

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

register({
  $in: isIn,
  $indexOfArray: operator(2, 4, indexOfArray),
  $sortArray: sortArray,
  $isArray: operator(1, 1, ([value]) => bool(isArray(value))),
  $size: operator(1, 1, ([list]) => {
    if (!isArray(list))
      throw queryError(17124, `The argument to $size must be an array, but was of type: ${typeName(list)}`);
    let count = 0;
    for (const cursor = new Cursor(list.bytes); cursor.next();) count++;
    return int32(count);
  })
});
