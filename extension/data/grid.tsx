import { caretDownIcon, caretUpIcon } from '@jupyterlab/ui-components';
import { useEffect, useLayoutEffect, useRef, useState, type KeyboardEvent, type MouseEvent } from 'react';
import { count } from '../format/count';
import { inline, sizeOf, typeOf } from '../format/value';
import { opName } from '../graph/row';
import { Sign } from '../panel/parts';
import { useView } from '../view/viewContext';
import type { DataModel } from './dataModel';
import type { IDataRow } from './dataRows';
import { valueAt } from './fields';

/** Height of a row and of the head, in pixels. */
const ROW_PX = 24;
const HEAD_PX = 40;
/** Rows drawn beyond the edges of the view. */
const MARGIN_ROWS = 4;
/** Rows in the page, however high the view is. */
const ROWS_MAX = 56;
/** Characters of a value that a cell is given. */
const CELL_CHARACTERS = 120;

let grids = 0;

/** The answer as a table that draws only the rows in view: one Tab stop, arrows go from cell to cell. */
export function Grid(props: {
  readonly model: DataModel;
  readonly onOpen: (row: IDataRow) => void;
  readonly onMenu: (row: IDataRow, at: { x: number; y: number }) => void;
}): JSX.Element {
  const { model } = props;
  const { trans } = useView();
  const { rows, columns, selected } = model;
  const [prefix] = useState(() => `jp-argon-grid-${++grids}`);
  const node = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  const [column, setColumn] = useState(0);
  const isCompared = model.compare !== undefined;
  const total = rows?.length ?? 0;
  const lead = isCompared ? 1 : 0;
  const width = columns.length + lead;
  const at = Math.min(column, Math.max(0, width - 1));

  useLayoutEffect(() => {
    const element = node.current;
    if (element === null) {
      return;
    }
    const measure = () => setView({ top: element.scrollTop, height: element.clientHeight });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const first = Math.max(0, Math.floor(view.top / ROW_PX) - MARGIN_ROWS);
  const last = Math.min(
    total - 1,
    first + ROWS_MAX - 1,
    Math.ceil((view.top + view.height - HEAD_PX) / ROW_PX) + MARGIN_ROWS
  );
  const isAtEnd = last >= total - 1;
  useEffect(() => {
    if (isAtEnd && total > 0) {
      void rows?.more();
    }
  }, [isAtEnd, total, rows]);

  useEffect(() => {
    const element = node.current;
    if (element === null || selected < 0) {
      return;
    }
    const top = selected * ROW_PX;
    if (top < element.scrollTop) {
      element.scrollTop = top;
    } else if (top + ROW_PX > element.scrollTop + element.clientHeight - HEAD_PX) {
      element.scrollTop = top + ROW_PX - element.clientHeight + HEAD_PX;
    }
  }, [selected]);
  // The cell one is at comes into view sideways too.
  useEffect(() => {
    document.getElementById(`${prefix}-h${at}`)?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [at, prefix]);

  const move = (to: number) => {
    model.selected = Math.max(0, Math.min(total - 1, to));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor((view.height - HEAD_PX) / ROW_PX) - 1);
    const isFar = event.ctrlKey || event.metaKey;
    const actions: Record<string, (() => void) | undefined> = {
      ArrowDown: () => move(selected + 1),
      ArrowUp: () => move(selected - 1),
      PageDown: () => move(selected + page),
      PageUp: () => move(selected - page),
      ArrowRight: () => setColumn(Math.min(width - 1, at + 1)),
      ArrowLeft: () => setColumn(Math.max(0, at - 1)),
      Home: () => (isFar ? move(0) : setColumn(0)),
      End: () => (isFar ? move(total - 1) : setColumn(width - 1))
    };
    const action = actions[event.key];
    const row = rows?.at(selected);
    if (action !== undefined && total > 0) {
      event.preventDefault();
      action();
    } else if (event.key === 'Enter' && row !== undefined) {
      event.preventDefault();
      props.onOpen(row);
    } else if ((event.key === 'F10' && event.shiftKey) || event.key === 'ContextMenu') {
      const box = document.getElementById(`${prefix}-r${selected}c${at}`)?.getBoundingClientRect();
      if (row !== undefined && box !== undefined) {
        event.preventDefault();
        props.onMenu(row, { x: box.left, y: box.bottom });
      }
    } else if (event.key.toLowerCase() === 's' && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const path = columns[at - lead];
      if (path !== undefined && !isCompared) {
        event.preventDefault();
        event.stopPropagation();
        model.sortBy(path, event.shiftKey);
      }
    }
  };

  const types = new Map(model.fields.map(field => [field.path, field.types]));
  const template = `${isCompared ? '40px ' : ''}repeat(${columns.length}, minmax(120px, 1fr))`;
  const drawn: JSX.Element[] = [];
  for (let index = first; index <= last; index++) {
    drawn.push(
      <Row
        key={index}
        id={`${prefix}-r${index}`}
        row={rows?.at(index)}
        index={index}
        columns={columns}
        types={types}
        template={template}
        activeColumn={index === selected ? at : -1}
        isCompared={isCompared}
        onSelect={to => {
          setColumn(to);
          model.selected = index;
        }}
        onMenu={props.onMenu}
      />
    );
  }
  return (
    <div
      ref={node}
      className="jp-ArgonGrid"
      role="grid"
      tabIndex={0}
      aria-label={trans.__('Documents of %1', model.collection ?? '')}
      aria-rowcount={rows?.isWhole === true ? total + 1 : -1}
      aria-colcount={width}
      aria-busy={model.isReading}
      aria-activedescendant={
        selected >= first && selected <= last ? `${prefix}-r${selected}c${at}` : undefined
      }
      onScroll={event =>
        setView({ top: event.currentTarget.scrollTop, height: event.currentTarget.clientHeight })
      }
      onFocus={() => {
        if (selected < 0 && total > 0) {
          move(0);
        }
      }}
      onKeyDown={onKeyDown}
    >
      <div
        className="jp-ArgonGrid-inner"
        role="presentation"
        style={{ minWidth: columns.length * 120 + lead * 40 }}
      >
        <div
          className="jp-ArgonGrid-head"
          role="row"
          aria-rowindex={1}
          style={{ gridTemplateColumns: template }}
        >
          {isCompared && (
            <span role="columnheader" id={`${prefix}-h0`} aria-colindex={1}>
              <span className="jp-ArgonHidden">{trans.__('Difference')}</span>
            </span>
          )}
          {columns.map((path, index) => (
            <Head
              key={path}
              id={`${prefix}-h${index + lead}`}
              model={model}
              path={path}
              types={types.get(path) ?? []}
              index={index + lead}
            />
          ))}
        </div>
        <div role="rowgroup" style={{ height: total * ROW_PX, position: 'relative' }}>
          {drawn}
        </div>
      </div>
    </div>
  );
}

function Head(props: {
  readonly id: string;
  readonly model: DataModel;
  readonly path: string;
  readonly types: readonly string[];
  readonly index: number;
}): JSX.Element {
  const { model, path, types } = props;
  const { trans } = useView();
  const direction = model.sort.find(([known]) => known === path)?.[1];
  const Icon = direction === 1 ? caretUpIcon : caretDownIcon;
  const canSort = model.compare === undefined;
  return (
    <span
      id={props.id}
      role="columnheader"
      aria-colindex={props.index + 1}
      aria-sort={direction === undefined ? 'none' : direction === 1 ? 'ascending' : 'descending'}
      className={canSort ? 'jp-mod-sortable' : ''}
      title={
        canSort
          ? trans.__(
              '%1: %2. Click, or S in the table, sorts by it; with Shift it is added.',
              path,
              types.join(', ')
            )
          : `${path}: ${types.join(', ')}`
      }
      onClick={(event: MouseEvent) => {
        if (canSort) {
          model.sortBy(path, event.shiftKey);
        }
      }}
    >
      <span className="jp-ArgonGrid-name">
        <code>{path}</code>
        {direction !== undefined && <Icon.react tag="span" className="jp-ArgonIcon" />}
      </span>
      <span className="jp-ArgonGrid-types">{types.join(' · ')}</span>
    </span>
  );
}

function Row(props: {
  readonly id: string;
  readonly row: IDataRow | undefined;
  readonly index: number;
  readonly columns: readonly string[];
  readonly types: ReadonlyMap<string, readonly string[]>;
  readonly template: string;
  readonly activeColumn: number;
  readonly isCompared: boolean;
  readonly onSelect: (column: number) => void;
  readonly onMenu: (row: IDataRow, at: { x: number; y: number }) => void;
}): JSX.Element {
  const { id, row, index, columns, isCompared, activeColumn } = props;
  const { trans } = useView();
  const lead = isCompared ? 1 : 0;
  const isSelected = activeColumn >= 0;
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      className={`jp-ArgonGrid-row${row?.op === undefined ? '' : ` jp-mod-${row.op}`}`}
      style={{ top: index * ROW_PX, gridTemplateColumns: props.template }}
      onContextMenu={event => {
        if (row !== undefined) {
          event.preventDefault();
          event.stopPropagation();
          props.onSelect(Math.max(0, activeColumn));
          props.onMenu(row, { x: event.clientX, y: event.clientY });
        }
      }}
    >
      {isCompared && (
        <span
          role="gridcell"
          id={`${id}c0`}
          aria-colindex={1}
          className={activeColumn === 0 ? 'jp-mod-active' : ''}
          onClick={() => props.onSelect(0)}
        >
          {row?.op !== undefined && <Sign op={row.op} label={opName(row.op, trans)} />}
        </span>
      )}
      {columns.map((path, at) => (
        <span
          key={path}
          id={`${id}c${at + lead}`}
          role="gridcell"
          aria-colindex={at + lead + 1}
          className={activeColumn === at + lead ? 'jp-mod-active' : ''}
          onClick={() => props.onSelect(at + lead)}
        >
          <CellText row={row} path={path} usual={props.types.get(path)?.[0]} />
        </span>
      ))}
    </div>
  );
}

/** A value as one line; its type stands beside it where it is not the column's usual one. */
function CellText(props: {
  readonly row: IDataRow | undefined;
  readonly path: string;
  readonly usual: string | undefined;
}): JSX.Element {
  const { row, path, usual } = props;
  const { trans } = useView();
  if (row === undefined) {
    return <span className="jp-ArgonValue-none">{trans.__('reading…')}</span>;
  }
  if (row.document === undefined) {
    return path === '_id' ? (
      <code>{inline(row.id, CELL_CHARACTERS)}</code>
    ) : (
      <span className="jp-ArgonValue-none">{trans.__('too large')}</span>
    );
  }
  const value = valueAt(row.document, path);
  const before = row.op === 'update' ? valueAt(row.before, path) : undefined;
  const isChanged = row.op === 'update' && JSON.stringify(before) !== JSON.stringify(value);
  if (value === undefined) {
    return (
      <span className={`jp-ArgonValue-none${isChanged ? ' jp-mod-changed' : ''}`}>
        {trans.__('not there')}
      </span>
    );
  }
  const type = typeOf(value);
  const size = sizeOf(value);
  const shown = inline(value, CELL_CHARACTERS);
  const isNumber = ['int', 'long', 'double', 'decimal'].includes(type);
  const was = isChanged
    ? trans.__('was %1', before === undefined ? trans.__('not there') : inline(before, 200))
    : '';
  return (
    <>
      <code
        className={`${isNumber ? 'jp-mod-number' : ''}${isChanged ? ' jp-mod-changed' : ''}`}
        title={[inline(value, 1000), type, was].filter(part => part !== '').join('\n')}
      >
        {isChanged && <span aria-hidden="true">~ </span>}
        {shown}
      </code>
      {isChanged && <span className="jp-ArgonHidden">{was}</span>}
      {type !== usual && (
        <span className="jp-ArgonValue-type">{size === undefined ? type : `${type} ${count(size)}`}</span>
      )}
    </>
  );
}
