import type { Image, Lsn } from '../api';
import type { TextRange } from '../image/basewalk';
import { TextRank } from '../image/rank';
import type { DeltaSink, DeltaWalk } from '../image/runwalk';
import { type OverlayEntry, placeOf } from './overlay';

/** Reads what an overlay does not hold. */
export interface OverlayReader {
  /** The image of an entry, or of the newest version not after the state's LSN when the entry is newer. */
  image(entry: OverlayEntry): Image | undefined;
  readonly cap: Lsn;
  /** Images hold everything up to this LSN: older entries are passed over. */
  readonly floor: Lsn;
}

/** The entries of one sorted list in a range. Versions newer than the state ask for the one before. */
export class OverlayWalk extends TextRank implements DeltaWalk {
  readonly foundPage = undefined;
  readonly foundAt = 0;
  /** Newer than all that other walks have: an overlay knows the newest version. */
  lsn = 0;
  private at: number;
  private readonly end: number;

  constructor(
    private readonly list: readonly OverlayEntry[],
    private readonly reader: OverlayReader,
    { low, lowInclusive, high, highInclusive }: TextRange,
    private readonly reverse: boolean
  ) {
    super();
    const first = low === undefined ? 0 : placeOf(list, low, lowInclusive !== true);
    const past = high === undefined ? list.length : placeOf(list, high, highInclusive === true);
    this.at = reverse ? past : first - 1;
    this.end = reverse ? first - 1 : Math.max(first, past);
    this.advance();
  }

  get isThere(): boolean {
    return this.text !== undefined;
  }

  image(): Image | undefined {
    return this.reader.image(this.list[this.at]!);
  }

  give(sink: DeltaSink): void {
    const entry = this.list[this.at]!;
    const image = this.reader.image(entry);
    if (image !== undefined) {
      sink.add(entry.key, image);
    }
  }

  advance(): void {
    const { list, end, reverse } = this;
    const { floor } = this.reader;
    let entry: OverlayEntry | undefined;
    do {
      this.at += reverse ? -1 : 1;
      entry = (reverse ? this.at <= end : this.at >= end) ? undefined : list[this.at]!;
    } while (entry !== undefined && entry.lsn <= floor);
    this.show(entry?.key);
    this.lsn = entry?.lsn ?? 0;
  }
}
