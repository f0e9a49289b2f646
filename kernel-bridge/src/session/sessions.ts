import { randomBytes } from 'node:crypto';
import { ArgonError, type BranchInfo, type Engine, type EngineEvent, type Origin } from '@argon/wal-core';
import type { Logger } from '../logger';
import type { CellActivity, CellEvent, Session, SessionEvent, SessionOpenParams } from '../rpc/protocol';
import { CellExecution, type DigestOf, type ReadBase } from './activity';
import { checkoutOf, describeCheckout } from './checkout';
import { defined } from '../defined';
import type { SessionDirectory, SessionPlace, SessionRead, SessionWrite } from './directory';
import { Fates } from './fate';
import { decodeRecord, encodeRecord, sameRecord, SESSION_PREFIX, type SessionRecord } from './record';

/** Sessions that are remembered at most; the longest unseen one without a connection goes first. */
export const SESSIONS_MAX = 1_000;
/** Executions that are remembered of one session. */
export const CELLS_MAX = 500;
/** A session without a connection is forgotten after this time. */
export const SESSION_UNSEEN_DAYS_MAX = 30;
/** A kernel that comes back within this time goes on with the cell it ran. */
const RECONNECT_GRACE_MS = 10_000;
/** How old `seenAt` on disk may grow before a mere reconnection is worth a commit. */
const SEEN_STEP_MS = 3_600_000;
const APP_NAME_PREFIX = 'argon:';
const SESSION_ID = /^[\w.-]{1,100}$/;
const TEXT_LENGTH_MAX = 4_096;

interface LiveSession {
  record: SessionRecord;
  cell: CellExecution | undefined;
  readonly cells: CellExecution[];
  /** Connections on which it is open. */
  readonly connections: Set<object>;
  grace: NodeJS.Timeout | undefined;
}

/** What sessions tell subscribers. */
export type SessionNews = SessionEvent | CellEvent;

/** What the directory of sessions is made from. */
export interface SessionsOptions {
  readonly engine: Engine;
  readonly logger: Logger;
  /** Actor of a session that names none. */
  readonly actor: string;
  readonly clock?: () => number;
}

/**
 * The sessions of kernels and clients: who they are, what they have checked out, which cell runs.
 * A session and its checkout are durable; what its cells did is kept in memory.
 */
export class Sessions implements SessionDirectory {
  private readonly engine: Engine;
  private readonly logger: Logger;
  private readonly actor: string;
  private readonly clock: () => number;
  private readonly sessions = new Map<string, LiveSession>();
  private readonly listeners = new Set<(news: SessionNews) => void>();
  private readonly fates: Fates;
  /** What subscribers know of the writes of a cell, unless all stand. */
  private readonly told = new WeakMap<CellExecution, string>();
  private readonly stop: () => void;

  constructor(options: SessionsOptions) {
    this.engine = options.engine;
    this.logger = options.logger;
    this.actor = options.actor;
    this.clock = options.clock ?? Date.now;
    this.fates = new Fates(this.engine);
    this.load();
    this.stop = this.engine.subscribe(event => this.follow(event));
  }

  /** Ends timers and the subscription; what is durable stays. */
  dispose(): void {
    this.stop();
    for (const session of this.sessions.values()) {
      clearTimeout(session.grace);
    }
    this.listeners.clear();
  }

  /** Tells `listener` what happens to sessions. Returns the way to stop it. */
  subscribe(listener: (news: SessionNews) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  byAppName(appName: string): SessionPlace | undefined {
    if (!appName.startsWith(APP_NAME_PREFIX)) {
      return undefined;
    }
    const session = this.sessions.get(appName.slice(APP_NAME_PREFIX.length));
    if (!session) {
      return undefined;
    }
    const { id, project, ref } = session.record;
    return {
      id,
      ...(project === undefined ? {} : { project }),
      ...(ref === undefined ? {} : { ref }),
      origin: originOf(session)
    };
  }

  noteRead(sessionId: string, read: SessionRead): void {
    this.sessions.get(sessionId)?.cell?.noteRead(read);
  }

  noteWrite(sessionId: string, write: SessionWrite): void {
    this.sessions.get(sessionId)?.cell?.noteWrite(write);
  }

  /**
   * A session deleted a branch. If its running cell had made the branch from what the session has checked out again, as
   * a sandbox does, the cell has read that; and what it wrote may go on under the name that the branch was kept by.
   */
  noteDeletedBranch(
    sessionId: string,
    project: string,
    { name, timeline, fork }: Pick<BranchInfo, 'name' | 'timeline' | 'fork'>
  ): void {
    const session = this.sessions.get(sessionId);
    const cell = session?.cell;
    if (session === undefined || cell === undefined) {
      return;
    }
    const { record } = session;
    let base: ReadBase | undefined;
    if (fork?.branch !== undefined && record.project === project && record.ref === fork.branch) {
      const { branch, lsn } = fork;
      base = { branch, head: this.engine.resolve(project, branch).timeline, lsn };
    }
    cell.noteDeletedBranch(project, name, base);
    if (!cell.written().some(write => write.project === project && write.timeline === timeline)) {
      return;
    }
    const kept = this.engine
      .timelines(project)
      .find(({ id, parent }) => parent === timeline && this.engine.branchOf(project, id) !== undefined);
    if (kept !== undefined) {
      cell.noteBranchOf(project, timeline, this.engine.branchOf(project, kept.id)!);
    }
  }

  /** A run was registered by the session: by the cell it names, which may have ended by now, else by the one that runs. */
  noteRun(sessionId: string, run: string, cell: { id?: string; number?: number } = {}): void {
    const named = cell.id === undefined ? undefined : this.execution(sessionId, cell);
    (named ?? this.sessions.get(sessionId)?.cell)?.noteRun(run);
  }

  /** Who acts when `sessionId` asks. @throws SESSION_NOT_FOUND */
  origin(sessionId: string): Origin {
    return originOf(this.find(sessionId));
  }

  /** Opens the session, or opens it again. `connection` keeps it connected until `detach`. */
  async open(params: SessionOpenParams, connection?: object): Promise<Session> {
    const { id = randomBytes(8).toString('hex') } = params;
    checkTexts(params);
    if (!SESSION_ID.test(id)) {
      throw new ArgonError(
        'BAD_REQUEST',
        'A session id has 1 to 100 letters, digits, dots, hyphens or underscores.'
      );
    }
    const known = this.sessions.get(id);
    const now = new Date(this.clock());
    const place = checkoutOf(
      this.engine,
      params.project ?? known?.record.project,
      params.ref,
      params.project !== undefined
    );
    const record: SessionRecord = {
      ...(known?.record ?? { id, actor: this.actor, openedAt: now }),
      ...defined<Partial<SessionRecord>>({
        kernel: params.kernel,
        notebook: params.notebook,
        actor: params.actor
      }),
      ...place,
      seenAt: now
    };
    const session = known ?? this.add(record);
    const durable =
      known !== undefined &&
      sameRecord(known.record, record) &&
      now.getTime() - known.record.seenAt.getTime() < SEEN_STEP_MS;
    session.record = durable ? known.record : record;
    if (connection) {
      session.connections.add(connection);
      clearTimeout(session.grace);
    }
    if (!durable) {
      await this.save(session);
    }
    this.tell({ type: 'session', session: this.describe(session), op: 'open' });
    return this.describe(session);
  }

  /** One session. @throws SESSION_NOT_FOUND */
  get(id: string): Session {
    return this.describe(this.find(id));
  }

  /** All sessions, the connected first, then the newest first. */
  list(): Session[] {
    return [...this.sessions.values()]
      .sort(
        (a, b) =>
          Number(b.connections.size > 0) - Number(a.connections.size > 0) ||
          b.record.seenAt.getTime() - a.record.seenAt.getTime()
      )
      .map(session => this.describe(session));
  }

  /** Moves a session. A time in the ref is fixed to the state it means now. */
  async checkout(id: string, project: string | undefined, ref: string): Promise<Session> {
    const session = this.find(id);
    const place = checkoutOf(this.engine, project ?? session.record.project, ref, false);
    session.record = { ...session.record, ...place, seenAt: new Date(this.clock()) };
    await this.save(session);
    const view = this.describe(session);
    this.tell({ type: 'session', session: view, op: 'checkout' });
    return view;
  }

  /** A cell starts; one that still runs ends. A kernel that comes back says the running one again, and goes on with it. */
  async startCell(id: string, cell: { id: string; number?: number }): Promise<CellActivity> {
    checkTexts({ cell: cell.id });
    const session = this.find(id);
    const running = session.cell;
    if (
      running &&
      running.cell === cell.id &&
      cell.number !== undefined &&
      running.cellNumber === cell.number
    ) {
      return this.activity(id, running);
    }
    if (running) {
      await this.endCell(id);
    }
    const execution = new CellExecution(cell.id, cell.number, new Date(this.clock()));
    session.cell = execution;
    session.cells.push(execution);
    if (session.cells.length > CELLS_MAX) {
      session.cells.shift();
    }
    this.tell({ type: 'session', session: this.describe(session), op: 'cell' });
    return this.activity(id, execution);
  }

  /** The running cell ends; null when none runs. */
  async endCell(id: string): Promise<CellActivity | null> {
    const session = this.find(id);
    const execution = session.cell;
    if (!execution) {
      return null;
    }
    session.cell = undefined;
    execution.finishedAt = new Date(this.clock());
    const activity = await this.activity(id, execution);
    this.tell({ type: 'session', session: this.describe(session), op: 'cell' });
    this.tell({ type: 'cell', session: id, activity });
    return activity;
  }

  /** What the cells of a session did, newest first. */
  async cells(id: string, limit = CELLS_MAX): Promise<CellActivity[]> {
    const newest = [...this.find(id).cells].reverse().slice(0, limit);
    const activities: CellActivity[] = [];
    for (const execution of newest) {
      activities.push(await this.activity(id, execution));
    }
    return activities;
  }

  /** What the cells of a session did, oldest first. @throws SESSION_NOT_FOUND */
  executions(id: string): readonly CellExecution[] {
    return this.find(id).cells;
  }

  /** The newest execution of a cell, by its number or id; undefined when it is not remembered. */
  execution(id: string, cell: { id?: string; number?: number }): CellExecution | undefined {
    return this.sessions
      .get(id)
      ?.cells.findLast(
        execution =>
          (cell.number === undefined || execution.cellNumber === cell.number) &&
          (cell.id === undefined || execution.cell === cell.id)
      );
  }

  /** Ends a session for good. */
  async close(id: string): Promise<void> {
    const session = this.find(id);
    await this.endCell(id);
    clearTimeout(session.grace);
    session.connections.clear();
    const view = this.describe(session);
    this.sessions.delete(id);
    await this.put(id, undefined);
    this.tell({ type: 'session', session: view, op: 'close' });
  }

  /** A connection is gone, and with it what it kept connected. */
  detach(connection: object): void {
    for (const session of this.sessions.values()) {
      if (!session.connections.delete(connection) || session.connections.size > 0) {
        continue;
      }
      this.tell({ type: 'session', session: this.describe(session), op: 'disconnect' });
      clearTimeout(session.grace);
      session.grace = setTimeout(() => {
        if (session.connections.size === 0 && this.sessions.has(session.record.id)) {
          this.endCell(session.record.id).catch((error: unknown) =>
            this.logger.warn('the cell of a lost session could not be ended', { error })
          );
        }
      }, RECONNECT_GRACE_MS).unref();
    }
  }

  private find(id: string): LiveSession {
    const session = this.sessions.get(id);
    if (!session) {
      throw new ArgonError(
        'SESSION_NOT_FOUND',
        `The session ${JSON.stringify(id)} is unknown. Open it again.`,
        {
          data: { session: id }
        }
      );
    }
    return session;
  }

  private load(): void {
    const oldest = this.clock() - SESSION_UNSEEN_DAYS_MAX * 86_400_000;
    for (const { key, value } of this.engine.values(SESSION_PREFIX)) {
      const record = decodeRecord(value);
      if (!record) {
        this.logger.warn('a stored session is of an unknown form and is left alone', { key });
      } else if (record.seenAt.getTime() < oldest) {
        void this.put(record.id, undefined);
      } else {
        this.sessions.set(record.id, live(record));
      }
    }
  }

  private add(record: SessionRecord): LiveSession {
    if (this.sessions.size >= SESSIONS_MAX) {
      const unseen = [...this.sessions.values()]
        .filter(session => session.connections.size === 0)
        .sort((a, b) => a.record.seenAt.getTime() - b.record.seenAt.getTime())[0];
      if (!unseen) {
        throw new ArgonError(
          'LIMIT_EXCEEDED',
          `At most ${SESSIONS_MAX} sessions can be open. Close one first.`,
          {
            data: { limit: SESSIONS_MAX, value: this.sessions.size + 1 }
          }
        );
      }
      this.sessions.delete(unseen.record.id);
      void this.put(unseen.record.id, undefined);
    }
    const session = live(record);
    this.sessions.set(record.id, session);
    return session;
  }

  private describe(session: LiveSession): Session {
    const { record, cell } = session;
    return {
      ...defined({ kernel: record.kernel, notebook: record.notebook }),
      id: record.id,
      actor: record.actor,
      ...describeCheckout(this.engine, record),
      connected: session.connections.size > 0,
      ...(cell === undefined ? {} : { cell: cell.cell }),
      openedAt: record.openedAt.toISOString()
    };
  }

  private readonly digestOf: DigestOf = async ({ project, ref, collection, lsn, timeline }) => {
    try {
      const state =
        timeline === undefined
          ? this.engine.resolve(project, ref)
          : this.engine.snapshot(project, timeline, lsn);
      const info = state.collection(collection);
      return info ? await state.digest(info) : '';
    } catch (error) {
      this.logger.debug('the digest of a read is not known any more', { project, ref, error });
      return '';
    }
  };

  private activity(id: string, execution: CellExecution): Promise<CellActivity> {
    const { cell, cellNumber } = execution;
    return execution.describe(this.digestOf, write =>
      this.fates.of(write, { session: id, cell, cellNumber })
    );
  }

  private follow(event: EngineEvent): void {
    if (event.type === 'commit') {
      const { project, branch } = event.commit;
      if (this.fates.note(event)) {
        this.tellWriters(project, branch);
      }
    } else if (event.type === 'branch' && event.op === 'rename' && event.previous !== undefined) {
      this.followRename(event.project, event.previous, event.branch);
    } else if (event.type === 'branch' && (event.op === 'delete' || event.op === 'reset')) {
      this.tellWriters(event.project, event.branch);
    }
  }

  /** Tells anew what the cells did that wrote to a branch: their writes may stand no more. */
  private tellWriters(project: string, branch: string): void {
    for (const [id, { cells }] of this.sessions) {
      for (const execution of cells) {
        const isWriter = execution
          .written()
          .some(write => write.project === project && write.branch === branch);
        if (isWriter && execution.finishedAt !== undefined) {
          this.tellAgain(id, execution).catch((error: unknown) =>
            this.logger.warn('what a cell did could not be told again', { error })
          );
        }
      }
    }
  }

  private async tellAgain(id: string, execution: CellExecution): Promise<void> {
    const activity = await this.activity(id, execution);
    const fates = activity.writes.map(({ fate }) => fate ?? '').join();
    if (fates !== (this.told.get(execution) ?? activity.writes.map(() => '').join())) {
      this.told.set(execution, fates);
      this.tell({ type: 'cell', session: id, activity });
    }
  }

  /** A renamed branch takes its sessions along, and what is known of cells. */
  private followRename(project: string, previous: string, branch: string): void {
    for (const session of this.sessions.values()) {
      const { record } = session;
      session.cells.forEach(cell => cell.noteRenamedBranch(project, previous, branch));
      if (record.project !== project || record.ref === undefined) {
        continue;
      }
      const [name, ...rest] = record.ref.split('@');
      if (name === previous) {
        session.record = { ...record, ref: [branch, ...rest].join('@') };
        void this.save(session);
        this.tell({ type: 'session', session: this.describe(session), op: 'checkout' });
      }
    }
  }

  private save(session: LiveSession): Promise<void> {
    return this.put(session.record.id, session.record);
  }

  /** A failed log must not stop a kernel from reading: the session then lives in memory only. */
  private async put(id: string, record: SessionRecord | undefined): Promise<void> {
    try {
      await this.engine.putValue(SESSION_PREFIX + id, record && encodeRecord(record));
    } catch (error) {
      this.logger.warn('a session could not be stored', { session: id, error });
    }
  }

  private tell(news: SessionNews): void {
    for (const listener of this.listeners) {
      listener(news);
    }
  }
}

function live(record: SessionRecord): LiveSession {
  return { record, cell: undefined, cells: [], connections: new Set(), grace: undefined };
}

function originOf({ record, cell }: LiveSession): Origin {
  return {
    actor: record.actor,
    session: record.id,
    ...defined({ notebook: record.notebook, cell: cell?.cell, cellNumber: cell?.cellNumber })
  };
}

/** Refuses names that would bloat every record of the log. */
function checkTexts(texts: object): void {
  for (const [name, text] of Object.entries(texts)) {
    if (typeof text === 'string' && text.length > TEXT_LENGTH_MAX) {
      throw new ArgonError(
        'LIMIT_EXCEEDED',
        `\`${name}\` has ${text.length} characters; at most ${TEXT_LENGTH_MAX} are taken.`,
        {
          data: { name, limit: TEXT_LENGTH_MAX, value: text.length }
        }
      );
    }
  }
}
