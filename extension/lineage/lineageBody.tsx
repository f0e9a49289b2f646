import { addIcon, closeIcon, downloadIcon, refreshIcon, searchIcon } from '@jupyterlab/ui-components';
import { useState } from 'react';
import { codeOf, messageOf } from '../client/rpcError';
import { count } from '../format/count';
import { cellName } from '../format/words';
import { noticeIcon } from '../icons';
import { useSignal } from '../panel/context';
import { IconButton, Segmented, TextButton } from '../panel/parts';
import { useView } from '../view/viewContext';
import { Canvas } from './canvas';
import type { ExportFormat } from './export/download';
import { Facts } from './facts';
import { RUNS_MAX, type LineageModel } from './lineageModel';
import { nodeText } from './words';
import { Toolbar } from '../view/toolbar';
import { useRoving } from '../view/useRoving';

const ZOOMS = [0.5, 0.67, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 2] as const;

/** The lineage view: bar, drawing, facts of what is selected. */
export function LineageBody(props: {
  readonly model: LineageModel;
  readonly onExport: (format: ExportFormat) => Promise<string | undefined>;
}): JSX.Element {
  const { model } = props;
  const { trans, workspace } = useView();
  const roving = useRoving<HTMLElement>();
  useSignal(model.changed);
  useSignal(workspace.changed);
  const [zoom, setZoom] = useState(1);
  const [trouble, setTrouble] = useState<string>();
  const isFiltered = model.search !== '' || model.branch !== '' || model.digest !== '';
  const { page } = model;
  return (
    <div className="jp-ArgonView jp-ArgonLineage">
      <Bar
        model={model}
        zoom={zoom}
        onZoom={setZoom}
        onExport={format => void props.onExport(format).then(setTrouble)}
      />
      {trouble !== undefined && (
        <div className="jp-ArgonStrip jp-mod-info" role="alert">
          <noticeIcon.react tag="span" className="jp-ArgonIcon" />
          <span>{trouble}</span>
          <IconButton icon={closeIcon} label={trans.__('Close')} onClick={() => setTrouble(undefined)} />
        </div>
      )}
      {(model.focus !== undefined || model.digest !== '') && (
        <div className="jp-ArgonStrip jp-mod-info" role="status">
          <noticeIcon.react tag="span" className="jp-ArgonIcon" />
          <span>
            {model.focus !== undefined
              ? trans.__('Only the path of one node is drawn.')
              : trans.__('Only runs on the data with the digest %1 are drawn.', model.digest.slice(0, 8))}
          </span>
          <TextButton
            onClick={() => {
              model.focus = undefined;
              if (model.digest !== '') {
                model.digest = '';
              }
            }}
          >
            {trans.__('Show everything')}
          </TextButton>
        </div>
      )}
      {model.error !== undefined && (
        <div className={page === undefined ? 'jp-ArgonView-message' : 'jp-ArgonStrip'} role="alert">
          <h3>{trans.__('The lineage cannot be read')}</h3>
          <p>{messageOf(model.error)}</p>
          <TextButton icon={refreshIcon} onClick={() => void model.read()}>
            {trans.__('Retry')}
          </TextButton>
          <div className="jp-ArgonCode">{codeOf(model.error)}</div>
        </div>
      )}
      {page === undefined ? (
        model.error === undefined && (
          <div className="jp-ArgonView-message" role="status">
            <p>
              {workspace.client.isOpen
                ? trans.__('Reading the lineage of %1…', model.project)
                : trans.__(
                    'Waiting for the Argon bridge; the lineage of %1 is read when it is there.',
                    model.project
                  )}
            </p>
          </div>
        )
      ) : model.graph.nodes.size === 0 ? (
        <div className="jp-ArgonView-message" role="status">
          <h3>{isFiltered ? trans.__('No run fits') : trans.__('No runs yet')}</h3>
          <p>
            {isFiltered
              ? trans.__('No run of %1 has this branch, LSN, name or model.', model.project)
              : trans.__(
                  'A run appears here when it is started in a notebook that has loaded Argon: mlflow.start_run() is all it needs.'
                )}
          </p>
          {isFiltered && (
            <TextButton
              onClick={() => {
                model.search = '';
                model.digest = '';
                model.branch = '';
              }}
            >
              {trans.__('Show everything')}
            </TextButton>
          )}
        </div>
      ) : (
        <div className="jp-ArgonLineage-columns">
          <div className="jp-ArgonLineage-main">
            <Canvas model={model} zoom={zoom} />
            <Foot model={model} />
          </div>
          <aside
            {...roving}
            className="jp-ArgonLineage-side"
            aria-label={trans.__('Facts of the selected node')}
          >
            <Facts model={model} />
          </aside>
        </div>
      )}
    </div>
  );
}

function Bar(props: {
  readonly model: LineageModel;
  readonly zoom: number;
  readonly onZoom: (zoom: number) => void;
  readonly onExport: (format: ExportFormat) => void;
}): JSX.Element {
  const { model, zoom } = props;
  const { trans } = useView();
  const { page, parts } = model;
  const at = ZOOMS.findIndex(step => step === zoom);
  const step = (by: 1 | -1) => props.onZoom(ZOOMS[Math.max(0, Math.min(ZOOMS.length - 1, at + by))] ?? 1);
  const versions = parts.models.length;
  const hasNodes = model.graph.nodes.size > 0;
  return (
    <Toolbar label={trans.__('Tools of this view')} className="jp-ArgonBar">
      <span className="jp-ArgonLineage-name">
        <b>{trans.__('Lineage')}</b> <span title={model.project}>{model.project}</span>
      </span>
      <div className="jp-ArgonInput jp-ArgonLineage-search">
        <searchIcon.react tag="span" className="jp-ArgonIcon" />
        <input
          type="text"
          value={model.search}
          placeholder={trans.__('Branch, LSN range, run or model')}
          aria-label={trans.__('Find by branch, LSN range, run or model')}
          spellCheck={false}
          onChange={event => {
            model.search = event.target.value;
          }}
        />
      </div>
      <label className="jp-ArgonLineage-pick">
        <span className="jp-ArgonHidden">{trans.__('Branch')}</span>
        <select
          value={model.branch}
          onChange={event => {
            model.branch = event.target.value;
          }}
        >
          <option value="">{trans.__('All branches')}</option>
          {[...new Set([...(model.branch === '' ? [] : [model.branch]), ...(page?.branches ?? [])])].map(
            branch => (
              <option key={branch} value={branch}>
                {branch}
              </option>
            )
          )}
        </select>
      </label>
      <Segmented
        label={trans.__('What stands out')}
        choices={[
          ['path', trans.__('Path')],
          ['all', trans.__('Everything')]
        ]}
        value={model.isPathShown ? 'path' : 'all'}
        onChange={value => {
          model.isPathShown = value === 'path';
        }}
      />
      <span className="jp-ArgonBar-space" />
      <span className="jp-ArgonBar-note" role="status">
        {page !== undefined &&
          [
            trans._n('%2 data state', '%2 data states', parts.data.length, count(parts.data.length)),
            parts.runs.length < page.total
              ? trans.__('%1 of %2 runs', count(parts.runs.length), count(page.total))
              : trans._n('%2 run', '%2 runs', parts.runs.length, count(parts.runs.length)),
            trans._n('%2 model version', '%2 model versions', versions, count(versions))
          ].join(' · ')}
      </span>
      <span className="jp-ArgonLineage-zoom" role="group" aria-label={trans.__('Zoom')}>
        <button type="button" aria-label={trans.__('Smaller')} disabled={at <= 0} onClick={() => step(-1)}>
          −
        </button>
        <span role="status">{trans.__('%1%', Math.round(zoom * 100))}</span>
        <IconButton
          icon={addIcon}
          label={trans.__('Larger')}
          disabled={at === ZOOMS.length - 1}
          onClick={() => step(1)}
        />
      </span>
      {(['svg', 'png', 'pdf'] as const).map(format => (
        <TextButton
          key={format}
          icon={downloadIcon}
          disabled={!hasNodes}
          title={trans.__('Save the drawing as %1, with its facts', format.toUpperCase())}
          onClick={() => props.onExport(format)}
        >
          {format.toUpperCase()}
        </TextButton>
      ))}
    </Toolbar>
  );
}

/** The lowest line: what is being written now, else how to read the drawing. */
function Foot({ model }: { readonly model: LineageModel }): JSX.Element {
  const { trans, workspace } = useView();
  const { writing, selectedNode, page, parts } = model;
  const left = (page?.total ?? 0) - parts.runs.length;
  return (
    <div className="jp-ArgonLineage-foot">
      <span role="status" className={writing === undefined ? '' : 'jp-mod-writing'}>
        {!workspace.client.isOpen
          ? trans.__('The bridge is away: this is what was read last.')
          : writing !== undefined
            ? trans.__(
                'Being written now: %1@%2, %3 by %4',
                writing.branch ?? trans.__('a line without a branch'),
                writing.lsn,
                trans._n('%2 change', '%2 changes', writing.changes, count(writing.changes)),
                writing.notebook === undefined
                  ? trans.__('a client')
                  : cellName(writing.notebook, writing.cellNumber, trans)
              )
            : selectedNode !== undefined && model.isPathShown
              ? trans.__(
                  'Bold frames and thick lines show the path of %1. Arrow keys follow the lines, Enter selects, Home goes to the data.',
                  nodeText(selectedNode, Date.now(), trans).title
                )
              : trans.__(
                  'Arrow keys follow the lines, Enter selects, F shows one path alone, Home goes to the data.'
                )}
      </span>
      {model.hasMore && left > 0 && (
        <TextButton disabled={model.isReading} onClick={() => void model.readMore()}>
          {model.isReading
            ? trans.__('Reading older runs…')
            : trans.__('Show older runs (%1 more)', count(left))}
        </TextButton>
      )}
      {!model.hasMore && left > 0 && (
        <span>{trans.__('The newest %1 runs are drawn; search finds the others.', count(RUNS_MAX))}</span>
      )}
    </div>
  );
}
