import type { Engine, Lsn, TimelineId } from '@argon/wal-core';

/** A part of a state's past: a timeline, up to an LSN. */
export interface Stretch {
  readonly timeline: TimelineId;
  readonly upTo: Lsn;
}

/**
 * The past of a timeline back to another one, oldest first, each part of it up to where the next one leaves it;
 * undefined when the other one is no part of it.
 */
export function pastOf(
  engine: Engine,
  project: string,
  from: TimelineId,
  to: TimelineId
): Stretch[] | undefined {
  const past: Stretch[] = [];
  let upTo = Infinity as Lsn;
  for (let id: TimelineId | undefined = from; id !== undefined;) {
    past.push({ timeline: id, upTo });
    if (id === to) {
      return past.reverse();
    }
    const info = engine.timeline(project, id);
    if (info?.parent === undefined) {
      return undefined;
    }
    upTo = info.forkLsn < upTo ? info.forkLsn : upTo;
    id = info.parent;
  }
  return undefined;
}
