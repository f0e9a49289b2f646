import { useEffect, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';

/** Rows drawn beyond the edges of the view. */
const MARGIN_ROWS = 8;

/** Options of a list of rows of one height. */
export interface IVirtualListProps {
  readonly label: string;
  readonly rowPx: number;
  readonly count: number;
  /** The row with the focus. */
  readonly active: number;
  readonly idOf: (index: number) => string;
  readonly render: (index: number) => ReactNode;
  readonly onMove: (to: number) => void;
  /** Enter, Space, → and ← on the active row. */
  readonly onKey?: (event: KeyboardEvent, index: number) => void;
  /** Called when the last rows come into view. */
  readonly onEnd?: () => void;
}

/** A tree or list that draws only the rows in view, with one Tab stop. */
export function VirtualList(props: IVirtualListProps): JSX.Element {
  const { rowPx, count, active } = props;
  const node = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 800 });
  useEffect(() => {
    const element = node.current;
    if (element === null) {
      return;
    }
    const measure = () => setView({ top: element.scrollTop, height: element.clientHeight });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    const element = node.current;
    if (element === null || active < 0) {
      return;
    }
    if (active * rowPx < element.scrollTop) {
      element.scrollTop = active * rowPx;
    } else if ((active + 1) * rowPx > element.scrollTop + element.clientHeight) {
      element.scrollTop = (active + 1) * rowPx - element.clientHeight;
    }
  }, [active, rowPx]);
  const first = Math.max(0, Math.floor(view.top / rowPx) - MARGIN_ROWS);
  const last = Math.min(count - 1, Math.ceil((view.top + view.height) / rowPx) + MARGIN_ROWS);
  const isAtEnd = last === count - 1;
  const { onEnd } = props;
  useEffect(() => {
    if (isAtEnd) {
      onEnd?.();
    }
  }, [isAtEnd, count, onEnd]);
  const onKeyDown = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor(view.height / rowPx) - 1);
    const to = {
      ArrowDown: active + 1,
      ArrowUp: active - 1,
      Home: 0,
      End: count - 1,
      PageDown: active + page,
      PageUp: active - page
    }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      props.onMove(Math.max(0, Math.min(count - 1, to)));
    } else {
      props.onKey?.(event, active);
    }
  };
  const rows: ReactNode[] = [];
  for (let index = first; index <= last; index++) {
    rows.push(
      <div
        key={props.idOf(index)}
        className="jp-ArgonList-place"
        style={{ top: index * rowPx, height: rowPx }}
        role="presentation"
      >
        {props.render(index)}
      </div>
    );
  }
  return (
    <div
      ref={node}
      className="jp-ArgonList"
      role="tree"
      tabIndex={0}
      aria-label={props.label}
      aria-activedescendant={active >= 0 && active < count ? props.idOf(active) : undefined}
      onScroll={event =>
        setView({ top: event.currentTarget.scrollTop, height: event.currentTarget.clientHeight })
      }
      onKeyDown={onKeyDown}
    >
      <div style={{ height: count * rowPx, position: 'relative' }} role="presentation">
        {rows}
      </div>
    </div>
  );
}
