import { T, TYPE_NAMES, field, type CommitTime, type RawValue } from '@argon/wal-core';
import { Arguments, numberOf, stringOf } from './arguments';
import { MongoError } from './errors';

/** What a read asks of the state it sees. */
export interface ReadConcern {
  readonly level?: string;
  /** Read the past as it was at this commit time. */
  readonly atClusterTime?: CommitTime;
  /** A barrier: the read must see this commit. */
  readonly afterClusterTime?: CommitTime;
}

const LEVELS: ReadonlySet<string> = new Set(['local', 'majority', 'linearizable', 'available', 'snapshot']);
const FIELDS: ReadonlySet<string> = new Set([
  'level',
  'atClusterTime',
  'afterClusterTime',
  'afterOpTime',
  'provenance'
]);

/** Reads `readConcern`. @throws MongoError 9, 14, 72 */
export function readReadConcern(args: Arguments): ReadConcern {
  const given = args.get('readConcern');
  if (given === undefined) {
    return {};
  }
  if (given.type !== T.OBJECT) {
    throw new MongoError('FailedToParse', 'readConcern field should be an object');
  }
  const concern = new Arguments(given.bytes, 'readConcern');
  for (const name of concern.names()) {
    if (!FIELDS.has(name)) {
      throw new MongoError('InvalidOptions', `Unrecognized option in readConcern: ${name}`);
    }
  }
  if (concern.get('level')?.type === T.NULL) {
    throw wrongType('level', 'string', T.NULL);
  }
  const level = concern.optionalString('level');
  checkProvenance(concern, 'ReadConcernArgs::parse');
  if (level !== undefined && !LEVELS.has(level)) {
    throw new MongoError(
      'FailedToParse',
      "readConcern.level must be either 'local', 'majority', 'linearizable', 'available', or 'snapshot'"
    );
  }
  const atClusterTime = timestamp(concern.get('atClusterTime'), 'atClusterTime');
  const afterClusterTime = timestamp(concern.get('afterClusterTime'), 'afterClusterTime');
  if (afterClusterTime === 0n) {
    throw new MongoError('InvalidOptions', 'afterClusterTime cannot be a null timestamp');
  }
  if (atClusterTime === 0n) {
    throw new MongoError('InvalidOptions', 'readConcern atClusterTime cannot be null');
  }
  if (atClusterTime !== undefined && level !== 'snapshot') {
    throw new MongoError('InvalidOptions', "readConcern.atClusterTime requires readConcern level 'snapshot'");
  }
  if (atClusterTime !== undefined && afterClusterTime !== undefined) {
    throw new MongoError('InvalidOptions', 'Specify one of atClusterTime and afterClusterTime, not both');
  }
  return {
    ...(level === undefined ? {} : { level }),
    ...(atClusterTime === undefined ? {} : { atClusterTime }),
    ...(afterClusterTime === undefined ? {} : { afterClusterTime })
  };
}

function wrongType(name: string, expected: string, found: number): MongoError {
  const type = TYPE_NAMES[found] ?? found;
  return new MongoError('TypeMismatch', `"${name}" had the wrong type. Expected ${expected}, found ${type}`);
}

const PROVENANCES: ReadonlySet<string> = new Set([
  'clientSupplied',
  'implicitDefault',
  'customDefault',
  'getLastErrorDefaults',
  'internalWriteDefault'
]);

/** Where a concern is said to come from; nothing goes by it. @throws MongoError 2, 14 */
function checkProvenance(concern: Arguments, where: string): void {
  const value = concern.get('provenance');
  if (value !== undefined && value.type !== T.NULL && value.type !== T.STRING) {
    concern.wrongType('provenance', value.type, 'string', where);
  }
  const provenance = concern.optionalString('provenance');
  if (provenance !== undefined && !PROVENANCES.has(provenance)) {
    throw new MongoError(
      'BadValue',
      `Enumeration value '${provenance}' for field '${where}.provenance' is not a valid value.`
    );
  }
}

/** Refuses a read concern that a command cannot follow. @throws MongoError 72 */
export function checkReadConcern(
  { level }: ReadConcern,
  command: { readonly name: string; readonly reads?: boolean; readonly snapshots?: boolean }
): void {
  const reads = command.reads === true || command.snapshots === true;
  const follows = level === 'snapshot' ? command.snapshots === true : reads || level === 'local';
  if (level !== undefined && !follows) {
    throw new MongoError(
      'InvalidOptions',
      `Command ${command.name} does not support { readConcern: { level: "${level}", provenance: "clientSupplied" } } ` +
        `:: caused by :: read concern ${reads ? 'snapshot ' : ''}not supported`
    );
  }
}

const MODES: ReadonlySet<string> = new Set([
  'primary',
  'primaryPreferred',
  'secondary',
  'secondaryPreferred',
  'nearest'
]);

/** Checks `$readPreference`; there is one node, which answers whatever it says. @throws MongoError 2, 14 */
export function checkReadPreference(args: Arguments): void {
  const value = args.get('$readPreference');
  if (value === undefined) {
    return;
  }
  if (value.type !== T.OBJECT) {
    throw new MongoError(
      'TypeMismatch',
      `$readPreference has incorrect type: expected object but got ${TYPE_NAMES[value.type] ?? value.type}`
    );
  }
  const preference = new Arguments(value.bytes, '$readPreference');
  const given = preference.get('mode');
  if (given === undefined) {
    throw new MongoError('NoSuchKey', 'Missing expected field "mode"');
  }
  if (given.type !== T.STRING) {
    throw wrongType('mode', 'string', given.type);
  }
  const mode = stringOf(given);
  if (!MODES.has(mode)) {
    throw new MongoError(
      'BadValue',
      `Could not parse $readPreference mode '${mode}'. Only the modes 'primary', 'primaryPreferred', 'secondary', ` +
        "'secondaryPreferred', and 'nearest' are supported."
    );
  }
  const tags = preference.optionalArray('tags') ?? [];
  if (mode === 'primary' && tags.some(tag => tag.bytes.length > 5)) {
    throw new MongoError('BadValue', 'Only empty tags are allowed with primary read preference');
  }
}

/** What a client says of the newest commit it knows; there is one node, which knows them all. @throws MongoError 4, 14, 10065 */
export function checkClusterTime(args: Arguments): void {
  const value = args.get('$clusterTime');
  if (value === undefined) {
    return;
  }
  if (value.type !== T.OBJECT && value.type !== T.ARRAY) {
    throw new MongoError(10065, 'invalid parameter: expected an object ($clusterTime)');
  }
  const time = field(value.bytes, 'clusterTime');
  if (time === undefined) {
    throw new MongoError('NoSuchKey', 'Missing expected field "clusterTime"');
  }
  if (time.type !== T.TIMESTAMP) {
    throw wrongType('clusterTime', 'timestamp', time.type);
  }
}

/**
 * Holds a read back until its `afterClusterTime` is visible. Every acknowledged commit is visible at once,
 * so only a time that no commit of ours has reached can fail it.
 */
export function checkBarrier(concern: ReadConcern, last: CommitTime): void {
  if (concern.afterClusterTime !== undefined && concern.afterClusterTime > last) {
    throw new MongoError(
      'InvalidOptions',
      `readConcern afterClusterTime value must not be greater than the current clusterTime. Requested clusterTime: ` +
        `${show(concern.afterClusterTime)}; current clusterTime: ${show(last)}`
    );
  }
}

const WRITE_CONCERN_FIELDS = [
  'w',
  'j',
  'fsync',
  'wtimeout',
  'provenance',
  'getLastError',
  'wOpTime'
] as const;
const W_TYPES: ReadonlySet<number> = new Set([T.STRING, T.OBJECT, T.NULL]);
const INT32_MAX = 2 ** 31 - 1;
/** Largest `w`: the members a replica set may have. */
export const NODES_MAX = 50;

/** Checks the form of `writeConcern`; every write is durable before its reply, whatever it asks. */
export function checkWriteConcern(args: Arguments): void {
  if (args.get('writeConcern')?.type === T.NULL) {
    throw wrongType('writeConcern', 'object', T.NULL);
  }
  const document = args.optionalDocument('writeConcern');
  const concern =
    document === undefined
      ? undefined
      : new Arguments(document, 'WriteConcernOptions').only(WRITE_CONCERN_FIELDS, undefined);
  const w = concern?.get('w');
  const j = concern?.get('j');
  if (w !== undefined && !W_TYPES.has(w.type) && !isNumber(w)) {
    throw new MongoError('FailedToParse', 'w has to be a number, string, or object');
  }
  if (w?.type === T.OBJECT && w.bytes.length === 5) {
    throw new MongoError('FailedToParse', 'tagged write concern requires tags');
  }
  const timeout = concern?.get('wtimeout');
  if (timeout !== undefined && Math.abs(numberOf(timeout) ?? 0) > INT32_MAX) {
    throw new MongoError('FailedToParse', 'wtimeout must be a 32-bit integer');
  }
  concern?.flag('fsync', false);
  const nodes = w === undefined ? undefined : Math.trunc(numberOf(w) ?? 0) || 0;
  if (nodes !== undefined && !(nodes >= 0 && nodes <= NODES_MAX)) {
    throw new MongoError(
      'FailedToParse',
      `w has to be a non-negative number and not greater than ${NODES_MAX}; found: ${nodes}`
    );
  }
  if (j !== undefined && j.type !== T.NULL && j.type !== T.BOOL && !isNumber(j)) {
    throw new MongoError(
      'TypeMismatch',
      "BSON field 'writeConcern.j' is the wrong type, expected a boolean or number"
    );
  }
}

function isNumber(value: RawValue): boolean {
  return (
    value.type === T.INT32 || value.type === T.INT64 || value.type === T.DOUBLE || value.type === T.DECIMAL128
  );
}

function timestamp(value: RawValue | undefined, name: string): CommitTime | undefined {
  if (value === undefined) {
    return undefined;
  }
  if (value.type !== T.TIMESTAMP) {
    throw new MongoError('TypeMismatch', `BSON field 'readConcern.${name}' must be a timestamp`);
  }
  return value.bytes.readBigUInt64LE(0) as CommitTime;
}

function show(time: bigint): string {
  return `{ ts: Timestamp(${time >> 32n}, ${time & 0xffffffffn}) }`;
}
