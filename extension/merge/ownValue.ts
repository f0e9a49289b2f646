import type { Answer, ExtendedJson, Value } from '../client/protocol';
import { inline, isMissing } from '../format/value';

/** Types that a person can type a value of, by the names that `$type` knows. */
export const OWN_TYPES = [
  'string',
  'int',
  'long',
  'double',
  'decimal',
  'bool',
  'date',
  'null',
  'json',
  'missing'
] as const;

/** A type of `OWN_TYPES`. */
export type OwnType = (typeof OWN_TYPES)[number];

/** A typed value as an answer, or why the text is none of that type. */
export type Parsed =
  { readonly answer: Answer } | { readonly trouble: 'number' | 'range' | 'bool' | 'date' | 'json' };

const INT_MAX = 2_147_483_647n;
const LONG_MAX = 9_223_372_036_854_775_807n;

/** Reads what a person typed. The answer is canonical Extended JSON, so that no type is guessed later. */
export function parseOwn(type: OwnType, text: string): Parsed {
  const trimmed = text.trim();
  switch (type) {
    case 'missing':
      return { answer: { missing: true } };
    case 'null':
      return { answer: { value: null } };
    case 'string':
      return { answer: { value: text } };
    case 'bool':
      return trimmed === 'true' || trimmed === 'false'
        ? { answer: { value: trimmed === 'true' } }
        : { trouble: 'bool' };
    case 'int':
      return whole(trimmed, INT_MAX, '$numberInt');
    case 'long':
      return whole(trimmed, LONG_MAX, '$numberLong');
    case 'double':
      return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$|^NaN$|^-?Infinity$/i.test(trimmed)
        ? { answer: { value: { $numberDouble: trimmed } } }
        : { trouble: 'number' };
    case 'decimal':
      return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$|^NaN$|^-?Infinity$/i.test(trimmed)
        ? { answer: { value: { $numberDecimal: trimmed } } }
        : { trouble: 'number' };
    case 'date': {
      const ms = Date.parse(trimmed);
      return Number.isNaN(ms)
        ? { trouble: 'date' }
        : { answer: { value: { $date: { $numberLong: String(ms) } } } };
    }
    case 'json':
      try {
        return { answer: { value: JSON.parse(trimmed) as ExtendedJson } };
      } catch {
        return { trouble: 'json' };
      }
  }
}

/** What the editor starts with for a value: its type, and the text one would type. */
export function editable(value: Value): { readonly type: OwnType; readonly text: string } {
  if (isMissing(value)) {
    return { type: 'missing', text: '' };
  }
  const type = OWN_TYPES.find(own => own === value.type) ?? 'json';
  const text =
    type === 'string'
      ? String(value.value)
      : type === 'json'
        ? JSON.stringify(value.value)
        : type === 'null'
          ? ''
          : inline(value.value);
  return { type, text };
}

function whole(text: string, max: bigint, mark: string): Parsed {
  if (!/^[+-]?\d+$/.test(text)) {
    return { trouble: 'number' };
  }
  const value = BigInt(text.replace('+', ''));
  return value > max || value < -max - 1n
    ? { trouble: 'range' }
    : { answer: { value: { [mark]: value.toString() } } };
}
