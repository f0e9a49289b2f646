import fc from 'fast-check';
import type { Snapshot } from '../api';
import { KIND_BASE } from '../image/format';
import type { View } from '../read/snapshot';
import { allowSeconds, numbersFrom, random, runs } from './chance';
import { coreOf, imagedParts, imagesSettled, scanned, SMALL_IMAGES, walked } from './imaged';
import { History } from './randomhistory';
import { keyOf, lsn, SHOP, World } from './world';

allowSeconds(240);

/** Compares scans of a state with walks over every version, whole and in part. */
async function compare(
  world: World,
  view: Snapshot,
  draw: (below: number) => number,
  ids: number
): Promise<number> {
  let compared = 0;
  for (const collection of view.collections()) {
    const bound = () => (draw(3) === 0 ? undefined : keyOf(draw(ids)));
    const from = bound();
    const to = bound();
    const after = draw(3) === 0 ? keyOf(draw(ids)) : undefined;
    const range = {
      reverse: draw(2) === 0,
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
      ...(after === undefined ? {} : { after })
    };
    for (const each of [{}, { reverse: true }, range]) {
      const wanted = await walked(world.engine, view, collection, each);
      const batch = 1 + draw(draw(2) === 0 ? 7 : 600);
      expect(await scanned(view, collection, { ...each, batch })).toEqual(wanted);
      compared++;
    }
    for (let i = 0; i < 5; i++) {
      const key = keyOf(draw(ids));
      const wanted = coreOf(world.engine).versions.walk(
        (view as never as { chain: never }).chain,
        collection.id,
        key
      );
      expect(view.get(collection, key)?.toString('hex')).toBe(wanted?.image?.toString('hex'));
    }
  }
  return compared;
}

describe('law 2, images: a scan of any state gives the bytes that walking every version gives', () => {
  it(random('for random histories at random LSNs, whatever images there are'), async () => {
    let compared = 0;
    let built = 0;
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.integer({ min: 20, max: 120 }), async (seed, ids) => {
        const draw = numbersFrom(seed);
        const world = await World.open({ parts: imagedParts() });
        const history = new History(world, draw, ids);
        for (let round = 0; round < 6; round++) {
          for (let i = 0; i < 15; i++) {
            await history.step();
          }
          if (draw(2) === 0) {
            await imagesSettled(world.engine);
          }
          if (draw(3) === 0) {
            built += coreOf(world.engine).imageOffice.keeper.built;
            await world.reopen();
          }
          for (let i = 0; i < 4; i++) {
            const branch = history.pick(history.branches);
            const { lsn: head, timeline } = world.view(branch);
            const view =
              draw(3) === 0 ? world.view(branch) : world.engine.snapshot(SHOP, timeline, lsn(draw(head + 1)));
            compared += await compare(world, view, draw, ids);
          }
        }
        const office = coreOf(world.engine).imageOffice;
        expect([office.keeper.error, office.files.damaged]).toEqual([undefined, 0]);
        built += office.keeper.built;
        expect((await world.engine.verify()).problems).toEqual([]);
        await world.close();
      }),
      runs(12)
    );
    expect(built).toBeGreaterThan(100);
    expect(compared).toBeGreaterThan(500);
  });

  it('old images are thinned: fewer bases, never a gap, the same bytes', async () => {
    const world = await World.open({ parts: imagedParts() });
    const { files } = coreOf(world.engine).imageOffice;
    const { timeline } = world.view('main');
    const bases = () => [...files.all()].filter(({ kind }) => kind === KIND_BASE).length;
    let most = 0;
    const write = async (round: number) => {
      await world.put(
        'main',
        Array.from({ length: 15 }, (_, i) => ({
          _id: (round * 15 + i) % 40,
          round,
          text: 'x'.repeat(i * 90)
        }))
      );
      await imagesSettled(world.engine);
      most = Math.max(most, bases());
    };
    for (let round = 0; round < 40; round++) {
      await write(round);
    }
    world.clock.now += 8 * 24 * 60 * 60 * 1000;
    await write(40);
    expect([most > 8, bases() < most * 0.7, bases() > 2]).toEqual([true, true, true]);
    const draw = numbersFrom(3);
    const head = world.view('main').lsn;
    for (let i = 0; i < 30; i++) {
      const at = lsn(100 + draw(head - 100));
      const view = world.engine.snapshot(SHOP, timeline, at) as View;
      expect(files.stack(view.chain, view.collection('items')!.id).coverage).toBe(at);
      await compare(world, view, draw, 50);
    }
    await world.close();
  });

  it('while writers write and images are made by a worker', async () => {
    const world = await World.open({ parts: imagedParts(SMALL_IMAGES) });
    const draw = numbersFrom(7);
    const history = new History(world, draw, 200);
    expect(coreOf(world.engine).imageOffice.pool).toBeDefined();
    for (let round = 0; round < 12; round++) {
      const writing = (async () => {
        for (let i = 0; i < 12; i++) {
          await history.step();
        }
      })();
      const view = world.view(history.pick(history.branches));
      await compare(world, view, draw, 200);
      await writing;
    }
    await imagesSettled(world.engine);
    const { keeper } = coreOf(world.engine).imageOffice;
    expect([keeper.error, keeper.built > 5]).toEqual([undefined, true]);
    await world.close();
  });
});
