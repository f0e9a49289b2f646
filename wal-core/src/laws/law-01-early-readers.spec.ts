import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { type Lsn } from '../api';
import { openEngine } from '../engine';
import { holdState, releaseStates } from './hold';
import { ADA, image, SHOP, temporaryDirectory, World } from './world';

/** How long a start that must wait for the state is watched, in milliseconds. */
const WATCH_MS = 300;

const LIST = image({ v: 2, key: { tags: 1 }, name: 'tags_1' });
const UNIQUE = image({ v: 2, key: { email: 1 }, name: 'email_1', unique: true });

/** The directory of a world as a kill would leave it now. */
function killed(world: World): string {
  const copy = temporaryDirectory();
  for (const part of ['log', 'state']) {
    cpSync(join(world.directory, part), join(copy, part), { recursive: true });
  }
  return copy;
}

/** A world with some documents in the state, and the same with changes that only the log has. */
async function changed(change: (world: World) => Promise<void>, before = async (_: World) => {}) {
  const world = await World.open();
  await world.put('main', [
    { _id: 1, n: 0, email: 'a' },
    { _id: 2, n: 0, email: 'b' },
    { _id: 3, n: 0, email: 'c' }
  ]);
  await before(world);
  await world.view('main').stateDigest();
  const hold = holdState();
  await change(world);
  const directory = killed(world);
  hold.release();
  return { world, directory };
}

describe('law 1: a start after a kill', () => {
  afterEach(releaseStates);

  it('lets readers and writers in before the state has what the log has, and all of them see it', async () => {
    const { world, directory } = await changed(async each => {
      each.clock.now += 1_000;
      await each.put('main', [{ _id: 1, n: 1, email: 'a' }]);
      each.clock.now += 1_000;
      await each.put(
        'main',
        [
          { _id: 2, n: 2, email: 'b' },
          { _id: 4, n: 2, email: 'd' }
        ],
        { atomic: true }
      );
      each.clock.now += 1_000;
      await each.remove('main', [3]);
      await each.engine.createBranch(SHOP, 'side', ADA, { from: 'main' });
      await each.put('side', [{ _id: 5, n: 5, email: 'e' }]);
      await each.engine.write(SHOP, 'main', ADA, () => undefined, {
        retry: { key: 'session/7/0', reply: () => image({ ok: 1 }) }
      });
    });
    const hold = holdState();
    const again = await World.open({ directory });
    expect(again.engine.status().pendingRecords).toBeGreaterThan(0);

    const { head } = world.engine.project(SHOP);
    expect(again.engine.project(SHOP).head).toBe(head);
    const refs = ['main', 'side', ...Array.from({ length: head + 1 }, (_, at) => `main@${at}`)];
    for (const ref of refs) {
      for (const id of [1, 2, 3, 4, 5]) {
        expect([ref, id, again.get(ref, id)]).toEqual([ref, id, world.get(ref, id)]);
      }
      // A ref that names an LSN inside the group means the one before it.
      expect([ref, again.view(ref).lsn, again.view(ref).time]).toEqual([
        ref,
        world.view(ref).lsn,
        world.view(ref).time
      ]);
    }
    for (let at = 1; at <= head; at++) {
      const time = world.engine.timeOf(SHOP, at as Lsn);
      expect(again.engine.timeOf(SHOP, at as Lsn)).toBe(time);
      expect(again.engine.lsnAt(SHOP, time)).toBe(world.engine.lsnAt(SHOP, time));
    }
    expect(again.engine.retried('session/7/0')).toEqual(image({ ok: 1 }));

    const commit = await again.put('main', [{ _id: 1, n: 9, email: 'a' }]);
    expect(commit.firstLsn).toBe(head + 1);
    expect(again.get('main', 1)).toEqual({ _id: 1, n: 9, email: 'a' });

    hold.release();
    await world.put('main', [{ _id: 1, n: 9, email: 'a' }]);
    for (const ref of ['main', 'side', `main@${head}`]) {
      expect(await again.dump(ref)).toEqual(await world.dump(ref));
      expect(await again.view(ref).stateDigest()).toEqual(await world.view(ref).stateDigest());
    }
    expect(again.engine.status().pendingRecords).toBe(0);
    expect(await again.engine.verify()).toMatchObject({ problems: [] });
    await again.close();
    await world.close();
  });

  it('knows at once that a field of an index became a list', async () => {
    const { world, directory } = await changed(
      async each => {
        await each.put('main', [{ _id: 1, tags: ['x', 'y'] }]);
      },
      async each => {
        await each.engine.createIndex(SHOP, 'main', 'items', LIST, ADA);
      }
    );
    const hold = holdState();
    const again = await World.open({ directory });
    const index = (of: World) =>
      of
        .view('main')
        .collection('items')!
        .indexes.find(({ name }) => name === 'tags_1')!;
    expect(again.engine.isMultikey(index(again))).toBe(true);
    hold.release();
    await again.close();
    await world.close();
  });

  it.each([
    [
      'gives keys of a unique index',
      async (world: World) => {
        await world.put('main', [{ _id: 4, email: 'd' }]);
      }
    ],
    [
      'makes a collection',
      async (world: World) => {
        await world.put('main', [{ _id: 1 }], { collection: 'others' });
      }
    ]
  ])('waits for the state when what is replayed %s', async (_, change) => {
    const { world, directory } = await changed(change, async each => {
      await each.engine.createIndex(SHOP, 'main', 'items', UNIQUE, ADA);
    });
    const hold = holdState();
    const opening = openEngine({ directory });
    const watch = new Promise(resolve => setTimeout(() => resolve('waits'), WATCH_MS));
    expect(await Promise.race([opening.then(() => 'open'), watch])).toBe('waits');
    hold.release();
    const engine = await opening;
    expect(engine.status().pendingRecords).toBe(0);
    await engine.close();
    await world.close();
  });
});
