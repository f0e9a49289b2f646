import { LRUCache } from 'lru-cache';
import type {
  Answer,
  AnswerRule,
  Conflict,
  Lsn,
  Origin,
  PlanDocument,
  PlanInfo,
  RestoreOptions,
  UndoSelector
} from '../api';
import type { Branch, Project } from '../branch/model';
import { control } from '../branch/registry';
import { markOf, readMark, startBehind } from '../diff/mark';
import { ArgonError } from '../errors';
import { CHECKS_MAX, PLAN_ANSWERS_MAX } from '../limits';
import type { ControlRecord } from '../log/frame';
import { checkAnswer, checkRules } from '../merge/answer';
import { assertChecked, checkResult } from '../merge/checks';
import { planRecord, type StoredPlan, storedAnswer } from '../merge/plan';
import {
  conflictPage,
  decisions,
  evaluate,
  type EvaluatedPlan,
  placeOf,
  planDocument,
  type ShownConflict
} from '../merge/planner';
import { mergeSource, pickSource, type PlanSource, restoreSource, undoSource } from '../merge/source';
import type { View } from '../read/snapshot';
import { lsnBytes, TABLE, u32 } from '../store/keys';
import type { Stage } from '../write/stage';
import type { BranchOffice } from './branches';
import type { Core } from './core';
import { Mutex } from './mutex';
import { PlanBook } from './planbook';
import { PlanSources } from './plansources';
import { stageDecisions } from './stageplan';

const PAGE_DEFAULT = 100;
/** Ends of pages of conflicts whose places are remembered. */
const PAGE_ENDS_MAX = 1_000;

type Made = Pick<StoredPlan, 'kind' | 'source'> & Partial<StoredPlan>;

/** Merges, picks, undos and restores as plans: made, answered, applied exactly once, or refused because a head has moved. */
export class PlanOffice {
  readonly book: PlanBook;
  private readonly sources: PlanSources;
  /** Answers and applications of one plan come one after another. */
  private readonly locks = new LRUCache<string, Mutex>({ max: 1_000 });
  private readonly pageEnds = new LRUCache<string, ShownConflict>({ max: PAGE_ENDS_MAX });

  constructor(
    private readonly core: Core,
    private readonly branches: BranchOffice
  ) {
    this.book = new PlanBook(core);
    this.sources = new PlanSources(core);
  }

  /** @throws BRANCH_NOT_FOUND, NOTHING_TO_DO, and what resolving `source` throws */
  async planMerge(projectName: string, source: string, into: string, origin: Origin): Promise<PlanInfo> {
    const { project, branch, ours } = await this.target(projectName, into);
    const theirs = this.core.resolve(projectName, source);
    const bases = this.sources.mergeBases(project, ours, theirs);
    const found = await mergeSource(this.core, project, ours, theirs, bases);
    return this.store(project, branch, ours, found, origin, {
      kind: 'merge',
      bases: bases.map(({ timeline, lsn, ordinal }) => ({ timeline: timeline.id, lsn, ordinal })),
      source: theirs.ref,
      ...sourceOf(theirs)
    });
  }

  /** @throws BRANCH_NOT_FOUND, NOTHING_TO_DO, BAD_REQUEST */
  async planUndo(
    projectName: string,
    branchName: string,
    what: UndoSelector,
    origin: Origin
  ): Promise<PlanInfo> {
    const { project, branch, ours } = await this.target(projectName, branchName);
    const found = await undoSource(this.core, ours, what);
    return this.store(project, branch, ours, found, origin, {
      kind: 'undo',
      source: found.what!,
      undo: what
    });
  }

  /** @throws BRANCH_NOT_FOUND, NOTHING_TO_DO, BAD_REQUEST, and what resolving `source` throws */
  async planPick(
    projectName: string,
    source: string,
    what: UndoSelector,
    into: string,
    origin: Origin
  ): Promise<PlanInfo> {
    const { project, branch, ours } = await this.target(projectName, into);
    const theirs = this.core.resolve(projectName, source);
    const found = await pickSource(this.core, ours, theirs, what);
    return this.store(project, branch, ours, found, origin, {
      kind: 'pick',
      source: `${theirs.branch ?? theirs.ref}, ${found.what}`,
      sourceTimeline: theirs.timeline,
      sourceLsn: theirs.lsn,
      pick: what
    });
  }

  /** @throws BRANCH_NOT_FOUND, COLLECTION_NOT_FOUND, NOTHING_TO_DO, BAD_REQUEST, and what resolving `to` throws */
  async planRestore(
    projectName: string,
    branchName: string,
    to: string,
    origin: Origin,
    { collection: name, keys }: RestoreOptions = {}
  ): Promise<PlanInfo> {
    const { project, branch, ours } = await this.target(projectName, branchName);
    const past = this.core.resolve(projectName, to);
    if (name === undefined && keys !== undefined) {
      throw new ArgonError('BAD_REQUEST', 'Documents are restored in a collection: say in which.');
    }
    const collection = name === undefined ? undefined : past.collection(name);
    if (name !== undefined && collection === undefined) {
      throw new ArgonError(
        'COLLECTION_NOT_FOUND',
        `There is no collection ${JSON.stringify(name)} in ${past.ref}.`,
        { data: { collection: name } }
      );
    }
    const scope = {
      ...(collection === undefined ? {} : { collection: collection.id }),
      ...(keys === undefined ? {} : { keys })
    };
    const found = await restoreSource(this.core, ours, past, scope);
    return this.store(project, branch, ours, found, origin, {
      kind: 'restore',
      source: past.ref,
      sourceTimeline: past.timeline,
      sourceLsn: past.lsn,
      restore: scope
    });
  }

  private async target(
    projectName: string,
    branchName: string
  ): Promise<{ project: Project; branch: Branch; ours: View }> {
    await this.core.caughtUp();
    const project = this.core.registry.project(projectName);
    const branch = this.core.registry.branch(project, branchName);
    return { project, branch, ours: this.core.resolve(projectName, branchName) };
  }

  private async store(
    project: Project,
    branch: Branch,
    ours: View,
    source: PlanSource,
    origin: Origin,
    made: Made
  ): Promise<PlanInfo> {
    const evaluated = await evaluate(source, { answers: [] });
    if (made.kind === 'restore' && evaluated.summary.length === 0) {
      source.release();
      throw new ArgonError('NOTHING_TO_DO', `${branch.name} is there as it was in ${made.source}.`, {
        data: { ref: made.source }
      });
    }
    const plan = await this.book.add(
      project,
      id => ({
        ...made,
        base: source.base,
        figures: figuresOf(evaluated),
        id,
        state: 'open',
        into: branch.name,
        intoTimeline: ours.timeline,
        intoLsn: ours.lsn,
        createdAt: new Date(this.core.wallMs()),
        answers: []
      }),
      origin
    );
    this.sources.remember(project, plan, source);
    this.sources.note(plan, evaluated);
    return this.book.info(project, plan);
  }

  async plan(projectName: string, id: string): Promise<PlanInfo> {
    const project = this.core.registry.project(projectName);
    return this.book.info(project, this.book.find(project, id));
  }

  async list(projectName: string): Promise<PlanInfo[]> {
    return this.book.list(this.core.registry.project(projectName));
  }

  async conflicts(
    projectName: string,
    id: string,
    options: { after?: string; limit?: number } = {}
  ): Promise<readonly Conflict[]> {
    const project = this.core.registry.project(projectName);
    const plan = this.book.find(project, id);
    const name = (conflict: string) => `${project.id} ${id} ${conflict}`;
    const after =
      options.after === undefined
        ? undefined
        : (this.pageEnds.get(name(options.after)) ?? { id: options.after, place: undefined });
    const { conflicts, last } = await this.sources.use(project, plan, async source =>
      conflictPage(
        source,
        plan,
        await this.sources.evaluate(source, plan),
        after,
        options.limit ?? PAGE_DEFAULT
      )
    );
    if (last !== undefined) {
      this.pageEnds.set(name(last.id), last);
    }
    return conflicts;
  }

  async documents(
    projectName: string,
    id: string,
    options: { after?: string; limit?: number } = {}
  ): Promise<readonly PlanDocument[]> {
    const project = this.core.registry.project(projectName);
    const plan = this.book.find(project, id);
    const start = options.after === undefined ? undefined : startBehind(readMark(options.after));
    const limit = options.limit ?? PAGE_DEFAULT;
    return this.sources.use(project, plan, async source => {
      const evaluated = await this.sources.evaluate(source, plan);
      const documents: PlanDocument[] = [];
      for await (const decision of decisions(source, plan, evaluated, start)) {
        if (documents.length >= limit) {
          break;
        }
        const document = planDocument(decision);
        if (document !== undefined) {
          documents.push({ ...document, mark: markOf(placeOf(decision)) });
        }
      }
      return documents;
    });
  }

  private lock(project: Project, id: string): Mutex {
    const name = `${project.id} ${id}`;
    const lock = this.locks.get(name) ?? new Mutex();
    this.locks.set(name, lock);
    return lock;
  }

  /** @throws PLAN_NOT_FOUND, PLAN_APPLIED, PLAN_STALE, BAD_REQUEST, LIMIT_EXCEEDED */
  async answer(
    projectName: string,
    id: string,
    answers: readonly { conflict: string; answer: Answer | undefined }[],
    rules: 'ours' | 'theirs' | readonly AnswerRule[] | undefined
  ): Promise<PlanInfo> {
    const project = this.core.registry.project(projectName);
    return this.lock(project, id).run(async () => {
      const plan = this.book.find(project, id);
      this.book.assertOpen(project, plan);
      const all = typeof rules === 'string' ? rules : undefined;
      const kept = all === undefined ? plan.answers : [];
      const given = new Map(kept.map(({ conflict, answer }) => [conflict, answer]));
      for (const { conflict, answer } of answers) {
        given.set(conflict, storedAnswer(answer));
      }
      if (given.size > PLAN_ANSWERS_MAX) {
        throw new ArgonError(
          'LIMIT_EXCEEDED',
          `A plan holds at most ${PLAN_ANSWERS_MAX} answers given one by one, not ${given.size}. Answer by rule.`,
          { data: { limit: PLAN_ANSWERS_MAX, value: given.size } }
        );
      }
      const ruled =
        all !== undefined ? [{ take: all }] : ((rules as readonly AnswerRule[] | undefined) ?? plan.rules);
      checkRules(ruled);
      // What was checked is no longer what would be written.
      const { checks: _, ...unchecked } = plan;
      const answered: StoredPlan = {
        ...unchecked,
        savedAt: new Date(this.core.wallMs()),
        ...(ruled === undefined ? {} : { rules: ruled }),
        answers: [...given].map(([conflict, answer]) => ({ conflict, answer }))
      };
      const evaluated = await this.sources.use(project, plan, async source => {
        await this.check(source, plan, answers);
        return evaluate(source, answered);
      });
      const next = { ...answered, figures: figuresOf(evaluated) };
      this.sources.note(next, evaluated);
      await this.book.save(project, next, { actor: 'plan' });
      return this.book.info(project, next);
    });
  }

  /** @throws BAD_REQUEST for a conflict that the plan has not, or an answer that does not fit it */
  private async check(
    source: PlanSource,
    plan: StoredPlan,
    answers: readonly { conflict: string; answer: Answer | undefined }[]
  ): Promise<void> {
    const open = new Map(answers.map(({ conflict, answer }) => [conflict, answer]));
    if (open.size === 0) {
      return;
    }
    for await (const decision of decisions(source, plan, await this.sources.evaluate(source, plan))) {
      for (const conflict of decision.conflicts) {
        if (open.has(conflict.id)) {
          checkAnswer(conflict, open.get(conflict.id));
          open.delete(conflict.id);
        }
      }
      if (open.size === 0) {
        return;
      }
    }
    const [conflict] = open.keys();
    throw new ArgonError('BAD_REQUEST', `The plan ${plan.id} has no conflict ${JSON.stringify(conflict)}.`, {
      data: { conflict }
    });
  }

  /** @throws PLAN_NOT_FOUND, PLAN_APPLIED, PLAN_STALE, NAME_INVALID, LIMIT_EXCEEDED */
  async recordCheck(
    projectName: string,
    id: string,
    { name, passed, detail }: { name: string; passed: boolean; detail?: string },
    origin: Origin
  ): Promise<PlanInfo> {
    checkResult(name, detail);
    const project = this.core.registry.project(projectName);
    return this.lock(project, id).run(async () => {
      const plan = this.book.find(project, id);
      this.book.assertOpen(project, plan);
      const others = (plan.checks ?? []).filter(check => check.name !== name);
      if (others.length >= CHECKS_MAX) {
        throw new ArgonError('LIMIT_EXCEEDED', `A plan has at most ${CHECKS_MAX} checks.`, {
          data: { limit: CHECKS_MAX, value: others.length + 1 }
        });
      }
      const result = {
        name,
        passed,
        ...(detail === undefined ? {} : { detail }),
        by: origin.actor,
        at: new Date(this.core.wallMs())
      };
      const next = { ...plan, savedAt: result.at, checks: [...others, result] };
      await this.book.save(project, next, origin);
      return this.book.info(project, next);
    });
  }

  /** @throws PLAN_STALE, PLAN_APPLIED, PLAN_UNANSWERED, CHECKS_MISSING, DUPLICATE_KEY, COLLECTION_EXISTS */
  async apply(projectName: string, id: string, origin: Origin): Promise<PlanInfo> {
    const project = this.core.registry.project(projectName);
    return this.lock(project, id).run(async () => {
      const plan = this.book.find(project, id);
      this.book.assertOpen(project, plan);
      const { branch } = await this.core.writableBranch(projectName, plan.into);
      // Writers wait, so that what is checked is what the changes are put on.
      return this.core.timelineLock(branch.timeline).run(async () => {
        await this.core.log.settled();
        this.book.assertOpen(project, plan);
        return this.sources.use(project, plan, async source => {
          const evaluated = await this.sources.evaluate(source, plan);
          if (evaluated.unanswered > 0) {
            throw unansweredError(id, evaluated.unanswered);
          }
          assertChecked(project.branches.get(branch.name), plan);
          const stage = this.core.stage(project, branch, { uniqueLater: true });
          const head = this.core.resolve(projectName, plan.into);
          const decided = decisions(source, plan, evaluated);
          try {
            await stageDecisions(this.core, stage, head, evaluated.catalog, decided);
            await stage.finish();
            // From here to the commit nothing waits, so no head can move in between.
            this.book.assertOpen(project, plan);
            assertChecked(project.branches.get(branch.name), plan);
            const applied = await this.commit(project, branch, plan, stage, origin);
            if (stage.newIndexes().length > 0) {
              // Their entries must be there before the next writer asks whether a key is taken.
              await this.core.caughtUp();
            }
            return this.book.info(project, applied);
          } finally {
            stage.close();
          }
        });
      });
    });
  }

  private async commit(
    project: Project,
    branch: Branch,
    plan: StoredPlan,
    stage: Stage,
    origin: Origin
  ): Promise<StoredPlan> {
    const isEmpty = stage.staged === 0;
    const last = (isEmpty ? branch.timeline.head : project.head + stage.staged) as Lsn;
    const backup =
      plan.kind === 'restore' && !isEmpty ? this.branches.backupRows(project, branch) : undefined;
    const applied: StoredPlan = {
      ...plan,
      state: 'applied',
      savedAt: new Date(this.core.wallMs()),
      ...(isEmpty ? {} : { appliedAs: { firstLsn: (project.head + 1) as Lsn, lastLsn: last } }),
      ...(backup === undefined ? {} : { backup: backup.name })
    };
    const rows = [
      planRecord(project, applied),
      ...this.marks(project, branch, plan, isEmpty, last),
      ...(backup?.rows ?? [])
    ];
    const options = { kind: plan.kind, atomic: true, control: () => rows };
    await this.core.commit([{ project, stage }], origin, options);
    this.book.saved(project, applied);
    if (backup !== undefined) {
      this.core.emit({ type: 'branch', project: project.name, op: 'create', branch: backup.name });
    }
    return applied;
  }

  /** What later merges and the log need to know of this one. */
  private marks(
    project: Project,
    branch: Branch,
    plan: StoredPlan,
    isEmpty: boolean,
    last: Lsn
  ): ControlRecord[] {
    if (plan.kind !== 'merge') {
      return isEmpty ? [] : [control(TABLE.note, branch.timeline.id, lsnBytes(last), noteOf(plan))];
    }
    const source = project.timelines.get(plan.sourceTimeline!)!;
    const mark = {
      source: plan.sourceTimeline,
      sourceLsn: plan.sourceLsn,
      sourceOrdinal: this.core.line.ordinalAt(source, plan.sourceLsn!),
      nextTimeline: this.core.registry.nextTimeline,
      written: isEmpty ? 0 : last - project.head,
      ref: plan.source
    };
    // Several merges that changed nothing may have the same LSN.
    const key = Buffer.concat([lsnBytes(last), u32(source.id)]);
    return [control(TABLE.merge, branch.timeline.id, key, mark)];
  }
}

function sourceOf(theirs: View): Pick<StoredPlan, 'sourceTimeline' | 'sourceLsn' | 'sourceBranch'> {
  return {
    sourceTimeline: theirs.timeline,
    sourceLsn: theirs.lsn,
    ...(theirs.writable && theirs.branch !== undefined ? { sourceBranch: theirs.branch } : {})
  };
}

/** What the log says of an undo, a pick or a restore. */
function noteOf({ kind, source, sourceLsn }: StoredPlan): {
  what: string;
  firstLsn: number;
  lastLsn: number;
} {
  if (kind === 'restore') {
    return { what: source, firstLsn: sourceLsn!, lastLsn: sourceLsn! };
  }
  const [first, final] = source
    .slice(source.lastIndexOf(':') + 1)
    .split('..')
    .map(Number);
  return { what: source.slice(0, source.lastIndexOf(':')), firstLsn: first!, lastLsn: final! };
}

function figuresOf({ summary, conflicts, unanswered }: EvaluatedPlan): StoredPlan['figures'] {
  return { summary, conflicts, unanswered };
}

function unansweredError(id: string, unanswered: number): ArgonError {
  return new ArgonError('PLAN_UNANSWERED', `${unanswered} of the conflicts of ${id} have no answer yet.`, {
    data: { plan: id, unanswered }
  });
}
