import type { ArgonClient } from '../client/client';
import { isOpen, type ConnectionState } from '../client/connectionState';
import type {
  Blame,
  Change,
  ExtendedJson,
  Methods,
  ProtocolEvent,
  RunAffectedResult
} from '../client/protocol';
import { ViewModel } from '../view/viewModel';

/** Versions and fields read at once. */
const PAGE = 100;
/** Runs told for a version. */
const RUNS = 20;

/** Which document, as seen from where. */
export interface IDocumentPlace {
  readonly project: string;
  readonly ref: string;
  readonly collection: string;
  readonly id: ExtendedJson;
}

/** What is shown of it. */
export type HistoryView = 'history' | 'blame';

/** One document: its versions newest first, and who gave each field its value. */
export class HistoryModel extends ViewModel {
  constructor(client: ArgonClient, place: IDocumentPlace, view: HistoryView) {
    super(client, place.project);
    this._place = place;
    this._view = view;
    void this.read();
  }

  get place(): IDocumentPlace {
    return this._place;
  }

  get view(): HistoryView {
    return this._view;
  }
  set view(value: HistoryView) {
    this._view = value;
    if (value === 'blame' && this._fields === undefined) {
      void this._readBlame();
    }
    this._emit();
  }

  /** Versions read so far, newest first; undefined while the first are read. */
  get changes(): readonly Change[] | undefined {
    return this._changes;
  }

  /** Whether there are older versions than those read. */
  get hasOlder(): boolean {
    return this._older !== undefined;
  }

  /** Whether the branch may have newer versions than the state that is looked from. */
  get hasNewer(): boolean {
    return this._hasNewer;
  }

  get isReading(): boolean {
    return this._isReading;
  }

  get error(): unknown {
    return this._error;
  }

  get selected(): number {
    return this._selected;
  }
  set selected(value: number) {
    this._selected = value;
    void this._readRuns();
    this._emit();
  }

  get change(): Change | undefined {
    return this._changes?.[this._selected];
  }

  /** Runs whose state held a version; undefined while they are read. */
  runs(change: Change): RunAffectedResult['runs'] | undefined {
    return this._runs.get(change.lsn);
  }

  /** Fields with who wrote them; undefined while the first are read. */
  get fields(): readonly Blame[] | undefined {
    return this._fields;
  }

  get hasMoreFields(): boolean {
    return this._nextField !== undefined;
  }

  get blameError(): unknown {
    return this._blameError;
  }

  /** Whether somebody has written the document's collection since it was read. */
  get isMoved(): boolean {
    return this._isMoved;
  }

  /** Looks from another state. */
  moveTo(ref: string): void {
    this._place = { ...this._place, ref };
    this._fields = undefined;
    void this.read();
  }

  /** Reads the newest versions, and the blame when it is shown. */
  async read(): Promise<void> {
    if (!this._client.isOpen) {
      return;
    }
    const turn = ++this._turn;
    this._isReading = true;
    this._isMoved = false;
    this._fields = undefined;
    this._blameError = undefined;
    this._runs.clear();
    this._emit();
    try {
      const { changes, next } = await this._client.call('history', { ...this._place, limit: PAGE });
      if (turn !== this._turn) {
        return;
      }
      this._changes = changes;
      this._older = next;
      this._selected = 0;
      this._error = undefined;
      this._isReading = false;
      // At a branch's head nothing is newer.
      this._hasNewer = this._place.ref.includes('@') && changes.length > 0;
      void this._readRuns();
    } catch (error) {
      if (turn === this._turn) {
        this._error = error;
        this._changes = undefined;
        this._isReading = false;
      }
    }
    this._emit();
    if (turn === this._turn && this._view === 'blame') {
      await this._readBlame();
    }
  }

  /** Reads the next older versions. */
  async readOlder(): Promise<void> {
    const { _older: before, _changes: known } = this;
    if (before === undefined || known === undefined || this._isReading) {
      return;
    }
    await this._alone(async isCurrent => {
      const page = await this._client.call('history', { ...this._place, before, limit: PAGE });
      if (isCurrent()) {
        this._changes = [...known, ...page.changes];
        this._older = page.next;
      }
    });
  }

  /** Reads the next newer versions of the branch, beyond the state that is looked from. */
  async readNewer(): Promise<void> {
    const { _changes: known } = this;
    const newest = known?.[0];
    if (newest === undefined || known === undefined || this._isReading || !this._hasNewer) {
      return;
    }
    const branch = this._place.ref.slice(0, this._place.ref.indexOf('@'));
    await this._alone(async isCurrent => {
      const page = await this._client.call('history', {
        ...this._place,
        ref: branch,
        after: newest.lsn,
        limit: PAGE
      });
      if (isCurrent()) {
        this._changes = [...page.changes, ...known];
        this._hasNewer = page.newer !== undefined;
        this._selected += page.changes.length;
      }
    });
  }

  /** Reads further fields of the blame. */
  async readMoreFields(): Promise<void> {
    const after = this._nextField;
    if (after !== undefined && !this._isBlaming) {
      await this._readBlame(after);
    }
  }

  private async _readBlame(after?: number): Promise<void> {
    if (this._isBlaming || !this._client.isOpen) {
      return;
    }
    this._isBlaming = true;
    const turn = this._turn;
    try {
      const page: Methods['blame']['result'] = await this._client.call('blame', {
        ...this._place,
        limit: PAGE,
        ...(after === undefined ? {} : { after })
      });
      if (turn === this._turn) {
        this._fields = after === undefined ? page.fields : [...(this._fields ?? []), ...page.fields];
        this._nextField = page.next;
        this._blameError = undefined;
      }
    } catch (error) {
      this._blameError = error;
    } finally {
      this._isBlaming = false;
    }
    this._emit();
    if (turn !== this._turn && this._view === 'blame') {
      await this._readBlame();
    }
  }

  private async _readRuns(): Promise<void> {
    const { change } = this;
    if (change === undefined || change.op === 'delete' || this._runs.has(change.lsn)) {
      return;
    }
    const found = await this._client
      .call('run.affected', { project: this._place.project, lsn: change.lsn, limit: RUNS })
      .catch(() => undefined); // What was collected has no runs to tell; the version itself is shown.
    this._runs.set(change.lsn, found?.runs ?? []);
    this._emit();
  }

  private async _alone(work: (isCurrent: () => boolean) => Promise<void>): Promise<void> {
    const turn = this._turn;
    this._isReading = true;
    this._emit();
    try {
      await work(() => turn === this._turn);
      this._error = undefined;
    } catch (error) {
      if (turn === this._turn) {
        this._error = error;
      }
    } finally {
      if (turn === this._turn) {
        this._isReading = false;
      }
    }
    this._emit();
  }

  protected override _onEvent(_: ArgonClient, event: ProtocolEvent): void {
    const { project, ref, collection } = this._place;
    if (
      event.type === 'commit' &&
      event.project === project &&
      event.branch === ref &&
      event.entry.collections.includes(collection)
    ) {
      this._isMoved = true;
      this._emit();
    }
  }

  protected override _onState(_: ArgonClient, state: ConnectionState): void {
    if (isOpen(state) && this._changes === undefined) {
      void this.read();
    }
  }

  private readonly _runs = new Map<number, RunAffectedResult['runs']>();
  private _place: IDocumentPlace;
  private _view: HistoryView;
  private _changes: readonly Change[] | undefined;
  private _older: number | undefined;
  private _hasNewer = false;
  private _fields: readonly Blame[] | undefined;
  private _nextField: number | undefined;
  private _blameError: unknown;
  private _error: unknown;
  private _selected = 0;
  private _isReading = true;
  private _isBlaming = false;
  private _isMoved = false;
}
