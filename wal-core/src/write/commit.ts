import type { Commit, CommitKind, CommitTime, Lsn, Origin } from '../api';
import type { Project, Timeline } from '../branch/model';
import type { Registry } from '../branch/registry';
import { ArgonError } from '../errors';
import { FRAME_BYTES_MAX } from '../limits';
import { assertRowKeys } from '../log/bounds';
import type { CommitClock } from '../log/clock';
import type { FileLog, FramePlace } from '../log/file/log';
import type { Place } from '../log/file/segment';
import {
  type ChangeSection,
  type ControlRecord,
  type Frame,
  type GroupSection,
  type SectionHead,
  spansOf,
  writeFrame
} from '../log/frame';
import { CATALOG, type Catalogs } from '../read/catalog';
import type { Unapplied } from '../read/unapplied';
import type { Applier } from './apply';
import type { AppliedFrame } from './pieces';
import type { PendingKeys } from './pendingkeys';
import type { Stage } from './stage';

export interface CommitterParts {
  readonly log: FileLog;
  readonly clock: CommitClock;
  readonly registry: Registry;
  readonly unapplied: Unapplied;
  readonly catalogs: Catalogs;
  readonly pendingKeys: PendingKeys;
  readonly applier: Applier;
}

export interface CommitOptions {
  readonly kind?: CommitKind;
  readonly atomic?: boolean;
  readonly txn?: string;
  /** Further rows for the same frame, made when LSNs and commit time are known. */
  readonly control?: (commits: readonly Commit[], time: CommitTime) => readonly ControlRecord[];
}

/** The changes of one timeline that go into a commit. A commit has at most one of each timeline. */
export interface Staged {
  readonly project: Project;
  readonly stage: Stage;
}

/** What was committed, and the durable sections for those who follow. */
export interface Committed {
  /** One for each timeline that changed. */
  readonly commits: readonly Commit[];
  /** What is in the frame itself, in the order of `commits`; empty when the records went ahead in parts. */
  readonly sections: readonly ChangeSection[];
  readonly time: CommitTime;
  /** Rows of small tables in the same frame. */
  readonly rows: readonly ControlRecord[];
}

/** Who learns what becomes of commits. */
export interface CommitObserver {
  /** It is on disk, and can be read. */
  durable(committed: Committed): void;
  /** The state has it, and its rows of small tables. */
  applied(rows: readonly ControlRecord[]): void;
}

/** One timeline's share of a commit on its way. */
interface Share extends Staged {
  readonly head: SectionHead;
  readonly count: number;
  readonly commit: Commit;
  /** Changes of the timeline before. */
  readonly ordinal: number;
}

/** What is remembered of a share until the state has it. */
interface Trace {
  readonly project: Project;
  readonly timeline: Timeline;
  readonly firstLsn: Lsn;
  /** Takes its keys of unique indexes from those that wait; undefined when it has none. */
  readonly release: readonly (() => void)[] | undefined;
}

/** Who waits until the state has a commit that went ahead in parts. */
interface Awaiting {
  readonly applied: () => void;
  readonly failed: (error: unknown) => void;
}

/**
 * A commit that is on disk and not yet in the state. Tens of thousands may be so: no closure here, which would keep
 * the stage and all that it rested on.
 */
class WaitingCommit implements AppliedFrame {
  constructor(
    readonly frame: Frame,
    readonly place: Place,
    readonly next: Place,
    readonly ordinals: readonly number[],
    readonly hasCatalog: boolean,
    private readonly traces: readonly Trace[],
    private readonly observer: CommitObserver,
    private readonly awaiting: Awaiting | undefined
  ) {}

  get isAwaited(): boolean {
    return this.awaiting !== undefined;
  }

  applied(): void {
    forget(this.traces);
    this.awaiting?.applied();
    this.observer.applied(this.frame.control);
  }

  failed(error: unknown): void {
    this.awaiting?.failed(error);
  }
}

/** Turns staged changes into frames: LSNs, commit time, log, and what readers and the state learn from it. */
export class Committer {
  constructor(
    private readonly parts: CommitterParts,
    private readonly observer: CommitObserver
  ) {}

  /**
   * Logs staged changes, rows, or both, as one frame. Synchronous up to the queue: nothing can come between staging
   * and this. Resolves when the frame is on disk; a commit that went ahead in parts, when the state has it as well,
   * for only then can it be read. Nothing else may write to the timelines of such a one meanwhile.
   * @throws LIMIT_EXCEEDED, LOG_FAILED, DISK_FULL
   */
  commit(staged: readonly Staged[], origin: Origin, options: CommitOptions = {}): Promise<Committed> {
    const { log, clock, registry } = this.parts;
    if (log.error !== undefined) {
      throw log.error;
    }
    const time = clock.next();
    const interned = registry.internOrigin(origin);
    const shares = sharesOf(staged, time, options, interned.id);
    const isStreamed = shares.some(({ stage }) => stage.spill !== undefined);
    const commits = shares.map(({ commit }) => commit);
    const sections: readonly ChangeSection[] = isStreamed ? [] : shares.map(sectionOf);
    const groups: readonly GroupSection[] = isStreamed ? shares.map(groupOf) : [];
    const rows: ControlRecord[] = [];
    for (const { stage } of staged) {
      rows.push(...stage.control);
    }
    if (interned.record !== undefined) {
      rows.push(interned.record);
    }
    if (options.control !== undefined) {
      rows.push(...options.control(commits, time));
    }
    assertRowKeys(rows);
    const frame: Frame = { time, changes: sections, groups, control: rows };
    return new Promise((resolve, reject) => {
      const committed = { commits, sections, time, rows };
      let traces: readonly Trace[] = [];
      const visible = () => {
        for (const { head, stage, count, ordinal } of shares) {
          registry.settle(stage.timeline, head.group.last, ordinal + count);
        }
        this.observer.durable(committed);
        resolve(committed);
      };
      const place = log.append(
        (out, durable) => {
          const start = out.length;
          writeFrame(out, frame, durable);
          assertFrameSize(out.length - start);
        },
        () => {
          for (const row of rows) {
            registry.apply(row);
          }
          this.parts.applier.add(
            new WaitingCommit(
              frame,
              place,
              behind(place),
              shares.map(({ ordinal }) => ordinal),
              shares.some(({ stage }) => stage.hasCatalog),
              traces,
              this.observer,
              isStreamed ? { applied: visible, failed: reject } : undefined
            )
          );
          if (!isStreamed) {
            visible();
          }
        },
        error => {
          this.rollBack(shares, sections, traces);
          reject(error);
        }
      );
      traces = this.publish(shares, sections, isStreamed);
    });
  }

  /**
   * Ends the log with an empty frame. It tells a later recovery that everything before it was on
   * disk, so that damage there is never taken for a torn tail.
   */
  async seal(): Promise<void> {
    const { log, clock, applier } = this.parts;
    if (!log.grown) {
      return;
    }
    const frame: Frame = { time: clock.current(), changes: [], groups: [], control: [] };
    await new Promise<void>(resolve => {
      try {
        const place = log.append(
          (out, durable) => writeFrame(out, frame, durable),
          () => {
            applier.add({ frame, place, next: behind(place), ordinals: [], hasCatalog: false });
            resolve();
          },
          // A full disk: the log is as good as before, only less well guarded.
          () => resolve()
        );
      } catch {
        resolve();
      }
    });
  }

  /** Makes staged changes visible to later stages; readers see them when they are durable. */
  private publish(
    shares: readonly Share[],
    sections: readonly ChangeSection[],
    isStreamed: boolean
  ): readonly Trace[] {
    const { registry, unapplied, catalogs } = this.parts;
    for (const { project, stage, head, count, ordinal, commit } of shares) {
      const { firstLsn, group, atomic } = head;
      registry.advance(stage.timeline, group.last, ordinal + count);
      project.recent.add({
        timeline: stage.timeline.id,
        firstLsn,
        lastLsn: commit.lastLsn,
        time: commit.time,
        atomic,
        group
      });
      if (isStreamed) {
        project.streamed.set(stage.timeline, group.first);
      }
    }
    for (const { timeline: id, firstLsn, records } of sections) {
      const timeline = registry.timeline(id)!;
      records.forEach((record, i) => {
        const lsn = (firstLsn + i) as Lsn;
        const beforeBytes = record.before?.length ?? 0;
        unapplied.add(id, record.collection, record, { lsn, image: record.image, beforeBytes });
        if (record.collection === CATALOG) {
          catalogs.changed(timeline, lsn);
        }
      });
    }
    return shares.map(({ project, stage, head: { firstLsn } }) => ({
      project,
      timeline: stage.timeline,
      firstLsn,
      release: isStreamed ? undefined : this.claim(stage, firstLsn)
    }));
  }

  /** Makes the keys that a stage gives or takes in unique indexes known; answers what takes them back. */
  private claim(stage: Stage, firstLsn: Lsn): readonly (() => void)[] | undefined {
    const changed = stage.changedKeysOfIndexes();
    return changed.length === 0
      ? undefined
      : changed.map(({ index, key, docKey, live, at }) => {
          const lsn = (firstLsn + at) as Lsn;
          return this.parts.pendingKeys.add(stage.timeline.id, index.id, key, { lsn, docKey, live });
        });
  }

  /** The frame never reached the disk: everything returns to what is durable. */
  private rollBack(
    shares: readonly Share[],
    sections: readonly ChangeSection[],
    traces: readonly Trace[]
  ): void {
    forget(traces);
    for (const { timeline, firstLsn, records } of sections) {
      records.forEach((record, i) => {
        this.parts.unapplied.applied(timeline, record.collection, record, (firstLsn + i) as Lsn);
      });
    }
    for (const { project, stage } of shares) {
      stage.timeline.rollbacks++;
      stage.timeline.head = stage.timeline.durableHead;
      stage.timeline.count = stage.timeline.durableCount;
      project.head = project.durableHead;
    }
    if (shares.length > 0) {
      this.parts.catalogs.forget();
    }
  }
}

/** The state has what waited, or never will. */
function forget(traces: readonly Trace[]): void {
  for (const { project, timeline, firstLsn, release } of traces) {
    project.recent.remove(firstLsn);
    project.streamed.delete(timeline);
    for (const done of release ?? []) {
      done();
    }
  }
}

/** @throws LIMIT_EXCEEDED */
function assertFrameSize(bytes: number): void {
  if (bytes > FRAME_BYTES_MAX) {
    throw new ArgonError(
      'LIMIT_EXCEEDED',
      `One write has at most ${FRAME_BYTES_MAX} bytes; this one has ${bytes}.`,
      { data: { limit: FRAME_BYTES_MAX, value: bytes } }
    );
  }
}

/** Place of the first byte behind a frame. */
function behind({ segment, offset, length }: FramePlace): Place {
  return { segment, offset: offset + length };
}

/** Gives the staged changes of each timeline their LSNs, one timeline behind the other in each project. */
function sharesOf(
  staged: readonly Staged[],
  time: CommitTime,
  { atomic = false, kind, txn = '' }: CommitOptions,
  origin: number
): Share[] {
  const changed = staged.filter(({ stage }) => stage.staged > 0);
  const next = new Map<Project, number>();
  const counted = changed.map(({ project, stage }) => {
    const firstLsn = (next.get(project) ?? project.head + 1) as Lsn;
    next.set(project, firstLsn + stage.staged);
    return { project: project.id, firstLsn, count: stage.staged, atomic: false };
  });
  for (const [i, share] of counted.entries()) {
    const { project } = changed[i]!;
    // One change alone is a whole anyway.
    share.atomic = atomic && next.get(project)! - project.head - 1 > 1;
  }
  const spans = spansOf(counted);
  return changed.map(({ project, stage }, i) => {
    const { firstLsn, count, atomic: isGroup } = counted[i]!;
    const { timeline, branch } = stage;
    const lastLsn = (firstLsn + count - 1) as Lsn;
    const head: SectionHead = {
      project: project.id,
      timeline: timeline.id,
      firstLsn,
      atomic: isGroup,
      kind: kind ?? (stage.hasDocuments ? 'writes' : 'catalog'),
      origin,
      txn,
      group: spans(counted[i]!, count)
    };
    const commit = { project: project.name, branch, timeline: timeline.id, firstLsn, lastLsn, time };
    return { project, stage, head, count, commit, ordinal: timeline.count };
  });
}

function sectionOf({ head, stage }: Share): ChangeSection {
  const { project, timeline, firstLsn, atomic, kind, origin, txn, group } = head;
  const records = stage.seal(firstLsn);
  return { project, timeline, firstLsn, atomic, kind, origin, txn, group, records };
}

function groupOf({ head, stage, count }: Share): GroupSection {
  return { ...head, count, parts: stage.spill?.parts ?? [] };
}
