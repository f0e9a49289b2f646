/**
 * Decimal128 as sign, integer coefficient and exponent (IEEE 754-2008, BID encoding).
 */
export interface Decimal {
  readonly kind: 'finite' | 'infinity' | 'nan';
  readonly negative: boolean;
  /** 0 … 10^34 − 1 */
  readonly coefficient: bigint;
  /** Power of ten of the coefficient, −6176 … 6111. */
  readonly exponent: number;
}

export const DECIMAL_DIGITS = 34;
export const EXPONENT_MIN = -6176;
export const EXPONENT_MAX = 6111;
const BIAS = 6176;
const COEFFICIENT_LIMIT = 10n ** 34n;

const POWERS: bigint[] = [1n];

/** 10^n, remembered for the powers that come up. */
export function pow10(n: number): bigint {
  if (n > 1000) return 10n ** BigInt(n);
  for (let i = POWERS.length; i <= n; i++) POWERS.push(POWERS[i - 1]! * 10n);
  return POWERS[n]!;
}

/** Number of decimal digits of a non-negative integer; 0 has none. */
export function digitCount(n: bigint): number {
  return n === 0n ? 0 : n.toString().length;
}

/** Reads 16 bytes. Coefficients beyond 34 digits are zero, as the standard says. */
export function decodeDecimal(bytes: Buffer, at = 0): Decimal {
  const low = bytes.readBigUInt64LE(at);
  const high = bytes.readBigUInt64LE(at + 8);
  const negative = high >> 63n === 1n;
  const top = Number((high >> 58n) & 31n);
  if (top === 31) return { kind: 'nan', negative, coefficient: 0n, exponent: 0 };
  if (top === 30) return { kind: 'infinity', negative, coefficient: 0n, exponent: 0 };
  if (top >> 3 === 3) {
    return { kind: 'finite', negative, coefficient: 0n, exponent: Number((high >> 47n) & 0x3fffn) - BIAS };
  }
  const coefficient = ((high & 0x1ffffffffffffn) << 64n) | low;
  return {
    kind: 'finite',
    negative,
    coefficient: coefficient < COEFFICIENT_LIMIT ? coefficient : 0n,
    exponent: Number((high >> 49n) & 0x3fffn) - BIAS
  };
}

/** Writes 16 bytes. The coefficient and exponent must fit (`roundDecimal` in decimal arithmetic sees to that). */
export function encodeDecimal(value: Decimal): Buffer {
  const out = Buffer.alloc(16);
  const sign = value.negative ? 1n << 63n : 0n;
  if (value.kind === 'nan') {
    out.writeBigUInt64LE(sign | (31n << 58n), 8);
  } else if (value.kind === 'infinity') {
    out.writeBigUInt64LE(sign | (30n << 58n), 8);
  } else {
    if (
      value.coefficient >= COEFFICIENT_LIMIT ||
      value.exponent < EXPONENT_MIN ||
      value.exponent > EXPONENT_MAX
    ) {
      throw new RangeError('decimal out of range');
    }
    out.writeBigUInt64LE(value.coefficient & 0xffffffffffffffffn, 0);
    out.writeBigUInt64LE(sign | (BigInt(value.exponent + BIAS) << 49n) | (value.coefficient >> 64n), 8);
  }
  return out;
}
