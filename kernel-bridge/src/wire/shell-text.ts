import { Decimal128, ObjectId } from 'bson';
import { T, elements, values, type RawValue } from '@argon/wal-core';
import { stringOf } from './arguments';

/** A document as MongoDB's messages print it: `{ a: 1.0, s: "x" }`. */
export function documentText(document: Buffer): string {
  const fields = elements(document).map(element => `${element.name}: ${valueText(element)}`);
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
}

/** A value as MongoDB's messages print it. Strings are not escaped there, so this is for people only. */
export function valueText(value: RawValue): string {
  const { type, bytes } = value;
  switch (type) {
    case T.DOUBLE:
      return doubleText(bytes.readDoubleLE(0));
    case T.INT32:
      return String(bytes.readInt32LE(0));
    case T.INT64:
      return String(bytes.readBigInt64LE(0));
    case T.DECIMAL128:
      return new Decimal128(bytes).toString();
    case T.STRING:
    case T.SYMBOL:
      return `"${stringOf(value)}"`;
    case T.CODE:
      return stringOf(value);
    case T.OBJECT:
      return documentText(bytes);
    case T.ARRAY: {
      const items = values(bytes);
      return items.length === 0 ? '[]' : `[ ${items.map(valueText).join(', ')} ]`;
    }
    case T.OBJECT_ID:
      return `ObjectId('${new ObjectId(bytes).toHexString()}')`;
    case T.BOOL:
      return bytes[0] === 1 ? 'true' : 'false';
    case T.DATE:
      return `new Date(${bytes.readBigInt64LE(0)})`;
    case T.TIMESTAMP:
      return `Timestamp(${bytes.readUInt32LE(4)}, ${bytes.readUInt32LE(0)})`;
    case T.BINARY:
      return binaryText(bytes);
    case T.REGEX: {
      const nul = bytes.indexOf(0);
      return `/${bytes.toString('utf8', 0, nul)}/${bytes.toString('utf8', nul + 1, bytes.length - 1)}`;
    }
    case T.NULL:
      return 'null';
    case T.UNDEFINED:
      return 'undefined';
    case T.MIN_KEY:
      return 'MinKey';
    case T.MAX_KEY:
      return 'MaxKey';
    default:
      return `<type ${type}>`;
  }
}

function doubleText(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e15) {
    return `${value}.0`;
  }
  // As C's %.15g prints it.
  return String(Number(value.toPrecision(15)));
}

function binaryText(bytes: Buffer): string {
  const subtype = bytes[4] ?? 0;
  const hex = bytes.toString('hex', 5);
  if (subtype === 4 && hex.length === 32) {
    return `UUID("${hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')}")`;
  }
  return `BinData(${subtype}, ${hex.toUpperCase()})`;
}
