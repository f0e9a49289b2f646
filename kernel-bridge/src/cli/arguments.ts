import { InvalidArgumentError } from 'commander';

/** `A..B`, both included; one number is a range of one. */
export function lsnRange(text: string): { first: number; last: number } {
  const match = /^(\d+)(?:\.\.(\d+))?$/.exec(text);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (!match || !Number.isSafeInteger(last) || last < first) {
    throw new InvalidArgumentError('Give A..B, two LSNs with A not above B.');
  }
  return { first, last };
}

/** A whole number within bounds. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return text => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most) {
      throw new InvalidArgumentError(`Give a whole number from ${least} to ${most}.`);
    }
    return value;
  };
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 };

/** `90s`, `15m`, `12h`, `7d`, `2w` in seconds. */
export function duration(text: string): number {
  const match = /^(\d+)([smhdw])$/.exec(text);
  const seconds = Number(match?.[1]) * (UNITS[match?.[2] ?? ''] ?? NaN);
  if (!Number.isSafeInteger(seconds) || seconds === 0) {
    throw new InvalidArgumentError('Give a number with a unit: 90s, 15m, 12h, 7d, 2w.');
  }
  return seconds;
}
