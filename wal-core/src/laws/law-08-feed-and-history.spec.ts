import fc from 'fast-check';
import type { Change, FeedBatch, FeedOptions, LogEntry, Lsn } from '../api';
import { allowSeconds, random, runs } from './chance';
import { type Edit, edits, TIGHT, write } from './edits';
import { holdState, releaseStates } from './hold';
import { ADA, keyOf, lsn, SHOP, World } from './world';

allowSeconds(120);

async function collect(
  feed: AsyncIterable<FeedBatch>
): Promise<{ changes: Change[]; upTo: Lsn | undefined }> {
  const changes: Change[] = [];
  let upTo: Lsn | undefined;
  for await (const batch of feed) {
    changes.push(...batch.changes);
    expect(upTo === undefined || batch.upTo > upTo).toBe(true);
    upTo = batch.upTo;
  }
  return { changes, upTo };
}

/** Two branches with all kinds of commits between them. */
async function busy(world: World, first: readonly Edit[], second: readonly Edit[]): Promise<void> {
  const { engine } = world;
  await write(world, 'main', first);
  await world.put('main', [{ _id: 100 }, { _id: 101 }]);
  await engine.createBranch(SHOP, 'exp', ADA);
  for (const [i, edit] of second.entries()) {
    await write(world, i % 3 === 0 ? 'main' : 'exp', [edit]);
  }
  const transaction = engine.transaction(ADA);
  for (const branch of ['main', 'exp']) {
    await transaction.write(SHOP, branch, writer => {
      writer.ensureCollection(`made ${branch}`);
      writer.remove(writer.collection('items')!, keyOf(100));
    });
  }
  await transaction.commit();
  const plan = await engine.planMerge(SHOP, 'exp', 'main', ADA);
  await engine.answerPlan(SHOP, plan.id, [], 'theirs');
  await engine.applyPlan(SHOP, plan.id, ADA);
  await world.put('exp', [{ _id: 7, late: true }]);
}

describe('law 8: what was ever written is told', () => {
  afterEach(releaseStates);

  it(random('by a feed from any LSN on: in order, each change once, none left out'), async () => {
    await fc.assert(
      fc.asyncProperty(
        edits,
        edits,
        fc.integer({ min: 1, max: 9 }),
        fc.boolean(),
        async (first, second, batch, tight) => {
          const world = await World.open(tight ? { parts: TIGHT } : {});
          await busy(world, first, second);
          const { engine } = world;
          const { head } = engine.project(SHOP);
          const read = (after: number, more: Partial<FeedOptions> = {}) =>
            collect(engine.feed(SHOP, { after: lsn(after), live: false, batch, ...more }));
          const all = await read(0);
          expect(all.upTo).toBe(head);
          expect(all.changes.map(change => change.lsn)).toEqual(
            Array.from({ length: head }, (_, i) => i + 1)
          );
          for (const timeline of engine.timelines(SHOP)) {
            const own = await engine.changes(SHOP, timeline.id, { first: lsn(1), last: head, limit: 1000 });
            expect(all.changes.filter(change => change.timeline === timeline.id)).toEqual(own);
            const back = await engine.changes(SHOP, timeline.id, {
              first: lsn(1),
              last: head,
              limit: 1000,
              reverse: true
            });
            expect([...back].reverse()).toEqual(own);
          }
          for (let after = 0; after < head; after += 7) {
            expect((await read(after)).changes).toEqual(all.changes.filter(change => change.lsn > after));
            const some = await read(after, { collection: 'items', images: false });
            expect(some.changes.map(change => change.lsn)).toEqual(
              all.changes
                .filter(change => change.lsn > after && change.collection === 'items')
                .map(change => change.lsn)
            );
          }
          // Of a branch: what its state consists of. Replayed, it is that state.
          const replayed = new Map<string, string>();
          for (const change of (await read(0, { branch: 'exp' })).changes) {
            if (change.collection === '(catalog)') {
              continue;
            }
            const name = `${change.collection}/${change.key.toString('hex')}`;
            expect(change.before?.toString('hex')).toBe(replayed.get(name));
            if (change.after === undefined) {
              replayed.delete(name);
            } else {
              replayed.set(name, change.after.toString('hex'));
            }
          }
          expect(new Map([...replayed].sort())).toEqual(new Map([...(await world.dump('exp'))].sort()));
          await world.close();
        }
      ),
      runs<[Edit[], Edit[], number, boolean]>(8)
    );
  });

  it('by a feed that goes on with what comes, waits for its reader, and ends when it is told to', async () => {
    const world = await World.open();
    const { engine } = world;
    await world.put('main', [{ _id: 0 }]);
    const stop = new AbortController();
    const seen: number[] = [];
    const reading = (async () => {
      for await (const { changes } of engine.feed(SHOP, { after: lsn(0), signal: stop.signal, batch: 3 })) {
        seen.push(...changes.map(change => change.lsn));
        await new Promise(resolve => setTimeout(resolve, 1));
      }
    })();
    const ended = expect(reading).rejects.toMatchObject({ code: 'CANCELLED' });
    const writers = ['main', 'a', 'b'].map(async name => {
      if (name !== 'main') {
        await engine.createBranch(SHOP, name, ADA);
      }
      for (let i = 1; i < 15; i++) {
        await world.put(name, [{ _id: i }, { _id: i + 100 }], { atomic: i % 2 === 0 });
      }
    });
    await Promise.all(writers);
    const { head } = engine.project(SHOP);
    while (seen.at(-1) !== head) {
      await new Promise(resolve => setTimeout(resolve, 2));
    }
    expect(seen).toEqual(Array.from({ length: head }, (_, i) => i + 1));
    stop.abort();
    await ended;
    // A reader who leaves is not waited for; one of a branch is told when the branch moves.
    for await (const _ of engine.feed(SHOP, { after: lsn(0), batch: 1 })) {
      break;
    }
    const moved = collect(engine.feed(SHOP, { after: lsn(0), branch: 'a' }));
    await new Promise(resolve => setTimeout(resolve, 5));
    await engine.resetBranch(SHOP, 'a', 'main@1', ADA);
    expect((await moved).changes.length).toBeGreaterThan(20);
    for (const options of [{ after: lsn(head + 1) }, { after: lsn(0), batch: 0 }, { after: lsn(-1) }]) {
      await expect(collect(engine.feed(SHOP, { live: false, ...options }))).rejects.toThrow();
    }
    const orphan = collect(engine.feed(SHOP, { after: head }));
    await engine.deleteProject(SHOP, ADA);
    expect((await orphan).changes).toEqual([]);
    await world.close();
  });

  it('not before the whole of a large commit is there', async () => {
    const world = await World.open({ parts: TIGHT });
    const { engine } = world;
    await world.put(
      'main',
      Array.from({ length: 20 }, (_, i) => ({ _id: i }))
    );
    await engine.createBranch(SHOP, 'exp', ADA);
    await world.view('exp').stateDigest();
    const state = holdState();
    const dropped = engine.dropCollection(SHOP, 'main', 'items', ADA);
    await new Promise(resolve => setTimeout(resolve, 60));
    const put = await world.put('exp', [{ _id: 1, n: 1 }]);
    expect(put.firstLsn).toBe(43);
    const feed = engine.feed(SHOP, { after: lsn(21), live: false })[Symbol.asyncIterator]();
    expect((await feed.next()).done).toBe(true);
    state.release();
    await dropped;
    const { changes } = await collect(engine.feed(SHOP, { after: lsn(21), live: false }));
    expect(changes.map(change => change.lsn)).toEqual(Array.from({ length: 22 }, (_, i) => i + 22));
    expect(changes[0]).toMatchObject({ groupLast: 42 });
    await world.close();
  });

  it(random('by the history of a document, a collection and a branch, the same read both ways'), async () => {
    await fc.assert(
      fc.asyncProperty(edits, edits, fc.integer({ min: 1, max: 5 }), async (first, second, limit) => {
        const world = await World.open();
        await busy(world, first, second);
        const { engine } = world;
        const feed = await collect(engine.feed(SHOP, { after: lsn(0), live: false, branch: 'exp' }));
        const items = feed.changes.filter(change => change.collection === 'items');
        const pages = async <T>(
          read: (mark: Lsn | undefined) => Promise<{ found: readonly T[]; next: Lsn | undefined }>
        ) => {
          const all: T[] = [];
          for (let mark: Lsn | undefined; ;) {
            const { found, next } = await read(mark);
            expect(found.length).toBeLessThanOrEqual(limit);
            all.push(...found);
            if (next === undefined) {
              return all;
            }
            mark = next;
          }
        };
        const collectionPages = (way: 'before' | 'after') =>
          pages(async mark => {
            const start =
              way === 'after' ? { after: mark ?? lsn(0) } : mark === undefined ? {} : { before: mark };
            const { changes, next } = await engine.collectionHistory(SHOP, 'exp', 'items', {
              limit,
              ...start
            });
            return { found: changes, next };
          });
        expect(await collectionPages('after')).toEqual(items);
        expect([...(await collectionPages('before'))].reverse()).toEqual(items);
        const key = keyOf(100);
        const versions = items.filter(change => change.key.equals(key));
        const documentPages = (way: 'before' | 'after') =>
          pages(async mark => {
            const start =
              way === 'after' ? { after: mark ?? lsn(0) } : mark === undefined ? {} : { before: mark };
            const found = await engine.history(SHOP, 'exp', 'items', key, { limit, ...start });
            return { found, next: found.at(-1)?.lsn };
          });
        expect(versions).toHaveLength(2);
        expect(await documentPages('after')).toEqual(versions);
        expect([...(await documentPages('before'))].reverse()).toEqual(versions);
        for (const ref of [undefined, 'main', 'exp']) {
          const at = ref === undefined ? {} : { ref };
          const logPages = (way: 'before' | 'after') =>
            pages<LogEntry>(async mark => {
              const start =
                way === 'after' ? { after: mark ?? lsn(0) } : mark === undefined ? {} : { before: mark };
              const { entries, next } = await engine.log(SHOP, { ...at, limit, ...start });
              return { found: entries, next };
            });
          const entries = await logPages('after');
          expect(entries.map(entry => entry.lastLsn)).toEqual(
            entries.map(entry => entry.lastLsn).sort((a, b) => a - b)
          );
          expect([...(await logPages('before'))].reverse()).toEqual(entries);
        }
        await world.close();
      }),
      runs<[Edit[], Edit[], number]>(8)
    );
  });

  it('and no more of it than a state has that ends inside a commit', async () => {
    const world = await World.open();
    const { engine } = world;
    const items = Array.from({ length: 2_000 }, (_, i) => ({ _id: i }));
    // One LSN for the collection, then one for each document.
    await world.put('main', items);
    await engine.createBranch(SHOP, 'exp', ADA, { from: 'main@31' });
    await world.put('exp', [{ _id: 'late' }]);
    for (const [ref, inserts] of [
      ['main@31', [30]],
      ['main@1501', [1_500]],
      ['main', [2_000]],
      ['exp', [1, 30]]
    ] as const) {
      for (const start of [{}, { after: lsn(0) }]) {
        const { entries } = await engine.log(SHOP, { ref, ...start });
        const newestFirst = [...entries].sort((a, b) => b.lastLsn - a.lastLsn);
        expect(newestFirst.map(entry => entry.inserts)).toEqual(inserts);
        const { lastLsn, catalog } = newestFirst.at(-1)!;
        expect({ lastLsn, made: catalog.length }).toEqual({ lastLsn: inserts.at(-1)! + 1, made: 1 });
      }
    }
    await world.close();
  });
});
