import type { TranslationBundle } from '@jupyterlab/translation';
import { ellipsesIcon, jumpForwardIcon, kernelIcon, lockIcon } from '@jupyterlab/ui-components';
import type { MouseEvent } from 'react';
import { count } from '../format/count';
import { age, clock, fullTime, remaining } from '../format/time';
import { gist, idText } from '../format/value';
import { note, title } from '../format/words';
import { branchAddIcon, branchIcon, diffIcon, pinIcon, runIcon } from '../icons';
import { IconButton, MiddleCut, Sign } from '../panel/parts';
import type { Axis } from '../panel/panelModel';
import { RowDrawing } from './draw';
import type { IGraph } from './layout';
import { rowName, runName, runValue } from './rowName';
import type { IChip, IRow } from './rows';

/** What a row can be asked for. */
export interface IRowActions {
  readonly switchTo: (row: IRow) => void;
  readonly branchHere: (row: IRow) => void;
  readonly diff: (row: IRow) => void;
  readonly menu: (row: IRow, x: number, y: number) => void;
}

/** Options of a row. */
export interface IRowProps {
  readonly id: string;
  readonly graph: IGraph;
  readonly index: number;
  readonly axis: Axis;
  readonly now: number;
  /** The person of the session: whose changes need no name. */
  readonly me: string | undefined;
  readonly isSelected: boolean;
  readonly isMarked: boolean;
  readonly isActive: boolean;
  readonly heavy: number | undefined;
  readonly actions: IRowActions;
  readonly trans: TranslationBundle;
  readonly onHoverLane: (timeline: number | undefined) => void;
  readonly onClick: (event: MouseEvent) => void;
  readonly onDoubleClick: () => void;
}

/** One row of the graph: number, lanes, what and by what, pins and runs, age. */
export function GraphRow(props: IRowProps): JSX.Element {
  const { graph, index, isSelected, isMarked, isActive, trans, actions } = props;
  const row = graph.rows[index]!;
  const isEntry = row.kind === 'entry';
  const className = [
    'jp-ArgonGraph-row',
    `jp-mod-${row.kind}`,
    isSelected ? 'jp-mod-selected' : '',
    isMarked ? 'jp-mod-marked' : '',
    isActive ? 'jp-mod-active' : '',
    row.isSession ? 'jp-mod-here' : ''
  ].join(' ');
  return (
    <div
      id={props.id}
      role="row"
      className={className}
      style={{ top: row.top, height: row.height }}
      aria-rowindex={index + 1}
      aria-level={row.change === undefined ? 1 : 2}
      aria-selected={isEntry ? isSelected : undefined}
      aria-expanded={isEntry ? row.isUnfolded : undefined}
      aria-label={rowName(row, props.me, props.now, trans)}
      onClick={props.onClick}
      onDoubleClick={props.onDoubleClick}
      onContextMenu={event => {
        if (isEntry) {
          event.preventDefault();
          event.stopPropagation();
          actions.menu(row, event.clientX, event.clientY);
        }
      }}
    >
      <div role="gridcell" className="jp-ArgonGraph-lsn">
        {numberOf(row, props.axis)}
      </div>
      <RowDrawing graph={graph} index={index} heavy={props.heavy} onHover={props.onHoverLane} />
      <div role="gridcell" className="jp-ArgonGraph-body">
        <Body {...props} row={row} />
      </div>
      <div role="gridcell" className="jp-ArgonGraph-age" title={row.at === '' ? undefined : fullTime(row.at)}>
        {row.at === '' || row.kind === 'change'
          ? ''
          : props.axis === 'lsn'
            ? age(row.at, props.now, trans)
            : count(row.lsn)}
      </div>
      {isEntry && (
        <div role="gridcell" className="jp-ArgonGraph-actions">
          <IconButton
            icon={jumpForwardIcon}
            label={trans.__('Switch the session here')}
            tabIndex={-1}
            onClick={stopped(() => actions.switchTo(row))}
          />
          <IconButton
            icon={branchAddIcon}
            label={trans.__('Branch here')}
            tabIndex={-1}
            onClick={stopped(() => actions.branchHere(row))}
          />
          <IconButton
            icon={diffIcon}
            label={trans.__('Diff with the session')}
            tabIndex={-1}
            onClick={stopped(() => actions.diff(row))}
          />
          <IconButton
            icon={ellipsesIcon}
            label={trans.__('More actions')}
            tabIndex={-1}
            onClick={stopped(event => {
              const box = event.currentTarget.getBoundingClientRect();
              actions.menu(row, box.left, box.bottom);
            })}
          />
        </div>
      )}
    </div>
  );
}

function stopped(run: (event: MouseEvent<HTMLElement>) => void): (event: MouseEvent<HTMLElement>) => void {
  return event => {
    event.stopPropagation();
    run(event);
  };
}

function numberOf(row: IRow, axis: Axis): string {
  if (row.kind === 'wait' || row.kind === 'horizon' || row.kind === 'older') {
    return '';
  }
  return axis === 'time' && row.at !== '' ? clock(row.at) : count(row.lsn);
}

function Body(props: IRowProps & { readonly row: IRow }): JSX.Element {
  const { row, trans, me, now } = props;
  switch (row.kind) {
    case 'entry':
    case 'empty':
      return (
        <>
          {row.chips.map(chip => (
            <div key={chip.name} className="jp-ArgonGraph-line">
              <Chip chip={chip} />
              <ChipNote chip={chip} row={row} now={now} trans={trans} />
            </div>
          ))}
          {row.chipsLeft > 0 && (
            <div className="jp-ArgonGraph-line jp-ArgonGraph-note">
              {trans._n('+ %2 branch', '+ %2 branches', row.chipsLeft, count(row.chipsLeft))}
            </div>
          )}
          <div className="jp-ArgonGraph-line">
            <What {...props} row={row} me={me} />
          </div>
          {(row.pins.length > 0 || row.runs.length > 0) && <Marks row={row} trans={trans} />}
        </>
      );
    case 'change':
      return (
        <div className="jp-ArgonGraph-line">
          <Sign op={row.change!.op} label={opName(row.change!.op, trans)} />
          <span className="jp-ArgonGraph-document">{`${row.change!.collection} / ${idText(row.change!.id)}`}</span>
          <span className="jp-ArgonGraph-note">{gist(row.change!.after ?? row.change!.before)}</span>
        </div>
      );
    case 'wait':
      return (
        <div className="jp-ArgonGraph-line jp-ArgonGraph-note">
          {row.key.endsWith(':more')
            ? trans.__('%1 more: open the entry to see them', count(row.lsn))
            : trans.__('Reading the changes…')}
        </div>
      );
    case 'older':
      return (
        <div className="jp-ArgonGraph-line jp-ArgonGraph-note">{trans.__('Reading older entries…')}</div>
      );
    case 'horizon':
      return (
        <div className={`jp-ArgonGraph-line jp-ArgonGraph-horizon${row.lsn > 0 ? ' jp-mod-collected' : ''}`}>
          <span>
            {row.lsn > 0
              ? trans.__('GC horizon, LSN %1', count(row.lsn))
              : trans.__('History kept from LSN 0 · nothing collected')}
          </span>
        </div>
      );
  }
}

/** The name of a kind of change. */
export function opName(op: 'insert' | 'update' | 'delete', trans: TranslationBundle): string {
  return { insert: trans.__('added'), update: trans.__('changed'), delete: trans.__('deleted') }[op];
}

/** A branch name in its lane's colour; filled when it is the session's. */
export function Chip({ chip }: { readonly chip: Pick<IChip, 'name' | 'style' | 'isSession'> }): JSX.Element {
  return (
    <span className={`jp-ArgonChip jp-mod-${chip.style}${chip.isSession ? ' jp-mod-here' : ''}`}>
      <branchIcon.react tag="span" className="jp-ArgonIcon jp-mod-small" />
      <MiddleCut text={chip.name} />
    </span>
  );
}

function ChipNote(props: {
  readonly chip: IChip;
  readonly row: IRow;
  readonly now: number;
  readonly trans: TranslationBundle;
}): JSX.Element | null {
  const { chip, row, now, trans } = props;
  const { branch } = chip;
  const hasKernel = row.kernels.length > 0 && (chip.isSession || row.chips.length === 1);
  const labels = row.kernels.map(kernel => kernel.label).join(', ');
  return (
    <span className="jp-ArgonGraph-chipNote">
      {(chip.isSession || hasKernel) && (
        <span title={labels}>
          <kernelIcon.react tag="span" className="jp-ArgonIcon jp-mod-medium" />
          {chip.isSession
            ? trans.__('session')
            : trans._n('%2 kernel', '%2 kernels', row.kernels.length, count(row.kernels.length))}
        </span>
      )}
      {branch?.isProtected === true && (
        <span>
          <lockIcon.react tag="span" className="jp-ArgonIcon jp-mod-small" />
          {trans.__('protected')}
        </span>
      )}
      {branch?.expiresAt !== undefined && (
        <span>{trans.__('TTL %1', remaining(branch.expiresAt, now, trans))}</span>
      )}
      {branch?.mergedAt !== undefined && branch.ahead === 0 && <span>{trans.__('merged')}</span>}
      {branch?.backupOf !== undefined && <span>{trans.__('backup')}</span>}
      {chip.isAtFork && !chip.isSession && <span>{trans.__('no change yet')}</span>}
    </span>
  );
}

function What(props: IRowProps & { readonly row: IRow }): JSX.Element {
  const { row, me, trans } = props;
  if (row.entry === undefined) {
    return <span className="jp-ArgonGraph-title">{trans.__('Empty project')}</span>;
  }
  const words = title(row.entry, trans);
  const by = note(row.entry, me, trans);
  const isFolded = row.isUnfolded ? ' jp-mod-unfolded' : '';
  return (
    <span className="jp-ArgonGraph-title" title={by === '' ? words : `${words} · ${by}`}>
      <span className={`jp-ArgonGraph-what${isFolded}`}>{words}</span>
      {by !== '' && (
        <span className="jp-ArgonGraph-note jp-ArgonGraph-by">
          {' · '}
          {by}
        </span>
      )}
    </span>
  );
}

function Marks({ row, trans }: { readonly row: IRow; readonly trans: TranslationBundle }): JSX.Element {
  const best = row.runs.map(run => runValue(run)).filter(value => value !== undefined);
  // Two runs have room beside nothing else; from then on their number and the best value say more.
  const isCounted = row.runs.length > 2 || (row.runs.length > 1 && row.pins.length > 0);
  return (
    <div className="jp-ArgonGraph-line jp-ArgonGraph-marks">
      {row.pins.map(pin => (
        <span key={pin.name} className="jp-ArgonPin" title={`${pin.name} · ${pin.ref}`}>
          <pinIcon.react tag="span" className="jp-ArgonIcon jp-mod-small" />
          <MiddleCut text={pin.name} />
        </span>
      ))}
      {isCounted ? (
        <span className="jp-ArgonRun" title={row.runs.map(runName).join(', ')}>
          <runIcon.react tag="span" className="jp-ArgonIcon jp-mod-small" />
          <span className="jp-ArgonRun-name">{trans.__('%1 runs', count(row.runs.length))}</span>
          {best.length > 0 && (
            <span className="jp-ArgonRun-value">
              {trans.__(
                'best %1',
                best.reduce((one, other) => (Number(other) > Number(one) ? other : one))
              )}
            </span>
          )}
        </span>
      ) : (
        row.runs.map(run => (
          <span key={run.id} className="jp-ArgonRun" title={`${runName(run)} ${runValue(run) ?? ''}`}>
            <runIcon.react tag="span" className="jp-ArgonIcon jp-mod-small" />
            <span className="jp-ArgonRun-name">{runName(run)}</span>
            <span className="jp-ArgonRun-value">{runValue(run)}</span>
          </span>
        ))
      )}
    </div>
  );
}
