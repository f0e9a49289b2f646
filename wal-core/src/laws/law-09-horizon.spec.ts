import { ADA, copyLog, image, lsn, SHOP, World } from './world';

describe('law 9: what is told of history where it begins', () => {
  let world: World;

  beforeEach(async () => {
    world = await World.open();
  });

  afterEach(() => world.close());

  it('a head keeps its time when no LSN before it is kept, and the time of what is gone is said to be gone', async () => {
    const { engine } = world;
    await world.put('main', [{ _id: 1 }]);
    world.clock.now += 60_000;
    await world.put('main', [{ _id: 2 }, { _id: 3 }]);
    const { head, headAt } = engine.branch(SHOP, 'main');
    const known = engine.timeOf(SHOP, head);
    await engine.gc({ retention: { keepLsns: 0 } });
    expect(engine.branch(SHOP, 'main').headAt).toEqual(headAt);
    expect(engine.timeOf(SHOP, head)).toBe(known);
    expect(engine.timeOf(SHOP, lsn(0))).toBe(0n);
    expect(() => engine.timeOf(SHOP, lsn(1))).toThrow(expect.objectContaining({ code: 'HISTORY_GONE' }));
    expect(() => engine.timeOf(SHOP, lsn(head + 1))).toThrow(
      expect.objectContaining({ code: 'LSN_IN_FUTURE' })
    );
  });

  it('a head keeps its time when it was written long before the window of time that is kept', async () => {
    const { engine } = world;
    await world.put('main', [{ _id: 1 }]);
    await engine.createBranch(SHOP, 'exp', ADA);
    world.clock.now += 60_000;
    await world.put('exp', [{ _id: 2 }]);
    const heads = () =>
      engine.branches(SHOP).map(({ name, head, headAt }) => [name, headAt, engine.timeOf(SHOP, head)]);
    const before = heads();
    world.clock.now += 60_000;
    await engine.gc({ retention: { keepMs: 10 } });
    expect(heads()).toEqual(before);
  });

  it('an LSN inside a group that is gone is gone, whether or not it was asked for before', async () => {
    const { engine } = world;
    // The first group of all: the state before it, which has nothing in it, is always there.
    await world.put('main', [{ _id: 2 }, { _id: 3 }, { _id: 4 }], { atomic: true });
    for (let i = 0; i < 20; i++) {
      await world.put('main', [{ _id: 1, i }]);
    }
    await world.view('main').stateDigest();
    // Both lie inside the group; one of them is asked for while it is there.
    expect(world.view('main@1').lsn).toBe(0);
    await engine.gc({ retention: { keepLsns: 5 } });
    const asked = [1, 2].map(at => {
      try {
        return world.view(`main@${at}`).stateDigest();
      } catch (error) {
        return (error as { code: string }).code;
      }
    });
    expect(asked).toEqual(['HISTORY_GONE', 'HISTORY_GONE']);
  });

  it('the horizon of a branch that was forked from one without changes of its own is that of its ancestor', async () => {
    const { engine } = world;
    for (let i = 0; i < 20; i++) {
      await world.put('main', [{ _id: i % 4, i }]);
    }
    await engine.createBranch(SHOP, 'exp', ADA, { from: 'main@15' });
    // The backup is forked from `exp`, which has no change yet.
    const { id } = await engine.planRestore(SHOP, 'exp', 'main@5', ADA);
    const { backup } = await engine.applyPlan(SHOP, id, ADA);
    for (let i = 0; i < 20; i++) {
      await world.put('exp', [{ _id: i % 4, i }]);
    }
    const { horizons } = await engine.gc({ retention: { keepLsns: 5 } });
    const { head } = engine.branch(SHOP, 'exp');
    expect(new Map(horizons.map(({ branch, lsn: at }) => [branch, at]))).toEqual(
      new Map<string, number>([
        // Kept for the backup, whose window lies there.
        ['main', 10],
        ['exp', head - 5],
        [backup!, 10]
      ])
    );
    for (const { branch, lsn: at } of horizons) {
      expect(world.view(`${branch}@${at}`).lsn).toBe(at);
      expect(() => world.view(`${branch}@${at - 1}`)).toThrow(
        expect.objectContaining({ code: 'HISTORY_GONE' })
      );
    }
  });

  it('a window that begins inside a transaction keeps all that its LSNs mean', async () => {
    const { engine } = world;
    await world.put('main', [{ _id: 0 }]);
    await engine.createBranch(SHOP, 'exp', ADA);
    await world.put('exp', [{ _id: 1 }]);
    const transaction = engine.transaction(ADA);
    for (const branch of ['main', 'exp']) {
      await transaction.write(SHOP, branch, writer => {
        for (let i = 10; i < 15; i++) {
          writer.insert(writer.collection('items')!, image({ _id: i }));
        }
      });
    }
    await transaction.commit();
    // The window of `exp` begins among the changes of `main`.
    await engine.gc({ retention: { keepLsns: 7 } });
    const { head } = engine.branch(SHOP, 'exp');
    for (let at = head - 7; at < head; at++) {
      expect([at, (await world.all(`exp@${at}`)).length]).toEqual([at, 2]);
    }
  });

  it('a state made anew from the log has no problems, though it has tombstones again that were gone', async () => {
    const { engine } = world;
    await world.put('main', [{ _id: 1 }, { _id: 2 }]);
    await world.remove('main', [1]);
    await world.put('main', [{ _id: 3 }]);
    await engine.gc({ retention: { keepLsns: 0 } });
    // Nothing is known any more of the document that was there before.
    await world.put('main', [{ _id: 1, again: true }]);
    const again = await World.open({ directory: copyLog(world.directory) });
    expect((await again.engine.verify()).problems).toEqual([]);
    expect(await again.all('main')).toEqual(await world.all('main'));
    await again.close();
  });

  describe('what was deleted stays deleted in a state made anew from the log', () => {
    const filler = (first: number, count: number) =>
      Array.from({ length: count }, (_, i) => ({
        _id: first + i,
        text: Array.from({ length: 300 }, (__, at) => (((first + i) * (at + 7919)) % 36).toString(36)).join(
          ''
        )
      }));

    async function tell(again: World): Promise<{ ids: unknown[]; problems: readonly unknown[] }> {
      const ids = (await again.all('main')).map(document => (document as { _id: number })._id);
      return { ids, problems: (await again.engine.verify()).problems };
    }

    it.each(['in one go', 'in a collection that is cut short, and the next'])('%s', async how => {
      await world.close();
      world = await World.open({ parts: { log: { segmentBytesMax: 20_000 } } });
      const { engine } = world;
      await world.put('main', [{ _id: 1 }]);
      for (const document of filler(100, 100)) await world.put('main', [document]);
      // The segment of the first document is cold from here on, and most of it is needed.
      await engine.gc({ retention: { keepLsns: 5 } });
      await world.remove('main', [1]);
      for (const document of filler(300, 100)) await world.put('main', [document]);
      if (how !== 'in one go') {
        const cut = engine.gc({
          retention: { keepLsns: 2 },
          onProgress: ({ phase }) => {
            if (phase === 'log') throw new Error('cut short');
          }
        });
        await expect(cut).rejects.toThrow('cut short');
      }
      await engine.gc({ retention: { keepLsns: 2 } });
      const again = await World.open({ directory: copyLog(world.directory) });
      const ids = [...filler(100, 100), ...filler(300, 100)].map(({ _id }) => _id);
      expect(await tell(again)).toEqual({ ids, problems: [] });
      expect(await tell(world)).toEqual({ ids, problems: [] });
      await again.close();
    });
  });
});
