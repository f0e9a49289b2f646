import * as fc from 'fast-check';
import { COLUMN, edgesOf, graphOf, only, pathOf, RUNS_DRAWN_MAX, withPage, type LineageParts } from './graph';
import { COLUMNS_PX, layout, LayoutMemory, linePath, NODE_PX, ROW_PX, TOP_PX } from './layout';

/** Which state, which cell and which models each run has, and which other state its cell read. */
const shape = fc.array(
  fc.record({
    state: fc.nat(6),
    cell: fc.option(fc.nat(8), { nil: undefined }),
    models: fc.nat(2),
    other: fc.option(fc.nat(6), { nil: undefined })
  }),
  { maxLength: 60 }
);

function partsOf(
  runs: readonly { state: number; cell?: number | undefined; models: number; other?: number | undefined }[]
): LineageParts {
  const parts: LineageParts = { data: [], cells: [], runs: [], models: [] };
  runs.forEach(({ state, cell, models, other }, n) => {
    const cellKey = cell === undefined ? undefined : `c${cell}:${state}`;
    const read = [...new Set([`d${state}`, ...(other === undefined ? [] : [`d${other}`])])];
    const key = `r${n}`;
    const page: LineageParts = {
      data: [...read, `d${state}`].map(one => ({
        key: one,
        ref: one,
        timeline: 1,
        lsn: Number(one.slice(1)),
        pins: []
      })),
      cells: cellKey === undefined ? [] : [{ key: cellKey, data: read }],
      runs: [
        {
          key,
          data: `d${state}`,
          ...(cellKey === undefined ? {} : { cell: cellKey }),
          run: {
            id: key,
            project: 'p',
            timeline: 1,
            lsn: state,
            digest: `${state}`,
            createdAt: '2026-01-01T00:00:00Z',
            facts: {}
          }
        }
      ],
      models: Array.from({ length: models }, (_, at) => ({
        key: `${key}m${at}`,
        run: key,
        name: 'm',
        aliases: []
      }))
    };
    Object.assign(parts, withPage(parts, page));
  });
  return parts;
}

const unfolded = { has: () => true } as unknown as ReadonlySet<string>;

describe('the graph of a lineage', () => {
  it('has every run, once, when nothing folds', () => {
    fc.assert(
      fc.property(shape, runs => {
        const graph = graphOf(partsOf(runs), { unfolded });
        const drawn = [...graph.nodes.values()].filter(node => node.kind === 'run');
        expect(drawn.map(node => node.key).sort()).toEqual(runs.map((_, n) => `r${n}`).sort());
        expect([...graph.nodes.values()].filter(node => node.kind === 'model')).toHaveLength(
          runs.reduce((total, { models }) => total + models, 0)
        );
      })
    );
  });

  it('leads from left to right only, between nodes that are there', () => {
    fc.assert(
      fc.property(shape, runs => {
        const graph = graphOf(partsOf(runs));
        for (const [from, to] of edgesOf(graph)) {
          expect(COLUMN[graph.nodes.get(from)!.kind]).toBeLessThan(COLUMN[graph.nodes.get(to)!.kind]);
        }
      })
    );
  });

  it('folds what a cell ran too often, loses no run, and keeps what is asked for', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.nat(99), (count, wanted) => {
        const parts = partsOf(Array.from({ length: count }, () => ({ state: 1, cell: 1, models: 0 })));
        const kept = `r${wanted % count}`;
        const graph = graphOf(parts, { kept: new Set([kept]) });
        const runs = [...graph.nodes.values()].flatMap(node =>
          node.kind === 'run' ? [node.run.key] : node.kind === 'fold' ? node.runs.map(run => run.key) : []
        );
        expect(new Set(runs).size).toBe(count);
        expect(runs).toHaveLength(count);
        expect(graph.nodes.has(kept)).toBe(true);
        expect(graph.nodes.size).toBeLessThanOrEqual(2 + RUNS_DRAWN_MAX);
      })
    );
  });

  it('knows the path of a node: what led to it and what came of it, symmetrically', () => {
    fc.assert(
      fc.property(shape, runs => {
        const graph = graphOf(partsOf(runs), { unfolded });
        const keys = [...graph.nodes.keys()];
        for (const key of keys.slice(0, 10)) {
          const path = pathOf(graph, key);
          expect(path.has(key)).toBe(true);
          path.forEach(other => expect(pathOf(graph, other).has(key)).toBe(true));
          expect([...only(graph, path).nodes.keys()].sort()).toEqual([...path].sort());
        }
        expect(pathOf(graph, 'none').size).toBe(0);
      })
    );
  });
});

describe('the layout of a lineage', () => {
  it('gives every node a place of its own, in the column of its kind', () => {
    fc.assert(
      fc.property(shape, fc.boolean(), (runs, isWhole) => {
        const graph = graphOf(partsOf(runs), isWhole ? { unfolded } : {});
        const { places, width, height } = layout(graph);
        expect([...places.keys()].sort()).toEqual([...graph.nodes.keys()].sort());
        const columns = new Map<number, number[]>();
        for (const [key, place] of places) {
          expect(place.x).toBe(COLUMNS_PX[COLUMN[graph.nodes.get(key)!.kind]].x);
          expect(place.y).toBeGreaterThanOrEqual(TOP_PX);
          expect(place.y + NODE_PX).toBeLessThanOrEqual(height);
          expect(place.x + place.width).toBeLessThanOrEqual(width);
          columns.set(place.x, [...(columns.get(place.x) ?? []), place.y]);
        }
        for (const ys of columns.values()) {
          ys.sort((a, b) => a - b);
          ys.slice(1).forEach((y, at) => expect(y - ys[at]!).toBeGreaterThanOrEqual(ROW_PX - 1));
        }
      })
    );
  });

  it('is the same for the same graph, and with what it remembers', () => {
    fc.assert(
      fc.property(shape, runs => {
        const graph = graphOf(partsOf(runs));
        const memory = new LayoutMemory();
        const first = layout(graph, memory);
        expect(layout(graph, memory)).toEqual(first);
        expect(layout(graphOf(partsOf(runs)))).toEqual(first);
      })
    );
  });

  it('draws lines of numbers', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.nat(1000), (y1, y2) => {
        expect(linePath({ x: 0, y: y1, width: 10 }, { x: 80, y: y2, width: 10 })).not.toMatch(
          /NaN|undefined/
        );
      })
    );
  });

  it('is quick enough for a thousand runs, and quicker for what it remembers', () => {
    const runs = Array.from({ length: 1_000 }, (_, n) => ({ state: n % 300, cell: n % 7, models: n % 2 }));
    const graph = graphOf(partsOf(runs));
    const memory = new LayoutMemory();
    layout(graph, memory);
    const started = performance.now();
    layout(graph, memory);
    expect(performance.now() - started).toBeLessThan(200);
  });
});
