import { deserialize, Long, serialize } from 'bson';
import type {
  Commit,
  CommitTime,
  Image,
  Lsn,
  Origin,
  Snapshot,
  Transaction,
  TransactionOptions,
  TransactionState,
  Writer
} from '../api';
import type { Branch, Project, Timeline } from '../branch/model';
import { ArgonError } from '../errors';
import {
  CONFLICT_CHECKS_MAX,
  TRANSACTION_IDLE_MS_MAX,
  TRANSACTION_MS_MAX,
  TRANSACTION_RECORDS_MAX,
  TRANSACTIONS_OPEN_MAX
} from '../limits';
import { checkFigures } from '../log/bounds';
import { nextTurn, Pace } from '../log/pace';
import type { View } from '../read/snapshot';
import type { Stage } from '../write/stage';
import { StagedView } from '../write/stagedview';
import { ClaimingWriter, Claims } from './claims';
import type { Core, Reading } from './core';
import { checkTxn } from './given';
import { runChange, type Trust } from './guardedwriter';
import { assertWritable } from './writers';

const ABORTED = 'was aborted, by an error or because it took too long';

/** Transactions: those that are open, and what became of those that were committed. */
export class TransactionOffice {
  private readonly open = new Set<OpenTransaction>();
  private started = 0;
  private readonly claims = new Claims();

  constructor(private readonly core: Core) {
    core.readers.push(() => this.held());
  }

  /** @throws LIMIT_EXCEEDED, TRANSACTION_GONE */
  begin(origin: Origin, { session, number }: TransactionOptions): OpenTransaction {
    checkTxn(session);
    checkFigures({ number });
    this.expire();
    if (this.open.size >= TRANSACTIONS_OPEN_MAX) {
      throw new ArgonError(
        'LIMIT_EXCEEDED',
        `At most ${TRANSACTIONS_OPEN_MAX} transactions are open at a time; this is number ${this.open.size + 1}.`,
        {
          data: { limit: TRANSACTIONS_OPEN_MAX, value: this.open.size + 1 }
        }
      );
    }
    const retry = session === undefined || number === undefined ? undefined : retryKey(session, number);
    if (retry !== undefined && this.core.remembered(retry) !== undefined) {
      throw gone('was committed already');
    }
    const id = session === undefined ? `t-${++this.started}` : `${session}/${number ?? ++this.started}`;
    const transaction = new OpenTransaction(this.core, id, origin, retry, this.claims, () =>
      this.open.delete(transaction)
    );
    this.open.add(transaction);
    return transaction;
  }

  /** Aborts what was open for too long, so that no state is held for ever. */
  expire(): void {
    for (const transaction of this.open) {
      transaction.expire();
    }
  }

  /** What a session's transaction with this number committed; undefined when it did not, or the session has gone on. */
  outcome(session: string, number: number): readonly Commit[] | undefined {
    const reply = this.core.remembered(retryKey(session, number));
    return reply === undefined ? undefined : decodeCommits(reply);
  }

  /** States that open transactions read: they must stay readable. */
  private *held(): Generator<Reading> {
    this.expire();
    for (const transaction of this.open) {
      yield* transaction.held();
    }
  }
}

/** What a transaction does on one timeline. */
interface Part {
  readonly project: Project;
  readonly branch: Branch;
  readonly stage: Stage;
  readonly view: View;
}

/** A transaction that has not ended yet; see `Transaction`. */
export class OpenTransaction implements Transaction {
  private readonly parts = new Map<Timeline, Part>();
  private readonly time: CommitTime;
  /** Timelines from this id on were made after the snapshot. */
  private readonly nextTimeline: number;
  private readonly deadlineMs: number;
  private usedAtMs: number;
  /** Writes that are under way or wait for their turn: while there are any it is no idle one. */
  private waiting = 0;
  private ending: Promise<readonly Commit[]> | undefined;
  private ended: Exclude<TransactionState, 'open'> | undefined;
  /** One write after another, so that no two share a stage. */
  private writing: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly core: Core,
    readonly id: string,
    private readonly origin: Origin,
    private readonly retry: string | undefined,
    private readonly claims: Claims,
    private readonly onEnd: () => void
  ) {
    this.time = core.lastCommitTime();
    this.nextTimeline = core.registry.nextTimeline;
    this.usedAtMs = performance.now();
    this.deadlineMs = this.usedAtMs + TRANSACTION_MS_MAX;
  }

  get state(): TransactionState {
    return this.ended ?? 'open';
  }

  get staged(): number {
    let count = 0;
    for (const { stage } of this.parts.values()) {
      count += stage.staged;
    }
    return count;
  }

  *held(): Generator<Reading> {
    for (const { view } of this.parts.values()) {
      yield { timeline: view.line, lsn: view.lsn, kind: 'transaction', name: this.id };
    }
  }

  expire(): void {
    const now = performance.now();
    const isIdle = this.waiting === 0 && now > this.usedAtMs + TRANSACTION_IDLE_MS_MAX;
    if (this.ended === undefined && this.ending === undefined && (isIdle || now > this.deadlineMs)) {
      this.abort();
    }
  }

  /** @throws TRANSACTION_GONE */
  private assertOpen(): void {
    this.expire();
    this.usedAtMs = performance.now();
    if (this.ended !== undefined || this.ending !== undefined) {
      throw gone(this.ended === 'aborted' ? ABORTED : 'was committed');
    }
  }

  async snapshot(projectName: string, branchName: string): Promise<Snapshot> {
    this.assertOpen();
    const { view, stage } = await this.part(projectName, branchName);
    this.assertOpen();
    const { store, stats, keys } = this.core;
    return new StagedView({ store, stats, keys, caughtUp: () => this.core.caughtUp() }, view, stage);
  }

  write<T>(
    projectName: string,
    branchName: string,
    change: (writer: Writer) => T,
    trust: Trust = {}
  ): Promise<T> {
    this.expire();
    this.waiting++;
    const turn = this.writing.then(async () => {
      this.assertOpen();
      const { branch, stage } = await this.part(projectName, branchName);
      this.assertOpen();
      try {
        assertWritable(branch);
        const claiming = new ClaimingWriter(stage, (collection, key) =>
          this.claims.take(this, branch.timeline.id, collection, key)
        );
        const result = runChange(stage, claiming, change, trust);
        if (this.staged > TRANSACTION_RECORDS_MAX) {
          throw new ArgonError(
            'LIMIT_EXCEEDED',
            `A transaction has at most ${TRANSACTION_RECORDS_MAX} changes; this one has ${this.staged}.`,
            { data: { limit: TRANSACTION_RECORDS_MAX, value: this.staged } }
          );
        }
        if (stage.isHeavy) {
          await stage.goAhead();
        }
        return result;
      } catch (error) {
        // What the change had staged before it failed cannot be told from the rest.
        const { head } = branch.timeline;
        this.abort();
        // A refusal that follows from a write which never was is none.
        await this.core.durable(branch.timeline, head);
        throw error;
      }
    });
    this.writing = turn
      .catch(() => undefined)
      .finally(() => {
        this.waiting--;
        this.usedAtMs = performance.now();
      });
    return turn;
  }

  /** The transaction's share of a branch, begun when it is first touched. @throws WRITE_CONFLICT */
  private async part(projectName: string, branchName: string): Promise<Part> {
    const project = this.core.registry.project(projectName);
    const branch = this.core.registry.branch(project, branchName);
    const { timeline } = branch;
    const known = this.parts.get(timeline);
    if (known !== undefined) {
      return known;
    }
    // The first timeline of a project that was made meanwhile was empty when the transaction began.
    if (timeline.id >= this.nextTimeline && timeline.parent !== undefined) {
      this.abort();
      throw moved(branchName);
    }
    while (project.streamed.size > 0) {
      // A large commit that the snapshot may include is not in the state yet.
      await Promise.all([...project.streamed.keys()].map(line => this.core.writers.lock(line).idle()));
      await nextTurn();
    }
    const lsn = this.core.lsnAt(project, this.time);
    const view = this.core.view(project, {
      timeline,
      lsn,
      ref: `${branchName}@${lsn}`,
      branch: branchName,
      writable: true
    });
    const stage = this.core.stage(project, branch, { snapshot: lsn });
    const part = { project, branch, stage, view };
    this.parts.set(timeline, part);
    return part;
  }

  abort(): void {
    if (this.ending === undefined) {
      this.end('aborted');
    }
  }

  private end(state: Exclude<TransactionState, 'open'>): void {
    this.ended ??= state;
    for (const { stage } of this.parts.values()) {
      stage.close();
    }
    this.parts.clear();
    this.claims.release(this);
    this.onEnd();
  }

  commit(): Promise<readonly Commit[]> {
    if (this.ending === undefined) {
      this.expire();
      this.ending = this.writing.then(async () => {
        if (this.ended !== undefined) {
          throw gone(ABORTED);
        }
        try {
          const commits = await this.finish();
          this.end('committed');
          return commits;
        } catch (error) {
          this.end('aborted');
          throw error;
        }
      });
    }
    return this.ending;
  }

  private async finish(): Promise<readonly Commit[]> {
    const changed = [...this.parts.values()]
      .filter(({ stage }) => stage.staged > 0)
      .sort((a, b) => a.branch.timeline.id - b.branch.timeline.id);
    if (changed.length === 0) {
      return [];
    }
    if (this.staged > CONFLICT_CHECKS_MAX || changed.some(({ stage }) => stage.spill !== undefined)) {
      return this.locked(changed, changed.length, () => this.finishLarge(changed));
    }
    await this.core.writers.branches(changed.map(({ project, branch }) => [project.name, branch.name]));
    // From here to the queue of the log nothing waits, so that nobody can come in between.
    for (const part of changed) {
      this.assertStill(part);
      for (const _ of part.stage.checkConflicts()) {
        // Few enough to be checked at once.
      }
    }
    return this.log(changed);
  }

  /** Holds the timelines, in the order of their ids, while `task` runs. */
  private locked<T>(parts: readonly Part[], left: number, task: () => Promise<T>): Promise<T> {
    return left === 0
      ? task()
      : this.core.writers
          .lock(parts[parts.length - left]!.branch.timeline)
          .run(() => this.locked(parts, left - 1, task));
  }

  private async finishLarge(changed: readonly Part[]): Promise<readonly Commit[]> {
    // Whoever was let through before the locks were held has staged by then.
    await nextTurn();
    const pace = new Pace();
    for (const part of changed) {
      for (const _ of part.stage.checkConflicts()) {
        if (pace.isDue) {
          await pace.rest();
        }
      }
    }
    if (changed.some(({ stage }) => stage.spill !== undefined)) {
      for (const { stage } of changed) {
        await stage.goAhead();
      }
    }
    changed.forEach(part => this.assertStill(part));
    return this.log(changed);
  }

  /** @throws WRITE_CONFLICT when the branch points elsewhere by now, BRANCH_PROTECTED */
  private assertStill({ project, branch }: Part): void {
    const now =
      this.core.registry.find(project.name) === project ? project.branches.get(branch.name) : undefined;
    if (now?.timeline !== branch.timeline) {
      throw moved(branch.name);
    }
    assertWritable(now);
  }

  private async log(changed: readonly Part[]): Promise<readonly Commit[]> {
    const { retry } = this;
    const { commits } = await this.core.commit(changed, this.origin, {
      atomic: true,
      txn: this.id,
      control: made => (retry === undefined ? [] : this.core.retries.rows(retry, encodeCommits(made)))
    });
    return commits;
  }
}

function retryKey(session: string, number: number): string {
  return `${session}/${number}/commit`;
}

function encodeCommits(commits: readonly Commit[]): Image {
  return Buffer.from(
    serialize({ commits: commits.map(({ time, ...rest }) => ({ ...rest, time: Long.fromBigInt(time) })) })
  );
}

function decodeCommits(reply: Image): Commit[] {
  const { commits } = deserialize(reply, { promoteLongs: false }) as {
    commits: (Omit<Commit, 'time'> & { time: Long })[];
  };
  return commits.map(({ time, firstLsn, lastLsn, ...rest }) => ({
    ...rest,
    firstLsn: Number(firstLsn) as Lsn,
    lastLsn: Number(lastLsn) as Lsn,
    time: BigInt.asUintN(64, time.toBigInt()) as CommitTime
  }));
}

function gone(what: string): ArgonError {
  return new ArgonError('TRANSACTION_GONE', `The transaction ${what}. Start a new one.`, {
    data: { mongoCode: 251, codeName: 'NoSuchTransaction' }
  });
}

function moved(branch: string): ArgonError {
  return new ArgonError(
    'WRITE_CONFLICT',
    `${branch} points to another line of changes than when the transaction began. Run the transaction again.`,
    { data: { branch, mongoCode: 112, codeName: 'WriteConflict' } }
  );
}
