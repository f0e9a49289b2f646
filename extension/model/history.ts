import type { Entry, LogResult, Lsn, Timeline } from '../client/protocol';

/** What the page knows of a project's log: a window that grows at both ends. Never changed in place. */
export interface IHistory {
  /** Newest first. */
  readonly entries: readonly Entry[];
  readonly timelines: ReadonlyMap<number, Timeline>;
  /** Oldest LSN whose states are kept. */
  readonly horizon: Lsn;
  readonly head: Lsn;
  /** Where the next older page starts; undefined when the first entry of the project is here. */
  readonly next: Lsn | undefined;
}

/** No entry yet. */
export const EMPTY_HISTORY: IHistory = {
  entries: [],
  timelines: new Map(),
  horizon: 0,
  head: 0,
  next: undefined
};

/** The history that the newest page of the log shows. */
export function fromLog(page: LogResult): IHistory {
  return {
    entries: newestFirst(page.entries),
    timelines: new Map(page.timelines.map(timeline => [timeline.id, timeline])),
    horizon: page.horizon,
    head: page.head,
    next: page.next
  };
}

/** With an older page at the end. Entries that are here already are kept once. */
export function withOlder(history: IHistory, page: LogResult): IHistory {
  const known = new Set(history.entries.map(keyOf));
  const older = page.entries.filter(entry => !known.has(keyOf(entry)));
  const timelines = new Map(history.timelines);
  for (const timeline of page.timelines) {
    timelines.set(timeline.id, timeline);
  }
  return {
    entries: newestFirst([...history.entries, ...older]),
    timelines,
    horizon: page.horizon,
    head: Math.max(history.head, page.head),
    next: page.next
  };
}

/**
 * With a commit that an event told of: it continues the newest entry of its timeline, or starts one.
 * Undefined when the timeline is unknown, so that the log must be read again.
 */
export function withCommit(history: IHistory, commit: Entry): IHistory | undefined {
  const timeline = history.timelines.get(commit.timeline);
  if (timeline === undefined) {
    return undefined;
  }
  if (commit.lastLsn <= timeline.head) {
    return history;
  }
  const timelines = new Map(history.timelines);
  timelines.set(timeline.id, { ...timeline, head: commit.lastLsn });
  const index = history.entries.findIndex(entry => entry.timeline === commit.timeline);
  const last = history.entries[index];
  const entries =
    last !== undefined && continues(last, commit)
      ? [joined(last, commit), ...history.entries.filter((_, at) => at !== index)]
      : [commit, ...history.entries];
  return {
    ...history,
    entries: newestFirst(entries),
    timelines,
    head: Math.max(history.head, commit.lastLsn)
  };
}

/** What names an entry while it grows: its timeline and where it starts. */
export function keyOf(entry: Entry): string {
  return `${entry.timeline}:${entry.firstLsn}`;
}

/** Whether `next` is one run with `last`: the same kind, cell and person, one right after the other. */
export function continues(last: Entry, next: Entry): boolean {
  return (
    last.kind === next.kind &&
    (last.kind === 'writes' || last.kind === 'import') &&
    last.lastLsn + 1 === next.firstLsn &&
    last.catalog.length === 0 &&
    next.catalog.length === 0 &&
    last.origin.actor === next.origin.actor &&
    last.origin.session === next.origin.session &&
    last.origin.notebook === next.origin.notebook &&
    last.origin.cell === next.origin.cell &&
    last.origin.cellNumber === next.origin.cellNumber
  );
}

function joined(last: Entry, next: Entry): Entry {
  return {
    ...last,
    lastLsn: next.lastLsn,
    lastAt: next.lastAt,
    inserts: last.inserts + next.inserts,
    updates: last.updates + next.updates,
    deletes: last.deletes + next.deletes,
    collections: [...new Set([...last.collections, ...next.collections])]
  };
}

function newestFirst(entries: readonly Entry[]): readonly Entry[] {
  return entries.every((entry, index) => index === 0 || entries[index - 1]!.lastLsn >= entry.lastLsn)
    ? entries
    : [...entries].sort((one, other) => other.lastLsn - one.lastLsn);
}
