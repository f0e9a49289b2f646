import { isCodeCellModel, type Cell, type ICellModel } from '@jupyterlab/cells';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import { MessageLoop } from '@lumino/messaging';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import { isOpen } from '../client/connectionState';
import type { CellActivity } from '../client/protocol';
import { Coalesced } from '../model/coalesce';
import type { ICommitNotice, Workspace } from '../model/workspace';
import { CellStates, type ICellState, type ISavedState } from './activity';
import type { IBadgeActions } from './badge';
import { BadgeLine } from './badgeWidget';
import { isOfExecution, readSaved, SAVED_KEY, type CellDeeds } from './savedCell';

/** Executions that are asked for when a notebook opens. */
const CELLS_MAX = 200;

/** How long commits gather before the bridge is asked which cells they made stale. */
const STALE_WAIT_MS = 250;

/** How long new cells gather before their badges are drawn: a notebook opens cell by cell. */
const DRAW_WAIT_MS = 50;

/** What one notebook's badges are made from. */
export interface ICellBadgesOptions {
  readonly workspace: Workspace;
  readonly notebook: NotebookPanel;
  readonly trans: TranslationBundle;
  readonly actions: (cell: Cell) => IBadgeActions;
}

/**
 * Shows the badges of one notebook: what each cell read and wrote. What the bridge tells stays in memory; of cells that
 * it knows nothing of, what the notebook kept is shown.
 */
export class CellBadges implements IDisposable {
  constructor(options: ICellBadgesOptions) {
    this._options = options;
    const { workspace, notebook } = options;
    workspace.cellDone.connect(this._onCell, this);
    workspace.committed.connect(this._onCommit, this);
    workspace.changed.connect(this._onWorkspace, this);
    this._findSaved();
    notebook.content.model?.cells.changed.connect(this._onCells, this);
    notebook.content.modelContentChanged.connect(this._drawMissing, this);
    notebook.disposed.connect(this.dispose, this);
    this._onWorkspace();
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._judging.cancel();
    this._drawing.cancel();
    Signal.clearData(this);
    for (const line of this._lines.values()) {
      line.dispose();
    }
    this._lines.clear();
  }

  /** Whether a cell did something that can be told. */
  has(cell: string): boolean {
    return this._lines.has(cell);
  }

  /** Opens what a cell did, at its badges. */
  openFacts(cell: string): void {
    this._lines.get(cell)?.openFacts();
  }

  private get _session(): string | undefined {
    const { workspace, notebook } = this._options;
    const { sessionContext } = notebook;
    return workspace.sessionOf({ path: sessionContext.path, kernel: sessionContext.session?.kernel?.id })?.id;
  }

  /** Another session, or the same after a lost connection: reads what its cells did. */
  private _onWorkspace(): void {
    const session = this._session;
    const isLive = isOpen(this._options.workspace.client.state);
    const known = isLive ? session : undefined;
    if (known === this._known) {
      return;
    }
    this._known = known;
    if (session === undefined && isLive) {
      this._states.clear();
      this._findSaved();
    }
    if (known !== undefined) {
      void this._read(known);
    }
  }

  private async _read(session: string): Promise<void> {
    const { workspace } = this._options;
    try {
      const activities = await workspace.client.call('session.cells', { id: session, limit: CELLS_MAX });
      if (this._known === session && !this._isDisposed) {
        activities.forEach(activity => this._states.take(activity));
        this._drawAll();
        this._judging.request();
      }
    } catch {
      this._known = undefined; // Asked again with the next change of the workspace.
    }
  }

  private _onCell(_: Workspace, done: { readonly session: string; readonly activity: CellActivity }): void {
    if (done.session === this._session) {
      this._states.take(done.activity);
      this._draw(done.activity.cell);
    }
  }

  private _onCommit(workspace: Workspace, commit: ICommitNotice): void {
    const session = workspace.sessions.find(candidate => candidate.id === this._session);
    if (this._states.commit(session?.project, commit).length > 0) {
      this._judging.request();
    }
  }

  /** Asks which cells are stale: a change counts only when it can match what a cell asked for. */
  private async _judge(): Promise<void> {
    const session = this._known;
    if (session === undefined) {
      return;
    }
    let stale: ReadonlySet<string> | undefined;
    try {
      const answer = await this._options.workspace.client.call('session.stale', { id: session });
      stale = new Set(answer.stale.map(({ cell }) => cell));
    } catch {
      // Not known: what was counted decides.
    }
    if (this._known === session && !this._isDisposed) {
      this._states.judge(stale).forEach(cell => this._draw(cell));
    }
  }

  private _onCells(_: unknown, { newValues }: { readonly newValues: readonly ICellModel[] }): void {
    newValues.forEach(cell => this._readSaved(cell));
    this._drawing.request();
  }

  /** Looks through the notebook for cells of which it kept what they did. */
  private _findSaved(): void {
    for (const cell of this._options.notebook.content.model?.cells ?? []) {
      this._readSaved(cell);
    }
    this._drawing.request();
  }

  private _readSaved(cell: ICellModel): void {
    const saved = readSaved(cell.getMetadata(SAVED_KEY), cell.id);
    if (saved === undefined) {
      this._saved.delete(cell.id);
    } else {
      this._saved.set(cell.id, { isSaved: true, ...saved });
    }
  }

  private _drawAll(): void {
    for (const cell of new Set([...this._states.cells, ...this._saved.keys(), ...this._lines.keys()])) {
      this._draw(cell);
    }
  }

  /** Cells are rendered late and anew when a notebook scrolls: those without a line get theirs. */
  private _drawMissing(): void {
    for (const cell of this._states.cells) {
      if (this._lines.get(cell)?.isAttached !== true) {
        this._draw(cell);
      }
    }
    // A cell that runs, or whose output was cleared, has no more to do with what was kept of it.
    for (const cell of this._options.notebook.content.widgets) {
      const { id } = cell.model;
      const isKnown = this._saved.has(id) && this._states.get(id) === undefined;
      if (isKnown && this._lines.has(id) !== (this._stateOf(cell) !== undefined)) {
        this._draw(id);
      }
    }
  }

  /** What is known of a cell: what the bridge tells, else what the notebook kept. */
  private _stateOf({ model }: Cell): ICellState | undefined {
    const live = this._states.get(model.id);
    if (live !== undefined) {
      return hasActivity(live.activity) ? live : undefined;
    }
    const saved = this._saved.get(model.id);
    const shown = isCodeCellModel(model) ? model.executionCount : null;
    return saved !== undefined && isOfExecution(saved.activity, shown) ? saved : undefined;
  }

  private _draw(id: string): void {
    const cell = this._options.notebook.content.widgets.find(widget => widget.model.id === id);
    const state = cell === undefined ? undefined : this._stateOf(cell);
    let line = this._lines.get(id);
    if (cell === undefined || state === undefined) {
      line?.dispose();
      this._lines.delete(id);
      return;
    }
    if (line !== undefined && !cell.node.contains(line.node)) {
      line.dispose();
      line = undefined;
    }
    (line ?? this._newLine(id, cell)).state = state;
  }

  private _newLine(id: string, cell: Cell): BadgeLine {
    const line = new BadgeLine(this._options.actions(cell), this._options.trans);
    this._lines.set(id, line);
    void this._attach(cell, line);
    return line;
  }

  private async _attach(cell: Cell, line: BadgeLine): Promise<void> {
    await cell.ready;
    // The input area itself hides what reaches over its edge.
    const host = cell.inputArea?.node.parentElement;
    if (host == null || cell.isDisposed || line.isDisposed) {
      return;
    }
    host.classList.add('jp-ArgonBadges-host');
    // The cell's own layout is not ours to change: the node is put in, and Lumino is told.
    MessageLoop.sendMessage(line, Widget.Msg.BeforeAttach);
    host.appendChild(line.node);
    MessageLoop.sendMessage(line, Widget.Msg.AfterAttach);
    cell.disposed.connect(() => line.dispose());
  }

  private readonly _options: ICellBadgesOptions;
  private readonly _states = new CellStates();
  private readonly _judging = new Coalesced(() => void this._judge(), STALE_WAIT_MS);
  private readonly _drawing = new Coalesced(() => this._drawAll(), DRAW_WAIT_MS);
  private readonly _lines = new Map<string, BadgeLine>();
  /** What the notebook kept of its cells, when it was looked through. */
  private readonly _saved = new Map<string, ISavedState>();
  private _known: string | undefined;
  private _isDisposed = false;
}

/** Whether a cell did anything that a badge would say. */
function hasActivity(activity: CellDeeds): boolean {
  return activity.reads.length > 0 || activity.writes.length > 0 || activity.runs.length > 0;
}
