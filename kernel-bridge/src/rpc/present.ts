import {
  instantOf,
  type BranchInfo,
  type CommitNote,
  type CommitTime,
  type Engine,
  type EngineEvent,
  type LogEntry,
  type Origin as EngineOrigin,
  type PinInfo,
  type PlanInfo,
  type ProjectInfo,
  type RunInfo,
  type Snapshot,
  type TimelineInfo
} from '@argon/wal-core';
import type { KeeperStatus } from '../keeping/keeper';
import { pastOf } from '../session/past';
import { databaseName } from '../wire/namespace';
import { ifThere } from './paging';
import type {
  Branch,
  CatalogChange,
  CheckResult,
  ClusterTime,
  Entry,
  Keeper,
  Origin,
  Pin,
  Plan,
  Project,
  ProtocolEvent,
  Run,
  State,
  Timeline
} from './protocol';
import { defined } from '../defined';

export function presentKeeper({ automatic, isRunning, waits, last, failed }: KeeperStatus): Keeper {
  return defined<Keeper>({
    automatic,
    running: isRunning,
    waits,
    last: last && { ...last, at: last.at.toISOString() },
    failed
  });
}

export function presentProject({ name, head, defaultBranch, createdAt }: ProjectInfo): Project {
  return { name, head, defaultBranch, createdAt: createdAt.toISOString() };
}

/** `mergedAt` comes from the merges of the default branch's timeline. */
export function presentBranch(branch: BranchInfo, main: TimelineInfo | undefined): Branch {
  const { fork } = branch;
  const merge = main?.merges.findLast(
    ({ source, sourceLsn }) => source === branch.timeline && sourceLsn >= branch.head
  );
  return defined<Branch>({
    name: branch.name,
    timeline: branch.timeline,
    head: branch.head,
    headAt: branch.headAt.toISOString(),
    createdAt: branch.createdAt.toISOString(),
    isDefault: branch.isDefault,
    isProtected: branch.isProtected,
    fork:
      fork &&
      defined<NonNullable<Branch['fork']>>({ timeline: fork.timeline, branch: fork.branch, lsn: fork.lsn }),
    backupOf: branch.backupOf,
    checks: branch.checks && [...branch.checks],
    expiresAt: branch.expiresAt?.toISOString(),
    ahead: branch.ahead,
    behind: branch.behind,
    mergedAt: merge?.lsn
  });
}

/** The timeline of the default branch, which knows what was merged into it. */
export function mainTimeline(engine: Engine, project: string): TimelineInfo | undefined {
  const { timeline } = engine.branch(project, engine.project(project).defaultBranch);
  return engine.timeline(project, timeline);
}

export function presentClusterTime(time: CommitTime): ClusterTime {
  return { t: Number(time >> 32n), i: Number(time & 0xffffffffn) };
}

export function presentState(state: Snapshot): State {
  const project = state.project.name;
  return defined<State>({
    project,
    ref: state.ref,
    branch: state.branch,
    timeline: state.timeline,
    lsn: state.lsn,
    time: instantOf(state.time).toISOString(),
    clusterTime: presentClusterTime(state.time),
    writable: state.writable,
    snappedFrom: state.snappedFrom,
    database: databaseName(project, state.writable ? (state.branch ?? state.ref) : state.ref)
  });
}

export function presentOrigin({ actor, session, notebook, cell, cellNumber }: EngineOrigin): Origin {
  return defined<Origin>({ actor, session, notebook, cell, cellNumber });
}

export function presentCatalog(catalog: LogEntry['catalog']): CatalogChange[] {
  return catalog.map(({ op, collection, index }) => defined<CatalogChange>({ op, collection, index }));
}

export function presentEntry(entry: LogEntry): Entry {
  const { merge, undo, pick, restore } = entry;
  return defined<Entry>({
    firstLsn: entry.firstLsn,
    lastLsn: entry.lastLsn,
    timeline: entry.timeline,
    branch: entry.branch,
    kind: entry.kind,
    inserts: entry.inserts,
    updates: entry.updates,
    deletes: entry.deletes,
    collections: [...entry.collections],
    catalog: presentCatalog(entry.catalog),
    origin: presentOrigin(entry.origin),
    firstAt: entry.firstAt.toISOString(),
    lastAt: entry.lastAt.toISOString(),
    merge: merge && {
      // Its LSN stands beside it.
      source: merge.source.replace(/@\d+$/, ''),
      sourceTimeline: merge.sourceTimeline,
      sourceLsn: merge.sourceLsn
    },
    undo: undo && presentNote(undo),
    pick: pick && presentNote(pick),
    restore: restore && presentNote(restore)
  });
}

function presentNote({ what, firstLsn, lastLsn }: CommitNote): NonNullable<Entry['undo']> {
  return { what, firstLsn, lastLsn };
}

export function presentTimeline(timeline: TimelineInfo, branch: string | undefined): Timeline {
  const { id, parent, forkLsn, head } = timeline;
  return defined<Timeline>({ id, parent, forkLsn, head, branch });
}

export function presentPin({ name, ref, timeline, lsn, createdAt, origin }: PinInfo): Pin {
  return { name, ref, timeline, lsn, createdAt: createdAt.toISOString(), origin: presentOrigin(origin) };
}

export function presentRun(engine: Engine, run: RunInfo): Run {
  return defined<Run>({
    id: run.id,
    project: run.project,
    branch: run.branch,
    branchNow: branchNow(engine, run),
    timeline: run.timeline,
    lsn: run.lsn,
    digest: run.digest,
    createdAt: run.createdAt.toISOString(),
    facts: { ...run.facts },
    releasedAt: run.releasedAt?.toISOString()
  });
}

/** Whether the branch that a run names still leads to what the run saw: names can be given anew. */
function branchNow(engine: Engine, { project, branch, timeline, lsn }: RunInfo): Run['branchNow'] {
  if (branch === undefined) {
    return undefined;
  }
  const now = ifThere(() => engine.resolve(project, branch));
  if (now === undefined) {
    return 'gone';
  }
  const past = pastOf(engine, project, now.timeline, timeline);
  return past !== undefined && lsn <= past[0]!.upTo ? undefined : 'another';
}

export function presentPlan(plan: PlanInfo): Plan {
  const { appliedAs } = plan;
  return defined<Plan>({
    id: plan.id,
    kind: plan.kind,
    state: plan.state,
    project: plan.project,
    into: plan.into,
    intoLsn: plan.intoLsn,
    source: plan.source,
    sourceLsn: plan.sourceLsn,
    base: plan.base,
    summary: plan.summary.map(({ collection, added, changed, deleted, conflicts }) => ({
      collection,
      added,
      changed,
      deleted,
      conflicts
    })),
    conflicts: plan.conflicts,
    unanswered: plan.unanswered,
    createdAt: plan.createdAt.toISOString(),
    appliedAs: appliedAs && { firstLsn: appliedAs.firstLsn, lastLsn: appliedAs.lastLsn },
    backup: plan.backup,
    checks: plan.checks?.map(({ name, passed, detail, by, at }) =>
      defined<CheckResult>({ name, passed, detail, by, at: at.toISOString() })
    )
  });
}

/** An event of the engine as subscribers are told it. */
export function presentEvent(event: EngineEvent): ProtocolEvent {
  switch (event.type) {
    case 'commit': {
      const { project, branch, lastLsn } = event.commit;
      return { type: 'commit', project, branch, lsn: lastLsn, entry: presentEntry(event.entry) };
    }
    case 'branch': {
      const { project, op, branch, previous } = event;
      return { type: 'branch', project, op, branch, ...(previous === undefined ? {} : { previous }) };
    }
    case 'project':
      return { type: 'project', op: event.op, project: event.project };
    case 'pin':
      return { type: 'pin', project: event.project, op: event.op, pin: event.pin };
    case 'run':
      return { type: 'run', project: event.project, run: event.run };
    case 'plan':
      return { type: 'plan', project: event.project, plan: event.plan, state: event.state };
  }
}
