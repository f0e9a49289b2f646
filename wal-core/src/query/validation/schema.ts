import { elements, field, T, TYPE_NAMES, values, type RawElement, type RawValue } from '../../bson';
import { compileSchema } from '../filter/schema';
import { SIMPLE_ORDER } from '../order';
import { compileRegex } from '../regex';
import { int32, isTrue, object, string, textOf } from '../values';
import { record, listOf, type Detail } from './record';

/** Keywords in the order in which mongod tells of them. */
const KEYWORDS = [
  'allOf',
  'anyOf',
  'oneOf',
  'not',
  'enum',
  'maximum',
  'minimum',
  'multipleOf',
  'pattern',
  'maxLength',
  'minLength',
  'minItems',
  'maxItems',
  'uniqueItems',
  'items',
  'additionalItems',
  'properties',
  'patternProperties',
  'additionalProperties',
  'required',
  'minProperties',
  'maxProperties',
  'dependencies',
  'bsonType',
  'type'
] as const;
type Keyword = (typeof KEYWORDS)[number];

/** What else belongs to a keyword when it is tried alone. */
const COMPANIONS: Readonly<Partial<Record<Keyword, readonly string[]>>> = {
  maximum: ['exclusiveMaximum'],
  minimum: ['exclusiveMinimum'],
  additionalItems: ['items'],
  additionalProperties: ['properties', 'patternProperties']
};

const REASONS: Readonly<Partial<Record<Keyword, string>>> = {
  enum: 'value was not found in enum',
  maximum: 'comparison failed',
  minimum: 'comparison failed',
  multipleOf: 'considered value is not a multiple of the specified value',
  pattern: 'regular expression did not match',
  maxLength: 'specified string length was not satisfied',
  minLength: 'specified string length was not satisfied',
  minItems: 'array did not match specified length',
  maxItems: 'array did not match specified length',
  uniqueItems: 'found a duplicate item',
  minProperties: 'specified number of properties was not satisfied',
  maxProperties: 'specified number of properties was not satisfied',
  bsonType: 'type did not match',
  type: 'type did not match'
};

/** Whether a value fits a schema, asked as of a field. */
function fits(value: RawValue, schema: RawValue): boolean {
  const wrapped = record(['properties', record(['v', schema])]);
  return compileSchema(wrapped.bytes)(record(['v', value]).bytes);
}

/** The rules of a schema that a value breaks, as mongod tells them. `isRoot`: the value is the document. */
export function brokenRules(schema: Buffer, value: RawValue): Detail[] {
  const given = new Map(elements(schema).map(element => [element.name, element]));
  return KEYWORDS.flatMap(name => {
    const rule = given.get(name);
    if (rule === undefined) return [];
    const alone = [rule, ...(COMPANIONS[name] ?? []).flatMap(other => given.get(other) ?? [])];
    // Properties and items are judged by their own rules, not by what is additional to them.
    return fits(value, record(...alone.map(part => [part.name, plain(part)] as const)))
      ? []
      : broken(name, rule, value, given);
  });
}

function plain({ type, bytes }: RawValue): RawValue {
  return { type, bytes };
}

function broken(
  name: Keyword,
  rule: RawElement,
  value: RawValue,
  given: ReadonlyMap<string, RawElement>
): Detail[] {
  const details = (schema: RawValue, of: RawValue): RawValue => listOf(brokenRules(schema.bytes, of));
  switch (name) {
    case 'allOf':
    case 'anyOf':
    case 'oneOf': {
      const schemas = values(rule.bytes);
      const matching = schemas.flatMap((schema, i) => (fits(value, schema) ? [int32(i)] : []));
      if (name === 'oneOf' && matching.length > 1) {
        return [
          record(
            ['operatorName', string(name)],
            ['reason', string('more than one subschema matched')],
            ['matchingSchemaIndexes', listOf(matching)]
          )
        ];
      }
      const failing = schemas.flatMap((schema, i) =>
        fits(value, schema) ? [] : [record(['index', int32(i)], ['details', details(schema, value)])]
      );
      return [record(['operatorName', string(name)], ['schemasNotSatisfied', listOf(failing)])];
    }
    case 'not':
      return [record(['operatorName', string(name)], ['reason', string('child expression matched')])];
    case 'properties': {
      const failing = elements(rule.bytes).flatMap(property => {
        const found = field(value.bytes, property.name);
        if (found === undefined || fits(found, property)) return [];
        return [
          record(['propertyName', string(property.name)], ...annotations(property.bytes), [
            'details',
            details(property, found)
          ])
        ];
      });
      // A property that is additional to these breaks another rule.
      return failing.length === 0
        ? []
        : [record(['operatorName', string(name)], ['propertiesNotSatisfied', listOf(failing)])];
    }
    case 'patternProperties': {
      const failing = elements(rule.bytes).flatMap(pattern =>
        elements(value.bytes).flatMap(found =>
          !compileRegex(pattern.name, '').test(found.name) || fits(found, pattern)
            ? []
            : [
                record(
                  ['propertyName', string(found.name)],
                  ['regexMatched', string(pattern.name)],
                  ['details', details(pattern, found)]
                )
              ]
        )
      );
      return failing.length === 0
        ? []
        : [record(['operatorName', string(name)], ['details', listOf(failing)])];
    }
    case 'additionalProperties':
      return additionalProperties(rule, value, given);
    case 'required': {
      const missing = values(rule.bytes).filter(one => field(value.bytes, textOf(one)) === undefined);
      return [
        record(
          ['operatorName', string(name)],
          ['specifiedAs', record(['required', plain(rule)])],
          ['missingProperties', listOf(missing)]
        )
      ];
    }
    case 'dependencies':
      return dependencies(rule, value);
    case 'items':
      return items(rule, value);
    case 'additionalItems': {
      const known = given.get('items');
      const more = values(value.bytes).slice(known?.type === T.ARRAY ? values(known.bytes).length : 0);
      if (more.length === 0) return [];
      if (rule.type === T.BOOL) {
        return [
          record(
            ['operatorName', string(name)],
            ['specifiedAs', record([name, plain(rule)])],
            ['reason', string('found additional items')],
            ['additionalItems', listOf(more)]
          )
        ];
      }
      const at = more.findIndex(item => !fits(item, rule));
      if (at < 0) return [];
      return [
        record(
          ['operatorName', string(name)],
          ['reason', string('At least one additional item did not match the sub-schema')],
          ['itemIndex', int32(values(value.bytes).length - more.length + at)],
          ['details', details(rule, more[at]!)]
        )
      ];
    }
    default:
      return [simple(name, rule, value, given)];
  }
}

/** A rule about the value itself: what was asked, why it failed, what was there. */
function simple(
  name: Keyword,
  rule: RawElement,
  value: RawValue,
  given: ReadonlyMap<string, RawElement>
): Detail {
  const companion = (COMPANIONS[name] ?? []).flatMap(other => {
    const found = given.get(other);
    return found === undefined ? [] : [[other, plain(found)] as const];
  });
  const isCount = name === 'minProperties' || name === 'maxProperties';
  return record(
    ['operatorName', string(name)],
    ['specifiedAs', record([name, plain(rule)], ...companion)],
    ['reason', string(REASONS[name] ?? 'did not match')],
    ...(isCount ? [] : ([['consideredValue', plain(value)]] as const)),
    ...extra(name, value)
  );
}

function extra(name: Keyword, value: RawValue): (readonly [string, RawValue])[] {
  switch (name) {
    case 'bsonType':
    case 'type':
      return [['consideredType', string(TYPE_NAMES[value.type] ?? 'missing')]];
    case 'minItems':
    case 'maxItems':
      return [['numberOfItems', int32(values(value.bytes).length)]];
    case 'minProperties':
    case 'maxProperties':
      return [['numberOfProperties', int32(elements(value.bytes).length)]];
    case 'uniqueItems': {
      const seen = new Set<string>();
      const twice = values(value.bytes).find(item => {
        const key = SIMPLE_ORDER.keyText(item);
        return seen.has(key) || !seen.add(key);
      });
      return twice === undefined ? [] : [['duplicatedValue', twice]];
    }
    default:
      return [];
  }
}

function annotations(schema: Buffer): (readonly [string, RawValue])[] {
  return ['title', 'description'].flatMap(name => {
    const found = field(schema, name);
    return found === undefined ? [] : [[name, found] as const];
  });
}

function additionalProperties(
  rule: RawElement,
  value: RawValue,
  given: ReadonlyMap<string, RawElement>
): Detail[] {
  const named = new Set(elements(given.get('properties')?.bytes ?? EMPTY).map(({ name }) => name));
  const patterns = elements(given.get('patternProperties')?.bytes ?? EMPTY).map(
    ({ name }) => new RegExp(name)
  );
  const more = elements(value.bytes).filter(
    ({ name }) => !named.has(name) && !patterns.some(pattern => pattern.test(name))
  );
  if (rule.type === T.BOOL) {
    if (isTrue(rule) || more.length === 0) return [];
    return [
      record(
        ['operatorName', string('additionalProperties')],
        ['specifiedAs', record(['additionalProperties', plain(rule)])],
        ['additionalProperties', listOf(more.map(({ name }) => string(name)))]
      )
    ];
  }
  const failing = more.find(found => !fits(found, rule));
  if (failing === undefined) return [];
  return [
    record(
      ['operatorName', string('additionalProperties')],
      ['reason', string('at least one additional property did not match the subschema')],
      ['failingProperty', string(failing.name)],
      ['details', listOf(brokenRules(rule.bytes, failing))]
    )
  ];
}

const EMPTY = record().bytes;

function dependencies(rule: RawElement, value: RawValue): Detail[] {
  const failing = elements(rule.bytes).flatMap(one => {
    if (field(value.bytes, one.name) === undefined) return [];
    const condition = ['conditionalProperty', string(one.name)] as const;
    if (one.type === T.ARRAY) {
      const missing = values(one.bytes).filter(name => field(value.bytes, textOf(name)) === undefined);
      return missing.length === 0 ? [] : [record(condition, ['missingProperties', listOf(missing)])];
    }
    return fits(value, one) ? [] : [record(condition, ['details', listOf(brokenRules(one.bytes, value))])];
  });
  return [record(['operatorName', string('dependencies')], ['failingDependencies', listOf(failing)])];
}

function items(rule: RawElement, value: RawValue): Detail[] {
  const list = values(value.bytes);
  if (rule.type === T.ARRAY) {
    const failing = values(rule.bytes).flatMap((schema, i) => {
      const item = list[i];
      return item === undefined || fits(item, schema)
        ? []
        : [record(['itemIndex', int32(i)], ['details', listOf(brokenRules(schema.bytes, item))])];
    });
    return [record(['operatorName', string('items')], ['details', listOf(failing)])];
  }
  const at = list.findIndex(item => !fits(item, rule));
  return [
    record(
      ['operatorName', string('items')],
      ['reason', string('At least one item did not match the sub-schema')],
      ['itemIndex', int32(at)],
      ['details', listOf(brokenRules(rule.bytes, list[at]!))]
    )
  ];
}

/** Why a document does not fit a `$jsonSchema`. */
export function schemaDetails(schema: Buffer, document: Buffer): Detail {
  return record(['operatorName', string('$jsonSchema')], ...annotations(schema), [
    'schemaRulesNotSatisfied',
    listOf(brokenRules(schema, object(document)))
  ]);
}
