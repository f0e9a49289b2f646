/* Written by tools/protocol.mjs from schema/protocol: change it there. */
/**
 * Position of one committed change in a project; 0 is the empty project.
 */
export type Lsn = number;
/**
 * branch, branch@LSN, branch@2026-07-07T09:00:00Z, branch@-5m, pin:NAME or run:ID.
 */
export type Ref = string;
/**
 * ISO 8601 with milliseconds and Z.
 */
export type Instant = string;
/**
 * A value in canonical MongoDB Extended JSON v2.
 */
export type ExtendedJson = unknown;
/**
 * Keys and array positions; empty for the whole document.
 */
export type FieldPath = (string | number)[];
export type GcReason = 'log' | 'changes' | 'time' | 'deleted';
export type UnsubscribeResult = null;
export type ShutdownResult = null;
export type PinListResult = Pin[];
export type PinDeleteResult = null;
export type PlanListResult = Plan[];
export type ProjectListResult = Project[];
export type ProjectDeleteResult = null;
export type SessionListResult = Session[];
export type SessionCellResult = CellActivity | null;
export type SessionCellsResult = CellActivity[];
export type SessionCloseResult = null;

/**
 * A BSON Timestamp: commit time as MongoDB drivers know it.
 */
export interface ClusterTime {
  t: number;
  i: number;
}
/**
 * Either {missing: true}, or the BSON type name (as $type knows it) and the value.
 */
export interface Value {
  missing?: boolean;
  type?: string;
  value?: ExtendedJson;
}
export interface Origin {
  actor: string;
  session?: string;
  notebook?: string;
  /**
   * Stable id of the cell.
   */
  cell?: string;
  /**
   * Execution count, as [4].
   */
  cellNumber?: number;
}
export interface Project {
  name: string;
  head: Lsn;
  defaultBranch: string;
  createdAt: Instant;
}
export interface Fork {
  timeline: number;
  branch?: string;
  lsn: Lsn;
}
export interface Branch {
  name: string;
  timeline: number;
  head: Lsn;
  headAt: Instant;
  createdAt: Instant;
  isDefault: boolean;
  isProtected: boolean;
  fork?: Fork;
  backupOf?: string;
  expiresAt?: Instant;
  /**
   * Changes that the default branch does not include.
   */
  ahead: number;
  behind: number;
  /**
   * Position of one committed change in a project; 0 is the empty project.
   */
  mergedAt?: number;
  /**
   * Checks that a plan must have passed before it is applied to the branch while it is protected.
   */
  checks?: string[];
}
/**
 * A resolved ref.
 */
export interface State {
  project: string;
  /**
   * Normalised: main@949.
   */
  ref: string;
  branch?: string;
  timeline: number;
  lsn: Lsn;
  time: Instant;
  clusterTime: ClusterTime;
  writable: boolean;
  snappedFrom?: Lsn;
  /**
   * Name of the MongoDB database that opens this very state.
   */
  database: string;
}
export interface Index {
  name: string;
  key: ExtendedJson;
  unique: boolean;
  sparse: boolean;
}
export interface Collection {
  name: string;
  count: number;
  /**
   * 32 hex digits; the same for the same set of documents.
   */
  digest: string;
  indexes: Index[];
  options: ExtendedJson;
}
export interface CatalogChange {
  /**
   * created, dropped, renamed, changed; for an index: indexed, unindexed.
   */
  op: string;
  collection: string;
  index?: string;
}
/**
 * A run of changes of one kind, branch and cell.
 */
export interface Entry {
  firstLsn: Lsn;
  lastLsn: Lsn;
  timeline: number;
  branch?: string;
  kind: 'writes' | 'catalog' | 'merge' | 'undo' | 'import' | 'pick' | 'restore';
  inserts: number;
  updates: number;
  deletes: number;
  collections: string[];
  catalog: CatalogChange[];
  origin: Origin;
  firstAt: Instant;
  lastAt: Instant;
  merge?: {
    source: string;
    sourceTimeline: number;
    sourceLsn: Lsn;
  };
  undo?: {
    what: string;
    firstLsn: Lsn;
    lastLsn: Lsn;
  };
  /**
   * What was brought from elsewhere: `clean, LSN 4..9`.
   */
  pick?: {
    what: string;
    firstLsn: Lsn;
    lastLsn: Lsn;
  };
  /**
   * The state that was gone back to; both LSNs are its own.
   */
  restore?: {
    what: string;
    firstLsn: Lsn;
    lastLsn: Lsn;
  };
}
export interface Timeline {
  id: number;
  parent?: number;
  forkLsn: Lsn;
  head: Lsn;
  branch?: string;
}
export interface Change {
  lsn: Lsn;
  timeline: number;
  branch?: string;
  collection: string;
  id: ExtendedJson;
  op: 'insert' | 'update' | 'delete';
  time: Instant;
  origin: Origin;
  before?: ExtendedJson;
  after?: ExtendedJson;
  fields: FieldChange[];
  /**
   * Told by the feed: what kind of commit it belongs to.
   */
  kind?: 'writes' | 'catalog' | 'merge' | 'undo' | 'import' | 'pick' | 'restore';
  /**
   * Told by the feed: the collection itself was made, dropped or altered; `id` is its name.
   */
  catalog?: boolean;
  /**
   * Told by the feed: the transaction that it was made in.
   */
  txn?: string;
  /**
   * Position of one committed change in a project; 0 is the empty project.
   */
  groupLast?: number;
}
export interface FieldChange {
  path: FieldPath;
  before: Value;
  after: Value;
}
/**
 * Who gave a field of a document the value that it has.
 */
export interface Blame {
  path: FieldPath;
  value: Value;
  lsn: Lsn;
  timeline: number;
  branch?: string;
  /**
   * False when the history is so long that the true LSN is somewhere before this one.
   */
  exact: boolean;
  time: Instant;
  origin: Origin;
  txn?: string;
  /**
   * MLflow runs that the same execution of the cell started, newest first, at most ten.
   */
  runs: string[];
}
export interface DocumentDiff {
  collection: string;
  id: ExtendedJson;
  op: 'insert' | 'update' | 'delete';
  fields: FieldChange[];
  before?: ExtendedJson;
  after?: ExtendedJson;
}
export interface DiffSummary {
  collection: string;
  added: number;
  changed: number;
  deleted: number;
}
export interface Diff {
  from: State;
  to: State;
  summary: DiffSummary[];
  catalog: CatalogChange[];
  documents: DocumentDiff[];
  /**
   * Pass as `after` for the next page.
   */
  next?: string;
}
/**
 * One of take, value, missing.
 */
export interface Answer {
  take?: 'ours' | 'theirs' | 'base';
  value?: ExtendedJson;
  /**
   * true: the field or document shall not be there.
   */
  missing?: boolean;
}
/**
 * Answers conflicts that have no answer of their own. `path` means what is below it too. Of several rules that fit, the last one counts.
 */
export interface AnswerRule {
  /**
   * `newest`: the side that gave the path its value last, by LSN.
   */
  take: 'ours' | 'theirs' | 'base' | 'newest';
  /**
   * Only in this collection.
   */
  collection?: string;
  path?: FieldPath;
}
export interface Conflict {
  id: string;
  collection: string;
  /**
   * A value in canonical MongoDB Extended JSON v2.
   */
  document: unknown;
  path: FieldPath;
  base: Value;
  ours: Value;
  theirs: Value;
  answer?: Answer;
}
export interface PlanSummary {
  collection: string;
  added: number;
  changed: number;
  deleted: number;
  conflicts: number;
}
/**
 * What a check said of a plan.
 */
export interface CheckResult {
  name: string;
  passed: boolean;
  /**
   * For people: a link, a sentence.
   */
  detail?: string;
  by: string;
  at: Instant;
}
export interface Plan {
  id: string;
  kind: 'merge' | 'pick' | 'undo' | 'restore';
  state: 'open' | 'applied' | 'stale';
  project: string;
  into: string;
  intoLsn: Lsn;
  /**
   * clean@1204, or what is undone.
   */
  source: string;
  sourceLsn?: Lsn;
  base: string;
  summary: PlanSummary[];
  conflicts: number;
  unanswered: number;
  createdAt: Instant;
  appliedAs?: {
    firstLsn: Lsn;
    lastLsn: Lsn;
  };
  /**
   * The branch that keeps the state before a restore that was applied.
   */
  backup?: string;
  /**
   * The newest result of each check. Another answer takes them back.
   */
  checks?: CheckResult[];
}
export interface Pin {
  name: string;
  ref: string;
  timeline: number;
  lsn: Lsn;
  createdAt: Instant;
  origin: Origin;
}
/**
 * What one executed cell did to the data. `digest` of a read is that of the whole collection in the state read.
 */
export interface CellActivity {
  cell: string;
  cellNumber?: number;
  startedAt: Instant;
  finishedAt?: Instant;
  reads: {
    project?: string;
    ref: string;
    collection: string;
    documents: number;
    lsn: Lsn;
    branch?: string;
    /**
     * It was read on a branch that the cell made from this state and deleted again, as a sandbox does.
     */
    base?: {
      branch: string;
      lsn: Lsn;
    };
    digest: string;
  }[];
  writes: {
    project?: string;
    branch: string;
    collection: string;
    firstLsn: Lsn;
    lastLsn: Lsn;
    inserts: number;
    updates: number;
    deletes: number;
    /**
     * `undone`: taken back by an undo that stands. `gone`: the branch was deleted, or reset to before it. Absent while the write stands.
     */
    fate?: 'undone' | 'gone';
  }[];
  runs: string[];
}
export interface Session {
  id: string;
  kernel?: string;
  notebook?: string;
  actor: string;
  project?: string;
  branch?: string;
  /**
   * What is checked out: a branch, or a past state.
   */
  ref?: string;
  lsn?: Lsn;
  writable: boolean;
  ahead?: number;
  behind?: number;
  database?: string;
  connected: boolean;
  /**
   * Cell that runs now.
   */
  cell?: string;
  openedAt: Instant;
}
export interface Run {
  id: string;
  project: string;
  branch?: string;
  /**
   * Where `branch` does not lead to what the run saw any more. `gone`: no branch has this name. `another`: the branch that has it is a new one, or was reset.
   */
  branchNow?: 'gone' | 'another';
  timeline: number;
  lsn: Lsn;
  digest: string;
  createdAt: Instant;
  /**
   * notebook, cell, name, experiment, status, metric.accuracy …
   */
  facts: {
    [k: string]: string;
  };
  /**
   * ISO 8601 with milliseconds and Z.
   */
  releasedAt?: string;
}
export interface Error {
  /**
   * JSON-RPC code: -32700, -32600 … of the standard; -32000 for errors of Argon.
   */
  code: number;
  message: string;
  data: {
    /**
     * Stable code of docs/errors.md.
     */
    code: string;
    data?: {};
  };
}
export interface Keeper {
  /**
   * Whether garbage is collected in the background.
   */
  automatic: boolean;
  running: boolean;
  /**
   * Why the next collection is due, when it waits for the bridge to be quiet.
   */
  waits?: 'log' | 'changes' | 'time' | 'deleted';
  last?: {
    at: string;
    reason: GcReason;
    /**
     * Bytes by which the log became smaller.
     */
    logBytes: number;
    /**
     * Bytes of rows that went from the state.
     */
    stateBytes: number;
  };
  /**
   * Why the newest collection failed.
   */
  failed?: string;
}
/**
 * Bytes on disk by kind, beside what the documents themselves take.
 */
export interface Storage {
  /**
   * Segments of the log that take frames or wait to be compressed.
   */
  logBytes: number;
  /**
   * Compressed segments of the log.
   */
  coldBytes: number;
  /**
   * File of the state, free pages included.
   */
  stateBytes: number;
  /**
   * Free pages inside it, which are used before it grows.
   */
  stateFreeBytes: number;
  /**
   * Page images.
   */
  imageBytes: number;
  /**
   * Raw BSON of the documents at the heads of the default branches.
   */
  liveBytes: number;
}
/**
 * A state of the data that a run or its cell has read.
 */
export interface LineageData {
  key: string;
  /**
   * Opens this very state, though its branch is gone.
   */
  ref: string;
  branch?: string;
  timeline: number;
  lsn: Lsn;
  /**
   * Of the whole state, where a run has told it.
   */
  digest?: string;
  /**
   * Names of pins on this state.
   */
  pins: string[];
  /**
   * In all collections; left out when counting would take too long, or when the state is gone.
   */
  documents?: number;
  /**
   * The largest ones.
   */
  collections?: {
    name: string;
    count: number;
  }[];
  /**
   * The state cannot be read any more.
   */
  gone?: boolean;
}
/**
 * A cell as it was run on a state of the data.
 */
export interface LineageCell {
  key: string;
  /**
   * Keys of the states it read; the first is the one its runs saw.
   */
  data: string[];
  notebook?: string;
  cell?: string;
  cellNumber?: number;
}
/**
 * A run, with where it stands in the lineage.
 */
export interface LineageRun {
  key: string;
  /**
   * Key of the state it saw.
   */
  data: string;
  /**
   * Key of the cell that started it.
   */
  cell?: string;
  run: Run;
}
/**
 * A model that a run made.
 */
export interface LineageModel {
  key: string;
  /**
   * Key of the run that made it.
   */
  run: string;
  name: string;
  /**
   * Its version in the registry; without one, the run has only logged it.
   */
  version?: string;
  aliases: string[];
}
/**
 * A page of the lineage of a project. Keys are the same on every page.
 */
export interface Lineage {
  project: string;
  head: Lsn;
  /**
   * Runs that were asked for, on all pages.
   */
  total: number;
  /**
   * Branches that any run of the project saw.
   */
  branches: string[];
  data: LineageData[];
  cells: LineageCell[];
  runs: LineageRun[];
  models: LineageModel[];
  /**
   * Where the next page begins.
   */
  next?: string;
}
export interface BranchListParams {
  project: string;
  search?: string;
  /**
   * Letters that the name has in this order; names that begin with them come first.
   */
  letters?: string;
  /**
   * Name of the last branch of the page before.
   */
  after?: string;
  limit?: number;
}
export interface BranchListResult {
  branches: Branch[];
  total: number;
  next?: string;
}
export interface BranchGetParams {
  project: string;
  name: string;
}
export interface BranchCreateParams {
  project: string;
  name: string;
  from?: Ref;
  ensure?: boolean;
  ttlSeconds?: number;
  session?: string;
}
export interface BranchRenameParams {
  project: string;
  name: string;
  to: string;
  session?: string;
}
export interface BranchProtectParams {
  project: string;
  name: string;
  protect: boolean;
  /**
   * Names of the checks that a plan must have passed; none when left out.
   */
  checks?: string[];
  session?: string;
}
export interface BranchDeleteParams {
  project: string;
  name: string;
  session?: string;
}
export interface BranchDeleteResult {
  name: string;
  head: Lsn;
  unmerged: number;
}
export interface HelloParams {
  client: {
    kind: 'kernel' | 'page' | 'cli' | 'script' | 'server';
    version: string;
  };
  protocol: number;
}
export interface HelloResult {
  server: {
    version: string;
    protocol: number;
  };
  /**
   * MongoDB connection string without a database; drivers use it as it is.
   */
  wire: string;
  dataDirectory: string;
  pid: number;
  startedAt: Instant;
  /**
   * True when the protocol versions differ: reading works, writing is refused.
   */
  readOnly: boolean;
}
export interface StatusParams {}
export interface StatusResult {
  projects: number;
  branches: number;
  connections: number;
  wireConnections: number;
  logBytes: number;
  stateBytes: number;
  pendingRecords: number;
  memoryBytes: number;
  uptimeSeconds: number;
  failed?: string;
  /**
   * Requests to the MLflow tracking server that failed; absent when none is configured.
   */
  trackingFailures?: number;
  storage: Storage;
  keeping: Keeper;
}
export interface SubscribeParams {
  project?: string;
}
export interface SubscribeResult {
  subscription: string;
}
export interface UnsubscribeParams {
  subscription: string;
}
export interface ShutdownParams {}
export interface DocumentsFindParams {
  project: string;
  ref: Ref;
  collection: string;
  /**
   * A value in canonical MongoDB Extended JSON v2.
   */
  filter?: unknown;
  /**
   * A value in canonical MongoDB Extended JSON v2.
   */
  sort?: unknown;
  /**
   * A value in canonical MongoDB Extended JSON v2.
   */
  projection?: unknown;
  /**
   * `next` of the page before, of the same state, filter and sort.
   */
  after?: string;
  /**
   * Default 100, at most 500; a page of large documents ends sooner.
   */
  limit?: number;
  /**
   * A name by which `documents.cancel` on this connection stops the work.
   */
  request?: string;
}
export interface DocumentsFindResult {
  state: State;
  documents: {
    /**
     * A value in canonical MongoDB Extended JSON v2.
     */
    id: unknown;
    /**
     * Size of the whole document as BSON.
     */
    bytes: number;
    /**
     * A value in canonical MongoDB Extended JSON v2.
     */
    document?: unknown;
  }[];
  /**
   * How they were found: `ids`, `scan`, `view`, `capped`, `none`, or the name of an index as `index:NAME`.
   */
  read: string;
  /**
   * Documents looked at for this page, as far as it is known.
   */
  examined: number;
  /**
   * Absent at the end.
   */
  next?: string;
}
export interface DocumentsCountParams {
  project: string;
  ref: Ref;
  collection: string;
  /**
   * A value in canonical MongoDB Extended JSON v2.
   */
  filter?: unknown;
  /**
   * Default 100,000.
   */
  most?: number;
  /**
   * A name by which `documents.cancel` on this connection stops the work.
   */
  request?: string;
}
export interface DocumentsCountResult {
  state: State;
  count: number;
  /**
   * False when there are at least so many and counting stopped.
   */
  exact: boolean;
}
export interface DocumentsCompareParams {
  project: string;
  from: Ref;
  to: Ref;
  collection: string;
  /**
   * A value in canonical MongoDB Extended JSON v2.
   */
  filter?: unknown;
  after?: string;
  /**
   * Default 100, at most 500.
   */
  limit?: number;
  /**
   * A name by which `documents.cancel` on this connection stops the work.
   */
  request?: string;
}
export interface DocumentsCompareResult {
  from: State;
  to: State;
  documents: DocumentDiff[];
  /**
   * Documents that differ and were looked at for this page.
   */
  examined: number;
  /**
   * Absent at the end.
   */
  next?: string;
}
export interface DocumentsStatisticsParams {
  project: string;
  ref: Ref;
  collection: string;
  /**
   * A name by which `documents.cancel` on this connection stops the work.
   */
  request?: string;
}
export interface DocumentsStatisticsResult {
  state: State;
  kind: 'collection' | 'capped' | 'view';
  /**
   * What a view shows documents of.
   */
  viewOn?: string;
  /**
   * Absent for a view: its documents are made when they are read.
   */
  count?: number;
  bytes?: number;
  averageBytes?: number;
  /**
   * Whether the bytes are estimated.
   */
  estimated: boolean;
}
export interface DocumentsCancelParams {
  request: string;
}
export interface DocumentsCancelResult {
  /**
   * False when nothing of this name is under way.
   */
  cancelled: boolean;
}
export interface RefResolveParams {
  project: string;
  ref: Ref;
}
export interface RefCollectionsParams {
  project: string;
  ref: Ref;
}
export interface RefCollectionsResult {
  state: State;
  digest: string;
  collections: Collection[];
}
export interface LogParams {
  project: string;
  ref?: Ref;
  /**
   * Position of one committed change in a project; 0 is the empty project.
   */
  before?: number;
  limit?: number;
}
export interface LogResult {
  entries: Entry[];
  timelines: Timeline[];
  horizon: Lsn;
  head: Lsn;
  next?: Lsn;
}
export interface ChangesParams {
  project: string;
  timeline: number;
  firstLsn: Lsn;
  lastLsn: Lsn;
  limit?: number;
  after?: Lsn;
}
export interface ChangesResult {
  changes: Change[];
  next?: Lsn;
}
export interface FeedParams {
  project: string;
  /**
   * Position of one committed change in a project; 0 is the empty project.
   */
  after: number;
  /**
   * Only the changes that its state consists of, inherited ones included.
   */
  branch?: string;
  collection?: string;
  limit?: number;
  /**
   * How long to wait for the first change when there is none; default 0, at most 30,000.
   */
  waitMs?: number;
}
export interface FeedResult {
  changes: Change[];
  /**
   * Position of one committed change in a project; 0 is the empty project.
   */
  upTo: number;
  head: Lsn;
}
export interface HistoryParams {
  project: string;
  ref: Ref;
  collection: string;
  id: ExtendedJson;
  limit?: number;
  before?: Lsn;
  /**
   * Position of one committed change in a project; 0 is the empty project.
   */
  after?: number;
}
export interface HistoryResult {
  changes: Change[];
  next?: Lsn;
  /**
   * Position of one committed change in a project; 0 is the empty project.
   */
  newer?: number;
}
export interface BlameParams {
  project: string;
  ref: Ref;
  collection: string;
  id: ExtendedJson;
  path?: FieldPath;
  /**
   * `next` of the page before.
   */
  after?: number;
  limit?: number;
}
export interface BlameResult {
  state: State;
  fields: Blame[];
  next?: number;
}
export interface DiffParams {
  project: string;
  from: Ref;
  to: Ref;
  collection?: string;
  after?: string;
  limit?: number;
}
export interface KeepingGcParams {
  project?: string;
  apply?: boolean;
  keepSeconds?: number;
  keepLsns?: number;
}
export interface KeepingGcResult {
  dryRun: boolean;
  /**
   * Rows of the state.
   */
  rows: {
    versions: number;
    changes: number;
    indexEntries: number;
    commits: number;
    other: number;
  };
  /**
   * Bytes of those rows: room that the state uses again.
   */
  stateBytes: number;
  /**
   * Bytes by which the log becomes smaller.
   */
  logBytes: number;
  /**
   * Page images dropped with the states they show.
   */
  images: number;
  /**
   * Timelines of deleted branches and projects that are gone altogether.
   */
  timelines: number;
  kept: {
    project: string;
    kind:
      'head' | 'history' | 'pin' | 'run' | 'fork' | 'merge base' | 'plan' | 'ref' | 'transaction' | 'index';
    name: string;
    lsn: Lsn;
    versionsAlone: number;
    bytesAlone: number;
  }[];
  horizons: {
    project: string;
    branch: string;
    lsn: Lsn;
  }[];
}
export interface KeepingRetentionParams {
  project: string;
  branch?: string;
}
/**
 * How much history stays readable behind a head. What either figure keeps is kept; without any, all of it is.
 */
export interface KeepingRetentionResult {
  /**
   * States that were current in the last so many seconds.
   */
  keepSeconds?: number;
  /**
   * The newest so many LSNs of a branch.
   */
  keepLsns?: number;
}
export interface KeepingSetRetentionParams {
  project: string;
  branch?: string;
  keepSeconds?: number;
  keepLsns?: number;
  session?: string;
}
/**
 * How much history stays readable behind a head. What either figure keeps is kept; without any, all of it is.
 */
export interface KeepingSetRetentionResult {
  /**
   * States that were current in the last so many seconds.
   */
  keepSeconds?: number;
  /**
   * The newest so many LSNs of a branch.
   */
  keepLsns?: number;
}
export interface KeepingVerifyParams {
  /**
   * Ends after so many problems; default 100.
   */
  limit?: number;
}
export interface KeepingVerifyResult {
  problems: {
    where: string;
    offset?: number;
    key?: string;
    what: string;
  }[];
  complete: boolean;
  checked: {
    [k: string]: number;
  };
}
export interface KeepingBackupParams {
  /**
   * An absolute path.
   */
  folder: string;
}
export interface KeepingBackupResult {
  projects: {
    name: string;
    head: Lsn;
  }[];
  files: number;
  bytes: number;
  copiedFiles: number;
  copiedBytes: number;
}
export interface KeepingAutomaticParams {
  enabled?: boolean;
}
export interface KeepingCompactParams {}
export interface KeepingCompactResult {
  stateBytes: number;
  /**
   * What it gives back, about.
   */
  stateFreeBytes: number;
}
export interface LineageGraphParams {
  project: string;
  branch?: string;
  firstLsn?: Lsn;
  lastLsn?: Lsn;
  /**
   * Only runs whose whole state has this digest: the same data.
   */
  digest?: string;
  /**
   * Part of a run's name or id, or of its branch, experiment, notebook or model; case does not count.
   */
  search?: string;
  /**
   * This run comes with the first page, wherever it stands.
   */
  run?: string;
  /**
   * `next` of the page before.
   */
  after?: string;
  /**
   * Runs in a page.
   */
  limit?: number;
}
export interface PinCreateParams {
  project: string;
  name: string;
  ref: Ref;
  ensure?: boolean;
  session?: string;
}
export interface PinListParams {
  project: string;
}
export interface PinDeleteParams {
  project: string;
  name: string;
  session?: string;
}
export interface MergePlanParams {
  project: string;
  source: Ref;
  into: string;
  session?: string;
}
export interface MergeOverlapParams {
  project: string;
  source: Ref;
  into: Ref;
  /**
   * Documents to mark.
   *
   * @maxItems 2000
   */
  documents?: {
    collection: string;
    id: ExtendedJson;
  }[];
  /**
   * Documents to look at for the count, at most 10,000; 0 counts none.
   */
  limit?: number;
}
export interface MergeOverlapResult {
  /**
   * branch, branch@LSN, branch@2026-07-07T09:00:00Z, branch@-5m, pin:NAME or run:ID.
   */
  source: string;
  into: Ref;
  /**
   * The merge base: `main@949`. Absent when `into` includes all of `source`.
   */
  base?: string;
  /**
   * Position of one committed change in a project; 0 is the empty project.
   */
  forkLsn?: number;
  /**
   * Documents that both changed.
   */
  documents: number;
  /**
   * Those of them about which a merge asks; it joins the others by rule.
   */
  asked: number;
  /**
   * There may be more: the count ended at `limit`.
   */
  more: boolean;
  /**
   * Of the documents that were asked for, in their order.
   */
  marks: ('none' | 'joined' | 'asked')[];
}
export interface PickPlanParams {
  project: string;
  /**
   * branch, branch@LSN, branch@2026-07-07T09:00:00Z, branch@-5m, pin:NAME or run:ID.
   */
  source: string;
  into: string;
  firstLsn?: Lsn;
  lastLsn?: Lsn;
  cell?: string;
  cellNumber?: number;
  actor?: string;
  txn?: string;
  session?: string;
}
export interface UndoPlanParams {
  project: string;
  branch: string;
  firstLsn?: Lsn;
  lastLsn?: Lsn;
  cell?: string;
  cellNumber?: number;
  actor?: string;
  txn?: string;
  session?: string;
}
export interface PlanGetParams {
  project: string;
  id: string;
}
export interface PlanListParams {
  project: string;
  state?: string;
  limit?: number;
}
export interface PlanConflictsParams {
  project: string;
  id: string;
  after?: string;
  limit?: number;
}
export interface PlanConflictsResult {
  conflicts: Conflict[];
  next?: string;
}
export interface PlanDocumentsParams {
  project: string;
  id: string;
  after?: string;
  limit?: number;
}
export interface PlanDocumentsResult {
  documents: DocumentDiff[];
  next?: string;
}
export interface PlanAnswerParams {
  project: string;
  id: string;
  answers?: {
    conflict: string;
    answer: Answer | null;
  }[];
  all?: 'ours' | 'theirs';
  /**
   * Not together with `all`.
   */
  rules?: AnswerRule[];
}
export interface PlanCheckParams {
  project: string;
  id: string;
  name: string;
  passed: boolean;
  detail?: string;
  session?: string;
}
export interface PlanAgainParams {
  project: string;
  id: string;
  session?: string;
}
export interface PlanApplyParams {
  project: string;
  id: string;
  session?: string;
}
export interface RestorePreviewParams {
  project: string;
  branch: string;
  to: Ref;
  limit?: number;
}
export interface RestorePreviewResult {
  branch: string;
  from: State;
  to: State;
  /**
   * Name the discarded line will keep.
   */
  backup: string;
  changes: number;
  discarded: Entry[];
  diff: Diff;
}
export interface RestorePlanParams {
  project: string;
  branch: string;
  to: Ref;
  /**
   * Only this one, with its options and indexes.
   */
  collection?: string;
  /**
   * Only the documents with these _ids, of `collection`.
   */
  ids?: ExtendedJson[];
  session?: string;
}
export interface RestoreApplyParams {
  project: string;
  branch: string;
  to: Ref;
  session?: string;
}
export interface RestoreApplyResult {
  branch: Branch;
  backup: string;
}
export interface ProjectListParams {}
export interface ProjectCreateParams {
  name: string;
  /**
   * No error when it exists.
   */
  ensure?: boolean;
  session?: string;
}
export interface ProjectDeleteParams {
  name: string;
  /**
   * The name again.
   */
  confirm: string;
  session?: string;
}
export interface RunRegisterParams {
  project: string;
  run: string;
  ref: Ref;
  session?: string;
  facts?: {
    [k: string]: string;
  };
}
export interface RunUpdateParams {
  project: string;
  run: string;
  facts: {
    [k: string]: string;
  };
}
export interface RunReleaseParams {
  project: string;
  run: string;
}
export interface RunGetParams {
  run: string;
}
export interface RunGetResult {
  run: Run;
  state: State;
}
export interface RunListParams {
  project: string;
  branch?: string;
  firstLsn?: Lsn;
  lastLsn?: Lsn;
  /**
   * Number of the cell that started it.
   */
  cell?: number;
  /**
   * Text that the name of its model holds.
   */
  model?: string;
  /**
   * Conditions on its metrics; all must hold.
   *
   * @maxItems 20
   */
  metrics?:
    | []
    | [
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        }
      ]
    | [
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        }
      ]
    | [
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        }
      ]
    | [
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        }
      ]
    | [
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        }
      ]
    | [
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        }
      ]
    | [
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        }
      ]
    | [
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        }
      ]
    | [
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        }
      ]
    | [
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        }
      ]
    | [
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        }
      ]
    | [
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        }
      ]
    | [
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        }
      ]
    | [
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        }
      ]
    | [
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        }
      ]
    | [
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        }
      ]
    | [
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        }
      ]
    | [
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        }
      ]
    | [
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        }
      ]
    | [
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        },
        {
          name: string;
          is: '<' | '<=' | '=' | '!=' | '>=' | '>';
          value: number;
        }
      ];
  /**
   * The begin of its id, or text that its name holds.
   */
  search?: string;
  /**
   * Id of the last run of the page before.
   */
  after?: string;
  limit?: number;
}
export interface RunListResult {
  runs: Run[];
  /**
   * Runs on all pages.
   */
  total: number;
  /**
   * Id of the last run of this page, when there are more.
   */
  next?: string;
}
export interface RunAffectedParams {
  project: string;
  /**
   * Position of one committed change in a project; 0 is the empty project.
   */
  lsn?: number;
  /**
   * With `id`, in place of `lsn`: every version.
   */
  collection?: string;
  id?: ExtendedJson;
  /**
   * `next` of the page before.
   */
  after?: string;
  limit?: number;
}
export interface RunAffectedResult {
  collection: string;
  id: ExtendedJson;
  runs: {
    run: Run;
    /**
     * Position of one committed change in a project; 0 is the empty project.
     */
    version: number;
  }[];
  /**
   * Id of the run that was looked at last.
   */
  next?: string;
}
export interface SessionOpenParams {
  id?: string;
  kernel?: string;
  notebook?: string;
  actor?: string;
  project?: string;
  ref?: string;
}
export interface SessionGetParams {
  id: string;
}
export interface SessionListParams {}
export interface SessionCheckoutParams {
  id: string;
  project?: string;
  ref: Ref;
}
export interface SessionCellParams {
  id: string;
  cell: {
    id: string;
    number?: number;
    /**
     * Hash of the source.
     */
    source?: string;
  } | null;
}
export interface SessionCellsParams {
  id: string;
  limit?: number;
}
export interface SessionStaleParams {
  id: string;
}
export interface SessionStaleResult {
  stale: {
    cell: string;
    cellNumber?: number;
    startedAt: Instant;
    reads: {
      project: string;
      branch: string;
      collection: string;
      /**
       * Position of one committed change in a project; 0 is the empty project.
       */
      lsn: number;
      /**
       * The first change since; absent when the branch was reset or is gone, or the change is not kept.
       */
      changed?: {
        lsn: Lsn;
        time: Instant;
        origin: Origin;
      };
    }[];
  }[];
  /**
   * Stale cells and those that read what a cell of the plan wrote, each behind the cells whose data it needs.
   */
  plan: {
    cell: string;
    cellNumber?: number;
    stale: boolean;
    /**
     * Ids of cells of the plan that wrote what it reads.
     */
    after: string[];
  }[];
}
export interface SessionCloseParams {
  id: string;
}
export interface CommitEvent {
  type: 'commit';
  project: string;
  branch?: string;
  lsn: Lsn;
  entry: Entry;
}
export interface ProjectEvent {
  type: 'project';
  op: 'create' | 'delete';
  project: string;
}
export interface BranchEvent {
  type: 'branch';
  project: string;
  op: 'create' | 'delete' | 'rename' | 'reset' | 'protect';
  branch: string;
  previous?: string;
}
export interface PinEvent {
  type: 'pin';
  project: string;
  op: 'create' | 'delete';
  pin: string;
}
export interface RunEvent {
  type: 'run';
  project: string;
  run: string;
}
export interface PlanEvent {
  type: 'plan';
  project: string;
  plan: string;
  state: string;
}
export interface SessionEvent {
  type: 'session';
  session: Session;
  op: 'open' | 'checkout' | 'cell' | 'disconnect' | 'close';
}
export interface CellEvent {
  type: 'cell';
  session: string;
  activity: CellActivity;
}

/** Every method of the bridge. */
export interface Methods {
  /** Branches of a project, the default first, then newest head first. */
  'branch.list': { params: BranchListParams; result: BranchListResult };
  /** One branch. */
  'branch.get': { params: BranchGetParams; result: Branch };
  /** Creates a branch at a ref (default: the head of the default branch). */
  'branch.create': { params: BranchCreateParams; result: Branch };
  /** Renames a branch. */
  'branch.rename': { params: BranchRenameParams; result: Branch };
  /** Protects a branch: it takes plans only, and those only when its checks have passed; it is not deleted or reset. */
  'branch.protect': { params: BranchProtectParams; result: Branch };
  /** Deletes a branch. Its states stay readable where a pin, a run or a fork holds them. */
  'branch.delete': { params: BranchDeleteParams; result: BranchDeleteResult };
  /** First call of every connection. */
  'hello': { params: HelloParams; result: HelloResult };
  /** How the bridge and its data directory are. */
  'status': { params: StatusParams; result: StatusResult };
  /** Starts `event` notifications on this connection; of one project, or of all. */
  'subscribe': { params: SubscribeParams; result: SubscribeResult };
  /** Ends them. */
  'unsubscribe': { params: UnsubscribeParams; result: UnsubscribeResult };
  /** Asks the bridge to end cleanly. */
  'shutdown': { params: ShutdownParams; result: ShutdownResult };
  /** Documents of a collection or view in one state, a page at a time. The pages of one state and query fit together: pass `state.ref` and `next`. */
  'documents.find': { params: DocumentsFindParams; result: DocumentsFindResult };
  /** How many documents fit a filter, counted up to `most`. */
  'documents.count': { params: DocumentsCountParams; result: DocumentsCountResult };
  /** How the answer to a filter differs between two states, a page at a time: `insert` for a document that only the second shows, `delete` for one that only the first does, `update` for one that both show and that differs. It costs what has changed between them, not what they hold. */
  'documents.compare': { params: DocumentsCompareParams; result: DocumentsCompareResult };
  /** How much a collection of a state holds. Counts are exact, bytes are estimated from its first documents when it has more. */
  'documents.statistics': { params: DocumentsStatisticsParams; result: DocumentsStatisticsResult };
  /** Stops what this connection named by `request`; it is then answered with CANCELLED. */
  'documents.cancel': { params: DocumentsCancelParams; result: DocumentsCancelResult };
  /** Which state a ref means now. */
  'ref.resolve': { params: RefResolveParams; result: State };
  /** Collections of a state with counts, digests and indexes. */
  'ref.collections': { params: RefCollectionsParams; result: RefCollectionsResult };
  /** Entries newest first: of the whole project, or of one ref and its ancestors. */
  'log': { params: LogParams; result: LogResult };
  /** Changes of a range of LSNs on one timeline, with fields. */
  'changes': { params: ChangesParams; result: ChangesResult };
  /** Changes of a project from any LSN on, in LSN order: each once, none left out. Pass `upTo` as `after` to go on. */
  'feed': { params: FeedParams; result: FeedResult };
  /** Versions of one document, newest first. */
  'history': { params: HistoryParams; result: HistoryResult };
  /** Who gave each field of a document its value, in the order of the fields, paged; with `path` only of this field and what is below it. */
  'blame': { params: BlameParams; result: BlameResult };
  /** What differs between two states of a project. */
  'diff': { params: DiffParams; result: Diff };
  /** Takes away history that nothing keeps; without `apply` it only says what would go and what stays because of what. */
  'keeping.gc': { params: KeepingGcParams; result: KeepingGcResult };
  /** What a project, or a branch of it, is set to keep; empty when it has no setting of its own. */
  'keeping.retention': { params: KeepingRetentionParams; result: KeepingRetentionResult };
  /** Sets it; without figures the setting is taken away. Nothing goes before the next collection. */
  'keeping.setRetention': { params: KeepingSetRetentionParams; result: KeepingSetRetentionResult };
  /** Walks log, state and images and names what does not fit. */
  'keeping.verify': { params: KeepingVerifyParams; result: KeepingVerifyResult };
  /** Copies what is durable into a folder of the bridge's machine; what an earlier backup there has is not copied again. */
  'keeping.backup': { params: KeepingBackupParams; result: KeepingBackupResult };
  /** Says whether garbage is collected in the background, and how that goes; with `enabled` it is switched on or off for the data directory. */
  'keeping.automatic': { params: KeepingAutomaticParams; result: Keeper };
  /** Has the file of the state give its free pages back to the disk when the bridge starts next. */
  'keeping.compact': { params: KeepingCompactParams; result: KeepingCompactResult };
  /** Which data led to which model: states of the data, the cells that read them, the runs these started and the models the runs made. Newest runs first, paged. */
  'lineage.graph': { params: LineageGraphParams; result: Lineage };
  /** Names a state for ever. */
  'pin.create': { params: PinCreateParams; result: Pin };
  /** All pins of a project. */
  'pin.list': { params: PinListParams; result: PinListResult };
  /** Deletes a pin. */
  'pin.delete': { params: PinDeleteParams; result: PinDeleteResult };
  /** Plans a merge; nothing is written but the plan. */
  'merge.plan': { params: MergePlanParams; result: Plan };
  /** What two states have both changed since their merge base, before anything is planned: which of some documents, and how many in all. */
  'merge.overlap': { params: MergeOverlapParams; result: MergeOverlapResult };
  /** Plans to do on a branch what some changes did in another state: a range, a cell, an actor or a transaction. */
  'pick.plan': { params: PickPlanParams; result: Plan };
  /** Plans an undo on a branch: of a range, a cell, an actor or a transaction. */
  'undo.plan': { params: UndoPlanParams; result: Plan };
  /** A plan. */
  'plan.get': { params: PlanGetParams; result: Plan };
  /** Plans, newest first. */
  'plan.list': { params: PlanListParams; result: PlanListResult };
  /** Conflicts of a plan, paged. */
  'plan.conflicts': { params: PlanConflictsParams; result: PlanConflictsResult };
  /** What the plan would change, with the answers given so far. */
  'plan.documents': { params: PlanDocumentsParams; result: PlanDocumentsResult };
  /** Answers conflicts one by one (`answers`), by rules in place of those before (`rules`), or all by one rule (`all`). */
  'plan.answer': { params: PlanAnswerParams; result: Plan };
  /** Records what a check said of a plan; the newest result of a name counts. */
  'plan.check': { params: PlanCheckParams; result: Plan };
  /** Plans the same again at the heads as they are now; the plan before stays as it is, its answers too. */
  'plan.again': { params: PlanAgainParams; result: Plan };
  /** Applies a plan exactly once, if no head has moved. */
  'plan.apply': { params: PlanApplyParams; result: Plan };
  /** What a reset of the branch to an earlier state would discard. */
  'restore.preview': { params: RestorePreviewParams; result: RestorePreviewResult };
  /** Plans to give a branch, a collection or some documents back what they were in a state. Applied, it is a commit like any other, and the state before stays under a backup name. */
  'restore.plan': { params: RestorePlanParams; result: Plan };
  /** Resets the branch; the discarded line stays under a backup name. */
  'restore.apply': { params: RestoreApplyParams; result: RestoreApplyResult };
  /** All projects. */
  'project.list': { params: ProjectListParams; result: ProjectListResult };
  /** Creates a project with its default branch. */
  'project.create': { params: ProjectCreateParams; result: Project };
  /** Deletes a project and all its branches. Cannot be taken back. */
  'project.delete': { params: ProjectDeleteParams; result: ProjectDeleteResult };
  /** Remembers which state an MLflow run saw, and keeps that state readable. */
  'run.register': { params: RunRegisterParams; result: Run };
  /** Adds facts to a run (status, metrics, end). */
  'run.update': { params: RunUpdateParams; result: Run };
  /** Stops keeping the state of a run that was deleted where it was logged; what is known of the run stays. */
  'run.release': { params: RunReleaseParams; result: Run };
  /** A run of any project by its id alone. */
  'run.get': { params: RunGetParams; result: RunGetResult };
  /** Runs of a project, newest first, paged. */
  'run.list': { params: RunListParams; result: RunListResult };
  /** Runs whose state held a version of a document: the one that an LSN made, or any. Newest run first, paged; a page may be short, or empty, and still have a `next`. */
  'run.affected': { params: RunAffectedParams; result: RunAffectedResult };
  /** A kernel says who it is; the same id opens the same session again after a restart. */
  'session.open': { params: SessionOpenParams; result: Session };
  /** One session. */
  'session.get': { params: SessionGetParams; result: Session };
  /** All sessions. */
  'session.list': { params: SessionListParams; result: SessionListResult };
  /** Moves the session to a branch (writable) or a past state (read-only). */
  'session.checkout': { params: SessionCheckoutParams; result: Session };
  /** The session starts (cell given) or ends (null) the execution of a cell; the end answers what it did. */
  'session.cell': { params: SessionCellParams; result: SessionCellResult };
  /** What the cells of the session did, newest first. */
  'session.cells': { params: SessionCellsParams; result: SessionCellsResult };
  /** Cells of the session, by their newest execution, whose data has changed since they read it, and in which order to run what is to be run again. What a cell wrote itself makes it not stale. */
  'session.stale': { params: SessionStaleParams; result: SessionStaleResult };
  /** Ends a session. */
  'session.close': { params: SessionCloseParams; result: SessionCloseResult };
}

/** Params of the notification `event`. */
export type ProtocolEvent = CommitEvent | ProjectEvent | BranchEvent | PinEvent | RunEvent | PlanEvent | SessionEvent | CellEvent;

/** Grows when a message changes in a way that an older side would not understand. */
export const PROTOCOL_VERSION = 1;
