import type { TranslationBundle } from '@jupyterlab/translation';
import {
  drawnEdges,
  drawnNode,
  GLYPHS,
  pinWidth,
  TEXT_PX,
  type IDrawnNode,
  type IEmphasis
} from '../drawing';
import type { ILineageGraph } from '../graph';
import { COLUMNS_PX, NODE_PX, type ILayout } from '../layout';
import { factsJson, type IPictureFacts } from './facts';
import type { IPalette } from './palette';

const SVG = 'http://www.w3.org/2000/svg';

/** What a picture is made from. */
export interface IPicture extends IEmphasis {
  readonly graph: ILineageGraph;
  readonly layout: ILayout;
  readonly palette: IPalette;
  readonly facts: IPictureFacts;
  readonly now: number;
  readonly trans: TranslationBundle;
}

/**
 * The drawing as an SVG of its own: every colour is written out, so that it looks the same anywhere, and the facts are
 * in its metadata. Names only ever become text nodes and attributes of the document: they cannot become markup.
 */
export function svgPicture(picture: IPicture): SVGSVGElement {
  const { graph, layout, palette, facts, path, trans, now } = picture;
  const { width, height } = layout;
  const root = make('svg', {
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    'font-family': palette.font,
    role: 'img'
  }) as SVGSVGElement;
  root.append(
    text('title', {}, trans.__('Lineage of %1', facts.project)),
    text(
      'desc',
      {},
      trans.__('%1 at LSN %2, saved %3 by %4', facts.project, facts.head, facts.exportedAt, facts.generator)
    ),
    text('metadata', { id: 'argon-lineage' }, factsJson(facts)),
    make('rect', { width, height, fill: palette.ground })
  );
  const heads = [trans.__('Data'), trans.__('Cell'), trans.__('Run'), trans.__('Model')];
  heads.forEach((head, column) => {
    const { x, width: wide } = COLUMNS_PX[column]!;
    root.append(
      text('text', { x, y: 26, 'font-size': 13, 'font-weight': 'bold', fill: palette.text }, head),
      make('path', { d: `M${x} 36.5H${x + wide}`, stroke: palette.hairline, fill: 'none' })
    );
  });
  for (const edge of drawnEdges(graph, layout, path)) {
    const colour = edge.isOnPath ? palette.accent : palette.line;
    root.append(
      make('path', { d: edge.d, fill: 'none', stroke: colour, 'stroke-width': edge.isOnPath ? 3 : 1.5 }),
      make('path', { d: edge.arrow, fill: colour })
    );
  }
  for (const node of graph.nodes.values()) {
    root.append(nodeGroup(drawnNode(node, layout.places.get(node.key)!, picture, now, trans), palette));
  }
  return root;
}

function nodeGroup(drawn: IDrawnNode, palette: IPalette): SVGElement {
  const { node, place, title, note, value, pin, isOnPath, isSelected } = drawn;
  const group = make('g', { transform: `translate(${place.x} ${place.y})` });
  const frame = isOnPath || isSelected ? palette.accent : palette.frame;
  const box = { width: place.width, height: NODE_PX, rx: 2, stroke: frame, 'stroke-width': isOnPath ? 2 : 1 };
  const glyph = GLYPHS[node.kind];
  const ink = isOnPath ? palette.accent : palette.line;
  if (node.kind === 'fold') {
    group.append(make('rect', { ...box, x: 4, y: 4, fill: palette.box }));
  }
  group.append(make('rect', { ...box, fill: palette.box }));
  if (isSelected) {
    group.append(make('rect', { ...box, fill: palette.accent, 'fill-opacity': 0.1 }));
  }
  group.append(
    make('path', {
      d: glyph.d,
      transform: 'translate(11 16)',
      ...(glyph.isFilled ? { fill: ink } : { fill: 'none', stroke: ink, 'stroke-width': 1.5 })
    }),
    text(
      'text',
      {
        x: TEXT_PX,
        y: 20,
        'font-size': 13,
        fill: palette.text,
        ...(isOnPath ? { 'font-weight': 'bold' } : {})
      },
      title
    ),
    text('text', { x: TEXT_PX, y: 37, 'font-size': 11, fill: palette.quiet }, note)
  );
  if (value !== undefined) {
    const at = { x: place.width - 12, y: 28, 'font-size': 13, 'text-anchor': 'end', fill: palette.text };
    group.append(text('text', isOnPath ? { ...at, 'font-weight': 'bold' } : at, value));
  }
  if (pin !== undefined) {
    const width = pinWidth(pin);
    const label = make('g', { transform: `translate(${place.width - width - 8} -9)` });
    label.append(
      make('rect', { width, height: 18, rx: 1, fill: palette.box, stroke: palette.line }),
      text('text', { x: 8, y: 13, 'font-size': 11, 'font-weight': 'bold', fill: palette.text }, pin)
    );
    group.append(label);
  }
  return group;
}

/**
 * Letters that XML cannot carry, half surrogates among them; a name that has them is shown with a sign in their place.
 */
const NO_XML = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu;

/** The file of a picture. */
export function svgFile(root: SVGSVGElement): Blob {
  const source = new XMLSerializer().serializeToString(root);
  return new Blob([`<?xml version="1.0" encoding="UTF-8"?>\n${source}\n`], { type: 'image/svg+xml' });
}

function make(name: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
  const element = document.createElementNS(SVG, name);
  Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, String(value)));
  return element;
}

function text(
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  content: string
): SVGElement {
  const element = make(name, attributes);
  element.textContent = content.replace(NO_XML, '\ufffd');
  return element;
}
