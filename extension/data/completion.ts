import type { IField } from './fields';
import { CONSTRUCTORS } from './queryText';

/** Operators that stand where a field stands. */
const TOP = ['$and', '$or', '$nor', '$expr', '$text', '$comment', '$jsonSchema'];
/** Operators of one field. */
const INNER = [
  '$eq',
  '$ne',
  '$gt',
  '$gte',
  '$lt',
  '$lte',
  '$in',
  '$nin',
  '$exists',
  '$type',
  '$regex',
  '$options',
  '$not',
  '$elemMatch',
  '$all',
  '$size',
  '$mod'
];
const VALUES = ['true', 'false', 'null', ...CONSTRUCTORS];
/** Operators whose objects have fields of documents again. */
const OPENERS = new Set(['$and', '$or', '$nor', '$elemMatch']);

/** Suggestions shown at once. */
export const SUGGESTIONS_MAX = 12;

/** Something that could stand at the cursor. */
export interface ISuggestion {
  readonly label: string;
  /** A word about it: the types of a field, `operator`. */
  readonly note: string;
  /** What is typed for it, from `from` on. */
  readonly insert: string;
}

/** Suggestions for the word that ends at the cursor. */
export interface ISuggestions {
  readonly from: number;
  readonly items: readonly ISuggestion[];
}

/** What could come next in a query. Nothing is suggested inside the text of a value. */
export function suggest(text: string, cursor: number, fields: readonly IField[]): ISuggestions {
  const place = placeAt(text.slice(0, cursor));
  if (place === undefined) {
    return { from: cursor, items: [] };
  }
  const { word, from, quote } = place;
  const wanted = word.toLowerCase();
  const fits = (name: string) => name.toLowerCase().startsWith(wanted) && name !== word;
  const contains = (name: string) =>
    !fits(name) && name !== word && wanted !== '' && name.toLowerCase().includes(wanted);
  const found: ISuggestion[] = [];
  if (place.kind === 'value') {
    if (quote === '') {
      for (const name of VALUES.filter(fits)) {
        const isCall = CONSTRUCTORS.includes(name);
        found.push({ label: isCall ? `${name}(…)` : name, note: '', insert: isCall ? `${name}(` : name });
      }
    }
    return { from, items: wanted === '' ? [] : found.slice(0, SUGGESTIONS_MAX) };
  }
  const written = (name: string, isField: boolean) => {
    // A dotted path must be quoted in a shell; a plain name need not.
    const marks = quote !== '' ? quote : !isField || /^[\p{L}_$][\p{L}\d_$]*$/u.test(name) ? '' : '"';
    const inside = marks === '' ? name : `${marks}${name.replace(/[\\"']/g, '\\$&')}${marks}`;
    return `${inside}: `;
  };
  if (place.kind === 'field') {
    for (const test of [fits, contains]) {
      for (const field of fields.filter(known => test(known.path))) {
        found.push({ label: field.path, note: field.types.join(' · '), insert: written(field.path, true) });
      }
    }
  }
  const operators = place.kind === 'field' ? TOP : INNER;
  if (place.kind === 'operator' || wanted.startsWith('$') || (wanted === '' && found.length === 0)) {
    for (const name of operators.filter(fits)) {
      found.push({ label: name, note: '', insert: written(name, false) });
    }
  }
  return { from, items: found.slice(0, SUGGESTIONS_MAX) };
}

interface IPlace {
  readonly kind: 'field' | 'operator' | 'value';
  readonly word: string;
  readonly from: number;
  readonly quote: string;
}

interface IFrame {
  readonly isObject: boolean;
  /** Whether its keys are fields of documents. */
  readonly hasFields: boolean;
  key: string | undefined;
}

/** Where a text ends: at a key or at a value, and of what. Undefined inside a value's string, and outside. */
function placeAt(text: string): IPlace | undefined {
  const frames: IFrame[] = [];
  let word = '';
  let from = 0;
  let quote = '';
  const flush = () => {
    word = '';
  };
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    const frame = frames.at(-1);
    if (quote !== '') {
      if (char === '\\') {
        at++;
      } else if (char === quote) {
        quote = '';
      } else {
        word += char;
      }
      continue;
    }
    switch (char) {
      case '"':
      case "'":
        quote = char;
        word = '';
        from = at;
        break;
      case '{':
      case '[':
      case '(': {
        const parent = frame;
        const key = parent?.key;
        const inFields =
          parent === undefined || (parent.hasFields && (key === undefined || OPENERS.has(key)));
        const opened = key !== undefined && OPENERS.has(key);
        frames.push({ isObject: char === '{', hasFields: inFields || opened, key: undefined });
        flush();
        break;
      }
      case '}':
      case ']':
      case ')':
        frames.pop();
        flush();
        break;
      case ':':
        if (frame !== undefined) {
          frame.key = word;
        }
        flush();
        break;
      case ',':
        if (frame?.isObject === true) {
          frame.key = undefined;
        }
        flush();
        break;
      default:
        if (/\s/.test(char)) {
          if (frame?.key !== undefined || frame?.isObject !== true) {
            flush();
          }
        } else {
          if (word === '') {
            from = at;
          }
          word += char;
        }
    }
  }
  const frame = frames.at(-1);
  if (frame === undefined) {
    return undefined;
  }
  const start = word === '' && quote === '' ? text.length : from;
  if (frame.isObject && frame.key === undefined) {
    return { kind: frame.hasFields ? 'field' : 'operator', word, from: start, quote };
  }
  return quote === '' && frame.isObject ? { kind: 'value', word, from: start, quote } : undefined;
}
