import { isNumberType, T, TYPE_NAMES, type RawValue } from '../../bson';
import { queryError } from '../error';
import { toNumber } from '../numeric';
import { double, int32 } from '../values';

/** Rounds the edges of `$bucketAuto` to preferred numbers. */
export interface Granularity {
  readonly name: string;
  /** The next number of the series above a value. */
  up(value: RawValue): RawValue;
  /** The next one below. */
  down(value: RawValue): RawValue;
}

const R5 = [10, 16, 25, 40, 63];
const R10 = [100, 125, 160, 200, 250, 315, 400, 500, 630, 800];
const R20 = [
  100, 112, 125, 140, 160, 180, 200, 224, 250, 280, 315, 355, 400, 450, 500, 560, 630, 710, 800, 900
];
const R40 = [
  100, 106, 112, 118, 125, 132, 140, 150, 160, 170, 180, 190, 200, 212, 224, 236, 250, 265, 280, 300, 315,
  335, 355, 375, 400, 425, 450, 475, 500, 530, 560, 600, 630, 670, 710, 750, 800, 850, 900, 950
];
const R80 = [
  103, 109, 115, 122, 128, 136, 145, 155, 165, 175, 185, 195, 206, 218, 230, 243, 258, 272, 290, 307, 325,
  345, 365, 387, 412, 437, 462, 487, 515, 545, 575, 615, 650, 690, 730, 775, 825, 875, 925, 975
];
const E6 = [10, 15, 22, 33, 47, 68];
const E12 = [10, 12, 15, 18, 22, 27, 33, 39, 47, 56, 68, 82];
const E24 = [10, 11, 12, 13, 15, 16, 18, 20, 22, 24, 27, 30, 33, 36, 39, 43, 47, 51, 56, 62, 68, 75, 82, 91];
const E48 = [
  100, 105, 110, 115, 121, 127, 133, 140, 147, 154, 162, 169, 178, 187, 196, 205, 215, 226, 237, 249, 261,
  274, 287, 301, 316, 332, 348, 365, 383, 402, 422, 442, 464, 487, 511, 536, 562, 590, 619, 649, 681, 715,
  750, 787, 825, 866, 909, 953
];
const E96_BETWEEN = [
  102, 107, 113, 118, 124, 130, 137, 143, 150, 158, 165, 174, 182, 191, 200, 210, 221, 232, 243, 255, 267,
  280, 294, 309, 324, 340, 357, 374, 392, 412, 432, 453, 475, 499, 523, 549, 576, 604, 634, 665, 698, 732,
  768, 806, 845, 887, 931, 976
];
const E192_BETWEEN = [
  101, 104, 106, 109, 111, 114, 117, 120, 123, 126, 129, 132, 135, 138, 142, 145, 149, 152, 156, 160, 164,
  167, 172, 176, 180, 184, 189, 193, 198, 203, 208, 213, 218, 223, 229, 234, 240, 246, 252, 258, 264, 271,
  277, 284, 291, 298, 305, 312, 320, 328, 336, 344, 352, 361, 370, 379, 388, 397, 407, 417, 427, 437, 448,
  459, 470, 481, 493, 505, 517, 530, 542, 556, 569, 583, 597, 612, 626, 642, 657, 673, 690, 706, 723, 741,
  759, 777, 796, 816, 835, 856, 876, 898, 920, 942, 965, 988
];

const inOrder = (...lists: readonly number[][]): number[] => lists.flat().sort((a, b) => a - b);
const E96 = inOrder(E48, E96_BETWEEN);

/** Series of preferred numbers (ISO 3, IEC 60063), each over one power of ten. */
const SERIES: Readonly<Record<string, readonly number[]>> = {
  R5,
  R10,
  R20,
  R40,
  R80: inOrder(R40, R80),
  '1-2-5': [10, 20, 50],
  E6,
  E12,
  E24,
  E48,
  E96,
  E192: inOrder(E96, E192_BETWEEN)
};

/** The rounding a `granularity` names. @throws 40257 for an unknown one, 40261 */
export function granularityOf(name: string): Granularity {
  if (name === 'POWERSOF2') return powersOf2(name);
  const series = Object.hasOwn(SERIES, name) ? SERIES[name] : undefined;
  if (series === undefined) throw queryError(40257, `Unknown rounding granularity '${name}'`);
  return preferred(name, series);
}

/** The number to be rounded. @throws 40258, 40259, 40260 */
function numberOf(value: RawValue): number {
  if (!isNumberType(value.type)) {
    throw queryError(
      40258,
      "$bucketAuto can specify a 'granularity' with numeric boundaries only, but found a value with type: " +
        `${TYPE_NAMES[value.type]}`
    );
  }
  const n = toNumber(value);
  if (Number.isNaN(n)) {
    throw queryError(
      40259,
      "$bucketAuto can specify a 'granularity' with numeric boundaries only, but found a NaN"
    );
  }
  if (n < 0) {
    throw queryError(
      40260,
      "$bucketAuto can specify a 'granularity' with non-negative numbers only, but found a negative number"
    );
  }
  return n;
}

function preferred(name: string, series: readonly number[]): Granularity {
  const first = series[0]!;
  const last = series[series.length - 1]!;
  return {
    name,
    up: value => {
      const n = numberOf(value);
      if (n === 0) return sameZero(value);
      let multiplier = 1;
      while (n >= last * multiplier) multiplier *= 10;
      let previous = last * multiplier;
      while (n < first * multiplier) {
        previous = first * multiplier;
        multiplier /= 10;
        if (n >= last * multiplier) return double(previous);
      }
      const found = series.find(one => n < one * multiplier);
      return double(found === undefined ? previous : found * multiplier);
    },
    down: value => {
      const n = numberOf(value);
      if (n === 0) return sameZero(value);
      let multiplier = 1;
      while (n <= first * multiplier) multiplier /= 10;
      let previous = first * multiplier;
      while (n > last * multiplier) {
        previous = last * multiplier;
        multiplier *= 10;
        if (n <= first * multiplier) return double(previous);
      }
      const found = series.findLast(one => n > one * multiplier);
      return double(found === undefined ? previous : found * multiplier);
    }
  };
}

function powersOf2(name: string): Granularity {
  const exponentOf = (n: number): number => Math.floor(Math.log2(n));
  return {
    name,
    up: value => {
      const n = numberOf(value);
      return n === 0 ? sameZero(value) : double(2 ** (exponentOf(n) + 1));
    },
    down: value => {
      const n = numberOf(value);
      if (n === 0) return sameZero(value);
      const exponent = exponentOf(n);
      return double(2 ** (2 ** exponent === n ? exponent - 1 : exponent));
    }
  };
}

function sameZero(value: RawValue): RawValue {
  return value.type === T.DECIMAL128 ? value : int32(0);
}
