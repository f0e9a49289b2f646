import { T } from '../../../bson';
import { queryError } from '../../error';
import { date, isNullish, NULL, string, textOf } from '../../values';
import { typeName } from '../arithmetic';
import { folded, register, type OperatorCompiler } from '../compile';
import { parseDate, parseDateWithFormat } from '../dateparse';
import { utcParts } from '../isodate';
import { localParts, UTC, type TimeZone } from '../timezone';
import { toMs, zoneOf, compileParts } from './common';
import { dayOfWeek, isoDayOfWeek, dayOfYear, week, isoWeek } from './calendar';

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
        if (parts.year < 0 || parts.year > 9999)
          throw queryError(
            18537,
            `Could not convert date to string: date component was outside the supported range of 0-9999: ${parts.year}`
          );
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

register({
  $dateToString: dateToString,
  $dateFromString: dateFromString
});
