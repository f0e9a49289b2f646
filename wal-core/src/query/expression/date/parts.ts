import { elements, T, documentOf } from '../../../bson';
import { queryError } from '../../error';
import { toNumber } from '../../numeric';
import { date, int32, int64, isNullish, isTrue, NULL, object } from '../../values';
import { isNumber, typeName } from '../arithmetic';
import { compileExpression, folded, register, type OperatorCompiler } from '../compile';
import { isoWeekDate } from '../dateparse';
import type { UtcParts } from '../isodate';
import type { Expression, RawValue } from '../scope';
import { fromLocal, localParts, UTC } from '../timezone';
import { toMs, zoneOf, compileParts } from './common';
import { dayOfWeek, isoDayOfWeek, dayOfYear, week, isoWeek } from './calendar';

/** `$year: date` or `$year: {date, timezone}`. */
function datePart(read: (parts: UtcParts) => RawValue): OperatorCompiler {
  return (argument, scope, name) => {
    let when: Expression;
    let zone: Expression | undefined;
    if (argument.type === T.OBJECT && !(elements(argument.bytes)[0]?.name ?? '$').startsWith('$')) {
      const parts = compileParts(argument, scope, name, ['date', 'timezone'], {
        notObject: 40535,
        unknown: 40535
      });
      if (!parts.has('date'))
        throw queryError(40539, `missing 'date' argument to ${name}, provided: ${typeName(argument)}`);
      when = parts.get('date')!;
      zone = parts.get('timezone');
    } else if (argument.type === T.ARRAY) {
      const list = elements(argument.bytes);
      if (list.length !== 1)
        throw queryError(
          40536,
          `${name} accepts exactly one argument if given an array, but was given ${list.length}`
        );
      when = compileExpression(list[0]!, scope);
    } else {
      when = compileExpression(argument, scope);
    }
    return folded(zone ? [when, zone] : [when], frame => {
      const value = when.evaluate(frame);
      if (isNullish(value)) return NULL;
      const ms = toMs(value);
      const at = zoneOf(zone, frame, name);
      if (at === null) return NULL;
      return read(localParts(ms, at ?? UTC));
    });
  };
}

const dateToParts: OperatorCompiler = (argument, scope, name) => {
  const parts = compileParts(argument, scope, name, ['date', 'timezone', 'iso8601'], {
    notObject: 40524,
    unknown: 40520
  });
  const when = parts.get('date');
  if (when === undefined) throw queryError(40522, "Missing 'date' parameter to $dateToParts");
  return folded([...parts.values()], frame => {
    const value = when.evaluate(frame);
    const zone = zoneOf(parts.get('timezone'), frame, name);
    if (zone === null) return NULL;
    let iso = false;
    if (parts.has('iso8601')) {
      const given = parts.get('iso8601')!.evaluate(frame);
      if (isNullish(given)) return NULL;
      if (given.type !== T.BOOL)
        throw queryError(40521, `iso8601 must evaluate to a bool, found ${typeName(given)}`);
      iso = isTrue(given);
    }
    if (isNullish(value)) return NULL;
    const p = localParts(toMs(value), zone ?? UTC);
    const { year: isoYear, week: isoWeekNumber } = isoWeek(p);
    const head: [string, number][] = iso
      ? [
          ['isoWeekYear', isoYear],
          ['isoWeek', isoWeekNumber],
          ['isoDayOfWeek', isoDayOfWeek(p)]
        ]
      : [
          ['year', p.year],
          ['month', p.month],
          ['day', p.day]
        ];
    const all: [string, number][] = [
      ...head,
      ['hour', p.hour],
      ['minute', p.minute],
      ['second', p.second],
      ['millisecond', p.millisecond]
    ];
    return object(documentOf(all.map(([key, n]) => ({ ...int32(n), name: key }))));
  });
};

const dateFromParts: OperatorCompiler = (argument, scope, name) => {
  const keys = [
    'year',
    'month',
    'day',
    'isoWeekYear',
    'isoWeek',
    'isoDayOfWeek',
    'hour',
    'minute',
    'second',
    'millisecond',
    'timezone'
  ];
  const parts = compileParts(argument, scope, name, keys, { notObject: 40519, unknown: 40518 });
  const iso = parts.has('isoWeekYear');
  if (!iso && !parts.has('year'))
    throw queryError(40516, "$dateFromParts requires either 'year' or 'isoWeekYear' to be present");
  if (iso && ['year', 'month', 'day'].some(key => parts.has(key))) {
    throw queryError(40489, '$dateFromParts does not allow mixing natural dates with ISO dates');
  }
  if (!iso && ['isoWeek', 'isoDayOfWeek'].some(key => parts.has(key))) {
    throw queryError(40525, '$dateFromParts does not allow mixing natural dates with ISO dates');
  }
  return folded([...parts.values()], frame => {
    const read = (key: string, otherwise: number): number | null => {
      const part = parts.get(key);
      if (part === undefined) return otherwise;
      const value = part.evaluate(frame);
      if (isNullish(value)) return null;
      const n = isNumber(value) ? toNumber(value) : NaN;
      if (!Number.isInteger(n))
        throw queryError(40515, `'${key}' must evaluate to an integer, found ${typeName(value)} with value`);
      const isYear = key === 'year' || key === 'isoWeekYear';
      if (isYear && (n < 1 || n > 9999))
        throw queryError(40523, `'${key}' must evaluate to an integer in the range 1 to 9999, found ${n}`);
      if (!isYear && (n < -32768 || n > 32767) && key !== 'second' && key !== 'millisecond') {
        throw queryError(
          31034,
          `'${key}' must evaluate to a value in the range [-32768, 32767]; value ${n} is not in range`
        );
      }
      return n;
    };
    const [year, month, day] = iso
      ? [read('isoWeekYear', 1970), read('isoWeek', 1), read('isoDayOfWeek', 1)]
      : [read('year', 1970), read('month', 1), read('day', 1)];
    const [hour, minute, second, millisecond] = [
      read('hour', 0),
      read('minute', 0),
      read('second', 0),
      read('millisecond', 0)
    ];
    const zone = zoneOf(parts.get('timezone'), frame, name);
    if (
      year === null ||
      month === null ||
      day === null ||
      hour === null ||
      minute === null ||
      second === null ||
      millisecond === null ||
      zone === null
    ) {
      return NULL;
    }
    const civil = iso ? isoWeekDate(year, month, day) : { year, month, day };
    return date(fromLocal({ ...civil, hour, minute, second, millisecond }, zone ?? UTC));
  });
};

register({
  $year: datePart(p => int32(p.year)),
  $month: datePart(p => int32(p.month)),
  $dayOfMonth: datePart(p => int32(p.day)),
  $hour: datePart(p => int32(p.hour)),
  $minute: datePart(p => int32(p.minute)),
  $second: datePart(p => int32(p.second)),
  $millisecond: datePart(p => int32(p.millisecond)),
  $dayOfWeek: datePart(p => int32(dayOfWeek(p))),
  $dayOfYear: datePart(p => int32(dayOfYear(p))),
  $week: datePart(p => int32(week(p))),
  $isoWeek: datePart(p => int32(isoWeek(p).week)),
  $isoWeekYear: datePart(p => int64(BigInt(isoWeek(p).year))),
  $isoDayOfWeek: datePart(p => int32(isoDayOfWeek(p))),
  $dateToParts: dateToParts,
  $dateFromParts: dateFromParts
});
