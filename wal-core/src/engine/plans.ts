import type { Answer, Conflict, DocumentDiff, Lsn, Origin, PlanInfo, UndoSelector } from '../api';
import { docKeyOf } from '../bson';
import type { Branch, Project } from '../branch/model';
import { control } from '../branch/registry';
import { ArgonError } from '../errors';
import type { ControlRecord } from '../log/frame';
import { loadPlans, planRecord, type StoredPlan, storedAnswer } from '../merge/plan';
import { evaluate, type EvaluatedPlan, planDocument, Planner } from '../merge/planner';
import type { Decision } from '../merge/work';
import { CATALOG, collectionOf } from '../read/catalog';
import type { View } from '../read/snapshot';
import { lsnBytes, TABLE } from '../store/keys';
import type { Stage } from '../write/stage';
import type { Core } from './core';

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
    const { items, base } = await this.planner.mergeItems(project, ours, theirs);
    return this.store(project, branch, ours, items, origin, {
      kind: 'merge',
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
    const newestFirst = [...this.of(project).values()].sort(
      (a, b) => b.createdAt.getTime() - a.createdAt.getTime()
    );
    const infos: PlanInfo[] = [];
    for (const plan of newestFirst) {
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
      items =
        plan.undo === undefined
          ? (
              await this.planner.mergeItems(
                project,
                ours,
                this.viewOf(project, plan.sourceTimeline!, plan.sourceLsn!, plan.source)
              )
            ).items
          : (await this.planner.undoItems(ours, plan.undo)).items;
      this.planner.remember(project, plan.id, items);
    }
    return evaluate(items, plan);
  }

  private viewOf(project: Project, timelineId: StoredPlan['intoTimeline'], lsn: Lsn, ref: string): View {
    const timeline = project.timelines.get(timelineId);
    if (timeline === undefined) {
      throw new ArgonError('HISTORY_GONE', 'A state that the plan was made from is no longer kept.', {
        data: { ref }
      });
    }
    return this.core.view(project, { timeline, lsn, ref });
  }

  private async info(project: Project, plan: StoredPlan): Promise<PlanInfo> {
    const state = plan.state === 'open' && this.movedHead(project, plan) !== undefined ? 'stale' : plan.state;
    const { summary, conflicts, unanswered } = await this.evaluate(project, plan);
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
      conflicts: conflicts.length,
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
      const given = new Map(plan.answers.map(({ conflict, answer }) => [conflict, answer]));
      if (all !== undefined) {
        for (const conflict of conflicts) {
          given.set(conflict.id, { take: all });
        }
      }
      for (const { conflict, answer } of answers) {
        const found = known.get(conflict);
        if (found === undefined) {
          throw new ArgonError('BAD_REQUEST', `The plan ${id} has no conflict ${JSON.stringify(conflict)}.`, {
            data: { conflict }
          });
        }
        if (answer === undefined) {
          given.delete(conflict);
        } else {
          checkAnswer(found, answer);
          given.set(conflict, storedAnswer(answer));
        }
      }
      const next = { ...plan, answers: [...given].map(([conflict, answer]) => ({ conflict, answer })) };
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

  /** @throws PLAN_STALE, PLAN_APPLIED, PLAN_UNANSWERED */
  async apply(projectName: string, id: string, origin: Origin): Promise<PlanInfo> {
    return this.core.controlLock.run(async () => {
      const { branch } = await this.core.writableBranch(
        projectName,
        this.find(this.core.registry.project(projectName), id).into
      );
      const project = this.core.registry.project(projectName);
      const plan = this.find(project, id);
      const { decisions, unanswered } = await this.evaluate(project, plan);
      // From here to the commit nothing waits, so no head can move in between.
      this.assertOpen(project, plan);
      if (unanswered > 0) {
        throw new ArgonError(
          'PLAN_UNANSWERED',
          `${unanswered} of the conflicts of ${id} have no answer yet.`,
          {
            data: { plan: id, unanswered }
          }
        );
      }
      const stage = this.core.stage(project, branch);
      stageDecisions(stage, decisions);
      const head = branch.timeline.head;
      const first = (stage.staged === 0 ? head : project.head + 1) as Lsn;
      const last = (stage.staged === 0 ? head : project.head + stage.staged) as Lsn;
      const applied: StoredPlan = {
        ...plan,
        state: 'applied',
        appliedAs: { firstLsn: first, lastLsn: last }
      };
      const rows = [planRecord(project, applied), ...this.marks(project, branch, plan, last)];
      await this.core.commit(project, stage, origin, { kind: plan.kind, atomic: true, control: () => rows });
      this.saved(project, applied);
      return this.info(project, applied);
    });
  }

  /** What later merges and the log need to know of this one. */
  private marks(project: Project, branch: Branch, plan: StoredPlan, last: Lsn): ControlRecord[] {
    if (plan.kind === 'undo') {
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
      ref: plan.source
    };
    return [control(TABLE.merge, branch.timeline.id, lsnBytes(last), mark)];
  }
}

/** Stages what was decided: catalog entries that appear or change first, those that go last. */
function stageDecisions(stage: Stage, decisions: readonly Decision[]): void {
  for (const { item, result } of decisions) {
    if (item.collection === CATALOG && result !== undefined && !same(item.ours, result)) {
      stage.restoreCollection(result);
    }
  }
  for (const { item, result } of decisions) {
    if (item.collection === CATALOG || same(item.ours, result)) {
      continue;
    }
    const collection = stage.collectionById(item.collection);
    if (collection === undefined) {
      throw new ArgonError(
        'COLLECTION_NOT_FOUND',
        `The collection ${item.collectionName} is not there on ${stage.branch}.`,
        {
          data: { collection: item.collectionName }
        }
      );
    }
    if (result === undefined) {
      stage.remove(collection, item.key);
    } else if (item.ours === undefined) {
      stage.insert(collection, result);
    } else {
      stage.replace(collection, item.key, result);
    }
  }
  for (const { item, result } of decisions) {
    if (item.collection === CATALOG && result === undefined && item.ours !== undefined) {
      const collection = stage.collectionById(collectionOf(item.ours).id);
      // A collection that has got documents of its own meanwhile stays.
      if (collection !== undefined && stage.isEmptyAfter(collection)) {
        stage.removeCollection(collection);
      }
    }
  }
}

function same(a: Buffer | undefined, b: Buffer | undefined): boolean {
  return a === undefined || b === undefined ? a === b : a.equals(b);
}

/** A document given as the answer must be the same document. */
function checkAnswer(conflict: Conflict, answer: Answer): void {
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
