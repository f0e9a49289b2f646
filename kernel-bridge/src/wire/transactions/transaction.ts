import type { Commit, Engine, Origin, Snapshot, Transaction, Writer } from '@argon/wal-core';
import { MongoError } from '../errors';
import type { SessionKey } from '../lsid';

/** Documents a transaction wrote, by place and collection: told to the kernel's session when it is committed. */
export interface TransactionWrite {
  readonly project: string;
  readonly branch: string;
  readonly collection: string;
  inserts: number;
  updates: number;
  deletes: number;
}

export type TransactionPhase = 'open' | 'committed' | 'aborted';

/**
 * A multi-document transaction of a driver's session. The engine's transaction below it begins with the first state it
 * reads or writes, so that a project its first command makes is a part of what it sees.
 */
export class WireTransaction {
  private inner: Transaction | undefined;
  private closed: Exclude<TransactionPhase, 'open'> | undefined;
  private readonly noted = new Map<string, TransactionWrite>();
  /** The connection of its latest command, when that is one of a kernel's session. */
  connection: number | undefined;
  /** What it committed, for a commit that is asked again. */
  commits: readonly Commit[] = [];

  constructor(
    private readonly engine: Engine,
    readonly session: SessionKey,
    readonly number: bigint,
    private readonly origin: Origin
  ) {}

  get phase(): TransactionPhase {
    if (this.closed === undefined && this.inner?.state === 'aborted') {
      this.closed = 'aborted';
    }
    return this.closed ?? 'open';
  }

  /** What it reads on a branch, its own writes included. @throws TRANSACTION_GONE, WRITE_CONFLICT */
  snapshot(project: string, branch: string): Promise<Snapshot> {
    return this.begun().snapshot(project, branch);
  }

  /** Changes a branch in it, with documents that were checked when the message was read. An error ends it. @throws TRANSACTION_GONE, WRITE_CONFLICT, whatever `change` throws */
  write<T>(project: string, branch: string, change: (writer: Writer) => T): Promise<T> {
    return this.begun().write(project, branch, change, { isChecked: true });
  }

  /** Keeps in mind what was written, until it counts. */
  note({ project, branch, collection, inserts, updates, deletes }: TransactionWrite): void {
    const key = JSON.stringify([project, branch, collection]);
    const sum = this.noted.get(key);
    if (sum === undefined) {
      this.noted.set(key, { project, branch, collection, inserts, updates, deletes });
      return;
    }
    sum.inserts += inserts;
    sum.updates += updates;
    sum.deletes += deletes;
  }

  writes(): IterableIterator<TransactionWrite> {
    return this.noted.values();
  }

  /** Makes it durable; asked again, the answer is the same. @throws WRITE_CONFLICT, TRANSACTION_GONE, DISK_FULL, LOG_FAILED */
  async commit(): Promise<readonly Commit[]> {
    if (this.closed === undefined && this.inner !== undefined) {
      try {
        this.commits = await this.inner.commit();
      } catch (error) {
        this.closed = 'aborted';
        throw error;
      }
    }
    this.closed ??= 'committed';
    return this.commits;
  }

  abort(): void {
    this.inner?.abort();
    this.closed ??= 'aborted';
  }

  private begun(): Transaction {
    if (this.phase !== 'open') {
      throw new MongoError('NoSuchTransaction', `Transaction ${this.number} has been ${this.phase}.`);
    }
    this.inner ??= this.engine.transaction(this.origin, {
      session: this.session,
      number: Number(this.number)
    });
    return this.inner;
  }
}
