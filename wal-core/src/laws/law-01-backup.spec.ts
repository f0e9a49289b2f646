import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Engine } from '../api';
import { openEngine, restoreBackup } from '../engine';
import type { RestoreBackupOptions } from '../keeping';
import { allowSeconds, numbersFrom, random, runs } from './chance';
import { Story, tellAll } from './story';
import { ADA, dumpOf, image, keyOf, lsn, SHOP, World, suiteDirectories } from './world';

allowSeconds(180);

describe('law 1: a backup', () => {
  const worlds: World[] = [];
  const folder = suiteDirectories();

  async function open(segmentBytesMax = 8192): Promise<World> {
    const world = await World.open({ parts: { log: { segmentBytesMax } } });
    worlds.push(world);
    return world;
  }

  /** Restores a backup into a new directory, and opens it. */
  async function restored(from: string, options: RestoreBackupOptions = {}): Promise<Engine> {
    const directory = join(folder(), 'data');
    const { verified } = await restoreBackup(from, directory, options);
    expect(verified.problems).toEqual([]);
    return openEngine({ directory });
  }

  async function branchesOf(engine: Engine): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    for (const { name } of engine.branches(SHOP)) {
      found.set(name, await tellAll(engine.resolve(SHOP, name)));
    }
    return found;
  }

  afterEach(async () => {
    for (const world of worlds.splice(0)) {
      await world.close();
    }
  });

  it(random('holds every branch, also behind garbage collection, and copies only what is new'), async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), async seed => {
        const world = await open();
        const story = new Story(world, seed);
        const target = folder();
        for (let round = 0; round < 3; round++) {
          await story.tell(30);
          if (round === 1) {
            await world.engine.gc({ retention: { keepLsns: 8 } });
          }
          const report = await world.engine.backup(target);
          expect(report.projects).toEqual([{ name: SHOP, head: world.engine.project(SHOP).head }]);
          const engine = await restored(target);
          expect(await branchesOf(engine)).toEqual(await branchesOf(world.engine));
          expect(engine.pins(SHOP)).toEqual(world.engine.pins(SHOP));
          await engine.close();
          const again = await world.engine.backup(target);
          expect(again.copiedFiles).toBe(0);
          expect(readdirSync(target).filter(name => /^\d/.test(name))).toHaveLength(report.files);
          if (round === 2) {
            // What the collection before made cold is there since the round before.
            expect(report.copiedFiles).toBeLessThan(report.files);
          }
        }
      }),
      runs(3)
    );
  });

  it('is made beside writers, and holds every commit acknowledged before it', async () => {
    const world = await open();
    const acknowledged: number[] = [];
    let isDone = false;
    const write = async (writer: number) => {
      for (let i = 0; !isDone; i++) {
        const id = writer * 10_000 + i;
        await world.put('main', [{ _id: id, i }], { atomic: true });
        acknowledged.push(id);
      }
    };
    const writers = [0, 1, 2, 3].map(write);
    for (let round = 0; round < 4; round++) {
      await new Promise(resolve => setTimeout(resolve, 40));
      const before = [...acknowledged];
      const target = folder();
      const report = await world.engine.backup(target);
      const engine = await restored(target);
      const view = engine.resolve(SHOP, 'main');
      expect(view.lsn).toBe(report.projects[0]!.head);
      const ids = new Set([...(await dumpOf(view)).keys()]);
      expect(ids.size).toBeGreaterThanOrEqual(before.length);
      expect(await dumpOf(world.view(`main@${view.lsn}`))).toEqual(await dumpOf(view));
      await engine.close();
    }
    isDone = true;
    await Promise.all(writers);
  });

  it(random('is restored to any LSN in it, or to an instant'), async () => {
    const world = await open(2048);
    const instants: { at: Date; head: number }[] = [];
    for (let i = 0; i < 30; i++) {
      world.clock.now += 1000;
      await world.put(
        'main',
        [
          { _id: i % 4, i },
          { _id: 'x', i }
        ],
        { atomic: i % 3 === 0 }
      );
      instants.push({ at: new Date(world.clock.now), head: world.view('main').lsn });
    }
    const target = folder();
    await world.engine.backup(target);
    const below = numbersFrom(41);
    const { head } = world.engine.project(SHOP);
    for (let i = 0; i < 6; i++) {
      const to = lsn(1 + below(head));
      const engine = await restored(target, { to: { project: SHOP, lsn: to } });
      const view = engine.resolve(SHOP, 'main');
      expect(view.lsn).toBeLessThanOrEqual(to);
      // The commit that the LSN lies in is there whole or not at all.
      expect(view.lsn).toBeGreaterThan(to - 3);
      expect(await dumpOf(view)).toEqual(await world.dump(`main@${view.lsn}`));
      await engine.close();
      const { at, head: then } = instants[below(instants.length)]!;
      const past = await restored(target, { to: { time: at } });
      expect(past.resolve(SHOP, 'main').lsn).toBe(then);
      await past.close();
    }
    await expect(restored(target, { to: { project: SHOP, lsn: lsn(head + 1) } })).rejects.toMatchObject({
      code: 'LSN_IN_FUTURE'
    });
    await expect(restored(target, { to: { project: 'none', lsn: lsn(1) } })).rejects.toMatchObject({
      code: 'PROJECT_NOT_FOUND'
    });
    // What was collected cannot come back: a moment before the collection would be a state with holes.
    await world.engine.gc({ retention: { keepLsns: 3 } });
    await world.engine.backup(target);
    await expect(restored(target, { to: { project: SHOP, lsn: lsn(10) } })).rejects.toMatchObject({
      code: 'HISTORY_GONE'
    });
  });

  it(random('that is damaged is refused, and the file is named'), async () => {
    const world = await open();
    await new Story(world, 3).tell(40);
    const target = folder();
    await world.engine.backup(target);
    const below = numbersFrom(43);
    const names = readdirSync(target).filter(name => /^\d/.test(name));
    for (let i = 0; i < 12; i++) {
      const path = join(target, names[below(names.length)]!);
      const bytes = readFileSync(path);
      const hurt = Buffer.from(bytes);
      hurt[below(bytes.length)]! ^= 1 << below(8);
      writeFileSync(path, i % 4 === 0 ? hurt.subarray(0, hurt.length - 1) : hurt);
      await expect(restored(target)).rejects.toMatchObject({ code: 'DATA_CORRUPT', data: { file: path } });
      rmSync(path);
      await expect(restored(target)).rejects.toMatchObject({ code: 'DATA_CORRUPT', data: { file: path } });
      writeFileSync(path, bytes);
    }
    const manifest = join(target, 'MANIFEST.json');
    const text = readFileSync(manifest, 'utf8');
    for (const bad of ['', '{}', text.replace(/"stored": "[^"]*"/, '"stored": "../../etc/passwd"')]) {
      writeFileSync(manifest, bad);
      await expect(restored(target)).rejects.toMatchObject({
        code: 'DATA_CORRUPT',
        data: { file: manifest }
      });
    }
    writeFileSync(manifest, text.replace('"version": 1', '"version": 9'));
    await expect(restored(target)).rejects.toMatchObject({ code: 'FORMAT_TOO_NEW' });
    writeFileSync(manifest, text);
    await (await restored(target)).close();
  });

  it('that was cut short leaves the one before whole, and goes on', async () => {
    const world = await open();
    await new Story(world, 5).tell(40);
    const target = folder();
    await world.engine.backup(target);
    const first = await branchesOf(world.engine);
    await new Story(world, 6).tell(30);
    const stop = new AbortController();
    let files = 0;
    await expect(
      world.engine.backup(target, { signal: stop.signal, onProgress: () => ++files > 4 && stop.abort() })
    ).rejects.toMatchObject({ code: 'CANCELLED' });
    const engine = await restored(target);
    expect(await branchesOf(engine)).toEqual(first);
    await engine.close();
    await world.engine.backup(target);
    const second = await restored(target);
    expect(await branchesOf(second)).toEqual(await branchesOf(world.engine));
    await second.close();
    expect(readdirSync(target).filter(name => name.includes('unfinished'))).toEqual([]);
  });

  it('of a restored directory that went its own way replaces what lies in the folder under the same names', async () => {
    const world = await open(1024 * 1024);
    const [early, target] = [folder(), folder()];
    await world.put('main', [{ _id: 1, n: 1 }]);
    await world.engine.backup(early);
    const other = await restored(early);
    const write = (engine: Engine, n: number) =>
      engine.write(SHOP, 'main', ADA, writer =>
        writer.replace(writer.collection('items')!, keyOf(1), image({ _id: 1, n }))
      );
    await write(world.engine, 2);
    await write(other, 3);
    const first = await world.engine.backup(target);
    const second = await other.backup(target);
    expect([second.bytes, second.copiedFiles]).toEqual([first.bytes, 1]);
    const engine = await restored(target);
    expect(await branchesOf(engine)).toEqual(await branchesOf(other));
    expect(await branchesOf(engine)).not.toEqual(await branchesOf(world.engine));
    await engine.close();
    // The copies that no backup needs any more are gone.
    expect(readdirSync(target).filter(name => name.endsWith('.log'))).toHaveLength(1);
    expect((await other.backup(target)).copiedFiles).toBe(0);
    await other.close();
  });

  it('goes into a folder of its own, and comes into an empty directory', async () => {
    const world = await open();
    await world.put('main', [{ _id: 1 }]);
    await expect(world.engine.backup(join(world.directory, 'backup'))).rejects.toMatchObject({
      code: 'BAD_REQUEST'
    });
    const [empty, target] = [folder(), folder()];
    await expect(restoreBackup(empty, join(folder(), 'x'))).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    await world.engine.backup(target);
    await expect(restoreBackup(target, world.directory)).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    const nested = join(folder(), 'a', 'b');
    expect(existsSync(nested)).toBe(false);
    await restoreBackup(target, nested);
    const other = await World.open();
    worlds.push(other);
    mkdirSync(join(target, 'not ours'), { recursive: true });
    // An engine without any commit can be backed up too.
    const bare = await openEngine({ directory: folder() });
    await bare.gc();
    await bare.backup(folder());
    await bare.close();
    const engine = await openEngine({ directory: nested });
    expect(await dumpOf(engine.resolve(SHOP, 'main'))).toEqual(await world.dump('main'));
    await engine.createBranch(SHOP, 'after', ADA);
    await engine.close();
  });
});
