import { codeIcon, historyIcon } from '@jupyterlab/ui-components';
import { useCallback, useMemo } from 'react';
import type { Change, DocumentDiff } from '../client/protocol';
import { CommandIds } from '../commands/ids';
import { ChangeTable } from '../diff/changeTable';
import { fieldTable } from '../diff/fieldRows';
import { count } from '../format/count';
import { ago } from '../format/time';
import { opName } from '../graph/row';
import { diffIcon, runIcon, dataIcon } from '../icons';
import { Sign, TextButton } from '../panel/parts';
import { Toolbar } from '../view/toolbar';
import { ChangeOrigin } from '../view/originLine';
import { useView } from '../view/viewContext';
import { VirtualList } from '../view/virtualList';
import type { HistoryModel } from './historyModel';

const LINE_PX = 40;

/** The versions of a document newest first, and the selected one with what it changed. */
export function Versions({ model }: { readonly model: HistoryModel }): JSX.Element {
  const { trans } = useView();
  const changes = model.changes ?? [];
  const onEnd = useCallback(() => void model.readOlder(), [model]);
  return (
    <div className="jp-ArgonView-columns">
      <div className="jp-ArgonView-side jp-ArgonHistory-side">
        {model.hasNewer && (
          <div className="jp-ArgonHistory-newer">
            <TextButton disabled={model.isReading} onClick={() => void model.readNewer()}>
              {trans.__('Newer versions')}
            </TextButton>
          </div>
        )}
        <VirtualList
          label={trans.__('Versions')}
          rowPx={LINE_PX}
          count={changes.length}
          active={model.selected}
          idOf={index => `jp-argon-version-${index}`}
          render={index => (
            <Line
              change={changes[index]!}
              id={`jp-argon-version-${index}`}
              isActive={index === model.selected}
              onSelect={() => {
                model.selected = index;
              }}
            />
          )}
          onMove={to => {
            model.selected = to;
          }}
          onEnd={onEnd}
        />
        <p className="jp-ArgonHistory-end" role="status">
          {model.isReading
            ? trans.__('Reading versions…')
            : model.hasOlder
              ? trans.__('%1 versions so far', count(changes.length))
              : trans._n('%2 version', '%2 versions', changes.length, count(changes.length))}
        </p>
      </div>
      <div className="jp-ArgonView-main">
        {model.change !== undefined && <Version key={model.change.lsn} model={model} change={model.change} />}
      </div>
    </div>
  );
}

function Line(props: {
  readonly change: Change;
  readonly id: string;
  readonly isActive: boolean;
  readonly onSelect: () => void;
}): JSX.Element {
  const { change } = props;
  const { trans } = useView();
  return (
    <div
      id={props.id}
      role="treeitem"
      aria-level={1}
      aria-selected={props.isActive}
      className="jp-ArgonLine jp-ArgonHistory-line"
      onClick={props.onSelect}
    >
      <Sign op={change.op} label={opName(change.op, trans)} />
      <span>
        <b>{whatHappened(change)}</b>
        <span className="jp-ArgonLine-gist">
          {[ago(change.time, Date.now(), trans), change.origin.actor, change.branch ?? '']
            .filter(part => part !== '')
            .join(' · ')}
        </span>
      </span>
      <span className="jp-ArgonLine-note">{count(change.lsn)}</span>
    </div>
  );

  function whatHappened({ op, fields }: Change): string {
    return op === 'update'
      ? trans._n('%2 field changed', '%2 fields changed', fields.length, count(fields.length))
      : opName(op, trans);
  }
}

/** Who, when, in which cell, seen by which runs; the fields before and after. */
function Version({ model, change }: { readonly model: HistoryModel; readonly change: Change }): JSX.Element {
  const { client, commands, trans } = useView();
  const { project, collection, id } = model.place;
  const table = useMemo(() => fieldTable(asDiff(change), false), [change]);
  const at = change.branch === undefined ? undefined : `${change.branch}@${change.lsn}`;
  const before = change.branch === undefined ? undefined : `${change.branch}@${change.lsn - 1}`;
  const runs = model.runs(change);
  const home = model.place.ref.replace(/@.*$/, '');
  const canRestore = at !== undefined && !home.includes(':') && !client.isReadOnly;
  return (
    <article aria-label={trans.__('Version at LSN %1', count(change.lsn))}>
      <div className="jp-ArgonDocument-head">
        <h3>{trans.__('LSN %1', count(change.lsn))}</h3>
        <span className="jp-ArgonDocument-note">
          {opName(change.op, trans)}
          {' · '}
          <ChangeOrigin change={change} isAgo />
        </span>
      </div>
      <Toolbar className="jp-ArgonData-actions" label={trans.__('Actions on this version')}>
        <TextButton
          icon={dataIcon}
          disabled={at === undefined}
          onClick={() =>
            void commands.execute(CommandIds.browseData, {
              project,
              ref: at!,
              collection,
              filter: JSON.stringify({ _id: id })
            })
          }
        >
          {trans.__('Open this state')}
        </TextButton>
        <TextButton
          icon={diffIcon}
          disabled={at === undefined}
          onClick={() => void commands.execute(CommandIds.diff, { from: before!, to: at! })}
        >
          {trans.__('Diff before and after')}
        </TextButton>
        <TextButton
          icon={historyIcon}
          disabled={!canRestore}
          onClick={() =>
            void commands.execute(CommandIds.restoreDocument, {
              project,
              branch: home,
              ref: at!,
              collection,
              id: JSON.stringify(id)
            })
          }
        >
          {trans.__('Restore this value…')}
        </TextButton>
      </Toolbar>
      {at === undefined && (
        <p className="jp-ArgonView-none">
          {trans.__('No branch shows this line any more, so its states have no name to open them by.')}
        </p>
      )}
      {runs !== undefined && runs.length > 0 && (
        <p className="jp-ArgonHistory-runs">
          <runIcon.react tag="span" className="jp-ArgonIcon jp-mod-small" />
          {trans.__('Seen by %1', runs.map(({ run }) => run.facts['name'] ?? run.id).join(', '))}
        </p>
      )}
      <ChangeTable rows={table.rows} from={trans.__('Before')} to={trans.__('After')} />
      {table.left > 0 && (
        <p className="jp-ArgonDocument-more">{trans.__('%1 more fields', count(table.left))}</p>
      )}
      {table.unchanged.length > 0 && (
        <p className="jp-ArgonDocument-more" title={table.unchanged.join(', ')}>
          {trans.__('%1 unchanged:', count(table.unchanged.length))} <code>{table.unchanged.join(', ')}</code>
        </p>
      )}
      <p className="jp-ArgonHistory-blame">
        <TextButton
          icon={codeIcon}
          onClick={() => {
            model.view = 'blame';
          }}
        >
          {trans.__('Who wrote which field')}
        </TextButton>
      </p>
    </article>
  );
}

function asDiff({ collection, id, op, fields, before, after }: Change): DocumentDiff {
  return { collection, id, op, fields, before, after };
}
