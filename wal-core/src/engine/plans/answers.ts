import type { Answer, AnswerRule, Origin, PlanInfo } from '../../api';
import { ArgonError } from '../../errors';
import { CHECKS_MAX, PLAN_ANSWERS_MAX } from '../../limits';
import { checkAnswer, checkRules } from '../../merge/answer';
import { checkResult } from '../../merge/checks';
import { figuresOf, type StoredPlan, storedAnswer } from '../../merge/plan';
import { decisions, evaluate } from '../../merge/planner';
import type { PlanSource } from '../../merge/source';
import type { Core } from '../core';
import type { PlanBook } from './book';
import type { PlanLocks } from './locks';
import type { PlanSources } from './sources';

/** What people and programs say to an open plan: answers to its conflicts, and results of its checks. */
export class PlanAnswers {
  constructor(
    private readonly core: Core,
    private readonly book: PlanBook,
    private readonly sources: PlanSources,
    private readonly locks: PlanLocks
  ) {}

  /** @throws PLAN_NOT_FOUND, PLAN_APPLIED, PLAN_STALE, BAD_REQUEST, LIMIT_EXCEEDED */
  async answer(
    projectName: string,
    id: string,
    answers: readonly { conflict: string; answer: Answer | undefined }[],
    rules: 'ours' | 'theirs' | readonly AnswerRule[] | undefined
  ): Promise<PlanInfo> {
    const project = this.core.registry.project(projectName);
    return this.locks.of(project, id).run(async () => {
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
    return this.locks.of(project, id).run(async () => {
      const plan = this.book.find(project, id);
      this.book.assertOpen(project, plan);
      const others = (plan.checks ?? []).filter(check => check.name !== name);
      if (others.length >= CHECKS_MAX) {
        throw new ArgonError(
          'LIMIT_EXCEEDED',
          `A plan has at most ${CHECKS_MAX} checks, not ${others.length + 1}.`,
          {
            data: { limit: CHECKS_MAX, value: others.length + 1 }
          }
        );
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
}
