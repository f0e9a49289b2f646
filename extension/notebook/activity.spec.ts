import type { CellActivity } from '../client/protocol';
import type { ICommitNotice } from '../model/workspace';
import { CellStates } from './activity';

const activity = (part: Partial<CellActivity> = {}): CellActivity => ({
  cell: 'c2',
  cellNumber: 2,
  startedAt: '2026-11-21T14:00:00.000Z',
  reads: [{ ref: 'clean', collection: 'penguins', documents: 344, lsn: 949, branch: 'clean', digest: 'x' }],
  writes: [],
  runs: [],
  ...part
});

const commit = (part: Partial<ICommitNotice> = {}): ICommitNotice => ({
  project: 'penguins',
  branch: 'clean',
  firstLsn: 1193,
  lastLsn: 1201,
  collections: ['penguins'],
  ...part
});

describe('CellStates', () => {
  it('counts the changes since a read', () => {
    const states = new CellStates();
    states.take(activity());
    expect(states.commit('penguins', commit())).toEqual(['c2']);
    expect(states.commit('penguins', commit({ firstLsn: 1202, lastLsn: 1204 }))).toEqual(['c2']);
    expect(states.get('c2')?.changesSince).toBe(12);
  });

  it('is stale when the bridge says so, or nobody can tell', () => {
    const states = new CellStates();
    states.take(activity());
    states.take(activity({ cell: 'c3' }));
    states.commit('penguins', commit());
    expect(states.get('c2')?.isStale).toBe(false);
    expect(states.judge(new Set(['c3', 'gone']))).toEqual(['c3']);
    expect([states.get('c2')?.isStale, states.get('c3')?.isStale]).toEqual([false, true]);
    expect(states.judge(undefined)).toEqual(['c2', 'c3']);
    expect(states.get('c2')?.isStale).toBe(true);
    expect(states.judge(new Set())).toEqual(['c2', 'c3']);
    expect(states.judge(new Set())).toEqual([]);
    expect(states.get('c3')?.isStale).toBe(false);
  });

  it('is stale after a reload of the page, which has counted nothing', () => {
    const states = new CellStates();
    states.take(activity());
    states.judge(new Set(['c2']));
    expect(states.get('c2')).toMatchObject({ changesSince: 0, isStale: true });
    states.take(activity());
    expect(states.get('c2')?.isStale).toBe(true);
  });

  it('is not stale for other branches, collections, projects and older commits', () => {
    const states = new CellStates();
    states.take(activity());
    expect(states.commit('penguins', commit({ branch: 'main' }))).toEqual([]);
    expect(states.commit('penguins', commit({ collections: ['islands'] }))).toEqual([]);
    expect(states.commit('other', commit())).toEqual([]);
    expect(states.commit('penguins', commit({ firstLsn: 940, lastLsn: 949 }))).toEqual([]);
    expect(states.get('c2')?.changesSince).toBe(0);
  });

  it('that read in a sandbox counts the changes of what the sandbox was made from', () => {
    const states = new CellStates();
    const base = { branch: 'clean', lsn: 949 };
    const read = { ref: 'sandbox-1@950', collection: 'penguins', documents: 3, lsn: 950, digest: 'x' };
    states.take(activity({ reads: [{ ...read, branch: 'sandbox-1', base }] }));
    expect(states.commit('penguins', commit({ firstLsn: 940, lastLsn: 949 }))).toEqual([]);
    expect(states.commit('penguins', commit())).toEqual(['c2']);
  });

  it('is not stale for what the cell itself wrote', () => {
    const states = new CellStates();
    const writes = [
      {
        branch: 'clean',
        collection: 'penguins',
        firstLsn: 1193,
        lastLsn: 1201,
        inserts: 0,
        updates: 9,
        deletes: 0
      }
    ];
    states.take(activity({ writes }));
    expect(states.commit('penguins', commit())).toEqual([]);
  });

  it('is fresh again after it ran again, and keeps the newest run', () => {
    const states = new CellStates();
    states.take(activity());
    states.commit('penguins', commit());
    states.judge(undefined);
    states.take(activity({ startedAt: '2026-11-21T14:05:00.000Z' }));
    expect(states.get('c2')).toMatchObject({ changesSince: 0, isStale: false });
    states.take(activity({ startedAt: '2026-11-21T13:00:00.000Z', cellNumber: 1 }));
    expect(states.get('c2')?.activity.cellNumber).toBe(2);
  });
});
