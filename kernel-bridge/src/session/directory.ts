import type { Filter, Lsn, Origin, TimelineId } from '@argon/wal-core';

/** What one read saw: a collection in a state. */
export interface SessionRead {
  readonly project: string;
  /** Normalised: `main@949`. */
  readonly ref: string;
  readonly branch?: string;
  /** Set when it was the head of the branch: its line of changes. What is written later is news to whoever read it. */
  readonly head?: TimelineId;
  readonly lsn: Lsn;
  readonly collection: string;
  /** Documents handed out. */
  readonly documents: number;
  /** What it asked for; undefined: the whole collection. Documents that this does not match are no part of the answer. */
  readonly filter?: Filter;
}

/** What one durable write changed. */
export interface SessionWrite {
  readonly project: string;
  readonly branch: string;
  readonly timeline: TimelineId;
  readonly collection: string;
  readonly firstLsn: Lsn;
  readonly lastLsn: Lsn;
  readonly inserts: number;
  readonly updates: number;
  readonly deletes: number;
}

/** Where a session is now. */
export interface SessionPlace {
  readonly id: string;
  /** The checked-out project, if any. */
  readonly project?: string;
  /** The checked-out ref of that project: a branch, or a past state. */
  readonly ref?: string;
  /** Who writes on this session now: actor, notebook, running cell. */
  readonly origin: Origin;
}

/**
 * What the data plane needs to know of the sessions, and tells them. The session of a MongoDB
 * connection is recognised by its `appName`, `argon:<session>`.
 */
export interface SessionDirectory {
  /** Undefined when the name is not that of an open session. Cheap: called for every command. */
  byAppName(appName: string): SessionPlace | undefined;
  noteRead(sessionId: string, read: SessionRead): void;
  noteWrite(sessionId: string, write: SessionWrite): void;
}

/** A directory without sessions: every connection is a stranger. */
export const NO_SESSIONS: SessionDirectory = {
  byAppName: () => undefined,
  noteRead: () => undefined,
  noteWrite: () => undefined
};
