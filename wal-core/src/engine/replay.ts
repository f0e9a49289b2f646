import type { CommitTime, Lsn, TimelineId } from '../api';
import type { Registry } from '../branch/registry';
import type { CommitClock } from '../log/clock';
import type { FileLog } from '../log/file/log';
import type { FoundFrame } from '../log/file/recovery';
import { type ChangeSection, decodeFrame, isPart, type SectionHead } from '../log/frame';
import { CATALOG, type Catalogs } from '../read/catalog';
import type { Unapplied } from '../read/unapplied';
import { metaKey, TABLE } from '../store/keys';
import type { OrderedStore } from '../store/store';
import type { Applier } from '../write/apply';

export interface ReplayParts {
  readonly store: OrderedStore;
  readonly log: FileLog;
  readonly clock: CommitClock;
  readonly registry: Registry;
  readonly unapplied: Unapplied;
  readonly catalogs: Catalogs;
  readonly applier: Applier;
  /** Whether so much waits to be applied that more must wait. */
  isBehind(): boolean;
}

/**
 * The start of an engine: what the log has and the state has not goes the way that new frames go. Afterwards the
 * state is as if nobody had ever stopped.
 */
export class Replay {
  constructor(private readonly parts: ReplayParts) {}

  /** Replays what the log has and the state has not, in bounded memory. */
  async run(): Promise<void> {
    const applied = this.parts.store.get('meta', metaKey(TABLE.applied, 0));
    if (applied !== undefined) {
      this.parts.clock.observe(applied.readBigUInt64BE(10) as CommitTime);
    }
    const from =
      applied === undefined
        ? undefined
        : { segment: applied.readUInt32BE(0), offset: applied.readUIntBE(4, 6) };
    await this.parts.log.recover(
      from,
      frame => {
        // What follows a large commit finds it in the state.
        return this.replay(frame) || this.parts.isBehind() ? this.parts.applier.caughtUp() : undefined;
      },
      ({ timeline: id, count }) => {
        const timeline = this.parts.registry.timeline(id as TimelineId);
        if (timeline !== undefined && timeline.count < count) {
          this.parts.registry.advance(timeline, timeline.head, count);
          this.parts.registry.settle(timeline, timeline.head, count);
        }
      }
    );
    await this.parts.applier.caughtUp();
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
    const ordinals = [
      ...frame.changes.map((section, i) => this.replaySection(section, known?.get(i))),
      ...frame.groups.map((section, i) =>
        this.replayed(section, section.count, known?.get(frame.changes.length + i))
      )
    ];
    const place = { segment, offset };
    this.parts.applier.add({
      frame,
      place,
      next: { segment, offset: offset + bytes.length },
      ordinals,
      hasCatalog: frame.changes.some(section => section.records.some(record => record.collection === CATALOG))
    });
    return frame.groups.length > 0;
  }

  private replaySection(section: ChangeSection, known: number | undefined): number {
    const timeline = this.parts.registry.timeline(section.timeline);
    if (timeline === undefined) {
      return 0;
    }
    section.records.forEach((record, i) => {
      if (record.isGone === true) {
        return;
      }
      const lsn = (section.firstLsn + i) as Lsn;
      this.parts.unapplied.add(timeline.id, record.collection, record.key, { lsn, image: record.image });
      if (record.collection === CATALOG) {
        this.parts.catalogs.changed(timeline, lsn);
      }
    });
    return this.replayed(section, section.records.length, known);
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
