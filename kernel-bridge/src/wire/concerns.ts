import { T, type CommitTime, type RawValue } from '@argon/wal-core';
import { Arguments } from './arguments';
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
  const concern = args.object('readConcern');
  if (concern === undefined) {
    return {};
  }
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

/** Checks the form of `writeConcern`; every write is durable before its reply, whatever it asks. */
export function checkWriteConcern(args: Arguments): void {
  const concern = args.object('writeConcern');
  const w = concern?.get('w');
  const j = concern?.get('j');
  if (w !== undefined && w.type !== T.STRING && w.type !== T.OBJECT && !isNumber(w)) {
    throw new MongoError('FailedToParse', 'w has to be a number, string, or object');
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
