import { DECIMAL_DIGITS, digitCount, exactAt, isNumberType, T, TYPE_NAMES, type Decimal } from '../../bson';
import {
  DECIMAL_NAN,
  decimalOfInteger,
  divide,
  exponential,
  integerOf,
  isZero,
  log10,
  log2,
  multiply,
  naturalLog,
  power,
  quantize,
  remainder,
  squareRoot,
  subtract,
  decimalOfDouble34,
  type RoundingMode
} from '../decimalMath';
import { queryError } from '../error';
import {
  decimal,
  integerResult,
  Summation,
  toBigInt,
  toDecimal,
  toInt64,
  toNumber,
  widest
} from '../numeric';
import { show } from '../show';
import { date, double, INT64_MAX, INT64_MIN, int64, isNullish, NULL, type Value } from '../values';
import { commutative, operator, register } from './compile';
import { power as plainPower } from './power';
import type { RawValue } from './scope';

/** Name of a value's type in messages; missing values are called so. */
export function typeName(value: Value): string {
  return value === undefined ? 'missing' : TYPE_NAMES[value.type]!;
}

export function isNumber(value: Value): value is RawValue {
  return value !== undefined && isNumberType(value.type);
}

/** Operators of one number: null for nullish, an error for other types. */
function unary(compute: (value: RawValue, name: string) => RawValue) {
  return operator(1, 1, ([value], name) => {
    if (isNullish(value)) return NULL;
    if (!isNumber(value))
      throw queryError(28765, `${name} only supports numeric types, not ${typeName(value)}`);
    return compute(value, name);
  });
}

const isDecimal = (value: RawValue): boolean => value.type === T.DECIMAL128;
const isInteger = (value: RawValue): boolean => value.type === T.INT32 || value.type === T.INT64;

function sum(values: Value[], name: string): Value {
  const total = new Summation();
  let dates = 0;
  for (const value of values) {
    if (isNullish(value)) return NULL;
    if (value.type === T.DATE) {
      if (++dates > 1) throw queryError(16612, 'only one date allowed in an $add expression');
      total.addLong(value.bytes.readBigInt64LE(0));
    } else if (isNumber(value)) total.add(value.type, value.bytes);
    else throw queryError(16554, `${name} only supports numeric or date types, not ${typeName(value)}`);
  }
  if (dates === 0) return total.value;
  const ms = total.long;
  if (ms === undefined) throw queryError(15, 'date overflow in $add');
  return date(ms);
}

/** As mongod multiplies: doubles are multiplied along from the first number on, whatever type the result has so far. */
function product(values: Value[], name: string): Value {
  let type: number = T.INT32;
  let long = 1n;
  let plain = 1;
  let exact = decimalOfInteger(1n);
  for (const value of values) {
    if (isNullish(value)) return NULL;
    if (!isNumber(value)) throw queryError(14, `${name} only supports numeric types, not ${typeName(value)}`);
    const before = type;
    type = widest(type, value.type);
    if (type === T.DECIMAL128) {
      if (before === T.DOUBLE) exact = toDecimal(double(plain));
      else if (before !== T.DECIMAL128) exact = decimalOfInteger(long);
      exact = multiply(exact, toDecimal(value));
      continue;
    }
    plain *= toNumber(value);
    if (type !== T.DOUBLE) {
      long *= toBigInt(value);
      if (long > INT64_MAX || long < INT64_MIN) type = T.DOUBLE;
    }
  }
  if (type === T.DECIMAL128) return decimal(exact);
  return type === T.DOUBLE ? double(plain) : integerResult(type, long);
}

function difference([a, b]: Value[]): Value {
  if (isNullish(a) || isNullish(b)) return NULL;
  if (a.type === T.DATE) {
    const ms = a.bytes.readBigInt64LE(0);
    if (b.type === T.DATE) return int64(checkLong(ms - b.bytes.readBigInt64LE(0)));
    if (isNumber(b)) return date(checkLong(ms - wholeMs(b)));
  } else if (isNumber(a) && isNumber(b)) {
    const type = widest(a.type, b.type);
    if (type === T.DECIMAL128) return decimal(subtract(toDecimal(a), toDecimal(b)));
    if (type === T.DOUBLE) return double(toNumber(a) - toNumber(b));
    const n = toBigInt(a) - toBigInt(b);
    return integerResult(type, n) ?? double(Number(n));
  }
  throw queryError(14, `can't $subtract ${typeName(b)} from ${typeName(a)}`);
}

function checkLong(n: bigint): bigint {
  if (n > INT64_MAX || n < INT64_MIN) throw queryError(15, 'date overflow');
  return n;
}

/** A number of milliseconds: doubles lose their fraction, Decimal128 is rounded half to even. @throws 31109 when it is none */
function wholeMs(value: RawValue): bigint {
  const n = toInt64(isDecimal(value) ? decimal(quantize(toDecimal(value), 0)) : value);
  if (n === undefined) throw queryError(31109, `Can't coerce out of range value ${show(value)} to long`);
  return n;
}

function quotient([a, b]: Value[]): Value {
  if (isNumber(a) && isNumber(b)) {
    if (isDecimal(a) || isDecimal(b)) {
      const divisor = toDecimal(b);
      if (isZero(divisor)) throw queryError(2, "can't $divide by zero");
      return decimal(divide(toDecimal(a), divisor));
    }
    const divisor = toNumber(b);
    if (divisor === 0) throw queryError(2, "can't $divide by zero");
    return double(toNumber(a) / divisor);
  }
  if (isNullish(a) || isNullish(b)) return NULL;
  throw queryError(14, `$divide only supports numeric types, not ${typeName(a)} and ${typeName(b)}`);
}

function modulo([a, b]: Value[]): Value {
  if (isNumber(a) && isNumber(b)) {
    if (isDecimal(a) || isDecimal(b)) {
      const divisor = toDecimal(b);
      if (isZero(divisor)) throw queryError(5733415, "can't $mod by zero");
      return decimal(remainder(toDecimal(a), divisor));
    }
    const divisor = toNumber(b);
    if (divisor === 0) throw queryError(16610, "can't $mod by zero");
    const whole = b.type !== T.DOUBLE || (Number.isInteger(divisor) && Math.abs(divisor) <= 2147483647);
    if (a.type === T.DOUBLE || !whole) return double(toNumber(a) % divisor);
    const [n, d] = [toBigInt(a), b.type === T.DOUBLE ? BigInt(divisor) : toBigInt(b)];
    return integerResult(a.type === T.INT64 || b.type === T.INT64 ? T.INT64 : T.INT32, n % d);
  }
  if (isNullish(a) || isNullish(b)) return NULL;
  throw queryError(16611, `$mod only supports numeric types, not ${typeName(a)} and ${typeName(b)}`);
}

function raise([base, exponent]: Value[]): Value {
  if (isNullish(base) || isNullish(exponent)) return NULL;
  if (!isNumber(base)) throw queryError(28762, `$pow's base must be numeric, not ${typeName(base)}`);
  if (!isNumber(exponent))
    throw queryError(28763, `$pow's exponent must be numeric, not ${typeName(exponent)}`);
  if (isZeroNumber(base) && isNegative(exponent)) {
    throw queryError(28764, '$pow cannot take a base of 0 and a negative exponent');
  }
  const type = widest(base.type, exponent.type);
  if (type === T.DECIMAL128) return decimal(power(toDecimal(base), toDecimal(exponent)));
  if (type === T.DOUBLE) return double(plainPower(toNumber(base), toNumber(exponent)));
  const [b, e] = [toBigInt(base), toBigInt(exponent)];
  if (e >= 0n && (e <= 63n || (b >= -1n && b <= 1n))) {
    const n = e > 63n ? b ** (e % 2n === 0n ? 2n : 1n) : b ** e;
    if (n <= INT64_MAX && n >= INT64_MIN) return integerResult(type, n);
  } else if (b === 1n || b === -1n) {
    return integerResult(type, e % 2n === 0n ? 1n : b);
  }
  return double(plainPower(Number(b), Number(e)));
}

function isZeroNumber(value: RawValue): boolean {
  return exactAt(value.type, value.bytes, 0).sign === 0 && !isNaNNumber(value);
}

function isNaNNumber(value: RawValue): boolean {
  return exactAt(value.type, value.bytes, 0).kind === 'nan';
}

function isNegative(value: RawValue): boolean {
  return exactAt(value.type, value.bytes, 0).sign < 0;
}

/** `$round` and `$trunc` with an optional number of decimal places. */
function rounding(mode: RoundingMode) {
  return operator(1, 2, (values, name) => {
    const [value, places] = values;
    if (isNullish(value)) return NULL;
    if (!isNumber(value))
      throw queryError(51081, `${name} only supports numeric types, not ${typeName(value)}`);
    let digits = 0;
    if (values.length > 1) {
      if (isNullish(places)) return NULL;
      if (!isNumber(places))
        throw queryError(16004, `can't convert from BSON type ${typeName(places)} to long`);
      const n = toNumber(places);
      if (!Number.isInteger(n))
        throw queryError(51082, `precision argument to  ${name} must be a integral value`);
      if (n < -20 || n > 100) {
        throw queryError(51083, `cannot apply ${name} with precision value ${n} value must be in [-20, 100]`);
      }
      digits = n;
    }
    return roundTo(value, digits, mode, name);
  });
}

/** Rounded to a power of ten; with as many digits as there are when that would need more. */
function quantizeOrPad(d: Decimal, exponent: number, mode: RoundingMode): Decimal {
  const rounded = quantize(d, exponent, mode);
  if (rounded.kind === 'finite') return rounded;
  return quantize(d, d.exponent - (DECIMAL_DIGITS - digitCount(d.coefficient)), mode);
}

function roundTo(value: RawValue, digits: number, mode: RoundingMode, name: string): RawValue {
  if (isDecimal(value)) {
    const d = toDecimal(value);
    return d.kind === 'finite' ? decimal(quantizeOrPad(d, -digits, mode)) : value;
  }
  if (value.type === T.DOUBLE) {
    const n = toNumber(value);
    if (!Number.isFinite(n)) return value;
    const rounded = quantize(decimalOfDouble34(n), -digits, mode);
    if (rounded.kind !== 'finite') return value;
    return double(toNumber(decimal(rounded)));
  }
  if (digits >= 0) return value;
  const n = integerOf(quantize(decimalOfInteger(toBigInt(value)), -digits, mode));
  const result = n === undefined ? undefined : integerResult(value.type, n);
  if (result === undefined) {
    throw queryError(
      51080,
      `invalid conversion from Decimal128 result in ${name} resulting from arguments: [${show(value)}, ${digits}]`
    );
  }
  return result;
}

function towards(mode: RoundingMode, plain: (n: number) => number) {
  return unary(value => {
    if (isInteger(value)) return value;
    if (isDecimal(value)) {
      const d = toDecimal(value);
      return decimal(d.kind === 'finite' ? quantize(d, 0, mode) : DECIMAL_NAN);
    }
    return double(plain(toNumber(value)));
  });
}

register({
  $add: commutative(sum),
  $multiply: commutative(product),
  $subtract: operator(2, 2, difference),
  $divide: operator(2, 2, quotient),
  $mod: operator(2, 2, modulo),
  $pow: operator(2, 2, raise),
  $round: rounding('even'),
  $trunc: rounding('trunc'),
  $abs: unary(value => {
    if (isDecimal(value)) return decimal({ ...toDecimal(value), negative: false });
    if (value.type === T.DOUBLE) return double(Math.abs(toNumber(value)));
    const n = toBigInt(value);
    const result = integerResult(value.type, n < 0n ? -n : n);
    if (result === undefined) throw queryError(28680, "can't take $abs of long long min");
    return result;
  }),
  $ceil: towards('ceil', Math.ceil),
  $floor: towards('floor', Math.floor),
  $exp: unary(value =>
    isDecimal(value) ? decimal(exponential(toDecimal(value))) : double(Math.exp(toNumber(value)))
  ),
  $sqrt: unary(value => {
    if (isNegative(value)) throw queryError(28714, "$sqrt's argument must be greater than or equal to 0");
    return isDecimal(value) ? decimal(squareRoot(toDecimal(value))) : double(Math.sqrt(toNumber(value)));
  }),
  $ln: unary(value => {
    checkPositive(value, 28766, "$ln's argument");
    return isDecimal(value) ? decimal(naturalLog(toDecimal(value))) : double(Math.log(toNumber(value)));
  }),
  $log10: unary(value => {
    checkPositive(value, 28761, "$log10's argument");
    return isDecimal(value) ? decimal(log10(toDecimal(value))) : double(Math.log10(toNumber(value)));
  }),
  $log: operator(2, 2, ([value, base]) => {
    if (isNullish(value) || isNullish(base)) return NULL;
    if (!isNumber(value)) throw queryError(28756, `$log's argument must be numeric, not ${typeName(value)}`);
    if (!isNumber(base)) throw queryError(28757, `$log's base must be numeric, not ${typeName(base)}`);
    checkPositive(value, 28758, "$log's argument");
    if (!isNaNNumber(base) && !(toNumber(base) > 0 && toNumber(base) !== 1)) {
      throw queryError(28759, `$log's base must be a positive number not equal to 1, but is ${show(base)}`);
    }
    if (isDecimal(value) || isDecimal(base)) {
      if (toNumber(base) === 10) return decimal(log10(toDecimal(value)));
      if (toNumber(base) === 2) return decimal(log2(toDecimal(value)));
      return decimal(divide(naturalLog(toDecimal(value)), naturalLog(toDecimal(base))));
    }
    return double(Math.log(toNumber(value)) / Math.log(toNumber(base)));
  })
});

function checkPositive(value: RawValue, code: number, what: string): void {
  if (isNaNNumber(value) || exactAt(value.type, value.bytes, 0).sign > 0) return;
  throw queryError(code, `${what} must be a positive number, but is ${show(value)}`);
}
