import { arrayOf, elements, valueSize, type RawElement, type RawValue } from '../../bson/raw';
import { isNumberType, T, TYPE_NAMES } from '../../bson/types';
import { queryError } from '../error';
import { compileExpression, type Expression, type Frame, type Scope } from '../expression';
import { Deviation, mean } from '../expression/accumulate';
import { checkN, largest } from '../expression/array';
import { typeName } from '../expression/arithmetic';
import { mergeDocuments } from '../expression/object';
import { findField, MISSING } from '../filter/path';
import { Summation } from '../numeric';
import type { ValueOrder } from '../order';
import { compileSort } from '../sort';
import { array, copied, int32, isNullish, kept, NULL, object, type Value } from '../values';
import type { FoldShare, Sort } from '../api';

/** The state of one accumulator in one group. */
export interface Accumulator {
  add(frame: Frame): void;
  /** Adds the document that begins at `start`, where it lies; there when the factory `isFleeting`. */
  addAt?(bytes: Buffer, start: number, frame: DocumentFrame): void;
  value(): Value;
  /** Bytes it holds, roughly. */
  readonly bytes: number;
  /** What another thread gathered and what is here go together; there when the factory `isFleeting`. */
  readonly shared?: Shared;
}

/** A state of which parts can be gathered apart, when what comes out is the same to the last bit. */
export interface Shared {
  readonly isShareable: boolean;
  share(): FoldShare;
  /** Takes in the share of later documents. */
  absorb(share: FoldShare): void;
}

/** The frame of a document that lies in larger bytes, made when an expression needs it. */
export type DocumentFrame = () => Frame;

/** Makes accumulators. */
export interface AccumulatorFactory {
  /** @param first a frame of the group's first document, for `n` */
  (first: Frame): Accumulator;
  /** They keep nothing of a document, whose bytes may be gone after it was added; and always take as little memory. */
  readonly isFleeting?: boolean;
}

/** A plain state that is given values. */
interface Fold {
  add(value: Value): void;
  value(): Value;
  bytes?: number;
}

/** A state that keeps nothing of the values it is given, and takes them where they lie. */
interface FleetingFold extends Fold, Shared {
  /** `type` 0: missing. */
  addAt(type: number, bytes: Buffer, start: number, end: number): void;
}

function operand(argument: RawElement, scope: Scope): Expression {
  if (argument.type === T.ARRAY) {
    throw queryError(40237, `The ${argument.name} accumulator is a unary operator`);
  }
  return compileExpression(argument, scope);
}

function simple(argument: RawElement, scope: Scope, make: () => Fold): AccumulatorFactory {
  const expression = operand(argument, scope);
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

const NONE = Buffer.alloc(0);

function fleeting(argument: RawElement, scope: Scope, make: () => FleetingFold): AccumulatorFactory {
  const expression = operand(argument, scope);
  const { field, constant } = expression;
  const create =
    field !== undefined
      ? () => new OfField(expression, make(), field)
      : constant !== undefined
        ? () => new OfConstant(expression, make(), constant.value)
        : () => new OfExpression(expression, make());
  return Object.assign(create, { isFleeting: true });
}

/** A fleeting state of one group with what it is given. Classes, so that what is compiled for one query serves the next. */
abstract class FleetingState implements Accumulator {
  readonly bytes = 64;

  constructor(
    protected readonly expression: Expression,
    protected readonly fold: FleetingFold
  ) {}

  add(frame: Frame): void {
    this.fold.add(this.expression.evaluate(frame));
  }

  abstract addAt(bytes: Buffer, start: number, frame: DocumentFrame): void;

  value(): Value {
    return this.fold.value();
  }

  get shared(): Shared {
    return this.fold;
  }
}

class OfField extends FleetingState {
  constructor(
    expression: Expression,
    fold: FleetingFold,
    private readonly field: Buffer
  ) {
    super(expression, fold);
  }

  addAt(bytes: Buffer, start: number): void {
    const at = findField(bytes, start, this.field);
    if (at < 0) {
      this.fold.addAt(MISSING, bytes, 0, 0);
      return;
    }
    const type = bytes[at]!;
    const value = at + 2 + this.field.length;
    this.fold.addAt(type, bytes, value, value + valueSize(type, bytes, value));
  }
}

class OfConstant extends FleetingState {
  constructor(
    expression: Expression,
    fold: FleetingFold,
    private readonly constant: Value
  ) {
    super(expression, fold);
  }

  addAt(): void {
    this.fold.add(this.constant);
  }
}

class OfExpression extends FleetingState {
  addAt(_bytes: Buffer, _start: number, frame: DocumentFrame): void {
    const value = this.expression.evaluate(frame());
    if (value === undefined) this.fold.addAt(MISSING, NONE, 0, 0);
    else this.fold.addAt(value.type, value.bytes, 0, value.bytes.length);
  }
}

class Sum implements FleetingFold {
  private readonly sum = new Summation();

  add(value: Value): void {
    if (value !== undefined && isNumberType(value.type)) this.sum.add(value.type, value.bytes);
  }

  addAt(type: number, bytes: Buffer, start: number): void {
    if (isNumberType(type)) this.sum.add(type, bytes, start);
  }

  value(): Value {
    return this.sum.value;
  }

  get isShareable(): boolean {
    return this.sum.isOrderless;
  }

  share(): FoldShare {
    return { sum: this.sum.share };
  }

  absorb({ sum }: FoldShare): void {
    this.sum.absorb(sum!);
  }
}

class Average implements FleetingFold {
  private readonly sum = new Summation();
  private count = 0;

  add(value: Value): void {
    if (value !== undefined) this.addAt(value.type, value.bytes, 0);
  }

  addAt(type: number, bytes: Buffer, start: number): void {
    if (!isNumberType(type)) return;
    this.sum.add(type, bytes, start);
    this.count++;
  }

  value(): Value {
    return mean(this.sum, this.count);
  }

  get isShareable(): boolean {
    return this.sum.isOrderless;
  }

  share(): FoldShare {
    return { sum: this.sum.share, count: this.count };
  }

  absorb({ sum, count }: FoldShare): void {
    this.sum.absorb(sum!);
    this.count += count!;
  }
}

class Extreme implements FleetingFold {
  readonly isShareable = true;
  private best: Value;

  constructor(
    private readonly order: ValueOrder,
    private readonly sign: 1 | -1,
    /** Of equal numbers of different types the last stays, not the first. */
    private readonly keepsLast: boolean
  ) {}

  add(value: Value): void {
    if (this.isBetter(value)) this.best = kept(value);
  }

  addAt(type: number, bytes: Buffer, start: number, end: number): void {
    const value = type === MISSING ? undefined : { type, bytes: bytes.subarray(start, end) };
    if (this.isBetter(value)) this.best = copied(value);
  }

  private isBetter(value: Value): value is RawValue {
    if (isNullish(value)) return false;
    if (this.best === undefined) return true;
    const order = this.order.compare(value, this.best) * this.sign;
    return order < 0 || (order === 0 && this.keepsLast);
  }

  value(): Value {
    return this.best ?? NULL;
  }

  share(): FoldShare {
    const { best } = this;
    return best === undefined ? {} : { best: { type: best.type, bytes: Uint8Array.from(best.bytes) } };
  }

  absorb({ best }: FoldShare): void {
    this.add(best === undefined ? undefined : { type: best.type, bytes: Buffer.from(best.bytes) });
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
      return fleeting(argument, scope, () => new Sum());
    case '$avg':
      return fleeting(argument, scope, () => new Average());
    case '$min':
      return fleeting(argument, scope, () => new Extreme(scope.order, 1, leading));
    case '$max':
      return fleeting(argument, scope, () => new Extreme(scope.order, -1, leading));
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
      return fleeting({ ...argument, ...int32(1) }, scope, () => new Sum());
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
