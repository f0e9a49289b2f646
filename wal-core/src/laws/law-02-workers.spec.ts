import { serialize } from 'bson';
import fc from 'fast-check';
import type { CollectionInfo, KeyStretch, LongReads, Snapshot } from '../api';
import { isArgonError } from '../errors';
import { compileFilter, compilePipeline, compileSort } from '../query';
import { allowSeconds, numbersFrom, random, runs } from './chance';
import { coreOf, imagedParts, imagesSettled, SMALL_IMAGES } from './imaged';
import { History } from './randomhistory';
import { ADA, keyOf, lsn, type Plain, SHOP, World } from './world';

allowSeconds(240);

/** Reads go to workers after a handful of documents, and come back in many parts. */
const HANDED = { ...SMALL_IMAGES, handed: { documentsMin: 5, bytesMax: 3_000 } };

const bson = (document: Plain) => Buffer.from(serialize(document));
const text = (key: Buffer, image: Buffer) => `${key.toString('hex')} ${image.toString('base64')}`;

interface Asked {
  readonly stretches: readonly KeyStretch[];
  readonly reverse: boolean;
}

/** What the main thread answers: matching documents in order. */
async function here(
  view: Snapshot,
  collection: CollectionInfo,
  filter: Plain,
  { stretches, reverse }: Asked
) {
  const compiled = compileFilter(bson(filter));
  const found: { key: Buffer; image: Buffer }[] = [];
  for (const stretch of reverse ? [...stretches].reverse() : stretches) {
    for await (const { keys, images } of view.scan(collection, { ...stretch, reverse })) {
      images.forEach((image, i) => compiled.matches(image) && found.push({ key: keys[i]!, image }));
    }
  }
  return found;
}

async function* inOne(images: readonly Buffer[]) {
  yield images;
}

async function drained(batches: AsyncIterable<{ readonly images: readonly Buffer[] } | readonly Buffer[]>) {
  const found: string[] = [];
  for await (const batch of batches) {
    const images = 'images' in batch ? batch.images : batch;
    found.push(...images.map(image => image.toString('base64')));
  }
  return found;
}

function longOf(view: Snapshot): LongReads {
  expect(view.long).toBeDefined();
  return view.long!;
}

function unlessGone(error: unknown): void {
  if (!isArgonError(error, 'HISTORY_GONE')) {
    throw error;
  }
}

/** Compares long reads of a state with the same on the main thread. Answers how many flows ran on workers. */
async function compare(view: Snapshot, draw: (below: number) => number, ids: number): Promise<number> {
  let flows = 0;
  for (const collection of view.collections()) {
    const filter = [{}, { n: { $lt: draw(1000) } }, { n: { $gte: 0 }, text: /^x{30}/ }, { n: -1 }][draw(4)]!;
    const middle = keyOf(draw(ids));
    const asked: Asked = {
      stretches: [
        [{}],
        [{ to: keyOf(draw(ids)) }],
        [{ from: middle }],
        [{ to: keyOf(3) }, { from: keyOf(9) }]
      ][draw(4)]!,
      reverse: draw(2) === 0
    };
    const wanted = await here(view, collection, filter, asked);
    const read = { filter: compileFilter(bson(filter)), ...asked };
    const found: string[] = [];
    for await (const { keys, images } of longOf(view).matching(collection, read)) {
      images.forEach((image, i) => found.push(text(keys[i]!, image)));
    }
    expect(found).toEqual(wanted.map(({ key, image }) => text(key, image)));

    const most = draw(2) === 0 ? Infinity : draw(60);
    const { count } = await longOf(view).countMatching(collection, { ...read, most });
    expect(count).toBe(Math.min(wanted.length, most));

    const images = wanted.map(({ image }) => image);
    const order = [{ n: 1 }, { n: -1, _id: 1 }, { text: 1 }][draw(3)]!;
    const skip = draw(2) === 0 ? 0 : draw(20);
    const limit = draw(2) === 0 ? Infinity : 1 + draw(30);
    const inOrder = compileSort(bson(order))
      .sort([...images])
      .slice(skip, skip + limit);
    const sorting = longOf(view).flow(collection, { ...read, sort: bson(order), skip, limit });
    if (sorting !== undefined) {
      flows++;
      expect(await drained(sorting)).toEqual(inOrder.map(image => image.toString('base64')));
    }

    const stages = [
      [
        {
          $group: {
            _id: { $mod: ['$n', 7] },
            n: { $sum: '$n' },
            ids: { $push: '$_id' },
            first: { $first: '$$ROOT' }
          }
        }
      ],
      [{ $match: { n: { $gt: 3 } } }, { $count: 'n' }],
      [{ $project: { n: 1, long: { $strLenBytes: '$text' } } }, { $sort: { n: -1 } }, { $limit: 7 }]
    ][draw(3)]!.map(bson);
    const piped = longOf(view).flow(collection, { ...read, stages });
    if (piped !== undefined) {
      flows++;
      const pipeline = compilePipeline(stages);
      const context = { collection: () => inOne([]) };
      expect(await drained(piped)).toEqual(await drained(pipeline.run(inOne(images), context)));
    }
  }
  return flows;
}

describe('law 2, workers: a long read gives the same documents in the same order, whichever thread reads', () => {
  it(random('at heads, old LSNs and children, whatever images there are'), async () => {
    let flows = 0;
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.integer({ min: 20, max: 120 }), async (seed, ids) => {
        const draw = numbersFrom(seed);
        const world = await World.open({ parts: imagedParts(HANDED) });
        const history = new History(world, draw, ids);
        for (let round = 0; round < 5; round++) {
          for (let i = 0; i < 15; i++) {
            await history.step();
          }
          if (draw(2) === 0) {
            await imagesSettled(world.engine);
          }
          for (let i = 0; i < 3; i++) {
            const branch = history.pick(history.branches);
            const { lsn: head, timeline } = world.view(branch);
            const view =
              draw(3) === 0 ? world.view(branch) : world.engine.snapshot(SHOP, timeline, lsn(draw(head + 1)));
            flows += await compare(view, draw, ids);
          }
        }
        expect(coreOf(world.engine).imageOffice.files.damaged).toBe(0);
        await world.close();
      }),
      runs(4)
    );
    expect(flows).toBeGreaterThan(40);
  });

  it('while writers write, images come and go, and garbage is collected', async () => {
    const world = await World.open({ parts: imagedParts(HANDED) });
    const draw = numbersFrom(11);
    const history = new History(world, draw, 200);
    await world.engine.setRetention(SHOP, { keepLsns: 150 }, ADA);
    let isOver = false;
    const writing = (async () => {
      for (let i = 0; i < 400 && !isOver; i++) {
        // A branch or a reset may ask for a state that is no longer kept.
        await history.step().catch(unlessGone);
        await new Promise(resolve => setTimeout(resolve, 2));
      }
    })();
    const collecting = (async () => {
      while (!isOver) {
        await world.engine.gc();
        await new Promise(resolve => setTimeout(resolve, 50));
      }
    })();
    let gone = 0;
    let flows = 0;
    for (let round = 0; round < 40; round++) {
      const view = world.view(history.pick(history.branches));
      try {
        flows += await compare(view, draw, 200);
      } catch (error) {
        // The writers left the state behind while it was read: that is said, never answered wrongly.
        unlessGone(error);
        gone++;
      }
    }
    isOver = true;
    await Promise.all([writing, collecting]);
    expect(gone).toBeLessThan(30);
    expect(flows).toBeGreaterThan(20);
    expect((await world.engine.verify()).problems).toEqual([]);
    await world.close();
  });
});
