import { numberFormat } from './locale';

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** A size as people read it: `41 kB`, `1.2 GB`; powers of ten. */
export function bytes(n: number): string {
  let value = Math.max(0, n);
  let unit = 0;
  // What would be rounded to 1,000 is one of the next unit.
  while (Math.round(value) >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = unit === 0 || value >= 9.95 ? 0 : 1;
  const format = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return `${numberFormat(format).format(value)} ${UNITS[unit]}`;
}
