import type { Origin, PlanInfo, RestoreOptions, UndoSelector } from '../../api';
import type { Branch, Project } from '../../branch/model';
import type { Reach } from '../../branch/seen';
import { ArgonError } from '../../errors';
import { figuresOf, type StoredPlan } from '../../merge/plan';
import { evaluate } from '../../merge/planner';
import { mergeSource, pickSource, type PlanSource, restoreSource, undoSource } from '../../merge/source';
import type { View } from '../../read/snapshot';
import type { Core } from '../core';
import type { PlanBook } from './book';
import { scopeOf, type PlanSources } from './sources';

type Made = Pick<StoredPlan, 'kind' | 'source'> & Partial<StoredPlan>;

/** The branch that a plan would change, and its head. */
interface Target {
  readonly project: Project;
  readonly branch: Branch;
  readonly ours: View;
}

/** Makes plans. A new plan is bound to the heads that it was made from, and changes nothing but the book. */
export class PlanMaker {
  constructor(
    private readonly core: Core,
    private readonly book: PlanBook,
    private readonly sources: PlanSources
  ) {}

  /** @throws BRANCH_NOT_FOUND, NOTHING_TO_DO, and what resolving `source` throws */
  async merge(projectName: string, source: string, into: string, origin: Origin): Promise<PlanInfo> {
    const target = await this.target(projectName, into);
    const { project, ours } = target;
    const theirs = this.core.resolve(projectName, source);
    const bases = this.sources.mergeBases(project, ours, theirs);
    const found = await mergeSource(this.core, project, ours, theirs, bases);
    return this.store(target, found, origin, {
      kind: 'merge',
      bases: storedBases(bases),
      source: theirs.ref,
      ...sourceOf(theirs)
    });
  }

  /** @throws BRANCH_NOT_FOUND, NOTHING_TO_DO, BAD_REQUEST */
  async undo(projectName: string, branchName: string, what: UndoSelector, origin: Origin): Promise<PlanInfo> {
    const target = await this.target(projectName, branchName);
    const found = await undoSource(this.core, target.ours, what);
    return this.store(target, found, origin, {
      kind: 'undo',
      source: found.what!,
      undo: what
    });
  }

  /** @throws BRANCH_NOT_FOUND, NOTHING_TO_DO, BAD_REQUEST, and what resolving `source` throws */
  async pick(
    projectName: string,
    source: string,
    what: UndoSelector,
    into: string,
    origin: Origin
  ): Promise<PlanInfo> {
    const target = await this.target(projectName, into);
    const theirs = this.core.resolve(projectName, source);
    const found = await pickSource(this.core, target.ours, theirs, what);
    return this.store(target, found, origin, {
      kind: 'pick',
      source: `${theirs.branch ?? theirs.ref}, ${found.what}`,
      sourceTimeline: theirs.timeline,
      sourceLsn: theirs.lsn,
      pick: what
    });
  }

  /** @throws BRANCH_NOT_FOUND, COLLECTION_NOT_FOUND, NOTHING_TO_DO, BAD_REQUEST, and what resolving `to` throws */
  async restore(
    projectName: string,
    branchName: string,
    to: string,
    origin: Origin,
    { collection: name, keys }: RestoreOptions = {}
  ): Promise<PlanInfo> {
    const target = await this.target(projectName, branchName);
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
    const found = await restoreSource(this.core, target.ours, past, scope);
    return this.store(target, found, origin, {
      kind: 'restore',
      source: past.ref,
      sourceTimeline: past.timeline,
      sourceLsn: past.lsn,
      restore: scope
    });
  }

  /**
   * The same plan as `id`, made at the heads as they are now: a merge of a branch of its head, all others of the state
   * that they were made from. No answer is taken over.
   *
   * @throws PLAN_NOT_FOUND, BRANCH_NOT_FOUND, HISTORY_GONE, NOTHING_TO_DO
   */
  async again(projectName: string, id: string, origin: Origin): Promise<PlanInfo> {
    const plan = this.book.find(this.core.registry.project(projectName), id);
    const { kind, into, source, sourceBranch, sourceTimeline, sourceLsn } = plan;
    if (kind === 'undo') {
      return this.undo(projectName, into, plan.undo!, origin);
    }
    if (kind === 'merge' && sourceBranch !== undefined) {
      return this.merge(projectName, sourceBranch, into, origin);
    }
    const target = await this.target(projectName, into);
    const { project, ours } = target;
    const theirs = this.sources.sourceView(project, plan);
    const same = { kind, source, sourceTimeline: sourceTimeline!, sourceLsn: sourceLsn! };
    if (kind === 'pick') {
      const found = await pickSource(this.core, ours, theirs, plan.pick!);
      return this.store(target, found, origin, { ...same, pick: plan.pick! });
    }
    if (kind === 'restore') {
      const found = await restoreSource(this.core, ours, theirs, scopeOf(plan.restore!));
      return this.store(target, found, origin, { ...same, restore: plan.restore! });
    }
    const bases = this.sources.mergeBases(project, ours, theirs);
    const found = await mergeSource(this.core, project, ours, theirs, bases);
    return this.store(target, found, origin, { ...same, bases: storedBases(bases) });
  }

  private async target(projectName: string, branchName: string): Promise<Target> {
    await this.core.caughtUp();
    const project = this.core.registry.project(projectName);
    const branch = this.core.registry.branch(project, branchName);
    return { project, branch, ours: this.core.resolve(projectName, branchName) };
  }

  private async store(
    { project, branch, ours }: Target,
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
}

function storedBases(bases: readonly Reach[]): NonNullable<StoredPlan['bases']> {
  return bases.map(({ timeline, lsn, ordinal }) => ({ timeline: timeline.id, lsn, ordinal }));
}

function sourceOf(theirs: View): Pick<StoredPlan, 'sourceTimeline' | 'sourceLsn' | 'sourceBranch'> {
  return {
    sourceTimeline: theirs.timeline,
    sourceLsn: theirs.lsn,
    ...(theirs.writable && theirs.branch !== undefined ? { sourceBranch: theirs.branch } : {})
  };
}
