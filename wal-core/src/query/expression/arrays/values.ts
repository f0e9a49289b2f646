/** Arrays and numbers among values, as the operators on arrays ask for them. */

import { T } from '../../../bson';
import { queryError } from '../../error';
import { integralValue, toNumber } from '../../numeric';
import type { ValueOrder } from '../../order';
import type { Value } from '../../values';
import { isNumber, typeName } from '../arithmetic';
import type { RawValue } from '../scope';

export function isArray(value: Value): value is RawValue {
  return value !== undefined && value.type === T.ARRAY;
}

export function isObject(value: Value): value is RawValue {
  return value !== undefined && value.type === T.OBJECT;
}

/** Index arguments of `$arrayElemAt` and `$slice`: numbers that are 32-bit integers. */
export function index32(value: Value): number | undefined {
  if (!isNumber(value)) return undefined;
  const n = toNumber(value);
  return Number.isInteger(n) && n >= -2147483648 && n <= 2147483647 ? n : undefined;
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
