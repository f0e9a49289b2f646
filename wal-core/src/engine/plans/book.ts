import type { Lsn, Origin, PlanInfo } from '../../api';
import type { Project } from '../../branch/model';
import { ArgonError } from '../../errors';
import { PLAN_OPEN_MS_MAX, PLAN_OVER_MS_MAX } from '../../limits';
import { loadPlans, planRecord, planRemoval, type StoredPlan } from '../../merge/plan';
import type { Core } from '../core';

/** The plans of projects as they are stored, and what is told of them without a look at documents. */
export class PlanBook {
  private readonly plans = new WeakMap<Project, Map<string, StoredPlan>>();

  constructor(private readonly core: Core) {}

  private of(project: Project): Map<string, StoredPlan> {
    let plans = this.plans.get(project);
    if (plans === undefined) {
      plans = loadPlans(this.core.store, project);
      this.plans.set(project, plans);
    }
    return plans;
  }

  /** Stores a plan under the next id. */
  add(project: Project, make: (id: string) => StoredPlan, origin: Origin): Promise<StoredPlan> {
    return this.core.controlLock.run(async () => {
      const plan = make(`p-${this.newest(project) + 1}`);
      await this.save(project, plan, origin);
      return plan;
    });
  }

  /** The number of the newest plan. */
  private newest(project: Project): number {
    return [...this.of(project).values()].reduce((newest, plan) => Math.max(newest, numberOf(plan)), 0);
  }

  /**
   * Forgets plans that nobody has saved for long: soon those that were applied or can no longer be, much later those
   * that still can. The newest of a project always stays, so that no number is given twice. Answers how many went.
   */
  async expire(project: Project, origin: Origin): Promise<number> {
    const now = this.core.wallMs();
    const newest = this.newest(project);
    const over = [...this.of(project).values()].filter(plan => {
      const age = now - (plan.savedAt ?? plan.createdAt).getTime();
      const isOpen = this.info(project, plan).state === 'open';
      return numberOf(plan) !== newest && age > (isOpen ? PLAN_OPEN_MS_MAX : PLAN_OVER_MS_MAX);
    });
    if (over.length > 0) {
      await this.core.putRows(
        over.map(plan => planRemoval(project, plan)),
        origin
      );
      over.forEach(({ id }) => this.of(project).delete(id));
    }
    return over.length;
  }

  async save(project: Project, plan: StoredPlan, origin: Origin): Promise<void> {
    await this.core.putRows([planRecord(project, plan)], origin);
    this.saved(project, plan);
  }

  /** Takes note of a plan that was logged. */
  saved(project: Project, plan: StoredPlan): void {
    this.of(project).set(plan.id, plan);
    this.core.emit({ type: 'plan', project: project.name, plan: plan.id, state: plan.state });
  }

  /** @throws PLAN_NOT_FOUND */
  find(project: Project, id: string): StoredPlan {
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

  /** Newest first. */
  list(project: Project): PlanInfo[] {
    return [...this.of(project).values()]
      .sort((a, b) => numberOf(b) - numberOf(a))
      .map(plan => this.info(project, plan));
  }

  info(project: Project, plan: StoredPlan): PlanInfo {
    const state = plan.state === 'open' && this.movedHead(project, plan) !== undefined ? 'stale' : plan.state;
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
      ...plan.figures,
      createdAt: plan.createdAt,
      ...(plan.appliedAs === undefined ? {} : { appliedAs: plan.appliedAs }),
      ...(plan.backup === undefined ? {} : { backup: plan.backup }),
      ...(plan.checks === undefined ? {} : { checks: plan.checks })
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

  /** @throws PLAN_APPLIED, PLAN_STALE */
  assertOpen(project: Project, plan: StoredPlan): void {
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
}

function numberOf({ id }: StoredPlan): number {
  return Number(id.slice(id.indexOf('-') + 1));
}
