import {
  Collation,
  collationOf,
  documentOf,
  elements,
  field,
  isNumberType,
  T,
  TYPE_NAMES,
  unicodeLocale,
  type CollationSpec,
  type RawElement
} from '../bson';
import { notImplemented, queryError } from './error';
import { toNumber } from './numeric';
import { show } from './show';
import { bool, int32, object, string, textOf } from './values';

/** Version of the rules that MongoDB 6.0 names in every collation. */
const VERSION = '57.1';

/** Locales that MongoDB 6.0 takes. */
const LOCALES: ReadonlySet<string> = new Set(
  (
    'af sq am ar hy as az be bn bs bs_Cyrl bg my ca chr zh zh_Hant hr cs da nl dz en en_US en_US_POSIX eo et ee fo ' +
    'fil fi fr fr_CA gl ka de de_AT el gu ha haw he hi hu is ig smn id ga it ja kl kn kk km kok ko ky lkt lv ln lt ' +
    'dsb lb mk ms ml mt mr mn ne se nb nn or om ps fa fa_AF pl pt pa ro ru sr sr_Latn si sk sl es sw sv ta te th bo ' +
    'to tr uk hsb ur ug vi wae cy yi yo zu lo'
  ).split(' ')
);

const CASE_FIRST = ['off', 'upper', 'lower'] as const;
const ALTERNATES = ['non-ignorable', 'shifted'] as const;
const VARIABLES = ['punct', 'space'] as const;

const parsed = new Map<string, Collation | undefined>();
const PARSED_MAX = 64;

/**
 * The collation a command or an index names; undefined for the simple one, which is binary order.
 * @throws 2, 14, 161, 40414, 40415, 51024 as MongoDB, 238 for rules that JavaScript's `Intl` cannot follow
 */
export function parseCollation(raw: Buffer | undefined): Collation | undefined {
  if (raw === undefined || raw.length === 5) return undefined;
  const key = raw.toString('latin1');
  if (!parsed.has(key)) {
    if (parsed.size >= PARSED_MAX) parsed.clear();
    parsed.set(key, read(raw));
  }
  return parsed.get(key);
}

function read(raw: Buffer): Collation | undefined {
  // A null stands for a field that is not there.
  const given = new Map(
    elements(raw)
      .filter(element => element.type !== T.NULL || !COLLATION_FIELDS.has(element.name))
      .map(element => [element.name, element])
  );
  const flag = (name: string): boolean | undefined => {
    const value = given.get(name);
    if (value !== undefined && value.type !== T.BOOL) throw wrongType(value, "'bool'");
    return value === undefined ? undefined : value.bytes[0] === 1;
  };
  const choice = <V extends string>(name: string, values: readonly V[], usual: V): V => {
    const value = given.get(name);
    if (value === undefined) return usual;
    if (value.type !== T.STRING) throw wrongType(value, "'string'");
    const known = values.find(one => one === textOf(value));
    if (known === undefined) throw unknownValue(name, textOf(value));
    return known;
  };
  const locale = given.get('locale');
  if (locale !== undefined && locale.type !== T.STRING) throw wrongType(locale, "'string'");
  for (const name of given.keys()) {
    if (!COLLATION_FIELDS.has(name))
      throw queryError(40415, `BSON field 'collation.${name}' is an unknown field.`);
  }
  const strength = strengthOf(given.get('strength'));
  const spec: CollationSpec = {
    locale: locale === undefined ? '' : textOf(locale),
    caseLevel: flag('caseLevel') ?? false,
    caseFirst: choice('caseFirst', CASE_FIRST, 'off'),
    strength,
    numericOrdering: flag('numericOrdering') ?? false,
    alternate: choice('alternate', ALTERNATES, 'non-ignorable'),
    maxVariable: choice('maxVariable', VARIABLES, 'punct'),
    normalization: flag('normalization') ?? false,
    backwards: flag('backwards') ?? (locale !== undefined && textOf(locale) === 'fr_CA')
  };
  if (locale === undefined)
    throw queryError(40414, "BSON field 'collation.locale' is missing but a required field");
  if (spec.locale === 'simple') return undefined;
  check(spec, raw, given.has('backwards'));
  const version = given.get('version');
  if (version !== undefined && (version.type !== T.STRING || textOf(version) !== VERSION)) {
    const asked = version.type === T.STRING ? textOf(version) : show(version);
    throw queryError(
      161,
      `Requested collation version ${asked} but the only available collator version was ${VERSION}. ` +
        `Requested collation spec: ${show(object(raw))}`
    );
  }
  return collationOf(sourceOf(spec));
}

/** What a collation may say. */
export const COLLATION_FIELDS: ReadonlySet<string> = new Set([
  'locale',
  'caseLevel',
  'caseFirst',
  'strength',
  'numericOrdering',
  'alternate',
  'maxVariable',
  'normalization',
  'backwards',
  'version'
]);

function strengthOf(value: RawElement | undefined): CollationSpec['strength'] {
  if (value === undefined) return 3;
  if (!isNumberType(value.type)) {
    throw queryError(
      14,
      `BSON field 'collation.strength' is the wrong type '${TYPE_NAMES[value.type]}', ` +
        `expected types '[long, int, decimal, double']`
    );
  }
  const n = Math.trunc(toNumber(value)) || 0;
  if (n > 5) throw queryError(51024, `BSON field 'strength' value must be <= 5, actual value '${n}'`);
  if (n < 0) throw queryError(51024, `BSON field 'strength' value must be >= 0, actual value '${n}'`);
  if (n === 0) throw unknownValue('strength', '0');
  return n as CollationSpec['strength'];
}

function wrongType({ name, type }: RawElement, expected: string): Error {
  return queryError(
    14,
    `BSON field 'collation.${name}' is the wrong type '${TYPE_NAMES[type]}', expected type ${expected}`
  );
}

function unknownValue(name: string, value: string): Error {
  return queryError(2, `Enumeration value '${value}' for field 'collation.${name}' is not a valid value.`);
}

/** What does not go together, and what `Intl` has no way to say. */
function check(spec: CollationSpec, raw: Buffer, namesBackwards: boolean): void {
  const shown = show(object(raw));
  const { locale, strength, caseLevel } = spec;
  if (locale === '') throw queryError(2, `Field 'locale' cannot be the empty string in: ${shown}`);
  const name = locale.replace(/@collation=.*$/, '');
  if (!LOCALES.has(name)) throw queryError(2, `Field 'locale' is invalid in: ${shown}`);
  if (spec.caseFirst !== 'off' && !caseLevel && strength < 3) {
    throw queryError(
      2,
      `'caseFirst' is invalid unless 'caseLevel' is on or 'strength' is greater than 2 in: ${shown}`
    );
  }
  if (spec.backwards && strength === 1 && namesBackwards)
    throw queryError(2, `'backwards' is invalid with 'strength' of 1 in: ${shown}`);
  if (unicodeLocale(locale) === undefined) throw notImplemented(`a collation with the locale '${locale}'`);
  if (spec.backwards && !/^(fr|fr_CA|en|en_US)$/.test(locale))
    throw notImplemented(`a collation with 'backwards' and the locale '${locale}'`);
  if (spec.alternate === 'shifted' && spec.maxVariable === 'space')
    throw notImplemented("a collation with 'alternate: shifted' and 'maxVariable: space'");
  if (strength >= 4 && (spec.alternate === 'shifted' || name === 'ja'))
    throw notImplemented(
      `a collation with 'strength' ${strength} and ${name === 'ja' ? "the locale 'ja'" : "'alternate: shifted'"}`
    );
}

function sourceOf(spec: CollationSpec): Buffer {
  return documentOf([
    { ...string(spec.locale), name: 'locale' },
    { ...bool(spec.caseLevel), name: 'caseLevel' },
    { ...string(spec.caseFirst), name: 'caseFirst' },
    { ...int32(spec.strength), name: 'strength' },
    { ...bool(spec.numericOrdering), name: 'numericOrdering' },
    { ...string(spec.alternate), name: 'alternate' },
    { ...string(spec.maxVariable), name: 'maxVariable' },
    { ...bool(spec.normalization), name: 'normalization' },
    { ...bool(spec.backwards), name: 'backwards' },
    { ...string(VERSION), name: 'version' }
  ]);
}

/** The collation that an index was made with; undefined for the simple one. */
export function indexCollation(spec: Buffer): Collation | undefined {
  const value = field(spec, 'collation');
  return value?.type === T.OBJECT ? parseCollation(value.bytes) : undefined;
}
