import { copyIcon, jumpForwardIcon, launchIcon } from '@jupyterlab/ui-components';
import { Fragment } from 'react';
import type { LineageData, LineageRun } from '../client/protocol';
import { CommandIds } from '../commands/ids';
import { count, metricValue } from '../format/count';
import { shortenMiddle } from '../format/shorten';
import { fullTime, moment } from '../format/time';
import { runName, runValue } from '../graph/rowName';
import {
  branchAddIcon,
  branchIcon,
  dataIcon,
  diffIcon,
  modelIcon,
  pinIcon,
  runIcon,
  warningIcon
} from '../icons';
import { useNow } from '../panel/context';
import { IconButton, TextButton } from '../panel/parts';
import { useView } from '../view/viewContext';
import { CompareFacts } from './compare';
import { executeOn } from './execute';
import type { LineageModel } from './lineageModel';
import { argonFacts, factsText, lasted, mlflowLink } from './runFacts';
import { SameData } from './sameData';
import { branchNowNote, cellText, placeName, statusWord } from './words';

/** Runs and collections that the facts list. */
const LISTED_MAX = 50;

/** The facts of the selected node, at the right of the drawing. */
export function Facts({ model }: { readonly model: LineageModel }): JSX.Element {
  const { trans } = useView();
  const node = model.selectedNode;
  if (node?.kind === 'run' && model.compared !== undefined) {
    return <CompareFacts model={model} first={node.run} second={model.compared} />;
  }
  switch (node?.kind) {
    case 'run':
      return <RunFacts model={model} run={node.run} />;
    case 'data':
      return <DataFacts model={model} data={node.data} />;
    case 'cell':
      return <CellFacts model={model} cellKey={node.key} />;
    case 'model':
      return <ModelFacts model={model} modelKey={node.key} />;
    default:
      return (
        <p className="jp-ArgonLineage-hint">
          {trans.__(
            'Select a state, a cell, a run or a model to see where it comes from and what came of it.'
          )}
        </p>
      );
  }
}

function RunFacts(props: { readonly model: LineageModel; readonly run: LineageRun }): JSX.Element {
  const { model, run } = props;
  const view = useView();
  const { trans, copy, workspace } = view;
  const now = useNow(60_000);
  const { facts, createdAt, releasedAt } = run.run;
  const data = model.parts.data.find(candidate => candidate.key === run.data);
  const value = runValue(run.run);
  const metric =
    Object.keys(facts).find(key => key === 'metric.accuracy') ?? Object.keys(facts).find(isMetric);
  const link = mlflowLink(run);
  const ref = `run:${run.run.id}`;
  const reason =
    data?.gone === true
      ? trans.__('The data of this run is no longer kept.')
      : workspace.session === undefined
        ? trans.__('Reproduce needs a notebook whose kernel has loaded Argon.')
        : undefined;
  const others = model.parts.runs.filter(other => other.key !== run.key).slice(0, LISTED_MAX);
  const metrics = Object.entries(facts).filter(([key]) => isMetric(key));
  return (
    <>
      <header>
        <h2>
          <runIcon.react tag="span" className="jp-ArgonIcon" />
          <b title={run.run.id}>{runName(run.run)}</b>
          <span>{statusWord(run, trans) || trans.__('finished')}</span>
          {value !== undefined && <strong>{value}</strong>}
        </h2>
        <div className="jp-ArgonLineage-sub">
          <span title={fullTime(createdAt)}>
            {[facts['experiment'], moment(facts['startedAt'] ?? createdAt, now, trans), lasted(run, trans)]
              .filter(Boolean)
              .join(' · ')}
          </span>
          {metric !== undefined && <span>{metric.slice('metric.'.length)}</span>}
        </div>
        <div className="jp-ArgonLineage-actions">
          <TextButton
            isPrimary
            disabled={reason !== undefined || workspace.client.isReadOnly}
            title={trans.__('Opens the very data that the run saw, read-only')}
            onClick={() => executeOn(model, view, CommandIds.switchTo, { ref })}
          >
            {trans.__('Reproduce')}
          </TextButton>
          <label className="jp-ArgonLineage-pick">
            <span className="jp-ArgonHidden">{trans.__('Compare with another run')}</span>
            <select
              value=""
              disabled={others.length === 0}
              onChange={event => {
                model.compared = others.find(other => other.key === event.target.value);
              }}
            >
              <option value="">{trans.__('Compare…')}</option>
              {others.map(other => (
                <option key={other.key} value={other.key}>
                  {runName(other.run)}
                </option>
              ))}
            </select>
          </label>
          {link !== undefined && (
            <a className="jp-ArgonButton" href={link} target="_blank" rel="noopener noreferrer">
              <launchIcon.react tag="span" className="jp-ArgonIcon" />
              <span className="jp-ArgonButton-label">{trans.__('MLflow')}</span>
            </a>
          )}
        </div>
        {reason !== undefined && <p className="jp-ArgonDetails-reason">{reason}</p>}
      </header>
      {data !== undefined && (
        <section>
          <h3>{trans.__('Data it read')}</h3>
          <StateLine model={model} data={data} />
          <BranchNow run={run.run} />
          <Collections data={data} />
          <p className="jp-ArgonLineage-quiet">
            {data.gone === true
              ? trans.__('Collected: neither the branch nor the run holds it any more.')
              : releasedAt !== undefined
                ? trans.__('No longer kept for this run: it was deleted where it was logged.')
                : trans.__('Kept from collection while this run exists.')}
          </p>
        </section>
      )}
      <SameData key={run.key} model={model} run={run} />
      {metrics.length > 0 && (
        <section>
          <h3>{trans.__('Metrics')}</h3>
          <dl className="jp-ArgonLineage-facts">
            {metrics.slice(0, LISTED_MAX).map(([key, text]) => (
              <Fragment key={key}>
                <dt>{key.slice('metric.'.length)}</dt>
                <dd>{metricValue(text)}</dd>
              </Fragment>
            ))}
          </dl>
        </section>
      )}
      <section>
        <h3>
          {trans.__('Tags and metric on the run')}
          <IconButton
            icon={copyIcon}
            label={trans.__('Copy the facts of this run')}
            onClick={() => copy(factsText(run))}
          />
        </h3>
        <dl className="jp-ArgonLineage-facts">
          {argonFacts(run).map(([name, text]) => (
            <Fragment key={name}>
              <dt>{name}</dt>
              <dd title={text}>{shortenMiddle(text, 34)}</dd>
            </Fragment>
          ))}
        </dl>
        <p className="jp-ArgonLineage-quiet">
          {trans.__('argon.lsn is a tag and a metric, so runs can be searched by LSN range.')}
        </p>
      </section>
    </>
  );
}

/** A name can be given anew: then it does not lead to what the run saw, which the state above still does. */
function BranchNow({ run }: { readonly run: LineageRun['run'] }): JSX.Element | null {
  const { trans } = useView();
  const note = branchNowNote(run, trans);
  return note === undefined ? null : (
    <p className="jp-ArgonLineage-moved">
      <warningIcon.react tag="span" className="jp-ArgonIcon" />
      <span>{note}</span>
    </p>
  );
}

function DataFacts(props: { readonly model: LineageModel; readonly data: LineageData }): JSX.Element {
  const { model, data } = props;
  const view = useView();
  const { trans, workspace } = view;
  const execute = (command: string, args: Record<string, string>) => () =>
    executeOn(model, view, command, args);
  const disabled = data.gone === true || workspace.client.isReadOnly;
  const read = model.parts.runs.filter(run => run.data === data.key);
  return (
    <>
      <header>
        <h2>
          <dataIcon.react tag="span" className="jp-ArgonIcon" />
          <b title={placeName(data, trans)}>{placeName(data, trans)}</b>
        </h2>
        {data.digest !== undefined && (
          <div className="jp-ArgonLineage-sub">
            <span title={data.digest}>{trans.__('digest %1', shortenMiddle(data.digest, 20))}</span>
          </div>
        )}
        <div className="jp-ArgonLineage-actions">
          <TextButton
            icon={jumpForwardIcon}
            disabled={disabled}
            onClick={execute(CommandIds.switchTo, { ref: data.ref })}
          >
            {trans.__('Switch')}
          </TextButton>
          <TextButton
            icon={branchAddIcon}
            disabled={disabled}
            onClick={execute(CommandIds.createBranch, { from: data.ref })}
          >
            {trans.__('Branch here…')}
          </TextButton>
          <TextButton
            icon={diffIcon}
            disabled={disabled}
            onClick={execute(CommandIds.diff, { to: data.ref })}
          >
            {trans.__('Diff with…')}
          </TextButton>
          <TextButton
            icon={pinIcon}
            disabled={disabled}
            onClick={execute(CommandIds.createPin, { ref: data.ref })}
          >
            {trans.__('Pin…')}
          </TextButton>
        </div>
      </header>
      <section>
        <h3>{trans.__('Documents')}</h3>
        {read[0] !== undefined && <BranchNow run={read[0].run} />}
        <Collections data={data} />
        {data.pins.map(pin => (
          <p key={pin} className="jp-ArgonLineage-quiet">
            {trans.__('Pinned as %1.', pin)}
          </p>
        ))}
      </section>
      <Runs model={model} runs={read} />
    </>
  );
}

function CellFacts(props: { readonly model: LineageModel; readonly cellKey: string }): JSX.Element {
  const { model, cellKey } = props;
  const { trans, openCell } = useView();
  const cell = model.parts.cells.find(candidate => candidate.key === cellKey)!;
  const { title, note } = cellText(cell, trans);
  const { notebook } = cell;
  return (
    <>
      <header>
        <h2>
          <b title={notebook}>{title}</b>
          <span>{note}</span>
        </h2>
        {notebook !== undefined && (
          <div className="jp-ArgonLineage-actions">
            <TextButton icon={jumpForwardIcon} onClick={() => openCell(notebook, cell.cell)}>
              {trans.__('Go to the cell')}
            </TextButton>
          </div>
        )}
      </header>
      <section>
        <h3>{trans.__('Data it read')}</h3>
        {cell.data.flatMap(key => {
          const data = model.parts.data.find(candidate => candidate.key === key);
          return data === undefined ? [] : [<StateLine key={key} model={model} data={data} />];
        })}
      </section>
      <Runs model={model} runs={model.parts.runs.filter(run => run.cell === cellKey)} folding={cellKey} />
    </>
  );
}

function ModelFacts(props: { readonly model: LineageModel; readonly modelKey: string }): JSX.Element {
  const { model, modelKey } = props;
  const { trans } = useView();
  const made = model.parts.models.find(candidate => candidate.key === modelKey)!;
  return (
    <>
      <header>
        <h2>
          <modelIcon.react tag="span" className="jp-ArgonIcon" />
          <b title={made.name}>{made.name}</b>
          <span>
            {made.version === undefined
              ? trans.__('logged, not registered')
              : trans.__('version %1', made.version)}
          </span>
        </h2>
        {made.aliases.length > 0 && <div className="jp-ArgonLineage-sub">{made.aliases.join(', ')}</div>}
      </header>
      <Runs model={model} runs={model.parts.runs.filter(run => run.key === made.run)} />
    </>
  );
}

function Runs(props: {
  readonly model: LineageModel;
  readonly runs: readonly LineageRun[];
  readonly folding?: string;
}): JSX.Element {
  const { model, runs, folding } = props;
  const { trans } = useView();
  return (
    <section>
      <h3>{trans._n('%2 run', '%2 runs', runs.length, count(runs.length))}</h3>
      <ul className="jp-ArgonLineage-runs">
        {runs.slice(0, LISTED_MAX).map(run => (
          <li key={run.key}>
            <runIcon.react tag="span" className="jp-ArgonIcon jp-mod-small" />
            <button type="button" className="jp-ArgonLink" onClick={() => void model.reveal(run.key)}>
              {runName(run.run)}
            </button>
            <span>{runValue(run.run)}</span>
          </li>
        ))}
      </ul>
      {runs.length > LISTED_MAX && (
        <p className="jp-ArgonLineage-quiet">{trans.__('%1 more', count(runs.length - LISTED_MAX))}</p>
      )}
      {folding !== undefined && model.isUnfolded(folding) && (
        <button type="button" className="jp-ArgonLink" onClick={() => model.unfold(folding, false)}>
          {trans.__('Fold the older runs')}
        </button>
      )}
    </section>
  );
}

function StateLine(props: { readonly model: LineageModel; readonly data: LineageData }): JSX.Element {
  const { model, data } = props;
  const { trans } = useView();
  return (
    <div className="jp-ArgonLineage-state">
      <branchIcon.react tag="span" className="jp-ArgonIcon" />
      <b title={placeName(data, trans)}>{placeName(data, trans)}</b>
      <button type="button" className="jp-ArgonLink" onClick={() => model.select(data.key)}>
        {trans.__('Open')}
      </button>
    </div>
  );
}

function Collections({ data }: { readonly data: LineageData }): JSX.Element {
  const { trans } = useView();
  if (data.collections === undefined) {
    return (
      <p className="jp-ArgonLineage-quiet">
        {data.gone === true ? trans.__('no longer kept') : trans.__('not counted yet')}
      </p>
    );
  }
  return (
    <ul className="jp-ArgonLineage-collections">
      {data.collections.map(({ name, count: documents }) => (
        <li key={name}>
          <span title={name}>{name}</span>
          <span>{trans._n('%2 document', '%2 documents', documents, count(documents))}</span>
        </li>
      ))}
      {data.collections.length === 0 && <li>{trans.__('no collections')}</li>}
    </ul>
  );
}

function isMetric(key: string): boolean {
  return key.startsWith('metric.') && key !== 'metric.argon.lsn';
}
