import fc from 'fast-check';
import type { Origin, PlanInfo, UndoSelector } from '../api';
import { allowSeconds, numbersFrom, random, runs } from './chance';
import { releaseStates } from './hold';
import { ADA, image, keyOf, lsn, SHOP, World } from './world';

allowSeconds(120);

interface Step {
  readonly cell: number;
  readonly id: number;
  readonly value: number | undefined;
}

const step: fc.Arbitrary<Step> = fc.record({
  cell: fc.nat(2),
  id: fc.nat(4),
  value: fc.option(fc.nat(5), { nil: undefined, freq: 4 })
});

const ACTORS = ['ada', 'ben', 'eve'];

function originOf(cell: number): Origin {
  return { actor: ACTORS[cell]!, session: `s-${cell}`, cell: `cell-${cell}`, cellNumber: cell + 1 };
}

/** The ways to name the changes of one cell. */
function selectors(cell: number): UndoSelector[] {
  return [
    { cell: `cell-${cell}` },
    { cellNumber: cell + 1 },
    { actor: ACTORS[cell]! },
    { session: `s-${cell}` },
    { txn: `t-${cell}` },
    { actor: ACTORS[cell]!, cell: `cell-${cell}` }
  ];
}

describe('law 8: nothing is lost by an operation', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.open();
  });
  afterEach(async () => {
    releaseStates();
    await world.close();
  });

  async function undo(what: UndoSelector, all?: 'ours' | 'theirs', branch = 'main'): Promise<PlanInfo> {
    const plan = await world.engine.planUndo(SHOP, branch, what, ADA);
    if (all !== undefined) {
      await world.engine.answerPlan(SHOP, plan.id, [], all);
    }
    return world.engine.applyPlan(SHOP, plan.id, ADA);
  }

  function rangeOf({ appliedAs }: PlanInfo): UndoSelector {
    return { range: { first: appliedAs!.firstLsn, last: appliedAs!.lastLsn } };
  }

  const names = (ref: string) =>
    world
      .view(ref)
      .collections()
      .map(({ name }) => name);

  describe('a reset', () => {
    it(random('keeps the discarded line under a backup name, to the byte'), async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { minLength: 2, maxLength: 10 }),
          fc.nat(99),
          async (steps, percent) => {
            const project = `r${world.engine.projects().length}`;
            await world.engine.createProject(project, ADA);
            for (const { id, value } of steps) {
              await world.put('main', [{ _id: id, value: value ?? null }], { project });
            }
            const before = world.view('main', project);
            const dump = await world.dump(before);
            const digest = await before.stateDigest();
            const target = Math.floor((before.lsn * percent) / 100);
            const wanted = await world.dump(world.view(`main@${target}`, project));
            const foretold = world.engine.backupName(project, 'main');
            const { branch, backup } = await world.engine.resetBranch(project, 'main', `main@${target}`, ADA);
            expect([branch.name, backup]).toEqual(['main', foretold]);
            expect(await world.dump(world.view('main', project))).toEqual(wanted);
            expect(await world.dump(world.view(backup, project))).toEqual(dump);
            expect(await world.view(backup, project).stateDigest()).toBe(digest);
            expect(world.engine.branch(project, backup)).toMatchObject({
              backupOf: 'main',
              head: before.lsn
            });
            // And back again, with writes in between that are kept too.
            await world.put('main', [{ _id: 'new line' }], { project });
            const second = await world.dump(world.view('main', project));
            const { backup: other } = await world.engine.resetBranch(project, 'main', backup, ADA);
            expect(await world.dump(world.view('main', project))).toEqual(dump);
            expect(await world.dump(world.view(other, project))).toEqual(second);
            // What was read before the reset reads the same.
            expect(await world.dump(before)).toEqual(dump);
          }
        ),
        runs(12)
      );
    });

    it('survives a reopen, gives each backup its own name, and refuses what makes no sense', async () => {
      await world.put('main', [{ _id: 1 }]);
      await world.put('main', [{ _id: 2 }]);
      const dump = await world.dump('main');
      const first = await world.engine.resetBranch(SHOP, 'main', 'main@2', ADA);
      const second = await world.engine.resetBranch(SHOP, 'main', first.backup, ADA);
      const third = await world.engine.resetBranch(SHOP, 'main', 'main@1', ADA);
      expect(new Set([first.backup, second.backup, third.backup]).size).toBe(3);
      await world.reopen();
      expect(await world.dump(first.backup)).toEqual(dump);
      expect(await world.dump(third.backup)).toEqual(dump);
      await expect(world.engine.resetBranch(SHOP, 'main', 'main', ADA)).rejects.toMatchObject({
        code: 'NOTHING_TO_DO'
      });
      await world.engine.protectBranch(SHOP, 'main', true, ADA);
      await expect(world.engine.resetBranch(SHOP, 'main', 'main@0', ADA)).rejects.toMatchObject({
        code: 'BRANCH_PROTECTED'
      });
      expect(world.engine.branch(SHOP, 'main').isProtected).toBe(true);
    });

    it('and a delete leave pins and runs readable', async () => {
      await world.put('main', [{ _id: 1 }]);
      await world.engine.createBranch(SHOP, 'exp', ADA);
      await world.put('exp', [{ _id: 2 }]);
      await world.engine.createPin(SHOP, 'data', 'exp', ADA);
      const run = await world.engine.registerRun(SHOP, 'run-1', 'exp', { name: 'first' });
      const dump = await world.dump('exp');
      await world.put('exp', [{ _id: 3 }]);
      await world.engine.resetBranch(SHOP, 'exp', 'main', ADA);
      await world.engine.deleteBranch(SHOP, 'exp', ADA);
      await world.engine.createBranch(SHOP, 'exp', ADA, { from: 'main@0' });
      for (let round = 0; round < 2; round++) {
        for (const ref of ['pin:data', 'run:run-1']) {
          expect(await world.dump(ref)).toEqual(dump);
          expect(await world.view(ref).stateDigest()).toBe(run.digest);
        }
        expect(await world.all('exp')).toEqual([]);
        await world.reopen();
      }
    });
  });

  describe('an undo', () => {
    it(
      random(
        'of a cell, an actor, a session or a transaction takes back exactly its changes, and asks where others went on'
      ),
      async () => {
        let conflictCount = 0;
        let restored = 0;
        await fc.assert(
          fc.asyncProperty(
            fc.array(step, { minLength: 3, maxLength: 14 }),
            fc.nat(2),
            fc.nat(5),
            fc.constantFrom('ours' as const, 'theirs' as const),
            async (steps, cell, way, side) => {
              if (world.engine.findProject(SHOP) !== undefined) {
                await world.engine.deleteProject(SHOP, ADA);
              }
              await world.engine.createProject(SHOP, ADA);
              await world.put('main', [{ _id: 0, value: 'start' }], { origin: { actor: 'setup' } });

              // What the undo must come to, told by the test itself.
              const now = new Map<number, string>([[0, JSON.stringify({ _id: 0, value: 'start' })]]);
              const touched = new Map<
                number,
                { before: string | undefined; after: string | undefined; foreign: boolean; mixed: boolean }
              >();
              for (const { cell: by, id, value } of steps) {
                if (value === undefined && !now.has(id)) {
                  continue;
                }
                const before = now.get(id);
                if (value === undefined) {
                  await world.remove('main', [id], { origin: originOf(by), txn: `t-${by}` });
                  now.delete(id);
                } else {
                  await world.put('main', [{ _id: id, value }], { origin: originOf(by), txn: `t-${by}` });
                  now.set(id, JSON.stringify({ _id: id, value }));
                }
                const known = touched.get(id);
                if (by !== cell) {
                  if (known !== undefined) {
                    known.foreign = true;
                  }
                } else if (known === undefined) {
                  touched.set(id, { before, after: now.get(id), foreign: false, mixed: false });
                } else {
                  known.mixed ||= known.foreign;
                  known.after = now.get(id);
                }
              }
              const expected = new Map(now);
              let conflicts = 0;
              for (const [id, { before, after, mixed }] of touched) {
                const current = now.get(id);
                if (current === before || (before === after && !mixed)) {
                  continue;
                }
                const isClean = current === after && !mixed;
                conflicts += isClean ? 0 : 1;
                if (isClean || side === 'theirs') {
                  restored++;
                  if (before === undefined) {
                    expected.delete(id);
                  } else {
                    expected.set(id, before);
                  }
                }
              }
              conflictCount += conflicts;

              const what = selectors(cell)[way]!;
              if (touched.size === 0) {
                await expect(world.engine.planUndo(SHOP, 'main', what, ADA)).rejects.toMatchObject({
                  code: 'NOTHING_TO_DO'
                });
                return;
              }
              const before = await world.dump('main');
              const plan = await world.engine.planUndo(SHOP, 'main', what, ADA);
              expect(plan).toMatchObject({ kind: 'undo', conflicts, unanswered: conflicts });
              const found = await world.engine.planConflicts(SHOP, plan.id);
              expect(found.every(({ path }) => path.length === 0)).toBe(true);
              await world.engine.answerPlan(SHOP, plan.id, [], side);
              const applied = await world.engine.applyPlan(SHOP, plan.id, ADA);
              const documents = (await world.all('main')).map(document => JSON.stringify(document)).sort();
              expect(documents).toEqual([...expected.values()].sort());
              if (applied.appliedAs !== undefined) {
                // Undo of the undo.
                const again = await undo(rangeOf(applied));
                expect(again.conflicts).toBe(0);
                expect(await world.dump('main')).toEqual(before);
              }
            }
          ),
          runs(50)
        );
        expect(conflictCount).toBeGreaterThan(1);
        expect(restored).toBeGreaterThan(5);
      }
    );

    it(random('of a range takes back that range, also a part of a plain group'), async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 12 }), fc.nat(), async (steps, seed) => {
          const project = `u${world.engine.projects().length}`;
          await world.engine.createProject(project, ADA);
          const below = numbersFrom(seed);
          // Each document is written once or twice, in groups.
          let serial = 0;
          for (const { value } of steps) {
            const documents = Array.from({ length: 1 + below(3) }, () => ({
              _id: serial++,
              value: value ?? null
            }));
            await world.put('main', documents, { project, atomic: below(2) === 0 });
          }
          const { lsn: head } = world.view('main', project);
          const first = 2 + below(head - 1);
          const last = first + below(head - first + 1);
          const plan = await world.engine.planUndo(
            project,
            'main',
            { range: { first: lsn(first), last: lsn(last) } },
            ADA
          );
          expect(plan.source).toBe(`LSN ${first}..${last}: ${first}..${last}`);
          await world.engine.applyPlan(project, plan.id, ADA);
          // LSN 1 is the collection; document n was written at LSN n + 2.
          const left = Array.from({ length: serial }, (_, id) => id).filter(
            id => id + 2 < first || id + 2 > last
          );
          const view = world.view('main', project);
          expect([...(await world.dump(view)).keys()]).toEqual(
            left.map(id => `items/${keyOf(id).toString('hex')}`)
          );
        }),
        runs(12)
      );
    });

    it('reports a document changed later and does not overwrite it', async () => {
      await world.put('main', [
        { _id: 1, a: 0 },
        { _id: 2, a: 0 }
      ]);
      const { firstLsn, lastLsn } = await world.put('main', [
        { _id: 1, a: 1 },
        { _id: 2, a: 1 }
      ]);
      await world.put('main', [{ _id: 2, a: 1, later: true }]);
      const plan = await world.engine.planUndo(
        SHOP,
        'main',
        { range: { first: firstLsn, last: lastLsn } },
        ADA
      );
      expect(plan).toMatchObject({ conflicts: 1, unanswered: 1 });
      await expect(world.engine.applyPlan(SHOP, plan.id, ADA)).rejects.toMatchObject({
        code: 'PLAN_UNANSWERED'
      });
      await world.engine.answerPlan(SHOP, plan.id, [], 'ours');
      await world.engine.applyPlan(SHOP, plan.id, ADA);
      expect(await world.all('main')).toEqual([
        { _id: 1, a: 0 },
        { _id: 2, a: 1, later: true }
      ]);
    });

    it('names a collection that was made and dropped among the changes', async () => {
      const careless = { actor: 'careless' };
      await world.engine.write(SHOP, 'main', careless, writer => {
        writer.ensureCollection('others');
      });
      await world.put('main', [{ _id: 1 }], { collection: 'brief' });
      await world.engine.dropCollection(SHOP, 'main', 'brief', careless);
      const plan = await world.engine.planUndo(SHOP, 'main', careless, ADA);
      expect(plan.summary.map(({ collection }) => collection)).toContain('brief');
      const documents = await world.engine.planDocuments(SHOP, plan.id);
      expect(documents.map(({ collection, op }) => [collection, op])).toContainEqual(['brief', 'insert']);
      await world.engine.applyPlan(SHOP, plan.id, ADA);
      expect(world.view('main').collection('brief')).toBeDefined();
    });

    it('of a dropped collection brings documents, options and indexes back', async () => {
      await world.engine.write(SHOP, 'main', ADA, writer => {
        writer.createCollection('items', image({ validator: { a: 1 } }));
      });
      await world.engine.createIndex(
        SHOP,
        'main',
        'items',
        image({ key: { a: 1 }, name: 'a_1', unique: true }),
        ADA
      );
      await world.put(
        'main',
        Array.from({ length: 700 }, (_, i) => ({ _id: i, a: i }))
      );
      const before = await world.dump('main');
      await world.engine.dropCollection(SHOP, 'main', 'items', { actor: 'careless' });
      expect(names('main')).toEqual([]);
      await world.reopen();
      await undo({ actor: 'careless' });
      expect(await world.dump('main')).toEqual(before);
      const items = world.view('main').collection('items')!;
      expect(items.options).toEqual(image({ validator: { a: 1 } }));
      let count = 0;
      for await (const { keys } of world.view('main').scanIndex(items, items.indexes[0]!)) {
        count += keys.length;
      }
      expect(count).toBe(700);
      await expect(world.put('main', [{ _id: 'x', a: 3 }])).rejects.toMatchObject({ code: 'DUPLICATE_KEY' });
    });

    it('of one cell that creates a collection and fills it removes both, but not what others put there', async () => {
      for (const others of [false, true]) {
        const cell = `c-${others}`;
        const origin = { actor: 'ada', cell, cellNumber: 7 };
        await world.put('main', [{ _id: 1 }], { collection: cell, origin });
        await world.put('main', [{ _id: 2 }], { collection: cell, origin });
        if (others) {
          await world.put('main', [{ _id: 3 }], { collection: cell });
        }
        const before = await world.dump('main');
        const plan = await world.engine.planUndo(SHOP, 'main', { cell }, ADA);
        expect(plan.source).toMatch(/^cell c-\w+: \d+\.\.\d+$/);
        const applied = await world.engine.applyPlan(SHOP, plan.id, ADA);
        expect(names('main').includes(cell)).toBe(others);
        expect(await world.all('main', cell)).toEqual(others ? [{ _id: 3 }] : []);
        await undo(rangeOf(applied));
        expect(await world.dump('main')).toEqual(before);
      }
    });

    it('of index changes and renames brings them back, beside what others did', async () => {
      await world.put('main', [{ _id: 1, a: 1, b: 1 }]);
      const index = (name: string, actor: string) =>
        world.engine.createIndex(SHOP, 'main', 'items', image({ key: { [name]: 1 }, name }), { actor });
      await index('a', 'eve');
      await index('b', 'ada');
      await undo({ actor: 'eve' });
      expect(
        world
          .view('main')
          .collection('items')!
          .indexes.map(({ name }) => name)
      ).toEqual(['b']);
      await world.engine.write(SHOP, 'main', { actor: 'mallory' }, writer => {
        writer.dropIndex(writer.collection('items')!, 'b');
        writer.renameCollection(writer.collection('items')!, 'things');
      });
      await world.put('main', [{ _id: 2, b: 0 }], { collection: 'things' });
      await undo({ actor: 'mallory' });
      expect(names('main')).toEqual(['items']);
      const items = world.view('main').collection('items')!;
      const found: Buffer[] = [];
      for await (const { images } of world.view('main').scanIndex(items, items.indexes[0]!)) {
        found.push(...images);
      }
      expect(found).toEqual([image({ _id: 2, b: 0 }), image({ _id: 1, a: 1, b: 1 })]);
    });

    it('of a merge takes back what it brought', async () => {
      await world.put('main', [{ _id: 1, a: 0 }]);
      await world.engine.createBranch(SHOP, 'exp', ADA);
      await world.put('exp', [{ _id: 1, a: 1 }, { _id: 2 }]);
      await world.put('exp', [{ _id: 3 }], { collection: 'other' });
      const before = await world.dump('main');
      const plan = await world.engine.planMerge(SHOP, 'exp', 'main', ADA);
      const merged = await world.engine.applyPlan(SHOP, plan.id, { actor: 'merger' });
      const after = await world.dump('main');
      const undone = await undo({ actor: 'merger' });
      expect(await world.dump('main')).toEqual(before);
      expect(names('main')).toEqual(['items']);
      await undo(rangeOf(undone));
      expect(await world.dump('main')).toEqual(after);
      const { entries } = await world.engine.log(SHOP, { ref: 'main' });
      expect(entries.slice(0, 3)).toMatchObject([
        { kind: 'undo', undo: { firstLsn: undone.appliedAs!.firstLsn, lastLsn: undone.appliedAs!.lastLsn } },
        { kind: 'undo', undo: { what: 'actor merger', firstLsn: merged.appliedAs!.firstLsn } },
        { kind: 'merge', merge: { source: plan.source } }
      ]);
    });

    it('of deletions brings their collection back when it is gone by now', async () => {
      await world.put('main', [{ _id: 1 }, { _id: 2 }]);
      await world.remove('main', [1], { origin: { actor: 'eve' } });
      await world.engine.dropCollection(SHOP, 'main', 'items', ADA);
      await undo({ actor: 'eve' });
      expect(await world.all('main')).toEqual([{ _id: 1 }]);
    });

    it('is refused when the branch has moved since', async () => {
      await world.put('main', [{ _id: 1 }], { origin: { actor: 'eve' } });
      const plan = await world.engine.planUndo(SHOP, 'main', { actor: 'eve' }, ADA);
      await world.put('main', [{ _id: 2 }]);
      await expect(world.engine.applyPlan(SHOP, plan.id, ADA)).rejects.toMatchObject({ code: 'PLAN_STALE' });
    });

    it('says when there is nothing to undo, nothing selected, or the change was made on another branch', async () => {
      await world.put('main', [{ _id: 1 }]);
      await world.engine.createBranch(SHOP, 'exp', ADA);
      await world.put('exp', [{ _id: 2 }]);
      const refused = (what: UndoSelector, branch = 'main') =>
        world.engine.planUndo(SHOP, branch, what, ADA).then(
          () => 'a plan',
          error => error.code
        );
      expect(await refused({ actor: 'nobody' })).toBe('NOTHING_TO_DO');
      expect(await refused({})).toBe('BAD_REQUEST');
      expect(await refused({ range: { first: lsn(5), last: lsn(4) } })).toBe('BAD_REQUEST');
      expect(await refused({ range: { first: lsn(1), last: lsn(2) } }, 'exp')).toBe('NOTHING_TO_DO');
      expect(await refused({ actor: 'ada' }, 'exp')).toBe('a plan');
      // Only its own change is taken back, not the one it was forked with.
      await undo({ actor: 'ada' }, undefined, 'exp');
      expect(await world.all('exp')).toEqual([{ _id: 1 }]);
    });
  });

  it('what was ever written can be read in its history, with who and when', async () => {
    const at = world.clock.now;
    await world.put('main', [{ _id: 1, a: 0 }], { origin: originOf(0) });
    world.clock.now += 1000;
    await world.put('main', [{ _id: 1, a: 1 }], { origin: originOf(1) });
    await world.engine.createBranch(SHOP, 'exp', ADA);
    world.clock.now += 1000;
    await world.remove('exp', [1], { origin: originOf(2) });
    await world.put('main', [{ _id: 1, a: 'not on exp' }]);
    const changes = await world.engine.history(SHOP, 'exp', 'items', keyOf(1));
    const shown = changes.map(({ op, origin, time, before, after }) => [
      op,
      origin.cell,
      time.getTime() - at,
      before,
      after
    ]);
    expect(shown).toEqual([
      ['delete', 'cell-2', 2000, image({ _id: 1, a: 1 }), undefined],
      ['update', 'cell-1', 1000, image({ _id: 1, a: 0 }), image({ _id: 1, a: 1 })],
      ['insert', 'cell-0', 0, undefined, image({ _id: 1, a: 0 })]
    ]);
    const [only] = await world.engine.history(SHOP, 'exp', 'items', keyOf(1), {
      limit: 1,
      before: changes[0]!.lsn
    });
    expect(only!.lsn).toBe(changes[1]!.lsn);
  });
});
