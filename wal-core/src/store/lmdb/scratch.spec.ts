import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { LmdbScratchRoom } from './scratch';

let home: string;
let directory: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'argon-scratch-'));
  directory = join(home, 'scratch');
});

afterEach(() => {
  rmSync(home, { recursive: true, force: true });
});

const bytes = fc.uint8Array({ minLength: 1, maxLength: 3, max: 5 }).map(value => Buffer.from(value));

it('is a sorted map, in memory, in its file, or in both', async () => {
  const room = new LmdbScratchRoom(directory, 8);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(bytes, bytes, fc.nat({ max: 5 })), { maxLength: 120 }),
      fc.option(bytes, { nil: undefined }),
      fc.option(bytes, { nil: undefined }),
      async (steps, from, to) => {
        const scratch = room.make();
        const model = new Map<string, string>();
        for (const [key, value, what] of steps) {
          scratch.set(key, value);
          model.set(key.toString('hex'), value.toString('hex'));
          if (scratch.isHeavy || what === 0) {
            await scratch.relieve();
          }
          expect(scratch.get(key)).toEqual(value);
        }
        for (const [key, value] of model) {
          expect(scratch.get(Buffer.from(key, 'hex'))?.toString('hex')).toBe(value);
        }
        const inside = (key: string) =>
          (from === undefined || key >= from.toString('hex')) &&
          (to === undefined || key < to.toString('hex'));
        expect(
          [...scratch.rows(from, to)].map(({ key, value }) => [key.toString('hex'), value.toString('hex')])
        ).toEqual([...model].filter(([key]) => inside(key)).sort(([a], [b]) => (a < b ? -1 : 1)));
        expect(scratch.size).toBeGreaterThanOrEqual(model.size);
        scratch.close();
      }
    ),
    { numRuns: 30 }
  );
  await room.close();
  expect(existsSync(directory)).toBe(false);
});

it('walks far over many rows while it is changed, and gives its file back after the walk', async () => {
  const room = new LmdbScratchRoom(directory, 1000);
  const scratch = room.make();
  const key = (n: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(n, 0);
    return bytes;
  };
  for (let n = 0; n < 5000; n += 2) {
    scratch.set(key(n), key(n));
    if (scratch.isHeavy) {
      await scratch.relieve();
    }
  }
  const seen: number[] = [];
  for (const row of scratch.rows()) {
    seen.push(row.key.readUInt32BE(0));
    if (seen.length === 10) {
      scratch.close();
      await new Promise(resolve => setTimeout(resolve, 10));
      expect(readdirSync(directory)).toHaveLength(1);
    }
  }
  expect(seen).toEqual(Array.from({ length: 2500 }, (_, i) => i * 2));
  await new Promise(resolve => setTimeout(resolve, 50));
  expect(readdirSync(directory)).toEqual([]);
  await room.close();
});

it('leaves nothing of an earlier owner', () => {
  new LmdbScratchRoom(directory, 1).make();
  expect(existsSync(directory)).toBe(false);
});
