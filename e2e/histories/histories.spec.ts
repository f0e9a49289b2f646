import { EFFORT, numbersFrom, SEED } from '../../wal-core/src/laws/chance';
import { figure } from '../../wal-core/src/laws/figures';
import { type AppendTransaction, anomaliesOf } from '../../wal-core/src/laws/history/appends';
import { isLinearizable } from '../../wal-core/src/laws/history/linearizable';
import { appendHistory } from './appends';
import { MortalBridge } from './bridge';
import { Clients } from './clients';
import { documentHistories } from './documents';

const ROUNDS = Math.max(1, Math.round(EFFORT));
const OPERATIONS_EACH = 40;
const TRANSACTIONS_EACH = 15;
const KILLS = 2;
const NAMES = ['a', 'b', 'c', 'd'];

jest.setTimeout(120_000 * ROUNDS);

describe('law 2 through the wire: histories of drivers, with the bridge killed in the middle', () => {
  let bridge: MortalBridge;

  beforeAll(async () => {
    bridge = await MortalBridge.start();
  });

  afterAll(() => bridge?.stop());

  async function beside<T>(
    seed: number,
    kind: { readonly name: string; readonly operations: number },
    work: (clients: Clients) => Promise<T>
  ): Promise<T> {
    const plan = { collection: `${kind.name}-${seed}`, operations: kind.operations, kills: KILLS };
    const clients = await Clients.connect(bridge, numbersFrom(seed), plan);
    try {
      return await work(clients);
    } finally {
      await clients.close();
    }
  }

  it(`every document is linearizable (seeds ${SEED} to ${SEED + ROUNDS - 1})`, async () => {
    for (let seed = SEED; seed < SEED + ROUNDS; seed++) {
      const histories = await beside(
        seed,
        { name: 'documents', operations: OPERATIONS_EACH },
        async clients => {
          const found = await documentHistories(clients, NAMES);
          const last = new Map(
            (await clients.all()).map(({ _id, value }) => [_id as string, value as number])
          );
          // What is there in the end was read after everything else: no acknowledged write is lost.
          return found.map((history, i) => [
            ...history,
            {
              client: -1,
              begin: Number.MAX_SAFE_INTEGER - 1,
              end: Number.MAX_SAFE_INTEGER,
              do: { kind: 'read' as const, saw: last.get(NAMES[i]!) }
            }
          ]);
        }
      );
      for (const [i, history] of histories.entries()) {
        figure('wire histories', 1);
        figure('operations through the wire', history.length);
        const unanswered = history.filter(({ end }) => end === Infinity).length;
        figure('operations without an answer', unanswered);
        expect({ seed, name: NAMES[i], isLegal: isLinearizable(history) }).toEqual({
          seed,
          name: NAMES[i],
          isLegal: true
        });
      }
      const operations = histories.reduce((sum, history) => sum + history.length, 0);
      expect(operations).toBeGreaterThan(OPERATIONS_EACH * 4);
    }
  });

  it(`transactions are isolated as snapshots are (seeds ${SEED} to ${SEED + ROUNDS - 1})`, async () => {
    for (let seed = SEED; seed < SEED + ROUNDS; seed++) {
      await beside(seed, { name: 'lists', operations: TRANSACTIONS_EACH }, async clients => {
        const { committed, unsure } = await appendHistory(clients, NAMES);
        const last = new Map(
          (await clients.all()).map(({ _id, values }) => [_id as string, values as number[]])
        );
        const isThere = ({ appends }: AppendTransaction) =>
          [...appends].some(([list, value]) => last.get(list)?.includes(value) === true);
        const transactions = [...committed, ...unsure.filter(isThere)];
        figure('wire histories', 1);
        figure('transactions through the wire', transactions.length);
        figure('commits without an answer', unsure.length);
        expect({ seed, anomalies: anomaliesOf(transactions, last) }).toEqual({ seed, anomalies: [] });
        expect(committed.filter(({ appends }) => appends.size > 0).length).toBeGreaterThan(TRANSACTIONS_EACH);
      });
    }
  });
});
