import type { CollectionId, Lsn, TimelineId } from '../api';
import { Timeline } from '../branch/model';
import {
  IMAGE_LOAD_CHANGES_MAX,
  IMAGE_LOAD_RECORDS_MIN,
  IMAGE_LOAD_STEP_CHANGES_MIN,
  IMAGE_LOAD_STEP_MS_MAX
} from '../limits';
import { ImageKeeper, type KeeperParts } from './keeper';
import { NO_STACK } from './stack';

const ITEMS = 1 as CollectionId;
const LATER_MS = 100;

/** A keeper that notes when it begins with an image, and makes none. */
function keeperBeside(records: number, changesMin = 10) {
  const unapplied = { records };
  let begun = 0;
  const parts = {
    unapplied,
    images: { stack: () => NO_STACK, all: () => [] },
    overlays: { applied: () => undefined, changesOn: () => 0 },
    stats: { row: () => undefined },
    // The first step of making one.
    caughtUp: async () => {
      begun++;
      throw new Error('no further');
    }
  };
  const keeper = new ImageKeeper(parts as unknown as KeeperParts, { limits: { changesMin } });
  const timeline = new Timeline(1 as TimelineId, 1 as Timeline['project'], undefined, 0 as Lsn, 0);
  const apply = (count: number) => {
    const record = { collection: ITEMS, key: Buffer.from([1]), image: undefined };
    for (let i = 0; i < count; i++) {
      keeper.applied(timeline, record, (i + 1) as Lsn);
    }
  };
  return { keeper, unapplied, apply, begun: () => begun };
}

function later(): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, LATER_MS));
}

describe('images beside a load', () => {
  it('wait until less is on its way into the state', async () => {
    const { keeper, unapplied, apply, begun } = keeperBeside(IMAGE_LOAD_RECORDS_MIN);
    apply(20);
    await later();
    expect([begun(), keeper.isBuilding]).toEqual([0, true]);
    unapplied.records = IMAGE_LOAD_RECORDS_MIN - 1;
    await keeper.settled();
    expect(begun()).toBe(1);
  });

  it('are made all the same when too much has changed', async () => {
    const { keeper, apply, begun } = keeperBeside(IMAGE_LOAD_RECORDS_MIN);
    apply(20);
    await later();
    expect(begun()).toBe(0);
    apply(IMAGE_LOAD_CHANGES_MAX);
    await keeper.settled();
    expect(begun()).toBe(1);
  });

  describe('of many changes that never wait', () => {
    const STEPS = 8;

    beforeEach(() => jest.useFakeTimers());
    afterEach(() => jest.useRealTimers());

    async function begunAfterEach(stepMs: number) {
      const beside = keeperBeside(0, 2 * IMAGE_LOAD_STEP_CHANGES_MIN);
      const seen: number[] = [];
      for (let step = 0; step < STEPS; step++) {
        beside.apply(IMAGE_LOAD_STEP_CHANGES_MIN);
        await jest.advanceTimersByTimeAsync(stepMs);
        seen.push(beside.begun());
      }
      return { ...beside, seen };
    }

    it('wait until the state takes them more slowly', async () => {
      const { keeper, seen, begun } = await begunAfterEach(IMAGE_LOAD_STEP_MS_MAX - 1);
      expect(seen).toEqual(Array(STEPS).fill(0));
      await jest.advanceTimersByTimeAsync(IMAGE_LOAD_STEP_MS_MAX);
      await keeper.settled();
      expect(begun()).toBe(1);
    });

    it('do not wait where it has taken them slowly all the time', async () => {
      const { seen } = await begunAfterEach(IMAGE_LOAD_STEP_MS_MAX);
      expect(seen.slice(0, 2)).toEqual([0, 1]);
    });
  });

  it('are given up while they wait when the engine closes', async () => {
    const { keeper, apply, begun } = keeperBeside(IMAGE_LOAD_RECORDS_MIN);
    apply(20);
    await keeper.stop();
    expect([begun(), keeper.isBuilding]).toEqual([0, false]);
  });
});
