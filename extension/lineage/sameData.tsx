import { useEffect, useState } from 'react';
import type { Diff, LineageRun } from '../client/protocol';
import { messageOf } from '../client/rpcError';
import { CommandIds } from '../commands/ids';
import { count } from '../format/count';
import { runName } from '../graph/rowName';
import { useView } from '../view/viewContext';
import { executeOn } from './execute';
import type { LineageModel } from './lineageModel';

/** Runs on the same data that are listed, and runs on other data that are compared. */
const SAME_MAX = 5;
const OTHER_MAX = 3;

/** Which runs saw the same data as a run, and how others differ. */
export function SameData(props: {
  readonly model: LineageModel;
  readonly run: LineageRun;
}): JSX.Element | null {
  const { model, run } = props;
  const { trans } = useView();
  const others = model.parts.runs.filter(other => other.key !== run.key);
  const same = others.filter(other => other.run.digest === run.run.digest);
  const differ = differing(others, run);
  if (others.length === 0) {
    return null;
  }
  return (
    <section>
      <h3>{trans.__('Same data?')}</h3>
      <ul className="jp-ArgonLineage-same">
        {same.slice(0, SAME_MAX).map(other => (
          <li key={other.key}>
            <span aria-hidden="true">=</span>
            <b title={runName(other.run)}>{runName(other.run)}</b>
            <span>
              {trans.__('same data')}
              <small>{trans.__('equal digest %1', run.run.digest.slice(0, 8))}</small>
            </span>
            <button
              type="button"
              className="jp-ArgonLink"
              onClick={() => {
                model.compared = other;
              }}
            >
              {trans.__('Compare')}
            </button>
          </li>
        ))}
        {differ.map(other => (
          <Differing key={other.key} model={model} run={run} other={other} />
        ))}
      </ul>
      {same.length > 0 && (
        <button
          type="button"
          className="jp-ArgonLink"
          onClick={() => {
            model.digest = model.digest === '' ? run.run.digest : '';
          }}
        >
          {model.digest === ''
            ? trans._n(
                'Show only the %2 other run on this data',
                'Show only the %2 other runs on this data',
                same.length,
                count(same.length)
              )
            : trans.__('Show all runs')}
        </button>
      )}
    </section>
  );
}

/** The newest runs on other data, one for each state. */
function differing(others: readonly LineageRun[], run: LineageRun): LineageRun[] {
  const seen = new Set([run.run.digest]);
  const found: LineageRun[] = [];
  for (const other of others) {
    if (!seen.has(other.run.digest) && found.length < OTHER_MAX) {
      seen.add(other.run.digest);
      found.push(other);
    }
  }
  return found;
}

function Differing(props: {
  readonly model: LineageModel;
  readonly run: LineageRun;
  readonly other: LineageRun;
}): JSX.Element {
  const { model, run, other } = props;
  const view = useView();
  const { trans } = view;
  const diff = useDifference(model, other, run);
  const [largest] = diff instanceof Array ? [] : [...(diff?.summary ?? [])].sort((a, b) => sum(b) - sum(a));
  const total = diff instanceof Array || diff === undefined ? undefined : documentsOf(diff);
  return (
    <li>
      <span aria-hidden="true">≠</span>
      <b title={runName(other.run)}>{runName(other.run)}</b>
      <span>
        {diff instanceof Array
          ? diff[0]
          : total === undefined
            ? trans.__('comparing…')
            : total === 0
              ? trans.__('same documents, other indexes or options')
              : trans._n('differs by %2 document', 'differs by %2 documents', total, count(total))}
        {largest !== undefined && total !== undefined && (
          <small>{trans.__('%1 of them in %2', count(sum(largest)), largest.collection)}</small>
        )}
      </span>
      <button
        type="button"
        className="jp-ArgonLink"
        onClick={() =>
          executeOn(model, view, CommandIds.diff, {
            from: `run:${other.run.id}`,
            to: `run:${run.run.id}`
          })
        }
      >
        {trans.__('Diff')}
      </button>
    </li>
  );
}

/** The difference of two runs: undefined while it is read, a sentence in an array when it cannot be. */
export function useDifference(
  model: LineageModel,
  from: LineageRun,
  to: LineageRun
): Diff | readonly [string] | undefined {
  const [diff, setDiff] = useState<Diff | readonly [string]>();
  useEffect(() => {
    let isCurrent = true;
    setDiff(undefined);
    model.difference(from, to).then(
      found => isCurrent && setDiff(found),
      (error: unknown) => isCurrent && setDiff([messageOf(error)])
    );
    return () => {
      isCurrent = false;
    };
  }, [model, from.data, to.data]);
  return diff;
}

/** Documents that differ in a collection. */
function sum(part: Diff['summary'][number]): number {
  return part.added + part.changed + part.deleted;
}

/** Documents that differ. */
export function documentsOf(diff: Diff): number {
  return diff.summary.reduce((total, part) => total + sum(part), 0);
}
