import {
  ArgonError,
  docKeyOfValue,
  fromExtendedJson,
  type Change,
  type DiffOptions,
  type Engine,
  type Lsn,
  type TimelineId,
  type TimelineInfo
} from '@argon/wal-core';
import { lsnOf, pageSize, type BridgeContext, type Handlers } from '../context';
import { fittingPage } from '../paging';
import { defined } from '../../defined';
import { presentEntry, presentState, presentTimeline } from '../present';
import type { ChangesResult, Collection, HistoryResult, LogResult } from '../protocol';
import { presentChange, presentDiff, presentDocument } from '../values';

const ENTRIES_USUAL = 100;
const ENTRIES_MAX = 2_000;
const CHANGES_USUAL = 100;
const CHANGES_MAX = 2_000;
const DOCUMENTS_USUAL = 100;
const DOCUMENTS_MAX = 2_000;
/** Up to so many, all timelines of a project come with the log; beyond, those that its entries touch. */
const TIMELINES_ALL_MAX = 2_000;

/** States, log, history and differences. */
export function historyMethods({
  engine
}: BridgeContext): Handlers<'ref' | 'log' | 'changes' | 'history' | 'diff'> {
  return {
    'ref.resolve'({ project, ref }) {
      return presentState(engine.resolve(project, ref));
    },

    async 'ref.collections'({ project, ref }) {
      const state = engine.resolve(project, ref);
      const collections: Collection[] = [];
      for (const info of state.collections()) {
        collections.push({
          name: info.name,
          count: await state.count(info),
          digest: await state.digest(info),
          indexes: info.indexes.map(({ name, key, unique, sparse }) => ({
            name,
            key: presentDocument(key),
            unique,
            sparse
          })),
          options: presentDocument(info.options)
        });
      }
      return { state: presentState(state), digest: await state.stateDigest(), collections };
    },

    async log({ project, ref, before, limit }) {
      const size = pageSize(limit, ENTRIES_USUAL, ENTRIES_MAX);
      const { head } = engine.project(project);
      const page =
        size === 0
          ? { entries: [] }
          : await engine.log(
              project,
              defined<{ ref?: string; before?: Lsn; limit?: number }>({
                ref,
                before: before === undefined ? undefined : lsnOf(before),
                limit: size
              })
            );
      const touched = page.entries.flatMap(({ timeline, merge }) =>
        merge ? [timeline, merge.sourceTimeline] : [timeline]
      );
      const timelines = shownTimelines(engine, project, touched);
      return defined<LogResult>({
        entries: page.entries.map(presentEntry),
        timelines: timelines.map(timeline =>
          presentTimeline(timeline, engine.branchOf(project, timeline.id))
        ),
        horizon: 0,
        head,
        next: 'next' in page ? page.next : undefined
      });
    },

    changes({ project, timeline, firstLsn, lastLsn, limit, after }) {
      const id = timeline as TimelineId;
      if (engine.timeline(project, id) === undefined) {
        throw new ArgonError(
          'REF_NOT_FOUND',
          `The project ${JSON.stringify(project)} has no timeline ${timeline}.`,
          {
            data: { project, timeline }
          }
        );
      }
      const first = lsnOf(after === undefined ? firstLsn : Math.max(firstLsn, after + 1));
      const last = lsnOf(lastLsn);
      return fittingPage<ChangesResult>(pageSize(limit, CHANGES_USUAL, CHANGES_MAX), async size => {
        // One more than shown tells whether there is a next page.
        const found = await engine.changes(project, id, { first, last, limit: size + 1, images: true });
        const page = found.slice(0, size);
        const next = found.length > size ? (page.at(-1)?.lsn ?? first - 1) : undefined;
        return defined<ChangesResult>({ changes: page.map(presentChange), next });
      });
    },

    history({ project, ref, collection, id, limit, before, after }) {
      const key = docKeyOfValue(fromExtendedJson(id));
      if (after !== undefined) {
        return fittingPage<HistoryResult>(pageSize(limit, CHANGES_USUAL, CHANGES_MAX), async size => {
          // One look at the state, so that the pages it walks belong together.
          const at = engine.resolve(project, ref).ref;
          const found = await nextVersions(engine, { project, ref: at, collection, key, after, size });
          const changes = found.slice(-size);
          const newest = changes[0]?.lsn;
          return defined<HistoryResult>({
            changes: changes.map(presentChange),
            next: undefined,
            newer: found.length > size ? newest : undefined
          });
        });
      }
      return fittingPage<HistoryResult>(pageSize(limit, CHANGES_USUAL, CHANGES_MAX), async size => {
        const options = defined<{ limit?: number; before?: Lsn }>({
          limit: size + 1,
          before: before === undefined ? undefined : lsnOf(before)
        });
        const found = await engine.history(project, ref, collection, key, options);
        const page = found.slice(0, size);
        return defined<HistoryResult>({
          changes: page.map(presentChange),
          next: found.length > size ? page.at(-1)?.lsn : undefined,
          newer: undefined
        });
      });
    },

    diff({ project, from, to, collection, after, limit }, caller) {
      return fittingPage(pageSize(limit, DOCUMENTS_USUAL, DOCUMENTS_MAX), async size => {
        const { signal } = caller;
        const options = defined<DiffOptions>({ collection, after, limit: size, signal });
        return presentDiff(await engine.diff(project, from, to, options));
      });
    }
  };
}

/** The oldest versions of a document that are newer than `after`, newest first: one more than `size` when there are. */
async function nextVersions(
  engine: Engine,
  of: {
    project: string;
    ref: string;
    collection: string;
    key: ReturnType<typeof docKeyOfValue>;
    after: number;
    size: number;
  }
): Promise<Change[]> {
  let kept: Change[] = [];
  let before: Lsn | undefined;
  for (;;) {
    const options = defined<{ limit?: number; before?: Lsn }>({ limit: CHANGES_MAX, before });
    const page = await engine.history(of.project, of.ref, of.collection, of.key, options);
    const newer = page.filter(({ lsn }) => lsn > of.after);
    // Walked from the newest on, so only the end of what was seen is held.
    kept = [...kept, ...newer].slice(-(of.size + 1));
    before = page.at(-1)?.lsn;
    if (before === undefined || newer.length < page.length || page.length < CHANGES_MAX) {
      return kept;
    }
  }
}

/** All timelines, or when they are too many those that were touched, with their ancestors. */
function shownTimelines(
  engine: Engine,
  project: string,
  touched: readonly TimelineId[]
): readonly TimelineInfo[] {
  if (engine.timelineCount(project) <= TIMELINES_ALL_MAX) {
    return engine.timelines(project);
  }
  const shown = new Map<TimelineId, TimelineInfo>();
  for (const start of touched) {
    let timeline = engine.timeline(project, start);
    while (timeline && !shown.has(timeline.id)) {
      shown.set(timeline.id, timeline);
      timeline = timeline.parent === undefined ? undefined : engine.timeline(project, timeline.parent);
    }
  }
  return [...shown.values()];
}
