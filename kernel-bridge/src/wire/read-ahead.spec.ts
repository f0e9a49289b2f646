import { READ_AHEAD_BYTES_MAX } from './limits';
import { ReadAhead } from './read-ahead';

const BATCH_BYTES = 1000;

/** A source of so many batches, and how many of them were taken. */
function source(
  batches: number,
  failure?: Error
): { taken: number; iterator: AsyncIterator<readonly Buffer[]> } {
  const state = { taken: 0, iterator: run() };
  async function* run(): AsyncGenerator<readonly Buffer[]> {
    while (state.taken < batches) {
      await Promise.resolve();
      state.taken++;
      yield [Buffer.alloc(BATCH_BYTES, state.taken)];
    }
    if (failure !== undefined) {
      throw failure;
    }
  }
  return state;
}

const turns = (): Promise<void> => new Promise(resolve => setTimeout(resolve, 5));

describe('reading ahead', () => {
  it('takes nothing before it is told to, and then no more than it may', async () => {
    const all = source(100);
    const ahead = new ReadAhead(all.iterator);
    await turns();
    expect(all.taken).toBe(0);
    await ahead.next();
    await turns();
    expect(all.taken).toBe(1);
    ahead.start(3 * BATCH_BYTES);
    await turns();
    expect(all.taken).toBe(4);
    ahead.release();
  });

  it('gives all batches in their order, also while it reads', async () => {
    const ahead = new ReadAhead(source(20).iterator);
    const found: number[] = [];
    for (;;) {
      const { done, value } = await ahead.next();
      if (done === true) {
        break;
      }
      found.push(value[0]![0]!);
      ahead.start(found.length * BATCH_BYTES);
      if (found.length % 3 === 0) {
        await turns();
      }
    }
    expect(found).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    expect(await ahead.next()).toMatchObject({ done: true });
  });

  it('tells an error when it is come to', async () => {
    const ahead = new ReadAhead(source(2, new Error('broken')).iterator);
    ahead.start(Infinity);
    await turns();
    expect((await ahead.next()).value).toHaveLength(1);
    expect((await ahead.next()).value).toHaveLength(1);
    await expect(ahead.next()).rejects.toThrow('broken');
  });

  it('is bounded for all together, and what is given up makes room', async () => {
    const large = (): { taken: number; ahead: ReadAhead } => {
      const state = { taken: 0, ahead: new ReadAhead(run()) };
      async function* run(): AsyncGenerator<readonly Buffer[]> {
        for (;;) {
          await Promise.resolve();
          state.taken++;
          yield [Buffer.alloc(READ_AHEAD_BYTES_MAX / 4)];
        }
      }
      state.ahead.start(READ_AHEAD_BYTES_MAX);
      return state;
    };
    const first = large();
    await turns();
    const second = large();
    await turns();
    expect([first.taken, second.taken]).toEqual([4, 0]);
    first.ahead.release();
    second.ahead.start(READ_AHEAD_BYTES_MAX);
    await turns();
    expect(second.taken).toBe(4);
    second.ahead.release();
  });
});
