import type { CollectionId, CommitTime, EngineOptions, IndexInfo, Lsn, TimelineId } from '../api';
import type { Project, Timeline } from '../branch/model';
import type { Registry } from '../branch/registry';
import type { CommitClock } from '../log/clock';
import type { IndexKeyMaker } from '../index/keys';
import type { FileLog } from '../log/file/log';
import { LostCounts } from '../log/file/lostcounts';
import type { FoundFrame } from '../log/file/recovery';
import {
  type ChangeRecord,
  type ChangeSection,
  type ControlRecord,
  decodeFrame,
  isForgotten,
  isPart,
  type SectionHead
} from '../log/frame';
import { CATALOG, type Catalogs } from '../read/catalog';
import type { Unapplied } from '../read/unapplied';
import { encodeHeadRow } from '../store/headrow';
import { metaKey, TABLE } from '../store/keys';
import type { OrderedStore } from '../store/store';
import type { Applier } from '../write/apply';
import type { SmallRows } from './smallrows';

export interface ReplayParts {
  readonly store: OrderedStore;
  readonly log: FileLog;
  readonly clock: CommitClock;
  readonly registry: Registry;
  readonly unapplied: Unapplied;
  readonly catalogs: Catalogs;
  readonly applier: Applier;
  readonly keys: IndexKeyMaker;
  readonly small: SmallRows;
  /** Whether so much waits to be applied that more must wait. */
  isBehind(): boolean;
}

/** A commit that the state does not have yet, in the list of its project. */
interface Trace {
  readonly project: Project;
  readonly firstLsn: Lsn;
}

/**
 * The start of an engine: what the log has and the state has not goes the way that new frames go. Readers need not wait
 * until the state has it: what is not applied yet stands in front of the state, as while it was written.
 */
export class Replay {
  /**
   * Whether the engine may begin only when the state has everything: what was replayed brings collections or indexes,
   * gives or takes keys of unique ones, or the state is made anew.
   */
  private isAwaited = false;
  private readonly lost = new LostCounts();

  constructor(private readonly parts: ReplayParts) {}

  /** Reads what the log has and the state has not, in bounded memory; it goes on into the state afterwards. */
  async run(onProgress?: EngineOptions['onReplay']): Promise<void> {
    const applied = this.parts.store.get('meta', metaKey(TABLE.applied, 0));
    if (applied !== undefined) {
      this.parts.clock.observe(applied.readBigUInt64BE(10) as CommitTime);
    }
    this.isAwaited = applied === undefined;
    const from =
      applied === undefined
        ? undefined
        : { segment: applied.readUInt32BE(0), offset: applied.readUIntBE(4, 6) };
    const told = new Set<Timeline>();
    await this.parts.log.recover(from, {
      replay: frame => {
        // What follows a large commit finds it in the state.
        return this.replay(frame) || this.parts.isBehind() ? this.parts.applier.caughtUp() : undefined;
      },
      counted: lost => {
        const { timeline: id, count } = lost;
        const timeline = this.parts.registry.timeline(id as TimelineId);
        if (this.lost.note(lost) && timeline !== undefined && timeline.count < count) {
          this.parts.registry.advance(timeline, timeline.head, count);
          this.parts.registry.settle(timeline, timeline.head, count);
          told.add(timeline);
        }
      },
      ...(onProgress === undefined ? {} : { progress: nowAndThen(onProgress) })
    });
    if (this.isAwaited || told.size > 0) {
      await this.parts.applier.caughtUp();
    }
    if (told.size > 0) {
      // Nothing may follow that would bring the figure into the state.
      await this.parts.store.write(
        [...told].map(({ id, head, count }) => ({
          table: 'meta',
          key: metaKey(TABLE.timelineStat, id),
          value: encodeHeadRow({ lsn: head, count })
        }))
      );
    }
  }

  /**
   * A durable frame that the state may not hold: it goes the way that a new one goes after its flush. True when it is
   * a large commit, whose records are not in front of the state.
   */
  private replay({ bytes, segment, offset, ordinals: known }: FoundFrame): boolean {
    const frame = decodeFrame(bytes);
    this.parts.clock.observe(frame.time);
    if (isPart(bytes)) {
      return false;
    }
    for (const record of frame.control) {
      this.parts.registry.apply(record);
    }
    const traces: Trace[] = [];
    const forgotten = new Set<number>();
    const ordinals = [
      ...frame.changes.map((section, i) => {
        const ordinal = known?.get(i);
        if (isForgotten(section, ordinal)) {
          forgotten.add(i);
        }
        const at = this.lost.meet(section.timeline, section.firstLsn, section.records.length, ordinal);
        const counts = at.isListed && !forgotten.has(i);
        return this.replaySection(section, frame.time, traces, at.ordinal, counts);
      }),
      ...frame.groups.map((section, i) => {
        const ordinal = known?.get(frame.changes.length + i);
        const at = this.lost.meet(section.timeline, section.firstLsn, section.count, ordinal);
        return this.replayed(section, at.isListed ? section.count : 0, at.ordinal);
      })
    ];
    const { small, applier } = this.parts;
    const hasCatalog = frame.changes.some(({ records }) =>
      records.some(({ collection }) => collection === CATALOG)
    );
    small.durable(frame.control);
    applier.add({
      frame,
      place: { segment, offset },
      next: { segment, offset: offset + bytes.length },
      ordinals,
      ...(forgotten.size === 0 ? {} : { forgotten }),
      hasCatalog,
      applied: () => forget(traces, small, frame.control)
    });
    return frame.groups.length > 0;
  }

  private replaySection(
    section: ChangeSection,
    time: CommitTime,
    traces: Trace[],
    known: number | undefined,
    counts: boolean
  ): number {
    const { registry, unapplied, catalogs } = this.parts;
    const { timeline: id, firstLsn, atomic, group, records } = section;
    const timeline = registry.timeline(id);
    const project = timeline === undefined ? undefined : registry.projectById(timeline.project);
    if (timeline === undefined || project === undefined) {
      return 0;
    }
    const lastLsn = (firstLsn + records.length - 1) as Lsn;
    project.recent.add({ timeline: id, firstLsn, lastLsn, time, atomic, group });
    traces.push({ project, firstLsn });
    records.forEach((record, i) => {
      if (record.isGone === true) {
        return;
      }
      const lsn = (firstLsn + i) as Lsn;
      unapplied.add(id, record.collection, record, { lsn, image: record.image });
      if (record.collection === CATALOG) {
        catalogs.changed(timeline, lsn);
        this.isAwaited = true;
      }
    });
    const ordinal = this.replayed(section, counts ? records.length : 0, known);
    if (!this.isAwaited) {
      this.noteKeys(timeline, lastLsn, records);
    }
    return ordinal;
  }

  /** What planners must know of the indexes of documents before those are in the state. */
  private noteKeys(timeline: Timeline, lsn: Lsn, records: readonly ChangeRecord[]): void {
    const { catalogs, keys } = this.parts;
    const catalog = catalogs.at(timeline, lsn);
    const indexesOf = new Map<CollectionId, readonly IndexInfo[]>();
    for (const { collection, image, isGone } of records) {
      let indexes = indexesOf.get(collection);
      if (indexes === undefined) {
        indexes = collection === CATALOG ? [] : (catalog.getById(collection)?.indexes ?? []);
        indexesOf.set(collection, indexes);
      }
      for (const index of isGone === true ? [] : indexes) {
        this.isAwaited ||= index.unique;
        keys.keys(index, image);
      }
    }
  }

  /** Moves a timeline's head behind a section; answers the number of its changes before. */
  private replayed({ timeline: id, group }: SectionHead, count: number, known?: number): number {
    const timeline = this.parts.registry.timeline(id);
    if (timeline === undefined) {
      return 0;
    }
    const ordinal = known ?? timeline.count;
    this.parts.registry.advance(timeline, group.last, ordinal + count);
    this.parts.registry.settle(timeline, group.last, ordinal + count);
    return ordinal;
  }
}

/** The state has a frame. */
function forget(traces: readonly Trace[], small: SmallRows, rows: readonly ControlRecord[]): void {
  for (const { project, firstLsn } of traces) {
    project.recent.remove(firstLsn);
  }
  small.applied(rows);
}

/** A start that takes longer than this tells how far it is, and then again as often, in milliseconds. */
const TELL_MS = 1_000;

/** The same, called once in `TELL_MS` at most, and not at once. */
function nowAndThen(tell: (done: number, total: number) => void): (done: number, total: number) => void {
  let due = performance.now() + TELL_MS;
  return (done, total) => {
    const now = performance.now();
    if (now >= due) {
      due = now + TELL_MS;
      tell(done, total);
    }
  };
}
