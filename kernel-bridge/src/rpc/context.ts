import { ArgonError, type Engine, type Lsn, type Origin } from '@argon/wal-core';
import type { BackgroundKeeper } from '../keeping/keeper';
import type { Logger } from '../logger';
import type { RunTracking } from '../mlflow/tracking';
import type { Sessions } from '../session/sessions';
import type { HelloParams, Methods } from './protocol';

/** What the methods work on: one for the process. */
export interface BridgeContext {
  readonly engine: Engine;
  readonly sessions: Sessions;
  readonly keeper: BackgroundKeeper;
  readonly logger: Logger;
  readonly version: string;
  /** Who acts when a request comes from no session. */
  readonly actor: string;
  readonly startedAt: Date;
  /** MongoDB connection string for the callers of the control plane, without a database. */
  readonly wire: string;
  readonly tracking?: RunTracking;
  readonly connections: () => number;
  readonly wireConnections: () => number;
  /** Asks the process to end cleanly, after the replies on their way. */
  readonly shutdown: () => void;
  readonly clock: () => number;
}

/** Who calls: one for each connection. */
export interface Caller {
  /** Set by `hello`. */
  client: HelloParams['client'] | undefined;
  /** Set by `hello` when the protocol versions differ. */
  readOnly: boolean;
  /** The session that was opened on this connection last. */
  session: string | undefined;
  /** Aborted when the connection is gone. */
  readonly signal: AbortSignal;
  subscribe(project: string | undefined): string;
  /** False when there is no such subscription. */
  unsubscribe(subscription: string): boolean;
}

/** One method. Runs up to its first wait in the order in which requests arrive. */
export type Handler<M extends keyof Methods> = (
  params: Methods[M]['params'],
  caller: Caller
) => Methods[M]['result'] | Promise<Methods[M]['result']>;

/** The methods whose names begin with `Prefix.`, or are `Prefix`. */
export type Handlers<Prefix extends string = string> = {
  [M in keyof Methods as M extends Prefix | `${Prefix}.${string}` ? M : never]: Handler<M>;
};

/** Who acts: the named session, else the connection's own, else whoever owns the process. @throws SESSION_NOT_FOUND */
export function originOf(context: BridgeContext, caller: Caller, session: string | undefined): Origin {
  const id = session ?? caller.session;
  return id === undefined ? { actor: context.actor } : context.sessions.origin(id);
}

/** An LSN of a request. JSON has no integers: beyond 2^53 a number would mean another LSN than was written. */
export function lsnOf(value: number): Lsn {
  if (!Number.isSafeInteger(value)) {
    throw new ArgonError('BAD_REQUEST', `${value} is not an LSN: it must be a whole number below 2^53.`);
  }
  return value as Lsn;
}

/** The size of a page: what was asked for, within the limit. */
export function pageSize(asked: number | undefined, usual: number, most: number): number {
  return Math.min(asked ?? usual, most);
}
