import { T, type Origin, type RawValue } from '@argon/wal-core';
import type { Arguments } from '../arguments';
import type { ReadConcern } from '../concerns';
import { MongoError } from '../errors';
import type { LogicalSessions, SessionKey } from '../lsid';
import { RESERVED_DATABASES } from '../namespace';
import type { Command } from '../registry';
import type { WireTransaction } from './transaction';
import type { Transactions } from './transactions';

/** Read concerns a transaction may begin with. */
const LEVELS: ReadonlySet<string> = new Set(['local', 'majority', 'snapshot']);

/** Which transaction a command belongs to, as its generic arguments say. */
export interface TransactionArguments {
  readonly number: bigint;
  readonly starts: boolean;
}

/** Reads `autocommit`, `startTransaction` and `txnNumber`; undefined outside a transaction. @throws MongoError 72 */
export function readTransaction(
  args: Arguments,
  session: SessionKey | undefined
): TransactionArguments | undefined {
  const autocommit = given(args, 'autocommit');
  const start = given(args, 'startTransaction');
  if (autocommit === undefined) {
    if (start !== undefined) {
      throw invalid("'startTransaction' field requires 'autocommit' field to also be specified");
    }
    return undefined;
  }
  if (autocommit.bytes[0] === 1) {
    throw invalid('Specifying autocommit=true is not allowed.');
  }
  if (start !== undefined && start.bytes[0] === 0) {
    throw invalid('Specifying startTransaction=false is not allowed.');
  }
  if (given(args, 'txnNumber') === undefined) {
    throw invalid("'autocommit' field requires a transaction number to also be specified");
  }
  if (session === undefined) {
    throw invalid('Transaction number requires a session ID to also be specified');
  }
  const number = args.long('txnNumber');
  if (number < 0n) {
    throw invalid('Transaction number cannot be negative');
  }
  return { number, starts: start !== undefined };
}

/** An argument whose type was checked with those of all commands; null is none. */
function given(args: Arguments, name: string): RawValue | undefined {
  const value = args.get(name);
  return value?.type === T.NULL ? undefined : value;
}

/** What a command that enters a transaction brings. */
export interface Entering {
  readonly command: Command;
  readonly database: string;
  readonly args: Arguments;
  readonly session: SessionKey;
  readonly origin: Origin;
  readonly readConcern: ReadConcern;
}

/**
 * The transaction a command runs in: begun by it, or begun before. Undefined for those that end one: they look for
 * themselves. @throws MongoError 72, 225, 251, 256, 263
 */
export function enterTransaction(
  { number, starts }: TransactionArguments,
  { command, database, args, session, origin, readConcern }: Entering,
  transactions: Transactions,
  logical: LogicalSessions
): WireTransaction | undefined {
  if (starts) {
    logical.begin(session, number, 'transaction');
  } else {
    logical.goOn(session, number, 'transaction');
  }
  if (command.transaction === 'ends') {
    if (starts) {
      throw notSupported(
        `Cannot run '${command.name}' as the first operation in a multi-document transaction.`
      );
    }
    return undefined;
  }
  if (args.has('writeConcern')) {
    throw invalid('writeConcern is not allowed within a multi-statement transaction');
  }
  if (!starts && args.has('readConcern')) {
    throw invalid('Only the first command in a transaction may specify a readConcern');
  }
  // The transaction is found first: what is not allowed in it ends it.
  const transaction = starts ? undefined : transactions.get(session, number);
  try {
    checkAllowed(command, database, starts, readConcern);
  } catch (error) {
    transaction?.abort();
    throw error;
  }
  return transaction ?? transactions.begin(session, number, origin);
}

function checkAllowed(
  command: Command,
  database: string,
  starts: boolean,
  { level, atClusterTime }: ReadConcern
): void {
  if (command.transaction === undefined) {
    throw notSupported(`Cannot run '${command.name}' in a multi-document transaction.`);
  }
  if (starts && command.transaction === 'follows') {
    throw notSupported(`Cannot run ${command.name} as the first operation in a multi-document transaction.`);
  }
  if (RESERVED_DATABASES.has(database)) {
    throw notSupported(`Cannot run command against the '${database}' database in a transaction.`);
  }
  if (level !== undefined && !LEVELS.has(level)) {
    throw invalid(
      "The readConcern level must be either 'local' (default), 'majority' or 'snapshot' in order to run in a transaction"
    );
  }
  if (atClusterTime !== undefined) {
    throw invalid('A transaction reads the newest state: readConcern.atClusterTime cannot be given with it');
  }
}

function invalid(message: string): MongoError {
  return new MongoError('InvalidOptions', message);
}

function notSupported(message: string): MongoError {
  return new MongoError('OperationNotSupportedInTransaction', message);
}
