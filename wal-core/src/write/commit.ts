import type { Commit, CommitKind, CommitTime, Lsn, Origin } from '../api';
import type { Project, Timeline } from '../branch/model';
import type { Registry } from '../branch/registry';
import { ArgonError } from '../errors';
import { FRAME_BYTES_MAX } from '../limits';
import type { CommitClock } from '../log/clock';
import type { FileLog } from '../log/file/log';
import { type ChangeSection, type ControlRecord, encodeFrame, type Frame } from '../log/frame';
import { CATALOG, type Catalogs } from '../read/catalog';
import type { Unapplied } from '../read/unapplied';
import type { AppliedFrame, Applier } from './apply';
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
  readonly control?: (commit: Commit | undefined, time: CommitTime) => readonly ControlRecord[];
}

/** What was committed, and the durable section for those who follow. */
export interface Committed {
  readonly commit: Commit | undefined;
  readonly section: ChangeSection | undefined;
  readonly time: CommitTime;
  /** Rows of small tables in the same frame. */
  readonly rows: readonly ControlRecord[];
}

/** Turns staged changes into frames: LSNs, commit time, log, and what readers and the state learn from it. */
export class Committer {
  constructor(
    private readonly parts: CommitterParts,
    private readonly onDurable: (project: Project | undefined, committed: Committed) => void
  ) {}

  /**
   * Logs staged changes, rows, or both, as one frame. Synchronous up to the queue: nothing can come
   * between staging and this. Resolves when the frame is on disk.
   * @throws LIMIT_EXCEEDED, LOG_FAILED, DISK_FULL
   */
  commit(
    project: Project | undefined,
    stage: Stage | undefined,
    origin: Origin,
    options: CommitOptions = {}
  ): Promise<Committed> {
    const { log, clock, registry } = this.parts;
    if (log.error !== undefined) {
      throw log.error;
    }
    const time = clock.next();
    const rows: ControlRecord[] = [...(stage?.control ?? [])];
    const interned = registry.internOrigin(origin);
    if (interned.record !== undefined) {
      rows.push(interned.record);
    }
    const section =
      stage === undefined || project === undefined || stage.records.length === 0
        ? undefined
        : ({
            project: project.id,
            timeline: stage.timeline.id,
            firstLsn: (project.head + 1) as Lsn,
            atomic: options.atomic === true && stage.records.length > 1,
            kind: options.kind ?? (stage.hasDocuments ? 'writes' : 'catalog'),
            origin: interned.id,
            txn: options.txn ?? '',
            records: stage.seal((project.head + 1) as Lsn)
          } satisfies ChangeSection);
    const commit =
      section === undefined || project === undefined ? undefined : commitOf(project, stage!, section, time);
    rows.push(...(options.control?.(commit, time) ?? []));
    const frame: Frame = { time, changes: section === undefined ? [] : [section], control: rows };
    return new Promise((resolve, reject) => {
      const committed = { commit, section, time, rows };
      const timeline = stage?.timeline;
      const ordinal = timeline?.count ?? 0;
      let size = 0;
      const place = log.append(
        durable => {
          const bytes = encodeFrame(frame, durable);
          if (bytes.length > FRAME_BYTES_MAX) {
            throw new ArgonError(
              'LIMIT_EXCEEDED',
              `One commit has at most ${FRAME_BYTES_MAX} bytes; this one has ${bytes.length}.`,
              {
                data: { limit: FRAME_BYTES_MAX, value: bytes.length }
              }
            );
          }
          size = bytes.length;
          return bytes;
        },
        () => {
          const applied: AppliedFrame = {
            frame,
            place,
            next: { segment: place.segment, offset: place.offset + size },
            ordinals: [ordinal],
            hasCatalog: stage?.hasCatalog === true,
            applied: () => this.forget(project, section, release)
          };
          if (section !== undefined && timeline !== undefined) {
            registry.settle(timeline, lastLsn(section), ordinal + section.records.length);
          }
          for (const row of rows) {
            registry.apply(row);
          }
          this.parts.applier.add(applied);
          this.onDurable(project, committed);
          resolve(committed);
        },
        error => {
          this.rollBack(project, timeline, section, release);
          reject(error);
        }
      );
      const release =
        section === undefined || stage === undefined || project === undefined
          ? []
          : this.publish(project, stage, section, time);
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
    const frame: Frame = { time: clock.current(), changes: [], control: [] };
    let size = 0;
    await new Promise<void>(resolve => {
      try {
        const place = log.append(
          durable => {
            const bytes = encodeFrame(frame, durable);
            size = bytes.length;
            return bytes;
          },
          () => {
            const next = { segment: place.segment, offset: place.offset + size };
            applier.add({ frame, place, next, ordinals: [], hasCatalog: false });
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

  /** Makes a staged section visible to later stages; readers see it when it is durable. */
  private publish(project: Project, stage: Stage, section: ChangeSection, time: CommitTime): (() => void)[] {
    const { registry, unapplied, catalogs, pendingKeys } = this.parts;
    const { timeline } = stage;
    registry.advance(timeline, lastLsn(section), timeline.count + section.records.length);
    project.recent.push({
      timeline: timeline.id,
      firstLsn: section.firstLsn,
      lastLsn: lastLsn(section),
      time,
      atomic: section.atomic
    });
    section.records.forEach((record, i) => {
      const lsn = (section.firstLsn + i) as Lsn;
      const beforeBytes = record.before?.length ?? 0;
      unapplied.add(timeline.id, record.collection, record.key, { lsn, image: record.image, beforeBytes });
      if (record.collection === CATALOG) {
        catalogs.changed(timeline, lsn);
      }
    });
    return [...stage.stagedKeys.values()]
      .flat()
      .map(({ index, key, docKey, live, at }) =>
        pendingKeys.add(timeline.id, index.id, key, { lsn: (section.firstLsn + at) as Lsn, docKey, live })
      );
  }

  private forget(
    project: Project | undefined,
    section: ChangeSection | undefined,
    release: readonly (() => void)[]
  ): void {
    if (project !== undefined && section !== undefined) {
      const at = project.recent.findIndex(recent => recent.firstLsn === section.firstLsn);
      if (at >= 0) {
        project.recent.splice(at, 1);
      }
    }
    for (const done of release) {
      done();
    }
  }

  /** The frame never reached the disk: everything returns to what is durable. */
  private rollBack(
    project: Project | undefined,
    timeline: Timeline | undefined,
    section: ChangeSection | undefined,
    release: readonly (() => void)[]
  ): void {
    this.forget(project, section, release);
    if (project === undefined || timeline === undefined || section === undefined) {
      return;
    }
    section.records.forEach((record, i) => {
      this.parts.unapplied.applied(timeline.id, record.collection, record.key, (section.firstLsn + i) as Lsn);
    });
    this.parts.catalogs.forget();
    timeline.head = timeline.durableHead;
    timeline.count = timeline.durableCount;
    project.head = project.durableHead;
  }
}

function lastLsn(section: ChangeSection): Lsn {
  return (section.firstLsn + section.records.length - 1) as Lsn;
}

function commitOf(project: Project, stage: Stage, section: ChangeSection, time: CommitTime): Commit {
  return {
    project: project.name,
    branch: stage.branch,
    timeline: stage.timeline.id,
    firstLsn: section.firstLsn,
    lastLsn: lastLsn(section),
    time
  };
}
