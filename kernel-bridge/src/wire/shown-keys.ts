import { createHash } from 'node:crypto';
import {
  T,
  docKeyOf,
  documentOf,
  elements,
  field,
  keyPattern,
  keyValues,
  type Image,
  type IndexInfo
} from '@argon/wal-core';
import type { Plan } from './plan';

/** What a find shows in place of a document, or beside it: the key it was found by, or a number that stands for its record. */
export type ShownKeys = (image: Image, shown: Image) => Image;

/** `returnKey` (the key of the index that was read, nothing without one) or `showRecordId`. */
export function shownKeys(plan: Plan, returnsKey: boolean): ShownKeys {
  if (!returnsKey) {
    return (image, shown) =>
      documentOf([...elements(shown), { name: '$recordId', type: T.INT64, bytes: recordIdOf(image) }]);
  }
  switch (plan.kind) {
    case 'index':
      return image => keyOf(image, plan.plan.index);
    case 'ids':
      return image => documentOf([{ name: '_id', ...field(image, '_id')! }]);
    case 'scan':
      return plan.ordersById === true ||
        plan.stretches.some(({ from, to }) => from !== undefined || to !== undefined)
        ? image => documentOf([{ name: '_id', ...field(image, '_id')! }])
        : () => EMPTY;
    default:
      return () => EMPTY;
  }
}

const EMPTY = documentOf([]);

/** The first of a document's keys in an index. */
function keyOf(image: Image, { key }: IndexInfo): Image {
  const { paths, parts } = keyPattern(key);
  const [values] = keyValues(image, parts).values;
  return documentOf((values ?? []).map((value, at) => ({ name: paths[at]!, ...value })));
}

/** The store has no record numbers. This one is made of the document's key: positive, and the same as long as it lives. */
function recordIdOf(image: Image): Buffer {
  const bytes = createHash('sha256').update(docKeyOf(image)).digest().subarray(0, 8);
  bytes[7] = bytes[7]! & 0x7f;
  return bytes;
}
