import type { Engine, EngineOptions, TimelineInfo } from './api';
import { restoreFiles } from './backup/restore';
import type { Timeline } from './branch/model';
import { Differ } from './diff/diff';
import { BranchOffice } from './engine/branches';
import { BranchList } from './engine/branchlist';
import { createIndex, dropCollection } from './engine/collections';
import { Core, type EngineParts } from './engine/core';
import { sweepExpired } from './engine/expiry';
import { checkValue } from './engine/given';
import { HistoryOffice } from './engine/histories';
import { KeepingOffice } from './engine/keeping';
import { PinOffice } from './engine/pins';
import { PlanOffice } from './engine/plans/plans';
import { ProjectOffice } from './engine/projects';
import { RunOffice } from './engine/runs';
import { statusOf, storageOf } from './engine/storage';
import { TransactionOffice } from './engine/transactions';
import { write } from './engine/write';
import type { RestoreBackupOptions, RestoreBackupReport } from './keeping';
import { ROW_KEY_BYTES_MAX } from './limits';
import { checkBytes, checkFigures } from './log/bounds';
import { overlapOf } from './merge/overlap';
import { documentTest } from './query';
import { TABLE } from './store/keys';

/**
 * Opens the engine on a data directory, making it when it is missing, and replays what the log
 * has and the state has not. `parts` are what tests replace below the engine.
 * @throws BAD_REQUEST for a path that is no directory or cannot be written, DIRECTORY_LOCKED, DATA_CORRUPT, FORMAT_TOO_NEW, DISK_FULL
 */
export async function openEngine(options: EngineOptions, parts: EngineParts = {}): Promise<Engine> {
  return facade(await Core.open(options, documentTest, parts));
}

/**
 * Makes a data directory from a backup, in a directory that is empty or missing, and verifies it.
 * @throws BAD_REQUEST, DATA_CORRUPT naming the file, FORMAT_TOO_NEW, HISTORY_GONE, LSN_IN_FUTURE, CANCELLED
 */
export async function restoreBackup(
  folder: string,
  directory: string,
  options: RestoreBackupOptions = {}
): Promise<RestoreBackupReport> {
  await restoreFiles(folder, directory, options);
  const engine = await openEngine({ directory });
  try {
    const verified = await engine.verify(options);
    return { projects: engine.projects().map(({ name, head }) => ({ name, head })), verified };
  } finally {
    await engine.close();
  }
}

export type { EngineParts };

const cores = new WeakMap<Engine, Core>();

/** The parts of an open engine, for tests that look below it. */
export function coreOf(engine: Engine): Core {
  return cores.get(engine)!;
}

/** Each call goes to the part that knows it; what a call means, and throws, is said in `api.ts`. */
function facade(core: Core): Engine {
  const { registry, small } = core;
  const projects = new ProjectOffice(core);
  const list = new BranchList(core);
  const branches = new BranchOffice(core, list);
  const pins = new PinOffice(core);
  const runs = new RunOffice(core);
  const plans = new PlanOffice(core, branches);
  const transactions = new TransactionOffice(core);
  const histories = new HistoryOffice(core);
  const keeping = new KeepingOffice(core, plans.book);
  const differ = new Differ(core);
  const { maker, pages, answers } = plans;

  const engine: Engine = {
    directory: core.directory,
    status: () => statusOf(core),
    storage: () => storageOf(core),
    verify: options => keeping.verify(options),
    backup: (folder, options) => keeping.backup(folder, options),
    gc: options => keeping.gc(options),
    compactAtStart: () => keeping.compactAtStart(),
    close: () => core.close(),
    lastCommitTime: () => core.lastCommitTime(),
    subscribe: listener => core.subscribe(listener),

    projects: () => registry.projects().map(project => core.projectInfo(project)),
    project: name => core.projectInfo(registry.project(name)),
    findProject: name => {
      const project = registry.find(name);
      return project === undefined ? undefined : core.projectInfo(project);
    },
    createProject: (name, origin, { ensure = false } = {}) => projects.create(name, origin, ensure),
    deleteProject: (name, origin) => projects.delete(name, origin),

    branches: project => list.all(registry.project(project)),
    branchPage: (project, options = {}) => list.page(registry.project(project), options),
    branch: (project, name) => {
      const found = registry.project(project);
      return list.info(found, registry.branch(found, name));
    },
    branchOf: (project, timeline) => {
      const found = registry.project(project).timelines.get(timeline);
      return found === undefined ? undefined : registry.branchOf(found)?.name;
    },
    createBranch: (project, name, origin, options = {}) => branches.create(project, name, origin, options),
    renameBranch: (project, name, to, origin) => branches.rename(project, name, to, origin),
    protectBranch: (project, name, isProtected, origin, { checks } = {}) =>
      branches.protect(project, name, isProtected, origin, checks),
    deleteBranch: (project, name, origin) => branches.delete(project, name, origin),
    resetBranch: (project, branch, to, origin) => branches.reset(project, branch, to, origin),
    backupName: (project, branch) => branches.backupName(project, branch),
    expireBranches: origin => branches.expire(origin),
    retention: (project, branch) => {
      const found = registry.project(project);
      return branch === undefined ? found.retention : registry.branch(found, branch).retention;
    },
    setRetention: (project, policy, origin, branch) => branches.setRetention(project, policy, origin, branch),
    timelines: project => [...registry.project(project).timelines.values()].map(timelineInfo),
    timelineCount: project => registry.project(project).timelines.size,
    timeline: (project, id) => {
      const timeline = registry.project(project).timelines.get(id);
      return timeline === undefined ? undefined : timelineInfo(timeline);
    },
    pins: project => pins.all(registry.project(project)),
    createPin: (project, name, ref, origin, { ensure = false } = {}) =>
      pins.create(project, name, ref, origin, ensure),
    deletePin: (project, name, origin) => pins.delete(project, name, origin),

    resolve: (project, ref) => core.resolve(project, ref),
    snapshot: (project, timeline, lsn) => {
      checkFigures({ lsn });
      return core.snapshot(registry.project(project), core.timeline(project, timeline), lsn);
    },
    lsnAt: (project, time) => core.lsnAt(registry.project(project), time),
    timeOf: (project, lsn) => {
      checkFigures({ lsn });
      return core.timeOf(registry.project(project), lsn);
    },

    write: (project, branch, origin, change, options) =>
      write(core, project, branch, origin, change, options),
    transaction: (origin, options = {}) => transactions.begin(origin, options),
    transactionOutcome: (session, number) => transactions.outcome(session, number),
    retried: key => core.remembered(key),
    isMultikey: index => core.keys.multikey.has(index),
    createIndex: (project, branch, collection, spec, origin, options) =>
      createIndex(core, project, branch, collection, spec, origin, options),
    dropCollection: (project, branch, collection, origin, options = {}) =>
      dropCollection(core, project, branch, collection, origin, options),
    sweepExpired: (origin, { signal } = {}) => sweepExpired(core, origin, signal),

    log: (project, options = {}) => histories.log(project, options),
    changes: (project, timeline, options) => histories.changes(project, timeline, options),
    feed: (project, options) => histories.feed(project, options),
    history: (project, ref, collection, key, options = {}) =>
      histories.history(project, ref, collection, key, options),
    collectionHistory: (project, ref, collection, options = {}) =>
      histories.collectionHistory(project, ref, collection, options),
    blame: (project, ref, collection, key) => histories.blame(project, ref, collection, key),
    diff: async (project, from, to, options = {}) => {
      const before = core.resolve(project, from);
      const after = core.resolve(project, to);
      await core.caughtUp();
      return differ.diff(before, after, options);
    },
    overlap: async (project, source, into, options = {}) => {
      const theirs = core.resolve(project, source);
      const ours = core.resolve(project, into);
      await core.caughtUp();
      return overlapOf(core, registry.project(project), ours, theirs, options);
    },

    planMerge: (project, source, into, origin) => maker.merge(project, source, into, origin),
    planUndo: (project, branch, what, origin) => maker.undo(project, branch, what, origin),
    planPick: (project, source, what, into, origin) => maker.pick(project, source, what, into, origin),
    planRestore: (project, branch, to, origin, options) =>
      maker.restore(project, branch, to, origin, options),
    planAgain: (project, id, origin) => maker.again(project, id, origin),
    plan: (project, id) => plans.plan(project, id),
    plans: project => plans.list(project),
    planConflicts: (project, id, options) => pages.conflicts(project, id, options),
    planDocuments: (project, id, options) => pages.documents(project, id, options),
    answerPlan: (project, id, given, rules) => answers.answer(project, id, given, rules),
    recordCheck: (project, id, check, origin) => answers.recordCheck(project, id, check, origin),
    applyPlan: (project, id, origin) => plans.apply(project, id, origin),

    registerRun: (project, run, ref, facts) => runs.register(project, run, ref, facts),
    updateRun: (project, run, facts) => runs.update(project, run, facts),
    releaseRun: (project, run) => runs.release(project, run),
    run: id => runs.find(id),
    runs: project => runs.all(registry.project(project)),

    getValue: key => small.get(TABLE.value, key),
    putValue: async (key, value) => {
      checkBytes('The key of a value', key, ROW_KEY_BYTES_MAX);
      checkValue(value);
      await core.putRows([{ table: TABLE.value, scope: 0, key: Buffer.from(key), value }], {
        actor: 'bridge'
      });
    },
    values: prefix => small.all(TABLE.value, prefix)
  };
  cores.set(engine, core);
  return engine;
}

function timelineInfo({ id, parent, forkLsn, durableHead, merges }: Timeline): TimelineInfo {
  return { id, ...(parent === undefined ? {} : { parent: parent.id }), forkLsn, head: durableHead, merges };
}
