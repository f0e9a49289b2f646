import type { Branch, Entry, Pin, Run, Session, Timeline } from '../client/protocol';

/**
 * The one story of the pictures as data: 344 penguins, head 1892, four branches, a pin, six runs.
 * Used by the unit tests and by the pictures of the browser suite.
 */
export namespace Penguins {
  const MINUTE = 60_000;
  const HOUR = 60 * MINUTE;
  const DAY = 24 * HOUR;

  /** Everything at a given instant. */
  export interface IStory {
    readonly entries: Entry[];
    readonly timelines: Timeline[];
    readonly branches: Branch[];
    readonly pins: Pin[];
    readonly runs: Run[];
    readonly sessions: Session[];
  }

  /** Tells the story as seen at `now`. */
  export function story(now: number): IStory {
    const at = (ms: number) => new Date(now - ms).toISOString();
    const entry = (
      part: Partial<Entry> & Pick<Entry, 'firstLsn' | 'lastLsn' | 'timeline'>,
      ms: number
    ): Entry => {
      const branch = { 1: 'main', 2: 'exp/scale-features', 3: 'relabel-gentoo', 4: 'clean-nulls' }[
        part.timeline
      ];
      return {
        kind: 'writes',
        inserts: 0,
        updates: 0,
        deletes: 0,
        collections: ['penguins'],
        catalog: [],
        origin: { actor: 'ada' },
        firstAt: at(ms + 20_000),
        lastAt: at(ms),
        ...(branch === undefined ? {} : { branch }),
        ...part
      };
    };
    const cell = (notebook: string, cellNumber: number) => ({
      actor: 'ada',
      session: 's-1',
      notebook,
      cell: `c${cellNumber}`,
      cellNumber
    });
    const clean = '02-clean-nulls.ipynb';
    const scale = '03-scale.ipynb';
    const relabel = '04-relabel.ipynb';
    const entries = [
      entry({ firstLsn: 1549, lastLsn: 1892, timeline: 2, updates: 344, origin: cell(scale, 9) }, MINUTE),
      entry({ firstLsn: 1205, lastLsn: 1548, timeline: 2, updates: 344, origin: cell(scale, 8) }, 3 * MINUTE),
      entry(
        {
          firstLsn: 1202,
          lastLsn: 1204,
          timeline: 4,
          deletes: 2,
          inserts: 1,
          collections: ['penguins', 'sources'],
          origin: cell(clean, 4)
        },
        4 * MINUTE
      ),
      entry({ firstLsn: 1193, lastLsn: 1201, timeline: 4, updates: 9, origin: cell(clean, 3) }, 7 * MINUTE),
      entry(
        { firstLsn: 1190, lastLsn: 1192, timeline: 1, updates: 3, origin: { actor: 'lin' } },
        46 * MINUTE
      ),
      entry({ firstLsn: 954, lastLsn: 1189, timeline: 2, updates: 236, origin: cell(scale, 6) }, 2 * HOUR),
      entry(
        {
          firstLsn: 950,
          lastLsn: 953,
          timeline: 2,
          kind: 'catalog',
          inserts: 3,
          collections: ['scalers'],
          catalog: [{ op: 'created', collection: 'scalers' }]
        },
        2 * HOUR
      ),
      entry(
        {
          firstLsn: 948,
          lastLsn: 949,
          timeline: 1,
          kind: 'merge',
          updates: 2,
          merge: { source: 'relabel-gentoo', sourceTimeline: 3, sourceLsn: 947 }
        },
        DAY
      ),
      entry({ firstLsn: 946, lastLsn: 947, timeline: 3, updates: 2, origin: cell(relabel, 8) }, DAY),
      entry(
        {
          firstLsn: 822,
          lastLsn: 945,
          timeline: 3,
          kind: 'undo',
          updates: 124,
          undo: { what: 'cell [7]', firstLsn: 698, lastLsn: 821 }
        },
        DAY
      ),
      entry({ firstLsn: 698, lastLsn: 821, timeline: 3, updates: 124, origin: cell(relabel, 7) }, DAY),
      entry({ firstLsn: 354, lastLsn: 697, timeline: 2, updates: 344, origin: cell(scale, 4) }, DAY),
      entry(
        {
          firstLsn: 353,
          lastLsn: 353,
          timeline: 1,
          kind: 'catalog',
          catalog: [{ op: 'indexed', collection: 'penguins', index: 'species_1_island_1' }]
        },
        5 * DAY
      ),
      entry(
        { firstLsn: 348, lastLsn: 352, timeline: 1, inserts: 5, collections: ['islands', 'sources'] },
        5 * DAY
      ),
      entry({ firstLsn: 4, lastLsn: 347, timeline: 1, inserts: 344 }, 5 * DAY),
      entry(
        {
          firstLsn: 1,
          lastLsn: 3,
          timeline: 1,
          kind: 'catalog',
          catalog: ['penguins', 'islands', 'sources'].map(collection => ({ op: 'created', collection }))
        },
        5 * DAY
      )
    ];
    const timelines: Timeline[] = [
      { id: 1, forkLsn: 0, head: 1192, branch: 'main' },
      { id: 2, parent: 1, forkLsn: 353, head: 1892, branch: 'exp/scale-features' },
      { id: 3, parent: 1, forkLsn: 353, head: 947, branch: 'relabel-gentoo' },
      { id: 4, parent: 1, forkLsn: 949, head: 1204, branch: 'clean-nulls' }
    ];
    const branch = (
      name: string,
      timeline: number,
      head: number,
      ms: number,
      ahead: number,
      behind: number,
      more: Partial<Branch> = {}
    ): Branch => ({
      name,
      timeline,
      head,
      headAt: at(ms),
      createdAt: at(ms + DAY),
      isDefault: name === 'main',
      isProtected: name === 'main',
      ahead,
      behind,
      ...more
    });
    const branches = [
      branch('main', 1, 1192, 46 * MINUTE, 0, 0),
      branch('exp/scale-features', 2, 1892, MINUTE, 1272, 5, {
        fork: { timeline: 1, branch: 'main', lsn: 353 },
        expiresAt: at(-6 * DAY)
      }),
      branch('clean-nulls', 4, 1204, 4 * MINUTE, 12, 3, { fork: { timeline: 1, branch: 'main', lsn: 949 } }),
      branch('relabel-gentoo', 3, 947, DAY, 0, 3, {
        fork: { timeline: 1, branch: 'main', lsn: 353 },
        mergedAt: 949
      })
    ];
    const pins: Pin[] = [
      {
        name: 'v1-paper',
        ref: 'main@353',
        timeline: 1,
        lsn: 353,
        createdAt: at(4 * DAY),
        origin: { actor: 'ada' }
      }
    ];
    const run = (
      name: string,
      onBranch: string,
      timeline: number,
      lsn: number,
      accuracy: string,
      ms: number
    ): Run => ({
      id: `run-${name}`,
      project: 'penguins',
      branch: onBranch,
      timeline,
      lsn,
      digest: '7c1e0b949d26f58e7c1e0b949d26f58e',
      createdAt: at(ms),
      facts: { name, status: 'FINISHED', 'metric.accuracy': accuracy }
    });
    const runs = [
      run('svm-scaled-2', 'exp/scale-features', 2, 1892, '0.976', MINUTE),
      run('rf-clean', 'clean-nulls', 4, 1204, '0.98245614', 3 * MINUTE),
      run('gb-clean', 'clean-nulls', 4, 1204, '0.979', 2 * MINUTE),
      run('rf-relabel', 'main', 1, 949, '0.971', DAY),
      run('svm-scaled', 'exp/scale-features', 2, 697, '0.968', DAY),
      run('logreg-baseline', 'main', 1, 353, '0.942', 5 * DAY),
      run('tree-baseline', 'main', 1, 353, '0.921', 5 * DAY)
    ];
    const sessions: Session[] = [
      {
        id: 's-1',
        kernel: 'kernel-1',
        notebook: clean,
        actor: 'ada',
        project: 'penguins',
        branch: 'clean-nulls',
        ref: 'clean-nulls',
        lsn: 1204,
        writable: true,
        ahead: 12,
        behind: 3,
        database: 'penguins@clean-nulls',
        connected: true,
        openedAt: at(HOUR)
      }
    ];
    return { entries, timelines, branches, pins, runs, sessions };
  }
}
