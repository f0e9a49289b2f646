import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import type { Branch, Entry, State } from '../client/protocol';
import { codeOf, messageOf } from '../client/rpcError';
import { CommandIds } from '../commands/ids';
import { count, lsnRange } from '../format/count';
import { age } from '../format/time';
import { note, title } from '../format/words';
import { runName } from '../graph/rowName';
import { branchIcon, errorIcon } from '../icons';
import { keyOf } from '../model/history';
import type { ProjectModel } from '../model/project';
import { useNow, usePanel } from './context';
import { HistorySection } from './history';
import { TextButton } from './parts';

/** Branches that one search shows; the bridge says how many there are. */
const BRANCHES_MAX = 100;

/** Entries of the loaded history that one search shows. */
const ENTRIES_MAX = 100;

/** A pause in typing, in milliseconds, after which the bridge is asked. */
const PAUSE_MS = 120;

/** What a search found. */
export interface IFound {
  readonly branches: readonly Branch[];
  readonly total: number;
  /** Set when the text is a ref: the state, or why there is none. */
  readonly state: State | { readonly message: string; readonly code: string } | undefined;
}

/** Searches branches by name, and resolves the text when it looks like a ref. */
export function useSearch(project: ProjectModel): IFound | undefined {
  const { panel } = usePanel();
  const { client } = panel.workspace;
  const text = panel.filter.trim();
  const [found, setFound] = useState<IFound>();
  useEffect(() => {
    if (text === '') {
      setFound(undefined);
      return;
    }
    let isCurrent = true;
    const timer = setTimeout(() => {
      const isRef = /[@:]/.test(text);
      void Promise.all([
        client
          .call('branch.list', { project: project.name, search: text, limit: BRANCHES_MAX })
          .catch(() => undefined),
        isRef
          ? client.call('ref.resolve', { project: project.name, ref: text }).catch((error: unknown) => ({
              message: messageOf(error),
              code: codeOf(error)
            }))
          : undefined
      ]).then(([list, state]) => {
        if (isCurrent) {
          setFound({ branches: list?.branches ?? [], total: list?.total ?? 0, state });
        }
      });
    }, PAUSE_MS);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [project, text, client]);
  return found;
}

/** What the filter found: a state, branches, entries; in place of the graph. */
export function SearchResults(props: {
  readonly project: ProjectModel;
  readonly found: IFound;
}): JSX.Element {
  const { project, found } = props;
  const { panel, commands, trans } = usePanel();
  const now = useNow(60_000);
  const text = panel.filter.trim().toLowerCase();
  const entries = matching(project, text);
  const [active, setActive] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => setActive(0), [text]);
  const items: readonly { readonly key: string; readonly run: () => void }[] = [
    ...found.branches.map(branch => ({ key: `branch:${branch.name}`, run: () => showBranch(branch) })),
    ...entries.map(entry => ({ key: `entry:${keyOf(entry)}`, run: () => showEntry(entry) }))
  ];
  const onKeyDown = (event: KeyboardEvent) => {
    const to = { ArrowDown: active + 1, ArrowUp: active - 1, Home: 0, End: items.length - 1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      const next = Math.max(0, Math.min(items.length - 1, to));
      setActive(next);
      list.current?.querySelectorAll('[role="option"]')[next]?.scrollIntoView({ block: 'nearest' });
    } else if (event.key === 'Enter') {
      event.preventDefault();
      items[active]?.run();
    } else if (event.key === 'Escape') {
      panel.filter = '';
    }
  };
  if (found.state !== undefined && items.length === 0) {
    return (
      <>
        <FoundState project={project} state={found.state} />
        <HistorySection project={project} />
      </>
    );
  }
  return (
    <div className="jp-ArgonSearch">
      {found.state !== undefined && <FoundState project={project} state={found.state} />}
      {found.branches.length > 0 && (
        <div className="jp-ArgonSearch-head">
          <span>{trans.__('Branch, last written first')}</span>
          <span>{trans.__('ahead')}</span>
          <span>{trans.__('age')}</span>
        </div>
      )}
      <div
        ref={list}
        className="jp-ArgonSearch-list"
        role="listbox"
        tabIndex={0}
        aria-label={trans.__('Found')}
        aria-activedescendant={items[active] === undefined ? undefined : `jp-argon-found-${active}`}
        onKeyDown={onKeyDown}
      >
        {found.branches.map((branch, index) => (
          <div
            key={branch.name}
            id={`jp-argon-found-${index}`}
            role="option"
            aria-selected={index === active}
            className="jp-ArgonSearch-row"
            onClick={() => showBranch(branch)}
          >
            <branchIcon.react tag="span" className="jp-ArgonIcon" />
            <span className="jp-ArgonSearch-name" title={branch.name}>
              <Highlighted text={branch.name} part={text} />
            </span>
            <span className="jp-ArgonSearch-number">{branch.isDefault ? '' : count(branch.ahead)}</span>
            <span className="jp-ArgonSearch-number">{age(branch.headAt, now, trans)}</span>
          </div>
        ))}
        {entries.length > 0 && (
          <div className="jp-ArgonSearch-head" role="presentation">
            <span>{trans.__('Entry, newest first')}</span>
          </div>
        )}
        {entries.map((entry, offset) => {
          const index = found.branches.length + offset;
          const by = [entry.branch ?? '', note(entry, undefined, trans)]
            .filter(part => part !== '')
            .join(' · ');
          return (
            <div
              key={keyOf(entry)}
              id={`jp-argon-found-${index}`}
              role="option"
              aria-selected={index === active}
              className="jp-ArgonSearch-row"
              onClick={() => showEntry(entry)}
            >
              <span className="jp-ArgonSearch-lsn">{lsnRange(entry.lastLsn, entry.lastLsn)}</span>
              <span className="jp-ArgonSearch-name">
                {title(entry, trans)}
                <span className="jp-ArgonGraph-note">{by === '' ? '' : ` · ${by}`}</span>
              </span>
              <span className="jp-ArgonSearch-number">{age(entry.lastAt, now, trans)}</span>
            </div>
          );
        })}
        {items.length === 0 && (
          <p className="jp-ArgonSearch-none">
            {trans.__('No branch, and no entry of the loaded history, has “%1” in it.', panel.filter.trim())}
          </p>
        )}
      </div>
      <div className="jp-ArgonSearch-foot">
        <span>
          {items.length === 0
            ? ''
            : trans.__('1–%1 of %2', count(items.length), count(found.total + entries.length))}
        </span>
        <span>
          <kbd>↓</kbd> {trans.__('move')} <kbd>{trans.__('Enter')}</kbd> {trans.__('show in graph')}
        </span>
      </div>
    </div>
  );

  function showBranch(branch: Branch): void {
    const entry = project.history.entries.find(
      candidate => candidate.timeline === branch.timeline && candidate.lastLsn === branch.head
    );
    panel.filter = '';
    if (entry !== undefined) {
      panel.select(keyOf(entry));
    } else {
      void commands.execute(CommandIds.diff, { from: project.defaultBranch, to: branch.name });
    }
  }

  function showEntry(entry: Entry): void {
    panel.filter = '';
    panel.select(keyOf(entry));
  }
}

/** Entries whose words hold the text: cell, person, notebook, collection, run, what happened. */
function matching(project: ProjectModel, text: string): readonly Entry[] {
  const runs = new Map<string, string>();
  for (const run of project.runs) {
    const key = `${run.timeline}:${run.lsn}`;
    runs.set(key, `${runs.get(key) ?? ''} ${runName(run)} ${run.id}`);
  }
  return project.history.entries
    .filter(entry => {
      const { actor, notebook, cellNumber } = entry.origin;
      const cell = cellNumber === undefined ? '' : `cell [${cellNumber}]`;
      const words = [actor, notebook ?? '', cell, entry.collections.join(' '), entry.merge?.source ?? ''];
      return `${words.join(' ')} ${runs.get(`${entry.timeline}:${entry.lastLsn}`) ?? ''}`
        .toLowerCase()
        .includes(text);
    })
    .slice(0, ENTRIES_MAX);
}

function Highlighted(props: { readonly text: string; readonly part: string }): JSX.Element {
  const at = props.text.toLowerCase().indexOf(props.part);
  if (at < 0 || props.part === '') {
    return <>{props.text}</>;
  }
  return (
    <>
      {props.text.slice(0, at)}
      <mark>{props.text.slice(at, at + props.part.length)}</mark>
      {props.text.slice(at + props.part.length)}
    </>
  );
}

function FoundState(props: {
  readonly project: ProjectModel;
  readonly state: NonNullable<IFound['state']>;
}): JSX.Element {
  const { state, project } = props;
  const { panel, commands, trans } = usePanel();
  const now = useNow(60_000);
  const hasSession = panel.workspace.session !== undefined;
  if ('code' in state) {
    const isGone = state.code === 'HISTORY_GONE';
    const remain = isGone ? project.pins.filter(pin => pin.lsn < project.history.horizon).slice(0, 3) : [];
    const horizon = `${project.defaultBranch}@${project.history.horizon}`;
    return (
      <div className={`jp-ArgonFound${isGone ? ' jp-mod-error' : ''}`}>
        {isGone && (
          <h3>
            <errorIcon.react tag="span" className="jp-ArgonIcon jp-ArgonState-error" />
            {trans.__('%1 is no longer kept', panel.filter.trim())}
          </h3>
        )}
        <p>{state.message}</p>
        {isGone && <p className="jp-ArgonGraph-note">{trans.__('Nearest states that remain')}</p>}
        {remain.map(pin => (
          <Offer
            key={pin.name}
            target={`pin:${pin.name}`}
            label={pin.ref}
            note={pin.name}
            hasSession={hasSession}
          />
        ))}
        {isGone && (
          <Offer target={horizon} label={horizon} note={trans.__('the horizon')} hasSession={hasSession} />
        )}
        <div className="jp-ArgonCode">{state.code}</div>
      </div>
    );
  }
  return (
    <div className="jp-ArgonFound">
      <h3>{state.ref}</h3>
      <p>
        {trans.__('LSN %1', count(state.lsn))} · {age(state.time, now, trans)} ·{' '}
        {state.writable ? trans.__('writable') : trans.__('read-only')}
      </p>
      <div className="jp-ArgonQuestion-actions">
        <TextButton
          isPrimary
          disabled={!hasSession}
          onClick={() => void commands.execute(CommandIds.switchTo, { ref: state.ref })}
        >
          {trans.__('Open')}
        </TextButton>
        <TextButton onClick={() => void commands.execute(CommandIds.createBranch, { from: state.ref })}>
          {trans.__('Branch here')}
        </TextButton>
        <TextButton
          onClick={() =>
            void commands.execute(CommandIds.diff, { from: state.ref, to: project.defaultBranch })
          }
        >
          {trans.__('Diff')}
        </TextButton>
      </div>
    </div>
  );
}

function Offer(props: {
  readonly target: string;
  readonly label: string;
  readonly note: string;
  readonly hasSession: boolean;
}): JSX.Element {
  const { commands, trans } = usePanel();
  return (
    <div className="jp-ArgonFound-offer">
      <b>{props.label}</b> <span className="jp-ArgonGraph-note">{props.note}</span>
      <TextButton
        disabled={!props.hasSession}
        onClick={() => void commands.execute(CommandIds.switchTo, { ref: props.target })}
      >
        {trans.__('Open')}
      </TextButton>
    </div>
  );
}
