import { elements, T, TYPE_NAMES } from '../../../bson';
import { queryError } from '../../error';
import { isNullish, textOf } from '../../values';
import { typeName } from '../arithmetic';
import { compileExpression } from '../compile';
import type { Expression, Frame, RawValue, Scope } from '../scope';
import { timeZone, type TimeZone } from '../timezone';

/** Milliseconds of a date, timestamp or ObjectId. @throws 16006 */
export function toMs(value: RawValue): bigint {
  switch (value.type) {
    case T.DATE:
      return value.bytes.readBigInt64LE(0);
    case T.TIMESTAMP:
      return BigInt(value.bytes.readUInt32LE(4)) * 1000n;
    case T.OBJECT_ID:
      return BigInt(value.bytes.readUInt32BE(0)) * 1000n;
    default:
      throw queryError(16006, `can't convert from BSON type ${TYPE_NAMES[value.type]} to Date`);
  }
}

/** The zone an argument names; `null` when it is nullish. @throws 40517 */
export function zoneOf(
  part: Expression | undefined,
  frame: Frame,
  name: string
): TimeZone | null | undefined {
  if (part === undefined) return undefined;
  const value = part.evaluate(frame);
  if (isNullish(value)) return null;
  if (value.type !== T.STRING)
    throw queryError(40517, `timezone must evaluate to a string, found ${typeName(value)}`);
  void name;
  return timeZone(textOf(value));
}

export function compileParts(
  argument: RawValue,
  scope: Scope,
  name: string,
  known: readonly string[],
  codes: { notObject: number; unknown: number }
): Map<string, Expression> {
  if (argument.type !== T.OBJECT) {
    throw queryError(
      codes.notObject,
      `${name} only supports an object as its argument, found ${typeName(argument)}`
    );
  }
  const out = new Map<string, Expression>();
  for (const element of elements(argument.bytes)) {
    if (!known.includes(element.name))
      throw queryError(codes.unknown, `Unrecognized argument to ${name}: ${element.name}`);
    out.set(element.name, compileExpression(element, scope));
  }
  return out;
}
