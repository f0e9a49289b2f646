import { ArgonError } from '../errors';

/** A ref taken apart; times are wall-clock milliseconds. */
export type ParsedRef =
  | { readonly kind: 'branch'; readonly branch: string }
  | { readonly kind: 'lsn'; readonly branch: string; readonly lsn: number }
  | { readonly kind: 'time'; readonly branch: string; readonly atMs: number }
  | { readonly kind: 'pin'; readonly name: string }
  | { readonly kind: 'run'; readonly id: string };

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000
};

/**
 * Takes `branch`, `branch@LSN`, `branch@TIME`, `branch@-5m`, `pin:NAME` or `run:ID` apart.
 * TIME is ISO 8601 with a zone (UTC when it has none); relative times count back from `nowMs`. Like an LSN that is not
 * written yet, a time that has not come is refused when the ref is resolved.
 * @throws REF_INVALID
 */
export function parseRef(text: string, nowMs: number): ParsedRef {
  if (typeof text !== 'string') {
    throw new ArgonError('REF_INVALID', 'A ref must be text.', { data: { type: typeof text } });
  }
  const named = /^(pin|run):(.+)$/s.exec(text);
  if (named !== null) {
    return named[1] === 'pin' ? { kind: 'pin', name: named[2]! } : { kind: 'run', id: named[2]! };
  }
  const at = text.indexOf('@');
  if (at < 0) {
    if (text === '' || text.includes(':') || text.includes('~')) {
      throw refInvalid(text);
    }
    return { kind: 'branch', branch: text };
  }
  const branch = text.slice(0, at);
  const position = text.slice(at + 1);
  if (branch === '' || position === '') {
    throw refInvalid(text);
  }
  if (/^\d+$/.test(position)) {
    const lsn = Number(position);
    if (!Number.isSafeInteger(lsn)) {
      throw refInvalid(text);
    }
    return { kind: 'lsn', branch, lsn };
  }
  const relative = /^-(\d+(?:\.\d+)?)(ms|s|m|h|d|w)$/.exec(position);
  if (relative !== null) {
    return { kind: 'time', branch, atMs: nowMs - Number(relative[1]) * UNIT_MS[relative[2]!]! };
  }
  const iso = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?(Z|[+-]\d{2}:?\d{2})?$/.exec(
    position
  );
  if (iso !== null) {
    const plain = position.replace(' ', 'T');
    const atMs = Date.parse(iso[1] === undefined && plain.includes('T') ? `${plain}Z` : plain);
    // A day that its month has not would be taken for one of the next month.
    if (Number.isFinite(atMs) && isDay(position.slice(0, 10))) {
      return { kind: 'time', branch, atMs };
    }
  }
  throw refInvalid(text);
}

function isDay(day: string): boolean {
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
}

function refInvalid(text: string): ArgonError {
  return new ArgonError(
    'REF_INVALID',
    `${JSON.stringify(text)} is not a ref. Write branch, branch@LSN, branch@2026-07-07T09:00:00Z, branch@-5m, pin:NAME or run:ID.`,
    { data: { ref: text } }
  );
}
