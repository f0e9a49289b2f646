import {
  HASHED_KEY_MARK,
  KEY_BYTES_MAX,
  T,
  cheapestPlan,
  docKeyOfValue,
  documentOf,
  elements,
  encodeKey,
  field,
  indexBound,
  indexCollation,
  keyPattern,
  planIndexes,
  type CollectionInfo,
  type DocKey,
  type Engine,
  type Filter,
  type IndexInfo,
  type IndexPlan,
  type PlannableIndex,
  type RawValue,
  type Snapshot,
  type Sort
} from '@argon/wal-core';
import { isTruthy, numberOf, stringOf } from './arguments';
import { MONGO_CODES } from './codes';
import { MongoError, PlanError } from './errors';

/** A stretch of the collection in key order, both ends inclusive. */
export interface KeyStretch {
  readonly from?: DocKey;
  readonly to?: DocKey;
}

/** How a query reads its collection. The filter is applied again to whatever a plan yields. */
export type Plan =
  | { readonly kind: 'none' }
  /** Documents by their keys, in key order. `exact`: the filter asks for one `_id` and nothing else. */
  | {
      readonly kind: 'ids';
      readonly keys: readonly DocKey[];
      readonly exact: boolean;
      readonly sorted: boolean;
    }
  | {
      readonly kind: 'scan';
      readonly stretches: readonly KeyStretch[];
      readonly reverse: boolean;
      readonly sorted: boolean;
      /** The order asked for is the store's own, whatever it is. */
      readonly natural?: true;
      /** The order asked for is that of `_id`. */
      readonly ordersById?: true;
      /** Exclusive end. */
      readonly before?: DocKey;
    }
  /** All documents of a capped collection in the order of their inserts. */
  | {
      readonly kind: 'capped';
      readonly keys: () => Promise<readonly DocKey[]>;
      readonly reverse: boolean;
      readonly sorted: boolean;
    }
  | { readonly kind: 'index'; readonly plan: IndexPlan; readonly sorted: boolean };

/** `min` and `max` of a find: raw documents of an index's fields, the lower end inclusive, the upper exclusive. */
export interface KeyWindow {
  readonly min: Buffer | undefined;
  readonly max: Buffer | undefined;
}

/** `hint` as a command gives it: an index name, or a key pattern. */
export type Hint = RawValue | undefined;

/** Chooses how to read. @throws MongoError 2 when the hint names no index */
export function choosePlan(
  engine: Pick<Engine, 'isMultikey'>,
  snapshot: Pick<Snapshot, 'countIndexEntries'> | undefined,
  collection: CollectionInfo | undefined,
  filter: Filter,
  sort: Sort | undefined,
  hint: Hint,
  window?: KeyWindow
): Plan {
  if (collection === undefined) {
    return { kind: 'none' };
  }
  const hinted = resolveHint(collection, hint);
  if (window !== undefined) {
    return windowPlan(engine, hinted, sort, window);
  }
  if (hinted !== undefined && hinted.kind === 'index') {
    return indexPlan(filter, sort, plannable(engine, hinted.index));
  }
  const natural = naturalDirection(sort) ?? (hinted?.kind === 'natural' ? hinted.direction : undefined);
  if (natural !== undefined) {
    const sorted = naturalDirection(sort) !== undefined || sort === undefined;
    return { kind: 'scan', stretches: [{}], reverse: natural < 0, sorted, natural: true };
  }
  // Keys are in binary order: of no use to a sort that goes by the rules of a language.
  const order = sort?.collation === undefined ? idDirection(sort) : undefined;
  const ids = filter.idEquals();
  if (ids !== undefined) {
    return idPlan(filter, ids, sort, order);
  }
  if (hinted === undefined) {
    const plans = planIndexes(filter, sort, visibleIndexes(engine, collection));
    const plan = cheapestPlan(
      plans,
      ({ index, ranges }, most) => snapshot?.countIndexEntries(index, ranges, most) ?? most
    );
    const stretches = keyStretches(filter);
    // Bounds on _id are as good as any index; a full scan is what an index is better than.
    if (plan !== undefined && (stretches === undefined || plan.providesSort)) {
      return { kind: 'index', plan, sorted: plan.providesSort };
    }
  }
  return {
    kind: 'scan',
    stretches: keyStretches(filter) ?? [{}],
    reverse: order === -1,
    sorted: sort === undefined || order !== undefined,
    ...(order === undefined ? {} : { ordersById: true })
  };
}

/** The part of an index between two keys. @throws MongoError 51173, 51174, 51175, 51176, 291 */
function windowPlan(
  engine: Pick<Engine, 'isMultikey'>,
  hinted: ResolvedHint,
  sort: Sort | undefined,
  { min, max }: KeyWindow
): Plan {
  if (hinted === undefined) {
    throw new PlanError('When using min()/max() a hint of which index to use must be provided', 51173);
  }
  if (hinted.kind === 'natural') {
    throw new PlanError('min and max are incompatible with $natural', MONGO_CODES.NoQueryExecutionPlans);
  }
  const pattern = hinted.kind === 'id' ? ID_PATTERN : hinted.index.key;
  const { paths, descending, hashed } = keyPattern(pattern);
  const keyOf = (bound: Buffer | undefined): Buffer | undefined => {
    if (bound === undefined) {
      return undefined;
    }
    const fields = elements(bound);
    if (
      hashed !== undefined ||
      fields.length !== paths.length ||
      fields.some(({ name }, at) => name !== paths[at])
    ) {
      throw new PlanError('The index chosen is not compatible with min/max', 51174);
    }
    return encodeKey(fields, descending);
  };
  const lower = keyOf(min);
  const upper = keyOf(max);
  if (lower !== undefined && upper !== undefined && Buffer.compare(lower, upper) >= 0) {
    throw new PlanError(
      'The value provided for min() does not come before the value provided for max() in the hinted index',
      51175
    );
  }
  if (hinted.kind === 'id') {
    const stretch = { ...(lower && { from: lower }), ...(upper && { to: upper }) };
    return {
      kind: 'scan',
      stretches: [stretch],
      reverse: false,
      sorted: sort === undefined,
      ...(upper && { before: upper })
    };
  }
  if (indexCollation(hinted.index.spec) !== undefined) {
    throw new MongoError(
      'NotImplemented',
      'min and max on an index with a collation are not available in Argon'
    );
  }
  const plan = {
    index: hinted.index,
    ranges: [
      {
        ...(lower && { lower: { key: indexBound(lower).key, inclusive: true } }),
        ...(upper && { upper: { key: indexBound(upper).key, inclusive: indexBound(upper).shortened } })
      }
    ],
    reverse: false,
    providesSort: false,
    mayRepeat: engine.isMultikey(hinted.index)
  };
  return { kind: 'index', plan, sorted: sort === undefined };
}

const ID_PATTERN = documentOf([{ name: '_id', type: T.INT32, bytes: Buffer.from([1, 0, 0, 0]) }]);

function idPlan(
  filter: Filter,
  ids: readonly RawValue[],
  sort: Sort | undefined,
  order: 1 | -1 | undefined
): Plan {
  const byHex = new Map(ids.map(docKeyOfValue).map(key => [key.toString('latin1'), key]));
  const keys = [...byHex.values()].sort((a, b) => Buffer.compare(a, b));
  if (order === -1) {
    keys.reverse();
  }
  const [only] = elements(filter.source);
  const exact = keys.length === 1 && elements(filter.source).length === 1 && only?.name === '_id';
  return { kind: 'ids', keys, exact, sorted: sort === undefined || order !== undefined || keys.length <= 1 };
}

/** A plan on one index that was asked for: by its bounds if the filter has any, else the whole of it. */
function indexPlan(filter: Filter, sort: Sort | undefined, index: PlannableIndex): Plan {
  const plan = planIndexes(filter, sort, [index])[0] ?? {
    index,
    ranges: [{}],
    reverse: false,
    providesSort: false,
    mayRepeat: true
  };
  return { kind: 'index', plan, sorted: sort === undefined || plan.providesSort };
}

/** The indexes a planner may use. */
function visibleIndexes(engine: Pick<Engine, 'isMultikey'>, collection: CollectionInfo): PlannableIndex[] {
  return visibleOf(collection).map(index => plannable(engine, index));
}

/** The indexes that are not hidden. */
export function visibleOf({ indexes }: CollectionInfo): readonly IndexInfo[] {
  return indexes.filter(({ spec }) => {
    const hidden = field(spec, 'hidden');
    return hidden === undefined || isTruthy(hidden) !== true;
  });
}

function plannable(engine: Pick<Engine, 'isMultikey'>, index: IndexInfo): PlannableIndex {
  return { ...index, multikey: engine.isMultikey(index) };
}

type ResolvedHint =
  | { readonly kind: 'index'; readonly index: IndexInfo }
  | { readonly kind: 'natural'; readonly direction: 1 | -1 }
  | { readonly kind: 'id' }
  | undefined;

/** A hint names an index, or says what its key is. @throws MongoError 9 */
export function checkHint(hint: Hint): void {
  if (hint !== undefined && hint.type !== T.STRING && hint.type !== T.OBJECT) {
    throw new MongoError('FailedToParse', 'Hint must be a string or an object');
  }
}

function resolveHint(collection: CollectionInfo, hint: Hint): ResolvedHint {
  if (hint === undefined || hint.type === T.NULL || (hint.type === T.OBJECT && hint.bytes.length === 5)) {
    return undefined;
  }
  checkHint(hint);
  if (hint.type === T.STRING) {
    const name = stringOf(hint);
    const index = visibleOf(collection).find(candidate => candidate.name === name);
    if (index !== undefined) {
      return { kind: 'index', index };
    }
    if (name === '_id_') {
      return { kind: 'id' };
    }
  } else {
    const [first] = elements(hint.bytes);
    if (first?.name === '$natural') {
      return { kind: 'natural', direction: (numberOf(first) ?? 1) < 0 ? -1 : 1 };
    }
    const index = visibleOf(collection).find(candidate => sameKeyPattern(candidate.key, hint.bytes));
    if (index !== undefined) {
      return { kind: 'index', index };
    }
    if (first?.name === '_id' && elements(hint.bytes).length === 1) {
      return { kind: 'id' };
    }
  }
  throw new PlanError('hint provided does not correspond to an existing index');
}

/** Whether two key patterns mean the same: `{a: 1}` and `{a: 1.0}` do. */
export function sameKeyPattern(a: Buffer, b: Buffer): boolean {
  const left = elements(a);
  const right = elements(b);
  return (
    left.length === right.length &&
    left.every((element, at) => {
      const other = right[at]!;
      const direction = numberOf(element);
      const same =
        direction !== undefined ? direction === numberOf(other) : element.bytes.equals(other.bytes);
      return element.name === other.name && same;
    })
  );
}

/** Direction of `{$natural: ±1}`. */
function naturalDirection(sort: Sort | undefined): 1 | -1 | undefined {
  const [first] = sort === undefined ? [] : elements(sort.source);
  return first?.name === '$natural' ? ((numberOf(first) ?? 1) < 0 ? -1 : 1) : undefined;
}

/** Direction of a sort that begins with `_id`: what follows cannot change the order. */
function idDirection(sort: Sort | undefined): 1 | -1 | undefined {
  const [first] = sort === undefined ? [] : elements(sort.source);
  const direction = first?.name === '_id' ? numberOf(first) : undefined;
  return direction === undefined ? undefined : direction < 0 ? -1 : 1;
}

/** Keys longer than the limit are hashed and stand behind all others, whatever their value. */
const HASHED_FROM = Buffer.from([HASHED_KEY_MARK]);

/** The stretches that conditions on `_id` leave; undefined when they leave everything. */
function keyStretches(filter: Filter): KeyStretch[] | undefined {
  const intervals = filter.bounds('_id', true);
  if (intervals === undefined) {
    return undefined;
  }
  const stretches: KeyStretch[] = [];
  let reachesHashed = false;
  for (const { lower, upper } of intervals) {
    const from = lower === undefined ? undefined : encodeKey([lower.value]);
    const to = upper === undefined ? undefined : encodeKey([upper.value]);
    const usableTo = to !== undefined && to.length <= KEY_BYTES_MAX ? to : undefined;
    stretches.push({
      // A long bound is cut off: what it leaves is a little more, never less.
      ...(from === undefined ? {} : { from: from.subarray(0, KEY_BYTES_MAX) }),
      ...(usableTo === undefined ? {} : { to: usableTo })
    });
    reachesHashed ||= usableTo === undefined;
  }
  if (!reachesHashed && intervals.length > 0) {
    stretches.push({ from: HASHED_FROM });
  }
  return stretches;
}
