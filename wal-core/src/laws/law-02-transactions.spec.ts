import { cpSync, rmSync } from 'node:fs';
import { deserialize } from 'bson';
import fc from 'fast-check';
import type { Snapshot, Transaction, Writer } from '../api';
import { encodeKey } from '../bson';
import { openEngine } from '../engine';
import { TRANSACTION_IDLE_MS_MAX, TRANSACTION_MS_MAX } from '../limits';
import { type LogFileSystem, REAL_FILE_SYSTEM } from '../log/file/log';
import { allowSeconds, random, runs } from './chance';
import { holdState, releaseStates } from './hold';
import {
  ADA,
  copyLog,
  dumpOf,
  image,
  keyOf,
  type Plain,
  scanAll,
  SHOP,
  temporaryDirectory,
  World
} from './world';

allowSeconds(180);

const LAB = 'lab';

/** Every place a transaction of these tests writes to. */
const PLACES = [
  [SHOP, 'main', 'items'],
  [SHOP, 'main', 'orders'],
  [SHOP, 'exp', 'items'],
  [LAB, 'main', 'items']
] as const;

type Place = (typeof PLACES)[number];

function put(writer: Writer, collection: string, document: Plain): void {
  const target = writer.ensureCollection(collection);
  const bytes = image(document);
  const key = keyOf(document['_id']);
  if (writer.get(target, key) === undefined) {
    writer.insert(target, bytes);
  } else {
    writer.replace(target, key, bytes);
  }
}

function read(view: Snapshot, collection: string, id: unknown): unknown {
  const info = view.collection(collection);
  const found = info === undefined ? undefined : view.get(info, keyOf(id));
  return found === undefined ? undefined : deserialize(found)['n'];
}

async function open(parts?: Parameters<typeof World.open>[0]): Promise<World> {
  const world = await World.open(parts);
  await world.engine.createProject(LAB, ADA, { ensure: true });
  for (const [project, , collection] of PLACES) {
    await world.put('main', [{ _id: 'first', n: 0 }], { project, collection });
  }
  await world.engine.createBranch(SHOP, 'exp', ADA, { ensure: true });
  return world;
}

async function dumps(world: World): Promise<unknown> {
  return Promise.all(
    [
      [SHOP, 'main'],
      [SHOP, 'exp'],
      [LAB, 'main']
    ].map(([project, branch]) => dumpOf(world.engine.resolve(project!, branch!)))
  );
}

/** A step of one of several concurrent clients. */
interface Step {
  readonly client: number;
  readonly what: 'write' | 'remove' | 'read' | 'commit' | 'abort' | 'plain';
  readonly place: Place;
  readonly id: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  client: fc.nat({ max: 3 }),
  what: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom('write' as const, 'read' as const) },
    { weight: 2, arbitrary: fc.constantFrom('remove' as const, 'commit' as const) },
    { weight: 1, arbitrary: fc.constantFrom('abort' as const, 'plain' as const) }
  ),
  place: fc.constantFrom(...PLACES),
  id: fc.nat({ max: 5 })
});

/** What a client believes: plain maps. */
interface Client {
  readonly transaction: Transaction;
  readonly snapshot: ReadonlyMap<string, number>;
  readonly own: Map<string, number | undefined>;
  /** Number of commits when it began. */
  readonly began: number;
}

describe('law 2: a transaction', () => {
  afterEach(releaseStates);

  it(
    random(
      'reads its snapshot and its own changes; of those that are open who changes first wins, of others who commits first'
    ),
    async () => {
      const counts = { committed: 0, conflicts: 0, reads: 0 };
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { minLength: 40, maxLength: 90 }),
          fc.boolean(),
          async (steps, held) => {
            const world = await open();
            const state = held ? holdState() : undefined;
            const now = new Map<string, number>();
            /** Number of the commit that changed a document last. */
            const changed = new Map<string, number>();
            let commits = 0;
            let next = 1;
            const clients = new Map<number, Client>();
            const settle = (writes: ReadonlyMap<string, number | undefined>) => {
              commits++;
              for (const [name, value] of writes) {
                changed.set(name, commits);
                if (value === undefined) {
                  now.delete(name);
                } else {
                  now.set(name, value);
                }
              }
            };
            const client = (number: number): Client => {
              let known = clients.get(number);
              if (known === undefined) {
                known = {
                  transaction: world.engine.transaction(ADA),
                  snapshot: new Map(now),
                  own: new Map(),
                  began: commits
                };
                clients.set(number, known);
              }
              return known;
            };
            for (const { client: number, what, place, id } of steps) {
              const [project, branch, collection] = place;
              const name = `${place.join('/')}/${id}`;
              if (what === 'plain') {
                const n = next++;
                await world.put(branch, [{ _id: id, n }], { project, collection });
                settle(new Map([[name, n]]));
                continue;
              }
              const { transaction, snapshot, own, began } = client(number);
              const believed = own.has(name) ? own.get(name) : snapshot.get(name);
              if (what === 'read') {
                counts.reads++;
                expect(read(await transaction.snapshot(project, branch), collection, id)).toBe(believed);
                continue;
              }
              if (what === 'abort') {
                transaction.abort();
                clients.delete(number);
                continue;
              }
              if (what === 'commit') {
                const lost = [...own.keys()].some(other => (changed.get(other) ?? 0) > began);
                clients.delete(number);
                if (lost) {
                  counts.conflicts++;
                  await expect(transaction.commit()).rejects.toMatchObject({ code: 'WRITE_CONFLICT' });
                  expect(transaction.state).toBe('aborted');
                } else {
                  const made = await transaction.commit();
                  counts.committed += made.length;
                  settle(own);
                  expect(await transaction.commit()).toEqual(made);
                }
                continue;
              }
              const n = what === 'write' ? next++ : undefined;
              const isNothing = what === 'remove' && believed === undefined;
              const written = transaction.write(project, branch, writer => {
                expect(read(writer as unknown as Snapshot, collection, id)).toBe(believed);
                if (n === undefined) {
                  writer.remove(writer.collection(collection)!, keyOf(id));
                } else {
                  put(writer, collection, { _id: id, n });
                }
              });
              const isTaken = [...clients].some(([other, { own }]) => other !== number && own.has(name));
              if (!isNothing && (isTaken || (!own.has(name) && (changed.get(name) ?? 0) > began))) {
                counts.conflicts++;
                await expect(written).rejects.toMatchObject({ code: 'WRITE_CONFLICT' });
                clients.delete(number);
              } else {
                await written;
                if (!isNothing) {
                  own.set(name, n);
                }
              }
            }
            for (const { transaction } of clients.values()) {
              transaction.abort();
            }
            state?.release();
            for (const again of [false, true]) {
              for (const [project, branch, collection] of PLACES) {
                const view = world.engine.resolve(project, branch);
                for (let id = 0; id <= 5; id++) {
                  expect(read(view, collection, id)).toBe(
                    now.get(`${project}/${branch}/${collection}/${id}`)
                  );
                }
              }
              if (!again) {
                await world.reopen();
              }
            }
            await world.close();
          }
        ),
        runs<[Step[], boolean]>(14)
      );
      expect(counts.committed).toBeGreaterThan(20);
      expect(counts.conflicts).toBeGreaterThan(10);
      expect(counts.reads).toBeGreaterThan(50);
    }
  );

  it.each([undefined, { bytesMax: 1_000_000, recordsMax: 4 }])(
    'over branches and projects is whole at every LSN, and after a crash at every write (held: %j)',
    async held => {
      const logs: string[] = [];
      let copy: (() => void) | undefined;
      const fileSystem: LogFileSystem = {
        write: async (fd, bytes, position) => {
          copy?.();
          await REAL_FILE_SYSTEM.write(fd, bytes, position);
        },
        sync: async () => undefined
      };
      const world = await open({ parts: { log: { fileSystem }, ...(held === undefined ? {} : { held }) } });
      const before = await dumps(world);
      const { head } = world.engine.project(SHOP);
      copy = () => logs.push(copyLog(world.directory));
      const transaction = world.engine.transaction(ADA, { session: 's', number: 7 });
      for (const [project, branch, collection] of PLACES) {
        for (let id = 0; id < 5; id++) {
          await transaction.write(project, branch, writer => put(writer, collection, { _id: id, n: id }));
        }
        // A document changed twice.
        await transaction.write(project, branch, writer => put(writer, collection, { _id: 1, n: 10 }));
        await transaction.write(project, branch, writer =>
          writer.remove(writer.collection(collection)!, keyOf('first'))
        );
      }
      const state = holdState();
      const done = transaction.commit();
      setTimeout(() => state.release(), 20);
      const commits = await done;
      copy();
      copy = undefined;
      expect(commits.map(({ project, branch }) => `${project}/${branch}`)).toEqual([
        `${SHOP}/main`,
        `${LAB}/main`,
        `${SHOP}/exp`
      ]);
      const after = await dumps(world);
      const last = world.engine.project(SHOP).head;
      expect(last).toBe(head + 21);
      const check = async () => {
        const main = [await dumpOf(world.view(`main@${head}`)), await dumpOf(world.view('main'))];
        const exp = [await dumpOf(world.view(`exp@${head}`)), await dumpOf(world.view('exp'))];
        for (let at = head; at <= last; at++) {
          const side = at === last ? 1 : 0;
          expect([at, await dumpOf(world.view(`main@${at}`))]).toEqual([at, main[side]]);
          expect([at, await dumpOf(world.view(`exp@${at}`))]).toEqual([at, exp[side]]);
        }
        for (const branch of ['main', 'exp']) {
          const { lsn, snappedFrom, ref } = world.view(branch);
          expect([lsn, snappedFrom, ref]).toEqual([last, undefined, `${branch}@${last}`]);
          expect(world.view(ref).snappedFrom).toBeUndefined();
          expect(await world.view(ref).stateDigest()).toBe(await world.view(branch).stateDigest());
          expect(world.engine.branch(SHOP, branch).head).toBe(last);
        }
      };
      await check();
      await world.reopen();
      await check();
      expect(world.engine.transactionOutcome('s', 7)).toEqual(commits);
      expect(world.engine.transactionOutcome('s', 8)).toBeUndefined();
      // Work goes on, also on a branch of it.
      await world.engine.createBranch(SHOP, 'child', ADA, { from: 'main' });
      await world.put('child', [{ _id: 77 }]);
      expect(world.engine.branch(SHOP, 'child')).toMatchObject({ ahead: 1, behind: 0 });
      expect(world.view(`child@${last}`).lsn).toBe(last);

      const whole = temporaryDirectory();
      await world.engine.close();
      cpSync(world.directory, whole, { recursive: true });
      const seen = new Set<unknown>();
      for (const log of [...logs, whole]) {
        const engine = await openEngine({ directory: log });
        const there = await Promise.all(
          [
            [SHOP, 'main'],
            [SHOP, 'exp'],
            [LAB, 'main']
          ].map(([project, branch]) => dumpOf(engine.resolve(project!, branch!)))
        );
        const isThere = engine.transactionOutcome('s', 7) !== undefined;
        seen.add(isThere);
        expect(there).toEqual(isThere ? after : before);
        await engine.close();
        rmSync(log, { recursive: true, force: true });
      }
      expect([...seen].sort()).toEqual([false, true]);
      rmSync(world.directory, { recursive: true, force: true });
    }
  );

  it(
    random('shows its own changes to scans, index scans, counts and digests as its commit will'),
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.record({ id: fc.nat({ max: 20 }), a: fc.option(fc.nat({ max: 6 })) }), {
            maxLength: 30
          }),
          fc.array(fc.record({ id: fc.nat({ max: 20 }), a: fc.option(fc.nat({ max: 6 })) }), {
            maxLength: 30
          }),
          fc.boolean(),
          fc.nat({ max: 6 }),
          async (first, own, reverse, low) => {
            const world = await World.open({ parts: { held: { bytesMax: 1_000_000, recordsMax: 9 } } });
            const { engine } = world;
            await world.put('main', [{ _id: -1, a: 3 }]);
            const spec = image({ v: 2, key: { a: 1 }, name: 'a_1' });
            await engine.createIndex(SHOP, 'main', 'items', spec, ADA);
            const write = (writer: Writer, changes: typeof first) => {
              for (const { id, a } of changes) {
                if (a === null) {
                  writer.remove(writer.collection('items')!, keyOf(id));
                } else {
                  put(writer, 'items', { _id: id, a: id % 3 === 0 ? [a, a + 1] : a, n: id });
                }
              }
            };
            await engine.write(SHOP, 'main', ADA, writer => write(writer, first));
            const transaction = engine.transaction(ADA);
            for (const change of own) {
              await transaction.write(SHOP, 'main', writer => write(writer, [change]));
            }
            await transaction.write(SHOP, 'main', writer => {
              const made = writer.createCollection('made', image({}));
              expect(writer.createIndex(made, spec)).toBe(true);
              expect(writer.createIndex(made, spec)).toBe(false);
              writer.insert(made, image({ _id: 1, a: 1 }));
              writer.insert(made, image({ _id: 2, a: 0 }));
            });
            const look = async (view: Snapshot) => {
              const items = view.collection('items')!;
              const made = view.collection('made')!;
              const bounds = {
                lower: { key: encodeKey([{ type: 0x10, bytes: int32(low) }]), inclusive: true },
                reverse,
                batch: 2
              };
              const entries: [string, string][] = [];
              for (const [collection, options] of [
                [items, bounds],
                [made, {}]
              ] as const) {
                for await (const { keys, images } of view.scanIndex(
                  collection,
                  collection.indexes[0]!,
                  options
                )) {
                  keys.forEach((key, i) => entries.push([key.toString('hex'), images[i]!.toString('hex')]));
                }
              }
              return {
                names: view.collections().map(({ name }) => name),
                all: await scanAll(view, items, { reverse, batch: 3 }),
                entries,
                count: [await view.count(items), await view.count(made)],
                digest: [await view.digest(items), await view.stateDigest()]
              };
            };
            const mine = await look(await transaction.snapshot(SHOP, 'main'));
            await transaction.commit();
            expect(mine).toEqual(await look(world.view('main')));
            await world.close();
          }
        ),
        runs<[{ id: number; a: number | null }[], { id: number; a: number | null }[], boolean, number]>(20)
      );
    }
  );

  it('holds unique keys against whoever commits first, applied or not', async () => {
    const world = await World.open();
    const { engine } = world;
    await world.put('main', [{ _id: 0, a: 0 }]);
    const spec = image({ v: 2, key: { a: 1 }, name: 'a_1', unique: true });
    await engine.createIndex(SHOP, 'main', 'items', spec, ADA);
    const state = holdState();
    const insert = (id: number, a: number) => (writer: Writer) => {
      writer.insert(writer.collection('items')!, image({ _id: id, a }));
    };
    const [one, two, three] = [engine.transaction(ADA), engine.transaction(ADA), engine.transaction(ADA)];
    await one.write(SHOP, 'main', insert(1, 7));
    await two.write(SHOP, 'main', insert(2, 7));
    await three.write(SHOP, 'main', insert(3, 8));
    await one.commit();
    await expect(two.commit()).rejects.toMatchObject({ code: 'WRITE_CONFLICT' });
    await three.commit();
    const four = engine.transaction(ADA);
    await expect(four.write(SHOP, 'main', insert(4, 7))).rejects.toMatchObject({ code: 'DUPLICATE_KEY' });
    expect(four.state).toBe('aborted');
    await expect(four.commit()).rejects.toMatchObject({ code: 'TRANSACTION_GONE' });
    // A key that the transaction itself gives up is free.
    const five = engine.transaction(ADA);
    await five.write(SHOP, 'main', writer => {
      writer.remove(writer.collection('items')!, keyOf(1));
      insert(5, 7)(writer);
    });
    await five.commit();
    // A plain write that came first wins too.
    const six = engine.transaction(ADA);
    await six.write(SHOP, 'main', insert(6, 9));
    await engine.write(SHOP, 'main', ADA, insert(7, 9));
    await expect(six.commit()).rejects.toMatchObject({ code: 'WRITE_CONFLICT' });
    state.release();
    expect((await world.all('main')).map(document => document['_id'])).toEqual([0, 3, 5, 7]);
    await world.close();
  });

  it('rests on the collections and indexes that it saw', async () => {
    const world = await World.open();
    const { engine } = world;
    await world.put('main', [{ _id: 0, a: 0 }]);
    const spec = (name: string) => image({ v: 2, key: { a: 1 }, name });
    const put1 = (writer: Writer) => put(writer, 'items', { _id: 1, n: 1 });
    const indexed = engine.transaction(ADA);
    await indexed.write(SHOP, 'main', put1);
    await engine.createIndex(SHOP, 'main', 'items', spec('a_1'), ADA);
    await expect(indexed.commit()).rejects.toMatchObject({ code: 'WRITE_CONFLICT' });
    // Two that make the same collection.
    const [one, two] = [engine.transaction(ADA), engine.transaction(ADA)];
    await one.write(SHOP, 'main', writer => put(writer, 'fresh', { _id: 1 }));
    await two.write(SHOP, 'main', writer => put(writer, 'fresh', { _id: 2 }));
    await one.commit();
    await expect(two.commit()).rejects.toMatchObject({ code: 'WRITE_CONFLICT' });
    // One that makes a collection of a name that another was given meanwhile.
    const named = engine.transaction(ADA);
    await named.write(SHOP, 'main', writer => put(writer, 'other', { _id: 1 }));
    await engine.write(SHOP, 'main', ADA, writer =>
      writer.renameCollection(writer.collection('fresh')!, 'other')
    );
    await expect(named.commit()).rejects.toMatchObject({ code: 'WRITE_CONFLICT' });
    // An index on what was there before is not for a transaction.
    await expect(
      engine
        .transaction(ADA)
        .write(SHOP, 'main', writer =>
          writer.createIndex(writer.collection('items')!, image({ v: 2, key: { b: 1 }, name: 'b' }))
        )
    ).rejects.toMatchObject({ code: 'BAD_REQUEST', data: { mongoCode: 263 } });
    const twice = engine.transaction(ADA);
    await expect(
      twice.write(SHOP, 'main', writer => {
        const made = writer.createCollection('unique', image({}));
        writer.insert(made, image({ _id: 0 }));
        writer.remove(made, keyOf(0));
        writer.createIndex(made, image({ v: 2, key: { a: 1 }, name: 'a', unique: true }));
        writer.insert(made, image({ _id: 1, a: 1 }));
        writer.insert(made, image({ _id: 2, a: 1 }));
      })
    ).rejects.toMatchObject({ code: 'DUPLICATE_KEY' });
    // Nor on one that has documents: whatever it would take to sort them.
    await expect(
      engine.transaction(ADA).write(SHOP, 'main', writer => {
        const made = writer.createCollection('filled', image({}));
        writer.insert(made, image({ _id: 1, a: 1 }));
        writer.createIndex(made, image({ v: 2, key: { a: 1 }, name: 'a' }));
      })
    ).rejects.toMatchObject({ code: 'BAD_REQUEST', data: { mongoCode: 263 } });
    // Reset, protected, deleted meanwhile.
    await engine.createBranch(SHOP, 'exp', ADA);
    for (const move of [
      () => engine.resetBranch(SHOP, 'exp', 'main@1', ADA),
      () => engine.protectBranch(SHOP, 'exp', true, ADA)
    ]) {
      const lost = engine.transaction(ADA);
      await lost.write(SHOP, 'exp', put1);
      await move();
      await expect(lost.commit()).rejects.toMatchObject({ code: /WRITE_CONFLICT|BRANCH_PROTECTED/ });
    }
    await world.close();
  });

  it('is remembered by its session until the next, over a restart; one that ended stays ended', async () => {
    const world = await World.open();
    const { engine } = world;
    const run = async (number: number) => {
      const transaction = world.engine.transaction(ADA, { session: 'a/b', number });
      await transaction.write(SHOP, 'main', writer => put(writer, 'items', { _id: number }));
      return transaction.commit();
    };
    const commits = await run(1);
    expect(engine.transactionOutcome('a/b', 1)).toEqual(commits);
    expect(() => engine.transaction(ADA, { session: 'a/b', number: 1 })).toThrow(
      expect.objectContaining({ code: 'TRANSACTION_GONE' })
    );
    await world.reopen();
    expect(world.engine.transactionOutcome('a/b', 1)).toEqual(commits);
    const second = await run(2);
    expect(world.engine.transactionOutcome('a/b', 1)).toBeUndefined();
    expect(world.engine.transactionOutcome('a/b', 2)).toEqual(second);
    const aborted = world.engine.transaction(ADA);
    aborted.abort();
    await expect(aborted.write(SHOP, 'main', () => undefined)).rejects.toMatchObject({
      code: 'TRANSACTION_GONE'
    });
    await expect(aborted.snapshot(SHOP, 'main')).rejects.toMatchObject({ code: 'TRANSACTION_GONE' });
    const empty = world.engine.transaction(ADA);
    expect(await empty.commit()).toEqual([]);
    // Its changes can be undone as one.
    const plan = await world.engine.planUndo(SHOP, 'main', { txn: 'a/b/2' }, ADA);
    await world.engine.applyPlan(SHOP, plan.id, ADA);
    expect((await world.all('main')).map(document => document['_id'])).toEqual([1]);
    await world.close();
  });

  it('ends when nobody uses it for a while, and not while somebody does, until it is very old', async () => {
    const world = await open();
    const real = performance.now.bind(performance);
    let later = 0;
    const now = jest.spyOn(performance, 'now').mockImplementation(() => real() + later);
    try {
      const used = world.engine.transaction(ADA);
      const left = world.engine.transaction(ADA);
      await left.write(SHOP, 'main', writer => put(writer, 'items', { _id: 'left', n: 1 }));
      for (let minute = 0; minute < 10; minute++) {
        await used.write(SHOP, 'main', writer => put(writer, 'items', { _id: minute, n: 1 }));
        later += TRANSACTION_IDLE_MS_MAX - 1_000;
      }
      await expect(
        left.write(SHOP, 'main', writer => put(writer, 'items', { _id: 'more', n: 1 }))
      ).rejects.toMatchObject({ code: 'TRANSACTION_GONE' });
      await used.commit();
      expect(read(world.view('main'), 'items', 9)).toBe(1);
      expect(read(world.view('main'), 'items', 'left')).toBeUndefined();

      const endless = world.engine.transaction(ADA);
      const use = () => endless.snapshot(SHOP, 'main');
      for (let passed = 0; passed < TRANSACTION_MS_MAX; passed += TRANSACTION_IDLE_MS_MAX / 2) {
        await use();
        later += TRANSACTION_IDLE_MS_MAX / 2;
      }
      later += 1;
      await expect(use()).rejects.toMatchObject({ code: 'TRANSACTION_GONE' });
    } finally {
      now.mockRestore();
      await world.close();
    }
  });
});

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value, 0);
  return bytes;
}
