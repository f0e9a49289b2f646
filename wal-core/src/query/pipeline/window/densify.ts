import {
  compareValues,
  documentOf,
  elements,
  encodeKey,
  isNumberType,
  T,
  TYPE_NAMES,
  type RawElement,
  type RawValue
} from '../../../bson';
import { Pace } from '../../../log/pace';
import { add } from '../../decimalMath';
import { queryError } from '../../error';
import { parseFieldPath } from '../../expression';
import { addUnits, unitOf, type TimeUnit } from '../../expression/date/units';
import { UTC } from '../../expression/timezone';
import { decimal, integerResult, toBigInt, toDecimal, toInt64, toNumber, widest } from '../../numeric';
import { date, double, isNullish, kept, NULL, textOf } from '../../values';
import { Scratch, gather } from '../gathered';
import { BATCH_DOCUMENTS, type Stage, type StageCompiler } from '../stage';
import { setAt, valueAt } from '../unwind';

/** Most documents that one $densify may add, as in MongoDB. */
const ADDED_DOCUMENTS_MAX = 500_000;

interface Spec {
  readonly path: readonly string[];
  readonly partitions: readonly (readonly string[])[];
  readonly step: RawValue;
  readonly unit: TimeUnit | undefined;
  readonly bounds: 'full' | 'partition' | readonly [RawValue, RawValue];
}

/** `$densify`: adds documents where steps of a numeric or date field are missing. */
export const densify: StageCompiler = (argument, _scope, name): Stage => {
  const spec = parse(argument);
  return {
    name,
    async *run(source, run) {
      const scratch = new Scratch(run.context.spill);
      const pace = new Pace(run.context.signal);
      // Partitions come in the order in which they were seen first.
      const groups = new Map<string, Group>();
      const groupOf = (doc: Buffer, value: RawValue): Group => {
        const key = encodeKey(spec.partitions.map(path => valueAt(doc, path) ?? NULL)).toString('latin1');
        const known = groups.get(key);
        if (known !== undefined) return known;
        const group = { at: groups.size, like: partitionOf(doc, spec), low: kept(value), high: kept(value) };
        groups.set(key, group);
        return group;
      };
      const entryOf = (doc: Buffer): Entry => {
        const value = valueAt(doc, spec.path);
        if (isNullish(value)) return { doc, value: NULL, group: undefined, keyBytes: 0 };
        checkValue(value, spec);
        const group = groupOf(doc, value);
        if (compareValues(value, group.low) < 0) group.low = kept(value);
        if (compareValues(value, group.high) > 0) group.high = kept(value);
        return { doc, value, group, keyBytes: value.bytes.length };
      };
      const order = (a: Entry, b: Entry): number =>
        (a.group?.at ?? -1) - (b.group?.at ?? -1) || compareValues(a.value, b.value);
      try {
        const gathered = await gather(source, run, name, scratch.forSorting, { entryOf, order });
        const sorted: Iterable<readonly Entry[]> =
          'docs' in gathered
            ? [gathered.docs.map(entryOf).sort(order)]
            : entriesOf(gathered.sorter.finish(), entryOf);
        const all = [...groups.values()];
        const whole = spec.bounds === 'full' && all.length > 0 ? wholeRange(all) : undefined;
        const counter = { added: 0 };
        let filler: Filler | undefined;
        let last: Group | undefined;
        const batch: Buffer[] = [];
        for (const entries of sorted) {
          for (const { doc, value, group } of entries) {
            if (group !== last) {
              if (filler !== undefined)
                for (const made of filler.rest())
                  if (batch.push(made) === BATCH_DOCUMENTS) yield batch.splice(0);
              filler = group === undefined ? undefined : new Filler(spec, group, whole, counter);
              last = group;
            }
            if (filler !== undefined)
              for (const made of filler.until(value))
                if (batch.push(made) === BATCH_DOCUMENTS) yield batch.splice(0);
            if (batch.push(doc) === BATCH_DOCUMENTS) yield batch.splice(0);
            if (pace.isDue) await pace.rest();
          }
        }
        if (all.length === 0 && typeof spec.bounds !== 'string' && spec.partitions.length === 0)
          filler = new Filler(spec, undefined, undefined, counter);
        if (filler !== undefined)
          for (const made of filler.rest()) if (batch.push(made) === BATCH_DOCUMENTS) yield batch.splice(0);
        if (batch.length > 0) yield batch;
      } finally {
        scratch.close();
      }
    }
  };
};

/** Documents with the same values of `partitionByFields`. */
interface Group {
  readonly at: number;
  /** A document of those values alone. */
  readonly like: Buffer;
  low: RawValue;
  high: RawValue;
}

interface Entry {
  readonly doc: Buffer;
  readonly value: RawValue;
  /** Undefined: it has no value to densify by, and goes first. */
  readonly group: Group | undefined;
  readonly keyBytes: number;
}

function* entriesOf(
  sorted: Iterable<readonly Buffer[]>,
  entryOf: (doc: Buffer) => Entry
): Generator<readonly Entry[]> {
  for (const docs of sorted) yield docs.map(entryOf);
}

function partitionOf(like: Buffer, spec: Spec): Buffer {
  let doc = documentOf([]);
  for (const path of spec.partitions) {
    const value = valueAt(like, path);
    if (value !== undefined) doc = setAt(doc, path, value);
  }
  return doc;
}

function parse(argument: RawValue): Spec {
  if (argument.type !== T.OBJECT)
    throw queryError(
      5733201,
      `The $densify stage specification must be an object, found ${TYPE_NAMES[argument.type]}`
    );
  let path: readonly string[] | undefined;
  let partitions: readonly (readonly string[])[] = [];
  let range: RawElement | undefined;
  for (const element of elements(argument.bytes)) {
    if (element.name === 'field' && element.type === T.STRING) path = parseFieldPath(textOf(element));
    else if (element.name === 'partitionByFields' && element.type === T.ARRAY) {
      partitions = elements(element.bytes).map(item =>
        parseFieldPath(item.type === T.STRING ? textOf(item) : '')
      );
    } else if (element.name === 'range' && element.type === T.OBJECT) range = element;
    else throw queryError(40415, `BSON field '$densify.${element.name}' is an unknown field.`);
  }
  if (path === undefined)
    throw queryError(40414, "BSON field '$densify.field' is missing but a required field");
  if (range === undefined)
    throw queryError(40414, "BSON field '$densify.range' is missing but a required field");
  let step: RawValue | undefined;
  let unit: TimeUnit | undefined;
  let bounds: Spec['bounds'] | undefined;
  for (const element of elements(range.bytes)) {
    if (element.name === 'step') step = { type: element.type, bytes: element.bytes };
    else if (element.name === 'unit') unit = unitOf(element, '$densify');
    else if (element.name === 'bounds') bounds = parseBounds(element);
    else throw queryError(40415, `BSON field '$densify.range.${element.name}' is an unknown field.`);
  }
  if (step === undefined)
    throw queryError(40414, "BSON field 'RangeSpec.step' is missing but a required field");
  if (bounds === undefined)
    throw queryError(40414, "BSON field 'RangeSpec.bounds' is missing but a required field");
  if (!isNumberType(step.type))
    throw queryError(
      14,
      `BSON field '$densify.range.step' is the wrong type '${TYPE_NAMES[step.type]}', expected types '[int, decimal, double, long']`
    );
  if (!(toNumber(step) > 0))
    throw queryError(
      5733401,
      'The step parameter in a range statement must be a strictly positive numeric value'
    );
  if (unit !== undefined && !Number.isInteger(toNumber(step)))
    throw queryError(
      6586400,
      'The step parameter in a range statement must be a whole number when densifying a date range'
    );
  if (bounds === 'partition' && partitions.length === 0)
    throw queryError(
      5733408,
      "One may not specify the bounds as 'partition' without specifying a non-empty array of partitionByFields. You may have meant to specify 'full' bounds."
    );
  if (typeof bounds !== 'string') {
    const dates = bounds.map(b => b.type === T.DATE);
    if (dates[0] !== dates[1])
      throw queryError(5733402, 'A bounding array must contain values of the same type');
    if (dates[0] && unit === undefined)
      throw queryError(5733501, 'A bounding array of dates must have a unit');
    if (!dates[0] && unit !== undefined)
      throw queryError(5733409, 'Numeric bounds may not have unit parameter');
    if (!dates[0] && (bounds[0].type !== bounds[1].type || bounds[0].type !== step.type))
      throw queryError(5876900, 'Upper bound, lower bound, and step must all have the same type');
    if (compareValues(bounds[0], bounds[1]) > 0)
      throw queryError(5733402, 'A bounding array in a range statement must be in ascending order');
  }
  return { path, partitions, step, unit, bounds };
}

function parseBounds(element: RawElement): Spec['bounds'] {
  if (element.type === T.STRING) {
    const text = textOf(element);
    if (text !== 'full' && text !== 'partition')
      throw queryError(5946802, "Bounds string must either be 'full' or 'partition'");
    return text;
  }
  const list = element.type === T.ARRAY ? elements(element.bytes) : [];
  if (list.length !== 2)
    throw queryError(5733403, 'A bounding array in a range statement must have exactly two elements');
  for (const item of list)
    if (!isNumberType(item.type) && item.type !== T.DATE)
      throw queryError(5733406, 'A bounding array must contain either both numeric or both date types');
  const [low, high] = list.map(({ type, bytes }) => ({ type, bytes })) as [RawValue, RawValue];
  return [low, high];
}

function checkValue(value: RawValue, { unit }: Spec): void {
  if (unit === undefined && value.type === T.DATE)
    throw queryError(
      6053600,
      'Encountered date densify value in collection when step does not have a date unit.'
    );
  if (unit === undefined && !isNumberType(value.type))
    throw queryError(5733201, 'Densify field type must be numeric or a date');
  if (unit !== undefined && value.type !== T.DATE)
    throw queryError(
      6053600,
      `Encountered ${isNumberType(value.type) ? 'numeric densify' : 'non-date'} value in collection when step has a date unit.`
    );
}

function wholeRange(groups: readonly Group[]): readonly [RawValue, RawValue] {
  let { low, high } = groups[0]!;
  for (const group of groups) {
    if (compareValues(group.low, low) < 0) low = group.low;
    if (compareValues(group.high, high) > 0) high = group.high;
  }
  return [low, high];
}

/** Makes the documents that are missing among those of one group, as their values come by in order. */
class Filler {
  private readonly low: RawValue;
  private readonly high: RawValue;
  /** An explicit range has its end outside, one of values inside. */
  private readonly isExplicit: boolean;
  private n = 0n;
  private next: RawValue;

  constructor(
    private readonly spec: Spec,
    private readonly group: Group | undefined,
    whole: readonly [RawValue, RawValue] | undefined,
    private readonly counter: { added: number }
  ) {
    this.isExplicit = typeof spec.bounds !== 'string';
    const own = group === undefined ? undefined : ([group.low, group.high] as const);
    [this.low, this.high] = (typeof spec.bounds === 'string' ? (whole ?? own) : spec.bounds)!;
    this.next = this.low;
  }

  /** What is missing before a document's value, which takes its own place. */
  *until(value: RawValue): Generator<Buffer> {
    while (this.isInside && compareValues(this.next, value) < 0) yield this.make();
    if (compareValues(this.next, value) === 0) this.advance(value);
  }

  /** What is missing behind the last one. */
  *rest(): Generator<Buffer> {
    while (this.isInside) yield this.make();
  }

  private get isInside(): boolean {
    const order = compareValues(this.next, this.high);
    return this.isExplicit ? order < 0 : order <= 0;
  }

  private make(): Buffer {
    if (++this.counter.added > ADDED_DOCUMENTS_MAX)
      throw queryError(
        5897900,
        `Generated ${this.counter.added} documents in $densify, which is over the limit of ${ADDED_DOCUMENTS_MAX}`
      );
    const made = setAt(this.group?.like ?? documentOf([]), this.spec.path, this.next);
    this.advance(this.next);
    return made;
  }

  /** Numbers go on from the last value, which gives its type to those behind it; dates count units from the first. */
  private advance(from: RawValue): void {
    const { step, unit } = this.spec;
    this.n++;
    this.next = unit === undefined ? plus(from, step) : laterBy(this.low, step, unit, this.n);
  }
}

function laterBy(low: RawValue, step: RawValue, unit: TimeUnit, n: bigint): RawValue {
  return date(addUnits(low.bytes.readBigInt64LE(0), unit, toInt64(step)! * n, UTC));
}

function plus(value: RawValue, step: RawValue): RawValue {
  const type = widest(value.type, step.type);
  if (type === T.DECIMAL128) return decimal(add(toDecimal(value), toDecimal(step)));
  if (type === T.DOUBLE) return double(toNumber(value) + toNumber(step));
  return integerResult(type, toBigInt(value) + toBigInt(step))!;
}
