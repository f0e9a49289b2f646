import { checkIcon, circleEmptyIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import type { MouseEvent } from 'react';
import { count } from '../format/count';
import { gist, idText, pathText } from '../format/value';
import { splitRef } from '../model/refs';
import { Segmented, Sign, TextButton } from '../panel/parts';
import { useView } from '../view/viewContext';
import { below, openMenu, type MenuItem } from '../view/menu';
import { VirtualList } from '../view/virtualList';
import { answerKind, type IConflictDocument } from './conflicts';
import { CONFLICTS_MAX, type PlanModel } from './planModel';
import { planWords } from './planWords';
import type { Conflict, Plan } from '../client/protocol';
import { useRoving } from '../view/useRoving';

/** Height of a line, in pixels. */
const LINE_PX = 25;

/** Segments of the progress bar; more conflicts share them. */
const SEGMENTS_MAX = 12;

type Line =
  | { readonly kind: 'document'; readonly group: IConflictDocument }
  | { readonly kind: 'conflict'; readonly conflict: Conflict }
  | { readonly kind: 'why'; readonly conflict: Conflict };

/** The conflicts of a plan by document, with how far the answers are. */
export function ConflictList({ model }: { readonly model: PlanModel }): JSX.Element {
  const { trans } = useView();
  const roving = useRoving();
  const plan = model.plan!;
  const answered = plan.conflicts - plan.unanswered;
  const lines: Line[] = [];
  for (const group of model.documents) {
    const shown = group.conflicts.filter(
      conflict => !model.isOpenOnly || conflict.answer === undefined || conflict.id === model.selected
    );
    if (shown.length > 0) {
      lines.push({ kind: 'document', group });
      for (const conflict of shown) {
        lines.push({ kind: 'conflict', conflict });
        if (isWhole(conflict, plan)) {
          lines.push({ kind: 'why', conflict });
        }
      }
    }
  }
  const active = lines.findIndex(line => line.kind === 'conflict' && line.conflict.id === model.selected);
  const answerAll = (event: MouseEvent<HTMLElement>) => {
    const commands = new CommandRegistry();
    const takes = [
      ['ours', trans.__('All open conflicts: ours, %1', plan.into)],
      ['theirs', trans.__('All open conflicts: theirs, %1', plan.source)]
    ] as const;
    // The registry lives as long as this menu, and names no command of the application.
    const item = (command: string, label: string, execute: () => Promise<void>): MenuItem => {
      commands.addCommand(command, {
        label,
        describedBy: { args: { type: 'object', properties: {} } },
        execute
      });
      return { command };
    };
    const items = takes.map(([take, label]) =>
      item(`argon:answer-${take}`, label, () => model.answerAll(take))
    );
    const selected = model.conflicts.find(({ id }) => id === model.selected);
    const open = model.conflicts.filter(({ answer }) => answer === undefined);
    if (selected !== undefined) {
      const path = pathText(selected.path);
      const parts = [
        [
          'collection',
          selected.collection,
          open.filter(({ collection }) => collection === selected.collection)
        ],
        [
          'path',
          path === '' ? trans.__('whole document') : path,
          open.filter(one => pathText(one.path) === path)
        ]
      ] as const;
      for (const [kind, name, conflicts] of parts) {
        const ids = conflicts.map(({ id }) => id);
        if (ids.length > 0) {
          items.push(
            { type: 'separator' },
            item(`argon:answer-${kind}-ours`, trans.__('Open conflicts in %1: ours', name), () =>
              model.answerAll('ours', ids)
            ),
            item(`argon:answer-${kind}-theirs`, trans.__('Open conflicts in %1: theirs', name), () =>
              model.answerAll('theirs', ids)
            )
          );
        }
      }
    }
    openMenu(commands, items, below(event.currentTarget));
  };
  return (
    <>
      <div className="jp-ArgonProgress">
        <b aria-live="polite">{trans.__('%1 of %2 answered', count(answered), count(plan.conflicts))}</b>
        <span>
          {trans._n(
            '%2 conflict in %3',
            '%2 conflicts in %3',
            plan.conflicts,
            count(plan.conflicts),
            trans._n('%2 document', '%2 documents', model.documents.length, count(model.documents.length))
          )}
        </span>
      </div>
      <div
        className="jp-ArgonProgress-bar"
        role="progressbar"
        aria-valuemin={0}
        aria-valuemax={plan.conflicts}
        aria-valuenow={answered}
        aria-label={trans.__('Answered')}
      >
        {Array.from({ length: Math.min(SEGMENTS_MAX, plan.conflicts) }, (_, index) => (
          <span
            key={index}
            className={
              index < (answered / plan.conflicts) * Math.min(SEGMENTS_MAX, plan.conflicts)
                ? 'jp-mod-done'
                : ''
            }
          />
        ))}
      </div>
      <div {...roving} className="jp-ArgonProgress-actions">
        <Segmented
          label={trans.__('Which conflicts')}
          choices={[
            ['all', trans.__('All')],
            ['open', trans.__('Open %1', count(plan.unanswered))]
          ]}
          value={model.isOpenOnly ? 'open' : 'all'}
          onChange={value => {
            model.isOpenOnly = value === 'open';
          }}
        />
        <TextButton
          aria-haspopup="menu"
          disabled={plan.unanswered === 0 || plan.state === 'applied'}
          onClick={answerAll}
        >
          {trans.__('Answer all')}
        </TextButton>
      </div>
      <VirtualList
        label={trans.__('Conflicts')}
        rowPx={LINE_PX}
        count={lines.length}
        active={active}
        idOf={index => `jp-argon-conflict-${index}`}
        render={index => <LineView model={model} line={lines[index]!} id={`jp-argon-conflict-${index}`} />}
        onMove={to => {
          const step = to >= active ? 1 : -1;
          for (let at = to; at >= 0 && at < lines.length; at += step) {
            const line = lines[at];
            if (line?.kind === 'conflict') {
              model.selected = line.conflict.id;
              return;
            }
          }
        }}
      />
      {plan.conflicts > model.conflicts.length && (
        <p className="jp-ArgonView-none">
          {trans.__(
            'The first %1 conflicts are shown. Answer the others by rule, or from a notebook.',
            count(CONFLICTS_MAX)
          )}
        </p>
      )}
    </>
  );
}

function LineView(props: {
  readonly model: PlanModel;
  readonly line: Line;
  readonly id: string;
}): JSX.Element {
  const { model, line } = props;
  const { trans } = useView();
  if (line.kind === 'document') {
    const { group } = line;
    const known = model.results.find(
      document => JSON.stringify([document.collection, document.id]) === group.key
    );
    return (
      <div id={props.id} role="treeitem" aria-level={1} className="jp-ArgonLine jp-mod-collection">
        <code className="jp-mod-strong" title={`${group.collection} / ${idText(group.document)}`}>
          {`${group.collection} / ${idText(group.document)}`}
        </code>
        <span className="jp-ArgonLine-gist">{gist(known?.after ?? known?.before)}</span>
        <span className="jp-ArgonLine-note">
          {trans.__('%1 of %2', count(group.answered), count(group.conflicts.length))}
        </span>
      </div>
    );
  }
  const { conflict } = line;
  const select = () => {
    model.selected = conflict.id;
  };
  if (line.kind === 'why') {
    const why = wholeText(conflict, model.plan!, trans);
    // The line above has it for those who cannot see this one.
    return (
      <div id={props.id} aria-hidden="true" className="jp-ArgonLine jp-mod-note" onClick={select}>
        <span className="jp-ArgonLine-gist" title={why}>
          {why}
        </span>
      </div>
    );
  }
  const kind = answerKind(conflict.answer);
  const isSelected = model.selected === conflict.id;
  return (
    <div
      id={props.id}
      role="treeitem"
      aria-level={2}
      aria-selected={isSelected}
      className="jp-ArgonLine jp-mod-conflict"
      onClick={select}
    >
      {kind === 'open' ? (
        <circleEmptyIcon.react tag="span" className="jp-ArgonIcon jp-mod-small" />
      ) : (
        <checkIcon.react tag="span" className="jp-ArgonIcon jp-mod-small" />
      )}
      <code>{conflict.path.length === 0 ? trans.__('whole document') : pathText(conflict.path)}</code>
      {isWhole(conflict, model.plan!) && (
        <span className="jp-ArgonHidden">{wholeText(conflict, model.plan!, trans)}</span>
      )}
      <span className="jp-ArgonLine-note">
        {
          {
            ours: trans.__('ours'),
            theirs: trans.__('theirs'),
            base: trans.__('base'),
            own: trans.__('own value'),
            open: trans.__('open')
          }[kind]
        }
      </span>
    </div>
  );
}

/** Whether a merge asks about a document as one thing. */
function isWhole({ path }: Conflict, { kind }: Plan): boolean {
  return path.length === 0 && kind === 'merge';
}

/** Why it does. */
function wholeText({ base, ours, theirs }: Conflict, plan: Plan, trans: TranslationBundle): string {
  const source = splitRef(plan.source)[0];
  if (theirs.missing === true) {
    return trans.__('changed on %1, deleted on %2', plan.into, source);
  }
  if (ours.missing === true) {
    return trans.__('changed on %1, deleted on %2', source, plan.into);
  }
  return base.missing === true ? trans.__('added on both sides') : trans.__('changed on both sides');
}

/** What the plan does without a question, by kind. */
export function ByRule({ model }: { readonly model: PlanModel }): JSX.Element {
  const { trans } = useView();
  const plan = model.plan!;
  const { writes } = planWords(plan, trans);
  const sum = (pick: (part: (typeof plan.summary)[number]) => number) =>
    plan.summary.reduce((total, part) => total + pick(part), 0);
  const rows = [
    ['update', trans.__('changed'), sum(part => part.changed)],
    ['delete', trans.__('deleted'), sum(part => part.deleted)],
    ['insert', trans.__('added'), sum(part => part.added)]
  ] as const;
  return (
    <div className="jp-ArgonByRule">
      <b>{writes}</b>
      <ul>
        {rows.map(([op, words, n]) => (
          <li key={op}>
            <Sign op={op} label={words} />
            <span>{words}</span>
            <span className="jp-ArgonLine-note">{count(n)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
