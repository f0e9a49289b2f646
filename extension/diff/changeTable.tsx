import { opName } from '../graph/row';
import { Sign } from '../panel/parts';
import { useView } from '../view/viewContext';
import type { IFieldRow } from './fieldRows';
import { ValueText } from './valueCell';

/** Field paths with what both sides have there: side by side, or one below the other. */
export function ChangeTable(props: {
  readonly rows: readonly IFieldRow[];
  /** Names of the two states. */
  readonly from: string;
  readonly to: string;
  readonly isUnified?: boolean;
}): JSX.Element {
  const { trans } = useView();
  const { from, to, isUnified = false } = props;
  return (
    <table className={`jp-ArgonFields${isUnified ? ' jp-mod-unified' : ''}`}>
      <thead>
        <tr>
          <th scope="col">{trans.__('Field path')}</th>
          {isUnified ? (
            <th scope="col">{trans.__('%1 → %2', from, to)}</th>
          ) : (
            <>
              <th scope="col">{from}</th>
              <th scope="col">{to}</th>
            </>
          )}
        </tr>
      </thead>
      <tbody>
        {props.rows.map(row => (
          <tr key={JSON.stringify(row.path)} className={`jp-mod-${row.kind}`}>
            <th scope="row" style={{ paddingLeft: 10 + row.depth * 16 }}>
              <span className="jp-ArgonFields-path">
                {row.kind === 'same' ? (
                  <span className="jp-ArgonSign" />
                ) : (
                  <Sign op={row.kind} label={opName(row.kind, trans)} />
                )}
                <code title={row.text}>{row.text === '' ? trans.__('whole document') : row.text}</code>
                {row.isTypeChanged && <span className="jp-ArgonTag">{trans.__('type changed')}</span>}
              </span>
            </th>
            {isUnified ? (
              <td>
                {row.kind !== 'insert' && (
                  <div className={oldOf(row)}>
                    <ValueText value={row.before} trans={trans} />
                  </div>
                )}
                {row.kind !== 'delete' && row.kind !== 'same' && (
                  <div className={newOf(row)}>
                    <ValueText value={row.after} trans={trans} />
                  </div>
                )}
              </td>
            ) : (
              <>
                <td className={oldOf(row)}>
                  <ValueText value={row.before} trans={trans} />
                </td>
                <td className={newOf(row)}>
                  <ValueText value={row.after} trans={trans} />
                </td>
              </>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function oldOf({ kind }: IFieldRow): string {
  return kind === 'update' || kind === 'delete' ? 'jp-mod-old' : '';
}

function newOf({ kind }: IFieldRow): string {
  return kind === 'update' || kind === 'insert' ? 'jp-mod-new' : '';
}
