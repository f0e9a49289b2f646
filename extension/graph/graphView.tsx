import {
  useCallback,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
  type CSSProperties,
  type KeyboardEvent,
  type MouseEvent
} from 'react';
import { count } from '../format/count';
import { keyOf } from '../model/history';
import type { ProjectModel } from '../model/project';
import { refOfEntry } from '../model/refs';
import { usePanel, useNow } from '../panel/context';
import { openEntryMenu } from '../panel/entryMenu';
import { CommandIds } from '../commands/ids';
import { drawingWidth } from './draw';
import { rowAt, UNFOLDED_MAX, type IGraph } from './layout';
import { GraphRow, type IRowActions } from './row';
import type { IRow } from './rows';
import { useGraph } from './useGraph';
import { useHeld } from './useHeld';
import { usePointing } from './usePointing';

/** Rows drawn beyond the edge of the view, in pixels. */
const MARGIN_PX = 200;

/** When less than this is left below, the next page is read, in pixels. */
const AHEAD_PX = 600;

/** Number of the elements that carry row ids, so that two panels on a page do not share them. */
let views = 0;

/** The branch graph: a virtualised tree grid with one Tab stop. */
export function GraphView(props: { readonly project: ProjectModel; readonly isStale: boolean }): JSX.Element {
  const { project } = props;
  const { panel, commands, trans } = usePanel();
  const { workspace } = panel;
  const now = useNow(20_000);
  const [prefix] = useState(() => `jp-argon-row-${++views}-`);
  const scroller = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  const [heavy, setHeavy] = useState<number>();
  const [active, setActive] = useState<string>();
  const [marked, setMarked] = useState<string>();
  const pointing = usePointing();
  const [isFocused, setFocused] = useState(false);

  const held = useHeld(project, pointing.isPointed || isFocused || view.top > 0);
  const graph = useGraph({ project, workspace, head: held.head, isNarrowed: panel.isNarrowed });

  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) {
      return;
    }
    const measure = () => setView({ top: element.scrollTop, height: element.clientHeight });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  useEffect(() => {
    if (graph.height - view.top - view.height < AHEAD_PX && project.history.next !== undefined) {
      void project.loadOlder().catch(() => undefined);
    }
  }, [graph, view, project]);

  const reveal = useCallback(
    (key: string | undefined) => {
      const row = graph.rows.find(candidate => candidate.key === key);
      const element = scroller.current;
      if (row === undefined || element === null) {
        return;
      }
      if (row.top < element.scrollTop) {
        element.scrollTop = row.top;
      } else if (row.top + row.height > element.scrollTop + element.clientHeight) {
        element.scrollTop = row.top + row.height - element.clientHeight;
      }
    },
    [graph]
  );
  useEffect(() => reveal(panel.selected), [panel.selected, view.height]);

  const first = rowAt(graph, Math.max(0, view.top - MARGIN_PX));
  const last = Math.min(graph.rows.length - 1, rowAt(graph, view.top + view.height + MARGIN_PX));
  const activeIndex = graph.rows.findIndex(row => row.key === (active ?? panel.selected));

  const actions: IRowActions = {
    switchTo: row => run(row, ref => commands.execute(CommandIds.switchTo, { ref })),
    branchHere: row => run(row, ref => commands.execute(CommandIds.createBranch, { from: ref })),
    diff: row =>
      run(row, ref => {
        const session = workspace.sessionHere;
        const to = session?.ref ?? project.defaultBranch;
        return commands.execute(CommandIds.diff, { from: ref, to });
      }),
    menu: (row, x, y) => {
      panel.select(row.key);
      openEntryMenu(row.entry!, project, commands, { x, y });
    }
  };
  const run = (row: IRow, then: (ref: string) => Promise<unknown>) => {
    panel.select(row.key);
    const ref = row.entry === undefined ? undefined : refOfEntry(row.entry, project);
    if (ref === undefined) {
      panel.say({ kind: 'error', text: trans.__('No branch shows this line any more, so it has no ref.') });
    } else {
      void then(ref);
    }
  };
  const toggle = (row: IRow, isUnfolded: boolean) => {
    if (row.kind === 'entry' && row.entry !== undefined) {
      void project.unfold(row.entry, isUnfolded, UNFOLDED_MAX);
    }
  };
  const select = (row: IRow, event?: MouseEvent) => {
    setActive(row.key);
    if (row.kind !== 'entry' && row.kind !== 'change') {
      return;
    }
    const other = graph.rows.find(candidate => candidate.key === panel.selected);
    if (
      event?.shiftKey === true &&
      other?.entry !== undefined &&
      row.entry !== undefined &&
      other.key !== row.key
    ) {
      const [from, to] = other.lsn < row.lsn ? [other.entry, row.entry] : [row.entry, other.entry];
      const refs = [refOfEntry(from, project), refOfEntry(to, project)] as const;
      setMarked(row.key);
      if (refs[0] !== undefined && refs[1] !== undefined) {
        void commands.execute(CommandIds.diff, { from: refs[0], to: refs[1] });
      }
      return;
    }
    setMarked(undefined);
    panel.select(row.entry === undefined ? undefined : keyOf(row.entry));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const target = moved(event.key, graph, activeIndex, view.height);
    const row = graph.rows[activeIndex];
    if (target !== undefined) {
      event.preventDefault();
      setActive(graph.rows[target]?.key);
      reveal(graph.rows[target]?.key);
    } else if (row !== undefined && (event.key === 'ArrowRight' || event.key === 'ArrowLeft')) {
      event.preventDefault();
      toggle(row, event.key === 'ArrowRight');
    } else if (row !== undefined && event.key === 'Enter') {
      event.preventDefault();
      select(row);
    } else if (
      row?.entry !== undefined &&
      (event.key === 'ContextMenu' || (event.key === 'F10' && event.shiftKey))
    ) {
      event.preventDefault();
      const box = document.getElementById(`${prefix}${activeIndex}`)?.getBoundingClientRect();
      actions.menu(row, box === undefined ? 0 : box.left + 100, box?.bottom ?? 0);
    } else if (
      event.key.length === 1 &&
      event.key !== ' ' &&
      !event.ctrlKey &&
      !event.metaKey &&
      !event.altKey
    ) {
      // Typing goes to the filter.
      event.preventDefault();
      panel.filter += event.key;
    }
  };

  return (
    <div className="jp-ArgonGraph-frame">
      {held.waiting > 0 && (
        <button
          type="button"
          className="jp-ArgonGraph-strip"
          onClick={() => {
            held.release();
            if (scroller.current !== null) {
              scroller.current.scrollTop = 0;
            }
          }}
        >
          {trans._n('%2 new entry', '%2 new entries', held.waiting, count(held.waiting))}
        </button>
      )}
      <div
        ref={scroller}
        className="jp-ArgonGraph"
        role="treegrid"
        tabIndex={0}
        aria-label={trans.__('History of %1', project.name)}
        aria-rowcount={graph.rows.length}
        aria-activedescendant={
          activeIndex >= first && activeIndex <= last ? `${prefix}${activeIndex}` : undefined
        }
        aria-busy={props.isStale}
        style={
          {
            '--jp-argon-lanes': `${drawingWidth(graph.lanes.columns)}px`,
            '--jp-argon-lsn': numberWidth(count(project.history.head))
          } as CSSProperties
        }
        onScroll={event => {
          const { scrollTop, clientHeight } = event.currentTarget;
          setView({ top: scrollTop, height: clientHeight });
        }}
        onKeyDown={onKeyDown}
        onFocus={event => {
          if (event.target === event.currentTarget) {
            setFocused(true);
            setActive(current => current ?? panel.selected ?? graph.rows[0]?.key);
          }
        }}
        onBlur={() => setFocused(false)}
        onPointerEnter={pointing.onMove}
        onPointerMove={pointing.onMove}
        onPointerLeave={pointing.onLeave}
      >
        <div className="jp-ArgonGraph-content" style={{ height: graph.height }}>
          {graph.rows.slice(first, last + 1).map((row, offset) => (
            <GraphRow
              key={row.key}
              id={`${prefix}${first + offset}`}
              graph={graph}
              index={first + offset}
              axis={panel.axis}
              now={now}
              me={workspace.session?.actor}
              isSelected={row.kind === 'entry' && row.key === panel.selected}
              isMarked={row.key === marked}
              isActive={first + offset === activeIndex}
              heavy={heavy}
              actions={actions}
              trans={trans}
              onHoverLane={setHeavy}
              onClick={event => select(row, event)}
              onDoubleClick={() => toggle(row, !row.isUnfolded)}
            />
          ))}
        </div>
      </div>
      {graph.lanes.overflow > 1 && (
        <div className="jp-ArgonGraph-overflow">
          {trans.__('+ %1 branches share the last lane', count(graph.lanes.overflow))}
        </div>
      )}
    </div>
  );
}

/** Room for a number with separators and for a clock time, in the width of a digit. */
function numberWidth(number: string): string {
  const commas = number.split(',').length - 1;
  return `${Math.max(4.2, number.length - commas * 0.6)}ch`;
}

/** The row that a key moves to; undefined when it is no such key. */
function moved(key: string, graph: IGraph, from: number, viewHeight: number): number | undefined {
  const last = graph.rows.length - 1;
  switch (key) {
    case 'ArrowDown':
      return Math.min(last, from + 1);
    case 'ArrowUp':
      return Math.max(0, from - 1);
    case 'Home':
      return 0;
    case 'End':
      return last;
    case 'PageDown':
      return Math.min(last, rowAt(graph, (graph.rows[from]?.top ?? 0) + viewHeight));
    case 'PageUp':
      return Math.min(last, rowAt(graph, Math.max(0, (graph.rows[from]?.top ?? 0) - viewHeight)));
    default:
      return undefined;
  }
}
