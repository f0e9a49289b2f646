import { elements, T, TYPE_NAMES, documentOf } from '../../bson';
import { queryError } from '../error';
import { toInt64, toNumber } from '../numeric';
import {
  date,
  INT64_MAX,
  INT64_MIN,
  int32,
  int64,
  isNullish,
  isTrue,
  NULL,
  object,
  string,
  textOf
} from '../values';
import { isNumber, typeName } from './arithmetic';
import { compileExpression, folded, register, type OperatorCompiler } from './compile';
import { isoWeekDate, parseDate, parseDateWithFormat } from './dateparse';
import { daysFromCivil, utcMs, utcParts, type UtcParts } from './isodate';
import type { Expression, Frame, RawValue, Scope } from './scope';
import { fromLocal, localParts, timeZone, UTC, type TimeZone } from './timezone';

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
function zoneOf(part: Expression | undefined, frame: Frame, name: string): TimeZone | null | undefined {
  if (part === undefined) return undefined;
  const value = part.evaluate(frame);
  if (isNullish(value)) return null;
  if (value.type !== T.STRING)
    throw queryError(40517, `timezone must evaluate to a string, found ${typeName(value)}`);
  void name;
  return timeZone(textOf(value));
}

function compileParts(
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

function dayNumber({ year, month, day }: UtcParts): number {
  return daysFromCivil(year, month, day);
}

/** 1 (Sunday) to 7. */
function dayOfWeek(parts: UtcParts): number {
  return ((((dayNumber(parts) + 4) % 7) + 7) % 7) + 1;
}

function isoDayOfWeek(parts: UtcParts): number {
  return ((dayOfWeek(parts) + 5) % 7) + 1;
}

function dayOfYear(parts: UtcParts): number {
  return dayNumber(parts) - daysFromCivil(parts.year, 1, 1) + 1;
}

/** Week of the year, weeks beginning on Sunday, 0 before the first. */
function week(parts: UtcParts): number {
  return Math.floor((dayOfYear(parts) - dayOfWeek(parts) + 7) / 7);
}

function isoWeek(parts: UtcParts): { year: number; week: number } {
  const thursday = dayNumber(parts) - isoDayOfWeek(parts) + 4;
  let { year } = parts;
  if (thursday < daysFromCivil(year, 1, 1)) year--;
  else if (thursday >= daysFromCivil(year + 1, 1, 1)) year++;
  return { year, week: Math.floor((thursday - daysFromCivil(year, 1, 1)) / 7) + 1 };
}

const MONTH_NAMES = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December'
];

/** Formats a moment with `%Y` and so on. @throws 18535, 18536, 18537 */
export function formatDate(ms: bigint, format: string, zone: TimeZone): string {
  const parts = localParts(ms, zone);
  const utcYear = utcParts(ms).year;
  if (utcYear < 0 || utcYear > 9999)
    throw queryError(18537, `$dateToString is only defined on year 0-9999, tried to use year ${utcYear}`);
  const pad = (n: number, width: number): string => String(n).padStart(width, '0');
  let out = '';
  for (let i = 0; i < format.length; i++) {
    const c = format[i]!;
    if (c !== '%') {
      out += c;
      continue;
    }
    const f = format[++i];
    switch (f) {
      case 'Y':
        out += pad(parts.year, 4);
        break;
      case 'm':
        out += pad(parts.month, 2);
        break;
      case 'd':
        out += pad(parts.day, 2);
        break;
      case 'H':
        out += pad(parts.hour, 2);
        break;
      case 'M':
        out += pad(parts.minute, 2);
        break;
      case 'S':
        out += pad(parts.second, 2);
        break;
      case 'L':
        out += pad(parts.millisecond, 3);
        break;
      case 'j':
        out += pad(dayOfYear(parts), 3);
        break;
      case 'w':
        out += String(dayOfWeek(parts));
        break;
      case 'U':
        out += pad(week(parts), 2);
        break;
      case 'u':
        out += String(isoDayOfWeek(parts));
        break;
      case 'V':
        out += pad(isoWeek(parts).week, 2);
        break;
      case 'G':
        out += pad(isoWeek(parts).year, 4);
        break;
      case 'b':
        out += MONTH_NAMES[parts.month - 1]!.slice(0, 3);
        break;
      case 'B':
        out += MONTH_NAMES[parts.month - 1]!;
        break;
      case 'z': {
        const minutes = Math.trunc(zone.offsetAt(ms) / 60_000);
        out += `${minutes < 0 ? '-' : '+'}${pad(Math.floor(Math.abs(minutes) / 60), 2)}${pad(Math.abs(minutes) % 60, 2)}`;
        break;
      }
      case 'Z':
        out += String(Math.trunc(zone.offsetAt(ms) / 60_000));
        break;
      case '%':
        out += '%';
        break;
      default:
        throw formatError(f);
    }
  }
  return out;
}

function formatError(f: string | undefined): Error {
  return f === undefined
    ? queryError(18535, "Unmatched '%' at end of format string")
    : queryError(18536, `Invalid format character '%${f}' in format string`);
}

function checkFormat(format: string, known: string): void {
  for (let i = 0; i < format.length; i++) {
    if (format[i] !== '%') continue;
    const f = format[++i];
    if (f === undefined || !known.includes(f)) throw formatError(f);
  }
}

const dateToString: OperatorCompiler = (argument, scope, name) => {
  const parts = compileParts(argument, scope, name, ['format', 'date', 'timezone', 'onNull'], {
    notObject: 18629,
    unknown: 18534
  });
  const when = parts.get('date');
  if (when === undefined) throw queryError(18628, "Missing 'date' parameter to $dateToString");
  const format = parts.get('format');
  if (format?.constant !== undefined && format.constant.value?.type === T.STRING) {
    checkFormat(textOf(format.constant.value), 'YmdHMSLjwUuVGzZ%');
  }
  return folded([...parts.values()], frame => {
    const value = when.evaluate(frame);
    const zone = zoneOf(parts.get('timezone'), frame, name);
    if (zone === null) return NULL;
    let pattern: string | undefined;
    if (format !== undefined) {
      const given = format.evaluate(frame);
      if (isNullish(given)) return NULL;
      if (given.type !== T.STRING)
        throw queryError(
          18533,
          `$dateToString requires that 'format' be a string, found: ${typeName(given)}`
        );
      pattern = textOf(given);
      checkFormat(pattern, 'YmdHMSLjwUuVGzZ%');
    }
    if (isNullish(value)) return parts.has('onNull') ? parts.get('onNull')!.evaluate(frame) : NULL;
    const at = zone ?? UTC;
    return string(formatDate(toMs(value), pattern ?? '%Y-%m-%dT%H:%M:%S.%LZ', at));
  });
};

const dateFromString: OperatorCompiler = (argument, scope, name) => {
  const parts = compileParts(
    argument,
    scope,
    name,
    ['dateString', 'format', 'timezone', 'onError', 'onNull'],
    {
      notObject: 40540,
      unknown: 40541
    }
  );
  const text = parts.get('dateString');
  if (text === undefined) throw queryError(40542, "Missing 'dateString' parameter to $dateFromString");
  const onError = parts.get('onError');
  return folded([...parts.values()], frame => {
    const value = text.evaluate(frame);
    const zone = zoneOf(parts.get('timezone'), frame, name);
    let format: string | undefined;
    if (parts.has('format')) {
      const given = parts.get('format')!.evaluate(frame);
      if (isNullish(given)) {
        if (!isNullish(value)) return NULL;
      } else {
        if (given.type !== T.STRING)
          throw queryError(
            40684,
            `$dateFromString requires that 'format' be a string, found: ${typeName(given)}`
          );
        format = textOf(given);
        checkFormat(format, 'YmdHMSLjuVGzZ%');
      }
    }
    if (isNullish(value)) return parts.has('onNull') ? parts.get('onNull')!.evaluate(frame) : NULL;
    try {
      if (value.type !== T.STRING) {
        throw queryError(
          241,
          `$dateFromString requires that 'dateString' be a string, found: ${typeName(value)}`
        );
      }
      if (zone === null) return NULL;
      const shown = textOf(value);
      return date(format === undefined ? parseDate(shown, zone) : parseDateWithFormat(shown, format, zone));
    } catch (error) {
      if (onError === undefined || (error as { data?: { mongoCode?: number } }).data?.mongoCode !== 241)
        throw error;
      return onError.evaluate(frame);
    }
  });
};

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

const UNITS = ['year', 'quarter', 'month', 'week', 'day', 'hour', 'minute', 'second', 'millisecond'] as const;
/** A unit of time, as date expressions name it. */
export type TimeUnit = (typeof UNITS)[number];

const UNIT_MS: Readonly<Partial<Record<TimeUnit, bigint>>> = {
  week: 604_800_000n,
  day: 86_400_000n,
  hour: 3_600_000n,
  minute: 60_000n,
  second: 1000n,
  millisecond: 1n
};

export function unitOf(value: RawValue, name: string): TimeUnit {
  if (value.type !== T.STRING)
    throw queryError(5439013, `${name} requires 'unit' to be a string, but got ${typeName(value)}`);
  const text = textOf(value);
  if (!(UNITS as readonly string[]).includes(text))
    throw queryError(9, `${name} parameter 'unit' value cannot be recognized as a time unit: ${text}`);
  return text as TimeUnit;
}

/** Milliseconds of a unit that always has the same. */
export function unitMs(unit: TimeUnit): bigint | undefined {
  return UNIT_MS[unit];
}

const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

function startOfWeek(value: RawValue, name: string): number {
  if (value.type !== T.STRING)
    throw queryError(5439015, `${name} requires 'startOfWeek' to be a string, but got ${typeName(value)}`);
  const text = textOf(value).toLowerCase();
  const at = WEEKDAYS.findIndex(day => day === text || day.slice(0, 3) === text);
  if (at < 0)
    throw queryError(
      9,
      `${name} parameter 'startOfWeek' value cannot be recognized as a day of a week: ${textOf(value)}`
    );
  return at;
}

/** A moment plus so many units; months that are too short take their last day. */
export function addUnits(ms: bigint, unit: TimeUnit, amount: bigint, zone: TimeZone): bigint {
  const small = unit === 'hour' || unit === 'minute' || unit === 'second' || unit === 'millisecond';
  if (small) return ms + amount * UNIT_MS[unit]!;
  const p = localParts(ms, zone);
  const n = Number(amount);
  if (unit === 'day' || unit === 'week')
    return fromLocal({ ...p, day: p.day + n * (unit === 'week' ? 7 : 1) }, zone);
  const months = p.month - 1 + n * (unit === 'year' ? 12 : unit === 'quarter' ? 3 : 1);
  const year = p.year + Math.floor(months / 12);
  const month = months - Math.floor(months / 12) * 12 + 1;
  const last = daysFromCivil(year, month + 1, 1) - daysFromCivil(year, month, 1);
  return fromLocal({ ...p, year, month, day: Math.min(p.day, last) }, zone);
}

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

const floorTo = (n: bigint, unit: bigint): bigint => (n >= 0n ? n / unit : (n - unit + 1n) / unit);

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
    const unitValue = parts.get('unit')!.evaluate(frame);
    if (isNullish(unitValue)) return NULL;
    const unit = unitOf(unitValue, name);
    const zone = zoneOf(parts.get('timezone'), frame, name);
    if (zone === null) return NULL;
    let first = 0;
    if (parts.has('startOfWeek') && unit === 'week') {
      const given = parts.get('startOfWeek')!.evaluate(frame);
      if (isNullish(given)) return NULL;
      first = startOfWeek(given, name);
    }
    for (const value of [start, end]) {
      if (value.type !== T.DATE && value.type !== T.TIMESTAMP && value.type !== T.OBJECT_ID) {
        throw queryError(5166307, `$dateDiff requires dates to be convertible to a date`);
      }
    }
    const [from, to] = [toMs(start), toMs(end)];
    if (unit === 'millisecond') return int64(to - from);
    const at = zone ?? UTC;
    const [a, b] = [localParts(from, at), localParts(to, at)];
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
        const size = UNIT_MS[unit]!;
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
    const unitValue = parts.get('unit')!.evaluate(frame);
    if (isNullish(unitValue)) return NULL;
    const unit = unitOf(unitValue, name);
    const zone = zoneOf(parts.get('timezone'), frame, name);
    if (zone === null) return NULL;
    let first = 0;
    if (parts.has('startOfWeek') && unit === 'week') {
      const given = parts.get('startOfWeek')!.evaluate(frame);
      if (isNullish(given)) return NULL;
      first = startOfWeek(given, name);
    }
    if (value.type !== T.DATE && value.type !== T.TIMESTAMP && value.type !== T.OBJECT_ID) {
      throw queryError(
        5439012,
        `$dateTrunc requires 'date' to be convertible to a date, but got ${typeName(value)}`
      );
    }
    return date(truncate(toMs(value), unit, bin, zone ?? UTC, first));
  });
};

/** Down to a whole number of bins since 2000-01-01 (for weeks: since the first such day of that year). */
function truncate(ms: bigint, unit: TimeUnit, bin: bigint, zone: TimeZone, firstDay: number): bigint {
  const midnight = { hour: 0, minute: 0, second: 0, millisecond: 0 };
  const p = localParts(ms, zone);
  switch (unit) {
    case 'year':
    case 'quarter':
    case 'month': {
      const size = bin * (unit === 'year' ? 12n : unit === 'quarter' ? 3n : 1n);
      const months = BigInt((p.year - 2000) * 12 + p.month - 1);
      const floor = Number(floorTo(months, size) * size);
      return fromLocal(
        {
          year: 2000 + Math.floor(floor / 12),
          month: floor - Math.floor(floor / 12) * 12 + 1,
          day: 1,
          ...midnight
        },
        zone
      );
    }
    case 'week':
    case 'day': {
      // 2000-01-01 was a Saturday.
      const reference = daysFromCivil(2000, 1, 1) + (unit === 'week' ? (firstDay + 1) % 7 : 0);
      const size = bin * (unit === 'week' ? 7n : 1n);
      const days = Number(floorTo(BigInt(dayNumber(p) - reference), size) * size) + reference;
      return fromLocal({ year: 1970, month: 1, day: 1 + days, ...midnight }, zone);
    }
    default: {
      const size = bin * UNIT_MS[unit]!;
      const reference = fromLocal({ year: 2000, month: 1, day: 1, ...midnight }, zone);
      return floorTo(ms - reference, size) * size + reference;
    }
  }
}

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
  $dateToString: dateToString,
  $dateFromString: dateFromString,
  $dateToParts: dateToParts,
  $dateFromParts: dateFromParts,
  $dateAdd: dateArithmetic(1n),
  $dateSubtract: dateArithmetic(-1n),
  $dateDiff: dateDiff,
  $dateTrunc: dateTrunc
});
