import type { TranslationBundle } from '@jupyterlab/translation';
import {
  closeIcon,
  refreshIcon,
  saveIcon,
  searchIcon,
  treeViewIcon,
  undoIcon
} from '@jupyterlab/ui-components';
import type { LabIcon } from '@jupyterlab/ui-components';
import { useEffect, useId, useMemo, useRef, type KeyboardEvent, type ReactNode } from 'react';
import { count, plainRange } from '../format/count';
import { fullTime, moment } from '../format/time';
import { changes, writes as writeWords } from '../format/words';
import { diffIcon, readIcon, runIcon, staleIcon, writeIcon } from '../icons';
import { IconButton, MiddleCut, TextButton } from '../panel/parts';
import type { ICellState, ILiveState } from './activity';
import { nameOf, type IBadgeActions } from './badge';
import { cellFacts, type IBranchWritten, type IStateRead } from './cellFacts';
import type { CellDeeds } from './savedCell';

/** Lines of one list; a cell that read more collections says how many more. */
const LINES_MAX = 40;

const STOPS = 'button:not(:disabled)';

/** What a cell read, wrote and started, and what can be done about it. */
export function CellFactsView(props: {
  readonly state: ICellState;
  readonly home: string | undefined;
  readonly actions: IBadgeActions;
  readonly onClose: () => void;
  readonly trans: TranslationBundle;
}): JSX.Element {
  const { state, home, actions, onClose, trans } = props;
  const { activity } = state;
  const { reads, writes, runs } = useMemo(() => cellFacts(activity, home), [activity, home]);
  const title = useId();
  const root = useRef<HTMLDivElement>(null);
  useEffect(() => root.current?.focus(), []);
  const onKeyDown = (event: KeyboardEvent) => {
    // Keys in the pop-up are not for the notebook under it.
    event.stopPropagation();
    if (event.key === 'Escape') {
      event.preventDefault();
      onClose();
    } else if (event.key === 'Tab') {
      stayInside(root.current, event);
    }
  };
  const branch = writes.find(({ standing }) => standing !== undefined)?.branch ?? reads.at(-1)?.branch;
  return (
    <div
      ref={root}
      className="jp-ArgonCellFacts"
      role="dialog"
      aria-labelledby={title}
      tabIndex={-1}
      onKeyDown={onKeyDown}
    >
      <div className="jp-ArgonCellFacts-head">
        <h2 id={title}>{nameOf(activity, trans)}</h2>
        {!state.isSaved && (
          <span className="jp-ArgonCellFacts-time" title={fullTime(state.activity.startedAt)}>
            {moment(state.activity.startedAt, Date.now(), trans)}
          </span>
        )}
        <IconButton icon={closeIcon} label={trans.__('Close')} onClick={onClose} />
      </div>
      {state.isSaved && (
        <Part icon={saveIcon} kind="saved" title={trans.__('Saved with the notebook')}>
          <p>
            {trans.__(
              'What the cell did when it ran, as the notebook says it. What became of that since is not known here.'
            )}
          </p>
          {state.more > 0 && (
            <p className="jp-ArgonCellFacts-fate">{trans.__('%1 more were not saved.', count(state.more))}</p>
          )}
        </Part>
      )}
      {!state.isSaved && state.isStale && <Stale state={state} actions={actions} trans={trans} />}
      {reads.length > 0 && (
        <Part icon={readIcon} kind="read" title={trans.__('Read')}>
          {firstOf(reads).map(read => (
            <StateRead
              key={JSON.stringify([read.project, read.place, read.sandbox])}
              read={read}
              trans={trans}
            />
          ))}
          <More total={reads.length} trans={trans} />
        </Part>
      )}
      {writes.length > 0 && (
        <Part icon={writeIcon} kind="wrote" title={trans.__('Wrote')}>
          {firstOf(writes).map(write => (
            <Written
              key={JSON.stringify([write.project, write.branch])}
              write={write}
              activity={activity}
              isSaved={state.isSaved}
              actions={actions}
              trans={trans}
            />
          ))}
          <More total={writes.length} trans={trans} />
        </Part>
      )}
      {runs.length > 0 && (
        <Part icon={runIcon} kind="run" title={trans.__('Runs')}>
          <ul>
            {firstOf(runs).map(run => (
              <li key={run}>
                <span className="jp-ArgonCellFacts-name" title={run}>
                  {actions.runName(run)}
                </span>
                {!state.isSaved && (
                  <TextButton icon={treeViewIcon} onClick={() => actions.openLineage({ run })}>
                    {trans.__('Open lineage')}
                  </TextButton>
                )}
              </li>
            ))}
          </ul>
          <More total={runs.length} trans={trans} />
        </Part>
      )}
      {!state.isSaved && runs.length === 0 && branch !== undefined && (
        <div className="jp-ArgonCellFacts-foot">
          <TextButton icon={treeViewIcon} onClick={() => actions.openLineage({ branch })}>
            {trans.__('Open lineage')}
          </TextButton>
          <span>{trans.__('It started no run; these are the runs on %1.', branch)}</span>
        </div>
      )}
    </div>
  );
}

function Stale(props: {
  readonly state: ILiveState;
  readonly actions: IBadgeActions;
  readonly trans: TranslationBundle;
}): JSX.Element {
  const { actions, trans } = props;
  const { changesSince } = props.state;
  return (
    <Part icon={staleIcon} kind="stale" title={trans.__('Stale')}>
      <p>
        {changesSince > 0
          ? trans.__(
              '%1 since it read its data. Its output may not fit any more.',
              changes(changesSince, trans)
            )
          : trans.__('What it read has changed since. Its output may not fit any more.')}
      </p>
      <div className="jp-ArgonCellFacts-actions">
        <TextButton icon={refreshIcon} onClick={actions.runAgain}>
          {trans.__('Run again')}
        </TextButton>
      </div>
    </Part>
  );
}

function Part(props: {
  readonly icon: LabIcon;
  readonly kind: 'saved' | 'stale' | 'read' | 'wrote' | 'run';
  readonly title: string;
  readonly children: ReactNode;
}): JSX.Element {
  const { icon: Icon } = props;
  const title = useId();
  return (
    <section className={`jp-ArgonCellFacts-part jp-mod-${props.kind}`} aria-labelledby={title}>
      <h3 id={title}>
        <Icon.react tag="span" className="jp-ArgonIcon jp-mod-medium" />
        {props.title}
      </h3>
      {props.children}
    </section>
  );
}

function StateRead(props: { readonly read: IStateRead; readonly trans: TranslationBundle }): JSX.Element {
  const { read, trans } = props;
  return (
    <>
      <p className="jp-ArgonCellFacts-place">
        <Place project={read.project} place={read.place} />
        {read.sandbox !== undefined && (
          <span className="jp-ArgonCellFacts-note">{trans.__('through the sandbox %1', read.sandbox)}</span>
        )}
        {!read.place.endsWith(`@${read.lsn}`) && (
          <span className="jp-ArgonCellFacts-note">{trans.__('LSN %1', String(read.lsn))}</span>
        )}
      </p>
      <ul>
        {firstOf(read.collections).map(collection => (
          <li key={collection.name}>
            <Name text={collection.name} />
            <span className="jp-ArgonCellFacts-count">
              {trans._n('%2 document', '%2 documents', collection.documents, count(collection.documents))}
            </span>
          </li>
        ))}
      </ul>
      <More total={read.collections.length} trans={trans} />
    </>
  );
}

function Written(props: {
  readonly write: IBranchWritten;
  readonly activity: CellDeeds;
  /** Whether the notebook says so, and nobody knows what became of it. */
  readonly isSaved: boolean;
  readonly actions: IBadgeActions;
  readonly trans: TranslationBundle;
}): JSX.Element {
  const { write, activity, isSaved, actions, trans } = props;
  const range = plainRange(write.firstLsn, write.lastLsn);
  return (
    <>
      <p className="jp-ArgonCellFacts-place">
        <Place project={write.project} place={`${write.branch}@${range}`} />
      </p>
      <ul>
        {firstOf(write.collections).map(part => (
          <li key={JSON.stringify([part.collection, part.firstLsn])}>
            <Name text={part.collection} />
            <code className="jp-ArgonCellFacts-lsn">{plainRange(part.firstLsn, part.lastLsn)}</code>
            <span className="jp-ArgonCellFacts-count">
              {writeWords(part, trans) || trans.__('catalog')}
              {write.fate === 'partly' && part.fate !== undefined
                ? ` · ${part.fate === 'undone' ? trans.__('undone') : trans.__('gone')}`
                : ''}
            </span>
          </li>
        ))}
      </ul>
      <More total={write.collections.length} trans={trans} />
      {!isSaved && <p className="jp-ArgonCellFacts-fate">{fateSentence(write, trans)}</p>}
      {!isSaved && write.fate !== 'gone' && (
        <div className="jp-ArgonCellFacts-actions">
          {write.standing !== undefined && (
            <TextButton
              icon={undoIcon}
              disabled={actions.isReadOnly}
              onClick={() => actions.undo(write, activity)}
            >
              {trans.__('Undo…')}
            </TextButton>
          )}
          <TextButton icon={diffIcon} onClick={() => actions.diff(write)}>
            {trans.__('Diff')}
          </TextButton>
          <TextButton icon={searchIcon} onClick={() => actions.show(write)}>
            {trans.__('Show in panel')}
          </TextButton>
        </div>
      )}
      {!isSaved && actions.isReadOnly && write.standing !== undefined && (
        <p className="jp-ArgonCellFacts-fate">
          {trans.__('Writing is off: the bridge is of another version.')}
        </p>
      )}
    </>
  );
}

/** What became of the writes, in a sentence. */
function fateSentence({ fate }: IBranchWritten, trans: TranslationBundle): string {
  switch (fate) {
    case 'stands':
      return trans.__('All of it stands.');
    case 'undone':
      return trans.__('All of it was undone.');
    case 'partly':
      return trans.__('Some of it stands; Undo takes back what does.');
    case 'gone':
      return trans.__('Gone: the branch was deleted, or reset to a state before it.');
  }
}

function Place(props: { readonly project: string | undefined; readonly place: string }): JSX.Element {
  const text = props.project === undefined ? props.place : `${props.project}/${props.place}`;
  return (
    <code>
      <MiddleCut text={text} tail={12} />
    </code>
  );
}

function Name({ text }: { readonly text: string }): JSX.Element {
  return (
    <span className="jp-ArgonCellFacts-name" title={text}>
      {text}
    </span>
  );
}

function More(props: { readonly total: number; readonly trans: TranslationBundle }): JSX.Element | null {
  const more = props.total - LINES_MAX;
  return more > 0 ? (
    <p className="jp-ArgonCellFacts-fate">{props.trans.__('and %1 more', count(more))}</p>
  ) : null;
}

function firstOf<T>(items: readonly T[]): readonly T[] {
  return items.slice(0, LINES_MAX);
}

/** From the last button Tab goes to the first, and back: Escape is the way out. */
function stayInside(root: HTMLElement | null, event: KeyboardEvent): void {
  const stops = [...(root?.querySelectorAll<HTMLElement>(STOPS) ?? [])];
  const { activeElement } = document;
  const isAtEnd = event.shiftKey
    ? activeElement === stops[0] || activeElement === root
    : activeElement === stops.at(-1);
  if (isAtEnd) {
    event.preventDefault();
    (event.shiftKey ? stops.at(-1) : stops[0])?.focus();
  }
}
