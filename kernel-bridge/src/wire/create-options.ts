import { T, elements, field } from '@argon/wal-core';
import {
  FLAG,
  NUMBER,
  OBJECT,
  STRING,
  between,
  type ArgumentCheck,
  type ArgumentTypes
} from './argument-types';
import { Arguments, isTruthy } from './arguments';
import { MongoError } from './errors';

/** What the size of a capped collection may be, in bytes, and how many documents it may be given. */
export const CAP_BYTES = { min: 1, max: 2 ** 50 } as const;
export const CAP_DOCUMENTS = { max: 2 ** 31 - 1 } as const;

/** The stages of a view. @throws MongoError 14, 10065 */
export const PIPELINE: ArgumentCheck = (args, name, value) => {
  if (value.type === T.NULL) {
    throw new MongoError(10065, `invalid parameter: expected an object (${name})`);
  }
  if (value.type !== T.ARRAY) {
    args.wrongType(name, value.type, 'array');
  }
  args.documents(name);
};

/** The collection may have an index on `_id` of its own description, which is that of every collection. */
const ID_INDEX: ArgumentCheck = (args, name, value, where) => {
  OBJECT(args, name, value, where);
  if (value.type !== T.OBJECT) {
    return;
  }
  const strange = elements(value.bytes).find(element => !ID_INDEX_FIELDS.has(element.name));
  if (strange !== undefined) {
    throw new MongoError(
      'InvalidIndexSpecificationOption',
      `The field '${strange.name}' is not valid for an index specification.`
    );
  }
  if (field(value.bytes, 'key') === undefined) {
    throw new MongoError('FailedToParse', "The 'key' field is a required property of an index specification");
  }
};
const ID_INDEX_FIELDS: ReadonlySet<string> = new Set(['key', 'name', 'v', 'ns', 'collation', 'unique']);

/** Settings of storage engines by their names; nobody reads them here. */
const STORAGE_ENGINE: ArgumentCheck = (args, name, value, where) => {
  OBJECT(args, name, value, where);
  const engines = value.type === T.OBJECT ? elements(value.bytes) : [];
  for (const engine of engines) {
    if (engine.type !== T.OBJECT) {
      throw new MongoError('BadValue', `'storageEngine.${engine.name}' has to be an embedded document.`);
    }
    const [strange] = elements(engine.bytes).filter(setting => setting.name !== 'configString');
    if (engine.name === 'wiredTiger' && strange !== undefined) {
      throw new MongoError('InvalidOptions', `'${strange.name}' is not a supported option.`);
    }
  }
};

const INDEX_DEFAULTS: ArgumentCheck = (args, name, value, where) => {
  OBJECT(args, name, value, where);
  if (value.type === T.OBJECT) {
    const defaults = new Arguments(value.bytes, `create.${name}`).only(['storageEngine'], undefined);
    const engine = defaults.get('storageEngine');
    if (engine !== undefined) {
      STORAGE_ENGINE(defaults, 'storageEngine', engine);
    }
  }
};

/** An object of which Argon knows the fields, and which it refuses by name once it is well formed. */
const missing =
  (fields: readonly string[], required: string): ArgumentCheck =>
  (args, name, value, where) => {
    OBJECT(args, name, value, where);
    if (value.type !== T.OBJECT) {
      return;
    }
    const given = new Arguments(value.bytes, `create.${name}`).only(fields, undefined);
    if (!given.has(required)) {
      given.missing(required);
    }
    throw new MongoError('NotImplemented', `create with '${name}' is not available in Argon`);
  };

/** Types of the options of `create`. */
export const CREATE_TYPES: ArgumentTypes = {
  capped: FLAG,
  autoIndexId: FLAG,
  idIndex: ID_INDEX,
  size: between(CAP_BYTES),
  max: between(CAP_DOCUMENTS),
  flags: NUMBER,
  temp: FLAG,
  storageEngine: STORAGE_ENGINE,
  validator: OBJECT,
  validationLevel: STRING,
  validationAction: STRING,
  indexOptionDefaults: INDEX_DEFAULTS,
  viewOn: STRING,
  pipeline: PIPELINE,
  collation: OBJECT,
  timeseries: missing(['timeField', 'metaField', 'granularity', 'bucketMaxSpanSeconds'], 'timeField'),
  expireAfterSeconds: NUMBER,
  recordPreImages: FLAG,
  encryptedFields: missing(['fields', 'escCollection', 'eccCollection', 'ecocCollection'], 'fields')
};

/** Options that go together, or do not. @throws MongoError 72, 5979703, 6026500, 6049200, 6049201, 6049204 */
export function checkCreateOptions(args: Arguments): void {
  const isGiven = (name: string): boolean => (args.get(name)?.type ?? T.NULL) !== T.NULL;
  if (isGiven('temp')) {
    throw new MongoError('InvalidOptions', "the 'temp' field is an invalid option");
  }
  const clustered = args.get('clusteredIndex');
  const isClustered = clustered !== undefined && clustered.type !== T.NULL;
  const isView = isGiven('viewOn');
  if (isView && isGiven('idIndex')) {
    throw new MongoError('InvalidOptions', "'idIndex' is not allowed with 'viewOn'");
  }
  if (isView && isClustered && isTruthy(clustered) !== false) {
    throw new MongoError(6026500, "The 'clusteredIndex' option is not supported with views");
  }
  if (isClustered && isGiven('max')) {
    throw new MongoError(
      6049204,
      "'max' field for capped collections is not allowed on clustered collections. Did you mean 'capped: true' " +
        "with 'expireAfterSeconds'?"
    );
  }
  if (isClustered && args.flag('capped', false) && !isGiven('size')) {
    throw new MongoError(6049201, "A capped clustered collection requires the 'expireAfterSeconds' field");
  }
  if (isClustered && isGiven('size')) {
    throw new MongoError(
      6049200,
      "'size' field for capped collections is not allowed on clustered collections. Did you mean 'capped: true' " +
        "with 'expireAfterSeconds'?"
    );
  }
  if (isClustered && clustered.type !== T.OBJECT && isTruthy(clustered) === true) {
    throw new MongoError(
      5979703,
      "The 'clusteredIndex' legacy format {clusteredIndex: <bool>} is only supported for specific internal collections"
    );
  }
  if (isGiven('expireAfterSeconds')) {
    throw isClustered && clustered.type === T.OBJECT
      ? new MongoError('NotImplemented', "create with 'expireAfterSeconds' is not available in Argon yet")
      : new MongoError(
          'InvalidOptions',
          "'expireAfterSeconds' is only supported on time-series collections or when the 'clusteredIndex' option is " +
            'specified'
        );
  }
}
