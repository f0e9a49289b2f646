import { ObjectId } from 'bson';
import {
  Cursor,
  DOCUMENT_BYTES_MAX,
  STORED_DEPTH_MAX,
  T,
  TYPE_NAMES,
  checkDocument,
  field,
  nameBytes,
  type RawValue
} from '@argon/wal-core';
import { MongoError } from '../errors';

const ID_ELEMENT_BYTES = 5;
const OBJECT_ID_ELEMENT_BYTES = ID_ELEMENT_BYTES + 12;

/**
 * The document as it is stored: with an `_id`, which comes first, as in mongod. Top-level timestamps of zero
 * become the time of the write.
 */
export function toStored(document: Buffer, nextTimestamp: () => bigint): Buffer {
  if (document.length > DOCUMENT_BYTES_MAX) {
    throw new MongoError(
      'BadValue',
      `object to insert too large. size in bytes: ${document.length}, max size: ${DOCUMENT_BYTES_MAX}`
    );
  }
  const { id, hasZeroTimestamp } = survey(document);
  let stored = document;
  if (id === undefined) {
    stored = prependId(document);
  } else {
    checkIdValue(id.value);
    if (id.start !== 4) {
      stored = moveToFront(document, id.start, id.end);
    }
  }
  checkDepth(stored);
  return hasZeroTimestamp ? fillTimestamps(stored, nextTimestamp) : stored;
}

/** Checks the outcome of an update. @throws MongoError 17419 */
export function checkUpdated(document: Buffer): void {
  if (document.length > DOCUMENT_BYTES_MAX) {
    throw new MongoError(17419, `Resulting document after update is larger than ${DOCUMENT_BYTES_MAX}`);
  }
  checkDepth(document);
}

/** Whether `value` can be an `_id`. @throws MongoError 52, 53 */
export function checkIdValue(value: RawValue): void {
  if (value.type === T.ARRAY || value.type === T.REGEX || value.type === T.UNDEFINED) {
    throw new MongoError('InvalidIdField', `The '_id' value cannot be of type ${TYPE_NAMES[value.type]}`);
  }
  if (value.type === T.OBJECT) {
    const cursor = new Cursor(value.bytes);
    while (cursor.next()) {
      if (cursor.name.startsWith('$')) {
        throw new MongoError(
          'DollarPrefixedFieldName',
          `_id fields may not contain '$'-prefixed fields: ${cursor.name} is not valid for storage.`
        );
      }
    }
  }
}

/** The `_id` of a stored document. */
export function idOf(document: Buffer): RawValue {
  return field(document, '_id')!;
}

/** What has to be known of a document before it is stored. */
interface Survey {
  readonly id: { readonly value: RawValue; readonly start: number; readonly end: number } | undefined;
  /** A top-level field other than `_id` is a timestamp of zero. */
  readonly hasZeroTimestamp: boolean;
}

const ID = nameBytes('_id');

function survey(document: Buffer): Survey {
  const cursor = new Cursor(document);
  let id: Survey['id'];
  let hasZeroTimestamp = false;
  while (cursor.next()) {
    if (cursor.named(ID)) {
      if (id !== undefined) {
        throw new MongoError('BadValue', "can't have multiple _id fields in one document");
      }
      id = { value: cursor.value, start: cursor.nameStart - 1, end: cursor.valueEnd };
    } else if (cursor.type === T.TIMESTAMP && document.readBigUInt64LE(cursor.valueStart) === 0n) {
      hasZeroTimestamp = true;
    }
  }
  return { id, hasZeroTimestamp };
}

function prependId(document: Buffer): Buffer {
  const out = Buffer.allocUnsafe(document.length + OBJECT_ID_ELEMENT_BYTES);
  out.writeInt32LE(out.length, 0);
  out[4] = T.OBJECT_ID;
  out.write('_id\0', 5, 'latin1');
  out.set(new ObjectId().id, 4 + ID_ELEMENT_BYTES);
  document.copy(out, 4 + OBJECT_ID_ELEMENT_BYTES, 4);
  return out;
}

function moveToFront(document: Buffer, start: number, end: number): Buffer {
  const out = Buffer.allocUnsafe(document.length);
  out.writeInt32LE(out.length, 0);
  document.copy(out, 4, start, end);
  document.copy(out, 4 + end - start, 4, start);
  document.copy(out, end, end);
  return out;
}

function checkDepth(document: Buffer): void {
  // Small documents cannot be deep: a level takes at least 7 bytes.
  if (document.length > STORED_DEPTH_MAX * 7) {
    checkDocument(document, { maxDepth: STORED_DEPTH_MAX });
  }
}

function fillTimestamps(document: Buffer, nextTimestamp: () => bigint): Buffer {
  let out = document;
  const cursor = new Cursor(document);
  while (cursor.next()) {
    if (
      cursor.type === T.TIMESTAMP &&
      document.readBigUInt64LE(cursor.valueStart) === 0n &&
      !cursor.named(ID)
    ) {
      out = out === document ? Buffer.from(document) : out;
      out.writeBigUInt64LE(nextTimestamp(), cursor.valueStart);
    }
  }
  return out;
}
