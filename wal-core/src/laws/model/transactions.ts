import type { Commit } from '../../api';
import { ADA, keyOf, SHOP } from '../world';
import type { DocumentChange, TransactionPart, WriteCommand } from './commands';
import { DEPOT, type Run } from './run';
import type { Line, State } from './state';
import { type Moment, momentOf, refused, stage, statesOf, write } from './writes';

/** What a transaction has done on one branch. */
interface Staged {
  readonly project: string;
  readonly branch: string;
  readonly line: Line;
  /** The state it reads there, its own changes included. */
  state: State;
  readonly steps: { readonly changes: readonly DocumentChange[]; readonly moment: Moment }[];
}

/** A transaction over branches of two projects; somebody else may change the same documents before its commit. */
export async function transaction(
  run: Run,
  parts: readonly TransactionPart[],
  meanwhile: WriteCommand | undefined,
  commits: boolean
): Promise<boolean> {
  const { book, world } = run;
  const opened = world.engine.transaction(ADA);
  const staged = new Map<string, Staged>();
  for (const { on, changes, elsewhere } of parts) {
    const place = placeOf(run, elsewhere ? undefined : book.name(on));
    const name = `${place.project}/${place.branch}`;
    const moment = momentOf(run);
    const done = opened.write(place.project, place.branch, writer => stage(writer, changes, moment));
    if (place.project === SHOP && book.protections.has(place.branch)) {
      await refused(done);
      expect(opened.state).toBe('aborted');
      return true;
    }
    await done;
    const before = staged.get(name) ?? { ...place, state: place.line.newest, steps: [] };
    staged.set(name, before);
    for (const [i, change] of changes.entries()) {
      const at = { ...moment, stamp: moment.stamp + i / 16 };
      const next = statesOf([change], before.state, at).at(-1);
      if (next !== undefined) {
        // What it removes is there in its snapshot: another's change of it would be a conflict.
        before.steps.push({ changes: [change], moment: at });
        before.state = next;
      }
    }
  }
  const mine = new Set([...staged.values()].flatMap(touched));
  let theirs: string[] = [];
  if (meanwhile !== undefined) {
    const name = book.name(meanwhile.on);
    if (!book.protections.has(name)) {
      theirs = touchedBy(`${SHOP}/${name}`, meanwhile.changes, book.line(name).newest);
    }
    await write(run, { ...meanwhile, held: false });
  }
  if (!commits) {
    opened.abort();
    return true;
  }
  const meets = theirs.some(place => mine.has(place));
  const made = await opened.commit().catch((error: unknown) => {
    expect({ error, meets }).toMatchObject({ error: { code: 'WRITE_CONFLICT' }, meets: true });
    return undefined;
  });
  if (made !== undefined) {
    expect(meets).toBe(false);
    take(run, staged, made);
    expect(await opened.commit()).toEqual(made);
  }
  return true;
}

/** A branch of the first project, or the one of the second. */
function placeOf({ book }: Run, name: string | undefined): Pick<Staged, 'project' | 'branch' | 'line'> {
  return name === undefined
    ? { project: DEPOT, branch: 'main', line: book.depot }
    : { project: SHOP, branch: name, line: book.line(name) };
}

/** Takes a committed transaction into the model. */
function take(run: Run, staged: ReadonlyMap<string, Staged>, made: readonly Commit[]): void {
  const after = new Map<string, { state: State; count: number }>();
  for (const [name, { line, steps }] of staged) {
    let state = line.newest;
    let count = 0;
    for (const { changes, moment } of steps) {
      const states = statesOf(changes, state, moment);
      state = states.at(-1) ?? state;
      count += states.length;
    }
    if (count > 0) {
      after.set(name, { state, count });
    }
  }
  expect(made.map(({ project, branch }) => `${project}/${branch}`).sort()).toEqual([...after.keys()].sort());
  const { book } = run;
  const heads = new Map([
    [SHOP, book.head],
    [DEPOT, book.depot.head]
  ]);
  const lasts = new Map(heads);
  for (const { project, branch } of made) {
    lasts.set(project, lasts.get(project)! + after.get(`${project}/${branch}`)!.count);
  }
  const firsts = new Map(heads);
  for (const { project, branch, firstLsn, lastLsn, time } of made) {
    const { state, count } = after.get(`${project}/${branch}`)!;
    const head = heads.get(project)!;
    expect([project, branch, firstLsn, lastLsn]).toEqual([project, branch, head + 1, head + count]);
    heads.set(project, head + count);
    const { line } = placeOf(run, project === SHOP ? branch : undefined);
    // Until the last LSN of the transaction none of its branches has changed.
    line.add(lasts.get(project)!, state);
    line.group(firsts.get(project)! + 1, lasts.get(project)!, firstLsn);
    const commits = project === SHOP ? book.commits : book.depotCommits;
    commits.push({ first: firstLsn, last: lastLsn, time });
    if (project === SHOP) {
      book.lastCommit.delete(branch);
    }
  }
  book.head = heads.get(SHOP)!;
}

function touched({ project, branch, line, steps }: Staged): string[] {
  return touchedBy(
    `${project}/${branch}`,
    steps.flatMap(({ changes }) => changes),
    line.newest
  );
}

/** What a list of changes really changes: documents, and collections that it makes. */
function touchedBy(name: string, changes: readonly DocumentChange[], before: State): string[] {
  const found: string[] = [];
  let state = before;
  for (const change of changes) {
    const steps = statesOf([change], state, { stamp: 0, nowMs: 0 });
    if (!state.has(change.collection)) {
      found.push(`${name} ${change.collection}`);
    }
    if (
      change.value !== undefined ||
      state.get(change.collection)?.documents.has(keyOf(change.id).toString('hex'))
    ) {
      found.push(`${name} ${change.collection} ${change.id}`);
    }
    state = steps.at(-1) ?? state;
  }
  return found;
}
