import { ArgonError, type Lsn, type Origin, type UndoSelector } from '@argon/wal-core';
import { lsnOf, originOf, pageSize, type BridgeContext, type Handlers } from '../context';
import { fittingPage } from '../paging';
import { defined, presentPlan } from '../present';
import type { PlanConflictsResult, PlanDocumentsResult, UndoPlanParams } from '../protocol';
import { presentConflict, presentDocumentDiff, readAnswer } from '../values';

const PLANS_USUAL = 100;
const PLANS_MAX = 1_000;
const ITEMS_USUAL = 100;
const ITEMS_MAX = 2_000;
const ANSWERS_MAX = 10_000;

/** Reviewable merges and undos. */
export function planMethods(context: BridgeContext): Handlers<'merge' | 'undo' | 'plan'> {
  const { engine } = context;
  return {
    async 'merge.plan'({ project, source, into, session }, caller) {
      return presentPlan(await engine.planMerge(project, source, into, originOf(context, caller, session)));
    },

    async 'undo.plan'(params, caller) {
      const origin = originOf(context, caller, params.session);
      const what = undoSelector(context, params, origin);
      return presentPlan(await engine.planUndo(params.project, params.branch, what, origin));
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

    async 'plan.answer'({ project, id, answers = [], all }) {
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
      return presentPlan(await engine.answerPlan(project, id, read, all));
    },

    async 'plan.apply'({ project, id, session }, caller) {
      return presentPlan(await engine.applyPlan(project, id, originOf(context, caller, session)));
    }
  };
}

/**
 * What to undo. Execution counts begin anew with each kernel, so a cell number means the newest
 * execution of that number in the session, as far as the bridge remembers it.
 */
function undoSelector({ sessions }: BridgeContext, params: UndoPlanParams, origin: Origin): UndoSelector {
  const { firstLsn, lastLsn, cell, cellNumber, actor, txn } = params;
  if ((firstLsn === undefined) !== (lastLsn === undefined)) {
    throw new ArgonError('BAD_REQUEST', 'A range needs both `firstLsn` and `lastLsn`.');
  }
  const byCell = cell !== undefined || cellNumber !== undefined;
  if (firstLsn === undefined && !byCell && actor === undefined && txn === undefined) {
    throw new ArgonError(
      'BAD_REQUEST',
      'Say what to undo: a range of LSNs, a cell, an actor or a transaction.'
    );
  }
  let range: { first: Lsn; last: Lsn } | undefined;
  if (firstLsn !== undefined && lastLsn !== undefined) {
    if (firstLsn > lastLsn) {
      throw new ArgonError(
        'BAD_REQUEST',
        `The range ${firstLsn}..${lastLsn} is empty: its end lies before its begin.`
      );
    }
    range = { first: lsnOf(firstLsn), last: lsnOf(lastLsn) };
  }
  const session = byCell ? origin.session : undefined;
  if (range === undefined && byCell && session !== undefined) {
    const named = defined<{ id?: string; number?: number }>({ id: cell, number: cellNumber });
    const writes = sessions
      .execution(session, named)
      ?.written()
      .filter(write => write.project === params.project && write.branch === params.branch);
    if (writes !== undefined && writes.length > 0) {
      const first = writes.reduce(
        (least, { firstLsn: lsn }) => (lsn < least ? lsn : least),
        writes[0]!.firstLsn
      );
      const last = writes.reduce((most, { lastLsn: lsn }) => (lsn > most ? lsn : most), writes[0]!.lastLsn);
      range = { first, last };
    }
  }
  return defined<UndoSelector>({ range, cell, cellNumber, session, actor, txn });
}
