import { numberFormat } from './locale';

const WHOLE = { maximumFractionDigits: 0 };
const METRIC = { maximumFractionDigits: 3, useGrouping: false };

/** A count or an LSN on a scale, with separators: `1,204`. Refs are never written so, they are copied. */
export function count(value: number): string {
  return numberFormat(WHOLE).format(value);
}

/** A metric with at most three digits after the point, as MLflow gave it when it is no number. */
export function metricValue(text: string): string {
  const value = Number(text);
  return text.trim() !== '' && Number.isFinite(value) ? numberFormat(METRIC).format(value) : text;
}

/** A range of LSNs with separators, one number when it is one: `1,202–1,204`. */
export function lsnRange(first: number, last: number): string {
  return first === last ? count(last) : `${count(first)}–${count(last)}`;
}

/** A range as a badge shows it and as one copies it: without separators. */
export function plainRange(first: number, last: number): string {
  return first === last ? String(last) : `${first}–${last}`;
}
