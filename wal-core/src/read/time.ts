import type { CommitTime, Lsn, TimelineId } from '../api';
import { ArgonError } from '../errors';
import { instantOf } from '../log/clock';
import type { Project, Timeline } from '../branch/model';
import { commitKey, commitKeyLsn } from '../store/keys';
import type { OrderedStore, Row } from '../store/store';
import { lastLsnOf, LineReader } from './line';
import { type TimeRange, TimeSamples } from './timesamples';

/** A commit as the table of commit times knows it. */
export interface CommitRow {
  readonly timeline: TimelineId;
  readonly firstLsn: Lsn;
  readonly lastLsn: Lsn;
  readonly time: CommitTime;
}

const LAST_LSN = 2 ** 48 - 1;

/** Commit times and LSNs of a project, both growing: each is found from the other by a search. */
export class CommitTimes {
  private readonly samples = new WeakMap<Project, TimeSamples>();

  constructor(private readonly store: OrderedStore) {}

  /**
   * The newest durable LSN whose commit time is not after `time`; 0 when there is none.
   * @throws HISTORY_GONE when the commits of that time are no longer known
   */
  lsnAt(project: Project, time: CommitTime): Lsn {
    const found = this.search(project, time);
    const gone = project.timesGone;
    if (gone === undefined || found > gone.lsn) {
      return found;
    }
    if (time < gone.time) {
      throw beginsAt(project, gone);
    }
    return gone.lsn;
  }

  /**
   * When the commit that holds an LSN was made; 0 for LSN 0.
   * @throws HISTORY_GONE, LSN_IN_FUTURE, DATA_CORRUPT
   */
  timeOf(project: Project, lsn: Lsn): CommitTime {
    const gone = project.timesGone;
    // Of the newest commit that is gone the time of its end is still known.
    const time = lsn === gone?.lsn ? gone.time : this.commitOf(project, lsn)?.time;
    if (time !== undefined || lsn === 0) {
      return time ?? (0n as CommitTime);
    }
    if (lsn <= project.durableHead) {
      throw gone !== undefined && lsn < gone.lsn ? beginsAt(project, gone) : this.missing(project, lsn);
    }
    throw new ArgonError(
      'LSN_IN_FUTURE',
      `LSN ${lsn} has not been written yet; the newest of project ${project.name} is ${project.durableHead}.`,
      { data: { lsn, head: project.durableHead } }
    );
  }

  /**
   * Why a commit is not known whose time has not gone: its branch was deleted and collected, and the state made anew since;
   * or the state is damaged, when a timeline has the change.
   */
  private missing(project: Project, lsn: Lsn): ArgonError {
    const line = new LineReader(this.store);
    const isListed = [...project.timelines.values()].some(timeline => {
      const row = line.rowAt(timeline, lsn);
      return row !== undefined && lsn <= lastLsnOf(row);
    });
    if (isListed) {
      this.store.distrust();
      return new ArgonError('DATA_CORRUPT', `The state has no commit of LSN ${lsn}.`, { data: { lsn } });
    }
    return new ArgonError('HISTORY_GONE', `The commit of LSN ${lsn} is no longer kept.`, { data: { lsn } });
  }

  private search(project: Project, time: CommitTime): Lsn {
    const { durableHead } = project;
    for (const recent of project.recent.backwards(durableHead)) {
      if (recent.lastLsn <= durableHead && recent.time <= time) {
        return recent.lastLsn;
      }
    }
    const timeOf = (lsn: number) => this.applied(project, lsn)?.time;
    const range = this.samplesOf(project).around(time, durableHead, timeOf);
    const best = this.between(project, time, range);
    // Garbage collection may have taken the commit that the samples know.
    return best === 0 && range.low > 0
      ? this.between(project, time, { low: 0, high: range.low, before: undefined, after: undefined })
      : best;
  }

  /**
   * The last LSN of the newest applied commit not after `time` among those that hold an LSN of `[low, high]`; 0 when
   * there is none. Times grow with LSNs, mostly evenly, so that a guess is near; every other step halves what is left.
   */
  private between(project: Project, time: CommitTime, range: TimeRange): Lsn {
    let best = 0 as Lsn;
    let { low, high, before, after } = range;
    low = Math.max(low, 1);
    for (let step = 0; low <= high; step++) {
      const isGuess = step % 2 === 0 && before !== undefined && after !== undefined;
      const part = isGuess ? Number(time - before!) / Number(after! - before!) : 0.5;
      const middle = low + Math.floor((high - low) * Math.min(part, 1));
      const commit = this.applied(project, middle);
      if (commit === undefined) {
        high = middle - 1;
      } else if (commit.time <= time) {
        best = commit.lastLsn;
        low = commit.lastLsn + 1;
        before = commit.time;
      } else {
        high = Math.min(middle, commit.firstLsn) - 1;
        after = commit.time;
      }
    }
    return best;
  }

  private samplesOf(project: Project): TimeSamples {
    let samples = this.samples.get(project);
    if (samples === undefined) {
      samples = new TimeSamples();
      this.samples.set(project, samples);
    }
    return samples;
  }

  /** The commit that holds `lsn`; undefined for LSN 0 and for LSNs that were never written. */
  commitOf(project: Project, lsn: Lsn): CommitRow | undefined {
    const { durableHead } = project;
    const [recent] = project.recent.backwards(lsn);
    if (recent !== undefined && lsn <= recent.lastLsn && recent.lastLsn <= durableHead) {
      return recent;
    }
    const row = this.applied(project, lsn);
    return row !== undefined && row.firstLsn <= lsn ? row : undefined;
  }

  /** When the newest commit of a timeline up to `lsn` was made, among those that the state does not hold yet. */
  newestOf(project: Project, timeline: Timeline, lsn: Lsn): CommitTime | undefined {
    for (const { timeline: id, lastLsn, time } of project.recent.backwards(lsn)) {
      if (id === timeline.id && lastLsn <= project.durableHead) {
        return time;
      }
    }
    return undefined;
  }

  /** Applied commits with a last LSN above `after`, oldest first. */
  *forwards(project: Project, after: Lsn): Generator<CommitRow> {
    let from: number = after + 1;
    for (;;) {
      const range = { from: commitKey(project.id, from), to: commitKey(project.id, LAST_LSN), limit: 128 };
      const rows = [...this.store.range('meta', range)].map(decode);
      yield* rows;
      const last = rows.at(-1);
      if (last === undefined || rows.length < 128) {
        return;
      }
      from = last.lastLsn + 1;
    }
  }

  /** Applied commits with a last LSN below `before`, newest first. */
  *backwards(project: Project, before: Lsn): Generator<CommitRow> {
    let to: number = before;
    for (;;) {
      const range = {
        from: commitKey(project.id, 0),
        to: commitKey(project.id, to),
        reverse: true,
        limit: 128
      };
      const rows = [...this.store.range('meta', range)].map(decode);
      yield* rows;
      const last = rows.at(-1);
      if (last === undefined || rows.length < 128) {
        return;
      }
      to = last.lastLsn;
    }
  }

  /** The applied commit with the smallest last LSN that is at least `lsn`. */
  private applied(project: Project, lsn: number): CommitRow | undefined {
    const row = this.store.first('meta', commitKey(project.id, lsn), commitKey(project.id, LAST_LSN));
    return row === undefined ? undefined : decode(row);
  }
}

/** What is said of a time before the first that is known. */
function beginsAt({ name }: Project, { lsn, time }: NonNullable<Project['timesGone']>): ArgonError {
  const since = instantOf(time).toISOString();
  return new ArgonError('HISTORY_GONE', `History of project ${name} begins at ${since}.`, {
    data: { horizon: lsn, since }
  });
}

function decode({ key, value }: Row): CommitRow {
  return {
    timeline: value.readUInt32BE(8) as TimelineId,
    firstLsn: value.readUIntBE(12, 6) as Lsn,
    lastLsn: commitKeyLsn(key),
    time: value.readBigUInt64BE(0) as CommitTime
  };
}
