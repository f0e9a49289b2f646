import { deserialize } from 'bson';
import fc from 'fast-check';
import type { Answer, Conflict, Diff, FieldPath, FieldValue, Image, PlanInfo } from '../api';
import { field } from '../bson';
import { allowSeconds, numbersFrom, random, runs } from './chance';
import { holdState, releaseStates } from './hold';
import { mergeTables, type ReferenceConflict, sorted, type Table } from './reference-merge';
import { ADA, image, keyOf, type Plain, scanAll, SHOP, World } from './world';

allowSeconds(120);

const scalar = fc.oneof(fc.nat(3), fc.constantFrom('x', null), fc.array(fc.nat(2), { maxLength: 2 }));
const nested = fc.record({ x: scalar, y: scalar }, { requiredKeys: [] });
const fields = fc.record({ a: scalar, b: scalar, n: fc.oneof(nested, nested, scalar) }, { requiredKeys: [] });

/** An edit of a document: new fields, or undefined to delete it. */
const edit = fc.record({ id: fc.nat(5), fields: fc.option(fields, { nil: undefined, freq: 5 }) });
const edits = fc.array(edit, { maxLength: 6 });
type Edit = { readonly id: number; readonly fields: Plain | undefined };

async function makeEdits(world: World, branch: string, list: readonly Edit[]): Promise<void> {
  for (const { id, fields: content } of list) {
    if (content !== undefined) {
      await world.put(branch, [{ _id: id, ...content }]);
    } else if (world.view(branch).collection('items') !== undefined) {
      await world.remove(branch, [id]);
    }
  }
}

async function tableOf(world: World, ref: string): Promise<Table> {
  return new Map((await world.all(ref)).map(document => [String(document['_id']), document]));
}

function plain(value: FieldValue | undefined): unknown {
  return value === undefined
    ? undefined
    : deserialize(documentWith(value), { promoteBuffers: true })['value'];
}

function documentWith({ type, bytes }: FieldValue): Buffer {
  const body = Buffer.concat([Buffer.from([type]), Buffer.from('value\0'), bytes, Buffer.from([0])]);
  const length = Buffer.alloc(4);
  length.writeInt32LE(body.length + 4);
  return Buffer.concat([length, body]);
}

function valueOf(value: unknown): FieldValue {
  return field(image({ value }), 'value')!;
}

function idOf(document: Image): string {
  return String(deserialize(document)['_id']);
}

async function allPages(
  world: World,
  from: string,
  to: string,
  limit: number
): Promise<Diff['documents'][number][]> {
  const documents: Diff['documents'][number][] = [];
  let after: string | undefined;
  do {
    const page = await world.engine.diff(SHOP, from, to, {
      limit,
      ...(after === undefined ? {} : { after })
    });
    documents.push(...page.documents);
    after = page.next;
  } while (after !== undefined);
  return documents;
}

/** A document with changed fields put in place, as plain values. */
function patched(before: Image, changes: Diff['documents'][number]['fields']): unknown {
  let document: Plain = deserialize(before);
  for (const { path, after } of changes) {
    document = setAt(document, path, plain(after)) as Plain;
  }
  return document;
}

function setAt(target: unknown, path: FieldPath, value: unknown): unknown {
  const [name, ...rest] = path;
  if (name === undefined) {
    return value;
  }
  const copy: Plain = { ...(target as Plain) };
  const inner = setAt(copy[name], rest, value);
  if (inner === undefined) {
    delete copy[name];
  } else {
    copy[name] = inner;
  }
  return copy;
}

async function merge(world: World, from: string, into: string, all?: 'ours' | 'theirs'): Promise<PlanInfo> {
  const plan = await world.engine.planMerge(SHOP, from, into, ADA);
  if (all !== undefined) {
    await world.engine.answerPlan(SHOP, plan.id, [], all);
  }
  return world.engine.applyPlan(SHOP, plan.id, ADA);
}

describe('law 7: diff and merge', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.open();
  });
  afterEach(async () => {
    releaseStates();
    await world.close();
  });

  /** A fork with edits on both sides of a common start, in projects of their own inside one engine. */
  async function fork(start: readonly Edit[], main: readonly Edit[], exp: readonly Edit[]): Promise<void> {
    if (world.engine.findProject(SHOP) !== undefined) {
      await world.engine.deleteProject(SHOP, ADA);
    }
    await world.engine.createProject(SHOP, ADA);
    await makeEdits(world, 'main', start);
    await world.engine.createBranch(SHOP, 'exp', ADA);
    await makeEdits(world, 'main', main);
    await makeEdits(world, 'exp', exp);
  }

  describe('a diff', () => {
    it(random('applied to one state gives the other, and a state does not differ from itself'), async () => {
      let documents = 0;
      await fc.assert(
        fc.asyncProperty(edits, edits, edits, fc.nat(), async (start, main, exp, seed) => {
          await fork(start, main, exp);
          const below = numbersFrom(seed);
          const { head } = world.engine.project(SHOP);
          const refs = ['main', 'exp', `main@${below(head + 1)}`, `exp@${below(head + 1)}`];
          const [from, to] = [refs[below(4)]!, refs[below(4)]!];
          const itself = await world.engine.diff(SHOP, from, from);
          expect([itself.documents, itself.summary, itself.catalog]).toEqual([[], [], []]);

          const changed = await world.dump(from);
          const found = await allPages(world, from, to, 1 + below(3));
          documents += found.length;
          for (const { collection, key, op, before, after, fields: changes } of found) {
            const name = `${collection}/${key.toString('hex')}`;
            expect(changed.get(name)).toBe(before?.toString('hex'));
            expect(op).toBe(before === undefined ? 'insert' : after === undefined ? 'delete' : 'update');
            if (after === undefined) {
              changed.delete(name);
            } else {
              changed.set(name, after.toString('hex'));
            }
            if (before !== undefined && after !== undefined) {
              expect(changes.length).toBeGreaterThan(0);
              expect(sorted(patched(before, changes))).toEqual(sorted(deserialize(after)));
            }
          }
          expect(new Map([...changed].sort())).toEqual(new Map([...(await world.dump(to))].sort()));

          const { summary } = await world.engine.diff(SHOP, from, to);
          const count = (op: string) => found.filter(document => document.op === op).length;
          expect(summary).toEqual(
            found.length === 0
              ? []
              : [
                  {
                    collection: 'items',
                    added: count('insert'),
                    changed: count('update'),
                    deleted: count('delete')
                  }
                ]
          );
          const back = await allPages(world, to, from, 100);
          expect(back.map(({ key, before, after }) => [key, after, before])).toEqual(
            found.map(({ key, before, after }) => [key, before, after])
          );
        }),
        runs(40)
      );
      expect(documents).toBeGreaterThan(10);
    });

    it('tells what happened to collections and indexes', async () => {
      await world.put('main', [{ _id: 1 }], { collection: 'gone' });
      await world.put('main', [{ _id: 1 }], { collection: 'kept' });
      await world.engine.createBranch(SHOP, 'exp', ADA);
      await world.engine.dropCollection(SHOP, 'exp', 'gone', ADA);
      await world.put('exp', [{ _id: 1 }], { collection: 'fresh' });
      await world.engine.createIndex(SHOP, 'exp', 'kept', image({ key: { a: 1 }, name: 'a_1' }), ADA);
      await world.engine.write(SHOP, 'exp', ADA, writer => {
        writer.renameCollection(writer.collection('kept')!, 'renamed');
      });
      const diff = await world.engine.diff(SHOP, 'main', 'exp');
      expect(diff.catalog).toEqual([
        { op: 'dropped', collection: 'gone' },
        { op: 'created', collection: 'fresh' },
        { op: 'renamed', collection: 'renamed' },
        { op: 'indexed', collection: 'renamed', index: 'a_1' }
      ]);
      expect(diff.summary).toEqual([
        { collection: 'fresh', added: 1, changed: 0, deleted: 0 },
        { collection: 'gone', added: 0, changed: 0, deleted: 1 }
      ]);
    });

    it('of a document in which a name occurs twice shows the whole', async () => {
      const twice = (n: number) => {
        const bytes = image({ _id: 1, a: 1, b: n });
        bytes[bytes.indexOf('b')] = 'a'.charCodeAt(0);
        return bytes;
      };
      for (const n of [2, 3]) {
        await world.engine.write(SHOP, 'main', ADA, writer => {
          const items = writer.ensureCollection('items');
          if (writer.get(items, keyOf(1)) === undefined) {
            writer.insert(items, twice(n));
          } else {
            writer.replace(items, keyOf(1), twice(n));
          }
        });
      }
      const { documents } = await world.engine.diff(SHOP, 'main@2', 'main');
      expect(documents[0]!.fields).toEqual([
        { path: [], before: { type: 3, bytes: twice(2) }, after: { type: 3, bytes: twice(3) } }
      ]);
    });

    it('refuses pages it has not given', async () => {
      await world.put('main', [{ _id: 1 }]);
      for (const options of [{ after: 'x' }, { after: '7' }, { limit: 10_001 }, { limit: -1 }]) {
        await expect(world.engine.diff(SHOP, 'main@0', 'main', options)).rejects.toMatchObject({
          code: 'BAD_REQUEST'
        });
      }
    });
  });

  describe('a merge', () => {
    it(
      random('does what a plain three-way merge does, with every conflict answered by someone'),
      async () => {
        let conflictCount = 0;
        let documentCount = 0;
        await fc.assert(
          fc.asyncProperty(edits, edits, edits, fc.nat(), async (start, main, exp, seed) => {
            await fork(start, main, exp);
            const { head } = world.engine.project(SHOP);
            const forkLsn = world.engine.branch(SHOP, 'exp').fork!.lsn;
            const [base, ours, theirs] = [
              await tableOf(world, `main@${forkLsn}`),
              await tableOf(world, 'main'),
              await tableOf(world, 'exp')
            ];
            const below = numbersFrom(seed);
            const answers = new Map<string, Answer>();
            const expected: (ReferenceConflict & { id: string })[] = [];
            const merged = mergeTables(base, ours, theirs, (id, conflict) => {
              expected.push({ id, ...conflict });
              const value = conflict.path.length === 0 ? { _id: Number(id), own: 1 } : ['own'];
              const choice = below(5);
              const take = (['ours', 'theirs', 'base'] as const)[choice];
              answers.set(
                JSON.stringify([id, conflict.path]),
                take !== undefined ? { take } : { value: choice === 3 ? undefined : valueOf(value) }
              );
              return take !== undefined ? conflict[take] : choice === 3 ? undefined : value;
            });

            if (exp.length === 0 || world.view('exp').lsn === forkLsn) {
              await expect(world.engine.planMerge(SHOP, 'exp', 'main', ADA)).rejects.toMatchObject({
                code: 'NOTHING_TO_DO'
              });
              return;
            }
            const plan = await world.engine.planMerge(SHOP, 'exp', 'main', ADA);
            const conflicts = await world.engine.planConflicts(SHOP, plan.id);
            const shown = ({ document, path, ...found }: Conflict) => ({
              id: idOf(document),
              path,
              base: plain(found.base),
              ours: plain(found.ours),
              theirs: plain(found.theirs)
            });
            const order = (a: { id: string; path: FieldPath }, b: { id: string; path: FieldPath }) =>
              JSON.stringify([a.id, a.path]) < JSON.stringify([b.id, b.path]) ? -1 : 1;
            expect(conflicts.map(shown).sort(order)).toEqual([...expected].sort(order));
            expect(plan).toMatchObject({ conflicts: expected.length, unanswered: expected.length });
            conflictCount += expected.length;

            // One by one, in two goes; the preview is what will be applied.
            const given = conflicts.map(conflict => ({
              conflict: conflict.id,
              answer: answers.get(JSON.stringify([idOf(conflict.document), conflict.path]))!
            }));
            const half = below(given.length + 1);
            await world.engine.answerPlan(SHOP, plan.id, given.slice(0, half));
            const answered = await world.engine.answerPlan(SHOP, plan.id, given.slice(half));
            expect(answered.unanswered).toBe(0);
            const preview = await world.engine.planDocuments(SHOP, plan.id);
            const applied = await world.engine.applyPlan(SHOP, plan.id, ADA);
            expect(applied).toMatchObject({ state: 'applied', summary: answered.summary });

            const result = await tableOf(world, 'main');
            documentCount += result.size;
            expect(sortedTable(result)).toEqual(sortedTable(merged));
            const { documents } = await world.engine.diff(SHOP, `main@${head}`, 'main', { limit: 1000 });
            expect(
              preview
                .filter(({ collection }) => collection === 'items')
                .map(({ mark: _, ...document }) => document)
            ).toEqual(documents);
            // Everything is in now, and the other side can take it without a question.
            await expect(world.engine.planMerge(SHOP, 'exp', 'main', ADA)).rejects.toMatchObject({
              code: 'NOTHING_TO_DO'
            });
            if (applied.appliedAs !== undefined || world.view('main').lsn > forkLsn) {
              const back = await world.engine.planMerge(SHOP, 'main', 'exp', ADA).catch(() => undefined);
              if (back !== undefined) {
                expect(back.conflicts).toBe(0);
                await world.engine.applyPlan(SHOP, back.id, ADA);
              }
              expect(await world.dump('exp')).toEqual(await world.dump('main'));
            }
          }),
          runs(50)
        );
        expect(conflictCount).toBeGreaterThan(5);
        expect(documentCount).toBeGreaterThan(10);
      }
    );

    it(
      random('asks about what its overlap tells beforehand, and joins what both sides changed else'),
      async () => {
        const found = { none: 0, joined: 0, asked: 0 };
        await fc.assert(
          fc.asyncProperty(edits, edits, edits, fc.nat(6), async (start, main, exp, limit) => {
            await fork(start, main, exp);
            const forkLsn = world.engine.branch(SHOP, 'exp').fork!.lsn;
            const [base, ours, theirs] = [
              await tableOf(world, `main@${forkLsn}`),
              await tableOf(world, 'main'),
              await tableOf(world, 'exp')
            ];
            const asked = new Set<string>();
            mergeTables(base, ours, theirs, (id, conflict) => {
              asked.add(id);
              return conflict.ours;
            });
            const ids = [0, 1, 2, 3, 4, 5];
            const text = (table: Table, id: number) => JSON.stringify(table.get(String(id)));
            const expected = ids.map(id =>
              text(base, id) === text(ours, id) || text(base, id) === text(theirs, id)
                ? 'none'
                : asked.has(String(id))
                  ? 'asked'
                  : 'joined'
            );
            const documents = ids.map(id => ({ collection: 'items', key: keyOf(id) }));
            const overlap = await world.engine.overlap(SHOP, 'exp', 'main', { documents });
            if (overlap === undefined) {
              expect(world.view('exp').lsn).toBe(forkLsn);
              return;
            }
            expect(overlap).toEqual({
              base: `main@${forkLsn}`,
              forkLsn,
              documents: expected.filter(mark => mark !== 'none').length,
              asked: asked.size,
              isMore: false,
              marks: expected
            });
            expected.forEach(mark => found[mark]++);
            const part = (await world.engine.overlap(SHOP, 'exp', 'main', { limit }))!;
            expect(part.documents).toBeLessThanOrEqual(Math.min(limit, overlap.documents));
            expect(part.isMore || limit === 0 || part.documents === overlap.documents).toBe(true);

            const plan = await world.engine.planMerge(SHOP, 'exp', 'main', ADA);
            await world.engine.answerPlan(SHOP, plan.id, [], 'ours');
            await world.engine.applyPlan(SHOP, plan.id, ADA);
            expect(await world.engine.overlap(SHOP, 'exp', 'main')).toBeUndefined();
            await world.put('exp', [{ _id: 7 }]);
            const after = await world.engine.overlap(SHOP, 'exp', 'main', { documents });
            expect(after).toMatchObject({ documents: 0, asked: 0, isMore: false });
            expect(new Set(after!.marks)).toEqual(new Set(['none']));
          }),
          runs(50)
        );
        expect(Math.min(found.none, found.asked)).toBeGreaterThan(5);
      }
    );

    it('does not ask about a document of which both sides changed other fields, and its overlap says so', async () => {
      await world.put('main', [{ _id: 1, a: 1, b: 1 }, { _id: 2 }]);
      await world.engine.createBranch(SHOP, 'exp', ADA);
      await world.put('main', [{ _id: 1, a: 2, b: 1 }]);
      await world.put('exp', [
        { _id: 1, a: 1, b: 2 },
        { _id: 2, c: 1 }
      ]);
      const documents = [1, 2].map(id => ({ collection: 'items', key: keyOf(id) }));
      for (const [source, into] of [
        ['exp', 'main'],
        ['main', 'exp']
      ] as const) {
        expect(await world.engine.overlap(SHOP, source, into, { documents })).toMatchObject({
          documents: 1,
          asked: 0,
          marks: ['joined', 'none']
        });
      }
      expect(await world.engine.planMerge(SHOP, 'exp', 'main', ADA)).toMatchObject({ conflicts: 0 });
    });

    it(random('comes to the same from both sides'), async () => {
      await fc.assert(
        fc.asyncProperty(
          edits,
          edits,
          edits,
          fc.constantFrom('ours', 'theirs'),
          async (start, main, exp, side) => {
            await fork(start, main, exp);
            const other = side === 'ours' ? 'theirs' : 'ours';
            await world.engine.createBranch(SHOP, 'left', ADA, { from: 'main' });
            await world.engine.createBranch(SHOP, 'right', ADA, { from: 'exp' });
            const quiet = (error: unknown) => expect(error).toMatchObject({ code: 'NOTHING_TO_DO' });
            await merge(world, 'exp', 'left', side).catch(quiet);
            await merge(world, 'main', 'right', other).catch(quiet);
            expect(sortedTable(await tableOf(world, 'left'))).toEqual(
              sortedTable(await tableOf(world, 'right'))
            );
          }
        ),
        runs(25)
      );
    });

    it(random('after criss-cross merges asks nothing about edits that do not meet'), async () => {
      const step = fc.record({
        on: fc.boolean(),
        do: fc.constantFrom('edit', 'edit', 'edit', 'delete', 'merge', 'cross'),
        id: fc.nat(4),
        value: fc.nat(9)
      });
      let merges = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 30 }), async steps => {
          await fork(
            [0, 1, 2, 3, 4].map(id => ({ id, fields: {} })),
            [],
            []
          );
          // Each side writes its own field, and deletes only documents of its own.
          let serial = 0;
          const sides = ['main', 'exp'] as const;
          for (const { on, do: what, id, value } of steps) {
            const [side, other] = on ? sides : ([...sides].reverse() as [string, string]);
            if (what === 'edit') {
              const document = { ...(world.get(side, id) as Plain), [side]: value };
              await world.put(side, [document, { _id: `${side} ${id}`, serial: serial++ }]);
            } else if (what === 'delete') {
              await world.remove(side, [`${side} ${id}`]);
            } else if (what === 'merge') {
              merges += await mergeQuietly(other, side);
            } else {
              // Both take what the other had before: neither includes the other's merge.
              const [a, b] = [world.view(side).ref, world.view(other).ref];
              merges += await mergeQuietly(b, side);
              merges += await mergeQuietly(a, other);
            }
          }
          await mergeQuietly('exp', 'main');
          await mergeQuietly('main', 'exp');
          expect(sortedTable(await tableOf(world, 'main'))).toEqual(sortedTable(await tableOf(world, 'exp')));
        }),
        runs(15)
      );
      expect(merges).toBeGreaterThan(5);

      async function mergeQuietly(from: string, into: string): Promise<number> {
        const ours = await tableOf(world, into);
        const theirs = await tableOf(world, from);
        const plan = await world.engine.planMerge(SHOP, from, into, ADA).catch(error => {
          expect(error).toMatchObject({ code: 'NOTHING_TO_DO' });
          return undefined;
        });
        if (plan === undefined) {
          return 0;
        }
        const conflicts = await world.engine.planConflicts(SHOP, plan.id);
        expect(
          conflicts.map(({ path, base, ours: a, theirs: b }) => [plan.base, path, ...[base, a, b].map(plain)])
        ).toEqual([]);
        await world.engine.applyPlan(SHOP, plan.id, ADA);
        // Nobody's newest word on a field of their own is lost.
        const name = into.split('@')[0]!;
        const [mine, other] = [name, name === 'main' ? 'exp' : 'main'];
        for (const [id, document] of await tableOf(world, name)) {
          expect(document[mine]).toEqual(ours.get(id)?.[mine] ?? theirs.get(id)?.[mine]);
          expect(theirs.has(id) ? document[other] : undefined).toEqual(theirs.get(id)?.[other]);
        }
        return 1;
      }
    });

    it('moves its base: the second merge brings only what is new', async () => {
      await world.put('main', [{ _id: 1, a: 0, b: 0 }, { _id: 2 }]);
      await world.engine.createBranch(SHOP, 'exp', ADA);
      await world.put('exp', [{ _id: 1, a: 1, b: 0 }]);
      await world.put('main', [{ _id: 1, a: 2, b: 0 }]);
      const first = await world.engine.planMerge(SHOP, 'exp', 'main', ADA);
      expect(first).toMatchObject({ conflicts: 1, base: 'main@3', source: `exp@${world.view('exp').lsn}` });
      await world.engine.answerPlan(SHOP, first.id, [], 'ours');
      await world.engine.applyPlan(SHOP, first.id, ADA);
      await world.put('exp', [{ _id: 3 }]);
      const second = await world.engine.planMerge(SHOP, 'exp', 'main', ADA);
      expect(second.summary).toEqual([
        { collection: 'items', added: 1, changed: 0, deleted: 0, conflicts: 0 }
      ]);
      expect(second.base).toBe('exp@4');
      await world.engine.applyPlan(SHOP, second.id, ADA);
      expect(world.get('main', 1)).toEqual({ _id: 1, a: 2, b: 0 });
      expect(world.engine.timelines(SHOP)[0]!.merges.map(({ sourceLsn }) => sourceLsn)).toEqual([4, 6]);
    });

    it('is no news to its source: a branch just merged is neither ahead nor behind', async () => {
      await world.put('main', [{ _id: 1, v: 1 }]);
      await world.engine.createBranch(SHOP, 'side', ADA, { from: 'main' });
      await world.put('side', [{ _id: 1, v: 2 }, { _id: 2 }]);
      const standing = () => {
        const { ahead, behind } = world.engine.branch(SHOP, 'side');
        return { ahead, behind };
      };
      const merge = async (from: string, into: string) => {
        const plan = await world.engine.planMerge(SHOP, from, into, ADA);
        await world.engine.applyPlan(SHOP, plan.id, ADA);
      };
      expect(standing()).toEqual({ ahead: 2, behind: 0 });
      await merge('side', 'main');
      expect(standing()).toEqual({ ahead: 0, behind: 0 });
      await world.put('main', [{ _id: 3 }]);
      expect(standing()).toEqual({ ahead: 0, behind: 1 });
      await world.put('side', [{ _id: 4 }]);
      expect(standing()).toEqual({ ahead: 1, behind: 1 });
      await merge('main', 'side');
      expect(standing()).toEqual({ ahead: 1, behind: 0 });
      await world.reopen();
      expect(standing()).toEqual({ ahead: 1, behind: 0 });
    });

    it('takes any past state as its source, also one from before the fork of its branch', async () => {
      await world.put('main', [{ _id: 1 }]);
      const early = world.view('main').lsn;
      await world.put('main', [{ _id: 2 }]);
      await world.engine.createBranch(SHOP, 'exp', ADA);
      await world.engine.createBranch(SHOP, 'old', ADA, { from: `main@${early}` });
      await world.put('exp', [{ _id: 3 }]);
      await world.put('exp', [{ _id: 4 }]);
      await expect(world.engine.planMerge(SHOP, `exp@${early}`, 'main', ADA)).rejects.toMatchObject({
        code: 'NOTHING_TO_DO'
      });
      await merge(world, `exp@${early + 1}`, 'old');
      expect((await world.all('old')).map(document => document['_id'])).toEqual([1, 2]);
      await merge(world, `exp@${early + 2}`, 'old');
      expect((await world.all('old')).map(document => document['_id'])).toEqual([1, 2, 3]);
      await merge(world, 'exp', 'old');
      expect((await world.all('old')).map(document => document['_id'])).toEqual([1, 2, 3, 4]);
    });

    it('that changes nothing is remembered by its source, for its own branch, and over a reopen', async () => {
      await world.put('main', [{ _id: 1, a: 0 }]);
      for (const name of ['one', 'two']) {
        await world.engine.createBranch(SHOP, name, ADA);
      }
      await world.put('one', [{ _id: 1, a: 1 }]);
      await world.put('two', [{ _id: 1, a: 2 }]);
      await world.put('main', [{ _id: 1, a: 3 }]);
      await world.engine.createBranch(SHOP, 'before', ADA);
      const { lsn } = world.view('main');
      for (const name of ['one', 'two']) {
        expect((await merge(world, name, 'main', 'ours')).appliedAs).toBeUndefined();
      }
      expect(world.view('main').lsn).toBe(lsn);
      await world.engine.createBranch(SHOP, 'after', ADA);
      for (let round = 0; round < 2; round++) {
        for (const name of ['one', 'two']) {
          for (const branch of ['main', 'after']) {
            await expect(world.engine.planMerge(SHOP, name, branch, ADA)).rejects.toMatchObject({
              code: 'NOTHING_TO_DO'
            });
          }
          // This one was forked before anybody decided.
          expect(await world.engine.planMerge(SHOP, name, 'before', ADA)).toMatchObject({ conflicts: 1 });
        }
        const plans = await world.engine.plans(SHOP);
        expect(plans.filter(plan => plan.state === 'applied')).toMatchObject([
          { conflicts: 1 },
          { conflicts: 1 }
        ]);
        for (const { id } of plans) {
          expect(await world.engine.planConflicts(SHOP, id)).toHaveLength(1);
        }
        await world.reopen();
      }
    });

    it('of deleted and changed documents asks about the whole document', async () => {
      await world.put('main', [
        { _id: 1, a: 0 },
        { _id: 2, a: 0 }
      ]);
      await world.engine.createBranch(SHOP, 'exp', ADA);
      await world.remove('main', [1]);
      await world.put('exp', [{ _id: 1, a: 1 }]);
      await world.put('main', [{ _id: 2, a: 2 }]);
      await world.remove('exp', [2]);
      const plan = await world.engine.planMerge(SHOP, 'exp', 'main', ADA);
      const conflicts = await world.engine.planConflicts(SHOP, plan.id);
      expect(conflicts.map(({ path, ours, theirs }) => [path, plain(ours), plain(theirs)])).toEqual([
        [[], undefined, { _id: 1, a: 1 }],
        [[], { _id: 2, a: 2 }, undefined]
      ]);
      // A document with another _id is no answer.
      await expect(
        world.engine.answerPlan(SHOP, plan.id, [
          { conflict: conflicts[0]!.id, answer: { value: valueOf({ _id: 9 }) } }
        ])
      ).rejects.toMatchObject({ code: 'BAD_REQUEST' });
      await world.engine.answerPlan(SHOP, plan.id, [
        { conflict: conflicts[0]!.id, answer: { value: valueOf({ _id: 1, a: 'own' }) } },
        { conflict: conflicts[1]!.id, answer: { take: 'theirs' } }
      ]);
      await world.engine.applyPlan(SHOP, plan.id, ADA);
      expect(await world.all('main')).toEqual([{ _id: 1, a: 'own' }]);
    });

    it('is answered by a rule, but for those answered one by one, and for those asked again', async () => {
      const ids = Array.from({ length: 40 }, (_, id) => id);
      const set = (branch: string, a: number) =>
        world.put(
          branch,
          ids.map(_id => ({ _id, a }))
        );
      await set('main', 0);
      await world.engine.createBranch(SHOP, 'exp', ADA);
      await set('main', 1);
      await set('exp', 2);
      const plan = await world.engine.planMerge(SHOP, 'exp', 'main', ADA);
      const [first, second, third] = await world.engine.planConflicts(SHOP, plan.id, { limit: 3 });
      const page = await world.engine.planConflicts(SHOP, plan.id, { after: third!.id, limit: 100 });
      expect(page).toHaveLength(37);
      const before = world.engine.status().logBytes;
      await world.engine.answerPlan(
        SHOP,
        plan.id,
        [{ conflict: first!.id, answer: { value: valueOf('own') } }],
        'theirs'
      );
      // A rule is one answer, however many conflicts it settles.
      expect(world.engine.status().logBytes - before).toBeLessThan(1500);
      const asked = await world.engine.answerPlan(SHOP, plan.id, [
        { conflict: second!.id, answer: undefined }
      ]);
      expect(asked.unanswered).toBe(1);
      await world.reopen();
      expect(await world.engine.plan(SHOP, plan.id)).toEqual(asked);
      expect(
        (await world.engine.planConflicts(SHOP, plan.id)).filter(conflict => conflict.answer === undefined)
      ).toMatchObject([{ id: second!.id }]);
      await expect(world.engine.applyPlan(SHOP, plan.id, ADA)).rejects.toMatchObject({
        code: 'PLAN_UNANSWERED',
        data: { unanswered: 1 }
      });
      await world.engine.answerPlan(SHOP, plan.id, [{ conflict: second!.id, answer: { take: 'base' } }]);
      await expect(
        world.engine.answerPlan(SHOP, plan.id, [{ conflict: 'c-unknown', answer: { take: 'ours' } }])
      ).rejects.toMatchObject({ code: 'BAD_REQUEST' });
      await world.engine.applyPlan(SHOP, plan.id, ADA);
      expect((await world.all('main')).map(document => document['a'])).toEqual([
        'own',
        0,
        ...Array(38).fill(2)
      ]);
    });

    it('is refused when a head has moved, and says which', async () => {
      await world.put('main', [{ _id: 1 }]);
      const begin = async (name: string) => {
        await world.engine.createBranch(SHOP, name, ADA);
        await world.put(name, [{ _id: name }]);
        return world.engine.planMerge(SHOP, name, 'main', ADA);
      };
      const stale = async (plan: PlanInfo, word: RegExp) => {
        expect(await world.engine.plan(SHOP, plan.id)).toMatchObject({ state: 'stale' });
        const refusal = { code: 'PLAN_STALE', message: expect.stringMatching(word) };
        await expect(world.engine.applyPlan(SHOP, plan.id, ADA)).rejects.toMatchObject(refusal);
        await expect(world.engine.answerPlan(SHOP, plan.id, [], 'ours')).rejects.toMatchObject(refusal);
      };
      const source = await begin('source');
      await world.put('source', [{ _id: 'more' }]);
      await stale(source, /source/);
      const deleted = await begin('deleted');
      await world.engine.deleteBranch(SHOP, 'deleted', ADA);
      await stale(deleted, /deleted/);
      const target = await begin('target');
      const past = await world.engine.planMerge(SHOP, `target@${world.view('target').lsn}`, 'main', ADA);
      await world.put('target', [{ _id: 'more' }]);
      expect((await world.engine.plan(SHOP, past.id)).state).toBe('open');
      await world.put('main', [{ _id: 2 }]);
      await stale(target, /main/);
      await stale(past, /main/);
      const reset = await begin('reset');
      await world.engine.resetBranch(SHOP, 'main', 'main@1', ADA);
      await stale(reset, /main/);
      expect(await world.all('main')).toEqual([]);
    });

    it('has one effect, however many apply it, and also after a reopen', async () => {
      await world.put('main', [{ _id: 1 }]);
      await world.engine.createBranch(SHOP, 'exp', ADA);
      await world.put('exp', [{ _id: 2 }, { _id: 3 }]);
      const plan = await world.engine.planMerge(SHOP, 'exp', 'main', ADA);
      const results = await Promise.allSettled(
        Array.from({ length: 3 }, () => world.engine.applyPlan(SHOP, plan.id, ADA))
      );
      expect(results.map(result => result.status).sort()).toEqual(['fulfilled', 'rejected', 'rejected']);
      const applied = await world.engine.plan(SHOP, plan.id);
      for (const result of results.filter(each => each.status === 'rejected')) {
        expect(result.reason).toMatchObject({ code: 'PLAN_APPLIED', data: applied.appliedAs! });
      }
      const { lsn } = world.view('main');
      expect(applied.appliedAs).toEqual({ firstLsn: lsn - 1, lastLsn: lsn });
      expect(world.view(`main@${lsn - 1}`)).toMatchObject({ snappedFrom: lsn - 1 });
      await world.reopen();
      expect(await world.engine.plan(SHOP, plan.id)).toEqual(applied);
      await expect(world.engine.applyPlan(SHOP, plan.id, ADA)).rejects.toMatchObject({
        code: 'PLAN_APPLIED'
      });
      expect(world.view('main').lsn).toBe(lsn);
    });

    it('survives a reopen: the same documents, conflicts and result', async () => {
      const steps = numbersFrom(77);
      const some = (n: number) =>
        Array.from({ length: n }, () => ({ _id: steps(8), a: steps(4), n: { x: steps(4), y: steps(4) } }));
      await world.put('main', some(8));
      await world.engine.createBranch(SHOP, 'exp', ADA);
      for (let i = 0; i < 4; i++) {
        await world.put('main', some(3));
        await world.put('exp', some(3));
        await world.put('exp', some(2), { collection: 'other' });
      }
      const plan = await world.engine.planMerge(SHOP, 'exp', 'main', ADA);
      const conflicts = await world.engine.planConflicts(SHOP, plan.id);
      expect(conflicts.length).toBeGreaterThan(2);
      await world.engine.answerPlan(SHOP, plan.id, [
        { conflict: conflicts[0]!.id, answer: { value: undefined } }
      ]);
      const look = async () => {
        const documents = await world.engine.planDocuments(SHOP, plan.id);
        const after = documents[1]!.mark;
        const page = await world.engine.planDocuments(SHOP, plan.id, { after, limit: 2 });
        expect(page).toEqual(documents.slice(2, 4));
        return [
          await world.engine.plan(SHOP, plan.id),
          await world.engine.planConflicts(SHOP, plan.id),
          documents
        ];
      };
      const before = await look();
      await world.reopen();
      expect(await look()).toEqual(before);
      await world.engine.answerPlan(
        SHOP,
        plan.id,
        conflicts.slice(1).map(({ id }) => ({ conflict: id, answer: { take: 'theirs' } }))
      );
      const preview = await world.engine.planDocuments(SHOP, plan.id);
      await world.engine.applyPlan(SHOP, plan.id, ADA);
      await world.reopen();
      expect(await world.engine.planDocuments(SHOP, plan.id)).toEqual(preview);
      expect(await world.engine.plans(SHOP)).toHaveLength(1);
    });

    it('has no size of 16 MB', async () => {
      await world.put('main', [{ _id: 'small' }]);
      await world.engine.createBranch(SHOP, 'exp', ADA);
      for (let i = 0; i < 20; i++) {
        await world.put('exp', [{ _id: i, bytes: Buffer.alloc(1_000_000, i) }]);
      }
      await merge(world, 'exp', 'main');
      await world.reopen();
      const sizes = (await scanAll(world.view('main'), world.view('main').collection('items')!)).map(
        ([, bytes]) => bytes.length
      );
      expect(sizes).toHaveLength(21);
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBeGreaterThan(20_000_000);
    });

    it('does not mix up documents in which a name occurs twice', async () => {
      const twice = (n: number, c: number) => {
        const bytes = image({ _id: 1, a: 1, b: n, c });
        bytes[bytes.indexOf('b')] = 'a'.charCodeAt(0);
        return bytes;
      };
      const write = (branch: string, bytes: Buffer) =>
        world.engine.write(SHOP, branch, ADA, writer => {
          const items = writer.ensureCollection('items');
          if (writer.get(items, keyOf(1)) === undefined) {
            writer.insert(items, bytes);
          } else {
            writer.replace(items, keyOf(1), bytes);
          }
        });
      await write('main', twice(1, 1));
      await world.engine.createBranch(SHOP, 'exp', ADA);
      await write('main', twice(2, 1));
      await write('exp', twice(1, 2));
      const plan = await world.engine.planMerge(SHOP, 'exp', 'main', ADA);
      expect(await world.engine.planConflicts(SHOP, plan.id)).toMatchObject([{ path: [] }]);
      await world.engine.answerPlan(SHOP, plan.id, [], 'theirs');
      await world.engine.applyPlan(SHOP, plan.id, ADA);
      expect([...(await world.dump('main')).values()]).toEqual([twice(1, 2).toString('hex')]);
    });
  });

  describe('a merge of collections and indexes', () => {
    const index = (branch: string, spec: Plain, collection = 'items') =>
      world.engine.createIndex(SHOP, branch, collection, image(spec), ADA);
    const indexesOf = (ref: string) =>
      world
        .view(ref)
        .collection('items')!
        .indexes.map(({ name, key }) => [name, deserialize(key)]);

    /** What an index gives, in its order. */
    async function throughIndex(ref: string, name: string): Promise<unknown[]> {
      const view = world.view(ref);
      const items = view.collection('items')!;
      const found: unknown[] = [];
      for await (const { images } of view.scanIndex(
        items,
        items.indexes.find(each => each.name === name)!
      )) {
        found.push(...images.map(bytes => deserialize(bytes)['_id']));
      }
      return found;
    }

    it('made on both sides is one collection, and one index', async () => {
      await world.engine.createBranch(SHOP, 'exp', ADA);
      for (const [branch, id] of [
        ['main', 1],
        ['exp', 2]
      ] as const) {
        await world.put(branch, [{ _id: id, a: -id }]);
        await index(branch, { key: { a: 1 }, name: 'a_1' });
      }
      await index('exp', { key: { b: 1 }, name: 'b_1' });
      const plan = await world.engine.planMerge(SHOP, 'exp', 'main', ADA);
      expect(plan.conflicts).toBe(0);
      await world.engine.applyPlan(SHOP, plan.id, ADA);
      expect(
        world
          .view('main')
          .collections()
          .map(({ name }) => name)
      ).toEqual(['items']);
      expect(await world.all('main')).toEqual([
        { _id: 1, a: -1 },
        { _id: 2, a: -2 }
      ]);
      expect(indexesOf('main')).toEqual([
        ['a_1', { a: 1 }],
        ['b_1', { b: 1 }]
      ]);
      expect(await throughIndex('main', 'a_1')).toEqual([2, 1]);
      expect(await throughIndex('main', 'b_1')).toEqual([1, 2]);
      await world.put('main', [{ _id: 3, a: -1.5 }]);
      expect(await throughIndex('main', 'a_1')).toEqual([2, 3, 1]);
      await world.reopen();
      expect(await throughIndex('main', 'a_1')).toEqual([2, 3, 1]);
    });

    it('of one name but other keys is asked about as one thing', async () => {
      await world.put('main', [{ _id: 1, a: 1, b: 1 }]);
      await world.engine.createBranch(SHOP, 'exp', ADA);
      await index('main', { key: { a: 1 }, name: 'i' });
      await index('exp', { key: { b: 1 }, name: 'i', unique: true });
      const plan = await world.engine.planMerge(SHOP, 'exp', 'main', ADA);
      const [conflict, ...others] = await world.engine.planConflicts(SHOP, plan.id);
      expect(others).toEqual([]);
      expect(conflict).toMatchObject({ collection: '(catalog)', path: ['indexes', 'i'] });
      await expect(
        world.engine.answerPlan(SHOP, plan.id, [{ conflict: conflict!.id, answer: { value: valueOf(1) } }])
      ).rejects.toMatchObject({ code: 'BAD_REQUEST' });
      await world.engine.answerPlan(SHOP, plan.id, [], 'theirs');
      await world.engine.applyPlan(SHOP, plan.id, ADA);
      expect(indexesOf('main')).toEqual([['i', { b: 1 }]]);
      expect(await throughIndex('main', 'i')).toEqual([1]);
    });

    it('brings a unique index only when the documents allow it', async () => {
      await world.put('main', [{ _id: 1, u: 1 }]);
      await world.engine.createBranch(SHOP, 'exp', ADA);
      await index('exp', { key: { u: 1 }, name: 'u_1', unique: true });
      await world.put('main', [{ _id: 2, u: 1 }]);
      const plan = await world.engine.planMerge(SHOP, 'exp', 'main', ADA);
      await expect(world.engine.applyPlan(SHOP, plan.id, ADA)).rejects.toMatchObject({
        code: 'DUPLICATE_KEY'
      });
      expect(indexesOf('main')).toEqual([]);
      await world.put('main', [{ _id: 2, u: 2 }]);
      const hold = holdState();
      const again = world.engine.planMerge(SHOP, 'exp', 'main', ADA);
      hold.release();
      await world.engine.applyPlan(SHOP, (await again).id, ADA);
      await expect(world.put('main', [{ _id: 3, u: 2 }])).rejects.toMatchObject({ code: 'DUPLICATE_KEY' });
      expect(await throughIndex('main', 'u_1')).toEqual([1, 2]);
    });

    it('holds unique keys at its end, in whatever order the documents come', async () => {
      await index('main', { key: { u: 1 }, name: 'u_1', unique: true });
      await world.put('main', [
        { _id: 1, u: 1 },
        { _id: 2, u: 2 },
        { _id: 3, u: 3 }
      ]);
      await world.engine.createBranch(SHOP, 'exp', ADA);
      await world.put('exp', [
        { _id: 1, u: 9 },
        { _id: 2, u: 1 },
        { _id: 3, u: 2 },
        { _id: 1, u: 3 }
      ]);
      await merge(world, 'exp', 'main');
      expect(await throughIndex('main', 'u_1')).toEqual([2, 3, 1]);
      await world.put('main', [{ _id: 4, u: 4 }]);
      await world.put('exp', [{ _id: 5, u: 4 }]);
      const plan = await world.engine.planMerge(SHOP, 'exp', 'main', ADA);
      await expect(world.engine.applyPlan(SHOP, plan.id, ADA)).rejects.toMatchObject({
        code: 'DUPLICATE_KEY',
        data: { index: 'u_1', keyValue: { u: { $numberInt: '4' } } }
      });
      expect((await world.engine.plan(SHOP, plan.id)).state).toBe('open');
    });

    it('refuses an index that cannot hold a document of the other side', async () => {
      await world.put('main', [{ _id: 1 }]);
      await world.engine.createBranch(SHOP, 'exp', ADA);
      await index('exp', { key: { a: 1, b: 1 }, name: 'ab' });
      await world.put('main', [{ _id: 2, a: [1], b: [1] }]);
      const plan = await world.engine.planMerge(SHOP, 'exp', 'main', ADA);
      await expect(world.engine.applyPlan(SHOP, plan.id, ADA)).rejects.toMatchObject({
        code: 'DOCUMENT_INVALID'
      });
      await world.put('main', [{ _id: 3 }]);
      expect(world.engine.status().failed).toBeUndefined();
    });

    it('brings a dropped collection back when documents of it come, and not otherwise', async () => {
      await world.put('main', [
        { _id: 1, a: 0 },
        { _id: 2, a: 0 }
      ]);
      await index('main', { key: { a: 1 }, name: 'a_1' });
      await world.engine.createBranch(SHOP, 'exp', ADA);
      await world.engine.dropCollection(SHOP, 'main', 'items', ADA);
      await world.put('exp', [{ _id: 1, a: 1 }]);
      const plan = await world.engine.planMerge(SHOP, 'exp', 'main', ADA);
      expect(plan.conflicts).toBe(1);
      await world.engine.answerPlan(SHOP, plan.id, [], 'ours');
      expect(await world.engine.planDocuments(SHOP, plan.id)).toEqual([]);
      await world.engine.answerPlan(SHOP, plan.id, [], 'theirs');
      expect((await world.engine.planDocuments(SHOP, plan.id)).map(({ collection }) => collection)).toEqual([
        '(catalog)',
        'items'
      ]);
      await world.engine.applyPlan(SHOP, plan.id, ADA);
      expect(await world.all('main')).toEqual([{ _id: 1, a: 1 }]);
      expect(await throughIndex('main', 'a_1')).toEqual([1]);
    });

    it('drops a collection the other side dropped, but not with documents that stay', async () => {
      for (const keep of [false, true]) {
        await world.put('main', [{ _id: 1, a: 0 }]);
        await world.engine.createBranch(SHOP, `exp-${keep}`, ADA);
        await world.engine.dropCollection(SHOP, `exp-${keep}`, 'items', ADA);
        if (keep) {
          await world.put('main', [{ _id: 2 }]);
        }
        await merge(world, `exp-${keep}`, 'main');
        expect(
          world
            .view('main')
            .collections()
            .map(({ name }) => name)
        ).toEqual(keep ? ['items'] : []);
      }
      expect(await world.all('main')).toEqual([{ _id: 2 }]);
    });

    it('refuses two collections of one name', async () => {
      await world.put('main', [{ _id: 1 }], { collection: 'a' });
      await world.put('main', [{ _id: 1 }], { collection: 'b' });
      await world.engine.createBranch(SHOP, 'exp', ADA);
      const rename = (branch: string, from: string, to: string) =>
        world.engine.write(SHOP, branch, ADA, writer => {
          writer.renameCollection(writer.collection(from)!, to);
        });
      await rename('main', 'a', 'c');
      await rename('exp', 'b', 'c');
      const plan = await world.engine.planMerge(SHOP, 'exp', 'main', ADA);
      await expect(world.engine.applyPlan(SHOP, plan.id, ADA)).rejects.toMatchObject({
        code: 'COLLECTION_EXISTS'
      });
      expect(
        world
          .view('main')
          .collections()
          .map(({ name }) => name)
      ).toEqual(['b', 'c']);
      await rename('main', 'c', 'd');
      await merge(world, 'exp', 'main');
      expect(
        world
          .view('main')
          .collections()
          .map(({ name }) => name)
      ).toEqual(['c', 'd']);
    });
  });
});

function sortedTable(table: Table): unknown {
  return [...table].sort(([a], [b]) => (a < b ? -1 : 1)).map(([id, document]) => [id, sorted(document)]);
}
