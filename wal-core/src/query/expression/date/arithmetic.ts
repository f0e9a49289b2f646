import { T } from '../../../bson';
import { queryError } from '../../error';
import { toInt64, toNumber } from '../../numeric';
import { date, INT64_MAX, INT64_MIN, int64, isNullish, NULL } from '../../values';
import { isNumber, typeName } from '../arithmetic';
import { folded, register, type OperatorCompiler } from '../compile';
import { utcMs, type UtcParts } from '../isodate';
import type { Expression, Frame } from '../scope';
import { localParts, UTC, type TimeZone } from '../timezone';
import { toMs, zoneOf, compileParts } from './common';
import { dayNumber } from './calendar';
import { unitMs, unitOf, startOfWeek, addUnits, truncate, floorTo, type TimeUnit } from './units';

function dateArithmetic(sign: bigint): OperatorCompiler {
  return (argument, scope, name) => {
    const parts = compileParts(argument, scope, name, ['startDate', 'unit', 'amount', 'timezone'], {
      notObject: 5166400,
      unknown: 5166401
    });
    for (const key of ['startDate', 'unit', 'amount']) {
      if (!parts.has(key))
        throw queryError(5166402, `${name} requires startDate, unit, and amount to be present`);
    }
    return folded([...parts.values()], frame => {
      const start = parts.get('startDate')!.evaluate(frame);
      if (isNullish(start)) return NULL;
      const unitValue = parts.get('unit')!.evaluate(frame);
      const amount = parts.get('amount')!.evaluate(frame);
      if (isNullish(unitValue) || isNullish(amount)) return NULL;
      const unit = unitOf(unitValue, name);
      const zone = zoneOf(parts.get('timezone'), frame, name);
      if (zone === null) return NULL;
      if (start.type !== T.DATE && start.type !== T.TIMESTAMP && start.type !== T.OBJECT_ID) {
        throw queryError(5166403, `${name} requires startDate to be convertible to a date`);
      }
      const n = isNumber(amount) && Number.isInteger(toNumber(amount)) ? toInt64(amount) : undefined;
      if (n === undefined) throw queryError(5166405, `${name} expects integer amount of time units`);
      const result = addUnits(toMs(start), unit, n * sign, zone ?? UTC);
      if (result > INT64_MAX || result < INT64_MIN) throw queryError(5166406, `${name} overflowed`);
      return date(result);
    });
  };
}

/** Unit, zone and first day of the week that the arguments name; null when one of them is nullish. */
function calendarOf(
  parts: ReadonlyMap<string, Expression>,
  frame: Frame,
  name: string
): { unit: TimeUnit; zone: TimeZone; first: number } | null {
  const unitValue = parts.get('unit')!.evaluate(frame);
  if (isNullish(unitValue)) return null;
  const unit = unitOf(unitValue, name);
  const zone = zoneOf(parts.get('timezone'), frame, name);
  if (zone === null) return null;
  let first = 0;
  if (parts.has('startOfWeek') && unit === 'week') {
    const given = parts.get('startOfWeek')!.evaluate(frame);
    if (isNullish(given)) return null;
    first = startOfWeek(given, name);
  }
  return { unit, zone: zone ?? UTC, first };
}

const dateDiff: OperatorCompiler = (argument, scope, name) => {
  const parts = compileParts(
    argument,
    scope,
    name,
    ['startDate', 'endDate', 'unit', 'timezone', 'startOfWeek'],
    {
      notObject: 5166301,
      unknown: 5166302
    }
  );
  for (const [key, code] of [
    ['startDate', 5166303],
    ['endDate', 5166304],
    ['unit', 5166305]
  ] as const) {
    if (!parts.has(key)) throw queryError(code, `Missing '${key}' parameter to $dateDiff`);
  }
  return folded([...parts.values()], frame => {
    const start = parts.get('startDate')!.evaluate(frame);
    if (isNullish(start)) return NULL;
    const end = parts.get('endDate')!.evaluate(frame);
    if (isNullish(end)) return NULL;
    const calendar = calendarOf(parts, frame, name);
    if (calendar === null) return NULL;
    const { unit, zone, first } = calendar;
    for (const value of [start, end]) {
      if (value.type !== T.DATE && value.type !== T.TIMESTAMP && value.type !== T.OBJECT_ID) {
        throw queryError(5166307, `$dateDiff requires dates to be convertible to a date`);
      }
    }
    const [from, to] = [toMs(start), toMs(end)];
    if (unit === 'millisecond') return int64(to - from);
    const [a, b] = [localParts(from, zone), localParts(to, zone)];
    switch (unit) {
      case 'year':
        return int64(BigInt(b.year - a.year));
      case 'quarter':
        return int64(
          BigInt((b.year - a.year) * 4 + Math.floor((b.month - 1) / 3) - Math.floor((a.month - 1) / 3))
        );
      case 'month':
        return int64(BigInt((b.year - a.year) * 12 + b.month - a.month));
      case 'day':
        return int64(BigInt(dayNumber(b) - dayNumber(a)));
      case 'week': {
        const weekOf = (p: UtcParts): number => Math.floor((dayNumber(p) + 4 - first) / 7);
        return int64(BigInt(weekOf(b) - weekOf(a)));
      }
      default: {
        const size = unitMs(unit)!;
        return int64(floorTo(utcMs(b), size) - floorTo(utcMs(a), size) - offsetHours(a, b, from, to, size));
      }
    }
  });
};

/** Hours and smaller are counted in absolute time: a change of the zone's offset between both ends does not count. */
function offsetHours(a: UtcParts, b: UtcParts, from: bigint, to: bigint, size: bigint): bigint {
  const change = utcMs(b) - to - (utcMs(a) - from);
  return change / size;
}

const dateTrunc: OperatorCompiler = (argument, scope, name) => {
  const parts = compileParts(argument, scope, name, ['date', 'unit', 'binSize', 'timezone', 'startOfWeek'], {
    notObject: 5439007,
    unknown: 5439008
  });
  if (!parts.has('date')) throw queryError(5439009, "Missing 'date' parameter to $dateTrunc");
  if (!parts.has('unit')) throw queryError(5439010, "Missing 'unit' parameter to $dateTrunc");
  return folded([...parts.values()], frame => {
    const value = parts.get('date')!.evaluate(frame);
    if (isNullish(value)) return NULL;
    let bin = 1n;
    if (parts.has('binSize')) {
      const given = parts.get('binSize')!.evaluate(frame);
      if (isNullish(given)) return NULL;
      const n = isNumber(given) && Number.isInteger(toNumber(given)) ? toInt64(given) : undefined;
      if (n === undefined)
        throw queryError(5439017, `$dateTrunc requires 'binSize' to be a 64-bit integer, but got value`);
      if (n <= 0n)
        throw queryError(5439018, `$dateTrunc requires 'binSize' to be greater than 0, but got value ${n}`);
      bin = n;
    }
    const calendar = calendarOf(parts, frame, name);
    if (calendar === null) return NULL;
    const { unit, zone, first } = calendar;
    if (value.type !== T.DATE && value.type !== T.TIMESTAMP && value.type !== T.OBJECT_ID) {
      throw queryError(
        5439012,
        `$dateTrunc requires 'date' to be convertible to a date, but got ${typeName(value)}`
      );
    }
    return date(truncate(toMs(value), unit, bin, zone, first));
  });
};

register({
  $dateAdd: dateArithmetic(1n),
  $dateSubtract: dateArithmetic(-1n),
  $dateDiff: dateDiff,
  $dateTrunc: dateTrunc
});
