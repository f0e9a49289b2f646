import { InvalidArgumentError } from 'commander';
import type { AnswerRule, RunListParams } from '../rpc/protocol';

type MetricCondition = NonNullable<RunListParams['metrics']>[number];

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

/** `auc>0.9`, one more at a time. */
export function metricConditions(text: string, before: MetricCondition[] = []): MetricCondition[] {
  const [, name, is, number] = /^\s*(.*?\S)\s*(<=|>=|!=|==?|<|>)\s*([^<>=!]+)$/.exec(text) ?? [];
  const value = Number(number);
  if (name === undefined || number?.trim() === '' || !Number.isFinite(value)) {
    throw new InvalidArgumentError('Give a metric and a bound: "auc>0.9", "loss<=0.1".');
  }
  return [...before, { name, is: (is === '==' ? '=' : is) as MetricCondition['is'], value }];
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

/** An `_id` as people type it: JSON when it is some, else 24 hex digits as an ObjectId, else the text itself. */
export function documentId(text: string): unknown {
  if (/^[0-9a-f]{24}$/i.test(text)) {
    return { $oid: text.toLowerCase() };
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** `bill.length_mm`: the keys on the way to a field. A key that holds a dot, or none, is quoted as in JSON. */
export function fieldPath(text: string): string[] {
  const keys: string[] = [];
  for (let rest = text; ;) {
    const [part] = /^(?:"(?:[^"\\]|\\.)*"|[^."][^.]*)(?=\.|$)/.exec(rest) ?? [];
    if (part === undefined) {
      throw new InvalidArgumentError('Give a path of a field: bill.length_mm, "a.key with dots".inner.');
    }
    keys.push(part.startsWith('"') ? unquoted(part) : part);
    if (part.length === rest.length) {
      return keys;
    }
    rest = rest.slice(part.length + 1);
  }
}

function unquoted(text: string): string {
  try {
    return JSON.parse(text) as string;
  } catch {
    throw new InvalidArgumentError(`${text} is not a string of JSON.`);
  }
}

const SIDES = ['ours', 'theirs', 'base', 'newest'] as const;

/** `newest`, `theirs:penguins`, `ours:penguins:bill.length_mm`: how conflicts are settled, and which. */
export function answerRule(text: string): AnswerRule {
  const [side = '', collection, ...path] = text.split(':');
  const take = SIDES.find(name => name === side);
  if (take === undefined || collection === '') {
    throw new InvalidArgumentError(`Give ${SIDES.join(', ')}, perhaps with :COLLECTION or :COLLECTION:PATH.`);
  }
  return {
    take,
    ...(collection === undefined ? {} : { collection }),
    ...(path.length === 0 ? {} : { path: fieldPath(path.join(':')) })
  };
}
