import type { AnswerRule, Snapshot } from '../api';
import * as limits from '../limits';
import { allowSeconds } from './chance';
import { ADA, image, SHOP, World } from './world';

allowSeconds(60);

type LimitName = keyof typeof limits;

/** What goes one beyond a limit. */
interface Refusal {
  /** The limit for the test, where its own would take long to reach. */
  readonly lowered?: number;
  readonly code?: string;
  /** The value that is refused, when it is not the next one. */
  readonly value?: number;
  /** Does what is refused. */
  readonly act: (world: World, limit: number) => unknown;
}

const name = (length: number) => 'n'.repeat(length);

async function mergePlan(world: World): Promise<string> {
  await world.put('main', [{ _id: 1 }]);
  await world.engine.createBranch(SHOP, 'other', ADA, { from: 'main' });
  await world.put('other', [{ _id: 2 }]);
  return (await world.engine.planMerge(SHOP, 'other', 'main', ADA)).id;
}

/** Limits of what is asked for: what is more is refused. */
const REFUSED: Partial<Record<LimitName, Refusal>> = {
  DOCUMENT_BYTES_MAX: {
    act: (world, limit) => world.put('main', [{ _id: 1, fill: Buffer.alloc(limit + 1 - 25) }])
  },
  FRAME_BYTES_MAX: {
    lowered: 1_000,
    value: expect.any(Number) as never,
    act: world => world.put('main', [{ _id: 1, fill: Buffer.alloc(2_000) }])
  },
  TRANSACTION_RECORDS_MAX: {
    lowered: 3,
    // A collection and three documents.
    act: world =>
      world.engine.transaction(ADA).write(SHOP, 'main', writer => {
        const items = writer.ensureCollection('items');
        [1, 2, 3].forEach(_id => writer.insert(items, image({ _id })));
      })
  },
  TRANSACTIONS_OPEN_MAX: {
    lowered: 5,
    act: (world, limit) => Array.from({ length: limit + 1 }, () => world.engine.transaction(ADA))
  },
  PROJECT_NAME_BYTES_MAX: {
    code: 'NAME_INVALID',
    act: (world, limit) => world.engine.createProject(name(limit + 1), ADA)
  },
  BRANCH_NAME_BYTES_MAX: {
    code: 'NAME_INVALID',
    act: (world, limit) => world.engine.createBranch(SHOP, name(limit + 1), ADA, { from: 'main' })
  },
  COLLECTION_NAME_BYTES_MAX: {
    code: 'NAME_INVALID',
    act: (world, limit) => world.put('main', [{ _id: 1 }], { collection: name(limit + 1) })
  },
  INDEXES_PER_COLLECTION_MAX: {
    lowered: 4,
    act: async (world, limit) => {
      await world.put('main', [{ _id: 1 }]);
      // The one on `_id` counts.
      for (let i = 1; i <= limit; i++) {
        await world.engine.createIndex(
          SHOP,
          'main',
          'items',
          image({ key: { [`f${i}`]: 1 }, name: `f${i}` }),
          ADA
        );
      }
    }
  },
  PLAN_ANSWERS_MAX: {
    lowered: 2,
    act: async world => {
      const answers = ['a', 'b', 'c'].map(conflict => ({ conflict, answer: { take: 'ours' as const } }));
      await world.engine.answerPlan(SHOP, await mergePlan(world), answers);
    }
  },
  PLAN_RULES_MAX: {
    act: async (world, limit) => {
      const rules = Array.from({ length: limit + 1 }, (): AnswerRule => ({ take: 'ours' }));
      await world.engine.answerPlan(SHOP, await mergePlan(world), [], rules);
    }
  },
  ROW_KEY_BYTES_MAX: {
    act: (world, limit) => world.engine.putValue(name(limit + 1), image({}))
  },
  ORIGIN_BYTES_MAX: {
    act: (world, limit) => {
      const rest = JSON.stringify({ actor: '' }).length;
      return world.put('main', [{ _id: 1 }], { origin: { actor: name(limit + 1 - rest) } });
    }
  },
  TXN_BYTES_MAX: {
    act: (world, limit) => world.put('main', [{ _id: 1 }], { txn: name(limit + 1) })
  },
  RUN_FACTS_BYTES_MAX: {
    act: (world, limit) => {
      const rest = JSON.stringify({ a: '' }).length;
      return world.engine.registerRun(SHOP, 'run', 'main', { a: name(limit + 1 - rest) });
    }
  },
  CHECKS_MAX: {
    act: (world, limit) =>
      world.engine.protectBranch(SHOP, 'main', true, ADA, {
        checks: Array.from({ length: limit + 1 }, (_, i) => `check-${i}`)
      })
  },
  CHECK_NAME_BYTES_MAX: {
    code: 'NAME_INVALID',
    act: (world, limit) => world.engine.protectBranch(SHOP, 'main', true, ADA, { checks: [name(limit + 1)] })
  },
  CHECK_DETAIL_BYTES_MAX: {
    act: async (world, limit) => {
      const check = { name: 'tests', passed: true, detail: name(limit + 1) };
      await world.engine.recordCheck(SHOP, await mergePlan(world), check, ADA);
    }
  },
  FEED_BATCH_MAX: {
    code: 'BAD_REQUEST',
    act: async (world, limit) => {
      for await (const _ of world.engine.feed(SHOP, { after: 0 as never, live: false, batch: limit + 1 })) {
        // It is refused before there is one.
      }
    }
  },
  DIFF_PAGE_MAX: {
    code: 'BAD_REQUEST',
    act: (world, limit) => world.engine.diff(SHOP, 'main', 'main', { limit: limit + 1 })
  },
  OVERLAP_DOCUMENTS_MAX: {
    code: 'BAD_REQUEST',
    act: (world, limit) => world.engine.overlap(SHOP, 'main', 'main', { limit: limit + 1 })
  }
};

/** Limits of what the engine does by itself: what is more waits, goes in parts, to a file, or is forgotten and read again. */
const KEPT: readonly LimitName[] = [
  ...(['PART_BYTES_MAX', 'PART_RECORDS_MAX', 'SCRATCH_ROWS_MAX', 'SCRATCH_STEP_ROWS_MAX'] as const),
  ...(['TRANSACTION_CLAIMS_MAX', 'TRANSACTION_IDLE_MS_MAX', 'TRANSACTION_MS_MAX'] as const),
  ...(['CONFLICT_CHECKS_MAX', 'SEGMENT_BYTES_MAX'] as const),
  ...([
    'COLD_CACHE_BYTES_MAX',
    'STATE_CHECK_BYTES_MAX',
    'INLINE_IMAGE_BYTES_MAX',
    'LINE_VALUE_BYTES_MAX'
  ] as const),
  ...(['APPLY_RECORDS_MAX', 'APPLY_LOAD_RECORDS_MAX', 'APPLY_DELAY_MS', 'APPLY_FULL_DELAY_MS'] as const),
  ...(['UNAPPLIED_RECORDS_MAX', 'UNAPPLIED_BYTES_MAX', 'SLICE_MS_MAX'] as const),
  ...(['BATCH_DOCUMENTS_DEFAULT', 'BATCH_BYTES_MAX', 'BLAME_VERSIONS_MAX', 'HISTORY_CHANGES_MAX'] as const),
  ...(['PLAN_OVER_MS_MAX', 'PLAN_OPEN_MS_MAX', 'INDEX_AT_ONCE_DOCUMENTS_MAX', 'INDEX_BEHIND_MAX'] as const),
  ...([
    'INDEX_FILL_BEGUN_MAX',
    'INDEX_FILL_RECORDS_MAX',
    'LOG_ROOM_PART',
    'LOG_ROOM_BYTES_MIN',
    'LOG_ROOM_BYTES_MAX',
    'INDEX_SORT_BYTES_MAX',
    'INDEX_SORT_INLINE_BYTES_MAX',
    'BROUGHT_INDEXES_MAX',
    'BROUGHT_INDEX_MS_MAX'
  ] as const),
  ...(['EXPIRED_DOCUMENTS_MAX', 'FIRST_READ_BYTES_MAX', 'IMAGE_FILES_OPEN_MAX'] as const),
  ...(['IMAGE_DIRECTORIES_BYTES_MAX', 'OVERLAYS_BYTES_MAX', 'OVERLAY_IMAGE_BYTES_MAX'] as const),
  ...(['OVERLAY_CHANGES_MAX', 'OVERLAY_WHOLE_CHANGES_MAX', 'OVERLAY_AT_ONCE_CHANGES_MAX'] as const),
  ...(['IMAGE_CHANGES_MIN', 'IMAGE_LOAD_RECORDS_MIN', 'IMAGE_LOAD_CHANGES_MAX'] as const),
  ...(['IMAGE_LOAD_STEP_CHANGES_MIN', 'IMAGE_LOAD_STEP_MS_MAX'] as const),
  ...(['RUN_PART', 'RUN_CHANGES_MAX', 'FLATTEN_PART', 'RUNS_MAX', 'REBASE_PART', 'RUNS_OLD_MAX'] as const),
  ...(['IMAGE_THIN_AGE_MS', 'IMAGE_LINE_CHANGES_MAX', 'IMAGE_TRIES_MAX', 'WORKERS_MAX'] as const),
  ...([
    'WORKER_HEAP_MB_MAX',
    'WORKER_YOUNG_MB_MAX',
    'WORKER_TASKS_MAX',
    'WORKER_IDLE_MS_MAX',
    'WORKER_LAST_IDLE_MS_MAX',
    'FLOWS_MAX'
  ] as const),
  ...(['HANDED_DOCUMENTS_MIN', 'HANDED_BYTES_MAX', 'FAR_CHANGES_MIN', 'FAR_ROWS_MAX'] as const),
  'PAGE_CACHE_BYTES_MAX'
];

describe('law 13: limits', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.open();
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await world.close();
  });

  it('each is one of those that refuse, or of those that bound what the engine does by itself', () => {
    const known = [...Object.keys(REFUSED), ...KEPT];
    expect(Object.keys(limits).sort()).toEqual([...new Set(known)].sort());
    expect(known).toHaveLength(new Set(known).size);
  });

  it('each has a unit in its name, and a value that can be one', () => {
    for (const [limit, value] of Object.entries(limits)) {
      expect(limit).toMatch(/_(?:MAX|MIN|MS|DEFAULT|PART)$/);
      expect(value > 0 && Number.isFinite(value)).toBe(true);
    }
  });

  it.each(Object.entries(REFUSED))(
    '%s is refused with the limit and the value, and nothing is written',
    async (limit, { lowered, code = 'LIMIT_EXCEEDED', value, act }) => {
      if (lowered !== undefined) {
        jest.replaceProperty(limits, limit as never, lowered as never);
      }
      const most = limits[limit as LimitName];
      const error: unknown = await Promise.resolve()
        .then(() => act(world, most))
        .then(
          () => undefined,
          (thrown: unknown) => thrown
        );
      expect(error).toMatchObject({ code, data: { limit: most, value: value ?? most + 1 } });
      const { message, data } = error as { message: string; data: { value: number } };
      expect(message).toContain(String(most));
      expect(message).toContain(String(data.value));
      // What was refused left nothing, and the next write goes on.
      await world.put('main', [{ _id: 'after' }], { collection: 'after' });
      const view: Snapshot = world.view('main');
      expect(await view.count(view.collection('after')!)).toBe(1);
      await world.reopen();
      expect((await world.engine.verify()).problems).toEqual([]);
    }
  );
});
