import type { ArgonClient } from '../client/client';
import type { Diff, DocumentDiff, ProtocolEvent, RefCollectionsResult } from '../client/protocol';
import { isOpen, type ConnectionState } from '../client/connectionState';
import { pinned } from '../model/refs';
import { ViewModel } from '../view/viewModel';
import { keyOf, otherSide, type IOverlap, type OverlapMark } from './overlap';

/** Documents in a page of a diff. */
const PAGE = 200;

/** Which states are compared. */
export interface IDiffQuery {
  readonly project: string;
  readonly from: string;
  readonly to: string;
}

/** A line of the tree: a collection, or a document in it. */
export type TreeLine =
  | { readonly kind: 'collection'; readonly name: string; readonly isOpen: boolean }
  | { readonly kind: 'document'; readonly index: number }
  | { readonly kind: 'older' };

/**
 * The difference of two states, read page by page. It keeps the LSNs it opened with; when a head moves it says so
 * and offers to read again.
 */
export class DiffModel extends ViewModel {
  constructor(client: ArgonClient, project: string, from: string, to: string) {
    super(client, project);
    this._from = from;
    this._to = to;
    void this.read();
  }

  /** The refs as they were asked for. */
  get from(): string {
    return this._from;
  }
  get to(): string {
    return this._to;
  }

  /** The first page, with both states and the summary; undefined while it is read. */
  get diff(): Diff | undefined {
    return this._diff;
  }

  /** All documents that were read so far. */
  get documents(): readonly DocumentDiff[] {
    return this._documents;
  }

  /** Collections of both states with their counts, when they are known. */
  get sides(): readonly [RefCollectionsResult, RefCollectionsResult] | undefined {
    return this._sides;
  }

  /** Whether the states are of two branches, so that there is something to say of both. */
  get hasOtherSide(): boolean {
    return this._diff !== undefined && otherSide(this._diff) !== undefined;
  }

  /** What both sides have changed; undefined until it is known, and where nothing is to be merged. */
  get overlap(): IOverlap | undefined {
    return this._overlap;
  }

  /** Whether the other side has changed a document too. */
  markOf(document: DocumentDiff): OverlapMark {
    return this._marks.get(keyOf(document)) ?? 'none';
  }

  /** Why there is no diff. */
  get error(): unknown {
    return this._error;
  }

  /** Whether a head has moved since the diff was read. */
  get isMoved(): boolean {
    return this._isMoved;
  }

  /** How long the bridge took for the first page, in milliseconds. */
  get tookMs(): number {
    return this._tookMs;
  }

  get filter(): string {
    return this._filter;
  }
  set filter(value: string) {
    this._filter = value;
    this._emit();
  }

  /** Whether documents are listed that were added, changed or deleted. */
  shows(op: DocumentDiff['op']): boolean {
    return !this._hidden.has(op);
  }

  /** Lists them, or not. */
  show(op: DocumentDiff['op'], isShown: boolean): void {
    if (isShown) {
      this._hidden.delete(op);
    } else {
      this._hidden.add(op);
    }
    this._emit();
  }

  /** Index of the selected document. */
  get selected(): number {
    return this._selected;
  }
  set selected(value: number) {
    this._selected = value;
    this._emit();
  }

  /** The lines of the tree: collections that differ, with their documents unless they are folded. */
  get lines(): readonly TreeLine[] {
    const lines: TreeLine[] = [];
    const wanted = this._filter.trim().toLowerCase();
    for (const { collection } of this._diff?.summary ?? []) {
      const isOpen = !this._folded.has(collection);
      lines.push({ kind: 'collection', name: collection, isOpen });
      if (isOpen) {
        this._documents.forEach((document, index) => {
          if (
            document.collection === collection &&
            this.shows(document.op) &&
            (wanted === '' || matches(document, wanted))
          ) {
            lines.push({ kind: 'document', index });
          }
        });
      }
    }
    if (this._next !== undefined) {
      lines.push({ kind: 'older' });
    }
    return lines;
  }

  /** Folds or opens a collection. */
  fold(collection: string, isFolded: boolean): void {
    if (isFolded) {
      this._folded.add(collection);
    } else {
      this._folded.delete(collection);
    }
    this._emit();
  }

  /** Compares other states. */
  compare(from: string, to: string): Promise<void> {
    this._from = from;
    this._to = to;
    return this.read();
  }

  /** Exchanges the two sides. */
  swap(): Promise<void> {
    return this.compare(this._to, this._from);
  }

  /** Reads the first page, at the states that the refs mean now. */
  async read(): Promise<void> {
    const turn = ++this._turn;
    const started = performance.now();
    try {
      const { project, _from: from, _to: to } = this;
      const diff = await this._client.call('diff', { project, from, to, limit: PAGE });
      if (turn !== this._turn) {
        return;
      }
      this._tookMs = performance.now() - started;
      this._diff = diff;
      this._documents = diff.documents;
      this._next = diff.next;
      this._error = undefined;
      this._isMoved = false;
      this._sides = undefined;
      this._overlap = undefined;
      this._marks.clear();
      this._selected = Math.min(this._selected, Math.max(0, diff.documents.length - 1));
      this._emit();
      void this._readOverlap(turn, diff, diff.documents);
      const sides = await Promise.all([
        this._client.call('ref.collections', { project, ref: diff.from.ref }),
        this._client.call('ref.collections', { project, ref: diff.to.ref })
      ]);
      if (turn === this._turn) {
        this._sides = sides;
      }
    } catch (error) {
      if (turn === this._turn && this._diff === undefined) {
        this._error = error;
      }
    }
    this._emit();
  }

  /** Reads the next page, if there is one. */
  async readMore(): Promise<void> {
    const { _next: after, _diff: diff, project } = this;
    if (after === undefined || diff === undefined || this._isReading) {
      return;
    }
    this._isReading = true;
    const turn = this._turn;
    try {
      const page = await this._client.call('diff', {
        project,
        from: pinned(diff.from),
        to: pinned(diff.to),
        after,
        limit: PAGE
      });
      if (turn === this._turn) {
        this._documents = [...this._documents, ...page.documents];
        this._next = page.next;
        this._emit();
        void this._readOverlap(turn, diff, page.documents);
      }
    } catch (error) {
      this._error = error;
      this._next = undefined;
      this._emit();
    } finally {
      this._isReading = false;
    }
  }

  /** Asks which documents of a page the other side has changed too; with the first page also how many there are. */
  private async _readOverlap(turn: number, diff: Diff, page: readonly DocumentDiff[]): Promise<void> {
    const other = otherSide(diff);
    if (other === undefined) {
      return;
    }
    const known = this._overlap;
    try {
      const found = await this._client.call('merge.overlap', {
        project: this.project,
        source: pinned(diff.to),
        // All pages are marked by the state that the first one was.
        into: known?.into ?? other.ref,
        documents: page.map(({ collection, id }) => ({ collection, id })),
        ...(known === undefined ? {} : { limit: 0 })
      });
      if (turn === this._turn) {
        found.marks.forEach((mark, index) => this._marks.set(keyOf(page[index]!), mark));
        this._overlap = known ?? { ...found, branch: other.branch };
        this._emit();
      }
    } catch {
      // The diff stands without it, and says nothing of the other side.
    }
  }

  protected override _onEvent(_: ArgonClient, event: ProtocolEvent): void {
    const diff = this._diff;
    if (event.type !== 'commit' || event.project !== this.project || diff === undefined) {
      return;
    }
    const sides = [
      [this._from, diff.from],
      [this._to, diff.to]
    ] as const;
    // Only a ref without an LSN moves.
    if (
      sides.some(
        ([ref, state]) => ref === state.branch && event.branch === state.branch && event.lsn > state.lsn
      )
    ) {
      this._isMoved = true;
      this._emit();
    }
  }

  protected override _onState(_: ArgonClient, state: ConnectionState): void {
    if (isOpen(state) && this._diff === undefined) {
      void this.read();
    }
  }

  private readonly _folded = new Set<string>();
  private readonly _hidden = new Set<DocumentDiff['op']>();
  private readonly _marks = new Map<string, OverlapMark>();
  private _overlap: IOverlap | undefined;
  private _from: string;
  private _to: string;
  private _diff: Diff | undefined;
  private _documents: readonly DocumentDiff[] = [];
  private _next: string | undefined;
  private _sides: readonly [RefCollectionsResult, RefCollectionsResult] | undefined;
  private _error: unknown;
  private _filter = '';
  private _selected = 0;
  private _tookMs = 0;
  private _isMoved = false;
  private _isReading = false;
}

function matches(document: DocumentDiff, wanted: string): boolean {
  const text = JSON.stringify([
    document.id,
    document.fields.map(field => [field.path, field.before.value, field.after.value])
  ]);
  return text.toLowerCase().includes(wanted);
}
