import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dropOldState, openState } from './folder';
import type { LmdbStore } from './store';

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

async function start(): Promise<LmdbStore> {
  open = await openState(directory);
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
