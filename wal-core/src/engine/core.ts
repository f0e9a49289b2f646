import { join } from 'node:path';
import type {
  Commit,
  CommitTime,
  EngineEvent,
  EngineOptions,
  Lsn,
  Origin,
  ProjectInfo,
  TimelineId
} from '../api';
import type { Branch, Project, Timeline } from '../branch/model';
import { takeDirectory } from './directory';
import { ImageOffice } from './imageoffice';
import { IndexBuilds } from './indexbuilds';
import { Mutex } from './mutex';
import { StateCheck } from './statecheck';
import { Replay } from './replay';
import { SmallRows } from './smallrows';
import { Writers } from './writers';
import { ownerOf } from '../branch/kept';
import { loadRegistry } from '../branch/load';
import type { Registry } from '../branch/registry';
import { type Positions, resolveLsn, resolveRef } from '../branch/resolve';
import type { FarChanges } from '../diff/far';
import { ArgonError } from '../errors';
import { LogReader } from '../history/log';
import type { ImageOptions } from '../image/keeper';
import { type FilterCompiler, IndexKeyMaker } from '../index/keys';
import { MultikeyIndexes } from '../index/multikey';
import { STATE_CHECK_BYTES_MAX, UNAPPLIED_BYTES_MAX, UNAPPLIED_RECORDS_MAX } from '../limits';
import { CommitClock, instantOf } from '../log/clock';
import { FileLog, type LogOptions } from '../log/file/log';
import type { ChangeSection, ControlRecord } from '../log/frame';
import { Catalogs } from '../read/catalog';
import { AtomicGroups } from '../read/groups';
import { LineReader } from '../read/line';
import { type Resolution, type SnapshotParts, View } from '../read/snapshot';
import { StatsReader } from '../read/stats';
import { CommitTimes } from '../read/time';
import { Unapplied } from '../read/unapplied';
import { Versions } from '../read/versions';
import type { Findings } from '../verify/findings';
import { Applier } from '../write/apply';
import { TABLE } from '../store/keys';
import { dropOldState, openState } from '../store/lmdb/folder';
import { LmdbScratchRoom } from '../store/lmdb/scratch';
import type { ScratchRoom } from '../store/scratch';
import type { OrderedStore } from '../store/store';
import { type CommitOptions, type Committed, Committer, type Staged } from '../write/commit';
import { PendingKeys } from '../write/pendingkeys';
import { RetryTable } from '../write/retries';
import { Stage, type StageOptions, type StageParts } from '../write/stage';
import { HELD_LIMITS, type HeldLimits } from '../write/stagedrecords';

/** What lies below the engine and may be replaced: the files of the log, to steer faults, and limits that tests lower. */
export interface EngineParts {
  readonly log?: LogOptions;
  /** Sizes from which on images are made, and what is held in memory. */
  readonly images?: ImageOptions;
  /** A state of at most so many bytes is checked whole before it is used. */
  readonly stateCheckBytesMax?: number;
  readonly held?: HeldLimits & { readonly scratchRowsMax?: number };
}

/** A state that must stay readable for now, and for whom. */
export interface Reading {
  readonly timeline: Timeline;
  readonly lsn: Lsn;
  readonly kind: 'transaction' | 'index';
  readonly name: string;
}

/**
 * The parts of an open engine and what they share: the way of a write into the log and the state,
 * and the way from a ref to a view. The offices (branches, plans, history) stand on it.
 */
export class Core implements Positions {
  readonly log: FileLog;
  readonly scratch: ScratchRoom;
  readonly registry: Registry;
  readonly clock: CommitClock;
  readonly unapplied = new Unapplied();
  readonly versions: Versions;
  readonly catalogs: Catalogs;
  readonly line: LineReader;
  private readonly groups: AtomicGroups;
  readonly stats: StatsReader;
  readonly times: CommitTimes;
  readonly keys: IndexKeyMaker;
  readonly logReader: LogReader;
  readonly imageOffice: ImageOffice;
  private readonly stateCheck: StateCheck;
  /** Gathers changes on workers, where there are any. */
  readonly far: FarChanges | undefined;
  readonly small: SmallRows;
  readonly writers: Writers;
  readonly builds: IndexBuilds;
  retries = new RetryTable();
  /** Who reads states over several calls, or goes on from one. */
  readonly readers: (() => Iterable<Reading>)[] = [];
  private readonly held: HeldLimits;
  /** Control operations (branches, pins, plans …) run one after another. */
  readonly controlLock = new Mutex();
  private readonly pendingKeys = new PendingKeys();
  private readonly applier: Applier;
  private readonly committer: Committer;
  private readonly views: SnapshotParts;
  private readonly stageParts: StageParts;
  private readonly listeners = new Set<(event: EngineEvent) => void>();
  private durableTime = 0n as CommitTime;
  private failure: ArgonError | undefined;
  private closing: Promise<void> | undefined;

  private constructor(
    readonly store: OrderedStore,
    readonly directory: string,
    readonly wallMs: () => number,
    compile: FilterCompiler,
    parts: EngineParts,
    private readonly unlock: () => void
  ) {
    this.log = new FileLog(join(directory, 'log'), parts.log);
    this.held = parts.held ?? HELD_LIMITS;
    this.scratch = new LmdbScratchRoom(join(directory, 'scratch'), parts.held?.scratchRowsMax);
    this.registry = loadRegistry(this.store);
    this.small = new SmallRows(this.store);
    this.versions = new Versions(this.store, this.unapplied, (place, length) => this.log.read(place, length));
    this.catalogs = new Catalogs(this.versions);
    this.line = new LineReader(this.store);
    this.groups = new AtomicGroups(this.line);
    this.stats = new StatsReader(this.store, this.line, this.versions);
    this.times = new CommitTimes(this.store);
    this.keys = new IndexKeyMaker(compile, MultikeyIndexes.load(this.store));
    this.logReader = new LogReader(this);
    const caughtUp = () => this.applier.caughtUp();
    const [isBehind, assertOpen] = [() => this.isBehind(), () => this.assertOpen()];
    this.writers = new Writers({ registry: this.registry, isBehind, caughtUp, assertOpen });
    this.builds = new IndexBuilds(this);
    this.imageOffice = new ImageOffice(
      { ...this.parts(), line: this.line, directory, caughtUp, wallMs },
      parts.images
    );
    this.far = this.imageOffice.far;
    this.stateCheck = new StateCheck(store, this.imageOffice.pool, error => this.fail(error));
    this.applier = new Applier({ ...this.parts(), keeper: this.imageOffice.keeper }, error =>
      this.fail(error)
    );
    this.clock = new CommitClock(wallMs);
    this.committer = new Committer(
      { ...this.parts(), applier: this.applier },
      { durable: committed => this.onDurable(committed), applied: rows => this.small.applied(rows) }
    );
    this.stageParts = { ...this.parts(), held: this.held, scratch: this.scratch };
    const timeAt = (timeline: Timeline, lsn: Lsn) => this.timeAt(timeline, lsn);
    this.views = { ...this.parts(), ...this.imageOffice.scanParts, caughtUp, timeAt };
  }

  /** @throws BAD_REQUEST for a path that is no directory, DIRECTORY_LOCKED, DATA_CORRUPT, FORMAT_TOO_NEW, DISK_FULL */
  static async open(
    { directory, clock, onReplay }: EngineOptions,
    compile: FilterCompiler,
    parts: EngineParts = {}
  ): Promise<Core> {
    const unlock = takeDirectory(directory);
    let store: OrderedStore | undefined;
    let core: Core | undefined;
    try {
      store = await openState(directory, parts.stateCheckBytesMax);
      core = new Core(store, directory, clock ?? Date.now, compile, parts, unlock);
      await core.recover(onReplay);
      dropOldState(directory);
      if (store.bytes() > (parts.stateCheckBytesMax ?? STATE_CHECK_BYTES_MAX)) {
        core.stateCheck.start();
      }
      return core;
    } catch (error) {
      await core?.stateCheck.stop();
      await core?.applier.stop();
      await core?.imageOffice.close();
      await core?.log.close();
      await store?.close();
      unlock();
      throw error;
    }
  }

  private async recover(onReplay: EngineOptions['onReplay']): Promise<void> {
    const { applier, small } = this;
    await new Replay({ ...this.parts(), applier, small, isBehind: () => this.isBehind() }).run(onReplay);
    this.durableTime = this.clock.current();
    const remembered = small.all(TABLE.retry, '').map(({ key }) => key);
    this.retries = RetryTable.load(remembered);
  }

  /** Whether so much waits to be applied that more must wait. */
  private isBehind(): boolean {
    return this.unapplied.records > UNAPPLIED_RECORDS_MAX || this.unapplied.bytes > UNAPPLIED_BYTES_MAX;
  }

  private parts() {
    const { store, log, clock, registry, unapplied, catalogs, pendingKeys, versions, stats, keys } = this;
    return { store, log, clock, registry, unapplied, catalogs, pendingKeys, versions, stats, keys };
  }

  /** @throws CLOSED, LOG_FAILED, DATA_CORRUPT */
  private assertOpen(): void {
    if (this.closing !== undefined) {
      throw new ArgonError('CLOSED', 'The engine is closed.');
    }
    if (this.failure !== undefined) {
      throw this.failure;
    }
  }

  get error(): ArgonError | undefined {
    return this.failure ?? this.log.error;
  }

  /** The engine takes no more writes: what is in memory can no longer be trusted to reach the state. */
  private fail(cause: unknown): void {
    this.failure ??=
      cause instanceof ArgonError
        ? cause
        : new ArgonError(
            'LOG_FAILED',
            'Applying the log to the state failed; no more writes are taken until a restart.',
            { cause }
          );
  }

  lastCommitTime(): CommitTime {
    return this.durableTime;
  }

  /** For `verify`: checks the page images. */
  readonly images = (findings: Findings): Promise<number> => this.imageOffice.verify(findings);

  /**
   * Waits until a state that a stage has seen is on disk.
   * @throws LOG_FAILED, DISK_FULL when it never will be
   */
  async durable(timeline: Timeline, seen: Lsn): Promise<void> {
    if (timeline.durableHead >= seen) {
      return;
    }
    await this.log.settled();
    if (timeline.durableHead < seen) {
      // A large commit counts when the state has it.
      await this.applier.caughtUp();
    }
    if (timeline.durableHead < seen) {
      throw (
        this.error ??
        new ArgonError('DISK_FULL', 'The disk is full: a write before this one was not made. Try again.')
      );
    }
  }

  /** Waits until everything durable is in the state. */
  caughtUp(): Promise<void> {
    return this.applier.caughtUp();
  }

  subscribe(listener: (event: EngineEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Tells every listener. One that throws must not keep the others, or the writer, from learning of it. */
  emit(event: EngineEvent): void {
    for (const listener of this.listeners) {
      try {
        listener(event);
      } catch (error) {
        process.emitWarning(error instanceof Error ? error : String(error));
      }
    }
  }

  private onDurable({ commits, sections, time, rows }: Committed): void {
    this.small.durable(rows);
    this.durableTime = time > this.durableTime ? time : this.durableTime;
    if (this.listeners.size > 0) {
      for (const [i, commit] of commits.entries()) {
        this.emit({ type: 'commit', commit, entry: this.entryOf(commit, sections[i]) });
      }
    }
  }

  /** The log entry of one commit; without a section, of one that the state has already. */
  private entryOf(commit: Commit, section: ChangeSection | undefined) {
    const timeline = this.registry.timeline(commit.timeline)!;
    const { firstLsn, lastLsn, time } = commit;
    const branch = this.registry.branchOf(timeline)?.name;
    if (section === undefined) {
      const rows = [...this.line.backwards(timeline, (firstLsn - 1) as Lsn, lastLsn)];
      return this.logReader.entry(timeline, rows, branch);
    }
    const { kind, atomic, origin, txn, group, records } = section;
    const { first: groupFirst, last: groupLast } = group;
    const count = records.length;
    const row = { firstLsn, time, kind, atomic, origin, txn, groupFirst, groupLast, count, records };
    return this.logReader.entry(timeline, [row], branch);
  }

  /** A new stage on the newest state of a branch. */
  stage(project: Project, branch: Branch, options: StageOptions = {}): Stage {
    const info = this.projectInfo(project);
    return new Stage(this.stageParts, project, branch.timeline, info, branch.name, options);
  }

  /** Logs staged changes; see `Committer.commit`. Those that went ahead in part must have done so wholly (`finish`). */
  commit(staged: readonly Staged[], origin: Origin, options?: CommitOptions): Promise<Committed> {
    this.assertOpen();
    return this.committer.commit(staged, origin, options);
  }

  /** Logs rows of small tables alone, and waits until they are on disk. */
  async putRows(records: readonly ControlRecord[], origin: Origin): Promise<void> {
    this.assertOpen();
    await this.committer.commit([], origin, { control: () => records });
  }

  /** The reply of a retryable write, as long as its owner has not gone on to another turn. */
  remembered(key: string): Buffer | undefined {
    return this.retries.isCurrent(key) ? this.small.get(TABLE.retry, key) : undefined;
  }

  projectInfo(project: Project): ProjectInfo {
    const { id, name, durableHead: head, defaultBranch, createdAt } = project;
    return { id, name, head, defaultBranch, createdAt };
  }

  /** @throws DATA_CORRUPT once damage of the state is known, and what `resolveRef` throws */
  resolve(projectName: string, ref: string): View {
    if (this.failure?.code === 'DATA_CORRUPT') {
      throw this.failure;
    }
    const project = this.registry.project(projectName);
    return this.view(project, resolveRef(this.registry, project, ref, this.nowMs(), this));
  }

  /** Now, as commit times tell it: never before the newest commit, though the wall clock was set back. */
  private nowMs(): number {
    return Math.max(this.wallMs(), instantOf(this.clock.current()).getTime());
  }

  view(project: Project, at: Resolution): View {
    return new View(this.views, this.projectInfo(project), at);
  }

  /** @throws PROJECT_NOT_FOUND, HISTORY_GONE */
  timeline(project: string, id: TimelineId): Timeline {
    const timeline = this.registry.project(project).timelines.get(id);
    if (timeline === undefined) {
      throw new ArgonError('HISTORY_GONE', `The timeline ${id} of project ${project} is no longer kept.`, {
        data: { timeline: id }
      });
    }
    return timeline;
  }

  /** The state of a timeline at an LSN. @throws LSN_IN_FUTURE */
  snapshot(project: Project, timeline: Timeline, lsn: Lsn): View {
    const branch = this.registry.branchOf(timeline)?.name;
    const found = resolveLsn(project, timeline, lsn, this);
    return this.view(project, {
      timeline,
      lsn: found.lsn,
      ref: `${branch ?? `timeline-${timeline.id}`}@${found.lsn}`,
      branch,
      snappedFrom: found.snappedFrom
    });
  }

  /** When the newest change of a state was committed; 0 for one without any. */
  timeAt(line: Timeline, lsn: Lsn): CommitTime {
    const project = this.registry.projectById(line.project);
    for (const { timeline, cap } of line.chain(lsn)) {
      const waiting = project === undefined ? undefined : this.times.newestOf(project, timeline, cap);
      const time = waiting ?? this.line.rowAt(timeline, cap)?.time;
      if (time !== undefined) {
        return time;
      }
    }
    return 0n as CommitTime;
  }

  /** When a commit was made; 0 for LSN 0. @throws HISTORY_GONE, LSN_IN_FUTURE */
  timeOf(project: Project, lsn: Lsn): CommitTime {
    return this.times.timeOf(project, lsn);
  }

  lsnAt(project: Project, time: CommitTime): Lsn {
    return this.times.lsnAt(project, time);
  }

  beforeGroup(project: Project, timeline: Timeline, lsn: Lsn): Lsn | undefined {
    const owner = ownerOf(timeline, lsn);
    for (const { timeline: id, atomic, group } of project.recent.backwards(lsn)) {
      if (lsn > group.last) {
        break;
      }
      // A group may have changes of several timelines.
      if (id === owner.id) {
        return atomic && lsn < group.last ? ((group.first - 1) as Lsn) : undefined;
      }
    }
    return this.groups.before(owner, lsn);
  }

  /** States that must stay readable for now. */
  *reading(): Generator<Reading> {
    for (const reader of this.readers) {
      yield* reader();
    }
  }

  /** Garbage collection has taken rows of the line. */
  lineShrank(): void {
    this.groups.forget();
  }

  /** Writes everything that waits, and gives the directory back. */
  close(): Promise<void> {
    this.closing ??= (async () => {
      await this.log.settled();
      if (this.error === undefined) {
        await this.committer.seal();
      }
      await this.applier.caughtUp().catch(() => undefined);
      await this.applier.stop();
      await this.stateCheck.stop();
      await this.imageOffice.close();
      await this.log.close();
      await this.scratch.close();
      await this.store.close();
      this.unlock();
    })();
    return this.closing;
  }
}
