import { isCodeCellModel, type ICellModel } from '@jupyterlab/cells';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { JSONExt, type PartialJSONObject } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import type { CellActivity } from '../client/protocol';
import type { Workspace } from '../model/workspace';
import { SAVED_KEY, savedOf } from './savedCell';

/** Keeps what the cells of one notebook did in their metadata, as they run. Exists only while the setting is on. */
export class CellKeeper implements IDisposable {
  constructor(workspace: Workspace, notebook: NotebookPanel) {
    this._notebook = notebook;
    workspace.cellDone.connect(this._onCell, this);
    notebook.disposed.connect(this.dispose, this);
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    Signal.clearData(this);
  }

  private _onCell(
    workspace: Workspace,
    { session, activity }: { readonly session: string; readonly activity: CellActivity }
  ): void {
    const { sessionContext, model } = this._notebook;
    const place = { path: sessionContext.path, kernel: sessionContext.session?.kernel?.id };
    if (session !== workspace.sessionOf(place)?.id || model === null || model.readOnly) {
      return;
    }
    for (const cell of model.cells) {
      if (cell.id === activity.cell && isNewest(cell, activity)) {
        keep(cell, savedOf(activity));
      }
    }
  }

  private readonly _notebook: NotebookPanel;
  private _isDisposed = false;
}

/** The bridge tells of older executions too, when something became of what they wrote. */
function isNewest(cell: ICellModel, { cellNumber }: CellActivity): boolean {
  const shown = isCodeCellModel(cell) ? cell.executionCount : null;
  return shown === null || cellNumber === undefined || shown === cellNumber;
}

/** Writes only what is new: a notebook that did not change is not to be saved again. */
function keep(cell: ICellModel, saved: PartialJSONObject | undefined): void {
  const known: unknown = cell.getMetadata(SAVED_KEY);
  if (saved === undefined) {
    if (known !== undefined) {
      cell.deleteMetadata(SAVED_KEY);
    }
  } else if (known === undefined || !JSONExt.deepEqual(known as PartialJSONObject, saved)) {
    cell.setMetadata(SAVED_KEY, saved);
  }
}
