import type { Commit, Engine, Image, WriteOptions } from '@argon/wal-core';
import type { RetryIdentity } from './context';
import { ProtocolFault } from './errors';
import type { FailPoint } from './failpoint/fail-point';
import type { TransactionalWriteFailure } from './failpoint/transactional-write';

/** How a result goes into the log beside its data, and comes back. */
export interface Remembering<R> {
  encode(result: R, commit: Commit | undefined): Image;
  decode(image: Image): R;
}

/** What a retryable write came to: done now, or done before and remembered. */
export interface Outcome<R> {
  readonly result: R;
  readonly retried: boolean;
}

/**
 * Retryable writes: the result of each slice of a command is remembered in the same frame as its data, under
 * (session, txnNumber, first statement), so that a driver that lost the reply gets it again and nothing happens twice.
 */
export class Retries {
  /** Slices being written now: a retry that overtakes its first attempt waits for it. */
  private readonly running = new Map<string, Promise<unknown>>();
  /** Commands that a fail point cuts off when they are done. */
  private readonly unheard = new Set<string>();

  /** @param failPoint fails what is not remembered, for tests of drivers */
  constructor(
    private readonly engine: Engine,
    private readonly failPoint?: FailPoint<TransactionalWriteFailure>
  ) {}

  /**
   * Runs `work` once per key. `work` hands the options it gets to `engine.write`, and sets the result with `settle`
   * inside the change, before the frame is made.
   */
  async once<R>(
    key: string | undefined,
    remembering: Remembering<R>,
    work: (options: WriteOptions, settle: (result: R) => void) => Promise<R>
  ): Promise<Outcome<R>> {
    if (key === undefined) {
      return { result: await work({}, () => undefined), retried: false };
    }
    const before = this.running.get(key);
    if (before !== undefined) {
      await before.catch(() => undefined);
    }
    const remembered = this.engine.retried(key);
    if (remembered !== undefined) {
      return { result: remembering.decode(remembered), retried: true };
    }
    const failure = this.failPoint?.enter();
    if (failure?.error !== undefined) {
      throw failure.closesConnection ? connectionClosed() : failure.error;
    }
    let settled: R | undefined;
    const options: WriteOptions = {
      retry: { key, reply: commit => remembering.encode(settled as R, commit) }
    };
    const running = work(options, result => {
      settled = result;
    });
    this.running.set(key, running);
    try {
      const result = await running;
      if (failure?.closesConnection === true) {
        this.unheard.add(commandOf(key));
      }
      return { result, retried: false };
    } finally {
      if (this.running.get(key) === running) {
        this.running.delete(key);
      }
    }
  }

  /**
   * Ends the connection in place of the reply when a fail point says so. The command is done to its end before: a
   * driver repeats it once only. @throws ProtocolFault
   */
  cutOff({ session, txnNumber }: RetryIdentity): void {
    if (this.unheard.delete(`wire/${session}/${txnNumber}`)) {
      throw connectionClosed();
    }
  }
}

/** What the keys of a command have in common. */
const commandOf = (key: string): string => key.slice(0, key.lastIndexOf('/'));

function connectionClosed(): ProtocolFault {
  return new ProtocolFault('the fail point closes the connection');
}

/** Id of the statement at a position of a command. */
export function statementId(identity: RetryIdentity, position: number): number {
  return identity.stmtIds?.[position] ?? identity.firstStmtId + position;
}

/** Key under which the slice that begins at `position` is remembered. */
export function retryKey(identity: RetryIdentity | undefined, position: number): string | undefined {
  return identity === undefined
    ? undefined
    : `wire/${identity.session}/${identity.txnNumber}/${statementId(identity, position)}`;
}
