import type { Conflict, DocumentDiff, PlanInfo } from '../../api';
import { CATALOG_NAME } from '../../branch/names';
import { isArgonError } from '../../errors';
import { numbersFrom } from '../chance';
import { ADA, SHOP } from '../world';
import type { Run } from './book';
import { catalogEntry, EMPTY_TABLE, readState, type State, type Table, textOf, withDocument } from './state';

const IMPOSSIBLE = ['COLLECTION_EXISTS', 'COLLECTION_NOT_FOUND', 'DUPLICATE_KEY'] as const;
const ALL = { limit: 10_000 };

/** Undo of the newest commit of a branch: exactly the state before it. An undo is such a commit itself. */
export async function undo(run: Run, on: string): Promise<boolean> {
  const last = run.book.lastCommit.get(on);
  if (last === undefined) {
    return false;
  }
  const { engine } = run.world;
  const range = { first: last.first as never, last: last.last as never };
  const plan = await engine.planUndo(SHOP, on, { range }, ADA);
  expect(plan).toMatchObject({ conflicts: 0, state: 'open' });
  const applied = await engine.applyPlan(SHOP, plan.id, ADA);
  take(run, on, applied, last.before);
  return true;
}

/** Undo of some of the branch's changes, whatever came after them, with random answers. */
export async function undoRange(run: Run, on: string, percent: number, answers: number): Promise<boolean> {
  const { head, forkLsn } = run.book.line(on);
  const first = forkLsn + 1 + Math.floor(((head - forkLsn) * percent) / 100);
  const range = { first: first as never, last: (first + 3) as never };
  return settle(run, on, () => run.world.engine.planUndo(SHOP, on, { range }, ADA), answers);
}

export async function merge(run: Run, into: string, from: string, answers: number): Promise<boolean> {
  return into !== from && settle(run, into, () => run.world.engine.planMerge(SHOP, from, into, ADA), answers);
}

/** Makes a plan, answers it by chance and applies it. What the preview shows is what must come. */
async function settle(
  run: Run,
  into: string,
  make: () => Promise<PlanInfo>,
  answers: number
): Promise<boolean> {
  const { engine } = run.world;
  const plan = await make().catch((error: unknown) => {
    expect(error).toMatchObject({ code: 'NOTHING_TO_DO' });
    return undefined;
  });
  if (plan === undefined) {
    return false;
  }
  const choose = numbersFrom(answers);
  const conflicts = await engine.planConflicts(SHOP, plan.id, ALL);
  expect(conflicts.length).toBe(plan.conflicts);
  if (conflicts.length > 0) {
    await expect(engine.applyPlan(SHOP, plan.id, ADA)).rejects.toMatchObject({ code: 'PLAN_UNANSWERED' });
  }
  await engine.answerPlan(
    SHOP,
    plan.id,
    conflicts.map(conflict => {
      const sides = sidesOf(conflict);
      return { conflict: conflict.id, answer: { take: sides[choose(sides.length)]! } };
    })
  );
  const preview = await engine.planDocuments(SHOP, plan.id, ALL);
  const before = run.book.line(into).newest;
  const applied = await engine.applyPlan(SHOP, plan.id, ADA).catch((error: unknown) => {
    // Answers may ask for what cannot be: two collections of one name, two documents without a unique field.
    if (IMPOSSIBLE.some(code => isArgonError(error, code))) {
      return undefined;
    }
    throw error;
  });
  if (applied === undefined) {
    return false;
  }
  const expected = appliedTo(before, preview);
  take(run, into, applied, expected ?? (await readState(run.world.view(into))));
  await expect(engine.applyPlan(SHOP, plan.id, ADA)).rejects.toMatchObject({ code: 'PLAN_APPLIED' });
  return true;
}

/** What a conflict may be answered with: no part of a catalog entry can be left out. */
function sidesOf(conflict: Conflict): ('ours' | 'theirs' | 'base')[] {
  const isPart = conflict.collection === CATALOG_NAME && conflict.path.length === 1;
  return (['ours', 'theirs', 'base'] as const).filter(side => !isPart || conflict[side] !== undefined);
}

/** Takes an applied plan into the model. */
function take(run: Run, name: string, { appliedAs }: PlanInfo, state: State): void {
  const { book } = run;
  if (appliedAs === undefined) {
    expect(textOf(state)).toEqual(textOf(book.line(name).newest));
    return;
  }
  const { firstLsn, lastLsn } = appliedAs;
  expect(firstLsn).toBe(book.head + 1);
  run.took(name, lastLsn, state);
}

/**
 * A state with what a preview shows put into it; undefined when the preview's names do not tell: it
 * gives a name to one collection that it takes from another.
 */
function appliedTo(before: State, changes: readonly DocumentDiff[]): State | undefined {
  const renamed = new Map<string, string>();
  const tables = new Map<string, Table>(before);
  const entries = changes.filter(({ collection }) => collection === CATALOG_NAME);
  const taken = new Set<string>();
  for (const { before: old, after } of entries) {
    const from = old === undefined ? undefined : catalogEntry(old);
    const to = after === undefined ? undefined : catalogEntry(after);
    for (const name of new Set([from?.name, to?.name])) {
      if (name !== undefined && taken.has(name)) {
        return undefined;
      }
      taken.add(name ?? '');
    }
    if (from !== undefined && to === undefined) {
      tables.delete(from.name);
    } else if (to !== undefined) {
      const name = from?.name ?? to.name;
      tables.set(name, { ...(tables.get(name) ?? EMPTY_TABLE), indexes: to.indexes });
      if (name !== to.name) {
        renamed.set(name, to.name);
      }
    }
  }
  for (const { collection, key, after } of changes) {
    const table = tables.get(collection);
    if (collection !== CATALOG_NAME && table !== undefined) {
      tables.set(collection, withDocument(table, key.toString('hex'), after?.toString('hex')));
    }
  }
  return new Map([...tables].map(([name, table]) => [renamed.get(name) ?? name, table]));
}
