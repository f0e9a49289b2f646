import type { Origin, ProjectId, TimelineId } from '../api';
import { KeptLsns } from '../branch/kept';
import type { Project, Timeline } from '../branch/model';
import type { GcOptions, GcReport } from '../keeping';
import type { ControlRecord } from '../log/frame';
import type { FileLog } from '../log/file/log';
import { Pace } from '../log/pace';
import { commitKey, metaKey, TABLE, u32 } from '../store/keys';
import { Broom, deadBytes, deadRow, DELETIONS_DONE, hasTakenDeletions } from './broom';
import { appliedUpTo, Compactor } from './compact';
import { Ledger } from './ledger';
import { type PlanParts, planCut, type ProjectCut, scopeRemovals } from './plan';
import { removeRange, type SweepParts, sweepUnknown, TimelineSweep } from './sweep';

export interface GcParts extends PlanParts, SweepParts {
  readonly log: FileLog;
  /** Resolves when everything durable so far is in the state. */
  readonly caughtUp: () => Promise<void>;
  readonly putRows: (rows: readonly ControlRecord[], origin: Origin) => Promise<void>;
  /** Runs while nothing changes branches, pins, runs and plans. */
  readonly alone: <T>(work: () => Promise<T>) => Promise<T>;
  /** Drops the images of pages that no readable state needs, or counts them; null for timelines nobody knows. */
  readonly collectImages: (
    keptOf: (timeline: TimelineId) => KeptLsns | undefined | null,
    isDry: boolean
  ) => Promise<{ readonly count: number; readonly bytes: number }>;
  /** Rows of remembered replies that nobody will ask for any more. */
  readonly oldReplies: () => readonly ControlRecord[];
}

const COLLECTOR: Origin = { actor: 'gc' };
/** A cold segment is written again when what it holds in vain is more than this share of its file. */
const COLD_DEAD_SHARE_MAX = 0.5;
/** Control rows logged in one frame. */
const ROWS_PER_FRAME = 512;
/** Small tables whose scope is a project, and those whose scope is a timeline. */
const PROJECT_TABLES = [
  TABLE.timeline,
  TABLE.branch,
  TABLE.pin,
  TABLE.run,
  TABLE.plan,
  TABLE.collectionName,
  TABLE.timesGone,
  TABLE.retention
] as const;
const TIMELINE_TABLES = [TABLE.merge, TABLE.note, TABLE.kept] as const;

/**
 * Collects garbage. First it is decided what stays, and logged: from that moment what goes cannot be read, whatever
 * happens. Then the rows are taken away in small steps; when that is cut short the next collection goes on.
 * @throws CANCELLED, PROJECT_NOT_FOUND
 */
export async function collect(parts: GcParts, options: GcOptions): Promise<GcReport> {
  const { dryRun = false, signal } = options;
  const pace = new Pace(signal);
  await pace.rest();
  const cuts = await parts.alone(() => decide(parts, options, pace));
  const broom = new Broom(parts.store, pace, dryRun);
  const ledger = new Ledger();
  const total = cuts.reduce((sum, cut) => sum + cut.cuts.length, 0);
  let done = 0;
  for (const { project, cuts: timelines, timesGone, gone } of cuts) {
    for (const { timeline, kept, intervals } of timelines) {
      options.onProgress?.({ phase: 'state', done: done++, total });
      await new TimelineSweep(parts, timeline, kept, broom, ledger.open(project.name, intervals)).run();
    }
    const [from, to] = [commitKey(project.id, 0), commitKey(project.id, timesGone + 1)];
    await removeRange(parts.store, broom, 'commits', 'meta', from, to);
    if (dryRun) {
      for (const { id } of gone) {
        await wholeTimeline(parts, broom, id);
      }
    }
  }
  options.onProgress?.({ phase: 'state', done: total, total });
  const unknown = await sweepUnknown(parts, broom);
  await sweepCommits(parts, broom);
  await sweepRegistry(parts, broom);
  const logBytes = await compactLog(parts, cuts, broom, options);
  const images = await parts.collectImages(keptAfter(parts, cuts), dryRun);
  const replies = dryRun ? [] : parts.oldReplies();
  if (replies.length > 0) {
    await parts.putRows(replies, COLLECTOR);
  }
  return {
    dryRun,
    rows: { ...broom.rows },
    stateBytes: broom.bytes,
    logBytes,
    images: images.count,
    timelines: cuts.reduce((all, { gone }) => gone.reduce((set, { id }) => set.add(id), all), unknown).size,
    kept: ledger.kept(),
    horizons: cuts.flatMap(({ project, horizons }) =>
      horizons.map(horizon => ({ project: project.name, ...horizon }))
    )
  };
}

/** What is kept of each timeline once the cuts are made. */
function keptAfter(
  { registry }: GcParts,
  cuts: readonly ProjectCut[]
): (timeline: TimelineId) => KeptLsns | undefined | null {
  const gone = new Set(cuts.flatMap(cut => cut.gone.map(({ id }) => id)));
  const kept = new Map(cuts.flatMap(cut => cut.cuts.map(each => [each.timeline.id, each.kept])));
  return id => {
    const timeline = registry.timeline(id);
    return timeline === undefined || gone.has(id) ? null : (kept.get(id) ?? timeline.kept);
  };
}

/**
 * Compresses the segments of the log that take no more frames, without what nothing needs any more; again when enough
 * more is needed no longer. Answers how many bytes that gives back.
 */
async function compactLog(
  parts: GcParts,
  cuts: readonly ProjectCut[],
  broom: Broom,
  options: GcOptions
): Promise<number> {
  const { store, log, registry } = parts;
  const end = appliedUpTo(store);
  if (!broom.isDry) {
    // After a power loss the state may be as old as it is on the disk now: replay must not begin in what is rewritten.
    await store.flushed();
  }
  const planned = new Map<Timeline, KeptLsns>(
    cuts.flatMap(({ cuts: some, gone }) => [
      ...some.map(({ timeline, kept }) => [timeline, kept] as const),
      ...gone.map(timeline => [timeline, KeptLsns.NOTHING] as const)
    ])
  );
  const compactor = new Compactor(
    {
      store,
      log,
      registry,
      isDry: broom.isDry,
      pace: broom.pace,
      keptOf: timeline => planned.get(timeline) ?? timeline.kept
    },
    end
  );
  // What a deletion hid until now must go from the log before the deletion does: it would be back when the state is
  // made from the log.
  const isStrict = broom.takesDeletions || hasTakenDeletions(store);
  const segments = log.closed(end.segment).filter(({ segment, bytes, isCold }) => {
    const dead = deadBytes(store, segment) + (broom.dead.get(segment) ?? 0);
    return !isCold || dead > (isStrict ? 0 : bytes * COLD_DEAD_SHARE_MAX);
  });
  let gained = 0;
  for (const [i, { segment, bytes }] of segments.entries()) {
    options.onProgress?.({ phase: 'log', done: i, total: segments.length });
    gained += bytes - (await compactor.compact(segment, bytes));
    if (!broom.isDry) {
      await store.write([deadRow(segment, undefined)]);
    }
  }
  if (!broom.isDry && isStrict) {
    await store.write([DELETIONS_DONE]);
  }
  return gained;
}

/** Decides what stays, and logs it. */
async function decide(parts: GcParts, options: GcOptions, pace: Pace): Promise<ProjectCut[]> {
  await parts.caughtUp();
  const { registry } = parts;
  const projects: readonly Project[] =
    options.project === undefined ? registry.projects() : [registry.project(options.project)];
  const cuts: ProjectCut[] = [];
  for (const project of projects) {
    cuts.push(await planCut(parts, project, options, pace));
  }
  if (options.dryRun !== true) {
    const isForgetting = cuts.some(({ gone }) => gone.length > 0);
    const rows = [...(isForgetting ? [registry.nextIds()] : []), ...cuts.flatMap(cut => cut.rows)];
    for (let i = 0; i < rows.length; i += ROWS_PER_FRAME) {
      await parts.putRows(rows.slice(i, i + ROWS_PER_FRAME), COLLECTOR);
    }
    await parts.caughtUp();
  }
  return cuts;
}

/** Counts what a timeline of which nothing stays would give back. */
async function wholeTimeline({ store }: GcParts, broom: Broom, id: number): Promise<void> {
  await removeRange(store, broom, 'changes', 'line', u32(id), u32(id + 1));
  await removeRange(store, broom, 'versions', 'ver', u32(id), u32(id + 1));
  await removeRange(store, broom, 'indexEntries', 'idxh', u32(id), u32(id + 1));
  await removeRange(store, broom, 'indexEntries', 'idx', u32(id), u32(id + 1));
  for (const table of [TABLE.timelineStat, TABLE.collectionStat, TABLE.sweep]) {
    await removeRange(store, broom, 'other', 'meta', metaKey(table, id), metaKey(table, id + 1));
  }
}

/** Takes away commit times of projects that nobody knows any more. */
async function sweepCommits({ store, registry }: GcParts, broom: Broom): Promise<void> {
  const end = Buffer.from([TABLE.commit + 1]);
  for (let at = metaKey(TABLE.commit, 0); ;) {
    const row = store.first('meta', at, end);
    if (row === undefined) {
      return;
    }
    const id = row.key.readUInt32BE(1);
    const next = metaKey(TABLE.commit, id + 1);
    if (registry.projectById(id as ProjectId) === undefined) {
      await removeRange(store, broom, 'commits', 'meta', metaKey(TABLE.commit, id), next);
    }
    at = next;
  }
}

/** Takes away rows of small tables that belong to projects and timelines nobody knows any more. */
async function sweepRegistry(parts: GcParts, broom: Broom): Promise<void> {
  const { store, registry } = parts;
  const look = async (table: number, isKnown: (scope: number) => boolean) => {
    for (let at = metaKey(table, 0); ;) {
      const row = store.first('meta', at, Buffer.from([table + 1]));
      if (row === undefined) {
        return;
      }
      const scope = row.key.readUInt32BE(1);
      if (!isKnown(scope)) {
        const rows = scopeRemovals(store, table, scope);
        broom.rows.other += rows.length;
        if (!broom.isDry) {
          await parts.putRows(rows, COLLECTOR);
        }
      }
      at = metaKey(table, scope + 1);
      if (broom.pace.isDue) {
        await broom.pace.rest();
      }
    }
  };
  for (const table of PROJECT_TABLES) {
    await look(table, id => registry.projectById(id as ProjectId) !== undefined);
  }
  for (const table of TIMELINE_TABLES) {
    await look(table, id => registry.timeline(id as TimelineId) !== undefined);
  }
}
