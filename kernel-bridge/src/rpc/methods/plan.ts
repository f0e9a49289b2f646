import {
  ArgonError,
  docKeyOfValue,
  fromExtendedJson,
  type AnswerRule,
  type OverlapOptions
} from '@argon/wal-core';
import { originOf, pageSize, type BridgeContext, type Handlers } from '../context';
import { fittingPage } from '../paging';
import { defined } from '../../defined';
import { presentPlan } from '../present';
import type { MergeOverlapResult, PlanConflictsResult, PlanDocumentsResult } from '../protocol';
import { selectorOf } from '../selector';
import { presentConflict, presentDocumentDiff, readAnswer } from '../values';

const PLANS_USUAL = 100;
const PLANS_MAX = 1_000;
const ITEMS_USUAL = 100;
const ITEMS_MAX = 2_000;
const ANSWERS_MAX = 10_000;

/** Reviewable merges, picks and undos. */
export function planMethods(context: BridgeContext): Handlers<'merge' | 'pick' | 'undo' | 'plan'> {
  const { engine } = context;
  return {
    async 'merge.plan'({ project, source, into, session }, caller) {
      return presentPlan(await engine.planMerge(project, source, into, originOf(context, caller, session)));
    },

    async 'merge.overlap'({ project, source, into, documents = [], limit }, { signal }) {
      // Resolved once, so that the refs are those of the states that were compared.
      const [theirs, ours] = [engine.resolve(project, source).ref, engine.resolve(project, into).ref];
      const found = await engine.overlap(
        project,
        theirs,
        ours,
        defined<OverlapOptions>({
          documents: documents.map(({ collection, id }) => ({
            collection,
            key: docKeyOfValue(fromExtendedJson(id))
          })),
          limit,
          signal
        })
      );
      return defined<MergeOverlapResult>({
        source: theirs,
        into: ours,
        base: found?.base,
        forkLsn: found?.forkLsn,
        documents: found?.documents ?? 0,
        asked: found?.asked ?? 0,
        more: found?.isMore ?? false,
        marks: found === undefined ? documents.map(() => 'none') : [...found.marks]
      });
    },

    async 'pick.plan'(params, caller) {
      const { project, source, into, session } = params;
      const origin = originOf(context, caller, session);
      const what = selectorOf(context, params, engine.resolve(project, source).branch, origin);
      return presentPlan(await engine.planPick(project, source, what, into, origin));
    },

    async 'undo.plan'(params, caller) {
      const origin = originOf(context, caller, params.session);
      const what = selectorOf(context, params, params.branch, origin);
      return presentPlan(await engine.planUndo(params.project, params.branch, what, origin));
    },

    async 'plan.again'({ project, id, session }, caller) {
      return presentPlan(await engine.planAgain(project, id, originOf(context, caller, session)));
    },

    async 'plan.get'({ project, id }) {
      return presentPlan(await engine.plan(project, id));
    },

    async 'plan.list'({ project, state, limit }) {
      const plans = await engine.plans(project);
      return plans
        .filter(plan => state === undefined || plan.state === state)
        .slice(0, pageSize(limit, PLANS_USUAL, PLANS_MAX))
        .map(presentPlan);
    },

    'plan.conflicts'({ project, id, after, limit }) {
      return fittingPage<PlanConflictsResult>(pageSize(limit, ITEMS_USUAL, ITEMS_MAX), async size => {
        const options = defined<{ after?: string; limit?: number }>({ after, limit: size + 1 });
        const found = await engine.planConflicts(project, id, options);
        const page = found.slice(0, size);
        return defined<PlanConflictsResult>({
          conflicts: page.map(presentConflict),
          next: found.length > size ? page.at(-1)?.id : undefined
        });
      });
    },

    'plan.documents'({ project, id, after, limit }) {
      return fittingPage<PlanDocumentsResult>(pageSize(limit, ITEMS_USUAL, ITEMS_MAX), async size => {
        const options = defined<{ after?: string; limit?: number }>({ after, limit: size + 1 });
        const found = await engine.planDocuments(project, id, options);
        const page = found.slice(0, size);
        return defined<PlanDocumentsResult>({
          documents: page.map(presentDocumentDiff),
          next: found.length > size ? page.at(-1)?.mark : undefined
        });
      });
    },

    async 'plan.answer'({ project, id, answers = [], all, rules }) {
      if (all !== undefined && rules !== undefined) {
        throw new ArgonError('BAD_REQUEST', 'Answer by `rules` or with `all`, not with both.');
      }
      if (answers.length > ANSWERS_MAX) {
        throw new ArgonError(
          'LIMIT_EXCEEDED',
          `At most ${ANSWERS_MAX} answers fit into one call, not ${answers.length}.`,
          {
            data: { limit: ANSWERS_MAX, value: answers.length }
          }
        );
      }
      const read = answers.map(({ conflict, answer }) => ({
        conflict,
        answer: answer === null ? undefined : readAnswer(answer)
      }));
      return presentPlan(
        await engine.answerPlan(project, id, read, all ?? rules?.map(rule => defined<AnswerRule>(rule)))
      );
    },

    async 'plan.check'({ project, id, name, passed, detail, session }, caller) {
      const check = defined<{ name: string; passed: boolean; detail?: string }>({ name, passed, detail });
      return presentPlan(await engine.recordCheck(project, id, check, originOf(context, caller, session)));
    },

    async 'plan.apply'({ project, id, session }, caller) {
      return presentPlan(await engine.applyPlan(project, id, originOf(context, caller, session)));
    }
  };
}
