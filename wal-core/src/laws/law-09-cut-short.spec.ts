import fc from 'fast-check';
import { allowSeconds, random, runs } from './chance';
import { Story, tellAll } from './story';
import { copyLog, SHOP, World } from './world';

allowSeconds(120);

/** All that branches tell: their figures, and every state from the horizon on. */
async function told({ engine }: World): Promise<unknown[]> {
  const all: unknown[] = [];
  for (const { name, ahead, behind, head, headAt } of engine.branches(SHOP)) {
    all.push({ name, ahead, behind, head, headAt, state: await tellAll(engine.resolve(SHOP, name)) });
  }
  return all;
}

/** Collects until the log has its turn, and there until so many of its segments are done. True when it was cut short. */
async function cutAt(world: World, segments: number, keepLsns: number): Promise<boolean> {
  let done = 0;
  const cut = new Error('cut short');
  return world.engine
    .gc({
      retention: { keepLsns },
      onProgress: ({ phase }) => {
        if (phase === 'log' && done++ === segments) {
          throw cut;
        }
      }
    })
    .then(
      () => false,
      error => {
        expect(error).toBe(cut);
        return true;
      }
    );
}

it(
  random(
    'law 9: wherever a collection is cut short, its log makes the same state as it left, and both are sound'
  ),
  async () => {
    let cuts = 0;
    await fc.assert(
      fc.asyncProperty(fc.nat(1_000_000), fc.integer({ min: 0, max: 8 }), async (seed, segments) => {
        const world = await World.open({ parts: { log: { segmentBytesMax: 8_000 } } });
        const story = new Story(world, seed);
        await story.tell(30);
        await world.engine.gc({ retention: { keepLsns: 25 } });
        await story.tell(30);
        cuts += (await cutAt(world, segments, 4)) ? 1 : 0;
        expect((await world.engine.verify()).problems).toEqual([]);
        const again = await World.open({ directory: copyLog(world.directory) });
        expect((await again.engine.verify()).problems).toEqual([]);
        const before = await told(world);
        expect(await told(again)).toEqual(before);
        for (const each of [world, again]) {
          await each.engine.gc({ retention: { keepLsns: 4 } });
          expect((await each.engine.verify()).problems).toEqual([]);
          expect(await told(each)).toEqual(before);
          await each.close();
        }
      }),
      runs(8)
    );
    expect(cuts).toBeGreaterThan(0);
  }
);
