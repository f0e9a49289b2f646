import { ReactWidget } from '@jupyterlab/ui-components';
import { mergeIcon } from '../icons';
import { ViewContextProvider, type IViewContext } from '../view/viewContext';
import { MergeBody } from './mergeBody';
import { PlanModel } from './planModel';

/** A merge or an undo that is reviewed, answered and applied, in the main area. */
export class MergeWidget extends ReactWidget {
  constructor(options: MergeWidget.IOptions) {
    super();
    const { context, project, ...source } = options;
    this._context = context;
    this._options = options;
    this._model = new PlanModel(context.client, project, {
      ...source,
      session: () => context.workspace.session?.id
    });
    this.addClass('jp-ArgonViewWidget');
    this.title.icon = mergeIcon;
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
        <MergeBody model={this._model} />
      </ViewContextProvider>
    );
  }

  private _onChanged(): void {
    const { trans } = this._context;
    const { plan } = this._model;
    const source = plan?.source ?? this._options.source ?? '';
    const into = plan?.into ?? this._options.into ?? '';
    this.title.label =
      plan?.kind === 'undo'
        ? trans.__('Undo %1 on %2', source, into)
        : trans.__('Merge %1 → %2', nameOf(source), into);
    this.title.caption = trans.__('%1 into %2', source, into);
  }

  private readonly _context: IViewContext;
  private readonly _options: MergeWidget.IOptions;
  private readonly _model: PlanModel;
}

/** Types of `MergeWidget`. */
export namespace MergeWidget {
  export interface IOptions {
    readonly context: IViewContext;
    readonly project: string;
    readonly source?: string;
    readonly into?: string;
    readonly plan?: string;
  }
}

/** The branch of a ref. */
function nameOf(ref: string): string {
  const at = ref.lastIndexOf('@');
  return at > 0 ? ref.slice(0, at) : ref;
}
