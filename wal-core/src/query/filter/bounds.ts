import {
  canonicalType,
  compareValues,
  exactAt,
  isCollated,
  isNumberType,
  T,
  UNFOLDED_FROM,
  UNFOLDED_TO,
  type Collation,
  type RawValue
} from '../../bson';
import type { Bound, Interval } from '../api';
import { MAX_KEY, MIN_KEY, NULL, UNDEFINED, double, object, array, string, textOf } from '../values';
import { EMPTY_DOCUMENT } from '../../bson';
import { sortedDistinct } from './comparison';
import { AndNode, ArrayNode, LeafNode, OrNode, type FilterNode, type LeafMeaning } from './node';
import { MissingNode } from './parse';

const point = (value: RawValue): Interval => ({
  lower: { value, inclusive: true },
  upper: { value, inclusive: true }
});

/** What missing fields, null and undefined have as index keys. */
const NOTHING: readonly Interval[] = [
  { lower: { value: UNDEFINED, inclusive: true }, upper: { value: NULL, inclusive: true } }
];

/**
 * How an index's keys hold the strings a filter speaks of. `plain`: as they are, and the filter compares bytes.
 * `apart`: filter and index go by different rules, so that a string may be anywhere among the strings. A collation:
 * both go by it, and the keys hold what it folds strings to.
 */
export type StringsIn = 'plain' | 'apart' | Collation;

export function stringsIn(filter: Collation | undefined, index: Collation | undefined): StringsIn {
  if (filter === undefined && index === undefined) return 'plain';
  return filter !== undefined && filter.isSame(index) ? filter : 'apart';
}

function inIndex(
  intervals: readonly Interval[] | undefined,
  strings: StringsIn
): readonly Interval[] | undefined {
  if (intervals === undefined || strings === 'plain') return intervals;
  return union(
    intervals.flatMap(interval => {
      const { lower, upper } = interval;
      const isPoint = lower !== undefined && lower.value === upper?.value;
      const { value } = lower ?? { value: MIN_KEY };
      if (isPoint && strings !== 'apart' && (value.type === T.STRING || value.type === T.SYMBOL)) {
        const { text, isFolded } = strings.fold(textOf(value));
        return isFolded ? [point(string(text)), OTHER_STRINGS] : [wide(value.type)];
      }
      // Whatever lies between strings by one rule may lie anywhere among them by another.
      const from = lower !== undefined && isCollated(lower.value.type) ? wide(lower.value.type).lower : lower;
      const to = upper !== undefined && isCollated(upper.value.type) ? wideEnd(upper) : upper;
      return [withEnds(from, to)];
    })
  );
}

/** Strings that a collation does not fold may be equal to any. */
const OTHER_STRINGS: Interval = {
  lower: { value: string(UNFOLDED_FROM), inclusive: true },
  upper: { value: string(UNFOLDED_TO), inclusive: false }
};

function wide(type: number): Interval {
  return typeBracket(type) ?? {};
}

/** The end of an interval, moved behind all values of its class; the end of the class before it stays. */
function wideEnd(upper: Bound): Bound | undefined {
  const isLeast = upper.value.bytes.length === 5 && upper.value.type !== T.STRING;
  return isLeast && !upper.inclusive ? upper : wide(upper.value.type).upper;
}

/**
 * The intervals in which the index keys of matching documents lie. `single` says that no
 * array stands on the path, so that all conditions meet the same value.
 */
export function boundsOf(
  node: FilterNode,
  path: string,
  single: boolean,
  strings: StringsIn = 'plain'
): readonly Interval[] | undefined {
  if (node instanceof LeafNode)
    return node.path === path ? inIndex(leafBounds(node.meaning), strings) : undefined;
  if (node instanceof MissingNode) return node.path === path ? NOTHING : undefined;
  if (node instanceof AndNode) {
    let best: readonly Interval[] | undefined;
    for (const child of node.children) {
      const bounds = boundsOf(child, path, single, strings);
      if (bounds === undefined) continue;
      best = best === undefined ? bounds : single ? intersect(best, bounds) : narrower(best, bounds);
    }
    return best;
  }
  if (node instanceof OrNode) {
    const all: Interval[] = [];
    for (const child of node.children) {
      const bounds = boundsOf(child, path, single, strings);
      if (bounds === undefined) return undefined;
      all.push(...bounds);
    }
    return union(all);
  }
  if (node instanceof ArrayNode && node.element !== undefined) {
    const { node: element, isObject } = node.element;
    // An array in an array has one key as a whole, which says nothing of its elements.
    if (path === '') return undefined;
    // Conditions of one $elemMatch on values meet the same element, so they do intersect.
    if (!isObject) return node.path === path ? boundsOf(element, '', true, strings) : undefined;
    return path.startsWith(`${node.path}.`)
      ? boundsOf(element, path.slice(node.path.length + 1), single, strings)
      : undefined;
  }
  return undefined;
}

function leafBounds(meaning: LeafMeaning): readonly Interval[] | undefined {
  switch (meaning.op) {
    case '$in': {
      if (meaning.values.some(v => !isPlain(v))) return undefined;
      const values = sortedDistinct(meaning.values.map(v => v));
      return union([...values.map(point), ...(values.some(v => v.type === T.NULL) ? NOTHING : [])]);
    }
    case 'prefix': {
      const lower = string(meaning.prefix);
      const upper = string(
        meaning.prefix.slice(0, -1) +
          String.fromCharCode(meaning.prefix.charCodeAt(meaning.prefix.length - 1) + 1)
      );
      return union([
        { lower: { value: lower, inclusive: true }, upper: { value: upper, inclusive: false } },
        point(meaning.regex)
      ]);
    }
    case 'missing':
      return NOTHING;
    case 'number':
      return [NUMBERS];
    case 'other':
      return undefined;
    default:
      return comparisonBounds(meaning.op, meaning.value);
  }
}

/** Values whose index keys are the values themselves; an array's keys are its elements. */
function isPlain(value: RawValue): boolean {
  return value.type !== T.ARRAY && value.type !== T.MIN_KEY && value.type !== T.MAX_KEY;
}

const NUMBERS: Interval = {
  lower: { value: double(NaN), inclusive: true },
  upper: { value: double(Infinity), inclusive: true }
};

function comparisonBounds(op: string, value: RawValue): readonly Interval[] | undefined {
  if (!isPlain(value)) return undefined;
  if (value.type === T.NULL) return op === '$lt' || op === '$gt' ? [] : NOTHING;
  if (isNumberType(value.type) && exactAt(value.type, value.bytes, 0).kind === 'nan') {
    return op === '$lt' || op === '$gt' ? [] : [point(value)];
  }
  if (op === '$eq') return [point(value)];
  const bracket = typeBracket(value.type);
  if (bracket === undefined) return undefined;
  const bound: Bound = { value, inclusive: op.endsWith('e') };
  return op.startsWith('$lt') ? [{ ...bracket, upper: bound }] : [{ ...bracket, lower: bound }];
}

/** All values of one class of types. */
function typeBracket(type: number): Interval | undefined {
  const from = (value: RawValue): Bound => ({ value, inclusive: true });
  const before = (value: RawValue): Bound => ({ value, inclusive: false });
  const firstBinary: RawValue = { type: T.BINARY, bytes: Buffer.alloc(5) };
  switch (canonicalType(type)) {
    case 10:
      return NUMBERS;
    case 15:
      return { lower: from(string('')), upper: before(object(EMPTY_DOCUMENT)) };
    case 20:
      return { lower: from(object(EMPTY_DOCUMENT)), upper: before(array(EMPTY_DOCUMENT)) };
    case 30:
      return { lower: from(firstBinary), upper: before({ type: T.OBJECT_ID, bytes: Buffer.alloc(12) }) };
    case 35:
      return {
        lower: from({ type: T.OBJECT_ID, bytes: Buffer.alloc(12) }),
        upper: from({ type: T.OBJECT_ID, bytes: Buffer.alloc(12, 0xff) })
      };
    case 40:
      return {
        lower: from({ type: T.BOOL, bytes: Buffer.from([0]) }),
        upper: from({ type: T.BOOL, bytes: Buffer.from([1]) })
      };
    case 45: {
      const least = Buffer.alloc(8);
      least[7] = 0x80;
      return {
        lower: from({ type: T.DATE, bytes: least }),
        upper: before({ type: T.TIMESTAMP, bytes: Buffer.alloc(8) })
      };
    }
    case 47:
      return {
        lower: from({ type: T.TIMESTAMP, bytes: Buffer.alloc(8) }),
        upper: from({ type: T.TIMESTAMP, bytes: Buffer.alloc(8, 0xff) })
      };
    default:
      return undefined;
  }
}

function compareLower(a: Interval, b: Interval): number {
  const order = compareValues(a.lower?.value ?? MIN_KEY, b.lower?.value ?? MIN_KEY);
  return order !== 0 ? order : Number(b.lower?.inclusive ?? true) - Number(a.lower?.inclusive ?? true);
}

function compareUpper(a: Interval, b: Interval): number {
  const order = compareValues(a.upper?.value ?? MAX_KEY, b.upper?.value ?? MAX_KEY);
  return order !== 0 ? order : Number(a.upper?.inclusive ?? true) - Number(b.upper?.inclusive ?? true);
}

/** Sorted and disjoint. */
export function union(intervals: readonly Interval[]): readonly Interval[] {
  const sorted = [...intervals].sort(compareLower);
  const out: Interval[] = [];
  for (const next of sorted) {
    const last = out[out.length - 1];
    if (last === undefined || separate(last, next)) out.push(next);
    else if (compareUpper(last, next) < 0) out[out.length - 1] = withEnds(last.lower, next.upper);
  }
  return out;
}

function withEnds(lower: Bound | undefined, upper: Bound | undefined): Interval {
  return { ...(lower && { lower }), ...(upper && { upper }) };
}

/** Whether `b`, which does not begin before `a`, begins after its end. */
function separate(a: Interval, b: Interval): boolean {
  if (a.upper === undefined || b.lower === undefined) return false;
  const order = compareValues(a.upper.value, b.lower.value);
  return order < 0 || (order === 0 && !a.upper.inclusive && !b.lower.inclusive);
}

function intersect(a: readonly Interval[], b: readonly Interval[]): readonly Interval[] {
  const out: Interval[] = [];
  for (const x of a) {
    for (const y of b) {
      const lower = compareLower(x, y) >= 0 ? x.lower : y.lower;
      const upper = compareUpper(x, y) <= 0 ? x.upper : y.upper;
      const interval = withEnds(lower, upper);
      if (lower !== undefined && upper !== undefined) {
        const order = compareValues(lower.value, upper.value);
        if (order > 0 || (order === 0 && !(lower.inclusive && upper.inclusive))) continue;
      }
      out.push(interval);
    }
  }
  return union(out);
}

/** The list that looks like the smaller part of the index: points before ranges. */
function narrower(a: readonly Interval[], b: readonly Interval[]): readonly Interval[] {
  return weight(a) <= weight(b) ? a : b;
}

function weight(intervals: readonly Interval[]): number {
  let sum = 0;
  for (const { lower, upper } of intervals) {
    if (lower === undefined || upper === undefined) sum += 10_000;
    else if (compareValues(lower.value, upper.value) === 0) sum += 1;
    else sum += canonicalType(lower.value.type) === canonicalType(upper.value.type) ? 1_000 : 2_000;
  }
  return sum;
}
