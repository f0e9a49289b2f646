import type { Lsn, TimelineId } from '../api';
import type { Project, Timeline } from './model';

/** How far a state includes one timeline: up to `lsn`, which are the first `ordinal` changes of it. */
export interface Reach {
  readonly timeline: Timeline;
  readonly lsn: Lsn;
  readonly ordinal: number;
}

/**
 * Which changes a state includes, by fork or by merge: for each timeline, up to which LSN.
 * A timeline's changes are a line, so "up to" says it all (a version vector).
 */
export type Seen = ReadonlyMap<TimelineId, Reach>;

/** What a state includes. */
export function seenBy(project: Project, state: Reach): Seen {
  const seen = new Map<TimelineId, Visit>();
  const open: Visit[] = [{ ...state, child: Infinity }];
  for (let visit = open.pop(); visit !== undefined; visit = open.pop()) {
    const known = seen.get(visit.timeline.id);
    if (
      known !== undefined &&
      (known.lsn > visit.lsn || (known.lsn === visit.lsn && known.child >= visit.child))
    ) {
      continue;
    }
    seen.set(visit.timeline.id, visit);
    const { id, parent, forkLsn, forkOrdinal, merges } = visit.timeline;
    if (parent !== undefined) {
      open.push({ timeline: parent, lsn: forkLsn, ordinal: forkOrdinal, child: id });
    }
    for (const mark of merges) {
      const source = project.timelines.get(mark.source);
      const isBefore = mark.lsn < visit.lsn || (mark.lsn === visit.lsn && mark.nextTimeline <= visit.child);
      if (isBefore && source !== undefined) {
        open.push({ timeline: source, lsn: mark.sourceLsn, ordinal: mark.sourceOrdinal, child: Infinity });
      }
    }
  }
  return seen;
}

/**
 * A reach and the timeline through whose fork it was come to. A merge that changed nothing has the
 * LSN of the change before it: what was forked there earlier has not seen it.
 */
interface Visit extends Reach {
  readonly child: number;
}

/**
 * Number of changes that `mine` includes and `theirs` does not. What a merge wrote to bring in changes that
 * `theirs` has itself is no news to it and is not counted.
 */
export function countMissing(mine: Seen, theirs: Seen): number {
  let count = 0;
  for (const [id, { timeline, lsn, ordinal }] of mine) {
    const known = theirs.get(id);
    let missing = ordinal - (known?.ordinal ?? 0);
    for (const { lsn: mergedAt, source, sourceOrdinal, written } of timeline.merges) {
      const isMissing = mergedAt <= lsn && mergedAt > (known?.lsn ?? 0);
      if (isMissing && (theirs.get(source)?.ordinal ?? 0) >= sourceOrdinal) {
        missing -= written;
      }
    }
    count += Math.max(0, missing);
  }
  return count;
}

/** Whether everything that the state `reach` stands on is included. */
export function includes(seen: Seen, { timeline, ordinal }: Reach): boolean {
  const known = seen.get(timeline.id);
  return known !== undefined && known.ordinal >= ordinal;
}

/**
 * The states from which a three-way merge of two states starts: the greatest states included in
 * both. One in a simple history; more after criss-cross merges.
 */
export function mergeBases(project: Project, a: Seen, b: Seen): Reach[] {
  const common: Reach[] = [];
  for (const [id, reach] of a) {
    const other = b.get(id);
    if (other !== undefined) {
      common.push(other.ordinal < reach.ordinal ? other : reach);
    }
  }
  // The newest first: they include most of the others, which then need no look of their own.
  common.sort((x, y) => y.lsn - x.lsn || y.timeline.id - x.timeline.id);
  const covered = new Set<Reach>();
  for (const reach of common) {
    if (covered.has(reach)) {
      continue;
    }
    const seen = seenBy(project, reach);
    for (const other of common) {
      if (other !== reach && includes(seen, other)) {
        covered.add(other);
      }
    }
  }
  return common.filter(reach => !covered.has(reach));
}
