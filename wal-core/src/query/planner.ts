import type { IndexInfo } from '../api';
import {
  compareValues,
  documentOf,
  elements,
  encodeKey,
  hashedValue,
  indexBound,
  isCollated,
  isNumberType,
  keyPattern,
  sameValue,
  T,
  type Collation,
  type KeyPattern,
  type RawElement,
  type RawValue
} from '../bson';
import { isArgonError } from '../errors';
import type { Bound, Filter, IndexPlan, Interval, KeyRange, Sort } from './api';
import { indexCollation } from './collation';
import { compileFilter } from './filter';
import { union } from './filter/bounds';
import { toNumber } from './numeric';
import { isTrue, MAX_KEY, MIN_KEY, NULL, UNDEFINED } from './values';

/** More ranges than this are not worth their seeks; fewer fields are used then. */
const RANGES_MAX = 256;

/** What is known of an index beside its definition. */
export interface PlannableIndex extends IndexInfo {
  /** False when no document ever had an array on the index's paths; unknown counts as true. */
  readonly multikey?: boolean;
}

/**
 * The indexes that help with a filter and sort, the most promising by the shape of the query first. A plan may read
 * too much, never too little: the filter must be applied to what it yields.
 */
export function planIndexes(
  filter: Filter,
  sort: Sort | undefined,
  indexes: readonly PlannableIndex[]
): readonly IndexPlan[] {
  return indexes
    .map(index => planOne(filter, sort, index))
    .filter(candidate => candidate !== undefined)
    .sort((a, b) => b.score - a.score)
    .map(({ plan }) => plan);
}

/** Entries of each plan counted in the first round of a choice; each later one counts sixteen times as many. */
const FIRST_ENTRIES = 16;
const ROUND_FACTOR = 16;
const ENTRIES_MAX = 4096;

/**
 * The cheapest of some plans, the most promising first: the one that reads the fewest entries, counted with `count`
 * only until one of them is at its end. When all go on, or read as many, the promise counts; and a plan that spares a
 * sort, or one that needs it, stays what it is. Counting costs a fraction of what the query itself reads.
 */
export function cheapestPlan(
  plans: readonly IndexPlan[],
  count: (plan: IndexPlan, most: number) => number
): IndexPlan | undefined {
  const [first] = plans;
  const rivals = plans.filter(({ providesSort }) => providesSort === first!.providesSort);
  if (rivals.length < 2) {
    return first;
  }
  for (let most = FIRST_ENTRIES; most <= ENTRIES_MAX; most *= ROUND_FACTOR) {
    let best: IndexPlan | undefined;
    let fewest = most;
    for (const plan of rivals) {
      // Fewer than the best so far are worth counting, no more.
      const entries = count(plan, fewest);
      if (entries < fewest) {
        best = plan;
        fewest = entries;
      }
    }
    if (best !== undefined) {
      return best;
    }
  }
  return first;
}

function planOne(
  filter: Filter,
  sort: Sort | undefined,
  index: PlannableIndex
): { plan: IndexPlan; score: number } | undefined {
  const pattern = patternOf(index);
  const collation = indexCollation(index.spec);
  if (pattern === undefined || !isImplied(filter, index, collation)) return undefined;
  const multikey = index.multikey !== false;
  const fields = boundedFields(filter, pattern, multikey, collation);
  if (index.sparse && !fields.some(excludesMissing)) return undefined;
  const isOrdered =
    sort !== undefined &&
    !sort.isEmpty &&
    sort.collation === undefined &&
    collation === undefined &&
    pattern.hashed === undefined;
  const order = !isOrdered ? undefined : sortOrder(sort, pattern, fields, multikey);
  if (fields.length === 0 && order === undefined) return undefined;
  const reverse = order === 'backward';
  const ranges = rangesOf(fields, pattern.descending);
  return {
    plan: {
      index,
      ranges: reverse ? [...ranges].reverse() : ranges,
      reverse,
      providesSort: order !== undefined,
      mayRepeat: multikey
    },
    score: scoreOf(fields, index, order !== undefined)
  };
}

function patternOf(index: IndexInfo): KeyPattern | undefined {
  try {
    return keyPattern(index.key);
  } catch (error) {
    if (isArgonError(error)) return undefined;
    throw error;
  }
}

/** Whether every document the filter matches is in a partial index: each of its conditions stands in the filter too. */
function isImplied(filter: Filter, index: IndexInfo, collation: Collation | undefined): boolean {
  if (index.partialFilter === undefined) return true;
  const conditions = elements(filter.source);
  const { collation: asked } = filter;
  const isSame = asked === undefined ? collation === undefined : asked.isSame(collation);
  return elements(index.partialFilter).every(
    needed =>
      !needed.name.startsWith('$') &&
      (((isSame || !isCollated(needed.type)) &&
        conditions.some(c => c.name === needed.name && sameValue(c, needed))) ||
        follows(filter, needed, collation))
  );
}

/** Comparisons that hold for whatever lies in their interval. */
const INTERVAL_OPERATORS: ReadonlySet<string> = new Set(['$eq', '$gt', '$gte', '$lt', '$lte']);

/**
 * Whether one value of every document the filter matches lies where a condition of a partial index holds. Values that
 * a collation has a say about, null, and NaN, which is a bound of numbers and none of their comparisons, prove nothing.
 */
function follows(filter: Filter, needed: RawElement, collation: Collation | undefined): boolean {
  const found = filter.bounds(needed.name, false, collation);
  if (found === undefined) return false;
  const operators = needed.type === T.OBJECT ? elements(needed.bytes) : [{ ...needed, name: '$eq' }];
  return operators.every(({ name, ...argument }) => {
    if (name === '$exists') return isTrue(argument) && excludesMissing(found);
    if (!INTERVAL_OPERATORS.has(name) || isCollated(argument.type) || argument.type === T.NULL) return false;
    const condition = documentOf([{ ...argument, name }]);
    const wanted = compileFilter(documentOf([{ name: needed.name, type: T.OBJECT, bytes: condition }]));
    const intervals = wanted.bounds(needed.name, true) ?? [];
    return found.every(
      interval => !beginsAtNaN(interval) && intervals.some(whole => isInside(interval, whole))
    );
  });
}

function beginsAtNaN({ lower }: Interval): boolean {
  return lower === undefined || (isNumberType(lower.value.type) && Number.isNaN(toNumber(lower.value)));
}

function isInside(part: Interval, whole: Interval): boolean {
  return (
    isWithin(part.lower, whole.lower, order => order >= 0) &&
    isWithin(part.upper, whole.upper, order => order <= 0)
  );
}

function isWithin(
  end: Bound | undefined,
  limit: Bound | undefined,
  fits: (order: number) => boolean
): boolean {
  if (limit === undefined) return true;
  if (end === undefined) return false;
  const order = compareValues(end.value, limit.value);
  return order === 0 ? limit.inclusive || !end.inclusive : fits(order);
}

/** Intervals for the leading fields: points as long as there are, then at most one field of ranges. */
function boundedFields(
  filter: Filter,
  pattern: KeyPattern,
  multikey: boolean,
  collation: Collation | undefined
): (readonly Interval[])[] {
  const out: (readonly Interval[])[] = [];
  let count = 1;
  // With arrays, conditions on two fields under one array may be met by different elements.
  const usable = multikey ? independent(pattern) : pattern.paths.length;
  for (const [i, path] of pattern.paths.slice(0, usable).entries()) {
    const isHashed = pattern.hashed?.[i] === true;
    const found = filter.bounds(path, !multikey || path === '_id', isHashed ? undefined : collation);
    const intervals = isHashed ? hashedPoints(found) : found;
    if (intervals === undefined || count * intervals.length > RANGES_MAX) break;
    out.push(intervals);
    count *= intervals.length;
    if (!intervals.every(isPoint)) break;
  }
  return out;
}

/** The hashes of the values that intervals name one by one; undefined when they name ranges. */
function hashedPoints(intervals: readonly Interval[] | undefined): readonly Interval[] | undefined {
  const hashes: RawValue[] = [];
  for (const interval of intervals ?? []) {
    const { lower, upper } = interval;
    if (isPoint(interval)) hashes.push(hashedValue(lower!.value));
    else if (lower?.value.type === T.UNDEFINED && upper?.value.type === T.NULL)
      hashes.push(hashedValue(UNDEFINED), hashedValue(NULL));
    else return undefined;
  }
  return intervals && union(hashes.map(value => pointOf(value)));
}

function pointOf(value: RawValue): Interval {
  return { lower: { value, inclusive: true }, upper: { value, inclusive: true } };
}

/** How many leading fields have no path component in common: those can be bounded together in any case. */
function independent(pattern: KeyPattern): number {
  const roots = new Set<string>();
  for (const [i, path] of pattern.paths.entries()) {
    const root = path.split('.')[0]!;
    if (roots.has(root)) return i;
    roots.add(root);
  }
  return pattern.paths.length;
}

function isPoint({ lower, upper }: Interval): boolean {
  return (
    lower !== undefined &&
    upper !== undefined &&
    lower.inclusive &&
    upper.inclusive &&
    compareValues(lower.value, upper.value) === 0
  );
}

/** Whether a document without the field is outside of all intervals. */
function excludesMissing(intervals: readonly Interval[]): boolean {
  return !intervals.some(interval => holds(interval, NULL) || holds(interval, UNDEFINED));
}

function holds({ lower, upper }: Interval, value: RawValue): boolean {
  const above = lower === undefined ? 1 : compareValues(value, lower.value);
  const below = upper === undefined ? -1 : compareValues(value, upper.value);
  return (above > 0 || (above === 0 && lower!.inclusive)) && (below < 0 || (below === 0 && upper!.inclusive));
}

/** Whether reading the ranges in order gives the sort's order, and in which direction. */
function sortOrder(
  sort: Sort,
  pattern: KeyPattern,
  fields: readonly (readonly Interval[])[],
  multikey: boolean
): 'forward' | 'backward' | undefined {
  // A document with arrays sorts by all its elements, but bounds may have left some out.
  if (multikey && fields.length > 0) return undefined;
  const fixed = fields.findIndex(intervals => intervals.length !== 1 || !isPoint(intervals[0]!));
  const skippable = fixed < 0 ? fields.length : fixed;
  let direction: 'forward' | 'backward' | undefined;
  let at = 0;
  for (const { name, ...value } of elements(sort.source)) {
    while (at < skippable && pattern.paths[at] !== name) at++;
    const known = pattern.paths.slice(0, skippable).includes(name);
    if (pattern.paths[at] !== name) {
      // A field that is the same in all documents sorts nothing.
      if (known) continue;
      return undefined;
    }
    const wanted = toNumber(value) < 0 === pattern.descending[at] ? 'forward' : 'backward';
    if (at >= skippable) {
      if (direction !== undefined && direction !== wanted) return undefined;
      direction = wanted;
    }
    at++;
  }
  return direction ?? 'forward';
}

function rangesOf(fields: readonly (readonly Interval[])[], descending: readonly boolean[]): KeyRange[] {
  let prefixes: (readonly RawValue[])[] = [[]];
  for (const [i, intervals] of fields.entries()) {
    const inOrder = descending[i] ? [...intervals].reverse() : intervals;
    if (!intervals.every(isPoint)) {
      return prefixes.flatMap(prefix => inOrder.map(interval => rangeOf(prefix, interval, descending)));
    }
    prefixes = prefixes.flatMap(prefix => inOrder.map(interval => [...prefix, interval.lower!.value]));
  }
  return prefixes.map(prefix => rangeOf(prefix, {}, descending));
}

/** The keys that begin with `prefix` and have their next value in the interval. */
function rangeOf(prefix: readonly RawValue[], interval: Interval, descending: readonly boolean[]): KeyRange {
  const backwards = descending[prefix.length] ?? false;
  const end = (bound: Bound | undefined): KeyRange['lower'] => {
    if (bound === undefined && prefix.length === 0) return undefined;
    const values = bound === undefined ? prefix : [...prefix, bound.value];
    const { key, shortened } = indexBound(encodeKey(values, descending));
    return { key, inclusive: shortened || bound === undefined || bound.inclusive };
  };
  const lower = end(backwards ? interval.upper : interval.lower);
  const upper = end(backwards ? interval.lower : interval.upper);
  return { ...(lower && { lower }), ...(upper && { upper }) };
}

/** Prefers many exact fields, then unique indexes, then a sort that comes for free, then narrow ranges. */
function scoreOf(fields: readonly (readonly Interval[])[], index: IndexInfo, sorted: boolean): number {
  let score = sorted ? 40 : 0;
  for (const intervals of fields) {
    if (intervals.length === 0) score += 1000;
    else if (intervals.every(isPoint)) score += 100 - Math.min(60, intervals.length - 1);
    else if (intervals.every(i => i.lower !== undefined && i.upper !== undefined))
      score += isBracket(intervals) ? 15 : 30;
    else score += 5;
  }
  if (index.unique && fields.length > 0) score += 1;
  return score;
}

/** Whether an interval reaches to an end of all values. */
function isBracket(intervals: readonly Interval[]): boolean {
  return intervals.some(
    ({ lower, upper }) =>
      compareValues(lower!.value, MIN_KEY) === 0 || compareValues(upper!.value, MAX_KEY) === 0
  );
}
