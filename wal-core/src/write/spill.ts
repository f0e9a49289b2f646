import type { Image, Lsn, ProjectId, TimelineId } from '../api';
import type { CommitClock } from '../log/clock';
import type { FileLog, FramePlace } from '../log/file/log';
import type { Place } from '../log/file/segment';
import { type ChangeRecord, type PartPlace, writePart } from '../log/frame';

export interface SpillParts {
  readonly log: Pick<FileLog, 'append' | 'read'>;
  readonly clock: Pick<CommitClock, 'current'>;
  readonly project: ProjectId;
  readonly timeline: TimelineId;
}

/** Where the images of one part lie in it; a record without an image has length 0. */
interface PartImages {
  readonly place: Place;
  /** Position of the part's first record. */
  readonly first: number;
  readonly at: Uint32Array;
  readonly length: Uint32Array;
}

/**
 * The records of a large commit that went ahead into the log in part frames. They count for nothing before a frame
 * names them; when none ever does, recovery passes over them.
 */
export class Spill {
  readonly parts: PartPlace[] = [];
  /** Records in all parts. */
  count = 0;
  private readonly images: PartImages[] = [];

  constructor(private readonly around: SpillParts) {}

  /** Writes one part, and waits until it is on disk. @throws LOG_FAILED, DISK_FULL */
  async write(records: readonly ChangeRecord[]): Promise<void> {
    const { log, clock, project, timeline } = this.around;
    const first = this.count;
    const section = {
      project,
      timeline,
      firstLsn: first as Lsn,
      atomic: true,
      kind: 'writes' as const,
      origin: 0,
      txn: '',
      group: { first: first as Lsn, last: (first + records.length - 1) as Lsn },
      records
    };
    const place = await new Promise<FramePlace>((resolve, reject) => {
      const at = log.append(
        (out, durable) => writePart(out, section, clock.current(), durable),
        () => resolve(at),
        reject
      );
    });
    this.images.push({
      place,
      first,
      at: Uint32Array.from(records, ({ imageAt }) => imageAt),
      length: Uint32Array.from(records, ({ image }) => image?.length ?? 0)
    });
    this.parts.push({ ...place, count: records.length });
    this.count += records.length;
  }

  /** The image that the record at a position leaves; undefined for a deletion. */
  image(position: number): Image | undefined {
    const { place, first, at, length } = this.images.findLast(part => part.first <= position)!;
    const i = position - first;
    return length[i] === 0
      ? undefined
      : this.around.log.read({ segment: place.segment, offset: place.offset + at[i]! }, length[i]!);
  }
}
