import { arrayOf, elements, isNumberType, T, TYPE_NAMES, type RawElement } from '../../bson';
import { queryError } from '../error';
import { compileExpression, type Expression, type Frame, type Scope } from '../expression';
import { Deviation, mean } from '../expression/accumulate';
import { checkN, largest } from '../expression/array';
import { typeName } from '../expression/arithmetic';
import { mergeDocuments } from '../expression/object';
import { Summation } from '../numeric';
import type { ValueOrder } from '../order';
import { compileSort } from '../sort';
import { array, int32, isNullish, kept, NULL, object, type Value } from '../values';
import type { Sort } from '../api';

/** The state of one accumulator in one group. */
export interface Accumulator {
  add(frame: Frame): void;
  value(): Value;
  /** Bytes it holds, roughly. */
  readonly bytes: number;
}

/** Makes accumulators; `first` is a frame of the group's first document, for `n`. */
export type AccumulatorFactory = (first: Frame) => Accumulator;

/** A plain state that is given values. */
interface Fold {
  add(value: Value): void;
  value(): Value;
  bytes?: number;
}

function simple(argument: RawElement, scope: Scope, make: () => Fold): AccumulatorFactory {
  if (argument.type === T.ARRAY) {
    throw queryError(40237, `The ${argument.name} accumulator is a unary operator`);
  }
  const expression = compileExpression(argument, scope);
  return () => {
    const fold = make();
    return {
      add: frame => fold.add(expression.evaluate(frame)),
      value: () => fold.value(),
      get bytes() {
        return fold.bytes ?? 64;
      }
    };
  };
}

class Sum implements Fold {
  private readonly sum = new Summation();

  add(value: Value): void {
    if (value !== undefined && isNumberType(value.type)) this.sum.add(value.type, value.bytes);
  }

  value(): Value {
    return this.sum.value;
  }
}

class Average implements Fold {
  private readonly sum = new Summation();
  private count = 0;

  add(value: Value): void {
    if (value === undefined || !isNumberType(value.type)) return;
    this.sum.add(value.type, value.bytes);
    this.count++;
  }

  value(): Value {
    return mean(this.sum, this.count);
  }
}

class Extreme implements Fold {
  private best: Value;

  constructor(
    private readonly order: ValueOrder,
    private readonly sign: 1 | -1,
    /** Of equal numbers of different types the last stays, not the first. */
    private readonly keepsLast: boolean
  ) {}

  add(value: Value): void {
    if (isNullish(value)) return;
    if (this.best !== undefined) {
      const order = this.order.compare(value, this.best) * this.sign;
      if (order > 0 || (order === 0 && !this.keepsLast)) return;
    }
    this.best = kept(value);
  }

  value(): Value {
    return this.best ?? NULL;
  }
}

class Spread implements Fold {
  private readonly state = new Deviation();

  constructor(private readonly sample: boolean) {}

  add(value: Value): void {
    if (value !== undefined && isNumberType(value.type)) this.state.add(value);
  }

  value(): Value {
    return this.state.value(this.sample);
  }
}

class First implements Fold {
  private first: Value;
  private seen = false;

  add(value: Value): void {
    if (this.seen) return;
    this.seen = true;
    this.first = value === undefined ? undefined : kept(value);
  }

  value(): Value {
    return this.first;
  }
}

class Last implements Fold {
  private last: Value;

  add(value: Value): void {
    this.last = value;
  }

  value(): Value {
    return this.last;
  }
}

class Push implements Fold {
  private readonly items: NonNullable<Value>[] = [];
  bytes = 64;

  add(value: Value): void {
    if (value === undefined) return;
    this.items.push(kept(value));
    this.bytes += value.bytes.length + 48;
  }

  value(): Value {
    return array(arrayOf(this.items));
  }
}

class AddToSet implements Fold {
  private readonly items = new Map<string, NonNullable<Value>>();
  bytes = 64;

  constructor(private readonly order: ValueOrder) {}

  add(value: Value): void {
    if (value === undefined) return;
    const key = this.order.keyText(value);
    if (this.items.has(key)) return;
    this.items.set(key, kept(value));
    this.bytes += value.bytes.length * 2 + 96;
  }

  value(): Value {
    return array(arrayOf([...this.items.values()]));
  }
}

class Merge implements Fold {
  private docs: Buffer[] = [];

  add(value: Value): void {
    if (isNullish(value)) return;
    if (value.type !== T.OBJECT) {
      throw queryError(
        40400,
        `$mergeObjects requires object inputs, but input ${typeName(value)} is of type ${TYPE_NAMES[value.type]}`
      );
    }
    this.docs.push(value.bytes);
    if (this.docs.length >= 64) this.docs = [mergeDocuments(this.docs)];
  }

  value(): Value {
    return object(mergeDocuments(this.docs));
  }

  get bytes(): number {
    return this.docs.reduce((sum, doc) => sum + doc.length, 64);
  }
}

/** `{n, input}` and, for the sorted kinds, `{n, sortBy, output}`. */
function nArguments(
  argument: RawElement,
  scope: Scope,
  keys: readonly string[]
): Map<string, Expression | Sort> {
  const { name } = argument;
  if (argument.type !== T.OBJECT)
    throw queryError(5787900, `specification must be an object; found ${name}: ${typeName(argument)}`);
  const out = new Map<string, Expression | Sort>();
  for (const element of elements(argument.bytes)) {
    if (!keys.includes(element.name))
      throw queryError(5787901, `Unknown argument for ${name} operator: ${element.name}`);
    if (element.name === 'sortBy') {
      if (element.type !== T.OBJECT)
        throw queryError(10065, `invalid parameter: expected an object (sortBy)`);
      out.set('sortBy', compileSort(element.bytes, scope.collation));
    } else {
      out.set(element.name, compileExpression(element, scope));
    }
  }
  for (const key of keys) {
    if (out.has(key)) continue;
    if (key === 'n') throw queryError(5787906, `Missing value for 'n'`);
    if (key === 'input') throw queryError(5787907, `Missing value for 'input'`);
    throw queryError(key === 'output' ? 5788004 : 5788005, `Missing value for '${key}'`);
  }
  return out;
}

function takeN(
  which: 'first' | 'last' | 'max' | 'min',
  argument: RawElement,
  scope: Scope
): AccumulatorFactory {
  const args = nArguments(argument, scope, ['n', 'input']);
  const n = args.get('n') as Expression;
  const input = args.get('input') as Expression;
  const { order } = scope;
  return first => {
    const count = checkN(n.evaluate(first), argument.name);
    let items: NonNullable<Value>[] = [];
    return {
      bytes: 64,
      add: frame => {
        const value = input.evaluate(frame);
        if (which === 'first') {
          if (items.length < count) items.push(value ?? NULL);
        } else if (which === 'last') {
          items.push(value ?? NULL);
          if (items.length > 2 * count + 64) items = items.slice(-count);
        } else if (!isNullish(value)) {
          items.push(value);
          if (items.length > 2 * count + 64)
            items =
              which === 'max'
                ? largest(items, count, order).reverse()
                : items.sort(order.compare).slice(0, count);
        }
      },
      value: () => {
        if (which === 'last') items = items.slice(-count);
        else if (which !== 'first')
          items = which === 'max' ? largest(items, count, order) : items.sort(order.compare).slice(0, count);
        return array(arrayOf(items));
      }
    };
  };
}

/** `$top`, `$bottom`, `$topN`, `$bottomN`: outputs of the documents that sort first or last. */
function sortedN(bottom: boolean, single: boolean, argument: RawElement, scope: Scope): AccumulatorFactory {
  const args = nArguments(argument, scope, single ? ['sortBy', 'output'] : ['n', 'sortBy', 'output']);
  const sort = args.get('sortBy') as Sort;
  const output = args.get('output') as Expression;
  const n = args.get('n') as Expression | undefined;
  return first => {
    const count = n === undefined ? 1 : checkN(n.evaluate(first), argument.name);
    let items: { doc: Buffer; value: NonNullable<Value> }[] = [];
    const cut = (): void => {
      items.sort((a, b) => sort.compare(a.doc, b.doc));
      items = bottom ? items.slice(-count) : items.slice(0, count);
    };
    return {
      bytes: 64,
      add: frame => {
        items.push({ doc: frame.root!.bytes, value: output.evaluate(frame) ?? NULL });
        if (items.length > 2 * count + 64) cut();
      },
      value: () => {
        cut();
        return single ? (items[0]?.value ?? NULL) : array(arrayOf(items.map(item => item.value)));
      }
    };
  };
}

/** Compiles `{$sum: …}` of a `$group` field. @throws 15952 for unknown accumulators */
export function compileAccumulator(argument: RawElement, scope: Scope, leading = false): AccumulatorFactory {
  switch (argument.name) {
    case '$sum':
      return simple(argument, scope, () => new Sum());
    case '$avg':
      return simple(argument, scope, () => new Average());
    case '$min':
      return simple(argument, scope, () => new Extreme(scope.order, 1, leading));
    case '$max':
      return simple(argument, scope, () => new Extreme(scope.order, -1, leading));
    case '$first':
      return simple(argument, scope, () => new First());
    case '$last':
      return simple(argument, scope, () => new Last());
    case '$push':
      return simple(argument, scope, () => new Push());
    case '$addToSet':
      return simple(argument, scope, () => new AddToSet(scope.order));
    case '$stdDevPop':
      return simple(argument, scope, () => new Spread(false));
    case '$stdDevSamp':
      return simple(argument, scope, () => new Spread(true));
    case '$mergeObjects':
      return simple(argument, scope, () => new Merge());
    case '$count': {
      if (argument.type !== T.OBJECT || argument.bytes.length > 5) {
        throw queryError(argument.type === T.OBJECT ? 9 : 14, '$count takes no arguments, i.e. $count:{}');
      }
      return simple({ ...argument, ...int32(1) }, scope, () => new Sum());
    }
    case '$firstN':
      return takeN('first', argument, scope);
    case '$lastN':
      return takeN('last', argument, scope);
    case '$maxN':
      return takeN('max', argument, scope);
    case '$minN':
      return takeN('min', argument, scope);
    case '$top':
      return sortedN(false, true, argument, scope);
    case '$bottom':
      return sortedN(true, true, argument, scope);
    case '$topN':
      return sortedN(false, false, argument, scope);
    case '$bottomN':
      return sortedN(true, false, argument, scope);
    case '$accumulator':
      throw queryError(238, '$accumulator is not implemented');
    default:
      throw queryError(15952, `unknown group operator '${argument.name}'`);
  }
}
