import { ReactWidget, type LabIcon } from '@jupyterlab/ui-components';
import { Signal, type ISignal } from '@lumino/signaling';
import { ViewContextProvider, type IViewContext } from './viewContext';
import type { ViewModel } from './viewModel';

/** The tab of a view. */
export interface IViewName {
  readonly label: string;
  readonly caption: string;
  /** Where it depends on what is shown. */
  readonly icon?: LabIcon;
}

/** A view in the main area: its model, its title, and what of it comes back with the page. */
export abstract class ViewWidget<M extends ViewModel> extends ReactWidget {
  constructor(context: IViewContext, model: M, icon: LabIcon) {
    super();
    this.context = context;
    this.model = model;
    this.addClass('jp-ArgonViewWidget');
    this.title.icon = icon;
    this.title.closable = true;
    model.changed.connect(this._onChanged, this);
    this._onChanged();
  }

  readonly model: M;

  /** Emits when something else is shown. */
  get queryChanged(): ISignal<this, void> {
    return this._queryChanged;
  }

  /** What is shown, to open it again. */
  abstract get query(): object;

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this.model.dispose();
    super.dispose();
  }

  protected override render(): JSX.Element {
    return <ViewContextProvider value={this.context}>{this._body()}</ViewContextProvider>;
  }

  /** Everything inside the view. */
  protected abstract _body(): JSX.Element;

  /** The tab. It is asked for before the constructor of a view has run. */
  protected abstract _name(): IViewName;

  private _onChanged(): void {
    Object.assign(this.title, this._name());
    const now = JSON.stringify(this.query);
    if (now !== this._last) {
      this._last = now;
      this._queryChanged.emit();
    }
  }

  protected readonly context: IViewContext;
  private readonly _queryChanged = new Signal<this, void>(this);
  private _last = '';
}
