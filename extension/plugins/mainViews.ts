import type { JupyterFrontEnd } from '@jupyterlab/application';
import { MainAreaWidget } from '@jupyterlab/apputils';
import type { Widget } from '@lumino/widgets';
import type { IViewContext } from '../view/viewContext';

/** Opens diffs and plans in the main area. Their code is read when the first one opens. */
export class MainViews {
  constructor(shell: JupyterFrontEnd.IShell, context: IViewContext) {
    this._shell = shell;
    this._context = context;
  }

  /** Opens the diff of two states; the one that is open for them already, if there is one. */
  openDiff(from: string, to: string): void {
    const project = this._context.workspace.projectName;
    if (project !== undefined) {
      void import('../diff/diffWidget').then(({ DiffWidget }) => {
        this._open(
          `argon-diff:${project}:${from}:${to}`,
          () => new DiffWidget({ context: this._context, project, from, to })
        );
      });
    }
  }

  /** Opens the plan of a merge, or a plan that was made before. */
  openMerge(options: { source?: string; into?: string; plan?: string }): void {
    const project = this._context.workspace.projectName;
    if (project !== undefined) {
      void import('../merge/mergeWidget').then(({ MergeWidget }) => {
        const id = options.plan ?? `${options.source}:${options.into}`;
        this._open(
          `argon-merge:${project}:${id}`,
          () => new MergeWidget({ context: this._context, project, ...options })
        );
      });
    }
  }

  private _open(id: string, make: () => Widget): void {
    const shell = this._shell;
    const open = this._views.get(id);
    if (open !== undefined && !open.isDisposed) {
      shell.activateById(open.id);
      return;
    }
    const view = new MainAreaWidget({ content: make() });
    view.id = `jp-argon-view-${++this._last}`;
    view.toolbar.hide();
    this._views.set(id, view);
    view.disposed.connect(() => this._views.delete(id));
    shell.add(view, 'main');
    shell.activateById(view.id);
  }

  private readonly _shell: JupyterFrontEnd.IShell;
  private readonly _context: IViewContext;
  private readonly _views = new Map<string, MainAreaWidget>();
  private _last = 0;
}
