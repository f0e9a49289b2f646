import {
  compareValues,
  elements,
  isNumberType,
  T,
  TYPE_NAMES,
  type RawElement,
  type RawValue
} from '../../../bson';
import { queryError } from '../../error';
import { addUnits, unitOf, type TimeUnit } from '../../expression/date/units';
import { UTC } from '../../expression/timezone';
import { add } from '../../decimalMath';
import { decimal, toDecimal, toInt64, toNumber, widest } from '../../numeric';
import { date, double, int64, textOf, type Value } from '../../values';

/** One end of a window. */
export type End = 'unbounded' | 'current' | RawValue;

/** Which documents of its partition a document's window holds. */
export type WindowBounds =
  | { readonly kind: 'documents'; readonly lower: number; readonly upper: number }
  | { readonly kind: 'range'; readonly lower: End; readonly upper: End; readonly unit: TimeUnit | undefined };

export const WHOLE_PARTITION: WindowBounds = { kind: 'documents', lower: -Infinity, upper: Infinity };

/** Compiles `window: {documents: […]}` or `{range: […], unit}`. @throws 9, 5339900 … */
export function parseBounds(window: RawElement | undefined, sortKeys: number): WindowBounds {
  if (window === undefined) return WHOLE_PARTITION;
  if (window.type !== T.OBJECT) throw queryError(9, "'window' field must be an object");
  let documents: RawElement | undefined;
  let range: RawElement | undefined;
  let unit: TimeUnit | undefined;
  for (const element of elements(window.bytes)) {
    if (element.name === 'documents') documents = element;
    else if (element.name === 'range') range = element;
    else if (element.name === 'unit') unit = unitOf(element, 'window');
    else
      throw queryError(
        9,
        `'window' field can only contain 'documents', 'range' and 'unit', not '${element.name}'`
      );
  }
  if (documents !== undefined && range !== undefined) {
    throw queryError(9, "Window bounds can specify either 'documents' or 'unit', not both.");
  }
  if (documents !== undefined) {
    if (unit !== undefined)
      throw queryError(9, "Window bounds can specify either 'documents' or 'unit', not both.");
    const [lower, upper] = ends(documents).map((end, i) => {
      if (end === 'unbounded') return i === 0 ? -Infinity : Infinity;
      if (end === 'current') return 0;
      const n = isNumberType(end.type) ? toNumber(end) : NaN;
      if (!Number.isInteger(n)) throw queryError(9, 'Numeric document-based bounds must be an integer');
      return n;
    }) as [number, number];
    if (lower > upper)
      throw queryError(5339900, `Lower bound must not exceed upper bound: [${lower}, ${upper}]`);
    if (sortKeys === 0 && !(lower === -Infinity && upper === Infinity)) {
      throw queryError(5339901, 'Document-based bounds require a sortBy');
    }
    return { kind: 'documents', lower, upper };
  }
  if (range === undefined) {
    if (unit !== undefined)
      throw queryError(9, "Window bounds can only specify 'unit' with range-based bounds.");
    return WHOLE_PARTITION;
  }
  if (sortKeys !== 1) throw queryError(5339902, 'Range-based bounds require sortBy a single field');
  const [lower, upper] = ends(range) as [End, End];
  for (const end of [lower, upper]) {
    if (typeof end === 'string') continue;
    if (!isNumberType(end.type))
      throw queryError(9, `Range-based bounds expression must be a number, not ${TYPE_NAMES[end.type]}`);
    if (unit !== undefined && !Number.isInteger(toNumber(end))) {
      throw queryError(9, 'With unit, range-based bounds must be an integer');
    }
  }
  if (typeof lower !== 'string' && typeof upper !== 'string' && compareValues(lower, upper) > 0) {
    throw queryError(5339900, 'Lower bound must not exceed upper bound');
  }
  return { kind: 'range', lower, upper, unit };
}

function ends(element: RawElement): End[] {
  const list = element.type === T.ARRAY ? elements(element.bytes) : [];
  if (list.length !== 2) throw queryError(9, `Window bounds must be a 2-element array: ${element.name}`);
  return list.map(item => {
    if (item.type !== T.STRING) return { type: item.type, bytes: item.bytes };
    const text = textOf(item);
    if (text !== 'unbounded' && text !== 'current') {
      throw queryError(9, `Window bounds must be 'unbounded', 'current', or a number: ${text}`);
    }
    return text;
  });
}

/** Finds the first and last index of windows in a sorted partition; both ends inclusive. */
export function windowFinder(
  bounds: WindowBounds,
  keys: readonly Value[]
): (i: number) => readonly [number, number] {
  const last = keys.length - 1;
  if (bounds.kind === 'documents') {
    return i => [Math.max(0, i + bounds.lower), Math.min(last, i + bounds.upper)];
  }
  const { lower, upper, unit } = bounds;
  const checked = keys.map(key => {
    if (key !== undefined && (unit === undefined ? isNumberType(key.type) : key.type === T.DATE)) return key;
    if (unit === undefined)
      throw queryError(5429414, 'Invalid range: Expected the sortBy field to be a number');
    throw queryError(5429513, 'Invalid range: Expected the sortBy field to be a Date');
  });
  return i => {
    const at = checked[i]!;
    const from = lower === 'unbounded' ? undefined : lower === 'current' ? at : shift(at, lower, unit);
    const to = upper === 'unbounded' ? undefined : upper === 'current' ? at : shift(at, upper, unit);
    return [
      from === undefined ? 0 : firstIndex(checked, key => compareValues(key, from) >= 0),
      to === undefined ? last : firstIndex(checked, key => compareValues(key, to) > 0) - 1
    ];
  };
}

/** The first index that passes, when all behind it pass too. */
function firstIndex(keys: readonly RawValue[], passes: (key: RawValue) => boolean): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (passes(keys[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function shift(key: RawValue, by: RawValue, unit: TimeUnit | undefined): RawValue {
  if (unit !== undefined) return date(addUnits(key.bytes.readBigInt64LE(0), unit, toInt64(by)!, UTC));
  const type = widest(key.type, by.type);
  if (type === T.DECIMAL128) return decimal(add(toDecimal(key), toDecimal(by)));
  if (type === T.DOUBLE) return double(toNumber(key) + toNumber(by));
  return int64(BigInt.asIntN(64, toInt64(key)! + toInt64(by)!));
}
