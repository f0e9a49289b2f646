import { useEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import { useNow } from '../panel/context';
import { useView } from '../view/viewContext';
import { drawnEdges, drawnNode, GLYPHS, pinWidth, TEXT_PX, type IDrawnNode } from './drawing';
import { COLUMN } from './graph';
import { COLUMNS_PX, NODE_PX, ROW_PX } from './layout';
import type { LineageModel } from './lineageModel';
import { openNodeMenu } from './nodeMenu';
import { nodeName } from './words';

/** Drawn beyond the edges of the view, in pixels. */
const MARGIN_PX = 3 * ROW_PX;

/** The drawing, of which only what is in view is in the page. One Tab stop; arrows follow the lines. */
export function Canvas(props: { readonly model: LineageModel; readonly zoom: number }): JSX.Element {
  const { model, zoom } = props;
  const view = useView();
  const { trans } = view;
  const now = useNow(60_000);
  const scroller = useRef<HTMLDivElement>(null);
  const [span, setSpan] = useState({ top: 0, height: 900 });
  const [active, setActive] = useState<string>();
  const wantsFocus = useRef(false);
  const { graph, layout, path, selected } = model;
  const edges = useMemo(() => drawnEdges(graph, layout, path), [graph, layout, path?.size, selected]);
  const current =
    [active, selected].find(key => key !== undefined && graph.nodes.has(key)) ??
    graph.nodes.keys().next().value;

  useEffect(() => {
    const element = scroller.current;
    if (element === null) {
      return;
    }
    const measure = () => setSpan({ top: element.scrollTop, height: element.clientHeight });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const reveal = (key: string | undefined) => {
    const place = key === undefined ? undefined : layout.places.get(key);
    const element = scroller.current;
    if (place === undefined || element === null) {
      return;
    }
    const top = (place.y - ROW_PX / 2) * zoom;
    const bottom = (place.y + ROW_PX) * zoom;
    if (top < element.scrollTop) {
      element.scrollTop = top;
    } else if (bottom > element.scrollTop + element.clientHeight) {
      element.scrollTop = bottom - element.clientHeight;
    }
    const right = (place.x + place.width + 16) * zoom;
    if (place.x * zoom < element.scrollLeft) {
      element.scrollLeft = (place.x - 16) * zoom;
    } else if (right > element.scrollLeft + element.clientWidth) {
      element.scrollLeft = right - element.clientWidth;
    }
  };
  useEffect(() => reveal(selected), [selected, layout.places.get(selected ?? '')?.y]);
  useEffect(() => {
    if (wantsFocus.current) {
      wantsFocus.current = false;
      scroller.current?.querySelector<SVGElement>('.jp-ArgonLineage-node[tabindex="0"]')?.focus();
    }
  });

  const goTo = (key: string | undefined) => {
    if (key !== undefined) {
      wantsFocus.current = true;
      setActive(key);
      reveal(key);
    }
  };
  const open = (key: string) => {
    const node = graph.nodes.get(key);
    if (node?.kind === 'fold') {
      model.unfold(node.parent, true);
      goTo(node.runs[0]?.key);
    } else {
      setActive(key);
      model.select(key);
    }
  };
  const menu = (key: string, at: { x: number; y: number }) => {
    const node = graph.nodes.get(key);
    if (node !== undefined) {
      setActive(key);
      openNodeMenu(model, node, view, at);
    }
  };
  const onKeyDown = (event: KeyboardEvent<SVGElement>) => {
    if (current === undefined || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    const steps: Record<string, () => void> = {
      ArrowRight: () => goTo(nearest(graph.children.get(current) ?? [], current)),
      ArrowLeft: () => goTo(nearest(graph.parents.get(current) ?? [], current)),
      ArrowDown: () => goTo(beside(current, 1)),
      ArrowUp: () => goTo(beside(current, -1)),
      Home: () => goTo(end(current, graph.parents)),
      End: () => goTo(end(current, graph.children)),
      Enter: () => open(current),
      ' ': () => open(current),
      f: () => {
        model.select(current);
        model.focus = model.focus === current ? undefined : current;
      },
      Escape: () => (model.focus === undefined ? model.select(undefined) : (model.focus = undefined)),
      ContextMenu: () => menu(current, corner(event.currentTarget)),
      F10: () => event.shiftKey && menu(current, corner(event.currentTarget))
    };
    const step = steps[event.key];
    if (step !== undefined) {
      event.preventDefault();
      event.stopPropagation();
      step();
    }
  };
  /** Of some nodes the one whose row is nearest. */
  const nearest = (keys: readonly string[], from: string): string | undefined => {
    const y = layout.places.get(from)?.y ?? 0;
    const away = (key: string) => Math.abs((layout.places.get(key)?.y ?? 0) - y);
    return [...keys].sort((a, b) => away(a) - away(b))[0];
  };
  /** The next node of the same column. */
  const beside = (from: string, step: 1 | -1): string | undefined => {
    const place = layout.places.get(from);
    let found: { key: string; y: number } | undefined;
    for (const [key, { x, y }] of layout.places) {
      const isBeyond = place !== undefined && x === place.x && (y - place.y) * step > 0;
      if (isBeyond && (found === undefined || (found.y - y) * step > 0)) {
        found = { key, y };
      }
    }
    return found?.key;
  };
  const end = (from: string, lines: ReadonlyMap<string, readonly string[]>): string => {
    let key = from;
    for (let next = nearest(lines.get(key) ?? [], key); next !== undefined;) {
      key = next;
      next = nearest(lines.get(key) ?? [], key);
    }
    return key;
  };

  const from = span.top / zoom - MARGIN_PX;
  const to = (span.top + span.height) / zoom + MARGIN_PX;
  const inView = [...graph.nodes.values()].filter(({ key }) => {
    const y = layout.places.get(key)!.y;
    return key === current || (y >= from && y <= to);
  });
  const heads = [
    [trans.__('Data'), trans.__('branch@LSN')],
    [trans.__('Cell'), ''],
    [trans.__('Run'), trans.__('metric')],
    [trans.__('Model'), '']
  ] as const;
  return (
    <div
      ref={scroller}
      className="jp-ArgonLineage-scroller"
      onScroll={event =>
        setSpan({ top: event.currentTarget.scrollTop, height: event.currentTarget.clientHeight })
      }
    >
      <div className="jp-ArgonLineage-heads" style={{ width: layout.width * zoom }}>
        {heads.map(([head, note], column) => (
          <div
            key={head}
            style={{ left: COLUMNS_PX[column]!.x * zoom, width: COLUMNS_PX[column]!.width * zoom }}
          >
            <b>{head}</b> <span>{note}</span>
          </div>
        ))}
      </div>
      <svg
        className={`jp-ArgonLineage-drawing${path === undefined ? '' : ' jp-mod-path'}`}
        width={layout.width * zoom}
        height={layout.height * zoom}
        viewBox={`0 0 ${layout.width} ${layout.height}`}
        role="group"
        aria-label={trans.__('Lineage of %1: data, cells, runs and models', model.project)}
      >
        {edges
          .filter(edge => edge.bottom >= from && edge.top <= to)
          .map(edge => (
            <g
              key={edge.key}
              className={`jp-ArgonLineage-line${edge.isOnPath ? ' jp-mod-path' : ''}${edge.isRunning ? ' jp-mod-running' : ''}`}
              aria-hidden="true"
            >
              <path d={edge.d} fill="none" />
              <path d={edge.arrow} className="jp-ArgonLineage-arrow" />
            </g>
          ))}
        {inView.map(node => (
          <NodeBox
            key={node.key}
            drawn={drawnNode(node, layout.places.get(node.key)!, { path, selected }, now, trans)}
            name={nodeName(
              node,
              (graph.parents.get(node.key) ?? []).flatMap(key => graph.nodes.get(key) ?? []),
              now,
              trans
            )}
            isCurrent={node.key === current}
            isFresh={model.fresh.has(node.key)}
            isWriting={
              node.kind === 'data' && model.writing !== undefined && node.data.branch === model.writing.branch
            }
            onOpen={isSecond => {
              if (isSecond && node.kind === 'run') {
                model.compared = node.run;
              } else {
                open(node.key);
              }
            }}
            onFocus={() => setActive(node.key)}
            onMenu={at => menu(node.key, at)}
            onKeyDown={onKeyDown}
          />
        ))}
      </svg>
    </div>
  );
}

function NodeBox(props: {
  readonly drawn: IDrawnNode;
  readonly name: string;
  readonly isCurrent: boolean;
  readonly isFresh: boolean;
  readonly isWriting: boolean;
  readonly onOpen: (isSecond: boolean) => void;
  readonly onFocus: () => void;
  readonly onMenu: (at: { x: number; y: number }) => void;
  readonly onKeyDown: (event: KeyboardEvent<SVGElement>) => void;
}): JSX.Element {
  const { drawn, name } = props;
  const { node, place, title, note, value, pin } = drawn;
  const glyph = GLYPHS[node.kind];
  const isRunning = node.kind === 'run' && node.run.run.facts['status'] === 'RUNNING';
  const mods = [
    drawn.isOnPath && 'path',
    drawn.isSelected && 'selected',
    props.isFresh && 'fresh',
    props.isWriting && 'writing',
    isRunning && 'running',
    node.kind === 'data' && node.data.gone === true && 'gone'
  ].filter(Boolean);
  const column = COLUMN[node.kind];
  return (
    <g
      className={`jp-ArgonLineage-node jp-mod-${node.kind}${mods.map(mod => ` jp-mod-${mod}`).join('')}`}
      transform={`translate(${place.x} ${place.y})`}
      role="button"
      aria-pressed={drawn.isSelected}
      aria-label={name}
      data-column={column}
      data-key={node.key}
      tabIndex={props.isCurrent ? 0 : -1}
      onClick={event => props.onOpen(event.shiftKey)}
      onFocus={props.onFocus}
      onKeyDown={props.onKeyDown}
      onContextMenu={event => {
        event.preventDefault();
        event.stopPropagation();
        props.onMenu({ x: event.clientX, y: event.clientY });
      }}
    >
      <title>{name}</title>
      {node.kind === 'fold' && (
        <rect className="jp-ArgonLineage-behind" x="4" y="4" width={place.width} height={NODE_PX} rx="2" />
      )}
      <rect className="jp-ArgonLineage-box" width={place.width} height={NODE_PX} rx="2" />
      <path
        className={`jp-ArgonLineage-glyph${glyph.isFilled ? ' jp-mod-filled' : ''}`}
        transform="translate(11 16)"
        d={glyph.d}
      />
      <text className="jp-ArgonLineage-title" x={TEXT_PX} y="20">
        {title}
      </text>
      <text className="jp-ArgonLineage-note" x={TEXT_PX} y="37">
        {note}
      </text>
      {value !== undefined && (
        <text className="jp-ArgonLineage-value" x={place.width - 12} y="28" textAnchor="end">
          {value}
        </text>
      )}
      {pin !== undefined && (
        <g
          className="jp-ArgonLineage-pin"
          transform={`translate(${place.width - pinWidth(pin) - 8} -9)`}
          aria-hidden="true"
        >
          <rect width={pinWidth(pin)} height="18" rx="1" />
          <path
            transform="translate(5 3) scale(.75)"
            d="M5 1.75h6v1.5h-.75v4l2 2.25v1.25H3.75V9.5l2-2.25v-4H5zM8 10.5v4"
          />
          <text x="20" y="13">
            {pin}
          </text>
        </g>
      )}
    </g>
  );
}

function corner(element: Element): { x: number; y: number } {
  const box = element.getBoundingClientRect();
  return { x: box.left + 24, y: box.bottom };
}
