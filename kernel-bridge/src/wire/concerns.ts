import { T, TYPE_NAMES, type CommitTime, type RawValue } from '@argon/wal-core';
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
  const level = concern.optionalString('level');
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
  const mode = given?.type === T.STRING ? stringOf(given) : '';
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
/** Largest `w`: the members a replica set may have. */
export const NODES_MAX = 50;

/** Checks the form of `writeConcern`; every write is durable before its reply, whatever it asks. */
export function checkWriteConcern(args: Arguments): void {
  if (args.get('writeConcern')?.type === T.NULL) {
    throw new MongoError('TypeMismatch', '"writeConcern" had the wrong type. Expected object, found null');
  }
  const document = args.optionalDocument('writeConcern');
  const concern =
    document === undefined
      ? undefined
      : new Arguments(document, 'WriteConcernOptions').only(WRITE_CONCERN_FIELDS, undefined);
  const w = concern?.get('w');
  const j = concern?.get('j');
  if (w !== undefined && w.type !== T.STRING && w.type !== T.OBJECT && !isNumber(w)) {
    throw new MongoError('FailedToParse', 'w has to be a number, string, or object');
  }
  const nodes = w === undefined ? undefined : numberOf(w);
  if (nodes !== undefined && !(nodes >= 0 && nodes <= NODES_MAX)) {
    throw new MongoError(
      'FailedToParse',
      `w has to be a non-negative number and not greater than ${NODES_MAX}; found: ${nodes}`
    );
  }
  if (j !== undefined && j.type !== T.BOOL && !isNumber(j)) {
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
