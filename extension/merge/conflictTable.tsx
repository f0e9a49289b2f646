import { editIcon } from '@jupyterlab/ui-components';
import { useState } from 'react';
import type { Conflict, Value } from '../client/protocol';
import { count } from '../format/count';
import { inline, pathText, typeOf } from '../format/value';
import { ValueText } from '../diff/valueCell';
import { IconButton, Sign, TextButton } from '../panel/parts';
import { useView } from '../view/viewContext';
import { answerKind, type IConflictDocument } from './conflicts';
import { OwnEditor } from './ownEditor';
import type { PlanModel } from './planModel';
import { useRoving } from '../view/useRoving';

/** The conflicts of one document: base, ours, theirs, and the answer; one row a field path. */
export function ConflictTable(props: {
  readonly model: PlanModel;
  readonly group: IConflictDocument;
  readonly editing: string | undefined;
  readonly onEdit: (conflict: string | undefined) => void;
}): JSX.Element {
  const { model, group } = props;
  const { trans } = useView();
  const roving = useRoving<HTMLTableElement>();
  const plan = model.plan!;
  const isUndo = plan.kind === 'undo';
  return (
    <table {...roving} className="jp-ArgonConflicts">
      <thead>
        <tr>
          <th scope="col">{trans.__('Field path')}</th>
          <th scope="col">
            {trans.__('Base')}
            <small>{plan.base}</small>
          </th>
          <th scope="col">
            {isUndo ? trans.__('Now') : trans.__('Ours')}
            <small>{`${plan.into}@${plan.intoLsn}`}</small>
          </th>
          <th scope="col">
            {isUndo ? trans.__('Undone') : trans.__('Theirs')}
            <small>{plan.source}</small>
          </th>
          <th scope="col">{trans.__('Answer')}</th>
        </tr>
      </thead>
      <tbody>
        {group.conflicts.map(conflict => (
          <ConflictRow key={conflict.id} {...props} conflict={conflict} />
        ))}
      </tbody>
    </table>
  );
}

function ConflictRow(props: {
  readonly model: PlanModel;
  readonly conflict: Conflict;
  readonly editing: string | undefined;
  readonly onEdit: (conflict: string | undefined) => void;
}): JSX.Element {
  const { model, conflict } = props;
  const { trans } = useView();
  const kind = answerKind(conflict.answer);
  const isSelected = model.selected === conflict.id;
  const isEditing = props.editing === conflict.id;
  const isApplied = model.plan?.state === 'applied';
  const words = {
    ours: trans.__('ours'),
    theirs: trans.__('theirs'),
    base: trans.__('base'),
    own: trans.__('own value'),
    open: trans.__('open')
  };
  const choice = (take: 'ours' | 'theirs', value: Value) => (
    <button
      type="button"
      role="radio"
      aria-checked={kind === take}
      aria-label={trans.__(
        '%1: %2',
        words[take],
        value.missing === true ? trans.__('not there') : inline(value.value, 60)
      )}
      className="jp-ArgonChoice"
      disabled={isApplied}
      onClick={event => {
        event.stopPropagation();
        model.selected = conflict.id;
        void model.answer(conflict.id, kind === take ? undefined : { take });
      }}
    >
      <span className="jp-ArgonChoice-mark" aria-hidden="true" />
      <ValueText value={value} trans={trans} />
    </button>
  );
  return (
    <>
      <tr
        className={isSelected ? 'jp-mod-selected' : ''}
        aria-selected={isSelected}
        onClick={() => {
          model.selected = conflict.id;
        }}
      >
        <th scope="row">
          <span className="jp-ArgonFields-path">
            <Sign op="conflict" label={trans.__('conflict')} />
            <code>{conflict.path.length === 0 ? trans.__('whole document') : pathText(conflict.path)}</code>
          </span>
        </th>
        <td>
          <ValueText value={conflict.base} trans={trans} />
        </td>
        <td>{choice('ours', conflict.ours)}</td>
        <td>{choice('theirs', conflict.theirs)}</td>
        <td className="jp-ArgonConflicts-answer">
          <div>
            <span className={kind === 'open' ? '' : 'jp-mod-answered'}>{words[kind]}</span>
            {conflict.path.length > 0 && (
              <IconButton
                icon={editIcon}
                label={trans.__('Own value (E)')}
                disabled={isApplied}
                onClick={event => {
                  event.stopPropagation();
                  model.selected = conflict.id;
                  props.onEdit(isEditing ? undefined : conflict.id);
                }}
              />
            )}
          </div>
        </td>
      </tr>
      {(isEditing || kind === 'own') && (
        <tr className={isSelected ? 'jp-mod-selected' : ''}>
          <td />
          <td className="jp-ArgonConflicts-ownLabel">{trans.__('own value')}</td>
          <td colSpan={3}>
            {isEditing ? (
              <OwnEditor
                initial={ownOf(conflict) ?? conflict.theirs}
                onAccept={answer => void model.answer(conflict.id, answer)}
                onClose={() => props.onEdit(undefined)}
              />
            ) : (
              <span className="jp-ArgonChoice jp-mod-own" aria-checked="true">
                <span className="jp-ArgonChoice-mark" aria-hidden="true" />
                <ValueText value={ownOf(conflict) ?? { missing: true }} trans={trans} />
              </span>
            )}
          </td>
        </tr>
      )}
    </>
  );
}

/** The own value of an answer as a value with its type. */
function ownOf(conflict: Conflict): Value | undefined {
  const { answer } = conflict;
  if (answer === undefined || answer.take !== undefined) {
    return undefined;
  }
  return answer.missing === true ? { missing: true } : { type: typeOf(answer.value), value: answer.value };
}

/** Buttons that answer a whole document by one side. */
export function DocumentAnswers(props: {
  readonly model: PlanModel;
  readonly group: IConflictDocument;
}): JSX.Element {
  const { model, group } = props;
  const { trans } = useView();
  const ids = group.conflicts.map(conflict => conflict.id);
  const isApplied = model.plan?.state === 'applied';
  const [isAsked, setAsked] = useState(false);
  const same = group.conflicts.find(conflict => conflict.id === model.selected);
  const others = model.conflicts.filter(
    conflict =>
      same !== undefined &&
      conflict.id !== same.id &&
      JSON.stringify(conflict.path) === JSON.stringify(same.path)
  );
  const take = same?.answer?.take;
  return (
    <>
      <TextButton disabled={isApplied} onClick={() => void model.answerAll('ours', ids)}>
        {trans.__('All ours')}
      </TextButton>
      <TextButton disabled={isApplied} onClick={() => void model.answerAll('theirs', ids)}>
        {trans.__('All theirs')}
      </TextButton>
      {same !== undefined && others.length > 0 && (take === 'ours' || take === 'theirs') && !isAsked && (
        <TextButton
          disabled={isApplied}
          onClick={() => {
            setAsked(true);
            void model
              .answerAll(
                take,
                others.map(conflict => conflict.id)
              )
              .then(() => setAsked(false));
          }}
        >
          {trans._n(
            'Same for %3 in %2 other',
            'Same for %3 in %2 others',
            others.length,
            count(others.length),
            pathText(same.path)
          )}
        </TextButton>
      )}
    </>
  );
}
