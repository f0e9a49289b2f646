import type { LogEntry, Lsn, TimelineId } from '../api';
import { assertKept, isKept } from '../branch/kept';
import type { Project, Timeline } from '../branch/model';
import type { Registry } from '../branch/registry';
import { diffCatalogs } from '../diff/catalog';
import { ArgonError } from '../errors';
import { instantOf } from '../log/clock';
import { OP_DELETE, OP_INSERT } from '../log/frame';
import type { LineRecord, LineRow } from '../log/line';
import { CATALOG, type Catalogs } from '../read/catalog';
import { lastLsnOf, type LineReader, rowUpTo } from '../read/line';
import { Pace } from '../log/pace';
import type { View } from '../read/snapshot';
import type { CommitTimes } from '../read/time';

const LIMIT_DEFAULT = 50;

export interface HistoryParts {
  readonly registry: Registry;
  readonly line: LineReader;
  readonly catalogs: Catalogs;
  readonly times: CommitTimes;
}

/** Where an entry is folded from: a commit on a timeline that the viewer sees. */
interface Spot {
  readonly timeline: Timeline;
  readonly lastLsn: Lsn;
}

/**
 * Log entries, newest first: commits of one kind and origin that follow each other on a timeline
 * are one entry, whatever happens on other timelines in between.
 */
export class LogReader {
  constructor(private readonly parts: HistoryParts) {}

  /** Of the whole project, or of one state and what it was made from. */
  async read(
    project: Project,
    view: View | undefined,
    options: { before?: Lsn; after?: Lsn; limit?: number }
  ): Promise<{ entries: LogEntry[]; next?: Lsn }> {
    const { before, after, limit = LIMIT_DEFAULT } = options;
    if (after !== undefined) {
      return this.readOldestFirst(project, view, after, limit);
    }
    if (before !== undefined) {
      assertLogKept(project, view, (before - 1) as Lsn);
    }
    const entries: LogEntry[] = [];
    const covered = new Map<TimelineId, Lsn>();
    const pace = new Pace();
    for (const spot of this.spots(project, view, before)) {
      if (pace.isDue) {
        await pace.rest();
      }
      const until = covered.get(spot.timeline.id);
      if (!this.isWhole(spot)) {
        continue;
      }
      if (
        (until !== undefined && spot.lastLsn >= until) ||
        (until === undefined && this.continuesEntry(spot, view))
      ) {
        continue;
      }
      if (entries.length === limit) {
        return { entries, next: (spot.lastLsn + 1) as Lsn };
      }
      const entry = await this.fold(spot, this.parts.registry.branchOf(spot.timeline)?.name);
      covered.set(spot.timeline.id, entry.firstLsn);
      entries.push(entry);
    }
    return { entries };
  }

  /** Whether the newest row of an entry is all there, with the state before it. */
  private isWhole({ timeline, lastLsn }: Spot): boolean {
    const row = timeline.kept === undefined ? undefined : this.parts.line.rowAt(timeline, lastLsn);
    return row === undefined ? timeline.kept === undefined : isWholeRow(timeline, row);
  }

  /** Entries whose last LSN is above `after`; `next` is the `after` of the next page. */
  private async readOldestFirst(
    project: Project,
    view: View | undefined,
    after: Lsn,
    limit: number
  ): Promise<{ entries: LogEntry[]; next?: Lsn }> {
    const entries: LogEntry[] = [];
    let last: Spot | undefined;
    const pace = new Pace();
    for (const spot of this.spotsAfter(project, view, after)) {
      if (pace.isDue) {
        await pace.rest();
      }
      const isSame = last?.timeline === spot.timeline && last.lastLsn === spot.lastLsn;
      if (isSame || spot.lastLsn <= after || !this.isWhole(spot) || this.continuesEntry(spot, view)) {
        continue;
      }
      if (entries.length === limit) {
        return { entries, next: last!.lastLsn };
      }
      last = spot;
      entries.push(await this.fold(spot, this.parts.registry.branchOf(spot.timeline)?.name));
    }
    return { entries };
  }

  private *spotsAfter(project: Project, view: View | undefined, after: Lsn): Generator<Spot> {
    if (view === undefined) {
      for (const commit of this.parts.times.forwards(project, after)) {
        const timeline = project.timelines.get(commit.timeline);
        if (timeline !== undefined) {
          yield { timeline, lastLsn: commit.lastLsn };
        }
      }
      return;
    }
    for (const { timeline, cap } of [...view.chain].reverse()) {
      const from = Math.max(timeline.forkLsn, after) as Lsn;
      for (const row of from < cap ? this.parts.line.forwards(timeline, from, cap) : []) {
        yield { timeline, lastLsn: Math.min(row.groupLast, cap) as Lsn };
      }
    }
  }

  private *spots(project: Project, view: View | undefined, before: Lsn | undefined): Generator<Spot> {
    if (view === undefined) {
      const from = before ?? ((project.durableHead + 1) as Lsn);
      for (const commit of this.parts.times.backwards(project, from)) {
        const timeline = project.timelines.get(commit.timeline);
        if (timeline !== undefined) {
          yield { timeline, lastLsn: commit.lastLsn };
        }
      }
      return;
    }
    for (const { timeline, cap } of view.chain) {
      const upTo = before === undefined ? cap : (Math.min(cap, before - 1) as Lsn);
      for (const row of this.parts.line.backwards(timeline, timeline.forkLsn, upTo)) {
        yield { timeline, lastLsn: Math.min(row.groupLast, cap) as Lsn };
      }
    }
  }

  /** Whether a newer commit of the same entry exists, which an earlier page has shown with this one in it. */
  private continuesEntry({ timeline, lastLsn }: Spot, view: View | undefined): boolean {
    const cap = view?.chain.find(link => link.timeline === timeline)?.cap ?? timeline.durableHead;
    if (lastLsn >= cap || timeline.isMarked(lastLsn)) {
      return false;
    }
    const mine = this.parts.line.rowAt(timeline, lastLsn);
    const [next] = this.parts.line.forwards(timeline, lastLsn, cap);
    return mine !== undefined && next !== undefined && sameEntry(mine, next);
  }

  private async fold(spot: Spot, branch: string | undefined): Promise<LogEntry> {
    const rows: LineRow[] = [];
    const pace = new Pace();
    for (const row of this.parts.line.backwards(spot.timeline, spot.timeline.forkLsn, spot.lastLsn)) {
      const newest = rows[0];
      if (
        newest !== undefined &&
        (!sameEntry(newest, row) || spot.timeline.isMarked(lastLsnOf(row)) || !isWholeRow(spot.timeline, row))
      ) {
        break;
      }
      rows.push(newest === undefined ? rowUpTo(row, spot.lastLsn) : row);
      if (pace.isDue) {
        await pace.rest();
      }
    }
    return this.entry(spot.timeline, rows, branch);
  }

  /** The entry of rows that belong together, newest first. */
  entry(timeline: Timeline, rows: readonly EntryRow[], branch: string | undefined): LogEntry {
    const newest = rows[0]!;
    const oldest = rows.at(-1)!;
    const counts = { inserts: 0, updates: 0, deletes: 0 };
    const ids = new Set<number>();
    let hasCatalog = false;
    for (const row of rows) {
      for (const record of row.records) {
        if (record.collection === CATALOG) {
          hasCatalog = true;
          continue;
        }
        ids.add(record.collection);
        counts[record.op === OP_INSERT ? 'inserts' : record.op === OP_DELETE ? 'deletes' : 'updates']++;
      }
    }
    const lastLsn = lastLsnOf(newest);
    const after = this.parts.catalogs.at(timeline, lastLsn);
    const before = this.parts.catalogs.at(timeline, (oldest.firstLsn - 1) as Lsn);
    const names = [...ids].map(
      id => (after.getById(id as never) ?? before.getById(id as never))?.name ?? `collection-${id}`
    );
    return {
      firstLsn: oldest.firstLsn,
      lastLsn,
      timeline: timeline.id,
      ...(branch === undefined ? {} : { branch }),
      kind: newest.kind,
      ...counts,
      collections: names.sort(),
      catalog: hasCatalog ? diffCatalogs(before, after) : [],
      origin: this.parts.registry.origin(newest.origin),
      firstAt: instantOf(oldest.time),
      lastAt: instantOf(newest.time),
      ...this.special(timeline, newest)
    };
  }

  /** What a merge brought in, what an undo took back. */
  private special(timeline: Timeline, row: EntryRow): Pick<LogEntry, 'merge' | 'undo' | 'pick' | 'restore'> {
    if (row.kind === 'merge') {
      const mark = timeline.merges.findLast(candidate => candidate.lsn === row.groupLast);
      return mark === undefined
        ? {}
        : { merge: { source: mark.ref, sourceTimeline: mark.source, sourceLsn: mark.sourceLsn } };
    }
    const note = timeline.notes.get(row.groupLast);
    const isNoted = row.kind === 'undo' || row.kind === 'pick' || row.kind === 'restore';
    return isNoted && note !== undefined ? { [row.kind]: note } : {};
  }
}

/** What an entry needs of a row. */
export type EntryRow = Omit<LineRow, 'records' | 'ordinal'> & {
  readonly records: readonly Pick<LineRecord, 'collection' | 'op'>[];
};

function isWholeRow(timeline: Timeline, row: LineRow): boolean {
  return (
    timeline.kept === undefined ||
    (timeline.kept.covers(row.firstLsn, lastLsnOf(row)) && isKept(timeline, (row.firstLsn - 1) as Lsn))
  );
}

/** @throws HISTORY_GONE when there is nothing left to list up to `lsn` */
function assertLogKept({ name, timesGone }: Project, view: View | undefined, lsn: Lsn): void {
  if (view !== undefined) {
    assertKept(view.line, Math.min(lsn, view.lsn) as Lsn);
  } else if (timesGone !== undefined && lsn <= timesGone.lsn && timesGone.lsn > 0) {
    throw new ArgonError('HISTORY_GONE', `The log of project ${name} begins at LSN ${timesGone.lsn + 1}.`, {
      data: { horizon: timesGone.lsn + 1 }
    });
  }
}

/** Whether two rows of a timeline belong to one entry; merges and undos stand alone. */
function sameEntry(newer: LineRow, older: LineRow): boolean {
  if (newer.groupFirst === older.groupFirst) {
    return true;
  }
  return (
    newer.kind === older.kind &&
    newer.origin === older.origin &&
    (newer.kind === 'writes' || newer.kind === 'catalog' || newer.kind === 'import')
  );
}
