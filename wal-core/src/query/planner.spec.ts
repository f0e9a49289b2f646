import { elements, indexKeys } from '../bson';
import type { IndexId } from '../api';
import type { Filter, IndexPlan, KeyRange, Sort } from './api';
import { compileFilter } from './filter';
import { document, filter as randomFilter, sortSpec } from './oracle/finds';
import { doc, json, path, Random } from './oracle/random';
import { cheapestPlan, planIndexes, type PlannableIndex } from './planner';
import { compileSort } from './sort';
import { int32 } from './values';

const seed = Number(process.env.ARGON_PLANNER_SEED ?? 1);

function index(key: Buffer, extra: Partial<PlannableIndex> = {}): PlannableIndex {
  return { id: 1 as IndexId, name: 'i', key, unique: false, sparse: false, spec: key, ...extra };
}

const raw = (value: unknown): Buffer => json(value).bytes;

function inRange(key: Buffer, { lower, upper }: KeyRange): boolean {
  if (lower !== undefined) {
    if (key.compare(lower.key) < 0) return false;
    if (!lower.inclusive && key.subarray(0, lower.key.length).equals(lower.key)) return false;
  }
  if (upper !== undefined) {
    const begins = key.subarray(0, upper.key.length).equals(upper.key);
    if (begins) return upper.inclusive;
    if (key.compare(upper.key) > 0) return false;
  }
  return true;
}

const planIndex = (filter: Filter, sort: Sort | undefined, indexes: readonly PlannableIndex[]) =>
  planIndexes(filter, sort, indexes)[0];

describe('the cheapest of some plans', () => {
  const planOf = (name: string, providesSort = false): IndexPlan => ({
    index: { ...index(raw({ [name]: 1 })), name },
    ranges: [{}],
    reverse: false,
    providesSort,
    mayRepeat: false
  });

  /** Which plan is chosen when they have so many entries, and how many were counted for that. */
  function chosen(plans: readonly IndexPlan[], entries: Record<string, number>) {
    let counted = 0;
    const plan = cheapestPlan(plans, ({ index: { name } }, most) => {
      const found = Math.min(most, entries[name]!);
      counted += found;
      return found;
    });
    return { name: plan?.index.name, counted };
  }

  const [a, b, c] = ['a', 'b', 'c'].map(name => planOf(name)) as [IndexPlan, IndexPlan, IndexPlan];

  it('reads the fewest entries, and is found without counting them all', () => {
    expect(chosen([a, b, c], { a: 5_000_000, b: 3, c: 9 })).toEqual({ name: 'b', counted: 16 + 3 + 3 });
    const { name, counted } = chosen([a, b, c], { a: 5_000_000, b: 800_000, c: 700 });
    expect([name, counted < 3 * 700 + 4096 * 2]).toEqual(['c', true]);
  });

  it('is the most promising when none is at its end soon, or several are alike', () => {
    expect(chosen([a, b], { a: 5_000_000, b: 4_000_000 }).name).toBe('a');
    expect(chosen([a, b], { a: 7, b: 7 }).name).toBe('a');
    expect(chosen([a], { a: 7 })).toEqual({ name: 'a', counted: 0 });
    expect(chosen([], {}).name).toBeUndefined();
  });

  it('does not give up an order for fewer entries', () => {
    expect(chosen([planOf('a', true), b], { a: 1000, b: 1 })).toEqual({ name: 'a', counted: 0 });
  });
});

describe('planIndexes', () => {
  it('never leaves out a matching document, and keeps the order it promises', () => {
    const r = new Random(seed);
    let planned = 0;
    let sorted = 0;
    for (let round = 0; round < 25; round++) {
      const docs = Array.from({ length: 40 }, (_, i) => document(r, i));
      for (let i = 0; i < 60; i++) {
        const spec = randomFilter(r, docs, 2);
        const compiled = compiledOrNot(spec);
        if (compiled === undefined) continue;
        const paths = [
          ...new Set([r.pick([path(r), randomPath(r, spec)]), ...(r.chance(0.5) ? [path(r)] : [])])
        ];
        const key = doc(paths.map(p => [p, int32(r.chance(0.5) ? 1 : -1)] as const));
        const sort = r.chance(0.5) ? compileSort(r.chance(0.5) ? key : sortSpec(r)) : undefined;
        const entries: { key: Buffer; doc: Buffer }[] = [];
        let multikey = false;
        const sparse = r.chance(0.2);
        const kept: Buffer[] = [];
        for (const d of docs) {
          try {
            const keys = indexKeys(d, key, { sparse });
            multikey ||= keys.multikey;
            entries.push(...keys.keys.map(k => ({ key: k, doc: d })));
            kept.push(d);
          } catch {
            // Parallel arrays cannot be indexed; such a document is not there.
          }
        }
        const plan = planIndex(compiled, sort, [index(key, { sparse, ...(r.chance(0.5) && { multikey }) })]);
        if (plan === undefined) continue;
        planned++;
        entries.sort((a, b) => a.key.compare(b.key) * (plan.reverse ? -1 : 1));
        const found = new Set<Buffer>();
        for (const range of plan.ranges) {
          for (const entry of entries) if (inRange(entry.key, range)) found.add(entry.doc);
        }
        const context = JSON.stringify({ spec: spec.toString('hex'), key: key.toString('hex') });
        for (const d of kept) {
          if (compiled.matches(d) && !found.has(d))
            throw new Error(`seed ${seed}: a document is left out ${context}`);
        }
        if (plan.providesSort) {
          sorted++;
          const order = [...found].filter(d => compiled.matches(d));
          for (let j = 1; j < order.length; j++) {
            if (sort!.compare(order[j - 1]!, order[j]!) > 0)
              throw new Error(`seed ${seed}: out of order ${context}`);
          }
        }
      }
    }
    expect(planned).toBeGreaterThan(200);
    expect(sorted).toBeGreaterThan(20);
  });

  it('prefers equality over ranges and uses compound prefixes', () => {
    const a = index(raw({ a: 1 }), { name: 'a' });
    const ab = index(raw({ a: 1, b: 1 }), { name: 'ab' });
    const c = index(raw({ c: 1 }), { name: 'c' });
    const plan = (f: unknown): string | undefined =>
      planIndex(compileFilter(raw(f)), undefined, [a, c, ab])?.index.name;
    expect(plan({ a: 1 })).toBe('a');
    expect(plan({ a: 1, b: 2 })).toBe('ab');
    expect(plan({ a: 1, b: { $gt: 2 } })).toBe('ab');
    expect(plan({ a: { $gt: 1 }, c: 5 })).toBe('c');
    expect(plan({ d: 1 })).toBeUndefined();
    expect(plan({ a: { $ne: 1 } })).toBeUndefined();
  });

  it('bounds both ends at once only where no array can be', () => {
    const between = compileFilter(raw({ a: { $gte: 1, $lt: 5 } }));
    const both = planIndex(between, undefined, [index(raw({ a: 1 }), { multikey: false })])!.ranges[0]!;
    const one = planIndex(between, undefined, [index(raw({ a: 1 }))])!.ranges[0]!;
    const five = indexKeys(raw({ a: 5 }), raw({ a: 1 })).keys[0]!;
    const nine = indexKeys(raw({ a: 9 }), raw({ a: 1 })).keys[0]!;
    expect([inRange(five, both), inRange(nine, both)]).toEqual([false, false]);
    expect(inRange(five, one) || inRange(nine, one)).toBe(true);
  });

  it('finds what lies in an array in an array, which has one key as a whole', () => {
    const compiled = compileFilter(raw({ a: { $elemMatch: { $elemMatch: { $gt: 5 } } } }));
    expect(compiled.matches(raw({ a: [[7]] }))).toBe(true);
    expect(compiled.bounds('a')).toBeUndefined();
  });

  it.each([
    [{ a: { $lte: 1.5 } }, { a: 1 }, true],
    [{ a: { $lte: 1.5 } }, { a: 2 }, false],
    [{ a: { $lte: 1.5 } }, { a: { $numberDouble: 'NaN' } }, false],
    [{ a: { $lte: 1.5 } }, { $or: [{ a: { $numberDouble: 'NaN' } }, { a: { $lt: 1 } }] }, false],
    [{ a: { $gt: 5 } }, { a: { $gt: 5, $lt: 9 } }, true],
    [{ a: { $gt: 5 } }, { a: { $gte: 5 } }, false],
    [{ a: { $exists: true } }, { a: { $in: [1, 2] } }, true],
    [{ a: { $exists: true } }, { a: { $in: [1, null] } }, false],
    [{ a: { $exists: true } }, { a: null }, false],
    [{ a: { $gt: 5 } }, { b: 7 }, false],
    [{ a: 'x' }, { a: 'x' }, true]
  ])('of a partial index of %j and a filter %j says %p', (partialFilter, asked, isUsed) => {
    const partial = index(raw({ a: 1 }), { partialFilter: raw(partialFilter) });
    expect(planIndex(compileFilter(raw(asked)), undefined, [partial]) !== undefined).toBe(isUsed);
  });

  it('uses a partial index only when the filter asks for what it holds', () => {
    const partial = index(raw({ a: 1 }), { partialFilter: raw({ kind: 'x' }) });
    expect(planIndex(compileFilter(raw({ a: 1 })), undefined, [partial])).toBeUndefined();
    expect(planIndex(compileFilter(raw({ a: 1, kind: 'x' })), undefined, [partial])).toBeDefined();
  });

  it('does not look for missing fields in a sparse index', () => {
    const sparse = index(raw({ a: 1 }), { sparse: true });
    expect(planIndex(compileFilter(raw({ a: null })), undefined, [sparse])).toBeUndefined();
    expect(planIndex(compileFilter(raw({ a: 3 })), undefined, [sparse])).toBeDefined();
    expect(planIndex(compileFilter(raw({})), compileSort(raw({ a: 1 })), [sparse])).toBeUndefined();
  });
});

/** Some random filters are not valid. */
function compiledOrNot(spec: Buffer): Filter | undefined {
  try {
    return compileFilter(spec);
  } catch {
    return undefined;
  }
}

/** A path that the filter speaks of, so that plans come up often. */
function randomPath(r: Random, spec: Buffer): string {
  const names = elements(spec)
    .map(e => e.name)
    .filter(name => !name.startsWith('$'));
  return names.length > 0 ? r.pick(names) : path(r);
}
