import type { CellActivity } from '../client/protocol';
import { cellFacts } from './cellFacts';

type CellRead = CellActivity['reads'][number];
type CellWrite = CellActivity['writes'][number];

const read = (part: Partial<CellRead> = {}): CellRead => ({
  project: 'penguins',
  ref: 'clean',
  collection: 'penguins',
  documents: 344,
  lsn: 949,
  branch: 'clean',
  digest: 'x',
  ...part
});

const write = (part: Partial<CellWrite> = {}): CellWrite => ({
  project: 'penguins',
  branch: 'clean',
  collection: 'penguins',
  firstLsn: 1202,
  lastLsn: 1203,
  inserts: 0,
  updates: 0,
  deletes: 2,
  ...part
});

const facts = (part: Partial<CellActivity>) =>
  cellFacts(
    { cell: 'c4', startedAt: '2026-11-21T14:00:00.000Z', reads: [], writes: [], runs: [], ...part },
    'penguins'
  );

describe('what the pop-up of a cell tells', () => {
  it('has the collections of one state together, and adds up what was read again', () => {
    const { reads } = facts({
      reads: [
        read(),
        read({ collection: 'islands', documents: 3 }),
        read({ documents: 6 }),
        read({ lsn: 1204, documents: 342 })
      ]
    });
    expect(reads.map(({ place, collections }) => [place, collections])).toEqual([
      [
        'clean@949',
        [
          { name: 'penguins', documents: 350 },
          { name: 'islands', documents: 3 }
        ]
      ],
      ['clean@1204', [{ name: 'penguins', documents: 342 }]]
    ]);
  });

  it('names the project only where it is another than that of the session', () => {
    const { reads, writes } = facts({
      reads: [read(), read({ project: 'birds' })],
      writes: [write(), write({ project: 'birds' })]
    });
    expect(reads.map(({ project }) => project)).toEqual([undefined, 'birds']);
    expect(writes.map(({ project }) => project)).toEqual([undefined, 'birds']);
  });

  it('says what a sandbox was made from, and that it was one', () => {
    const { reads } = facts({
      reads: [read({ branch: 'sandbox-1', lsn: 1210, base: { branch: 'clean', lsn: 949 } })]
    });
    expect(reads).toMatchObject([{ place: 'clean@949', sandbox: 'sandbox-1' }]);
  });

  it('keeps a ref that is of no branch as it was written', () => {
    const { branch: _, ...past } = read({ ref: 'pin:v1-paper', lsn: 353 });
    expect(facts({ reads: [past] }).reads).toMatchObject([{ place: 'pin:v1-paper', branch: undefined }]);
  });

  it('has the writes of a branch together, what stands first', () => {
    const { writes } = facts({
      writes: [
        write({ branch: 'gone', fate: 'gone' }),
        write(),
        write({ collection: 'sources', firstLsn: 1204, lastLsn: 1204, deletes: 0, inserts: 1 })
      ]
    });
    expect(writes).toMatchObject([
      { branch: 'clean', firstLsn: 1202, lastLsn: 1204, fate: 'stands' },
      { branch: 'gone', fate: 'gone', standing: undefined }
    ]);
    expect(writes[0]?.standing).toEqual({ firstLsn: 1202, lastLsn: 1204 });
  });

  it('offers to undo only what stands', () => {
    const sources = write({ collection: 'sources', firstLsn: 1204, lastLsn: 1204 });
    expect(facts({ writes: [write({ fate: 'undone' }), sources] }).writes).toMatchObject([
      { fate: 'partly', standing: { firstLsn: 1204, lastLsn: 1204 } }
    ]);
    expect(facts({ writes: [write({ fate: 'undone' })] }).writes).toMatchObject([
      { fate: 'undone', standing: undefined }
    ]);
    expect(facts({ writes: [write({ fate: 'undone' }), { ...sources, fate: 'gone' }] }).writes).toMatchObject(
      [{ fate: 'gone', standing: undefined }]
    );
  });
});
