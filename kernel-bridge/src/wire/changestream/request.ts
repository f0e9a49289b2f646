import { T, type CommitTime, type RawValue, type StageSpec } from '@argon/wal-core';
import { Arguments } from '../arguments';
import { MongoError } from '../errors';
import { decodeToken, type Position } from './token';

const FULL = ['default', 'updateLookup', 'whenAvailable', 'required'] as const;
const BEFORE = ['off', 'whenAvailable', 'required'] as const;

/** What `$changeStream` asks. */
export interface StreamRequest {
  readonly fullDocument: (typeof FULL)[number];
  readonly fullDocumentBeforeChange: (typeof BEFORE)[number];
  /** Create, indexes and options are told too. */
  readonly expanded: boolean;
  readonly allChangesForCluster: boolean;
  /** Where to begin; undefined: now. */
  readonly start: { readonly token: Position } | { readonly time: CommitTime } | undefined;
}

/** Reads the specification of a `$changeStream` stage. @throws MongoError 2, 9, 260, 50674 and the like */
export function readStreamRequest(stage: StageSpec): StreamRequest {
  if (stage.value.type !== T.OBJECT) {
    throw new MongoError(50808, '$changeStream stage expects a document as argument');
  }
  const args = new Arguments(stage.value.bytes, '$changeStream').only(
    [
      'fullDocument',
      'fullDocumentBeforeChange',
      'resumeAfter',
      'startAfter',
      'startAtOperationTime',
      'allChangesForCluster',
      'showExpandedEvents',
      'allowToRunOnConfigDB',
      'allowToRunOnSystemNS'
    ],
    undefined
  );
  return {
    fullDocument: oneOf(args, 'fullDocument', FULL),
    fullDocumentBeforeChange: oneOf(args, 'fullDocumentBeforeChange', BEFORE),
    expanded: args.bool('showExpandedEvents', false),
    allChangesForCluster: args.bool('allChangesForCluster', false),
    start: readStart(args)
  };
}

function readStart(args: Arguments): StreamRequest['start'] {
  const given = ['resumeAfter', 'startAfter', 'startAtOperationTime'].filter(name => args.has(name));
  if (given.length > 1) {
    throw new MongoError(
      50674,
      `Only one type of resume option is allowed, but multiple were found: ${given.join(', ')}`
    );
  }
  const time = args.get('startAtOperationTime');
  if (time !== undefined) {
    return { time: timestampOf(args, time) };
  }
  const name = args.has('resumeAfter') ? 'resumeAfter' : 'startAfter';
  const raw = args.optionalDocument(name);
  if (raw === undefined) {
    return undefined;
  }
  const token = decodeToken(raw);
  if (token.invalidated && name === 'resumeAfter') {
    throw new MongoError(
      'InvalidResumeToken',
      "Attempting to resume a change stream using 'resumeAfter' is not allowed from an invalidate notification."
    );
  }
  return { token };
}

function timestampOf(args: Arguments, value: RawValue): CommitTime {
  if (value.type !== T.TIMESTAMP) {
    args.wrongType('startAtOperationTime', value.type, 'timestamp');
  }
  return value.bytes.readBigUInt64LE(0) as CommitTime;
}

function oneOf<const V extends readonly string[]>(args: Arguments, name: string, allowed: V): V[number] {
  const value = args.optionalString(name) ?? allowed[0]!;
  if (!allowed.includes(value)) {
    throw new MongoError(
      'BadValue',
      `Enumeration value '${value}' for field '$changeStream.${name}' is not a valid value.`
    );
  }
  return value;
}
