import { deserialize, serialize } from 'bson';
import { validationDetails } from '.';

const raw = (document: object): Buffer => Buffer.from(serialize(document));

const details = (validator: object, document: object): unknown =>
  JSON.parse(JSON.stringify(deserialize(validationDetails(raw(validator), raw(document)))));

const rules = (...broken: object[]): object => ({
  operatorName: '$jsonSchema',
  schemaRulesNotSatisfied: broken
});

const type = (name: string, consideredValue: unknown, consideredType: string): object => ({
  operatorName: 'bsonType',
  specifiedAs: { bsonType: name },
  reason: 'type did not match',
  consideredValue,
  consideredType
});

/** What mongod 6.0.5 answers in `errInfo.details`. */
const CASES: readonly (readonly [object, object, object])[] = [
  [
    { $jsonSchema: { required: ['a', 'b'] } },
    { _id: 1, a: 1 },
    rules({ operatorName: 'required', specifiedAs: { required: ['a', 'b'] }, missingProperties: ['b'] })
  ],
  [
    { $jsonSchema: { properties: { a: { bsonType: 'string', description: 'text' } } } },
    { _id: 1, a: 1 },
    rules({
      operatorName: 'properties',
      propertiesNotSatisfied: [
        { propertyName: 'a', description: 'text', details: [type('string', 1, 'int')] }
      ]
    })
  ],
  [
    { $jsonSchema: { properties: { a: { items: { bsonType: 'int' }, maxItems: 2, uniqueItems: true } } } },
    { _id: 1, a: [1, 1, 'x'] },
    rules({
      operatorName: 'properties',
      propertiesNotSatisfied: [
        {
          propertyName: 'a',
          details: [
            {
              operatorName: 'maxItems',
              specifiedAs: { maxItems: 2 },
              reason: 'array did not match specified length',
              consideredValue: [1, 1, 'x'],
              numberOfItems: 3
            },
            {
              operatorName: 'uniqueItems',
              specifiedAs: { uniqueItems: true },
              reason: 'found a duplicate item',
              consideredValue: [1, 1, 'x'],
              duplicatedValue: 1
            },
            {
              operatorName: 'items',
              reason: 'At least one item did not match the sub-schema',
              itemIndex: 2,
              details: [type('int', 'x', 'string')]
            }
          ]
        }
      ]
    })
  ],
  [
    { $jsonSchema: { oneOf: [{ required: ['a'] }, { required: ['b'] }] } },
    { _id: 1, a: 1, b: 1 },
    rules({
      operatorName: 'oneOf',
      reason: 'more than one subschema matched',
      matchingSchemaIndexes: [0, 1]
    })
  ],
  [
    { $jsonSchema: { additionalProperties: false, properties: { _id: {}, a: {} } } },
    { _id: 1, a: 1, c: 2 },
    rules({
      operatorName: 'additionalProperties',
      specifiedAs: { additionalProperties: false },
      additionalProperties: ['c']
    })
  ],
  [
    { $jsonSchema: { dependencies: { a: ['b'] } } },
    { _id: 1, a: 1 },
    rules({
      operatorName: 'dependencies',
      failingDependencies: [{ conditionalProperty: 'a', missingProperties: ['b'] }]
    })
  ],
  [
    { a: { $gt: 5 }, b: 'x' },
    { _id: 1, a: 3 },
    {
      operatorName: '$and',
      clausesNotSatisfied: [
        {
          index: 0,
          details: {
            operatorName: '$gt',
            specifiedAs: { a: { $gt: 5 } },
            reason: 'comparison failed',
            consideredValue: 3
          }
        },
        {
          index: 1,
          details: { operatorName: '$eq', specifiedAs: { b: 'x' }, reason: 'field was missing' }
        }
      ]
    }
  ],
  [
    { a: { $not: { $gt: 1 } } },
    { _id: 1, a: 3 },
    {
      operatorName: '$not',
      details: {
        operatorName: '$gt',
        specifiedAs: { a: { $gt: 1 } },
        reason: 'comparison succeeded',
        consideredValue: 3
      }
    }
  ],
  [
    { $expr: { $gt: ['$a', '$b'] } },
    { _id: 1, a: 1, b: 2 },
    {
      operatorName: '$expr',
      specifiedAs: { $expr: { $gt: ['$a', '$b'] } },
      reason: 'expression did not match',
      expressionResult: false
    }
  ],
  [
    { $nor: [{ a: 1 }, { a: 3 }] },
    { _id: 1, a: 3 },
    {
      operatorName: '$nor',
      clausesSatisfied: [
        {
          index: 1,
          details: {
            operatorName: '$eq',
            specifiedAs: { a: 3 },
            reason: 'comparison succeeded',
            consideredValue: 3
          }
        }
      ]
    }
  ]
];

it.each(CASES)('tells why %j is not fulfilled by %j', (validator, document, expected) => {
  expect(details(validator, document)).toEqual(expected);
});
