import fc from 'fast-check';
import { encodeDecimal } from './decimal';
import { arrayOf, documentOf, type RawValue } from './raw';
import { T } from './types';

const anyName = fc.oneof(
  fc.constantFrom('a', 'b', 'ab', 'é', '0', ''),
  fc.string({ maxLength: 4 }).map(s => s.replace(/\0/g, ''))
);

function documentOfPairs(fields: readonly (readonly [string, RawValue])[]): Buffer {
  return documentOf(fields.map(([name, value]) => ({ ...value, name })));
}

function bytesOf(size: number, write: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.alloc(size);
  write(bytes);
  return bytes;
}

export const int32 = (n: number): RawValue => ({ type: T.INT32, bytes: bytesOf(4, b => b.writeInt32LE(n)) });
export const int64 = (n: bigint): RawValue => ({
  type: T.INT64,
  bytes: bytesOf(8, b => b.writeBigInt64LE(n))
});
export const double = (n: number): RawValue => ({
  type: T.DOUBLE,
  bytes: bytesOf(8, b => b.writeDoubleLE(n))
});
export const decimal = (coefficient: bigint, exponent: number): RawValue => ({
  type: T.DECIMAL128,
  bytes: encodeDecimal({
    kind: 'finite',
    negative: coefficient < 0n,
    coefficient: coefficient < 0n ? -coefficient : coefficient,
    exponent
  })
});
const decimalSpecial = (kind: 'nan' | 'infinity', negative: boolean): RawValue => ({
  type: T.DECIMAL128,
  bytes: encodeDecimal({ kind, negative, coefficient: 0n, exponent: 0 })
});
export const string = (s: string): RawValue => {
  const data = Buffer.from(s);
  return {
    type: T.STRING,
    bytes: Buffer.concat([bytesOf(4, b => b.writeInt32LE(data.length + 1)), data, Buffer.alloc(1)])
  };
};

const INTERESTING = [
  0n,
  1n,
  2n,
  5n,
  10n,
  1n << 31n,
  1n << 53n,
  (1n << 53n) + 1n,
  (1n << 53n) - 1n,
  (1n << 63n) - 1n,
  10n ** 18n
];

export const anyNumber: fc.Arbitrary<RawValue> = fc.oneof(
  fc.oneof(fc.integer(), fc.integer({ min: -3, max: 3 })).map(int32),
  fc
    .oneof(
      fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }),
      fc.constantFrom(...INTERESTING, ...INTERESTING.map(n => -n))
    )
    .map(int64),
  fc
    .oneof(
      fc.double(),
      fc.constantFrom(
        0,
        -0,
        0.1,
        1,
        1.5,
        -1,
        5e-324,
        -5e-324,
        Number.MAX_VALUE,
        -Number.MAX_VALUE,
        Infinity,
        -Infinity,
        NaN
      ),
      fc.constantFrom(...INTERESTING).map(Number)
    )
    .map(double),
  fc
    .tuple(
      fc.oneof(
        fc.bigInt({ min: -(10n ** 34n) + 1n, max: 10n ** 34n - 1n }),
        fc.constantFrom(...INTERESTING, -1n, -10n)
      ),
      fc.oneof(
        fc.integer({ min: -3, max: 3 }),
        fc.integer({ min: -340, max: 310 }),
        fc.integer({ min: -6176, max: 6111 })
      )
    )
    .map(([coefficient, exponent]) => decimal(coefficient, exponent)),
  fc
    .tuple(fc.constantFrom('nan' as const, 'infinity' as const), fc.boolean())
    .map(([kind, negative]) => decimalSpecial(kind, negative))
);

const anyText = fc.oneof(
  fc.constantFrom('', 'a', 'a\0', 'a\0b', 'ab', 'é', '😀', '\uffff'),
  fc.string({ maxLength: 8 }),
  fc.string({ unit: 'binary', maxLength: 5 })
);
const anyCstring = anyText.map(s => s.replace(/\0/g, ''));
const eight = fc.uint8Array({ minLength: 8, maxLength: 8 }).map(b => Buffer.from(b));
const nothing = (type: number): fc.Arbitrary<RawValue> => fc.constant({ type, bytes: Buffer.alloc(0) });

export const anyScalar: fc.Arbitrary<RawValue> = fc.oneof(
  anyText.map(string),
  anyText.map(s => ({ type: T.SYMBOL, bytes: string(s).bytes })),
  anyText.map(s => ({ type: T.CODE, bytes: string(s).bytes })),
  nothing(T.UNDEFINED),
  nothing(T.NULL),
  nothing(T.MIN_KEY),
  nothing(T.MAX_KEY),
  fc.boolean().map(b => ({ type: T.BOOL, bytes: Buffer.from([b ? 1 : 0]) })),
  fc.uint8Array({ minLength: 12, maxLength: 12 }).map(b => ({ type: T.OBJECT_ID, bytes: Buffer.from(b) })),
  eight.map(bytes => ({ type: T.DATE, bytes })),
  eight.map(bytes => ({ type: T.TIMESTAMP, bytes })),
  fc.tuple(fc.constantFrom(0, 3, 4, 128), fc.uint8Array({ maxLength: 6 })).map(([subType, data]) => ({
    type: T.BINARY,
    bytes: Buffer.concat([bytesOf(4, b => b.writeInt32LE(data.length)), Buffer.from([subType]), data])
  })),
  fc.tuple(anyCstring, fc.constantFrom('', 'i', 'im')).map(([pattern, options]) => ({
    type: T.REGEX,
    bytes: Buffer.from(`${pattern}\0${options}\0`)
  })),
  fc.tuple(anyText, fc.uint8Array({ minLength: 12, maxLength: 12 })).map(([s, id]) => ({
    type: T.DB_POINTER,
    bytes: Buffer.concat([string(s).bytes, id])
  })),
  fc.tuple(anyText, anyCstring, fc.integer()).map(([s, name, n]) => {
    const body = Buffer.concat([string(s).bytes, documentOf([{ ...int32(n), name }])]);
    return {
      type: T.CODE_W_SCOPE,
      bytes: Buffer.concat([bytesOf(4, b => b.writeInt32LE(body.length + 4)), body])
    };
  })
);

/** Random BSON values for property tests: nasty numbers first, every type, nested. */
export const anyValue: fc.Arbitrary<RawValue> = fc.letrec<{ value: RawValue; leaf: RawValue }>(tie => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: 'small', withCrossShrink: true },
    tie('leaf'),
    fc.array(tie('value'), { maxLength: 4 }).map(items => ({ type: T.ARRAY, bytes: arrayOf(items) })),
    fc
      .array(fc.tuple(anyName, tie('value')), { maxLength: 4 })
      .map(fields => ({ type: T.OBJECT, bytes: documentOfPairs(fields) }))
  ),
  leaf: fc.oneof({ weight: 3, arbitrary: anyNumber }, { weight: 4, arbitrary: anyScalar })
})).value;

/** Random documents. */
export const anyDocument: fc.Arbitrary<Buffer> = fc
  .array(fc.tuple(anyName, anyValue), { maxLength: 6 })
  .map(documentOfPairs);
