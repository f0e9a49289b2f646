import type { Page, WebSocketRoute } from '@playwright/test';
import type { Branch, Entry, Methods, ProtocolEvent, Session } from '../../extension/client/protocol';
import { Penguins } from '../../extension/testing/penguins';

/** What a scripted bridge tells beside the story. */
export interface IScript {
  readonly story?: Penguins.IStory;
  /** How `GET argon/bridge` answers. */
  readonly info?: Record<string, unknown>;
  readonly hello?: { readonly readOnly?: boolean; readonly protocol?: number };
  readonly projects?: readonly string[];
  /** Names of branches beside those of the story. */
  readonly moreBranches?: readonly Branch[];
  /** The kernel and notebook of the story's session. */
  readonly kernel?: string;
  readonly notebook?: string;
  readonly horizon?: number;
  readonly answers?: Partial<{ [M in keyof Methods]: (params: Methods[M]['params']) => unknown }>;
}

/**
 * A bridge that plays back the story of the pictures, for states that a real one is in only for a moment.
 * What it answers is data of the protocol; the page under test is the real one.
 */
export class ScriptedBridge {
  constructor(page: Page, script: IScript = {}) {
    this._page = page;
    this.script = script;
    this.story = script.story ?? Penguins.story(Date.now());
  }

  /** May be changed while it plays. */
  script: IScript;
  readonly story: Penguins.IStory;

  /** Stands between the page and the server. Call before the page is opened. */
  async install(): Promise<void> {
    await this._page.route('**/argon/bridge*', route =>
      route.fulfill({
        json: this.script.info ?? { state: 'running', message: 'The bridge runs.', log: ['ready'] }
      })
    );
    await this._page.routeWebSocket(/\/argon\/rpc/, socket => {
      if (this.isDown) {
        void socket.close({ code: 1013, reason: 'the bridge went away' });
        return;
      }
      this._sockets.add(socket);
      socket.onMessage(text => this._answer(socket, String(text)));
      socket.onClose(() => this._sockets.delete(socket));
    });
  }

  /** While down, every connection is refused. */
  isDown = false;

  /** Ends every connection, as a bridge does that was killed. */
  async kill(): Promise<void> {
    this.isDown = true;
    await Promise.all(
      [...this._sockets].map(socket => socket.close({ code: 1001, reason: 'the bridge went away' }))
    );
    this._sockets.clear();
  }

  /** Tells every page an event. */
  tell(event: ProtocolEvent): void {
    for (const socket of this._sockets) {
      socket.send(JSON.stringify({ jsonrpc: '2.0', method: 'event', params: event }));
    }
  }

  /** Adds an entry to the log of the story, moves its branch, and tells every page. */
  commit(entry: Entry & { readonly branch: string }): void {
    this.story.entries.unshift(entry);
    const branch = this.story.branches.find(({ name }) => name === entry.branch);
    if (branch !== undefined) {
      branch.head = entry.lastLsn;
    }
    this.tell({ type: 'commit', project: 'penguins', branch: entry.branch, lsn: entry.lastLsn, entry });
  }

  /** Methods that were called, in order. */
  readonly calls: { readonly method: string; readonly params: Record<string, unknown> }[] = [];

  private _answer(socket: WebSocketRoute, text: string): void {
    const { id, method, params } = JSON.parse(text) as {
      id: number;
      method: keyof Methods;
      params: Record<string, never>;
    };
    this.calls.push({ method, params });
    const scripted = this.script.answers?.[method] as ((given: unknown) => unknown) | undefined;
    const play = scripted ?? (this._parts[method] as ((given: unknown) => unknown) | undefined);
    if (play === undefined) {
      this._refuse(socket, id, { code: 'METHOD_NOT_FOUND', message: `The script has no ${method}.` });
      return;
    }
    try {
      socket.send(JSON.stringify({ jsonrpc: '2.0', id, result: play(params) ?? null }));
    } catch (error) {
      this._refuse(socket, id, error as { code?: string; message: string });
    }
  }

  private _refuse(socket: WebSocketRoute, id: number, error: { code?: string; message: string }): void {
    const data = { code: error.code ?? 'INTERNAL' };
    socket.send(
      JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32000, message: error.message, data } })
    );
  }

  private get _sessions(): Session[] {
    const { kernel, notebook } = this.script;
    return kernel === undefined
      ? []
      : this.story.sessions.map(session => ({
          ...session,
          kernel,
          notebook: notebook ?? session.notebook ?? ''
        }));
  }

  private get _branches(): Branch[] {
    return [...this.story.branches, ...(this.script.moreBranches ?? [])];
  }

  private readonly _parts: Partial<{ [M in keyof Methods]: (params: Methods[M]['params']) => unknown }> = {
    hello: () => ({
      server: { version: '0.1.0', protocol: this.script.hello?.protocol ?? 1 },
      wire: 'mongodb://%2Ftmp%2Fwire.sock/',
      dataDirectory: '/data',
      pid: 1,
      startedAt: new Date().toISOString(),
      readOnly: this.script.hello?.readOnly ?? false
    }),
    subscribe: () => ({ subscription: 's1' }),
    'project.list': () =>
      (this.script.projects ?? ['penguins']).map(name => ({
        name,
        head: 1892,
        defaultBranch: 'main',
        createdAt: this.story.entries.at(-1)!.firstAt
      })),
    'session.list': () => this._sessions,
    'session.cells': () => [],
    log: ({ before, limit }) => {
      const older = this.story.entries.filter(entry => before === undefined || entry.lastLsn < before);
      const entries = older.slice(0, limit ?? 100);
      const next = older.length > entries.length ? entries.at(-1)!.firstLsn : undefined;
      const { timelines } = this.story;
      return {
        entries,
        timelines,
        horizon: this.script.horizon ?? 0,
        head: 1892,
        ...(next === undefined ? {} : { next })
      };
    },
    'branch.list': ({ search, limit }) => {
      const found = this._branches
        .filter(branch => search === undefined || branch.name.includes(search))
        .sort(
          (one, other) =>
            Number(other.isDefault) - Number(one.isDefault) || (one.headAt < other.headAt ? 1 : -1)
        );
      return { branches: found.slice(0, limit ?? 100), total: found.length };
    },
    'branch.get': ({ name }) => this._branches.find(branch => branch.name === name),
    'pin.list': () => this.story.pins,
    'run.list': () => ({ runs: this.story.runs, total: this.story.runs.length }),
    changes: ({ firstLsn, lastLsn, timeline, limit }) => {
      const entry = this.story.entries.findLast(
        candidate => candidate.timeline === timeline && candidate.lastLsn >= firstLsn
      )!;
      const species = (n: number) => (['Adelie', 'Gentoo', 'Chinstrap'] as const)[n % 3]!;
      const change = (lsn: number, op: string, collection: string, doc: object) => ({
        lsn,
        timeline,
        collection,
        op,
        time: entry.lastAt,
        origin: entry.origin,
        fields: [],
        ...doc
      });
      const all =
        firstLsn === 1202
          ? [
              change(1202, 'delete', 'penguins', {
                id: 'A004',
                before: { _id: 'A004', species: 'Adelie', island: 'Torgersen' }
              }),
              change(1203, 'delete', 'penguins', {
                id: 'G120',
                before: { _id: 'G120', species: 'Gentoo', island: 'Biscoe' }
              }),
              change(1204, 'insert', 'sources', {
                id: 'clean-nulls',
                after: { _id: 'clean-nulls', rule: 'no sex: impute, no measurements: drop', at: 1 }
              })
            ]
          : entry.lastLsn === 1893
            ? [change(1893, 'update', 'penguins', { id: 'C012', after: { _id: 'C012' } })]
            : Array.from({ length: Math.min(limit ?? 100, lastLsn - firstLsn + 1) }, (_, n) =>
                change(firstLsn + n, 'update', 'penguins', {
                  id: `A${String(n).padStart(3, '0')}`,
                  fields: [
                    {
                      path: ['sex'],
                      before: { type: 'null', value: null },
                      after: { type: 'string', value: 'female' }
                    }
                  ],
                  after: { _id: `A${n}`, species: species(n), island: 'Biscoe' }
                })
              );
      return { changes: all };
    }
  };

  private readonly _page: Page;
  private readonly _sockets = new Set<WebSocketRoute>();
}
