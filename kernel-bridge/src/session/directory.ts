import type { Lsn, Origin } from '@argon/wal-core';

/** Where a session stands, as the data plane needs it for one command. */
export interface SessionPosition {
  readonly id: string;
  /** Project of the checkout; absent until the first checkout. */
  readonly project?: string;
  /** What is checked out: a branch name (writable) or a past state such as `main@949`, `pin:NAME`. */
  readonly ref?: string;
  /** Who writes now, with the cell that runs. */
  readonly origin: Origin;
}

/** One read command of a session, told after it succeeded. */
export interface SessionRead {
  readonly project: string;
  /** Normalised: `main@949`. */
  readonly ref: string;
  readonly branch?: string;
  readonly lsn: Lsn;
  readonly collection: string;
  /** Documents handed out. */
  readonly documents: number;
}

/** One write command of a session, told after it is durable. */
export interface SessionWrite {
  readonly project: string;
  readonly branch: string;
  readonly collection: string;
  readonly firstLsn: Lsn;
  readonly lastLsn: Lsn;
  readonly inserts: number;
  readonly updates: number;
  readonly deletes: number;
}

/**
 * What the data plane knows of the sessions of kernels: it recognises a session by the `appName` of a
 * MongoDB connection (`argon:<session id>`) and tells what its commands read and wrote.
 */
export interface SessionDirectory {
  /** The session of an `appName`, looked up anew for each command because checkout and cell move. */
  byAppName(appName: string): SessionPosition | undefined;
  noteRead(sessionId: string, read: SessionRead): void;
  noteWrite(sessionId: string, write: SessionWrite): void;
}
