import { T, field } from '@argon/wal-core';
import { MONGO_CODES } from '../codes';

/** Errors after which a driver may run its transaction again from the beginning. */
const TRANSIENT: ReadonlySet<number> = new Set([
  MONGO_CODES.WriteConflict,
  MONGO_CODES.NoSuchTransaction,
  MONGO_CODES.SnapshotUnavailable,
  MONGO_CODES.LockTimeout
]);

/** Errors of a node that goes away: only before the commit is it known that nothing happened. */
const TRANSIENT_BEFORE_COMMIT: ReadonlySet<number> = new Set([MONGO_CODES.InterruptedAtShutdown]);

/** What a failed command of a transaction is labelled with; undefined for all others. */
export function labelOf(command: Buffer, code: number): 'TransientTransactionError' | undefined {
  const autocommit = field(command, 'autocommit');
  if (autocommit?.type !== T.BOOL || autocommit.bytes[0] === 1) {
    return undefined;
  }
  const ends =
    field(command, 'commitTransaction') !== undefined || field(command, 'abortTransaction') !== undefined;
  return TRANSIENT.has(code) || (!ends && TRANSIENT_BEFORE_COMMIT.has(code))
    ? 'TransientTransactionError'
    : undefined;
}
