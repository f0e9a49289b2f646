import type { Lineage, LineageCell, LineageData, LineageModel, LineageRun } from '../client/protocol';

/** Runs of one cell that are drawn one by one; of more, the newest are, and the others fold into one node. */
export const RUNS_DRAWN_MAX = 8;
const RUNS_LEFT = 5;

/** A node of the lineage. Its column is its kind: data, cell, run, model. */
export type LineageNode =
  | { readonly kind: 'data'; readonly key: string; readonly data: LineageData }
  | { readonly kind: 'cell'; readonly key: string; readonly cell: LineageCell }
  | { readonly kind: 'run'; readonly key: string; readonly run: LineageRun }
  | { readonly kind: 'model'; readonly key: string; readonly model: LineageModel }
  | {
      readonly kind: 'fold';
      readonly key: string;
      readonly parent: string;
      readonly runs: readonly LineageRun[];
    };

/** Columns from the data at the left to the models at the right. */
export const COLUMN = { data: 0, cell: 1, run: 2, fold: 2, model: 3 } as const;

/** What is drawn: nodes in the order of the runs, newest first, and the lines between them. */
export interface ILineageGraph {
  readonly nodes: ReadonlyMap<string, LineageNode>;
  readonly parents: ReadonlyMap<string, readonly string[]>;
  readonly children: ReadonlyMap<string, readonly string[]>;
}

/** What of a page goes into the graph. */
export type LineageParts = {
  readonly [Part in 'data' | 'cells' | 'runs' | 'models']: readonly Lineage[Part][number][];
};

/** One page after another as one; what is told twice is taken as it was told last. */
export function withPage(parts: LineageParts, page: LineageParts): LineageParts {
  const cells = new Map(parts.cells.map(cell => [cell.key, cell]));
  for (const cell of page.cells) {
    const known = cells.get(cell.key)?.data ?? [];
    cells.set(cell.key, { ...cell, data: [...cell.data, ...known.filter(key => !cell.data.includes(key))] });
  }
  return {
    data: byKey(parts.data, page.data),
    cells: [...cells.values()],
    runs: byKey(parts.runs, page.runs),
    models: byKey(parts.models, page.models)
  };
}

function byKey<T extends { readonly key: string }>(known: readonly T[], told: readonly T[]): T[] {
  return [...new Map([...known, ...told].map(item => [item.key, item])).values()];
}

/** Options of `graphOf`. */
export interface IGraphOptions {
  /** Cells, or states without a cell, whose runs are all drawn. */
  readonly unfolded?: ReadonlySet<string>;
  /** Runs, or models, that are drawn whatever folds. */
  readonly kept?: ReadonlySet<string>;
}

/** The graph of some parts of a lineage, with the runs of busy cells folded. */
export function graphOf(parts: LineageParts, options: IGraphOptions = {}): ILineageGraph {
  const { unfolded = new Set(), kept = new Set() } = options;
  const data = new Map(parts.data.map(item => [item.key, item]));
  const cells = new Map(parts.cells.map(item => [item.key, item]));
  const models = groupBy(parts.models, model => model.run);
  const groups = groupBy(parts.runs, run => run.cell ?? run.data);
  const nodes = new Map<string, LineageNode>();
  const parents = new Map<string, string[]>();
  const children = new Map<string, string[]>();
  const link = (from: string, to: string) => {
    push(parents, to, from);
    push(children, from, to);
  };
  const addData = (key: string) => {
    const item = data.get(key);
    if (item !== undefined && !nodes.has(key)) {
      nodes.set(key, { kind: 'data', key, data: item });
    }
    return item !== undefined;
  };
  for (const [parent, runs] of groups) {
    const cell = cells.get(parent);
    if (cell !== undefined) {
      const read = cell.data.filter(addData);
      nodes.set(parent, { kind: 'cell', key: parent, cell });
      read.forEach(key => link(key, parent));
    } else if (!addData(parent)) {
      continue;
    }
    const isKept = (run: LineageRun) =>
      kept.has(run.key) ||
      (models.get(run.key) ?? []).some(model => kept.has(model.key) || model.aliases.length > 0);
    const isFolding = runs.length > RUNS_DRAWN_MAX && !unfolded.has(parent);
    const drawn = isFolding ? runs.filter((run, index) => index < RUNS_LEFT || isKept(run)) : runs;
    for (const run of drawn) {
      nodes.set(run.key, { kind: 'run', key: run.key, run });
      link(parent, run.key);
      for (const model of models.get(run.key) ?? []) {
        nodes.set(model.key, { kind: 'model', key: model.key, model });
        link(run.key, model.key);
      }
    }
    if (drawn.length < runs.length) {
      const key = `fold:${parent}`;
      const shown = new Set(drawn);
      nodes.set(key, { kind: 'fold', key, parent, runs: runs.filter(run => !shown.has(run)) });
      link(parent, key);
    }
  }
  return { nodes, parents, children };
}

/** Everything that led to a node, and everything that came of it, itself included. */
export function pathOf(graph: ILineageGraph, key: string): ReadonlySet<string> {
  const path = new Set<string>();
  if (graph.nodes.has(key)) {
    follow(graph.parents, key, path);
    path.delete(key);
    follow(graph.children, key, path);
  }
  return path;
}

/** The graph without the nodes that are not in a set. */
export function only(graph: ILineageGraph, kept: ReadonlySet<string>): ILineageGraph {
  const cut = (lines: ReadonlyMap<string, readonly string[]>) =>
    new Map(
      [...lines]
        .filter(([key]) => kept.has(key))
        .map(([key, others]) => [key, others.filter(other => kept.has(other))])
    );
  return {
    nodes: new Map([...graph.nodes].filter(([key]) => kept.has(key))),
    parents: cut(graph.parents),
    children: cut(graph.children)
  };
}

/** The lines of a graph, as pairs of keys. */
export function edgesOf(graph: ILineageGraph): (readonly [from: string, to: string])[] {
  return [...graph.children].flatMap(([from, all]) => all.map(to => [from, to] as const));
}

function follow(lines: ReadonlyMap<string, readonly string[]>, key: string, found: Set<string>): void {
  const left = [key];
  for (let at = left.pop(); at !== undefined; at = left.pop()) {
    if (!found.has(at)) {
      found.add(at);
      left.push(...(lines.get(at) ?? []));
    }
  }
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  items.forEach(item => push(groups, keyOf(item), item));
  return groups;
}

function push<T>(map: Map<string, T[]>, key: string, item: T): void {
  const known = map.get(key);
  if (known === undefined) {
    map.set(key, [item]);
  } else {
    known.push(item);
  }
}
