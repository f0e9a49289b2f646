import type { ArgonClient } from '../client/client';
import { isOpen, type ConnectionState } from '../client/connectionState';
import type { CommitEvent, Diff, Lineage, LineageRun, ProtocolEvent } from '../client/protocol';
import { Coalesced } from '../model/coalesce';
import { ViewModel } from '../view/viewModel';
import {
  graphOf,
  only,
  pathOf,
  withPage,
  type ILineageGraph,
  type LineageNode,
  type LineageParts
} from './graph';
import { layout, LayoutMemory, type ILayout } from './layout';
import { queryOf } from './query';

/** Runs in a page. */
const PAGE = 200;
/** Runs that are held at most; beyond, a filter finds what is older. */
export const RUNS_MAX = 1_000;
/** After an event the graph is read again this much later, in milliseconds. */
const SETTLE_MS = 300;
/** Letters typed in the search are sent together after this time. */
const TYPED_MS = 250;
/** A write is shown as going on for this long after its last change. */
const WRITING_MS = 4_000;
/** Differences that are remembered. */
const DIFFS_MAX = 200;

/** What is being written now. */
export interface IWriting {
  readonly branch: string | undefined;
  readonly lsn: number;
  readonly changes: number;
  readonly notebook: string | undefined;
  readonly cellNumber: number | undefined;
}

/** What is kept of a view, so that it comes back with the page. */
export interface ILineageState {
  readonly project: string;
  readonly search: string;
  readonly branch: string;
  readonly selected: string;
}

const NOTHING: LineageParts = { data: [], cells: [], runs: [], models: [] };

/** The lineage of a project: read in pages, followed as it grows, with what of it is selected, folded and focused. */
export class LineageModel extends ViewModel {
  constructor(client: ArgonClient, project: string, options: Partial<ILineageState> = {}) {
    super(client, project);
    this._search = options.search ?? '';
    this._branch = options.branch ?? '';
    this._selected = options.selected;
    this._again = new Coalesced(() => void this.read(), SETTLE_MS);
    this._typed = new Coalesced(() => void this.read(), TYPED_MS);
    this._written = new Coalesced(() => this._stopWriting(), WRITING_MS);
  }

  /** Whether someone can see it. Hidden it reads nothing; shown again, it reads what it missed. */
  get isActive(): boolean {
    return this._isActive;
  }
  set isActive(value: boolean) {
    this._isActive = value;
    if (value && this._isBehind) {
      void this.read();
    }
  }

  /** The newest page as the bridge told it: totals, head, branches. */
  get page(): Lineage | undefined {
    return this._page;
  }

  /** Everything that was read. */
  get parts(): LineageParts {
    return this._parts;
  }

  get graph(): ILineageGraph {
    return this._graph;
  }

  get layout(): ILayout {
    return this._layout;
  }

  /** Why there is no graph. */
  get error(): unknown {
    return this._error;
  }

  get isReading(): boolean {
    return this._isReading;
  }

  /** Whether older runs can be read. */
  get hasMore(): boolean {
    return this._next !== undefined && this._parts.runs.length < RUNS_MAX;
  }

  /** Runs that appeared while the view was open, until they are selected. */
  get fresh(): ReadonlySet<string> {
    return this._fresh;
  }

  get writing(): IWriting | undefined {
    return this._writing;
  }

  get search(): string {
    return this._search;
  }
  set search(value: string) {
    this._search = value;
    this._typed.request();
    this._emit();
  }

  /** The branch that is looked at; empty for all. */
  get branch(): string {
    return this._branch;
  }
  set branch(value: string) {
    this._branch = value;
    void this.read();
  }

  /** Only runs that saw the data with this digest; empty for all. */
  get digest(): string {
    return this._digest;
  }
  set digest(value: string) {
    this._digest = value;
    this._focus = undefined;
    void this.read();
  }

  /** Key of the selected node. */
  get selected(): string | undefined {
    return this._selected;
  }

  get selectedNode(): LineageNode | undefined {
    return this._selected === undefined ? undefined : this._graph.nodes.get(this._selected);
  }

  /** Selects a node. */
  select(key: string | undefined): void {
    this._selected = key;
    this._compared = undefined;
    if (key !== undefined && this._fresh.has(key)) {
      this._fresh = new Set([...this._fresh].filter(other => other !== key));
    }
    this._emit();
  }

  /** The run that is compared with the selected one. */
  get compared(): LineageRun | undefined {
    return this._compared;
  }
  set compared(run: LineageRun | undefined) {
    this._compared = run;
    this._emit();
  }

  /** Whether the path of the selected node stands out. */
  get isPathShown(): boolean {
    return this._isPathShown;
  }
  set isPathShown(value: boolean) {
    this._isPathShown = value;
    this._emit();
  }

  /** What led to the selected node and what came of it; undefined when nothing stands out. */
  get path(): ReadonlySet<string> | undefined {
    return this._isPathShown && this.selectedNode !== undefined
      ? pathOf(this._graph, this._selected ?? '')
      : undefined;
  }

  /** The node whose path alone is drawn. */
  get focus(): string | undefined {
    return this._focus;
  }
  set focus(key: string | undefined) {
    this._focus = key;
    this._draw();
    this._emit();
  }

  /** Draws all runs of a cell, or folds them again. */
  unfold(parent: string, isUnfolded: boolean): void {
    const unfolded = new Set(this._unfolded);
    if (isUnfolded) {
      unfolded.add(parent);
    } else {
      unfolded.delete(parent);
    }
    this._unfolded = unfolded;
    this._draw();
    this._emit();
  }

  /** Whether the runs of a cell were unfolded by hand. */
  isUnfolded(parent: string): boolean {
    return this._unfolded.has(parent);
  }

  /** Selects a run wherever it stands; it is read when it is not there yet. */
  async reveal(key: string): Promise<void> {
    this._selected = key;
    this._compared = undefined;
    this._draw();
    this._emit();
    if (!this._graph.nodes.has(key)) {
      this._search = '';
      this._branch = '';
      this._digest = '';
      await this.read();
    }
  }

  /** Reads from the newest run on, as many as were there before. */
  async read(): Promise<void> {
    if (!this._client.isOpen || (!this._isActive && this._page !== undefined)) {
      this._isBehind = true;
      return;
    }
    const turn = ++this._turn;
    this._isReading = true;
    this._isBehind = false;
    this._emit();
    try {
      const limit = Math.min(RUNS_MAX, Math.max(PAGE, this._asked));
      const run = runOf(this._selected);
      const page = await this._client.call('lineage.graph', {
        ...this._filter(),
        limit,
        ...(run === undefined ? {} : { run })
      });
      if (turn !== this._turn) {
        return;
      }
      this._take(page);
    } catch (error) {
      if (turn === this._turn) {
        this._error = error;
      }
    }
    if (turn === this._turn) {
      this._isReading = false;
      this._emit();
    }
  }

  /** Reads the next older runs. */
  async readMore(): Promise<void> {
    if (!this.hasMore || this._isReading) {
      return;
    }
    const turn = ++this._turn;
    this._isReading = true;
    this._emit();
    try {
      const limit = Math.min(PAGE, RUNS_MAX - this._parts.runs.length);
      const page = await this._client.call('lineage.graph', { ...this._filter(), after: this._next!, limit });
      if (turn === this._turn) {
        this._parts = withPage(this._parts, page);
        this._next = page.next;
        this._asked = this._parts.runs.length;
        page.runs.forEach(({ key }) => this._known.add(key));
        this._draw();
      }
    } catch (error) {
      if (turn === this._turn) {
        this._error = error;
      }
    }
    if (turn === this._turn) {
      this._isReading = false;
      this._emit();
    }
  }

  /** What differs between the states of two runs, without the documents. Read once: states never change. */
  difference(from: LineageRun, to: LineageRun): Promise<Diff> {
    const key = `${from.data}:${to.data}`;
    const known = this._diffs.get(key);
    if (known !== undefined) {
      return known;
    }
    const asked = this._client.call('diff', {
      project: this.project,
      from: `run:${from.run.id}`,
      to: `run:${to.run.id}`,
      limit: 1
    });
    asked.catch(() => this._diffs.delete(key));
    this._diffs.set(key, asked);
    if (this._diffs.size > DIFFS_MAX) {
      this._diffs.delete(this._diffs.keys().next().value!);
    }
    return asked;
  }

  /** What a layout restorer keeps. */
  get state(): ILineageState {
    return {
      project: this.project,
      search: this._search,
      branch: this._branch,
      selected: this._selected ?? ''
    };
  }

  override dispose(): void {
    [this._again, this._typed, this._written].forEach(timer => timer.cancel());
    super.dispose();
  }

  private _filter(): { project: string } & ReturnType<typeof queryOf> & { branch?: string; digest?: string } {
    return {
      project: this.project,
      ...queryOf(this._search),
      ...(this._branch === '' ? {} : { branch: this._branch }),
      ...(this._digest === '' ? {} : { digest: this._digest })
    };
  }

  private _take(page: Lineage): void {
    const isFirst = this._page === undefined;
    const fresh = new Set(this._fresh);
    for (const { key } of page.runs) {
      if (!isFirst && !this._known.has(key) && page.total > (this._page?.total ?? 0)) {
        fresh.add(key);
      }
      this._known.add(key);
    }
    this._fresh = fresh;
    this._page = page;
    this._parts = withPage(NOTHING, page);
    this._next = page.next;
    this._error = undefined;
    this._draw();
  }

  private _draw(): void {
    const kept = new Set(this._selected === undefined ? [] : [this._selected]);
    const whole = graphOf(this._parts, { unfolded: this._unfolded, kept });
    if (this._focus !== undefined && !whole.nodes.has(this._focus)) {
      this._focus = undefined;
    }
    this._graph = this._focus === undefined ? whole : only(whole, pathOf(whole, this._focus));
    this._layout = layout(this._graph, this._memory);
  }

  protected override _onEvent(_: ArgonClient, event: ProtocolEvent): void {
    if (!('project' in event) || event.project !== this.project) {
      return;
    }
    // A branch that is deleted, reset or made anew changes where the names of branches lead.
    if (event.type === 'run' || event.type === 'pin' || event.type === 'branch') {
      this._isBehind = true;
      if (this._isActive) {
        this._again.request();
      }
    } else if (event.type === 'commit' && this._isActive) {
      this._onCommit(event);
    }
  }

  private _onCommit({ branch, lsn, entry }: CommitEvent): void {
    const before = this._writing?.branch === branch ? this._writing : undefined;
    this._writing = {
      branch,
      lsn,
      changes: (before?.changes ?? 0) + entry.inserts + entry.updates + entry.deletes,
      notebook: entry.origin.notebook,
      cellNumber: entry.origin.cellNumber
    };
    this._written.cancel();
    this._written.request();
    this._emit();
  }

  private _stopWriting(): void {
    this._writing = undefined;
    this._emit();
  }

  protected override _onState(_: ArgonClient, state: ConnectionState): void {
    if (isOpen(state)) {
      void this.read();
    } else {
      this._emit();
    }
  }

  private readonly _again: Coalesced;
  private readonly _typed: Coalesced;
  private readonly _written: Coalesced;
  private readonly _memory = new LayoutMemory();
  private readonly _known = new Set<string>();
  private readonly _diffs = new Map<string, Promise<Diff>>();
  private _page: Lineage | undefined;
  private _parts: LineageParts = NOTHING;
  private _graph: ILineageGraph = graphOf(NOTHING);
  private _layout: ILayout = layout(this._graph);
  private _next: string | undefined;
  private _asked = 0;
  private _error: unknown;
  private _search: string;
  private _branch: string;
  private _digest = '';
  private _selected: string | undefined;
  private _compared: LineageRun | undefined;
  private _focus: string | undefined;
  private _unfolded: ReadonlySet<string> = new Set();
  private _fresh: ReadonlySet<string> = new Set();
  private _writing: IWriting | undefined;
  private _isPathShown = true;
  private _isActive = true;
  private _isBehind = false;
  private _isReading = false;
}

/** Id of the run that a key names. */
function runOf(key: string | undefined): string | undefined {
  return key?.startsWith('run:') === true ? key.slice('run:'.length) : undefined;
}
