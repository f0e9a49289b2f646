import { copyIcon, historyIcon, moveDownIcon, moveUpIcon } from '@jupyterlab/ui-components';
import { useEffect, useMemo, useState } from 'react';
import type { Change, DocumentDiff } from '../client/protocol';
import { count } from '../format/count';
import { moment } from '../format/time';
import { idText } from '../format/value';
import { opName } from '../graph/row';
import { IconButton, Segmented, Sign, TextButton } from '../panel/parts';
import { CommandIds } from '../commands/ids';
import { pinned } from '../model/refs';
import type { DiffModel } from './diffModel';
import { ChangeTable } from './changeTable';
import { fieldTable } from './fieldRows';
import { OriginLine } from '../view/originLine';
import { useView } from '../view/viewContext';
import { Toolbar } from '../view/toolbar';
import { useRoving } from '../view/useRoving';

/** Versions of a document that its history shows. */
const HISTORY_MAX = 20;

/** One document: its fields on both sides, and what happened to it before. */
export function DocumentView(props: {
  readonly model: DiffModel;
  readonly document: DocumentDiff;
  readonly onStep: (by: 1 | -1) => void;
}): JSX.Element {
  const { model, document } = props;
  const { trans, copy } = useView();
  const [isAll, setAll] = useState(false);
  const [isJson, setJson] = useState(false);
  const [hasHistory, setHistory] = useState(true);
  const table = useMemo(() => fieldTable(document, isAll), [document, isAll]);
  const name = `${document.collection} / ${idText(document.id)}`;
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
            ['json', trans.__('JSON')]
          ]}
          value={isJson ? 'json' : 'fields'}
          onChange={value => setJson(value === 'json')}
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
          label={trans.__('Copy the _id')}
          onClick={() => copy(idText(document.id))}
        />
        <TextButton icon={historyIcon} aria-pressed={hasHistory} onClick={() => setHistory(!hasHistory)}>
          {trans.__('History')}
        </TextButton>
      </Toolbar>
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
      {hasHistory && <DocumentHistory model={model} document={document} />}
    </div>
  );
}

function json(document: unknown, missing: string): string {
  return document === undefined ? missing : JSON.stringify(document, undefined, 2);
}

function DocumentHistory(props: {
  readonly model: DiffModel;
  readonly document: DocumentDiff;
}): JSX.Element | null {
  const { model, document } = props;
  const { client, commands, trans, openCell } = useView();
  const more = (view: 'history' | 'blame') => () =>
    void commands.execute(CommandIds.documentHistory, {
      project: model.project,
      ref: ref ?? '',
      collection: document.collection,
      id: JSON.stringify(document.id),
      view
    });
  const [changes, setChanges] = useState<readonly Change[]>();
  const roving = useRoving<HTMLElement>();
  const state = model.diff?.to;
  const ref = state === undefined ? undefined : pinned(state);
  useEffect(() => {
    let isCurrent = true;
    setChanges(undefined);
    if (ref !== undefined) {
      client
        .call('history', {
          project: model.project,
          ref,
          collection: document.collection,
          id: document.id,
          limit: HISTORY_MAX
        })
        .then(
          found => isCurrent && setChanges(found.changes),
          () => isCurrent && setChanges([])
        );
    }
    return () => {
      isCurrent = false;
    };
  }, [client, model.project, ref, document]);
  if (changes === undefined || ref === undefined) {
    return <p className="jp-ArgonDocument-more">{trans.__('Reading the history of this document…')}</p>;
  }
  const now = Date.now();
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
            state?.branch ?? ref
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
        {changes.map(change => {
          const at = change.branch ?? state?.branch;
          return (
            <li key={`${change.timeline}:${change.lsn}`}>
              <span className="jp-ArgonDocument-lsn">{count(change.lsn)}</span>
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
                <OriginLine
                  origin={change.origin}
                  time={change.time}
                  when={moment(change.time, now, trans)}
                  openCell={openCell}
                  trans={trans}
                />
              </span>
              {at !== undefined && (
                <button
                  type="button"
                  className="jp-ArgonLink"
                  onClick={() =>
                    void commands.execute(CommandIds.diff, {
                      from: `${at}@${change.lsn - 1}`,
                      to: `${at}@${change.lsn}`
                    })
                  }
                >
                  {trans.__('Diff before and after')}
                </button>
              )}
            </li>
          );
        })}
      </ul>
    </section>
  );
}
