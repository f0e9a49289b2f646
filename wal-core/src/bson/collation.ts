import { compareAt, type StringOrder } from './compare';
import { numberAt } from './numbers';
import { arrayOf, documentOf, elements, field, type RawValue } from './raw';
import { isNumberType, T } from './types';

/** A collation with all its fields, as MongoDB lists it. */
export interface CollationSpec {
  readonly locale: string;
  readonly caseLevel: boolean;
  readonly caseFirst: 'off' | 'upper' | 'lower';
  readonly strength: 1 | 2 | 3 | 4 | 5;
  readonly numericOrdering: boolean;
  readonly alternate: 'non-ignorable' | 'shifted';
  readonly maxVariable: 'punct' | 'space';
  readonly normalization: boolean;
  readonly backwards: boolean;
}

/** What MongoDB's locales call a variant, and what Unicode's do. */
const VARIANTS: ReadonlyMap<string, string> = new Map([
  ['phonebook', 'phonebk'],
  ['traditional', 'trad'],
  ['dictionary', 'dict'],
  ['gb2312han', 'gb2312'],
  ['big5han', 'big5han'],
  ['stroke', 'stroke'],
  ['unihan', 'unihan'],
  ['zhuyin', 'zhuyin'],
  ['phonetic', 'phonetic'],
  ['compat', 'compat'],
  ['eor', 'eor']
]);

/** The locale as Unicode writes it; undefined when this process has no data for it. */
export function unicodeLocale(locale: string): string | undefined {
  const [name, variant] = locale.split('@collation=') as [string, string | undefined];
  let tag = name === 'en_US_POSIX' ? 'en-US-u-va-posix' : name.replaceAll('_', '-');
  if (variant !== undefined) {
    const known = VARIANTS.get(variant);
    if (known === undefined) return undefined;
    tag = `${tag}-u-co-${known}`;
    if (new Intl.Collator(tag).resolvedOptions().collation !== known) return undefined;
  }
  return Intl.Collator.supportedLocalesOf(tag).length === 1 ? tag : undefined;
}

/**
 * Locales whose letters A–Z sort as the root's do: no two ASCII strings are equal but by case, accents apart. Only of
 * these are strings folded to equal keys; Hungarian, where "ccs" is "cscs", shows why.
 */
const PLAIN_LOCALES: ReadonlySet<string> = new Set(
  'en en_US fr fr_CA de it nl pt ru es id ms ca ga gl uk bg el zh zh_Hant ja ko he ar th'.split(' ')
);

/** Combining marks that differ from each other at the second level. */
const PLAIN_MARKS = /[\u0300-\u0304\u0306-\u030c\u0323\u0327\u0328]/;
const FOLDABLE = /^[\x20-\x7e\u0300-\u0304\u0306-\u030c\u0323\u0327\u0328]*$/;
const LETTERS = /[\x20-\x7e][\u0300-\u0304\u0306-\u030c\u0323\u0327\u0328]*/g;
/** Longer runs of digits are compared in pieces. */
const DIGITS_MAX = 200;

/** First character of the keys of strings that were folded, and of all others: the folded come first. */
const FOLDED = '\u0001';
const UNFOLDED = '\u0002';

/**
 * An order of strings by the rules of a language. Keys for an ordered store cannot be had from it, but keys for
 * equality can: `fold`.
 */
export class Collation {
  readonly strings: StringOrder;
  private readonly levels: readonly Intl.Collator[];
  private readonly folds: boolean;
  private readonly letters = new Map<string, string>();

  constructor(
    readonly spec: CollationSpec,
    /** All fields as raw BSON, with MongoDB's version of the rules. */
    readonly source: Buffer,
    tag: string
  ) {
    const { strength, caseLevel } = spec;
    const make = (sensitivity: 'base' | 'accent' | 'case' | 'variant'): Intl.Collator =>
      new Intl.Collator(backwardsTag(tag, spec), {
        sensitivity,
        ignorePunctuation: spec.alternate === 'shifted',
        numeric: spec.numericOrdering,
        caseFirst: spec.caseFirst === 'off' ? 'false' : spec.caseFirst
      });
    if (strength === 1) this.levels = [make(caseLevel ? 'case' : 'base')];
    else if (strength === 2) this.levels = caseLevel ? [make('accent'), make('case')] : [make('accent')];
    else this.levels = caseLevel ? [make('accent'), make('case'), make('variant')] : [make('variant')];
    this.folds = PLAIN_LOCALES.has(spec.locale);
    this.strings = (a, startA, endA, b, startB, endB) =>
      this.compare(a.toString('utf8', startA, endA), b.toString('utf8', startB, endB));
  }

  /** Order of two strings. */
  compare(a: string, b: string): number {
    if (a === b) return 0;
    for (const level of this.levels) {
      const order = level.compare(a, b);
      if (order !== 0) return order < 0 ? -1 : 1;
    }
    return this.spec.strength === 5 ? byCodePoints(a.normalize('NFD'), b.normalize('NFD')) : 0;
  }

  /** Order of two values, strings inside documents and arrays too. */
  compareValues(a: RawValue, b: RawValue): number {
    return compareAt(a.type, a.bytes, 0, a.bytes.length, b.type, b.bytes, 0, b.bytes.length, this.strings);
  }

  isSame(other: Collation | undefined): boolean {
    return other !== undefined && other.source.equals(this.source);
  }

  /**
   * A text that says which strings a string is equal to. Of two strings that are both folded, equal ones have equal
   * texts and no others; one that is not folded may be equal to any.
   */
  fold(text: string): { readonly text: string; readonly isFolded: boolean } {
    const composed = text.normalize('NFD');
    if (this.folds && FOLDABLE.test(composed)) {
      const folded = this.foldPlain(composed);
      if (folded !== undefined) return { text: FOLDED + folded, isFolded: true };
    }
    const { strength, caseLevel } = this.spec;
    let rest = composed;
    if (strength === 1) rest = rest.replace(/\p{M}/gu, '');
    if (strength < 3 && !caseLevel) rest = rest.toLowerCase();
    return { text: UNFOLDED + rest, isFolded: false };
  }

  private foldPlain(text: string): string | undefined {
    if (PLAIN_MARKS.test(text.charAt(0))) return undefined;
    let source = text;
    if (this.spec.numericOrdering) {
      source = source.replace(/0*(\d+)/g, '$1');
      if (/\d+/g.exec(source)?.some(run => run.length > DIGITS_MAX) === true) return undefined;
    }
    if (this.spec.strength === 5 && this.spec.numericOrdering) source = text;
    let out = '';
    for (const [letter] of source.matchAll(LETTERS)) out += this.foldLetter(letter);
    return out;
  }

  /** One letter with its marks, as the collation itself tells it from plainer ones. */
  private foldLetter(letter: string): string {
    let folded = this.letters.get(letter);
    if (folded === undefined) {
      const bare = letter.charAt(0);
      const candidates = ['', bare.toLowerCase(), bare, letter.toLowerCase()];
      folded = candidates.find(candidate => this.compare(`a${letter}b`, `a${candidate}b`) === 0) ?? letter;
      if (this.letters.size < LETTERS_MAX) this.letters.set(letter, folded);
    }
    return folded;
  }
}

/** Letters with marks whose folding is remembered. */
const LETTERS_MAX = 4096;

/** French accents count from the end in Canada's French only: Unicode's data have it in no other way. */
function backwardsTag(tag: string, { backwards }: CollationSpec): string {
  if (backwards) return 'fr-CA';
  return tag === 'fr-CA' ? 'fr' : tag;
}

function byCodePoints(a: string, b: string): number {
  return Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

const collations = new Map<string, Collation>();
const COLLATIONS_MAX = 64;

/** The collation of a specification that has all its fields, as an index or a collection keeps it. */
export function collationOf(source: Buffer): Collation {
  const name = source.toString('latin1');
  let known = collations.get(name);
  if (known === undefined) {
    const spec = readSpec(source);
    const tag = unicodeLocale(spec.locale);
    if (tag === undefined) throw new RangeError(`no rules for the locale '${spec.locale}'`);
    known = new Collation(spec, source, tag);
    if (collations.size >= COLLATIONS_MAX) collations.clear();
    collations.set(name, known);
  }
  return known;
}

function readSpec(source: Buffer): CollationSpec {
  const text = (name: string): string => {
    const value = field(source, name);
    return value?.type === T.STRING ? value.bytes.toString('utf8', 4, value.bytes.length - 1) : '';
  };
  const flag = (name: string): boolean => field(source, name)?.bytes[0] === 1;
  const strength = field(source, 'strength');
  return {
    locale: text('locale'),
    caseLevel: flag('caseLevel'),
    caseFirst: text('caseFirst') as CollationSpec['caseFirst'],
    strength: (strength !== undefined && isNumberType(strength.type)
      ? numberAt(strength.type, strength.bytes, 0)
      : 3) as CollationSpec['strength'],
    numericOrdering: flag('numericOrdering'),
    alternate: text('alternate') as CollationSpec['alternate'],
    maxVariable: text('maxVariable') as CollationSpec['maxVariable'],
    normalization: flag('normalization'),
    backwards: flag('backwards')
  };
}

/** Whether a collation has a say about a value: strings, and what can hold them. */
export function isCollated(type: number): boolean {
  return type === T.STRING || type === T.SYMBOL || type === T.OBJECT || type === T.ARRAY;
}

/** The value with `change` done to all strings in it. */
export function mapStrings(value: RawValue, change: (text: string) => string): RawValue {
  switch (value.type) {
    case T.STRING:
    case T.SYMBOL: {
      const text = change(value.bytes.toString('utf8', 4, value.bytes.length - 1));
      const size = Buffer.byteLength(text);
      const bytes = Buffer.alloc(size + 5);
      bytes.writeInt32LE(size + 1, 0);
      bytes.write(text, 4);
      return { type: T.STRING, bytes };
    }
    case T.OBJECT:
      return {
        type: T.OBJECT,
        bytes: documentOf(
          elements(value.bytes).map(item => ({ ...mapStrings(item, change), name: item.name }))
        )
      };
    case T.ARRAY:
      return {
        type: T.ARRAY,
        bytes: arrayOf(elements(value.bytes).map(item => mapStrings(item, change)))
      };
    default:
      return value;
  }
}

/** What an index with a collation holds in place of a value. */
export function foldedValue(value: RawValue, collation: Collation): RawValue {
  return isCollated(value.type) ? mapStrings(value, text => collation.fold(text).text) : value;
}

/** First and last text of the strings that are not folded, as bounds `[from, to)`. */
export const UNFOLDED_FROM = UNFOLDED;
export const UNFOLDED_TO = '\u0003';
