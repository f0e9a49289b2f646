import type { Conflict, PlanInfo } from '../../api';
import { CATALOG_NAME } from '../../branch/names';
import { isArgonError } from '../../errors';
import { numbersFrom } from '../chance';
import { ADA, SHOP } from '../world';
import type { Selection } from './commands';
import { appliedTo } from './preview';
import { BRANCHES_MAX } from './refs';
import type { Run } from './run';
import { Line, readState, type State, textOf } from './state';
import { originOf } from './writes';

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
  const plan = await engine.planUndo(SHOP, on, { range }, ADA).catch(orGone(run, on, last));
  if (plan === undefined) {
    return false;
  }
  expect(plan).toMatchObject({ conflicts: 0, state: 'open' });
  take(run, on, await apply(run, on, plan), last.before);
  return true;
}

/** That history is said to be gone only when some of what is needed is. */
function orGone(
  { book }: Run,
  name: string,
  { first, last }: { readonly first: number; readonly last: number }
): (error: unknown) => undefined {
  return error => {
    const line = book.line(name);
    const range = Array.from({ length: last - first + 2 }, (_, i) => first - 1 + i);
    // Of a group, the changes may be gone though the state before it, which its LSNs mean, is kept.
    const isTouched = range.some(lsn => line.gone.has(lsn) || line.at(lsn).lsn !== lsn);
    if (!isArgonError(error, 'HISTORY_GONE') || !isTouched) {
      throw error;
    }
  };
}

/** What a command selects of a branch's own changes, and where these lie. */
function selected(
  { book }: Run,
  name: string,
  { at, by }: Selection
): { what: object; first: number; last: number } {
  const { head, forkLsn } = book.line(name);
  if (by === 'range') {
    const first = forkLsn + 1 + Math.floor((Math.max(0, head - forkLsn - 1) * at) / 100);
    return { what: { range: { first, last: first + 3 } }, first, last: first + 3 };
  }
  const { actor, cell } = originOf(at);
  return { what: by === 'actor' ? { actor } : { cell }, first: 1, last: head };
}

/** Undo of some of the branch's changes, whatever came after them, with random answers. */
export async function undoSome(
  run: Run,
  on: string,
  selection: Selection,
  answers: number
): Promise<boolean> {
  const { what, ...range } = selected(run, on, selection);
  const make = () => run.world.engine.planUndo(SHOP, on, what, ADA).catch(orGone(run, on, range));
  return settle(run, on, make, answers);
}

/** Some changes of a branch done again on another. */
export async function pick(
  run: Run,
  into: string,
  from: string,
  selection: Selection,
  answers: number
): Promise<boolean> {
  const { what, ...range } = selected(run, from, selection);
  const make = () => run.world.engine.planPick(SHOP, from, what, into, ADA).catch(orGone(run, from, range));
  return settle(run, into, make, answers);
}

export async function merge(run: Run, into: string, from: string, answers: number): Promise<boolean> {
  if (into === from) {
    return false;
  }
  const { book, world } = run;
  const isBehind = isAncestor(run, into, from) && book.line(into).head <= book.line(from).forkLsn;
  const theirs = book.line(from).newest;
  const done = await settle(run, into, () => world.engine.planMerge(SHOP, from, into, ADA), answers);
  if (done && isBehind) {
    // Nothing of its own since the fork: there is nothing to be merged with.
    expect(textOf(book.line(into).newest)).toBe(textOf(theirs));
  }
  return done;
}

/** Whether a branch was forked from where another is. */
function isAncestor({ world }: Run, parent: string, child: string): boolean {
  const { timeline } = world.engine.branch(SHOP, parent);
  return world.engine.branch(SHOP, child).fork?.timeline === timeline;
}

/** Gives a branch, a collection or some documents back what they were in some state of the past. */
export async function restore(
  run: Run,
  on: string,
  from: string,
  percent: number,
  scope: { readonly collection: string | undefined; readonly ids: readonly Buffer[] | undefined }
): Promise<boolean> {
  const { book, world } = run;
  const lsn = Math.floor((book.head * percent) / 99);
  const past = run.past(from, lsn);
  const { collection, ids } = scope;
  if (past === undefined || book.lines.size >= BRANCHES_MAX) {
    return false;
  }
  if (collection !== undefined && past.collection(collection) === undefined) {
    return false;
  }
  const before = book.line(on).newest;
  const { head } = book.line(on);
  const options = {
    ...(collection === undefined ? {} : { collection }),
    ...(collection === undefined || ids === undefined ? {} : { keys: ids })
  };
  const isSame =
    collection === undefined || past.collection(collection)!.id === world.view(on).collection(collection)?.id;
  const expected = isSame
    ? restored(
        before,
        book.line(from).at(lsn).state,
        collection,
        ids?.map(key => key.toString('hex'))
      )
    : undefined;
  const backup = world.engine.backupName(SHOP, on);
  let isConflicting = false;
  const make = async () => {
    const plan = await world.engine.planRestore(SHOP, on, `${from}@${lsn}`, ADA, options);
    isConflicting = plan.conflicts > 0;
    return plan;
  };
  const line = book.line(on);
  const done = await settle(run, on, make, 0);
  expect(isConflicting).toBe(false);
  if (expected !== undefined && (done || textOf(before) === textOf(book.line(on).newest))) {
    expect(textOf(book.line(on).newest)).toBe(textOf(expected));
  }
  if (done && line.head > head) {
    book.lines.set(backup, new Line(line, head));
  }
  return done;
}

/** The first state with what the second has in a scope; its documents only, when some are named. */
function restored(
  before: State,
  past: State,
  collection: string | undefined,
  keys: readonly string[] | undefined
): State {
  if (collection === undefined) {
    return past;
  }
  const theirs = past.get(collection)!;
  if (keys === undefined) {
    return new Map([...before, [collection, theirs]]);
  }
  const ours = before.get(collection)!;
  const documents = new Map(ours.documents);
  for (const key of keys) {
    const hex = theirs.documents.get(key);
    if (hex === undefined) {
      documents.delete(key);
    } else {
      documents.set(key, hex);
    }
  }
  return new Map([...before, [collection, { ...ours, documents }]]);
}

/** Makes a plan, answers it by chance and applies it. What the preview shows is what must come. */
async function settle(
  run: Run,
  into: string,
  make: () => Promise<PlanInfo | undefined>,
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
  const applied = await apply(run, into, plan).catch((error: unknown) => {
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

/** Applies a plan; to a protected branch only when it has passed every check. */
async function apply(run: Run, into: string, { id }: PlanInfo): Promise<PlanInfo> {
  const { engine } = run.world;
  for (const name of run.book.protections.get(into) ?? []) {
    for (const passed of [false, true]) {
      await expect(engine.applyPlan(SHOP, id, ADA)).rejects.toMatchObject({ code: 'CHECKS_MISSING' });
      await engine.recordCheck(SHOP, id, { name, passed }, ADA);
    }
  }
  return engine.applyPlan(SHOP, id, ADA);
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
