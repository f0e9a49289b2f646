import { Cursor, T, TYPE_NAMES, elements, values, type RawValue } from '@argon/wal-core';
import { MongoError } from './errors';
import { typedDocument } from './typed';

/** Fields that any command may carry; what needs them reads them. */
const GENERIC: ReadonlySet<string> = new Set([
  '$audit',
  '$client',
  '$clusterTime',
  '$configServerState',
  '$db',
  '$oplogQueryData',
  '$queryOptions',
  '$readPreference',
  '$replData',
  'apiDeprecationErrors',
  'apiStrict',
  'apiVersion',
  'autocommit',
  'comment',
  'coordinator',
  'databaseVersion',
  'lsid',
  'maxTimeMS',
  'maxTimeMSOpOnly',
  'mayBypassWriteBlocking',
  'readConcern',
  'shardVersion',
  'startTransaction',
  'stmtId',
  'stmtIds',
  'txnNumber',
  'writeConcern'
]);

const INT32_MAX = 2 ** 31 - 1;

/**
 * The arguments of one command (or of an embedded object of it) by name. Every getter checks the type
 * and speaks as mongod does, because drivers and their tests look at these errors.
 */
export class Arguments {
  private readonly map = new Map<string, RawValue>();

  /**
   * @param where What errors call the object: `insert`, `update.updates`.
   * @param sequences Document sequences of the message, which stand for arrays of documents.
   */
  constructor(
    readonly raw: Buffer,
    readonly where: string,
    private readonly sequences: ReadonlyMap<string, readonly Buffer[]> = new Map()
  ) {
    const cursor = new Cursor(raw);
    while (cursor.next()) {
      const name = cursor.name;
      if (this.map.has(name)) {
        throw new MongoError(40413, `BSON field '${where}.${name}' is a duplicate field`);
      }
      this.map.set(name, cursor.value);
    }
  }

  /** Refuses every field that is neither in `names` nor generic. */
  only(names: readonly string[], generic: ReadonlySet<string> | undefined = GENERIC): this {
    for (const name of [...this.map.keys(), ...this.sequences.keys()]) {
      if (!names.includes(name) && generic?.has(name) !== true) {
        throw new MongoError(40415, `BSON field '${this.where}.${name}' is an unknown field.`);
      }
    }
    return this;
  }

  has(name: string): boolean {
    return this.map.has(name);
  }

  names(): string[] {
    return [...this.map.keys()];
  }

  /** The value as it stands; undefined when the field is missing. */
  get(name: string): RawValue | undefined {
    return this.map.get(name);
  }

  /** The value decoded, for replies that repeat it. */
  decoded(name: string): unknown {
    return this.map.has(name) ? typedDocument(this.raw)[name] : undefined;
  }

  string(name: string): string {
    return this.optionalString(name) ?? this.missing(name);
  }

  optionalString(name: string): string | undefined {
    const value = this.map.get(name);
    if (value === undefined || value.type === T.NULL) {
      return undefined;
    }
    if (value.type !== T.STRING) {
      return this.wrongType(name, value.type, 'string');
    }
    return stringOf(value);
  }

  document(name: string): Buffer {
    return this.optionalDocument(name) ?? this.missing(name);
  }

  optionalDocument(name: string): Buffer | undefined {
    const value = this.map.get(name);
    if (value === undefined || value.type === T.NULL) {
      return undefined;
    }
    if (value.type !== T.OBJECT) {
      return this.wrongType(name, value.type, 'object');
    }
    return value.bytes;
  }

  /** The documents of an array or of a sequence of this name. */
  documents(name: string): readonly Buffer[] {
    const sequence = this.sequences.get(name);
    const value = this.map.get(name);
    if (sequence !== undefined && value === undefined) {
      return sequence;
    }
    if (sequence !== undefined) {
      throw new MongoError(40413, `BSON field '${this.where}.${name}' is a duplicate field`);
    }
    if (value?.type === T.NULL) {
      throw new MongoError(10065, `invalid parameter: expected an object (${name})`);
    }
    // A null in it is passed over.
    return this.array(name).flatMap((item, index) =>
      item.type === T.OBJECT
        ? [item.bytes]
        : item.type === T.NULL
          ? []
          : this.wrongType(`${name}.${index}`, item.type, 'object')
    );
  }

  array(name: string): readonly RawValue[] {
    return this.optionalArray(name) ?? this.missing(name);
  }

  optionalArray(name: string): readonly RawValue[] | undefined {
    const value = this.map.get(name);
    if (value === undefined || value.type === T.NULL) {
      return undefined;
    }
    if (value.type !== T.ARRAY) {
      return this.wrongType(name, value.type, 'array');
    }
    return values(value.bytes);
  }

  /** Strictly a boolean; null is none. */
  bool(name: string, otherwise: boolean): boolean {
    const value = this.map.get(name);
    if (value === undefined || value.type === T.NULL) {
      return otherwise;
    }
    if (value.type !== T.BOOL) {
      return this.wrongType(name, value.type, 'bool');
    }
    return value.bytes[0] === 1;
  }

  /** A boolean or a number (0 is false), as mongod takes it in older options. */
  flag(name: string, otherwise: boolean): boolean {
    const value = this.map.get(name);
    if (value === undefined || value.type === T.NULL) {
      return otherwise;
    }
    if (value.type === T.BOOL) {
      return value.bytes[0] === 1;
    }
    const number = numberOf(value);
    if (number === undefined) {
      return this.wrongType(name, value.type, ['bool', 'long', 'int', 'decimal', 'double']);
    }
    return number !== 0;
  }

  /** A whole number of any: fractions are cut off, but a decimal is rounded, as mongod does. */
  integer(name: string, bounds: { min?: number; max?: number } = {}): number | undefined {
    const value = this.map.get(name);
    if (value === undefined || value.type === T.NULL) {
      return undefined;
    }
    const number = numberOf(value);
    if (number === undefined) {
      return this.wrongType(name, value.type, ['long', 'int', 'decimal', 'double']);
    }
    const whole = wholeOf(number, value.type);
    if (bounds.min !== undefined && whole < bounds.min) {
      throw new MongoError(
        51024,
        `BSON field '${name}' value must be >= ${bounds.min}, actual value '${whole}'`
      );
    }
    if (bounds.max !== undefined && whole > bounds.max) {
      throw new MongoError(
        51024,
        `BSON field '${name}' value must be <= ${bounds.max}, actual value '${whole}'`
      );
    }
    return whole;
  }

  /** `maxTimeMS` and its like: a whole number of milliseconds in the range of int32. */
  milliseconds(name: string): number | undefined {
    const value = this.map.get(name);
    if (value === undefined) {
      return undefined;
    }
    const number = numberOf(value);
    if (number === undefined) {
      throw new MongoError('BadValue', `${name} must be a number`);
    }
    if (number < 0 || number > INT32_MAX) {
      throw new MongoError('BadValue', `${number} value for ${name} is out of range`);
    }
    if (!Number.isInteger(number) && value.type !== T.DECIMAL128) {
      throw new MongoError('BadValue', `${name} has non-integral value`);
    }
    return wholeOf(number, value.type);
  }

  /** An int64 that must have that very type (cursor ids). */
  long(name: string): bigint {
    const value = this.map.get(name);
    if (value === undefined || value.type === T.NULL) {
      return this.missing(name);
    }
    return value.type === T.INT64 ? value.bytes.readBigInt64LE(0) : this.wrongType(name, value.type, 'long');
  }

  /** The embedded object of this name, opened. */
  object(name: string): Arguments | undefined {
    const document = this.optionalDocument(name);
    return document === undefined ? undefined : new Arguments(document, `${this.where}.${name}`);
  }

  missing(name: string): never {
    throw new MongoError(40414, `BSON field '${this.where}.${name}' is missing but a required field`);
  }

  wrongType(
    name: string,
    found: number,
    expected: string | readonly string[],
    where: string = this.where
  ): never {
    const wanted =
      typeof expected === 'string'
        ? `expected type '${expected}'`
        : `expected types '[${expected.join(', ')}']`;
    throw new MongoError(
      'TypeMismatch',
      `BSON field '${where}.${name}' is the wrong type '${TYPE_NAMES[found] ?? found}', ${wanted}`
    );
  }
}

/** Text of a raw string. */
export function stringOf(value: RawValue): string {
  return value.bytes.toString('utf8', 4, value.bytes.length - 1);
}

/** What stands for a number where a whole one is asked: decimals are rounded, halves to even, others are cut off. */
export function wholeOf(number: number, type: number): number {
  if (Number.isNaN(number)) {
    return 0;
  }
  if (type !== T.DECIMAL128) {
    return Math.trunc(number);
  }
  return Math.abs(number % 1) === 0.5 ? 2 * Math.round(number / 2) : Math.round(number);
}

/** Any raw number as a JavaScript number; undefined for other types. */
export function numberOf(value: RawValue): number | undefined {
  switch (value.type) {
    case T.INT32:
      return value.bytes.readInt32LE(0);
    case T.DOUBLE:
      return value.bytes.readDoubleLE(0);
    case T.INT64:
      return Number(value.bytes.readBigInt64LE(0));
    case T.DECIMAL128:
      return Number(String(decode(value)));
    default:
      return undefined;
  }
}

/** A boolean or number as a truth value; undefined for other types. */
export function isTruthy(value: RawValue): boolean | undefined {
  if (value.type === T.BOOL) {
    return value.bytes[0] === 1;
  }
  const number = numberOf(value);
  return number === undefined ? undefined : number !== 0;
}

/** One raw value decoded. */
export function decode(value: RawValue): unknown {
  const document = Buffer.allocUnsafe(value.bytes.length + 8);
  document.writeInt32LE(document.length, 0);
  document[4] = value.type;
  document.write('v', 5);
  document[6] = 0;
  value.bytes.copy(document, 7);
  document[document.length - 1] = 0;
  return typedDocument(document)['v'];
}

/** First field of a command: its name and value. */
export function firstElement(command: Buffer): { name: string; value: RawValue } | undefined {
  const cursor = new Cursor(command);
  return cursor.next() ? { name: cursor.name, value: cursor.value } : undefined;
}

/** Whether a document has no fields. */
export function isEmptyDocument(document: Buffer): boolean {
  return document.length === 5;
}

/** Elements as a map by name; the last one wins. */
export function byName(document: Buffer): Map<string, RawValue> {
  return new Map(elements(document).map(element => [element.name, element]));
}
