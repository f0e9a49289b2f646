import {
  isArgonError,
  type Change,
  type CommitTime,
  type Engine,
  type Image,
  type Lsn
} from '@argon/wal-core';
import { MongoError } from '../errors';
import { collectionUuid } from '../commands/collections';
import { DATABASE_DROP } from '../commands/databases';
import {
  catalogEvent,
  catalogEvents,
  databaseDropEvent,
  documentEvent,
  invalidateEvent,
  type EventNamespace,
  type EventTerms
} from './events';
import { Bell } from './bell';
import { mergedChanges, type Told } from './merged';
import type { StreamRequest } from './request';
import type { StreamScope, WatchedBranch } from './scope';
import { encodeToken, type Position } from './token';

/** Changes looked through before a poll gives what it has. */
const CHANGES_PER_ROUND = 1_000;
/** Bytes of events before a poll gives what it has. */
const BYTES_PER_ROUND = 4 * 1024 * 1024;

/**
 * The events of a change stream, in the order of commit times. Nothing is read and nobody is subscribed while no one
 * waits for them: the position is all that a stream holds.
 */
export class ChangeFeed {
  private position: Position;
  private over = false;
  private seen: WatchedBranch | undefined;

  constructor(
    private readonly engine: Engine,
    private readonly scope: StreamScope,
    private readonly request: StreamRequest
  ) {
    this.position = this.begin();
  }

  /** An `invalidate` was told: nothing follows. */
  get isOver(): boolean {
    return this.over;
  }

  /** Resumes behind everything that was polled. */
  token(): Buffer {
    return encodeToken(this.position);
  }

  /** Events that came since the last poll: those that are there, else the first ones within `waitMs`. */
  async poll(waitMs: number, signal: AbortSignal): Promise<Buffer[]> {
    const deadline = performance.now() + waitMs;
    for (;;) {
      signal.throwIfAborted();
      const rung = new Bell(this.engine, signal);
      try {
        const before = this.position;
        const events = await this.round(signal);
        if (events.length > 0 || this.over) {
          return events;
        }
        if (this.position !== before) {
          continue;
        }
        const left = deadline - performance.now();
        if (left <= 0) {
          return [];
        }
        await rung.within(left);
      } catch (error) {
        throw explained(error);
      } finally {
        rung.close();
      }
    }
  }

  private begin(): Position {
    const { start } = this.request;
    const [only] = this.scope.isOne ? this.scope.branches() : [];
    this.seen = only;
    const timeline = only?.branch.timeline ?? 0;
    if (start === undefined) {
      return { time: this.engine.lastCommitTime(), project: 0, lsn: 0 as Lsn, timeline, invalidated: false };
    }
    if ('time' in start) {
      const time = (start.time > 0n ? start.time - 1n : 0n) as CommitTime;
      return { time, project: 0, lsn: 0 as Lsn, timeline, invalidated: false };
    }
    const { token } = start;
    if (token.timeline !== 0 && token.timeline !== timeline) {
      throw gone('the branch was reset or deleted since the resume token was made');
    }
    return { ...token, timeline, invalidated: false };
  }

  /** Reads on from the position: some events, or none when nothing that concerns the stream has come. */
  private async round(signal: AbortSignal): Promise<Buffer[]> {
    const branches = this.scope.branches();
    if (this.hasMoved(branches)) {
      return [this.invalidate(this.engine.lastCommitTime())];
    }
    const now = this.engine.lastCommitTime();
    if (now <= this.position.time && this.position.project === 0) {
      return [];
    }
    const events: Buffer[] = [];
    const merged = mergedChanges(this.engine, branches, watched => this.after(watched), now, signal);
    let bytes = 0;
    let looked = 0;
    try {
      for (;;) {
        const { done, value } = await merged.next();
        if (done === true) {
          if (value) {
            this.position = { ...this.position, time: now, project: 0, lsn: 0 as Lsn };
          }
          return events;
        }
        for (const event of this.eventsOf(value)) {
          events.push(event);
          bytes += event.length;
        }
        if (this.over || ++looked >= CHANGES_PER_ROUND || bytes >= BYTES_PER_ROUND) {
          return events;
        }
      }
    } finally {
      await merged.return(false);
    }
  }

  /** Whether the one branch that is watched is gone, or points to another line of changes. */
  private hasMoved([only]: readonly WatchedBranch[]): boolean {
    if (!this.scope.isOne) {
      return false;
    }
    const { seen } = this;
    if (seen === undefined) {
      // While there is no such branch the position stays as it is: a new one means that something was read.
      if (only !== undefined) {
        this.seen = only;
        this.position = { ...this.position, timeline: only.branch.timeline };
      }
      return false;
    }
    return only?.projectId !== seen.projectId || only.branch.timeline !== seen.branch.timeline;
  }

  /** The newest LSN of a project that was told. */
  private after({ project, projectId }: WatchedBranch): Lsn {
    const { time, project: last, lsn } = this.position;
    if (last === projectId) {
      return lsn;
    }
    const isTold = last === 0 || projectId < last;
    return this.engine.lsnAt(project, (isTold || time === 0n ? time : time - 1n) as CommitTime);
  }

  private eventsOf({ change, watched }: Told): Buffer[] {
    this.position = {
      time: change.commitTime,
      project: watched.projectId,
      lsn: change.lsn,
      timeline: this.position.timeline,
      invalidated: false
    };
    const { database } = watched;
    const wanted = this.scope.collection;
    if (change.catalog === undefined) {
      // What a drop takes with it is told by the drop.
      const isTold = change.kind !== 'catalog' && (wanted === undefined || change.collection === wanted);
      const where = this.namespace(watched, change);
      return isTold ? [documentEvent(change, this.token(), where, this.terms(watched))] : [];
    }
    const { before, after } = change.catalog;
    const collection = (before ?? after)!.name;
    if (wanted !== undefined && wanted !== collection) {
      return [];
    }
    const events: Buffer[] = [];
    for (const what of catalogEvents(change)) {
      const isEnd = what.type === 'drop' || what.type === 'rename';
      if (isEnd || this.request.expanded) {
        events.push(catalogEvent(what, change, this.token(), this.namespace(watched, change), this.request));
      }
      if (isEnd && wanted !== undefined) {
        events.push(this.invalidate(change.commitTime));
      }
    }
    if (wanted === undefined && this.dropsDatabase(change, watched)) {
      events.push(databaseDropEvent(change, this.token(), database));
      if (this.scope.isOne) {
        events.push(this.invalidate(change.commitTime));
      }
    }
    return events;
  }

  /** Whether a change is the last drop of a `dropDatabase`. */
  private dropsDatabase({ txn, lsn, catalog }: Change, { project, branch }: WatchedBranch): boolean {
    return (
      txn?.startsWith(DATABASE_DROP) === true &&
      catalog?.after === undefined &&
      this.engine.resolve(project, `${branch.name}@${lsn}`).collections().length === 0
    );
  }

  /** The namespace of a change, with the UUID of its collection where the stream shows it. */
  private namespace({ project, branch, database }: WatchedBranch, change: Change): EventNamespace {
    const { catalog } = change;
    const collection = (catalog?.before ?? catalog?.after)?.name ?? change.collection;
    if (!this.request.expanded) {
      return { database, collection };
    }
    const info =
      catalog?.before ??
      catalog?.after ??
      this.engine.resolve(project, `${branch.name}@${change.lsn}`).collection(collection);
    return { database, collection, uuid: info === undefined ? undefined : collectionUuid(project, info) };
  }

  private invalidate(time: CommitTime): Buffer {
    this.over = true;
    this.position = { ...this.position, invalidated: true };
    return invalidateEvent(this.token(), time);
  }

  private terms({ project, branch }: WatchedBranch): EventTerms {
    return {
      request: this.request,
      lookUp: ({ collection, key }: Change): Image | undefined => {
        const head = this.engine.resolve(project, branch.name);
        const info = head.collection(collection);
        return info === undefined ? undefined : head.get(info, key);
      }
    };
  }
}

/** History that garbage collection took cannot be told any more. */
function explained(error: unknown): unknown {
  return isArgonError(error, 'HISTORY_GONE') ? gone(error.message, error) : error;
}

function gone(why: string, cause?: unknown): MongoError {
  return new MongoError('ChangeStreamHistoryLost', `Resume of change stream was not possible: ${why}`, {
    fields: { errorLabels: ['NonResumableChangeStreamError'] },
    ...(cause === undefined ? {} : { cause })
  });
}
