import type { Lsn, TimelineId } from '../api';
import { type KeptInterval, KeptLsns, OPEN_END, ownerOf } from '../branch/kept';
import type { Branch, Project, Timeline } from '../branch/model';
import { seenBy } from '../branch/seen';
import type { KeptKind } from '../keeping';
import type { Pace } from '../log/pace';

/** Something that must stay readable, and why. */
export interface Reason {
  readonly kind: KeptKind;
  readonly name: string;
}

/** An interval of a timeline that is kept, with its reason. */
export interface WantedInterval extends KeptInterval {
  readonly reason: Reason;
}

/** Where a branch's history may begin, and further states to keep. */
export interface WantedParts {
  /** The oldest LSN of a branch that its retention keeps. */
  readonly windowOf: (branch: Branch) => Lsn;
  readonly states: readonly { readonly timeline: Timeline; readonly lsn: Lsn; readonly reason: Reason }[];
  /** Ranges of LSNs of which every state is needed. */
  readonly ranges: readonly {
    readonly timeline: Timeline;
    readonly first: Lsn;
    readonly last: Lsn;
    readonly reason: Reason;
  }[];
}

/**
 * What must stay readable of a project: each branch from the start of its window on, each pin and run, each point
 * that a kept timeline was forked from, each state that a merge of two branches would start from, and the states of
 * open plans. A state stands on its whole ancestry, so the fork points below it are kept with it.
 */
export class Wanted {
  private readonly byTimeline = new Map<Timeline, Map<string, WantedInterval>>();
  private readonly named = new Set<Timeline>();
  private readonly names: ReadonlyMap<Timeline, string>;

  private constructor(private readonly project: Project) {
    this.names = new Map([...project.branches.values()].map(({ name, timeline }) => [timeline, name]));
  }

  /** Branches, pins, runs and plans of the project must not change meanwhile; heads may move on. */
  static async of(project: Project, parts: WantedParts, pace: Pace): Promise<Wanted> {
    const wanted = new Wanted(project);
    for (const step of wanted.steps(parts)) {
      step();
      if (pace.isDue) {
        await pace.rest();
      }
    }
    return wanted;
  }

  private *steps(parts: WantedParts): Generator<() => void> {
    const { project } = this;
    for (const branch of project.branches.values()) {
      yield () => this.addBranch(branch, parts.windowOf(branch));
    }
    for (const pin of project.pins.values()) {
      yield () => this.addHeld(pin.timeline, pin.lsn, { kind: 'pin', name: pin.name });
    }
    for (const run of project.runs.values()) {
      if (run.releasedAt === undefined) {
        yield () => this.addHeld(run.timeline, run.lsn, { kind: 'run', name: run.id });
      }
    }
    for (const { timeline, lsn, reason } of parts.states) {
      yield () => this.addState(timeline, lsn, reason);
    }
    for (const { timeline, first, last, reason } of parts.ranges) {
      yield () => this.addRange(timeline, first, last, reason);
    }
    yield () => this.addForks();
    yield* this.mergeBases();
    // The bases lie on timelines with ancestors of their own.
    yield () => this.addForks();
  }

  /** Intervals of a timeline with their reasons, in no order; none when nothing of it is needed. */
  of(timeline: Timeline): readonly WantedInterval[] {
    return [...(this.byTimeline.get(timeline)?.values() ?? [])];
  }

  /** Whether a timeline must stay known though none of its own states may be kept. */
  isNamed(timeline: Timeline): boolean {
    return this.named.has(timeline);
  }

  /** What is kept of a timeline, never more than is readable now; undefined when that is all of it. */
  kept(timeline: Timeline): KeptLsns | undefined {
    const wanted = new KeptLsns(this.of(timeline));
    if (timeline.kept !== undefined) {
      return wanted.and(timeline.kept);
    }
    const first = timeline.parent === undefined ? 0 : timeline.forkLsn + 1;
    return wanted.covers(first, OPEN_END) ? undefined : wanted;
  }

  private add(timeline: Timeline, lo: number, hi: number, reason: Reason): void {
    let known = this.byTimeline.get(timeline);
    if (known === undefined) {
      known = new Map();
      this.byTimeline.set(timeline, known);
    }
    const name = `${lo} ${hi} ${reason.kind} ${reason.name}`;
    if (!known.has(name)) {
      known.set(name, { lo: lo as Lsn, hi: hi as Lsn, reason });
    }
  }

  private addState(timeline: Timeline, lsn: Lsn, reason: Reason): void {
    const owner = ownerOf(timeline, lsn);
    // A state may be named by a timeline that has no change of its own in it.
    for (
      let line: Timeline | undefined = timeline;
      line !== owner && line !== undefined;
      line = line.parent
    ) {
      this.named.add(line);
    }
    this.add(owner, lsn, lsn, reason);
  }

  private addHeld(id: TimelineId, lsn: Lsn, reason: Reason): void {
    const timeline = this.project.timelines.get(id);
    if (timeline !== undefined) {
      this.addState(timeline, lsn, reason);
    }
  }

  private addBranch({ name, timeline }: Branch, window: Lsn): void {
    const head = timeline.durableHead;
    const reason: Reason = { kind: 'head', name };
    if (head > timeline.forkLsn || timeline.parent === undefined) {
      this.add(timeline, head, OPEN_END, reason);
    } else {
      this.add(timeline, timeline.forkLsn + 1, OPEN_END, reason);
      this.addState(timeline, head, reason);
    }
    this.addRange(timeline, window, head, { kind: 'history', name });
  }

  /** Every state of a timeline from `first` to `last`, those before its fork on its ancestors. */
  private addRange(timeline: Timeline, first: Lsn, last: Lsn, reason: Reason): void {
    let hi = last;
    for (let line: Timeline | undefined = timeline; line !== undefined && first <= hi; line = line.parent) {
      const lo = line.parent === undefined ? first : Math.max(first, line.forkLsn + 1);
      if (lo <= hi) {
        this.add(line, lo, hi, reason);
      }
      hi = Math.min(hi, line.forkLsn) as Lsn;
    }
  }

  /** The fork points of all timelines that are kept in part, children before their parents. */
  private addForks(): void {
    const timelines = [...this.project.timelines.values()].sort((a, b) => b.id - a.id);
    for (const timeline of timelines) {
      const { parent, forkLsn } = timeline;
      if (parent !== undefined && this.byTimeline.has(timeline)) {
        this.addState(parent, forkLsn, { kind: 'fork', name: this.nameOf(timeline) });
      }
    }
  }

  private nameOf(timeline: Timeline): string {
    return this.names.get(timeline) ?? `timeline-${timeline.id}`;
  }

  /**
   * The states from which merges of branches start: a greatest state that two heads have in common lies where one of
   * them has seen a timeline up to. A timeline that all heads see by way of one other is covered by that one.
   */
  private *mergeBases(): Generator<() => void> {
    const reaches = new Map<Timeline, Set<Lsn>>();
    for (const { timeline } of this.project.branches.values()) {
      yield () => {
        const head = { timeline, lsn: timeline.durableHead, ordinal: timeline.durableCount };
        for (const reach of seenBy(this.project, head).values()) {
          const known = reaches.get(reach.timeline);
          if (known === undefined) {
            reaches.set(reach.timeline, new Set([reach.lsn]));
          } else {
            known.add(reach.lsn);
          }
        }
      };
    }
    const routes = this.routes(new Set(reaches.keys()));
    for (const [timeline, lsns] of reaches) {
      if ((routes.get(timeline) ?? 0) > 1) {
        for (const lsn of lsns) {
          yield () => this.addState(timeline, lsn, { kind: 'merge base', name: this.nameOf(timeline) });
        }
      }
    }
  }

  /** In how many ways heads come to see a timeline: as their own, from a child, or by merges into another timeline. */
  private routes(seen: ReadonlySet<Timeline>): Map<Timeline, number> {
    const routes = new Map<Timeline, number>();
    const count = (timeline: Timeline) => routes.set(timeline, (routes.get(timeline) ?? 0) + 1);
    for (const { timeline } of this.project.branches.values()) {
      count(timeline);
    }
    for (const timeline of seen) {
      if (timeline.parent !== undefined) {
        count(timeline.parent);
      }
      for (const source of new Set(timeline.merges.map(mark => mark.source))) {
        const merged = this.project.timelines.get(source);
        if (merged !== undefined) {
          count(merged);
        }
      }
    }
    return routes;
  }
}
