import { opName } from '../graph/row';
import { Sign } from '../panel/parts';
import { useView } from '../view/viewContext';
import type { IFieldRow } from './fieldRows';
import { ValueText } from './valueCell';

/** Field paths with what both sides have there. */
export function ChangeTable(props: {
  readonly rows: readonly IFieldRow[];
  /** Names of the two states. */
  readonly from: string;
  readonly to: string;
}): JSX.Element {
  const { trans } = useView();
  const { from, to } = props;
  return (
    <table className="jp-ArgonFields">
      <thead>
        <tr>
          <th scope="col">{trans.__('Field path')}</th>
          <th scope="col">{from}</th>
          <th scope="col">{to}</th>
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
            <td className={row.kind === 'update' || row.kind === 'delete' ? 'jp-mod-old' : ''}>
              <ValueText value={row.before} trans={trans} />
            </td>
            <td className={row.kind === 'update' || row.kind === 'insert' ? 'jp-mod-new' : ''}>
              <ValueText value={row.after} trans={trans} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
