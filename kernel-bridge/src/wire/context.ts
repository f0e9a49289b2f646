import type { Commit, CommitTime, Engine, Origin, Snapshot } from '@argon/wal-core';
import type { Logger } from '../logger';
import type { SessionDirectory, SessionPlace } from '../session/directory';
import type { Arguments } from './arguments';
import type { CappedOrders } from './capped/order';
import type { Cursors } from './cursors';
import type { FailPoints } from './failpoint/fail-points';
import type { LogicalSessions, SessionKey } from './lsid';
import type { Operation, Operations } from './operation';
import type { ReadConcern } from './concerns';
import type { Retries } from './retry';
import type { SignIn, SignInDesk } from './sign-in';
import type { Statistics } from './statistics';
import type { Usage } from './usage';
import type { WireTransaction } from './transactions/transaction';
import type { Transactions } from './transactions/transactions';

/** What all connections of a server share. */
export interface Services {
  readonly engine: Engine;
  readonly sessions: SessionDirectory;
  readonly cursors: Cursors;
  readonly capped: CappedOrders;
  readonly logical: LogicalSessions;
  readonly operations: Operations;
  readonly retries: Retries;
  readonly transactions: Transactions;
  readonly statistics: Statistics;
  readonly usage: Usage;
  /** Only in a server for tests. */
  readonly failPoints?: FailPoints;
  readonly logger: Logger;
  readonly signInDesk: SignInDesk;
  /** Version of Argon. */
  readonly version: string;
  /** Identifies this run of the server in `topologyVersion`. */
  readonly processId: Buffer;
  readonly startedAt: Date;
}

/** What a command knows of the connection it came on. */
export interface ConnectionState {
  readonly id: number;
  /** Address the client dialled: `127.0.0.1:27017`, or the path of the socket. */
  readonly localAddress: string;
  readonly remoteAddress: string;
  /** Who it is. */
  readonly signIn: SignIn;
  /** From the client's metadata. */
  appName: string | undefined;
  /** Raw BSON of the client's metadata. */
  metadata: Buffer | undefined;
  /** The client may be answered with compressed messages. */
  compression: boolean;
  /** Resolves when the connection or the server goes away. */
  readonly closed: Promise<void>;
  isClosed: boolean;
}

/** A retryable write: which session, which number, which statements. */
export interface RetryIdentity {
  readonly session: SessionKey;
  readonly txnNumber: bigint;
  /** Statement ids by position; counting up from `first` when the client named none. */
  readonly stmtIds: readonly number[] | undefined;
  readonly firstStmtId: number;
}

/** One command being executed. */
export interface CommandContext {
  readonly services: Services;
  readonly connection: ConnectionState;
  /** Name of the command as we spell it. */
  readonly name: string;
  /** `$db`. */
  readonly database: string;
  readonly args: Arguments;
  /** The first field: usually the collection's name. */
  readonly operation: Operation;
  readonly session: SessionKey | undefined;
  readonly retry: RetryIdentity | undefined;
  /** The multi-document transaction the command runs in, if any. */
  readonly transaction: WireTransaction | undefined;
  /** What that transaction reads of `$db`; undefined also while its project does not exist. */
  transactionState: Snapshot | undefined;
  readonly readConcern: ReadConcern;
  /** The kernel's session of this connection, if it has one. */
  readonly place: SessionPlace | undefined;
  /** Who writes. */
  readonly origin: Origin;
  /** Set by a write: the reply's `operationTime`. */
  commitTime: CommitTime | undefined;
}

/** What a read needs of its command: the panel's reads come with no more. */
export type ReadContext = Pick<CommandContext, 'args' | 'operation' | 'place'> & {
  readonly services: Pick<Services, 'engine' | 'capped' | 'sessions'> & Partial<Pick<Services, 'usage'>>;
};

/** Notes that `commit` is what the reply is about. */
export function noteCommit(context: CommandContext, commit: Commit | undefined): void {
  if (commit !== undefined && (context.commitTime === undefined || commit.time > context.commitTime)) {
    context.commitTime = commit.time;
  }
}
