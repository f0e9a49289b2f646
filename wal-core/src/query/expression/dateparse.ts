import { queryError } from '../error';
import { daysFromCivil } from './isodate';
import { fromLocal, timeZone, UTC, type TimeZone } from './timezone';

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

function fail(text: string, why: string): Error {
  return queryError(241, `Error parsing date string '${text}'; ${why}`);
}

const ISO =
  /^(\d{4})[-/]?(\d{2})[-/]?(\d{2})(?:[T ]?(\d{1,2})(?::?(\d{2})(?::?(\d{2})(?:[.,](\d{1,9}))?)?)?)?\s*(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?|[A-Za-z]+\/[A-Za-z_/]+)?$/i;
const WORDS =
  /^(?:[A-Za-z]{3,9},?\s+)?(?:(\d{1,2})(?:st|nd|rd|th)?[ -]([A-Za-z]{3,9})|([A-Za-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?),?[ -](\d{4})(?:,?\s+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?\s*(am|pm)?)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?$/i;

/**
 * Reads a date without a format: ISO 8601 in its common spellings and dates with the
 * month in words. A zone in the text wins over `zone`, but both at once are refused.
 * @throws ConversionFailure (241)
 */
export function parseDate(text: string, zone: TimeZone | undefined): bigint {
  const iso = ISO.exec(text);
  if (iso) {
    const [, year, month, day, hour, minute, second, fraction, offset] = iso;
    return assemble(
      text,
      Number(year),
      Number(month),
      Number(day),
      hour,
      minute,
      second,
      fraction,
      offset,
      zone
    );
  }
  const words = WORDS.exec(text);
  if (words) {
    const month = MONTHS.indexOf((words[2] ?? words[3])!.slice(0, 3).toLowerCase()) + 1;
    let hour = words[6];
    const half = words[10]?.toLowerCase();
    if (hour !== undefined && half !== undefined)
      hour = String((Number(hour) % 12) + (half === 'pm' ? 12 : 0));
    if (month > 0) {
      return assemble(
        text,
        Number(words[5]),
        month,
        Number(words[1] ?? words[4]),
        hour,
        words[7],
        words[8],
        words[9],
        words[11],
        zone
      );
    }
  }
  throw fail(
    text,
    text === '' ? "0: Empty string ''" : `0: The timezone could not be found in the database '${text[0]}'`
  );
}

function assemble(
  text: string,
  year: number,
  month: number,
  day: number,
  hour: string | undefined,
  minute: string | undefined,
  second: string | undefined,
  fraction: string | undefined,
  offset: string | undefined,
  zone: TimeZone | undefined
): bigint {
  const parts = {
    year,
    month,
    day,
    hour: Number(hour ?? 0),
    minute: Number(minute ?? 0),
    second: Number(second ?? 0),
    millisecond: Number((fraction ?? '0').slice(0, 3).padEnd(3, '0'))
  };
  if (
    month < 1 ||
    month > 12 ||
    day < 1 ||
    day > 31 ||
    parts.hour > 24 ||
    parts.minute > 59 ||
    parts.second > 59
  ) {
    throw fail(text, 'a part is out of range');
  }
  if (day > daysFromCivil(year, month + 1, 1) - daysFromCivil(year, month, 1)) {
    throw fail(text, `11: The parsed date was invalid ''`);
  }
  if (offset !== undefined) {
    if (zone !== undefined) {
      throw fail(
        text,
        `you cannot pass in a date/time string with time zone information ('${offset}') together with a timezone argument`
      );
    }
    const own = /^[zug]/i.test(offset) && offset.length <= 3 ? UTC : timeZone(offset);
    return fromLocal(parts, own);
  }
  return fromLocal(parts, zone ?? UTC);
}

/** Reads a date after a format of `%Y`, `%m` and so on. @throws ConversionFailure (241), 18535, 18536 */
export function parseDateWithFormat(text: string, format: string, zone: TimeZone | undefined): bigint {
  let at = 0;
  const got: Record<string, number> = {};
  let own: TimeZone | undefined;
  const digits = (most: number): number => {
    const match = new RegExp(`^\\d{1,${most}}`).exec(text.slice(at));
    if (!match) throw fail(text, `${at}: a number was expected`);
    at += match[0].length;
    return Number(match[0]);
  };
  for (let i = 0; i < format.length; i++) {
    const c = format[i]!;
    if (c !== '%') {
      if (text[at] !== c) throw fail(text, `${at}: Format literal not found '${text[at] ?? ''}'`);
      at++;
      continue;
    }
    const f = format[++i];
    switch (f) {
      case 'Y':
      case 'G':
        got[f] = digits(4);
        break;
      case 'm':
      case 'd':
      case 'H':
      case 'M':
      case 'S':
      case 'V':
        got[f] = digits(2);
        break;
      case 'j':
      case 'L':
        got[f] = f === 'L' ? milliseconds() : digits(3);
        break;
      case 'u':
        got[f] = digits(1);
        break;
      case 'b':
      case 'B': {
        const match = /^[A-Za-z]+/.exec(text.slice(at));
        const month = match ? MONTHS.indexOf(match[0].slice(0, 3).toLowerCase()) + 1 : 0;
        if (month === 0) throw fail(text, `${at}: a month was expected`);
        got.m = month;
        at += match![0].length;
        break;
      }
      case 'z': {
        const match = /^(?:Z|[+-]\d{2}:?\d{2}|[+-]\d{2}|[A-Za-z]+(?:\/[A-Za-z_]+)*)/.exec(text.slice(at));
        if (!match) throw fail(text, `${at}: a time zone was expected`);
        own = match[0] === 'Z' ? UTC : timeZone(match[0]);
        at += match[0].length;
        break;
      }
      case 'Z': {
        const match = /^[+-]?\d+/.exec(text.slice(at));
        if (!match) throw fail(text, `${at}: minutes were expected`);
        const ms = Number(match[0]) * 60_000;
        own = { isUtc: ms === 0, offsetAt: () => ms };
        at += match[0].length;
        break;
      }
      case '%':
        if (text[at] !== '%') throw fail(text, `${at}: Format literal not found`);
        at++;
        break;
      case undefined:
        throw queryError(18535, "Unmatched '%' at end of format string");
      default:
        throw queryError(18536, `Invalid format character '%${f}' in format string`);
    }
  }
  function milliseconds(): number {
    const match = /^\d{1,3}/.exec(text.slice(at));
    if (!match) throw fail(text, `${at}: milliseconds were expected`);
    at += match[0].length;
    return Number(match[0].padEnd(3, '0'));
  }
  if (at < text.length) throw fail(text, `${at}: Trailing data '${text[at]}'`);
  if (own !== undefined && zone !== undefined) {
    throw fail(
      text,
      'you cannot pass in a date/time string with time zone information together with a timezone argument'
    );
  }
  const time = { hour: got.H ?? 0, minute: got.M ?? 0, second: got.S ?? 0, millisecond: got.L ?? 0 };
  if (got.G !== undefined) {
    const { year, month, day } = isoWeekDate(got.G, got.V ?? 1, got.u ?? 1);
    return fromLocal({ year, month, day, ...time }, own ?? zone ?? UTC);
  }
  if (got.Y === undefined || (got.m === undefined && got.j === undefined)) {
    throw fail(text, 'an incomplete date/time string has been found, with elements missing');
  }
  if (got.j === undefined && got.d === undefined) {
    throw fail(text, 'an incomplete date/time string has been found, with elements missing');
  }
  if (time.hour > 23 || time.minute > 59 || time.second > 59 || (got.m ?? 1) > 12 || (got.m ?? 1) < 1)
    throw fail(text, 'a part is out of range');
  if (got.j === undefined && got.d! > daysFromCivil(got.Y, got.m! + 1, 1) - daysFromCivil(got.Y, got.m!, 1)) {
    throw fail(text, 'The parsed date was invalid');
  }
  return fromLocal(
    { year: got.Y, month: got.j === undefined ? got.m! : 1, day: got.j ?? got.d!, ...time },
    own ?? zone ?? UTC
  );
}

/** Year, month (always 1) and day in the year of an ISO week date. */
export function isoWeekDate(
  year: number,
  week: number,
  dayOfWeek: number
): { year: number; month: number; day: number } {
  const january4 = daysFromCivil(year, 1, 4);
  const monday = january4 - ((((january4 + 3) % 7) + 7) % 7);
  return { year, month: 1, day: monday + (week - 1) * 7 + (dayOfWeek - 1) - daysFromCivil(year, 1, 1) + 1 };
}
