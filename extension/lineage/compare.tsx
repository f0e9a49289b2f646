import { closeIcon } from '@jupyterlab/ui-components';
import type { LineageRun } from '../client/protocol';
import { CommandIds } from '../commands/ids';
import { count, metricValue } from '../format/count';
import { runName } from '../graph/rowName';
import { diffIcon, swapIcon } from '../icons';
import { IconButton, Sign, TextButton } from '../panel/parts';
import { useView } from '../view/viewContext';
import { executeOn } from './execute';
import type { LineageModel } from './lineageModel';
import { documentsOf, useDifference } from './sameData';
import { placeName } from './words';

/** Facts that are compared beside the metrics; the others say the same in another way. */
const FACTS = ['status', 'experiment', 'notebook', 'cellNumber', 'model'] as const;
const METRICS_MAX = 100;

/** Two runs side by side: the same data or not, what differs, metrics and facts. */
export function CompareFacts(props: {
  readonly model: LineageModel;
  readonly first: LineageRun;
  readonly second: LineageRun;
}): JSX.Element {
  const { model, first, second } = props;
  const view = useView();
  const { trans } = view;
  const isSame = first.run.digest === second.run.digest;
  const names = [runName(first.run), runName(second.run)] as const;
  const metrics = [...new Set([first, second].flatMap(({ run }) => Object.keys(run.facts)))]
    .filter(key => key.startsWith('metric.'))
    .sort()
    .slice(0, METRICS_MAX);
  const rows: (readonly [string, string, string])[] = [
    [trans.__('data'), placeName(first.run, trans), placeName(second.run, trans)],
    ...metrics.map(key => [key.slice('metric.'.length), valueOf(first, key), valueOf(second, key)] as const),
    ...FACTS.map(key => [key, valueOf(first, key), valueOf(second, key)] as const).filter(
      ([, one, other]) => one !== '' || other !== ''
    )
  ];
  return (
    <>
      <header>
        <h2>
          <b title={`${names[0]}, ${names[1]}`}>{trans.__('%1 and %2', names[0], names[1])}</b>
          <IconButton
            icon={swapIcon}
            label={trans.__('Look at the other run')}
            onClick={() => {
              model.select(second.key);
              model.compared = first;
            }}
          />
          <IconButton
            icon={closeIcon}
            label={trans.__('End the comparison')}
            onClick={() => {
              model.compared = undefined;
            }}
          />
        </h2>
      </header>
      <section role="status">
        {isSame ? (
          <p className="jp-ArgonLineage-verdict">{trans.__('= The same data: the digests are equal.')}</p>
        ) : (
          <OtherData model={model} first={first} second={second} />
        )}
        <div className="jp-ArgonLineage-actions">
          <TextButton
            icon={diffIcon}
            disabled={isSame}
            onClick={() =>
              executeOn(model, view, CommandIds.diff, {
                from: `run:${second.run.id}`,
                to: `run:${first.run.id}`
              })
            }
          >
            {trans.__('Diff of their data')}
          </TextButton>
        </div>
      </section>
      <section>
        <table className="jp-ArgonLineage-compare">
          <thead>
            <tr>
              <th scope="col">{trans.__('fact')}</th>
              <th scope="col" title={names[0]}>
                {names[0]}
              </th>
              <th scope="col" title={names[1]}>
                {names[1]}
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map(([name, one, other]) => (
              <tr key={name} className={one === other ? '' : 'jp-mod-differs'}>
                <th scope="row" title={name}>
                  {one === other ? name : `≠ ${name}`}
                </th>
                <td title={one}>{one}</td>
                <td title={other}>{other}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </>
  );
}

function OtherData(props: {
  readonly model: LineageModel;
  readonly first: LineageRun;
  readonly second: LineageRun;
}): JSX.Element {
  const { model, first, second } = props;
  const { trans } = useView();
  const diff = useDifference(model, second, first);
  if (diff === undefined) {
    return <p className="jp-ArgonLineage-verdict">{trans.__('≠ Other data; comparing…')}</p>;
  }
  if (diff instanceof Array) {
    return <p className="jp-ArgonLineage-verdict">{trans.__('≠ Other data. %1', diff[0])}</p>;
  }
  const total = documentsOf(diff);
  return (
    <>
      <p className="jp-ArgonLineage-verdict">
        {trans._n(
          '≠ The data differs by %2 document.',
          '≠ The data differs by %2 documents.',
          total,
          count(total)
        )}
      </p>
      <ul className="jp-ArgonLineage-collections">
        {diff.summary.map(part => (
          <li key={part.collection}>
            <span title={part.collection}>{part.collection}</span>
            <span>
              <Sign op="insert" label={trans.__('added')} />
              {count(part.added)} <Sign op="update" label={trans.__('changed')} />
              {count(part.changed)} <Sign op="delete" label={trans.__('deleted')} />
              {count(part.deleted)}
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}

function valueOf({ run }: LineageRun, key: string): string {
  const text = run.facts[key] ?? '';
  return key.startsWith('metric.') ? metricValue(text) : text;
}
