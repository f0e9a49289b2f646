import { filterListIcon, refreshIcon } from '@jupyterlab/ui-components';
import { useRef, useState, type KeyboardEvent } from 'react';
import { codeOf, messageOf } from '../client/rpcError';
import { CommandIds } from '../commands/ids';
import { noticeIcon } from '../icons';
import { useSignal } from '../panel/context';
import { TextButton } from '../panel/parts';
import { openMenu } from '../view/menu';
import { useView } from '../view/viewContext';
import { ViewRoot } from '../view/viewRoot';
import { Collections } from './collections';
import { FilterBar, StateBar } from './dataBar';
import { pinned } from '../model/refs';
import type { DataModel } from './dataModel';
import type { IDataRow } from './dataRows';
import { DocumentPane } from './documentPane';
import { Grid } from './grid';

/** The data browser: collections at the left, the answer as a table, one document beside it. */
export function DataBody({ model }: { readonly model: DataModel }): JSX.Element {
  const { trans } = useView();
  useSignal(model.changed);
  const node = useRef<HTMLDivElement>(null);
  const onKeyDown = (event: KeyboardEvent) => {
    const isTyping =
      event.target instanceof HTMLInputElement ||
      (event.target instanceof HTMLElement && event.target.isContentEditable);
    if (event.key === '/' && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      event.stopPropagation();
      node.current?.querySelector<HTMLElement>('.jp-ArgonData-editor [contenteditable]')?.focus();
    }
  };
  return (
    <ViewRoot ref={node} className="jp-ArgonData" onKeyDown={onKeyDown}>
      <StateBar model={model} />
      {model.isMoved && (
        <div className="jp-ArgonStrip jp-mod-info" role="status">
          <noticeIcon.react tag="span" className="jp-ArgonIcon" />
          <span>{trans.__('%1 has moved since this was read.', model.state?.branch ?? model.ref)}</span>
          <TextButton icon={refreshIcon} onClick={() => void model.read()}>
            {trans.__('Read again')}
          </TextButton>
        </div>
      )}
      {model.collections === undefined ? (
        <Opening model={model} />
      ) : model.collections.length === 0 ? (
        <div className="jp-ArgonView-message">
          <h3>{trans.__('No collection is here yet')}</h3>
          <p>
            {trans.__(
              '%1 has no data. Write a document from a notebook, or look at another state.',
              model.state === undefined ? model.ref : pinned(model.state)
            )}
          </p>
        </div>
      ) : (
        <div className="jp-ArgonView-columns">
          <div className="jp-ArgonView-side jp-ArgonData-side">
            <Collections model={model} />
          </div>
          <div className="jp-ArgonData-main">
            <FilterBar model={model} />
            <Answer model={model} />
          </div>
        </div>
      )}
    </ViewRoot>
  );
}

function Opening({ model }: { readonly model: DataModel }): JSX.Element {
  const { trans } = useView();
  return model.error === undefined ? (
    <div className="jp-ArgonView-message" role="status">
      <p>{trans.__('Reading the collections of %1…', model.ref)}</p>
    </div>
  ) : (
    <Trouble model={model} title={trans.__('This state cannot be read')} />
  );
}

function Trouble(props: { readonly model: DataModel; readonly title: string }): JSX.Element {
  const { model, title } = props;
  const { trans } = useView();
  return (
    <div className="jp-ArgonView-message" role="alert">
      <h3>{title}</h3>
      <p>{messageOf(model.error)}</p>
      <div>
        <TextButton icon={refreshIcon} onClick={() => model.retry()}>
          {trans.__('Try again')}
        </TextButton>
      </div>
      <div className="jp-ArgonCode">{codeOf(model.error)}</div>
    </div>
  );
}

/** The rows, or why there are none. */
function Answer({ model }: { readonly model: DataModel }): JSX.Element {
  const { commands, trans, copy } = useView();
  const [isOpen, setOpen] = useState(true);
  const node = useRef<HTMLDivElement>(null);
  const { rows, error, state, collection } = model;
  if (error !== undefined && (rows?.length ?? 0) === 0) {
    const isStopped = codeOf(error) === 'CANCELLED';
    return (
      <Trouble
        model={model}
        title={isStopped ? trans.__('The read was stopped') : trans.__('These documents cannot be read')}
      />
    );
  }
  if (rows === undefined || (rows.length === 0 && !rows.isWhole)) {
    return (
      <p className="jp-ArgonView-none" role="status">
        {model.compare === undefined
          ? trans.__('Reading documents of %1…', collection ?? '')
          : trans.__('Comparing with %1…', model.compare)}
      </p>
    );
  }
  if (rows.length === 0) {
    return <Nothing model={model} />;
  }
  const row = rows.at(model.selected);
  const ref = state === undefined ? model.ref : pinned(state);
  const argsOf = (of: IDataRow) => ({
    project: model.project,
    ref,
    collection: collection ?? '',
    id: JSON.stringify(of.id)
  });
  const focusGrid = () => node.current?.querySelector<HTMLElement>('[role="grid"]')?.focus();
  return (
    <div
      ref={node}
      className="jp-ArgonData-answer"
      onKeyDown={event => {
        if (event.altKey || event.ctrlKey || event.metaKey || event.target instanceof HTMLInputElement) {
          return;
        }
        const run =
          row === undefined
            ? undefined
            : {
                h: () => void commands.execute(CommandIds.documentHistory, argsOf(row)),
                b: () => void commands.execute(CommandIds.documentHistory, { ...argsOf(row), view: 'blame' }),
                c: () => copy(JSON.stringify(row.document, undefined, 2)),
                Escape: () => {
                  setOpen(false);
                  focusGrid();
                }
              }[event.key];
        if (run !== undefined) {
          event.preventDefault();
          event.stopPropagation();
          run();
        }
      }}
    >
      <div className="jp-ArgonData-table">
        <Grid
          model={model}
          onOpen={() => {
            setOpen(true);
            requestAnimationFrame(() =>
              node.current?.querySelector<HTMLElement>('.jp-ArgonData-document button')?.focus()
            );
          }}
          onMenu={(of, at) =>
            openMenu(
              commands,
              [
                { command: CommandIds.documentHistory, args: argsOf(of) },
                { command: CommandIds.documentHistory, args: { ...argsOf(of), view: 'blame' } },
                { type: 'separator' },
                {
                  command: CommandIds.copyDocument,
                  args: { json: JSON.stringify(of.document, undefined, 2) }
                }
              ],
              at
            )
          }
        />
        {error !== undefined && (
          <div className="jp-ArgonStrip jp-mod-error" role="alert">
            <noticeIcon.react tag="span" className="jp-ArgonIcon" />
            <span>{messageOf(error)}</span>
            <TextButton icon={refreshIcon} onClick={() => void rows.more()}>
              {trans.__('Try again')}
            </TextButton>
          </div>
        )}
      </div>
      {isOpen && row !== undefined && (
        <DocumentPane
          key={JSON.stringify(row.id)}
          model={model}
          row={row}
          onClose={() => {
            setOpen(false);
            focusGrid();
          }}
        />
      )}
    </div>
  );
}

function Nothing({ model }: { readonly model: DataModel }): JSX.Element {
  const { trans } = useView();
  const isFiltered = Object.keys(model.appliedFilter).length > 0;
  return (
    <div className="jp-ArgonView-message">
      <h3>
        {model.compare !== undefined
          ? trans.__('Both states give the same answer')
          : isFiltered
            ? trans.__('No document fits')
            : trans.__('%1 is empty', model.collection ?? '')}
      </h3>
      <p>
        {model.compare !== undefined
          ? trans.__(
              'No document that fits was added, removed or changed between %1 and %2.',
              model.compare,
              model.state === undefined ? model.ref : pinned(model.state)
            )
          : isFiltered
            ? trans.__('The filter fits no document of %1 in this state.', model.collection ?? '')
            : trans.__('The collection is there, without a document.')}
      </p>
      {isFiltered && (
        <div>
          <TextButton
            icon={filterListIcon}
            onClick={() => {
              model.filter = '';
              model.apply();
            }}
          >
            {trans.__('Take the filter away')}
          </TextButton>
        </div>
      )}
    </div>
  );
}
