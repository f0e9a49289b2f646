import type { Lsn, Snapshot } from '../../api';
import { isArgonError } from '../../errors';
import { numbersFrom } from '../chance';
import { FragileDisk } from '../disk/fragile';
import { ADA, SHOP, World } from '../world';
import { Book } from './book';
import type { State } from './state';

/** The second project: transactions go over both. */
export const DEPOT = 'depot';

/** Sizes from which on the engine goes other ways. */
export interface Sizes {
  /** A commit of more records goes ahead into the log in parts. */
  readonly heldRecords: number;
  /** A handful of changes is worth a page image. */
  readonly hasImages: boolean;
}

/** Small, so that a run goes over several segments. */
const SEGMENT_BYTES = 30_000;
const TINY_IMAGES = {
  changesMin: 4,
  runPart: 0.1,
  runChangesMax: 20,
  flattenPart: 0.02,
  runsMax: 3,
  rebasePart: 0.5
};

/** What commands and checks work with: an engine, and the book of what it must show. */
export class Run {
  book = new Book();
  below: (n: number) => number = numbersFrom(0);
  /** A copy of the state directory from some time ago. */
  kept: string | undefined;
  /** A folder with a backup, and the book as it was then. */
  backup: { readonly folder: string; readonly book: Book } | undefined;
  /** Digest by content and the other way round: one means the other. */
  readonly digests = new Map<string, string>();
  readonly contents = new Map<string, string>();
  /** States compared so far. */
  compared = 0;
  /** States that were taken away by garbage collection and said to be gone. */
  gone = 0;
  private serial = 0;

  private constructor(
    readonly world: World,
    readonly disk: FragileDisk
  ) {}

  static async open({ heldRecords, hasImages }: Sizes): Promise<Run> {
    const disk = new FragileDisk();
    const parts = {
      log: { fileSystem: disk, segmentBytesMax: SEGMENT_BYTES },
      held: { bytesMax: 1 << 20, recordsMax: heldRecords },
      ...(hasImages ? { images: { limits: TINY_IMAGES, inline: true } } : {})
    };
    const world = await World.open({ parts });
    await world.engine.createProject(DEPOT, ADA);
    return new Run(world, disk);
  }

  /** A number never given before, also not in a past that was taken back. */
  next(): number {
    return this.serial++;
  }

  /** Takes an atomic commit that ends at `last` into the model. */
  took(name: string, last: number, state: State): void {
    this.book.atomic(name, { last, time: this.world.engine.timeOf(SHOP, last as Lsn) }, state);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  /** A branch at an LSN; undefined when the model knows it to be gone, and the engine says so. */
  past(name: string, lsn: number): Snapshot | undefined {
    const line = this.book.line(name);
    const isGone = line.gone.has(lsn);
    const view = readable(() => this.world.view(`${name}@${lsn}`));
    const meant = line.at(lsn).lsn;
    if (view !== undefined && isGone && meant !== lsn && !line.gone.has(meant)) {
      // That an LSN lay inside a group is forgotten with the group, and known again once the state was made anew.
      line.gone = new Set([...line.gone].filter(other => other !== lsn));
      return view;
    }
    if ((view === undefined) !== isGone) {
      expect({ at: `${name}@${lsn}`, isGone: view === undefined }).toEqual({ at: `${name}@${lsn}`, isGone });
    }
    return view;
  }
}

/** What `look` finds; undefined when it is said to be gone. */
export function readable<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (isArgonError(error, 'HISTORY_GONE')) {
      return undefined;
    }
    throw error;
  }
}
