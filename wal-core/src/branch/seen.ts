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

/** What the state of `timeline` at `lsn` includes; `ordinal` counts the changes of the timeline itself. */
export function seenBy(project: Project, timeline: Timeline, lsn: Lsn, ordinal: number): Seen {
  const seen = new Map<TimelineId, Reach>();
  collect(project, timeline, lsn, ordinal, seen);
  return seen;
}

function collect(
  project: Project,
  timeline: Timeline,
  lsn: Lsn,
  ordinal: number,
  seen: Map<TimelineId, Reach>
): void {
  const open: Reach[] = [{ timeline, lsn, ordinal }];
  for (let reach = open.pop(); reach !== undefined; reach = open.pop()) {
    const known = seen.get(reach.timeline.id);
    if (known !== undefined && known.lsn >= reach.lsn) {
      continue;
    }
    seen.set(reach.timeline.id, reach);
    const { parent, forkLsn, forkOrdinal, merges } = reach.timeline;
    if (parent !== undefined) {
      open.push({ timeline: parent, lsn: forkLsn, ordinal: forkOrdinal });
    }
    for (const mark of merges) {
      const source = project.timelines.get(mark.source);
      // Marks already counted for a lower reach of this timeline are skipped by the check above.
      if (mark.lsn <= reach.lsn && source !== undefined) {
        open.push({ timeline: source, lsn: mark.sourceLsn, ordinal: mark.sourceOrdinal });
      }
    }
  }
}

/** Number of changes that `mine` includes on its own line of timelines and `theirs` does not. */
export function countMissing(mine: Seen, theirs: Seen): number {
  let count = 0;
  for (const [id, reach] of mine) {
    const other = theirs.get(id);
    if (other === undefined || other.lsn < reach.lsn) {
      count += reach.ordinal - (other?.ordinal ?? 0);
    }
  }
  return count;
}

/** Whether everything up to `lsn` of `timeline` is included. */
export function includes(seen: Seen, timeline: Timeline, lsn: Lsn): boolean {
  const reach = seen.get(timeline.id);
  return reach !== undefined && reach.lsn >= lsn;
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
      common.push(other.lsn < reach.lsn ? other : reach);
    }
  }
  return common.filter(
    candidate =>
      !common.some(
        other =>
          other !== candidate &&
          includes(
            seenBy(project, other.timeline, other.lsn, other.ordinal),
            candidate.timeline,
            candidate.lsn
          )
      )
  );
}
