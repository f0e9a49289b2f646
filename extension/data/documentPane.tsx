import {
  closeIcon,
  codeIcon,
  copyIcon,
  historyIcon,
  moveDownIcon,
  moveUpIcon
} from '@jupyterlab/ui-components';
import { useMemo, useState } from 'react';
import type { DocumentDiff } from '../client/protocol';
import { CommandIds } from '../commands/ids';
import { ChangeTable } from '../diff/changeTable';
import { fieldTable, type IFieldRow } from '../diff/fieldRows';
import { count } from '../format/count';
import { idText, inline, sizeOf } from '../format/value';
import { opName } from '../graph/row';
import { IconButton, Segmented, TextButton } from '../panel/parts';
import { FoldedText } from '../view/foldedText';
import { useView } from '../view/viewContext';
import { pinned } from '../model/refs';
import type { DataModel } from './dataModel';
import type { IDataRow } from './dataRows';
import { Toolbar } from '../view/toolbar';

/** Characters of a document as JSON that are shown before it is unfolded: a text of megabytes stalls a page. */
const VALUE_CHARACTERS_MAX = 200_000;

/** One document beside the table: its fields with types, or what differs between the two states. */
export function DocumentPane(props: {
  readonly model: DataModel;
  readonly row: IDataRow;
  readonly onClose: () => void;
}): JSX.Element {
  const { model, row } = props;
  const { commands, trans, copy } = useView();
  const [isJson, setJson] = useState(false);
  const collection = model.collection ?? '';
  const ref = model.state === undefined ? model.ref : pinned(model.state);
  const name = `${collection} / ${idText(row.id)}`;
  const table = useMemo(() => fieldTable(asDiff(row, collection), row.op === undefined), [row, collection]);
  const step = (by: number) => {
    const to = model.selected + by;
    if (to >= 0 && to < (model.rows?.length ?? 0)) {
      model.selected = to;
    }
  };
  const args = { project: model.project, ref, collection, id: JSON.stringify(row.id) };
  return (
    <section className="jp-ArgonData-document" aria-label={trans.__('Document')}>
      <Toolbar label={trans.__('Tools of this document')} className="jp-ArgonDocument-head">
        <h3 title={name}>{idText(row.id)}</h3>
        <span className="jp-ArgonDocument-note">
          {row.op !== undefined
            ? opName(row.op, trans)
            : row.bytes === undefined
              ? ''
              : trans.__('%1 bytes', count(row.bytes))}
        </span>
        <IconButton icon={moveUpIcon} label={trans.__('Previous document')} onClick={() => step(-1)} />
        <IconButton icon={moveDownIcon} label={trans.__('Next document')} onClick={() => step(1)} />
        <IconButton
          icon={closeIcon}
          label={trans.__('Close the document (Escape)')}
          onClick={props.onClose}
        />
      </Toolbar>
      <Toolbar label={trans.__('Actions on this document')} className="jp-ArgonData-actions">
        {row.op === undefined && (
          <Segmented
            label={trans.__('How values are shown')}
            choices={[
              ['fields', trans.__('Fields')],
              ['json', trans.__('JSON')]
            ]}
            value={isJson ? 'json' : 'fields'}
            onChange={value => setJson(value === 'json')}
          />
        )}
        <TextButton
          icon={copyIcon}
          disabled={row.document === undefined}
          onClick={() => copy(JSON.stringify(row.document, undefined, 2))}
        >
          {trans.__('Copy as JSON')}
        </TextButton>
        <TextButton
          icon={historyIcon}
          onClick={() => void commands.execute(CommandIds.documentHistory, args)}
        >
          {trans.__('History')}
        </TextButton>
        <TextButton
          icon={codeIcon}
          onClick={() => void commands.execute(CommandIds.documentHistory, { ...args, view: 'blame' })}
        >
          {trans.__('Blame')}
        </TextButton>
      </Toolbar>
      {row.document === undefined ? (
        <p className="jp-ArgonView-none">
          {trans.__(
            'This document has %1 bytes: too many to show here. Open it in the notebook to read it.',
            count(row.bytes ?? 0)
          )}
        </p>
      ) : row.op !== undefined ? (
        <ChangeTable rows={table.rows} from={model.compare ?? ''} to={ref} />
      ) : isJson ? (
        <pre className="jp-ArgonData-json" tabIndex={0} aria-label={trans.__('Document as JSON')}>
          {shortened(JSON.stringify(row.document, undefined, 2))}
        </pre>
      ) : (
        <ValueTable rows={table.rows} />
      )}
      {!isJson && table.left > 0 && (
        <p className="jp-ArgonDocument-more">
          {trans.__('%1 more fields; see them as JSON', count(table.left))}
        </p>
      )}
    </section>
  );
}

function shortened(text: string): string {
  return text.length > VALUE_CHARACTERS_MAX ? `${text.slice(0, VALUE_CHARACTERS_MAX)}\n…` : text;
}

/** A row as a difference: of the other state and this one, or of the document and itself. */
function asDiff({ id, op, document, before, fields = [] }: IDataRow, collection: string): DocumentDiff {
  if (op === undefined) {
    return { collection, id, op: 'update', fields: [], before: document, after: document };
  }
  // What only one of the answers shows may still be there in both states.
  if (op === 'update' || fields.length > 0) {
    return { collection, id, op: 'update', fields: [...fields], before, after: document };
  }
  return op === 'insert'
    ? { collection, id, op, fields: [], after: document }
    : { collection, id, op, fields: [], before: before ?? document };
}

function ValueTable({ rows }: { readonly rows: readonly IFieldRow[] }): JSX.Element {
  const { trans } = useView();
  return (
    <table className="jp-ArgonFields jp-ArgonData-fields">
      <thead>
        <tr>
          <th scope="col">{trans.__('Field path')}</th>
          <th scope="col">{trans.__('Value')}</th>
          <th scope="col">{trans.__('Type')}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ path, text, depth, after }) => {
          const size = sizeOf(after.value);
          return (
            <tr key={JSON.stringify(path)}>
              <th scope="row" style={{ paddingLeft: 10 + depth * 14 }}>
                <code title={text}>{text}</code>
              </th>
              <td>
                {size !== undefined && size > 0 ? (
                  <span className="jp-ArgonValue-container">
                    {Array.isArray(after.value)
                      ? trans._n('%2 item', '%2 items', size, count(size))
                      : trans._n('%2 field', '%2 fields', size, count(size))}
                  </span>
                ) : (
                  <FoldedText text={inline(after.value, VALUE_CHARACTERS_MAX)} />
                )}
              </td>
              <td className="jp-ArgonData-type">{after.type}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
