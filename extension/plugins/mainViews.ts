import type { JupyterFrontEnd } from '@jupyterlab/application';
import { MainAreaWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { Widget } from '@lumino/widgets';
import type { Actions } from '../commands/actions';
import type { Workspace } from '../model/workspace';

/** What the views of the main area use. */
export interface IMainViewsOptions {
  readonly shell: JupyterFrontEnd.IShell;
  readonly workspace: Workspace;
  readonly actions: Actions;
  readonly commands: CommandRegistry;
  readonly trans: TranslationBundle;
  readonly openCell: (notebook: string, cell: string | undefined) => void;
  readonly copy: (text: string) => void;
}

/** Opens diffs and plans in the main area. Their code is read when the first one opens. */
export class MainViews {
  constructor(options: IMainViewsOptions) {
    this._options = options;
  }

  /** Opens the diff of two states; the one that is open for them already, if there is one. */
  openDiff(from: string, to: string): void {
    const project = this._options.workspace.projectName;
    if (project !== undefined) {
      void import('../diff/diffWidget').then(({ DiffWidget }) => {
        this._open(
          `argon-diff:${project}:${from}:${to}`,
          () => new DiffWidget({ ...this._options, project, from, to })
        );
      });
    }
  }

  /** Opens the plan of a merge, or a plan that was made before. */
  openMerge(options: { source?: string; into?: string; plan?: string }): void {
    const project = this._options.workspace.projectName;
    if (project !== undefined) {
      void import('../merge/mergeWidget').then(({ MergeWidget }) => {
        const id = options.plan ?? `${options.source}:${options.into}`;
        this._open(
          `argon-merge:${project}:${id}`,
          () => new MergeWidget({ ...this._options, ...options, project })
        );
      });
    }
  }

  private _open(id: string, make: () => Widget): void {
    const { shell } = this._options;
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

  private readonly _options: IMainViewsOptions;
  private readonly _views = new Map<string, MainAreaWidget>();
  private _last = 0;
}
