import type { CollectionId, CommitTime, IndexId, Lsn, Origin, ProjectId, TimelineId } from '../api';
import { type KeptLsns, ownerOf } from './kept';
import { RecentCommits } from './recent';

/** A merge into a timeline: what it has seen of the source. */
export interface MergeMark {
  readonly lsn: Lsn;
  readonly source: TimelineId;
  readonly sourceLsn: Lsn;
  /** Changes of the source's own timeline up to `sourceLsn`. */
  readonly sourceOrdinal: number;
  /** Id of the next timeline at that time: those from it on were forked after the merge. */
  readonly nextTimeline: number;
  /** Changes that the merge itself wrote, the last of them at `lsn`. */
  readonly written: number;
  /** Ref of the source when it was merged, for people. */
  readonly ref: string;
}

/** What an undo took back, a pick brought or a restore went back to, for people. */
export interface CommitNote {
  readonly what: string;
  readonly firstLsn: Lsn;
  readonly lastLsn: Lsn;
}

/** One step of a timeline's ancestry: its changes up to and including `cap` belong to the state. */
export interface ChainLink {
  readonly timeline: Timeline;
  readonly cap: Lsn;
}

/** Links of the ancestries that are remembered, over all timelines of a project. */
const ANCESTRY_LINKS_MAX = 20_000;

/** The ancestries asked for last. They never change, and those of deep branches cost as much as many reads. */
class Ancestries {
  private readonly known = new Map<Timeline, readonly ChainLink[]>();
  private links = 0;

  /** The links above a timeline's own, nearest first. */
  of(timeline: Timeline): readonly ChainLink[] {
    let found = this.known.get(timeline);
    if (found === undefined) {
      found = ancestryOf(timeline);
      if (this.links + found.length > ANCESTRY_LINKS_MAX) {
        this.known.clear();
        this.links = 0;
      }
      this.known.set(timeline, found);
      this.links += found.length;
    }
    return found;
  }
}

function ancestryOf(timeline: Timeline): ChainLink[] {
  const links: ChainLink[] = [];
  let cap = timeline.forkLsn;
  for (let above = timeline.parent; above !== undefined; above = above.parent) {
    if (cap > above.forkLsn || above.parent === undefined) {
      links.push({ timeline: above, cap });
    }
    cap = Math.min(cap, above.forkLsn) as Lsn;
  }
  return links;
}

/** An append-only line of changes. */
export class Timeline {
  /** Newest LSN staged; for a timeline without changes, its fork point. */
  head: Lsn;
  /** Newest LSN on disk: what readers see. */
  durableHead: Lsn;
  /** Changes staged on this timeline itself. */
  count = 0;
  durableCount = 0;
  /** Commits that were staged and never came to be: others have their LSNs now. */
  rollbacks = 0;
  readonly merges: MergeMark[] = [];
  /** LSNs at which its states can be read; undefined when garbage collection has taken nothing from it. */
  kept: KeptLsns | undefined;
  /** Notes on commits of this timeline, by the last LSN of each. */
  readonly notes = new Map<Lsn, CommitNote>();

  constructor(
    readonly id: TimelineId,
    readonly project: ProjectId,
    readonly parent: Timeline | undefined,
    readonly forkLsn: Lsn,
    /** Changes of the parent up to the fork: `ordinalAt(parent, forkLsn)`. */
    readonly forkOrdinal: number
  ) {
    this.ancestries = parent?.ancestries ?? new Ancestries();
    this.head = forkLsn;
    this.durableHead = forkLsn;
  }

  /** Indexes that are being filled and that no state knows yet, and those that were complete when the catalog named them. */
  readonly building = new Set<IndexId>();
  readonly prebuilt = new Set<IndexId>();
  /** Of the whole family. */
  private readonly ancestries: Ancestries;
  /** LSNs that forks, pins and runs name, with the number of those that do. */
  private marks: Map<Lsn, number> | undefined;

  /** Whether a fork, a pin or a run names the state at `lsn`. */
  isMarked(lsn: Lsn): boolean {
    return this.marks?.has(lsn) === true;
  }

  mark(lsn: Lsn): void {
    this.marks ??= new Map();
    this.marks.set(lsn, (this.marks.get(lsn) ?? 0) + 1);
  }

  unmark(lsn: Lsn): void {
    const left = (this.marks?.get(lsn) ?? 0) - 1;
    if (left > 0) {
      this.marks!.set(lsn, left);
    } else {
      this.marks?.delete(lsn);
    }
  }

  /** The timelines whose changes make the state at `lsn`, nearest first. */
  chain(lsn: Lsn): readonly ChainLink[] {
    const owner = ownerOf(this, lsn);
    const link = { timeline: owner, cap: lsn };
    return owner.parent === undefined ? [link] : [link, ...this.ancestries.of(owner)];
  }

  get depth(): number {
    let depth = 1;
    for (let timeline = this.parent; timeline !== undefined; timeline = timeline.parent) {
      depth++;
    }
    return depth;
  }
}

/** How much history stays readable behind a head; what either figure keeps is kept. Neither: all of it. */
export interface Retention {
  /** Milliseconds. */
  readonly keepMs?: number;
  /** LSNs. */
  readonly keepLsns?: number;
}

/** Commits of a project up to `lsn` whose times are no longer known; the last of them was made at `time`. */
export interface TimesGone {
  readonly lsn: Lsn;
  readonly time: CommitTime;
}

export interface Branch {
  readonly name: string;
  readonly timeline: Timeline;
  readonly createdAt: Date;
  readonly isProtected: boolean;
  /** Checks that a plan must have passed while it is protected. */
  readonly checks?: readonly string[];
  readonly backupOf?: string;
  readonly expiresAt?: Date;
  /** Goes before that of the project. */
  readonly retention?: Retention;
}

export interface Pin {
  readonly name: string;
  readonly timeline: TimelineId;
  readonly lsn: Lsn;
  readonly ref: string;
  readonly createdAt: Date;
  readonly origin: Origin;
}

export interface Run {
  readonly id: string;
  readonly branch?: string;
  readonly timeline: TimelineId;
  readonly lsn: Lsn;
  readonly digest: string;
  readonly createdAt: Date;
  readonly facts: Readonly<Record<string, string>>;
  /** Since when its state is not kept for its sake. */
  readonly releasedAt?: Date;
}

export class Project {
  /** Newest LSN staged, over all timelines. */
  head = 0 as Lsn;
  /** Newest LSN on disk. */
  durableHead = 0 as Lsn;
  /** Commits that the state does not hold yet. */
  readonly recent = new RecentCommits();
  /** Timelines with a commit that is on disk in parts but not yet in the state, and its first LSN. Nobody can read from there on. */
  readonly streamed = new Map<Timeline, Lsn>();
  readonly branches = new Map<string, Branch>();
  readonly timelines = new Map<TimelineId, Timeline>();
  readonly pins = new Map<string, Pin>();
  readonly runs = new Map<string, Run>();
  retention: Retention | undefined;
  timesGone: TimesGone | undefined;
  /** Collection ids by the first name they had; the same name gets the same id on every timeline. */
  readonly collectionIds = new Map<string, CollectionId>();
  nextCollection = 1 as CollectionId;
  nextIndex = 1 as IndexId;

  constructor(
    readonly id: ProjectId,
    readonly name: string,
    readonly defaultBranch: string,
    readonly createdAt: Date
  ) {}
}
