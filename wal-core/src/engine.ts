import type {
  Answer,
  AnswerRule,
  Blame,
  BranchInfo,
  BranchPage,
  BranchPageOptions,
  Change,
  CollectionInfo,
  Commit,
  CommitTime,
  Conflict,
  Diff,
  DiffOptions,
  DocKey,
  Engine,
  EngineEvent,
  EngineOptions,
  EngineStatus,
  FeedBatch,
  FeedOptions,
  Image,
  IndexInfo,
  LogEntry,
  Lsn,
  Origin,
  PinInfo,
  PlanDocument,
  PlanInfo,
  ProjectInfo,
  RestoreOptions,
  RunInfo,
  Snapshot,
  TimelineId,
  TimelineInfo,
  Transaction,
  TransactionOptions,
  UndoSelector,
  WriteOptions,
  Writer
} from './api';
import { restoreFiles } from './backup/restore';
import type { Project, Timeline } from './branch/model';
import { Differ } from './diff/diff';
import { BranchOffice } from './engine/branches';
import { BranchList } from './engine/branchlist';
import { createIndex, dropCollection } from './engine/collections';
import { assertWritable, Core, type EngineParts } from './engine/core';
import { KeepingOffice } from './engine/keeping';
import { type ExpiryParts, sweepExpired, type Swept } from './engine/expiry';
import { PinOffice } from './engine/pins';
import { PlanOffice } from './engine/plans';
import { ProjectOffice } from './engine/projects';
import { RunOffice } from './engine/runs';
import { storageOf } from './engine/storage';
import { TransactionOffice } from './engine/transactions';
import { ArgonError } from './errors';
import { BlameReader } from './history/blame';
import { ChangeReader } from './history/changes';
import { Feed } from './history/feed';
import type {
  BackupReport,
  GcOptions,
  GcReport,
  KeepingOptions,
  RestoreBackupOptions,
  RestoreBackupReport,
  RetentionPolicy,
  StorageFigures,
  VerifyOptions,
  VerifyReport
} from './keeping';
import { compileFilter } from './query';
import { TABLE } from './store/keys';

/**
 * Opens the engine on a data directory, making it when it is missing, and replays what the log
 * has and the state has not. `parts` are what tests replace below the engine.
 * @throws DIRECTORY_LOCKED, DATA_CORRUPT, FORMAT_TOO_NEW
 */
export async function openEngine(options: EngineOptions, parts: EngineParts = {}): Promise<Engine> {
  const compile = (filter: Image, collation?: Image) => {
    const compiled = compileFilter(filter, collation === undefined ? {} : { collation });
    return (document: Image) => compiled.matches(document);
  };
  return new ArgonEngine(await Core.open(options, compile, parts));
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

/** The façade: each call goes to the part that knows it. */
class ArgonEngine implements Engine {
  private readonly projectOffice: ProjectOffice;
  private readonly branchList: BranchList;
  private readonly branchOffice: BranchOffice;
  private readonly pinOffice: PinOffice;
  private readonly runOffice: RunOffice;
  private readonly planOffice: PlanOffice;
  private readonly transactions: TransactionOffice;
  private readonly keeping: KeepingOffice;
  private readonly differ: Differ;
  private readonly changeReader: ChangeReader;
  private readonly blameReader: BlameReader;
  private readonly changeFeed: Feed;

  constructor(private readonly core: Core) {
    this.projectOffice = new ProjectOffice(core);
    this.branchList = new BranchList(core);
    this.branchOffice = new BranchOffice(core, this.branchList);
    this.pinOffice = new PinOffice(core);
    this.runOffice = new RunOffice(core);
    this.planOffice = new PlanOffice(core, this.branchOffice);
    this.transactions = new TransactionOffice(core);
    this.differ = new Differ(core);
    this.blameReader = new BlameReader(core);
    this.keeping = new KeepingOffice(core, this.planOffice.book);
    this.changeReader = new ChangeReader(core);
    const { line, times } = core;
    this.changeFeed = new Feed(
      {
        line,
        times,
        caughtUp: () => core.caughtUp(),
        subscribe: listener => core.subscribe(listener),
        isGone: project => core.registry.find(project.name) !== project
      },
      this.changeReader
    );
  }

  get directory(): string {
    return this.core.directory;
  }

  status(): EngineStatus {
    const { registry, log, store, unapplied, error } = this.core;
    return {
      projects: registry.projects().length,
      branches: registry.branchCount,
      logBytes: log.bytes,
      stateBytes: store.bytes(),
      pendingRecords: unapplied.records,
      images: this.core.imageOffice.status(),
      ...(error === undefined ? {} : { failed: error.message })
    };
  }

  verify(options?: VerifyOptions): Promise<VerifyReport> {
    return this.keeping.verify(options);
  }

  backup(folder: string, options?: KeepingOptions): Promise<BackupReport> {
    return this.keeping.backup(folder, options);
  }

  gc(options?: GcOptions): Promise<GcReport> {
    return this.keeping.gc(options);
  }

  compactAtStart(): void {
    this.keeping.compactAtStart();
  }

  storage(): Promise<StorageFigures> {
    return storageOf(this.core);
  }

  retention(project: string, branch?: string): RetentionPolicy | undefined {
    const found = this.find(project);
    return branch === undefined ? found.retention : this.core.registry.branch(found, branch).retention;
  }

  setRetention(
    project: string,
    policy: RetentionPolicy | undefined,
    origin: Origin,
    branch?: string
  ): Promise<void> {
    return this.branchOffice.setRetention(project, policy, origin, branch);
  }

  close(): Promise<void> {
    return this.core.close();
  }

  lastCommitTime(): CommitTime {
    return this.core.lastCommitTime();
  }

  subscribe(listener: (event: EngineEvent) => void): () => void {
    return this.core.subscribe(listener);
  }

  projects(): readonly ProjectInfo[] {
    return this.core.registry.projects().map(project => this.core.projectInfo(project));
  }

  project(name: string): ProjectInfo {
    return this.core.projectInfo(this.find(name));
  }

  findProject(name: string): ProjectInfo | undefined {
    const project = this.core.registry.find(name);
    return project === undefined ? undefined : this.core.projectInfo(project);
  }

  private find(name: string): Project {
    return this.core.registry.project(name);
  }

  createProject(name: string, origin: Origin, options: { ensure?: boolean } = {}): Promise<ProjectInfo> {
    return this.projectOffice.create(name, origin, options.ensure === true);
  }

  deleteProject(name: string, origin: Origin): Promise<void> {
    return this.projectOffice.delete(name, origin);
  }

  branches(project: string): readonly BranchInfo[] {
    return this.branchList.all(this.find(project));
  }

  branchPage(project: string, options: BranchPageOptions = {}): BranchPage {
    return this.branchList.page(this.find(project), options);
  }

  branchOf(project: string, timeline: TimelineId): string | undefined {
    const found = this.find(project).timelines.get(timeline);
    return found === undefined ? undefined : this.core.registry.branchOf(found)?.name;
  }

  branch(project: string, name: string): BranchInfo {
    const found = this.find(project);
    return this.branchList.info(found, this.core.registry.branch(found, name));
  }

  createBranch(
    project: string,
    name: string,
    origin: Origin,
    options: { from?: string; ensure?: boolean; expiresAt?: Date } = {}
  ): Promise<BranchInfo> {
    return this.branchOffice.create(project, name, origin, options);
  }

  renameBranch(project: string, name: string, to: string, origin: Origin): Promise<BranchInfo> {
    return this.branchOffice.rename(project, name, to, origin);
  }

  protectBranch(
    project: string,
    name: string,
    isProtected: boolean,
    origin: Origin,
    options: { checks?: readonly string[] } = {}
  ): Promise<BranchInfo> {
    return this.branchOffice.protect(project, name, isProtected, origin, options.checks);
  }

  deleteBranch(project: string, name: string, origin: Origin): Promise<void> {
    return this.branchOffice.delete(project, name, origin);
  }

  expireBranches(origin: Origin): Promise<readonly string[]> {
    return this.branchOffice.expire(origin);
  }

  sweepExpired(origin: Origin, options: { signal?: AbortSignal } = {}): Promise<readonly Swept[]> {
    const remove: ExpiryParts['remove'] = async (project, branch, who, change) =>
      (await this.write(project, branch, who, change)).result;
    return sweepExpired({ core: this.core, remove }, origin, options.signal);
  }

  timelines(project: string): readonly TimelineInfo[] {
    return [...this.find(project).timelines.values()].map(timelineInfo);
  }

  timelineCount(project: string): number {
    return this.find(project).timelines.size;
  }

  timeline(project: string, id: TimelineId): TimelineInfo | undefined {
    const timeline = this.find(project).timelines.get(id);
    return timeline === undefined ? undefined : timelineInfo(timeline);
  }

  resolve(project: string, ref: string): Snapshot {
    return this.core.resolve(project, ref);
  }

  snapshot(project: string, timeline: TimelineId, lsn: Lsn): Snapshot {
    return this.core.snapshot(this.find(project), this.lineOf(project, timeline), lsn);
  }

  private lineOf(project: string, id: TimelineId): Timeline {
    const timeline = this.find(project).timelines.get(id);
    if (timeline === undefined) {
      throw new ArgonError('HISTORY_GONE', `The timeline ${id} of project ${project} is no longer kept.`, {
        data: { timeline: id }
      });
    }
    return timeline;
  }

  lsnAt(project: string, time: CommitTime): Lsn {
    return this.core.lsnAt(this.find(project), time);
  }

  timeOf(project: string, lsn: Lsn): CommitTime {
    return this.core.timeOf(this.find(project), lsn);
  }

  async write<T>(
    projectName: string,
    branchName: string,
    origin: Origin,
    change: (writer: Writer) => T,
    options: WriteOptions = {}
  ): Promise<{ result: T; commit: Commit | undefined }> {
    const { project, branch } = await this.core.writableBranch(projectName, branchName);
    assertWritable(branch);
    const stage = this.core.stage(project, branch);
    const { head } = branch.timeline;
    let result: T;
    try {
      result = change(stage);
    } catch (error) {
      // A refusal (the key is taken, the document is not there) may follow from a write that is not on disk yet either.
      await this.core.durable(branch.timeline, head);
      throw error;
    }
    const { retry } = options;
    if (stage.staged === 0 && retry === undefined) {
      // That there was nothing to do may follow from a write that is not on disk yet.
      await this.core.durable(branch.timeline, head);
      return { result, commit: undefined };
    }
    const {
      commits: [commit]
    } = await this.core.commit(
      [{ project, stage }],
      origin,
      retry === undefined
        ? options
        : { ...options, control: ([made]) => this.core.retries.rows(retry.key, retry.reply(made)) }
    );
    return { result, commit };
  }

  transaction(origin: Origin, options: TransactionOptions = {}): Transaction {
    return this.transactions.begin(origin, options);
  }

  transactionOutcome(session: string, number: number): readonly Commit[] | undefined {
    return this.transactions.outcome(session, number);
  }

  retried(key: string): Image | undefined {
    return this.core.remembered(key);
  }

  isMultikey(index: IndexInfo): boolean {
    return this.core.keys.multikey.has(index);
  }

  createIndex(
    project: string,
    branch: string,
    collection: string,
    spec: Image,
    origin: Origin
  ): Promise<boolean> {
    return createIndex(this.core, project, branch, collection, spec, origin);
  }

  dropCollection(
    project: string,
    branch: string,
    collection: string,
    origin: Origin,
    { txn }: { txn?: string } = {}
  ): Promise<boolean> {
    return dropCollection(this.core, project, branch, collection, origin, txn);
  }

  async log(
    projectName: string,
    options: { ref?: string; before?: Lsn; after?: Lsn; limit?: number } = {}
  ): Promise<{ entries: readonly LogEntry[]; next?: Lsn }> {
    const view = options.ref === undefined ? undefined : this.core.resolve(projectName, options.ref);
    await this.core.caughtUp();
    return this.core.logReader.read(this.find(projectName), view, options);
  }

  async changes(
    project: string,
    timeline: TimelineId,
    options: { first: Lsn; last: Lsn; limit?: number; images?: boolean; reverse?: boolean }
  ): Promise<readonly Change[]> {
    await this.core.caughtUp();
    return this.changeReader.range(this.lineOf(project, timeline), options);
  }

  async history(
    project: string,
    ref: string,
    collection: string,
    key: DocKey,
    options: { limit?: number; before?: Lsn; after?: Lsn } = {}
  ): Promise<readonly Change[]> {
    const view = this.core.resolve(project, ref);
    const found = collectionIn(view, collection);
    await this.core.caughtUp();
    return this.changeReader.document(view, found, key, options);
  }

  async collectionHistory(
    project: string,
    ref: string,
    collection: string,
    options: { limit?: number; before?: Lsn; after?: Lsn; images?: boolean } = {}
  ): Promise<{ changes: readonly Change[]; next?: Lsn }> {
    const view = this.core.resolve(project, ref);
    const found = collectionIn(view, collection);
    await this.core.caughtUp();
    return this.changeReader.collection(view, found, options);
  }

  feed(projectName: string, options: FeedOptions): AsyncIterable<FeedBatch> {
    const project = this.find(projectName);
    const branch =
      options.branch === undefined ? undefined : this.core.registry.branch(project, options.branch);
    return this.changeFeed.read(project, branch, options);
  }

  async blame(project: string, ref: string, collection: string, key: DocKey): Promise<readonly Blame[]> {
    const view = this.core.resolve(project, ref);
    const found = collectionIn(view, collection);
    await this.core.caughtUp();
    return this.blameReader.blame(view, found, key);
  }

  async diff(project: string, from: string, to: string, options: DiffOptions = {}): Promise<Diff> {
    const before = this.core.resolve(project, from);
    const after = this.core.resolve(project, to);
    await this.core.caughtUp();
    return this.differ.diff(before, after, options);
  }

  planMerge(project: string, source: string, into: string, origin: Origin): Promise<PlanInfo> {
    return this.planOffice.planMerge(project, source, into, origin);
  }

  planPick(
    project: string,
    source: string,
    what: UndoSelector,
    into: string,
    origin: Origin
  ): Promise<PlanInfo> {
    return this.planOffice.planPick(project, source, what, into, origin);
  }

  planRestore(
    project: string,
    branch: string,
    to: string,
    origin: Origin,
    options?: RestoreOptions
  ): Promise<PlanInfo> {
    return this.planOffice.planRestore(project, branch, to, origin, options);
  }

  planUndo(project: string, branch: string, what: UndoSelector, origin: Origin): Promise<PlanInfo> {
    return this.planOffice.planUndo(project, branch, what, origin);
  }

  plan(project: string, id: string): Promise<PlanInfo> {
    return this.planOffice.plan(project, id);
  }

  plans(project: string): Promise<readonly PlanInfo[]> {
    return this.planOffice.list(project);
  }

  planConflicts(
    project: string,
    id: string,
    options?: { after?: string; limit?: number }
  ): Promise<readonly Conflict[]> {
    return this.planOffice.conflicts(project, id, options);
  }

  planDocuments(
    project: string,
    id: string,
    options?: { after?: string; limit?: number }
  ): Promise<readonly PlanDocument[]> {
    return this.planOffice.documents(project, id, options);
  }

  answerPlan(
    project: string,
    id: string,
    answers: readonly { conflict: string; answer: Answer | undefined }[],
    rules?: 'ours' | 'theirs' | readonly AnswerRule[]
  ): Promise<PlanInfo> {
    return this.planOffice.answer(project, id, answers, rules);
  }

  recordCheck(
    project: string,
    id: string,
    check: { name: string; passed: boolean; detail?: string },
    origin: Origin
  ): Promise<PlanInfo> {
    return this.planOffice.recordCheck(project, id, check, origin);
  }

  applyPlan(project: string, id: string, origin: Origin): Promise<PlanInfo> {
    return this.planOffice.apply(project, id, origin);
  }

  backupName(project: string, branch: string): string {
    return this.branchOffice.backupName(project, branch);
  }

  resetBranch(
    project: string,
    branch: string,
    to: string,
    origin: Origin
  ): Promise<{ branch: BranchInfo; backup: string }> {
    return this.branchOffice.reset(project, branch, to, origin);
  }

  pins(project: string): readonly PinInfo[] {
    return this.pinOffice.all(this.find(project));
  }

  createPin(
    project: string,
    name: string,
    ref: string,
    origin: Origin,
    options: { ensure?: boolean } = {}
  ): Promise<PinInfo> {
    return this.pinOffice.create(project, name, ref, origin, options.ensure === true);
  }

  deletePin(project: string, name: string, origin: Origin): Promise<void> {
    return this.pinOffice.delete(project, name, origin);
  }

  registerRun(
    project: string,
    run: string,
    ref: string,
    facts: Readonly<Record<string, string>>
  ): Promise<RunInfo> {
    return this.runOffice.register(project, run, ref, facts);
  }

  updateRun(project: string, run: string, facts: Readonly<Record<string, string>>): Promise<RunInfo> {
    return this.runOffice.update(project, run, facts);
  }

  run(id: string): RunInfo {
    return this.runOffice.find(id);
  }

  runs(project: string): readonly RunInfo[] {
    const found = this.find(project);
    return [...found.runs.keys()]
      .map(id => this.runOffice.info(found, id))
      .sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime());
  }

  getValue(key: string): Image | undefined {
    return this.core.smallValue(TABLE.value, key);
  }

  async putValue(key: string, value: Image | undefined): Promise<void> {
    await this.core.putRows([{ table: TABLE.value, scope: 0, key: Buffer.from(key), value }], {
      actor: 'bridge'
    });
  }

  values(prefix: string): readonly { readonly key: string; readonly value: Image }[] {
    return this.core.smallValues(TABLE.value, prefix);
  }
}

function timelineInfo({ id, parent, forkLsn, durableHead, merges }: Timeline): TimelineInfo {
  return { id, ...(parent === undefined ? {} : { parent: parent.id }), forkLsn, head: durableHead, merges };
}

/** @throws COLLECTION_NOT_FOUND */
function collectionIn(view: Snapshot, name: string): CollectionInfo {
  const found = view.collection(name);
  if (found === undefined) {
    throw new ArgonError(
      'COLLECTION_NOT_FOUND',
      `There is no collection ${JSON.stringify(name)} in ${view.ref}.`,
      {
        data: { collection: name }
      }
    );
  }
  return found;
}
