/** A date as ISO 8601 with milliseconds, also beyond the years that JavaScript prints plainly. */
export function isoDate(ms: bigint): string {
  const { year, month, day, hour, minute, second, millisecond } = utcParts(ms);
  const pad = (n: number, width = 2): string => String(n).padStart(width, '0');
  const shownYear = year < 0 ? `-${pad(-year, 4)}` : pad(year, 4);
  return `${shownYear}-${pad(month)}-${pad(day)}T${pad(hour)}:${pad(minute)}:${pad(second)}.${pad(millisecond, 3)}Z`;
}

/** A moment taken apart in UTC; months and days from 1. */
export interface UtcParts {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly millisecond: number;
}

const DAY_MS = 86_400_000n;

function floorDivide(a: bigint, b: bigint): bigint {
  const q = a / b;
  return a % b !== 0n && a < 0n !== b < 0n ? q - 1n : q;
}

/** Proleptic Gregorian calendar for every int64, after Howard Hinnant's days algorithms. */
export function utcParts(ms: bigint): UtcParts {
  const days = floorDivide(ms, DAY_MS);
  const inDay = Number(ms - days * DAY_MS);
  const { year, month, day } = civilFromDays(Number(days));
  return {
    year,
    month,
    day,
    hour: Math.floor(inDay / 3_600_000),
    minute: Math.floor(inDay / 60_000) % 60,
    second: Math.floor(inDay / 1000) % 60,
    millisecond: inDay % 1000
  };
}

/** Year, month and day of a number of days since 1970-01-01. */
export function civilFromDays(daysSinceEpoch: number): { year: number; month: number; day: number } {
  const z = daysSinceEpoch + 719468;
  const era = Math.floor(z / 146097);
  const dayOfEra = z - era * 146097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36524) - Math.floor(dayOfEra / 146096)) /
      365
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * dayOfYear + 2) / 153);
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1
  };
}

/** Days since 1970-01-01; month and day may lie outside their usual range. */
export function daysFromCivil(year: number, month: number, day: number): number {
  const months = month - 1;
  const y0 = year + Math.floor(months / 12);
  const m = months - Math.floor(months / 12) * 12 + 1;
  const y = m <= 2 ? y0 - 1 : y0;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (m > 2 ? m - 3 : m + 9) + 2) / 5);
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146097 + dayOfEra - 719468 + day - 1;
}

/** Milliseconds since 1970 of a moment in UTC; parts may lie outside their usual range. */
export function utcMs(parts: UtcParts): bigint {
  const days = BigInt(daysFromCivil(parts.year, parts.month, parts.day));
  return (
    days * DAY_MS +
    BigInt(parts.hour) * 3_600_000n +
    BigInt(parts.minute) * 60_000n +
    BigInt(parts.second) * 1000n +
    BigInt(parts.millisecond)
  );
}
