import type { ArgonClient } from '../client/client';
import { isOpen, type ConnectionState } from '../client/connectionState';
import type {
  Collection,
  DocumentsCountResult,
  DocumentsStatisticsResult,
  ExtendedJson,
  ProtocolEvent,
  State
} from '../client/protocol';
import { codeOf } from '../client/rpcError';
import { pinned } from '../model/refs';
import { ViewModel } from '../view/viewModel';
import { fieldsOf, usualColumns, type IField } from './fields';
import { readComparison, readDocuments, type IDataRow, type Sorting } from './dataRows';
import { Pages } from './pages';
import { parseQuery, type ParsedQuery } from './queryText';
import { Requests } from './requests';
import { lsnBefore, lsnBehind } from './steps';

/** Documents whose fields make the columns and the completion. */
const SAMPLE = 200;
/** Columns that a table begins with. */
const COLUMNS_USUAL = 8;

/** What a view shows; it is opened with it, and saved as it. */
export interface IDataQuery {
  readonly project: string;
  readonly ref: string;
  readonly collection?: string | undefined;
  /** As it was typed. */
  readonly filter?: string | undefined;
  readonly sort?: Sorting | undefined;
  readonly columns?: readonly string[] | undefined;
  /** The state that answers are compared with. */
  readonly compare?: string | undefined;
}

/** Numbers that the settings say. */
export interface IDataSettings {
  readonly documentsPerPage: number;
}

/** Documents of one state: which collection, which query, and the rows of its answer. */
export class DataModel extends ViewModel {
  constructor(client: ArgonClient, query: IDataQuery, settings: () => IDataSettings) {
    super(client, query.project);
    this._requests = new Requests(client);
    this._settings = settings;
    this._ref = query.ref;
    this._collection = query.collection;
    this._filter = query.filter ?? '';
    this._applied = this._filter;
    this._sort = query.sort ?? [];
    this._columns = query.columns;
    this._compare = query.compare;
    void this.read();
  }

  /** What is shown, to open or save it again. */
  get query(): IDataQuery {
    const { project, _ref: ref, _collection: collection, _sort: sort, _columns: columns } = this;
    const filter = this._applied === '' ? undefined : this._applied;
    return {
      project,
      ref,
      collection,
      filter,
      sort: sort.length === 0 ? undefined : sort,
      columns,
      compare: this._compare
    };
  }

  /** The ref as it was asked for. */
  get ref(): string {
    return this._ref;
  }

  /** The state that it means; undefined before it is known. */
  get state(): State | undefined {
    return this._state;
  }

  /** The other state of a comparison as it was asked for. */
  get compare(): string | undefined {
    return this._compare;
  }

  /** Collections of the state; undefined while they are read. */
  get collections(): readonly Collection[] | undefined {
    return this._collections;
  }

  get collection(): string | undefined {
    return this._collection;
  }

  /** How much a collection holds, once it is known. */
  statistics(collection: string): DocumentsStatisticsResult | undefined {
    return this._statistics.get(collection);
  }

  /** The filter as it is typed. */
  get filter(): string {
    return this._filter;
  }
  set filter(value: string) {
    this._filter = value;
    this._emit();
  }

  /** The typed filter, read. */
  get parsed(): ParsedQuery {
    if (this._parsed?.text !== this._filter) {
      this._parsed = { text: this._filter, query: parseQuery(this._filter) };
    }
    return this._parsed.query;
  }

  /** Whether the rows are the answer to what is typed. */
  get isApplied(): boolean {
    return this._filter === this._applied;
  }

  /** The filter that the rows are the answer to. */
  get appliedFilter(): Readonly<Record<string, ExtendedJson>> {
    const parsed = parseQuery(this._applied);
    return 'query' in parsed ? parsed.query : {};
  }

  get sort(): Sorting {
    return this._sort;
  }

  /** Field paths of the columns. */
  get columns(): readonly string[] {
    return this._columns ?? usualColumns(this._fields, COLUMNS_USUAL);
  }

  /** Whether the columns were chosen. */
  get hasOwnColumns(): boolean {
    return this._columns !== undefined;
  }

  /** Field paths of the first documents. */
  get fields(): readonly IField[] {
    return this._fields;
  }

  /** Documents that `fields` was made from. */
  get sampled(): number {
    return this._sampled;
  }

  get rows(): Pages<IDataRow> | undefined {
    return this._rows;
  }

  /** How many documents fit; undefined while they are counted. */
  get count(): Pick<DocumentsCountResult, 'count' | 'exact'> | undefined {
    return this._count;
  }

  /** How the first page was found: an index, a scan … */
  get found(): string | undefined {
    return this._found;
  }

  /** What is under way. */
  get isReading(): boolean {
    return this._pending !== undefined || this._rows?.isReading === true || this._isOpening;
  }

  /** What went wrong last. */
  get error(): unknown {
    return this._error;
  }

  /** Whether the branch has moved since it was read. */
  get isMoved(): boolean {
    return this._isMoved;
  }

  /** Index of the selected row; -1 for none. */
  get selected(): number {
    return this._selected;
  }
  set selected(value: number) {
    this._selected = value;
    this._emit();
  }

  /** Whether a step to a newer state makes sense. */
  get isPast(): boolean {
    return this._state !== undefined && !this._state.writable;
  }

  /** Reads everything at the state that the ref means now. */
  async read(): Promise<void> {
    if (!this._client.isOpen) {
      return;
    }
    const turn = ++this._turn;
    this._isOpening = true;
    this._emit();
    try {
      const { project, _ref: ref } = this;
      const found = await this._client.call('ref.collections', { project, ref });
      if (turn !== this._turn) {
        return;
      }
      this._state = found.state;
      this._collections = found.collections;
      this._collection ??= found.collections[0]?.name;
      this._isMoved = false;
      this._error = undefined;
      this._isOpening = false;
      this._statistics.clear();
      this._open();
      void this._readStatistics(turn);
    } catch (error) {
      if (turn === this._turn) {
        this._isOpening = false;
        this._error = error;
        this._rows = undefined;
        this._emit();
      }
    }
  }

  /** Shows another collection. The filter is that collection's own. */
  open(collection: string): void {
    if (collection === this._collection) {
      return;
    }
    this._collection = collection;
    this._selected = -1;
    this._filter = this._applied = '';
    this._sort = [];
    this._columns = undefined;
    this._open();
  }

  /** Reads what is typed. False when it is no query. */
  apply(): boolean {
    if (!('query' in this.parsed)) {
      return false;
    }
    this._applied = this._filter;
    this._open();
    return true;
  }

  /** Shows the same query in another state. */
  moveTo(ref: string): Promise<void> {
    this._ref = ref;
    return this.read();
  }

  /** Compares the answer with that of another state; undefined ends the comparison. */
  compareWith(ref: string | undefined): void {
    this._compare = ref;
    this._open();
  }

  /** Sorts by a path: upwards, downwards, not at all. With `isAdded` the sorting before stays in front. */
  sortBy(path: string, isAdded: boolean): void {
    const now = this._sort.find(([known]) => known === path)?.[1];
    const rest = isAdded ? this._sort.filter(([known]) => known !== path) : [];
    this._sort = now === undefined ? [...rest, [path, 1]] : now === 1 ? [...rest, [path, -1]] : rest;
    this._open();
  }

  /** Shows these columns; undefined for the usual ones. */
  showColumns(columns: readonly string[] | undefined): void {
    this._columns = columns;
    this._emit();
  }

  /** Goes to the state before, or behind, the nearest change of this collection. False when there is none. */
  async step(direction: 'older' | 'newer'): Promise<boolean> {
    const { _state: state, _collection: collection, project } = this;
    const branch = state?.branch;
    if (state === undefined || branch === undefined || collection === undefined) {
      return false;
    }
    const from = { project, branch, lsn: state.lsn, collection };
    const lsn =
      direction === 'older' ? await lsnBefore(this._client, from) : await lsnBehind(this._client, from);
    if (lsn === undefined) {
      return false;
    }
    const { head } = await this._client.call('branch.get', { project, name: branch });
    await this.moveTo(lsn >= head ? branch : `${branch}@${lsn}`);
    return true;
  }

  /** Stops what is read. */
  cancel(): void {
    this._requests.cancel();
  }

  /** Reads the documents again after something went wrong. */
  retry(): void {
    if (this._state === undefined || this._collections === undefined) {
      void this.read();
    } else {
      this._open();
    }
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this.cancel();
    super.dispose();
  }

  /** Begins to read the answer. */
  private _open(): void {
    this.cancel();
    const { _state: state, _collection: collection, _compare: compare, _sort: sort } = this;
    this._count = undefined;
    this._found = undefined;
    this._error = undefined;
    this._pending = undefined;
    // Until the next answer of the same kind is there, the last one stays: whoever walks in the table stays in it.
    const kind = JSON.stringify([collection, compare !== undefined]);
    if (kind !== this._kind || state === undefined || collection === undefined) {
      this._rows = undefined;
    }
    this._kind = kind;
    if (state === undefined || collection === undefined) {
      this._emit();
      return;
    }
    const turn = ++this._reading;
    const isCurrent = () => turn === this._reading;
    const filter = this.appliedFilter;
    const asked = { project: this.project, ref: pinned(state), collection, filter };
    const read = async (after: string | undefined) => {
      const { documentsPerPage: limit } = this._settings();
      const query = { ...asked, limit, ...(after === undefined ? {} : { after }) };
      if (compare !== undefined) {
        return readComparison(this._requests, query, compare);
      }
      const page = await readDocuments(this._requests, query, sort);
      if (isCurrent()) {
        this._found ??= page.found;
      }
      return page;
    };
    const rows: Pages<IDataRow> = new Pages(read, error => {
      if (isCurrent()) {
        this._onPage(rows, error);
      }
    });
    this._pending = rows;
    this._sampled = 0;
    void rows.more();
    this._emit();
    if (compare === undefined) {
      this._requests
        .call('documents.count', asked)
        .then(({ count, exact }) => {
          if (isCurrent()) {
            this._count = { count, exact };
            this._emit();
          }
        })
        .catch(() => undefined); // The rows say what is wrong with the query.
    }
  }

  private _onPage(rows: Pages<IDataRow>, error: unknown): void {
    this._error = error;
    if (rows === this._pending && (error !== undefined || rows.length > 0 || rows.isWhole)) {
      this._pending = undefined;
      this._rows = rows;
      // Who had a row selected, or is in the table, goes on at the first.
      this._selected = this._selected < 0 || rows.length === 0 ? -1 : 0;
    }
    if (error === undefined && this._sampled < SAMPLE) {
      const sample = [...rows.held()].slice(0, SAMPLE).flatMap(({ document }) => document ?? []);
      // An answer without documents leaves the fields of the one before for whoever types the next filter.
      if (sample.length > 0) {
        this._fields = fieldsOf(sample);
        this._sampled = sample.length;
      }
    }
    this._emit();
    // A comparison may find nothing in many differences: it goes on until there is something to show.
    if (error === undefined && rows.length === 0 && !rows.isWhole) {
      void rows.more();
    }
  }

  /** One after the other: they are a side note, and each reads some documents. */
  private async _readStatistics(turn: number): Promise<void> {
    const { project, _state: state, _collections: collections } = this;
    const first = this._collection;
    const names = (collections ?? []).map(({ name }) => name);
    for (const collection of [
      ...names.filter(name => name === first),
      ...names.filter(name => name !== first)
    ]) {
      if (turn !== this._turn || state === undefined) {
        return;
      }
      const found = await this._client
        .call('documents.statistics', { project, ref: pinned(state), collection })
        .catch(() => undefined);
      if (found !== undefined && turn === this._turn) {
        this._statistics.set(collection, found);
        this._emit();
      }
    }
  }

  protected override _onEvent(_: ArgonClient, event: ProtocolEvent): void {
    const { _state: state } = this;
    if (event.type !== 'commit' || event.project !== this.project || state === undefined || !state.writable) {
      return;
    }
    if (event.branch === state.branch && event.lsn > state.lsn && this._ref === state.branch) {
      this._isMoved = true;
      this._emit();
    }
  }

  protected override _onState(_: ArgonClient, state: ConnectionState): void {
    if (!isOpen(state)) {
      return;
    }
    if (this._state === undefined) {
      void this.read();
    } else if (this._error !== undefined && codeOf(this._error) === 'BRIDGE_UNAVAILABLE') {
      this.retry();
    }
  }

  private readonly _settings: () => IDataSettings;
  private readonly _statistics = new Map<string, DocumentsStatisticsResult>();
  private readonly _requests: Requests;
  private _ref: string;
  private _collection: string | undefined;
  private _filter: string;
  private _applied: string;
  private _parsed: { readonly text: string; readonly query: ParsedQuery } | undefined;
  private _sort: Sorting;
  private _columns: readonly string[] | undefined;
  private _compare: string | undefined;
  private _state: State | undefined;
  private _collections: readonly Collection[] | undefined;
  private _rows: Pages<IDataRow> | undefined;
  private _pending: Pages<IDataRow> | undefined;
  private _kind = '';
  private _fields: readonly IField[] = [];
  private _sampled = 0;
  private _count: Pick<DocumentsCountResult, 'count' | 'exact'> | undefined;
  private _found: string | undefined;
  private _error: unknown;
  private _selected = -1;
  private _reading = 0;
  private _isOpening = true;
  private _isMoved = false;
}
