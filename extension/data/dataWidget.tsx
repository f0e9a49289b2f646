import { ReactWidget } from '@jupyterlab/ui-components';
import { Signal, type ISignal } from '@lumino/signaling';
import { dataIcon } from '../icons';
import { ViewContextProvider, type IViewContext } from '../view/viewContext';
import { DataBody } from './dataBody';
import { DataModel, type IDataQuery } from './dataModel';

/** Documents of one state, in the main area. */
export class DataWidget extends ReactWidget {
  constructor(options: DataWidget.IOptions) {
    super();
    this._context = options.context;
    this._model = new DataModel(options.context.client, options.query, options.context.settings);
    this.addClass('jp-ArgonViewWidget');
    this.title.icon = dataIcon;
    this.title.closable = true;
    this._model.changed.connect(this._onChanged, this);
    this._onChanged();
  }

  /** Emits when another query is shown. */
  get queryChanged(): ISignal<this, void> {
    return this._queryChanged;
  }

  /** What is shown. */
  get query(): IDataQuery {
    return this._model.query;
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._model.dispose();
    Signal.clearData(this);
    super.dispose();
  }

  protected override render(): JSX.Element {
    return (
      <ViewContextProvider value={this._context}>
        <DataBody model={this._model} />
      </ViewContextProvider>
    );
  }

  private _onChanged(): void {
    const { trans } = this._context;
    const { collection, project, query } = this._model;
    const ref = this._model.state?.ref ?? query.ref;
    this.title.label =
      collection === undefined ? trans.__('Data of %1', query.ref) : `${collection} · ${query.ref}`;
    this.title.caption = trans.__('Documents of %1 in %2 of %3', collection ?? '', ref, project);
    const now = JSON.stringify(query);
    if (now !== this._last) {
      this._last = now;
      this._queryChanged.emit();
    }
  }

  private readonly _context: IViewContext;
  private readonly _model: DataModel;
  private readonly _queryChanged = new Signal<this, void>(this);
  private _last = '';
}

/** Types of `DataWidget`. */
export namespace DataWidget {
  export interface IOptions {
    readonly context: IViewContext;
    readonly query: IDataQuery;
  }
}
