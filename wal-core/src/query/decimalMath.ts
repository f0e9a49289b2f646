import { DECIMAL_DIGITS, digitCount, EXPONENT_MAX, EXPONENT_MIN, pow10, type Decimal } from '../bson';

/**
 * Decimal128 arithmetic after IEEE 754-2008 with 34 digits: every result is the exact one,
 * rounded once, half to even, with the preferred exponent of the standard.
 */
export const DECIMAL_NAN: Decimal = { kind: 'nan', negative: false, coefficient: 0n, exponent: 0 };

export function infinity(negative: boolean): Decimal {
  return { kind: 'infinity', negative, coefficient: 0n, exponent: 0 };
}

export function finite(negative: boolean, coefficient: bigint, exponent: number): Decimal {
  return { kind: 'finite', negative, coefficient, exponent };
}

export const DECIMAL_ZERO = finite(false, 0n, 0);

export function decimalOfInteger(n: bigint): Decimal {
  return finite(n < 0n, n < 0n ? -n : n, 0);
}

export function isZero(d: Decimal): boolean {
  return d.kind === 'finite' && d.coefficient === 0n;
}

export function negate(d: Decimal): Decimal {
  return { ...d, negative: !d.negative };
}

/** Divides by 10^digits, half to even; `sticky` says that the exact value has more behind it. */
function shiftRight(coefficient: bigint, digits: number, sticky: boolean): bigint {
  if (digits <= 0) return coefficient;
  const unit = pow10(digits);
  const quotient = coefficient / unit;
  const rest = coefficient - quotient * unit;
  const twice = rest * 2n;
  if (twice > unit || (twice === unit && (sticky || (quotient & 1n) === 1n))) return quotient + 1n;
  return quotient;
}

/** Rounds coefficient × 10^exponent to what Decimal128 can hold. */
export function round(negative: boolean, coefficient: bigint, exponent: number, sticky = false): Decimal {
  let drop = Math.max(0, digitCount(coefficient) - DECIMAL_DIGITS, EXPONENT_MIN - exponent);
  let c = shiftRight(coefficient, drop, sticky);
  let e = exponent + drop;
  if (digitCount(c) > DECIMAL_DIGITS) {
    drop = 1;
    c /= 10n;
    e += 1;
  }
  if (c === 0n) return finite(negative, 0n, Math.min(Math.max(e, EXPONENT_MIN), EXPONENT_MAX));
  if (e > EXPONENT_MAX) {
    const pad = e - EXPONENT_MAX;
    if (digitCount(c) + pad > DECIMAL_DIGITS) return infinity(negative);
    return finite(negative, c * pow10(pad), EXPONENT_MAX);
  }
  return finite(negative, c, e);
}

export function add(a: Decimal, b: Decimal): Decimal {
  if (a.kind === 'nan' || b.kind === 'nan') return DECIMAL_NAN;
  if (a.kind === 'infinity') return b.kind === 'infinity' && a.negative !== b.negative ? DECIMAL_NAN : a;
  if (b.kind === 'infinity') return b;
  const exponent = Math.min(a.exponent, b.exponent);
  if (isZero(a) || isZero(b)) {
    if (isZero(a) && isZero(b)) return finite(a.negative && b.negative, 0n, exponent);
    const other = isZero(a) ? b : a;
    const pad = Math.min(other.exponent - exponent, DECIMAL_DIGITS - digitCount(other.coefficient));
    return finite(other.negative, other.coefficient * pow10(pad), other.exponent - pad);
  }
  const far = Math.abs(a.exponent - b.exponent);
  if (far > 2 * DECIMAL_DIGITS + 2) return addFar(a, b);
  const left = signed(a) * pow10(a.exponent - exponent);
  const right = signed(b) * pow10(b.exponent - exponent);
  const sum = left + right;
  return round(sum < 0n, sum < 0n ? -sum : sum, exponent);
}

/** Terms so far apart that the smaller only decides how the larger is rounded. */
function addFar(a: Decimal, b: Decimal): Decimal {
  const [large, small] =
    a.exponent + digitCount(a.coefficient) > b.exponent + digitCount(b.coefficient) ? [a, b] : [b, a];
  const pad = 2 * DECIMAL_DIGITS - digitCount(large.coefficient);
  const extended = large.coefficient * pow10(pad);
  const nudged = extended + (large.negative === small.negative ? 1n : -1n);
  return round(large.negative, nudged, large.exponent - pad);
}

function signed(d: Decimal): bigint {
  return d.negative ? -d.coefficient : d.coefficient;
}

export function subtract(a: Decimal, b: Decimal): Decimal {
  return b.kind === 'nan' ? DECIMAL_NAN : add(a, negate(b));
}

export function multiply(a: Decimal, b: Decimal): Decimal {
  if (a.kind === 'nan' || b.kind === 'nan') return DECIMAL_NAN;
  const negative = a.negative !== b.negative;
  if (a.kind === 'infinity' || b.kind === 'infinity')
    return isZero(a) || isZero(b) ? DECIMAL_NAN : infinity(negative);
  return round(negative, a.coefficient * b.coefficient, a.exponent + b.exponent);
}

export function divide(a: Decimal, b: Decimal): Decimal {
  if (a.kind === 'nan' || b.kind === 'nan') return DECIMAL_NAN;
  const negative = a.negative !== b.negative;
  if (a.kind === 'infinity') return b.kind === 'infinity' ? DECIMAL_NAN : infinity(negative);
  if (b.kind === 'infinity') return finite(negative, 0n, EXPONENT_MIN);
  if (isZero(b)) return isZero(a) ? DECIMAL_NAN : infinity(negative);
  const preferred = a.exponent - b.exponent;
  if (isZero(a)) return round(negative, 0n, preferred);
  const pad = Math.max(0, DECIMAL_DIGITS + 2 + digitCount(b.coefficient) - digitCount(a.coefficient));
  const scaled = a.coefficient * pow10(pad);
  const quotient = scaled / b.coefficient;
  const exact = quotient * b.coefficient === scaled;
  if (!exact) return round(negative, quotient, preferred - pad, true);
  return towardsExponent(negative, quotient, preferred - pad, preferred);
}

/** Drops trailing zeros of an exact result until the preferred exponent is reached. */
function towardsExponent(
  negative: boolean,
  coefficient: bigint,
  exponent: number,
  preferred: number
): Decimal {
  let c = coefficient;
  let e = exponent;
  while (e < preferred && c !== 0n && c % 10n === 0n) {
    c /= 10n;
    e++;
  }
  return round(negative, c, e);
}

/** Remainder with the sign of the dividend (truncated division), exact. */
export function remainder(a: Decimal, b: Decimal): Decimal {
  if (a.kind !== 'finite' || b.kind === 'nan' || isZero(b)) return DECIMAL_NAN;
  if (b.kind === 'infinity') return a;
  const exponent = Math.min(a.exponent, b.exponent);
  const divisor = b.coefficient * pow10(b.exponent - exponent);
  const rest =
    a.exponent - exponent > 100
      ? (a.coefficient * modPow10(a.exponent - exponent, divisor)) % divisor
      : (a.coefficient * pow10(a.exponent - exponent)) % divisor;
  return round(a.negative, rest, exponent);
}

function modPow10(n: number, modulus: bigint): bigint {
  let result = 1n;
  let base = 10n % modulus;
  for (let left = n; left > 0; left >>= 1) {
    if (left & 1) result = (result * base) % modulus;
    base = (base * base) % modulus;
  }
  return result;
}

export type RoundingMode = 'even' | 'trunc' | 'floor' | 'ceil';

/** The value rounded to a multiple of 10^exponent, with that exponent; NaN when it needs more than 34 digits. */
export function quantize(d: Decimal, exponent: number, mode: RoundingMode = 'even'): Decimal {
  if (d.kind !== 'finite') return d;
  if (d.exponent >= exponent) {
    const pad = d.exponent - exponent;
    if (digitCount(d.coefficient) + pad > DECIMAL_DIGITS && d.coefficient !== 0n) return DECIMAL_NAN;
    return finite(d.negative, d.coefficient * (d.coefficient === 0n ? 1n : pow10(pad)), exponent);
  }
  const drop = exponent - d.exponent;
  if (mode === 'even') return finite(d.negative, shiftRight(d.coefficient, drop, false), exponent);
  const unit = pow10(drop);
  const quotient = d.coefficient / unit;
  const away = (mode === 'floor' && d.negative) || (mode === 'ceil' && !d.negative);
  return finite(d.negative, away && quotient * unit !== d.coefficient ? quotient + 1n : quotient, exponent);
}

/** Square root, correctly rounded. */
export function squareRoot(d: Decimal): Decimal {
  if (d.kind === 'nan' || (d.negative && !isZero(d))) return DECIMAL_NAN;
  if (d.kind === 'infinity') return d;
  const preferred = Math.floor(d.exponent / 2);
  if (isZero(d)) return finite(d.negative, 0n, preferred);
  let pad = Math.max(0, 2 * DECIMAL_DIGITS + 4 - digitCount(d.coefficient));
  if ((d.exponent - pad) % 2 !== 0) pad++;
  const scaled = d.coefficient * pow10(pad);
  const root = integerRoot(scaled);
  const exponent = (d.exponent - pad) / 2;
  return root * root === scaled
    ? towardsExponent(false, root, exponent, preferred)
    : round(false, root, exponent, true);
}

function integerRoot(n: bigint): bigint {
  let x = BigInt(Math.floor(Math.sqrt(Number(n))));
  for (;;) {
    const next = (x + n / x) >> 1n;
    if (next === x || next === x + 1n) break;
    x = next;
  }
  while (x * x > n) x--;
  while ((x + 1n) * (x + 1n) <= n) x++;
  return x;
}

/**
 * A double as Decimal128 the way MongoDB converts for arithmetic: 15 significant digits,
 * trailing zeros kept (0.1 is 0.100000000000000).
 */
export function decimalOfDouble15(n: number): Decimal {
  const exact = decimalOfDouble34(n);
  if (n === 0 || exact.kind !== 'finite') return exact;
  const base2 = binaryExponent(n);
  let base10 = Math.trunc((base2 * 30103) / 100000);
  if (base10 < 0) base10--;
  const rounded = quantize(exact, base10 - 14);
  return rounded.kind === 'finite' && rounded.coefficient <= 999999999999999n
    ? rounded
    : quantize(exact, base10 - 13);
}

/** Exponent e of the double in 1.xxx × 2^e. */
function binaryExponent(n: number): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, n);
  const biased = (view.getUint16(0) >> 4) & 0x7ff;
  return biased === 0 ? Math.floor(Math.log2(Math.abs(n))) : biased - 1023;
}

/** A double as Decimal128 with 34 digits. */
export function decimalOfDouble34(n: number): Decimal {
  if (Number.isNaN(n)) return DECIMAL_NAN;
  const negative = n < 0 || Object.is(n, -0);
  if (!Number.isFinite(n)) return infinity(negative);
  if (Number.isInteger(n)) {
    const d = BigInt(Math.abs(n));
    return round(negative, d, 0);
  }
  // n = m × 2^-k exactly, so n = m × 5^k × 10^-k.
  let k = 0;
  let m = Math.abs(n);
  let scaled = m;
  while (!Number.isInteger(scaled)) {
    scaled *= 2;
    k++;
  }
  m = scaled;
  return round(negative, BigInt(m) * 5n ** BigInt(k), -k);
}

/** Decimal text as MongoDB prints it. */
export function decimalText(d: Decimal): string {
  const sign = d.negative ? '-' : '';
  if (d.kind === 'nan') return 'NaN';
  if (d.kind === 'infinity') return `${sign}Infinity`;
  const digits = d.coefficient.toString();
  const adjusted = d.exponent + digits.length - 1;
  if (d.exponent <= 0 && adjusted >= -6) {
    if (d.exponent === 0) return sign + digits;
    const point = digits.length + d.exponent;
    if (point > 0) return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
    return `${sign}0.${'0'.repeat(-point)}${digits}`;
  }
  const mantissa = digits.length > 1 ? `${digits[0]}.${digits.slice(1)}` : digits;
  return `${sign}${mantissa}E${adjusted < 0 ? '-' : '+'}${Math.abs(adjusted)}`;
}

/** Reads decimal text; undefined when it is none. Digits beyond 34 are rounded. */
export function parseDecimal(text: string): Decimal | undefined {
  const special = /^([+-])?(?:(inf|infinity)|(nan))$/i.exec(text);
  if (special) return special[3] !== undefined ? DECIMAL_NAN : infinity(special[1] === '-');
  const match = /^([+-])?(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,9}))?$/.exec(text);
  if (!match || ((match[2] ?? '') === '' && (match[3] ?? '') === '')) return undefined;
  const fraction = match[3] ?? '';
  const coefficient = BigInt(`${match[2] ?? ''}${fraction}`);
  return round(match[1] === '-', coefficient, Number(match[4] ?? 0) - fraction.length);
}

/** Natural logarithm, exponential and powers by series in 50-digit fixed point. */
const FIXED_DIGITS = 60;
const ONE = 10n ** BigInt(FIXED_DIGITS);

function fixedLnSmall(x: bigint): bigint {
  // ln x = 2 artanh((x-1)/(x+1)) for x near 1
  const z = ((x - ONE) * ONE) / (x + ONE);
  const z2 = (z * z) / ONE;
  let term = z;
  let sum = 0n;
  for (let n = 1n; term !== 0n; n += 2n) {
    sum += term / n;
    term = (term * z2) / ONE;
  }
  return sum * 2n;
}

let ln10: bigint | undefined;

function fixedLn10(): bigint {
  // ln 10 = 10·ln(10^(1/10)); cheaper: 3·ln 2 + ln 1.25
  return (ln10 ??= 3n * fixedLnSmall(2n * ONE) + fixedLnSmall((5n * ONE) / 4n));
}

/** ln of a positive finite decimal, as fixed point. */
function fixedLn(d: Decimal): bigint {
  const digits = digitCount(d.coefficient);
  let mantissa = (d.coefficient * ONE) / pow10(digits - 1);
  let sum = BigInt(d.exponent + digits - 1) * fixedLn10();
  // Halve until near 1, so that the series is short.
  let halvings = 0n;
  while (mantissa > (3n * ONE) / 2n) {
    mantissa /= 2n;
    halvings++;
  }
  sum += halvings * fixedLnSmall(2n * ONE);
  return sum + fixedLnSmall(mantissa);
}

function fixedToDecimal(value: bigint): Decimal {
  return round(value < 0n, value < 0n ? -value : value, -FIXED_DIGITS);
}

export function naturalLog(d: Decimal): Decimal {
  if (d.kind === 'nan' || (d.negative && !isZero(d))) return DECIMAL_NAN;
  if (d.kind === 'infinity') return d;
  if (isZero(d)) return infinity(true);
  if (d.coefficient === pow10(digitCount(d.coefficient) - 1) && d.exponent + digitCount(d.coefficient) === 1)
    return DECIMAL_ZERO;
  return fixedToDecimal(fixedLn(d));
}

export function log10(d: Decimal): Decimal {
  if (d.kind === 'nan' || (d.negative && !isZero(d))) return DECIMAL_NAN;
  if (d.kind === 'infinity') return d;
  if (isZero(d)) return infinity(true);
  const digits = digitCount(d.coefficient);
  if (d.coefficient === pow10(digits - 1)) return decimalOfInteger(BigInt(d.exponent + digits - 1));
  return fixedToDecimal((fixedLn(d) * ONE) / fixedLn10());
}

/** Logarithm to base 2; exact for powers of two. */
export function log2(d: Decimal): Decimal {
  if (d.kind === 'nan' || (d.negative && !isZero(d))) return DECIMAL_NAN;
  if (d.kind === 'infinity') return d;
  if (isZero(d)) return infinity(true);
  const two = 2n * ONE;
  const log = (fixedLn(d) * ONE) / fixedLnSmall(two);
  const nearest = (log + (log < 0n ? -ONE : ONE) / 2n) / ONE;
  const distance = log - nearest * ONE;
  if ((distance < 0n ? -distance : distance) < 10n ** 12n) return decimalOfInteger(nearest);
  return fixedToDecimal(log);
}

function expOfFixed(x: bigint): Decimal {
  // e^x = 10^k · e^r with r = x − k·ln 10
  const ten = fixedLn10();
  const k = Number(x / ten);
  if (k > 7000) return infinity(false);
  if (k < -7000) return finite(false, 0n, EXPONENT_MIN);
  const r = x - BigInt(k) * ten;
  let sum = ONE;
  let term = ONE;
  for (let n = 1n; term !== 0n; n++) {
    term = (term * r) / (ONE * n);
    sum += term;
  }
  return round(false, sum, k - FIXED_DIGITS);
}

function toFixed(d: Decimal): bigint {
  const shift = d.exponent + FIXED_DIGITS;
  const magnitude =
    shift >= 0 ? d.coefficient * pow10(Math.min(shift, 10000)) : d.coefficient / pow10(-shift);
  return d.negative ? -magnitude : magnitude;
}

export function exponential(d: Decimal): Decimal {
  if (d.kind === 'nan') return d;
  if (d.kind === 'infinity') return d.negative ? DECIMAL_ZERO : d;
  if (isZero(d)) return decimalOfInteger(1n);
  if (d.exponent + digitCount(d.coefficient) > 6)
    return d.negative ? finite(false, 0n, EXPONENT_MIN) : infinity(false);
  return expOfFixed(toFixed(d));
}

/** a^b with all 34 digits written out, as MongoDB's library gives it. */
export function power(a: Decimal, b: Decimal): Decimal {
  const result = rawPower(a, b);
  if (result.kind !== 'finite') return result;
  if (isZero(result)) return finite(result.negative, 0n, EXPONENT_MIN);
  const pad = Math.min(DECIMAL_DIGITS - digitCount(result.coefficient), result.exponent - EXPONENT_MIN);
  return finite(result.negative, result.coefficient * pow10(pad), result.exponent - pad);
}

/** Integer powers are exact before rounding as long as that is feasible. */
function rawPower(a: Decimal, b: Decimal): Decimal {
  if (isZero(b)) return decimalOfInteger(1n);
  if (a.kind === 'nan' || b.kind === 'nan') return DECIMAL_NAN;
  const integer = integerOf(b);
  if (a.kind === 'finite' && integer !== undefined && integer > -1000n && integer < 1000n) {
    const n = Number(integer < 0n ? -integer : integer);
    if (isZero(a)) {
      const negative = a.negative && n % 2 === 1;
      return integer < 0n
        ? infinity(negative)
        : finite(negative, 0n, Math.max(EXPONENT_MIN, Math.min(EXPONENT_MAX, a.exponent * n)));
    }
    const negative = a.negative && n % 2 === 1;
    const raised = a.coefficient ** BigInt(n);
    if (integer > 0n) return round(negative, raised, a.exponent * n);
    const pad = digitCount(raised) + DECIMAL_DIGITS + 2;
    const scaled = pow10(pad);
    return scaled % raised === 0n
      ? towardsExponent(negative, scaled / raised, -a.exponent * n - pad, 0)
      : round(negative, scaled / raised, -a.exponent * n - pad, true);
  }
  if (a.kind === 'infinity' || b.kind === 'infinity' || isZero(a)) {
    const x = a.kind === 'infinity' ? (a.negative ? -Infinity : Infinity) : Number(decimalText(a));
    const y = b.kind === 'infinity' ? (b.negative ? -Infinity : Infinity) : Number(decimalText(b));
    const limit = decimalOfDouble34(Math.pow(x, y));
    return isZero(limit) ? DECIMAL_ZERO : limit;
  }
  if (a.negative && integer === undefined) return DECIMAL_NAN;
  const result = expOfFixed((fixedLn({ ...a, negative: false }) * toFixed(b)) / ONE);
  return a.negative && integer !== undefined && integer % 2n !== 0n ? negate(result) : result;
}

/** The integer a decimal equals, if it is one of a feasible size. */
export function integerOf(d: Decimal): bigint | undefined {
  if (d.kind !== 'finite') return undefined;
  if (d.coefficient === 0n) return 0n;
  if (d.exponent >= 0) return d.exponent > 40 ? undefined : signed(d) * pow10(d.exponent);
  const unit = pow10(-d.exponent);
  return d.coefficient % unit === 0n ? signed(d) / unit : undefined;
}
