import type { Lsn, Snapshot } from '../../api';
import { numbersFrom } from '../chance';
import { FragileDisk } from '../disk/fragile';
import { SHOP, World } from '../world';
import { Line, type State } from './state';

/** A state that was read once and must read the same for ever. */
export interface Witness {
  readonly timeline: Snapshot['timeline'];
  readonly lsn: Snapshot['lsn'];
  readonly state: State;
}

export interface BookedCommit {
  readonly first: number;
  readonly last: number;
  readonly time: bigint;
}

/** The newest commit of a branch, when an undo of it is known to be exact. */
export interface LastCommit {
  readonly first: number;
  readonly last: number;
  readonly before: State;
}

/** What the model knows of the project, in plain maps. */
export class Book {
  /** The newest LSN of the project. */
  head = 0;
  /** Live branches, in the order in which they were made. */
  readonly lines = new Map<string, Line>([['main', new Line()]]);
  readonly lastCommit = new Map<string, LastCommit>();
  /** Commits by their last LSN, oldest first. */
  commits: BookedCommit[] = [];
  readonly pins = new Map<string, { readonly branch: string; readonly lsn: number; readonly state: State }>();
  readonly expiries = new Map<string, number>();
  /** Remembered replies by owner. */
  readonly retries = new Map<number, { readonly key: string; readonly lastLsn: number }>();
  readonly witnesses: Witness[] = [];
  /** Digest by content and the other way round: one means the other. */
  readonly digests = new Map<string, string>();
  readonly contents = new Map<string, string>();
  private serial = 0;

  /** A number never given before. */
  next(): number {
    return this.serial++;
  }

  line(name: string): Line {
    return this.lines.get(name)!;
  }

  /** The branch that a number in a command means. */
  name(number: number): string {
    const names = [...this.lines.keys()];
    return names[number % names.length]!;
  }

  /** Notes an atomic commit of which only the end is known: the LSNs after the head up to `last`. */
  atomic(name: string, { last, time }: Omit<BookedCommit, 'first'>, state: State): void {
    const before = this.line(name).newest;
    const first = this.head + 1;
    this.head = last;
    this.line(name).add(last, state);
    this.line(name).group(first, last);
    this.lastCommit.set(name, { first, last, before });
    this.commits.push({ first, last, time });
  }

  /** A crash took everything after `head`. */
  cut(head: number): void {
    this.head = head;
    for (const line of this.lines.values()) {
      line.cut(head);
    }
    for (const [name, { last }] of this.lastCommit) {
      if (last > head) {
        this.lastCommit.delete(name);
      }
    }
    for (const [owner, { lastLsn }] of this.retries) {
      if (lastLsn > head) {
        this.retries.delete(owner);
      }
    }
    this.commits = this.commits.filter(({ last }) => last <= head);
  }
}

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

/** What commands and checks work with. */
export class Run {
  readonly book = new Book();
  below: (n: number) => number = numbersFrom(0);
  /** A copy of the state directory from some time ago. */
  kept: string | undefined;
  /** States compared so far. */
  compared = 0;

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
    return new Run(await World.open({ parts }), disk);
  }

  /** Takes an atomic commit that ends at `last` into the model. */
  took(name: string, last: number, state: State): void {
    this.book.atomic(name, { last, time: this.world.engine.timeOf(SHOP, last as Lsn) }, state);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
}
