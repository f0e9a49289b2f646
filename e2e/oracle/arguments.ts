import { BSON, type Document } from 'mongodb';

const { Binary, BSONRegExp, Code, Decimal128, Double, Int32, Long, MaxKey, ObjectId, Timestamp } = BSON;

/** One value of each kind that an argument may be given by mistake, or to the letter. */
export const VALUES: Readonly<Record<string, unknown>> = {
  'the double 1': new Double(1),
  'the double 1.5': new Double(1.5),
  NaN: new Double(NaN),
  'the int -1': new Int32(-1),
  'the int 0': new Int32(0),
  'the int 1': new Int32(1),
  'the largest long': Long.MAX_VALUE,
  'the decimal 1.5': Decimal128.fromString('1.5'),
  'a string': 'a',
  'the empty string': '',
  '{}': {},
  '{a: 1}': { a: 1 },
  '{$a: 1}': { $a: 1 },
  '[]': [],
  '[1]': [1],
  '[{}]': [{}],
  true: true,
  false: false,
  null: null,
  bytes: new Binary(Buffer.from('ab')),
  'an ObjectId': new ObjectId('0123456789ab0123456789ab'),
  'a date': new Date(5),
  'a regular expression': new BSONRegExp('a', ''),
  code: new Code('f'),
  'a timestamp': new Timestamp({ t: 1, i: 1 }),
  MaxKey: new MaxKey()
};

/** A command that is right, and the arguments that are replaced one by one. */
export interface Form {
  readonly name: string;
  readonly command: Document;
  readonly paths: readonly string[];
  /** What stands there before each command that succeeded somewhere. */
  readonly setup: readonly Document[];
  readonly database?: string;
}

const COLLECTION: readonly Document[] = [
  { drop: 'c' },
  {
    insert: 'c',
    documents: [
      { _id: 1, a: 1, b: [1, 2] },
      { _id: 2, a: 2, b: [{ x: 1 }] }
    ]
  },
  { createIndexes: 'c', indexes: [{ key: { a: 1 }, name: 'a_1' }] }
];
const NOTHING: readonly Document[] = [{ drop: 'x' }, { drop: 'a' }];

const reading = (name: string, command: Document, ...paths: string[]): Form => ({
  name,
  command,
  paths,
  setup: COLLECTION
});

const below = (path: string, names: string): string[] => names.split(' ').map(name => `${path}.${name}`);

/** Arguments whose types mongod 6.0.5 checks, command by command. */
export const FORMS: readonly Form[] = [
  reading(
    'find',
    { find: 'c' },
    ...'filter sort projection skip limit batchSize singleBatch hint max min returnKey showRecordId'.split(
      ' '
    ),
    ...'tailable awaitData noCursorTimeout allowPartialResults allowDiskUse collation let readOnce zzz'.split(
      ' '
    ),
    ...'comment readConcern lsid txnNumber autocommit startTransaction $clusterTime'.split(' '),
    ...'apiVersion apiStrict apiDeprecationErrors $readPreference'.split(' '),
    ...below('readConcern', 'level afterClusterTime atClusterTime provenance zzz'),
    ...below('$readPreference', 'mode tags')
  ),
  reading(
    'find with a collation',
    { find: 'c', collation: { locale: 'en' } },
    ...below(
      'collation',
      'locale strength caseLevel caseFirst numericOrdering alternate maxVariable normalization zzz'
    )
  ),
  reading('count', { count: 'c' }, ...'count query limit skip hint collation zzz'.split(' ')),
  reading('distinct', { distinct: 'c', key: 'a' }, ...'distinct key query collation zzz'.split(' ')),
  reading(
    'aggregate',
    { aggregate: 'c', pipeline: [], cursor: {} },
    ...'aggregate pipeline pipeline.0 cursor cursor.batchSize cursor.zzz explain allowDiskUse'.split(' '),
    ...'bypassDocumentValidation hint collation let readConcern zzz'.split(' ')
  ),
  {
    name: 'insert',
    command: { insert: 'c', documents: [{ a: 1 }] },
    paths: [
      ...'documents documents.0 ordered bypassDocumentValidation stmtId writeConcern zzz'.split(' '),
      ...below('writeConcern', 'j wtimeout fsync zzz')
    ],
    setup: []
  },
  reading(
    'update',
    { update: 'c', updates: [{ q: {}, u: { $set: { z: 1 } } }] },
    ...'updates updates.0 ordered bypassDocumentValidation let stmtId zzz'
      .split(' ')
      .filter(p => p !== 'let'),
    ...below('updates.0', 'q u upsert multi collation arrayFilters hint zzz')
  ),
  reading(
    'delete',
    { delete: 'c', deletes: [{ q: {}, limit: 1 }] },
    ...'deletes deletes.0 ordered stmtId zzz'.split(' '),
    ...below('deletes.0', 'q limit collation hint zzz')
  ),
  reading(
    'findAndModify',
    { findAndModify: 'c', query: {}, update: { $set: { z: 1 } } },
    ...'query update sort remove new fields upsert bypassDocumentValidation collation hint zzz'.split(' '),
    'arrayFilters'
  ),
  {
    name: 'create',
    command: { create: 'x' },
    paths: [
      ...'capped idIndex size max flags temp storageEngine validator validationLevel validationAction'.split(
        ' '
      ),
      ...'indexOptionDefaults viewOn pipeline collation changeStreamPreAndPostImages recordPreImages'.split(
        ' '
      ),
      ...'changeStreamPreAndPostImages.enabled expireAfterSeconds zzz'.split(' ')
    ],
    setup: NOTHING
  },
  {
    name: 'create of a capped collection',
    command: { create: 'x', capped: true, size: 1000 },
    paths: 'capped size max viewOn validator pipeline collation idIndex temp'.split(' '),
    setup: NOTHING
  },
  {
    name: 'create of a clustered collection',
    command: { create: 'x', clusteredIndex: { key: { _id: 1 }, unique: true } },
    paths: below('clusteredIndex', 'key key._id unique name v zzz').concat('capped', 'size', 'max'),
    setup: NOTHING
  },
  reading(
    'collMod',
    { collMod: 'c' },
    ...'validator validationLevel validationAction index viewOn pipeline cappedSize cappedMax dryRun'.split(
      ' '
    ),
    ...'recordPreImages changeStreamPreAndPostImages zzz'.split(' ')
  ),
  reading(
    'collMod of an index',
    { collMod: 'c', index: { name: 'a_1', hidden: true } },
    ...below('index', 'keyPattern hidden expireAfterSeconds zzz')
  ),
  reading(
    'createIndexes',
    { createIndexes: 'c', indexes: [{ key: { z: 1 }, name: 'z_1' }] },
    ...'indexes indexes.0 commitQuorum ignoreUnknownIndexOptions zzz'.split(' '),
    ...below('indexes.0', 'key key.z name v unique sparse expireAfterSeconds hidden partialFilterExpression'),
    ...below('indexes.0', 'collation background storageEngine default_language bits bucketSize zzz')
  ),
  reading('listIndexes', { listIndexes: 'c' }, ...'cursor cursor.batchSize includeBuildUUIDs zzz'.split(' ')),
  reading(
    'listCollections',
    { listCollections: 1 },
    ...'filter cursor nameOnly authorizedCollections includePendingDrops zzz'.split(' ')
  ),
  {
    ...reading('listDatabases', { listDatabases: 1 }, 'filter', 'nameOnly', 'authorizedDatabases', 'zzz'),
    database: 'admin'
  },
  reading(
    'getMore',
    { getMore: Long.fromNumber(12345), collection: 'c' },
    ...'getMore collection batchSize maxTimeMS zzz'.split(' ')
  ),
  reading(
    'killCursors',
    { killCursors: 'c', cursors: [Long.fromNumber(12345)] },
    ...'killCursors cursors cursors.0 zzz'.split(' ')
  ),
  reading('killSessions', { killSessions: [] }, 'killSessions', 'zzz'),
  {
    ...reading(
      'renameCollection',
      { renameCollection: 'arguments.none', to: 'arguments.other' },
      ...'renameCollection to dropTarget stayTemp zzz'.split(' ')
    ),
    database: 'admin'
  }
];

/** A command with one argument replaced. */
export function withArgument(command: Document, path: string, value: unknown): Document {
  return replaced(command, path.split('.'), value) as Document;
}

function replaced(within: unknown, [step, ...rest]: readonly string[], value: unknown): unknown {
  const next = (inner: unknown): unknown => (rest.length === 0 ? value : replaced(inner, rest, value));
  if (Array.isArray(within)) {
    return within.map((item, at) => (at === Number(step) ? next(item) : item));
  }
  const object = (within ?? {}) as Document;
  return { ...object, [step!]: next(object[step!]) };
}
