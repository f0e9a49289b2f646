import { ReactWidget, treeViewIcon } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';

import { messageOf } from '../client/rpcError';
import { ViewContextProvider, type IViewContext } from '../view/viewContext';
import { VERSION } from '../version';
import { exportLineage, type ExportFormat } from './export/download';
import { LineageBody } from './lineageBody';
import { LineageModel, type ILineageState } from './lineageModel';

/** Which data led to which model, in the main area. */
export class LineageWidget extends ReactWidget {
  constructor(options: LineageWidget.IOptions) {
    super();
    const { context, project, ...state } = options;
    this._context = context;
    this.model = new LineageModel(context.client, project, state);
    this.addClass('jp-ArgonViewWidget');
    this.title.icon = treeViewIcon;
    this.title.closable = true;
    this.title.label = context.trans.__('Lineage of %1', project);
    this.title.caption = context.trans.__('Which data of %1 led to which model', project);
    void this.model.read();
  }

  readonly model: LineageModel;

  /** Saves the drawing as a file; answers with a sentence when it cannot. */
  readonly export = async (format: ExportFormat): Promise<string | undefined> => {
    try {
      const { trans } = this._context;
      return await exportLineage({ model: this.model, format, root: this.node, trans, version: VERSION });
    } catch (error) {
      return messageOf(error);
    }
  };

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this.model.dispose();
    super.dispose();
  }

  protected override render(): JSX.Element {
    return (
      <ViewContextProvider value={this._context}>
        <LineageBody model={this.model} onExport={this.export} />
      </ViewContextProvider>
    );
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.model.isActive = true;
  }

  protected override onBeforeHide(message: Message): void {
    super.onBeforeHide(message);
    this.model.isActive = false;
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    const first = this.node.querySelector<HTMLElement>('.jp-ArgonLineage-node[tabindex="0"], input');
    first?.focus();
  }

  private readonly _context: IViewContext;
}

/** Types of `LineageWidget`. */
export namespace LineageWidget {
  export interface IOptions extends Partial<ILineageState> {
    readonly context: IViewContext;
    readonly project: string;
  }
}
