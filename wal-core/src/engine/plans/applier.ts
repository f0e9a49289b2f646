import type { Lsn, Origin, PlanInfo } from '../../api';
import type { Branch, Project } from '../../branch/model';
import { control } from '../../branch/control';
import { ArgonError } from '../../errors';
import type { ControlRecord } from '../../log/frame';
import { assertChecked } from '../../merge/checks';
import { planRecord, type StoredPlan } from '../../merge/plan';
import { decisions, type EvaluatedPlan } from '../../merge/planner';
import type { PlanSource } from '../../merge/source';
import { lsnBytes, TABLE, u32 } from '../../store/keys';
import type { Stage } from '../../write/stage';
import type { BranchOffice } from '../branches';
import type { Core } from '../core';
import type { PlanBook } from './book';
import { BroughtIndexes, type ReadyIndexes } from './brought';
import type { PlanLocks } from './locks';
import type { PlanSources } from './sources';
import { stageDecisions } from './stage';

/** Applies plans: exactly once, in one atomic commit that also says so, or not at all because a head has moved. */
export class PlanApplier {
  private readonly brought: BroughtIndexes;

  constructor(
    private readonly core: Core,
    private readonly branches: BranchOffice,
    private readonly book: PlanBook,
    private readonly sources: PlanSources,
    private readonly locks: PlanLocks
  ) {
    this.brought = new BroughtIndexes(core);
  }

  /** @throws PLAN_STALE, PLAN_APPLIED, PLAN_UNANSWERED, CHECKS_MISSING, DUPLICATE_KEY, COLLECTION_EXISTS */
  async apply(projectName: string, id: string, origin: Origin): Promise<PlanInfo> {
    const project = this.core.registry.project(projectName);
    return this.locks.of(project, id).run(async () => {
      const plan = this.book.find(project, id);
      this.book.assertOpen(project, plan);
      const { branch } = await this.core.writers.branch(projectName, plan.into);
      const ready = await this.prepare(project, branch, plan, origin);
      let isApplied = false;
      try {
        // Writers wait, so that what is checked is what the changes are put on.
        const applied = await this.core.writers
          .lock(branch.timeline)
          .run(() => this.applyTo(project, branch, plan, ready, origin));
        isApplied = true;
        return applied;
      } finally {
        if (isApplied) {
          this.brought.used(ready);
        } else {
          this.brought.keep(ready.builds);
        }
      }
    });
  }

  /** Fills the indexes that a plan brings, while writers go on. */
  private prepare(project: Project, branch: Branch, plan: StoredPlan, origin: Origin): Promise<ReadyIndexes> {
    return this.sources.use(project, plan, async source => {
      const { catalog } = await this.checked(project, branch, plan, source);
      return this.brought.prepare(project, branch.timeline, catalog, origin);
    });
  }

  /** @throws PLAN_UNANSWERED, CHECKS_MISSING */
  private async checked(
    project: Project,
    branch: Branch,
    plan: StoredPlan,
    source: PlanSource
  ): Promise<EvaluatedPlan> {
    const evaluated = await this.sources.evaluate(source, plan);
    if (evaluated.unanswered > 0) {
      throw unansweredError(plan.id, evaluated.unanswered);
    }
    assertChecked(project.branches.get(branch.name), plan);
    return evaluated;
  }

  /** For whoever holds the writers. */
  private async applyTo(
    project: Project,
    branch: Branch,
    plan: StoredPlan,
    ready: ReadyIndexes,
    origin: Origin
  ): Promise<PlanInfo> {
    await this.core.log.settled();
    this.book.assertOpen(project, plan);
    return this.sources.use(project, plan, async source => {
      const evaluated = await this.checked(project, branch, plan, source);
      await ready.catchUp();
      const stage = this.core.stage(project, branch, { uniqueLater: true });
      const head = this.core.resolve(project.name, plan.into);
      const decided = decisions(source, plan, evaluated);
      try {
        await stageDecisions(this.core, stage, head, evaluated.catalog, decided, ready);
        await stage.finish();
        // From here to the commit nothing waits, so no head can move in between.
        this.book.assertOpen(project, plan);
        assertChecked(project.branches.get(branch.name), plan);
        ready.settle();
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

function unansweredError(id: string, unanswered: number): ArgonError {
  return new ArgonError('PLAN_UNANSWERED', `${unanswered} of the conflicts of ${id} have no answer yet.`, {
    data: { plan: id, unanswered }
  });
}
