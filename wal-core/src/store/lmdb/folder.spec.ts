import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compactAtStart, dropOldState, openState } from './folder';
import { LmdbStore } from './store';

const KEY = Buffer.from('a key that is found in the file');
const VALUE = Buffer.from('a value that is found in the file');

let directory: string;
let open: LmdbStore | undefined;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'argon-state-'));
});

afterEach(async () => {
  await open?.close();
  rmSync(directory, { recursive: true, force: true });
});

async function start(sumsBytesMax = 0): Promise<LmdbStore> {
  open = await openState(directory, sumsBytesMax);
  return open;
}

async function stop(): Promise<void> {
  await open?.close();
  open = undefined;
}

/** Flips one bit of the newest copy of some bytes in the closed file. */
function flip(text: Buffer): void {
  const path = join(directory, 'state', 'data.mdb');
  const bytes = readFileSync(path);
  const at = bytes.lastIndexOf(text);
  expect(at).toBeGreaterThan(0);
  bytes[at + 9]! ^= 8;
  writeFileSync(path, bytes);
}

describe('a row that is not as it was written', () => {
  beforeEach(async () => {
    const store = await start();
    await store.write([{ table: 'ver', key: KEY, value: VALUE }]);
    await stop();
  });

  it.each([
    ['its value', VALUE],
    ['its key', KEY]
  ])('is refused when %s has a flipped bit, however it is read', async (_, text) => {
    flip(text);
    const store = await start();
    const from = Buffer.alloc(1);
    const to = Buffer.alloc(8, 0xff);
    const refusal = expect.objectContaining({ code: 'DATA_CORRUPT' }) as Error;
    expect(() => store.first('ver', from, to)).toThrow(refusal);
    expect(() => store.last('ver', from, to)).toThrow(refusal);
    expect(() => [...store.range('ver', { from, to })]).toThrow(refusal);
    expect(() => [...store.range('ver', { from, to, reverse: true })]).toThrow(refusal);
    if (text === VALUE) {
      expect(() => store.get('ver', KEY)).toThrow(refusal);
    }
  });

  it('is refused to who looks for it by its key, when its key has become a greater one', async () => {
    flip(KEY);
    const store = await start();
    expect(() => store.first('ver', KEY, Buffer.concat([KEY, Buffer.of(0)]))).toThrow(
      expect.objectContaining({ code: 'DATA_CORRUPT' }) as Error
    );
  });

  it('makes the next start begin anew, and the old state stays until the new one is whole', async () => {
    flip(VALUE);
    let store = await start();
    expect(() => store.get('ver', KEY)).toThrow('damaged');
    await stop();
    store = await start();
    expect(store.get('ver', KEY)).toBeUndefined();
    await stop();
    // A start that was cut short goes on where it was.
    store = await start();
    await store.write([{ table: 'ver', key: KEY, value: VALUE }]);
    await stop();
    expect((await start()).get('ver', KEY)).toEqual(VALUE);
    expect(existsSync(join(directory, 'state.old', 'data.mdb'))).toBe(true);
    dropOldState(directory);
    await stop();
    expect(existsSync(join(directory, 'state.old'))).toBe(false);
    expect((await start()).get('ver', KEY)).toEqual(VALUE);
  });

  it('keeps the first state that was set aside when the one in its place is damaged too', async () => {
    flip(VALUE);
    const first = readFileSync(join(directory, 'state', 'data.mdb'));
    for (let i = 0; i < 2; i++) {
      const store = await start();
      if (i > 0) {
        await store.write([{ table: 'ver', key: KEY, value: VALUE }]);
        await stop();
        flip(VALUE);
        await start();
      }
      expect(() => open!.get('ver', KEY)).toThrow('damaged');
      await stop();
    }
    expect((await start()).get('ver', KEY)).toBeUndefined();
    expect(readFileSync(join(directory, 'state.old', 'data.mdb')).length).toBe(first.length);
    expect(readFileSync(join(directory, 'state.old', 'data.mdb')).includes(KEY)).toBe(true);
  });
});

describe('a state that is to be compacted', () => {
  const rows = (from: number, to: number, length: number | undefined) =>
    Array.from({ length: to - from }, (_, i) => ({
      table: 'ver' as const,
      key: Buffer.from([1, (from + i) >> 8, (from + i) & 0xff]),
      value: length === undefined ? undefined : Buffer.alloc(length, i)
    }));
  const all = (store: LmdbStore) => [...store.range('ver', { from: Buffer.of(0), to: Buffer.of(9) })];
  const fileBytes = () => readFileSync(join(directory, 'state', 'data.mdb')).length;
  let left: unknown;

  beforeEach(async () => {
    const store = await start();
    await store.write(rows(0, 3000, 300));
    await store.write(rows(100, 3000, undefined));
    await store.flushed();
    left = all(store);
    expect(store.freeBytes()).toBeGreaterThan(400_000);
    compactAtStart(directory);
    await stop();
  });

  it('is smaller after the next start, with the same rows, and is not copied again', async () => {
    const before = fileBytes();
    let store = await start();
    expect(fileBytes()).toBeLessThan(before / 4);
    expect(all(store)).toEqual(left);
    expect(store.freeBytes()).toBeLessThan(20_000);
    await store.write(rows(0, 1, 10));
    expect(store.get('ver', Buffer.from([1, 0, 0]))).toEqual(Buffer.alloc(10));
    await stop();
    dropOldState(directory);
    const size = fileBytes();
    store = await start();
    expect(all(store)).toHaveLength(100);
    expect(fileBytes()).toBe(size);
  });

  it.each([
    [
      'the copy was being written',
      () => {
        mkdirSync(join(directory, 'state.new'));
        writeFileSync(join(directory, 'state.new', 'data.mdb'), 'half of it');
      }
    ],
    ['the old one was moved away', () => renameSync(join(directory, 'state'), join(directory, 'state.old'))]
  ])('is whole when the start was cut short while %s', async (_, leave) => {
    leave();
    expect(all(await start())).toEqual(left);
  });

  it('is whole when the start was cut short before the old one was removed', async () => {
    await start();
    await stop();
    expect(existsSync(join(directory, 'state.old'))).toBe(true);
    expect(all(await start())).toEqual(left);
  });

  it('stays as it is when there is no room for the copy', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    jest.spyOn(LmdbStore.prototype, 'copyTo').mockRejectedValueOnce(new Error('no space left on device'));
    expect(all(await start())).toEqual(left);
    expect(existsSync(join(directory, 'state.new'))).toBe(false);
    expect(warn.mock.calls).toEqual([[expect.stringContaining('no space left')]]);
    jest.restoreAllMocks();
  });
});
