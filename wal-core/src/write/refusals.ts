import type { CollectionInfo, Image } from '../api';
import { documentOf, documentToExtendedJson, field, keyPattern, NULL_VALUE, type RawValue } from '../bson';
import { ArgonError } from '../errors';
import { DOCUMENT_BYTES_MAX } from '../limits';

/** @throws LIMIT_EXCEEDED for a document that is too long */
export function checkSize(image: Image): void {
  if (image.length > DOCUMENT_BYTES_MAX) {
    throw new ArgonError(
      'LIMIT_EXCEEDED',
      `A document has at most ${DOCUMENT_BYTES_MAX} bytes; this one has ${image.length}.`,
      {
        data: {
          limit: DOCUMENT_BYTES_MAX,
          value: image.length,
          mongoCode: 10334,
          codeName: 'BSONObjectTooLarge'
        }
      }
    );
  }
}

/** Of a transaction that rests on a state which is no longer the newest. */
export function conflict(branch: string): ArgonError {
  return new ArgonError(
    'WRITE_CONFLICT',
    `Another writer changed on ${branch} what this transaction changes. Run the transaction again.`,
    { data: { branch, mongoCode: 112, codeName: 'WriteConflict' } }
  );
}

/** `data` holds the key pattern and the first key of the document in it, as Extended JSON. */
export function duplicate(
  collection: CollectionInfo,
  index: string,
  pattern: Image,
  image: Image
): ArgonError {
  const keyValue = documentOf(
    keyPattern(pattern).paths.map(path => ({
      name: path,
      ...(valueAt(image, path.split('.')) ?? NULL_VALUE)
    }))
  );
  return new ArgonError('DUPLICATE_KEY', `The index ${index} of ${collection.name} already holds this key.`, {
    data: {
      collection: collection.name,
      index,
      keyPattern: documentToExtendedJson(pattern),
      keyValue: documentToExtendedJson(keyValue)
    }
  });
}

/** The first value at a path, looking into the first element of arrays. */
function valueAt(document: Image, path: readonly string[]): RawValue | undefined {
  let value: RawValue | undefined = { type: 0x03, bytes: document };
  for (const name of path) {
    if (value?.type === 0x04) {
      value = field(value.bytes, '0');
    }
    value = value?.type === 0x03 ? field(value.bytes, name) : undefined;
  }
  return value?.type === 0x04 ? field(value.bytes, '0') : value;
}
