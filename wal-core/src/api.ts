/**
 * The words of the engine as types: what callers hand in and what they get back.
 * `engine.ts` is the façade that speaks them. Everything here is data or an interface;
 * documents are always raw BSON (`Buffer`), never decoded objects.
 */

import type {
  BackupReport,
  GcOptions,
  GcReport,
  KeepingOptions,
  RetentionPolicy,
  StorageFigures,
  VerifyOptions,
  VerifyReport
} from './keeping';

declare const brand: unique symbol;
type Branded<T, B> = T & { readonly [brand]: B };

/** Position of one committed change in a project: 1, 2, 3 … (0 is the empty project). */
export type Lsn = Branded<number, 'Lsn'>;
export type ProjectId = Branded<number, 'ProjectId'>;
export type TimelineId = Branded<number, 'TimelineId'>;
export type CollectionId = Branded<number, 'CollectionId'>;
export type IndexId = Branded<number, 'IndexId'>;

/**
 * Commit time: a BSON `Timestamp` as an unsigned 64-bit integer, seconds in the high half.
 * It grows strictly across all projects of a data directory. The increment is
 * `milliseconds × 4,000,000 + counter`, so the wall-clock millisecond can be read back.
 */
export type CommitTime = Branded<bigint, 'CommitTime'>;

/** A document key: KeyString of `_id` (see bson/keystring.ts). Sorts as `_id` does. */
export type DocKey = Buffer;

/**
 * Raw BSON of one document. The engine does not copy it: whoever hands one in or gets one never writes to its bytes
 * afterwards.
 */
export type Image = Buffer;

/** Who made a change, from where. All fields are hostile text to whoever shows them. */
export interface Origin {
  /** Person or service. */
  readonly actor: string;
  /** Session of a kernel or client, as in `appName` `argon:<session>`. */
  readonly session?: string;
  /** Path of the notebook. */
  readonly notebook?: string;
  /** Stable id of the executed cell. */
  readonly cell?: string;
  /** Execution count of the cell, as a notebook shows it: `[4]`. */
  readonly cellNumber?: number;
}

/** What kind of group a commit is; shown as a mark in the graph. */
export type CommitKind = 'writes' | 'catalog' | 'merge' | 'undo' | 'import' | 'pick' | 'restore';

export interface ProjectInfo {
  readonly id: ProjectId;
  readonly name: string;
  /** The newest LSN of the project, over all branches. */
  readonly head: Lsn;
  readonly defaultBranch: string;
  readonly createdAt: Date;
}

export interface BranchInfo {
  readonly name: string;
  readonly timeline: TimelineId;
  /** The newest LSN of the branch's own state (its fork point when it has no change of its own). */
  readonly head: Lsn;
  /** When the head was written. */
  readonly headAt: Date;
  readonly createdAt: Date;
  readonly isDefault: boolean;
  readonly isProtected: boolean;
  /** Names of the checks that a plan must have passed before it is applied to the branch while it is protected. */
  readonly checks?: readonly string[];
  /** Where the branch's timeline was forked from; absent for the first timeline. */
  readonly fork?: { readonly timeline: TimelineId; readonly branch?: string; readonly lsn: Lsn };
  /** Name of the branch this one is the backup of, after a reset. */
  readonly backupOf?: string;
  readonly expiresAt?: Date;
  /** Changes on this branch that the default branch does not include, and the other way round. */
  readonly ahead: number;
  readonly behind: number;
}

export interface BranchPageOptions {
  /** Part of the name, in any case. */
  readonly search?: string;
  /** Letters that the name has in this order, in any case; names that begin with them come first. */
  readonly letters?: string;
  /** Name of the last branch of the page before. */
  readonly after?: string;
  /** Default 1,000. */
  readonly limit?: number;
}

export interface BranchPage {
  readonly branches: readonly BranchInfo[];
  /** Number of branches that fit, on all pages. */
  readonly total: number;
  readonly next?: string;
}

export interface TimelineInfo {
  readonly id: TimelineId;
  readonly parent?: TimelineId;
  readonly forkLsn: Lsn;
  readonly head: Lsn;
  /** Merges into this timeline, oldest first. */
  readonly merges: readonly { readonly lsn: Lsn; readonly source: TimelineId; readonly sourceLsn: Lsn }[];
}

export interface IndexInfo {
  readonly id: IndexId;
  readonly name: string;
  /** Raw BSON of the key pattern, as given: `{a: 1, "b.c": -1}`. */
  readonly key: Image;
  readonly unique: boolean;
  readonly sparse: boolean;
  /** Raw BSON of the partial filter, if any. */
  readonly partialFilter?: Image;
  /** Raw BSON of the whole specification, as `listIndexes` answers it. */
  readonly spec: Image;
}

export interface CollectionInfo {
  readonly id: CollectionId;
  readonly name: string;
  /** Raw BSON of the options given to `create`, `{}` when made by the first write. */
  readonly options: Image;
  /** All secondary indexes; the `_id` index is implied. */
  readonly indexes: readonly IndexInfo[];
}

export interface ScanOptions {
  /** Start after (before, when `reverse`) this key, exclusive. */
  readonly after?: DocKey;
  /** Inclusive bounds on docKey. */
  readonly from?: DocKey;
  readonly to?: DocKey;
  readonly reverse?: boolean;
  /** Most documents in one batch; default 512. A batch is also cut at 4 MB and after 4 ms. */
  readonly batch?: number;
  readonly signal?: AbortSignal;
}

/** Documents in key order. Arrays are parallel. Buffers stay valid after the next batch. */
export interface ScanBatch {
  readonly keys: readonly DocKey[];
  readonly images: readonly Image[];
}

export interface IndexScanOptions {
  /** KeyString bounds on the index key (a prefix of the compound key is allowed). */
  readonly lower?: { readonly key: Buffer; readonly inclusive: boolean };
  readonly upper?: { readonly key: Buffer; readonly inclusive: boolean };
  readonly reverse?: boolean;
  readonly batch?: number;
  readonly signal?: AbortSignal;
}

/** What a filter was compiled with: `let` variables, collation, and the time that `$$NOW` is. */
export interface FilterOptions {
  readonly let?: Image;
  readonly collation?: Image;
  /** Milliseconds since 1970. */
  readonly now?: number;
}

/** A compiled filter with what it was compiled from, so that another thread can compile it too. */
export interface DocumentFilter {
  readonly source: Image;
  readonly options: FilterOptions;
  readonly isEmpty: boolean;
  matches(document: Image): boolean;
}

/** A stretch of a collection in key order, both ends inclusive. */
export interface KeyStretch {
  readonly from?: DocKey;
  readonly to?: DocKey;
}

/** Which documents a long read is about. */
export interface LongRead {
  readonly filter: DocumentFilter;
  /** Stretches in the order of the read; default: one, the whole collection. */
  readonly stretches?: readonly KeyStretch[];
  /** Backwards inside each stretch. */
  readonly reverse?: boolean;
  readonly signal?: AbortSignal;
  /** Told now and then how many documents were looked at. */
  readonly onProgress?: (examined: number) => void;
  /** Also finds the LSN of each document's version where a worker reads, which reads a batch ahead then. */
  readonly versions?: boolean;
}

/** Documents that matched, and how many were looked at since the batch before. */
export interface MatchBatch extends ScanBatch {
  /** LSN of the version of each, when it was asked for and is known. */
  readonly lsns?: ArrayLike<number>;
  readonly examined: number;
  /** Of these, those up to and with each match. */
  readonly examinedAt: ArrayLike<number>;
}

/** A long read whose documents are sorted, cut and go through a pipeline. Raw BSON, as commands have it. */
export interface FlowRead extends LongRead {
  readonly sort?: Image;
  readonly skip?: number;
  readonly limit?: number;
  /** Stages that read no other collection. */
  readonly stages?: readonly Image[];
  /** Bytes that a blocking stage may hold. */
  readonly memoryBytesMax?: number;
}

/** Results, and how many documents were looked at and went into the pipeline since the batch before. */
export interface FlowBatch {
  readonly images: readonly Image[];
  readonly examined: number;
  readonly matched: number;
}

/** Reads that look at many documents. What is worth it runs on worker threads; answers and order are the same. */
export interface LongReads {
  /** Documents in key order. @throws CANCELLED, HISTORY_GONE, INTERNAL with data `{worker: true}` */
  matching(collection: CollectionInfo, read: LongRead): AsyncIterable<MatchBatch>;
  /** Number of documents, at most `most`. @throws as `matching` */
  countMatching(
    collection: CollectionInfo,
    read: LongRead & { readonly most?: number }
  ): Promise<{ readonly count: number; readonly examined: number }>;
  /**
   * Undefined when it is better done here: the collection is small, or too many are under way.
   * @throws as `matching`, and what the sort and the stages throw
   */
  flow(collection: CollectionInfo, read: FlowRead): AsyncIterable<FlowBatch> | undefined;
}

/** A readable state: the same bytes for ever, whatever is written beside it. */
export interface Snapshot {
  readonly project: ProjectInfo;
  readonly timeline: TimelineId;
  readonly lsn: Lsn;
  /** The ref it was resolved from, normalised: `main@949`. */
  readonly ref: string;
  /** The branch the ref named, if it named one that exists. */
  readonly branch?: string;
  /** True when the ref is a branch name alone: the head, which can be written. */
  readonly writable: boolean;
  /** For writes that follow from this state; undefined for one that cannot be written, and inside a transaction. */
  readonly seen?: SeenHead | undefined;
  /** Set when the ref named an LSN inside an atomic group: the LSN asked for. */
  readonly snappedFrom?: Lsn;
  /** Commit time of the newest change in this state. */
  readonly time: CommitTime;
  collections(): readonly CollectionInfo[];
  collection(name: string): CollectionInfo | undefined;
  get(collection: CollectionInfo, key: DocKey): Image | undefined;
  scan(collection: CollectionInfo, options?: ScanOptions): AsyncIterable<ScanBatch>;
  /** Filtered reads on worker threads; undefined where there are none, and for the state inside a transaction. */
  readonly long?: LongReads | undefined;
  /** Documents in the order of a secondary index; a multikey document comes once per matching entry. */
  scanIndex(
    collection: CollectionInfo,
    index: IndexInfo,
    options?: IndexScanOptions
  ): AsyncIterable<ScanBatch>;
  /**
   * How many entries of an index lie in some ranges; counting stops at `most`. An estimate for planners: changes that
   * are still on their way into the state are not looked for.
   */
  countIndexEntries(
    index: IndexInfo,
    ranges: readonly Pick<IndexScanOptions, 'lower' | 'upper'>[],
    most: number
  ): number;
  /** Number of documents: O(1) at a head, O(changes) elsewhere. */
  count(collection: CollectionInfo): Promise<number>;
  /** Multiset hash over the documents of one collection (32 hex digits), independent of write order. */
  digest(collection: CollectionInfo): Promise<string>;
  /** One hash over names and digests of all collections (32 hex digits). */
  stateDigest(): Promise<string>;
}

/** Staged changes of one write call, while it runs; sees its own changes and every earlier one, acknowledged or not. */
export interface Writer {
  readonly project: ProjectInfo;
  readonly branch: string;
  collections(): readonly CollectionInfo[];
  collection(name: string): CollectionInfo | undefined;
  /** The collection of this name, created (one LSN) when missing. */
  ensureCollection(name: string): CollectionInfo;
  createCollection(name: string, options: Image): CollectionInfo;
  setOptions(collection: CollectionInfo, options: Image): CollectionInfo;
  renameCollection(collection: CollectionInfo, name: string): CollectionInfo;
  /**
   * Makes an index on a collection that this writer made itself and that is empty; on any other, use the engine's
   * `createIndex`. False when the same index is there. @throws BAD_REQUEST, INDEX_CONFLICT, LIMIT_EXCEEDED
   */
  createIndex(collection: CollectionInfo, spec: Image): boolean;
  /**
   * Gives an index another specification that changes nothing of its entries (`hidden`, `expireAfterSeconds`).
   * @throws INDEX_NOT_FOUND, BAD_REQUEST when keys or what the entries depend on would change
   */
  changeIndex(collection: CollectionInfo, name: string, spec: Image): void;
  /** Drops the index and its entries. */
  dropIndex(collection: CollectionInfo, name: string): void;
  get(collection: CollectionInfo, key: DocKey): Image | undefined;
  /** Adds a document. @throws DOCUMENT_INVALID, LIMIT_EXCEEDED, COLLECTION_NOT_FOUND, DUPLICATE_KEY with data `{index, keyPattern, keyValue}`; nothing is staged then. */
  insert(collection: CollectionInfo, image: Image): void;
  /**
   * Replaces a document, `_id` unchanged. `isWhole` tells history that the whole document was given, not changes to it.
   * @throws DOCUMENT_INVALID, LIMIT_EXCEEDED, COLLECTION_NOT_FOUND, DUPLICATE_KEY, DOCUMENT_NOT_FOUND
   */
  replace(collection: CollectionInfo, key: DocKey, image: Image, isWhole?: boolean): void;
  /** Removes a document; false when it is not there. */
  remove(collection: CollectionInfo, key: DocKey): boolean;
  /**
   * The version of a document in the state that the write's `seen` is of: the next call about this document need not
   * look for it, when that is the newest state still. Otherwise it does nothing.
   */
  hasRead(collection: CollectionInfo, key: DocKey, version: DocumentVersion): void;
  /** Number of records staged so far. */
  readonly staged: number;
}

/** A version of a document that is there. */
export interface DocumentVersion {
  readonly lsn: Lsn;
  readonly image: Image;
}

/**
 * The head of a branch as a snapshot shows it. Who names it with each of several writes has versions that were read
 * there taken for the newest, as long as nobody else has written to the branch.
 */
export interface SeenHead {
  readonly timeline: TimelineId;
}

export interface WriteOptions {
  readonly kind?: CommitKind;
  /** Seen whole or not at all (a transaction); default false, as MongoDB's `insert_many`. */
  readonly atomic?: boolean;
  /** Transaction id for `undo --txn`. */
  readonly txn?: string;
  /**
   * The images have passed `checkDocument`, and replaced ones keep their `_id`: they are not checked again. Without it
   * each is, and refused with DOCUMENT_INVALID.
   */
  readonly isChecked?: boolean;
  /** What `hasRead` of the writer speaks of. */
  readonly seen?: SeenHead | undefined;
  /**
   * Remembered in the same frame: the reply of a retryable write. The key is `<owner>/<turn>/<statement>`;
   * a new turn of an owner forgets its earlier ones.
   */
  readonly retry?: { readonly key: string; readonly reply: (commit: Commit | undefined) => Image };
}

export interface TransactionOptions {
  /**
   * With `number`, makes the commit safe to repeat: what it came to is kept in the same frame, until the session
   * commits one with another number, and `transactionOutcome` answers it, also after a crash.
   */
  readonly session?: string;
  readonly number?: number;
}

export type TransactionState = 'open' | 'committed' | 'aborted';

/**
 * Changes of any number of documents, collections, branches and projects that happen all at once or not at all.
 * It reads the newest state there was when it began, with its own changes on top. When somebody else has meanwhile
 * changed what it changes, it fails with WRITE_CONFLICT, at the write or at the commit: of open transactions who
 * changes a document first wins, against others who commits first. Any
 * error of a write ends it. Large ones go ahead into the log and count at once when they are committed.
 */
export interface Transaction {
  /** `<session>/<number>`, or a name of its own: the `txn` of its changes. */
  readonly id: string;
  readonly state: TransactionState;
  /** Number of changes staged so far. */
  readonly staged: number;
  /** What it reads on a branch; it goes on to show the changes made later in the transaction. @throws TRANSACTION_GONE, WRITE_CONFLICT */
  snapshot(project: string, branch: string): Promise<Snapshot>;
  /**
   * Runs `change` synchronously on a branch. Collections can be made in it, and indexes on those.
   * @throws TRANSACTION_GONE, WRITE_CONFLICT, DUPLICATE_KEY, BRANCH_PROTECTED, LIMIT_EXCEEDED, and whatever `change` throws
   */
  write<T>(
    project: string,
    branch: string,
    change: (writer: Writer) => T,
    options?: Pick<WriteOptions, 'isChecked'>
  ): Promise<T>;
  /**
   * Makes everything durable and visible; one commit for each branch that changed. Asked again, it answers the same.
   * @throws WRITE_CONFLICT, TRANSACTION_GONE, LOG_FAILED, DISK_FULL
   */
  commit(): Promise<readonly Commit[]>;
  /** Forgets everything. Does nothing when the transaction has ended. */
  abort(): void;
}

/** A durable commit. */
export interface Commit {
  readonly project: string;
  readonly branch: string;
  readonly timeline: TimelineId;
  readonly firstLsn: Lsn;
  readonly lastLsn: Lsn;
  readonly time: CommitTime;
}

export type ChangeOp = 'insert' | 'update' | 'delete';

/** One change as history shows it. */
export interface Change {
  readonly lsn: Lsn;
  readonly timeline: TimelineId;
  readonly branch?: string;
  readonly collection: string;
  readonly op: ChangeOp;
  readonly key: DocKey;
  readonly time: Date;
  /** Strictly growing from commit to commit, over all projects; the changes of one commit share it. */
  readonly commitTime: CommitTime;
  readonly kind: CommitKind;
  /** Id of the transaction it was made in. */
  readonly txn?: string;
  readonly origin: Origin;
  readonly before?: Image;
  readonly after?: Image;
  /** An update that gave the document as a whole. */
  readonly isWhole?: true;
  /** Of a change of the catalog, with images: the collection before and after it. */
  readonly catalog?: { readonly before?: CollectionInfo; readonly after?: CollectionInfo };
  /** The last LSN of the atomic group that the change belongs to. */
  readonly groupLast?: Lsn;
}

export interface FeedOptions {
  /** The newest LSN that is known already; 0 for everything. */
  readonly after: Lsn;
  /** Only the changes that a branch's state consists of, inherited ones included. The feed ends when the branch moves or goes. */
  readonly branch?: string;
  readonly collection?: string;
  /** With the images before and after each change; default true. */
  readonly images?: boolean;
  /** Go on with what is committed later; default true. Otherwise the feed ends at the newest change. */
  readonly live?: boolean;
  /** Most changes in one batch; default 512, at most 10,000. */
  readonly batch?: number;
  readonly signal?: AbortSignal;
}

/** Changes in LSN order. */
export interface FeedBatch {
  readonly changes: readonly Change[];
  /** Everything up to this LSN has been told: pass it as `after` to go on. Inside an atomic group, its changes told so far are a part of it. */
  readonly upTo: Lsn;
}

/** A run of changes of one kind, branch and cell, folded for display. */
export interface LogEntry {
  readonly firstLsn: Lsn;
  readonly lastLsn: Lsn;
  readonly timeline: TimelineId;
  /** The branch that shows this timeline now, if any. */
  readonly branch?: string;
  readonly kind: CommitKind;
  readonly inserts: number;
  readonly updates: number;
  readonly deletes: number;
  readonly collections: readonly string[];
  /** For catalog entries: `islands created`, `index species_1 on penguins`. */
  readonly catalog: readonly { readonly op: string; readonly collection: string; readonly index?: string }[];
  readonly origin: Origin;
  readonly firstAt: Date;
  readonly lastAt: Date;
  readonly merge?: { readonly source: string; readonly sourceTimeline: TimelineId; readonly sourceLsn: Lsn };
  /** What an undo took back. */
  readonly undo?: CommitNote;
  /** What a pick brought from elsewhere. */
  readonly pick?: CommitNote;
  /** What state a restore went back to: both LSNs are its own. */
  readonly restore?: CommitNote;
}

export interface CommitNote {
  readonly what: string;
  readonly firstLsn: Lsn;
  readonly lastLsn: Lsn;
}

/** Path of a field: keys and array positions, never a dotted string. */
export type FieldPath = readonly (string | number)[];

/** A value at a path: raw BSON type and bytes; `undefined` means "not there". */
export interface FieldValue {
  readonly type: number;
  readonly bytes: Buffer;
}

export interface FieldChange {
  readonly path: FieldPath;
  readonly before: FieldValue | undefined;
  readonly after: FieldValue | undefined;
}

export interface DocumentDiff {
  readonly collection: string;
  readonly key: DocKey;
  /** Raw BSON `{_id: …}`. */
  readonly id: Image;
  readonly op: ChangeOp;
  readonly before?: Image;
  readonly after?: Image;
  readonly fields: readonly FieldChange[];
}

export interface DiffSummary {
  readonly collection: string;
  readonly added: number;
  readonly changed: number;
  readonly deleted: number;
}

export interface Diff {
  readonly from: Snapshot;
  readonly to: Snapshot;
  readonly summary: readonly DiffSummary[];
  /** Changed collections, options and indexes, in words. */
  readonly catalog: readonly { readonly op: string; readonly collection: string; readonly index?: string }[];
  readonly documents: readonly DocumentDiff[];
  /** Pass as `after` to get the next page; absent on the last one. */
  readonly next?: string;
}

export interface DiffOptions {
  readonly collection?: string;
  readonly after?: string;
  /** Documents in a page; default 100, at most 10,000. */
  readonly limit?: number;
  readonly signal?: AbortSignal;
  /** Told now and then how many changes and documents were looked at. */
  readonly onProgress?: (done: number) => void;
}

/** What both of two states made of a document since their merge base: a merge joins it by rule, or asks about it. */
export type OverlapMark = 'none' | 'joined' | 'asked';

/** What two states have both changed since their merge base. */
export interface Overlap {
  /** The merge base: `main@949`, or several after a criss-cross. */
  readonly base: string;
  /** Where their lines of history part. */
  readonly forkLsn: Lsn;
  /** Documents that both changed, and those of them about which a merge asks. */
  readonly documents: number;
  readonly asked: number;
  /** Whether there may be more: the count ended after `limit` documents. */
  readonly isMore: boolean;
  /** Of the documents in the options, in their order. */
  readonly marks: readonly OverlapMark[];
}

export interface OverlapOptions {
  /** Documents to mark, at most 10,000. */
  readonly documents?: readonly { readonly collection: string; readonly key: DocKey }[];
  /** Documents to look at for the count; default and at most 10,000. 0 counts none. */
  readonly limit?: number;
  readonly signal?: AbortSignal;
}

/**
 * What a plan brings into a branch: all that another state has (merge), what some changes did elsewhere (pick), what
 * was before some changes (undo), or documents as they were (restore).
 */
export type PlanKind = 'merge' | 'pick' | 'undo' | 'restore';
export type PlanState = 'open' | 'applied' | 'stale';
export type Answer =
  { readonly take: 'ours' | 'theirs' | 'base' } | { readonly value: FieldValue | undefined };

/**
 * Answers conflicts that have no answer of their own. Of several that fit the last one counts. `newest` takes the side
 * whose history gave the path its value last; a path counts as older than another by LSN.
 */
export interface AnswerRule {
  readonly take: 'ours' | 'theirs' | 'base' | 'newest';
  /** Only in this collection. */
  readonly collection?: string;
  /** Only at this path and below it. */
  readonly path?: FieldPath;
}

/** A disagreement that a person or a rule must settle. */
export interface Conflict {
  /** Stable within the plan. */
  readonly id: string;
  readonly collection: string;
  readonly key: DocKey;
  /** Raw BSON `{_id: …}`. */
  readonly document: Image;
  /** Empty: the whole document (changed on one side, deleted on the other). */
  readonly path: FieldPath;
  readonly base: FieldValue | undefined;
  readonly ours: FieldValue | undefined;
  readonly theirs: FieldValue | undefined;
  readonly answer?: Answer;
}

export interface PlanInfo {
  readonly id: string;
  readonly kind: PlanKind;
  readonly state: PlanState;
  readonly project: string;
  /** Branch that will change, and its head when the plan was made. */
  readonly into: string;
  readonly intoLsn: Lsn;
  /** What is brought in: `clean@1204`, or what is undone: `cell 7, 821–944`. */
  readonly source: string;
  readonly sourceLsn?: Lsn;
  /** The common state both sides are compared with: `main@949`. */
  readonly base: string;
  readonly summary: readonly (DiffSummary & { readonly conflicts: number })[];
  readonly conflicts: number;
  readonly unanswered: number;
  readonly createdAt: Date;
  readonly appliedAs?: { readonly firstLsn: Lsn; readonly lastLsn: Lsn };
  /** The branch that keeps the state before a restore that was applied. */
  readonly backup?: string;
  /** The newest result of each check. Another answer takes them back: they were about other documents. */
  readonly checks?: readonly CheckResult[];
}

/** What a check said of a plan. */
export interface CheckResult {
  readonly name: string;
  readonly passed: boolean;
  /** For people: a link, a sentence. */
  readonly detail?: string;
  readonly by: string;
  readonly at: Date;
}

/** A document as a plan would leave it, compared with the branch now. */
export interface PlanDocument extends DocumentDiff {
  /** Pass as `after` to get what follows. */
  readonly mark: string;
}

/** What of a branch goes back to a past state: everything, a collection with its options and indexes, or documents. */
export interface RestoreOptions {
  readonly collection?: string;
  /** Of documents in the collection. */
  readonly keys?: readonly DocKey[];
}

/** Who gave a field of a document the value that it has. */
export interface Blame {
  readonly path: FieldPath;
  readonly value: FieldValue;
  readonly lsn: Lsn;
  readonly timeline: TimelineId;
  readonly branch?: string;
  /** False when the history is so long that the true LSN is somewhere before this one. */
  readonly isExact: boolean;
  readonly origin: Origin;
  readonly txn?: string;
  readonly time: Date;
}

export interface UndoSelector {
  /** Inclusive LSN range on the branch. */
  readonly range?: { readonly first: Lsn; readonly last: Lsn };
  readonly cell?: string;
  readonly cellNumber?: number;
  readonly session?: string;
  readonly actor?: string;
  readonly txn?: string;
}

export interface PinInfo {
  readonly name: string;
  readonly timeline: TimelineId;
  readonly lsn: Lsn;
  readonly ref: string;
  readonly createdAt: Date;
  readonly origin: Origin;
}

/** A remembered MLflow run: which state it saw. Keeps that state readable like a pin. */
export interface RunInfo {
  readonly id: string;
  readonly project: string;
  readonly branch?: string;
  readonly timeline: TimelineId;
  readonly lsn: Lsn;
  readonly digest: string;
  readonly createdAt: Date;
  /** Free facts (name, experiment, notebook, tracking server without credentials …). */
  readonly facts: Readonly<Record<string, string>>;
  /** Since when its state is not kept for its sake: the run was deleted where it was logged. */
  readonly releasedAt?: Date;
}

/** What subscribers are told, after it is durable. */
export type EngineEvent =
  | { readonly type: 'commit'; readonly commit: Commit; readonly entry: LogEntry }
  | { readonly type: 'project'; readonly project: string; readonly op: 'create' | 'delete' }
  | {
      readonly type: 'branch';
      readonly project: string;
      readonly op: 'create' | 'delete' | 'rename' | 'reset' | 'protect';
      readonly branch: string;
      readonly previous?: string;
    }
  | { readonly type: 'pin'; readonly project: string; readonly op: 'create' | 'delete'; readonly pin: string }
  | { readonly type: 'run'; readonly project: string; readonly run: string }
  | { readonly type: 'plan'; readonly project: string; readonly plan: string; readonly state: PlanState };

export interface EngineOptions {
  /** Data directory; made when missing. One engine owns it (lock). */
  readonly directory: string;
  /** Wall clock in milliseconds; tests own it. Default `Date.now`. */
  readonly clock?: () => number;
  /**
   * Told about once a second while a start replays what the log has and the state has not: bytes of the log that are
   * replayed, and all that are to be. A start that takes less than a second tells nothing.
   */
  readonly onReplay?: (done: number, total: number) => void;
}

/** Page images and overlays: derived from log and state, and made again when they are lost. */
export interface ImageStatus {
  readonly files: number;
  readonly bytes: number;
  /** Files made since the engine was opened, and whether one is being made or waits for it. */
  readonly built: number;
  readonly isBuilding: boolean;
  /** Files given up since then because a checksum did not fit. */
  readonly damaged: number;
  /** Why the newest build that failed did. */
  readonly failed?: string;
  /** Overlays in memory, and an estimate of the bytes they take. */
  readonly overlays: number;
  readonly overlayBytes: number;
  /** Threads beside the main one. */
  readonly workers: number;
}

export interface EngineStatus {
  readonly projects: number;
  readonly branches: number;
  readonly logBytes: number;
  readonly stateBytes: number;
  /** Durable records not yet applied to the state. */
  readonly pendingRecords: number;
  /** What scans read beside the state. */
  readonly images: ImageStatus;
  /** Set after a failed flush or a checksum mismatch: no more writes are taken. */
  readonly failed?: string;
}

/** The façade that everything else calls; `openEngine` in engine.ts makes one. */
export interface Engine {
  readonly directory: string;
  status(): EngineStatus;
  /** Walks log, state and images and names what does not fit; works beside writers. @throws CANCELLED */
  verify(options?: VerifyOptions): Promise<VerifyReport>;
  /**
   * Copies what is durable now into a folder, beside writers; what an earlier backup there has is not copied again.
   * `restoreBackup` makes a data directory of it.
   * @throws BAD_REQUEST, DIRECTORY_LOCKED, DATA_CORRUPT, DISK_FULL, CANCELLED
   */
  backup(folder: string, options?: KeepingOptions): Promise<BackupReport>;
  /** Takes away what nothing keeps, online and in small steps. @throws CANCELLED, PROJECT_NOT_FOUND, BAD_REQUEST */
  gc(options?: GcOptions): Promise<GcReport>;
  /**
   * Has the state copied without its free pages when the directory is opened next: its file never shrinks by itself.
   * That start takes as long as copying what is left, and needs room for it.
   */
  compactAtStart(): void;
  /** Bytes on disk by kind, and of the live documents. */
  storage(): Promise<StorageFigures>;
  /** What a project or a branch is set to keep; a branch without a setting of its own follows its project. */
  retention(project: string, branch?: string): RetentionPolicy | undefined;
  /** Undefined takes the setting away. Nothing goes before the next collection. @throws BAD_REQUEST */
  setRetention(
    project: string,
    policy: RetentionPolicy | undefined,
    origin: Origin,
    branch?: string
  ): Promise<void>;
  close(): Promise<void>;
  /** Commit time of the newest durable commit: the `operationTime` of a reply. */
  lastCommitTime(): CommitTime;
  /** Called for each durable change, in order. Returns the way to stop it. */
  subscribe(listener: (event: EngineEvent) => void): () => void;

  projects(): readonly ProjectInfo[];
  /** @throws PROJECT_NOT_FOUND */
  project(name: string): ProjectInfo;
  findProject(name: string): ProjectInfo | undefined;
  createProject(name: string, origin: Origin, options?: { ensure?: boolean }): Promise<ProjectInfo>;
  deleteProject(name: string, origin: Origin): Promise<void>;

  /** Default branch first, then newest head first. */
  branches(project: string): readonly BranchInfo[];
  /** A page of that list: of many branches, only those on it are looked at closely. @throws BAD_REQUEST when `after` is no branch */
  branchPage(project: string, options?: BranchPageOptions): BranchPage;
  branch(project: string, name: string): BranchInfo;
  /** The name of the branch that shows a timeline now. */
  branchOf(project: string, timeline: TimelineId): string | undefined;
  createBranch(
    project: string,
    name: string,
    origin: Origin,
    options?: { from?: string; ensure?: boolean; expiresAt?: Date }
  ): Promise<BranchInfo>;
  renameBranch(project: string, name: string, to: string, origin: Origin): Promise<BranchInfo>;
  /** A protected branch takes plans only, and those only when `checks` have passed (none when left out). @throws LIMIT_EXCEEDED, NAME_INVALID */
  protectBranch(
    project: string,
    name: string,
    isProtected: boolean,
    origin: Origin,
    options?: { checks?: readonly string[] }
  ): Promise<BranchInfo>;
  deleteBranch(project: string, name: string, origin: Origin): Promise<void>;
  /** Deletes branches whose `expiresAt` has passed, unless they are protected. Answers `project/branch` of each. */
  expireBranches(origin: Origin): Promise<readonly string[]>;
  /**
   * Removes the documents whose time is over by an index with `expireAfterSeconds`, on every branch that is not
   * protected, as ordinary logged deletes. Answers where there were any. @throws CANCELLED
   */
  sweepExpired(
    origin: Origin,
    options?: { signal?: AbortSignal }
  ): Promise<
    readonly {
      readonly project: string;
      readonly branch: string;
      readonly collection: string;
      readonly removed: number;
    }[]
  >;
  timelines(project: string): readonly TimelineInfo[];
  timelineCount(project: string): number;
  /** One of them; undefined when there is none of this id. */
  timeline(project: string, id: TimelineId): TimelineInfo | undefined;

  /** @throws REF_INVALID, REF_NOT_FOUND, BRANCH_NOT_FOUND, PIN_NOT_FOUND, RUN_NOT_FOUND, LSN_IN_FUTURE, HISTORY_GONE */
  resolve(project: string, ref: string): Snapshot;
  /** The state of a timeline at an LSN, whatever its branch is called now. */
  snapshot(project: string, timeline: TimelineId, lsn: Lsn): Snapshot;
  /** The newest LSN whose commit time is not after `time`. */
  lsnAt(project: string, time: CommitTime): Lsn;
  /** When the commit that holds an LSN was made; 0 for LSN 0. @throws HISTORY_GONE, LSN_IN_FUTURE */
  timeOf(project: string, lsn: Lsn): CommitTime;

  /**
   * Runs `change` synchronously against the newest state, then waits until its records are on disk.
   * Nothing is written when it throws, or returns a promise. `commit` is undefined when nothing was staged.
   * @throws BAD_REQUEST, BRANCH_NOT_FOUND, BRANCH_PROTECTED, LOG_FAILED, DISK_FULL, and whatever `change` throws
   */
  write<T>(
    project: string,
    branch: string,
    origin: Origin,
    change: (writer: Writer) => T,
    options?: WriteOptions
  ): Promise<{ result: T; commit: Commit | undefined }>;
  /** Begins a transaction on the newest state of everything. It must be committed or aborted within a minute. @throws LIMIT_EXCEEDED, TRANSACTION_GONE */
  transaction(origin: Origin, options?: TransactionOptions): Transaction;
  /** What a session's transaction committed; undefined when it did not, or the session has committed another one since. */
  transactionOutcome(session: string, number: number): readonly Commit[] | undefined;
  /** The remembered reply of a retryable write, raw BSON. */
  retried(key: string): Image | undefined;
  /** False when no document with an array on the index's paths was ever seen, so that a planner may use it fully. */
  isMultikey(index: IndexInfo): boolean;
  /**
   * Builds a secondary index; spec is raw BSON `{key, name, unique?, sparse?, partialFilterExpression?}`. True when it
   * was made now. `onProgress` hears now and then how many documents have been looked at; a build that is cancelled
   * leaves no index. @throws INDEX_CONFLICT, DUPLICATE_KEY, DOCUMENT_INVALID, LIMIT_EXCEEDED, CANCELLED
   */
  createIndex(
    project: string,
    branch: string,
    collection: string,
    spec: Image,
    origin: Origin,
    options?: { readonly signal?: AbortSignal; readonly onProgress?: (done: number) => void }
  ): Promise<boolean>;
  /**
   * Drops a collection with its documents, in one commit. False when there is none of this name.
   * @throws COLLECTION_NOT_FOUND when there is none to replace it, BAD_REQUEST when it is to replace itself
   */
  dropCollection(
    project: string,
    branch: string,
    collection: string,
    origin: Origin,
    options?: {
      /** What several drops belong to, so that they can be undone together. */
      readonly txn?: string;
      /** Another collection, which has the name from then on: nobody sees the branch without one of the two. */
      readonly replacedBy?: string;
    }
  ): Promise<boolean>;

  /** Newest first, or with `after` oldest first; `next` is the `before` or `after` of the next page. */
  log(
    project: string,
    options?: { ref?: string; before?: Lsn; after?: Lsn; limit?: number }
  ): Promise<{ readonly entries: readonly LogEntry[]; readonly next?: Lsn }>;
  changes(
    project: string,
    timeline: TimelineId,
    options: { first: Lsn; last: Lsn; limit?: number; images?: boolean; reverse?: boolean }
  ): Promise<readonly Change[]>;
  /**
   * Changes of a project in LSN order, from any LSN on: each once, none left out. Nothing is read before it is asked
   * for. @throws LSN_IN_FUTURE, BRANCH_NOT_FOUND, BAD_REQUEST, CANCELLED
   */
  feed(project: string, options: FeedOptions): AsyncIterable<FeedBatch>;
  /** Versions of a document: newest first, or with `after` oldest first. */
  history(
    project: string,
    ref: string,
    collection: string,
    key: DocKey,
    options?: { limit?: number; before?: Lsn; after?: Lsn }
  ): Promise<readonly Change[]>;
  /**
   * Changes of a collection in a state: newest first, or with `after` oldest first. `next` is the `before` or `after`
   * of the next page; a page may be short, for it looks through a bounded number of changes.
   */
  collectionHistory(
    project: string,
    ref: string,
    collection: string,
    options?: { limit?: number; before?: Lsn; after?: Lsn; images?: boolean }
  ): Promise<{ readonly changes: readonly Change[]; readonly next?: Lsn }>;
  /** For each field of a document: the change that gave it its value. Empty when the document is not there. @throws COLLECTION_NOT_FOUND */
  blame(project: string, ref: string, collection: string, key: DocKey): Promise<readonly Blame[]>;
  diff(project: string, from: string, to: string, options?: DiffOptions): Promise<Diff>;
  /**
   * What the states `source` and `into` have both changed since their merge base; undefined when `into` includes all
   * of `source`. O(changes of the side that has fewer). @throws BAD_REQUEST, CANCELLED
   */
  overlap(
    project: string,
    source: string,
    into: string,
    options?: OverlapOptions
  ): Promise<Overlap | undefined>;

  planMerge(project: string, source: string, into: string, origin: Origin): Promise<PlanInfo>;
  planUndo(project: string, branch: string, what: UndoSelector, origin: Origin): Promise<PlanInfo>;
  /**
   * A plan to do on `into` what selected changes did in the state `source`, field by field.
   * @throws NOTHING_TO_DO when no change of the source fits, BAD_REQUEST
   */
  planPick(
    project: string,
    source: string,
    what: UndoSelector,
    into: string,
    origin: Origin
  ): Promise<PlanInfo>;
  /**
   * A plan to give a branch, a collection or some documents back what they were in the state `to`. Applied, it is a
   * commit like any other and leaves the state before under a backup name.
   * @throws COLLECTION_NOT_FOUND when `to` has no such collection, NOTHING_TO_DO, BAD_REQUEST
   */
  planRestore(
    project: string,
    branch: string,
    to: string,
    origin: Origin,
    options?: RestoreOptions
  ): Promise<PlanInfo>;
  /**
   * The same plan again, at the heads as they are now; the one before stays as it is, and its answers with it.
   * @throws PLAN_NOT_FOUND, BRANCH_NOT_FOUND, HISTORY_GONE, NOTHING_TO_DO
   */
  planAgain(project: string, id: string, origin: Origin): Promise<PlanInfo>;
  plan(project: string, id: string): Promise<PlanInfo>;
  /** Newest first. */
  plans(project: string): Promise<readonly PlanInfo[]>;
  planConflicts(
    project: string,
    id: string,
    options?: { after?: string; limit?: number }
  ): Promise<readonly Conflict[]>;
  planDocuments(
    project: string,
    id: string,
    options?: { after?: string; limit?: number }
  ): Promise<readonly PlanDocument[]>;
  /**
   * Answers conflicts one by one (`undefined` opens one again), or by rules in place of those before. `'ours'` and
   * `'theirs'` are the rule for all conflicts, and take back the answers given one by one.
   */
  answerPlan(
    project: string,
    id: string,
    answers: readonly { conflict: string; answer: Answer | undefined }[],
    rules?: 'ours' | 'theirs' | readonly AnswerRule[]
  ): Promise<PlanInfo>;
  /** Records what a check said of a plan; the newest result of a name counts. @throws PLAN_NOT_FOUND, PLAN_APPLIED, PLAN_STALE, NAME_INVALID, LIMIT_EXCEEDED */
  recordCheck(
    project: string,
    id: string,
    check: { name: string; passed: boolean; detail?: string },
    origin: Origin
  ): Promise<PlanInfo>;
  /** @throws PLAN_STALE, PLAN_APPLIED, PLAN_UNANSWERED, CHECKS_MISSING, NOTHING_TO_DO */
  applyPlan(project: string, id: string, origin: Origin): Promise<PlanInfo>;

  /** Name the discarded line would keep. */
  backupName(project: string, branch: string): string;
  /** Points the branch to a new timeline forked at `to`; the old line stays under the returned backup name. */
  resetBranch(
    project: string,
    branch: string,
    to: string,
    origin: Origin
  ): Promise<{ branch: BranchInfo; backup: string }>;

  pins(project: string): readonly PinInfo[];
  createPin(
    project: string,
    name: string,
    ref: string,
    origin: Origin,
    options?: { ensure?: boolean }
  ): Promise<PinInfo>;
  deletePin(project: string, name: string, origin: Origin): Promise<void>;

  registerRun(
    project: string,
    run: string,
    ref: string,
    facts: Readonly<Record<string, string>>
  ): Promise<RunInfo>;
  updateRun(project: string, run: string, facts: Readonly<Record<string, string>>): Promise<RunInfo>;
  /**
   * The state of a run is not kept for its sake any more; what is known of the run stays. `registerRun` again keeps it
   * anew while it is still there. @throws RUN_NOT_FOUND
   */
  releaseRun(project: string, run: string): Promise<RunInfo>;
  /** Looks through all projects. @throws RUN_NOT_FOUND */
  run(id: string): RunInfo;
  runs(project: string): readonly RunInfo[];

  /** Small durable values of the bridge (sessions …): raw BSON by key, in the log like everything else. */
  getValue(key: string): Image | undefined;
  putValue(key: string, value: Image | undefined): Promise<void>;
  values(prefix: string): readonly { readonly key: string; readonly value: Image }[];
}
