import {
  HASHED_KEY_MARK,
  KEY_BYTES_MAX,
  T,
  docKeyOfValue,
  elements,
  encodeKey,
  field,
  planIndex,
  type CollectionInfo,
  type DocKey,
  type Engine,
  type Filter,
  type IndexInfo,
  type IndexPlan,
  type PlannableIndex,
  type RawValue,
  type Sort
} from '@argon/wal-core';
import { isTruthy, numberOf, stringOf } from './arguments';
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
    }
  | { readonly kind: 'index'; readonly plan: IndexPlan; readonly sorted: boolean };

/** `hint` as a command gives it: an index name, or a key pattern. */
export type Hint = RawValue | undefined;

/** Chooses how to read. @throws MongoError 2 when the hint names no index */
export function choosePlan(
  engine: Pick<Engine, 'isMultikey'>,
  collection: CollectionInfo | undefined,
  filter: Filter,
  sort: Sort | undefined,
  hint: Hint
): Plan {
  if (collection === undefined) {
    return { kind: 'none' };
  }
  const hinted = resolveHint(collection, hint);
  if (hinted !== undefined && hinted.kind === 'index') {
    return indexPlan(filter, sort, plannable(engine, hinted.index));
  }
  const natural = naturalDirection(sort) ?? (hinted?.kind === 'natural' ? hinted.direction : undefined);
  if (natural !== undefined) {
    const sorted = naturalDirection(sort) !== undefined || sort === undefined;
    return { kind: 'scan', stretches: [{}], reverse: natural < 0, sorted, natural: true };
  }
  const order = idDirection(sort);
  const ids = filter.idEquals();
  if (ids !== undefined) {
    return idPlan(filter, ids, sort, order);
  }
  if (hinted === undefined) {
    const plan = planIndex(filter, sort, visibleIndexes(engine, collection));
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
    sorted: sort === undefined || order !== undefined
  };
}

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
  const plan = planIndex(filter, sort, [index]) ?? {
    index,
    ranges: [{}],
    reverse: false,
    providesSort: false,
    mayRepeat: true
  };
  return { kind: 'index', plan, sorted: sort === undefined || plan.providesSort };
}

/** The indexes a planner may use: not those made with `hidden`. */
function visibleIndexes(engine: Pick<Engine, 'isMultikey'>, { indexes }: CollectionInfo): PlannableIndex[] {
  return indexes
    .filter(({ spec }) => {
      const hidden = field(spec, 'hidden');
      return hidden === undefined || isTruthy(hidden) !== true;
    })
    .map(index => plannable(engine, index));
}

function plannable(engine: Pick<Engine, 'isMultikey'>, index: IndexInfo): PlannableIndex {
  return { ...index, multikey: engine.isMultikey(index) };
}

type ResolvedHint =
  | { readonly kind: 'index'; readonly index: IndexInfo }
  | { readonly kind: 'natural'; readonly direction: 1 | -1 }
  | { readonly kind: 'id' }
  | undefined;

function resolveHint(collection: CollectionInfo, hint: Hint): ResolvedHint {
  if (hint === undefined || hint.type === T.NULL || (hint.type === T.OBJECT && hint.bytes.length === 5)) {
    return undefined;
  }
  if (hint.type === T.STRING) {
    const name = stringOf(hint);
    const index = collection.indexes.find(candidate => candidate.name === name);
    if (index !== undefined) {
      return { kind: 'index', index };
    }
    if (name === '_id_') {
      return { kind: 'id' };
    }
  } else if (hint.type === T.OBJECT) {
    const [first] = elements(hint.bytes);
    if (first?.name === '$natural') {
      return { kind: 'natural', direction: (numberOf(first) ?? 1) < 0 ? -1 : 1 };
    }
    const index = collection.indexes.find(candidate => sameKeyPattern(candidate.key, hint.bytes));
    if (index !== undefined) {
      return { kind: 'index', index };
    }
    if (first?.name === '_id' && elements(hint.bytes).length === 1) {
      return { kind: 'id' };
    }
  } else {
    throw new MongoError('FailedToParse', 'Hint must be a string or an object');
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
