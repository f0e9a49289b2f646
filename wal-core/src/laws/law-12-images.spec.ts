import { existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openEngine } from '../engine';
import { IMAGE_TRIES_MAX } from '../limits';
import { allowSeconds, numbersFrom, random, SEED } from './chance';
import { coreOf, imagedParts, imagesSettled, scanned, SMALL_IMAGES, walked } from './imaged';
import { bundleWriter, writeAndKill } from './kill/killed';
import { lsn, SHOP, suiteDirectories, World } from './world';

allowSeconds(240);

const KILLS = Math.round(6 * Number(process.env['ARGON_TEST_EFFORT'] ?? 1));

/** Compares scans with walks over every version, at heads and in the past. */
async function compareAll(engine: World['engine'], draw: (below: number) => number): Promise<void> {
  for (const { name, head, timeline } of engine.branches(SHOP)) {
    for (const at of [head, lsn(draw(head + 1)), lsn(draw(head + 1))]) {
      const view = engine.snapshot(SHOP, timeline, at);
      for (const collection of view.collections()) {
        expect([name, at, await scanned(view, collection)]).toEqual([
          name,
          at,
          await walked(engine, view, collection)
        ]);
      }
    }
  }
}

function imageFiles(directory: string): string[] {
  const folder = join(directory, 'images');
  return existsSync(folder) ? readdirSync(folder).map(name => join(folder, name)) : [];
}

/** A world with bases and runs of several pages. */
async function imagedWorld(): Promise<World> {
  const world = await World.open({ parts: imagedParts() });
  for (let round = 0; round < 8; round++) {
    await world.put(
      'main',
      Array.from({ length: 40 }, (_, i) => ({
        _id: (i * 7 + round * 11) % 150,
        round,
        text: 'x'.repeat(i * 40)
      }))
    );
    await imagesSettled(world.engine);
  }
  return world;
}

describe('law 12: images are derived, and never believed when they are damaged', () => {
  const directory = suiteDirectories();

  it(
    random(`${KILLS} times kill -9 while images are made: scans are right, nothing unmarked is left`),
    async () => {
      const script = bundleWriter(directory());
      const home = directory();
      const draw = numbersFrom(SEED);
      let images = 0;
      for (let round = 0; round < KILLS; round++) {
        await writeAndKill(
          script,
          home,
          round,
          { acknowledgements: 5 + draw(60), afterMs: draw(12) },
          'images'
        );
        const engine = await openEngine({ directory: home }, imagedParts({ ...SMALL_IMAGES, inline: true }));
        const { files } = coreOf(engine).imageOffice;
        // Replaying the log may have had another one made.
        await imagesSettled(engine);
        // What is not marked was swept; what is marked is whole.
        expect(imageFiles(home).sort()).toEqual([...files.all()].map(image => files.path(image)).sort());
        images += files.count;
        await compareAll(engine, draw);
        expect((await engine.verify()).problems).toEqual([]);
        expect(files.damaged).toBe(0);
        await engine.close();
      }
      expect(images).toBeGreaterThan(KILLS);
    }
  );

  it(
    random('whatever bit flips in an image: scans answer as before, and the image is made again'),
    async () => {
      const draw = numbersFrom(SEED);
      const world = await imagedWorld();
      let noticed = 0;
      for (let round = 0; round < 12; round++) {
        await world.engine.close();
        const paths = imageFiles(world.directory);
        expect(paths.length).toBeGreaterThan(0);
        for (const path of paths) {
          const bytes = readFileSync(path);
          for (let n = 0; n < 1 + draw(3); n++) {
            bytes[draw(bytes.length)]! ^= 1 << draw(8);
          }
          writeFileSync(path, bytes);
        }
        world.engine = await openEngine(
          { directory: world.directory, clock: () => world.clock.now },
          world.parts
        );
        await compareAll(world.engine, draw);
        noticed += coreOf(world.engine).imageOffice.files.damaged;
        for (let i = 0; i < 4; i++) {
          await world.put(
            'main',
            Array.from({ length: 20 }, () => ({ _id: draw(200), round, text: 'y'.repeat(draw(900)) }))
          );
        }
        await imagesSettled(world.engine);
        await compareAll(world.engine, draw);
      }
      expect(noticed).toBeGreaterThan(5);
      await world.close();
    }
  );

  it('verify names a damaged image, and one that is cut short or gone is not there after a start', async () => {
    const world = await imagedWorld();
    const [first] = imageFiles(world.directory);
    const bytes = readFileSync(first!);
    bytes[4096 + 200]! ^= 1;
    writeFileSync(first!, bytes);
    const { problems } = await world.engine.verify();
    expect(problems).toEqual([
      { where: `images/${first!.slice(-12)}`, what: expect.stringContaining('checksum') as string }
    ]);
    await world.engine.close();
    const [cut, gone] = imageFiles(world.directory);
    truncateSync(cut!, 4096);
    rmSync(gone!);
    writeFileSync(join(world.directory, 'images', '00009999.img'), 'left over by a crash');
    world.engine = await openEngine({ directory: world.directory }, world.parts);
    const { files } = coreOf(world.engine).imageOffice;
    await imagesSettled(world.engine);
    expect([...files.all()].map(image => files.path(image))).not.toContain(cut);
    expect(imageFiles(world.directory).sort()).toEqual(
      [...files.all()].map(image => files.path(image)).sort()
    );
    await compareAll(world.engine, numbersFrom(3));
    await world.close();
  });

  it('a worker that dies, or dies again and again, costs time and nothing else', async () => {
    const world = await World.open({ parts: imagedParts(SMALL_IMAGES) });
    const core = coreOf(world.engine);
    const { pool, keeper } = core.imageOffice;
    /** Waits until a worker is at it, or nothing is left to do: how soon it begins is the machine's affair. */
    const begun = async () => {
      await core.caughtUp();
      let isSettled = false;
      void keeper.settled().then(() => (isSettled = true));
      while (pool!.threads === 0 && !isSettled) {
        await new Promise(resolve => setTimeout(resolve, 1));
      }
    };
    // With one more death the collection would be left alone.
    let deaths = 0;
    for (let round = 0; round < 12; round++) {
      await world.put(
        'main',
        Array.from({ length: 40 }, (_, i) => ({
          _id: (i * 7 + round * 11) % 150,
          round,
          text: 'x'.repeat(i * 40)
        }))
      );
      if (deaths < IMAGE_TRIES_MAX - 1) {
        await begun();
        deaths += Math.min(pool!.threads, 1);
        await pool!.killAll();
      }
    }
    expect(deaths).toBeGreaterThan(0);
    await imagesSettled(world.engine);
    await world.put(
      'main',
      Array.from({ length: 60 }, (_, i) => ({ _id: i, last: true }))
    );
    await imagesSettled(world.engine);
    expect(keeper.built).toBeGreaterThan(0);
    await compareAll(world.engine, numbersFrom(5));
    await world.close();
  });
});
