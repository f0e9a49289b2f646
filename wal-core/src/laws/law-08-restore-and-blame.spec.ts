import fc from 'fast-check';
import { documentOf, elements } from '../bson';
import { allowSeconds, random, runs } from './chance';
import { type Edit, edits, TIGHT, write } from './edits';
import { ADA, keyOf, type Plain, SHOP, World } from './world';

allowSeconds(120);

describe('law 8: a restore', () => {
  it(random('gives back a branch, a collection or documents, leaves a backup, and is undone'), async () => {
    await fc.assert(
      fc.asyncProperty(
        edits,
        edits,
        fc.constantFrom('branch' as const, 'collection' as const, 'documents' as const),
        fc.boolean(),
        async (first, later, what, tight) => {
          const world = await World.open(tight ? { parts: TIGHT } : {});
          const { engine } = world;
          await world.put('main', [{ _id: 99 }], { collection: 'items' });
          await write(world, 'main', first);
          const then = engine.project(SHOP).head;
          const past = await world.dump('main');
          await write(world, 'main', later);
          const before = await world.dump('main');
          const head = engine.branch(SHOP, 'main').head;
          const keys = [keyOf(1), keyOf(2), keyOf(50)];
          const options =
            what === 'branch'
              ? {}
              : what === 'collection'
                ? { collection: 'items' }
                : { collection: 'items', keys };
          const inScope = (name: string) =>
            what === 'branch' ||
            (name.startsWith('items/') &&
              (what === 'collection' || keys.some(key => name === `items/${key.toString('hex')}`)));
          const expected = new Map([
            ...[...before].filter(([name]) => !inScope(name)),
            ...[...past].filter(([name]) => inScope(name))
          ]);
          const plan = await engine.planRestore(SHOP, 'main', `main@${then}`, ADA, options).catch(error => {
            expect(error).toMatchObject({ code: 'NOTHING_TO_DO' });
          });
          if (plan === undefined) {
            expect(new Map([...expected].sort())).toEqual(new Map([...before].sort()));
            await world.close();
            return;
          }
          expect(plan).toMatchObject({ kind: 'restore', conflicts: 0 });
          const preview = await engine.planDocuments(SHOP, plan.id, { limit: 1000 });
          const applied = await engine.applyPlan(SHOP, plan.id, ADA);
          expect(new Map([...(await world.dump('main'))].sort())).toEqual(new Map([...expected].sort()));
          const { documents } = await engine.diff(SHOP, `main@${head}`, 'main', { limit: 1000 });
          expect(
            preview.filter(({ collection }) => collection !== '(catalog)').map(({ mark: _, ...rest }) => rest)
          ).toEqual(documents);
          // The way back, by name and by undo; and the undo undone.
          expect(applied.backup).toBe(`backup/main-${head}`);
          expect(await world.dump(applied.backup!)).toEqual(before);
          expect(engine.branch(SHOP, applied.backup!)).toMatchObject({ backupOf: 'main', ahead: 0 });
          const { appliedAs } = applied;
          const undo = await engine.planUndo(
            SHOP,
            'main',
            { range: { first: appliedAs!.firstLsn, last: appliedAs!.lastLsn } },
            ADA
          );
          const undone = await engine.applyPlan(SHOP, undo.id, ADA);
          expect(await world.dump('main')).toEqual(before);
          const again = await engine.planUndo(
            SHOP,
            'main',
            { range: { first: undone.appliedAs!.firstLsn, last: undone.appliedAs!.lastLsn } },
            ADA
          );
          await engine.applyPlan(SHOP, again.id, ADA);
          expect(new Map([...(await world.dump('main'))].sort())).toEqual(new Map([...expected].sort()));
          const after = await world.dump('main');
          const entry = (await engine.log(SHOP, { ref: `main@${appliedAs!.lastLsn}`, limit: 1 })).entries[0];
          expect(entry).toMatchObject({ kind: 'restore', restore: { what: `main@${then}` } });
          await world.reopen();
          expect(await world.dump('main')).toEqual(after);
          expect(await world.dump(applied.backup!)).toEqual(before);
          expect(
            (await world.engine.log(SHOP, { ref: `main@${appliedAs!.lastLsn}`, limit: 1 })).entries[0]
          ).toEqual(entry);
          await world.close();
        }
      ),
      runs<[Edit[], Edit[], 'branch' | 'collection' | 'documents', boolean]>(14)
    );
  });

  it('brings a dropped collection back with its options and indexes, and refuses what makes no sense', async () => {
    const world = await World.open();
    const { engine } = world;
    await world.put('main', [{ _id: 1, a: 1 }]);
    const spec = documentOf([
      {
        name: 'key',
        type: 0x03,
        bytes: documentOf([{ name: 'a', type: 0x10, bytes: Buffer.from([1, 0, 0, 0]) }])
      },
      { name: 'name', type: 0x02, bytes: Buffer.from('\x04\0\0\0a_1\0', 'latin1') }
    ]);
    expect(elements(spec)).toHaveLength(2);
    await engine.createIndex(SHOP, 'main', 'items', spec, ADA);
    const { head } = engine.branch(SHOP, 'main');
    await engine.dropCollection(SHOP, 'main', 'items', ADA);
    await world.put('main', [{ _id: 5 }], { collection: 'orders' });
    const plan = await engine.planRestore(SHOP, 'main', `main@${head}`, ADA, { collection: 'items' });
    await engine.applyPlan(SHOP, plan.id, ADA);
    expect(await world.all('main')).toEqual([{ _id: 1, a: 1 }]);
    expect(await world.all('main', 'orders')).toEqual([{ _id: 5 }]);
    expect(
      world
        .view('main')
        .collection('items')!
        .indexes.map(({ name }) => name)
    ).toEqual(['a_1']);
    for (const [to, options, code] of [
      ['main@1', { collection: 'nope' }, 'COLLECTION_NOT_FOUND'],
      ['main', {}, 'NOTHING_TO_DO'],
      ['main@1', { keys: [keyOf(1)] }, 'BAD_REQUEST'],
      ['main@999', {}, 'LSN_IN_FUTURE']
    ] as const) {
      await expect(engine.planRestore(SHOP, 'main', to, ADA, options)).rejects.toMatchObject({ code });
    }
    // A reset is undone by a reset to its backup.
    const before = await world.dump('main');
    const { backup } = await engine.resetBranch(SHOP, 'main', 'main@1', ADA);
    expect(await world.dump('main')).not.toEqual(before);
    const back = await engine.resetBranch(SHOP, 'main', backup, ADA);
    expect(await world.dump('main')).toEqual(before);
    expect(await world.all(back.backup)).toEqual([]);
    await world.close();
  });
});

describe('law 8: a blame', () => {
  it(random('names for each field the change that gave it its value'), async () => {
    await fc.assert(
      fc.asyncProperty(edits, edits, fc.nat({ max: 12 }), async (first, later, id) => {
        const world = await World.open();
        await world.put('main', [{ _id: id, a: 9 }]);
        await write(world, 'main', first);
        await world.engine.createBranch(SHOP, 'exp', ADA);
        await write(world, 'exp', later);
        const blame = await world.engine.blame(SHOP, 'exp', 'items', keyOf(id));
        const now = world.get('exp', id);
        const leavesOf = (document: Plain | undefined) => {
          const leaves = new Map<string, unknown>();
          for (const [name, value] of Object.entries(document ?? {})) {
            if (name === 'n' && Object.keys(value as Plain).length > 0) {
              leaves.set('n.x', (value as Plain)['x']);
            } else {
              leaves.set(name, JSON.stringify(value));
            }
          }
          return leaves;
        };
        const expected = [...leavesOf(now)].map(([path, value]) => {
          let since = world.engine.project(SHOP).head as number;
          while (since > 1 && leavesOf(world.get(`exp@${since - 1}`, id)).get(path) === value) {
            since--;
          }
          return [path, since];
        });
        // LSNs at which the branch has no change of its own say the same as the one before.
        expect(blame.map(({ path, lsn: at }) => [path.join('.'), at])).toEqual(expected);
        expect(blame.every(({ origin, isExact }) => origin.actor === 'ada' && isExact)).toBe(true);
        await world.close();
      }),
      runs<[Edit[], Edit[], number]>(15)
    );
  });
});
