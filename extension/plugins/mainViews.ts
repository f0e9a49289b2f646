import type { ILayoutRestorer, JupyterFrontEnd } from '@jupyterlab/application';
import { MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import type { Widget } from '@lumino/widgets';
import { CommandIds } from '../commands/ids';
import type { DataWidget } from '../data/dataWidget';
import type { IDataQuery } from '../data/dataModel';
import type { HistoryView, IDocumentPlace } from '../documentHistory/historyModel';
import type { HistoryWidget } from '../documentHistory/historyWidget';
import type { ILineageOptions } from '../commands/lineage';
import type { LineageWidget } from '../lineage/lineageWidget';
import type { IViewContext } from '../view/viewContext';

/** Opens diffs, plans, data and histories in the main area. Their code is read when the first one opens. */
export class MainViews {
  constructor(shell: JupyterFrontEnd.IShell, context: IViewContext) {
    this._shell = shell;
    this._context = context;
  }

  /** Brings the views of data back that were open when the page was left. */
  restore(restorer: ILayoutRestorer): void {
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
          view.content.queryChanged.connect(() => void this.lineages.save(view));
          void this.lineages.add(view);
        } else if (state.selected !== undefined) {
          void view.content.model.reveal(state.selected);
        }
      });
    }
  }

  /** Opens the data browser. Each call opens one of its own: one compares them side by side. */
  openData(query: IDataQuery): void {
    void import('../data/dataWidget').then(({ DataWidget }) => {
      const content = new DataWidget({ context: this._context, query });
      const view = this._add(content);
      void this._data.add(view);
      content.queryChanged.connect(() => void this._data.save(view));
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
      const content = new HistoryWidget({ context: this._context, place, view: shown });
      const view = this._add(content);
      void this._histories.add(view);
      content.queryChanged.connect(() => void this._histories.save(view));
    });
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
