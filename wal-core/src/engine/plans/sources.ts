import { LRUCache } from 'lru-cache';
import type { Lsn } from '../../api';
import type { Project } from '../../branch/model';
import type { Reach } from '../../branch/seen';
import { ArgonError } from '../../errors';
import { findBases } from '../../merge/base';
import type { StoredPlan } from '../../merge/plan';
import { evaluate, type EvaluatedPlan } from '../../merge/planner';
import {
  mergeSource,
  pickSource,
  type PlanSource,
  type RestoreScope,
  restoreSource,
  undoSource
} from '../../merge/source';
import type { View } from '../../read/snapshot';
import type { Core } from '../core';

const REMEMBERED_MAX = 8;

/** A source and who uses it: the cache, and calls under way. */
class SharedSource {
  private users = 1;

  constructor(readonly source: PlanSource) {}

  retain(): this {
    this.users++;
    return this;
  }

  release(): void {
    if (--this.users === 0) {
      this.source.release();
    }
  }
}

/**
 * The documents of plans. A few plans' keys are remembered; those of any other are found again, for the states that a
 * plan was made from never change.
 */
export class PlanSources {
  private readonly remembered = new LRUCache<string, SharedSource>({
    max: REMEMBERED_MAX,
    dispose: shared => shared.release()
  });
  /** By the plan with its answers: another answer makes another object. */
  private readonly evaluated = new WeakMap<StoredPlan, EvaluatedPlan>();

  constructor(private readonly core: Core) {}

  /** Where a merge starts. @throws NOTHING_TO_DO when the target includes the source already */
  mergeBases(project: Project, ours: View, theirs: View): readonly Reach[] {
    const bases = findBases(this.core.line, project, ours, theirs);
    if (bases === undefined) {
      throw new ArgonError('NOTHING_TO_DO', `${ours.ref} includes every change of ${theirs.ref} already.`, {
        data: { source: theirs.ref, into: ours.ref }
      });
    }
    return bases;
  }

  remember(project: Project, { id }: StoredPlan, source: PlanSource): void {
    this.remembered.set(`${project.id} ${id}`, new SharedSource(source));
  }

  /** Takes note of what a plan that was just made or answered does. */
  note(plan: StoredPlan, evaluated: EvaluatedPlan): void {
    this.evaluated.set(plan, evaluated);
  }

  /** Runs `task` with the source of a plan, which stays while it runs. */
  async use<T>(project: Project, plan: StoredPlan, task: (source: PlanSource) => Promise<T>): Promise<T> {
    const name = `${project.id} ${plan.id}`;
    let shared = this.remembered.get(name)?.retain();
    if (shared === undefined) {
      await this.core.caughtUp();
      shared = new SharedSource(await this.find(project, plan));
      this.remembered.set(name, shared.retain());
    }
    try {
      return await task(shared.source);
    } finally {
      shared.release();
    }
  }

  async evaluate(source: PlanSource, plan: StoredPlan): Promise<EvaluatedPlan> {
    let evaluated = this.evaluated.get(plan);
    if (evaluated === undefined) {
      evaluated = await evaluate(source, plan);
      this.evaluated.set(plan, evaluated);
    }
    return evaluated;
  }

  /** The state that is merged, picked from or restored; an undo has none. @throws HISTORY_GONE */
  sourceView(project: Project, { sourceTimeline, sourceLsn, source }: StoredPlan): View {
    return this.viewOf(project, sourceTimeline!, sourceLsn!, source);
  }

  private async find(project: Project, plan: StoredPlan): Promise<PlanSource> {
    const ours = this.viewOf(project, plan.intoTimeline, plan.intoLsn, plan.into);
    if (plan.undo !== undefined) {
      return undoSource(this.core, ours, plan.undo);
    }
    const theirs = this.sourceView(project, plan);
    if (plan.pick !== undefined) {
      return pickSource(this.core, ours, theirs, plan.pick);
    }
    if (plan.restore !== undefined) {
      return restoreSource(this.core, ours, theirs, scopeOf(plan.restore));
    }
    const bases = this.basesOf(project, plan) ?? this.mergeBases(project, ours, theirs);
    return mergeSource(this.core, project, ours, theirs, bases);
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

  private viewOf(project: Project, id: StoredPlan['intoTimeline'], lsn: Lsn, ref: string): View {
    const timeline = project.timelines.get(id);
    if (timeline === undefined) {
      throw gone(ref);
    }
    return this.core.view(project, { timeline, lsn, ref });
  }
}

/** What of a branch a stored plan restores. */
export function scopeOf({ collection, keys }: NonNullable<StoredPlan['restore']>): RestoreScope {
  return {
    ...(collection === undefined ? {} : { collection }),
    ...(keys === undefined ? {} : { keys: keys.map(key => Buffer.from(key)) })
  };
}

function gone(ref: string): ArgonError {
  return new ArgonError('HISTORY_GONE', 'A state that the plan was made from is no longer kept.', {
    data: { ref }
  });
}
