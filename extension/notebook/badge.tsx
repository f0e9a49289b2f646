import type { TranslationBundle } from '@jupyterlab/translation';
import { saveIcon, undoIcon } from '@jupyterlab/ui-components';
import type { LabIcon } from '@jupyterlab/ui-components';
import type { KeyboardEvent, ReactNode } from 'react';
import type { CellActivity } from '../client/protocol';
import { count, plainRange } from '../format/count';
import { changes, writes as writeWords } from '../format/words';
import { readIcon, runIcon, staleIcon, writeIcon } from '../icons';
import { Toolbar } from '../view/toolbar';
import { placeOf, type ICellState } from './activity';
import { cellFacts, type IBranchWritten } from './cellFacts';
import type { CellDeeds } from './savedCell';

/** Runs that have a badge of their own; the pop-up tells of the others. */
const RUNS_MAX = 3;

/** What the badges of a cell, and its pop-up, can be asked for. */
export interface IBadgeActions {
  /** The project that the notebook's session works in: it goes without saying. */
  readonly home: string | undefined;
  /** Whether nothing can be written, because the bridge is of another version. */
  readonly isReadOnly: boolean;
  /** Plans to take back what stands of the cell's writes on one branch; asked about before anything is written. */
  readonly undo: (write: IBranchWritten, activity: CellDeeds) => void;
  readonly runAgain: () => void;
  /** Opens the diff between before and after the cell's writes on one branch. */
  readonly diff: (write: IBranchWritten) => void;
  /** Opens the panel at what the cell wrote on one branch. */
  readonly show: (write: IBranchWritten) => void;
  /** Selects what the cell wrote in the panel, if the panel can be seen and waits for no answer. */
  readonly mark: (write: IBranchWritten) => void;
  readonly runName: (run: string) => string;
  /** Opens the lineage at a run, or at the runs of a branch. */
  readonly openLineage: (at: { readonly run: string } | { readonly branch: string }) => void;
}

/** The kinds of badges, in their order. */
export type BadgeKind = 'saved' | 'stale' | 'read' | 'wrote' | 'run';

/**
 * The badges of one cell, in their order: stale, read, wrote, run. Each opens the pop-up of the cell. What the notebook
 * kept says first that it is saved, and offers nothing to do: it may be long past, or by a stranger.
 */
export function Badges(props: {
  readonly state: ICellState;
  readonly actions: IBadgeActions;
  /** Key of the badge at which the pop-up is open. */
  readonly opened: string | undefined;
  readonly onOpen: (key: string, anchor: HTMLElement) => void;
  readonly trans: TranslationBundle;
}): JSX.Element {
  const { state, actions, opened, onOpen, trans } = props;
  const { activity } = state;
  const read = readText(activity, trans);
  const wrote = wroteText(activity, trans);
  const changesSince = state.isSaved ? 0 : state.changesSince;
  const stale =
    changesSince > 0
      ? trans.__('stale: %1 since', changes(changesSince, trans))
      : trans.__('stale: its data has changed');
  const onKeyDown = (event: KeyboardEvent) => {
    // These press the button; the notebook around it would begin to edit the cell.
    if ((event.key === 'Enter' || event.key === ' ') && !event.shiftKey && !event.ctrlKey && !event.metaKey) {
      event.stopPropagation();
    }
  };
  const common = (key: string) => ({
    isOpen: opened === key,
    onOpen: (anchor: HTMLElement) => onOpen(key, anchor)
  });
  return (
    <div className="jp-ArgonBadges-keys" onKeyDown={onKeyDown}>
      <Toolbar className="jp-ArgonBadges-line" label={nameOf(activity, trans)}>
        {state.isSaved && (
          <Badge
            {...common('saved')}
            icon={saveIcon}
            kind="saved"
            short=""
            label={trans.__('saved with the notebook, not live')}
          >
            {trans.__('saved')}
          </Badge>
        )}
        {!state.isSaved && state.isStale && (
          <Badge
            {...common('stale')}
            icon={staleIcon}
            kind="stale"
            short={changesSince > 0 ? count(changesSince) : ''}
            label={stale}
            action={
              <button type="button" className="jp-ArgonBadge-action" onClick={actions.runAgain}>
                {trans.__('Run again')}
              </button>
            }
          >
            {stale}
          </Badge>
        )}
        {read !== undefined && (
          <Badge
            {...common('read')}
            icon={readIcon}
            kind="read"
            short={read.short}
            label={`${trans.__('read')} ${read.ref} · ${read.note}`}
            title={read.full}
          >
            {`${trans.__('read')} `}
            <code>{read.ref}</code>
            {` · ${read.note}`}
          </Badge>
        )}
        {wrote !== undefined && (
          <Badge
            {...common('wrote')}
            icon={writeIcon}
            kind="wrote"
            short={wrote.short}
            label={`${trans.__('wrote')} ${wrote.range} · ${wrote.note}`}
            title={wrote.full}
            action={
              !state.isSaved &&
              wrote.write.standing !== undefined && (
                <button
                  type="button"
                  className="jp-ArgonBadge-action jp-ArgonBadge-undo"
                  title={trans.__("Undo this cell's writes; you are asked before")}
                  disabled={actions.isReadOnly}
                  onClick={() => actions.undo(wrote.write, activity)}
                >
                  <undoIcon.react tag="span" className="jp-ArgonIcon jp-mod-small" />
                  {trans.__('Undo')}
                </button>
              )
            }
          >
            {`${trans.__('wrote')} `}
            <code>{wrote.range}</code>
            {` · ${wrote.note}`}
          </Badge>
        )}
        {activity.runs.slice(0, RUNS_MAX).map(run => (
          <Badge
            {...common(`run:${run}`)}
            key={run}
            icon={runIcon}
            kind="run"
            short=""
            label={trans.__('run %1', actions.runName(run))}
            title={run}
            action={
              !state.isSaved && (
                <button
                  type="button"
                  className="jp-ArgonBadge-action jp-ArgonBadge-undo"
                  title={trans.__('Show which data led to this run, and what came of it')}
                  onClick={() => actions.openLineage({ run })}
                >
                  {trans.__('Lineage')}
                </button>
              )
            }
          >
            {trans.__('run %1', actions.runName(run))}
          </Badge>
        ))}
        {activity.runs.length > RUNS_MAX && (
          <Badge
            {...common('runs')}
            icon={runIcon}
            kind="run"
            short={count(activity.runs.length)}
            label={trans.__('and %1 more', count(activity.runs.length - RUNS_MAX))}
          >
            {trans.__('and %1 more', count(activity.runs.length - RUNS_MAX))}
          </Badge>
        )}
      </Toolbar>
    </div>
  );
}

/** A badge: a button that opens the pop-up of the cell, and what can be done at once beside it. */
function Badge(props: {
  readonly icon: LabIcon;
  readonly kind: BadgeKind;
  /** What remains where there is no room. */
  readonly short: string;
  /** All of it, for those who cannot see it, and where there is no room. */
  readonly label: string;
  readonly title?: string;
  readonly isOpen: boolean;
  readonly onOpen: (anchor: HTMLElement) => void;
  readonly action?: ReactNode;
  readonly children: ReactNode;
}): JSX.Element {
  const { icon: Icon, label } = props;
  return (
    <span className={`jp-ArgonBadge jp-mod-${props.kind}`}>
      <button
        type="button"
        className="jp-ArgonBadge-open"
        aria-haspopup="dialog"
        aria-expanded={props.isOpen}
        aria-label={label}
        title={props.title ?? label}
        onClick={event => props.onOpen(event.currentTarget)}
      >
        <Icon.react tag="span" className="jp-ArgonIcon jp-mod-small" />
        <span className="jp-ArgonBadge-text">{props.children}</span>
        <span className="jp-ArgonBadge-short">{props.short}</span>
      </button>
      {props.action}
    </span>
  );
}

/** `What cell [4] did to data`. */
export function nameOf({ cellNumber }: CellDeeds, trans: TranslationBundle): string {
  return cellNumber === undefined
    ? trans.__('What this cell did to data')
    : trans.__('What cell [%1] did to data', cellNumber);
}

function readText(
  activity: CellDeeds,
  trans: TranslationBundle
): { ref: string; note: string; short: string; full: string } | undefined {
  const last = activity.reads.at(-1);
  if (last === undefined) {
    return undefined;
  }
  const place = (read: CellActivity['reads'][number]) => {
    const { branch, lsn } = placeOf(read);
    return branch === undefined ? read.ref : `${branch}@${lsn}`;
  };
  const documents = activity.reads
    .filter(read => place(read) === place(last))
    .reduce((total, read) => total + read.documents, 0);
  const others = new Set(activity.reads.map(place)).size - 1;
  const docs = trans._n('%2 doc', '%2 docs', documents, count(documents));
  return {
    ref: place(last),
    note: others > 0 ? trans.__('%1, %2 other states', docs, count(others)) : docs,
    short: count(documents),
    full: activity.reads
      .map(
        read =>
          `${place(read)} ${read.collection}: ${trans._n('%2 doc', '%2 docs', read.documents, count(read.documents))}`
      )
      .join('\n')
  };
}

function wroteText(
  activity: CellDeeds,
  trans: TranslationBundle
): { range: string; note: string; short: string; full: string; write: IBranchWritten } | undefined {
  const { writes } = cellFacts(activity, undefined);
  const [write] = writes;
  if (write === undefined) {
    return undefined;
  }
  const sum = (pick: (part: CellActivity['writes'][number]) => number) =>
    write.collections.reduce((total, part) => total + pick(part), 0);
  const words = writeWords(
    {
      inserts: sum(part => part.inserts),
      updates: sum(part => part.updates),
      deletes: sum(part => part.deletes)
    },
    trans
  );
  const others = writes.length - 1;
  const note =
    others > 0 ? trans.__('%1, %2 other branches', words, count(others)) : words || trans.__('catalog');
  const fate = write.standing === undefined ? fateText(write.fate, trans) : '';
  return {
    range: plainRange(write.firstLsn, write.lastLsn),
    note: fate === '' ? note : `${note} · ${fate}`,
    short: count(sum(part => part.inserts + part.updates + part.deletes)),
    full: activity.writes
      .map(part => {
        const what = `${part.branch}@${plainRange(part.firstLsn, part.lastLsn)} ${part.collection}`;
        const became = fateText(part.fate, trans);
        return `${what}: ${writeWords(part, trans)}${became === '' ? '' : `, ${became}`}`;
      })
      .join('\n'),
    write
  };
}

/** What became of writes; empty while they stand. */
function fateText(fate: string | undefined, trans: TranslationBundle): string {
  return fate === 'undone' ? trans.__('undone') : fate === 'gone' ? trans.__('gone') : '';
}
