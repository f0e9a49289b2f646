import { T } from '../../bson';
import { decimalOfDouble34, divide, multiply, parseDecimal } from '../decimalMath';
import { queryError } from '../error';
import { decimal, toDecimal, toNumber } from '../numeric';
import { show } from '../show';
import { double, isNullish, NULL } from '../values';
import { isNumber, typeName } from './arithmetic';
import { operator, register } from './compile';
import type { RawValue } from './scope';

/**
 * Trigonometry is computed with doubles; results for Decimal128 arguments carry the
 * precision of a double, not 34 digits.
 */
function trig(compute: (n: number) => number, inDomain?: (n: number) => boolean, bounds?: string) {
  return operator(1, 1, ([value], name) => {
    if (isNullish(value)) return NULL;
    if (!isNumber(value))
      throw queryError(28765, `${name} only supports numeric types, not ${typeName(value)}`);
    const n = toNumber(value);
    if (inDomain !== undefined && !Number.isNaN(n) && !inDomain(n)) {
      throw queryError(50989, `cannot apply ${name} to ${show(value)}, value must be in ${bounds}`);
    }
    return result(value, compute(n));
  });
}

function result(like: RawValue, n: number): RawValue {
  return like.type === T.DECIMAL128 ? decimal(decimalOfDouble34(n)) : double(n);
}

const finite = (n: number): boolean => Number.isFinite(n);
const PI = parseDecimal('3.141592653589793238462643383279503')!;
const HALF_TURN = parseDecimal('180')!;

function scaled(plain: number, up: boolean) {
  return operator(1, 1, ([value], name) => {
    if (isNullish(value)) return NULL;
    if (!isNumber(value))
      throw queryError(28765, `${name} only supports numeric types, not ${typeName(value)}`);
    if (value.type !== T.DECIMAL128) return double(toNumber(value) * plain);
    const factor = up ? divide(HALF_TURN, PI) : divide(PI, HALF_TURN);
    return decimal(multiply(toDecimal(value), factor));
  });
}

register({
  $sin: trig(Math.sin, finite, '(-inf,inf)'),
  $cos: trig(Math.cos, finite, '(-inf,inf)'),
  $tan: trig(Math.tan, finite, '(-inf,inf)'),
  $asin: trig(Math.asin, n => n >= -1 && n <= 1, '[-1,1]'),
  $acos: trig(Math.acos, n => n >= -1 && n <= 1, '[-1,1]'),
  $atan: trig(Math.atan),
  $sinh: trig(Math.sinh),
  $cosh: trig(Math.cosh),
  $tanh: trig(Math.tanh),
  $asinh: trig(Math.asinh),
  $acosh: trig(Math.acosh, n => n >= 1, '[1,inf]'),
  $atanh: trig(Math.atanh, n => n >= -1 && n <= 1, '[-1,1]'),
  $degreesToRadians: scaled(Math.PI / 180, false),
  $radiansToDegrees: scaled(180 / Math.PI, true),
  $atan2: operator(2, 2, ([y, x]) => {
    if (isNullish(y) || isNullish(x)) return NULL;
    if (!isNumber(y))
      throw queryError(51044, `$atan2's first argument must be numeric, but is ${typeName(y)}`);
    if (!isNumber(x))
      throw queryError(51045, `$atan2's second argument must be numeric, but is ${typeName(x)}`);
    return result(y.type === T.DECIMAL128 ? y : x, Math.atan2(toNumber(y), toNumber(x)));
  })
});
