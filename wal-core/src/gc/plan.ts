import type { CommitTime, Lsn } from '../api';
import { KeptLsns, OPEN_END } from '../branch/kept';
import type { Branch, Project, Retention, Timeline } from '../branch/model';
import { isArgonError } from '../errors';
import type { GcOptions } from '../keeping';
import { commitTimeEnd } from '../log/clock';
import type { ControlRecord } from '../log/frame';
import type { Pace } from '../log/pace';
import { loadPlans, type StoredPlan } from '../merge/plan';
import type { CommitTimes } from '../read/time';
import { afterPrefix, META_PREFIX_BYTES, metaKey, TABLE, u32 } from '../store/keys';
import type { OrderedStore } from '../store/store';
import { Wanted, type WantedInterval, type WantedParts } from './wanted';

export interface PlanParts {
  readonly store: OrderedStore;
  readonly times: CommitTimes;
  /** Wall clock in milliseconds. */
  readonly wallMs: () => number;
  /** When `lsn` lies inside an atomic group of the timeline: the LSN before the group. */
  beforeGroup(project: Project, timeline: Timeline, lsn: Lsn): Lsn | undefined;
  resolve(project: string, ref: string): { readonly line: Timeline; readonly lsn: Lsn };
  /** States that open transactions read. */
  reading(): Iterable<{
    readonly timeline: Timeline;
    readonly lsn: Lsn;
    readonly kind: 'transaction' | 'index';
    readonly name: string;
  }>;
}

/** What is taken from one timeline. */
export interface TimelineCut {
  readonly timeline: Timeline;
  readonly kept: KeptLsns;
  readonly intervals: readonly WantedInterval[];
}

/** What a collection takes from one project. */
export interface ProjectCut {
  readonly project: Project;
  /** Timelines of which only a part stays. */
  readonly cuts: readonly TimelineCut[];
  /** Timelines of which nothing stays. */
  readonly gone: readonly Timeline[];
  /** Commit times up to this LSN go. */
  readonly timesGone: Lsn;
  /** Where each branch can be read from, when not from its beginning. */
  readonly horizons: readonly { readonly branch: string; readonly lsn: Lsn }[];
  /** Rows that make it so: from then on what goes cannot be read. */
  readonly rows: readonly ControlRecord[];
}

/** Works out what a project keeps. Nothing may change its branches, pins, runs and plans meanwhile. */
export async function planCut(
  parts: PlanParts,
  project: Project,
  options: GcOptions,
  pace: Pace
): Promise<ProjectCut> {
  const windows = new Windows(parts, project, options.retention);
  const wanted = await Wanted.of(project, wantedParts(parts, project, windows, options), pace);
  const kept = new Map<Timeline, KeptLsns | undefined>();
  const cuts: TimelineCut[] = [];
  const gone: Timeline[] = [];
  for (const timeline of project.timelines.values()) {
    const left = wanted.kept(timeline);
    kept.set(timeline, left);
    if (left?.isEmpty === true && !wanted.isNamed(timeline)) {
      gone.push(timeline);
    } else if (left !== undefined) {
      cuts.push({ timeline, kept: left, intervals: wanted.of(timeline) });
    }
    if (pace.isDue) {
      await pace.rest();
    }
  }
  const horizons = [...project.branches.values()].flatMap(({ name: branch, timeline }) => {
    const lsn = horizonOf(timeline, kept);
    return lsn === undefined ? [] : [{ branch, lsn }];
  });
  const times = timesCut(parts.times, project, windows.oldest);
  const rows = [
    ...cuts.flatMap(cut => keptRows(cut)),
    ...gone.flatMap(timeline => removalRows(parts.store, project, timeline)),
    ...timesRows(project, times, gone.length > 0)
  ];
  return { project, cuts, gone, timesGone: times.lsn, horizons, rows };
}

/** Where the histories of a project's branches begin. */
class Windows {
  /** The smallest of them that were asked for, or the oldest head: it is told when that was written. */
  oldest = OPEN_END;
  private readonly byTime = new Map<number, Lsn>();

  constructor(
    private readonly parts: PlanParts,
    private readonly project: Project,
    private readonly instead: Retention | undefined
  ) {}

  of({ timeline, retention: own }: Branch): Lsn {
    const { keepMs, keepLsns } = this.instead ?? own ?? this.project.retention ?? {};
    const starts: number[] = [];
    if (keepMs !== undefined) {
      starts.push(this.since(keepMs));
    }
    if (keepLsns !== undefined) {
      starts.push(Math.max(0, timeline.durableHead - keepLsns));
    }
    const start = (starts.length === 0 ? 0 : Math.min(...starts)) as Lsn;
    const window = this.beforeGroup(timeline, start);
    this.oldest = Math.min(this.oldest, window, timeline.durableHead) as Lsn;
    return window;
  }

  /**
   * The start of a window that keeps a group whole: an LSN inside a group means the state before it, also when the
   * branch has its part of the group only later.
   */
  private beforeGroup(timeline: Timeline, start: Lsn): Lsn {
    const { times } = this.parts;
    const before = (lsn: Lsn) => this.parts.beforeGroup(this.project, timeline, lsn);
    const own = before(start);
    const time = times.commitOf(this.project, start)?.time;
    if (own !== undefined || time === undefined) {
      return own ?? start;
    }
    for (const commit of times.forwards(this.project, start)) {
      // All of a group has one time.
      const window = commit.time === time ? before(commit.firstLsn) : start;
      if (window !== undefined) {
        return Math.min(window, start) as Lsn;
      }
    }
    return start;
  }

  /** The LSN that was current so long ago. */
  private since(keepMs: number): Lsn {
    let lsn = this.byTime.get(keepMs);
    if (lsn === undefined) {
      lsn = this.search(this.parts.wallMs() - keepMs);
      this.byTime.set(keepMs, lsn);
    }
    return lsn;
  }

  private search(atMs: number): Lsn {
    try {
      return this.parts.times.lsnAt(this.project, commitTimeEnd(atMs));
    } catch (error) {
      if (isArgonError(error, 'HISTORY_GONE')) {
        // It is gone already: what is left of that time stays.
        return 0 as Lsn;
      }
      throw error;
    }
  }
}

function wantedParts(parts: PlanParts, project: Project, windows: Windows, options: GcOptions): WantedParts {
  const states: WantedParts['states'][number][] = [];
  const ranges: WantedParts['ranges'][number][] = [];
  for (const { project: name, ref } of options.keep ?? []) {
    if (name === project.name) {
      const { line, lsn } = parts.resolve(name, ref);
      states.push({ timeline: line, lsn, reason: { kind: 'ref', name: ref } });
    }
  }
  for (const { timeline, lsn, kind, name } of parts.reading()) {
    if (timeline.project === project.id) {
      states.push({ timeline, lsn, reason: { kind, name } });
    }
  }
  for (const plan of loadPlans(parts.store, project).values()) {
    if (isOpen(project, plan)) {
      addPlan(project, plan, states, ranges);
    }
  }
  return { windowOf: branch => windows.of(branch), states, ranges };
}

/** Whether a plan can still be applied. */
function isOpen(project: Project, { state, into, intoTimeline, intoLsn }: StoredPlan): boolean {
  const timeline = project.branches.get(into)?.timeline;
  return state === 'open' && timeline?.id === intoTimeline && timeline.head === intoLsn;
}

/** A plan finds its documents again from the states it was made from; one of selected changes from each of them. */
function addPlan(
  project: Project,
  plan: StoredPlan,
  states: WantedParts['states'][number][],
  ranges: WantedParts['ranges'][number][]
): void {
  const reason = { kind: 'plan', name: plan.id } as const;
  const at = [
    { timeline: plan.intoTimeline, lsn: plan.intoLsn },
    ...(plan.sourceTimeline === undefined ? [] : [{ timeline: plan.sourceTimeline, lsn: plan.sourceLsn! }]),
    ...(plan.bases ?? [])
  ];
  for (const { timeline: id, lsn } of at) {
    const timeline = project.timelines.get(id);
    if (timeline !== undefined) {
      states.push({ timeline, lsn, reason });
    }
  }
  const selected = /: (\d+)\.\.(\d+)$/.exec(plan.source);
  const from = plan.pick === undefined ? plan.intoTimeline : plan.sourceTimeline!;
  const timeline = project.timelines.get(from);
  const isSelection = plan.undo !== undefined || plan.pick !== undefined;
  if (isSelection && selected !== null && timeline !== undefined) {
    const [first, last] = [Number(selected[1]) - 1, Number(selected[2])];
    ranges.push({ timeline, first: first as Lsn, last: last as Lsn, reason });
  }
}

/** The oldest LSN from which on every state of a timeline can be read; undefined when all can. */
function horizonOf(timeline: Timeline, kept: ReadonlyMap<Timeline, KeptLsns | undefined>): Lsn | undefined {
  let cap: number = OPEN_END;
  for (let line: Timeline | undefined = timeline; line !== undefined; line = line.parent) {
    const first = line.parent === undefined ? 0 : line.forkLsn + 1;
    if (cap < first) {
      // It was forked before it had a change of its own: what it shows here is its parent's.
      continue;
    }
    const interval = kept.get(line)?.intervals.find(({ lo, hi }) => lo <= cap && cap <= hi);
    if (interval !== undefined && interval.lo > first) {
      return interval.lo;
    }
    if (interval === undefined && kept.get(line) !== undefined) {
      return (cap + 1) as Lsn;
    }
    cap = line.forkLsn;
  }
  return undefined;
}

function keptRows({ timeline, kept }: TimelineCut): ControlRecord[] {
  if (timeline.kept?.equals(kept) === true) {
    return [];
  }
  const values: (Buffer | undefined)[] = kept.rows();
  const before = timeline.kept?.rows().length ?? 0;
  return Array.from({ length: Math.max(before, values.length) }, (_, i) => ({
    table: TABLE.kept,
    scope: timeline.id,
    key: u16(i),
    value: values[i]
  }));
}

/** Rows that make a timeline unknown. */
function removalRows(store: OrderedStore, project: Project, timeline: Timeline): ControlRecord[] {
  const rows: ControlRecord[] = [
    { table: TABLE.timeline, scope: project.id, key: u32(timeline.id), value: undefined }
  ];
  for (const table of [TABLE.merge, TABLE.note, TABLE.kept]) {
    rows.push(...scopeRemovals(store, table, timeline.id));
  }
  return rows;
}

/** Rows that delete everything of one scope in a small table. */
export function scopeRemovals(store: OrderedStore, table: number, scope: number): ControlRecord[] {
  const from = metaKey(table, scope);
  return [...store.range('meta', { from, to: afterPrefix(from) })].map(({ key }) => ({
    table,
    scope,
    key: key.subarray(META_PREFIX_BYTES),
    value: undefined
  }));
}

/** Up to which LSN commit times go, at the end of a commit, and when that was made. */
function timesCut(times: CommitTimes, project: Project, oldest: Lsn): { lsn: Lsn; time: CommitTime } {
  const known = project.timesGone ?? { lsn: 0 as Lsn, time: 0n as CommitTime };
  const inside = oldest === OPEN_END ? undefined : times.commitOf(project, oldest);
  const lsn = inside === undefined ? 0 : inside.lastLsn === oldest ? oldest : inside.firstLsn - 1;
  const time = times.commitOf(project, lsn as Lsn)?.time;
  return lsn <= known.lsn || time === undefined ? known : { lsn: lsn as Lsn, time };
}

function timesRows(
  project: Project,
  { lsn, time }: { readonly lsn: Lsn; readonly time: CommitTime },
  always: boolean
): ControlRecord[] {
  if (!always && lsn === (project.timesGone?.lsn ?? 0)) {
    return [];
  }
  const value = Buffer.allocUnsafe(20);
  value.writeUIntBE(lsn, 0, 6);
  value.writeBigUInt64BE(time, 6);
  value.writeUIntBE(project.durableHead, 14, 6);
  return [{ table: TABLE.timesGone, scope: project.id, key: Buffer.alloc(0), value }];
}

function u16(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(2);
  bytes.writeUInt16BE(value, 0);
  return bytes;
}
