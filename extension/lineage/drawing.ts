import type { TranslationBundle } from '@jupyterlab/translation';
import { shortenMiddle } from '../format/shorten';
import { edgesOf, type ILineageGraph, type LineageNode } from './graph';
import { arrowPath, linePath, type ILayout, type IPlace } from './layout';
import { nodeText } from './words';

/** Average width of a letter of the title and of the note, in pixels, when names are cut. */
const TITLE_LETTER_PX = 6.9;
const NOTE_LETTER_PX = 6.1;
/** Where the text of a node begins and ends. */
export const TEXT_PX = 34;
const TEXT_END_PX = 12;
const PIN_LETTERS_MAX = 16;

/** What stands at the left of a node, in a square of 16. */
export const GLYPHS: Readonly<
  Record<LineageNode['kind'], { readonly d: string; readonly isFilled: boolean }>
> = {
  data: {
    d: 'M3 3.75a5 2 0 0 0 10 0a5 2 0 0 0 -10 0v8.5c0 1.1 2.24 2 5 2s5-.9 5-2v-8.5M3 8c0 1.1 2.24 2 5 2s5-.9 5-2',
    isFilled: false
  },
  cell: { d: 'M5.25 4.5 2 8l3.25 3.5M10.75 4.5 14 8l-3.25 3.5', isFilled: false },
  run: { d: 'M8 2 13.5 8 8 14 2.5 8z', isFilled: true },
  fold: { d: 'M8 2 13.5 8 8 14 2.5 8zM5 8h6', isFilled: false },
  model: {
    d: 'M8 1.75 13.5 4.75v6.5L8 14.25 2.5 11.25v-6.5zM2.5 4.75 8 7.75l5.5-3M8 7.75v6.5',
    isFilled: false
  }
};

/** A node as it is drawn, on the screen and in a picture. */
export interface IDrawnNode {
  readonly node: LineageNode;
  readonly place: IPlace;
  readonly title: string;
  readonly note: string;
  readonly value: string | undefined;
  /** `v1-paper`, or `v1-paper +2`. */
  readonly pin: string | undefined;
  readonly isOnPath: boolean;
  readonly isSelected: boolean;
}

/** A line as it is drawn. */
export interface IDrawnEdge {
  readonly key: string;
  readonly d: string;
  readonly arrow: string;
  readonly top: number;
  readonly bottom: number;
  readonly isOnPath: boolean;
  /** It leads to a run that goes on now. */
  readonly isRunning: boolean;
}

/** What stands out. */
export interface IEmphasis {
  readonly path: ReadonlySet<string> | undefined;
  readonly selected: string | undefined;
}

/** One node as it is drawn. */
export function drawnNode(
  node: LineageNode,
  place: IPlace,
  { path, selected }: IEmphasis,
  now: number,
  trans: TranslationBundle
): IDrawnNode {
  const { title, note, value } = nodeText(node, now, trans);
  const room = place.width - TEXT_PX - TEXT_END_PX - (value === undefined ? 0 : value.length * 7.5 + 8);
  const pins = node.kind === 'data' ? node.data.pins : [];
  const [pin] = pins;
  return {
    node,
    place,
    title: shortenMiddle(title, Math.max(6, Math.floor(room / TITLE_LETTER_PX))),
    note: shortenMiddle(note, Math.max(6, Math.floor(room / NOTE_LETTER_PX))),
    value: value === undefined ? undefined : shortenMiddle(value, 9),
    pin:
      pin === undefined
        ? undefined
        : `${shortenMiddle(pin, PIN_LETTERS_MAX)}${pins.length > 1 ? ` +${pins.length - 1}` : ''}`,
    isOnPath: path?.has(node.key) === true,
    isSelected: node.key === selected
  };
}

/** All lines as they are drawn, those on the path last, so that they lie above. */
export function drawnEdges(
  graph: ILineageGraph,
  { places }: ILayout,
  path: ReadonlySet<string> | undefined
): IDrawnEdge[] {
  const edges = edgesOf(graph).map(([from, to]): IDrawnEdge => {
    const [start, end] = [places.get(from)!, places.get(to)!];
    return {
      key: `${from}→${to}`,
      d: linePath(start, end),
      arrow: arrowPath(end),
      top: Math.min(start.y, end.y),
      bottom: Math.max(start.y, end.y),
      isOnPath: path?.has(from) === true && path.has(to),
      isRunning: leadsToRunning(graph, to)
    };
  });
  return edges.sort((a, b) => Number(a.isOnPath) - Number(b.isOnPath));
}

function leadsToRunning(graph: ILineageGraph, to: string): boolean {
  const isRunning = (key: string) => {
    const node = graph.nodes.get(key);
    return node?.kind === 'run' && node.run.run.facts['status'] === 'RUNNING';
  };
  return (
    isRunning(to) || (graph.nodes.get(to)?.kind === 'cell' && (graph.children.get(to) ?? []).some(isRunning))
  );
}

/** Width of the square label of a pin. */
export function pinWidth(label: string): number {
  return Math.round(label.length * 6.6 + 26);
}
