import { exactOfDouble } from '../../bson';

/** Exponents up to this are computed exactly; V8's own power is off by a unit here and there. */
const EXACT_EXPONENT_MAX = 1100;

/** base^exponent as C's pow gives it: correctly rounded for whole exponents. */
export function power(base: number, exponent: number): number {
  if (base === 1) return 1;
  if (base === -1 && Math.abs(exponent) === Infinity) return 1;
  const whole = Number.isInteger(exponent) && Math.abs(exponent) <= EXACT_EXPONENT_MAX;
  if (!whole || exponent === 0 || base === 0 || !Number.isFinite(base)) return base ** exponent;
  const estimate = Math.log2(Math.abs(base)) * exponent;
  if (estimate > 1030 || estimate < -1080) return base ** exponent;
  const { digits, exponent2, sign } = exactOfDouble(base);
  const n = Math.abs(exponent);
  const raised = digits ** BigInt(n);
  const magnitude = exponent > 0 ? scaled(raised, exponent2 * n, false) : reciprocal(raised, -exponent2 * n);
  return sign < 0 && n % 2 === 1 ? -magnitude : magnitude;
}

function bitLength(n: bigint): number {
  return n.toString(16).length * 4;
}

/** n × 2^e as a double, half to even; `sticky` says that the exact value is a little more. */
function scaled(n: bigint, e: number, sticky: boolean): number {
  // 66 bits and a sticky one round as the whole would; below the normal range fewer are kept.
  const drop = Math.max(0, bitLength(n) - 66);
  let top = n >> BigInt(drop);
  if (sticky || top << BigInt(drop) !== n) top = (top << 1n) | 1n;
  else top <<= 1n;
  const power2 = e + drop - 1;
  const lowest = -1074 - power2;
  if (lowest > 0 && bitLength(top) - lowest < 56) {
    // Subnormal: round at 2^-1074 by hand.
    const half = 1n << BigInt(lowest - 1);
    const rest = top & ((1n << BigInt(lowest)) - 1n);
    let kept = top >> BigInt(lowest);
    if (rest > half || (rest === half && (kept & 1n) === 1n)) kept += 1n;
    return Number(kept) * 2 ** -1074;
  }
  const value = Number(top);
  return power2 < -1000
    ? value * 2 ** -1000 * 2 ** (power2 + 1000)
    : power2 > 900
      ? value * 2 ** 900 * 2 ** (power2 - 900)
      : value * 2 ** power2;
}

/** 2^e ÷ n as a double. */
function reciprocal(n: bigint, e: number): number {
  const bits = bitLength(n) + 70;
  const numerator = 1n << BigInt(bits);
  const quotient = numerator / n;
  return scaled(quotient, e - bits, quotient * n !== numerator);
}
