import type { TranslationBundle } from '@jupyterlab/translation';
import { copyIcon } from '@jupyterlab/ui-components';
import type { DocumentDiff, ExtendedJson, FieldPath } from '../client/protocol';
import { count } from '../format/count';
import { inline, sizeOf } from '../format/value';
import { IconButton, Sign } from '../panel/parts';
import { useView } from '../view/viewContext';
import { answerKind, documentKey, type IConflictDocument } from './conflicts';
import type { PlanModel } from './planModel';

/** Lines of a document that the result shows. */
const LINES_MAX = 400;

interface ILine {
  readonly depth: number;
  readonly text: string;
  /** Where the value comes from: an answer, the other side, or nothing special. */
  readonly from: string;
  readonly isOpen: boolean;
}

/** The document as the branch will read it after Apply, with where each value comes from. */
export function ResultView(props: {
  readonly model: PlanModel;
  readonly group: IConflictDocument | undefined;
}): JSX.Element {
  const { model, group } = props;
  const { trans, copy } = useView();
  const plan = model.plan!;
  const result =
    group === undefined ? undefined : model.results.find(document => keyOf(document) === group.key);
  const after = result?.after;
  const sum = (pick: (part: (typeof plan.summary)[number]) => number) =>
    plan.summary.reduce((total, part) => total + pick(part), 0);
  const documents = sum(part => part.added + part.changed + part.deleted);
  return (
    <aside className="jp-ArgonResult" aria-label={trans.__('Result')}>
      <div className="jp-ArgonResult-head">
        <b>{trans.__('Result')}</b>
        <span>{trans.__('live, as %1 will read it', plan.into)}</span>
        {after !== undefined && (
          <IconButton
            icon={copyIcon}
            label={trans.__('Copy the result as JSON')}
            onClick={() => copy(JSON.stringify(after, undefined, 2))}
          />
        )}
      </div>
      {group !== undefined && (
        <pre className="jp-ArgonResult-document" tabIndex={0}>
          {after === undefined ? (
            <span className="jp-ArgonResult-line">
              {result?.op === 'delete'
                ? trans.__('not there: the document is deleted')
                : trans.__('Nothing changes here with the answers given so far.')}
            </span>
          ) : (
            lines(after, result!, group, trans).map((line, index) => (
              <span
                key={index}
                className={`jp-ArgonResult-line${line.isOpen ? ' jp-mod-open' : line.from === '' ? '' : ' jp-mod-changed'}`}
              >
                <span className="jp-ArgonResult-from">{fromWord(line)}</span>
                {`${'  '.repeat(line.depth)}${line.text}\n`}
              </span>
            ))
          )}
        </pre>
      )}
      <p>
        {trans._n(
          'The plan so far: %2 document on %3',
          'The plan so far: %2 documents on %3',
          documents,
          count(documents),
          plan.into
        )}
      </p>
      <p className="jp-ArgonResult-counts">
        {(
          [
            ['insert', sum(part => part.added), trans.__('%1 added', count(sum(part => part.added)))],
            ['update', sum(part => part.changed), trans.__('%1 changed', count(sum(part => part.changed)))],
            ['delete', sum(part => part.deleted), trans.__('%1 deleted', count(sum(part => part.deleted)))],
            ['conflict', plan.unanswered, trans.__('%1 open', count(plan.unanswered))]
          ] as const
        ).map(([op, n, words]) =>
          n === 0 ? null : (
            <span key={op}>
              <Sign op={op} label={words} /> {words}
            </span>
          )
        )}
      </p>
      <p className="jp-ArgonResult-note">
        {plan.state === 'applied'
          ? trans.__('The plan was applied. It is one group of changes, and that group can be undone.')
          : trans.__(
              'Nothing is written before Apply. Apply adds one group of changes to %1, and that group can be undone.',
              plan.into
            )}
      </p>
    </aside>
  );

  function fromWord(line: ILine): string {
    return (
      {
        ours: trans.__('ours'),
        theirs: trans.__('theirs'),
        base: trans.__('base'),
        own: trans.__('own'),
        open: '?',
        plan: trans.__('theirs'),
        '': ''
      }[line.from] ?? ''
    );
  }
}

function keyOf(document: DocumentDiff): string {
  return documentKey({ collection: document.collection, document: document.id });
}

/** A document as indented lines, each with where its value comes from. */
function lines(
  document: ExtendedJson,
  diff: DocumentDiff,
  group: IConflictDocument,
  trans: TranslationBundle
): readonly ILine[] {
  const found: ILine[] = [];
  const walk = (value: ExtendedJson, path: FieldPath, name: string, depth: number, inherited: string) => {
    if (found.length >= LINES_MAX) {
      return;
    }
    const conflict = group.conflicts.find(
      candidate => JSON.stringify(candidate.path) === JSON.stringify(path)
    );
    const changed = diff.fields.some(field => JSON.stringify(field.path) === JSON.stringify(path))
      ? 'plan'
      : '';
    const from =
      conflict !== undefined && path.length > 0
        ? answerKind(conflict.answer)
        : inherited === ''
          ? changed
          : inherited;
    const isOpen = from === 'open';
    const size = sizeOf(value);
    if (size === undefined || size === 0) {
      const text = isOpen ? trans.__('open') : inline(value, 200);
      found.push({ depth, text: `${name}${text}${depth === 0 ? '' : ','}`, from, isOpen });
      return;
    }
    const isList = Array.isArray(value);
    found.push({ depth, text: `${name}${isList ? '[' : '{'}`, from, isOpen });
    if (isList) {
      value.forEach((item: unknown, index) => walk(item, [...path, index], '', depth + 1, from));
    } else {
      for (const [key, item] of Object.entries(value as Record<string, unknown>)) {
        walk(item, [...path, key], `${key}: `, depth + 1, from);
      }
    }
    found.push({ depth, text: `${isList ? ']' : '}'}${depth === 0 ? '' : ','}`, from, isOpen });
  };
  walk(document, [], '', 0, '');
  return found;
}
