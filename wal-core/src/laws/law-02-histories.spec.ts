import { deserialize } from 'bson';
import type { Engine, Snapshot, Writer } from '../api';
import { isArgonError } from '../errors';
import { REAL_FILE_SYSTEM } from '../log/file/log';
import { allowSeconds, EFFORT, numbersFrom, SEED } from './chance';
import { figure } from './figures';
import { type AppendTransaction, anomaliesOf } from './history/appends';
import { type Action, isLinearizable, type Operation } from './history/linearizable';
import { holdState, releaseStates } from './hold';
import { ADA, image, keyOf, SHOP, World } from './world';

allowSeconds(240);

const CLIENTS = 8;
const HISTORIES = Math.ceil(12 * EFFORT);
const OPERATIONS_EACH = 30;
const DOCUMENTS = 3;

/** A log whose flushes take as long as chance will have it, so that writers meet in many ways. */
function uneven(below: (n: number) => number) {
  return {
    ...REAL_FILE_SYSTEM,
    sync: async () => {
      for (let turns = below(6); turns > 0; turns--) {
        await new Promise(resolve => setImmediate(resolve));
      }
    }
  };
}

function contentOf(view: Snapshot | Writer, id: number): number | undefined {
  const items = view.collection('items');
  const found = items === undefined ? undefined : view.get(items, keyOf(id));
  return found === undefined ? undefined : (deserialize(found)['n'] as number);
}

function setContent(writer: Writer, id: number, n: number | undefined): void {
  const items = writer.ensureCollection('items');
  if (n === undefined) {
    writer.remove(items, keyOf(id));
  } else if (writer.get(items, keyOf(id)) === undefined) {
    writer.insert(items, image({ _id: id, n }));
  } else {
    writer.replace(items, keyOf(id), image({ _id: id, n }));
  }
}

async function pause(turns: number): Promise<void> {
  for (; turns > 0; turns--) {
    await new Promise(resolve => setImmediate(resolve));
  }
}

/** Clients that read, write and swap beside each other; answers what each saw, by document. */
async function documentHistory(engine: Engine, below: (n: number) => number): Promise<Operation[][]> {
  const histories: Operation[][] = Array.from({ length: DOCUMENTS }, () => []);
  let now = 0;
  let value = 0;
  const act = async (id: number): Promise<Action> => {
    const fresh = value++;
    switch (below(4)) {
      case 0:
      case 1:
        return { kind: 'read', saw: contentOf(engine.resolve(SHOP, 'main'), id) };
      case 2: {
        const n = below(5) === 0 ? undefined : fresh;
        await engine.write(SHOP, 'main', ADA, writer => setContent(writer, id, n));
        return { kind: 'write', value: n };
      }
      default: {
        // What it read may be old by the time it writes.
        const expected = contentOf(engine.resolve(SHOP, 'main'), id);
        await pause(below(3));
        const { result } = await engine.write(SHOP, 'main', ADA, writer => {
          const fits = contentOf(writer, id) === expected;
          if (fits) {
            setContent(writer, id, fresh);
          }
          return fits;
        });
        return { kind: 'swap', expected, value: fresh, done: result };
      }
    }
  };
  const client = async (_: unknown, number: number) => {
    for (let i = 0; i < OPERATIONS_EACH; i++) {
      const id = below(DOCUMENTS);
      await pause(below(3));
      const begin = now++;
      const action = await act(id);
      const end = now++;
      histories[id]!.push({ client: number, begin, end, do: action });
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return histories;
}

/** Clients that append to lists in transactions; answers those that were committed. */
async function appendHistory(engine: Engine, below: (n: number) => number): Promise<AppendTransaction[]> {
  const committed: AppendTransaction[] = [];
  let next = 0;
  const listOf = (view: Writer, list: string): number[] => {
    const lists = view.collection('lists');
    const found = lists === undefined ? undefined : view.get(lists, keyOf(list));
    return found === undefined ? [] : (deserialize(found)['values'] as number[]);
  };
  const attempt = async () => {
    const id = next++;
    const transaction = engine.transaction(ADA);
    const reads = new Map<string, number[]>();
    const appends = new Map<string, number>();
    try {
      for (let steps = 1 + below(4); steps > 0; steps--) {
        const list = `list ${below(4)}`;
        await transaction.write(SHOP, 'main', writer => {
          const values = listOf(writer, list);
          if (!reads.has(list)) {
            reads.set(list, values);
          }
          if (below(2) === 0 && !appends.has(list)) {
            appends.set(list, id);
            const lists = writer.ensureCollection('lists');
            const bytes = image({ _id: list, values: [...values, id] });
            if (values.length === 0) {
              writer.insert(lists, bytes);
            } else {
              writer.replace(lists, keyOf(list), bytes);
            }
          }
        });
        await pause(below(3));
      }
      await transaction.commit();
      committed.push({ id, reads, appends });
    } catch (error) {
      if (!isArgonError(error, 'WRITE_CONFLICT')) {
        throw error;
      }
    }
  };
  await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      for (let i = 0; i < OPERATIONS_EACH; i++) {
        await pause(below(4));
        await attempt();
      }
    })
  );
  return committed;
}

describe(`law 2: histories of ${CLIENTS} clients beside each other`, () => {
  afterEach(releaseStates);

  async function withWorld<T>(
    seed: number,
    work: (world: World, below: (n: number) => number) => Promise<T>
  ): Promise<T> {
    const below = numbersFrom(seed);
    const world = await World.open({ parts: { log: { fileSystem: uneven(below) } } });
    // Half of the time nothing reaches the state, so that all of it is read from memory.
    const hold = seed % 2 === 0 ? holdState() : undefined;
    try {
      return await work(world, below);
    } finally {
      hold?.release();
      await world.close();
    }
  }

  it(`every document is linearizable (seeds ${SEED} to ${SEED + HISTORIES - 1})`, async () => {
    let operations = 0;
    for (let seed = SEED; seed < SEED + HISTORIES; seed++) {
      const histories = await withWorld(seed, ({ engine }, below) => documentHistory(engine, below));
      for (const [id, history] of histories.entries()) {
        operations += history.length;
        figure('histories', 1);
        figure('operations in histories', history.length);
        expect({ seed, id, isLegal: isLinearizable(history) }).toEqual({ seed, id, isLegal: true });
      }
    }
    expect(operations).toBeGreaterThan(HISTORIES * CLIENTS * OPERATIONS_EACH - 1);
  });

  it(`transactions are isolated as snapshots are (seeds ${SEED} to ${SEED + HISTORIES - 1})`, async () => {
    let committed = 0;
    for (let seed = SEED; seed < SEED + HISTORIES; seed++) {
      await withWorld(seed, async (world, below) => {
        await world.put('main', [{ _id: 'none' }], { collection: 'lists' });
        const transactions = await appendHistory(world.engine, below);
        const view = world.view('main');
        const lists = view.collection('lists')!;
        const last = new Map(
          [0, 1, 2, 3].map(n => {
            const found = view.get(lists, keyOf(`list ${n}`));
            const values = found === undefined ? [] : (deserialize(found)['values'] as number[]);
            return [`list ${n}`, values];
          })
        );
        expect({ seed, anomalies: anomaliesOf(transactions, last) }).toEqual({ seed, anomalies: [] });
        figure('histories', 1);
        figure('operations in histories', transactions.length);
        committed += transactions.filter(({ appends }) => appends.size > 0).length;
      });
    }
    expect(committed).toBeGreaterThan(HISTORIES * OPERATIONS_EACH);
  });

  it('the judges know what is not legal', () => {
    const read = (begin: number, end: number, saw: number | undefined): Operation => ({
      client: 0,
      begin,
      end,
      do: { kind: 'read', saw }
    });
    const write = (begin: number, end: number, value: number): Operation => ({
      client: 1,
      begin,
      end,
      do: { kind: 'write', value }
    });
    expect(isLinearizable([write(0, 3, 1), read(1, 2, undefined), read(4, 5, 1)])).toBe(true);
    expect(isLinearizable([write(0, 1, 1), read(2, 3, undefined)])).toBe(false);
    expect(isLinearizable([write(0, 9, 1), read(1, 2, 1), read(3, 4, undefined)])).toBe(false);
    expect(isLinearizable([write(0, Infinity, 1), read(1, 2, undefined), read(3, 4, 1)])).toBe(true);
    const swap = (begin: number, end: number, value: number): Operation => ({
      client: 2,
      begin,
      end,
      do: { kind: 'swap', expected: 1, value, done: true }
    });
    expect(isLinearizable([write(0, 1, 1), swap(2, 5, 2), swap(3, 4, 3)])).toBe(false);
    const transaction = (
      id: number,
      reads: [string, number[]][],
      appends: [string, number][]
    ): AppendTransaction => ({
      id,
      reads: new Map(reads),
      appends: new Map(appends)
    });
    const kinds = (list: AppendTransaction[], last: [string, number[]][]) =>
      anomaliesOf(list, new Map(last)).map(({ kind }) => kind);
    // Two that read one list and both append to it: the second has lost the first's.
    expect(
      kinds(
        [transaction(1, [['a', []]], [['a', 1]]), transaction(2, [['a', []]], [['a', 2]])],
        [['a', [1, 2]]]
      )
    ).toContain('cycle');
    expect(kinds([transaction(1, [], [['a', 1]])], [['a', []]])).toEqual(['lost']);
    expect(kinds([], [['a', [7]]])).toEqual(['torn']);
    // Half of what another wrote: one list with it, one without.
    expect(
      kinds(
        [
          transaction(
            1,
            [],
            [
              ['a', 1],
              ['b', 1]
            ]
          ),
          transaction(
            2,
            [
              ['a', [1]],
              ['b', []]
            ],
            []
          )
        ],
        [
          ['a', [1]],
          ['b', [1]]
        ]
      )
    ).toContain('cycle');
    // Write skew is allowed.
    expect(
      kinds(
        [transaction(1, [['b', []]], [['a', 1]]), transaction(2, [['a', []]], [['b', 2]])],
        [
          ['a', [1]],
          ['b', [2]]
        ]
      )
    ).toEqual([]);
  });
});
