import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { CollectionInfo, IndexId, IndexInfo } from '../api';
import { LmdbScratchRoom } from '../store/lmdb/scratch';
import { PendingKeys } from './pendingkeys';
import { StagedKeys } from './stagedkeys';

const COLLECTION = { name: 'items' } as CollectionInfo;
const ROWS_MAX = 5;

interface Change {
  readonly index: number;
  readonly key: number;
  readonly doc: number;
  readonly live: boolean;
  /** Moves what is held out of memory after this change. */
  readonly isHeavy: boolean;
}

const change = fc.record({
  index: fc.integer({ min: 1, max: 2 }),
  key: fc.integer({ min: 0, max: 9 }),
  doc: fc.integer({ min: 0, max: 4 }),
  live: fc.boolean(),
  isHeavy: fc.boolean()
});

/** Keys of several lengths, of which one begins with the other. */
const keyOf = (key: number) => Buffer.alloc(1 + (key % 3), key);
const docOf = (doc: number) => Buffer.from([0x80, doc]);

describe('keys of unique indexes that a stage changes', () => {
  const directory = mkdtempSync(join(tmpdir(), 'argon-stagedkeys-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it('are known whether they are in memory or were moved: the last word on each document counts', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 60 }), async (changes: readonly Change[]) => {
        const scratch = new LmdbScratchRoom(directory, ROWS_MAX);
        const parts = { store: undefined as never, keys: undefined as never };
        const keys = new StagedKeys({ ...parts, pendingKeys: new PendingKeys(), scratch }, [], false);
        const model = new Map<string, Map<number, { live: boolean; at: number }>>();
        for (const [at, { index, key, doc, live, isHeavy }] of changes.entries()) {
          const info = { id: index as IndexId } as IndexInfo;
          keys.note({ collection: COLLECTION, index: info, key: keyOf(key), docKey: docOf(doc), live, at });
          const name = `${index} ${keyOf(key).toString('hex')}`;
          model.set(name, (model.get(name) ?? new Map()).set(doc, { live, at }));
          if (isHeavy) {
            await keys.relieve();
            expect(keys.all()).toEqual([]);
          }
        }
        const seen = new Set<string>();
        for (const found of keys.keys()) {
          const name = `${found.index.id} ${found.key.toString('hex')}`;
          seen.add(name);
          const holders = [...model.get(name)!].filter(([, { live }]) => live);
          expect(keys.holders([], found.index.id, found.key)).toBe(holders.length);
          const [one] = holders;
          if (one !== undefined) {
            expect(keys.holders([], found.index.id, found.key, docOf(one[0]))).toBe(holders.length - 1);
            expect(keys.lastHolder(found)?.live).toBe(true);
            expect(keys.lastHolder(found)?.collection).toBe(COLLECTION);
          }
        }
        expect(seen).toEqual(new Set(model.keys()));
        keys.close();
        await scratch.close();
      }),
      { numRuns: 60 }
    );
  });
});
