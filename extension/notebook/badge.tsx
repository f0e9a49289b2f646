import type { TranslationBundle } from '@jupyterlab/translation';
import { undoIcon } from '@jupyterlab/ui-components';
import type { LabIcon } from '@jupyterlab/ui-components';
import type { ReactNode } from 'react';
import type { CellActivity } from '../client/protocol';
import { count, plainRange } from '../format/count';
import { changes, writes as writeWords } from '../format/words';
import { readIcon, runIcon, staleIcon, writeIcon } from '../icons';
import { placeOf, standing, type ICellState } from './activity';

/** What the badges of a cell can be asked for. */
export interface IBadgeActions {
  readonly undo: (activity: CellActivity) => void;
  readonly runAgain: () => void;
  /** Shows in the panel what the cell wrote. */
  readonly show: (activity: CellActivity) => void;
  readonly runName: (run: string) => string;
  /** Opens the lineage at a run. */
  readonly openLineage: (run: string) => void;
}

/** The badges of one cell, in their order: stale, read, wrote, run. */
export function Badges(props: {
  readonly state: ICellState;
  readonly actions: IBadgeActions;
  readonly trans: TranslationBundle;
}): JSX.Element {
  const { state, actions, trans } = props;
  const { activity } = state;
  const read = readText(activity, trans);
  const wrote = wroteText(activity, trans);
  return (
    <>
      {state.isStale && (
        <Badge
          icon={staleIcon}
          kind="stale"
          short={state.changesSince > 0 ? count(state.changesSince) : ''}
          onClick={undefined}
        >
          <span className="jp-ArgonBadge-text">
            {state.changesSince > 0
              ? trans.__('stale: %1 since', changes(state.changesSince, trans))
              : trans.__('stale: its data has changed')}
          </span>
          <button type="button" className="jp-ArgonBadge-action" onClick={actions.runAgain}>
            {trans.__('Run again')}
          </button>
        </Badge>
      )}
      {read !== undefined && (
        <Badge icon={readIcon} kind="read" short={read.short} title={read.full} onClick={undefined}>
          <span className="jp-ArgonBadge-text">
            {`${trans.__('read')} `}
            <code>{read.ref}</code>
            {` · ${read.note}`}
          </span>
        </Badge>
      )}
      {wrote !== undefined && (
        <Badge
          icon={writeIcon}
          kind="wrote"
          short={wrote.short}
          title={wrote.full}
          onClick={() => actions.show(activity)}
        >
          <span className="jp-ArgonBadge-text">
            {`${trans.__('wrote')} `}
            <code>{wrote.range}</code>
            {` · ${wrote.note}`}
          </span>
          {wrote.stands && (
            <button
              type="button"
              className="jp-ArgonBadge-action jp-ArgonBadge-undo"
              title={trans.__("Undo this cell's writes; you are asked before")}
              onClick={event => {
                event.stopPropagation();
                actions.undo(activity);
              }}
            >
              <undoIcon.react tag="span" className="jp-ArgonIcon jp-mod-small" />
              {trans.__('Undo')}
            </button>
          )}
        </Badge>
      )}
      {activity.runs.map(run => (
        <Badge key={run} icon={runIcon} kind="run" short="" title={run} onClick={undefined}>
          <span className="jp-ArgonBadge-text">{trans.__('run %1', actions.runName(run))}</span>
          <button
            type="button"
            className="jp-ArgonBadge-action jp-ArgonBadge-undo"
            title={trans.__('Show which data led to this run, and what came of it')}
            onClick={() => actions.openLineage(run)}
          >
            {trans.__('Lineage')}
          </button>
        </Badge>
      ))}
    </>
  );
}

function Badge(props: {
  readonly icon: LabIcon;
  readonly kind: 'stale' | 'read' | 'wrote' | 'run';
  /** What remains where there is no room. */
  readonly short: string;
  readonly title?: string;
  readonly onClick: (() => void) | undefined;
  readonly children: ReactNode;
}): JSX.Element {
  const { icon: Icon } = props;
  return (
    <span className={`jp-ArgonBadge jp-mod-${props.kind}`} title={props.title} onClick={props.onClick}>
      <Icon.react tag="span" className="jp-ArgonIcon jp-mod-small" />
      {props.children}
      <span className="jp-ArgonBadge-short">{props.short}</span>
    </span>
  );
}

function readText(
  activity: CellActivity,
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
  activity: CellActivity,
  trans: TranslationBundle
): { range: string; note: string; short: string; full: string; stands: boolean } | undefined {
  const [first] = standing(activity);
  if (first === undefined) {
    return undefined;
  }
  const own = activity.writes.filter(write => write.branch === first.branch);
  const sum = (pick: (write: CellActivity['writes'][number]) => number) =>
    own.reduce((total, write) => total + pick(write), 0);
  const words = writeWords(
    {
      inserts: sum(write => write.inserts),
      updates: sum(write => write.updates),
      deletes: sum(write => write.deletes)
    },
    trans
  );
  const range = plainRange(
    Math.min(...own.map(write => write.firstLsn)),
    Math.max(...own.map(write => write.lastLsn))
  );
  const others = new Set(activity.writes.map(write => write.branch)).size - 1;
  const total = sum(write => write.inserts + write.updates + write.deletes);
  const note =
    others > 0 ? trans.__('%1, %2 other branches', words, count(others)) : words || trans.__('catalog');
  const fate = fateText(first.fate, trans);
  return {
    range,
    note: fate === '' ? note : `${note} · ${fate}`,
    short: count(total),
    full: activity.writes
      .map(write => {
        const what = `${write.branch}@${plainRange(write.firstLsn, write.lastLsn)} ${write.collection}`;
        const became = fateText(write.fate, trans);
        return `${what}: ${writeWords(write, trans)}${became === '' ? '' : `, ${became}`}`;
      })
      .join('\n'),
    stands: first.fate === undefined
  };
}

/** What became of writes; empty while they stand. */
function fateText(fate: CellActivity['writes'][number]['fate'], trans: TranslationBundle): string {
  return fate === undefined ? '' : fate === 'undone' ? trans.__('undone') : trans.__('gone');
}
