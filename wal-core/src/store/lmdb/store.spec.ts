import { crc32c } from '@node-rs/crc32';
import fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Row } from '../store';
import { LmdbStore } from './store';

const bytes = fc.uint8Array({ minLength: 1, maxLength: 4, max: 3 }).map(value => Buffer.from(value));
const value = fc.oneof(
  { weight: 5, arbitrary: fc.uint8Array({ maxLength: 60 }).map(each => Buffer.from(each)) },
  // Longer than the window that lmdb reads into.
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 200_000 }).map(size => Buffer.alloc(size, size & 0xff)) }
);

jest.setTimeout(60_000);

/** A row in short: comparing long values by `expect` takes longer than reading them. */
function short(row: Row | undefined): string | undefined {
  return row && `${row.key.toString('hex')} ${row.value.length} ${crc32c(row.value)}`;
}

describe('the store in LMDB', () => {
  let directory: string;
  let store: LmdbStore;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'argon-store-'));
    store = LmdbStore.open(directory);
  });
  afterEach(async () => {
    await store.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it('keeps what is written at once apart', async () => {
    const rows = Array.from({ length: 3_000 }, (_, i) => ({
      table: 'ver' as const,
      key: Buffer.from(String(i).padStart(5, '0')),
      value: Buffer.alloc(i % 300, i)
    }));
    // Each of them begins before those before it are committed.
    const writes = [];
    for (let first = 0; first < rows.length; first += 100) {
      writes.push(store.write(rows.slice(first, first + 100)));
      if (first % 500 === 0) {
        await new Promise(resolve => setImmediate(resolve));
      }
    }
    await Promise.all(writes);
    for (const { key, value } of rows) {
      expect(store.get('ver', key)?.equals(value)).toBe(true);
    }
  });

  it('answers every read as a sorted map does', async () => {
    const model = new Map<string, Row>();
    const put = fc.record({ key: bytes, value: fc.option(value, { nil: undefined, freq: 4 }) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(put, { maxLength: 8 }),
        bytes,
        bytes,
        fc.nat(6),
        async (puts, a, b, limit) => {
          await store.write(puts.map(each => ({ table: 'ver', ...each })));
          for (const { key, value: found } of puts) {
            const name = key.toString('hex');
            if (found === undefined) {
              model.delete(name);
            } else {
              model.set(name, { key, value: found });
            }
          }
          const [from, to] = Buffer.compare(a, b) <= 0 ? [a, b] : [b, a];
          const rows = [...model.values()]
            .filter(({ key }) => Buffer.compare(key, from) >= 0 && Buffer.compare(key, to) < 0)
            .sort((x, y) => Buffer.compare(x.key, y.key));
          const backwards = [...rows].reverse();
          const walk = (options: { reverse?: boolean; limit?: number }) =>
            [...store.range('ver', { from, to, ...options })].map(short);
          const found = store.get('ver', a);
          expect(short(found && { key: a, value: found })).toBe(short(model.get(a.toString('hex'))));
          expect(walk({})).toEqual(rows.map(short));
          expect(walk({ reverse: true })).toEqual(backwards.map(short));
          expect(walk({ limit })).toEqual(rows.slice(0, limit).map(short));
          expect(walk({ reverse: true, limit })).toEqual(backwards.slice(0, limit).map(short));
          expect(short(store.first('ver', from, to))).toBe(short(rows[0]));
          expect(short(store.last('ver', from, to))).toBe(short(backwards[0]));
          expect([...store.range('idx', { from, to })]).toEqual([]);
        }
      ),
      { numRuns: 80 }
    );
  });

  it('walks several ranges of one table at once, each to its own end', async () => {
    const key = (i: number) => Buffer.from([1, i >> 8, i & 0xff]);
    await store.write(
      Array.from({ length: 2000 }, (_, i) => ({ table: 'ver' as const, key: key(i), value: key(i) }))
    );
    const walks = Array.from({ length: 40 }, (_, i) => ({
      rows: store.range('ver', { from: key(i * 10), to: key(i * 40 + 50) })[Symbol.iterator](),
      next: i * 10,
      to: i * 40 + 50
    }));
    for (let open = walks.length; open > 0;) {
      for (const walk of walks) {
        if (walk.next > walk.to) {
          continue;
        }
        const step = walk.rows.next();
        // Short reads in between use the same range.
        expect(store.first('ver', key(7), key(9))!.key).toEqual(key(7));
        if (walk.next === walk.to) {
          expect(step.done).toBe(true);
          open--;
        } else {
          expect(step.value!.key).toEqual(key(walk.next));
        }
        walk.next++;
      }
    }
  });

  it('gives bytes that later reads and writes leave alone', async () => {
    const key = (i: number) => Buffer.from([2, i]);
    const rowsOf = (fill: number) =>
      Array.from({ length: 100 }, (_, i) => ({
        table: 'ver' as const,
        key: key(i),
        value: Buffer.alloc(i * 30, fill)
      }));
    await store.write(rowsOf(1));
    const kept = [...store.range('ver', { from: key(0), to: key(200) })];
    const first = store.first('ver', key(3), key(4))!;
    await store.write(rowsOf(2));
    expect([...store.range('ver', { from: key(0), to: key(200) })][50]!.value).toEqual(Buffer.alloc(1500, 2));
    expect(kept.map(row => row.value)).toEqual(rowsOf(1).map(row => row.value));
    expect(first.value).toEqual(Buffer.alloc(90, 1));
  });
});
