import fc from 'fast-check';
import type { ExtendedJson } from '../client/protocol';
import { parseQuery } from './queryText';

const query = (text: string) => {
  const parsed = parseQuery(text);
  return 'query' in parsed ? parsed.query : `${parsed.trouble} at ${parsed.at}`;
};

describe('a typed query', () => {
  it('is everything when it is empty', () => {
    expect(query('  ')).toEqual({});
  });

  it('needs no quotes around keys, takes single ones, and trailing commas', () => {
    expect(query(`{ species: 'Gentoo', "survey.date": null, n: [1, 2,], }`)).toEqual({
      species: 'Gentoo',
      'survey.date': null,
      n: [1, 2]
    });
    expect(query('{ $or: [{ a: True }, { b: None }] } // as in a notebook')).toEqual({
      $or: [{ a: true }, { b: null }]
    });
  });

  it('knows the constructors of a shell', () => {
    expect(query('{ _id: ObjectId("65f0c0ffee65f0c0ffee65f0") }')).toEqual({
      _id: { $oid: '65f0c0ffee65f0c0ffee65f0' }
    });
    expect(query('{ at: { $gte: ISODate("2007-11-16"), $lt: new Date("2007-11-17T00:00:00Z") } }')).toEqual({
      at: {
        $gte: { $date: { $numberLong: '1195171200000' } },
        $lt: { $date: { $numberLong: '1195257600000' } }
      }
    });
    expect(
      query('{ n: NumberLong("9007199254740993"), d: NumberDecimal("0.1"), t: Timestamp(1, 2) }')
    ).toEqual({
      n: { $numberLong: '9007199254740993' },
      d: { $numberDecimal: '0.1' },
      t: { $timestamp: { t: 1, i: 2 } }
    });
    expect(query('{ name: /^A[/]b\\/c/xi }')).toEqual({
      name: { $regularExpression: { pattern: '^A[/]b\\/c', options: 'ix' } }
    });
  });

  it('keeps numbers as they were typed', () => {
    expect(query('{ a: 9007199254740993, b: -1.50, c: 1e3, d: -Infinity }')).toEqual({
      a: { $numberLong: '9007199254740993' },
      b: { $numberDouble: '-1.50' },
      c: { $numberDouble: '1e3' },
      d: { $numberDouble: '-Infinity' }
    });
    expect(query('{ a: 99999999999999999999 }')).toBe('number at 5');
  });

  it('says what is wrong and where', () => {
    expect(query('{ a: ')).toBe('end at 5');
    expect(query('{ a: 1 ]')).toBe('token at 7');
    expect(query('{ a: Gentoo }')).toBe('name at 5');
    expect(query('{ a: "x }')).toBe('string at 5');
    expect(query('{ a: /x }')).toBe('regex at 5');
    expect(query('{ a: ObjectId("zz") }')).toBe('call at 5');
    expect(query('{ a: constructor() }')).toBe('name at 5');
    expect(query('[1]')).toBe('object at 0');
    expect(query('{} {}')).toBe('token at 3');
    expect(query(`{ a: ${'['.repeat(200)} }`)).toMatch(/^deep/);
  });

  it('has keys of any name, and they are only keys', () => {
    const parsed = query('{ __proto__: 1, constructor: 2, toString: 3 }');
    expect(Object.keys(parsed)).toEqual(['__proto__', 'constructor', 'toString']);
    expect(Object.getPrototypeOf(parsed)).toBe(Object.prototype);
  });

  it('is JSON when it is JSON, whatever that holds', () => {
    const value = fc.letrec<{ value: ExtendedJson }>(tie => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.string({ unit: 'grapheme' }),
        fc.maxSafeInteger(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(fc.string(), tie('value'), { maxKeys: 4 })
      )
    })).value;
    fc.assert(
      fc.property(fc.dictionary(fc.string(), value, { maxKeys: 5 }), document => {
        expect(JSON.stringify(query(JSON.stringify(document)))).toBe(
          JSON.stringify(document).replace(/(?<=[:,[])-0(?=[,}\]])/g, '0')
        );
      })
    );
  });

  it('never throws on any text', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      '(',
      ')',
      ':',
      ',',
      '"',
      "'",
      '/',
      '\\',
      'a',
      '$in',
      '1',
      '-',
      '.',
      'e',
      ' ',
      '\n',
      'ObjectId',
      'new',
      '{ a: '
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 30 }), parts => {
        const parsed = parseQuery(parts.join(''));
        if (!('query' in parsed)) {
          expect(parsed.at).toBeLessThanOrEqual(parts.join('').length + 1);
        }
      }),
      { numRuns: 2000 }
    );
  });
});
