import fc from 'fast-check';
import { deserialize, serialize, Long, Decimal128 } from 'bson';
import { isArgonError } from '../errors';
import {
  arrayOf,
  checkDocument,
  compareDocuments,
  compareValues,
  docKeyOf,
  docKeyOfValue,
  documentFromExtendedJson,
  documentOf,
  documentOfElements,
  documentToExtendedJson,
  elements,
  EMPTY_DOCUMENT,
  encodeKey,
  extendedJsonText,
  field,
  fromExtendedJson,
  HASHED_KEY_MARK,
  indexKeys,
  sameValue,
  toExtendedJson,
  valueSize,
  values,
  type RawValue
} from './index';
import { anyDocument, anyNumber, anyValue, decimal, double, int32, int64, string } from './testing';

const runs = { numRuns: 2000 };

/** JavaScript objects hold no duplicate names, and put names that are array positions first. */
function keepsOrderInJavaScript(value: RawValue): boolean {
  if (value.type !== 3 && value.type !== 4)
    return value.type !== 0x0f || keepsOrderInJavaScript(scopeOf(value));
  const names = elements(value.bytes).map(e => e.name);
  if (value.type === 3 && (new Set(names).size < names.length || names.some(n => /^\d+$/.test(n))))
    return false;
  return values(value.bytes).every(keepsOrderInJavaScript);
}

function scopeOf(code: RawValue): RawValue {
  return { type: 3, bytes: code.bytes.subarray(8 + code.bytes.readInt32LE(4)) };
}

describe('raw documents', () => {
  it('are not made with a name that has a NUL', () => {
    expect(() => documentOf([{ name: 'a\0b', type: 0x0a, bytes: Buffer.alloc(0) }])).toThrow(
      expect.objectContaining({ code: 'DOCUMENT_INVALID' })
    );
    expect(field(documentOf([{ name: 'a', type: 0x0a, bytes: Buffer.alloc(0) }]), 'a\0b')).toBeUndefined();
  });

  it('come apart and together to the same bytes', () => {
    fc.assert(
      fc.property(anyDocument, doc => {
        expect(documentOf(elements(doc)).equals(doc)).toBe(true);
        expect(documentOfElements(elements(doc).map(e => e.element)).equals(doc)).toBe(true);
        for (const e of elements(doc)) expect(valueSize(e.type, e.bytes, 0)).toBe(e.bytes.length);
      }),
      runs
    );
  });

  it('agree with the bson library', () => {
    const doc = Buffer.from(serialize({ a: 1, b: { c: 'x' }, d: [1, 2.5, 'é'], e: Long.fromNumber(5) }));
    expect(field(doc, 'a')).toEqual({ type: 0x10, bytes: Buffer.from([1, 0, 0, 0]) });
    expect(field(doc, 'zz')).toBeUndefined();
    expect(deserialize(arrayOf(values(field(doc, 'd')!.bytes)))).toEqual({ 0: 1, 1: 2.5, 2: 'é' });
    const long = arrayOf(Array.from({ length: 1234 }, (_, i) => int32(i)));
    expect(Object.keys(deserialize(long))).toEqual(Array.from({ length: 1234 }, (_, i) => String(i)));
    expect(EMPTY_DOCUMENT.equals(serialize({}))).toBe(true);
  });
});

describe('checkDocument', () => {
  it('accepts every well-formed document', () => {
    fc.assert(
      fc.property(anyDocument, doc => checkDocument(doc)),
      runs
    );
  });

  it('rejects every truncation', () => {
    fc.assert(
      fc.property(anyDocument, fc.nat(), (doc, n) => {
        const cut = Buffer.from(doc.subarray(0, n % doc.length));
        expect(() => checkDocument(cut)).toThrow(expect.objectContaining({ code: 'DOCUMENT_INVALID' }));
      }),
      runs
    );
  });

  it('either rejects a mutated byte or what remains can be walked and compared', () => {
    fc.assert(
      fc.property(anyDocument, fc.nat(), fc.nat(255), (doc, at, byte) => {
        const bad = Buffer.from(doc);
        bad[at % doc.length] = byte;
        try {
          checkDocument(bad);
        } catch (error) {
          expect(isArgonError(error, 'DOCUMENT_INVALID')).toBe(true);
          return;
        }
        expect(documentOf(elements(bad)).length).toBe(bad.length);
        expect(compareDocuments(bad, bad)).toBe(0);
        encodeKey([{ type: 3, bytes: bad }]);
      }),
      { numRuns: 5000 }
    );
  });

  it('rejects what parsers disagree about', () => {
    const bad = (hex: string): void =>
      expect(() => checkDocument(Buffer.from(hex, 'hex'))).toThrow(/not valid BSON/);
    bad('0900000008610002 00'.replace(/ /g, '')); // boolean 2
    bad('0f000000026100020000 00ff0000'.replace(/ /g, '')); // string with the wrong length
    bad('0e00000002610002000000ff0000'); // not UTF-8
    bad('0500000001');
    bad('080000002061 0000'.replace(/ /g, '')); // unknown type
  });

  it('limits size and depth', () => {
    let deep = EMPTY_DOCUMENT;
    for (let i = 0; i < 199; i++) deep = documentOf([{ name: 'a', type: 3, bytes: deep }]);
    checkDocument(deep);
    expect(() => checkDocument(documentOf([{ name: 'a', type: 3, bytes: deep }]))).toThrow(
      /nested deeper than 200/
    );
    expect(() => checkDocument(deep, { maxBytes: 100 })).toThrow(/at most 100/);
  });
});

describe('compareValues', () => {
  it('is a total order', () => {
    fc.assert(
      fc.property(anyValue, anyValue, anyValue, (a, b, c) => {
        expect(compareValues(a, b)).toBe(0 - compareValues(b, a));
        expect(compareValues(a, a)).toBe(0);
        if (compareValues(a, b) <= 0 && compareValues(b, c) <= 0)
          expect(compareValues(a, c)).toBeLessThanOrEqual(0);
      }),
      runs
    );
  });

  it('compares numbers of all types exactly', () => {
    const ascending: RawValue[] = [
      double(NaN),
      double(-Infinity),
      decimal(-1n, 400),
      double(-Number.MAX_VALUE),
      int64(-(1n << 63n)),
      double(-1),
      decimal(-1n, -6000),
      double(0),
      decimal(1n, -6000),
      double(5e-324),
      decimal(1n, -1),
      double(0.1),
      decimal(10000000000000001n, -17),
      int32(1),
      decimal(15n, -1),
      double(9007199254740992),
      int64(9007199254740993n),
      decimal(90071992547409935n, -1),
      int64(9007199254740994n),
      double(9223372036854775808),
      double(Number.MAX_VALUE),
      decimal(1n, 400),
      double(Infinity)
    ];
    for (let i = 0; i < ascending.length; i++) {
      for (let j = 0; j < ascending.length; j++) {
        expect([i, j, compareValues(ascending[i]!, ascending[j]!)]).toEqual([i, j, Math.sign(i - j)]);
      }
    }
  });
});

describe('KeyString', () => {
  const order = (a: RawValue[], b: RawValue[], descending: boolean[]): number => {
    for (let i = 0; i < a.length; i++) {
      const c = compareValues(a[i]!, b[i]!);
      if (c !== 0) return descending[i] ? -c : c;
    }
    return 0;
  };

  it('sorts bytes as compareValues sorts values', () => {
    fc.assert(
      fc.property(anyValue, anyValue, (a, b) => {
        expect(encodeKey([a]).compare(encodeKey([b]))).toBe(compareValues(a, b));
      }),
      { numRuns: 10000 }
    );
  });

  it('sorts numbers of all types exactly', () => {
    fc.assert(
      fc.property(anyNumber, anyNumber, (a, b) => {
        expect(encodeKey([a]).compare(encodeKey([b]))).toBe(compareValues(a, b));
      }),
      { numRuns: 20000 }
    );
  });

  it('sorts compound and descending keys, and no key is a prefix of another', () => {
    fc.assert(
      fc.property(
        fc.tuple(anyValue, anyValue),
        fc.tuple(anyValue, anyValue),
        fc.tuple(fc.boolean(), fc.boolean()),
        (a, b, descending) => {
          const [x, y] = [encodeKey(a, descending), encodeKey(b, descending)];
          expect(x.compare(y) + 0).toBe(order(a, b, descending) + 0);
          const shorter = Math.min(x.length, y.length);
          if (!x.equals(y)) expect(x.subarray(0, shorter).equals(y.subarray(0, shorter))).toBe(false);
        }
      ),
      { numRuns: 10000 }
    );
  });

  it('gives equal numbers one key', () => {
    const one = encodeKey([int32(1)]);
    for (const v of [double(1), int64(1n), decimal(1n, 0), decimal(1000n, -3)])
      expect(encodeKey([v]).equals(one)).toBe(true);
  });

  it('makes different docKeys of 1 and "1", and short ones of long _ids', () => {
    expect(docKeyOfValue(int32(1)).equals(docKeyOfValue(string('1')))).toBe(false);
    const long = 'x'.repeat(5000);
    const a = docKeyOfValue(string(long + 'a'));
    const b = docKeyOfValue(string(long + 'b'));
    expect([a.length, a[0]]).toEqual([97, HASHED_KEY_MARK]);
    expect(a.equals(b)).toBe(false);
    expect(() => docKeyOf(EMPTY_DOCUMENT)).toThrow(/no _id/);
  });
});

describe('indexKeys', () => {
  const keysOf = (doc: object, pattern: object, sparse = false): unknown => {
    const out = indexKeys(
      Buffer.from(serialize(doc, { ignoreUndefined: false })),
      Buffer.from(serialize(pattern)),
      { sparse }
    );
    return out.keys.map(k => k.toString('hex'));
  };
  const key = (...items: unknown[]): string =>
    encodeKey(
      items.map(item => (item === undefined ? { type: 6, bytes: Buffer.alloc(0) } : fromExtendedJson(item)))
    ).toString('hex');

  it.each([
    ['a plain field', { a: 5 }, { a: 1 }, [key(5)]],
    ['a missing field', { b: 5 }, { a: 1 }, [key(null)]],
    ['a dotted path', { a: { b: 5 } }, { 'a.b': 1 }, [key(5)]],
    ['a path through a scalar', { a: 5 }, { 'a.b': 1 }, [key(null)]],
    ['an array', { a: [2, 1, 2] }, { a: 1 }, [key(1), key(2)]],
    ['an empty array', { a: [] }, { a: 1 }, [key(undefined)]],
    ['an empty array on the path', { a: [] }, { 'a.b': 1 }, [key(null)]],
    ['a nested array', { a: [[1, 2]] }, { a: 1 }, [key([1, 2])]],
    [
      'objects in an array',
      { a: [{ b: 1 }, { b: [2, 3] }, 4] },
      { 'a.b': 1 },
      [key(null), key(1), key(2), key(3)]
    ],
    [
      'a compound key over one array',
      { a: [{ b: 1, c: 2 }, { b: 3 }] },
      { 'a.b': 1, 'a.c': 1 },
      [key(1, 2), key(3, null)]
    ],
    ['a position', { a: [7, 8] }, { 'a.1': 1 }, [key(8)]]
  ])('of %s', (_name, doc, pattern, expected) => {
    expect(keysOf(doc, pattern)).toEqual(expected);
  });

  it('leaves documents without any field out of a sparse index', () => {
    expect(keysOf({ x: 1 }, { a: 1, b: 1 }, true)).toEqual([]);
    expect(keysOf({ a: 1 }, { a: 1, b: 1 }, true)).toEqual([key(1, null)]);
  });

  it('holds a hash in place of a hashed value, the same for equal numbers', () => {
    expect(keysOf({ a: 1 }, { a: 'hashed' })).toEqual(keysOf({ a: 1.0 }, { a: 'hashed' }));
    expect(keysOf({ a: 1 }, { a: 'hashed' })).not.toEqual(keysOf({ a: 2 }, { a: 'hashed' }));
  });

  it('refuses parallel arrays and kinds that are not ordered', () => {
    expect(() => keysOf({ a: [1], b: [2] }, { a: 1, b: 1 })).toThrow(
      expect.objectContaining({ data: expect.objectContaining({ mongoCode: 171 }) })
    );
    expect(() => keysOf({ a: 1 }, { a: 'text' })).toThrow(/text/);
    expect(() => keysOf({ a: [1] }, { a: 'hashed' })).toThrow(
      /hashed indexes do not currently support array/
    );
  });

  it('keeps long keys distinct and short', () => {
    const [a] = keysOf({ a: 'x'.repeat(2000) }, { a: 1 }) as string[];
    const [b] = keysOf({ a: 'x'.repeat(2001) }, { a: 1 }) as string[];
    expect(a).not.toBe(b);
    expect(a!.length / 2).toBe(900);
  });
});

describe('Extended JSON', () => {
  it('round trips every value through text (NaN bits aside)', () => {
    fc.assert(
      fc.property(anyValue, value => {
        fc.pre(keepsOrderInJavaScript(value));
        const text = extendedJsonText(value);
        const back = fromExtendedJson(JSON.parse(text));
        expect(extendedJsonText(back)).toBe(text);
        if (!/NaN|"\$/.test(text)) expect(sameValue(back, value)).toBe(true);
      }),
      runs
    );
  });

  it('speaks the canonical form', () => {
    const doc = Buffer.from(
      serialize({ a: 1, b: 1.5, c: Long.fromNumber(3), d: Decimal128.fromString('1.10'), e: new Date(5) })
    );
    const json = documentToExtendedJson(doc);
    expect(json).toEqual({
      a: { $numberInt: '1' },
      b: { $numberDouble: '1.5' },
      c: { $numberLong: '3' },
      d: { $numberDecimal: '1.10' },
      e: { $date: { $numberLong: '5' } }
    });
    expect(documentFromExtendedJson(json).equals(doc)).toBe(true);
    expect(toExtendedJson(double(-0))).toEqual({ $numberDouble: '-0.0' });
    expect(toExtendedJson(double(2))).toEqual({ $numberDouble: '2.0' });
  });

  it('refuses malformed forms', () => {
    for (const bad of [
      { $oid: 'xyz' },
      { $numberInt: '5000000000' },
      { $date: 'soon' },
      { $numberDecimal: 'ten' }
    ]) {
      expect(() => fromExtendedJson(bad)).toThrow(/Malformed/);
    }
  });
});
