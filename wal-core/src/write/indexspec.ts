import type { CollectionInfo, Image, IndexInfo } from '../api';
import { checkDocument, field, keyPattern } from '../bson';
import { ArgonError } from '../errors';
import { indexOf } from '../read/catalog';

const OBJECT = 0x03;

/** The implied index on `_id`. */
const ID_INDEX = '_id_';

/** @throws DOCUMENT_INVALID, BAD_REQUEST for a specification without a name or keys */
export function requestedIndex(spec: Image): IndexInfo {
  checkDocument(spec);
  const key = field(spec, 'key');
  const index = key?.type === OBJECT ? indexOf(0 as IndexInfo['id'], spec) : undefined;
  if (index === undefined || index.name === '' || keyPattern(index.key).paths.length === 0) {
    throw new ArgonError('BAD_REQUEST', 'An index needs a name and a key pattern such as {a: 1}.', {
      data: { mongoCode: 67, codeName: 'CannotCreateIndex' }
    });
  }
  const partial = field(spec, 'partialFilterExpression');
  if (index.name === ID_INDEX || (partial !== undefined && partial.type !== OBJECT)) {
    const why = index.name === ID_INDEX ? `the name ${ID_INDEX} is taken` : 'a partial filter is a document';
    throw new ArgonError('BAD_REQUEST', `The index cannot be made: ${why}.`, {
      data: { index: index.name, mongoCode: 67, codeName: 'CannotCreateIndex' }
    });
  }
  return index;
}

/** True when the same index is there; an index of the same name or keys that differs is refused. */
export function isKnown(collection: CollectionInfo, index: IndexInfo): boolean {
  const other = collection.indexes.find(known => known.name === index.name);
  const sameKeys = collection.indexes.find(known => known.key.equals(index.key) && sameOptions(known, index));
  if (other === undefined && sameKeys === undefined) {
    return false;
  }
  if (other !== undefined && other.key.equals(index.key) && sameOptions(other, index)) {
    return true;
  }
  const name = (other ?? sameKeys)!.name;
  throw new ArgonError(
    'INDEX_CONFLICT',
    other === undefined
      ? `An index with these keys exists already under the name ${name}.`
      : `An index called ${name} exists already with other keys or options.`,
    {
      data: {
        index: name,
        ...(other !== undefined && !other.key.equals(index.key)
          ? { mongoCode: 86, codeName: 'IndexKeySpecsConflict' }
          : { mongoCode: 85, codeName: 'IndexOptionsConflict' })
      }
    }
  );
}

function sameFilter(a: IndexInfo, b: IndexInfo): boolean {
  return (a.partialFilter?.toString('hex') ?? '') === (b.partialFilter?.toString('hex') ?? '');
}

function sameCollation(a: IndexInfo, b: IndexInfo): boolean {
  const [left, right] = [field(a.spec, 'collation'), field(b.spec, 'collation')];
  return left === undefined || right === undefined ? left === right : left.bytes.equals(right.bytes);
}

/** Whether two indexes of the same keys hold the same entries and refuse the same documents. */
export function sameOptions(a: IndexInfo, b: IndexInfo): boolean {
  return a.unique === b.unique && a.sparse === b.sparse && sameFilter(a, b) && sameCollation(a, b);
}
