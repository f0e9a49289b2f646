import { T, field, type CollectionInfo } from '@argon/wal-core';
import { Arguments, isTruthy, numberOf } from './arguments';
import { DocumentBuilder } from './builder';
import { MongoError } from './errors';

const FIELDS = ['key', 'unique', 'name', 'v'] as const;

/**
 * The option `clusteredIndex` as it is kept. Documents lie in the order of their `_id` in every collection: a clustered
 * one differs in what it says of itself. @throws MongoError 14, 197, 40414, 5979700, 5979704
 */
export function readClustered(args: Arguments): Buffer | undefined {
  const given = args.get('clusteredIndex');
  if (given === undefined || given.type === T.NULL || isTruthy(given) === false) {
    return undefined;
  }
  if (given.type !== T.OBJECT) {
    throw new MongoError(
      'TypeMismatch',
      "The field 'clusteredIndex' must be an object: Argon has no other legacy clustered collections"
    );
  }
  const spec = new Arguments(given.bytes, 'create.clusteredIndex').only(FIELDS, undefined);
  const isUnique = spec.flag('unique', false);
  spec.optionalString('name');
  const version = spec.integer('v');
  const id = new Arguments(spec.document('key'), 'create.clusteredIndex.key');
  const only = id.names().length === 1 ? id.get('_id') : undefined;
  if ((spec.get('unique')?.type ?? T.NULL) === T.NULL) {
    spec.missing('unique');
  }
  if (only === undefined || numberOf(only) !== 1) {
    throw new MongoError(
      'InvalidIndexSpecificationOption',
      'The clusteredIndex option is only supported for key: {_id: 1}'
    );
  }
  if (!isUnique) {
    throw new MongoError(5979700, 'The clusteredIndex option requires unique: true to be specified');
  }
  if (version !== undefined && version !== 2) {
    throw new MongoError(
      5979704,
      'Invalid clusteredIndex specification; cannot create a clusteredIndex with version other than 2'
    );
  }
  return new DocumentBuilder(96)
    .int32('v', 2)
    .open('key')
    .int32('_id', 1)
    .close()
    .string('name', spec.optionalString('name') ?? '_id_')
    .bool('unique', true)
    .finish();
}

/** The index on `_id` of a clustered collection as `listIndexes` shows it; undefined for any other collection. */
export function clusteredIndexOf({ options }: Pick<CollectionInfo, 'options'>): Buffer | undefined {
  const kept = field(options, 'clusteredIndex');
  return kept?.type === T.OBJECT
    ? new DocumentBuilder(kept.bytes.length + 16).splice(kept.bytes).bool('clustered', true).finish()
    : undefined;
}
