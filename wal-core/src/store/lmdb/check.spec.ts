import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { allowSeconds, EFFORT, numbersFrom, SEED } from '../../laws/chance';
import { figure } from '../../laws/figures';
import { type Put, TABLES } from '../store';
import { openState } from './folder';
import { PAGE_BYTES } from './pages';
import { LmdbStore } from './store';

allowSeconds(120);

const FLIPS = Math.round(250 * EFFORT);
const ALL = { from: Buffer.alloc(1), to: Buffer.alloc(200, 0xff) };

let home: string;
let warn: jest.SpyInstance;

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'argon-check-'));
  warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
});

afterAll(() => {
  warn.mockRestore();
  rmSync(home, { recursive: true, force: true });
});

/** Rows with long keys, so that few of them make a tree of three levels; some values lie in pages of their own. */
function rowsOf(below: (n: number) => number, count: number): Put[] {
  return Array.from({ length: count }, () => {
    const key = Buffer.alloc(180, 7);
    key.writeUInt16BE(below(1000), 0);
    const length = below(40) === 0 ? 2000 + below(9000) : below(300);
    const value = below(4) === 0 ? undefined : Buffer.alloc(length, below(256));
    return { table: TABLES[below(2)]!, key, value };
  });
}

async function filled(directory: string, below: (n: number) => number): Promise<void> {
  const store = await openState(directory);
  for (let i = 0; i < 30; i++) {
    await store.write(rowsOf(below, 120));
    if (i % 5 === 0) {
      await store.flushed();
    }
  }
  await store.close();
}

/** Every row, by walks and by its key, and that there is none between. */
function told(store: LmdbStore): string {
  return JSON.stringify(
    TABLES.map(table => {
      const rows = [...store.range(table, ALL)];
      const found = rows.map(({ key }) => [
        store.get(table, key)!.toString('hex'),
        store.first(table, key, ALL.to)!.key.toString('hex'),
        store.last(table, ALL.from, Buffer.concat([key, Buffer.alloc(1)]))!.key.toString('hex')
      ]);
      return [found, [...store.range(table, { ...ALL, reverse: true })].length];
    })
  );
}

async function toldAnew(directory: string): Promise<string> {
  const store = LmdbStore.open(join(directory, 'state'));
  try {
    return told(store);
  } finally {
    await store.close();
  }
}

it(`a flipped bit in a file of LMDB is noticed before the file is used, or changes no read (${FLIPS}, seed ${SEED})`, async () => {
  const below = numbersFrom(SEED);
  const directory = join(home, 'flips');
  await filled(directory, below);
  const whole = await toldAnew(directory);
  const path = join(directory, 'state', 'data.mdb');
  const bytes = readFileSync(path);
  let noticed = 0;
  for (let i = 0; i < FLIPS; i++) {
    // Metas, headers of pages and places of nodes more often than they are met by chance.
    const page = below(4) === 0 ? below(2) : below(bytes.length / PAGE_BYTES);
    const at = page * PAGE_BYTES + (below(2) === 0 ? below(160) : below(PAGE_BYTES));
    const bit = 1 << below(8);
    bytes[at]! ^= bit;
    writeFileSync(path, bytes);
    if (LmdbStore.damageOf(join(directory, 'state'), Infinity) !== undefined) {
      noticed++;
    } else {
      const flip = { at, bit };
      expect({ ...flip, isSame: (await toldAnew(directory)) === whole }).toEqual({ ...flip, isSame: true });
    }
    bytes[at]! ^= bit;
  }
  figure('flips in the file of a state', FLIPS);
  // About a quarter: the others meet free pages, and room that pages leave.
  expect(noticed).toBeGreaterThan(FLIPS / 8);
});

it('a last page far beyond the file is noticed in each of the metas, used or not: LMDB would die of it', async () => {
  const directory = join(home, 'metas');
  await filled(directory, numbersFrom(SEED + 3));
  const path = join(directory, 'state', 'data.mdb');
  const bytes = readFileSync(path);
  const places = [0, PAGE_BYTES / 2, PAGE_BYTES].map(meta => meta + 24 + 120);
  for (const place of places) {
    for (const bit of [20, 27, 45]) {
      const damaged = Buffer.from(bytes);
      damaged.writeBigUInt64LE(bytes.readBigUInt64LE(place) ^ (1n << BigInt(bit)), place);
      writeFileSync(path, damaged);
      expect(LmdbStore.damageOf(join(directory, 'state'), Infinity)).toMatch(/last page|last flush/);
    }
  }
  writeFileSync(path, bytes);
  expect(LmdbStore.damageOf(join(directory, 'state'), Infinity)).toBeUndefined();
});

it('finds nothing wrong while rows are written and the file is flushed, or not', async () => {
  const below = numbersFrom(SEED + 1);
  const directory = join(home, 'live');
  const store = await openState(directory);
  for (let i = 0; i < 60; i++) {
    const steps = store.damage();
    let step = steps.next();
    await store.write(rowsOf(below, 40));
    for (; step.done !== true; step = steps.next()) {
      if (below(8) === 0) {
        await store.write(rowsOf(below, 10));
      }
      if (below(50) === 0) {
        await store.flushed();
      }
    }
    expect(step.value).toBeUndefined();
  }
  // One that is left in the middle holds nothing when the store is closed.
  store.damage().next();
  await store.close();
  expect(LmdbStore.damageOf(join(directory, 'state'), Infinity)).toBeUndefined();
});

it('a store in use says what is wrong with it, and the next start begins anew', async () => {
  const directory = join(home, 'used');
  await filled(directory, numbersFrom(SEED + 2));
  const path = join(directory, 'state', 'data.mdb');
  const bytes = readFileSync(path);
  const key = bytes.lastIndexOf(Buffer.alloc(170, 7));
  bytes[key + 20]! ^= 1;
  writeFileSync(path, bytes);
  let store = await openState(directory, 0);
  const steps = store.damage();
  let step = steps.next();
  while (step.done !== true) {
    step = steps.next();
  }
  await store.close();
  if (step.value === undefined) {
    // It lay in a page that is no longer used.
    return;
  }
  store = await openState(directory, 0);
  expect([...store.range('line', ALL)]).toEqual([]);
  await store.close();
  expect(warn).toHaveBeenCalledWith(expect.stringContaining('made anew'), 'ArgonDamage');
});
