import { moveDownIcon, moveUpIcon } from '@jupyterlab/ui-components';
import { useRef, useState, type KeyboardEvent } from 'react';
import { codeOf, messageOf } from '../client/rpcError';
import { CommandIds } from '../commands/ids';
import { count, plainRange } from '../format/count';
import { gist, idText, pathText } from '../format/value';
import { ValueText } from '../diff/valueCell';
import { diffIcon, noticeIcon, warningIcon } from '../icons';
import { useSignal } from '../panel/context';
import { IconButton, TextButton } from '../panel/parts';
import { FixedRef } from '../view/refButton';
import { useView } from '../view/viewContext';
import { ByRule, ConflictList } from './conflictList';
import { ConflictTable, DocumentAnswers } from './conflictTable';
import type { IConflictDocument } from './conflicts';
import { ConflictFacts } from './conflictFacts';
import { MovedStrip } from './movedStrip';
import { planIcon } from './planIcon';
import type { PlanModel } from './planModel';
import { planWords } from './planWords';
import { ResultView } from './resultView';
import { Toolbar } from '../view/toolbar';
import { ViewRoot } from '../view/viewRoot';

/** The merge view: refs and Apply, conflicts at the left, one document in the middle, its result at the right. */
export function MergeBody({ model }: { readonly model: PlanModel }): JSX.Element {
  const { trans } = useView();
  useSignal(model.changed);
  const [editing, setEditing] = useState<string>();
  const view = useRef<HTMLDivElement>(null);
  const { plan } = model;
  if (plan === undefined) {
    return (
      <div className="jp-ArgonView">
        <div className="jp-ArgonView-message" role={model.error === undefined ? 'status' : 'alert'}>
          {model.error === undefined ? (
            <p>{trans.__('Planning…')}</p>
          ) : (
            <>
              <h3>
                {codeOf(model.error) === 'NOTHING_TO_DO'
                  ? trans.__('There is nothing to merge')
                  : model.isOpened
                    ? trans.__('The plan cannot be opened')
                    : trans.__('The merge cannot be planned')}
              </h3>
              <p>{messageOf(model.error)}</p>
              <div className="jp-ArgonCode">{codeOf(model.error)}</div>
              <p>
                <TextButton onClick={() => void model.open()}>{trans.__('Try again')}</TextButton>
              </p>
            </>
          )}
        </div>
      </div>
    );
  }
  const selected = model.conflicts.find(conflict => conflict.id === model.selected);
  const group = model.documents.find(candidate =>
    candidate.conflicts.some(conflict => conflict.id === model.selected)
  );
  const step = (by: 1 | -1) => {
    const at = model.conflicts.findIndex(conflict => conflict.id === model.selected);
    const next = model.conflicts[Math.max(0, Math.min(model.conflicts.length - 1, at + by))];
    model.selected = next?.id;
  };
  const isApplied = plan.state === 'applied';
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target instanceof HTMLInputElement || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    const answer = (take: 'ours' | 'theirs') => () => {
      if (selected !== undefined && !isApplied) {
        void model.answer(selected.id, { take });
        step(1);
      }
    };
    const run = {
      '1': answer('ours'),
      '2': answer('theirs'),
      e: () => selected !== undefined && selected.path.length > 0 && !isApplied && setEditing(selected.id),
      u: () => selected !== undefined && !isApplied && void model.answer(selected.id, undefined),
      j: () => step(1),
      k: () => step(-1)
    }[event.key];
    if (run !== undefined) {
      event.preventDefault();
      event.stopPropagation();
      run();
    }
  };
  return (
    <ViewRoot ref={view} onKeyDown={onKeyDown}>
      <MergeBar model={model} />
      <Strips model={model} />
      <div className="jp-ArgonView-columns jp-mod-merge">
        <div className="jp-ArgonView-side">
          {plan.conflicts > 0 && <ConflictList model={model} />}
          <ByRule model={model} />
        </div>
        <div className="jp-ArgonView-main">
          {group === undefined ? (
            <Overview model={model} />
          ) : (
            <>
              <Toolbar label={trans.__('Tools of this document')} className="jp-ArgonDocument-head">
                <h3>{`${group.collection} / ${idText(group.document)}`}</h3>
                <span className="jp-ArgonDocument-note">
                  {trans._n(
                    '%2 conflict, %3 answered',
                    '%2 conflicts, %3 answered',
                    group.conflicts.length,
                    count(group.conflicts.length),
                    count(group.answered)
                  )}
                </span>
                <DocumentAnswers model={model} group={group} />
                <IconButton
                  icon={moveUpIcon}
                  label={trans.__('Previous conflict (K)')}
                  onClick={() => step(-1)}
                />
                <IconButton
                  icon={moveDownIcon}
                  label={trans.__('Next conflict (J)')}
                  onClick={() => step(1)}
                />
              </Toolbar>
              {plan.kind === 'merge' && <ConflictFacts model={model} group={group} />}
              <ConflictTable model={model} group={group} editing={editing} onEdit={setEditing} />
              <p className="jp-ArgonKeys">
                {(
                  [
                    [['1'], trans.__('ours')],
                    [['2'], trans.__('theirs')],
                    [['E'], trans.__('own value')],
                    [['U'], trans.__('clear the answer')],
                    [['J', 'K'], trans.__('next, previous')]
                  ] as const
                ).map(([keys, words]) => (
                  <span key={words}>
                    {keys.map(key => (
                      <kbd key={key}>{key}</kbd>
                    ))}
                    {words}
                  </span>
                ))}
              </p>
              <ByRuleFields model={model} group={group} />
            </>
          )}
        </div>
        <ResultView model={model} group={group} />
      </div>
    </ViewRoot>
  );
}

function MergeBar({ model }: { readonly model: PlanModel }): JSX.Element {
  const { commands, trans } = useView();
  const plan = model.plan!;
  const isMoved = model.movedTo !== undefined || plan.state === 'stale';
  const isApplied = plan.state === 'applied';
  const reason = isApplied
    ? ''
    : plan.unanswered > 0 && isMoved
      ? trans.__('Apply needs %1 more answers and an updated plan.', count(plan.unanswered))
      : plan.unanswered > 0
        ? trans._n(
            'Apply needs %2 more answer.',
            'Apply needs %2 more answers.',
            plan.unanswered,
            count(plan.unanswered)
          )
        : isMoved
          ? trans.__('Apply needs an updated plan.')
          : model.isBusy
            ? trans.__('Working…')
            : '';
  const words = planWords(plan, trans);
  return (
    <Toolbar label={trans.__('Tools of this view')} className="jp-ArgonBar">
      <FixedRef label={words.verb} text={words.first} />
      <span aria-hidden="true">→</span>
      <FixedRef label={words.word} text={words.second} />
      <span className="jp-ArgonBar-note">{trans.__('base %1', plan.base)}</span>
      <span className="jp-ArgonBar-space" />
      <span className="jp-ArgonBar-note" aria-live="polite">
        {reason}
      </span>
      {plan.kind === 'merge' && (
        <TextButton
          icon={diffIcon}
          onClick={() =>
            void commands.execute(CommandIds.diff, { from: `${plan.into}@${plan.intoLsn}`, to: plan.source })
          }
        >
          {trans.__('Diff')}
        </TextButton>
      )}
      <TextButton
        icon={planIcon(plan.kind)}
        isPrimary
        disabled={isApplied || plan.unanswered > 0 || isMoved || model.isBusy}
        onClick={() => void model.apply()}
      >
        {isApplied ? trans.__('Applied') : words.apply}
      </TextButton>
    </Toolbar>
  );
}

function Strips({ model }: { readonly model: PlanModel }): JSX.Element {
  const { commands, trans } = useView();
  const plan = model.plan!;
  const isMoved = (model.movedTo !== undefined || plan.state === 'stale') && plan.state !== 'applied';
  return (
    <>
      {plan.appliedAs !== undefined && (
        <div className="jp-ArgonStrip jp-mod-done" role="status">
          <noticeIcon.react tag="span" className="jp-ArgonIcon" />
          <span>
            <b>
              {trans.__(
                'Applied to %1 as LSN %2.',
                plan.into,
                plainRange(plan.appliedAs.firstLsn, plan.appliedAs.lastLsn)
              )}
            </b>
          </span>
          <TextButton
            onClick={() =>
              void commands.execute(CommandIds.undo, {
                branch: plan.into,
                firstLsn: plan.appliedAs!.firstLsn,
                lastLsn: plan.appliedAs!.lastLsn
              })
            }
          >
            {trans.__('Undo…')}
          </TextButton>
        </div>
      )}
      {isMoved && <MovedStrip model={model} />}
      {model.kept !== undefined && !isMoved && plan.state === 'open' && (
        <div className="jp-ArgonStrip jp-mod-info" role="status">
          <noticeIcon.react tag="span" className="jp-ArgonIcon" />
          <span>
            {model.kept.asked === 0
              ? trans._n(
                  'The plan is up to date; %2 answer was kept.',
                  'The plan is up to date; %2 answers were kept.',
                  model.kept.kept,
                  count(model.kept.kept)
                )
              : trans.__(
                  'The plan is up to date. Answers kept: %1; asked again, because their values have changed: %2.',
                  count(model.kept.kept),
                  count(model.kept.asked)
                )}
          </span>
        </div>
      )}
      {model.error !== undefined && (
        <div className="jp-ArgonStrip jp-mod-error" role="alert">
          <warningIcon.react tag="span" className="jp-ArgonIcon" />
          <span>
            {messageOf(model.error)} <span className="jp-ArgonCode">{codeOf(model.error)}</span>
          </span>
        </div>
      )}
    </>
  );
}

/** A plan without conflicts, or with none selected: what it writes, document by document. */
function Overview({ model }: { readonly model: PlanModel }): JSX.Element {
  const { trans } = useView();
  const plan = model.plan!;
  return (
    <div className="jp-ArgonOverview">
      <h3>
        {plan.conflicts === 0
          ? planWords(plan, trans).noConflict
          : trans.__('Select a conflict to answer it')}
      </h3>
      <table className="jp-ArgonFields">
        <thead>
          <tr>
            <th scope="col">{trans.__('Collection')}</th>
            <th scope="col">{trans.__('Added')}</th>
            <th scope="col">{trans.__('Changed')}</th>
            <th scope="col">{trans.__('Deleted')}</th>
            <th scope="col">{trans.__('Conflicts')}</th>
          </tr>
        </thead>
        <tbody>
          {plan.summary.map(part => (
            <tr key={part.collection}>
              <th scope="row">
                <code>{part.collection}</code>
              </th>
              <td>{count(part.added)}</td>
              <td>{count(part.changed)}</td>
              <td>{count(part.deleted)}</td>
              <td>{count(part.conflicts)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <ul className="jp-ArgonOverview-documents">
        {model.results.slice(0, 100).map(document => (
          <li key={`${document.collection}:${JSON.stringify(document.id)}`}>
            <code>{`${document.collection} / ${idText(document.id)}`}</code>
            <span className="jp-ArgonLine-gist">{gist(document.after ?? document.before)}</span>
            <span className="jp-ArgonLine-note">
              {document.op === 'update'
                ? document.fields
                    .slice(0, 3)
                    .map(field => pathText(field.path))
                    .join(', ')
                : document.op === 'insert'
                  ? trans.__('added')
                  : trans.__('deleted')}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Fields of the document that need no answer: changed on one side, or joined by rule. */
function ByRuleFields(props: {
  readonly model: PlanModel;
  readonly group: IConflictDocument;
}): JSX.Element | null {
  const { model, group } = props;
  const { trans } = useView();
  const result = model.results.find(
    document => JSON.stringify([document.collection, document.id]) === group.key
  );
  const asked = new Set(group.conflicts.map(conflict => JSON.stringify(conflict.path)));
  const fields = (result?.fields ?? []).filter(field => !asked.has(JSON.stringify(field.path)));
  if (fields.length === 0) {
    return null;
  }
  const plan = model.plan!;
  return (
    <table className="jp-ArgonFields">
      <caption>{trans.__('No question: changed on one side, or joined by rule')}</caption>
      <thead>
        <tr>
          <th scope="col">{trans.__('Field path')}</th>
          <th scope="col">{`${plan.into}@${plan.intoLsn}`}</th>
          <th scope="col">{trans.__('Result')}</th>
        </tr>
      </thead>
      <tbody>
        {fields.map(field => (
          <tr key={JSON.stringify(field.path)}>
            <th scope="row">
              <code>{pathText(field.path)}</code>
            </th>
            <td>
              <ValueText value={field.before} trans={trans} />
            </td>
            <td className="jp-mod-new">
              <ValueText value={field.after} trans={trans} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
