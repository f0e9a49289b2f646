import { decodeDecimal, elements, int32At, isNumberType, T, type RawValue } from '../../bson';
import { integerOf, quantize } from '../decimalMath';
import { queryError } from '../error';
import { integralValue } from '../numeric';
import { showElement } from '../show';
import { INT64_MAX, INT64_MIN } from '../values';
import type { ElementTest } from './path';

/** `$bitsAllSet` and its kin, on integral numbers (as two's complement) and binary data. */
export function bitsTest(op: string, mask: RawValue): ElementTest {
  const positions = bitPositions(op, mask);
  const wantSet = op.endsWith('Set');
  const all = op.startsWith('$bitsAll');
  const judge = (bit: (position: number) => boolean): boolean =>
    all ? positions.every(p => bit(p) === wantSet) : positions.some(p => bit(p) === wantSet);
  return (type, buf, start, end) => {
    if (type === T.BINARY) {
      const length = int32At(buf, start);
      return judge(p => p >> 3 < length && ((buf[start + 5 + (p >> 3)]! >> (p & 7)) & 1) === 1);
    }
    if (!isNumberType(type)) return false;
    const n = bitsOf({ type, bytes: buf.subarray(start, end) });
    if (n === undefined) return false;
    const bits = BigInt.asUintN(64, n);
    return judge(p => (p >= 64 ? n < 0n : ((bits >> BigInt(p)) & 1n) === 1n));
  };
}

/** Doubles must be integral; Decimal128 is rounded half to even, and what does not fit is the least int64. */
function bitsOf(value: RawValue): bigint | undefined {
  if (value.type !== T.DECIMAL128) return integralValue(value);
  const d = decodeDecimal(value.bytes);
  const n =
    d.kind === 'finite' && d.exponent < 20 ? integerOf(quantize(d, Math.max(0, d.exponent))) : undefined;
  return n === undefined || n > INT64_MAX || n < INT64_MIN ? INT64_MIN : n;
}

function bitPositions(op: string, mask: RawValue): number[] {
  if (isNumberType(mask.type)) {
    const n = integralValue(mask);
    if (n === undefined) throw queryError(9, `Expected an integer: ${showElement({ ...mask, name: op })}`);
    if (n < 0n)
      throw queryError(9, `Expected a non-negative number in: ${showElement({ ...mask, name: op })}`);
    return Array.from({ length: 64 }, (_, p) => p).filter(p => ((n >> BigInt(p)) & 1n) === 1n);
  }
  if (mask.type === T.BINARY) {
    const out: number[] = [];
    for (let p = 0; p < int32At(mask.bytes, 0) * 8; p++)
      if ((mask.bytes[5 + (p >> 3)]! >> (p & 7)) & 1) out.push(p);
    return out;
  }
  if (mask.type !== T.ARRAY)
    throw queryError(2, `${op} takes an Array, a number, or a BinData but received: ${op}`);
  return elements(mask.bytes).map(item => {
    const n = isNumberType(item.type) ? integralValue(item) : undefined;
    if (n === undefined)
      throw queryError(2, `Failed to parse bit position. Expected a number in: ${item.name}`);
    if (n < 0n || n > 2147483647n)
      throw queryError(2, `Failed to parse bit position. Expected a non-negative number in: ${item.name}`);
    return Number(n);
  });
}
