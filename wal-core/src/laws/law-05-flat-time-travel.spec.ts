import fc from 'fast-check';
import type { View } from '../read/snapshot';
import { allowSeconds, numbersFrom, random, runs, SEED } from './chance';
import { holdState, releaseStates } from './hold';
import { coreOf, imagedParts, imagesSettled, scanned, walked } from './imaged';
import { seeksOf } from './seeks';
import { ADA, keyOf, SHOP, World } from './world';

allowSeconds(120);

describe('law 5: flat time travel', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.open();
  });
  afterEach(async () => {
    releaseStates();
    await world.close();
  });

  /** The most seeks that one of some point reads took. */
  async function worst(refs: readonly string[], ids: readonly unknown[]): Promise<number> {
    let most = 0;
    for (const ref of refs) {
      const view = world.view(ref);
      const items = view.collection('items')!;
      for (const id of ids) {
        most = Math.max(most, await seeksOf(() => view.get(items, keyOf(id))));
      }
    }
    return most;
  }

  it(
    random('a point read takes one seek per level of branches at most, however long the history is'),
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 6 }),
          fc.nat(99),
          async (levels, percent) => {
            const own = world;
            const name = `t${own.engine.projects().length}`;
            await own.engine.createProject(name, ADA);
            let branch = 'main';
            await own.put('main', [{ _id: 'hot' }, { _id: 'cold' }], { project: name });
            for (const [level, updates] of levels.entries()) {
              for (let i = 0; i < updates; i += 10) {
                await own.put(
                  branch,
                  Array.from({ length: 10 }, (_, n) => ({ _id: 'hot', level, n })),
                  { project: name }
                );
              }
              if (level < levels.length - 1) {
                await own.engine.createBranch(name, `b${level}`, ADA, { from: branch });
                branch = `b${level}`;
              }
            }
            const head = own.view(branch, name);
            await head.stateDigest();
            const at = own.view(`${branch}@${Math.max(3, Math.floor((head.lsn * percent) / 100))}`, name);
            for (const view of [head, at]) {
              const items = view.collection('items')!;
              expect(await seeksOf(() => view.get(items, keyOf('hot')))).toBeLessThanOrEqual(levels.length);
              expect(await seeksOf(() => view.get(items, keyOf('cold')))).toBeLessThanOrEqual(levels.length);
              expect(view.get(items, keyOf('cold'))).toBeDefined();
            }
          }
        ),
        runs(15)
      );
    }
  );

  it(
    random('hundreds of branches deep a read takes a few seeks, and finds what asking every branch finds'),
    async () => {
      const draw = numbersFrom(SEED);
      const deep = await World.open({ parts: imagedParts() });
      const { engine } = deep;
      const { versions } = coreOf(engine);
      await deep.put(
        'main',
        Array.from({ length: 60 }, (_, i) => ({ _id: i, text: 'x'.repeat((i % 5) * 400) }))
      );
      const branches = ['main'];
      for (let level = 0; level < 150; level++) {
        const from = branches.at(-1)!;
        await engine.createBranch(SHOP, `b${level}`, ADA, { from });
        branches.push(`b${level}`);
        await deep.put(`b${level}`, [
          { _id: draw(80), level },
          { _id: draw(80), text: 'y'.repeat(draw(1500)) }
        ]);
        if (level % 10 === 3) {
          await deep.remove(`b${level}`, [draw(80), draw(80)]);
        }
        if (level % 25 === 0) {
          await imagesSettled(engine);
        }
        const hold = draw(4) === 0 ? holdState() : undefined;
        if (hold !== undefined) {
          await deep.put(`b${level}`, [{ _id: draw(80), held: level }]);
        }
        const view = deep.view(`b${level}`) as View;
        for (let i = 0; i < 10; i++) {
          const key = keyOf(draw(90));
          const [found, walked] = [versions.find, versions.walk].map(find =>
            find.call(versions, view.chain, view.collection('items')!.id, key)
          );
          expect([found?.lsn, found?.image?.toString('hex')]).toEqual([
            walked?.lsn,
            walked?.image?.toString('hex')
          ]);
        }
        hold?.release();
      }
      const leaf = deep.view('b149') as View;
      const items = leaf.collection('items')!;
      for await (const _ of leaf.scan(items)) {
        // Reads every document, so that the overlay is there.
      }
      leaf.get(items, keyOf(0));
      await coreOf(engine).caughtUp();
      await new Promise(resolve => setTimeout(resolve, 100));
      let seeks = 0;
      for (let id = 0; id < 90; id++) {
        const wanted = versions.walk(leaf.chain, items.id, keyOf(id))?.image;
        let found: Buffer | undefined;
        seeks = Math.max(
          seeks,
          await seeksOf(() => {
            found = leaf.get(items, keyOf(id));
          })
        );
        expect(found?.toString('hex')).toBe(wanted?.toString('hex'));
      }
      expect(leaf.chain.length).toBeGreaterThan(140);
      expect(seeks).toBeLessThanOrEqual(3);
      await deep.close();
    }
  );

  it('reads of single documents alone make a deep branch flat, above images of its ancestors and its own', async () => {
    const deep = await World.open({ parts: imagedParts() });
    const { engine } = deep;
    const documents = Array.from({ length: 100 }, (_, i) => ({ _id: i, level: -1 }));
    await deep.put('main', documents);
    await imagesSettled(engine);
    let from = 'main';
    for (let level = 0; level < 60; level++) {
      await engine.createBranch(SHOP, `b${level}`, ADA, { from });
      from = `b${level}`;
      await deep.put(from, [{ _id: level, level }]);
      await imagesSettled(engine);
    }
    expect(coreOf(engine).imageOffice.files.count).toBeGreaterThan(2);
    const { versions } = coreOf(engine);
    for (let round = 0; round < 2; round++) {
      const leaf = deep.view(from) as View;
      const items = leaf.collection('items')!;
      for (let i = 0; i < 30; i++) {
        leaf.get(items, keyOf(i));
      }
      await new Promise(resolve => setTimeout(resolve, 100));
      for (let id = 0; id < 110; id++) {
        const wanted = versions.walk(leaf.chain, items.id, keyOf(id))?.image;
        let found: Buffer | undefined;
        const seeks = await seeksOf(() => {
          found = leaf.get(items, keyOf(id));
        });
        expect(seeks).toBeLessThanOrEqual(1);
        expect(found?.toString('hex')).toBe(wanted?.toString('hex'));
      }
      // More changes bring images of the branch itself; what its overlay knows of the branches above stays.
      for (let i = 0; i < 40; i++) {
        await deep.put(from, [{ _id: 70 + (i % 20), round, i }]);
      }
      await imagesSettled(engine);
    }
    await deep.close();
  });

  it('what ancestors changed goes into images that all their children share', async () => {
    const own = await World.open({ parts: imagedParts() });
    const { engine } = own;
    const documents = (count: number, n: number) => Array.from({ length: count }, (_, i) => ({ _id: i, n }));
    await own.put('main', documents(300, 0));
    await imagesSettled(engine);
    const { files } = coreOf(engine).imageOffice;
    const uncovered = () => {
      const view = own.view('main') as View;
      return view.lsn - files.stack(view.chain, view.collection('items')!.id).coverage;
    };
    // Too few for a run of main, enough for one of a child.
    for (let n = 0; uncovered() !== 20; n++) {
      await own.put('main', [{ _id: n % 300, n }]);
      await imagesSettled(engine);
    }
    const before = files.count;
    for (let child = 0; child < 5; child++) {
      await engine.createBranch(SHOP, `child-${child}`, ADA, { from: 'main' });
      await own.put(`child-${child}`, [{ _id: 100, child }]);
      await imagesSettled(engine);
      const view = own.view(`child-${child}`) as View;
      const items = view.collection('items')!;
      expect(files.of(view.timeline, items.id)).toEqual([]);
      expect(files.stack(view.chain, items.id).coverage).toBe(view.line.forkLsn);
      expect(await scanned(view, items)).toEqual(await walked(engine, view, items));
    }
    expect(files.count).toBeLessThanOrEqual(before + 1);
    // A child that differs much has its own.
    await own.put('child-0', documents(30, 2));
    await imagesSettled(engine);
    const view = own.view('child-0') as View;
    expect(files.of(view.timeline, view.collection('items')!.id)).not.toEqual([]);
    await own.close();
  });

  it('a state is opened again without a search, and inside an atomic group means the state before it', async () => {
    await world.put('main', [{ _id: 'a' }]);
    const group = await world.put('main', [{ _id: 'b' }, { _id: 'c' }, { _id: 'd' }], { atomic: true });
    await world.put('main', [{ _id: 'e' }, { _id: 'f' }]);
    await world.view('main').stateDigest();
    const first = group.firstLsn;
    const wanted = [first - 1, first - 1, first - 1, first + 2, first + 3, first + 4];
    for (const [i, lsn] of wanted.entries()) {
      const open = () => expect(world.view(`main@${first - 1 + i}`).lsn).toBe(lsn);
      open();
      expect(await seeksOf(open)).toBe(0);
    }
  });

  it('ten versions and ten thousand take the same seeks, at the head, in between and at the start', async () => {
    const found: number[] = [];
    for (const versions of [10, 10_000]) {
      for (let done = 0; done < versions; done += 1000) {
        const size = Math.min(1000, versions - done);
        await world.put(
          'main',
          Array.from({ length: size }, (_, n) => ({ _id: 'hot', n: done + n }))
        );
      }
      const { lsn } = world.view('main');
      await world.view('main').stateDigest();
      found.push(await worst(['main', `main@${Math.floor(lsn / 2)}`, 'main@2'], ['hot', 'missing']));
    }
    expect(found).toEqual([1, 1]);
  });

  it('opening a state takes a handful of seeks, however long the history and however many the branches', async () => {
    const opened: number[] = [];
    for (const size of [5, 400]) {
      for (let i = 0; i < size; i++) {
        await world.put('main', [{ _id: i }]);
        await world.engine.createBranch(SHOP, `b-${size}-${i}`, ADA);
      }
      await world.view('main').stateDigest();
      const { lsn } = world.view('main');
      const open = (ref: string) => seeksOf(() => world.view(ref).collection('items'));
      await open('main');
      opened.push(await open('main'), await open(`main@${lsn - 3}`), await open(`b-${size}-${size - 1}`));
    }
    expect(Math.max(...opened)).toBeLessThanOrEqual(4);
  });

  it('documents not yet in the state take no seek', async () => {
    await world.put('main', [{ _id: 1 }]);
    const view = world.view('main');
    const items = view.collection('items')!;
    // Not awaited in between: the state has not had the time.
    const commit = world.put('main', [{ _id: 2 }]);
    await commit;
    expect(await seeksOf(() => world.view('main').get(items, keyOf(2)))).toBeLessThanOrEqual(1);
  });
});
