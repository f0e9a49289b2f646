import {
  arrayOf,
  documentOf,
  elements,
  field,
  isNumberType,
  T,
  TYPE_NAMES,
  values,
  type RawElement,
  type Collation,
  type RawValue
} from '../../bson';
import { queryError } from '../error';
import { compileFilter } from '../filter';
import { toNumber } from '../numeric';
import type { ValueOrder } from '../order';
import { show } from '../show';
import { compileSort } from '../sort';
import { array, startsWithDollar } from '../values';
import { typeMismatch, type Modifier, type ModifierContext } from './modifier';
import type { MutableValue } from './tree';

function arrayItems(target: MutableValue, context: ModifierContext, name: string): RawValue[] {
  const value = target.raw();
  if (value.type !== T.ARRAY) {
    throw queryError(
      2,
      `The field '${name}' must be an array but is of type ${TYPE_NAMES[value.type]} in document ${context.id}`
    );
  }
  return values(value.bytes);
}

function putItems(target: MutableValue, items: readonly RawValue[]): void {
  target.set(array(arrayOf(items)));
}

/** `$push`, plain or with `$each`, `$position`, `$sort` and `$slice`. */
export function pushModifier(argument: RawElement, known: ValueOrder): Modifier {
  const each = argument.type === T.OBJECT ? field(argument.bytes, '$each') : undefined;
  if (each === undefined) return pushing([argument], undefined, undefined, undefined);
  if (each.type !== T.ARRAY) {
    throw queryError(
      2,
      `The argument to $each in $push must be an array but it was of type: ${TYPE_NAMES[each.type]}`
    );
  }
  let position: number | undefined;
  let slice: number | undefined;
  let order: ((a: RawValue, b: RawValue) => number) | undefined;
  for (const clause of elements(argument.bytes)) {
    switch (clause.name) {
      case '$each':
        break;
      case '$position':
        position = integer(clause, 'The value for $position must be an integer value');
        break;
      case '$slice':
        slice = integer(clause, 'The value for $slice must be an integer value');
        break;
      case '$sort':
        order = sortOrder(clause, known);
        break;
      default:
        throw queryError(2, `Unrecognized clause in $push: ${clause.name}`);
    }
  }
  return pushing(values(each.bytes), position, order, slice);
}

function pushing(
  added: readonly RawValue[],
  position: number | undefined,
  order: ((a: RawValue, b: RawValue) => number) | undefined,
  slice: number | undefined
): Modifier {
  const push = (items: RawValue[]): RawValue[] => {
    let at = items.length;
    if (position !== undefined)
      at = position < 0 ? Math.max(0, items.length + position) : Math.min(items.length, position);
    let out = [...items.slice(0, at), ...added, ...items.slice(at)];
    if (order !== undefined) out.sort(order);
    if (slice !== undefined) out = slice >= 0 ? out.slice(0, slice) : out.slice(slice);
    return out;
  };
  return {
    creates: true,
    create: () => array(arrayOf(push([]))),
    update: (target, context, name) => putItems(target, push(arrayItems(target, context, name)))
  };
}

function integer(value: RawElement, message: string): number {
  const n = isNumberType(value.type) ? toNumber(value) : NaN;
  if (!Number.isInteger(n)) throw queryError(2, `${message} but was given type: ${TYPE_NAMES[value.type]}`);
  return n;
}

function sortOrder(
  clause: RawElement,
  { compare, collation }: ValueOrder
): (a: RawValue, b: RawValue) => number {
  if (isNumberType(clause.type)) {
    const direction = toNumber(clause);
    if (direction !== 1 && direction !== -1)
      throw queryError(2, 'The $sort element value must be either 1 or -1');
    return (a, b) => compare(a, b) * direction;
  }
  if (clause.type !== T.OBJECT)
    throw queryError(
      2,
      `The $sort is invalid: use 1/-1 to sort the whole element, or {field:1/-1} to sort embedded fields`
    );
  if (elements(clause.bytes).length === 0)
    throw queryError(2, 'The $sort pattern is empty when it should be a set of fields.');
  for (const { name, ...value } of elements(clause.bytes)) {
    if (!isNumberType(value.type) || Math.abs(toNumber(value)) !== 1)
      throw queryError(2, `The $sort element value must be either 1 or -1`);
    if (name === '') throw queryError(2, 'The $sort field cannot be empty');
    if (name.split('.').includes(''))
      throw queryError(2, `The $sort field is a dotted field but has an empty part: ${name}`);
  }
  const sort = compileSort(clause.bytes, optionsOf(collation));
  // Elements that are no documents have none of the fields.
  const doc = (value: RawValue): Buffer => (value.type === T.OBJECT ? value.bytes : documentOf([]));
  return (a, b) => sort.compare(doc(a), doc(b));
}

/** `$addToSet`: values that are not there yet, equal numbers of different types being the same. */
export function addToSetModifier(argument: RawElement, { keyText }: ValueOrder): Modifier {
  const first = argument.type === T.OBJECT ? elements(argument.bytes)[0] : undefined;
  let added: RawValue[] = [argument];
  if (first?.name === '$each') {
    if (first.type !== T.ARRAY) {
      typeMismatch(
        `The argument to $each in $addToSet must be an array but it was of type ${TYPE_NAMES[first.type]}`
      );
    }
    if (elements(argument.bytes).length > 1) {
      throw queryError(2, `Found unexpected fields after $each in $addToSet: ${show(argument)}`);
    }
    added = values(first.bytes);
  }
  const addTo = (items: RawValue[]): RawValue[] => {
    const have = new Set(items.map(keyText));
    const out = [...items];
    for (const value of added) {
      const key = keyText(value);
      if (have.has(key)) continue;
      have.add(key);
      out.push(value);
    }
    return out;
  };
  return {
    creates: true,
    create: () => array(arrayOf(addTo([]))),
    update: (target, _context, name) => {
      const value = target.raw();
      if (value.type !== T.ARRAY) {
        throw queryError(
          2,
          `Cannot apply $addToSet to non-array field. Field named '${name}' has non-array type ${TYPE_NAMES[value.type]}`
        );
      }
      const items = values(value.bytes);
      const out = addTo(items);
      if (out.length > items.length) putItems(target, out);
    }
  };
}

function optionsOf(collation: Collation | undefined): { readonly collation?: Buffer } {
  return collation === undefined ? {} : { collation: collation.source };
}

/** `$pull` with a condition: operators and regular expressions match; documents match as filters; other values are equal. */
export function pullModifier(argument: RawElement, order: ValueOrder): Modifier {
  return removing(pullTest(argument, order));
}

function pullTest(argument: RawElement, { compare, collation }: ValueOrder): (value: RawValue) => boolean {
  if (argument.type === T.OBJECT && !isOperatorDocument(argument.bytes)) {
    const filter = compileFilter(argument.bytes, optionsOf(collation));
    return value => value.type === T.OBJECT && filter.matches(value.bytes);
  }
  if (argument.type === T.OBJECT || argument.type === T.REGEX) {
    const filter = compileFilter(
      documentOf([{ name: 'a', type: argument.type, bytes: argument.bytes }]),
      optionsOf(collation)
    );
    return value => filter.matches(documentOf([{ ...value, name: 'a' }]));
  }
  return value => compare(value, argument) === 0;
}

function isOperatorDocument(doc: Buffer): boolean {
  if (!startsWithDollar(doc)) return false;
  const first = elements(doc)[0]!.name;
  return !['$ref', '$id', '$db', '$and', '$or', '$nor'].includes(first);
}

/** `$pullAll`: every element equal to one of the values. */
export function pullAllModifier(argument: RawElement, { keyText }: ValueOrder): Modifier {
  if (argument.type !== T.ARRAY)
    throw queryError(2, `$pullAll requires an array argument but was given a ${TYPE_NAMES[argument.type]}`);
  const keys = new Set(values(argument.bytes).map(keyText));
  return removing(value => keys.has(keyText(value)));
}

function removing(test: (value: RawValue) => boolean): Modifier {
  return {
    creates: false,
    update: target => {
      const value = target.raw();
      if (value.type !== T.ARRAY) throw queryError(2, 'Cannot apply $pull to a non-array value');
      const items = values(value.bytes);
      const kept = items.filter(item => !test(item));
      if (kept.length < items.length) putItems(target, kept);
    }
  };
}

/** `$pop: 1` the last element, `-1` the first. */
export function popModifier(argument: RawElement): Modifier {
  const n = isNumberType(argument.type) ? toNumber(argument) : NaN;
  if (Number.isNaN(n)) throw queryError(9, `Expected a number in: ${argument.name}: ${show(argument)}`);
  if (!Number.isInteger(n)) throw queryError(9, `Expected an integer: ${argument.name}: ${show(argument)}`);
  if (n !== 1 && n !== -1) throw queryError(9, `$pop expects 1 or -1, found: ${n}`);
  return {
    creates: false,
    update: (target, _context, name) => {
      const value = target.raw();
      if (value.type !== T.ARRAY) {
        typeMismatch(`Path '${name}' contains an element of non-array type '${TYPE_NAMES[value.type]}'`);
      }
      const items = values(value.bytes);
      if (items.length === 0) return;
      putItems(target, n === 1 ? items.slice(0, -1) : items.slice(1));
    }
  };
}
