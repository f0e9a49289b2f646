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
import { add } from '../../decimalMath';
import { queryError } from '../../error';
import { parseFieldPath } from '../../expression';
import { addUnits, unitOf, type TimeUnit } from '../../expression/date/units';
import { UTC } from '../../expression/timezone';
import { decimal, integerResult, toBigInt, toDecimal, toInt64, toNumber, widest } from '../../numeric';
import { date, double, isNullish, NULL, textOf } from '../../values';
import { batches, collect, Memory, type Stage, type StageCompiler } from '../stage';
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
      const memory = new Memory(run, name);
      const docs = await collect(source, memory);
      const groups = new Map<string, { like: Buffer; docs: { doc: Buffer; value: RawValue }[] }>();
      const apart: Buffer[] = [];
      for (const doc of docs) {
        const value = valueAt(doc, spec.path);
        if (isNullish(value)) {
          apart.push(doc);
          continue;
        }
        checkValue(value, spec);
        const key = encodeKey(spec.partitions.map(path => valueAt(doc, path) ?? NULL)).toString('latin1');
        const group = groups.get(key);
        if (group === undefined) groups.set(key, { like: doc, docs: [{ doc, value }] });
        else group.docs.push({ doc, value });
      }
      const all = [...groups.values()];
      for (const group of all) group.docs.sort((a, b) => compareValues(a.value, b.value));
      const whole = spec.bounds === 'full' && all.length > 0 ? wholeRange(all.map(g => g.docs)) : undefined;
      yield* batches(apart);
      let added = 0;
      for (const { like, docs: group } of all) {
        const out: Buffer[] = [];
        added += fillGroup(group, like, spec, whole, out);
        if (added > ADDED_DOCUMENTS_MAX)
          throw queryError(
            5897900,
            `Generated ${added} documents in $densify, which is over the limit of ${ADDED_DOCUMENTS_MAX}`
          );
        yield* batches(out);
      }
      if (all.length === 0 && typeof spec.bounds !== 'string' && spec.partitions.length === 0) {
        const out: Buffer[] = [];
        fillGroup([], documentOf([]), spec, undefined, out);
        yield* batches(out);
      }
    }
  };
};

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
  if (!isNumberType(step.type) || !(toNumber(step) > 0))
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
  if (unit === undefined && !isNumberType(value.type))
    throw queryError(5733201, 'Densify field type must be numeric or a date');
  if (unit !== undefined && value.type !== T.DATE)
    throw queryError(
      6053600,
      `Encountered ${isNumberType(value.type) ? 'numeric densify' : 'non-date'} value in collection when step has a date unit.`
    );
}

function wholeRange(groups: readonly (readonly { value: RawValue }[])[]): readonly [RawValue, RawValue] {
  let [low, high] = [groups[0]![0]!.value, groups[0]!.at(-1)!.value];
  for (const group of groups) {
    if (compareValues(group[0]!.value, low) < 0) low = group[0]!.value;
    if (compareValues(group.at(-1)!.value, high) > 0) high = group.at(-1)!.value;
  }
  return [low, high];
}

/** Adds a group's documents and those between them to `out`; returns how many are new. */
function fillGroup(
  group: readonly { doc: Buffer; value: RawValue }[],
  like: Buffer,
  spec: Spec,
  whole: readonly [RawValue, RawValue] | undefined,
  out: Buffer[]
): number {
  const own = spec.bounds === 'partition' ? wholeRange([group]) : undefined;
  const explicit = typeof spec.bounds === 'string' ? undefined : spec.bounds;
  const [low, high] = (explicit ?? whole ?? own)!;
  // A range of values includes its end, an explicit one does not.
  const inside = (value: RawValue): boolean =>
    explicit ? compareValues(value, high) < 0 : compareValues(value, high) <= 0;
  let count = 0;
  let n = 0n;
  let next = low;
  // Numbers go on from the last value, which gives its type to those behind it; dates count units from the first.
  const advance = (from: RawValue): void => {
    n++;
    next = spec.unit === undefined ? plus(from, spec.step) : laterBy(low, spec.step, spec.unit, n);
  };
  const make = (): void => {
    let doc = documentOf([]);
    for (const path of spec.partitions) {
      const value = valueAt(like, path);
      if (value !== undefined) doc = setAt(doc, path, value);
    }
    out.push(setAt(doc, spec.path, next));
    if (++count > ADDED_DOCUMENTS_MAX)
      throw queryError(5897900, `$densify would add more than ${ADDED_DOCUMENTS_MAX} documents`);
    advance(next);
  };
  for (const { doc, value } of group) {
    while (inside(next) && compareValues(next, value) < 0) make();
    if (compareValues(next, value) === 0) advance(value);
    out.push(doc);
  }
  while (inside(next)) make();
  return count;
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
