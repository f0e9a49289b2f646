import fc from 'fast-check';
import type { AnswerRule, Conflict, PlanDocument, PlanInfo } from '../api';
import { allowSeconds, random, runs } from './chance';
import { type Edit, edits, TIGHT, write } from './edits';
import { ADA, lsn, type Plain, SHOP, World } from './world';

allowSeconds(180);

async function conflictPages(world: World, id: string, limit: number): Promise<Conflict[]> {
  const all: Conflict[] = [];
  for (;;) {
    const after = all.at(-1)?.id;
    const page = await world.engine.planConflicts(
      SHOP,
      id,
      after === undefined ? { limit } : { after, limit }
    );
    expect(page.length).toBeLessThanOrEqual(limit);
    all.push(...page);
    if (page.length === 0) {
      return all;
    }
  }
}

async function documentPages(world: World, id: string, limit: number): Promise<PlanDocument[]> {
  const all: PlanDocument[] = [];
  for (;;) {
    const after = all.at(-1)?.mark;
    const page = await world.engine.planDocuments(
      SHOP,
      id,
      after === undefined ? { limit } : { after, limit }
    );
    expect(page.length).toBeLessThanOrEqual(limit);
    all.push(...page);
    if (page.length === 0) {
      return all;
    }
  }
}

const plain = ({ createdAt: _, ...info }: PlanInfo) => info;

describe('law 7: plans of any size', () => {
  it(
    random('are the same whether their keys and changes fit into memory or not, and page by page'),
    async () => {
      let seen = 0;
      await fc.assert(
        fc.asyncProperty(edits, edits, edits, async (first, ours, theirs) => {
          const results: unknown[] = [];
          for (const parts of [undefined, TIGHT]) {
            const world = await World.open(parts === undefined ? {} : { parts });
            await write(world, 'main', first);
            await world.engine.createBranch(SHOP, 'exp', ADA);
            await write(world, 'main', ours);
            await write(world, 'exp', theirs);
            const diff = await world.engine.diff(SHOP, 'main', 'exp', { limit: 1000 });
            const paged = [];
            for (let after: string | undefined; ;) {
              const page = await world.engine.diff(SHOP, 'main', 'exp', {
                limit: 3,
                ...(after === undefined ? {} : { after })
              });
              paged.push(...page.documents);
              after = page.next;
              if (after === undefined) {
                break;
              }
            }
            expect(paged).toEqual(diff.documents);
            const plan = await world.engine.planMerge(SHOP, 'exp', 'main', ADA).catch(() => undefined);
            if (plan === undefined) {
              results.push(diff.summary);
              await world.close();
              continue;
            }
            const all = await world.engine.planConflicts(SHOP, plan.id, { limit: 1000 });
            expect(await conflictPages(world, plan.id, 2)).toEqual(all);
            expect(all).toHaveLength(plan.conflicts);
            seen += all.length;
            const answered = await world.engine.answerPlan(
              SHOP,
              plan.id,
              all.slice(0, 1).map(({ id }) => ({ conflict: id, answer: { take: 'base' as const } })),
              [{ take: 'theirs' }, { take: 'ours', collection: 'orders' }]
            );
            expect(answered.unanswered).toBe(0);
            const documents = await world.engine.planDocuments(SHOP, plan.id, { limit: 1000 });
            expect(await documentPages(world, plan.id, 2)).toEqual(documents);
            const applied = await world.engine.applyPlan(SHOP, plan.id, ADA);
            const after = await world.dump('main');
            await world.reopen();
            expect(await world.dump('main')).toEqual(after);
            results.push([diff.summary, all, documents, plain(answered), plain(applied), after]);
            await world.close();
          }
          expect(results[1]).toEqual(results[0]);
        }),
        runs<[Edit[], Edit[], Edit[]]>(10)
      );
      expect(seen).toBeGreaterThan(10);
    }
  );

  it('answer by rule: the last that fits, an answer of its own before all, the newest side of a path', async () => {
    const world = await World.open();
    await world.put('main', [
      { _id: 1, a: 0, n: { x: 0, y: 0 } },
      { _id: 2, a: 0 }
    ]);
    await world.put('main', [{ _id: 1, a: 0 }], { collection: 'orders' });
    await world.engine.createBranch(SHOP, 'exp', ADA);
    // On document 1 the other side wrote `a` last, though ours changed the document after it.
    await world.put('main', [{ _id: 1, a: 1, n: { x: 1, y: 1 } }]);
    await world.put('exp', [{ _id: 1, a: 2, n: { x: 2, y: 2 } }]);
    await world.put('main', [{ _id: 1, a: 1, n: { x: 3, y: 1 } }]);
    await world.put('exp', [{ _id: 2, a: 2 }]);
    await world.put('main', [{ _id: 2, a: 1 }]);
    await world.put('main', [{ _id: 1, a: 1 }], { collection: 'orders' });
    await world.put('exp', [{ _id: 1, a: 2 }], { collection: 'orders' });
    const plan = await world.engine.planMerge(SHOP, 'exp', 'main', ADA);
    expect(plan.conflicts).toBe(5);
    const answer = async (rules: readonly AnswerRule[]) => {
      await world.engine.answerPlan(SHOP, plan.id, [], rules);
      const conflicts = await world.engine.planConflicts(SHOP, plan.id);
      return conflicts.map(({ collection, path, answer: given }) => [
        `${collection} ${path.join('.')}`,
        given === undefined ? undefined : 'take' in given ? given.take : 'value'
      ]);
    };
    expect(await answer([{ take: 'newest' }])).toEqual([
      ['items a', 'theirs'],
      ['items n.x', 'ours'],
      ['items n.y', 'theirs'],
      ['items a', 'ours'],
      ['orders a', 'theirs']
    ]);
    expect(
      await answer([
        { take: 'ours', collection: 'items' },
        { take: 'base', path: ['n'] },
        { take: 'theirs', path: ['n', 'y'], collection: 'items' }
      ])
    ).toEqual([
      ['items a', 'ours'],
      ['items n.x', 'base'],
      ['items n.y', 'theirs'],
      ['items a', 'ours'],
      ['orders a', undefined]
    ]);
    const [first] = await world.engine.planConflicts(SHOP, plan.id);
    await world.engine.answerPlan(SHOP, plan.id, [{ conflict: first!.id, answer: { take: 'theirs' } }]);
    expect((await answer([{ take: 'ours' }]))[0]).toEqual(['items a', 'theirs']);
    await expect(
      world.engine.answerPlan(SHOP, plan.id, [], [{ take: 'mine' as never }])
    ).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    await world.engine.applyPlan(SHOP, plan.id, ADA);
    expect(await world.all('main')).toEqual([
      { _id: 1, a: 2, n: { x: 3, y: 1 } },
      { _id: 2, a: 1 }
    ]);
    await world.close();
  });
});

describe('law 7: a pick', () => {
  it(
    random('of a range does elsewhere what the range did, and asks where both changed a field'),
    async () => {
      let conflicts = 0;
      await fc.assert(
        fc.asyncProperty(edits, edits, edits, edits, async (first, before, picked, ours) => {
          const world = await World.open();
          await write(world, 'main', first);
          await world.engine.createBranch(SHOP, 'exp', ADA);
          await write(world, 'exp', before);
          const from = world.engine.project(SHOP).head;
          await write(world, 'exp', picked);
          const to = world.engine.project(SHOP).head;
          await write(world, 'main', ours);
          if (to === from) {
            await world.close();
            return;
          }
          const range = { first: lsn(from + 1), last: to };
          const plan = await world.engine.planPick(SHOP, 'exp', { range }, 'main', ADA);
          expect(plan).toMatchObject({ kind: 'pick', base: `exp@${from}`, into: 'main' });
          conflicts += plan.conflicts;
          await world.engine.answerPlan(SHOP, plan.id, [], 'theirs');
          const [old, now] = [new Map<string, Plain>(), new Map<string, Plain>()];
          const mine = new Map<string, Plain>();
          for (const collection of ['items', 'orders']) {
            for (const [table, ref] of [
              [old, `exp@${from}`],
              [now, `exp@${to}`],
              [mine, 'main']
            ] as const) {
              for (const document of await world.all(ref, collection)) {
                table.set(`${collection} ${String(document['_id'])}`, document);
              }
            }
          }
          await world.engine.applyPlan(SHOP, plan.id, ADA);
          for (const name of new Set([...old.keys(), ...now.keys(), ...mine.keys()])) {
            const [collection, id] = name.split(' ');
            const expected = apply(old.get(name), now.get(name), mine.get(name));
            expect([name, sortFields(world.get('main', Number(id), collection))]).toEqual([
              name,
              sortFields(expected)
            ]);
          }
          // Undone as one; the same again finds nothing left to bring.
          const entry = (await world.engine.log(SHOP, { ref: 'main', limit: 1 })).entries[0]!;
          if (entry.kind === 'pick') {
            expect(entry.pick).toMatchObject({ firstLsn: range.first, lastLsn: range.last });
          }
          const again = await world.engine.planPick(SHOP, 'exp', { range }, 'main', ADA);
          await world.engine.answerPlan(SHOP, again.id, [], 'theirs');
          expect((await world.engine.applyPlan(SHOP, again.id, ADA)).appliedAs).toBeUndefined();
          await world.close();
        }),
        runs<[Edit[], Edit[], Edit[], Edit[]]>(12)
      );
      expect(conflicts).toBeGreaterThan(5);
    }
  );

  it('takes what its source inherited, survives a reopen, and is applied once', async () => {
    const world = await World.open();
    await world.put('main', [{ _id: 1, a: 1 }]);
    await world.engine.createBranch(SHOP, 'old', ADA);
    const { firstLsn, lastLsn } = await world.put('main', [{ _id: 1, a: 1, b: 2 }, { _id: 2 }]);
    await world.engine.createBranch(SHOP, 'exp', ADA);
    await world.put('old', [{ _id: 1, a: 5 }]);
    const what = { range: { first: firstLsn, last: lastLsn } };
    const plan = await world.engine.planPick(SHOP, 'exp', what, 'old', ADA);
    expect(plan).toMatchObject({ conflicts: 0, state: 'open' });
    const documents = await world.engine.planDocuments(SHOP, plan.id);
    await world.reopen();
    expect(await world.engine.planDocuments(SHOP, plan.id)).toEqual(documents);
    const ends = await Promise.allSettled([1, 2].map(() => world.engine.applyPlan(SHOP, plan.id, ADA)));
    expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await world.all('old')).toEqual([{ _id: 1, a: 5, b: 2 }, { _id: 2 }]);
    await expect(
      world.engine.planPick(SHOP, 'exp', { range: { first: lsn(900), last: lsn(901) } }, 'old', ADA)
    ).rejects.toMatchObject({ code: 'NOTHING_TO_DO' });
    // One actor's changes among those of others.
    const bob = { origin: { actor: 'bob' } };
    await world.put('exp', [{ _id: 3, by: 'bob' }], bob);
    await world.put('exp', [{ _id: 4, by: 'ada' }]);
    const bobs = await world.engine.planPick(SHOP, 'exp', { actor: 'bob' }, 'old', ADA);
    await world.engine.applyPlan(SHOP, bobs.id, ADA);
    expect((await world.all('old')).map(({ _id }) => _id)).toEqual([1, 2, 3]);
    await world.close();
  });
});

/** Three-way with the other side winning, by top-level field and one level below: the test's own word. */
function apply(old: Plain | undefined, now: Plain | undefined, mine: Plain | undefined): Plain | undefined {
  const text = (value: unknown) => JSON.stringify(sortFields(value));
  if (text(old) === text(now)) {
    return mine;
  }
  if (now === undefined || mine === undefined) {
    return now;
  }
  const result: Plain = {};
  for (const name of new Set([...Object.keys(mine), ...Object.keys(now), ...Object.keys(old ?? {})])) {
    const [o, n, m] = [old?.[name], now[name], mine[name]];
    const areObjects = [n, m].every(value => typeof value === 'object' && value !== null);
    const value =
      areObjects && (o === undefined || typeof o === 'object')
        ? apply(o as Plain | undefined, n as Plain, m as Plain)
        : text(o) === text(n)
          ? m
          : n;
    if (value !== undefined) {
      result[name] = value;
    }
  }
  return result;
}

function sortFields(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  const fields = value as Plain;
  return Object.fromEntries(
    Object.keys(fields)
      .sort()
      .map(name => [name, sortFields(fields[name])])
  );
}
