/** BSON type bytes (bsonspec.org) and the names that `$type` knows them by. */
export const T = {
  DOUBLE: 0x01,
  STRING: 0x02,
  OBJECT: 0x03,
  ARRAY: 0x04,
  BINARY: 0x05,
  UNDEFINED: 0x06,
  OBJECT_ID: 0x07,
  BOOL: 0x08,
  DATE: 0x09,
  NULL: 0x0a,
  REGEX: 0x0b,
  DB_POINTER: 0x0c,
  CODE: 0x0d,
  SYMBOL: 0x0e,
  CODE_W_SCOPE: 0x0f,
  INT32: 0x10,
  TIMESTAMP: 0x11,
  INT64: 0x12,
  DECIMAL128: 0x13,
  MAX_KEY: 0x7f,
  MIN_KEY: 0xff
} as const;

/** `$type` alias of each type byte, as MongoDB prints it. */
export const TYPE_NAMES: Readonly<Record<number, string>> = {
  [T.DOUBLE]: 'double',
  [T.STRING]: 'string',
  [T.OBJECT]: 'object',
  [T.ARRAY]: 'array',
  [T.BINARY]: 'binData',
  [T.UNDEFINED]: 'undefined',
  [T.OBJECT_ID]: 'objectId',
  [T.BOOL]: 'bool',
  [T.DATE]: 'date',
  [T.NULL]: 'null',
  [T.REGEX]: 'regex',
  [T.DB_POINTER]: 'dbPointer',
  [T.CODE]: 'javascript',
  [T.SYMBOL]: 'symbol',
  [T.CODE_W_SCOPE]: 'javascriptWithScope',
  [T.INT32]: 'int',
  [T.TIMESTAMP]: 'timestamp',
  [T.INT64]: 'long',
  [T.DECIMAL128]: 'decimal',
  [T.MAX_KEY]: 'maxKey',
  [T.MIN_KEY]: 'minKey'
};

/** Type byte of each `$type` alias; `number` is not here because it stands for four types. */
export const TYPE_BYTES: ReadonlyMap<string, number> = new Map(
  Object.entries(TYPE_NAMES).map(([byte, name]) => [name, Number(byte)])
);

/** Whether values of this type are numbers. */
export function isNumberType(type: number): boolean {
  return type === T.DOUBLE || type === T.INT32 || type === T.INT64 || type === T.DECIMAL128;
}

/**
 * MongoDB's order of types: values of different classes compare by this number alone.
 * Undefined sorts before null, as in MongoDB's own table.
 */
export function canonicalType(type: number): number {
  switch (type) {
    case T.MIN_KEY:
      return -1;
    case T.UNDEFINED:
      return 0;
    case T.NULL:
      return 5;
    case T.DOUBLE:
    case T.INT32:
    case T.INT64:
    case T.DECIMAL128:
      return 10;
    case T.STRING:
    case T.SYMBOL:
      return 15;
    case T.OBJECT:
      return 20;
    case T.ARRAY:
      return 25;
    case T.BINARY:
      return 30;
    case T.OBJECT_ID:
      return 35;
    case T.BOOL:
      return 40;
    case T.DATE:
      return 45;
    case T.TIMESTAMP:
      return 47;
    case T.REGEX:
      return 50;
    case T.DB_POINTER:
      return 55;
    case T.CODE:
      return 60;
    case T.CODE_W_SCOPE:
      return 65;
    case T.MAX_KEY:
      return 127;
    default:
      throw new RangeError(`unknown BSON type 0x${type.toString(16)}`);
  }
}
