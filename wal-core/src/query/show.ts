import { Cursor, decodeDecimal, field, T, type RawValue } from '../bson';
import { decimalText } from './decimalMath';
import { regexOf, textOf } from './values';

/** A value the way MongoDB's messages print it. */
export function show(value: RawValue): string {
  const { type, bytes } = value;
  switch (type) {
    case T.DOUBLE: {
      const n = bytes.readDoubleLE(0);
      return Number.isInteger(n) && Math.abs(n) < 1e15 ? n.toFixed(1) : String(n);
    }
    case T.STRING:
    case T.SYMBOL:
      return `"${textOf(value)}"`;
    case T.OBJECT:
      return showDocument(bytes);
    case T.ARRAY: {
      const items: string[] = [];
      for (const cursor = new Cursor(bytes); cursor.next();) items.push(show(cursor.value));
      return items.length === 0 ? '[]' : `[ ${items.join(', ')} ]`;
    }
    case T.BOOL:
      return bytes[0] === 1 ? 'true' : 'false';
    case T.INT32:
      return String(bytes.readInt32LE(0));
    case T.INT64:
      return String(bytes.readBigInt64LE(0));
    case T.DECIMAL128:
      return decimalText(decodeDecimal(bytes));
    case T.OBJECT_ID:
      return `ObjectId('${bytes.toString('hex')}')`;
    case T.DATE:
      return `new Date(${bytes.readBigInt64LE(0)})`;
    case T.TIMESTAMP:
      return `Timestamp(${bytes.readUInt32LE(4)}, ${bytes.readUInt32LE(0)})`;
    case T.REGEX: {
      const { pattern, options } = regexOf(value);
      return `/${pattern}/${options}`;
    }
    case T.BINARY:
      return `BinData(${bytes[4]}, ${bytes.toString('hex', 5).toUpperCase()})`;
    case T.NULL:
      return 'null';
    case T.UNDEFINED:
      return 'undefined';
    case T.MIN_KEY:
      return 'MinKey';
    case T.MAX_KEY:
      return 'MaxKey';
    default:
      return textOf(value);
  }
}

/** `{ a: 1, b: "x" }`. */
export function showDocument(doc: Buffer): string {
  const items: string[] = [];
  for (const cursor = new Cursor(doc); cursor.next();) items.push(`${cursor.name}: ${show(cursor.value)}`);
  return items.length === 0 ? '{}' : `{ ${items.join(', ')} }`;
}

/** `a: 1`. */
export function showElement({ name, type, bytes }: RawValue & { readonly name: string }): string {
  return `${name}: ${show({ type, bytes })}`;
}

/** `{_id: 1}`: how messages name a document. */
export function showId(doc: Buffer): string {
  return `{${showIdElement(doc)}}`;
}

/** `_id: 1`: the same in the messages that leave the braces out. */
export function showIdElement(doc: Buffer): string {
  const id = field(doc, '_id');
  return id === undefined ? 'no id' : `_id: ${show(id)}`;
}
