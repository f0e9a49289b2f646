import fc from 'fast-check';
import type { Snapshot } from '../api';
import { isArgonError } from '../errors';
import { KIND_BASE } from '../image/format';
import type { View } from '../read/snapshot';
import { allowSeconds, numbersFrom, random, runs } from './chance';
import { coreOf, imagedParts, imagesSettled, scanned, SMALL_IMAGES, walked } from './imaged';
import { ADA, keyOf, lsn, SHOP, World } from './world';

allowSeconds(240);

const SIZES = [0, 30, 900, 1500, 6000];
const COLLECTIONS = ['items', 'orders'];

/** Writes and branches drawn from a seed. */
class History {
  readonly branches = ['main'];
  private made = 0;

  constructor(
    private readonly world: World,
    private readonly draw: (below: number) => number,
    private readonly ids: number
  ) {}

  pick<T>(list: readonly T[]): T {
    return list[this.draw(list.length)]!;
  }

  async step(): Promise<void> {
    const { world } = this;
    const branch = this.pick(this.branches);
    const collection = this.pick(COLLECTIONS);
    switch (this.draw(15)) {
      case 0: {
        const name = `b${this.made++}`;
        const head = world.view(branch).lsn;
        const at = this.draw(2) === 0 ? head : this.draw(head + 1);
        await world.engine.createBranch(SHOP, name, ADA, { from: `${branch}@${at}` });
        this.branches.push(name);
        return;
      }
      case 1: {
        const { lsn: head } = world.view(branch);
        await world.engine
          .resetBranch(SHOP, branch, `${branch}@${this.draw(head + 1)}`, ADA)
          .catch((error: unknown) => {
            if (!isArgonError(error, 'NOTHING_TO_DO')) {
              throw error;
            }
          });
        return;
      }
      case 2:
        if (world.view(branch).collection(collection) !== undefined) {
          await world.remove(
            branch,
            Array.from({ length: 10 }, () => this.draw(this.ids)),
            { collection }
          );
        }
        return;
      case 3:
        if (this.draw(4) === 0) {
          await world.engine.dropCollection(SHOP, branch, collection, ADA);
        }
        return;
      case 4:
        await this.rename(branch, collection);
        return;
      case 5:
        // Images of old states are thinned when they are old enough.
        world.clock.now += this.draw(10) * 24 * 60 * 60 * 1000;
        return;
      default: {
        const start = this.draw(this.ids);
        const isNear = this.draw(2) === 0;
        const documents = Array.from({ length: 1 + this.draw(25) }, (_, i) => ({
          _id: isNear ? (start + i) % this.ids : this.draw(this.ids),
          n: this.draw(1000),
          text: 'x'.repeat(this.pick(SIZES))
        }));
        await world.put(branch, documents, { collection, atomic: this.draw(3) === 0 });
      }
    }
  }

  private async rename(branch: string, collection: string): Promise<void> {
    const to = `${collection}-old`;
    await this.world.engine.write(SHOP, branch, ADA, writer => {
      const found = writer.collection(collection) ?? writer.collection(to);
      if (found !== undefined) {
        const name = found.name === to ? collection : to;
        if (writer.collection(name) === undefined) {
          writer.renameCollection(found, name);
        }
      }
    });
  }
}

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
