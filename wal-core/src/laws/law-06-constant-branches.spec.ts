import fc from 'fast-check';
import { allowSeconds, random, runs } from './chance';
import { footprintOf, seeksOf } from './seeks';
import { ADA, image, SHOP, World } from './world';

allowSeconds(120);

/** One small commit: a frame of a few rows. */
const LOG_BYTES_MAX = 700;
const PUTS_MAX = 6;

describe('law 6: branches in constant time and space', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.open();
  });
  afterEach(() => world.close());

  async function fill(documents: number): Promise<void> {
    for (let done = 0; done < documents; done += 1000) {
      const size = Math.min(1000, documents - done);
      await world.put(
        'main',
        Array.from({ length: size }, (_, i) => ({ _id: done + i, text: 'some text' }))
      );
    }
    await world.engine.createIndex(SHOP, 'main', 'items', image({ key: { text: 1 }, name: 'text_1' }), ADA);
    await settle();
  }

  /** Waits until everything is in the state. */
  async function settle(): Promise<void> {
    await world.view('main').stateDigest();
  }

  const engine = () => world.engine;
  const operations: Readonly<Record<string, (n: number) => Promise<unknown>>> = {
    create: n => engine().createBranch(SHOP, `b-${n}`, ADA),
    'create in the past': n => engine().createBranch(SHOP, `past-${n}`, ADA, { from: 'main@5' }),
    'create from a child': n => engine().createBranch(SHOP, `child-${n}`, ADA, { from: `b-${n}` }),
    rename: n => engine().renameBranch(SHOP, `past-${n}`, `renamed-${n}`, ADA),
    protect: n => engine().protectBranch(SHOP, `renamed-${n}`, true, ADA),
    pin: n => engine().createPin(SHOP, `pin-${n}`, 'main', ADA),
    unpin: n => engine().deletePin(SHOP, `pin-${n}`, ADA),
    reset: n => engine().resetBranch(SHOP, `b-${n}`, 'main@4', ADA),
    delete: n => engine().deleteBranch(SHOP, `b-${n}`, ADA)
  };

  it('each operation is one small commit, the same with ten documents and with ten thousand', async () => {
    const found: Record<string, { puts: number; logBytes: number; seeks: number }[]> = {};
    for (const [round, documents] of [10, 10_000].entries()) {
      await fill(documents);
      for (const [name, operation] of Object.entries(operations)) {
        let seeks = 0;
        const footprint = await footprintOf(
          () => world.engine.status().logBytes,
          async () => {
            seeks = await seeksOf(() => operation(round));
            await settle();
          }
        );
        (found[name] ??= []).push({ ...footprint, seeks });
      }
    }
    for (const [name, [small, large]] of Object.entries(found)) {
      expect({ name, puts: large!.puts }).toEqual({ name, puts: small!.puts });
      expect({ name, ok: small!.puts <= PUTS_MAX }).toEqual({ name, ok: true });
      expect({ name, ok: large!.logBytes <= LOG_BYTES_MAX }).toEqual({ name, ok: true });
      // Numbers get a few digits longer.
      expect(Math.abs(large!.logBytes - small!.logBytes)).toBeLessThanOrEqual(24);
      expect({ name, seeks: large!.seeks - small!.seeks <= 2 && large!.seeks <= 8 }).toEqual({
        name,
        seeks: true
      });
    }
  });

  it(random('the first write on a branch costs what a write on any branch costs'), async () => {
    await fill(2000);
    let serial = 0;
    await fc.assert(
      fc.asyncProperty(fc.nat(1999), fc.nat(99), async (id, percent) => {
        const name = `first-${serial++}`;
        const at = Math.max(2, Math.floor((world.view('main').lsn * percent) / 100));
        await world.engine.createBranch(SHOP, name, ADA, { from: `main@${at}` });
        await settle();
        const write = () => world.put(name, [{ _id: id, text: 'another' }]);
        const measure = () =>
          footprintOf(
            () => world.engine.status().logBytes,
            async () => {
              await write();
              await settle();
            }
          );
        const first = await measure();
        const second = await measure();
        expect(first.puts).toBeLessThanOrEqual(second.puts + 2);
        expect(Math.abs(first.logBytes - second.logBytes)).toBeLessThanOrEqual(16);
      }),
      runs(15)
    );
  });
});
