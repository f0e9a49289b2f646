import { allowSeconds } from './chance';
import { ADA, image, SHOP, World } from './world';

allowSeconds(60);

describe('law 2: one state per LSN', () => {
  it('each document of a plain write has its LSN, an atomic group has one state', async () => {
    const world = await World.open();
    await world.put('main', [{ _id: 1 }, { _id: 2 }]);
    await world.put('main', [{ _id: 3 }, { _id: 4 }], { atomic: true });
    expect(await Promise.all([0, 1, 2, 3, 4, 5].map(at => world.all(`main@${at}`)))).toEqual([
      [],
      [],
      [{ _id: 1 }],
      [{ _id: 1 }, { _id: 2 }],
      [{ _id: 1 }, { _id: 2 }],
      [{ _id: 1 }, { _id: 2 }, { _id: 3 }, { _id: 4 }]
    ]);
    expect(world.view('main@4')).toMatchObject({ lsn: 3, snappedFrom: 4, ref: 'main@3' });
    const { timeline } = world.view('main');
    expect(world.engine.snapshot(SHOP, timeline, 4 as never)).toMatchObject({ lsn: 3, snappedFrom: 4 });
    await world.close();
  });

  it('an LSN that was not written yet is no state', async () => {
    const world = await World.open();
    await world.put('main', [{ _id: 1 }]);
    const { timeline } = world.view('main');
    expect(() => world.view('main@3')).toThrow(expect.objectContaining({ code: 'LSN_IN_FUTURE' }));
    expect(() => world.engine.snapshot(SHOP, timeline, 3 as never)).toThrow(
      expect.objectContaining({ code: 'LSN_IN_FUTURE' })
    );
    await world.close();
  });

  it('a time that has not come is no state: what is written until then would change it', async () => {
    const world = await World.open();
    await world.put('main', [{ _id: 1 }]);
    const at = (ms: number) => `main@${new Date(ms).toISOString()}`;
    const { now } = world.clock;
    expect(world.view(at(now)).lsn).toBe(2);
    for (const ref of [at(now + 1), 'main@2099-01-01', 'main@2099-01-01T00:00:00+02:00']) {
      expect(() => world.view(ref)).toThrow(expect.objectContaining({ code: 'LSN_IN_FUTURE' }));
    }
    // A wall clock that is set back takes away no state that was there.
    world.clock.now -= 60_000;
    expect(world.view(at(now)).lsn).toBe(2);
    await world.reopen();
    expect(world.view(at(now)).lsn).toBe(2);
    expect(() => world.view(at(now + 1000))).toThrow(expect.objectContaining({ code: 'LSN_IN_FUTURE' }));
    await world.close();
  });

  it('a scan that is under way does not see what is written meanwhile', async () => {
    const world = await World.open();
    await world.put(
      'main',
      Array.from({ length: 50 }, (_, i) => ({ _id: i, n: 0 }))
    );
    const before = await world.dump('main');
    const view = world.view('main');
    const seen = new Map<string, string>();
    for await (const { keys, images } of view.scan(view.collection('items')!, { batch: 3 })) {
      keys.forEach((key, i) => seen.set(`items/${key.toString('hex')}`, images[i]!.toString('hex')));
      await world.put(
        'main',
        Array.from({ length: 60 }, (_, i) => ({ _id: i, n: seen.size }))
      );
      await world.remove('main', [49 - seen.size / 3, 55]);
    }
    expect(seen).toEqual(before);
    await world.close();
  });

  it('bytes that were read stay as they are, whatever is read and written afterwards', async () => {
    const world = await World.open();
    await world.put(
      'main',
      Array.from({ length: 20 }, (_, i) => ({ _id: i, text: 'a'.repeat(i * 100) }))
    );
    const view = world.view('main');
    const items = view.collection('items')!;
    const kept: [string, Buffer, string][] = [];
    for await (const { keys, images } of view.scan(items)) {
      keys.forEach((key, i) => kept.push([key.toString('hex'), images[i]!, images[i]!.toString('hex')]));
    }
    for (let round = 0; round < 5; round++) {
      await world.put(
        'main',
        Array.from({ length: 20 }, (_, i) => ({ _id: i, text: 'b'.repeat(i * 100) }))
      );
      await world.dump('main');
      expect(kept.map(([, bytes]) => bytes.toString('hex'))).toEqual(kept.map(([, , hex]) => hex));
    }
    await world.close();
  });

  it('a write that throws leaves nothing', async () => {
    const world = await World.open();
    await world.put('main', [{ _id: 1 }]);
    const before = await world.dump('main');
    await expect(
      world.engine.write(SHOP, 'main', ADA, writer => {
        writer.insert(writer.ensureCollection('items'), image({ _id: 2 }));
        writer.insert(writer.ensureCollection('other'), image({ _id: 2 }));
        throw new Error('no');
      })
    ).rejects.toThrow('no');
    expect(await world.dump('main')).toEqual(before);
    expect(world.view('main').lsn).toBe(2);
    await world.close();
  });
});
