import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';
import type { ArgonClient } from '../client/client';
import { isOpen, type ConnectionState } from '../client/connectionState';
import type { CellActivity, Lsn, Project, ProtocolEvent, Session } from '../client/protocol';
import { Coalesced } from './coalesce';
import { ProjectModel } from './project';

/** After a commit, a session's ahead and behind are read again this much later, in milliseconds. */
const SETTLE_MS = 200;

/** The notebook that the user works in. */
export interface INotebook {
  readonly path: string;
  readonly kernel: string | undefined;
}

/** A change of data on a branch, for whoever must know that something it read has moved. */
export interface ICommitNotice {
  readonly project: string;
  readonly branch: string | undefined;
  readonly firstLsn: Lsn;
  readonly lastLsn: Lsn;
  readonly collections: readonly string[];
}

/**
 * What every surface shares: projects, sessions, and which of them is meant. The session is that of the current
 * notebook's kernel; without one, a project that the user picked is looked at.
 */
export class Workspace implements IDisposable {
  constructor(client: ArgonClient) {
    this.client = client;
    this._standing = new Coalesced(() => void this._readStanding(), SETTLE_MS);
    client.stateChanged.connect(this._onState, this);
    client.received.connect(this._onEvent, this);
  }

  readonly client: ArgonClient;

  /** Emits after each change of projects, sessions, notebook or project looked at. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Emits what a cell did, when the bridge says so. */
  get cellDone(): ISignal<this, { readonly session: string; readonly activity: CellActivity }> {
    return this._cellDone;
  }

  /** Emits each commit of any project. */
  get committed(): ISignal<this, ICommitNotice> {
    return this._committed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** All projects; undefined before they were read. */
  get projects(): readonly Project[] | undefined {
    return this._projects;
  }

  /** All open sessions. */
  get sessions(): readonly Session[] {
    return (this._sessionList ??= [...this._sessions.values()]);
  }

  get notebook(): INotebook | undefined {
    return this._notebook;
  }
  set notebook(value: INotebook | undefined) {
    if (value?.path === this._notebook?.path && value?.kernel === this._notebook?.kernel) {
      return;
    }
    this._notebook = value;
    this._picked = undefined;
    this._emit();
  }

  /** The session of the current notebook's kernel, if that kernel uses Argon. */
  get session(): Session | undefined {
    return this._notebook === undefined ? undefined : this.sessionOf(this._notebook);
  }

  /** The session of a notebook: by its kernel, else the newest that names the notebook. */
  sessionOf(notebook: INotebook): Session | undefined {
    const sessions = this.sessions.filter(session => session.connected);
    return (
      sessions.find(session => notebook.kernel !== undefined && session.kernel === notebook.kernel) ??
      sessions
        .filter(session => session.kernel === undefined && session.notebook === notebook.path)
        .sort((one, other) => (one.openedAt < other.openedAt ? 1 : -1))[0]
    );
  }

  /** The session, when it is in the project that is looked at. */
  get sessionHere(): Session | undefined {
    const session = this.session;
    return session !== undefined && session.project === this.projectName ? session : undefined;
  }

  /** The project that is looked at. */
  get projectName(): string | undefined {
    const known = this._projects ?? [];
    const names = [this._picked, this.session?.project, this._lastProject];
    return names.find(name => known.some(project => project.name === name)) ?? known[0]?.name;
  }

  /** Looks at another project; a session stays where it is. */
  pickProject(name: string): void {
    this._picked = name;
    this._emit();
  }

  /** The project that is looked at, with its history. */
  get project(): ProjectModel | undefined {
    const name = this.projectName;
    if (name !== this._project?.name) {
      this._project?.dispose();
      this._project = name === undefined ? undefined : new ProjectModel(this.client, name);
      this._lastProject = name ?? this._lastProject;
      if (this._project !== undefined) {
        this._project.isActive = this._isWatched;
      }
    }
    return this._project;
  }

  /** Whether a widget that shows the history can be seen. */
  get isWatched(): boolean {
    return this._isWatched;
  }
  set isWatched(value: boolean) {
    this._isWatched = value;
    const project = this.project;
    if (project !== undefined) {
      project.isActive = value;
    }
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._standing.cancel();
    this._project?.dispose();
    Signal.clearData(this);
  }

  private _onState(_: ArgonClient, state: ConnectionState): void {
    if (isOpen(state)) {
      void this._read();
    }
    this._emit();
  }

  private async _read(): Promise<void> {
    try {
      const [projects, sessions] = await Promise.all([
        this.client.call('project.list', {}),
        this.client.call('session.list', {})
      ]);
      this._projects = projects;
      this._sessions = new Map(sessions.map(session => [session.id, session]));
    } catch {
      return; // The connection was lost: this is called again when it is back.
    }
    this._emit();
    void this.project?.refresh();
  }

  private _onEvent(_: ArgonClient, event: ProtocolEvent): void {
    switch (event.type) {
      case 'commit':
        this._onCommit(event.project, event.branch, event.lsn);
        this._committed.emit({
          project: event.project,
          branch: event.branch,
          firstLsn: event.entry.firstLsn,
          lastLsn: event.entry.lastLsn,
          collections: event.entry.collections
        });
        return;
      case 'project':
        void this._readProjects();
        return;
      case 'branch':
      case 'plan':
        this._standing.request();
        return;
      case 'session':
        if (event.op === 'close') {
          this._sessions.delete(event.session.id);
        } else {
          this._sessions.set(event.session.id, event.session);
        }
        this._emit();
        return;
      case 'cell':
        this._cellDone.emit({ session: event.session, activity: event.activity });
        return;
      case 'pin':
      case 'run':
        return;
    }
  }

  /** Heads move with each commit, so the sessions on that branch move with it at once. */
  private _onCommit(project: string, branch: string | undefined, lsn: Lsn): void {
    let isTouched = false;
    for (const [id, session] of this._sessions) {
      if (session.project !== project) {
        continue;
      }
      isTouched = true;
      if (session.writable && session.branch === branch && branch !== undefined) {
        this._sessions.set(id, { ...session, lsn });
      }
    }
    if (isTouched) {
      this._standing.request();
      this._emit();
    }
  }

  private async _readStanding(): Promise<void> {
    try {
      const sessions = await this.client.call('session.list', {});
      this._sessions = new Map(sessions.map(session => [session.id, session]));
      this._emit();
    } catch {
      // Read again when the connection is back.
    }
  }

  private async _readProjects(): Promise<void> {
    try {
      this._projects = await this.client.call('project.list', {});
      this._emit();
    } catch {
      // Read again when the connection is back.
    }
  }

  private _emit(): void {
    this._sessionList = undefined;
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private readonly _changed = new Signal<this, void>(this);
  private readonly _cellDone = new Signal<this, { session: string; activity: CellActivity }>(this);
  private readonly _committed = new Signal<this, ICommitNotice>(this);
  private readonly _standing: Coalesced;
  private _projects: readonly Project[] | undefined;
  private _sessions = new Map<string, Session>();
  private _sessionList: readonly Session[] | undefined;
  private _notebook: INotebook | undefined;
  private _picked: string | undefined;
  private _lastProject: string | undefined;
  private _project: ProjectModel | undefined;
  private _isWatched = false;
  private _isDisposed = false;
}
