import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';
import type { Branch, Plan, RestorePreviewResult } from '../client/protocol';
import type { Workspace } from '../model/workspace';

/** How long the panel says that something was done, in milliseconds. */
const DONE_MS = 8_000;

/** A question that the panel asks in place, in the details; never a dialog. */
export type Question =
  | { readonly kind: 'project' }
  | { readonly kind: 'branch'; readonly from: string; readonly canSwitch: boolean }
  | { readonly kind: 'rename'; readonly branch: string }
  | { readonly kind: 'pin'; readonly ref: string }
  | { readonly kind: 'deleteBranch'; readonly branch: Branch }
  | { readonly kind: 'deletePin'; readonly pin: string; readonly ref: string }
  | { readonly kind: 'undo'; readonly what: string; readonly branch: string; readonly plan: Plan }
  | {
      readonly kind: 'restore';
      readonly branch: string;
      readonly to: string;
      readonly preview: RestorePreviewResult;
    };

/** A sentence about what was done or why it was not. */
export interface INotice {
  readonly kind: 'done' | 'error' | 'wait';
  readonly text: string;
  /** Code of an error, shown last and small. */
  readonly code?: string;
}

/** What the left column of the graph counts by. */
export type Axis = 'lsn' | 'time';

/**
 * What the panel shows of a project beside the project itself: what is selected, asked, filtered and looked at.
 */
export class PanelModel implements IDisposable {
  constructor(workspace: Workspace) {
    this.workspace = workspace;
    workspace.changed.connect(this._emit, this);
    workspace.client.stateChanged.connect(this._emit, this);
  }

  readonly workspace: Workspace;

  /** Emits after each change of the panel's own state or of the workspace. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Emits when the panel asks a question or must be seen for another reason. */
  get shown(): ISignal<this, void> {
    return this._shown;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Whether the panel can be seen. While it cannot, nothing is read and nothing is drawn. */
  get isVisible(): boolean {
    return this._isVisible;
  }
  set isVisible(value: boolean) {
    if (this._isVisible === value) {
      return;
    }
    this._isVisible = value;
    this.workspace.isWatched = value;
    if (value) {
      void this.workspace.client.need();
    }
    this._emit();
  }

  /** Key of the selected entry. */
  get selected(): string | undefined {
    return this._selected;
  }

  get question(): Question | undefined {
    return this._question;
  }

  get notice(): INotice | undefined {
    return this._notice;
  }

  get axis(): Axis {
    return this._axis;
  }
  set axis(value: Axis) {
    this._axis = value;
    this._emit();
  }

  get filter(): string {
    return this._filter;
  }
  set filter(value: string) {
    this._filter = value;
    this._emit();
  }

  /** Whether only the session's branch and its ancestors are drawn. */
  get isNarrowed(): boolean {
    return this._isNarrowed;
  }
  set isNarrowed(value: boolean) {
    this._isNarrowed = value;
    this._emit();
  }

  /** LSN that the slider looks at; undefined while it stays with the session. */
  get looked(): number | undefined {
    return this._looked;
  }

  /** Lines of the bridge's log, while they are shown. */
  get log(): readonly string[] | undefined {
    return this._log;
  }
  set log(value: readonly string[] | undefined) {
    this._log = value;
    this._emit();
  }

  /** Selects an entry, or nothing, and forgets what was asked about another. */
  select(key: string | undefined): void {
    this._selected = key;
    this._question = undefined;
    this._notice = undefined;
    this._looked = undefined;
    this._emit();
  }

  /** Looks at an LSN; the session stays where it is. */
  look(lsn: number | undefined, key?: string): void {
    this._looked = lsn;
    if (key !== undefined || lsn === undefined) {
      this._selected = key;
    }
    this._question = undefined;
    this._emit();
  }

  /** Asks in place, and brings the panel into view. */
  ask(question: Question): void {
    this._question = question;
    this._notice = undefined;
    this._emit();
    this._shown.emit();
  }

  /** Takes the question away. */
  answered(): void {
    this._question = undefined;
    this._emit();
  }

  /** Says a sentence, or takes it away. */
  say(notice: INotice | undefined): void {
    clearTimeout(this._timer);
    this._notice = notice;
    this._emit();
    if (notice?.kind === 'done') {
      // What went well needs no answer; what did not stays until it is read.
      this._timer = setTimeout(() => this.say(undefined), DONE_MS);
    }
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    clearTimeout(this._timer);
    Signal.clearData(this);
  }

  private _emit(): void {
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private readonly _changed = new Signal<this, void>(this);
  private readonly _shown = new Signal<this, void>(this);
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _isVisible = false;
  private _selected: string | undefined;
  private _question: Question | undefined;
  private _notice: INotice | undefined;
  private _axis: Axis = 'lsn';
  private _filter = '';
  private _isNarrowed = false;
  private _looked: number | undefined;
  private _log: readonly string[] | undefined;
  private _isDisposed = false;
}
