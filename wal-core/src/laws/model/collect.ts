import type { GcReport } from '../../keeping';
import { commitTimeEnd } from '../../log/clock';
import { ADA, SHOP } from '../world';
import type { BookedCommit, Retention } from './book';
import { discard } from './crash';
import { DEPOT, readable, type Run } from './run';
import type { Line } from './state';
import { forgetTimes } from './times';

/** Says how much history is to stay, of a branch or of the whole project. */
export async function retain(
  { book, world }: Run,
  on: string | undefined,
  retention: Retention | undefined
): Promise<boolean> {
  await world.engine.setRetention(SHOP, retention, ADA, on);
  if (retention === undefined) {
    book.retentions.delete(on ?? '');
  } else {
    book.retentions.set(on ?? '', retention);
  }
  return true;
}

/**
 * Collects garbage. What the windows, pins and forks need must read as before; the rest may go, and then must say so
 * for ever. What a collection would do is what it does.
 */
export async function collect(run: Run, retention: Retention | undefined): Promise<boolean> {
  const { book, world } = run;
  const { engine } = world;
  const options = retention === undefined ? {} : { retention };
  const policyOf = (name: string) => retention ?? book.retentions.get(name) ?? book.retentions.get('') ?? {};
  const now = world.clock.now;
  const windows = new Map(
    [...book.lines].map(([name, line]) => [name, windowOf(line, book.commits, policyOf(name), now)])
  );
  const depotWindow = windowOf(book.depot, book.depotCommits, retention ?? {}, now);
  const wouldGo = await engine.gc({ ...options, dryRun: true });
  for (const name of book.lines.keys()) {
    // A dry run takes nothing away.
    run.past(name, run.below(book.head + 1));
  }
  const report = await engine.gc(options);
  expect(figures(report)).toEqual(figures(wouldGo));
  // No power failure leaves a state from before the collection: it is on the disk when the log is rewritten.
  discard(run);
  for (const [name, line] of book.lines) {
    const kept = windows.get(name)!;
    line.gone = lookThrough(line, book.head, kept, lsn => world.view(`${name}@${lsn}`));
    run.gone += line.gone.size;
    const { fork, timeline } = engine.branch(SHOP, name);
    engine.snapshot(SHOP, timeline, line.head as never);
    if (fork !== undefined) {
      engine.snapshot(SHOP, fork.timeline, fork.lsn);
    }
    const horizon = report.horizons.find(each => each.project === SHOP && each.branch === name)?.lsn ?? 0;
    const bad = [...line.gone].filter(lsn => lsn >= horizon);
    expect({ name, horizon, bad }).toEqual({ name, horizon, bad: [] });
    if (horizon > 0 && line.at(horizon - 1).lsn === horizon - 1) {
      expect({ name, horizon, isGone: line.gone.has(horizon - 1) }).toEqual({ name, horizon, isGone: true });
    }
  }
  const { depot } = book;
  depot.gone = lookThrough(depot, depot.head, depotWindow, lsn => world.view(`main@${lsn}`, DEPOT));
  // Each is looked at below the horizon too: it reads the same, or it is gone.
  book.witnesses = book.witnesses.filter(
    each => each !== undefined && readable(() => engine.snapshot(SHOP, each.timeline, each.lsn)) !== undefined
  );
  forgetTimes(run, Math.min(...windows.values()), depotWindow);
  return report.rows.versions + report.rows.changes > 0;
}

/** Which LSNs cannot be read. Those from `kept` on must, unless they were gone before; what is gone stays gone. */
function lookThrough(line: Line, head: number, kept: number, look: (lsn: number) => unknown): Set<number> {
  const gone = new Set<number>();
  for (let lsn = 0; lsn <= head; lsn++) {
    if (readable(() => look(lsn)) === undefined) {
      gone.add(lsn);
    }
  }
  // Inside a group whose end is gone, an LSN may be forgotten, known anew after a rebuild, and forgotten again.
  const isFickle = (lsn: number) => line.at(lsn).lsn !== lsn && line.gone.has(line.groupEnd(lsn));
  const lost = [...gone].filter(lsn => lsn >= kept && !line.gone.has(lsn) && !isFickle(lsn));
  const back = [...line.gone].filter(lsn => !gone.has(lsn));
  expect({ kept, lost, back }).toEqual({ kept, lost: [], back: [] });
  return gone;
}

/** The oldest LSN of a branch that must stay. What either figure keeps is kept; a group is kept whole. */
function windowOf(
  line: Line,
  commits: readonly BookedCommit[],
  { keepLsns, keepMs }: Retention,
  nowMs: number
): number {
  const starts: number[] = [];
  if (keepMs !== undefined) {
    starts.push(commits.findLast(({ time }) => time <= commitTimeEnd(nowMs - keepMs))?.last ?? 0);
  }
  if (keepLsns !== undefined) {
    starts.push(Math.max(0, line.head - keepLsns));
  }
  return line.at(starts.length === 0 ? 0 : Math.min(...starts)).lsn;
}

function figures({ rows, stateBytes, timelines, horizons }: GcReport): object {
  return { rows, stateBytes, timelines, horizons };
}
