import {
  elements,
  isNumberType,
  T,
  TYPE_NAMES,
  type RawElement,
  type RawValue,
  type Decimal
} from '../../../bson';
import { add, decimalOfInteger, divide, multiply, subtract } from '../../decimalMath';
import type { Sort } from '../../api';
import { queryError } from '../../error';
import { compileExpression, setRoot, type Expression, type Frame, type Scope } from '../../expression';
import { unitMs, unitOf } from '../../expression/date/units';
import { decimal, toDecimal, toNumber, widest } from '../../numeric';
import { double, int32, intOrLong, isNullish, kept, NULL, type Value } from '../../values';
import { compileAccumulator } from '../accumulators';
import type { DocumentList } from '../gathered';
import { parseBounds, WHOLE_PARTITION, windowFinder, type WindowBounds } from './bounds';

/** The sorted documents of one partition. */
export interface Partition {
  readonly docs: DocumentList;
  /** The first sort key of each document. */
  readonly keys: readonly Value[];
  /** Number of documents before each that sort strictly before it, and number of distinct sort keys up to it. */
  readonly ranks: readonly { readonly rank: number; readonly dense: number }[];
  readonly frame: Frame;
}

/** Computes one output field for all documents of a partition. */
export type WindowFunction = (partition: Partition) => Iterable<Value>;

/** Compiles `{$sum: "$x", window: {…}}`. @throws 9, 5371601 … as MongoDB */
export function compileWindowFunction(
  output: RawElement,
  scope: Scope,
  sort: Sort | undefined
): WindowFunction {
  if (output.type !== T.OBJECT) throw queryError(9, `The field '${output.name}' must be an object`);
  let argument: RawElement | undefined;
  let window: RawElement | undefined;
  for (const element of elements(output.bytes)) {
    if (element.name === 'window') window = element;
    else if (element.name.startsWith('$') && argument === undefined) argument = element;
    else throw queryError(9, `Window function found an unknown argument: ${element.name}`);
  }
  if (argument === undefined) throw queryError(9, 'Expected a $-prefixed window function');
  const { name } = argument;
  const sortKeys = sort === undefined ? 0 : elements(sort.source).length;
  const noWindow = (): void => {
    if (window !== undefined) throw queryError(5371601, `${name} does not accept a 'window' field`);
  };
  const needsSort = (code: number): void => {
    if (sort === undefined) throw queryError(code, `${name} requires a sortBy`);
  };
  const needsOneKey = (code: number): void => {
    if (sortKeys > 1) throw queryError(code, `${name} requires a non-compound sortBy`);
  };
  switch (name) {
    case '$rank':
    case '$denseRank':
    case '$documentNumber':
      noWindow();
      needsSort(5371602);
      needsOneKey(5371602);
      return ({ ranks }) =>
        ranks.map(({ rank, dense }, i) =>
          intOrLong(name === '$rank' ? rank + 1 : name === '$denseRank' ? dense : i + 1)
        );
    case '$shift':
      noWindow();
      needsSort(5371602);
      return shiftFunction(argument, scope);
    case '$expMovingAvg':
      noWindow();
      needsSort(5371602);
      return movingAverage(argument, scope);
    case '$locf':
      // It is fine with the order in which documents come.
      noWindow();
      return carryForward(argument, scope);
    case '$linearFill':
      noWindow();
      needsSort(605001);
      needsOneKey(605001);
      return linearFill(argument, scope);
    case '$derivative':
    case '$integral':
      needsSort(9);
      needsOneKey(9);
      return slope(argument, scope, parseBounds(window, sortKeys));
    case '$covariancePop':
    case '$covarianceSamp':
      return covariance(argument, scope, parseBounds(window, sortKeys));
    default:
      return overWindow(argument, scope, parseBounds(window, sortKeys));
  }
}

function evaluateAll(expression: Expression, { docs, frame }: Partition): Value[] {
  const out: Value[] = [];
  for (let i = 0; i < docs.length; i++) {
    const value = expression.evaluate(setRoot(frame, docs.at(i)!));
    out.push(value === undefined ? undefined : kept(value));
  }
  return out;
}

/** An accumulator over each document's window; windows that only grow are added to, others are made anew. */
function overWindow(argument: RawElement, scope: Scope, bounds: WindowBounds): WindowFunction {
  const slides = !(bounds.kind === 'documents' ? bounds.lower === -Infinity : bounds.lower === 'unbounded');
  let make;
  try {
    // Of equal numbers of different types a sliding $max keeps the last.
    make = compileAccumulator(argument, scope, slides && argument.name === '$max');
  } catch (error) {
    if ((error as { data?: { mongoCode?: number } }).data?.mongoCode !== 15952) throw error;
    throw queryError(9, `Unrecognized window function, ${argument.name}`);
  }
  if (argument.name === '$first' || argument.name === '$last') return atEdge(argument, scope, bounds);
  const factory = make;
  // A sum that values leave again is as narrow as it can be; one that only grows keeps its type.
  const narrows = slides && argument.name === '$sum';
  const narrowed = (value: RawValue): RawValue =>
    narrows && value.type === T.INT64 ? intOrLong(toNumber(value)) : value;
  return function* ({ docs, keys, frame }) {
    if (docs.length === 0) return;
    const find = windowFinder(bounds, keys);
    let state = factory(setRoot(frame, docs.at(0)!));
    let [from, to] = [0, -1];
    let known: Value;
    for (let i = 0; i < docs.length; i++) {
      const [first, last] = find(i);
      if (first !== from || last < to) {
        state = factory(setRoot(frame, docs.at(0)!));
        [from, to] = [first, first - 1];
        known = undefined;
      }
      if (to < last || known === undefined) {
        for (let at = to + 1; at <= last; at++) state.add(setRoot(frame, docs.at(at)!));
        to = Math.max(to, last);
        known = narrowed(state.value() ?? NULL);
      }
      yield known;
    }
  };
}

/** `$first` or `$last` over each document's window: missing where it is missing there, null where there is nothing. */
function atEdge(argument: RawElement, scope: Scope, bounds: WindowBounds): WindowFunction {
  const expression = compileExpression(argument, scope);
  return function* (partition) {
    const find = windowFinder(bounds, partition.keys);
    const values = evaluateAll(expression, partition);
    for (let i = 0; i < values.length; i++) {
      const [first, last] = find(i);
      yield last < first ? NULL : values[argument.name === '$first' ? first : last];
    }
  };
}

function named(argument: RawElement, known: readonly string[]): Map<string, RawElement> {
  if (argument.type !== T.OBJECT) throw queryError(9, `Argument to ${argument.name} must be an object`);
  const out = new Map<string, RawElement>();
  for (const element of elements(argument.bytes)) {
    if (!known.includes(element.name))
      throw queryError(9, `Unknown argument in ${argument.name}: ${element.name}`);
    out.set(element.name, element);
  }
  return out;
}

function shiftFunction(argument: RawElement, scope: Scope): WindowFunction {
  const args = named(argument, ['output', 'by', 'default']);
  const by = args.get('by');
  const output = args.get('output');
  if (by === undefined || output === undefined)
    throw queryError(9, "$shift requires both an 'output' and a 'by' argument");
  const n = isNumberType(by.type) ? toNumber(by) : NaN;
  if (!Number.isInteger(n)) throw queryError(9, `'$shift:by' field must be an integer`);
  const expression = compileExpression(output, scope);
  const fallback = args.has('default')
    ? compileExpression(args.get('default')!, scope).constant?.value
    : NULL;
  return partition => {
    const values = evaluateAll(expression, partition);
    return values.map((_, i) =>
      i + n >= 0 && i + n < values.length ? (values[i + n] ?? NULL) : (fallback ?? NULL)
    );
  };
}

function movingAverage(argument: RawElement, scope: Scope): WindowFunction {
  const args = named(argument, ['input', 'N', 'alpha']);
  const input = args.get('input');
  if (input === undefined || args.has('N') === args.has('alpha')) {
    throw queryError(
      9,
      "$expMovingAvg sub object must have exactly two fields: An 'input' field, and either an 'N' field or an 'alpha' field"
    );
  }
  const expression = compileExpression(input, scope);
  const n = args.get('N');
  const alphaArgument = args.get('alpha');
  let alpha: Decimal;
  if (n !== undefined) {
    if (!isNumberType(n.type) || !Number.isInteger(toNumber(n)))
      throw queryError(9, "'N' field must be an integer, but found type");
    if (toNumber(n) <= 0) throw queryError(9, "'N' must be greater than zero.");
    alpha = divide(decimalOfInteger(2n), add(toDecimal(n), decimalOfInteger(1n)));
  } else {
    if (!isNumberType(alphaArgument!.type)) throw queryError(9, "'alpha' must be a number");
    if (!(toNumber(alphaArgument!) > 0 && toNumber(alphaArgument!) < 1))
      throw queryError(9, "'alpha' must be between 0 and 1 (exclusive)");
    alpha = toDecimal(alphaArgument!);
  }
  const rest = subtract(decimalOfInteger(1n), alpha);
  return partition => {
    // Kept as Decimal128 in any case, as mongod does; shown as a double unless a Decimal128 came in.
    let average: Decimal | undefined;
    let exact = false;
    return evaluateAll(expression, partition).map(value => {
      if (value !== undefined && isNumberType(value.type)) {
        exact ||= value.type === T.DECIMAL128;
        const x = toDecimal(value);
        average = average === undefined ? x : add(multiply(x, alpha), multiply(average, rest));
      }
      if (average === undefined) return NULL;
      return exact ? decimal(average) : double(toNumber(decimal(average)));
    });
  };
}

function carryForward(argument: RawElement, scope: Scope): WindowFunction {
  const expression = compileExpression(argument, scope);
  return partition => {
    let last: Value = NULL;
    return evaluateAll(expression, partition).map(value => (isNullish(value) ? last : (last = value)));
  };
}

/** A point on the axis that the sort gives: dates count as milliseconds. */
function axis(key: Value): RawValue {
  if (key !== undefined && isNumberType(key.type)) return key;
  if (key?.type === T.DATE) return { type: T.INT64, bytes: key.bytes };
  throw queryError(
    14,
    `Value of the sortBy field must be numeric or a date, but found ${key ? TYPE_NAMES[key.type] : 'missing'}`
  );
}

function linearFill(argument: RawElement, scope: Scope): WindowFunction {
  const expression = compileExpression(argument, scope);
  return partition => {
    const values = evaluateAll(expression, partition);
    for (const key of partition.keys) axis(key);
    let before = -1;
    return values.map((value, i) => {
      if (!isNullish(value)) {
        if (!isNumberType(value.type))
          throw queryError(
            605001,
            `Value to be filled must be numeric or nullish, but found type: ${TYPE_NAMES[value.type]}`
          );
        before = i;
        return value;
      }
      if (before < 0) return NULL;
      let after = i + 1;
      while (after < values.length && isNullish(values[after])) after++;
      if (after >= values.length) return NULL;
      const [left, right] = [values[before]!, values[after]!];
      const [x1, x, x2] = [
        axis(partition.keys[before]),
        axis(partition.keys[i]),
        axis(partition.keys[after])
      ];
      if ([left, right, x1, x2].some(v => v.type === T.DECIMAL128)) {
        const slopeOf = divide(
          subtract(toDecimal(right), toDecimal(left)),
          subtract(toDecimal(x2), toDecimal(x1))
        );
        return decimal(add(toDecimal(left), multiply(slopeOf, subtract(toDecimal(x), toDecimal(x1)))));
      }
      const rise = (toNumber(right) - toNumber(left)) / (toNumber(x2) - toNumber(x1));
      return double(toNumber(left) + (toNumber(x) - toNumber(x1)) * rise);
    });
  };
}

/** `$derivative` and `$integral` over a window, per `unit` when the sort is by dates. */
function slope(argument: RawElement, scope: Scope, bounds: WindowBounds): WindowFunction {
  const args = named(argument, ['input', 'unit']);
  const input = args.get('input');
  if (input === undefined) throw queryError(9, `${argument.name} requires an 'input' expression`);
  const expression = compileExpression(input, scope);
  const unit = args.has('unit') ? unitMs(unitOf(args.get('unit')!, argument.name)) : undefined;
  if (args.has('unit') && unit === undefined) throw queryError(5490710, "unit must be 'week' or smaller");
  const isIntegral = argument.name === '$integral';
  if (!isIntegral && bounds === WHOLE_PARTITION)
    throw queryError(9, '$derivative requires explicit window bounds');
  const position = (key: Value): RawValue => {
    if (unit === undefined) {
      if (key !== undefined && isNumberType(key.type)) return key;
      if (isIntegral && isNullish(key)) return NULL;
      throw queryError(
        isIntegral ? 5423902 : 5624901,
        `${argument.name} (with no 'unit') expects the sortBy field to be numeric`
      );
    }
    if (key?.type !== T.DATE)
      throw queryError(
        isIntegral ? 5423901 : 5624900,
        `${argument.name} with 'unit' expects the sortBy field to be a Date`
      );
    return { type: T.INT64, bytes: key.bytes };
  };
  return partition => {
    const find = windowFinder(bounds, partition.keys);
    const values = evaluateAll(expression, partition);
    return values.map((_, i) => {
      const [first, last] = find(i);
      if (last < first) return NULL;
      return isIntegral
        ? integral(values, partition.keys, first, last, position, unit)
        : derivative(values, partition.keys, first, last, position, unit);
    });
  };
}

function derivative(
  values: readonly Value[],
  keys: readonly Value[],
  first: number,
  last: number,
  position: (key: Value) => RawValue,
  unit: bigint | undefined
): Value {
  const [y1, y2] = [values[first], values[last]];
  const [x1, x2] = [position(keys[first]), position(keys[last])];
  if (first === last || isNullish(y1) || isNullish(y2)) return NULL;
  if (!isNumberType(y1.type) || !isNumberType(y2.type))
    throw queryError(5624903, '$derivative input must be numeric');
  if ([y1, y2, x1, x2].some(v => v.type === T.DECIMAL128)) {
    const dx = subtract(toDecimal(x2), toDecimal(x1));
    let rise = divide(subtract(toDecimal(y2), toDecimal(y1)), dx);
    if (unit !== undefined) rise = multiply(rise, decimalOfInteger(unit));
    return rise.kind === 'finite' ? decimal(rise) : NULL;
  }
  const dx = toNumber(x2) - toNumber(x1);
  if (dx === 0) return NULL;
  const rise = (toNumber(y2) - toNumber(y1)) / dx;
  return double(unit === undefined ? rise : rise * Number(unit));
}

function integral(
  values: readonly Value[],
  keys: readonly Value[],
  first: number,
  last: number,
  position: (key: Value) => RawValue,
  unit: bigint | undefined
): Value {
  let type: number = T.INT32;
  for (let i = first; i <= last; i++) {
    const value = values[i];
    if (isNullish(value) || !isNumberType(value.type)) {
      throw queryError(5423900, 'The input value of $integral must be numeric');
    }
    type = widest(
      type,
      widest(value.type, position(keys[i]).type === T.NULL ? T.INT32 : position(keys[i]).type)
    );
  }
  if (first === last) return unit === undefined ? int32(0) : double(0);
  if (type === T.DECIMAL128) {
    let sum: Decimal = decimalOfInteger(0n);
    for (let i = first; i < last; i++) {
      const dx = subtract(toDecimal(position(keys[i + 1])), toDecimal(position(keys[i])));
      const height = divide(add(toDecimal(values[i]!), toDecimal(values[i + 1]!)), decimalOfInteger(2n));
      sum = add(sum, multiply(dx, height));
    }
    return decimal(unit === undefined ? sum : divide(sum, decimalOfInteger(unit)));
  }
  let sum = 0;
  for (let i = first; i < last; i++) {
    const dx = toNumber(position(keys[i + 1])) - toNumber(position(keys[i]));
    sum += (dx * (toNumber(values[i]!) + toNumber(values[i + 1]!))) / 2;
  }
  return double(unit === undefined ? sum : sum / Number(unit));
}

function covariance(argument: RawElement, scope: Scope, bounds: WindowBounds): WindowFunction {
  const expression = compileExpression(argument, scope);
  const isSample = argument.name === '$covarianceSamp';
  return partition => {
    const find = windowFinder(bounds, partition.keys);
    const pairs = evaluateAll(expression, partition).map(value => {
      const items = value?.type === T.ARRAY ? elements(value.bytes) : [];
      const [x, y] = items;
      return items.length === 2 && isNumberType(x!.type) && isNumberType(y!.type)
        ? { x: toNumber(x!), y: toNumber(y!) }
        : undefined;
    });
    return pairs.map((_, i) => {
      const [first, last] = find(i);
      let [count, sumX, sumY, together] = [0, 0, 0, 0];
      for (let at = first; at <= last; at++) {
        const pair = pairs[at];
        if (pair === undefined) continue;
        const dy = pair.y - (count === 0 ? 0 : sumY / count);
        count++;
        sumX += pair.x;
        sumY += pair.y;
        together += (pair.x - sumX / count) * dy;
      }
      const divisor = isSample ? count - 1 : count;
      return divisor <= 0 ? NULL : double(together / divisor);
    });
  };
}
