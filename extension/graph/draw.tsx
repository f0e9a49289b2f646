import type { IBend } from './lanes';
import type { IGraph, ISegment } from './layout';
import { segments } from './layout';
import type { IRow, LaneStyle, NodeShape } from './rows';

/** Distance of two lanes, in pixels. */
export const LANE_PX = 16;

/** Centre of the first lane, in pixels from the left edge of the drawing. */
const FIRST_PX = 16;

/** Height of a node's centre in its row, in pixels: the middle of the first line. */
const NODE_PX = 12;

/** Radius of a bend, in pixels. */
const BEND_PX = 8;

/** Width of the drawing for so many columns, in pixels. */
export function drawingWidth(columns: number): number {
  return FIRST_PX + (columns - 1) * LANE_PX + 12;
}

/** Where a column's centre lies. */
function x(column: number): number {
  return FIRST_PX + column * LANE_PX;
}

/** The lines and the node of one row. Pure drawing: the row's name says the same in words. */
export function RowDrawing(props: {
  readonly graph: IGraph;
  readonly index: number;
  /** Timeline whose lane is drawn heavy, while the others step back. */
  readonly heavy: number | undefined;
  readonly onHover: (timeline: number | undefined) => void;
}): JSX.Element | null {
  const { graph, index, heavy, onHover } = props;
  const row = graph.rows[index];
  const entry = graph.entryIndex[index];
  if (row === undefined || entry === undefined) {
    return null;
  }
  const { height } = row;
  const width = drawingWidth(graph.lanes.columns);
  const isNodeRow = row.kind === 'entry' || row.kind === 'empty';
  const bends = isNodeRow ? (graph.lanes.bends.get(entry) ?? []) : [];
  const through = segments(graph, index);
  const mod = (timeline: number) =>
    heavy === undefined ? '' : heavy === timeline ? ' jp-mod-heavy' : ' jp-mod-light';
  const lane = graph.lanes.byTimeline.get(row.timeline);
  return (
    <svg
      className="jp-ArgonGraph-drawing"
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      aria-hidden="true"
    >
      {oncePerColumn(bends).map(bend => (
        <path
          key={`${bend.kind}${bend.from.timeline}`}
          className={laneClass(bend.from.style) + mod(bend.from.timeline)}
          d={bendPath(bend, height)}
          onPointerEnter={() => onHover(bend.from.timeline)}
          onPointerLeave={() => onHover(undefined)}
        />
      ))}
      {through.map(segment => (
        <path
          key={segment.lane.timeline}
          className={laneClass(segment.lane.style) + mod(segment.lane.timeline)}
          d={linePath(segment, height)}
          onPointerEnter={() => onHover(segment.lane.timeline)}
          onPointerLeave={() => onHover(undefined)}
        />
      ))}
      {row.shape !== undefined && (
        <NodeMark
          row={row}
          x={x(lane?.column ?? 0)}
          style={lane?.style ?? 'default'}
          className={mod(row.timeline)}
        />
      )}
    </svg>
  );
}

function laneClass(style: LaneStyle): string {
  return `jp-ArgonLane jp-mod-${style}`;
}

/** The shared column may carry thousands of bends in one row: one stands for all. */
function oncePerColumn(bends: readonly IBend[]): readonly IBend[] {
  const seen = new Set<string>();
  return bends.filter(bend => {
    const key = `${bend.kind}${bend.from.column}`;
    return seen.has(key) ? false : seen.add(key).size > 0;
  });
}

function linePath(segment: ISegment, height: number): string {
  const at = x(segment.lane.column);
  return `M${at} ${segment.above ? 0 : NODE_PX}V${segment.below ? height : NODE_PX}`;
}

/** A fork leaves its node upwards, a merge comes into its node from below; both bend a quarter of a circle. */
function bendPath(bend: IBend, height: number): string {
  const at = x(bend.from.column);
  const node = x(bend.column);
  if (at === node) {
    return bend.kind === 'fork' ? `M${at} 0V${NODE_PX}` : `M${at} ${NODE_PX}V${height}`;
  }
  const side = at > node ? 1 : -1;
  const sweep = at > node === (bend.kind === 'fork') ? 1 : 0;
  return bend.kind === 'fork'
    ? `M${at} 0V${NODE_PX - BEND_PX}A${BEND_PX} ${BEND_PX} 0 0 ${sweep} ${at - side * BEND_PX} ${NODE_PX}H${node}`
    : `M${at} ${height}V${NODE_PX + BEND_PX + 1}A${BEND_PX} ${BEND_PX} 0 0 ${sweep} ${at - side * BEND_PX} ${NODE_PX + 1}H${node}`;
}

/** A node by its shape; inside a ring when it is where the session is. */
function NodeMark(props: {
  readonly row: IRow;
  readonly x: number;
  readonly style: LaneStyle;
  readonly className: string;
}): JSX.Element {
  const { row, x: at } = props;
  const style = row.isSession ? 'session' : props.style;
  return (
    <g
      className={`jp-ArgonNode jp-mod-${style}${row.isSession ? ' jp-mod-here' : ''}${props.className}`}
      transform={`translate(${at} ${NODE_PX})`}
    >
      {row.isSession && <circle className="jp-ArgonNode-ring" r="9.25" />}
      <Shape shape={row.shape ?? 'dot'} />
    </g>
  );
}

function Shape({ shape }: { readonly shape: NodeShape }): JSX.Element {
  switch (shape) {
    case 'dot':
      return <circle className="jp-ArgonNode-filled" r="4" />;
    case 'capsule':
      return (
        <>
          <rect className="jp-ArgonNode-hollow" x="-4" y="-6" width="8" height="12" rx="4" />
          <path className="jp-ArgonNode-stroke" d="M-1.75 -1.5H1.75M-1.75 1.5H1.75" />
        </>
      );
    case 'square':
      return <rect className="jp-ArgonNode-filled" x="-4" y="-4" width="8" height="8" />;
    case 'merge':
      return (
        <>
          <circle className="jp-ArgonNode-hollow" r="6" />
          <circle className="jp-ArgonNode-filled" r="2.5" />
        </>
      );
    case 'undo':
      return <circle className="jp-ArgonNode-hollow jp-mod-dashed" r="5" />;
    case 'bar':
      return <rect className="jp-ArgonNode-filled" x="-6" y="-1.5" width="12" height="3" />;
  }
}
