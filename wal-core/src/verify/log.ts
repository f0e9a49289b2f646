import { crc32c } from '@node-rs/crc32';
import { statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { CommitTime, Lsn, ProjectId, TimelineId } from '../api';
import type { Timeline } from '../branch/model';
import type { Registry } from '../branch/registry';
import { isArgonError } from '../errors';
import { walkSegment } from '../log/file/recovery';
import { ColdSegment } from '../log/file/cold';
import type { ColdCount } from '../log/file/coldformat';
import {
  coldPath,
  isCold,
  listSegments,
  type Place,
  SEGMENT_HEADER_BYTES,
  segmentFile
} from '../log/file/segment';
import type { FileLog } from '../log/file/log';
import { LostCounts } from '../log/file/lostcounts';
import {
  type ChangeSection,
  type ControlRecord,
  decodeFrame,
  decodePart,
  type Frame,
  type GroupSection,
  isForgotten,
  isPart,
  type SectionHead
} from '../log/frame';
import { decodeLine, encodeLine, thinLine } from '../log/line';
import { encodeVersion } from '../read/version';
import { commitKey, lineKey, lineKeyLsn, verKey, verKeyLsn } from '../store/keys';
import type { OrderedStore, Row } from '../store/store';
import { type Findings, reasonOf } from './findings';
import { isCollected, NO_VERSION, type Previous, previousOf } from './previous';

export interface LogCheckParts {
  /** Folder of the segments. */
  readonly directory: string;
  readonly log: Pick<FileLog, 'readFrame'>;
  readonly store: OrderedStore;
  readonly registry: Registry;
}

/** Head of a timeline as the log has it. */
export interface LoggedHead {
  readonly lsn: Lsn;
  /** Changes of the timeline up to it. */
  readonly count: number;
  /** False where sections that are forgotten may have changed the count, and nothing has told it since. */
  readonly isCounted: boolean;
}

/** Changes of a timeline, with the frame they lie in: that of the commit, or a part that went ahead. */
interface PlacedSection {
  readonly section: ChangeSection;
  readonly place: Place;
  readonly time: CommitTime;
  /** Changes of the timeline before it. */
  readonly ordinal: number;
}

/** A timeline, and the number of its changes before a section. */
interface SectionStart {
  readonly timeline: Timeline;
  readonly ordinal: number;
}

/** Checksum of a value as it was logged last; null when it was deleted. */
type LoggedValue = number | null;

/**
 * Walks the log from its start and compares what it says with the state, record by record. What it has seen
 * (heads, rows of small tables) is what the walks over the state are measured by.
 */
export class LogCheck {
  readonly heads = new Map<TimelineId, LoggedHead>();
  readonly rows = new Map<string, LoggedValue>();
  private readonly lost = new LostCounts();
  private readonly projectHeads = new Map<ProjectId, number>();
  private time = 0n as CommitTime;
  /** Whether frames may be missing because nothing needs them any more. */
  seenCold = false;

  constructor(
    private readonly parts: LogCheckParts,
    private readonly findings: Findings
  ) {}

  /** Walks all frames before `end`, the place up to which the state has applied the log. */
  async run(end: Place): Promise<void> {
    const { directory } = this.parts;
    const segments = listSegments(directory).filter(segment => segment <= end.segment);
    const sizes = segments.map(segment => statSync(segmentFile(directory, segment)).size);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    let before = 0;
    for (const [i, segment] of segments.entries()) {
      if (i > 0 && segments[i - 1] !== segment - 1) {
        this.findings.file(this.fileOf(segment - 1), 0, 'The segment is missing.');
      }
      await this.segment(segment, segment === end.segment ? end.offset : Infinity, offset =>
        this.findings.progress('log', before + offset, total)
      );
      before += sizes[i]!;
      this.findings.checked.segments++;
    }
    if (segments.at(-1) !== end.segment) {
      this.findings.file(this.fileOf(end.segment), 0, 'The segment is missing.');
    }
    this.findings.checked.logBytes = before;
  }

  private async segment(segment: number, end: number, progress: (offset: number) => void): Promise<void> {
    const { pace } = this.findings;
    const counts = this.coldCounts(segment);
    const frames = walkSegment(this.parts.directory, segment, SEGMENT_HEADER_BYTES, {
      mayBeTorn: false,
      truncate: false
    });
    let at = SEGMENT_HEADER_BYTES;
    try {
      while (at < end) {
        const step = frames.next();
        if (step.done === true) {
          break;
        }
        const { offset, bytes, ordinals } = step.value;
        for (const check of this.frame({ segment, offset }, bytes, ordinals)) {
          check();
          if (pace.isDue) {
            progress(offset);
            await pace.rest();
          }
        }
        at = offset + bytes.length;
      }
    } catch (error) {
      if (!isArgonError(error, 'DATA_CORRUPT') && !isArgonError(error, 'FORMAT_TOO_NEW')) {
        throw error;
      }
      const offset = error.data['offset'];
      this.findings.file(this.fileOf(segment), typeof offset === 'number' ? offset : at, error.message);
      return;
    } finally {
      frames.return(0);
    }
    for (const lost of counts) {
      const { timeline, count } = lost;
      const head = this.heads.get(timeline as TimelineId);
      const isNews = head === undefined || head.count < count || !head.isCounted;
      if (this.lost.note(lost) && isNews) {
        const lsn = head?.lsn ?? this.parts.registry.timeline(timeline as TimelineId)?.forkLsn ?? (0 as Lsn);
        this.heads.set(timeline as TimelineId, { lsn, count, isCounted: true });
      }
    }
    if (end !== Infinity && at !== end) {
      this.findings.file(
        this.fileOf(segment),
        at,
        `The state goes on at byte ${end}, where no frame starts.`
      );
    }
  }

  /** What a cold segment says of timelines whose last changes in it are gone. */
  private coldCounts(segment: number): readonly ColdCount[] {
    const { directory } = this.parts;
    if (!isCold(directory, segment)) {
      return [];
    }
    this.seenCold = true;
    try {
      const cold = ColdSegment.open(coldPath(directory, segment), segment);
      cold.close();
      return cold.counts;
    } catch (error) {
      if (isArgonError(error)) {
        // The walk over its frames finds the same, and says it.
        return [];
      }
      throw error;
    }
  }

  /** A segment's file, from the data directory. */
  private fileOf(segment: number): string {
    return join('log', basename(segmentFile(this.parts.directory, segment)));
  }

  /** The steps of checking one frame, each short. */
  private *frame(place: Place, bytes: Buffer, ordinals?: ReadonlyMap<number, number>): Generator<() => void> {
    const { findings } = this;
    let frame: Frame;
    try {
      frame = decodeFrame(bytes);
    } catch (error) {
      yield () =>
        findings.file(
          this.fileOf(place.segment),
          place.offset,
          `The frame cannot be read: ${reasonOf(error)}.`
        );
      return;
    }
    findings.checked.frames++;
    if (isPart(bytes)) {
      // It says something only where a later frame names it.
      return;
    }
    if (frame.time < this.time) {
      yield () =>
        findings.file(
          this.fileOf(place.segment),
          place.offset,
          'Its commit time lies before that of an earlier frame.'
        );
    }
    this.time = frame.time;
    yield () => frame.control.forEach(record => this.rows.set(rowName(record), loggedValue(record.value)));
    for (const [i, section] of frame.changes.entries()) {
      const known = ordinals?.get(i);
      const { length } = section.records;
      const head = this.head(place, section, length, known, isForgotten(section, known));
      if (head !== undefined) {
        yield () => this.commitRow(place, frame.time, section, section.records.length);
        yield* this.section(head.timeline, { place, time: frame.time, ordinal: head.ordinal, section });
      }
    }
    for (const [i, group] of frame.groups.entries()) {
      const head = this.head(place, group, group.count, ordinals?.get(frame.changes.length + i));
      if (head !== undefined) {
        yield* this.group(place, frame.time, group, head);
      }
    }
  }

  /** The records of a large commit, from the parts that went ahead. */
  private *group(
    place: Place,
    time: CommitTime,
    group: GroupSection,
    head: SectionStart
  ): Generator<() => void> {
    yield () => this.commitRow(place, time, group, group.count);
    let position = 0;
    for (const part of group.parts) {
      let section: ChangeSection;
      try {
        section = decodePart(this.parts.log.readFrame(part), group, position);
      } catch (error) {
        yield () =>
          this.findings.file(
            this.fileOf(part.segment),
            part.offset,
            `A part of a commit: ${reasonOf(error)}`
          );
        return;
      }
      yield* this.section(head.timeline, { place: part, time, ordinal: head.ordinal + position, section });
      position += part.count;
    }
    if (position !== group.count) {
      yield () =>
        this.findings.file(
          this.fileOf(place.segment),
          place.offset,
          'The commit has lost some of its parts.'
        );
    }
  }

  /**
   * Notes how far a commit brings its timeline; undefined when nothing of it is to be found in the state. Where changes
   * that are listed no more may have been counted or not, the state says how many come before the next that is.
   */
  private head(
    place: Place,
    { project, timeline: id, firstLsn, group }: SectionHead,
    count: number,
    known: number | undefined,
    isGone = false
  ): SectionStart | undefined {
    const bad = (what: string) => this.findings.file(this.fileOf(place.segment), place.offset, what);
    const newest = this.projectHeads.get(project) ?? 0;
    // Behind a cold segment the changes in between may be gone.
    if (this.seenCold ? firstLsn <= newest : firstLsn !== newest + 1) {
      bad(`LSN ${firstLsn} follows ${newest} in project ${project}.`);
    }
    this.projectHeads.set(project, firstLsn + count - 1);
    const { count: before, isCounted } = this.heads.get(id) ?? { count: 0, isCounted: true };
    const timeline = this.parts.registry.timeline(id);
    const at = this.lost.meet(id, firstLsn, count, known);
    const isListed =
      !isGone && at.isListed && (at.ordinal !== undefined || !this.isSwept(timeline, firstLsn, count));
    const told = at.ordinal ?? (isCounted ? undefined : this.ordinalOf(id, firstLsn, count));
    const ordinal = isListed ? (told ?? before) : before;
    this.heads.set(id, {
      lsn: group.last,
      count: isListed ? ordinal + count : before,
      isCounted: isListed && (isCounted || told !== undefined)
    });
    if (timeline === undefined) {
      // Its project was deleted.
      return undefined;
    }
    if (timeline.project !== project || firstLsn <= timeline.forkLsn) {
      bad(`LSN ${firstLsn} cannot lie on timeline ${timeline.id}.`);
      return undefined;
    }
    return { timeline, ordinal };
  }

  /** Whether garbage collection has taken a section out of the state, and came no further than that. */
  private isSwept(timeline: Timeline | undefined, firstLsn: Lsn, count: number): boolean {
    return (
      timeline?.kept?.covers(firstLsn, firstLsn + count - 1) === false &&
      this.firstListed(timeline.id, firstLsn, count) === undefined
    );
  }

  /** How many changes the state has before a section. */
  private ordinalOf(timeline: TimelineId, firstLsn: Lsn, count: number): number | undefined {
    const row = this.firstListed(timeline, firstLsn, count);
    if (row === undefined) {
      return undefined;
    }
    const { firstLsn: at, ordinal } = decodeLine(lineKeyLsn(row.key), row.value);
    return ordinal - (at - firstLsn);
  }

  private firstListed(timeline: TimelineId, firstLsn: Lsn, count: number): Row | undefined {
    return this.parts.store.first('line', lineKey(timeline, firstLsn), lineKey(timeline, firstLsn + count));
  }

  private *section(timeline: Timeline, placed: PlacedSection): Generator<() => void> {
    const { place, section } = placed;
    yield () => this.lineRows(placed);
    for (const [i, record] of section.records.entries()) {
      yield () => {
        this.findings.checked.records++;
        if (record.isGone === true) {
          return;
        }
        const lsn = (section.firstLsn + i) as Lsn;
        const key = verKey(timeline.id, record.collection, record.key, lsn);
        const found = this.parts.store.get('ver', key);
        const at = { segment: place.segment, offset: place.offset + record.imageAt };
        if (found === undefined) {
          if (timeline.kept?.has(lsn) !== false) {
            this.findings.row('ver', key, `The version of LSN ${lsn} is missing.`);
          }
        } else if (!found.equals(encodeVersion(record.image, at))) {
          this.findings.row('ver', key, `The version of LSN ${lsn} is not what the log has.`);
        }
        const before = this.previous(timeline, section, i);
        if (before.lsn !== record.previous && !isCollected(timeline, before, record.previous)) {
          const what = `The record of LSN ${lsn} does not follow the version before it.`;
          this.findings.file(this.fileOf(place.segment), place.offset, what);
        }
      };
    }
  }

  private lineRows({ place, time, section, ordinal }: PlacedSection): void {
    const kept = this.parts.registry.timeline(section.timeline)?.kept;
    for (const { firstLsn, value } of encodeLine(section, time, place, ordinal)) {
      const key = lineKey(section.timeline, firstLsn);
      const found = this.parts.store.get('line', key);
      if (kept?.covers(firstLsn, firstLsn + decodeLine(firstLsn, value).count - 1) === false) {
        if (found !== undefined && !isThinnedFrom(firstLsn, found, value)) {
          this.findings.row('line', key, `The changes from LSN ${firstLsn} on are not what the log has.`);
        }
      } else if (found === undefined) {
        this.findings.row('line', key, `The changes from LSN ${firstLsn} on are missing.`);
      } else if (!found.equals(value)) {
        this.findings.row('line', key, `The changes from LSN ${firstLsn} on are not what the log has.`);
      }
    }
  }

  private commitRow(place: Place, time: CommitTime, section: SectionHead, count: number): void {
    const lastLsn = section.firstLsn + count - 1;
    const key = commitKey(section.project, lastLsn);
    const value = this.parts.store.get('meta', key);
    const gone = this.parts.registry.projectById(section.project)?.timesGone?.lsn ?? 0;
    if (value === undefined && lastLsn <= gone) {
      return;
    }
    const isRight =
      value?.length === 18 &&
      value.readBigUInt64BE(0) === time &&
      value.readUInt32BE(8) === section.timeline &&
      value.readUIntBE(12, 6) === section.firstLsn;
    if (!isRight) {
      this.findings.row(
        'meta',
        key,
        `The commit time of LSN ${lastLsn} is not what the log has at byte ${place.offset}.`
      );
    }
  }

  /** The version that the i-th record of a section changes; LSN 0 when there is none. */
  private previous(timeline: Timeline, { records, firstLsn }: ChangeSection, i: number): Previous {
    const { collection, key } = records[i]!;
    for (const link of timeline.chain((firstLsn + i - 1) as Lsn)) {
      const from = verKey(link.timeline.id, collection, key, link.cap);
      const row = this.parts.store.first('ver', from, verKey(link.timeline.id, collection, key, 0));
      if (row !== undefined) {
        return previousOf(verKeyLsn(row.key), row.value);
      }
    }
    return NO_VERSION;
  }
}

/** Whether a row is what garbage collection may have left of another. */
function isThinnedFrom(firstLsn: Lsn, found: Buffer, whole: Buffer): boolean {
  const left = new Set(decodeLine(firstLsn, found).records.map(({ lsn }) => lsn));
  return thinLine(firstLsn, whole, ({ lsn }) => left.has(lsn)).equals(found);
}

export function rowName({ table, scope, key }: Pick<ControlRecord, 'table' | 'scope' | 'key'>): string {
  return `${table} ${scope} ${key.toString('latin1')}`;
}

export function loggedValue(value: Buffer | undefined): LoggedValue {
  return value === undefined ? null : crc32c(value);
}
