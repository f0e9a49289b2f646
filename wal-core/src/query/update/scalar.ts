import {
  compareValues,
  elements,
  int32At,
  isNumberType,
  sameValue,
  T,
  TYPE_NAMES,
  type RawElement,
  type RawValue
} from '../../bson';
import { add as addDecimals, multiply as multiplyDecimals } from '../decimalMath';
import { queryError } from '../error';
import type { ValueOrder } from '../order';
import { decimal, integerResult, toBigInt, toDecimal, toNumber, widest } from '../numeric';
import { show } from '../show';
import { date, double, int32, textOf } from '../values';
import { typeMismatch, type Modifier } from './modifier';

/** `$set`: the value itself. */
export function setModifier(value: RawValue): Modifier {
  return {
    creates: true,
    create: () => value,
    update: target => {
      if (!sameValue(target.raw(), value)) target.set(value);
    }
  };
}

/** `$setOnInsert`: like `$set`, but only in the document that an upsert inserts. */
export function setOnInsertModifier(value: RawValue): Modifier {
  return {
    creates: true,
    create: ({ isInsert }) => (isInsert ? value : undefined),
    update: (target, { isInsert }) => {
      if (isInsert) target.set(value);
    }
  };
}

/** `$unset`. */
export const unsetModifier: Modifier = { creates: false, removes: true, update: () => {} };

/** `$inc` and `$mul`. A missing field counts as 0. */
export function arithmeticModifier(op: '$inc' | '$mul', argument: RawElement): Modifier {
  if (!isNumberType(argument.type)) {
    const verb = op === '$inc' ? 'increment' : 'multiply';
    typeMismatch(`Cannot ${verb} with non-numeric argument: {${argument.name}: ${show(argument)}}`);
  }
  return {
    creates: true,
    create: () => (op === '$inc' ? argument : product(int32(0), argument)!),
    update: (target, context, name) => {
      const value = target.raw();
      if (!isNumberType(value.type)) {
        typeMismatch(
          `Cannot apply ${op} to a value of non-numeric type. ${context.id} has the field '${name}' of non-numeric type ${TYPE_NAMES[value.type]}`
        );
      }
      const result = op === '$inc' ? sum(value, argument) : product(value, argument);
      if (result === undefined) {
        throw queryError(
          2,
          `Failed to apply ${op} operations to current value ((${value.type === T.INT32 ? 'NumberInt' : 'NumberLong'})${show(value)}) for document ${context.id}`
        );
      }
      if (!isSameNumber(result, value)) target.set(result);
    }
  };
}

/** Whether an operation left a number as it was, so that -0 stays when 0 is added. */
function isSameNumber(a: RawValue, b: RawValue): boolean {
  return a.type === b.type && compareValues(a, b) === 0;
}

/** Sum in the wider type; int32 widens, int64 overflow is undefined. */
function sum(a: RawValue, b: RawValue): RawValue | undefined {
  if (a.type === T.INT32 && b.type === T.INT32) {
    const plain = int32At(a.bytes, 0) + int32At(b.bytes, 0);
    if (plain === (plain | 0)) return int32(plain);
  }
  const type = widest(a.type, b.type);
  if (type === T.DECIMAL128) return decimal(addDecimals(toDecimal(a), toDecimal(b)));
  if (type === T.DOUBLE) return double(toNumber(a) + toNumber(b));
  return integerResult(type, toBigInt(a) + toBigInt(b));
}

function product(a: RawValue, b: RawValue): RawValue | undefined {
  const type = widest(a.type, b.type);
  if (type === T.DECIMAL128) return decimal(multiplyDecimals(toDecimal(a), toDecimal(b)));
  if (type === T.DOUBLE) return double(toNumber(a) * toNumber(b));
  return integerResult(type, toBigInt(a) * toBigInt(b));
}

/** `$min` and `$max` in the command's order of values. */
export function extremeModifier(op: '$min' | '$max', value: RawValue, { compare }: ValueOrder): Modifier {
  return {
    creates: true,
    create: () => value,
    update: target => {
      const order = compare(value, target.raw());
      if (op === '$min' ? order < 0 : order > 0) target.set(value);
    }
  };
}

/** `$currentDate: true`, `{$type: 'date'}` or `{$type: 'timestamp'}`. */
export function currentDateModifier(argument: RawElement): Modifier {
  const asTimestamp = currentDateType(argument) === 'timestamp';
  const value = ({ now, timestamp }: { now: number; timestamp: bigint }): RawValue => {
    if (!asTimestamp) return date(BigInt(now));
    const bytes = Buffer.allocUnsafe(8);
    bytes.writeBigUInt64LE(timestamp);
    return { type: T.TIMESTAMP, bytes };
  };
  return { creates: true, create: value, update: (target, context) => target.set(value(context)) };
}

function currentDateType(argument: RawElement): string {
  if (argument.type === T.BOOL) return 'date';
  if (argument.type !== T.OBJECT) {
    throw queryError(
      2,
      `${TYPE_NAMES[argument.type]} is not valid type for $currentDate. Please use a boolean ('true') or a $type expression ({$type: 'timestamp/date'}).`
    );
  }
  let type: string | undefined;
  for (const element of elements(argument.bytes)) {
    if (element.name !== '$type') throw queryError(2, `Unrecognized $currentDate option: ${element.name}`);
    type = element.type === T.STRING ? textOf(element) : '';
  }
  if (type !== 'date' && type !== 'timestamp') {
    throw queryError(
      2,
      "The '$type' string field is required to be 'date' or 'timestamp': {$currentDate: {field : {$type: 'date'}}}"
    );
  }
  return type;
}

/** `$bit: {and: 5, or: 3, xor: 1}` on int32 and int64. */
export function bitModifier(argument: RawElement): Modifier {
  if (argument.type !== T.OBJECT) {
    throw queryError(
      2,
      `The $bit modifier is not compatible with a ${TYPE_NAMES[argument.type]}. You must pass in an embedded document: {$bit: {field: {and/or/xor: #}}`
    );
  }
  const steps = elements(argument.bytes);
  if (steps.length === 0) {
    throw queryError(
      2,
      `You must pass in at least one bitwise operation. The format is: {$bit: {field: {and/or/xor: #}}`
    );
  }
  for (const step of steps) {
    if (!['and', 'or', 'xor'].includes(step.name)) {
      throw queryError(
        2,
        `The $bit modifier only supports 'and', 'or', and 'xor', not '${step.name}' which is an unknown operator: {${step.name}: ${show(step)}}`
      );
    }
    if (step.type !== T.INT32 && step.type !== T.INT64) {
      throw queryError(
        2,
        `The $bit modifier field must be an Integer(32/64 bit); a '${TYPE_NAMES[step.type]}' is not supported here: {${step.name}: ${show(step)}}`
      );
    }
  }
  const apply = (start: RawValue): RawValue => {
    let value = start;
    for (const step of steps) {
      const [a, b] = [toBigInt(value), toBigInt(step)];
      const n = step.name === 'and' ? a & b : step.name === 'or' ? a | b : a ^ b;
      value = integerResult(widest(value.type, step.type), n)!;
    }
    return value;
  };
  return {
    creates: true,
    create: () => apply(int32(0)),
    update: (target, context, name) => {
      const value = target.raw();
      if (value.type !== T.INT32 && value.type !== T.INT64) {
        throw queryError(
          2,
          `Cannot apply $bit to a value of non-integral type.${context.idElement} has the field ${name} of non-integer type ${TYPE_NAMES[value.type]}`
        );
      }
      const result = apply(value);
      if (!isSameNumber(result, value)) target.set(result);
    }
  };
}
