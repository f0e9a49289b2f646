import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';
import type { ArgonClient } from '../client/client';
import type { Branch, Change, Entry, Pin, Project, ProtocolEvent, Run } from '../client/protocol';
import { Coalesced } from './coalesce';
import { EMPTY_HISTORY, fromLog, keyOf, withCommit, withOlder, type IHistory } from './history';

/** Entries in a page of the log. */
const PAGE = 200;

/** Branches whose facts are read at once; the others are found by search. */
const BRANCHES = 500;

/** After an event, the facts that follow from it (ahead, behind …) are read this much later, in milliseconds. */
const SETTLE_MS = 150;

/** How a project's data stands. */
export type Loading = 'waiting' | 'ready' | { readonly error: unknown };

/**
 * One project as the panel shows it: a window of the log, branches, pins and runs. It follows the events of the
 * bridge and reads again only what they touch; while nobody looks at it (`isActive`) it does nothing.
 */
export class ProjectModel implements IDisposable {
  constructor(client: ArgonClient, name: string) {
    this.name = name;
    this._client = client;
    this._facts = new Coalesced(() => void this._readFacts(), SETTLE_MS);
    this._all = new Coalesced(() => void this.refresh(), SETTLE_MS);
    client.received.connect(this._onEvent, this);
  }

  readonly name: string;

  /** Emits after each change of anything below. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  get loading(): Loading {
    return this._loading;
  }

  get project(): Project | undefined {
    return this._project;
  }

  get history(): IHistory {
    return this._history;
  }

  /** When the history was read or last followed, in milliseconds of `Date.now`. */
  get asOf(): number {
    return this._asOf;
  }

  /** Branches whose facts are known, by name. */
  get branches(): ReadonlyMap<string, Branch> {
    return this._branches;
  }

  /** Branches of the project, known here or not. */
  get branchTotal(): number {
    return this._branchTotal;
  }

  get pins(): readonly Pin[] {
    return this._pins;
  }

  get runs(): readonly Run[] {
    return this._runs;
  }

  /** Unfolded entries with their changes; undefined while these are read. */
  get unfolded(): ReadonlyMap<string, readonly Change[] | undefined> {
    return this._unfolded;
  }

  get defaultBranch(): string {
    return this._project?.defaultBranch ?? 'main';
  }

  /** Whether someone can see it. Turning it on reads what was missed. */
  get isActive(): boolean {
    return this._isActive;
  }
  set isActive(value: boolean) {
    if (this._isActive === value) {
      return;
    }
    this._isActive = value;
    if (value) {
      void this.refresh();
    } else {
      this._facts.cancel();
      this._all.cancel();
    }
  }

  /** Reads everything again: at the start, after a lost connection, after a reset. */
  async refresh(): Promise<void> {
    if (!this._client.isOpen || !this._isActive) {
      return;
    }
    const limit = Math.min(1000, Math.max(PAGE, this._history.entries.length));
    const turn = ++this._turn;
    try {
      const [projects, log, facts] = await Promise.all([
        this._client.call('project.list', {}),
        this._client.call('log', { project: this.name, limit }),
        this._fetchFacts()
      ]);
      if (turn !== this._turn || this._isDisposed) {
        return;
      }
      this._project = projects.find(project => project.name === this.name);
      this._history = fromLog(log);
      this._takeFacts(facts);
      this._loading = 'ready';
      this._asOf = Date.now();
    } catch (error) {
      if (turn === this._turn && this._client.isOpen) {
        this._loading = { error };
      }
    }
    this._emit();
  }

  /** Reads the next older page, if there is one. */
  async loadOlder(): Promise<void> {
    const before = this._history.next;
    if (before === undefined || this._isLoadingOlder) {
      return;
    }
    this._isLoadingOlder = true;
    try {
      const page = await this._client.call('log', { project: this.name, before, limit: PAGE });
      this._history = withOlder(this._history, page);
      this._emit();
    } finally {
      this._isLoadingOlder = false;
    }
  }

  /** The first changes of an entry, read once. */
  changes(entry: Entry, limit: number): Promise<readonly Change[]> {
    const key = `${keyOf(entry)}:${entry.lastLsn}:${limit}`;
    const known = this._changes.get(key);
    if (known !== undefined) {
      return known;
    }
    const { timeline, firstLsn, lastLsn } = entry;
    const asked = this._client
      .call('changes', { project: this.name, timeline, firstLsn, lastLsn, limit })
      .then(result => result.changes);
    asked.catch(() => this._changes.delete(key));
    this._changes.set(key, asked);
    if (this._changes.size > 100) {
      this._changes.delete(this._changes.keys().next().value!);
    }
    return asked;
  }

  /** Shows or hides the changes of an entry as rows of their own. */
  async unfold(entry: Entry, isUnfolded: boolean, limit: number): Promise<void> {
    const key = keyOf(entry);
    const unfolded = new Map(this._unfolded);
    if (!isUnfolded) {
      unfolded.delete(key);
      this._unfolded = unfolded;
      this._emit();
      return;
    }
    unfolded.set(key, undefined);
    this._unfolded = unfolded;
    this._emit();
    const changes = await this.changes(entry, limit).catch(() => undefined);
    if (this._unfolded.has(key)) {
      this._unfolded = new Map(this._unfolded);
      if (changes === undefined) {
        (this._unfolded as Map<string, readonly Change[] | undefined>).delete(key);
      } else {
        (this._unfolded as Map<string, readonly Change[] | undefined>).set(key, changes);
      }
      this._emit();
    }
  }

  /** Folds everything again. */
  foldAll(): void {
    this._unfolded = new Map();
    this._emit();
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._facts.cancel();
    this._all.cancel();
    Signal.clearData(this);
  }

  private _onEvent(_: ArgonClient, event: ProtocolEvent): void {
    if (!this._isActive) {
      return;
    }
    switch (event.type) {
      case 'commit': {
        if (event.project !== this.name) {
          return;
        }
        const history = withCommit(this._history, event.entry);
        if (history === undefined) {
          this._all.request();
          return;
        }
        this._history = history;
        this._asOf = Date.now();
        this._facts.request();
        this._emit();
        return;
      }
      case 'branch':
        if (event.project === this.name) {
          this._all.request();
        }
        return;
      case 'pin':
      case 'run':
        if (event.project === this.name) {
          this._facts.request();
        }
        return;
      case 'project':
      case 'plan':
      case 'session':
      case 'cell':
        return;
    }
  }

  private async _readFacts(): Promise<void> {
    if (!this._isActive || !this._client.isOpen) {
      return;
    }
    try {
      this._takeFacts(await this._fetchFacts());
      this._emit();
    } catch {
      // The connection was lost: a refresh follows when it is back.
    }
  }

  private async _fetchFacts(): Promise<Private.IFacts> {
    const project = this.name;
    const [branches, pins, runs] = await Promise.all([
      this._client.call('branch.list', { project, limit: BRANCHES }),
      this._client.call('pin.list', { project }),
      this._client.call('run.list', { project, limit: BRANCHES })
    ]);
    return { branches: branches.branches, total: branches.total, pins, runs: runs.runs };
  }

  private _takeFacts(facts: Private.IFacts): void {
    this._branches = new Map(facts.branches.map(branch => [branch.name, branch]));
    this._branchTotal = facts.total;
    this._pins = facts.pins;
    this._runs = facts.runs;
  }

  private _emit(): void {
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private readonly _client: ArgonClient;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _facts: Coalesced;
  private readonly _all: Coalesced;
  private readonly _changes = new Map<string, Promise<readonly Change[]>>();
  private _project: Project | undefined;
  private _history: IHistory = EMPTY_HISTORY;
  private _branches: ReadonlyMap<string, Branch> = new Map();
  private _branchTotal = 0;
  private _pins: readonly Pin[] = [];
  private _runs: readonly Run[] = [];
  private _unfolded: ReadonlyMap<string, readonly Change[] | undefined> = new Map();
  private _loading: Loading = 'waiting';
  private _asOf = 0;
  private _turn = 0;
  private _isActive = false;
  private _isLoadingOlder = false;
  private _isDisposed = false;
}

/** What only this module needs. */
namespace Private {
  /** What is read together after an event. */
  export interface IFacts {
    readonly branches: readonly Branch[];
    readonly total: number;
    readonly pins: readonly Pin[];
    readonly runs: readonly Run[];
  }
}
