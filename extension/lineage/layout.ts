import {
  coordGreedy,
  coordSimplex,
  decrossDfs,
  decrossTwoLayer,
  graph as dag,
  sugiyama,
  type Layering
} from 'd3-dag';
import { COLUMN, type ILineageGraph } from './graph';

/** Widths of the columns, gaps and heights, in pixels. */
export const COLUMNS_PX = [
  { x: 16, width: 214 },
  { x: 292, width: 198 },
  { x: 552, width: 196 },
  { x: 810, width: 176 }
] as const;
export const NODE_PX = 48;
export const ROW_PX = 82;
/** Room above the first row: the titles of the columns. */
export const TOP_PX = 56;
const MARGIN_PX = 16;

/** Parts with more nodes are laid out by quicker rules, less neatly. */
const NEAT_NODES_MAX = 40;

/** Where a node stands: its upper left corner. */
export interface IPlace {
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

/** Where everything stands. */
export interface ILayout {
  readonly places: ReadonlyMap<string, IPlace>;
  readonly width: number;
  readonly height: number;
}

/** Rows of the nodes of one connected part, the topmost 0. */
type Rows = ReadonlyMap<string, number>;

/** Remembers the rows of parts that have not changed, so that only what changed is laid out again. */
export class LayoutMemory {
  get(signature: string): Rows | undefined {
    return this._old.get(signature);
  }

  keep(signature: string, rows: Rows): void {
    this._new.set(signature, rows);
  }

  /** Forgets what the layout that was just made did not use. */
  turn(): void {
    this._old = this._new;
    this._new = new Map();
  }

  private _old = new Map<string, Rows>();
  private _new = new Map<string, Rows>();
}

/**
 * Lays out a lineage: the column is the kind of a node, its row comes from a layered layout (Sugiyama's, by d3-dag) of
 * each connected part; parts stand below each other in the order of their newest run. Pure but for what it remembers.
 */
export function layout(graph: ILineageGraph, memory: LayoutMemory = new LayoutMemory()): ILayout {
  const places = new Map<string, IPlace>();
  let top = TOP_PX;
  for (const part of partsOf(graph)) {
    const signature = JSON.stringify(part.map(key => [key, graph.children.get(key) ?? []]));
    const rows = memory.get(signature) ?? rowsOf(graph, part);
    memory.keep(signature, rows);
    let bottom = top;
    for (const key of part) {
      const column = COLUMNS_PX[COLUMN[graph.nodes.get(key)!.kind]];
      const y = top + (rows.get(key) ?? 0) * ROW_PX;
      places.set(key, { x: column.x, y, width: column.width });
      bottom = Math.max(bottom, y + ROW_PX);
    }
    top = bottom;
  }
  memory.turn();
  const last = COLUMNS_PX[3];
  return { places, width: last.x + last.width + MARGIN_PX, height: top + MARGIN_PX };
}

/** The line from one node to another, as the path of an SVG: straight where it can be, else an S. */
export function linePath(from: IPlace, to: IPlace): string {
  const x1 = from.x + from.width;
  const y1 = from.y + NODE_PX / 2;
  const x2 = to.x - 6;
  const y2 = to.y + NODE_PX / 2;
  if (y1 === y2) {
    return `M${x1} ${y1}H${x2}`;
  }
  // A line that passes a column bends in the gap before its end.
  const bend = Math.min(62, x2 - x1);
  const start = x2 - bend;
  const middle = start + bend / 2;
  return `M${x1} ${y1}H${start}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`;
}

/** The head of an arrow at the end of a line. */
export function arrowPath(to: IPlace): string {
  const y = to.y + NODE_PX / 2;
  return `M${to.x} ${y}L${to.x - 7} ${y - 4}V${y + 4}Z`;
}

/** Connected parts, in the order of their first nodes. */
function partsOf(graph: ILineageGraph): string[][] {
  const seen = new Set<string>();
  const parts: string[][] = [];
  for (const start of graph.nodes.keys()) {
    if (seen.has(start)) {
      continue;
    }
    const part: string[] = [];
    const left = [start];
    seen.add(start);
    for (let key = left.pop(); key !== undefined; key = left.pop()) {
      part.push(key);
      for (const other of [...(graph.children.get(key) ?? []), ...(graph.parents.get(key) ?? [])]) {
        if (!seen.has(other)) {
          seen.add(other);
          left.push(other);
        }
      }
    }
    parts.push(part);
  }
  return parts;
}

function rowsOf(graph: ILineageGraph, part: readonly string[]): Rows {
  if (
    part.every(key => (graph.children.get(key)?.length ?? 0) < 2 && (graph.parents.get(key)?.length ?? 0) < 2)
  ) {
    // A chain is a row.
    return new Map(part.map(key => [key, 0]));
  }
  const drawing = dag<string, undefined>();
  const nodes = new Map(part.map(key => [key, drawing.node(key)]));
  for (const key of part) {
    for (const child of graph.children.get(key) ?? []) {
      drawing.link(nodes.get(key)!, nodes.get(child)!, undefined);
    }
  }
  const columnOf = (key: string) => COLUMN[graph.nodes.get(key)!.kind];
  const first = Math.min(...part.map(columnOf));
  const layering: Layering<string, undefined> = all => {
    let last = 0;
    for (const node of all.nodes()) {
      node.y = columnOf(node.data) - first;
      last = Math.max(last, node.y);
    }
    return last;
  };
  const isNeat = part.length <= NEAT_NODES_MAX;
  sugiyama()
    .layering(layering)
    .decross(isNeat ? decrossTwoLayer() : decrossDfs())
    .coord(isNeat ? coordSimplex() : coordGreedy())
    .nodeSize([1, 1])
    .gap([0, 0])(drawing);
  const top = Math.min(...[...nodes.values()].map(node => node.x));
  // Whole hundredths: a layout is compared and remembered, and sums of floats drift.
  return new Map([...nodes].map(([key, node]) => [key, Math.round((node.x - top) * 100) / 100]));
}
