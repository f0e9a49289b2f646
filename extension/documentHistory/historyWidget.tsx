import { ReactWidget, historyIcon } from '@jupyterlab/ui-components';
import { Signal, type ISignal } from '@lumino/signaling';
import { idText } from '../format/value';
import { shortenMiddle } from '../format/shorten';
import { ViewContextProvider, type IViewContext } from '../view/viewContext';
import { HistoryBody } from './historyBody';
import { HistoryModel, type HistoryView, type IDocumentPlace } from './historyModel';

/** Characters of an `_id` in the title of a tab. */
const TITLE_CHARACTERS = 24;

/** History and blame of one document, in the main area. */
export class HistoryWidget extends ReactWidget {
  constructor(options: HistoryWidget.IOptions) {
    super();
    this._context = options.context;
    this._model = new HistoryModel(options.context.client, options.place, options.view);
    this.addClass('jp-ArgonViewWidget');
    this.title.icon = historyIcon;
    this.title.closable = true;
    this._model.changed.connect(this._onChanged, this);
    this._onChanged();
  }

  /** Emits when something else is shown. */
  get queryChanged(): ISignal<this, void> {
    return this._queryChanged;
  }

  get place(): IDocumentPlace {
    return this._model.place;
  }

  get view(): HistoryView {
    return this._model.view;
  }
  set view(value: HistoryView) {
    this._model.view = value;
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
        <HistoryBody model={this._model} />
      </ViewContextProvider>
    );
  }

  private _onChanged(): void {
    const { trans } = this._context;
    const { place, view } = this._model;
    const id = idText(place.id);
    this.title.label = trans.__('History of %1', shortenMiddle(id, TITLE_CHARACTERS));
    this.title.caption = trans.__('History of %1 in %2, seen from %3', id, place.collection, place.ref);
    const now = JSON.stringify([place, view]);
    if (now !== this._last) {
      this._last = now;
      this._queryChanged.emit();
    }
  }

  private readonly _context: IViewContext;
  private readonly _model: HistoryModel;
  private readonly _queryChanged = new Signal<this, void>(this);
  private _last = '';
}

/** Types of `HistoryWidget`. */
export namespace HistoryWidget {
  export interface IOptions {
    readonly context: IViewContext;
    readonly place: IDocumentPlace;
    readonly view: HistoryView;
  }
}
