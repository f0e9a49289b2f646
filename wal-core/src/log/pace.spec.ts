import { SLICE_MS_MAX } from '../limits';
import { nextTurn, Pace } from './pace';

describe('the pace of long work', () => {
  let now = 0;
  beforeEach(() => {
    now = performance.now();
    jest.spyOn(performance, 'now').mockImplementation(() => now);
  });
  afterEach(() => jest.restoreAllMocks());

  /** Work of so many steps of one millisecond each; tells of every step. */
  async function work(steps: number, onStep: () => void, signal?: AbortSignal): Promise<void> {
    const pace = new Pace(signal);
    for (let step = 0; step < steps; step++) {
      if (pace.isDue) {
        await pace.rest();
      }
      onStep();
      now++;
    }
  }

  it('is shared: all of it together holds a turn no longer than one would', async () => {
    const perTurn: number[] = [0];
    let isOver = false;
    const counting = (async () => {
      while (!isOver) {
        await nextTurn();
        perTurn.push(0);
      }
    })();
    const done: number[] = [];
    await Promise.all(
      Array.from({ length: 10 }, async (_, i) => {
        await work(40, () => {
          perTurn[perTurn.length - 1]!++;
        });
        done.push(i);
      })
    );
    isOver = true;
    await counting;
    expect(perTurn.reduce((sum, steps) => sum + steps, 0)).toBe(400);
    // What a turn begins with may be the end of one slice and the beginning of the next.
    expect(Math.max(...perTurn)).toBeLessThanOrEqual(2 * (SLICE_MS_MAX + 1));
    // One after another has its turn: nobody is done long before the others.
    expect(done).toHaveLength(10);
    expect(perTurn.length).toBeGreaterThan(400 / (2 * (SLICE_MS_MAX + 1)));
  });

  it('lets everybody go on in the order they came', async () => {
    const order: number[] = [];
    await Promise.all(
      [0, 1, 2].map(async i => {
        const pace = new Pace();
        for (let round = 0; round < 3; round++) {
          await pace.rest();
          order.push(i);
        }
      })
    );
    expect(order).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2]);
  });

  it('ends what is cancelled when it has its turn', async () => {
    const stop = new AbortController();
    const working = work(1_000_000, () => undefined, stop.signal);
    setImmediate(() => stop.abort());
    await expect(working).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('costs a short piece of work no turn', async () => {
    let turns = 0;
    const count = () => {
      turns++;
    };
    await nextTurn();
    await nextTurn();
    setImmediate(count);
    await work(SLICE_MS_MAX, () => undefined);
    expect(turns).toBe(0);
  });
});
