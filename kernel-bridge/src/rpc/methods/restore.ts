import {
  docKeyOfValue,
  fromExtendedJson,
  type Engine,
  type LogEntry,
  type Lsn,
  type RestoreOptions,
  type TimelineId,
  type TimelineInfo
} from '@argon/wal-core';
import { originOf, pageSize, type BridgeContext, type Handlers } from '../context';
import { fittingPage } from '../paging';
import { defined } from '../../defined';
import { mainTimeline, presentBranch, presentEntry, presentPlan, presentState } from '../present';
import { presentDiff } from '../values';

const DOCUMENTS_USUAL = 100;
const DOCUMENTS_MAX = 2_000;
/** Entries that a preview lists; `changes` counts all. */
const DISCARDED_MAX = 200;
/** Entries read at a time to count what would be discarded. */
const ENTRIES_STEP = 1_000;
/** Changes read at a time inside one folded entry. */
const CHANGES_STEP = 5_000;

/** Going back to an earlier state. */
export function restoreMethods(context: BridgeContext): Handlers<'restore'> {
  const { engine } = context;
  return {
    async 'restore.preview'({ project, branch, to, limit }, caller) {
      const head = engine.resolve(project, engine.branch(project, branch).name);
      const target = engine.resolve(project, to);
      const common = commonLsn(engine.timelines(project), head, target);
      const { entries, changes } = await discarded(engine, project, branch, common);
      const diff = await fittingPage(pageSize(limit, DOCUMENTS_USUAL, DOCUMENTS_MAX), async size =>
        presentDiff(await engine.diff(project, head.ref, to, { limit: size, signal: caller.signal }))
      );
      return {
        branch,
        from: presentState(head),
        to: presentState(target),
        backup: engine.backupName(project, branch),
        changes,
        discarded: entries.map(presentEntry),
        diff
      };
    },

    async 'restore.plan'({ project, branch, to, collection, ids, session }, caller) {
      const keys = ids?.map(id => docKeyOfValue(fromExtendedJson(id)));
      const options = defined<RestoreOptions>({ collection, keys });
      const origin = originOf(context, caller, session);
      return presentPlan(await engine.planRestore(project, branch, to, origin, options));
    },

    async 'restore.apply'({ project, branch, to, session }, caller) {
      const origin = originOf(context, caller, session);
      const reset = await engine.resetBranch(project, branch, to, origin);
      return { branch: presentBranch(reset.branch, mainTimeline(engine, project)), backup: reset.backup };
    }
  };
}

interface Position {
  readonly timeline: TimelineId;
  readonly lsn: Lsn;
}

/** The newest LSN that both states have in common: changes of `a` after it are not in `b`. */
export function commonLsn(timelines: readonly TimelineInfo[], a: Position, b: Position): Lsn {
  const line = new Map(lineage(timelines, a).map(({ timeline, lsn }) => [timeline, lsn]));
  for (const { timeline, lsn } of lineage(timelines, b)) {
    const other = line.get(timeline);
    if (other !== undefined) {
      return other < lsn ? other : lsn;
    }
  }
  return 0 as Lsn;
}

/** A state's own timeline and its ancestors, each with the LSN up to which the state includes it. */
function lineage(timelines: readonly TimelineInfo[], { timeline, lsn }: Position): Position[] {
  const byId = new Map(timelines.map(info => [info.id, info]));
  const line: Position[] = [{ timeline, lsn }];
  for (let info = byId.get(timeline); info?.parent !== undefined; info = byId.get(info.parent)) {
    const above = line.at(-1)?.lsn ?? lsn;
    line.push({ timeline: info.parent, lsn: above < info.forkLsn ? above : info.forkLsn });
  }
  return line;
}

/** Entries of the branch after `common`, newest first, and how many changes they are. */
async function discarded(
  engine: Engine,
  project: string,
  branch: string,
  common: Lsn
): Promise<{ entries: LogEntry[]; changes: number }> {
  const entries: LogEntry[] = [];
  let changes = 0;
  let before: Lsn | undefined;
  do {
    const options = { ref: branch, limit: ENTRIES_STEP };
    const page = await engine.log(project, before === undefined ? options : { ...options, before });
    for (const whole of page.entries) {
      if (whole.lastLsn <= common) {
        return { entries, changes };
      }
      const entry = whole.firstLsn > common ? whole : await tailOf(engine, project, whole, common);
      changes += entry.inserts + entry.updates + entry.deletes + entry.catalog.length;
      if (entries.length < DISCARDED_MAX) {
        entries.push(entry);
      }
    }
    before = page.next;
  } while (before !== undefined);
  return { entries, changes };
}

/** The part of a folded run of writes that lies after `common`. */
async function tailOf(engine: Engine, project: string, entry: LogEntry, common: Lsn): Promise<LogEntry> {
  const count = { insert: 0, update: 0, delete: 0 };
  const collections = new Set<string>();
  let first = (common + 1) as Lsn;
  let firstAt: Date | undefined;
  for (;;) {
    const page = await engine.changes(project, entry.timeline, {
      first,
      last: entry.lastLsn,
      limit: CHANGES_STEP,
      images: false
    });
    for (const change of page) {
      firstAt ??= change.time;
      count[change.op]++;
      collections.add(change.collection);
    }
    const last = page.at(-1);
    if (last === undefined || page.length < CHANGES_STEP) {
      break;
    }
    first = (last.lsn + 1) as Lsn;
  }
  return {
    ...entry,
    firstLsn: (common + 1) as Lsn,
    firstAt: firstAt ?? entry.firstAt,
    inserts: count.insert,
    updates: count.update,
    deletes: count.delete,
    collections: [...collections],
    catalog: []
  };
}
