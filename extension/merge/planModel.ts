import type { ArgonClient } from '../client/client';
import { isOpen, type ConnectionState } from '../client/connectionState';
import type { Answer, Conflict, DocumentDiff, Plan, ProtocolEvent } from '../client/protocol';
import { Coalesced } from '../model/coalesce';
import { ViewModel } from '../view/viewModel';
import { byDocument, keptAnswers, type IConflictDocument } from './conflicts';
import { MOVED_MAX, movedBy, type IMoved } from './moved';

/** Conflicts and documents in one page. */
const PAGE = 500;

/** Conflicts that the view holds; a plan with more is answered by rule, or from a script. */
export const CONFLICTS_MAX = 5_000;

/** Documents of which the live result is shown. */
const RESULTS_MAX = 500;

/** After an answer the result is read again, and after a commit what moved the head, this much later, in milliseconds. */
const SETTLE_MS = 120;

/** What to plan, or which plan to open. */
export interface IPlanQuery {
  readonly source?: string;
  readonly into?: string;
  readonly plan?: string;
}

/** The same, for somebody. */
export interface IPlanSource extends IPlanQuery {
  /** Session in whose name the plan is made and applied. */
  readonly session: () => string | undefined;
}

/** A merge or an undo on its way: its conflicts, the answers, and what it would write. */
export class PlanModel extends ViewModel {
  constructor(client: ArgonClient, project: string, from: IPlanSource) {
    super(client, project);
    this._from = from;
    this._results = new Coalesced(() => void this._readDocuments(), SETTLE_MS);
    this._moves = new Coalesced(() => void this._readMoved(), SETTLE_MS);
    void this.open();
  }

  /** What is shown, to open it again: the plan itself once it is made, as it keeps the answers. */
  get query(): IPlanQuery & { readonly project: string } {
    const { project, _plan: plan } = this;
    if (plan !== undefined) {
      return { project, plan: plan.id };
    }
    const { session: _, ...query } = this._from;
    return { project, ...query };
  }

  /** Whether it was planned before, and only opened here. */
  get isOpened(): boolean {
    return this._from.plan !== undefined;
  }

  /** The plan; undefined while it is made. */
  get plan(): Plan | undefined {
    return this._plan;
  }

  get conflicts(): readonly Conflict[] {
    return this._conflicts;
  }

  /** Conflicts by document. */
  get documents(): readonly IConflictDocument[] {
    return (this._groups ??= byDocument(this._conflicts));
  }

  /** What the plan would write, with the answers given so far. */
  get results(): readonly DocumentDiff[] {
    return this._documents;
  }

  /** Why the plan cannot be made or applied. */
  get error(): unknown {
    return this._error;
  }

  /** The LSN that the branch has moved to since the plan was made. */
  get movedTo(): number | undefined {
    return this._movedTo;
  }

  /** What moved it; undefined while that is read. */
  get moved(): IMoved | undefined {
    return this._moved;
  }

  get isBusy(): boolean {
    return this._isBusy;
  }

  /** Answers that an update of the plan kept, and those that it had to ask again. */
  get kept(): { readonly kept: number; readonly asked: number } | undefined {
    return this._kept;
  }

  /** Id of the conflict that is looked at. */
  get selected(): string | undefined {
    return this._selected;
  }
  set selected(value: string | undefined) {
    this._selected = value;
    this._emit();
  }

  /** Whether only open conflicts are listed. */
  get isOpenOnly(): boolean {
    return this._isOpenOnly;
  }
  set isOpenOnly(value: boolean) {
    this._isOpenOnly = value;
    this._emit();
  }

  /** Makes the plan, or opens it. */
  async open(): Promise<void> {
    await this._do(async () => {
      const { source, into, plan } = this._from;
      const session = this._from.session();
      this._plan =
        plan !== undefined
          ? await this._client.call('plan.get', { project: this.project, id: plan })
          : await this._client.call('merge.plan', {
              project: this.project,
              source: source ?? '',
              into: into ?? '',
              ...(session === undefined ? {} : { session })
            });
      this._stay();
      await this._readConflicts();
      this._selected = (this._conflicts.find(conflict => conflict.answer === undefined) ?? this._conflicts[0])
        ?.id;
      await this._readDocuments();
      if (this._plan.state === 'stale') {
        await this._readMoved();
      }
    });
  }

  /** Answers one conflict; undefined takes the answer back. */
  async answer(conflict: string, answer: Answer | undefined): Promise<void> {
    const before = this._conflicts;
    this._set(this._conflicts.map(known => (known.id === conflict ? withAnswer(known, answer) : known)));
    await this._do(async plan => {
      try {
        this._plan = await this._client.call('plan.answer', {
          project: this.project,
          id: plan.id,
          answers: [{ conflict, answer: answer ?? null }]
        });
        this._results.request();
      } catch (error) {
        this._set(before);
        throw error;
      }
    });
  }

  /** Answers every open conflict by one rule. */
  async answerAll(take: 'ours' | 'theirs', only?: readonly string[]): Promise<void> {
    await this._do(async plan => {
      this._plan =
        only === undefined
          ? await this._client.call('plan.answer', { project: this.project, id: plan.id, all: take })
          : await this._client.call('plan.answer', {
              project: this.project,
              id: plan.id,
              answers: only.map(conflict => ({ conflict, answer: { take } }))
            });
      await this._readConflicts();
      await this._readDocuments();
    });
  }

  /** Plans again at the new heads, and keeps the answers whose questions are the same. */
  async update(): Promise<void> {
    await this._do(async plan => {
      const old = this._conflicts;
      const session = this._from.session();
      const named = session === undefined ? {} : { session };
      this._plan = await this._client.call('plan.again', { project: this.project, id: plan.id, ...named });
      await this._readConflicts();
      const answers = keptAnswers(old, this._conflicts);
      if (answers.length > 0) {
        this._plan = await this._client.call('plan.answer', {
          project: this.project,
          id: this._plan.id,
          answers: answers.map(({ conflict, answer }) => ({ conflict, answer }))
        });
        await this._readConflicts();
      }
      const given = old.filter(conflict => conflict.answer !== undefined).length;
      this._kept = { kept: answers.length, asked: given - answers.length };
      this._stay();
      this._selected = (this._conflicts.find(conflict => conflict.answer === undefined) ?? this._conflicts[0])
        ?.id;
      await this._readDocuments();
    });
  }

  /** Applies the plan, exactly once. */
  async apply(): Promise<void> {
    await this._do(async plan => {
      const session = this._from.session();
      this._plan = await this._client.call('plan.apply', {
        project: this.project,
        id: plan.id,
        ...(session === undefined ? {} : { session })
      });
    });
  }

  override dispose(): void {
    this._results.cancel();
    this._moves.cancel();
    super.dispose();
  }

  private async _do(verb: (plan: Plan) => Promise<void>): Promise<void> {
    this._isBusy = true;
    this._error = undefined;
    this._emit();
    try {
      await verb(this._plan as Plan);
    } catch (error) {
      this._error = error;
    }
    this._isBusy = false;
    this._emit();
  }

  private async _readConflicts(): Promise<void> {
    const { _plan: plan } = this;
    const all: Conflict[] = [];
    let after: string | undefined;
    do {
      const page = await this._client.call('plan.conflicts', {
        project: this.project,
        id: plan!.id,
        limit: PAGE,
        ...(after === undefined ? {} : { after })
      });
      all.push(...page.conflicts);
      after = page.next;
    } while (after !== undefined && all.length < CONFLICTS_MAX);
    this._set(all);
  }

  private async _readDocuments(): Promise<void> {
    const id = this._plan?.id;
    if (id === undefined || this._plan?.state === 'applied') {
      return;
    }
    try {
      const page = await this._client.call('plan.documents', {
        project: this.project,
        id,
        limit: RESULTS_MAX
      });
      this._documents = page.documents;
    } catch {
      this._documents = []; // The view says that there is no result to show.
    }
    this._emit();
  }

  /** Reads where the branch is now, and what it did since the plan was made. */
  private async _readMoved(): Promise<void> {
    const plan = this._plan;
    if (plan === undefined) {
      return;
    }
    const { project } = this;
    const { into, intoLsn } = plan;
    try {
      const { head, timeline } = await this._client.call('branch.get', { project, name: into });
      // A branch that was reset may have a head that is older: then nothing has happened since.
      const { changes, next } =
        head <= intoLsn
          ? { changes: [], next: undefined }
          : await this._client.call('changes', {
              project,
              timeline,
              firstLsn: intoLsn + 1,
              lastLsn: head,
              limit: MOVED_MAX
            });
      if (this._plan?.id === plan.id && this._plan.state !== 'applied') {
        this._movedTo = head > intoLsn ? head : this._movedTo;
        this._moved = movedBy(changes, next !== undefined);
        this._emit();
      }
    } catch {
      // The strip names no document then.
    }
  }

  /** The plan stands on the heads as they are. */
  private _stay(): void {
    this._moves.cancel();
    this._movedTo = undefined;
    this._moved = undefined;
  }

  private _set(conflicts: readonly Conflict[]): void {
    this._conflicts = conflicts;
    this._groups = undefined;
    this._emit();
  }

  protected override _onEvent(_: ArgonClient, event: ProtocolEvent): void {
    const plan = this._plan;
    if (plan === undefined || plan.state === 'applied') {
      return;
    }
    if (event.type === 'commit' && event.project === this.project) {
      const isInto = event.branch === plan.into && event.lsn > plan.intoLsn;
      const isApplying = this._isBusy;
      if (isInto && !isApplying) {
        this._movedTo = event.lsn;
        this._emit();
        // What was read is the beginning of what happened: when it was too much to read, more of it says nothing new.
        if (this._moved?.isMore !== true) {
          this._moves.request();
        }
      }
    } else if (event.type === 'plan' && event.plan === plan.id && !this._isBusy) {
      void this._client.call('plan.get', { project: this.project, id: plan.id }).then(
        fresh => {
          this._plan = fresh;
          this._emit();
        },
        () => undefined // The connection was lost; the plan is as it was.
      );
    }
  }

  protected override _onState(_: ArgonClient, state: ConnectionState): void {
    if (isOpen(state) && this._plan === undefined && !this._isBusy) {
      void this.open();
    }
  }

  private readonly _from: IPlanSource;
  private readonly _results: Coalesced;
  private readonly _moves: Coalesced;
  private _moved: IMoved | undefined;
  private _plan: Plan | undefined;
  private _conflicts: readonly Conflict[] = [];
  private _groups: readonly IConflictDocument[] | undefined;
  private _documents: readonly DocumentDiff[] = [];
  private _error: unknown;
  private _movedTo: number | undefined;
  private _kept: { kept: number; asked: number } | undefined;
  private _selected: string | undefined;
  private _isOpenOnly = false;
  private _isBusy = false;
}

function withAnswer(conflict: Conflict, answer: Answer | undefined): Conflict {
  const { answer: _, ...rest } = conflict;
  return answer === undefined ? rest : { ...rest, answer };
}
