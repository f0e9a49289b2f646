import {
  caretLeftIcon,
  caretRightIcon,
  closeIcon,
  notebookIcon,
  runIcon as playIcon,
  stopIcon
} from '@jupyterlab/ui-components';
import { useState } from 'react';
import { messageOf } from '../client/rpcError';
import { count } from '../format/count';
import { diffIcon } from '../icons';
import { IconButton, TextButton } from '../panel/parts';
import { Picker } from '../picker/picker';
import { RefButton } from '../view/refButton';
import { useIntoNotebook } from '../view/useIntoNotebook';
import { useView } from '../view/viewContext';
import { ColumnsButton } from './columns';
import { pinned } from '../model/refs';
import type { DataModel } from './dataModel';
import { FilterEditor } from './filterEditor';
import { pythonCell } from './pythonCell';
import { troubleText } from './troubleText';
import { Toolbar } from '../view/toolbar';

/** The first line: which state, steps through time, and the state it is compared with. */
export function StateBar({ model }: { readonly model: DataModel }): JSX.Element {
  const { workspace, trans } = useView();
  const [note, setNote] = useState('');
  const insert = useIntoNotebook(setNote);
  const { state } = model;
  const session = workspace.session?.branch;
  const pick = (prompt: string, then: (ref: string) => void) => (anchor: HTMLElement) => {
    void Picker.pick({ workspace, trans, prompt, anchor }).then(ref => {
      if (ref !== undefined) {
        setNote('');
        then(ref);
      }
    });
  };
  const step = (direction: 'older' | 'newer') => () => {
    setNote(trans.__('Looking for the nearest change…'));
    model.step(direction).then(
      hasMoved =>
        setNote(
          hasMoved
            ? ''
            : direction === 'older'
              ? trans.__('No older change of %1.', model.collection ?? '')
              : trans.__('No newer change of %1.', model.collection ?? '')
        ),
      (error: unknown) => setNote(messageOf(error))
    );
  };
  const code = () =>
    pythonCell({
      project: model.project,
      ref: state === undefined ? model.ref : pinned(state),
      collection: model.collection ?? '',
      filter: model.appliedFilter,
      sort: model.sort,
      columns: model.hasOwnColumns ? model.columns : undefined
    });
  return (
    <Toolbar label={trans.__('Tools of this view')} className="jp-ArgonBar">
      <RefButton
        label={trans.__('At')}
        text={state === undefined ? model.ref : pinned(state)}
        isSession={state?.branch !== undefined && state.branch === session}
        title={trans.__('Show the same query in another state')}
        onClick={pick(trans.__('Show the data of'), ref => void model.moveTo(ref))}
      />
      <IconButton
        icon={caretLeftIcon}
        label={trans.__('State before the last change of this collection')}
        disabled={state?.branch === undefined}
        onClick={step('older')}
      />
      <IconButton
        icon={caretRightIcon}
        label={trans.__('State after the next change of this collection')}
        disabled={state?.branch === undefined || !model.isPast}
        onClick={step('newer')}
      />
      {model.isPast && state?.branch !== undefined && (
        <TextButton onClick={() => void model.moveTo(state.branch!)}>
          {trans.__('Head of %1', state.branch)}
        </TextButton>
      )}
      {model.compare === undefined ? (
        <TextButton
          icon={diffIcon}
          aria-haspopup="dialog"
          onClick={event =>
            pick(trans.__('Compare the answer with'), ref => model.compareWith(ref))(event.currentTarget)
          }
        >
          {trans.__('Compare with…')}
        </TextButton>
      ) : (
        <>
          <RefButton
            label={trans.__('Compared with')}
            text={model.compare}
            isSession={false}
            title={trans.__('Compare with another state')}
            onClick={pick(trans.__('Compare the answer with'), ref => model.compareWith(ref))}
          />
          <IconButton
            icon={closeIcon}
            label={trans.__('End the comparison')}
            onClick={() => model.compareWith(undefined)}
          />
        </>
      )}
      <span className="jp-ArgonBar-note" role="status">
        {note}
      </span>
      <span className="jp-ArgonBar-space" />
      <ColumnsButton model={model} />
      <TextButton
        icon={notebookIcon}
        disabled={model.collection === undefined || state === undefined}
        onClick={() => insert(code())}
      >
        {trans.__('Open in notebook')}
      </TextButton>
    </Toolbar>
  );
}

/** The second line: the filter, and what is wrong with it. */
export function FilterBar({ model }: { readonly model: DataModel }): JSX.Element {
  const { trans } = useView();
  const { parsed } = model;
  const id = 'jp-argon-filter-note';
  const isEmpty = model.filter === '' && model.isApplied;
  return (
    <div className="jp-ArgonData-query">
      <FilterEditor model={model} describedBy={id} />
      <Toolbar label={trans.__('Tools of the filter')} className="jp-ArgonData-find">
        {model.isReading ? (
          <TextButton icon={stopIcon} onClick={() => model.cancel()}>
            {trans.__('Stop')}
          </TextButton>
        ) : (
          <TextButton
            icon={playIcon}
            isPrimary={!model.isApplied && 'query' in parsed}
            disabled={!('query' in parsed)}
            onClick={() => model.apply()}
          >
            {trans.__('Find')}
          </TextButton>
        )}
        <IconButton
          icon={closeIcon}
          label={trans.__('Take the filter away')}
          disabled={isEmpty}
          onClick={() => {
            model.filter = '';
            model.apply();
          }}
        />
      </Toolbar>
      <div id={id} className="jp-ArgonData-note" aria-live="polite">
        {'query' in parsed ? <Found model={model} /> : <b>{troubleText(parsed, trans)}</b>}
      </div>
    </div>
  );
}

/** How many documents there are, how they were found, by what they are sorted. */
function Found({ model }: { readonly model: DataModel }): JSX.Element {
  const { trans } = useView();
  const { rows, sort } = model;
  const parts: string[] = [];
  if (!model.isApplied) {
    parts.push(trans.__('Enter reads the documents that fit'));
  } else if (model.compare !== undefined && rows !== undefined) {
    parts.push(
      rows.isWhole
        ? trans._n('%2 document differs', '%2 documents differ', rows.length, count(rows.length))
        : trans.__('%1 documents differ so far', count(rows.length))
    );
  } else if (model.count !== undefined) {
    const { count: n, exact } = model.count;
    parts.push(
      exact
        ? trans._n('%2 document', '%2 documents', n, count(n))
        : trans.__('at least %1 documents', count(n))
    );
  } else if (rows?.isWhole === true) {
    parts.push(trans._n('%2 document', '%2 documents', rows.length, count(rows.length)));
  } else if (rows !== undefined && model.error === undefined) {
    parts.push(trans.__('counting…'));
  }
  if (model.isApplied && model.found !== undefined && model.compare === undefined) {
    parts.push(
      model.found.startsWith('index:')
        ? trans.__('found by the index %1', model.found.slice('index:'.length))
        : model.found === 'scan'
          ? trans.__('by a scan')
          : model.found === 'view'
            ? trans.__('made by the view')
            : ''
    );
  }
  if (sort.length > 0 && model.compare === undefined) {
    const by = sort.map(([path, direction]) => `${path} ${direction === 1 ? '↑' : '↓'}`).join(', ');
    parts.push(trans.__('sorted by %1', by));
  }
  return <>{parts.filter(part => part !== '').join(' · ')}</>;
}
