import * as fc from 'fast-check';
import { isOfExecution, readSaved, savedOf, type CellDeeds } from './savedCell';

const read: CellDeeds['reads'][number] = {
  project: 'penguins',
  ref: 'clean',
  branch: 'clean',
  lsn: 949,
  collection: 'penguins',
  documents: 344,
  digest: '7c1e0b94'
};

const write: CellDeeds['writes'][number] = {
  project: 'penguins',
  branch: 'clean',
  firstLsn: 1202,
  lastLsn: 1203,
  collection: 'penguins',
  inserts: 0,
  updates: 0,
  deletes: 2
};

const deeds = (part: Partial<CellDeeds> = {}): CellDeeds => ({
  cell: 'c4',
  cellNumber: 4,
  reads: [read],
  writes: [write],
  runs: ['r1'],
  ...part
});

describe('what a notebook keeps of a cell', () => {
  it('is read as it was kept', () => {
    const sandboxed = { ...read, ref: 'sandbox-1', base: { branch: 'clean', lsn: 949 } };
    const all = deeds({ reads: [read, sandboxed] });
    expect(readSaved(savedOf(all), 'c4')).toEqual({ activity: all, more: 0 });
  });

  it('is the same for the same deeds, whenever they were done and whatever became of them', () => {
    const times = { startedAt: '2026-11-21T14:00:00.000Z', finishedAt: '2026-11-21T14:00:01.000Z' };
    const again = { ...deeds({ writes: [{ ...write, fate: 'undone' }] }), ...times };
    expect(JSON.stringify(savedOf(again))).toBe(JSON.stringify(savedOf(deeds())));
  });

  it('is nothing for a cell that did nothing to data', () => {
    expect(savedOf(deeds({ reads: [], writes: [], runs: [] }))).toBeUndefined();
  });

  it('is bounded, and says how much it has left out', () => {
    const saved = savedOf(deeds({ reads: Array.from({ length: 130 }, (_, lsn) => ({ ...read, lsn })) }));
    const known = readSaved(saved, 'c4');
    expect(known?.activity.reads).toHaveLength(100);
    expect(known?.more).toBe(30);
  });

  it('is about the execution whose number the cell shows, and about none when that was cleared', () => {
    expect([4, 5, null].map(shown => isOfExecution(deeds(), shown))).toEqual([true, false, false]);
  });

  it('is not read when it is of another shape', () => {
    const kept = savedOf(deeds());
    const strange: readonly object[] = [
      { version: 2 },
      { cellNumber: '4' },
      { reads: [{ ...read, lsn: -1 }] },
      { reads: [{ ...read, documents: 1.5 }] },
      { reads: [{ ...read, collection: { toString: 'x' } }] },
      { reads: [{ ...read, base: [] }] },
      { reads: { length: 1, 0: read } },
      { writes: [{ ...write, lastLsn: Number.MAX_VALUE }] },
      { writes: [{ ...write, branch: 'x'.repeat(2_000) }] },
      { writes: [null] },
      { runs: Array.from({ length: 101 }, () => 'r') },
      { runs: [7] },
      { more: 'many' }
    ];
    for (const part of strange) {
      expect(readSaved({ ...kept, ...part }, 'c4')).toBeUndefined();
    }
  });

  it('may be anything in the notebook of a stranger: what is read of it has the shape, or nothing is read', () => {
    const odd = fc.oneof(fc.jsonValue(), fc.constant(read), fc.constant(write), fc.constant('r1'));
    const lists = fc.record(
      {
        version: fc.constant(1),
        cellNumber: odd,
        reads: fc.array(odd),
        writes: fc.array(odd),
        runs: fc.array(odd)
      },
      { requiredKeys: ['version'] }
    );
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), lists), value => {
        const known = readSaved(value, 'c4');
        if (known !== undefined) {
          expect(readSaved(savedOf(known.activity), 'c4')?.activity).toEqual(known.activity);
        }
      })
    );
  });
});
