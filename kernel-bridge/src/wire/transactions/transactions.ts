import type { Commit, Engine, Origin } from '@argon/wal-core';
import { MongoError } from '../errors';
import type { SessionKey } from '../lsid';
import { WireTransaction } from './transaction';

/** The last transaction of each session: one session has at most one that is open. */
export class Transactions {
  private readonly bySession = new Map<SessionKey, WireTransaction>();

  /** The last one of each connection of a kernel's session. */
  private readonly byConnection = new Map<number, WireTransaction>();

  constructor(private readonly engine: Engine) {}

  /** Transactions that are open. */
  get size(): number {
    return this.bySession.size;
  }

  /** @throws MongoError 225, 50911, 251 */
  begin(session: SessionKey, number: bigint, origin: Origin): WireTransaction {
    const last = this.bySession.get(session);
    if (last?.number === number || this.outcome(session, number) !== undefined) {
      throw new MongoError(
        50911,
        `Cannot start a transaction at given transaction number ${number} on session ${session}: it was used before`
      );
    }
    last?.abort();
    const transaction = new WireTransaction(this.engine, session, number, origin);
    this.bySession.set(session, transaction);
    return transaction;
  }

  /** The open transaction of this number. @throws MongoError 251, 256 */
  get(session: SessionKey, number: bigint): WireTransaction {
    const transaction = this.bySession.get(session);
    if (transaction?.number !== number) {
      throw new MongoError(
        'NoSuchTransaction',
        `Given transaction number ${number} does not match any in-progress transactions. ` +
          `The active transaction number is ${transaction?.number ?? -1}`
      );
    }
    switch (transaction.phase) {
      case 'open':
        return transaction;
      case 'committed':
        throw new MongoError('TransactionCommitted', `Transaction ${number} has been committed.`);
      case 'aborted':
        throw new MongoError('NoSuchTransaction', `Transaction ${number} has been aborted.`);
    }
  }

  /** The transaction a commit is about, also one that was committed and is asked about again. @throws MongoError 251 */
  toCommit(session: SessionKey, number: bigint): WireTransaction {
    const transaction = this.bySession.get(session);
    return transaction?.number === number && transaction.phase === 'committed'
      ? transaction
      : this.get(session, number);
  }

  /** What a transaction committed before the bridge was started again. */
  outcome(session: SessionKey, number: bigint): readonly Commit[] | undefined {
    return this.engine.transactionOutcome(session, Number(number));
  }

  /** A kernel's session goes on with it over this connection. */
  usedOn(connection: number, transaction: WireTransaction): void {
    transaction.connection = connection;
    this.byConnection.set(connection, transaction);
  }

  /**
   * Ends what a kernel left open that is gone, and answers it: what it changed would be refused to the next kernel for a
   * minute. Other clients may go on over another connection, as with mongod.
   */
  connectionClosed(connection: number): WireTransaction | undefined {
    const last = this.byConnection.get(connection);
    this.byConnection.delete(connection);
    if (last?.connection !== connection || last.phase !== 'open') {
      return undefined;
    }
    last.abort();
    return last;
  }

  /** A newer write of the session ends what it left open. */
  superseded(session: SessionKey, number: bigint): void {
    const last = this.bySession.get(session);
    if (last !== undefined && last.number < number) {
      this.sessionEnded(session);
    }
  }

  sessionEnded(session: SessionKey): void {
    this.bySession.get(session)?.abort();
    this.bySession.delete(session);
  }

  endAll(): void {
    for (const session of [...this.bySession.keys()]) {
      this.sessionEnded(session);
    }
  }
}
