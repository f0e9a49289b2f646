import { cpSync, rmSync } from 'node:fs';
import fc from 'fast-check';
import type { Engine } from '../api';
import { coreOf, openEngine } from '../engine';
import { type LogFileSystem, REAL_FILE_SYSTEM } from '../log/file/log';
import { allowSeconds, random, runs } from './chance';
import { holdState, releaseStates } from './hold';
import { LmdbStore } from '../store/lmdb/store';
import { ADA, copyLog, dumpOf, lsn, SHOP, temporaryDirectory, World } from './world';

allowSeconds(120);

/** Few documents are many here, so that small commits go ahead in parts. */
const held = { bytesMax: 1_000_000, recordsMax: 7 };
const QUICK = { log: { fileSystem: { ...REAL_FILE_SYSTEM, sync: async () => undefined } }, held };

const documents = (count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => ({ _id: from + i, text: 'x'.repeat(i % 9 === 3 ? 1300 : i % 50) }));

/** Opens a copy of a directory, or of its log without its state. */
async function recovered(directory: string): Promise<{ engine: Engine; close: () => Promise<void> }> {
  const engine = await openEngine({ directory }, { held });
  return {
    engine,
    close: async () => {
      await engine.close();
      rmSync(directory, { recursive: true, force: true });
    }
  };
}

describe('law 2: a commit that is too large for one frame', () => {
  afterEach(() => {
    releaseStates();
    jest.restoreAllMocks();
  });

  it(random('goes ahead in parts and counts at once: the same as a small one at every LSN'), async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 0, max: 9 }),
        async (count, more) => {
          const [large, small] = [await World.open({ parts: QUICK }), await World.open()];
          for (const world of [large, small]) {
            await world.put('main', documents(count));
            await world.put('main', documents(3), { collection: 'other' });
            await world.engine.createBranch(SHOP, 'exp', ADA);
            await world.put('exp', documents(more, 1000));
            await world.engine.dropCollection(SHOP, 'exp', 'items', ADA);
            await world.put('exp', documents(2), { collection: 'other' });
          }
          const { head } = small.engine.project(SHOP);
          expect(large.engine.project(SHOP).head).toBe(head);
          for (const again of [false, true]) {
            for (let at = 0; at <= head; at++) {
              const [a, b] = [large.view(`exp@${at}`), small.view(`exp@${at}`)];
              expect([at, a.lsn, a.snappedFrom, await dumpOf(a), await a.stateDigest()]).toEqual([
                at,
                b.lsn,
                b.snappedFrom,
                await dumpOf(b),
                await b.stateDigest()
              ]);
            }
            const log = await large.engine.log(SHOP, { ref: 'exp' });
            expect(
              log.entries.map(entry => [entry.kind, entry.deletes, entry.firstLsn, entry.lastLsn])
            ).toEqual(
              (await small.engine.log(SHOP, { ref: 'exp' })).entries.map(entry => [
                entry.kind,
                entry.deletes,
                entry.firstLsn,
                entry.lastLsn
              ])
            );
            if (!again) {
              await large.reopen();
            }
          }
          await large.close();
          await small.close();
        }
      ),
      runs<[number, number]>(8)
    );
  });

  it('is not seen in part while it goes into the state, and nobody writes beside it', async () => {
    const world = await World.open({ parts: QUICK });
    await world.put('main', documents(40));
    await world.engine.createBranch(SHOP, 'exp', ADA);
    const before = await world.dump('main');
    const state = holdState();
    const dropped = world.engine.dropCollection(SHOP, 'main', 'items', ADA);
    await new Promise(resolve => setTimeout(resolve, 100));
    // Another branch goes on meanwhile, and its LSNs come behind those of the drop.
    expect(await world.put('exp', documents(1, 100))).toMatchObject({ firstLsn: 83 });
    const { head } = world.engine.project(SHOP);
    let isWritten = false;
    const late = world.put('main', documents(1)).then(() => {
      isWritten = true;
    });
    const isThere = () => world.view('main').collection('items') !== undefined;
    for (let i = 0; i < 20; i++) {
      await new Promise(resolve => setImmediate(resolve));
    }
    expect([isThere(), isWritten]).toEqual([true, false]);
    expect(() => world.view(`main@${head}`)).toThrow(expect.objectContaining({ code: 'LSN_IN_FUTURE' }));
    expect(world.view(`exp@${head}`).lsn).toBe(head);
    state.release();
    await dropped;
    await late;
    expect(await world.dump('main@41')).toEqual(before);
    expect(world.view('main@60')).toMatchObject({ lsn: 41, snappedFrom: 60 });
    await world.close();
  });

  it('comes back from its parts after a crash; parts without their end are as if never written', async () => {
    const logs: string[] = [];
    let copy: (() => void) | undefined;
    const fileSystem: LogFileSystem = {
      write: async (fd, bytes, position) => {
        copy?.();
        await REAL_FILE_SYSTEM.write(fd, bytes, position);
      },
      sync: async () => undefined
    };
    const world = await World.open({ parts: { log: { fileSystem }, held } });
    await world.put('main', documents(40));
    const before = await world.dump('main');
    // A crash before each write of the drop, and one after the last.
    copy = () => logs.push(copyLog(world.directory));
    await world.engine.dropCollection(SHOP, 'main', 'items', ADA);
    copy();
    copy = undefined;
    expect(logs.length).toBeGreaterThan(5);
    const whole = temporaryDirectory();
    await world.engine.close();
    cpSync(world.directory, whole, { recursive: true });
    const seen = new Set<string>();
    for (const log of [...logs, whole]) {
      const { engine, close } = await recovered(log);
      const view = engine.resolve(SHOP, 'main');
      const isThere = view.collection('items') !== undefined;
      seen.add(String(isThere));
      if (isThere) {
        expect([view.lsn, await dumpOf(view)]).toEqual([41, before]);
      } else {
        expect([view.lsn, (await dumpOf(view)).size]).toEqual([82, 0]);
      }
      expect(await dumpOf(engine.resolve(SHOP, 'main@41'))).toEqual(before);
      // Work goes on behind it.
      const { commit } = await engine.write(SHOP, 'main', ADA, writer => writer.ensureCollection('next'));
      expect(commit?.firstLsn).toBe(lsn(view.lsn + 1));
      await close();
    }
    expect([...seen].sort()).toEqual(['false', 'true']);
    rmSync(world.directory, { recursive: true, force: true });
  });

  it('is whole after a crash between any two writes of the state it goes into', async () => {
    const world = await World.open({ parts: QUICK });
    await world.put('main', documents(40));
    await coreOf(world.engine).caughtUp();
    const copies: string[] = [];
    const write = LmdbStore.prototype.write;
    jest.spyOn(LmdbStore.prototype, 'write').mockImplementation(async function (this: LmdbStore, puts) {
      await write.call(this, puts);
      await this.flushed();
      const copy = temporaryDirectory();
      cpSync(world.directory, copy, { recursive: true });
      copies.push(copy);
    });
    await world.engine.dropCollection(SHOP, 'main', 'items', ADA);
    const head = await dumpOf(world.view('main'));
    const before = await dumpOf(world.view('main@41'));
    await world.engine.close();
    jest.restoreAllMocks();
    expect(copies.length).toBeGreaterThan(5);
    for (const directory of copies) {
      const { engine, close } = await recovered(directory);
      const view = engine.resolve(SHOP, 'main');
      const { problems } = await engine.verify();
      expect([view.lsn, await dumpOf(view), problems]).toEqual([82, head, []]);
      expect(await dumpOf(engine.resolve(SHOP, 'main@41'))).toEqual(before);
      await close();
    }
    rmSync(world.directory, { recursive: true, force: true });
  });
});
