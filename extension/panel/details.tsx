import {
  copyIcon,
  deleteIcon,
  ellipsesIcon,
  historyIcon,
  jumpForwardIcon,
  treeViewIcon,
  undoIcon
} from '@jupyterlab/ui-components';
import { useEffect, useState } from 'react';
import { messageOf } from '../client/rpcError';
import type { Change, Entry } from '../client/protocol';
import { CommandIds } from '../commands/ids';
import { count, lsnRange, plainRange } from '../format/count';
import { moment } from '../format/time';
import { gist, idText, inline, pathText } from '../format/value';
import { oneChange, title } from '../format/words';
import { opName } from '../graph/row';
import { runName, runValue } from '../graph/rowName';
import { branchAddIcon, diffIcon, mergeIcon, pinIcon, runIcon } from '../icons';
import { refOfEntry } from '../model/refs';
import type { ProjectModel } from '../model/project';
import { useNow, usePanel } from './context';
import { below } from '../view/menu';
import { OriginLine } from '../view/originLine';
import { openMoreMenu } from './entryMenu';
import { IconButton, SectionTitle, Sign, TextButton } from './parts';
import { useRoving } from '../view/useRoving';

/** Changes that the details show; the diff view shows all. */
const CHANGES_MAX = 5;

/** The section with the selected entry: what changed, who, which cell, when, what runs on it, what can be done. */
export function DetailsSection(props: {
  readonly project: ProjectModel;
  readonly entry: Entry;
}): JSX.Element {
  const { project, entry } = props;
  const { panel, trans, copy } = usePanel();
  const [isExpanded, setExpanded] = useState(true);
  const roving = useRoving();
  const branch = project.history.timelines.get(entry.timeline)?.branch;
  return (
    <section className="jp-ArgonSection jp-ArgonDetails" aria-label={trans.__('Selected entry')}>
      <SectionTitle
        title={trans.__('Selected')}
        note={trans.__('LSN %1', lsnRange(entry.firstLsn, entry.lastLsn))}
        isOpen={isExpanded}
        onToggle={() => setExpanded(!isExpanded)}
      >
        <IconButton
          icon={copyIcon}
          label={trans.__('Copy the ref of this state')}
          onClick={() => {
            const ref = `${branch ?? ''}@${entry.lastLsn}`;
            copy(ref);
            panel.say({ kind: 'done', text: trans.__('%1 was copied.', ref) });
          }}
        />
      </SectionTitle>
      {isExpanded && (
        <div {...roving} className="jp-ArgonDetails-body">
          <Heading entry={entry} branch={branch} />
          <Changes project={project} entry={entry} />
          <Runs project={project} entry={entry} />
          <EntryActions project={project} entry={entry} branch={branch} />
        </div>
      )}
    </section>
  );
}

function Heading(props: { readonly entry: Entry; readonly branch: string | undefined }): JSX.Element {
  const { entry, branch } = props;
  const { trans, openCell } = usePanel();
  const now = useNow(60_000);
  const words = title(entry, trans);
  return (
    <>
      <h3>{branch === undefined ? words : trans.__('%1 on %2', words, branch)}</h3>
      <div className="jp-ArgonDetails-origin">
        <OriginLine
          origin={entry.origin}
          time={entry.lastAt}
          when={moment(entry.lastAt, now, trans)}
          openCell={openCell}
          trans={trans}
        />
        {entry.merge !== undefined && ` · ${entry.merge.source}@${entry.merge.sourceLsn}`}
        {entry.undo !== undefined &&
          ` · ${trans.__('undoes %1', plainRange(entry.undo.firstLsn, entry.undo.lastLsn))}`}
      </div>
    </>
  );
}

function Changes(props: { readonly project: ProjectModel; readonly entry: Entry }): JSX.Element {
  const { project, entry } = props;
  const { commands, trans } = usePanel();
  const [changes, setChanges] = useState<readonly Change[]>();
  const [trouble, setTrouble] = useState<string>();
  const written = entry.inserts + entry.updates + entry.deletes;
  useEffect(() => {
    let isCurrent = true;
    setTrouble(undefined);
    if (written === 0) {
      setChanges([]);
      return;
    }
    project.changes(entry, CHANGES_MAX).then(
      found => isCurrent && setChanges(found),
      (error: unknown) => isCurrent && setTrouble(messageOf(error))
    );
    return () => {
      isCurrent = false;
    };
  }, [project, entry.timeline, entry.firstLsn, entry.lastLsn]);
  const left = written - (changes?.length ?? 0);
  const branch = project.history.timelines.get(entry.timeline)?.branch;
  const browse = (collection: string) =>
    void commands.execute(CommandIds.browseData, {
      project: project.name,
      ref: `${branch}@${entry.lastLsn}`,
      collection
    });
  return (
    <ul className="jp-ArgonDetails-changes">
      {entry.catalog.slice(0, CHANGES_MAX).map((change, index) => (
        <li key={`catalog${index}`}>
          <Sign op={signOf(change.op)} label={change.op} />
          <span className="jp-ArgonDetails-document">
            <button
              type="button"
              className="jp-ArgonLink"
              disabled={branch === undefined || change.op === 'dropped'}
              title={trans.__('Browse %1', change.collection)}
              onClick={() => browse(change.collection)}
            >
              {change.collection}
            </button>
          </span>
          <span className="jp-ArgonDetails-gist">{oneChange(change, trans)}</span>
        </li>
      ))}
      {trouble !== undefined && <li className="jp-ArgonDetails-gist">{trouble}</li>}
      {changes === undefined && trouble === undefined && (
        <li className="jp-ArgonDetails-gist">{trans.__('Reading the changes…')}</li>
      )}
      {changes?.map(change => (
        <li key={change.lsn}>
          <Sign op={change.op} label={opName(change.op, trans)} />
          <span className="jp-ArgonDetails-document" title={`${change.collection} / ${idText(change.id)}`}>
            <button
              type="button"
              className="jp-ArgonLink"
              disabled={branch === undefined}
              aria-label={trans.__('Browse %1', change.collection)}
              onClick={() => browse(change.collection)}
            >
              {change.collection}
            </button>
            {' / '}
            <button
              type="button"
              className="jp-ArgonLink"
              disabled={branch === undefined}
              aria-label={trans.__('History of %1 in %2', idText(change.id), change.collection)}
              onClick={() =>
                void commands.execute(CommandIds.documentHistory, {
                  project: project.name,
                  ref: `${branch}@${entry.lastLsn}`,
                  collection: change.collection,
                  id: JSON.stringify(change.id)
                })
              }
            >
              {idText(change.id)}
            </button>
          </span>
          <ChangeGist change={change} />
        </li>
      ))}
      {changes !== undefined && left > 0 && (
        <li className="jp-ArgonDetails-more">
          <button
            type="button"
            className="jp-ArgonLink"
            disabled={branch === undefined}
            onClick={() =>
              void commands.execute(CommandIds.diff, {
                from: `${branch}@${entry.firstLsn - 1}`,
                to: `${branch}@${entry.lastLsn}`
              })
            }
          >
            {trans.__('%1 more in the diff', count(left))}
          </button>
        </li>
      )}
    </ul>
  );
}

function ChangeGist({ change }: { readonly change: Change }): JSX.Element {
  const { trans } = usePanel();
  const first = change.fields[0];
  if (change.op === 'update' && first !== undefined) {
    const rest = change.fields.length - 1;
    const text = trans.__(
      '%1 %2 → %3',
      pathText(first.path),
      first.before.missing === true ? trans.__('not there') : inline(first.before.value, 24),
      first.after.missing === true ? trans.__('not there') : inline(first.after.value, 24)
    );
    return (
      <span className="jp-ArgonDetails-gist" title={text}>
        {rest === 0 ? text : trans.__('%1, +%2', text, count(rest))}
      </span>
    );
  }
  const document = change.after ?? change.before;
  const fields = typeof document === 'object' && document !== null ? Object.keys(document).length - 1 : 0;
  return (
    <span className="jp-ArgonDetails-gist">
      {gist(document) || trans._n('%2 field', '%2 fields', fields, count(fields))}
    </span>
  );
}

function signOf(op: string): 'insert' | 'update' | 'delete' {
  return op === 'created' || op === 'indexed'
    ? 'insert'
    : op === 'dropped' || op === 'unindexed'
      ? 'delete'
      : 'update';
}

function Runs(props: { readonly project: ProjectModel; readonly entry: Entry }): JSX.Element | null {
  const { trans, commands } = usePanel();
  const { project, entry } = props;
  const runs = project.runs.filter(
    run => run.timeline === entry.timeline && run.lsn >= entry.firstLsn && run.lsn <= entry.lastLsn
  );
  if (runs.length === 0) {
    return null;
  }
  return (
    <div className="jp-ArgonDetails-runs">
      <span>{trans.__('Runs on this state')}</span>
      {runs.map(run => (
        <span key={run.id} className="jp-ArgonRun">
          <runIcon.react tag="span" className="jp-ArgonIcon jp-mod-small" />
          <button
            type="button"
            className="jp-ArgonLink"
            title={trans.__('Switch the session to the state that %1 saw', runName(run))}
            onClick={() => void commands.execute(CommandIds.switchTo, { ref: `run:${run.id}` })}
          >
            {runName(run)}
          </button>
          <span className="jp-ArgonRun-value">{runValue(run)}</span>
          <IconButton
            icon={treeViewIcon}
            label={trans.__('Show the lineage of %1', runName(run))}
            onClick={() => void commands.execute(CommandIds.lineage, { run: run.id })}
          />
        </span>
      ))}
    </div>
  );
}

function EntryActions(props: {
  readonly project: ProjectModel;
  readonly entry: Entry;
  readonly branch: string | undefined;
}): JSX.Element {
  const { project, entry, branch } = props;
  const { panel, commands, trans } = usePanel();
  const ref = refOfEntry(entry, project);
  if (ref === undefined || branch === undefined) {
    return (
      <p className="jp-ArgonDetails-reason">
        {trans.__(
          'No branch shows this line any more; it stays readable where a pin, a run or a fork holds it.'
        )}
      </p>
    );
  }
  const isReadOnly = panel.workspace.client.isReadOnly;
  const isDefault = branch === project.defaultBranch;
  const has = panel.workspace.session !== undefined;
  const execute = (command: string, args: Record<string, string | number>) => () =>
    void commands.execute(command, args);
  const { firstLsn, lastLsn } = entry;
  const reason = isReadOnly
    ? trans.__('Writing is off: the bridge is of another version.')
    : !has
      ? trans.__('Switch needs a notebook whose kernel has loaded Argon.')
      : isDefault
        ? trans.__('The default branch cannot be deleted.')
        : undefined;
  return (
    <>
      <div className="jp-ArgonDetails-actions" role="group" aria-label={trans.__('Actions on this entry')}>
        <TextButton
          icon={jumpForwardIcon}
          disabled={!has || isReadOnly}
          onClick={execute(CommandIds.switchTo, { ref })}
        >
          {trans.__('Switch')}
        </TextButton>
        <TextButton
          icon={branchAddIcon}
          disabled={isReadOnly}
          onClick={execute(CommandIds.createBranch, { from: ref })}
        >
          {trans.__('Branch here')}
        </TextButton>
        <TextButton
          icon={pinIcon}
          disabled={isReadOnly}
          onClick={execute(CommandIds.createPin, { ref: `${branch}@${lastLsn}` })}
        >
          {trans.__('Pin…')}
        </TextButton>
        <TextButton icon={diffIcon} onClick={execute(CommandIds.diff, { to: ref })}>
          {trans.__('Diff with…')}
        </TextButton>
        <TextButton
          icon={mergeIcon}
          disabled={isReadOnly}
          onClick={execute(CommandIds.merge, { source: ref })}
        >
          {trans.__('Merge into…')}
        </TextButton>
        <TextButton
          icon={historyIcon}
          onClick={execute(CommandIds.restore, { branch, to: `${branch}@${lastLsn}` })}
        >
          {trans.__('Restore preview')}
        </TextButton>
        <TextButton
          icon={undoIcon}
          disabled={isReadOnly}
          onClick={execute(CommandIds.undo, { branch, firstLsn, lastLsn })}
        >
          {trans.__('Undo…')}
        </TextButton>
        <TextButton
          icon={deleteIcon}
          disabled={isReadOnly || isDefault}
          onClick={execute(CommandIds.deleteBranch, { branch })}
        >
          {trans.__('Delete…')}
        </TextButton>
        <TextButton
          icon={ellipsesIcon}
          aria-haspopup="menu"
          onClick={event => openMoreMenu(entry, project, commands, below(event.currentTarget))}
        >
          {trans.__('More')}
        </TextButton>
      </div>
      {reason !== undefined && <p className="jp-ArgonDetails-reason">{reason}</p>}
    </>
  );
}
