import type { Entry, Timeline } from '../client/protocol';
import { Penguins } from '../testing/penguins';
import { LANES_MAX, OVERFLOW } from './lanes';
import { layout, rowAt, segments, type IGraph } from './layout';
import type { IGraphInput } from './rows';

const NOW = Date.parse('2026-11-21T14:36:10.000Z');

function input(part: Partial<IGraphInput> = {}): IGraphInput {
  const story = Penguins.story(NOW);
  return {
    entries: story.entries,
    timelines: new Map(story.timelines.map(timeline => [timeline.id, timeline])),
    branches: new Map(story.branches.map(branch => [branch.name, branch])),
    defaultBranch: 'main',
    pins: story.pins,
    runs: story.runs,
    session: { branch: 'clean-nulls', timeline: 4, lsn: 1204 },
    kernels: [],
    horizon: 0,
    isComplete: true,
    createdAt: new Date(NOW).toISOString(),
    unfolded: new Map(),
    ...part
  };
}

/** The graph as text, one line a row: LSN, shape, and what runs through each column above and below the node. */
function picture(graph: IGraph): string[] {
  return graph.rows
    .filter(row => row.kind === 'entry' || row.kind === 'empty')
    .map(row => {
      const index = graph.rows.indexOf(row);
      const entry = graph.entryIndex[index]!;
      const cells = Array.from({ length: graph.lanes.columns }, () => '.');
      for (const { lane, above, below } of segments(graph, index)) {
        cells[lane.column] = above && below ? '|' : above ? '^' : below ? 'v' : 'o';
      }
      for (const bend of graph.lanes.bends.get(entry) ?? []) {
        cells[bend.from.column] =
          bend.kind === 'fork'
            ? cells[bend.from.column] === 'm'
              ? 'x'
              : 'f'
            : cells[bend.from.column] === 'f'
              ? 'x'
              : 'm';
      }
      return `${row.lsn} ${row.shape} ${cells.join('')}`;
    });
}

describe('layout of the penguins', () => {
  it('draws the picture', () => {
    expect(picture(layout(input()))).toEqual([
      '1892 capsule ..v',
      '1548 capsule ..|',
      '1204 capsule .v|',
      '1201 capsule .||',
      '1192 capsule v||',
      '1189 capsule |||',
      '953 square |||',
      '949 merge |x|',
      '947 capsule |||',
      '945 undo |||',
      '821 capsule |||',
      '697 capsule |||',
      '353 square |ff',
      '352 capsule |..',
      '347 capsule |..',
      '3 square |..',
      '0 bar ^..'
    ]);
  });

  it('gives the accent to the session, and the others their colours in turn', () => {
    const { lanes } = layout(input());
    expect([1, 2, 3, 4].map(id => lanes.byTimeline.get(id)?.style)).toEqual([
      'default',
      'first',
      'second',
      'session'
    ]);
    const moved = layout(input({ session: { branch: 'main', timeline: 1, lsn: 1192 } })).lanes;
    expect(moved.byTimeline.get(1)?.style).toBe('session');
    expect(moved.byTimeline.get(2)?.style).toBe('first');
  });

  it('labels heads, pins, runs and the session at their rows', () => {
    const rows = layout(input()).rows;
    const at = (lsn: number) => rows.find(row => row.lsn === lsn)!;
    expect(at(1204).chips.map(chip => chip.name)).toEqual(['clean-nulls']);
    expect(at(1204).isSession).toBe(true);
    expect(at(1204).runs).toHaveLength(2);
    expect(at(1204).height).toBe(60);
    expect(at(353).pins.map(pin => pin.name)).toEqual(['v1-paper']);
    expect(at(353).height).toBe(42);
    expect(at(1201).height).toBe(24);
  });

  it('ends with an honest word on what history is kept', () => {
    expect(layout(input()).rows.at(-1)?.kind).toBe('horizon');
    const collected = layout(input({ horizon: 949 })).rows;
    const index = collected.findIndex(row => row.kind === 'horizon');
    expect(collected[index - 1]?.lsn).toBe(949);
    expect(collected[index + 1]?.lsn).toBe(947);
    const graph = layout(input({ horizon: 949 }));
    expect(segments(graph, index).map(segment => segment.lane.column)).toEqual([0, 2, 1]);
  });

  it('says that older entries are not loaded, and lets their lanes run on', () => {
    const story = input();
    const graph = layout(input({ entries: story.entries.slice(0, 6), isComplete: false }));
    expect(graph.rows.at(-1)?.kind).toBe('older');
    expect(segments(graph, graph.rows.length - 1).map(segment => segment.lane.column)).toEqual([0, 1, 2]);
  });

  it('finds the row at a height', () => {
    const graph = layout(input());
    expect(rowAt(graph, 0)).toBe(0);
    expect(rowAt(graph, 59)).toBe(0);
    expect(rowAt(graph, 60)).toBe(1);
    expect(rowAt(graph, graph.height)).toBe(graph.rows.length);
  });

  it('puts a branch without changes of its own at its fork, and the session with it', () => {
    const story = Penguins.story(NOW);
    const timelines: Timeline[] = [
      ...story.timelines,
      { id: 5, parent: 1, forkLsn: 949, head: 949, branch: 'fresh' }
    ];
    const graph = layout(
      input({
        timelines: new Map(timelines.map(timeline => [timeline.id, timeline])),
        session: { branch: 'fresh', timeline: 5, lsn: 949 }
      })
    );
    const row = graph.rows.find(candidate => candidate.lsn === 949)!;
    expect(row.chips).toMatchObject([{ name: 'fresh', isAtFork: true, isSession: true, style: 'session' }]);
    expect(row.isSession).toBe(true);
    expect(graph.lanes.byTimeline.has(5)).toBe(false);
  });

  it('unfolds an entry into its changes, and the lines run through them', () => {
    const change = (lsn: number) => ({
      lsn,
      timeline: 4,
      collection: 'penguins',
      id: `A${lsn}`,
      op: 'delete' as const,
      time: new Date(NOW).toISOString(),
      origin: { actor: 'ada' },
      fields: []
    });
    const graph = layout(input({ unfolded: new Map([['4:1202', [change(1204), change(1203)]]]) }));
    const index = graph.rows.findIndex(row => row.kind === 'change');
    expect(graph.rows[index - 1]?.isUnfolded).toBe(true);
    expect(segments(graph, index).map(segment => segment.lane.column)).toEqual([1, 2]);
    expect(graph.rows[index + 2]).toMatchObject({ kind: 'wait', lsn: 1 });
  });
});

describe('layout at size', () => {
  const entryOf = (lsn: number, timeline: number): Entry => ({
    firstLsn: lsn,
    lastLsn: lsn,
    timeline,
    kind: 'writes',
    inserts: 1,
    updates: 0,
    deletes: 0,
    collections: [],
    catalog: [],
    origin: { actor: 'ada' },
    firstAt: '',
    lastAt: ''
  });

  it('keeps to eight columns with ten thousand branches', () => {
    const timelines = new Map<number, Timeline>([[1, { id: 1, forkLsn: 0, head: 1, branch: 'main' }]]);
    const entries: Entry[] = [];
    for (let n = 10_000; n >= 1; n--) {
      timelines.set(n + 1, { id: n + 1, parent: 1, forkLsn: 1, head: n + 1, branch: `b${n}` });
      entries.push(entryOf(n + 1, n + 1));
    }
    entries.push(entryOf(1, 1));
    const started = performance.now();
    const graph = layout(
      input({ entries, timelines, branches: new Map(), pins: [], runs: [], session: undefined })
    );
    expect(performance.now() - started).toBeLessThan(1500);
    expect(graph.lanes.columns).toBe(LANES_MAX);
    expect(graph.lanes.overflow).toBe(10_001 - OVERFLOW);
  });

  it('never lets two lanes cross one node, whatever the history', () => {
    let seed = 20_261_121;
    const random = (n: number) => (seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff) % n;
    for (let round = 0; round < 200; round++) {
      const timelines = new Map<number, Timeline>([[1, { id: 1, forkLsn: 0, head: 0, branch: 'main' }]]);
      const entries: Entry[] = [];
      for (let lsn = 1; lsn <= 30; lsn++) {
        const ids = [...timelines.keys()];
        const parent = ids[random(ids.length)]!;
        if (random(4) === 0) {
          const id = ids.length + 1;
          timelines.set(id, {
            id,
            parent,
            forkLsn: timelines.get(parent)!.head,
            head: timelines.get(parent)!.head,
            branch: `b${id}`
          });
        }
        const all = [...timelines.keys()];
        const line = all[random(all.length)]!;
        const source = all[random(all.length)]!;
        const entry = entryOf(lsn, line);
        const isMerge = random(5) === 0 && source !== line;
        entries.unshift(
          isMerge
            ? {
                ...entry,
                kind: 'merge',
                merge: {
                  source: `b${source}`,
                  sourceTimeline: source,
                  sourceLsn: timelines.get(source)!.head
                }
              }
            : entry
        );
        timelines.set(line, { ...timelines.get(line)!, head: lsn });
      }
      const graph = layout(
        input({ entries, timelines, branches: new Map(), pins: [], runs: [], session: undefined })
      );
      for (const [index, row] of graph.rows.entries()) {
        if (row.kind !== 'entry') {
          continue;
        }
        const column = graph.lanes.byTimeline.get(row.timeline)!.column;
        if (column === OVERFLOW) {
          continue;
        }
        const through = segments(graph, index).filter(segment => segment.lane.column === column);
        expect({ round, lsn: row.lsn, lanes: through.map(segment => segment.lane.timeline) }).toEqual({
          round,
          lsn: row.lsn,
          lanes: [row.timeline]
        });
      }
    }
  });
});
