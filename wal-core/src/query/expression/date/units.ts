import { T } from '../../../bson';
import { queryError } from '../../error';
import { textOf } from '../../values';
import { typeName } from '../arithmetic';
import { daysFromCivil } from '../isodate';
import type { RawValue } from '../scope';
import { fromLocal, localParts, type TimeZone } from '../timezone';
import { dayNumber } from './calendar';

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

export function startOfWeek(value: RawValue, name: string): number {
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

/** Division towards minus infinity. */
export const floorTo = (n: bigint, unit: bigint): bigint => (n >= 0n ? n / unit : (n - unit + 1n) / unit);

/** Down to a whole number of bins since 2000-01-01 (for weeks: since the first such day of that year). */
export function truncate(ms: bigint, unit: TimeUnit, bin: bigint, zone: TimeZone, firstDay: number): bigint {
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
