import { daysFromCivil, type UtcParts } from '../isodate';

export function dayNumber({ year, month, day }: UtcParts): number {
  return daysFromCivil(year, month, day);
}

/** 1 (Sunday) to 7. */
export function dayOfWeek(parts: UtcParts): number {
  return ((((dayNumber(parts) + 4) % 7) + 7) % 7) + 1;
}

export function isoDayOfWeek(parts: UtcParts): number {
  return ((dayOfWeek(parts) + 5) % 7) + 1;
}

export function dayOfYear(parts: UtcParts): number {
  return dayNumber(parts) - daysFromCivil(parts.year, 1, 1) + 1;
}

/** Week of the year, weeks beginning on Sunday, 0 before the first. */
export function week(parts: UtcParts): number {
  return Math.floor((dayOfYear(parts) - dayOfWeek(parts) + 7) / 7);
}

export function isoWeek(parts: UtcParts): { year: number; week: number } {
  const thursday = dayNumber(parts) - isoDayOfWeek(parts) + 4;
  let { year } = parts;
  if (thursday < daysFromCivil(year, 1, 1)) year--;
  else if (thursday >= daysFromCivil(year + 1, 1, 1)) year++;
  return { year, week: Math.floor((thursday - daysFromCivil(year, 1, 1)) / 7) + 1 };
}
