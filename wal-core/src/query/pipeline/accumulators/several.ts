import {
  arrayOf,
  documentOf,
  elements,
  field,
  values,
  type RawElement,
  type RawValue
} from '../../../bson/raw';
import { T } from '../../../bson/types';
import type { Sort } from '../../api';
import { queryError } from '../../error';
import { compileExpression, type Expression, type Frame, type Scope } from '../../expression';
import { typeName } from '../../expression/arithmetic';
import { checkN, largest } from '../../expression/arrays';
import { toNumber } from '../../numeric';
import { compileSort } from '../../sort';
import { array, double, isNullish, kept, NULL, object, type Value } from '../../values';
import { ITEM_BYTES, STATE_BYTES, type Accumulator, type AccumulatorFactory } from './state';

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

/** Items of which only so many stay, and which are cut down to them when twice as many have come. */
abstract class Several<Item> implements Accumulator {
  protected items: Item[] = [];
  private held = 0;

  constructor(protected readonly count: number) {}

  abstract add(frame: Frame): void;
  abstract value(): Value;
  protected abstract sizeOf(item: Item): number;
  /** The items that stay. */
  protected abstract chosen(items: Item[]): Item[];
  /** The items as values, and back. */
  protected abstract written(items: readonly Item[]): RawValue[];
  protected abstract read(items: readonly RawValue[]): Item[];

  protected take(item: Item): void {
    this.items.push(item);
    this.held += this.sizeOf(item);
    if (this.items.length > 2 * this.count + 2) this.cut();
  }

  protected cut(): void {
    this.items = this.chosen(this.items);
    this.held = this.items.reduce((sum, item) => sum + this.sizeOf(item), 0);
  }

  get bytes(): number {
    return STATE_BYTES + this.held;
  }

  save(): RawValue {
    return array(arrayOf([double(this.count), ...this.written(this.items)]));
  }

  /** Takes in what another of the same count had. */
  resume(saved: readonly RawValue[]): this {
    for (const item of this.read(saved)) this.take(item);
    return this;
  }
}

/** The factory of a state that is made for a count, which is that of the group's first document. */
function counting(
  n: Expression | undefined,
  name: string,
  make: (count: number) => Several<unknown>
): AccumulatorFactory {
  return Object.assign((first: Frame) => make(n === undefined ? 1 : checkN(n.evaluate(first), name)), {
    resume: (saved: RawValue) => {
      const [count, ...items] = values(saved.bytes);
      return make(toNumber(count!)).resume(items);
    }
  });
}

/** `$firstN`, `$lastN`, `$maxN`, `$minN`. */
class SomeValues extends Several<RawValue> {
  constructor(
    count: number,
    private readonly which: 'first' | 'last' | 'max' | 'min',
    private readonly input: Expression,
    private readonly scope: Scope
  ) {
    super(count);
  }

  add(frame: Frame): void {
    const { which } = this;
    if (which === 'first' && this.items.length >= this.count) return;
    const value = this.input.evaluate(frame);
    if (which === 'first' || which === 'last') this.take(kept(value ?? NULL));
    else if (!isNullish(value)) this.take(kept(value));
  }

  protected sizeOf({ bytes }: RawValue): number {
    return bytes.length + ITEM_BYTES;
  }

  protected chosen(items: RawValue[]): RawValue[] {
    const { count, which } = this;
    const { order } = this.scope;
    if (which === 'first') return items.slice(0, count);
    if (which === 'last') return items.slice(-count);
    // Of equals the youngest comes first of the largest: they stay in the order they came.
    return which === 'max'
      ? largest(items, count, order).reverse()
      : items.sort(order.compare).slice(0, count);
  }

  protected written(items: readonly RawValue[]): RawValue[] {
    return [...items];
  }

  protected read(items: readonly RawValue[]): RawValue[] {
    return [...items];
  }

  value(): Value {
    this.cut();
    return array(arrayOf(this.which === 'max' ? [...this.items].reverse() : this.items));
  }
}

/** An output with the document it is sorted by. */
interface Sorted {
  readonly doc: Buffer;
  readonly value: RawValue;
}

/** `$top`, `$bottom`, `$topN`, `$bottomN`: outputs of the documents that sort first or last. */
class SortedValues extends Several<Sorted> {
  constructor(
    count: number,
    private readonly sort: Sort,
    private readonly output: Expression,
    private readonly bottom: boolean,
    private readonly single: boolean
  ) {
    super(count);
  }

  add(frame: Frame): void {
    const root = kept(object(frame.root!.bytes));
    this.take({ doc: root.bytes, value: kept(this.output.evaluate(frame) ?? NULL) });
  }

  protected sizeOf({ doc, value }: Sorted): number {
    return doc.length + value.bytes.length + 2 * ITEM_BYTES;
  }

  protected chosen(items: Sorted[]): Sorted[] {
    items.sort((a, b) => this.sort.compare(a.doc, b.doc));
    return this.bottom ? items.slice(-this.count) : items.slice(0, this.count);
  }

  protected written(items: readonly Sorted[]): RawValue[] {
    return items.map(({ doc, value }) =>
      object(
        documentOf([
          { ...object(doc), name: 'doc' },
          { ...value, name: 'value' }
        ])
      )
    );
  }

  protected read(items: readonly RawValue[]): Sorted[] {
    return items.map(({ bytes }) => ({ doc: field(bytes, 'doc')!.bytes, value: field(bytes, 'value')! }));
  }

  value(): Value {
    this.cut();
    return this.single ? (this.items[0]?.value ?? NULL) : array(arrayOf(this.items.map(item => item.value)));
  }
}

/** Compiles `$firstN`, `$lastN`, `$maxN`, `$minN`. @throws 5787900 and following, as MongoDB */
export function takeN(
  which: 'first' | 'last' | 'max' | 'min',
  argument: RawElement,
  scope: Scope
): AccumulatorFactory {
  const args = nArguments(argument, scope, ['n', 'input']);
  const input = args.get('input') as Expression;
  return counting(
    args.get('n') as Expression,
    argument.name,
    count => new SomeValues(count, which, input, scope)
  );
}

/** Compiles `$top`, `$bottom`, `$topN`, `$bottomN`. @throws 5787900 and following, as MongoDB */
export function sortedN(
  bottom: boolean,
  single: boolean,
  argument: RawElement,
  scope: Scope
): AccumulatorFactory {
  const args = nArguments(argument, scope, single ? ['sortBy', 'output'] : ['n', 'sortBy', 'output']);
  const sort = args.get('sortBy') as Sort;
  const output = args.get('output') as Expression;
  return counting(
    args.get('n') as Expression | undefined,
    argument.name,
    count => new SortedValues(count, sort, output, bottom, single)
  );
}
