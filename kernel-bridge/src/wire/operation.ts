import { isArgonError } from '@argon/wal-core';
import type { ConnectionState } from './context';
import { MongoError } from './errors';
import type { SessionKey } from './lsid';

/** Who sent a command. */
export type Sender = Pick<ConnectionState, 'id' | 'appName' | 'metadata' | 'remoteAddress'> & {
  readonly signIn: Pick<ConnectionState['signIn'], 'user'>;
};

/** One running command: it can be watched (`currentOp`), stopped (`killOp`) and runs out of time. */
export class Operation {
  readonly control = new AbortController();
  readonly startedAt = Date.now();
  /** The logical session it belongs to. */
  session: SessionKey | undefined;
  private reason: MongoError | undefined;
  private timer: NodeJS.Timeout | undefined;
  private expiresAt = Infinity;
  /** What long work is about, and how many documents it has looked at. */
  work: { readonly message: string; readonly done: number } | undefined;

  constructor(
    readonly id: number,
    readonly sender: Sender,
    readonly command: string,
    readonly namespace: string,
    private readonly isOverAtOnce: () => boolean = () => false
  ) {}

  get signal(): AbortSignal {
    return this.control.signal;
  }

  /** Gives the operation a time limit (`maxTimeMS`; 0 is none). @throws MongoError 50 when a fail point has it so */
  limit(milliseconds: number | undefined): void {
    if (milliseconds !== undefined && milliseconds > 0) {
      if (this.isOverAtOnce()) {
        throw timeExpired();
      }
      this.expiresAt = Date.now() + milliseconds;
      this.timer = setTimeout(() => this.stop(timeExpired()), milliseconds);
    }
  }

  /** Milliseconds left of the time limit; undefined without one. */
  get remainingMs(): number | undefined {
    return this.expiresAt === Infinity ? undefined : this.expiresAt - Date.now();
  }

  /** Makes the operation fail with `reason` at its next step. */
  stop(reason: MongoError): void {
    if (this.reason === undefined) {
      this.reason = reason;
      this.control.abort(reason);
    }
  }

  /** Long work calls this between its steps. @throws MongoError 50, 11601 */
  check(): void {
    // A busy loop keeps the timer from firing, so the clock decides too.
    if (this.reason === undefined && Date.now() > this.expiresAt) {
      this.stop(timeExpired());
    }
    if (this.reason !== undefined) {
      throw this.reason;
    }
  }

  /** The reason behind a cancelled scan, or the error itself. */
  explain(error: unknown): unknown {
    const cancelled =
      isArgonError(error, 'CANCELLED') || (error instanceof Error && error.name === 'AbortError');
    return cancelled && this.reason !== undefined ? this.reason : error;
  }

  finish(): void {
    clearTimeout(this.timer);
  }
}

/** All running commands of a server. */
export class Operations {
  private readonly running = new Map<number, Operation>();
  private lastId = 0;

  /** @param isOverAtOnce whether every time limit is over when it is set, for tests of drivers */
  constructor(private readonly isOverAtOnce?: () => boolean) {}

  start(sender: Sender, command: string, namespace: string): Operation {
    this.lastId = (this.lastId + 1) & 0x7fffffff;
    const operation = new Operation(this.lastId, sender, command, namespace, this.isOverAtOnce);
    this.running.set(operation.id, operation);
    return operation;
  }

  finish(operation: Operation): void {
    operation.finish();
    this.running.delete(operation.id);
  }

  get(id: number): Operation | undefined {
    return this.running.get(id);
  }

  all(): Operation[] {
    return [...this.running.values()];
  }
}

function timeExpired(): MongoError {
  return new MongoError('MaxTimeMSExpired', 'operation exceeded time limit');
}

/** What a stopped operation of a client fails with. */
export function interrupted(): MongoError {
  return new MongoError('Interrupted', 'operation was interrupted');
}
