import { arrayOf, values } from '../../bson';
import { queryError } from '../error';
import type { ValueOrder } from '../order';
import { array, bool, isNullish, isTrue, NULL, type Value } from '../values';
import { typeName } from './arithmetic';
import { isArray } from './arrays';
import {
  argumentList,
  commutative,
  compileExpression,
  operator,
  register,
  type OperatorCompiler
} from './compile';
import type { RawValue } from './scope';

function distinct(items: readonly RawValue[], { keyText }: ValueOrder): Map<string, RawValue> {
  const out = new Map<string, RawValue>();
  for (const item of items) {
    const key = keyText(item);
    if (!out.has(key)) out.set(key, item);
  }
  return out;
}

/** Sets come out sorted, as from MongoDB's ordered set. */
function sorted(items: Iterable<RawValue>, { compare }: ValueOrder): RawValue {
  return array(arrayOf([...items].sort(compare)));
}

function list(value: Value, code: number, message: string): RawValue[] {
  if (!isArray(value)) throw queryError(code, `${message} ${typeName(value)}`);
  return values(value.bytes);
}

/** The members of the first set that the second has too. */
function keepCommon(set: Map<string, RawValue>, other: ReadonlyMap<string, RawValue>): Map<string, RawValue> {
  for (const key of [...set.keys()]) if (!other.has(key)) set.delete(key);
  return set;
}

/** Constants that are no sets are refused before anything is computed. @throws 5887502 */
function checked(compile: OperatorCompiler): OperatorCompiler {
  return (argument, scope, name) => {
    argumentList(argument).forEach((item, at) => {
      const { constant } = compileExpression(item, scope);
      if (constant !== undefined && !isArray(constant.value))
        throw queryError(
          5887502,
          `All operands of ${name} must be arrays. ${at + 1}-th argument is of type: ${typeName(constant.value)}`
        );
    });
    return compile(argument, scope, name);
  };
}

register({
  $setEquals: checked(
    operator(2, Infinity, (sets, _name, order) => {
      const [first, ...others] = sets.map(set =>
        distinct(
          list(set, 17044, 'All operands of $setEquals must be arrays. One argument is of type:'),
          order
        )
      );
      return bool(
        others.every(set => set.size === first!.size && [...set.keys()].every(key => first!.has(key)))
      );
    })
  ),
  $setUnion: commutative((sets, _name, order) => {
    const all: RawValue[] = [];
    for (const set of sets) {
      if (isNullish(set)) return NULL;
      all.push(...list(set, 17043, 'All operands of $setUnion must be arrays. One argument is of type:'));
    }
    return sorted(distinct(all, order).values(), order);
  }),
  $setIntersection: commutative((sets, _name, order) => {
    let common: Map<string, RawValue> | undefined;
    for (const set of sets) {
      if (isNullish(set)) return NULL;
      const next = distinct(
        list(set, 17047, 'All operands of $setIntersection must be arrays. One argument is of type:'),
        order
      );
      if (common === undefined) common = next;
      else common = common.size > next.size ? keepCommon(next, common) : keepCommon(common, next);
    }
    return sorted(common?.values() ?? [], order);
  }),
  $setDifference: operator(2, 2, ([a, b], _name, order) => {
    if (isNullish(a) || isNullish(b)) return NULL;
    const left = list(a, 17048, 'both operands of $setDifference must be arrays. First argument is of type:');
    const without = distinct(
      list(b, 17049, 'both operands of $setDifference must be arrays. Second argument is of type:'),
      order
    );
    return array(
      arrayOf([...distinct(left, order)].filter(([key]) => !without.has(key)).map(([, value]) => value))
    );
  }),
  $setIsSubset: operator(2, 2, ([a, b], _name, order) => {
    const left = distinct(
      list(a, 17046, 'both operands of $setIsSubset must be arrays. First argument is of type:'),
      order
    );
    const right = distinct(
      list(b, 17042, 'both operands of $setIsSubset must be arrays. Second argument is of type:'),
      order
    );
    return bool([...left.keys()].every(key => right.has(key)));
  }),
  $allElementsTrue: operator(1, 1, ([value]) =>
    bool(list(value, 17040, "$allElementsTrue's argument must be an array, but is").every(isTrue))
  ),
  $anyElementTrue: operator(1, 1, ([value]) =>
    bool(list(value, 17041, "$anyElementTrue's argument must be an array, but is").some(isTrue))
  )
});
