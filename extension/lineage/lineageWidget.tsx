import { treeViewIcon } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';

import { messageOf } from '../client/rpcError';
import type { IViewContext } from '../view/viewContext';
import { ViewWidget, type IViewName } from '../view/viewWidget';
import { VERSION } from '../version';
import { exportLineage, type ExportFormat } from './export/download';
import { LineageBody } from './lineageBody';
import { LineageModel, type ILineageState } from './lineageModel';

/** Which data led to which model, in the main area. */
export class LineageWidget extends ViewWidget<LineageModel> {
  constructor({ context, project, ...state }: LineageWidget.IOptions) {
    super(context, new LineageModel(context.client, project, state), treeViewIcon);
    void this.model.read();
  }

  override get query(): ILineageState {
    return this.model.state;
  }

  /** Saves the drawing as a file; answers with a sentence when it cannot. */
  readonly export = async (format: ExportFormat): Promise<string | undefined> => {
    try {
      const { trans } = this.context;
      return await exportLineage({ model: this.model, format, root: this.node, trans, version: VERSION });
    } catch (error) {
      return messageOf(error);
    }
  };

  protected override _body(): JSX.Element {
    return <LineageBody model={this.model} onExport={this.export} />;
  }

  protected override _name(): IViewName {
    const { trans } = this.context;
    const { project } = this.model;
    return {
      label: trans.__('Lineage of %1', project),
      caption: trans.__('Which data of %1 led to which model', project)
    };
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
}

/** Types of `LineageWidget`. */
export namespace LineageWidget {
  export interface IOptions extends Partial<ILineageState> {
    readonly context: IViewContext;
    readonly project: string;
  }
}
