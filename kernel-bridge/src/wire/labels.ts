import { T } from '@argon/wal-core';
import type { Arguments } from './arguments';
import { MONGO_CODES, type MongoCodeName } from './codes';
import { MongoError } from './errors';
import type { Command } from './registry';

const codes = (...names: readonly MongoCodeName[]): ReadonlySet<number> =>
  new Set(names.map(name => MONGO_CODES[name]));

/** The node goes away, or is not the one that writes. */
const GOING_AWAY: readonly MongoCodeName[] = [
  'NotWritablePrimary',
  'NotPrimaryNoSecondaryOk',
  'NotPrimaryOrSecondary',
  'PrimarySteppedDown',
  'InterruptedDueToReplStateChange',
  'InterruptedAtShutdown',
  'ShutdownInProgress'
];

/** Errors after which a driver may send the same write again. */
const RETRYABLE = codes(
  ...GOING_AWAY,
  'HostUnreachable',
  'HostNotFound',
  'NetworkTimeout',
  'SocketException',
  'ExceededTimeLimit'
);

/** Errors after which a driver may run its transaction again from the beginning. */
const TRANSIENT = codes(
  'WriteConflict',
  'NoSuchTransaction',
  'SnapshotUnavailable',
  'LockTimeout',
  'PreparedTransactionInProgress'
);

/** Errors after which only before the commit it is known that nothing happened. */
const TRANSIENT_BEFORE_COMMIT = codes(...GOING_AWAY);

/** Errors after which a change stream can be opened again where it was. */
const RESUMABLE: ReadonlySet<number> = new Set([
  ...RETRYABLE,
  ...codes('StaleConfig', 'StaleEpoch', 'RetryChangeStream', 'FailedToSatisfyReadPreference')
]);

/** The error of a change stream, labelled when the stream can go on after it. */
export function resumable(error: unknown): unknown {
  if (!(error instanceof MongoError) || !RESUMABLE.has(error.code) || 'errorLabels' in error.fields) {
    return error;
  }
  const fields = { ...error.fields, errorLabels: ['ResumableChangeStreamError'] };
  return new MongoError(error.code, error.message, { fields, cause: error });
}

/**
 * The labels of a reply, by which drivers decide what they may do again.
 * @param code of the error; undefined when the command succeeded
 * @param concernCode of its write concern error
 */
export function labelsOf(
  command: Command,
  args: Arguments,
  code: number | undefined,
  concernCode?: number
): string[] {
  const autocommit = args.get('autocommit');
  const inTransaction = autocommit?.type === T.BOOL && autocommit.bytes[0] === 0;
  const ends = command.transaction === 'ends';
  const labels: string[] = [];
  const isTransient = (each: number): boolean =>
    TRANSIENT.has(each) || (!ends && TRANSIENT_BEFORE_COMMIT.has(each));
  if (inTransaction && code !== undefined && isTransient(code)) {
    labels.push('TransientTransactionError');
  }
  const isRetryable = ends || (!inTransaction && command.retryable === true && args.has('txnNumber'));
  if (isRetryable && [code, concernCode].some(each => each !== undefined && RETRYABLE.has(each))) {
    labels.push('RetryableWriteError');
  }
  return labels;
}
