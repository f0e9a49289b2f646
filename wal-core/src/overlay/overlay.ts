import type { Image, Lsn, TimelineId } from '../api';
import { OVERLAY_IMAGE_BYTES_MAX } from '../limits';
import type { PackedLists } from './packed';

/** The newest version of a document on the way to a head. */
export interface OverlayEntry {
  /** The docKey, one byte a char. */
  readonly key: string;
  timeline: TimelineId;
  lsn: Lsn;
  /** Null is a tombstone; undefined means that `ver` must be asked. */
  image: Image | null | undefined;
}

/** The entries of an overlay as other threads read them: complete for states up to an LSN. */
export interface PackedOverlay {
  readonly lists: PackedLists;
  readonly bytes: number;
  readonly upTo: Lsn;
}

/** What an overlay takes without any entry. */
const OVERLAY_BYTES = 1024;
/** What an entry takes beside its image: map, arrays, object, text. */
const ENTRY_BYTES = 160;
/** New keys gathered before they are sorted in among the others. */
const TAIL_ENTRIES_MAX = 4096;

/**
 * The documents of a collection that changed on the way to one state since the images it stands on:
 * docKey → newest version. Complete for the LSNs in `(coverage, …]`; sorted when somebody scans.
 */
export class Overlay {
  /** Everything up to this LSN is left to the images. */
  coverage: Lsn;
  /** False while it is being gathered. */
  isReady = false;
  /** An estimate of the memory it takes. */
  bytes = OVERLAY_BYTES;
  private entries = new Map<string, OverlayEntry>();
  /** Sorted, none with a key of another, each more than twice as long as the next. */
  private sorted: OverlayEntry[][] = [];
  private tail: OverlayEntry[] = [];
  private shared: PackedOverlay | undefined;

  constructor(coverage: Lsn) {
    this.coverage = coverage;
  }

  get size(): number {
    return this.entries.size;
  }

  get(key: string): OverlayEntry | undefined {
    return this.entries.get(key);
  }

  /**
   * Notes a version; an older one than known is ignored, so that changes may come in any order.
   * The image is copied: it is often a piece of something much larger.
   */
  add(key: string, timeline: TimelineId, lsn: Lsn, image: Image | null | undefined): void {
    if (lsn <= this.coverage) {
      return;
    }
    const entry = this.entries.get(key);
    if (entry === undefined) {
      const made: OverlayEntry = { key, timeline, lsn, image: undefined };
      this.entries.set(key, made);
      this.tail.push(made);
      this.bytes += ENTRY_BYTES + key.length;
      this.keep(made, image);
      if (this.tail.length >= TAIL_ENTRIES_MAX) {
        this.settle();
      }
    } else if (lsn > entry.lsn) {
      entry.timeline = timeline;
      entry.lsn = lsn;
      this.keep(entry, image);
    }
  }

  /** Gives an entry its image, when it is small enough to be held. */
  keep(entry: OverlayEntry, image: Image | null | undefined): void {
    this.bytes -= entry.image?.length ?? 0;
    entry.image = image;
    if (image !== null && image !== undefined) {
      entry.image = image.length <= OVERLAY_IMAGE_BYTES_MAX ? Buffer.from(image) : undefined;
      this.bytes += entry.image?.length ?? 0;
    }
  }

  /** The entries as they were packed last. */
  get packed(): PackedOverlay | undefined {
    return this.shared;
  }

  /** Keeps what was packed, or lets go of it. */
  keepPacked(packed: PackedOverlay | undefined): void {
    this.bytes += (packed?.bytes ?? 0) - (this.shared?.bytes ?? 0);
    this.shared = packed;
  }

  /** Forgets the images; the keys alone tell where to look. */
  dropImages(): void {
    for (const entry of this.entries.values()) {
      if (entry.image !== null && entry.image !== undefined) {
        this.bytes -= entry.image.length;
        entry.image = undefined;
      }
    }
  }

  /** New images hold everything up to `lsn`. */
  trim(lsn: Lsn): void {
    if (lsn <= this.coverage) {
      return;
    }
    this.coverage = lsn;
    this.shared = undefined;
    const left = (list: OverlayEntry[]) => list.filter(entry => entry.lsn > lsn);
    // Few are left: to take those over is a tenth of the work of deleting the others one by one.
    const { entries } = this;
    this.entries = new Map();
    this.bytes = OVERLAY_BYTES;
    for (const entry of entries.values()) {
      if (entry.lsn > lsn) {
        this.entries.set(entry.key, entry);
        this.bytes += ENTRY_BYTES + entry.key.length + (entry.image?.length ?? 0);
      }
    }
    this.sorted = this.sorted.map(left).filter(list => list.length > 0);
    this.tail = left(this.tail);
  }

  /** All entries as sorted lists that share no key. */
  lists(): readonly (readonly OverlayEntry[])[] {
    if (this.tail.length > 0) {
      this.settle();
    }
    return this.sorted;
  }

  private settle(): void {
    let list = this.tail.sort((a, b) => (a.key < b.key ? -1 : 1));
    this.tail = [];
    for (;;) {
      const above = this.sorted.at(-1);
      if (above === undefined || above.length > list.length * 2) {
        break;
      }
      this.sorted.pop();
      list = merged(above, list);
    }
    this.sorted.push(list);
  }
}

function merged(a: readonly OverlayEntry[], b: readonly OverlayEntry[]): OverlayEntry[] {
  const out = new Array<OverlayEntry>(a.length + b.length);
  let i = 0;
  let j = 0;
  for (let at = 0; at < out.length; at++) {
    out[at] = j >= b.length || (i < a.length && a[i]!.key < b[j]!.key) ? a[i++]! : b[j++]!;
  }
  return out;
}

/** The first place in a sorted list whose key is not before `key`; with `past`, the first behind it. */
export function placeOf(list: readonly OverlayEntry[], key: string, past: boolean): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = list[middle]!.key;
    if (other < key || (past && other === key)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}
