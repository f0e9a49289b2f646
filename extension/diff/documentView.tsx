import { codeIcon, copyIcon, historyIcon, moveDownIcon, moveUpIcon } from '@jupyterlab/ui-components';
import { useMemo, useState } from 'react';
import type { Change, DocumentDiff, State } from '../client/protocol';
import { pythonCell } from '../data/pythonCell';
import { count } from '../format/count';
import { idText } from '../format/value';
import { opName } from '../graph/row';
import { IconButton, Segmented, Sign, TextButton } from '../panel/parts';
import { CommandIds } from '../commands/ids';
import { pinned } from '../model/refs';
import type { DiffModel } from './diffModel';
import { ChangeTable } from './changeTable';
import { fieldTable } from './fieldRows';
import { ChangeOrigin } from '../view/originLine';
import { useView } from '../view/viewContext';
import { Toolbar } from '../view/toolbar';
import { useIntoNotebook } from '../view/useIntoNotebook';
import { useHistory } from '../view/useHistory';
import { useRoving } from '../view/useRoving';
import { DocumentFacts, HISTORY_MAX } from './documentFacts';

/** One document: its fields on both sides, and what happened to it before. */
export function DocumentView(props: {
  readonly model: DiffModel;
  readonly document: DocumentDiff;
  readonly onStep: (by: 1 | -1) => void;
}): JSX.Element {
  const { model, document } = props;
  const { trans, copy } = useView();
  const [isAll, setAll] = useState(false);
  const [shape, setShape] = useState<'fields' | 'unified' | 'json'>('fields');
  const isJson = shape === 'json';
  const [note, setNote] = useState('');
  const insert = useIntoNotebook(setNote);
  const [hasHistory, setHistory] = useState(true);
  const table = useMemo(() => fieldTable(document, isAll), [document, isAll]);
  const name = `${document.collection} / ${idText(document.id)}`;
  const ref = model.diff === undefined ? undefined : pinned(model.diff.to);
  const { collection, id } = document;
  const changes = useHistory(
    ref === undefined ? undefined : { project: model.project, ref, collection, id, limit: HISTORY_MAX }
  );
  return (
    <div className="jp-ArgonDocument">
      <Toolbar label={trans.__('Tools of this document')} className="jp-ArgonDocument-head">
        <h3 title={name}>{name}</h3>
        <span className="jp-ArgonDocument-note">
          {document.op === 'update'
            ? table.total === undefined
              ? trans._n('%2 field changed', '%2 fields changed', table.changed, count(table.changed))
              : trans.__('%1 of %2 fields changed', count(table.changed), count(table.total))
            : opName(document.op, trans)}
        </span>
        <Segmented
          label={trans.__('Which fields')}
          choices={[
            ['changed', trans.__('Changed')],
            ['all', trans.__('All fields')]
          ]}
          value={isAll ? 'all' : 'changed'}
          onChange={value => setAll(value === 'all')}
        />
        <Segmented
          label={trans.__('How values are shown')}
          choices={[
            ['fields', trans.__('Fields')],
            ['unified', trans.__('Unified')],
            ['json', trans.__('JSON')]
          ]}
          value={shape}
          onChange={setShape}
        />
        <IconButton
          icon={moveUpIcon}
          label={trans.__('Previous document (K)')}
          onClick={() => props.onStep(-1)}
        />
        <IconButton
          icon={moveDownIcon}
          label={trans.__('Next document (J)')}
          onClick={() => props.onStep(1)}
        />
        <IconButton
          icon={copyIcon}
          label={isJson ? trans.__('Copy as JSON') : trans.__('Copy the _id')}
          onClick={() =>
            copy(
              isJson ? JSON.stringify(document.after ?? document.before, undefined, 2) : idText(document.id)
            )
          }
        />
        <IconButton
          icon={codeIcon}
          label={trans.__('Open in notebook')}
          onClick={() => insert(readingCell(model, document))}
        />
        <TextButton icon={historyIcon} aria-pressed={hasHistory} onClick={() => setHistory(!hasHistory)}>
          {trans.__('History')}
        </TextButton>
      </Toolbar>
      {note !== '' && (
        <p className="jp-ArgonDocument-facts" role="status">
          {note}
        </p>
      )}
      <DocumentFacts model={model} document={document} changes={changes} />
      {isJson ? (
        <div className="jp-ArgonDocument-json">
          <pre tabIndex={0}>{json(document.before, trans.__('not there'))}</pre>
          <pre tabIndex={0}>{json(document.after, trans.__('not there'))}</pre>
        </div>
      ) : (
        <ChangeTable
          rows={table.rows}
          from={model.diff === undefined ? model.from : pinned(model.diff.from)}
          to={model.diff === undefined ? model.to : pinned(model.diff.to)}
          isUnified={shape === 'unified'}
        />
      )}
      {!isJson && table.left > 0 && (
        <p className="jp-ArgonDocument-more">
          {trans.__('%1 more fields; see them as JSON', count(table.left))}
        </p>
      )}
      {!isJson && table.unchanged.length > 0 && (
        <p className="jp-ArgonDocument-more" title={table.unchanged.join(', ')}>
          {trans.__('%1 unchanged:', count(table.unchanged.length))} <code>{table.unchanged.join(', ')}</code>
        </p>
      )}
      {hasHistory && <DocumentHistory model={model} document={document} changes={changes} />}
    </div>
  );
}

/** A cell that reads a document where it is there: at the side that the diff goes to, or came from. */
function readingCell({ project, diff, from, to }: DiffModel, { collection, id, op }: DocumentDiff): string {
  const state = op === 'delete' ? diff?.from : diff?.to;
  const ref = state === undefined ? (op === 'delete' ? from : to) : pinned(state);
  return pythonCell({ project, ref, collection, filter: { _id: id }, sort: [], columns: undefined });
}

function json(document: unknown, missing: string): string {
  return document === undefined ? missing : JSON.stringify(document, undefined, 2);
}

function DocumentHistory(props: {
  readonly model: DiffModel;
  readonly document: DocumentDiff;
  readonly changes: readonly Change[] | undefined;
}): JSX.Element {
  const { model, document, changes } = props;
  const { commands, trans } = useView();
  const roving = useRoving<HTMLElement>();
  const state = model.diff?.to;
  if (changes === undefined || state === undefined) {
    return <p className="jp-ArgonDocument-more">{trans.__('Reading the history of this document…')}</p>;
  }
  const more = (view: 'history' | 'blame') => () =>
    void commands.execute(CommandIds.documentHistory, {
      project: model.project,
      ref: pinned(state),
      collection: document.collection,
      id: JSON.stringify(document.id),
      view
    });
  return (
    <section {...roving} className="jp-ArgonDocument-history">
      <h3>
        {trans.__('History of this document')}{' '}
        <span className="jp-ArgonDocument-note">
          {trans._n(
            '%2 change on %3 and its ancestors',
            '%2 changes on %3 and its ancestors',
            changes.length,
            count(changes.length),
            state.branch ?? pinned(state)
          )}
        </span>
        <button type="button" className="jp-ArgonLink" onClick={more('history')}>
          {trans.__('All versions')}
        </button>
        {' · '}
        <button type="button" className="jp-ArgonLink" onClick={more('blame')}>
          {trans.__('Who wrote which field')}
        </button>
      </h3>
      <ul>
        {changes.map(change => (
          <VersionLine key={`${change.timeline}:${change.lsn}`} model={model} state={state} change={change} />
        ))}
      </ul>
    </section>
  );
}

/** One version of the document, with what can be done about it. */
function VersionLine(props: {
  readonly model: DiffModel;
  /** The state whose history it is in. */
  readonly state: State;
  readonly change: Change;
}): JSX.Element {
  const { model, state, change } = props;
  const { client, commands, trans } = useView();
  const { lsn, collection, id } = change;
  const branch = change.branch ?? state.branch;
  // What an ancestor did is undone there.
  const isOwn = change.timeline === state.timeline && state.branch !== undefined;
  const run = (command: string, args: Record<string, string | number>) => () =>
    void commands.execute(command, args);
  return (
    <li>
      <span className="jp-ArgonDocument-lsn">{count(lsn)}</span>
      <Sign op={change.op} label={opName(change.op, trans)} />
      <span className="jp-ArgonDocument-what">
        {change.op === 'update'
          ? trans._n(
              '%2 field changed',
              '%2 fields changed',
              change.fields.length,
              count(change.fields.length)
            )
          : opName(change.op, trans)}
      </span>
      <span className="jp-ArgonDocument-origin">
        <ChangeOrigin change={change} />
      </span>
      {branch !== undefined && (
        <span className="jp-ArgonDocument-actions">
          <button
            type="button"
            className="jp-ArgonLink"
            onClick={run(CommandIds.diff, { from: `${branch}@${lsn - 1}`, to: `${branch}@${lsn}` })}
          >
            {trans.__('Diff before and after')}
          </button>
          {isOwn && !client.isReadOnly && (
            <button
              type="button"
              className="jp-ArgonLink"
              onClick={run(CommandIds.undo, { branch, firstLsn: lsn, lastLsn: lsn })}
            >
              {trans.__('Undo this change…')}
            </button>
          )}
          <button
            type="button"
            className="jp-ArgonLink"
            onClick={run(CommandIds.browseData, {
              project: model.project,
              ref: `${branch}@${lsn}`,
              collection,
              filter: JSON.stringify({ _id: id })
            })}
          >
            {trans.__('Open this state')}
          </button>
        </span>
      )}
    </li>
  );
}
