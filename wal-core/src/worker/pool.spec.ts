import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BuildTask } from '../image/build';
import { imagePath } from '../image/images';
import { verKey } from '../store/keys';
import { LmdbStore } from '../store/lmdb/store';
import { encodeVersion } from '../read/version';
import { WorkerPool } from './pool';

const DOCUMENTS = 30_000;

jest.setTimeout(60_000);

describe('the pool of workers', () => {
  let directory: string;
  let store: LmdbStore;
  let pool: WorkerPool;
  const task: BuildTask = {
    from: 'versions',
    directory: '',
    file: 1,
    collection: 1 as never,
    chain: [{ timeline: { id: 1 as never }, cap: 9 as never }]
  };
  const taskOf = (file: number): BuildTask => ({ ...task, directory: join(directory, 'images'), file });
  const fileOf = (file: number) => imagePath(join(directory, 'images'), file);

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'argon-pool-'));
    mkdirSync(join(directory, 'images'));
    store = LmdbStore.open(join(directory, 'state'));
    const value = encodeVersion(Buffer.alloc(100, 7), { segment: 1, offset: 0 });
    for (let first = 0; first < DOCUMENTS; first += 5_000) {
      await store.write(
        Array.from({ length: 5_000 }, (_, i) => {
          const key = Buffer.alloc(4);
          key.writeUInt32BE(first + i);
          return { table: 'ver' as const, key: verKey(1 as never, 1 as never, key, 1), value };
        })
      );
    }
  });
  beforeEach(() => {
    pool = WorkerPool.of(directory)!;
  });
  afterEach(() => pool.close());
  afterAll(async () => {
    await store.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it('lets threads go that wait for work, and the last one later', async () => {
    const short = WorkerPool.of(directory, 2, { each: 200, last: 1_500 })!;
    const threadsAre = async (count: number): Promise<void> => {
      while (short.threads !== count) {
        await new Promise(resolve => setTimeout(resolve, 10));
      }
    };
    await Promise.all([11, 12].map(file => short.build(taskOf(file))));
    await threadsAre(1);
    await threadsAre(0);
    await short.close();
  });

  it('starts threads when there is work, two at most, and tells how far it is', async () => {
    expect(pool.threads).toBe(0);
    const progress: number[] = [];
    const facts = await Promise.all(
      [1, 2, 3, 4].map(file => pool.build(taskOf(file), { onProgress: done => progress.push(done) }))
    );
    expect(facts.map(({ entries }) => entries)).toEqual([1, 2, 3, 4].map(() => DOCUMENTS));
    expect(pool.threads).toBe(2);
    expect(progress.every(done => done > 0 && done <= DOCUMENTS)).toBe(true);
    await pool.close();
    expect(pool.threads).toBe(0);
    await expect(pool.build(taskOf(5))).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('gives up what is cancelled, and leaves no file of it', async () => {
    const stop = new AbortController();
    const building = pool.build(taskOf(6), { signal: stop.signal, onProgress: () => stop.abort() });
    setTimeout(() => stop.abort(), 150);
    await building.then(
      () => expect(existsSync(fileOf(6))).toBe(true),
      async error => {
        expect(error).toMatchObject({ code: 'CANCELLED' });
        // Who cancels does not wait for the worker, which clears up after itself.
        while (existsSync(fileOf(6))) {
          await new Promise(resolve => setTimeout(resolve, 10));
        }
      }
    );
    expect((await pool.build(taskOf(7))).entries).toBe(DOCUMENTS);
  });

  it('says so when a thread dies, and goes on with another', async () => {
    const building = pool.build(taskOf(8));
    const failure = expect(building).rejects.toMatchObject({ code: 'INTERNAL', data: { worker: true } });
    await new Promise(resolve => setTimeout(resolve, 20));
    await pool.killAll();
    await failure;
    expect((await pool.build(taskOf(9))).entries).toBe(DOCUMENTS);
  });

  it('ends no thread from outside: one in a call of a native module takes the process with it', async () => {
    const script = join(directory, 'slow.js');
    const loaded = join(directory, 'loaded');
    writeFileSync(
      script,
      `const until = Date.now() + 400;
       while (Date.now() < until);
       require('node:fs').writeFileSync(${JSON.stringify(loaded)}, '');
       require('node:worker_threads').parentPort.on('message', ({ end }) => end && process.exit(0));`
    );
    const slow = WorkerPool.of(directory, 1, { each: 100, last: 100 }, script)!;
    const refused = expect(slow.build(taskOf(11))).rejects.toMatchObject({ code: 'CANCELLED' });
    await new Promise(resolve => setTimeout(resolve, 150));
    await slow.close();
    await refused;
    expect(existsSync(loaded)).toBe(true);
  });

  it('tells the error of the work', async () => {
    await expect(pool.build({ ...taskOf(10), directory: '/nowhere' })).rejects.toMatchObject({
      code: 'INTERNAL',
      message: expect.stringContaining('ENOENT') as string
    });
  });
});
