import type { Answer, Conflict, DocumentDiff, Lsn, Origin, PlanInfo, UndoSelector } from '../api';
import { docKeyOf } from '../bson';
import type { Branch, Project } from '../branch/model';
import { CATALOG_NAME } from '../branch/names';
import { control } from '../branch/registry';
import type { Reach } from '../branch/seen';
import { ArgonError } from '../errors';
import type { ControlRecord } from '../log/frame';
import { loadPlans, planRecord, type StoredPlan, storedAnswer } from '../merge/plan';
import { evaluate, type EvaluatedPlan, planDocument, Planner } from '../merge/planner';
import type { View } from '../read/snapshot';
import { lsnBytes, TABLE, u32 } from '../store/keys';
import type { Stage } from '../write/stage';
import type { Core } from './core';
import { stageDecisions } from './stageplan';

const PAGE_DEFAULT = 100;
const OBJECT = 0x03;

/** Merges and undos as plans: made, answered, applied exactly once, or refused because a head has moved. */
export class PlanOffice {
  private readonly planner: Planner;
  private readonly plans = new WeakMap<Project, Map<string, StoredPlan>>();

  constructor(private readonly core: Core) {
    this.planner = new Planner(core);
  }

  /** @throws BRANCH_NOT_FOUND, NOTHING_TO_DO, and what resolving `source` throws */
  async planMerge(projectName: string, source: string, into: string, origin: Origin): Promise<PlanInfo> {
    await this.core.caughtUp();
    const project = this.core.registry.project(projectName);
    const branch = this.core.registry.branch(project, into);
    const theirs = this.core.resolve(projectName, source);
    const ours = this.core.resolve(projectName, into);
    const bases = this.planner.mergeBases(project, ours, theirs);
    const { items, base } = await this.planner.mergeItems(project, ours, theirs, bases);
    return this.store(project, branch, ours, items, origin, {
      kind: 'merge',
      bases: bases.map(({ timeline, lsn, ordinal }) => ({ timeline: timeline.id, lsn, ordinal })),
      source: theirs.ref,
      sourceTimeline: theirs.timeline,
      sourceLsn: theirs.lsn,
      ...(theirs.writable && theirs.branch !== undefined ? { sourceBranch: theirs.branch } : {}),
      base
    });
  }

  /** @throws BRANCH_NOT_FOUND, NOTHING_TO_DO, BAD_REQUEST */
  async planUndo(
    projectName: string,
    branchName: string,
    what: UndoSelector,
    origin: Origin
  ): Promise<PlanInfo> {
    await this.core.caughtUp();
    const project = this.core.registry.project(projectName);
    const branch = this.core.registry.branch(project, branchName);
    const view = this.core.resolve(projectName, branchName);
    const { items, base, source } = await this.planner.undoItems(view, what);
    return this.store(project, branch, view, items, origin, { kind: 'undo', source, undo: what, base });
  }

  private async store(
    project: Project,
    branch: Branch,
    ours: View,
    items: Parameters<Planner['remember']>[2],
    origin: Origin,
    made: Pick<StoredPlan, 'kind' | 'source' | 'base'> & Partial<StoredPlan>
  ): Promise<PlanInfo> {
    return this.core.controlLock.run(async () => {
      const plan: StoredPlan = {
        ...made,
        figures: figuresOf(evaluate(items, { answers: [] })),
        id: `p-${this.of(project).size + 1}`,
        state: 'open',
        into: branch.name,
        intoTimeline: ours.timeline,
        intoLsn: ours.lsn,
        createdAt: new Date(this.core.wallMs()),
        answers: []
      };
      this.planner.remember(project, plan.id, items);
      await this.save(project, plan, origin);
      return this.info(project, plan);
    });
  }

  private of(project: Project): Map<string, StoredPlan> {
    let plans = this.plans.get(project);
    if (plans === undefined) {
      plans = loadPlans(this.core.store, project);
      this.plans.set(project, plans);
    }
    return plans;
  }

  private async save(project: Project, plan: StoredPlan, origin: Origin): Promise<void> {
    await this.core.putRows([planRecord(project, plan)], origin);
    this.saved(project, plan);
  }

  private saved(project: Project, plan: StoredPlan): void {
    this.of(project).set(plan.id, plan);
    this.core.emit({ type: 'plan', project: project.name, plan: plan.id, state: plan.state });
  }

  private find(project: Project, id: string): StoredPlan {
    const plan = this.of(project).get(id);
    if (plan === undefined) {
      throw new ArgonError(
        'PLAN_NOT_FOUND',
        `There is no plan ${JSON.stringify(id)} in project ${project.name}.`,
        { data: { plan: id } }
      );
    }
    return plan;
  }

  async plan(projectName: string, id: string): Promise<PlanInfo> {
    const project = this.core.registry.project(projectName);
    return this.info(project, this.find(project, id));
  }

  async list(projectName: string): Promise<PlanInfo[]> {
    const project = this.core.registry.project(projectName);
    const infos: PlanInfo[] = [];
    // The order in which they were made, turned.
    for (const plan of [...this.of(project).values()].sort((a, b) => numberOf(b) - numberOf(a))) {
      infos.push(await this.info(project, plan));
    }
    return infos;
  }

  /** What a plan does; its documents are found again when they are not in memory. */
  private async evaluate(project: Project, plan: StoredPlan): Promise<EvaluatedPlan> {
    let items = this.planner.recall(project, plan.id);
    if (items === undefined) {
      await this.core.caughtUp();
      const ours = this.viewOf(project, plan.intoTimeline, plan.intoLsn, plan.into);
      if (plan.undo === undefined) {
        const theirs = this.viewOf(project, plan.sourceTimeline!, plan.sourceLsn!, plan.source);
        const bases = this.basesOf(project, plan) ?? this.planner.mergeBases(project, ours, theirs);
        items = (await this.planner.mergeItems(project, ours, theirs, bases)).items;
      } else {
        items = (await this.planner.undoItems(ours, plan.undo)).items;
      }
      this.planner.remember(project, plan.id, items);
    }
    return evaluate(items, plan);
  }

  private basesOf(project: Project, { bases, source }: StoredPlan): Reach[] | undefined {
    return bases?.map(({ timeline, lsn, ordinal }) => {
      const known = project.timelines.get(timeline);
      if (known === undefined) {
        throw gone(source);
      }
      return { timeline: known, lsn, ordinal };
    });
  }

  private viewOf(project: Project, timelineId: StoredPlan['intoTimeline'], lsn: Lsn, ref: string): View {
    const timeline = project.timelines.get(timelineId);
    if (timeline === undefined) {
      throw gone(ref);
    }
    return this.core.view(project, { timeline, lsn, ref });
  }

  private async info(project: Project, plan: StoredPlan): Promise<PlanInfo> {
    const state = plan.state === 'open' && this.movedHead(project, plan) !== undefined ? 'stale' : plan.state;
    const { summary, conflicts, unanswered } = plan.figures ?? figuresOf(await this.evaluate(project, plan));
    return {
      id: plan.id,
      kind: plan.kind,
      state,
      project: project.name,
      into: plan.into,
      intoLsn: plan.intoLsn,
      source: plan.source,
      ...(plan.sourceLsn === undefined ? {} : { sourceLsn: plan.sourceLsn }),
      base: plan.base,
      summary,
      conflicts,
      unanswered,
      createdAt: plan.createdAt,
      ...(plan.appliedAs === undefined ? {} : { appliedAs: plan.appliedAs })
    };
  }

  /** The head that has moved since the plan was made: `main is at 1893, the plan was made at 1892`. */
  private movedHead(project: Project, plan: StoredPlan): string | undefined {
    const moved = (name: string, timeline: number, lsn: Lsn) => {
      const branch = project.branches.get(name);
      if (branch === undefined) {
        return `${name} is gone`;
      }
      return branch.timeline.id === timeline && branch.timeline.head === lsn
        ? undefined
        : `${name} is at ${branch.timeline.head}, the plan was made at ${lsn}`;
    };
    return (
      moved(plan.into, plan.intoTimeline, plan.intoLsn) ??
      (plan.sourceBranch === undefined
        ? undefined
        : moved(plan.sourceBranch, plan.sourceTimeline!, plan.sourceLsn!))
    );
  }

  async conflicts(
    projectName: string,
    id: string,
    options: { after?: string; limit?: number } = {}
  ): Promise<readonly Conflict[]> {
    const project = this.core.registry.project(projectName);
    const { conflicts } = await this.evaluate(project, this.find(project, id));
    const start =
      options.after === undefined ? 0 : conflicts.findIndex(conflict => conflict.id === options.after) + 1;
    return conflicts.slice(start, start + (options.limit ?? PAGE_DEFAULT));
  }

  async documents(
    projectName: string,
    id: string,
    options: { after?: string; limit?: number } = {}
  ): Promise<readonly DocumentDiff[]> {
    const project = this.core.registry.project(projectName);
    const { decisions } = await this.evaluate(project, this.find(project, id));
    const start = options.after === undefined ? 0 : Number(options.after);
    if (!Number.isInteger(start) || start < 0) {
      throw new ArgonError('BAD_REQUEST', 'The page mark is not one that this plan has given.', {
        data: { after: options.after }
      });
    }
    const documents: DocumentDiff[] = [];
    for (const decision of decisions) {
      const document = planDocument(decision);
      if (document !== undefined) {
        documents.push(document);
      }
    }
    return documents.slice(start, start + (options.limit ?? PAGE_DEFAULT));
  }

  /** @throws PLAN_NOT_FOUND, PLAN_APPLIED, PLAN_STALE, BAD_REQUEST */
  async answer(
    projectName: string,
    id: string,
    answers: readonly { conflict: string; answer: Answer | undefined }[],
    all: 'ours' | 'theirs' | undefined
  ): Promise<PlanInfo> {
    return this.core.controlLock.run(async () => {
      const project = this.core.registry.project(projectName);
      const plan = this.find(project, id);
      this.assertOpen(project, plan);
      const { conflicts } = await this.evaluate(project, plan);
      const known = new Map(conflicts.map(conflict => [conflict.id, conflict]));
      const rule = all ?? plan.rule;
      const given = new Map(
        all === undefined ? plan.answers.map(({ conflict, answer }) => [conflict, answer]) : []
      );
      for (const { conflict, answer } of answers) {
        const found = known.get(conflict);
        if (found === undefined) {
          throw new ArgonError('BAD_REQUEST', `The plan ${id} has no conflict ${JSON.stringify(conflict)}.`, {
            data: { conflict }
          });
        }
        checkAnswer(found, answer);
        given.set(conflict, storedAnswer(answer));
      }
      const answered = {
        ...plan,
        ...(rule === undefined ? {} : { rule }),
        answers: [...given].map(([conflict, answer]) => ({ conflict, answer }))
      };
      const next = { ...answered, figures: figuresOf(await this.evaluate(project, answered)) };
      await this.save(project, next, { actor: 'plan' });
      return this.info(project, next);
    });
  }

  private assertOpen(project: Project, plan: StoredPlan): void {
    if (plan.state === 'applied') {
      throw new ArgonError('PLAN_APPLIED', `The plan ${plan.id} has been applied already.`, {
        data: { plan: plan.id, ...(plan.appliedAs ?? {}) }
      });
    }
    const moved = this.movedHead(project, plan);
    if (moved !== undefined) {
      throw new ArgonError('PLAN_STALE', `${moved}. Make a new plan.`, { data: { plan: plan.id } });
    }
  }

  /** @throws PLAN_STALE, PLAN_APPLIED, PLAN_UNANSWERED, DUPLICATE_KEY, COLLECTION_EXISTS */
  async apply(projectName: string, id: string, origin: Origin): Promise<PlanInfo> {
    return this.core.controlLock.run(async () => {
      const project = this.core.registry.project(projectName);
      const plan = this.find(project, id);
      this.assertOpen(project, plan);
      const { branch } = await this.core.writableBranch(projectName, plan.into);
      // Writers wait, so that what is checked is what the changes are put on.
      return this.core.timelineLock(branch.timeline).run(async () => {
        await this.core.log.settled();
        const { decisions, unanswered } = await this.evaluate(project, plan);
        if (unanswered > 0) {
          throw unansweredError(id, unanswered);
        }
        const stage = this.core.stage(project, branch, { uniqueLater: true });
        const head = this.core.resolve(projectName, plan.into);
        await stageDecisions(this.core.keys, stage, head, decisions);
        // From here to the commit nothing waits, so no head can move in between.
        this.assertOpen(project, plan);
        const applied = await this.commit(project, branch, plan, stage, origin);
        if (stage.newIndexes().length > 0) {
          // Their entries must be there before the next writer asks whether a key is taken.
          await this.core.caughtUp();
        }
        return this.info(project, applied);
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
    const applied: StoredPlan = {
      ...plan,
      state: 'applied',
      ...(isEmpty ? {} : { appliedAs: { firstLsn: (project.head + 1) as Lsn, lastLsn: last } })
    };
    const rows = [planRecord(project, applied), ...this.marks(project, branch, plan, isEmpty, last)];
    const options = { kind: plan.kind, atomic: true, control: () => rows };
    await this.core.commit([{ project, stage }], origin, options);
    this.saved(project, applied);
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
    if (plan.kind === 'undo') {
      if (isEmpty) {
        return [];
      }
      const [first, final] = plan.source
        .slice(plan.source.lastIndexOf(':') + 1)
        .split('..')
        .map(Number);
      const note = {
        what: plan.source.slice(0, plan.source.lastIndexOf(':')),
        firstLsn: first,
        lastLsn: final
      };
      return [control(TABLE.note, branch.timeline.id, lsnBytes(last), note)];
    }
    const source = project.timelines.get(plan.sourceTimeline!)!;
    const mark = {
      source: plan.sourceTimeline,
      sourceLsn: plan.sourceLsn,
      sourceOrdinal: this.core.line.ordinalAt(source, plan.sourceLsn!),
      nextTimeline: this.core.registry.nextTimeline,
      ref: plan.source
    };
    // Several merges that changed nothing may have the same LSN.
    const key = Buffer.concat([lsnBytes(last), u32(source.id)]);
    return [control(TABLE.merge, branch.timeline.id, key, mark)];
  }
}

function figuresOf({ summary, conflicts, unanswered }: EvaluatedPlan): NonNullable<StoredPlan['figures']> {
  return { summary, conflicts: conflicts.length, unanswered };
}

function numberOf({ id }: StoredPlan): number {
  return Number(id.slice(id.indexOf('-') + 1));
}

function gone(ref: string): ArgonError {
  return new ArgonError('HISTORY_GONE', 'A state that the plan was made from is no longer kept.', {
    data: { ref }
  });
}

function unansweredError(id: string, unanswered: number): ArgonError {
  return new ArgonError('PLAN_UNANSWERED', `${unanswered} of the conflicts of ${id} have no answer yet.`, {
    data: { plan: id, unanswered }
  });
}

/** @throws BAD_REQUEST for an answer that is no document with this `_id`, or no entry of a catalog */
function checkAnswer(conflict: Conflict, answer: Answer | undefined): void {
  if (answer === undefined) {
    return;
  }
  if (conflict.collection === CATALOG_NAME) {
    const isPart = 'take' in answer && (conflict[answer.take] !== undefined || conflict.path.length !== 1);
    if (!isPart) {
      throw new ArgonError(
        'BAD_REQUEST',
        'A conflict about collections and indexes is answered with a side.',
        {
          data: { conflict: conflict.id }
        }
      );
    }
    return;
  }
  if ('take' in answer || answer.value === undefined || conflict.path.length > 0) {
    return;
  }
  if (answer.value.type !== OBJECT || !docKeyOf(answer.value.bytes).equals(conflict.key)) {
    throw new ArgonError(
      'BAD_REQUEST',
      'The answer to a conflict about a whole document is a document with the same _id.',
      {
        data: { conflict: conflict.id }
      }
    );
  }
}
