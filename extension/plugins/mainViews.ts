import type { ILayoutRestorer, JupyterFrontEnd } from '@jupyterlab/application';
import { MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import type { Widget } from '@lumino/widgets';
import { CommandIds } from '../commands/ids';
import type { DataWidget } from '../data/dataWidget';
import type { IDataQuery } from '../data/dataModel';
import type { IDiffQuery } from '../diff/diffModel';
import type { DiffWidget } from '../diff/diffWidget';
import type { HistoryView, IDocumentPlace } from '../documentHistory/historyModel';
import type { HistoryWidget } from '../documentHistory/historyWidget';
import type { ILineageOptions } from '../commands/lineage';
import type { LineageWidget } from '../lineage/lineageWidget';
import type { MergeWidget } from '../merge/mergeWidget';
import type { IPlanQuery } from '../merge/planModel';
import type { IViewContext } from '../view/viewContext';
import type { ViewModel } from '../view/viewModel';
import type { ViewWidget } from '../view/viewWidget';

/** A diff, in the project that is looked at unless another is named. */
export interface IDiffOptions extends Omit<IDiffQuery, 'project'> {
  readonly project?: string | undefined;
}

/** A plan, likewise. */
export interface IPlanOptions extends IPlanQuery {
  readonly project?: string | undefined;
}

/** Opens diffs, plans, data and histories in the main area. Their code is read when the first one opens. */
export class MainViews {
  constructor(shell: JupyterFrontEnd.IShell, context: IViewContext) {
    this._shell = shell;
    this._context = context;
  }

  /** Brings the views of data back that were open when the page was left. */
  restore(restorer: ILayoutRestorer): void {
    void restorer.restore(this._diffs, {
      command: CommandIds.diff,
      args: ({ content }) => ({ ...content.query }),
      name: ({ content }) => JSON.stringify(content.query)
    });
    void restorer.restore(this._plans, {
      command: CommandIds.openPlan,
      args: ({ content }) => ({ ...content.query }),
      name: ({ content }) => JSON.stringify(content.query)
    });
    void restorer.restore(this._data, {
      command: CommandIds.browseData,
      args: ({ content }) => dataArgs(content.query),
      name: ({ content }) => JSON.stringify(content.query)
    });
    void restorer.restore(this._histories, {
      command: CommandIds.documentHistory,
      args: ({ content }) => ({ ...content.query, id: JSON.stringify(content.query.id) }),
      name: ({ content }) => JSON.stringify(content.model.place)
    });
  }

  /** Opens the diff of two states; the one that is open for them already, if there is one. */
  openDiff({ project = this._context.workspace.projectName, from, to }: IDiffOptions): void {
    if (project !== undefined) {
      void import('../diff/diffWidget').then(({ DiffWidget }) => {
        const id = `argon-diff:${project}:${from}:${to}`;
        const make = () => new DiffWidget({ context: this._context, project, from, to });
        this._track(this._diffs, this._open(id, make) as MainAreaWidget<DiffWidget>);
      });
    }
  }

  /** Opens the plan of a merge, or a plan that was made before. */
  openMerge({ project = this._context.workspace.projectName, ...query }: IPlanOptions): void {
    if (project !== undefined) {
      void import('../merge/mergeWidget').then(({ MergeWidget }) => {
        const id = `argon-merge:${project}:${query.plan ?? `${query.source}:${query.into}`}`;
        const make = () => new MergeWidget({ context: this._context, project, ...query });
        this._track(this._plans, this._open(id, make) as MainAreaWidget<MergeWidget>);
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
        if (!this._track(this.lineages, view) && state.selected !== undefined) {
          void view.content.model.reveal(state.selected);
        }
      });
    }
  }

  /** Opens the data browser. Each call opens one of its own: one compares them side by side. */
  openData(query: IDataQuery): void {
    void import('../data/dataWidget').then(({ DataWidget }) => {
      this._track(this._data, this._add(new DataWidget({ context: this._context, query })));
    });
  }

  /** Opens the history of a document; the one that is open for it already, if there is one. */
  openHistory(place: IDocumentPlace, shown: HistoryView): void {
    void import('../documentHistory/historyWidget').then(({ HistoryWidget }) => {
      const key = JSON.stringify(place);
      const open = this._histories.find(({ content }) => JSON.stringify(content.model.place) === key);
      if (open !== undefined) {
        open.content.model.view = shown;
        this._shell.activateById(open.id);
        return;
      }
      this._track(
        this._histories,
        this._add(new HistoryWidget({ context: this._context, place, view: shown }))
      );
    });
  }

  /** Has a view come back with the page, as it was left. False when it was known already. */
  private _track<T extends ViewWidget<ViewModel>>(
    tracker: WidgetTracker<MainAreaWidget<T>>,
    view: MainAreaWidget<T>
  ): boolean {
    if (tracker.has(view)) {
      return false;
    }
    void tracker.add(view);
    view.content.queryChanged.connect(() => void tracker.save(view));
    return true;
  }

  private _open(id: string, make: () => Widget): MainAreaWidget {
    const open = this._views.get(id);
    if (open !== undefined && !open.isDisposed) {
      this._shell.activateById(open.id);
      return open;
    }
    const view = this._add(make());
    this._views.set(id, view);
    view.disposed.connect(() => this._views.delete(id));
    return view;
  }

  private _add<T extends Widget>(content: T): MainAreaWidget<T> {
    const view = new MainAreaWidget({ content });
    view.id = `jp-argon-view-${++this._last}`;
    view.toolbar.hide();
    this._shell.add(view, 'main');
    this._shell.activateById(view.id);
    return view;
  }

  private readonly _shell: JupyterFrontEnd.IShell;
  private readonly _context: IViewContext;
  private readonly _views = new Map<string, MainAreaWidget>();
  private readonly _diffs = new WidgetTracker<MainAreaWidget<DiffWidget>>({ namespace: 'argon-diff' });
  private readonly _plans = new WidgetTracker<MainAreaWidget<MergeWidget>>({ namespace: 'argon-plan' });
  private readonly _data = new WidgetTracker<MainAreaWidget<DataWidget>>({ namespace: 'argon-data' });
  private readonly _histories = new WidgetTracker<MainAreaWidget<HistoryWidget>>({
    namespace: 'argon-document-history'
  });
  private _last = 0;
}

/** A query as arguments of the command that opens it. */
function dataArgs(query: IDataQuery): ReadonlyPartialJSONObject {
  const { project, ref, collection, filter, sort, columns, compare } = query;
  const args: Record<string, string | undefined> = {
    project,
    ref,
    collection,
    filter,
    sort: sort && JSON.stringify(sort),
    columns: columns && JSON.stringify(columns),
    compare
  };
  return Object.fromEntries(Object.entries(args).filter(([, value]) => value !== undefined));
}
