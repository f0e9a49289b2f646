import { elements, isNumberType, T, type RawValue } from '../../bson';
import { queryError } from '../error';
import { toInt64 } from '../numeric';
import type { ElementTest } from './path';

/** `$mod: [divisor, remainder]` on the integer part of numbers; NaN and infinities never match. */
export function modTest(value: RawValue): ElementTest {
  if (value.type !== T.ARRAY) throw queryError(2, 'malformed mod, needs to be an array');
  const items = elements(value.bytes);
  if (items.length < 2) throw queryError(2, 'malformed mod, not enough elements');
  if (items.length > 2) throw queryError(2, 'malformed mod, too many elements');
  const divisor = operand(items[0]!, 'divisor');
  const remainder = operand(items[1]!, 'remainder');
  if (divisor === 0n) throw queryError(2, 'divisor cannot be 0');
  return (type, buf, start, end) => {
    if (!isNumberType(type)) return false;
    const n = toInt64({ type, bytes: buf.subarray(start, end) });
    return n !== undefined && n % divisor === remainder;
  };
}

function operand(value: RawValue, what: string): bigint {
  if (!isNumberType(value.type)) throw queryError(2, `malformed mod, ${what} not a number`);
  const n = toInt64(value);
  if (n === undefined) throw queryError(2, `malformed mod, ${what} value is invalid`);
  return n;
}
