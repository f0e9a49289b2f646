import { ReactWidget } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import { diffIcon } from '../icons';
import { ViewContextProvider, type IViewContext } from '../view/viewContext';
import { DiffBody } from './diffBody';
import { DiffModel } from './diffModel';

/** The diff of two states, in the main area. */
export class DiffWidget extends ReactWidget {
  constructor(options: DiffWidget.IOptions) {
    super();
    const { context, project, from, to } = options;
    this._context = context;
    this._model = new DiffModel(context.client, project, from, to);
    this.addClass('jp-ArgonViewWidget');
    this.title.icon = diffIcon;
    this.title.closable = true;
    this._model.changed.connect(this._onChanged, this);
    this._onChanged();
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._model.dispose();
    super.dispose();
  }

  protected override render(): JSX.Element {
    return (
      <ViewContextProvider value={this._context}>
        <DiffBody model={this._model} />
      </ViewContextProvider>
    );
  }

  private _onChanged(): void {
    const trans: TranslationBundle = this._context.trans;
    const { diff, from, to } = this._model;
    this.title.label = trans.__('Diff %1 → %2', diff?.from.branch ?? from, diff?.to.branch ?? to);
    this.title.caption = trans.__(
      'What differs between %1 and %2',
      diff?.from.ref ?? from,
      diff?.to.ref ?? to
    );
  }

  private readonly _context: IViewContext;
  private readonly _model: DiffModel;
}

/** Types of `DiffWidget`. */
export namespace DiffWidget {
  export interface IOptions {
    readonly context: IViewContext;
    readonly project: string;
    readonly from: string;
    readonly to: string;
  }
}
