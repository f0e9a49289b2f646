import type { JupyterFrontEnd } from '@jupyterlab/application';
import { MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import type { Widget } from '@lumino/widgets';
import type { ILineageOptions } from '../commands/lineage';
import type { LineageWidget } from '../lineage/lineageWidget';
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

  /** Lineage views, so that they come back with the page. */
  readonly lineages = new WidgetTracker<MainAreaWidget<LineageWidget>>({ namespace: 'argon-lineage' });

  /** Opens the lineage of a project; the one that is open already, with what is asked for selected in it. */
  openLineage({ project = this._context.workspace.projectName, ...state }: ILineageOptions): void {
    if (project !== undefined) {
      void import('../lineage/lineageWidget').then(({ LineageWidget }) => {
        const id = `argon-lineage:${project}:${state.branch ?? ''}:${state.search ?? ''}`;
        const make = () => new LineageWidget({ context: this._context, project, ...state });
        const view = this._open(id, make) as MainAreaWidget<LineageWidget>;
        if (!this.lineages.has(view)) {
          view.content.model.changed.connect(() => void this.lineages.save(view));
          void this.lineages.add(view);
        } else if (state.selected !== undefined) {
          void view.content.model.reveal(state.selected);
        }
      });
    }
  }

  private _open(id: string, make: () => Widget): MainAreaWidget {
    const shell = this._shell;
    const open = this._views.get(id);
    if (open !== undefined && !open.isDisposed) {
      shell.activateById(open.id);
      return open;
    }
    const view = new MainAreaWidget({ content: make() });
    view.id = `jp-argon-view-${++this._last}`;
    view.toolbar.hide();
    this._views.set(id, view);
    view.disposed.connect(() => this._views.delete(id));
    shell.add(view, 'main');
    shell.activateById(view.id);
    return view;
  }

  private readonly _shell: JupyterFrontEnd.IShell;
  private readonly _context: IViewContext;
  private readonly _views = new Map<string, MainAreaWidget>();
  private _last = 0;
}
